//! Who is on which list, and in what state there.
//!
//! One record per (list, subscriber). All Subscribers has none: everybody is on it, with the status of the subscriber
//! himself, so that the two can never disagree.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    message::{Options, code},
    object::{Node, Object},
    store::{Objects, StoreError},
};

use super::{
    Failure, Work,
    list::{self, ListRef},
    subscriber,
};

/// The kind of the records. They are no objects of the wire; [`of_list`] and [`of_subscriber`] make such.
pub(super) const KIND: &str = "member";
/// Index: the list's ID.
const BY_LIST: &str = "list";
/// Index: the subscriber's ID.
const BY_SUBSCRIBER: &str = "subscriber";
/// Index: both, as `list/subscriber`.
const BY_PAIR: &str = "pair";

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Membership {
    list: i64,
    subscriber: i64,
    status: Box<str>,
    created: Time,
    modified: Time,
}

/// What a request wants of one subscriber on one list.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    list: ListRef,
    action: Option<String>,
    status: Option<String>,
}

impl Entry {
    /// Reads a SubscriberList. The list is named by the entry itself, or by the List in it.
    pub(crate) fn read(node: Node<'_>) -> Self {
        let own = ListRef::read(node);
        let list = match node.child("List") {
            Some(list) if own.is_none() => ListRef::read(list),
            _ => own,
        };
        Self { list: list.unwrap_or_default(), action: node.given("Action"), status: node.given("Status") }
    }

    /// The list that is meant.
    pub(crate) fn list(&self) -> &ListRef {
        &self.list
    }

    /// Whether it does no more than put somebody on the list.
    pub(crate) fn only_adds(&self) -> bool {
        let action = self.action.as_deref().map(Action::named);
        !matches!(action, Some(None | Some(Action::Delete))) && matches!(self.status.as_deref(), None | Some("Active"))
    }

    /// The entry that the options stand for when their Container is a List.
    pub(crate) fn of_container(options: &Options) -> Option<Self> {
        let container = options.container.as_ref().filter(|container| container.kind == list::KIND)?;
        let list = ListRef { id: container.id, guid: container.object_id.clone(), key: container.customer_key.clone() };
        Some(Self { list, action: options.action.clone(), status: None })
    }
}

/// The words of SubscriberList.Action, which is free text in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Create,
    Update,
    Delete,
    Upsert,
}

impl Action {
    fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "create" => Self::Create,
            "update" => Self::Update,
            "delete" => Self::Delete,
            "upsert" => Self::Upsert,
            _ => return None,
        })
    }
}

/// Does what an entry says. On All Subscribers there is only a status to set: it is given back, for the subscriber.
///
/// Without an Action he is put on the list, or his status there is set. With the SaveOption `UpdateAdd` a `create` and an
/// `update` do the same; without it a `create` of what is there and an `update` of what is not are 13006 and 13007.
pub(crate) fn apply(
    work: &mut Work<'_, '_>,
    subscriber: i64,
    entry: &Entry,
    upsert: bool,
) -> Result<Option<String>, Failure> {
    let Some(list) = list::find(&work.objects(), &entry.list)? else {
        return Err(Failure::about(code::LIST_NOT_FOUND, &entry.list.to_string()));
    };
    list::agree(&work.objects(), &entry.list, Some(list))?;
    let action = match entry.action.as_deref().map(|word| (word, Action::named(word))) {
        None => Action::Upsert,
        Some((_, Some(Action::Create | Action::Update))) if upsert => Action::Upsert,
        Some((_, Some(action))) => action,
        Some((word, None)) => {
            let what = format!("Subscriber.Lists: Action must be create, update, delete or upsert, not {word}");
            return Err(Failure::about(code::EXCEPTION, &what));
        }
    };
    if list::is_all_subscribers(&work.objects(), list)? {
        return match action {
            Action::Delete => {
                Err(Failure::about(code::CANNOT_PERFORM, "Delete on a place on the All Subscribers list"))
            }
            _ => Ok(entry.status.clone()),
        };
    }
    let found = find(&work.objects(), list, subscriber)?;
    match (action, found) {
        (Action::Create | Action::Upsert, None) => {
            join(work, list, subscriber, entry.status.as_deref())?;
        }
        (Action::Update | Action::Upsert, Some((id, membership))) => {
            if let Some(status) = &entry.status {
                set(work, id, membership, status)?;
            }
        }
        (Action::Delete, Some((id, _))) => {
            work.objects().remove(KIND, id)?;
        }
        (Action::Create, Some(_)) => return Err(Failure::plain(code::ON_LIST_ALREADY)),
        (Action::Update | Action::Delete, None) => return Err(Failure::plain(code::NOT_ON_LIST)),
    }
    Ok(None)
}

