//! Lists, and the one that every account has: All Subscribers.
//!
//! It keeps no members; that is `membership`'s.

use std::fmt;

use crate::{
    message::{Echo, Options, Row, code, options::SaveAction},
    object::{Node, Object},
    store::{Objects, StoreError},
};

use super::{
    Failure, Work, generic, membership,
    plan::{Method, NOTHING_DONE, Plan},
    subscriber,
};

/// The kind of the records.
pub(crate) const KIND: &str = "List";
/// Documented with 13010.
const LONGEST_NAME: usize = 50;
/// Index of one entry: which list is All Subscribers.
const MASTER: &str = "master";
const DELETED: &str = "List deleted";
const ALL_SUBSCRIBERS: &str = "All Subscribers";

/// What names a list, in the order in which it is looked for; one that is given decides alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListRef {
    pub(crate) id: Option<i64>,
    pub(crate) guid: Option<String>,
    pub(crate) key: Option<String>,
}

impl ListRef {
    /// Reads it from an element with ID, ObjectID or CustomerKey; `None` when there is none of them.
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        let found = Self { id: generic::number(node), guid: node.given("ObjectID"), key: node.given("CustomerKey") };
        (found != Self::default()).then_some(found)
    }
}

/// As an error text names it.
impl fmt::Display for ListRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.id, &self.guid, &self.key) {
            (Some(id), _, _) => write!(f, "{id}"),
            (None, Some(text), _) | (None, None, Some(text)) => f.write_str(text),
            (None, None, None) => f.write_str("neither ID nor ObjectID nor CustomerKey is given"),
        }
    }
}

/// The ID of the list that is meant, if there is such a list.
pub(crate) fn find(objects: &Objects<'_>, list: &ListRef) -> Result<Option<i64>, StoreError> {
    match list {
        ListRef { id: Some(id), .. } => Ok(objects.has(KIND, *id)?.then_some(*id)),
        ListRef { guid: Some(guid), .. } => objects.find_first(KIND, generic::BY_GUID, &generic::folded(guid)),
        ListRef { key: Some(key), .. } => objects.find_first(KIND, generic::BY_KEY, &generic::folded(key)),
        _ => Ok(None),
    }
}

/// The name of a list; without a number of All Subscribers.
pub(crate) fn name(objects: &Objects<'_>, id: Option<i64>) -> Result<String, StoreError> {
    let kept: Option<Object> = match id {
        Some(id) => objects.get(KIND, id)?,
        None => return Ok(ALL_SUBSCRIBERS.to_owned()),
    };
    Ok(kept.as_ref().and_then(|list| list.text("ListName")).unwrap_or_default().to_owned())
}

