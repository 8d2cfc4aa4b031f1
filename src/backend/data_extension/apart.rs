//! DataExtensionField as an object of its own: written by itself, and shown to Retrieve.
//!
//! The field names its data extension by its member DataExtension, or the call does by Options.Container.

use crate::{
    message::{Echo, Options, Row, code},
    object::{Node, Object, Value},
};

use super::{
    super::{
        Failure, Work,
        generic::folded,
        plan::{Method, Plan, plan},
        row::{EXTENSION, FIELD, fields},
    },
    field::said,
    find, identity, invalid, save, take_identity,
};

/// Applies a method to one field of a data extension.
pub(crate) fn apply(
    work: &mut Work<'_, '_>,
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    let done = write(work, method, &node.to_object(), options);
    work.tables.forget();
    done
}

fn write(work: &mut Work<'_, '_>, method: Method, given: &Object, options: &Options) -> Result<Row, Failure> {
    let mut extension = given.object("DataExtension").cloned().unwrap_or_default();
    take_identity(&mut extension, options);
    let of = identity(&extension).ok_or_else(|| Failure::plain(code::EXTENSION_NO_KEY))?.to_owned();
    let Some((id, definition)) = find(work, &extension)? else {
        return Err(Failure::about(code::EXTENSION_MISSING, &of));
    };
    let Some((member, wanted)) = ["ObjectID", "Name"].into_iter().find_map(|name| Some((name, said(given, name)?)))
    else {
        return Err(invalid("a field has no Name".to_owned()));
    };
    let guid = |definition: &Object| {
        let mut all = fields(definition);
        let field = all.find(|field| said(field, member).is_some_and(|text| folded(text) == folded(wanted)));
        field.and_then(|field| field.text("ObjectID")).map(str::to_owned)
    };
    let before = guid(&definition);
    let message = match method {
        Method::Create => "DataExtensionField created",
        Method::Update => "DataExtensionField updated",
        Method::Delete => "DataExtensionField deleted",
    };
    let row = Row::ok(0, message);
    let field = [given.clone()];
    match (plan(method, options.save_action(FIELD), before.is_some()), before) {
        (Plan::Insert, _) => {
            save(work, id, definition, &field, false)?;
            let made: Option<Object> = work.objects().get(EXTENSION, id)?;
            let guid = made.as_ref().and_then(guid);
            let set = guid.iter().map(|guid| ("ObjectID", guid.clone())).collect();
            Ok(Row { new_object_id: guid, echo: Echo::RequestWith(set), ..row })
        }
        (plan @ (Plan::Change | Plan::Remove), Some(guid)) => {
            save(work, id, definition, &field, plan == Plan::Remove)?;
            Ok(Row { echo: Echo::RequestWith(vec![("ObjectID", guid)]), ..row })
        }
        (Plan::Exists, _) => Err(Failure::about(code::NAME_EXISTS, wanted)),
        (Plan::Refuse(why), _) => Err(Failure::plain(why)),
        (Plan::Leave, _) => Ok(row),
        (Plan::Missing | Plan::Change | Plan::Remove, _) => {
            Err(invalid(format!("the data extension {of} has no field {wanted}")))
        }
    }
}

/// The fields of a stored data extension as Retrieve shows them: with the data extension that they are of.
pub fn field_objects(definition: &Object) -> impl Iterator<Item = Object> {
    let mut of = Object::new(EXTENSION);
    for name in ["ObjectID", "CustomerKey", "Name"] {
        if let Some(text) = definition.text(name) {
            of.set_text(name, text);
        }
    }
    fields(definition).map(move |field| {
        let mut shown = field.clone();
        shown.kind = FIELD.into();
        shown.set("DataExtension", Value::Object(of.clone()));
        shown
    })
}
