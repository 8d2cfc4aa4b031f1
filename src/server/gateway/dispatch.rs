//! Which room does an operation, and how its answer is written.
//!
//! Work that changes objects is a transaction on the committer's thread and is on disk before the answer is written.

use std::sync::Arc;

use crate::{
    backend,
    clock::Time,
    message::{Found, Operation, Row, client::Client, fixed, overall_status, reply},
    soap::{Fault, fault},
};

use super::{
    super::Outcome, Answer, Gateway, Request, asynchronous, not_authorized, refusal, synchronous, work::WorkError,
};

/// From this many objects on, an answer is written on a thread that may take its time.
const WRITE_IN_PLACE: usize = 100;

/// Does a call and writes its answer.
pub(super) async fn dispatch(gateway: &Gateway, request: &Request, client: Client) -> Result<Answer, Fault> {
    if let Some(why) = client.refusal(request.operation.name(), "") {
        return Err(not_authorized(request.operation).logged(format!("{}: {why}", client.key())));
    }
    let now = gateway.clock.now();
    let request_id = backend::result::request_id(now);
    // An Options value that is wrong is told before any work is queued.
    let call = request.call()?;
    refusal::tell(&call, &client, &gateway.schema);
    match request.operation {
        Operation::Create
        | Operation::Update
        | Operation::Delete
        | Operation::Execute
        | Operation::Extract
        | Operation::Perform
        | Operation::Configure
        | Operation::Schedule => {
            let rows = match asynchronous::queue(gateway, request, &call, &client, &request_id).await? {
                Some(rows) => rows,
                None if request.operation == Operation::Extract => extract(gateway, request, client).await?,
                None => synchronous::work(gateway, request, client, &request_id).await?,
            };
            write_rows(gateway, request, rows, request_id, now).await
        }
        Operation::Retrieve | Operation::Query => {
            let found = backend::retrieve::retrieve(&gateway.backend, &gateway.store, &client, &call, &request_id, now);
            let found = found.await.map_err(|error| WorkError::Store(error).fault())?;
            write_results(gateway, request, found, request_id, now).await
        }
        Operation::Describe => {
            let asked = fixed::read_describe(call.message)?;
            backend::describe::check(&client, &asked)?;
            let backend = Arc::clone(&gateway.backend);
            let described = gateway.store.read(move |view| -> Result<_, WorkError> {
                Ok(backend::describe::describe(&backend, view, &client, &asked)?)
            });
            let described = described.await.map_err(WorkError::fault)?;
            Ok(write_fixed(request, &fixed::definitions(described, &request_id)?, now))
        }
        Operation::GetSystemStatus => Ok(write_fixed(request, &backend::status::system_status(&request_id)?, now)),
        Operation::VersionInfo => {
            Ok(write_fixed(request, &backend::status::version_info(call.message, &request_id)?, now))
        }
    }
}

/// What only reads objects and writes a file: it may take its time, and the committer does not wait for it.
async fn extract(gateway: &Gateway, request: &Request, client: Client) -> Result<Vec<Row>, Fault> {
    let (backend, request, now) = (Arc::clone(&gateway.backend), request.clone(), gateway.clock.now());
    let rows = gateway.store.read(move |view| -> Result<Vec<Row>, WorkError> {
        let call = request.call().map_err(WorkError::Fault)?;
        Ok(backend::extract::apply(&backend, view, &client, &call, now)?)
    });
    rows.await.map_err(WorkError::fault)
}

async fn write_rows(
    gateway: &Gateway,
    request: &Request,
    rows: Vec<Row>,
    request_id: String,
    now: Time,
) -> Result<Answer, Fault> {
    let (request, schema) = (request.clone(), Arc::clone(&gateway.schema));
    let many = rows.len() >= WRITE_IN_PLACE;
    at_leisure(many, move || {
        let call = request.call()?;
        let (version, message_id) = (request.version, request.message_id.as_deref());
        let capacity = reply::capacity(&call);
        Ok(Answer::write(version, message_id, now, request.operation, capacity, |writer| {
            reply::write(writer, &call, &rows, &request_id, &schema);
            if overall_status(&rows) == "OK" { Outcome::Ok } else { Outcome::Error }
        }))
    })
    .await
}

async fn write_results(
    gateway: &Gateway,
    request: &Request,
    found: Found,
    request_id: String,
    now: Time,
) -> Result<Answer, Fault> {
    let (request, schema) = (request.clone(), Arc::clone(&gateway.schema));
    let many = found.results.len() >= WRITE_IN_PLACE;
    at_leisure(many, move || {
        let (version, message_id) = (request.version, request.message_id.as_deref());
        let (_, element) = request.operation.elements();
        let capacity = found.results.len().saturating_mul(RESULT_BYTES);
        Ok(Answer::write(version, message_id, now, request.operation, capacity, |writer| {
            reply::write_found(writer, element, &found, &request_id, &schema);
            if found.is_error() { Outcome::Error } else { Outcome::Ok }
        }))
    })
    .await
}

/// An answer of fixed shape: its body was written whole.
fn write_fixed(request: &Request, body: &str, now: Time) -> Answer {
    let (version, message_id) = (request.version, request.message_id.as_deref());
    Answer::write(version, message_id, now, request.operation, body.len(), |writer| {
        writer.raw(body);
        Outcome::Ok
    })
}

/// Bytes to set aside for a retrieved object.
const RESULT_BYTES: usize = 512;

/// Runs work that may be long where it does not hold up others.
async fn at_leisure(
    long: bool,
    work: impl FnOnce() -> Result<Answer, Fault> + Send + 'static,
) -> Result<Answer, Fault> {
    if !long {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(error) => {
            Err(Fault::server(fault::EXCEPTION, "Exception occurred during writing").logged(error.to_string()))
        }
    }
}
