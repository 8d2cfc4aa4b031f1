//! What the committer and its `Store` share: what readers see, the figures, and whether writes are refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{StoreError, stats::Stats, versions::Versions};

pub(super) struct Shared {
    pub(super) versions: Arc<Versions>,
    stats: Mutex<Stats>,
    failure: Mutex<Option<Failure>>,
}

struct Failure {
    began: String,
    /// What the last attempt to recover met.
    last: Option<String>,
}

impl Shared {
    pub(super) fn new(versions: Arc<Versions>) -> Self {
        Self { versions, stats: Mutex::default(), failure: Mutex::default() }
    }

    pub(super) fn stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reason why writes are refused, if they are.
    pub(super) fn refusal(&self) -> Option<StoreError> {
        self.failure().as_ref().map(|failure| StoreError::Unavailable { reason: failure.began.clone() })
    }

    /// As [`Shared::refusal`], with what stands in the way of the recovery.
    pub(super) fn reason(&self) -> Option<String> {
        self.failure().as_ref().map(|failure| match &failure.last {
            Some(last) if *last != failure.began => format!("{}; trying again: {last}", failure.began),
            _ => failure.began.clone(),
        })
    }

    pub(super) fn fail(&self, error: &StoreError) {
        *self.failure() = Some(Failure { began: error.to_string(), last: None });
        {
            let mut stats = self.stats();
            stats.failed = true;
            stats.failures += 1;
        }
        tracing::error!(%error, "the disk failed; the store refuses writes until it has recovered");
    }

    /// An attempt is over that was not the last: it failed, or it took back what had to be.
    pub(super) fn attempted(&self, error: Option<&StoreError>) {
        if let (Some(error), Some(failure)) = (error, self.failure().as_mut()) {
            failure.last = Some(error.to_string());
        }
        self.stats().recovery_attempts += 1;
        match error {
            Some(error) => tracing::debug!(%error, "the store has not recovered"),
            None => tracing::debug!("what failed was taken back"),
        }
    }

    pub(super) fn recover(&self) {
        *self.failure() = None;
        {
            let mut stats = self.stats();
            stats.failed = false;
            stats.recovery_attempts += 1;
            stats.recoveries += 1;
        }
        tracing::warn!("the store has recovered and takes writes again; the batch that failed was taken back");
    }

    fn failure(&self) -> MutexGuard<'_, Option<Failure>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
