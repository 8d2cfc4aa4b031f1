//! A delivery: what is owed to whom, where it stands, and every attempt; and the id that holds its number. Kept and read in
//! `deliveries`, changed in `outbox`. Nothing here touches the store.

use serde::{Deserialize, Serialize};

use super::{Name, Owner, kept_content::Kept, outgoing::Outgoing, send::Send};
use crate::{
    clock::Time,
    conversation::respond::Event,
    message::options::{ResponseType, SendResponseTo},
};

/// Attempts that a delivery remembers: the latest.
pub const ATTEMPTS: usize = 20;

/// Bytes of [`Attempt::status`] that are kept.
pub const STATUS_BYTES: usize = 300;

/// Something that is owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The id that goes on the wire: a UUID, the same at every attempt.
    pub id: String,
    /// The account (MID) that owes it.
    pub account: u64,
    /// Its number, under which it is kept; later ones have greater numbers.
    pub number: i64,
    /// What is told to whom.
    pub content: Content,
    /// Since when it is owed.
    pub owed: Time,
    /// Where it stands.
    pub state: DeliveryState,
    /// The latest [`ATTEMPTS`] attempts that have ended, in order.
    pub attempts: Vec<Attempt>,
    /// How many attempts have begun.
    pub tries: u32,
    /// How many of them since it was owed, or since an operator asked for it again.
    pub series: u32,
    /// When the first of those began; before it, since when it waits for it.
    pub since: Time,
    /// When it is tried next; of one that is [`DeliveryState::Accepted`] until when it waits; else none.
    pub due: Option<Time>,
    /// When it was last begun or ended.
    pub changed: Time,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Kept")]
pub enum Content {
    /// The results of a call or a conversation.
    Results(Box<Notice>),
    /// A mail of a triggered send.
    Send(Box<Send>),
    /// What a connector is to do.
    Message(Box<Outgoing>),
}

/// Of which call who is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The conversation, or the single request.
    pub name: Name,
    /// SequenceCode of the part whose results these are.
    pub about: u32,
    /// What happened.
    pub event: Event,
    /// Where it goes, and what it is to hold.
    pub target: SendResponseTo,
}

/// The way that a delivery goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DeliveryKind {
    /// A form posted to a callback.
    Post,
    /// Results by e-mail.
    Email,
    /// A file.
    Drop,
    /// A mail of a triggered send.
    Send,
    /// A request to a connector's system.
    Message,
}

impl DeliveryKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Post, Self::Email, Self::Drop, Self::Send, Self::Message];

    /// Its name, for operators.
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Email => "email",
            Self::Drop => "file",
            Self::Send => "send",
            Self::Message => "message",
        }
    }

    pub(super) fn byte(self) -> u8 {
        self as u8
    }
}

impl Content {
    /// The way that it goes.
    pub fn kind(&self) -> DeliveryKind {
        match self {
            Self::Send(_) => DeliveryKind::Send,
            Self::Message(_) => DeliveryKind::Message,
            Self::Results(notice) => match notice.target.kind {
                ResponseType::Email => DeliveryKind::Email,
                ResponseType::Ftp => DeliveryKind::Drop,
                ResponseType::HttpPost | ResponseType::None => DeliveryKind::Post,
            },
        }
    }

    /// Whether it goes as a mail.
    pub fn is_mail(&self) -> bool {
        matches!(self.kind(), DeliveryKind::Email | DeliveryKind::Send)
    }

    /// What a connector is to do.
    pub fn outgoing(&self) -> Option<&Outgoing> {
        match self {
            Self::Message(outgoing) => Some(outgoing),
            Self::Results(_) | Self::Send(_) => None,
        }
    }

    pub(super) fn outgoing_mut(&mut self) -> Option<&mut Outgoing> {
        match self {
            Self::Message(outgoing) => Some(outgoing),
            Self::Results(_) | Self::Send(_) => None,
        }
    }

    /// The address that it goes to.
    pub fn address(&self) -> &str {
        match self {
            Self::Results(notice) => &notice.target.address,
            Self::Send(send) => &send.address,
            Self::Message(outgoing) => &outgoing.message.recipient,
        }
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DeliveryState {
    /// It waits for its due time.
    Owed,
    /// An attempt has begun; that is on disk before a byte leaves.
    Sending,
    /// It was taken by who it is for.
    Delivered,
    /// It was given up: an operator may send it again.
    Failed,
    /// It may or may not have gone out, and is not sent again unasked.
    InDoubt,
    /// It is no longer owed.
    Withdrawn,
    /// A connector's system has taken it, and its webhook is to tell what became of it.
    Accepted,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 7] =
        [Self::Owed, Self::Sending, Self::Delivered, Self::Failed, Self::InDoubt, Self::Withdrawn, Self::Accepted];

    /// Its name, for operators.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owed => "owed",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::InDoubt => "in doubt",
            Self::Withdrawn => "withdrawn",
            Self::Accepted => "accepted",
        }
    }

    /// Whether it is still to go out.
    pub(super) fn is_unsettled(self) -> bool {
        matches!(self, Self::Owed | Self::Sending)
    }

    pub(super) fn byte(self) -> u8 {
        self as u8
    }
}

