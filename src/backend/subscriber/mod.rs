//! Subscribers: who they are, and what Create, Update and Delete do to them. Their places on lists are `membership`'s.
//!
//! A subscriber is named by SubscriberKey and ID, which must agree, else by EmailAddress. Keys and addresses do not differ by case alone.
//! Two may share an address when their keys differ.

mod change;
mod index;

use change::{Change, set_status};
pub(crate) use index::{BY_EMAIL, BY_KEY, KIND, by_email, by_id, by_key, by_number};
use index::{entries, indexed};

use crate::{
    message::{Echo, Options, Row, code, mailbox, options::SaveAction},
    object::{Node, Object},
    store::{Objects, StoreError},
};

use super::{
    Failure, Work, generic, list, membership,
    plan::{Method, NOTHING_DONE, Plan},
};

/// Captured.
const DELETED: &str = "Subscriber deleted";
/// Statuses that nobody starts with: they tell what became of mail that was sent, or of the subscriber.
const NOT_ON_CREATE: &[&str] = &["Bounced", "Held", "Deleted"];

/// Applies a method to one subscriber.
///
/// Create of one who exists is 12014 even when he is not yet on the lists that it names, and changes nothing: the
/// helpers of four SDKs take that as the sign to repeat the call as an Update (facts/wire 2.5).
pub(crate) fn apply(
    work: &mut Work<'_, '_>,
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    apply_but(work, method, node, options, |_, _| Ok(false))
}

/// [`apply`], without the lists that are passed over.
pub(crate) fn apply_but(
    work: &mut Work<'_, '_>,
    method: Method,
    node: Node<'_>,
    options: &Options,
    mut passes: impl FnMut(&Work<'_, '_>, &membership::Entry) -> Result<bool, StoreError>,
) -> Result<Row, Failure> {
    let mut change = Change::read(node);
    let mut lists = std::mem::take(&mut change.lists);
    lists.extend(membership::Entry::of_container(options));
    for entry in lists {
        if !passes(work, &entry)? {
            change.lists.push(entry);
        }
    }
    let found = find(&work.objects(), method, &change)?;
    let action = options.save_action(KIND);
    let upsert = action == Some(SaveAction::UpdateAdd);
    let done = match method {
        Method::Create => "Created Subscriber.",
        Method::Update => "Updated Subscriber.",
        Method::Delete => DELETED,
    };
    let id = match (work.plan(KIND, method, options, found.is_some())?, found) {
        (Plan::Insert, _) => insert(work, &change, upsert)?,
        (Plan::Change, Some((id, object))) => alter(work, id, object, &change, upsert)?,
        (Plan::Remove, Some((id, _))) => {
            remove(work, id)?;
            // Captured: the answer to a Delete has no Object.
            let echo = if method == Method::Delete { Echo::None } else { Echo::Request };
            return Ok(Row { echo, ..Row::ok(0, DELETED) });
        }
        (Plan::Gone, _) if change.is_named() => return Ok(Row::ok(0, DELETED)),
        (Plan::Leave, _) => return Ok(Row::ok(0, NOTHING_DONE)),
        (Plan::Exists, _) => return Err(Failure::plain(code::SUBSCRIBER_EXISTS)),
        (Plan::Refuse(why), _) => return Err(Failure::plain(why)),
        (Plan::Missing | Plan::Gone | Plan::Change | Plan::Remove, _) => return Err(missing(&change)),
    };
    Ok(Row { new_id: id, echo: Echo::RequestWith(vec![("ID", id.to_string())]), ..Row::ok(0, done) })
}

/// The code tells by what he was looked for.
fn missing(change: &Change) -> Failure {
    Failure::plain(if change.key.is_some() { code::SUBSCRIBER_KEY_NOT_FOUND } else { code::SUBSCRIBER_NOT_FOUND })
}

/// The subscriber that a request is about. Key and ID must agree; an address names nobody where one of them is given. A
/// plain Create with an ID alone passes over it: IDs are the service's to give.
fn find(objects: &Objects<'_>, method: Method, change: &Change) -> Result<Option<(i64, Object)>, Failure> {
    let found = match (&change.key, change.id) {
        (Some(key), Some(id)) => {
            let found = by_key(objects, key)?;
            let other = objects.has(KIND, id)?.then_some(id);
            if found.as_ref().map(|(id, _)| *id) != other {
                let given = [format!("SubscriberKey {key}"), format!("ID {id}")];
                return Err(generic::contradiction(KIND, &given));
            }
            found
        }
        (Some(key), None) => by_key(objects, key)?,
        (None, Some(id)) if method != Method::Create || change.email.is_none() => by_id(objects, id)?,
        (None, _) => match &change.email {
            Some(email) => by_email(objects, email)?,
            None => None,
        },
    };
    Ok(found)
}

/// The ID of the subscriber that an element names; who is not there yet is made.
pub(crate) fn find_or_insert(work: &mut Work<'_, '_>, node: Node<'_>) -> Result<i64, Failure> {
    let change = Change::read(node);
    match find(&work.objects(), Method::Update, &change)? {
        Some((id, _)) => Ok(id),
        None => {
            work.allow(Method::Create.name(), KIND)?;
            insert(work, &change, true)
        }
    }
}