/// Unsubscribes from one list; false when he was already. `None` when he is not on it.
pub(crate) fn unsubscribe(work: &mut Work<'_, '_>, list: i64, subscriber: i64) -> Result<Option<bool>, StoreError> {
    let Some((id, membership)) = find(&work.objects(), list, subscriber)? else {
        return Ok(None);
    };
    if &*membership.status == "Unsubscribed" {
        return Ok(Some(false));
    }
    set(work, id, membership, "Unsubscribed")?;
    Ok(Some(true))
}

/// Puts somebody on a list who is not on it.
pub(crate) fn join(
    work: &mut Work<'_, '_>,
    list: i64,
    subscriber: i64,
    status: Option<&str>,
) -> Result<(), StoreError> {
    let id = work.objects().next_id();
    let status = status.unwrap_or("Active").into();
    put(work, id, &Membership { list, subscriber, status, created: work.now, modified: work.now })
}

/// Whether a subscriber is on a list.
pub(crate) fn is_on(objects: &Objects<'_>, list: i64, subscriber: i64) -> Result<bool, StoreError> {
    Ok(find(objects, list, subscriber)?.is_some())
}

/// The status of a subscriber on a list; `None` when he is not on it.
pub(crate) fn status(objects: &Objects<'_>, list: i64, subscriber: i64) -> Result<Option<Box<str>>, StoreError> {
    Ok(find(objects, list, subscriber)?.map(|(_, membership)| membership.status))
}

fn find(objects: &Objects<'_>, list: i64, subscriber: i64) -> Result<Option<(i64, Membership)>, StoreError> {
    match objects.find_first(KIND, BY_PAIR, &pair(list, subscriber))? {
        Some(id) => Ok(objects.get(KIND, id)?.map(|membership| (id, membership))),
        None => Ok(None),
    }
}

fn set(work: &mut Work<'_, '_>, id: i64, membership: Membership, status: &str) -> Result<(), StoreError> {
    put(work, id, &Membership { status: status.into(), modified: work.now, ..membership })
}

fn put(work: &mut Work<'_, '_>, id: i64, membership: &Membership) -> Result<(), StoreError> {
    let Membership { list, subscriber, .. } = *membership;
    let (by_list, by_subscriber) = (list.to_string(), subscriber.to_string());
    let by_pair = pair(list, subscriber);
    let keys = [(BY_LIST, &*by_list), (BY_SUBSCRIBER, &*by_subscriber), (BY_PAIR, &*by_pair)];
    work.objects().add(KIND, id, membership, &keys)
}

fn pair(list: i64, subscriber: i64) -> String {
    format!("{list}/{subscriber}")
}

/// Takes a subscriber off every list.
pub(crate) fn remove_subscriber(work: &mut Work<'_, '_>, subscriber: i64) -> Result<(), StoreError> {
    remove(work, BY_SUBSCRIBER, subscriber)
}

/// Takes everybody off a list.
pub(crate) fn remove_list(work: &mut Work<'_, '_>, list: i64) -> Result<(), StoreError> {
    remove(work, BY_LIST, list)
}

fn remove(work: &mut Work<'_, '_>, index: &str, of: i64) -> Result<(), StoreError> {
    let objects = work.objects();
    for id in objects.find(KIND, index, &of.to_string())? {
        objects.remove(KIND, id)?;
    }
    Ok(())
}

/// The members of a list as objects of the type ListSubscriber: at most `limit`, each with a number; the next ones are
/// those after the last number (begin with `i64::MIN`). Empty only at the end.
///
/// # Errors
/// The store's.
pub fn of_list(objects: &Objects<'_>, list: i64, after: i64, limit: usize) -> Result<Vec<(i64, Object)>, StoreError> {
    if list::is_all_subscribers(objects, list)? {
        let subscribers: Vec<(i64, Object)> = objects.scan(subscriber::KIND, after, limit)?;
        return Ok(subscribers
            .iter()
            .map(|(id, subscriber)| (*id, on_all_subscribers(list, *id, subscriber)))
            .collect());
    }
    let from = after.saturating_add(1);
    let mut members = Vec::new();
    for id in objects.find_after(KIND, BY_LIST, &list.to_string(), from, limit)? {
        if let Some(membership) = objects.get::<Membership>(KIND, id)?
            && let Some((_, subscriber)) = subscriber::by_id(objects, membership.subscriber)?
        {
            members.push((id, on_list(&membership, &subscriber)));
        }
    }
    Ok(members)
}

