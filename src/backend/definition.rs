//! Perform, Configure, Schedule: what is asked of definitions that are kept.
//!
//! Nothing here runs, sends or imports. A performed activity is recorded as a job that waits (the service's own
//! answer says no more than that either: its work is done later), and the job can be retrieved as an AsyncRequestResult
//! whose Status is [`RECORDED`]. A performed send is refused: mail that never leaves would be a lie. What cannot be written
//! down is refused too, each object in its own row.

use crate::{
    clock::Time,
    message::{Call, Echo, Operation, Row, Task, client::Client, code},
    object::{Node, Object, Value, value},
    schema::{Kind, TypeId},
    store::{StoreError, Transaction},
};

use super::{
    Backend, Failure, Work, account, generic, keeper,
    plan::Method,
    row::Tables,
    triggered_send,
    walk::{self, acting_for, check_values},
};

/// Captured.
const ASSIGNED: &str = "User Business Unit assignments successfully updated";
/// The Status of a job that was written down and is not run.
pub const RECORDED: &str = "Recorded";
const JOB: &str = "AsyncRequestResult";
/// Captured, of an Automation.
const SCHEDULED: &str = "Program scheduled.";

/// Applies a Perform, Configure or Schedule. One row per object, in order; one that fails leaves the others alone.
///
/// # Errors
/// Only the store's: then nothing of the call was done.
pub fn apply(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    client: &Client,
    call: &Call<'_>,
    now: Time,
) -> Result<Vec<Row>, StoreError> {
    walk::call(backend, txn, call, |txn, _, node| one(backend, txn, client, call, node, now))
}

fn one(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    client: &Client,
    call: &Call<'_>,
    node: Node<'_>,
    now: Time,
) -> Result<Row, Failure> {
    let schema = &*backend.schema;
    let Some(ty) = node.ty().filter(|&ty| schema.is_object_type(ty)) else {
        let name = node.xsi_type().map_or("APIObject", |(_, local)| local);
        return Err(Failure::about(code::UNSUPPORTED_TYPE, name));
    };
    let name = schema.type_name(ty);
    if !client.may(call.operation.name(), name) {
        return Err(cannot(call, name));
    }
    let acting = acting_for(client, call.options.client.as_ref(), node)?;
    check_values(node)?;
    let mut tables = Tables::default();
    let acting = acting.as_ref().unwrap_or(client);
    let mut work = Work { backend, txn, client: acting, caller: Some(client), now, tables: &mut tables };
    match call.operation {
        Operation::Perform => perform(&mut work, call, name, ty, node),
        Operation::Configure => configure(&mut work, client, call, name, node),
        Operation::Schedule => schedule(&mut work, call, name, node),
        _ => Err(cannot(call, name)),
    }
}

fn cannot(call: &Call<'_>, name: &str) -> Failure {
    Failure::cannot(call.operation.name(), name)
}

fn exception(call: &Call<'_>, what: &str) -> Failure {
    Failure::about(code::EXCEPTION, &format!("[{}]: {what}", call.operation.name()))
}

/// `Action` of the message.
fn action(call: &Call<'_>) -> String {
    call.message.given("Action").unwrap_or_default().to_ascii_lowercase()
}

/// Records a job for a kept activity.
fn perform(work: &mut Work<'_, '_>, call: &Call<'_>, name: &str, ty: TypeId, node: Node<'_>) -> Result<Row, Failure> {
    let schema = &*work.backend.schema;
    let is_a = |base: &str| schema.type_named(base).is_some_and(|base| schema.is_a(ty, base));
    if name == triggered_send::DEFINITION {
        return start_or_pause(work, call, name, node);
    }
    if !is_a("InteractionDefinition") || is_a("SendDefinition") {
        return Err(Failure::about(code::PERFORM_UNSUPPORTED, name));
    }
    let asked = action(call);
    if asked != "start" {
        return Err(exception(call, &format!("Action is {asked:?}, expected start")));
    }
    let Some((_, definition)) = generic::find(work, name, node)? else {
        return Err(generic::not_found(call.operation.name(), name, generic::identity(node)));
    };
    let id = work.objects().next_id();
    let run = uuid::Uuid::new_v4().to_string();
    let key = definition.text("CustomerKey").unwrap_or_default();
    let mut job = Object::new(JOB);
    job.set_text("ID", id.to_string());
    job.set_text("ObjectID", run.clone());
    job.set_text("CreatedDate", work.now.to_string());
    job.set_text("Status", RECORDED);
    job.set_text("CallStatus", RECORDED);
    job.set_text("CallMessage", format!("{name} {key}: {asked} was recorded and is not run by this server"));
    generic::put(work, JOB, id, &job)?;
    // Captured, all but the last, which is captured without saying of what.
    let message = match name {
        "QueryDefinition" => "QueryDefinition perform called successfully".to_owned(),
        "ImportDefinition" => format!("ImportDefinition performed AsyncID:{id}"),
        _ => "Performed Activity".to_owned(),
    };
    Ok(Row { task: Some(Task { id, interaction_object_id: run }), ..Row::ok(0, message) })
}