/// Whether a text is an address to which mail could go.
pub(crate) fn is_address(text: &str) -> bool {
    mailbox::is_public(text)
}

/// The ID of a subscriber of a triggered send. Who is not there yet is made, whatever else the caller may do to
/// subscribers, as any mail to a new address makes one; `keep` says that his attributes become his profile. Who is there
/// is changed only with `update`. His status and his lists are never a send's to say.
pub(crate) fn of_send(
    work: &mut Work<'_, '_>,
    node: Node<'_>,
    found: Option<(i64, Object)>,
    keep: bool,
    update: bool,
) -> Result<i64, Failure> {
    let mut change = Change::read(node).without_standing();
    match found {
        Some((id, subscriber)) if update => alter(work, id, subscriber, &change, true),
        Some((id, _)) => Ok(id),
        None => {
            if !keep && !update {
                change = change.without_profile();
            }
            insert(work, &change, true)
        }
    }
}

/// Sets what became of mail to a subscriber: `Bounced` or `Held`. Who is unsubscribed stays so.
pub(crate) fn set_bounced(work: &mut Work<'_, '_>, id: i64, status: &str) -> Result<(), StoreError> {
    let Some((_, mut subscriber)) = by_id(&work.objects(), id)? else {
        return Ok(());
    };
    if matches!(subscriber.text("Status"), Some("Unsubscribed" | "Held" | "Deleted")) {
        return Ok(());
    }
    set_status(&mut subscriber, status, work.now);
    subscriber.set_text("ModifiedDate", work.now.to_string());
    put(work, id, &subscriber)
}

/// Makes a new subscriber and gives the ID.
fn insert(work: &mut Work<'_, '_>, change: &Change, upsert: bool) -> Result<i64, Failure> {
    let Some(email) = change.email.as_ref().filter(|email| mailbox::is_public(email)) else {
        return Err(Failure::plain(code::INVALID_EMAIL));
    };
    if let Some(status) = change.status.as_ref().filter(|status| NOT_ON_CREATE.contains(&status.as_str())) {
        return Err(Failure::about(code::STATUS_ON_CREATE, status));
    }
    let key = change.key.as_ref().unwrap_or(email).as_str();
    // One who was looked for by ID or address may have the key of somebody else; by the key alone nobody was found.
    let looked_for = change.key.is_some() && change.id.is_none();
    if !looked_for && by_key(&work.objects(), key)?.is_some() {
        return Err(Failure::plain(code::SUBSCRIBER_EXISTS));
    }
    list::all_subscribers(work)?;
    let id = work.objects().next_id();
    let now = work.now.to_string();
    let mut subscriber = Object::new(KIND);
    subscriber.set_text("CreatedDate", now.clone());
    subscriber.set_text("ModifiedDate", now);
    subscriber.set_text("ID", id.to_string());
    subscriber.set_text("SubscriberKey", key);
    subscriber.set_text("Status", "Active");
    subscriber.set_text("EmailTypePreference", "HTML");
    change.apply_to(&mut subscriber, work.now);
    join_lists(work, id, &mut subscriber, change, upsert)?;
    work.objects().add(KIND, id, &subscriber, &entries(&indexed(&subscriber)))?;
    Ok(id)
}

fn alter(
    work: &mut Work<'_, '_>,
    id: i64,
    mut subscriber: Object,
    change: &Change,
    upsert: bool,
) -> Result<i64, Failure> {
    if change.email.as_ref().is_some_and(|email| !mailbox::is_public(email)) {
        return Err(Failure::plain(code::INVALID_EMAIL));
    }
    change.apply_to(&mut subscriber, work.now);
    join_lists(work, id, &mut subscriber, change, upsert)?;
    subscriber.set_text("ModifiedDate", work.now.to_string());
    put(work, id, &subscriber)?;
    Ok(id)
}

/// A list that is not there takes the whole subscriber back: the caller's savepoint does that.
fn join_lists(
    work: &mut Work<'_, '_>,
    id: i64,
    subscriber: &mut Object,
    change: &Change,
    upsert: bool,
) -> Result<(), Failure> {
    for entry in &change.lists {
        if let Some(status) = membership::apply(work, id, entry, upsert)? {
            set_status(subscriber, &status, work.now);
        }
    }
    Ok(())
}

/// Unsubscribes from everything; false when he was already.
pub(crate) fn unsubscribe(work: &mut Work<'_, '_>, id: i64, mut subscriber: Object) -> Result<bool, StoreError> {
    if subscriber.text("Status") == Some("Unsubscribed") {
        return Ok(false);
    }
    set_status(&mut subscriber, "Unsubscribed", work.now);
    subscriber.set_text("ModifiedDate", work.now.to_string());
    put(work, id, &subscriber)?;
    Ok(true)
}

fn remove(work: &mut Work<'_, '_>, id: i64) -> Result<(), StoreError> {
    membership::remove_subscriber(work, id)?;
    work.objects().remove(KIND, id)?;
    Ok(())
}

fn put(work: &mut Work<'_, '_>, id: i64, subscriber: &Object) -> Result<(), StoreError> {
    work.objects().put(KIND, id, subscriber, &entries(&indexed(subscriber)))?;
    Ok(())
}
