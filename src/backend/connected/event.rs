//! What became of messages, as Retrieve tells it: SentEvent, NotSentEvent, BounceEvent, and the counts of a definition that
//! is kept here. Each message is a batch of its own, so that what was told of it is found by its number.

use crate::{
    clock::Time,
    connector::{Receipt, Standing, Verdict},
    object::{Object, Value},
    store::{Delivery, DeliveryState, Objects, Owner, StoreError, Transaction, outgoing::Outgoing},
};

use super::super::{
    generic::{BY_KEY, folded},
    tracking::{self, BY_BATCH, Count},
    triggered_send::DEFINITION,
};

/// Types of objects whose messages are sends.
pub(super) const SENDS: &[&str] = &["SMSTriggeredSend", "TriggeredSend"];

const SENT: &str = "SentEvent";
const NOT_SENT: &str = "NotSentEvent";
const BOUNCE: &str = "BounceEvent";

/// About whom an event is.
pub(super) struct About<'a> {
    pub(super) kind: &'a str,
    /// CustomerKey of the definition.
    pub(super) definition: Option<&'a str>,
    pub(super) subscriber: &'a str,
    pub(super) batch: i64,
}

/// Writes down what a change of a message means to its recipient. What was told before is not told again.
pub(super) fn changed(
    txn: &Transaction<'_>,
    delivery: &Delivery,
    outgoing: &Outgoing,
    now: Time,
) -> Result<(), StoreError> {
    let message = &outgoing.message;
    if !SENDS.contains(&message.kind.as_str()) {
        return Ok(());
    }
    let subscriber = message.subscriber.as_deref().unwrap_or(&message.recipient);
    let (kind, definition) = (message.kind.as_str(), message.definition.as_deref());
    let about = About { kind, definition, subscriber, batch: delivery.number };
    if let Some(Receipt::Failed { code, message }) = &outgoing.receipt {
        return bounced(txn, outgoing, &about, code.as_deref(), message, now);
    }
    let verdict = outgoing.verdict.as_ref();
    match delivery.state {
        DeliveryState::Delivered | DeliveryState::Accepted if outgoing.shown.is_some() => {
            told(txn, outgoing, &about, NOT_SENT, Some(RECORDED), now)
        }
        DeliveryState::Delivered | DeliveryState::Accepted => told(txn, outgoing, &about, SENT, None, now),
        DeliveryState::Failed | DeliveryState::Withdrawn if !verdict.is_some_and(may_have_been_taken) => {
            let why = verdict.map(|verdict| verdict.message.as_str()).filter(|why| !why.is_empty());
            let why = why.or(delivery.attempts.last().map(|last| last.status.as_str()));
            told(txn, outgoing, &about, NOT_SENT, Some(why.unwrap_or("withdrawn")), now)
        }
        _ => Ok(()),
    }
}

/// Why nothing went out of a connector in record mode.
const RECORDED: &str = "recorded; nothing was sent";

/// Whether the system has taken it, or nobody knows.
fn may_have_been_taken(verdict: &Verdict) -> bool {
    match verdict.standing {
        Standing::Accepted | Standing::Partial | Standing::Processing | Standing::Ambiguous => true,
        Standing::Refused | Standing::Again | Standing::Limited | Standing::Unauthorized => false,
    }
}

/// Counts messages that were owed.
pub(super) fn owed(
    txn: &Transaction<'_>,
    owner: &(impl Owner + ?Sized),
    definition: Option<&str>,
    messages: usize,
    now: Time,
) -> Result<(), StoreError> {
    match defined(&txn.objects(owner), definition)? {
        Some((id, definition)) => {
            let queued = i64::try_from(messages).unwrap_or(i64::MAX);
            tracking::count_in(txn, owner, id, &definition, &[(Count::Queued, queued)], now)
        }
        None => Ok(()),
    }
}

/// Writes down that nothing left for a recipient.
pub(super) fn not_sent(
    txn: &Transaction<'_>,
    owner: &(impl Owner + ?Sized),
    about: &About<'_>,
    reason: &str,
    count: Count,
    now: Time,
) -> Result<(), StoreError> {
    if !SENDS.contains(&about.kind) {
        return Ok(());
    }
    let found = defined(&txn.objects(owner), definition_of(about))?;
    let definition = found.as_ref().map(|(_, definition)| definition);
    let mut event = event(NOT_SENT, "NotSent", about, found.as_ref().map(|(id, _)| *id), definition);
    event.set("PartnerProperties", Value::Object(reason_of(reason)));
    tracking::keep_in(txn, owner, event, now)?;
    match found {
        Some((id, definition)) => tracking::count_in(txn, owner, id, &definition, &[(count, 1)], now),
        None => Ok(()),
    }
}

