//! Calls that are done at once. One transaction does it, on disk before the answer is written. Where connectors do some of the
//! objects it owes their messages, and the rest is done, after a wait, in the transaction that settles the last of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    backend::{self, Backend, connected},
    clock::{Clock, Time},
    message::{Operation, Row, client::Client},
    notify::{Begun, Notifier, Settled},
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
        store: gateway.store.clone(),
        notifier: gateway.notifier.clone(),
        rows: Mutex::default(),
    };
    // A task of its own: a caller who hangs up changes nothing of what was begun.
    match tokio::spawn(Arc::new(call).run()).await {
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
    store: Store,
    notifier: Notifier,
    /// What the transaction has made of it that settled its last message.
    rows: Mutex<Option<Vec<Row>>>,
}

/// What the first transaction has done.
enum First {
    /// Everything.
    Done(Vec<Row>),
    /// Owed messages, that are waited for.
    Waits(Waits),
}

/// Messages that are waited for.
struct Waits {
    /// Their number.
    batch: i64,
    /// How long.
    until: Time,
    settled: Settled,
}

impl Call {
    async fn run(self: Arc<Self>) -> Result<Vec<Row>, WorkError> {
        let call = Arc::clone(&self);
        let first = move |txn: &mut Transaction<'_>| -> Result<(First, Begun), WorkError> {
            let first = call.first(txn)?;
            // A triggered send owes mail, a connector's object a message.
            let begun = call.notifier.begin(txn, call.clock.now())?;
            Ok((first, begun))
        };
        let (first, begun) = self.store.write(first).await?;
        begun.carry();
        match first {
            First::Done(rows) => Ok(rows),
            First::Waits(waits) => self.wait(waits).await,
        }
    }

    fn first(self: &Arc<Self>, txn: &mut Transaction<'_>) -> Result<First, WorkError> {
        let (backend, client, now) = (&*self.backend, &self.client, self.clock.now());
        let call = self.request.call().map_err(WorkError::Fault)?;
        Ok(First::Done(match call.operation {
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
                    return Ok(First::Waits(Waits { batch, until, settled: self.settled(batch) }));
                }
                backend::apply_settled(backend, txn, client, &call, &errand, now)?
            }
        }))
    }

    fn settled(self: &Arc<Self>, batch: i64) -> Settled {
        let call = Arc::clone(self);
        let ending = move |txn: &mut Transaction<'_>| {
            call.rows().take();
            let rows = call.end(txn, batch)?;
            call.rows().replace(rows);
            Ok(())
        };
        self.notifier.settled_batch(batch, Some(Box::new(ending)))
    }

    async fn wait(self: Arc<Self>, waits: Waits) -> Result<Vec<Row>, WorkError> {
        let Waits { batch, until, mut settled } = waits;
        loop {
            let ended = tokio::select! {
                ended = settled => ended,
                () = self.clock.reached(until) => break,
            };
            if ended && let Some(rows) = self.rows().take() {
                // What else was in the call may owe mail.
                self.notifier.wake();
                return Ok(rows);
            }
            // Asked before it is looked: what settles in between is not missed.
            settled = self.settled(batch);
            let look = move |view: &View<'_>| connected::is_whole(&view.objects(&connected::CALLS), batch);
            if self.store.read::<_, StoreError, _>(look).await? {
                break;
            }
        }
        let call = Arc::clone(&self);
        let rows = self.store.write(move |txn: &mut Transaction<'_>| call.end(txn, batch)).await;
        self.notifier.wake();
        Ok(rows?)
    }

    /// What has not settled will not be waited for, and not be tried again.
    fn end(&self, txn: &mut Transaction<'_>, batch: i64) -> Result<Vec<Row>, StoreError> {
        let (backend, now) = (&*self.backend, self.clock.now());
        let Some(errand) = connected::get(&txn.objects(&connected::CALLS), batch)? else {
            // The transaction before this one, which settled its last message, has ended it.
            let gone = || StoreError::Corrupt { key: format!("call {batch}"), reason: "it is not there".to_owned() };
            return self.rows().take().ok_or_else(gone);
        };
        connected::cut(txn, batch, now, now.plus(backend.settings.conversations.retention))?;
        // It was read before its messages were owed.
        let broken = |fault: Fault| StoreError::Panicked { reason: fault.text };
        let call = self.request.call().map_err(broken)?;
        let rows = backend::apply_settled(backend, txn, &self.client, &call, &errand, now)?;
        connected::remove(txn, &connected::CALLS, batch)?;
        Ok(rows)
    }

    fn rows(&self) -> MutexGuard<'_, Option<Vec<Row>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
