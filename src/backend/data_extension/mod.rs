//! DataExtension and DataExtensionField: definitions of tables, with the rules that their rows impose.
//!
//! Rows themselves are kept in `row`. Where the documentation is silent: a Delete that lists Fields deletes these fields and
//! not the data extension (captured answers have a message of their own for it).

mod apart;
mod change;
mod field;

use uuid::Uuid;

use crate::{
    message::{Echo, Options, Row, code},
    object::{Node, Object, Value},
    store::StoreError,
};

use super::{
    Failure, Work,
    generic::{self, BY_GUID, BY_KEY, BY_NAME, folded},
    plan::{Method, Plan, plan},
    row::{EXTENSION, FIELD, Stored, fields, rows_of},
};
pub(crate) use apart::apply as apply_field;
pub use apart::field_objects;
use change::Change;
use field::said;

/// The one template of the service of which the fields are known (triggered sends are logged to it).
const TRIGGERED_SEND_TEMPLATE: (&str, [(&str, &str, &str); 2]) =
    ("TriggeredSendDataExtension", [("SubscriberKey", "Text", "254"), ("EmailAddress", "EmailAddress", "254")]);

/// Rows that are removed in one go.
const BATCH: usize = 500;

/// A refusal of what was sent.
fn invalid(text: String) -> Failure {
    Failure::about(code::EXTENSION_INVALID, &text)
}

/// A refusal for the sake of what is there.
fn conflict(text: String) -> Failure {
    Failure::about(code::EXTENSION_CONFLICT, &text)
}

/// Applies a method to a data extension.
pub(crate) fn apply(
    work: &mut Work<'_, '_>,
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    let done = write(work, method, node, options);
    // Rows of this call that come after must see what was done, and not see what was taken back.
    work.tables.forget();
    done
}

fn write(work: &mut Work<'_, '_>, method: Method, node: Node<'_>, options: &Options) -> Result<Row, Failure> {
    let mut given = node.to_object();
    given.kind = EXTENSION.into();
    if method == Method::Update {
        take_identity(&mut given, options);
    }
    let what = identity(&given).ok_or_else(|| Failure::plain(code::EXTENSION_NO_KEY))?.to_owned();
    let found = find(work, &given)?;
    match (plan(method, options.save_action(EXTENSION), found.is_some()), found) {
        (Plan::Insert, _) => insert(work, given),
        (Plan::Change, Some((id, before))) => change(work, id, before, given, options),
        (Plan::Remove, Some((id, before))) => remove(work, id, before, &given),
        (Plan::Leave, _) => Ok(Row::ok(0, message(method))),
        (Plan::Exists, _) => Err(Failure::about(code::EXTENSION_EXISTS, &what)),
        (Plan::Refuse(why), _) if why == code::ADD_ONLY => Err(Failure::about(code::EXTENSION_EXISTS, &what)),
        (Plan::Missing, _) if method == Method::Delete => Err(Failure::about(code::EXTENSION_NOT_FOUND, &what)),
        (Plan::Missing | Plan::Refuse(_) | Plan::Change | Plan::Remove, _) => {
            Err(Failure::about(code::EXTENSION_MISSING, &what))
        }
    }
}

/// Captured; the text of Delete is one that covers both things that it can do.
fn message(method: Method) -> &'static str {
    match method {
        Method::Create => "Data Extension created.",
        Method::Update => "Data Extension updated.",
        Method::Delete => "Data Extension deleted. / Data Extension Fields deleted",
    }
}

/// Any of the three names it (code 310001).
fn identity(given: &Object) -> Option<&str> {
    ["CustomerKey", "Name", "ObjectID"].into_iter().find_map(|name| said(given, name))
}

/// An object without a name of its own is the one that UpdateOptions.Container names.
fn take_identity(given: &mut Object, options: &Options) {
    let Some(container) = options.container.as_ref().filter(|_| identity(given).is_none()) else {
        return;
    };
    for (name, text) in [("CustomerKey", &container.customer_key), ("ObjectID", &container.object_id)] {
        if let Some(text) = text {
            given.set_text(name, text.as_str());
        }
    }
}

