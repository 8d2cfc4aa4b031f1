//! What a system calls the contacts of subscribers and the phonebooks of lists, and what becomes of a contact when its turn has
//! come: whether there is one is looked up in the transaction that begins the attempt, so that of two calls under way at once the
//! second finds what the first has made.

use serde::{Deserialize, Serialize};

use crate::{
    connector::{Action, Connector, ContactChange, Found, Message, Unsent, Wanted, Wish},
    message::{Operation, Options},
    store::{Content, Delivery, DeliveryState, Internal, Objects, Owner, StoreError, Transaction, outgoing::Outgoing},
};

use super::{
    super::{
        generic::folded,
        plan::{self, Method, Plan},
    },
    reached,
};

/// Kind of what systems call contacts.
pub(in crate::backend) const CONTACTS: &str = "contacts";
/// Kind of what systems call phonebooks: records as of [`CONTACTS`], by the name of the list.
pub(in crate::backend) const PHONEBOOKS: &str = "phonebooks";
/// Index: connector and SubscriberKey, or name of the list.
const BY_KEY: &str = "key";
/// Index: connector and what its system calls it.
const BY_ID: &str = "id";

/// What a system calls a contact, or a phonebook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct Contact {
    connector: String,
    subscriber: String,
    id: String,
}

/// A connector as one by whose names contacts are known. What one that only records was never told has a name of its own, which it
/// alone knows: a dry run goes on as if all had been done, and nothing of it is believed when it is over.
#[derive(Clone, Copy)]
pub(in crate::backend) struct Namer<'c> {
    pub(in crate::backend) connector: &'c str,
    pub(in crate::backend) records: bool,
}

/// What follows the name of a connector under which recorded names are kept. No connector's name has a space.
const RECORDED: &str = " (recorded)";

impl<'c> Namer<'c> {
    /// Of a connector that is configured.
    pub(in crate::backend) fn of(connector: &'c Connector) -> Self {
        Self { connector: &connector.name, records: connector.record }
    }

    /// Under which names is looked, in this order.
    fn names(self) -> impl Iterator<Item = String> {
        let recorded = self.records.then(|| format!("{}{RECORDED}", self.connector));
        recorded.into_iter().chain([self.connector.to_owned()])
    }
}

/// The name under which is kept what came of a message: of one that was only recorded it is another.
fn namer_of(outgoing: &Outgoing) -> String {
    let name = &outgoing.message.connector;
    if outgoing.shown.is_some() { format!("{name}{RECORDED}") } else { name.clone() }
}

/// What a call asks to be done to the contacts or phonebooks that its objects of this type name: SaveOptions count as they do here.
pub fn wanted_of(operation: Operation, options: &Options, kind: &str) -> Wanted {
    let (method, action) = (Method::of(operation), options.save_action(kind));
    let wish = |exists| match plan::plan(method, action, exists) {
        Plan::Insert => Wish::Create,
        Plan::Change => Wish::Update,
        Plan::Remove => Wish::Delete,
        Plan::Leave | Plan::Gone => Wish::Nothing,
        Plan::Missing => Wish::Missing,
        Plan::Exists => Wish::Exists,
        Plan::Refuse(why) => Wish::Refuse(why),
    };
    Wanted { absent: wish(false), present: wish(true) }
}

/// To be called in the transaction that begins an attempt: what it shows of contacts is looked up, and written down with it. What
/// [`Message::unsent`] then says is not carried anywhere. `records` says whether its connector only records.
///
/// # Errors
/// The store's.
pub fn begun(txn: &mut Transaction<'_>, delivery: Delivery, records: bool) -> Result<Delivery, StoreError> {
    let Content::Message(outgoing) = &delivery.content else { return Ok(delivery) };
    let owner = Internal(outgoing.account);
    let mut message = outgoing.message.clone();
    if !look(&txn.objects(&owner), &mut message, records)? {
        return Ok(delivery);
    }
    Ok(txn.put_message(delivery.number, message)?.unwrap_or(delivery))
}

/// Looks up what a message needs to know of its contact; whether it needs anything.
pub(super) fn look(objects: &Objects<'_>, message: &mut Message, records: bool) -> Result<bool, StoreError> {
    let Some((kind, _)) = kept_as(message) else { return Ok(false) };
    let (connector, mut broken) = (message.connector.clone(), None);
    let looked =
        message.find(|subscriber| match contact(objects, kind, Namer { connector: &connector, records }, subscriber) {
            Ok(id) => Found::of(id),
            Err(error) => {
                broken = Some(error);
                Found::Unknown
            }
        });
    broken.map_or(Ok(looked), Err)
}

/// What is told of a message for which nothing was sent; none when something was, or it has not ended.
pub(super) fn unsent(delivery: &Delivery, message: &Message) -> Option<Unsent> {
    let has_ended = matches!(delivery.state, DeliveryState::Failed | DeliveryState::Delivered);
    message.unsent().filter(|_| has_ended)
}

