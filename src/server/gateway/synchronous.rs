//! Calls that are done at once. One transaction does it, on disk before the answer is written; where connectors do some of the
//! objects, a second one, after a wait for what comes of them.

use std::sync::Arc;

use crate::{
    backend::{self, Backend, connected},
    clock::{Clock, Time},
    message::{Operation, Row, client::Client},
    notify::Notifier,
    soap::{Fault, fault},
    store::{Store, StoreError, Transaction, View},
};

use super::{Gateway, Request, work::WorkError};

/// Does what changes objects.
pub(super) async fn work(
    gateway: &Gateway,
    request: &Request,
    client: Client,
    request_id: &str,
) -> Result<Vec<Row>, Fault> {
    let call = Call {
        backend: Arc::clone(&gateway.backend),
        request: request.clone(),
        client,
        request_id: request_id.to_owned(),
        clock: gateway.clock.clone(),
    };
    let call = Arc::new(call);
    let doing = Arc::clone(&call);
    let begun =
        gateway.store.write(move |txn: &mut Transaction<'_>| doing.begin(txn)).await.map_err(WorkError::fault)?;
    // A triggered send owes mail, a connector's object a message.
    gateway.notifier.wake();
    let (batch, until) = match begun {
        Begun::Done(rows) => return Ok(rows),
        Begun::Waits { batch, until } => (batch, until),
    };
    let waiting = Waiting { call, batch, until, store: gateway.store.clone(), notifier: gateway.notifier.clone() };
    // A task of its own: a caller who hangs up changes nothing of what was begun.
    match tokio::spawn(waiting.finish()).await {
        Ok(rows) => rows.map_err(WorkError::fault),
        Err(error) => {
            Err(Fault::server(fault::EXCEPTION, "Exception occurred during processing").logged(error.to_string()))
        }
    }
}

/// A call, for a thread that is not the caller's.
struct Call {
    backend: Arc<Backend>,
    request: Request,
    client: Client,
    request_id: String,
    clock: Clock,
}

/// What the first transaction has done.
enum Begun {
    /// Everything.
    Done(Vec<Row>),
    /// Owed messages, under this number; they are waited for until then.
    Waits { batch: i64, until: Time },
}

impl Call {
    fn begin(&self, txn: &mut Transaction<'_>) -> Result<Begun, WorkError> {
        let (backend, client, now) = (&*self.backend, &self.client, self.clock.now());
        let call = self.request.call().map_err(WorkError::Fault)?;
        Ok(Begun::Done(match call.operation {
            Operation::Execute => backend::execute::apply(backend, txn, client, &call, now)?,
            Operation::Perform | Operation::Configure | Operation::Schedule => {
                backend::definition::apply(backend, txn, client, &call, now)?
            }
            _ if backend.connectors.routes.is_empty() => backend::apply(backend, txn, client, &call, now)?,
            _ => {
                let (batch, asker) = connected::batch(txn);
                let errand = connected::plan(backend, txn, client, &call, &asker, batch, &self.request_id, now)?;
                if errand.messages() > 0 {
                    let until = now.plus(connected::wait(backend, txn, &errand)?);
                    return Ok(Begun::Waits { batch, until });
                }
                backend::apply_settled(backend, txn, client, &call, &errand, now)?
            }
        }))
    }

    /// What has not settled will not be waited for, and not be tried again.
    fn end(&self, txn: &mut Transaction<'_>, batch: i64) -> Result<Vec<Row>, WorkError> {
        let (backend, now) = (&*self.backend, self.clock.now());
        connected::cut(txn, batch, now, now.plus(backend.settings.conversations.retention))?;
        let errand = connected::get(&txn.objects(&connected::CALLS), batch)?.unwrap_or_default();
        let call = self.request.call().map_err(WorkError::Fault)?;
        let rows = backend::apply_settled(backend, txn, &self.client, &call, &errand, now)?;
        connected::remove(txn, &connected::CALLS, batch)?;
        Ok(rows)
    }
}

/// A call that waits for connectors.
struct Waiting {
    call: Arc<Call>,
    batch: i64,
    until: Time,
    store: Store,
    notifier: Notifier,
}

impl Waiting {
    async fn finish(self) -> Result<Vec<Row>, WorkError> {
        let batch = self.batch;
        loop {
            // Asked before it is looked: what settles in between is not missed.
            let settled = self.notifier.settled_batch(batch);
            let look = move |view: &View<'_>| connected::is_whole(&view.objects(&connected::CALLS), batch);
            if self.store.read::<_, StoreError, _>(look).await? {
                break;
            }
            tokio::select! {
                () = settled => {}
                () = self.call.clock.reached(self.until) => break,
            }
        }
        let call = Arc::clone(&self.call);
        self.store.write(move |txn: &mut Transaction<'_>| call.end(txn, batch)).await
    }
}
