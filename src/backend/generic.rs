//! Keeps objects of any type as they come: by ObjectID, CustomerKey or ID.
//!
//! It never looks into what an object means; types with rules of their own have keepers of their own.

use std::borrow::Cow;

use crate::{
    message::{Echo, Options, Row, code},
    object::{Node, Object, Value},
    store::StoreError,
};

use super::{
    Failure, Work,
    kind::{Ids, Kind},
    plan::{Method, Plan, plan},
};

/// Index names of every kept object.
pub(crate) const BY_KEY: &str = "key";
pub(crate) const BY_GUID: &str = "guid";
pub(crate) const BY_NAME: &str = "name";

/// What a keeper is told of a type: as [`Kind`], but for any name.
struct Rule<'a> {
    name: &'a str,
    ids: Ids,
    required: &'a [&'a str],
    messages: [Cow<'static, str>; 3],
    echo: bool,
}

/// Applies a method to an object of a type with known answers.
pub(crate) fn apply(
    work: &mut Work<'_, '_>,
    kind: &Kind,
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
    keep(work, &Rule { name, ids: Ids::Both, required: &[], messages, echo: true }, method, node, options)
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
        Method::Delete => deleted,
    };
    match (plan(method, options.save_action(rule.name), found.is_some()), found) {
        (Plan::Insert, _) => insert(work, rule, node, done),
        (Plan::Change, Some((id, object))) => change(work, rule, node, id, object, done),
        (Plan::Remove, Some((id, _))) => {
            work.txn.objects(work.client).remove(rule.name, id)?;
            Ok(Row::ok(0, done))
        }
        (Plan::Exists, _) => {
            let what = identity(node).unwrap_or_else(|| rule.name.to_owned());
            Err(Failure::about(code::NAME_EXISTS, &what))
        }
        // Like a delete in SQL: nothing to do is no error (facts/wire 2.2).
        (Plan::Missing, _) if method == Method::Delete => Ok(Row::ok(0, done)),
        (Plan::Refuse(why), _) => Err(Failure::plain(why)),
        (Plan::Leave, _) => Ok(Row::ok(0, done)),
        (Plan::Missing | Plan::Change | Plan::Remove, _) => {
            let what = identity(node).unwrap_or_else(|| "an object without CustomerKey, ObjectID or ID".to_owned());
            Err(Failure::about(code::EXCEPTION, &format!("[Update]: {} not found: {what}", rule.name)))
        }
    }
}

/// The object that a node is about: by ObjectID, else CustomerKey, else ID. An identifier that is given decides alone.
pub(crate) fn find(work: &mut Work<'_, '_>, kind: &str, node: Node<'_>) -> Result<Option<(i64, Object)>, StoreError> {
    let objects = work.txn.objects(work.client);
    let id = if let Some(guid) = node.given("ObjectID") {
        objects.find_first(kind, BY_GUID, &folded(&guid))?
    } else if let Some(key) = node.given("CustomerKey") {
        objects.find_first(kind, BY_KEY, &folded(&key))?
    } else {
        node.given("ID").and_then(|id| id.parse().ok())
    };
    match id {
        Some(id) => Ok(objects.get(kind, id)?.map(|object| (id, object))),
        None => Ok(None),
    }
}

/// What an index holds for a text: keys and names of the service do not differ by case alone.
pub(crate) fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

fn identity(node: Node<'_>) -> Option<String> {
    ["CustomerKey", "ObjectID", "Name", "ID"].into_iter().find_map(|name| node.given(name))
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
    merge(&mut object, node.to_object());
    object.set_text("ModifiedDate", work.now.to_string());
    put(work, rule.name, id, &object)?;
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
    for (index, member) in [(BY_KEY, "CustomerKey"), (BY_GUID, "ObjectID"), (BY_NAME, "Name")] {
        if let Some(text) = object.text(member).filter(|text| !text.is_empty()) {
            keys.push((index, folded(text)));
        }
    }
    let keys: Vec<_> = keys.iter().map(|(index, text)| (*index, text.as_str())).collect();
    work.txn.objects(work.client).put(kind, id, object, &keys)?;
    Ok(())
}
