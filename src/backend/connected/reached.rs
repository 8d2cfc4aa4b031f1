//! As whom a connector's system knows a SubscriberKey: the number of his contact (Yeastar), his end user (Salesforce). A later
//! call may name the key alone, and a send the number alone: both are the same person.

use serde::{Deserialize, Serialize};

use crate::{
    connector::{Message, System},
    store::{Objects, Owner, StoreError, Transaction},
};

use super::super::{generic::folded, subscriber};

/// Kind of the records.
pub(in crate::backend) const REACHED: &str = "reached";
/// Index: connector and SubscriberKey.
const BY_KEY: &str = "key";
/// Index: SubscriberKey.
const BY_SUBSCRIBER: &str = "subscriber";
/// Index: the number, or what else the system knows him by.
const BY_RECIPIENT: &str = "recipient";

/// As whom a system knows a subscriber.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct Reached {
    connector: String,
    pub(super) subscriber: String,
    pub(super) recipient: String,
}

/// Remembers him.
pub(super) fn put(
    txn: &Transaction<'_>,
    owner: &(impl Owner + ?Sized),
    connector: &str,
    subscriber: &str,
    recipient: &str,
) -> Result<(), StoreError> {
    let objects = txn.objects(owner);
    let key = key(connector, subscriber);
    let reached =
        Reached { connector: connector.to_owned(), subscriber: subscriber.to_owned(), recipient: recipient.to_owned() };
    let number = objects.find_first(REACHED, BY_KEY, &key)?.unwrap_or_else(|| objects.next_id());
    let subscriber = folded(subscriber);
    let indexes = [(BY_KEY, key.as_str()), (BY_SUBSCRIBER, &subscriber), (BY_RECIPIENT, recipient)];
    objects.put(REACHED, number, &reached, &indexes).map(drop)
}

/// Forgets him.
pub(super) fn forget(
    txn: &Transaction<'_>,
    owner: &(impl Owner + ?Sized),
    connector: &str,
    subscriber: &str,
) -> Result<(), StoreError> {
    let objects = txn.objects(owner);
    match objects.find_first(REACHED, BY_KEY, &key(connector, subscriber))? {
        Some(number) => objects.remove(REACHED, number).map(drop),
        None => Ok(()),
    }
}

/// What every system knows a subscriber by.
pub(super) fn of_subscriber(objects: &Objects<'_>, subscriber: &str) -> Result<Vec<Reached>, StoreError> {
    found(objects, BY_SUBSCRIBER, &folded(subscriber))
}

/// Who is reached by a number.
pub(super) fn by_recipient(objects: &Objects<'_>, recipient: &str) -> Result<Vec<Reached>, StoreError> {
    found(objects, BY_RECIPIENT, recipient)
}

fn found(objects: &Objects<'_>, index: &str, value: &str) -> Result<Vec<Reached>, StoreError> {
    let mut all = Vec::new();
    for number in objects.find(REACHED, index, value)? {
        all.extend(objects.get(REACHED, number)?);
    }
    Ok(all)
}

/// The end user that a message to a SubscriberKey alone means: as whom his Subscriber was made.
pub(super) fn settle(objects: &Objects<'_>, message: &mut Message) -> Result<(), StoreError> {
    let Some(subscriber) = is_end_user(message).filter(|key| **key == message.recipient) else { return Ok(()) };
    let Some(number) = objects.find_first(REACHED, BY_KEY, &key(&message.connector, subscriber))? else {
        return Ok(());
    };
    if let Some(reached) = objects.get::<Reached>(REACHED, number)? {
        message.recipient = reached.recipient;
    }
    Ok(())
}

/// Remembers the end user that a Subscriber names beside his key.
pub(super) fn learn(txn: &Transaction<'_>, owner: &impl Owner, message: &Message) -> Result<(), StoreError> {
    match is_end_user(message).filter(|key| **key != message.recipient && message.kind == subscriber::KIND) {
        Some(subscriber) => put(txn, owner, &message.connector, subscriber, &message.recipient),
        None => Ok(()),
    }
}

fn is_end_user(message: &Message) -> Option<&String> {
    message.subscriber.as_ref().filter(|_| message.system == System::Salesforce)
}

/// Keys do not differ by case alone; names of connectors have no spaces.
fn key(connector: &str, subscriber: &str) -> String {
    format!("{connector} {}", folded(subscriber))
}
