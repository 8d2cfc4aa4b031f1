//! The answers that carry rows: Create, Update, Delete, Perform, Configure, Schedule, Execute, Extract.
//!
//! Members stand in the WSDL's order and nothing stands here that the WSDL lacks: strict clients refuse both.

use crate::{
    object::{Node, Object, Value, Writer},
    schema::{PARTNER_API, Schema},
};

pub use super::retrieve::write_found;

use super::{Call, Echo, Operation, Row, row::overall_status};

/// Bytes to set aside for a row beside the echo of its object.
const ROW_BYTES: usize = 320;

/// How many bytes an answer to this call will take, about.
pub fn capacity(call: &Call<'_>) -> usize {
    call.message.raw().len().saturating_add(call.objects.len().saturating_mul(ROW_BYTES))
}

/// Writes the answer to a call of an operation that has rows.
pub fn write(writer: &mut Writer, call: &Call<'_>, rows: &[Row], request_id: &str, schema: &Schema) {
    write_declaring(writer, call, rows, request_id, schema, &[]);
}

/// The same as a document of its own, as ResultDetailXML holds it: nothing stands around it that declares prefixes.
pub fn write_alone(call: &Call<'_>, rows: &[Row], request_id: &str, schema: &Schema) -> String {
    let mut writer = Writer::with_capacity(rows.len().saturating_mul(ROW_BYTES));
    let declared =
        [("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"), ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema")];
    write_declaring(&mut writer, call, rows, request_id, schema, &declared);
    writer.into_string()
}

fn write_declaring(
    writer: &mut Writer,
    call: &Call<'_>,
    rows: &[Row],
    request_id: &str,
    schema: &Schema,
    declared: &[(&str, &str)],
) {
    let (_, element) = call.operation.elements();
    let attributes: Vec<_> = std::iter::once(("xmlns", PARTNER_API)).chain(declared.iter().copied()).collect();
    writer.open_with(element, &attributes);
    match call.operation {
        Operation::Create | Operation::Update | Operation::Delete => {
            for row in rows {
                write_result(writer, "Results", call, row, schema);
            }
            writer.text("RequestID", request_id);
            writer.text("OverallStatus", overall_status(rows));
        }
        Operation::Perform | Operation::Configure | Operation::Schedule => {
            writer.open("Results");
            for row in rows {
                write_result(writer, "Result", call, row, schema);
            }
            writer.close("Results");
            writer.text("OverallStatus", overall_status(rows));
            writer.empty("OverallStatusMessage");
            writer.text("RequestID", request_id);
        }
        Operation::Extract => {
            writer.text("OverallStatus", overall_status(rows));
            writer.text("RequestID", request_id);
            writer.open("Results");
            for row in rows {
                write_result(writer, "ExtractResult", call, row, schema);
            }
            writer.close("Results");
        }
        _ => {
            writer.text("OverallStatus", overall_status(rows));
            writer.text("RequestID", request_id);
            for row in rows {
                write_execute(writer, row);
            }
        }
    }
    writer.close(element);
}

fn write_result(writer: &mut Writer, element: &str, call: &Call<'_>, row: &Row, schema: &Schema) {
    match row.subtype {
        Some(subtype) => writer.open_typed(element, subtype),
        None => writer.open(element),
    }
    writer.text("StatusCode", status(row));
    writer.text("StatusMessage", &row.message);
    // Captured Perform and Schedule answers have no OrdinalID, Configure answers do.
    if !matches!(call.operation, Operation::Perform | Operation::Schedule) {
        writer.text("OrdinalID", &row.ordinal.to_string());
    }
    if let Some(code) = row.code {
        writer.text("ErrorCode", &code.to_string());
    }
    if let Some(queued) = &row.queued {
        writer.text("RequestID", &queued.request_id);
        if let Some(id) = &queued.conversation_id {
            writer.text("ConversationID", id);
        }
        writer.text("RequestType", "Asynchronous");
    }
    if let Some(detail) = &row.detail {
        writer.text("ResultDetailXML", detail);
    }
    if call.operation == Operation::Create {
        writer.text("NewID", &row.new_id.to_string());
        if let Some(id) = &row.new_object_id {
            writer.text("NewObjectID", id);
        }
    }
    // An ExtractResult has a Request in the place of an Object.
    match (call.operation, &row.echo) {
        (Operation::Extract, Echo::Object(request)) => writer.object("Request", request, schema),
        (Operation::Extract, _) => {}
        _ => write_object(writer, call, row, schema),
    }
    if matches!(call.operation, Operation::Perform | Operation::Schedule) {
        write_task(writer, row);
    }
    for member in &row.extra {
        write_extra(writer, &member.name, &member.value);
    }
    writer.close(element);
}

fn write_object(writer: &mut Writer, call: &Call<'_>, row: &Row, schema: &Schema) {
    let own = call.objects.get(row.ordinal).copied();
    let bare = |kind: &str| Echo::Object(Object::new(kind));
    match (call.operation, &row.echo) {
        // The Object of a ScheduleResult is the schedule, not what was scheduled.
        (Operation::Schedule, Echo::Request | Echo::RequestWith(_)) => {
            let schedule = call.message.child("Schedule").filter(|schedule| !schedule.is_nil());
            let echo = if schedule.is_some() { Echo::Request } else { bare("ScheduleDefinition") };
            write_echo(writer, schedule, &echo, schema);
        }
        // All but a CreateResult require an Object, also where the call had none.
        (operation, Echo::Request) if own.is_none() && operation != Operation::Create => {
            write_echo(writer, None, &bare("APIObject"), schema);
        }
        (_, echo) => write_echo(writer, own, echo, schema),
    }
}

fn write_echo(writer: &mut Writer, node: Option<Node<'_>>, echo: &Echo, schema: &Schema) {
    match (echo, node) {
        (Echo::Request, Some(node)) => writer.node("Object", node, &[]),
        (Echo::RequestWith(set), Some(node)) => {
            let set: Vec<_> = set.iter().map(|(name, text)| (*name, text.as_str())).collect();
            writer.node("Object", node, &set);
        }
        (Echo::Received, Some(node)) => writer.verbatim("Object", node),
        (Echo::Object(object), _) => writer.object("Object", object, schema),
        (Echo::None, _) | (Echo::Request | Echo::RequestWith(_) | Echo::Received, None) => {}
    }
}

/// PerformResult.Task and ScheduleResult.Task are required by the WSDL, with or without a job.
fn write_task(writer: &mut Writer, row: &Row) {
    writer.open("Task");
    writer.text("StatusCode", status(row));
    match &row.task {
        Some(task) => {
            writer.text("StatusMessage", "OK");
            writer.text("ID", &task.id.to_string());
            writer.text("InteractionObjectID", &task.interaction_object_id);
        }
        None => writer.text("StatusMessage", &row.message),
    }
    writer.close("Task");
}

fn status(row: &Row) -> &'static str {
    if row.is_ok() { "OK" } else { "Error" }
}

/// Extra members are fixed shapes without xsi:type (`KeyErrors/KeyError`, `SubscriberFailures`).
fn write_extra(writer: &mut Writer, name: &str, value: &Value) {
    match value {
        Value::Nil => writer.nil(name),
        Value::Text(text) => writer.text(name, text),
        Value::Object(object) => {
            writer.open(name);
            for member in &object.members {
                write_extra(writer, &member.name, &member.value);
            }
            writer.close(name);
        }
    }
}

/// ExecuteResponse: ErrorCode stands last, and captures have no OrdinalID.
fn write_execute(writer: &mut Writer, row: &Row) {
    writer.open("Results");
    writer.text("StatusCode", status(row));
    writer.text("StatusMessage", &row.message);
    for member in &row.extra {
        if let Value::Text(text) = &member.value {
            writer.open("Results");
            writer.text("Name", &member.name);
            writer.text("Value", text);
            writer.close("Results");
        }
    }
    if let Some(code) = row.code {
        writer.text("ErrorCode", &code.to_string());
    }
    writer.close("Results");
}
