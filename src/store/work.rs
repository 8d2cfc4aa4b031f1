//! A piece of work on its way through the committer: run, then answered with its result or with the failure of its batch.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use super::{StoreError, error::panic_text, transaction::Transaction};

/// A piece of work with the way to answer it.
pub(super) trait Work: Send {
    /// Runs it; true when its changes are to be kept.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool;

    /// Answers with what `run` gave, or with the failure of its batch.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// The closure of one `Store::write`, then its result.
pub(super) struct Task<F, T, E> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Task<F, T, E> {
    pub(super) fn new(work: F, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self { work: Some(work), result: None, reply }
    }
}

impl<F, T, E> Work for Task<F, T, E>
where
    F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let result = match catch_unwind(AssertUnwindSafe(|| work(transaction))) {
            Ok(result) => result,
            Err(panic) => Err(StoreError::Panicked { reason: panic_text(&*panic) }.into()),
        };
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let result = match (outcome, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Closed.into()),
            (Err(error), _) => Err(error.into()),
        };
        // A caller that has gone away wants no answer; what it asked for is done all the same.
        let _gone = self.reply.send(result);
    }
}