/// Applies a method to one list.
pub(crate) fn apply(
    work: &mut Work<'_, '_>,
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    let named = ListRef::read(node);
    let mut found = find(&work.objects(), &named.clone().unwrap_or_default())?;
    let action = options.save_action(KIND);
    // A Create that may change what is there means the list of that name.
    if found.is_none() && method == Method::Create && action.is_some_and(changes) {
        found = by_name(&work.objects(), &node.given("ListName").unwrap_or_default())?;
    }
    // Only the texts of Subscriber are captured; these are ours, in the same manner.
    let done = match method {
        Method::Create => "Created List.",
        Method::Update => "Updated List.",
        Method::Delete => DELETED,
    };
    if let Some(id) = found
        && is_all_subscribers(&work.objects(), id)?
    {
        return Err(Failure::about(code::CANNOT_PERFORM, &format!("{} on the All Subscribers list", method.name())));
    }
    let plan = work.plan(KIND, method, options, found.is_some())?;
    if let Some(mut named) = named.clone() {
        // What is changed may get another key, which must be nobody's.
        if matches!(plan, Plan::Change) {
            named.key = None;
        }
        agree(&work.objects(), &named, found)?;
    }
    let id = match (plan, found) {
        (Plan::Insert, _) => insert(work, node)?,
        (Plan::Change, Some(id)) => change(work, node, id)?,
        (Plan::Remove, Some(id)) => {
            membership::remove_list(work, id)?;
            work.objects().remove(KIND, id)?;
            return Ok(Row::ok(0, DELETED));
        }
        (Plan::Exists, _) => {
            return Err(Failure::about(code::NAME_EXISTS, &named.unwrap_or_default().to_string()));
        }
        // Like a delete in SQL: nothing to do is no error (facts/wire 2.2).
        (Plan::Missing, _) if method == Method::Delete && named.is_some() => return Ok(Row::ok(0, done)),
        (Plan::Gone, _) if named.is_some() || node.given("ListName").is_some() => return Ok(Row::ok(0, DELETED)),
        (Plan::Leave, _) => return Ok(Row::ok(0, NOTHING_DONE)),
        (Plan::Refuse(why), _) => return Err(Failure::plain(why)),
        (Plan::Missing | Plan::Gone | Plan::Change | Plan::Remove, _) => {
            return Err(Failure::about(code::LIST_NOT_FOUND, &named.unwrap_or_default().to_string()));
        }
    };
    Ok(Row { new_id: id, echo: Echo::RequestWith(vec![("ID", id.to_string())]), ..Row::ok(0, done) })
}

/// Where several identifiers are given, each must name what was found.
pub(crate) fn agree(objects: &Objects<'_>, named: &ListRef, found: Option<i64>) -> Result<(), Failure> {
    let ListRef { id, guid, key } = named.clone();
    let alone = [
        ("ID", ListRef { id, ..ListRef::default() }),
        ("ObjectID", ListRef { guid, ..ListRef::default() }),
        ("CustomerKey", ListRef { key, ..ListRef::default() }),
    ];
    let given: Vec<_> = alone.iter().filter(|(_, list)| *list != ListRef::default()).collect();
    for (_, list) in given.iter().filter(|_| given.len() > 1) {
        if find(objects, list)? != found {
            let given: Vec<_> = given.iter().map(|(member, list)| format!("{member} {list}")).collect();
            return Err(generic::contradiction(KIND, &given));
        }
    }
    Ok(())
}

fn changes(action: SaveAction) -> bool {
    matches!(action, SaveAction::UpdateAdd | SaveAction::UpdateOnly | SaveAction::Delete)
}

fn insert(work: &mut Work<'_, '_>, node: Node<'_>) -> Result<i64, Failure> {
    let Some(name) = node.given("ListName") else {
        return Err(Failure::about(code::EXCEPTION, "[Create]: List.ListName is required"));
    };
    all_subscribers(work)?;
    check_name(work, &name, None)?;
    let mut list = new(work, &name);
    let id = work.objects().next_id();
    let key = list.text("ObjectID").unwrap_or_default().to_owned();
    list.set_text("ID", id.to_string());
    list.set_text("CustomerKey", key);
    list.set_text("Type", "Private");
    list.set_text("ListClassification", "ExactTargetList");
    generic::merge(&mut list, told(node));
    list.set_text("ListName", name);
    put(work, id, &list, false)?;
    join(work, id, node)?;
    Ok(id)
}

fn change(work: &mut Work<'_, '_>, node: Node<'_>, id: i64) -> Result<i64, Failure> {
    let Some(mut list) = work.objects().get::<Object>(KIND, id)? else {
        return Err(Failure::about(code::LIST_NOT_FOUND, &id.to_string()));
    };
    generic::merge(&mut list, told(node));
    if let Some(name) = node.given("ListName") {
        check_name(work, &name, Some(id))?;
        list.set_text("ListName", name);
    }
    if let Some(key) = node.given("CustomerKey") {
        let taken = ListRef { key: Some(key.clone()), ..ListRef::default() };
        if find(&work.objects(), &taken)?.is_some_and(|other| other != id) {
            return Err(Failure::about(code::NAME_EXISTS, &key));
        }
    }
    list.set_text("ModifiedDate", work.now.to_string());
    put(work, id, &list, false)?;
    join(work, id, node)?;
    Ok(id)
}

