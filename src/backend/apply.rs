//! Create, Update and Delete.
//!
//! It knows what holds for every type (accounts, permissions, unknown types, values that are not of their type) and hands
//! the rest to the type's keeper.

use crate::{
    clock::Time,
    message::{Call, Row, client::Client, code},
    object::Node,
    schema::{Schema, TypeId},
    store::{StoreError, Transaction},
};

use super::{
    Backend, Failure, Work,
    connected::{self, Errand},
    keeper,
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
    apply_settled(backend, txn, client, call, &Errand::default(), now)
}

/// The same for a call whose connectors have done their objects: those have rows of what came of them.
///
/// # Errors
/// As [`apply`].
pub fn apply_settled(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    client: &Client,
    call: &Call<'_>,
    errand: &Errand,
    now: Time,
) -> Result<Vec<Row>, StoreError> {
    let method = Method::of(call.operation);
    let mut tables = Tables::default();
    walk::call(backend, txn, call, |txn, ordinal, node| {
        if let Some(given) = errand.object(ordinal) {
            return connected::row(backend, txn, given, call, node, now);
        }
        let Admitted { kind, acting } = admit(backend, client, call, method, ordinal, node)?;
        let acting = acting.as_ref().unwrap_or(client);
        let mut work = Work { backend, txn, client: acting, caller: Some(client), now, tables: &mut tables };
        keeper::apply(&mut work, kind, method, node, &call.options)
    })
}

/// An object that may be worked on.
pub(super) struct Admitted<'b> {
    /// Its type.
    pub(super) kind: &'b str,
    /// For whom it is done, where that is another than the caller.
    pub(super) acting: Option<Client>,
}

/// Checks what holds for objects of every type: that there is one, of a known type, that the caller may do this to it, in its
/// account, and that its values are of their types.
pub(super) fn admit<'b>(
    backend: &'b Backend,
    client: &Client,
    call: &Call<'_>,
    method: Method,
    ordinal: usize,
    node: Node<'_>,
) -> Result<Admitted<'b>, Failure> {
    if node.is_nil() {
        return Err(Failure::about(code::NO_OBJECT, &ordinal.to_string()));
    }
    let schema = &*backend.schema;
    let ty = known_type(schema, node, method)?;
    let kind = schema.type_name(ty);
    if !client.may(call.operation.name(), kind) {
        return Err(Failure::cannot(method.name(), kind));
    }
    let acting = acting_for(client, call.options.client.as_ref(), node)?;
    check_values(node)?;
    Ok(Admitted { kind, acting })
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
