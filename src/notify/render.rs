//! What a message says: the facts of a part and its conversation, the ten form fields, the XML as cut for this target. The
//! form is made of them here, the file in `drop`, the mail elsewhere. Pure over a view of the store.

use std::sync::Arc;

use super::cut::cut;
use crate::{
    backend::result::{self, MESSAGE},
    clock::Time,
    conversation::{
        self,
        respond::{Cut, Event},
    },
    message::options::SendResponseTo,
    object::Object,
    schema::Schema,
    store::{Content, Delivery, Kept, Known, Name, Outcome, Owner, Part, StoreError, View},
};

/// The fields of a message, in the documented order (facts/wire 3.5).
pub const FIELDS: [&str; 10] = [
    "RequestID",
    "ConversationID",
    "OverallStatusCode",
    "StatusCode",
    "StatusMessage",
    "ErrorCode",
    "RequestType",
    "ResultType",
    "ResultDetailXML",
    "SequenceCode",
];

/// Everything that a message may tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The delivery's id, the same at every attempt.
    pub id: String,
    /// The account (MID).
    pub account: u64,
    /// The conversation, or the single request.
    pub name: Name,
    /// What happened.
    pub event: Event,
    /// Whom it is for, and what he asked for.
    pub target: SendResponseTo,
    /// The values of [`FIELDS`], blank where there is none. ResultDetailXML is as cut for this target.
    pub fields: [String; 10],
    /// The part that the fields are about.
    pub about: u32,
    /// CallsInConversation
    pub calls: u32,
    /// When the conversation's first part was accepted.
    pub opened: Time,
    /// When the conversation was over; absent while it goes on.
    pub ended: Option<Time>,
    /// The parts that have come, in order.
    pub parts: Vec<PartTold>,
}

/// A part of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartTold {
    /// SequenceCode
    pub sequence: u32,
    /// RequestID
    pub request_id: String,
    /// The operation's name.
    pub operation: String,
    /// How many objects it has.
    pub objects: u64,
    /// What became of it; absent while it has not been run.
    pub outcome: Option<Outcome>,
    /// When it was over.
    pub finished: Option<Time>,
}

impl Told {
    /// The value of one of [`FIELDS`]; blank for any other name.
    pub fn field(&self, name: &str) -> &str {
        let found = FIELDS.iter().zip(&self.fields).find(|(known, _)| **known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The XML, where it was asked for and there is one.
    pub fn detail(&self) -> Option<&str> {
        Some(self.field("ResultDetailXML")).filter(|detail| !detail.is_empty())
    }
}

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum NotTold {
    /// It is a mail of a triggered send, which is rendered elsewhere.
    #[error("it is no result")]
    NoResult,
    /// What it tells of has been forgotten.
    #[error("its results are no longer kept")]
    Forgotten,
    /// What is kept cannot be cut.
    #[error("its results cannot be read: {0}")]
    Unreadable(String),
    /// The store's.
    #[error("its results cannot be read: {0}")]
    Store(#[from] StoreError),
}

/// Reads what a delivery tells.
///
/// # Errors
/// When it cannot be told.
pub fn told(view: &View<'_>, delivery: &Delivery, schema: &Arc<Schema>) -> Result<Told, NotTold> {
    let Content::Results(notice) = &delivery.content else { return Err(NotTold::NoResult) };
    let conversations = view.conversations();
    let Some(Known::Kept(kept)) = conversations.get(&notice.name)? else { return Err(NotTold::Forgotten) };
    let parts = conversations.parts(&notice.name)?;
    let part = parts.iter().find(|part| part.sequence == notice.about).ok_or(NotTold::Forgotten)?;
    let objects = view.objects(&notice.name);
    let number = part.results.message.ok_or(NotTold::Forgotten)?;
    let message: Object = objects.get(MESSAGE, number)?.ok_or(NotTold::Forgotten)?;
    let wanted = Cut::of(&notice.target);
    let detail = match wanted {
        Cut::Bare => None,
        _ => result::detail(&objects, number)?,
    };
    let detail = match detail {
        Some(text) => {
            let whole = match conversation::ends_with(&kept.rules, part.sequence, part.outcome != Some(Outcome::Error))
            {
                true => Cut::of_the_end(&part.targets, parts.iter().flat_map(|part| &part.targets)),
                false => Cut::fullest(&part.targets),
            };
            cut(text, whole, wanted, schema).map_err(NotTold::Unreadable)?
        }
        None => None,
    };
    let fields = FIELDS.map(|name| match name {
        "ResultDetailXML" => detail.clone().unwrap_or_default(),
        _ => field(&message, name, &notice.name),
    });
    Ok(Told {
        id: delivery.id.clone(),
        account: delivery.account(),
        name: notice.name.clone(),
        event: notice.event,
        target: notice.target.clone(),
        fields,
        about: part.sequence,
        calls: kept.rules.calls(),
        opened: kept.rules.opened(),
        ended: ended(&kept),
        parts: parts.iter().map(told_part).collect(),
    })
}

fn field(message: &Object, name: &str, conversation: &Name) -> String {
    let text = |name| message.text(name).unwrap_or_default().to_owned();
    match name {
        // Blank without a conversation.
        "ConversationID" | "SequenceCode" if conversation.is_single() => String::new(),
        // "Identical to OverallStatusCode"; the StatusCode that is retrieved has two words only.
        "StatusCode" => text("OverallStatusCode"),
        _ => text(name),
    }
}

fn ended(kept: &Kept) -> Option<Time> {
    kept.ended
}

fn told_part(part: &Part) -> PartTold {
    PartTold {
        sequence: part.sequence,
        request_id: part.request_id.clone(),
        operation: part.operation.clone(),
        objects: part.objects,
        outcome: part.outcome,
        finished: part.finished,
    }
}

/// The body of a callback: all ten fields, blank ones too.
pub(super) fn form(told: &Told) -> String {
    let length = told.fields.iter().map(String::len).sum::<usize>();
    let mut form = String::with_capacity(length.saturating_mul(2) + 200);
    for (name, value) in FIELDS.iter().zip(&told.fields) {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        encode(&mut form, value);
    }
    form
}

/// `application/x-www-form-urlencoded` (the URL standard): a space is a plus, and only letters, digits and `*-._` stand
/// for themselves.
fn encode(out: &mut String, text: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_encoded_as_browsers_do() {
        let mut out = String::new();
        encode(&mut out, "a b&c=d+é*-._~\r\n<x/>");
        assert_eq!(out, "a+b%26c%3Dd%2B%C3%A9*-._%7E%0D%0A%3Cx%2F%3E");
    }
}