/// The lists of a subscriber as objects of the type ListSubscriber, All Subscribers first.
///
/// # Errors
/// The store's.
pub fn of_subscriber(objects: &Objects<'_>, id: i64) -> Result<Vec<Object>, StoreError> {
    let Some((_, subscriber)) = subscriber::by_id(objects, id)? else {
        return Ok(Vec::new());
    };
    let mut lists = Vec::new();
    if let Some(all) = list::all_subscribers_id(objects)? {
        lists.push(on_all_subscribers(all, id, &subscriber));
    }
    for member in objects.find(KIND, BY_SUBSCRIBER, &id.to_string())? {
        if let Some(membership) = objects.get::<Membership>(KIND, member)? {
            lists.push(on_list(&membership, &subscriber));
        }
    }
    Ok(lists)
}

/// Every place on every list as an object of the type ListSubscriber, by its number: that of the record, and on All
/// Subscribers, which has none, that of the subscriber. At most `limit`; empty only at the end.
pub(crate) fn all(objects: &Objects<'_>, after: i64, limit: usize) -> Result<Vec<(i64, Object)>, StoreError> {
    let members: Vec<(i64, Membership)> = objects.scan(KIND, after, limit)?;
    let subscribers: Vec<(i64, Object)> = objects.scan(subscriber::KIND, after, limit)?;
    // A batch may end early; what is behind the nearer end of the two is for the next one.
    let ends = [members.last().map(|(id, _)| *id), subscribers.last().map(|(id, _)| *id)];
    let end = ends.into_iter().flatten().min().unwrap_or(i64::MAX);
    let mut found = Vec::new();
    if let Some(list) = list::all_subscribers_id(objects)? {
        let near = subscribers.iter().filter(|(id, _)| *id <= end);
        found.extend(near.map(|(id, subscriber)| (*id, on_all_subscribers(list, *id, subscriber))));
    }
    for (id, membership) in members.iter().filter(|(id, _)| *id <= end) {
        if let Some((_, subscriber)) = subscriber::by_id(objects, membership.subscriber)? {
            found.push((*id, on_list(membership, &subscriber)));
        }
    }
    found.sort_unstable_by_key(|(id, _)| *id);
    found.truncate(limit);
    Ok(found)
}

/// The one of [`all`] with this number.
pub(crate) fn one(objects: &Objects<'_>, id: i64) -> Result<Option<Object>, StoreError> {
    if let Some(membership) = objects.get::<Membership>(KIND, id)? {
        let subscriber = subscriber::by_id(objects, membership.subscriber)?;
        return Ok(subscriber.map(|(_, subscriber)| on_list(&membership, &subscriber)));
    }
    let subscriber = subscriber::by_id(objects, id)?;
    let list = list::all_subscribers_id(objects)?;
    Ok(subscriber.zip(list).map(|((id, subscriber), list)| on_all_subscribers(list, id, &subscriber)))
}

/// The numbers of the places of the subscriber with this key.
pub(crate) fn numbers_of_subscriber(objects: &Objects<'_>, key: &str) -> Result<Vec<i64>, StoreError> {
    let Some((id, _)) = subscriber::by_key(objects, key)? else {
        return Ok(Vec::new());
    };
    let mut numbers = objects.find(KIND, BY_SUBSCRIBER, &id.to_string())?;
    numbers.push(id);
    Ok(numbers)
}

fn on_list(membership: &Membership, subscriber: &Object) -> Object {
    let Membership { list, subscriber: id, status, created, modified } = membership;
    list_subscriber(&created.to_string(), &modified.to_string(), *id, status, *list, subscriber)
}

fn on_all_subscribers(list: i64, id: i64, subscriber: &Object) -> Object {
    let text = |member| subscriber.text(member).unwrap_or_default();
    list_subscriber(text("CreatedDate"), text("ModifiedDate"), id, text("Status"), list, subscriber)
}

/// Its ID is the subscriber's, as on the service; members in the order of the schema.
fn list_subscriber(created: &str, modified: &str, id: i64, status: &str, list: i64, subscriber: &Object) -> Object {
    let mut object = Object::new("ListSubscriber");
    object.set_text("CreatedDate", created);
    object.set_text("ModifiedDate", modified);
    object.set_text("ID", id.to_string());
    object.set_text("Status", status);
    object.set_text("ListID", list.to_string());
    object.set_text("SubscriberKey", subscriber.text("SubscriberKey").unwrap_or_default());
    object
}
