//! How an attempt ends, for whatever carries it.

use std::{future::Future, pin::Pin, time::Duration};

use crate::{
    clock::Time,
    store::{Attempted, Delivery, StoreError, Transaction},
};

/// How an attempt ended. `status` is what the other side said, or why there was none: short, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Delivered {
        /// `HTTP 200`
        status: String,
    },
    /// It was not, and may be later.
    Retry {
        /// `HTTP 503`
        status: String,
        /// How long the other side asks to wait.
        after: Option<Duration>,
    },
    /// It was not, and will not be.
    Refused {
        /// `HTTP 404`
        status: String,
    },
    /// The other side asks for no more.
    Gone {
        /// `HTTP 410`
        status: String,
    },
    /// It was sent and no answer came: it may have been taken.
    Uncertain {
        /// Why there was none.
        status: String,
    },
}

impl Outcome {
    /// How it is remembered.
    pub fn attempted(&self) -> Attempted {
        match self {
            Self::Delivered { .. } => Attempted::Delivered,
            Self::Retry { .. } => Attempted::Retry,
            Self::Refused { .. } => Attempted::Refused,
            Self::Gone { .. } => Attempted::Gone,
            Self::Uncertain { .. } => Attempted::Uncertain,
        }
    }

    /// What the other side said.
    pub fn status(&self) -> &str {
        match self {
            Self::Delivered { status }
            | Self::Retry { status, .. }
            | Self::Refused { status }
            | Self::Gone { status }
            | Self::Uncertain { status } => status,
        }
    }

    /// Whether the place seems to be down: no answer, or one that it cannot do its work.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Retry { .. } | Self::Uncertain { .. })
    }
}

/// An attempt under way.
pub type Carrying<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Carries deliveries of one kind to where they go: it renders, sends once, and tells how that ended. It neither retries
/// nor writes anything down.
pub trait Carrier: Send + Sync {
    /// Makes one attempt.
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carrying<'a>;

    /// Called in the transaction that writes down the end of an attempt, for what else is to be written with it.
    ///
    /// # Errors
    /// The store's; nothing is written then, and the transaction is tried again.
    fn ended(
        &self,
        _txn: &mut Transaction<'_>,
        _delivery: &Delivery,
        _outcome: &Outcome,
        _now: Time,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}
