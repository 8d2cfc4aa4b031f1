//! Keeps objects of any type as they come: by ObjectID, CustomerKey or ID.
//!
//! It never looks into what an object means; types with rules of their own have keepers of their own.

use std::borrow::Cow;

use crate::{
    message::{Echo, Options, Row, code},
    object::{Node, Object, Value},
    store::{Objects, StoreError},
};

use super::{
    Failure, Work,
    kind::{Ids, Kind},
    plan::{Method, NOTHING_DONE, Plan},
};

/// Index names of every kept object.
pub(crate) const BY_KEY: &str = "key";
pub(crate) const BY_GUID: &str = "guid";
pub(crate) const BY_NAME: &str = "name";
/// Index of folders: the parent's ID.
pub(crate) const BY_PARENT: &str = "parent";

/// Its arguments: the object's number, what was there before, what was sent, what is about to be kept.
type Settle = fn(&Work<'_, '_>, i64, Option<&Object>, Node<'_>, &mut Object) -> Result<(), Failure>;

/// What holds for a type beside what holds for every kept object.
pub(crate) struct Guard {
    /// Before an object is written.
    pub(crate) settle: Settle,
    /// After an object was changed.
    pub(crate) renamed: fn(&mut Work<'_, '_>, i64, &Object) -> Result<(), StoreError>,
    /// Before an object is taken away.
    pub(crate) remove: fn(&Work<'_, '_>, i64) -> Result<(), Failure>,
}

/// What a keeper is told of a type: as [`Kind`], but for any name.
struct Rule<'a> {
    name: &'a str,
    ids: Ids,
    required: &'a [&'a str],
    messages: [Cow<'static, str>; 3],
    echo: bool,
    guard: Option<&'static Guard>,
}

/// Applies a method to an object of a type with known answers.
pub(crate) fn apply(
    work: &mut Work<'_, '_>,
    kind: &Kind,
    guard: Option<&'static Guard>,
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    let rule = Rule {
        name: kind.name,
        ids: kind.ids,
        required: kind.required,
        messages: kind.messages.map(Cow::Borrowed),
        echo: kind.echo,
        guard,
    };
    keep(work, &rule, method, node, options)
}

/// Applies a method to an object of any other type.
pub(crate) fn apply_named(
    work: &mut Work<'_, '_>,
    name: &str,
    messages: &[String; 3],
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    let messages = messages.clone().map(Cow::Owned);
    keep(work, &Rule { name, ids: Ids::Both, required: &[], messages, echo: true, guard: None }, method, node, options)
}

fn keep(
    work: &mut Work<'_, '_>,
    rule: &Rule<'_>,
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    let found = find(work, rule.name, node)?;
    let [created, updated, deleted] = rule.messages.clone();
    let done = match method {
        Method::Create => created,
        Method::Update => updated,
        Method::Delete => deleted.clone(),
    };
    let plan = work.plan(rule.name, method, options, found.is_some())?;
    if found.is_none() && identity(node).is_none() && (method == Method::Delete || plan == Plan::Gone) {
        let what = format!("[{}]: {} is named by none of ObjectID, CustomerKey, ID", method.name(), rule.name);
        return Err(Failure::about(code::EXCEPTION, &what));
    }
    match (plan, found) {
        (Plan::Insert, _) => insert(work, rule, node, done),
        (Plan::Change, Some((id, object))) => change(work, rule, node, id, object, done),
        (Plan::Remove, Some((id, _))) => {
            if let Some(guard) = rule.guard {
                (guard.remove)(work, id)?;
            }
            work.txn.objects(work.client).remove(rule.name, id)?;
            Ok(Row::ok(0, deleted))
        }
        (Plan::Exists, _) => {
            let what = identity(node).unwrap_or_else(|| rule.name.to_owned());
            Err(Failure::about(code::NAME_EXISTS, &what))
        }
        // Like a delete in SQL: nothing to do is no error (facts/wire 2.2).
        (Plan::Missing, _) if method == Method::Delete => Ok(Row::ok(0, deleted)),
        (Plan::Gone, _) => Ok(Row::ok(0, deleted)),
        (Plan::Refuse(why), _) => Err(Failure::plain(why)),
        (Plan::Leave, _) => Ok(Row::ok(0, NOTHING_DONE)),
        (Plan::Missing | Plan::Change | Plan::Remove, _) => match identity(node) {
            Some(what) if rule.name == "TriggeredSendDefinition" => {
                Err(Failure::about(code::DEFINITION_NOT_FOUND, &what))
            }
            what => Err(not_found(method.name(), rule.name, what)),
        },
    }
}

/// Nothing of that identity is kept.
pub(crate) fn not_found(operation: &str, kind: &str, identity: Option<String>) -> Failure {
    let what = identity.unwrap_or_else(|| "none of ObjectID, CustomerKey, ID is given".to_owned());
    Failure::about(code::EXCEPTION, &format!("[{operation}]: {kind} not found: {what}"))
}

/// Identifiers that are given and do not name one and the same object.
pub(crate) fn contradiction(kind: &str, given: &[String]) -> Failure {
    let given = given.join(" and ");
    Failure::about(code::EXCEPTION, &format!("the look-up of {kind}: {given} do not name the same object"))
}

/// `ID`; proxies write an unset number as 0.
pub(crate) fn number(node: Node<'_>) -> Option<i64> {
    node.given("ID").and_then(|id| id.parse().ok()).filter(|id| *id != 0)
}

/// The object that a node is about, by ObjectID, CustomerKey and ID: those that are given must agree.
pub(crate) fn find(work: &Work<'_, '_>, kind: &str, node: Node<'_>) -> Result<Option<(i64, Object)>, Failure> {
    find_in(&work.objects(), kind, node)
}