/// One attempt that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Time,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How it ended.
    pub outcome: Attempted,
    /// What the other side said, or why there was no other side: `HTTP 503`, `SMTP 451 4.7.1 …`; at most
    /// [`STATUS_BYTES`].
    pub status: String,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Attempted {
    /// It was taken.
    Delivered,
    /// It was not, and may be later.
    Retry,
    /// It was not, and will not be.
    Refused,
    /// The target asks for no more (410).
    Gone,
    /// It was sent, and no answer came.
    Uncertain,
    /// The program ended meanwhile.
    Interrupted,
    /// No attempt: what had been taken has come back.
    Bounced,
}

impl Attempted {
    /// Its name, for operators.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retry => "retry",
            Self::Refused => "refused",
            Self::Gone => "gone",
            Self::Uncertain => "uncertain",
            Self::Interrupted => "interrupted",
            Self::Bounced => "bounced",
        }
    }
}

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it was taken.
    Delivered,
    /// Another attempt.
    Again(Time),
    /// Nothing: it is given up.
    Failed,
    /// Nothing unless an operator says so: it may have gone out.
    InDoubt,
    /// As [`Next::InDoubt`], and who waits for it waits on until an operator has said so.
    Ask,
    /// A webhook is to tell what became of it, until that moment.
    Accepted(Time),
}

impl Delivery {
    /// Whether nothing more becomes of it unless somebody asks: neither does it go out, nor wait for a webhook, nor for an
    /// operator who says what is to become of it.
    pub fn is_settled(&self) -> bool {
        match self.state {
            DeliveryState::Owed | DeliveryState::Sending | DeliveryState::Accepted => false,
            DeliveryState::InDoubt => !self.content.outgoing().is_some_and(|outgoing| outgoing.asks),
            DeliveryState::Delivered | DeliveryState::Failed | DeliveryState::Withdrawn => true,
        }
    }

    /// Adds an attempt; of many the newest are kept.
    pub(super) fn remember(&mut self, mut attempt: Attempt) {
        if attempt.status.len() > STATUS_BYTES {
            let end = attempt.status.floor_char_boundary(STATUS_BYTES);
            attempt.status.truncate(end);
        }
        self.attempts.push(attempt);
        let beyond = self.attempts.len().saturating_sub(ATTEMPTS);
        self.attempts.drain(..beyond);
    }

    /// Whether those that were owed later to the same recipient wait for this one.
    pub(super) fn is_waited_for(&self) -> bool {
        self.content.outgoing().is_some()
            && match self.state {
                DeliveryState::Owed | DeliveryState::Sending => true,
                DeliveryState::InDoubt => !self.is_settled(),
                _ => false,
            }
    }
}

/// Whose a delivery is.
impl Owner for Delivery {
    fn account(&self) -> u64 {
        self.account
    }
}

/// The id of the delivery with this number: a UUID of version 8 (RFC 9562) that holds the number, so that it is found
/// without an index, and random bits.
pub(super) fn id_of(number: i64) -> String {
    let mut bytes = *uuid::Uuid::new_v4().as_bytes();
    // Ids rise from 1,000,001 by ones: 48 bits are never used up.
    for (byte, part) in bytes.iter_mut().zip(number.to_be_bytes().into_iter().skip(2)) {
        *byte = part;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// The number in an id.
pub(super) fn number_of(id: &str) -> Option<i64> {
    let uuid = uuid::Uuid::try_parse(id).ok()?;
    let mut number = [0; 8];
    for (byte, part) in number.iter_mut().skip(2).zip(uuid.as_bytes()) {
        *byte = *part;
    }
    Some(i64::from_be_bytes(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_by_the_number_in_it() {
        for number in [1, 1_000_001, (1 << 48) - 1] {
            let id = id_of(number);
            assert_eq!((number_of(&id), id.len(), &id[14..15]), (Some(number), 36, "8"));
            assert_ne!(id, id_of(number));
        }
        assert_eq!(number_of("no uuid"), None);
    }
}
