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
        /// What that tells of the place.
        place: Place,
    },
    /// It was not, and will not be.
    Refused {
        /// `HTTP 404`
        status: String,
    },
    /// Nothing left, now or later: it cannot be rendered, or is not to go there.
    Unsent {
        /// Why.
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
            Self::Refused { .. } | Self::Unsent { .. } => Attempted::Refused,
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
            | Self::Unsent { status }
            | Self::Gone { status }
            | Self::Uncertain { status } => status,
            Self::Judged(judged) => &judged.status,
        }
    }

    /// What it tells of the place.
    pub fn place(&self) -> Place {
        match self {
            Self::Delivered { .. } | Self::Refused { .. } | Self::Gone { .. } => Place::Alive,
            Self::Retry { place, .. } => *place,
            Self::Unsent { .. } => Place::Unasked,
            Self::Uncertain { .. } => Place::Down,
            Self::Judged(judged) => match judged.verdict.standing {
                Standing::Accepted | Standing::Partial | Standing::Processing => Place::Alive,
                Standing::Limited => Place::Limited,
                Standing::Again | Standing::Ambiguous => Place::of_http(judged.verdict.http),
                // It could not be made a request.
                Standing::Refused if judged.verdict.http == 0 => Place::Unasked,
                Standing::Refused | Standing::Unauthorized => Place::Alive,
            },
        }
    }
}

/// What an attempt tells of the place that it went to. A place that answers to one delivery that this one has to wait, or is
/// not wanted, does its work for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It answered, of this delivery.
    Alive,
    /// It answered that too much comes.
    Limited,
    /// No answer, or one that it cannot do its work.
    Down,
    /// Nothing: it was not asked.
    Unasked,
}

impl Place {
    /// What the HTTP status of an answer tells of it that is no success; 0 is no answer. Statuses from 400 to 499 are about the
    /// request (RFC 9110 section 15.5), but for 429, which is about who asks (RFC 6585 section 4).
    pub(super) fn of_http(status: u16) -> Self {
        match status {
            429 => Self::Limited,
            400..=499 => Self::Alive,
            _ => Self::Down,
        }
    }
}

/// An attempt under way.
pub type Carrying<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A carrier's last words.
pub type Leaving<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

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

    /// Called once, when nothing is carried any more: what the other side holds for us is given back, as far as that can be.
    fn leave(&self) -> Leaving<'_> {
        Box::pin(std::future::ready(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(standing: Standing, http: u16) -> Place {
        let verdict = Verdict {
            standing,
            code: None,
            kind: None,
            http,
            message: String::new(),
            trace: None,
            id: None,
            after_ms: None,
            raw: String::new(),
        };
        Outcome::Judged(Box::new(Judged { status: String::new(), verdict, shown: None, rest: None })).place()
    }

    #[test]
    fn a_place_that_answers_of_one_delivery_does_its_work() {
        use Standing::{Accepted, Again, Ambiguous, Limited, Refused};
        for (standing, http, expected) in [
            (Accepted, 200, Place::Alive),
            (Refused, 400, Place::Alive),
            (Again, 409, Place::Alive),
            (Ambiguous, 408, Place::Alive),
            (Again, 503, Place::Down),
            (Ambiguous, 500, Place::Down),
            // A system that says so with HTTP status 200; and no answer.
            (Again, 200, Place::Down),
            (Again, 0, Place::Down),
            (Limited, 200, Place::Limited),
            (Refused, 0, Place::Unasked),
        ] {
            assert_eq!(judged(standing, http), expected, "{standing:?} {http}");
        }
        assert_eq!([408, 425, 429, 500].map(Place::of_http), [Place::Alive, Place::Alive, Place::Limited, Place::Down]);
    }
}