/// A TriggeredSendDefinition sends when asked, from its start to its pause: what Update does with TriggeredSendStatus. The
/// words of the answer are ours.
fn start_or_pause(work: &mut Work<'_, '_>, call: &Call<'_>, name: &str, node: Node<'_>) -> Result<Row, Failure> {
    let status = match action(call).as_str() {
        "start" => "Active",
        "pause" | "stop" => "Inactive",
        other => return Err(exception(call, &format!("Action is {other:?}, expected start, pause or stop"))),
    };
    let Some((id, mut definition)) = generic::find(work, name, node)? else {
        return Err(generic::not_found(call.operation.name(), name, generic::identity(node)));
    };
    definition.set_text("TriggeredSendStatus", status);
    definition.set_text("ModifiedDate", work.now.to_string());
    generic::put(work, name, id, &definition)?;
    Ok(Row::ok(0, format!("{name} performed")))
}

fn configure(
    work: &mut Work<'_, '_>,
    client: &Client,
    call: &Call<'_>,
    name: &str,
    node: Node<'_>,
) -> Result<Row, Failure> {
    match name {
        account::USER => assign(work, client, call, node),
        // Profile attributes are made by Configure and not by Create.
        "PropertyDefinition" => {
            let method = match action(call).as_str() {
                "create" | "add" => Method::Create,
                "update" => Method::Update,
                "delete" => Method::Delete,
                other => {
                    return Err(exception(call, &format!("Action is {other:?}, expected create, update or delete")));
                }
            };
            keeper::apply(work, name, method, node, &call.options)
        }
        _ => Err(cannot(call, name)),
    }
}

/// Adds business units to a user or takes them away. It is kept and shown with the user (`AssociatedBusinessUnits`); for
/// which accounts he may act is the configuration's to say.
fn assign(work: &mut Work<'_, '_>, client: &Client, call: &Call<'_>, node: Node<'_>) -> Result<Row, Failure> {
    let assignment = node.child("BusinessUnitAssignmentConfiguration").filter(|child| !child.is_nil());
    let assignment =
        assignment.ok_or_else(|| exception(call, "AccountUser has no BusinessUnitAssignmentConfiguration"))?;
    let is_delete = match assignment.given("IsDelete") {
        None => false,
        Some(text) => value::boolean(&text)
            .ok_or_else(|| exception(call, &format!("IsDelete is {text:.100?}, expected true or false")))?,
    };
    let mut units = Vec::new();
    for unit in assignment.children_named("BusinessUnitIds").flat_map(|list| list.children_named("BusinessUnitId")) {
        let text = unit.text();
        let unit: Option<u64> = text.trim().parse().ok();
        // One's own account and those that one may act for: others do not exist for the caller.
        let unit = unit.filter(|unit| client.may_act_for(*unit));
        units.push(unit.ok_or_else(|| Failure::about(code::NO_ACCESS, text.trim()))?);
    }
    let account = work.client.account();
    let users = account::users(client.directory(), &work.objects(), account)?;
    let (id, user) = users
        .into_iter()
        .find(|(id, user)| is_meant(node, *id, user))
        .ok_or_else(|| exception(call, "AccountUser not found"))?;
    let mut assigned = account::units(&user);
    assigned.retain(|unit| !units.contains(unit));
    if !is_delete {
        assigned.extend(units);
    }
    assigned.sort_unstable();
    assigned.dedup();
    work.objects().put(account::USER, id, &assigned, &[])?;
    Ok(Row::ok(0, ASSIGNED))
}

fn is_meant(node: Node<'_>, id: i64, user: &Object) -> bool {
    for name in ["ID", "AccountUserID", "UserID", "CustomerKey"] {
        // Proxies write an unset number as 0.
        if let Some(given) = node.given(name).filter(|given| given != "0") {
            return user.text(name) == Some(given.as_str()) || given == id.to_string();
        }
    }
    false
}

/// A schedule is kept on the definition, where the schema has a place for it; a Retrieve shows it there.
fn schedule(work: &mut Work<'_, '_>, call: &Call<'_>, name: &str, node: Node<'_>) -> Result<Row, Failure> {
    let schema = &*work.backend.schema;
    let place = schema.type_named(name).zip(schema.name_id("Schedule"));
    let field = place.and_then(|(ty, id)| schema.get(ty).field(id)).map(|(_, field)| field.kind);
    let Some(Kind::Complex(declared)) = field else {
        return Err(cannot(call, name));
    };
    if !matches!(action(call).as_str(), "" | "start") {
        let what = format!("Action is {:?}, expected start", action(call));
        return Err(exception(call, &what));
    }
    let given_schedule =
        call.message.child("Schedule").filter(|schedule| !schedule.is_nil() && schedule.has_children());
    let given_schedule = given_schedule.ok_or_else(|| exception(call, "no Schedule is given"))?;
    check_values(given_schedule)?;
    let Some((id, mut object)) = generic::find(work, name, node)? else {
        return Err(generic::not_found(call.operation.name(), name, generic::identity(node)));
    };
    let mut schedule = given_schedule.to_object();
    schedule.kind = schema.type_name(declared).into();
    object.set("Schedule", Value::Object(schedule.clone()));
    object.set_text("ModifiedDate", work.now.to_string());
    generic::put(work, name, id, &object)?;
    Ok(Row { echo: Echo::Object(schedule), ..Row::ok(0, SCHEDULED) })
}
