//! Webhooks of the systems behind connectors: how long they may be, and what they are answered. It asks nothing of the store; the
//! gateway does.
//!
//! A system that gets another answer than 200 may send the same again, so what says something new is answered 200 only when it is
//! on disk, and what says nothing new (a replay, an unknown message, another topic) is answered 200 too.

use hyper::StatusCode;

use super::{Outbound, Outcome, Report, Settings};
use crate::connector::webhook::Unreadable;

const TEXT: &str = "text/plain; charset=utf-8";
/// Bytes of a webhook: one status of one message, with room for the message itself.
const LONGEST: usize = 256 << 10;

/// The limits of the door, with a shorter body.
pub(super) fn limits(settings: &Settings) -> Settings {
    Settings { max_body: settings.max_body.min(LONGEST), ..settings.clone() }
}

/// What a webhook came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It has moved a message.
    Taken,
    /// It says what is known already, or nothing about a message.
    Known,
    /// It is about messages that are not known here, or not yet: what it tells of them is kept for a while.
    Unknown,
    /// No connector of that name has webhooks.
    Nowhere,
    /// It is not signed, or not by this secret.
    Forged,
    /// It is none of the system's.
    Unreadable(Unreadable),
}

impl Came {
    /// The answer; metrics count each kind by itself.
    pub(super) fn answer(self) -> Outbound {
        let (status, text, operation, outcome) = match self {
            Self::Taken => (StatusCode::OK, "taken\n".to_owned(), "webhook", Outcome::Ok),
            Self::Known => (StatusCode::OK, "nothing new\n".to_owned(), "webhook_known", Outcome::Ok),
            Self::Unknown => (StatusCode::OK, "unknown message\n".to_owned(), "webhook_unknown", Outcome::Ok),
            Self::Nowhere => {
                let text = "No connector of this name has webhooks.\n".to_owned();
                (StatusCode::NOT_FOUND, text, "webhook", Outcome::Fault)
            }
            Self::Forged => {
                (StatusCode::UNAUTHORIZED, "The signature does not fit.\n".to_owned(), "webhook", Outcome::Denied)
            }
            Self::Unreadable(why) => (StatusCode::BAD_REQUEST, format!("{why}\n"), "webhook", Outcome::Fault),
        };
        Outbound::new(status, TEXT, text).reporting(Report::new(operation, outcome))
    }
}

/// The answer when the store fails: the system will send it again.
pub(super) fn failed(why: &str) -> Outbound {
    tracing::error!("a webhook could not be written down: {why}");
    Outbound::new(StatusCode::SERVICE_UNAVAILABLE, TEXT, "Please send it again.\n")
        .reporting(Report::new("webhook", Outcome::Error))
}
