//! Create, Update and Delete.
//!
//! It knows what holds for every type (accounts, permissions, unknown types, values that are not of their type) and hands
//! the rest to the type's keeper.

use crate::{
    clock::Time,
    message::{Call, Operation, Row, client::Client, code},
    object::Node,
    schema::{Schema, TypeId},
    store::{StoreError, Transaction},
};

use super::{
    Backend, Failure, Work, kind,
    plan::Method,
    row::Tables,
    walk::{self, acting_for, check_values},
};

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
    let mut tables = Tables::default();
    walk::call(backend, txn, call, |txn, ordinal, node| {
        one(backend, txn, client, call, method, ordinal, node, now, &mut tables)
    })
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
        return Err(Failure::cannot(method.name(), name));
    }
    let acting = acting_for(client, call.options.client_id, node)?;
    check_values(node)?;
    let mut work = Work { backend, txn, client: acting.as_ref().unwrap_or(client), now, tables };
    kind::apply(&mut work, name, method, node, &call.options)
}

/// The type that the object says it is, when it is one that objects can have.
fn known_type(schema: &Schema, node: Node<'_>, method: Method) -> Result<TypeId, Failure> {
    if let Some(ty) = node.ty().filter(|&ty| schema.is_object_type(ty)) {
        return Ok(ty);
    }
    match node.xsi_type() {
        Some((_, local)) if schema.type_named(local).is_none() => Err(Failure::about(code::UNSUPPORTED_TYPE, local)),
        found => Err(Failure::cannot(method.name(), found.map_or("APIObject", |(_, local)| local))),
    }
}