/// What the system calls a contact is kept as soon as it is known, also when nobody waits for it any more; and forgotten when the
/// system has no such contact, so that the next call can make one.
pub(super) fn learn(txn: &Transaction<'_>, delivery: &Delivery, outgoing: &Outgoing) -> Result<(), StoreError> {
    let message = &outgoing.message;
    let (Some((kind, change)), Some(subscriber)) = (kept_as(message), &message.subscriber) else { return Ok(()) };
    if let Some(missed) = outgoing.verdict.as_ref().and_then(|verdict| message.missed(verdict)) {
        return forget(txn, outgoing, kind, message, &missed);
    }
    if !matches!(delivery.state, DeliveryState::Delivered | DeliveryState::Accepted) {
        return Ok(());
    }
    let given = outgoing.verdict.as_ref().and_then(|verdict| verdict.id.clone());
    // Nobody gave what was only recorded an id, and what follows it needs one.
    let id = given.or_else(|| outgoing.shown.as_ref().map(|_| delivery.number.to_string()));
    let settled = change.settled();
    // What was only recorded reaches nobody.
    if kind == CONTACTS && outgoing.shown.is_none() {
        match &settled {
            Some(ContactChange::Delete(_)) => reached::forget(txn, outgoing, &message.connector, subscriber)?,
            Some(made) => {
                if let Some(number) = made.number() {
                    reached::put(txn, outgoing, &message.connector, subscriber, number)?;
                }
            }
            None => {}
        }
    }
    match (settled, id) {
        (Some(ContactChange::Create(_)), Some(id)) => {
            put(txn, outgoing, kind, &namer_of(outgoing), subscriber, Some(&id))
        }
        (Some(ContactChange::Delete(gone)), _) => forget(txn, outgoing, kind, message, &gone),
        _ => Ok(()),
    }
}

/// There is no contact of this id any more. Another that is known of the subscriber stays: the caller may have named this one, or
/// it was made since.
fn forget(
    txn: &Transaction<'_>,
    outgoing: &Outgoing,
    kind: &str,
    message: &Message,
    gone: &str,
) -> Result<(), StoreError> {
    let (subscriber, name) = (message.subscriber.as_deref().unwrap_or_default(), namer_of(outgoing));
    let known = contact(&txn.objects(outgoing), kind, Namer { connector: &name, records: false }, subscriber)?;
    match known.is_some_and(|known| known == gone) {
        true => put(txn, outgoing, kind, &name, subscriber, None),
        false => Ok(()),
    }
}

/// As what that which a message changes is kept.
fn kept_as(message: &Message) -> Option<(&'static str, &ContactChange)> {
    let kind = if matches!(message.action, Action::Phonebook(_)) { PHONEBOOKS } else { CONTACTS };
    message.action.change().map(|change| (kind, change))
}

/// What a connector's system calls the contact of a subscriber, or the phonebook of a list.
pub(super) fn contact(
    objects: &Objects<'_>,
    kind: &str,
    namer: Namer<'_>,
    subscriber: &str,
) -> Result<Option<String>, StoreError> {
    Ok(first(objects, kind, BY_KEY, namer, subscriber)?.map(|contact| contact.id))
}

fn first(
    objects: &Objects<'_>,
    kind: &str,
    index: &str,
    namer: Namer<'_>,
    text: &str,
) -> Result<Option<Contact>, StoreError> {
    for name in namer.names() {
        if let Some(number) = objects.find_first(kind, index, &key(&name, text))? {
            return objects.get(kind, number);
        }
    }
    Ok(None)
}

/// The name by which that is known which a connector's system calls so.
pub(super) fn known_as(
    objects: &Objects<'_>,
    kind: &str,
    namer: Namer<'_>,
    id: &str,
) -> Result<Option<String>, StoreError> {
    Ok(first(objects, kind, BY_ID, namer, id)?.map(|contact| contact.subscriber))
}

/// Whether two names are the same here.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

/// Keeps what a system calls a contact from now on; `None` when it has none any more.
fn put(
    txn: &Transaction<'_>,
    owner: &impl Owner,
    kind: &str,
    connector: &str,
    subscriber: &str,
    id: Option<&str>,
) -> Result<(), StoreError> {
    let objects = txn.objects(owner);
    let key = key(connector, subscriber);
    let known = objects.find_first(kind, BY_KEY, &key)?;
    match (known, id) {
        (Some(number), None) => objects.remove(kind, number).map(drop),
        (None, None) => Ok(()),
        (known, Some(id)) => {
            let by_id = self::key(connector, id);
            let (connector, subscriber) = (connector.to_owned(), subscriber.to_owned());
            let contact = Contact { connector, subscriber, id: id.to_owned() };
            let number = known.unwrap_or_else(|| objects.next_id());
            objects.put(kind, number, &contact, &[(BY_KEY, &key), (BY_ID, &by_id)]).map(drop)
        }
    }
}

/// Keys do not differ by case alone; names of connectors have no spaces.
fn key(connector: &str, subscriber: &str) -> String {
    format!("{connector} {}", folded(subscriber))
}
