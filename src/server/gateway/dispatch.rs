//! Which room does an operation, and how its answer is written.
//!
//! Work that changes objects is a transaction on the committer's thread and is on disk before the answer is written.

use std::sync::Arc;

use crate::{
    backend,
    message::{Operation, Row, client::Client, overall_status, reply},
    soap::Fault,
    store::StoreError,
};

use super::{
    super::{Inbound, Outcome},
    Answer, Gateway, Request, not_authorized,
};

/// Does a call and writes its answer.
pub(super) async fn dispatch(
    gateway: &Gateway,
    request: &Request,
    client: Client,
    inbound: &Inbound,
) -> Result<Answer, Fault> {
    let now = gateway.clock.now();
    let request_id = uuid::Uuid::new_v4().to_string();
    // An Options value that is wrong is told before any work is queued.
    let call = request.call()?;
    let rows = match request.operation {
        Operation::Create | Operation::Update | Operation::Delete => {
            let (backend, request) = (Arc::clone(&gateway.backend), request.clone());
            let work = move |txn: &mut crate::store::Transaction<'_>| -> Result<Vec<Row>, WorkError> {
                let call = request.call().map_err(WorkError::Fault)?;
                Ok(backend::apply(&backend, txn, &client, &call, now)?)
            };
            gateway.store.write(work).await.map_err(|error| error.fault(&inbound.request_id))?
        }
        other => return Err(not_authorized(other)),
    };
    let version = request.version;
    let message_id = request.message_id.as_deref();
    Ok(Answer::write(version, message_id, now, request.operation, reply::capacity(&call), |writer| {
        reply::write(writer, &call, &rows, &request_id, &gateway.schema);
        if overall_status(&rows) == "OK" { Outcome::Ok } else { Outcome::Error }
    }))
}

/// Why work on the store did not give rows.
#[derive(Debug)]
enum WorkError {
    Fault(Fault),
    Store(StoreError),
}

impl From<StoreError> for WorkError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl WorkError {
    /// The text is the service's (facts/wire 1.5 and section 4, code 13); what really happened is for the log.
    fn fault(self, request_id: &str) -> Fault {
        match self {
            Self::Fault(fault) => fault,
            Self::Store(error) => {
                tracing::error!(request.id = request_id, "the store refused: {error}");
                Fault::server(
                    13,
                    "Synchronous request cannot be completed at this time due to database problems. \
                     This request was not processed.",
                )
            }
        }
    }
}
