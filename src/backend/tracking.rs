//! What became of mail: SentEvent, NotSentEvent, BounceEvent, UnsubEvent, and the counts of a TriggeredSendSummary.
//!
//! They are kept like every other object, so that Retrieve needs no second way. Nobody writes them through the wire.

use crate::{
    clock::Time,
    object::{Object, Value},
    store::{Objects, Owner, StoreError, Transaction, send::Send},
};

use super::{
    Work,
    generic::{BY_GUID, BY_KEY, folded},
    kind::DEFINITION,
    list,
};

/// Index names of every event.
pub(crate) const BY_SUBSCRIBER: &str = "subscriber";
pub(crate) const BY_DEFINITION: &str = "definition";
pub(crate) const BY_SEND: &str = "send";
pub(crate) const BY_BATCH: &str = "batch";

/// The types of events that are kept.
pub(crate) const EVENTS: &[&str] = &["BounceEvent", "NotSentEvent", "SentEvent", "UnsubEvent"];

/// One for each definition that has sent.
const SUMMARY: &str = "TriggeredSendSummary";

/// What a summary counts; the first members of the type that this server can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Sent,
    OptOut,
    Undeliverable,
    Bounced,
    Unsubscribed,
    Error,
    Queued,
}

impl Count {
    const ALL: [Self; 7] =
        [Self::Sent, Self::OptOut, Self::Undeliverable, Self::Bounced, Self::Unsubscribed, Self::Error, Self::Queued];

    const fn member(self) -> &'static str {
        match self {
            Self::Sent => "Sent",
            Self::OptOut => "NotSentDueToOptOut",
            Self::Undeliverable => "NotSentDueToUndeliverable",
            Self::Bounced => "Bounces",
            Self::Unsubscribed => "OptOuts",
            Self::Error => "NotSentDueToError",
            Self::Queued => "Queued",
        }
    }
}

/// An event about a mail of a triggered send, without what [`keep`] adds.
pub(crate) fn event(kind: &str, event_type: &str, send: &Send, definition: Option<&Object>) -> Object {
    let mut event = Object::new(kind);
    event.set_text("SendID", send.definition.to_string());
    event.set_text("SubscriberKey", send.key.as_str());
    event.set_text("EventType", event_type);
    if let Some(guid) = definition.and_then(|definition| definition.text("ObjectID")) {
        event.set_text("TriggeredSendDefinitionObjectID", guid);
    }
    event.set_text("BatchID", send.batch.to_string());
    event
}

/// An UnsubEvent, without what [`keep`] adds. `master` says that the list is everybody's.
pub(crate) fn unsubscribed(key: &str, list: i64, master: bool) -> Object {
    let mut event = Object::new("UnsubEvent");
    event.set_text("SubscriberKey", key);
    event.set_text("EventType", "Unsubscribe");
    let mut from = Object::new(list::KIND);
    from.set_text("ID", list.to_string());
    event.set("List", Value::Object(from));
    event.set_text("IsMasterUnsubscribed", if master { "true" } else { "false" });
    event
}

/// Keeps an event that happened now.
pub(crate) fn keep(work: &mut Work<'_, '_>, event: Object) -> Result<(), StoreError> {
    keep_in(work.txn, work.client, event, work.now)
}

/// Keeps an event of an account that happened now.
pub(crate) fn keep_in(
    txn: &Transaction<'_>,
    owner: &(impl Owner + ?Sized),
    mut event: Object,
    now: Time,
) -> Result<(), StoreError> {
    let objects = txn.objects(owner);
    let id = objects.next_id();
    let (now, guid) = (now.to_string(), uuid::Uuid::new_v4().to_string());
    let mut client = Object::new("ClientID");
    client.set_text("ID", owner.account().to_string());
    event.set("Client", Value::Object(client));
    event.set_text("ID", id.to_string());
    event.set_text("ObjectID", guid);
    event.set_text("CreatedDate", now.clone());
    event.set_text("EventDate", now);
    let all = [
        (BY_GUID, "ObjectID"),
        (BY_SUBSCRIBER, "SubscriberKey"),
        (BY_DEFINITION, "TriggeredSendDefinitionObjectID"),
        (BY_SEND, "SendID"),
        (BY_BATCH, "BatchID"),
    ];
    let keys = all.into_iter().filter_map(|(index, member)| Some((index, folded(event.text(member)?))));
    let keys: Vec<(&str, String)> = keys.collect();
    let keys: Vec<_> = keys.iter().map(|(index, text)| (*index, text.as_str())).collect();
    objects.put(&event.kind, id, &event, &keys)?;
    Ok(())
}

/// What the summary of a definition says of it: ObjectID and CustomerKey.
pub(crate) fn named(objects: &Objects<'_>, id: i64) -> Result<Option<Object>, StoreError> {
    let summary: Option<Object> = objects.get(SUMMARY, id)?;
    Ok(summary.and_then(|summary| summary.object(DEFINITION).cloned()))
}

/// Adds to the counts of a definition. They never fall below zero.
pub(crate) fn count(
    work: &mut Work<'_, '_>,
    id: i64,
    definition: &Object,
    changes: &[(Count, i64)],
) -> Result<(), StoreError> {
    count_in(work.txn, work.client, id, definition, changes, work.now)
}

/// Adds to the counts of a definition of an account.
pub(crate) fn count_in(
    txn: &Transaction<'_>,
    owner: &(impl Owner + ?Sized),
    id: i64,
    definition: &Object,
    changes: &[(Count, i64)],
    now: Time,
) -> Result<(), StoreError> {
    if changes.iter().all(|(_, by)| *by == 0) {
        return Ok(());
    }
    let (objects, now) = (txn.objects(owner), now.to_string());
    let mut summary = match objects.get::<Object>(SUMMARY, id)? {
        Some(summary) => summary,
        None => fresh(id, &now),
    };
    let text = |member: &str| definition.text(member).unwrap_or_default().to_owned();
    let (guid, key) = (text("ObjectID"), text("CustomerKey"));
    let mut named = Object::new(DEFINITION);
    named.set_text("ObjectID", guid.as_str());
    named.set_text("CustomerKey", key.as_str());
    summary.set(DEFINITION, Value::Object(named));
    summary.set_text("ObjectID", guid.as_str());
    summary.set_text("CustomerKey", key.as_str());
    summary.set_text("ModifiedDate", now);
    for (count, by) in changes {
        let before: i64 = summary.text(count.member()).and_then(|text| text.parse().ok()).unwrap_or_default();
        summary.set_text(count.member(), before.saturating_add(*by).max(0).to_string());
    }
    let (guid, key) = (folded(&guid), folded(&key));
    objects.put(SUMMARY, id, &summary, &[(BY_GUID, &guid), (BY_KEY, &key)])?;
    Ok(())
}

fn fresh(id: i64, now: &str) -> Object {
    let mut summary = Object::new(SUMMARY);
    summary.set_text("CreatedDate", now);
    summary.set_text("ID", id.to_string());
    for count in Count::ALL {
        summary.set_text(count.member(), "0");
    }
    summary
}
