//! Answers on their way out: the envelope around what was written, the status, the content type.

use hyper::StatusCode;

use crate::{
    clock::Time,
    object::Writer,
    soap::{Fault, Heading, Version},
};

use super::super::{Outbound, Outcome, Report};

/// An answer that is not a fault.
#[derive(Debug)]
pub(super) struct Answer {
    version: Version,
    text: String,
    report: Report,
}

impl Answer {
    /// Writes an answer: `body` writes the one child of the Body and tells how it ended.
    pub(super) fn write(
        version: Version,
        message_id: Option<&str>,
        now: Time,
        operation: crate::message::Operation,
        capacity: usize,
        body: impl FnOnce(&mut Writer) -> Outcome,
    ) -> Self {
        let ids = Ids::new(message_id);
        let mut writer = ids.heading(version, now).start(operation.reply_action(), capacity);
        let outcome = body(&mut writer);
        Self { version, text: Heading::finish(writer), report: Report::new(operation.name(), outcome) }
    }

    pub(super) fn outbound(self) -> Outbound {
        Outbound::new(StatusCode::OK, self.version.content_type(), self.text).reporting(self.report)
    }

    /// Faults travel under 500, of both versions (facts/wire 1.5).
    pub(super) fn fault(version: Version, message_id: Option<&str>, now: Time, fault: &Fault, actor: &str) -> Outbound {
        let text = Ids::new(message_id).heading(version, now).fault(fault, actor);
        Outbound::new(StatusCode::INTERNAL_SERVER_ERROR, version.content_type(), text)
    }
}

/// The fresh identifiers of one answer.
struct Ids {
    message: String,
    timestamp: String,
    relates_to: String,
}

impl Ids {
    /// Clients that send no MessageID get a RelatesTo all the same (captures).
    fn new(message_id: Option<&str>) -> Self {
        let fresh = || uuid::Uuid::new_v4().to_string();
        Self {
            message: fresh(),
            timestamp: fresh(),
            relates_to: message_id.map_or_else(|| format!("urn:uuid:{}", fresh()), str::to_owned),
        }
    }

    fn heading(&self, version: Version, created: Time) -> Heading<'_> {
        Heading {
            version,
            message_id: &self.message,
            relates_to: &self.relates_to,
            timestamp_id: &self.timestamp,
            created,
        }
    }
}