/// By ObjectID, else CustomerKey, else Name: the first that is given decides alone.
fn find(work: &Work<'_, '_>, given: &Object) -> Result<Option<(i64, Object)>, StoreError> {
    let by = [("ObjectID", BY_GUID), ("CustomerKey", BY_KEY), ("Name", BY_NAME)];
    let Some((index, text)) = by.iter().find_map(|(member, index)| Some((index, said(given, member)?))) else {
        return Ok(None);
    };
    let objects = work.objects();
    match objects.find_first(EXTENSION, index, &folded(text))? {
        Some(id) => Ok(objects.get(EXTENSION, id)?.map(|definition| (id, definition))),
        None => Ok(None),
    }
}

fn insert(work: &mut Work<'_, '_>, mut given: Object) -> Result<Row, Failure> {
    if let Some(id) = said(&given, "ObjectID") {
        return Err(Failure::about(code::EXTENSION_OBJECT_ID, id));
    }
    let Some(name) = said(&given, "Name").map(str::to_owned) else {
        return Err(invalid("Name is required to create a data extension".to_owned()));
    };
    let guid = Uuid::new_v4().to_string();
    let key = said(&given, "CustomerKey").unwrap_or(&guid).to_owned();
    given.set_text("Name", name);
    given.set_text("CustomerKey", key.as_str());
    given.set_text("ObjectID", guid.as_str());
    for flag in ["IsSendable", "IsTestable"] {
        if said(&given, flag).is_none() {
            given.set_text(flag, "false");
        }
    }
    let fields = template_fields(&given)?.into_iter().chain(given_fields(&given)).collect::<Vec<_>>();
    given.remove("Fields");
    let mut making = Change::of(work, None, &given);
    for field in &fields {
        making.put(field)?;
    }
    making.finish(&mut given);
    if fields.is_empty() {
        return Err(invalid("a data extension has at least one field".to_owned()));
    }
    check_sendable(&given)?;
    check_names(work, None, &given)?;
    let id = work.objects().next_id();
    let now = work.now.to_string();
    given.set_text("ID", id.to_string());
    given.set_text("CreatedDate", now.as_str());
    given.set_text("ModifiedDate", now);
    generic::put(work, EXTENSION, id, &given)?;
    let set = vec![("ObjectID", guid.clone()), ("CustomerKey", key)];
    let row = Row::ok(0, message(Method::Create));
    Ok(Row { new_object_id: Some(guid), echo: Echo::RequestWith(set), ..row })
}

fn change(
    work: &mut Work<'_, '_>,
    id: i64,
    mut definition: Object,
    mut given: Object,
    options: &Options,
) -> Result<Row, Failure> {
    let drops = drops_fields(options)?;
    let fields = given_fields(&given);
    given.remove("Fields");
    if drops && fields.is_empty() {
        return Err(invalid("UpdateOptions.Action is Delete, and there are no Fields to delete".to_owned()));
    }
    for name in ["Name", "CustomerKey"] {
        // An empty name is none.
        if said(&given, name).is_none() {
            given.remove(name);
        }
    }
    generic::merge(&mut definition, given);
    save(work, id, definition, &fields, drops)?;
    finished(work, id, Method::Update, message(Method::Update))
}

/// Whether the Fields are to be taken away (UpdateOptions: "drops any child fields. Otherwise, the call adds or updates").
fn drops_fields(options: &Options) -> Result<bool, Failure> {
    match options.action.as_deref() {
        None => Ok(false),
        Some(action) if action.eq_ignore_ascii_case("delete") => Ok(true),
        Some(action) if ["create", "update"].iter().any(|known| action.eq_ignore_ascii_case(known)) => Ok(false),
        Some(other) => Err(Failure::about(code::UPDATE_ACTION, other)),
    }
}

fn remove(work: &mut Work<'_, '_>, id: i64, definition: Object, given: &Object) -> Result<Row, Failure> {
    let fields = given_fields(given);
    if !fields.is_empty() {
        save(work, id, definition, &fields, true)?;
        return finished(work, id, Method::Delete, "Data Extension Fields deleted");
    }
    let objects = work.objects();
    let rows = rows_of(id);
    loop {
        let batch: Vec<(i64, Stored)> = objects.scan(&rows, i64::MIN, BATCH)?;
        if batch.is_empty() {
            break;
        }
        for (row, _) in batch {
            objects.remove(&rows, row)?;
        }
    }
    objects.remove(EXTENSION, id)?;
    let guid = definition.text("ObjectID").unwrap_or_default().to_owned();
    Ok(Row { echo: Echo::RequestWith(vec![("ObjectID", guid)]), ..Row::ok(0, message(Method::Delete)) })
}

