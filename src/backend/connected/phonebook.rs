//! Lists that are phonebooks of a PBX: which List of a Subscriber is one, which contact a Subscriber of a List is, and by which
//! name the List is known whose ID is given.

use crate::{
    connector::{Connector, Named, System},
    message::{ErrorCode, Options, Row, code},
    object::Node,
    store::{Objects, StoreError},
};

use super::{
    super::{Failure, Work, keeper, list, list::ListRef, membership::Entry, plan::Method, subscriber},
    contact::{self, CONTACTS, Namer, PHONEBOOKS},
};

/// What keeps an object from going anywhere: ErrorCode and StatusMessage.
type Refused = (i64, String);

fn refused(code: ErrorCode, about: impl AsRef<str>) -> Refused {
    (code.code, code.about(about.as_ref()))
}

/// What an object's names and numbers stand for at the connector's system.
pub(super) fn named(
    objects: &Objects<'_>,
    connector: &Connector,
    (kind, method): (&str, Method),
    node: Node<'_>,
    options: &Options,
) -> Result<Result<Named, Refused>, StoreError> {
    if connector.system() != System::Yeastar {
        return Ok(Ok(Named::default()));
    }
    let namer = Namer::of(connector);
    match kind {
        list::KIND => of_list(objects, namer, node),
        // A Delete takes him off everything.
        subscriber::KIND if method != Method::Delete => of_subscriber(objects, namer, node, options),
        _ => Ok(Ok(Named::default())),
    }
}

fn of_list(objects: &Objects<'_>, namer: Namer<'_>, node: Node<'_>) -> Result<Result<Named, Refused>, StoreError> {
    let mut named = Named::default();
    let given = ListRef::read(node).unwrap_or_default();
    if let Some(id) = given.id {
        named.list = contact::known_as(objects, PHONEBOOKS, namer, &id.to_string())?;
        let Some(name) = &named.list else { return Ok(Err(refused(code::NO_PHONEBOOK, format!("List {id}")))) };
        let agrees = |key: &String| contact::is_same(key, name);
        if !given.key.as_ref().is_none_or(agrees) {
            let what =
                format!("the List with the ID {id} is known as {name}, and not by the CustomerKey that is given");
            return Ok(Err(refused(code::CONNECTOR_VALUE, what)));
        }
    } else if let (Some(guid), None) = (&given.guid, &given.key) {
        return Ok(Err(refused(code::NO_PHONEBOOK, format!("List {guid}: expected its ID or CustomerKey"))));
    }
    for member in node.children_named("Subscribers").filter(|member| !member.is_nil()) {
        let key = member.given("SubscriberKey").or_else(|| member.given("EmailAddress")).unwrap_or_default();
        match contact::contact(objects, CONTACTS, namer, &key)? {
            Some(id) => named.ids.push(id),
            None => return Ok(Err(refused(code::NO_CONTACT, format!("SubscriberKey {key}")))),
        }
    }
    Ok(Ok(named))
}

fn of_subscriber(
    objects: &Objects<'_>,
    namer: Namer<'_>,
    node: Node<'_>,
    options: &Options,
) -> Result<Result<Named, Refused>, StoreError> {
    let mut named = Named::default();
    for entry in entries(node, options) {
        let which = entry.list();
        let here = list::find(objects, which)?.is_some();
        match (id(objects, namer, which)?, here) {
            (Some(_), true) => {
                let what = format!(
                    "Lists: {which} is a list that is kept here, and a phonebook of the connector {}: name it by CustomerKey",
                    namer.connector
                );
                return Ok(Err(refused(code::CONNECTOR_VALUE, what)));
            }
            (Some(_), false) if !entry.only_adds() => {
                let what = format!(
                    "Lists: {which}: a contact is put into a phonebook, and not taken out of it or paused there"
                );
                return Ok(Err(refused(code::CONNECTOR_CANNOT, what)));
            }
            (Some(id), false) => named.ids.push(id),
            (None, true) => {}
            (None, false) => return Ok(Err(refused(code::LIST_NOT_FOUND, which.to_string()))),
        }
    }
    Ok(Ok(named))
}

/// The lists that a Subscriber names.
fn entries<'n>(node: Node<'n>, options: &Options) -> impl Iterator<Item = Entry> + 'n {
    let own = node.children_named("Lists").filter(|entry| entry.has_children()).map(Entry::read);
    own.chain(Entry::of_container(options))
}

/// Whether a Subscriber names a list that is none of the connector's phonebooks.
pub(super) fn names_others(work: &Work<'_, '_>, node: Node<'_>, options: &Options) -> Result<bool, StoreError> {
    for entry in entries(node, options) {
        if !is_one(work, entry.list())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a list is a phonebook of a connector, and none that is kept here.
fn is_one(work: &Work<'_, '_>, list: &ListRef) -> Result<bool, StoreError> {
    let objects = work.objects();
    if list::find(&objects, list)?.is_some() {
        return Ok(false);
    }
    for connector in work.backend.connectors.connectors.values() {
        if id(&objects, Namer::of(connector), list)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a connector's system calls the phonebook that is meant.
fn id(objects: &Objects<'_>, namer: Namer<'_>, list: &ListRef) -> Result<Option<String>, StoreError> {
    match list {
        ListRef { id: Some(id), .. } => {
            let id = id.to_string();
            Ok(contact::known_as(objects, PHONEBOOKS, namer, &id)?.map(|_| id))
        }
        ListRef { guid: None, key: Some(key), .. } => contact::contact(objects, PHONEBOOKS, namer, key),
        _ => Ok(None),
    }
}

/// Keeps an object here that a connector has done. What is a phonebook there is no list here.
pub(super) fn keep(
    work: &mut Work<'_, '_>,
    kind: &str,
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    if kind != subscriber::KIND {
        return keeper::apply(work, kind, method, node, options);
    }
    subscriber::apply_but(work, method, node, options, |work, entry| is_one(work, entry.list()))
}