/// As [`find`], for who only reads.
pub(crate) fn find_in(objects: &Objects<'_>, kind: &str, node: Node<'_>) -> Result<Option<(i64, Object)>, Failure> {
    let mut found = Vec::new();
    for (index, member) in [(BY_GUID, "ObjectID"), (BY_KEY, "CustomerKey")] {
        if let Some(text) = node.given(member) {
            found.push(objects.find_first(kind, index, &folded(&text))?);
        }
    }
    if let Some(id) = number(node) {
        found.push(objects.has(kind, id)?.then_some(id));
    }
    let Some(first) = found.first().copied() else {
        return Ok(None);
    };
    if found.iter().any(|other| *other != first) {
        return Err(contradiction(kind, &identifiers(node)));
    }
    match first {
        Some(id) => Ok(objects.get(kind, id)?.map(|object| (id, object))),
        None => Ok(None),
    }
}

/// What an index holds for a text: keys and names of the service do not differ by case alone.
pub(crate) fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The identifiers that are given, for people, in the order in which they are looked for.
fn identifiers(node: Node<'_>) -> Vec<String> {
    let texts =
        ["ObjectID", "CustomerKey"].into_iter().filter_map(|name| Some(format!("{name} {}", node.given(name)?)));
    texts.chain(number(node).map(|id| format!("ID {id}"))).collect()
}

/// The identifier by which an object is looked for, for people.
pub(crate) fn identity(node: Node<'_>) -> Option<String> {
    // Keys go without saying; there is one only where no ObjectID comes first.
    let key = node.given("CustomerKey").filter(|_| node.given("ObjectID").is_none());
    key.or_else(|| identifiers(node).into_iter().next())
}

fn insert(work: &mut Work<'_, '_>, rule: &Rule<'_>, node: Node<'_>, done: Cow<'static, str>) -> Result<Row, Failure> {
    if let Some(missing) = rule.required.iter().find(|name| node.given(name).is_none()) {
        return Err(Failure::about(code::EXCEPTION, &format!("[Create]: {}.{missing} is required", rule.name)));
    }
    let id = work.txn.objects(work.client).next_id();
    let guid = uuid::Uuid::new_v4().to_string();
    let mut object = node.to_object();
    object.kind = rule.name.into();
    object.set_text("ID", id.to_string());
    object.set_text("ObjectID", guid.clone());
    if node.given("CustomerKey").is_none() {
        object.set_text("CustomerKey", guid.clone());
    }
    let now = work.now.to_string();
    object.set_text("CreatedDate", now.clone());
    object.set_text("ModifiedDate", now);
    if let Some(guard) = rule.guard {
        (guard.settle)(work, id, None, node, &mut object)?;
    }
    put(work, rule.name, id, &object)?;
    let (number, guid) = match rule.ids {
        Ids::Number => (id, None),
        Ids::Guid => (0, Some(guid)),
        Ids::Both => (id, Some(guid)),
    };
    let mut set = Vec::new();
    if number != 0 {
        set.push(("ID", number.to_string()));
    }
    set.extend(guid.clone().map(|guid| ("ObjectID", guid)));
    let echo = if rule.echo { Echo::RequestWith(set) } else { Echo::None };
    Ok(Row { new_id: number, new_object_id: guid, echo, ..Row::ok(0, done) })
}

fn change(
    work: &mut Work<'_, '_>,
    rule: &Rule<'_>,
    node: Node<'_>,
    id: i64,
    mut object: Object,
    done: Cow<'static, str>,
) -> Result<Row, Failure> {
    let before = rule.guard.map(|_| object.clone());
    merge(&mut object, node.to_object());
    object.set_text("ModifiedDate", work.now.to_string());
    if let Some(guard) = rule.guard {
        (guard.settle)(work, id, before.as_ref(), node, &mut object)?;
    }
    put(work, rule.name, id, &object)?;
    if let Some(guard) = rule.guard {
        (guard.renamed)(work, id, &object)?;
    }
    let set = match (rule.ids, object.text("ObjectID")) {
        (Ids::Guid | Ids::Both, Some(guid)) => vec![("ObjectID", guid.to_owned())],
        _ => vec![("ID", id.to_string())],
    };
    let echo = if rule.echo { Echo::RequestWith(set) } else { Echo::None };
    Ok(Row { echo, ..Row::ok(0, done) })
}

/// Takes over what a change says. A nil member says nothing: .NET proxies write every unset nillable member as nil, and
/// taking that for an order to clear would empty objects that nobody wanted emptied. Identifiers and dates are ours.
pub(crate) fn merge(object: &mut Object, change: Object) {
    let mut taken: Vec<Box<str>> = Vec::new();
    for member in change.members {
        if member.value == Value::Nil || matches!(&*member.name, "ID" | "ObjectID" | "CreatedDate" | "ModifiedDate") {
            continue;
        }
        if taken.contains(&member.name) {
            object.push(&member.name, member.value);
        } else {
            taken.push(member.name.clone());
            object.set(&member.name, member.value);
        }
    }
}

/// Writes an object with the index entries that every kept object has.
pub(crate) fn put(work: &mut Work<'_, '_>, kind: &str, id: i64, object: &Object) -> Result<(), StoreError> {
    let mut keys: Vec<(&str, String)> = Vec::new();
    let all = [(BY_KEY, "CustomerKey"), (BY_GUID, "ObjectID"), (BY_NAME, "Name"), (BY_PARENT, "ParentFolder.ID")];
    for (index, member) in all {
        if let Some(text) = object.text(member).filter(|text| !text.is_empty()) {
            keys.push((index, folded(text)));
        }
    }
    let keys: Vec<_> = keys.iter().map(|(index, text)| (*index, text.as_str())).collect();
    work.txn.objects(work.client).add(kind, id, object, &keys)
}
