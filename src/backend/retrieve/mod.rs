//! Retrieve and Query: objects that meet a filter, a batch at a time.
//!
//! Reading never runs on the committer. What is left of a Retrieve after its batch is kept in the store, so that it can be
//! continued after a restart; it belongs to the client who began it, and a client has no more than [`MAX_OPEN`] of them.

mod fields;
mod index;
pub(super) mod open;
mod page;
pub(crate) mod project;
pub(super) mod since;
pub(crate) mod source;

use crate::{
    clock::Time,
    message::{Ask, Call, Found, Retrieve, client::Client},
    store::{Store, StoreError},
};

use super::{Backend, generic::folded};
use open::Open;
pub use open::{EXPIRES_AFTER, MAX_OPEN};
use page::{Job, Page};

/// Why a batch could not be had.
#[derive(Debug)]
pub(crate) enum Problem {
    /// For the caller, behind `Error: `.
    Caller(String),
    /// The store's.
    Store(StoreError),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<String> for Problem {
    fn from(why: String) -> Self {
        Self::Caller(why)
    }
}

/// Does a Retrieve or a Query. What is wrong with it stands in the status of what was found.
///
/// # Errors
/// The store's.
pub async fn retrieve(
    backend: &Backend,
    store: &Store,
    client: &Client,
    call: &Call<'_>,
    request_id: &str,
    now: Time,
) -> Result<Found, StoreError> {
    let found = match Ask::read(call.operation, call.message, &call.options) {
        Err(why) => Err(Problem::Caller(why)),
        Ok(Ask::New(request)) => begin(backend, store, client, *request, request_id, now).await,
        Ok(Ask::Continue { id, batch, repeat }) => {
            let asked = Asked { id: folded(&id), batch, repeat };
            go_on(backend, store, client, asked, request_id, now).await
        }
    };
    match found {
        Ok(found) => Ok(found),
        Err(Problem::Caller(why)) => Ok(Found::error(why)),
        Err(Problem::Store(error)) => Err(error),
    }
}

/// What a continuation says.
struct Asked {
    id: String,
    batch: Option<usize>,
    repeat: bool,
}

async fn begin(
    backend: &Backend,
    store: &Store,
    client: &Client,
    request: Retrieve,
    request_id: &str,
    now: Time,
) -> Result<Found, Problem> {
    let mut job = Job::new(client, request)?;
    let since = job.request.since_last_batch.then(|| since::name(client, &job.request, &job.accounts));
    let page = {
        let (backend, client) = (backend.clone(), client.clone());
        let since = since.clone();
        store.read(move |view| -> Result<(Job, Page), Problem> {
            if let Some(name) = since {
                job.since = Some(since::read(view, &client, &name)?);
            }
            let page = page::read(&backend, view, &client, &job, page::Place::default(), now)?;
            Ok((job, page))
        })
    };
    let (job, mut page) = page.await?;
    let found = Found { status: status(&page), results: std::mem::take(&mut page.results) };
    if page.next.is_some() || since.is_some() {
        let (client, request_id) = (client.clone(), folded(request_id));
        let work = move |txn: &mut crate::store::Transaction<'_>| -> Result<(), Problem> {
            if let Some(name) = &since {
                since::begin(txn, &client, name, now, job.since.as_ref(), page.fresh)?;
            }
            if let Some(next) = page.next {
                let open = Open::new(&client, &request_id, job, next, since, now);
                open::keep(txn, &client, open, now)?;
            }
            Ok(())
        };
        store.write(work).await?;
    }
    Ok(found)
}

async fn go_on(
    backend: &Backend,
    store: &Store,
    client: &Client,
    asked: Asked,
    request_id: &str,
    now: Time,
) -> Result<Found, Problem> {
    let page = {
        let (backend, client) = (backend.clone(), client.clone());
        store.read(move |view| -> Result<(i64, Open, Page), Problem> {
            let (number, mut open) = open::find(view, &client, &asked.id, now)?;
            open.job.check(&client)?;
            if let Some(batch) = asked.batch {
                open.job.request.batch = batch;
            }
            if asked.repeat {
                open.next = Some(open.last);
            }
            let page = match open.next {
                Some(place) => page::read(&backend, view, &client, &open.job, place, now)?,
                None => Page::default(),
            };
            Ok((number, open, page))
        })
    };
    let (number, mut open, mut page) = page.await?;
    let found = Found { status: status(&page), results: std::mem::take(&mut page.results) };
    let (client, request_id) = (client.clone(), folded(request_id));
    let work = move |txn: &mut crate::store::Transaction<'_>| -> Result<(), Problem> {
        if let Some(name) = &open.batch {
            since::go_on(txn, &client, name, page.fresh)?;
        }
        open.last = open.next.unwrap_or(open.last);
        open.next = page.next;
        open.latest = request_id;
        open.touched = now;
        open::put(txn, &client, number, &open)?;
        Ok(())
    };
    store.write(work).await?;
    Ok(found)
}

fn status(page: &Page) -> String {
    if page.next.is_some() { "MoreDataAvailable" } else { "OK" }.to_owned()
}
