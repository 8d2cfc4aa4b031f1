//! Walks through the objects of a Create, Update or Delete.
//!
//! It knows what holds for every type (accounts, permissions, unknown types, values that are not of their type) and hands
//! the rest to the type's keeper.

use crate::{
    clock::Time,
    message::{Call, MAX_OBJECTS, Operation, Row, client::Client, code, options},
    object::{Node, value},
    schema::{Schema, TypeId},
    store::{StoreError, Transaction},
};

use super::{Backend, Failure, Work, kind, plan::Method, row::Tables};

/// Applies a Create, Update or Delete. One row per object, in order; an object that fails leaves the others alone.
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
    let method = match call.operation {
        Operation::Create => Method::Create,
        Operation::Update => Method::Update,
        _ => Method::Delete,
    };
    if call.objects.len() > MAX_OBJECTS {
        let code = code::TOO_MANY_OBJECTS;
        // About none of the objects; UpdateResult and DeleteResult require one.
        let echo = crate::message::Echo::Object(crate::object::Object::new("APIObject"));
        return Ok(vec![Row { echo, ..Row::error(0, code.code, code.text) }]);
    }
    if call.objects.is_empty() {
        return Ok(vec![Row::error(0, code::NO_OBJECT.code, code::NO_OBJECT.about("0"))]);
    }
    let mut rows = Vec::with_capacity(call.objects.len());
    let mut tables = Tables::default();
    for (ordinal, &node) in call.objects.iter().enumerate() {
        let done = txn.attempt(|txn| one(backend, txn, client, call, method, ordinal, node, now, &mut tables));
        rows.push(match done {
            Ok(row) => Row { ordinal, ..row },
            Err(Failure::Refused(row)) => Row { ordinal, ..*row },
            Err(Failure::Store(error)) => return Err(error),
        });
    }
    Ok(rows)
}

#[expect(clippy::too_many_arguments, reason = "all of it is about this one object; a struct would only rename them")]
fn one(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    client: &Client,
    call: &Call<'_>,
    method: Method,
    ordinal: usize,
    node: Node<'_>,
    now: Time,
    tables: &mut Tables,
) -> Result<Row, Failure> {
    if node.is_nil() {
        return Err(Failure::about(code::NO_OBJECT, &ordinal.to_string()));
    }
    let schema = &*backend.schema;
    let ty = known_type(schema, node, method)?;
    let name = schema.type_name(ty);
    if !client.may(call.operation.name(), name) {
        return Err(Failure::about(code::CANNOT_PERFORM, &format!("{} on objects of type {name}", method.name())));
    }
    let acting = acting_for(client, call.options.client_id, node)?;
    check_values(node)?;
    let mut work = Work { backend, txn, client: acting.as_ref().unwrap_or(client), now, tables };
    kind::apply(&mut work, name, method, node, &call.options)
}

/// The type that the object says it is, when it is one that objects can have.
fn known_type(schema: &Schema, node: Node<'_>, method: Method) -> Result<TypeId, Failure> {
    let root = schema.api_object();
    if let Some(ty) = node.ty().filter(|&ty| ty != root && schema.is_a(ty, root)) {
        return Ok(ty);
    }
    match node.xsi_type() {
        Some((_, local)) if schema.type_named(local).is_none() => Err(Failure::about(code::UNSUPPORTED_TYPE, local)),
        found => {
            let name = found.map_or("APIObject", |(_, local)| local);
            Err(Failure::about(code::CANNOT_PERFORM, &format!("{} on objects of type {name}", method.name())))
        }
    }
}

/// The account that the object is for: its own Client, else that of the Options, else the caller's.
pub(super) fn acting_for(client: &Client, by_options: Option<u64>, node: Node<'_>) -> Result<Option<Client>, Failure> {
    let own = match node.child("Client").filter(|own| !own.is_nil()) {
        Some(own) => options::client_id(own).map_err(|fault| Failure::refused(code::EXCEPTION.code, fault.text))?,
        None => None,
    };
    match own.or(by_options).filter(|&account| account != client.account()) {
        None => Ok(None),
        Some(account) => {
            client.acting_for(account).map(Some).ok_or_else(|| Failure::about(code::NO_ACCESS, &account.to_string()))
        }
    }
}

/// A value that is not of its declared type is told with its place; the rest of the call goes on.
fn check_values(node: Node<'_>) -> Result<(), Failure> {
    value::check_node(node).map_err(|error| Failure::refused(code::EXCEPTION.code, error.to_string()))
}