/// What a request says of a list beside its name and members. Empty members say nothing but `Description`.
fn told(node: Node<'_>) -> Object {
    let mut told = node.to_object();
    told.members.retain(|member| {
        let empty = member.value.as_text().is_some_and(|text| text.trim().is_empty());
        !matches!(&*member.name, "ListName" | "Subscribers") && (!empty || &*member.name == "Description")
    });
    told
}

/// `List.Subscribers`: those who exist are put on the list, the others are made. Nobody is changed by it.
fn join(work: &mut Work<'_, '_>, list: i64, node: Node<'_>) -> Result<(), Failure> {
    for member in node.children_named("Subscribers").filter(|member| !member.is_nil()) {
        let id = subscriber::find_or_insert(work, member)?;
        if !membership::is_on(&work.objects(), list, id)? {
            membership::join(work, list, id, None)?;
        }
    }
    Ok(())
}

fn check_name(work: &mut Work<'_, '_>, name: &str, own: Option<i64>) -> Result<(), Failure> {
    if name.chars().count() > LONGEST_NAME {
        return Err(Failure::plain(code::LIST_NAME_TOO_LONG));
    }
    match by_name(&work.objects(), name)? {
        Some(id) if Some(id) != own => Err(Failure::about(code::NAME_EXISTS, name)),
        _ => Ok(()),
    }
}

fn by_name(objects: &Objects<'_>, name: &str) -> Result<Option<i64>, StoreError> {
    objects.find_first(KIND, generic::BY_NAME, &generic::folded(name))
}

/// The ID of All Subscribers, which is made when it is first needed.
pub(crate) fn all_subscribers(work: &mut Work<'_, '_>) -> Result<i64, StoreError> {
    if let Some(id) = work.objects().find_known(KIND, MASTER, "1")? {
        return Ok(id);
    }
    let mut list = new(work, ALL_SUBSCRIBERS);
    let id = work.objects().next_id();
    list.set_text("ID", id.to_string());
    list.set_text("CustomerKey", ALL_SUBSCRIBERS);
    list.set_text("Type", "Master");
    list.set_text("Description", "Every subscriber of the account");
    list.set_text("ListClassification", "ExactTargetList");
    put(work, id, &list, true)?;
    Ok(id)
}

/// The ID of All Subscribers, when there is one yet.
pub(crate) fn all_subscribers_id(objects: &Objects<'_>) -> Result<Option<i64>, StoreError> {
    objects.find_first(KIND, MASTER, "1")
}

/// Whether a list is All Subscribers.
pub(crate) fn is_all_subscribers(objects: &Objects<'_>, list: i64) -> Result<bool, StoreError> {
    Ok(all_subscribers_id(objects)? == Some(list))
}

fn new(work: &Work<'_, '_>, name: &str) -> Object {
    let now = work.now.to_string();
    let mut list = Object::new(KIND);
    list.set_text("CreatedDate", now.clone());
    list.set_text("ModifiedDate", now);
    list.set_text("ObjectID", uuid::Uuid::new_v4().to_string());
    list.set_text("ListName", name);
    list
}

fn put(work: &mut Work<'_, '_>, id: i64, list: &Object, master: bool) -> Result<(), StoreError> {
    let text = |member| generic::folded(list.text(member).unwrap_or_default());
    let (key, guid, name) = (text("CustomerKey"), text("ObjectID"), text("ListName"));
    let mut keys = vec![(generic::BY_KEY, &*key), (generic::BY_GUID, &*guid), (generic::BY_NAME, &*name)];
    if master {
        keys.push((MASTER, "1"));
    }
    work.objects().put(KIND, id, list, &keys)?;
    Ok(())
}
