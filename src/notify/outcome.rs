//! How an attempt ends, for whatever carries it.

use std::{future::Future, pin::Pin, time::Duration};

use crate::{
    clock::Time,
    connector::{Standing, Verdict},
    store::{Asker, Attempted, Delivery, StoreError, Transaction},
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
    /// What a connector's system made of a message.
    Judged(Box<Judged>),
}

/// What came of an attempt of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// `10025 CONVERSATION_NOT_FOUND (HTTP 400)`
    pub status: String,
    /// What the answer means.
    pub verdict: Verdict,
    /// The request as it may be shown, of a connector that only records.
    pub shown: Option<String>,
    /// How long nothing is to be asked of the connector, where it is not its system that says so.
    pub rest: Option<Duration>,
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
            Self::Judged(judged) => match judged.verdict.standing {
                Standing::Accepted | Standing::Partial | Standing::Processing => Attempted::Delivered,
                Standing::Refused | Standing::Unauthorized => Attempted::Refused,
                Standing::Again | Standing::Limited => Attempted::Retry,
                Standing::Ambiguous => Attempted::Uncertain,
            },
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
            Self::Judged(judged) => &judged.status,
        }
    }

    /// Whether the place seems to be down: no answer, or one that it cannot do its work.
    pub(super) fn is_failure(&self) -> bool {
        match self {
            Self::Retry { .. } | Self::Uncertain { .. } => true,
            Self::Judged(judged) => matches!(judged.verdict.standing, Standing::Again | Standing::Ambiguous),
            Self::Delivered { .. } | Self::Refused { .. } | Self::Gone { .. } => false,
        }
    }

    /// Whether nothing else is to be sent to the place until the next attempt of this delivery.
    pub(super) fn is_limit(&self) -> bool {
        matches!(self, Self::Judged(judged) if judged.verdict.standing == Standing::Limited)
    }
}

/// An attempt under way.
pub type Carrying<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Carries deliveries of one kind to where they go: it renders, sends once, and tells how that ended. It neither retries
/// nor writes anything down.
pub trait Carrier: Send + Sync {
    /// Makes one attempt.
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carrying<'a>;

    /// Called in the transaction that writes down the end of an attempt, for what else is to be written with it. Gives who has
    /// waited for this one last, if somebody has.
    ///
    /// # Errors
    /// The store's; nothing is written then, and the transaction is tried again.
    fn ended(
        &self,
        _txn: &mut Transaction<'_>,
        _delivery: &Delivery,
        _outcome: &Outcome,
        _now: Time,
    ) -> Result<Option<Asker>, StoreError> {
        Ok(None)
    }
}