/// Puts or drops fields and keeps the definition.
fn save(
    work: &mut Work<'_, '_>,
    id: i64,
    mut definition: Object,
    given: &[Object],
    drops: bool,
) -> Result<(), Failure> {
    let mut changing = Change::of(work, Some(id), &definition);
    for field in given {
        if drops { changing.drop(field)? } else { changing.put(field)? }
    }
    let renamed = changing.finish(&mut definition);
    follow(&mut definition, &renamed);
    check_sendable(&definition)?;
    check_names(work, Some(id), &definition)?;
    definition.set_text("ModifiedDate", work.now.to_string());
    generic::put(work, EXTENSION, id, &definition)?;
    Ok(())
}

fn finished(work: &Work<'_, '_>, id: i64, method: Method, message: &'static str) -> Result<Row, Failure> {
    debug_assert_ne!(method, Method::Create, "NewObjectID is the answer to an insert");
    let definition: Option<Object> = work.objects().get(EXTENSION, id)?;
    let guid = definition.as_ref().and_then(|definition| definition.text("ObjectID")).unwrap_or_default().to_owned();
    Ok(Row { echo: Echo::RequestWith(vec![("ObjectID", guid)]), ..Row::ok(0, message) })
}

/// The field that sends go by keeps its place when it is renamed.
fn follow(definition: &mut Object, renamed: &[(String, String)]) {
    let Some(mut sendable) = definition.object("SendableDataExtensionField").cloned() else {
        return;
    };
    let name = folded(said(&sendable, "Name").unwrap_or_default());
    if let Some((_, new)) = renamed.iter().find(|(old, _)| folded(old) == name) {
        sendable.set_text("Name", new.as_str());
        definition.set("SendableDataExtensionField", Value::Object(sendable));
    }
}

fn given_fields(given: &Object) -> Vec<Object> {
    // An empty Field says nothing beside others; alone it is refused, as the service does.
    fields(given).cloned().collect()
}

/// Fields that come with the template, before those of the call.
fn template_fields(given: &Object) -> Result<Vec<Object>, Failure> {
    let template = ["Template.CustomerKey", "Template.Name"].into_iter().find_map(|path| said(given, path));
    let (known, fields) = TRIGGERED_SEND_TEMPLATE;
    match template {
        None => Ok(Vec::new()),
        Some(name) if name.eq_ignore_ascii_case(known) => {
            let own = given_fields(given);
            let is_new = |name: &str| {
                !own.iter().any(|field| said(field, "Name").is_some_and(|own| own.eq_ignore_ascii_case(name)))
            };
            let made = fields.into_iter().filter(|(name, ..)| is_new(name)).map(|(name, kind, length)| {
                let mut field = Object::new(FIELD);
                field.set_text("Name", name);
                field.set_text("FieldType", kind);
                field.set_text("MaxLength", length);
                field.set_text("IsRequired", "true");
                field
            });
            Ok(made.collect())
        }
        Some(name) => Err(invalid(format!("Could not find specified DataExtension Template. ({name})"))),
    }
}

/// A data extension that mail can be sent to says by which of its fields.
fn check_sendable(definition: &Object) -> Result<(), Failure> {
    if !matches!(definition.text("IsSendable"), Some("true" | "1")) {
        return Ok(());
    }
    let Some(name) = said(definition, "SendableDataExtensionField.Name") else {
        return Err(invalid("IsSendable is true, and SendableDataExtensionField names no field".to_owned()));
    };
    if said(definition, "SendableSubscriberField.Name").is_none() {
        return Err(invalid("IsSendable is true, and SendableSubscriberField has no Name".to_owned()));
    }
    let names = || fields(definition).filter_map(|field| said(field, "Name"));
    if !names().any(|field| folded(field) == folded(name)) {
        return Err(invalid(format!("SendableDataExtensionField is {name}, and there is no such field")));
    }
    Ok(())
}

/// Name and CustomerKey are unique in an account.
fn check_names(work: &Work<'_, '_>, id: Option<i64>, definition: &Object) -> Result<(), Failure> {
    for (member, index) in [("CustomerKey", BY_KEY), ("Name", BY_NAME)] {
        let text = definition.text(member).unwrap_or_default();
        let found = work.objects().find_first(EXTENSION, index, &folded(text))?;
        if found.is_some() && found != id {
            return Err(Failure::about(code::EXTENSION_EXISTS, text));
        }
    }
    Ok(())
}
