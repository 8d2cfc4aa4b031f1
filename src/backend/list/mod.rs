//! Lists, and the one that every account has, All Subscribers: how they are named and found.
//!
//! It keeps no members; that is `membership`'s.

mod change;

use std::fmt;

use crate::{
    object::{Node, Object},
    store::{Objects, StoreError},
};

use super::{Failure, Work, generic};

pub(crate) use change::apply;

/// The kind of the records.
pub(crate) const KIND: &str = "List";
/// Index of one entry: which list is All Subscribers.
const MASTER: &str = "master";
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
