//! Deliveries: what is owed to whom, where it stands, and every attempt. What changes them is in `outbox`, where they wait
//! in `lane`, their keys in `delivery_key`.
//!
//! A delivery is recorded in the transaction that made what it tells of, and sent after. Nothing here sends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Name, Owner, StoreError, Transaction, View, chunk,
    conversations::{decode, read},
    delivery_key as keys, key, lane,
    send::Send,
    versions::Source,
};
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
    /// When it is tried next; while it is [`DeliveryState::Owed`] alone.
    pub due: Option<Time>,
    /// When it was last begun or ended.
    pub changed: Time,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// The results of a call or a conversation.
    Results(Box<Notice>),
    /// A mail of a triggered send.
    Send(Box<Send>),
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
}

impl DeliveryKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Post, Self::Email, Self::Drop, Self::Send];

    /// Its name, for operators.
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Email => "email",
            Self::Drop => "file",
            Self::Send => "send",
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
            Self::Results(notice) => match notice.target.kind {
                ResponseType::Email => DeliveryKind::Email,
                ResponseType::Ftp => DeliveryKind::Drop,
                ResponseType::HttpPost | ResponseType::None => DeliveryKind::Post,
            },
        }
    }

    /// The address that it goes to.
    pub fn address(&self) -> &str {
        match self {
            Self::Results(notice) => &notice.target.address,
            Self::Send(send) => &send.address,
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
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Owed, Self::Sending, Self::Delivered, Self::Failed, Self::InDoubt, Self::Withdrawn];

    /// Its name, for operators.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owed => "owed",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::InDoubt => "in doubt",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether something will still be done for it unasked.
    pub fn is_unsettled(self) -> bool {
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
        }
    }
}

/// How many deliveries there are, by kind and state.
pub type Counts = BTreeMap<(DeliveryKind, DeliveryState), u64>;

/// Deliveries of all accounts, to read.
#[derive(Clone, Copy)]
pub struct Deliveries<'a>(pub(super) &'a dyn Source);

impl View<'_> {
    /// The deliveries of all accounts.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries(self)
    }
}

impl Transaction<'_> {
    /// The deliveries of all accounts, to read.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries(self)
    }
}