fn told(
    txn: &Transaction<'_>,
    owner: &Outgoing,
    about: &About<'_>,
    kind: &str,
    reason: Option<&str>,
    now: Time,
) -> Result<(), StoreError> {
    let objects = txn.objects(owner);
    if is_told(&objects, kind, about.batch)? {
        return Ok(());
    }
    let is_first = !is_told(&objects, if kind == SENT { NOT_SENT } else { SENT }, about.batch)?;
    let found = defined(&objects, definition_of(about))?;
    let event_type = if kind == SENT { "Sent" } else { "NotSent" };
    let definition = found.as_ref().map(|(_, definition)| definition);
    let mut event = event(kind, event_type, about, found.as_ref().map(|(id, _)| *id), definition);
    if let Some(reason) = reason {
        event.set("PartnerProperties", Value::Object(reason_of(reason)));
    }
    tracking::keep_in(txn, owner, event, now)?;
    let count = if kind == SENT { Count::Sent } else { Count::Error };
    // That nothing left of what was to be recorded is no error.
    let counted = i64::from(reason != Some(RECORDED));
    match found {
        Some((id, definition)) => {
            let waited = if is_first { -1 } else { 0 };
            tracking::count_in(txn, owner, id, &definition, &[(count, counted), (Count::Queued, waited)], now)
        }
        None => Ok(()),
    }
}

fn bounced(
    txn: &Transaction<'_>,
    owner: &Outgoing,
    about: &About<'_>,
    code: Option<&str>,
    reason: &str,
    now: Time,
) -> Result<(), StoreError> {
    // A webhook may come before the answer to the request: who was told of a bounce had been sent something.
    told(txn, owner, about, SENT, None, now)?;
    let objects = txn.objects(owner);
    if is_told(&objects, BOUNCE, about.batch)? {
        return Ok(());
    }
    let found = defined(&objects, definition_of(about))?;
    let definition = found.as_ref().map(|(_, definition)| definition);
    let mut event = event(BOUNCE, "OtherBounce", about, found.as_ref().map(|(id, _)| *id), definition);
    if let Some(code) = code {
        event.set_text("SMTPCode", code);
    }
    event.set_text("BounceCategory", "Technical/Other bounce");
    event.set_text("SMTPReason", reason);
    event.set_text("BounceType", "delayed");
    tracking::keep_in(txn, owner, event, now)?;
    match found {
        Some((id, definition)) => tracking::count_in(txn, owner, id, &definition, &[(Count::Bounced, 1)], now),
        None => Ok(()),
    }
}

fn is_told(objects: &Objects<'_>, kind: &str, batch: i64) -> Result<bool, StoreError> {
    Ok(objects.find_first(kind, BY_BATCH, &batch.to_string())?.is_some())
}

/// Definitions of SMS sends are of another type, and have no summary.
fn definition_of<'a>(about: &About<'a>) -> Option<&'a str> {
    about.definition.filter(|_| about.kind == "TriggeredSend")
}

/// The definition of this name, where it is kept here: a template of the system needs none.
fn defined(objects: &Objects<'_>, key: Option<&str>) -> Result<Option<(i64, Object)>, StoreError> {
    let Some(key) = key else { return Ok(None) };
    let Some(id) = objects.find_first(DEFINITION, BY_KEY, &folded(key))? else { return Ok(None) };
    Ok(objects.get(DEFINITION, id)?.map(|definition| (id, definition)))
}

fn event(kind: &str, event_type: &str, about: &About<'_>, send: Option<i64>, definition: Option<&Object>) -> Object {
    let mut event = Object::new(kind);
    if let Some(send) = send {
        event.set_text("SendID", send.to_string());
    }
    event.set_text("SubscriberKey", about.subscriber);
    event.set_text("EventType", event_type);
    if let Some(guid) = definition.and_then(|definition| definition.text("ObjectID")) {
        event.set_text("TriggeredSendDefinitionObjectID", guid);
    }
    event.set_text("BatchID", about.batch.to_string());
    event
}

/// The schema has no member for the reason; APIObject's free ones are there for that.
fn reason_of(reason: &str) -> Object {
    let mut property = Object::new("APIProperty");
    property.set_text("Name", "Reason");
    property.set_text("Value", reason);
    property
}
