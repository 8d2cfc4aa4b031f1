//! What Create, Update and Delete do to a list, and whom `List.Subscribers` puts on it.

use crate::{
    message::{Echo, Options, Row, code, options::SaveAction},
    object::{Node, Object},
};

use super::{
    super::{
        Failure, Work, generic, membership,
        plan::{Method, NOTHING_DONE, Plan},
        subscriber,
    },
    KIND, ListRef, agree, all_subscribers, by_name, find, is_all_subscribers, new, put,
};

/// Documented with 13010.
const LONGEST_NAME: usize = 50;
const DELETED: &str = "List deleted";

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