impl Deliveries<'_> {
    /// One delivery.
    pub fn get(&self, number: i64) -> Result<Option<Delivery>, StoreError> {
        read(self.0, &keys::delivery(number))
    }

    /// One delivery by the id that is on the wire.
    pub fn with_id(&self, id: &str) -> Result<Option<Delivery>, StoreError> {
        let Some(number) = number_of(id) else { return Ok(None) };
        Ok(self.get(number)?.filter(|delivery| delivery.id.eq_ignore_ascii_case(id)))
    }

    /// The numbers of what is due by `now`: at most `limit`, of each lane as many as `free` allows, the lane whose first has waited longest
    /// first. And when the next lane is due that is not due yet. Lanes that rest are passed over without a look at what waits in them.
    pub fn due(
        &self,
        now: Time,
        limit: usize,
        free: &dyn Fn(&lane::Lane) -> usize,
    ) -> Result<(Vec<i64>, Option<Time>), StoreError> {
        let (from, next) = (keys::heads(), keys::heads_after(now.millis()));
        let mut found = Vec::new();
        if limit > 0 {
            let mut due: Vec<String> = Vec::new();
            self.0.visit(&from, Some(&next), &mut |key, head| {
                due.push(decode(key, &chunk::join(self.0, key, head.to_vec())?)?);
                Ok(due.len() < LANES)
            })?;
            for name in due {
                let room = limit.saturating_sub(found.len());
                let Some(lane) = self.lane(&name)?.filter(|_| room > 0) else { continue };
                let room = free(&lane).min(room);
                if room == 0 {
                    continue;
                }
                let mut left = room;
                let (from, to) = (keys::due_in(&name), keys::due_after(&name, now.millis()));
                self.0.visit(&from, Some(&to), &mut |key, _| {
                    found.extend(keys::risen(key));
                    left -= 1;
                    Ok(left > 0)
                })?;
            }
        }
        let mut then = None;
        self.0.visit(&next, key::after_prefix(&from).as_deref(), &mut |key, _| {
            then = keys::head_moment(key).map(Time::from_millis);
            Ok(false)
        })?;
        Ok((found, then))
    }

    /// The newest deliveries that `wanted` takes, below the number `after`: at most `limit`. With a state, only those of that
    /// state are looked at.
    pub fn list(
        &self,
        state: Option<DeliveryState>,
        after: Option<i64>,
        limit: usize,
        wanted: &dyn Fn(&Delivery) -> bool,
    ) -> Result<Vec<Delivery>, StoreError> {
        let all = state.map_or_else(keys::deliveries, |state| keys::states(state.byte()));
        let from = match (state, after.and_then(|after| after.checked_sub(1))) {
            (_, None) => all.clone(),
            (Some(state), Some(after)) => keys::state(state.byte(), after),
            (None, Some(after)) => keys::delivery(after),
        };
        let mut list = Vec::new();
        if limit > 0 {
            self.0.visit(&from, key::after_prefix(&all).as_deref(), &mut |key, _| {
                let delivery = keys::fallen(key).map(|number| self.get(number)).transpose()?.flatten();
                list.extend(delivery.filter(|delivery| wanted(delivery)));
                Ok(list.len() < limit)
            })?;
        }
        Ok(list)
    }

    /// The deliveries about one conversation, in the order in which they were owed.
    pub fn of_conversation(&self, name: &Name) -> Result<Vec<Delivery>, StoreError> {
        let numbers = self.numbers_of(name)?;
        let mut found = Vec::with_capacity(numbers.len());
        for number in numbers {
            found.extend(self.get(number)?);
        }
        Ok(found)
    }

    /// Whether something about a conversation is still to go out.
    pub fn is_owed(&self, name: &Name) -> Result<bool, StoreError> {
        for number in self.numbers_of(name)? {
            if self.get(number)?.is_some_and(|delivery| delivery.state.is_unsettled()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn numbers_of(&self, name: &Name) -> Result<Vec<i64>, StoreError> {
        let (from, mut numbers) = (keys::all_about(name), Vec::new());
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
            numbers.extend(keys::fallen(key));
            Ok(true)
        })?;
        numbers.reverse();
        Ok(numbers)
    }

    /// How many there are.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let mut counts = Counts::new();
        for kind in DeliveryKind::ALL {
            for state in DeliveryState::ALL {
                if let Some(bytes) = self.0.get(&keys::count(kind.byte(), state.byte()))? {
                    counts.insert((kind, state), lane::counted(&bytes));
                }
            }
        }
        Ok(counts)
    }

    /// The delivery that has been owed longest and is still to go out.
    pub fn oldest(&self) -> Result<Option<Delivery>, StoreError> {
        let (from, mut number) = (keys::all_unsettled(), None);
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
            number = keys::risen(key);
            Ok(false)
        })?;
        number.map_or(Ok(None), |number| self.get(number))
    }

    /// When the next mail of a triggered send is to be forgotten.
    pub fn next_forgotten(&self) -> Result<Option<Time>, StoreError> {
        let (from, mut next) = (keys::all_forget(), None);
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
            next = keys::forget_moment(key).map(Time::from_millis);
            Ok(false)
        })?;
        Ok(next)
    }

    /// Numbers of deliveries in one state, the newest first, below `after`: at most `limit`.
    pub fn numbers(&self, state: DeliveryState, after: Option<i64>, limit: usize) -> Result<Vec<i64>, StoreError> {
        let all = keys::states(state.byte());
        let from = match after.and_then(|after| after.checked_sub(1)) {
            Some(after) => keys::state(state.byte(), after),
            None => all.clone(),
        };
        let mut numbers = Vec::new();
        if limit > 0 {
            self.0.visit(&from, key::after_prefix(&all).as_deref(), &mut |key, _| {
                numbers.extend(keys::fallen(key));
                Ok(numbers.len() < limit)
            })?;
        }
        Ok(numbers)
    }
}

/// Lanes that one look at what is due goes through.
const LANES: usize = 4096;

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
fn number_of(id: &str) -> Option<i64> {
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
