//! Retrieves that have more to give, kept until they are continued.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    message::client::Client,
    store::{StoreError, Transaction, View},
};

use super::{
    Problem,
    page::{Job, Place},
};

/// A Retrieve that nobody has continued for so long cannot be continued any more. Ours: the service's is not known.
pub const EXPIRES_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Retrieves of one client that can be continued; one more takes the place of the oldest. Ours.
pub const MAX_OPEN: usize = 100;

/// The kind of the records. It is no type of the schema, so no Retrieve can name it.
pub(in crate::backend) const KIND: &str = "retrieve";
/// Index: the RequestIDs by which it is continued, the first and the latest.
const BY_ID: &str = "id";
/// Index: the client's name.
const BY_OWNER: &str = "owner";

/// One of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::backend) struct Open {
    owner: String,
    /// RequestID of the first answer.
    original: String,
    /// RequestID of the last one.
    pub(super) latest: String,
    pub(super) job: Job,
    /// Where the next batch begins; `None` at the end.
    pub(super) next: Option<Place>,
    /// Where the last one began.
    pub(super) last: Place,
    /// With RetrieveAllSinceLastBatch: the name of what is remembered.
    pub(super) batch: Option<String>,
    pub(super) touched: Time,
}

impl Open {
    pub(super) fn new(
        client: &Client,
        request_id: &str,
        job: Job,
        next: Place,
        batch: Option<String>,
        now: Time,
    ) -> Self {
        let id = request_id.to_owned();
        let (owner, last) = (client.key().to_owned(), Place::default());
        Self { owner, original: id.clone(), latest: id, job, next: Some(next), last, batch, touched: now }
    }

    fn is_expired(&self, now: Time) -> bool {
        now.since(self.touched) > EXPIRES_AFTER
    }
}

/// Keeps a new one, and forgets those of this client that are too old or too many.
pub(super) fn keep(txn: &Transaction<'_>, client: &Client, open: Open, now: Time) -> Result<(), StoreError> {
    let objects = txn.objects(client);
    let mut live = Vec::new();
    for number in objects.find(KIND, BY_OWNER, client.key())? {
        match objects.get::<Open>(KIND, number)? {
            Some(old) if !old.is_expired(now) => live.push((old.touched, number)),
            _ => {
                objects.remove(KIND, number)?;
            }
        }
    }
    live.sort_unstable();
    let most = MAX_OPEN.saturating_sub(1);
    for (_, number) in live.iter().take(live.len().saturating_sub(most)) {
        objects.remove(KIND, *number)?;
    }
    put(txn, client, objects.next_id(), &open)
}

/// Writes one with its index entries.
pub(super) fn put(txn: &Transaction<'_>, client: &Client, number: i64, open: &Open) -> Result<(), StoreError> {
    let keys = [(BY_ID, open.original.as_str()), (BY_ID, open.latest.as_str()), (BY_OWNER, open.owner.as_str())];
    txn.objects(client).put(KIND, number, open, &keys)?;
    Ok(())
}

/// The one that a ContinueRequest names. Another client's is as unknown as one that never was.
pub(super) fn find(view: &View<'_>, client: &Client, id: &str, now: Time) -> Result<(i64, Open), Problem> {
    let objects = view.objects(client);
    for number in objects.find(KIND, BY_ID, id)? {
        if let Some(open) =
            objects.get::<Open>(KIND, number)?.filter(|open| open.owner == client.key() && !open.is_expired(now))
        {
            return Ok((number, open));
        }
    }
    Err(Problem::Caller(format!("The ContinueRequest {id:.100} is unknown or has expired")))
}
