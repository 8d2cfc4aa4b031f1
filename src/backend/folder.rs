//! DataFolder: what holds for folders beside what holds for every kept object. They make a tree, and a name stands once under
//! one parent.
//!
//! A folder is kept with the ID, ObjectID, CustomerKey and Name of its parent, which follow when the parent is renamed: that
//! is how filters and Retrieve find them.

use crate::{
    message::code,
    object::{Node, Object, Value},
    store::{Objects, StoreError},
};

use super::{
    Failure, Work,
    generic::{self, BY_NAME, BY_PARENT, Guard},
};

/// The type.
pub(crate) const KIND: &str = "DataFolder";
/// What is kept of a parent.
const OF_PARENT: [&str; 4] = ["ID", "ObjectID", "CustomerKey", "Name"];

/// What a kept folder is tried on.
pub(crate) const GUARD: Guard = Guard { settle, renamed, remove };

/// Puts a new or changed folder into its place in the tree.
fn settle(
    work: &Work<'_, '_>,
    id: i64,
    before: Option<&Object>,
    node: Node<'_>,
    folder: &mut Object,
) -> Result<(), Failure> {
    if let Some(name) = before.and_then(|before| before.text("Name")).filter(|_| node.given("Name").is_none()) {
        folder.set_text("Name", name);
    }
    let parent = match node.child("ParentFolder").filter(|parent| parent.has_children()) {
        Some(parent) => named(work, parent)?,
        None => before.and_then(parent_of),
    };
    folder.remove("ParentFolder");
    let objects = work.objects();
    if let Some(parent) = parent {
        let mut up = Some(parent);
        while let Some(at) = up {
            if at == id {
                let what = format!("[Update]: {KIND} {id} cannot stand in itself or below itself");
                return Err(Failure::about(code::EXCEPTION, &what));
            }
            up = objects.get::<Object>(KIND, at)?.as_ref().and_then(parent_of);
        }
        if let Some(parent) = objects.get::<Object>(KIND, parent)? {
            folder.set("ParentFolder", Value::Object(shown(&parent)));
        }
    }
    let name = folder.text("Name").unwrap_or_default();
    for other in objects.find(KIND, BY_NAME, &name.trim().to_lowercase())? {
        let twin = other != id && objects.get::<Object>(KIND, other)?.is_some_and(|twin| parent_of(&twin) == parent);
        if twin {
            return Err(Failure::about(code::NAME_EXISTS, name));
        }
    }
    Ok(())
}

/// Tells the folders below of a changed one.
fn renamed(work: &mut Work<'_, '_>, id: i64, folder: &Object) -> Result<(), StoreError> {
    for child in children(&work.objects(), id)? {
        if let Some(mut below) = work.objects().get::<Object>(KIND, child)? {
            below.set("ParentFolder", Value::Object(shown(folder)));
            generic::put(work, KIND, child, &below)?;
        }
    }
    Ok(())
}

/// Folders below would have no parent.
fn remove(work: &Work<'_, '_>, id: i64) -> Result<(), Failure> {
    match work.objects().find_first(KIND, BY_PARENT, &id.to_string())? {
        Some(_) => Err(Failure::about(code::EXCEPTION, &format!("[Delete]: there are folders in {KIND} {id}"))),
        None => Ok(()),
    }
}

/// The parent that a request names; `None` for the root, whose ID is 0.
fn named(work: &Work<'_, '_>, parent: Node<'_>) -> Result<Option<i64>, Failure> {
    if let Some((id, _)) = generic::find(work, KIND, parent)? {
        return Ok(Some(id));
    }
    match generic::identity(parent) {
        Some(what) => Err(Failure::about(code::FOLDER_NOT_FOUND, &what)),
        None if parent.given("ID").is_some() || parent.given("Name").is_none() => Ok(None),
        None => {
            let what = "ParentFolder is named by none of ObjectID, CustomerKey, ID";
            Err(Failure::about(code::FOLDER_NOT_FOUND, what))
        }
    }
}

fn children(objects: &Objects<'_>, id: i64) -> Result<Vec<i64>, StoreError> {
    objects.find(KIND, BY_PARENT, &id.to_string())
}

fn parent_of(folder: &Object) -> Option<i64> {
    folder.text("ParentFolder.ID")?.parse().ok()
}

fn shown(parent: &Object) -> Object {
    let mut shown = Object::new(KIND);
    for member in OF_PARENT {
        if let Some(text) = parent.text(member) {
            shown.set_text(member, text);
        }
    }
    shown
}
