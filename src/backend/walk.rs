//! Walks through the objects of a call: one row for each, in their order; one that fails leaves the others alone.
//!
//! Every operation that has rows goes this way, with the same limit and the same words where there is nothing to do.

use crate::{
    message::{Call, Echo, Row, client::Client, code, options},
    object::{Node, Object, value},
    store::{StoreError, Transaction},
};

use super::{Backend, Failure};

/// Does the objects of a call. `one` is given their ordinals.
///
/// # Errors
/// Only the store's: then nothing of the call was done.
pub(super) fn call<'t, 'n>(
    backend: &Backend,
    txn: &mut Transaction<'t>,
    call: &Call<'n>,
    one: impl FnMut(&mut Transaction<'t>, usize, Node<'n>) -> Result<Row, Failure>,
) -> Result<Vec<Row>, StoreError> {
    if call.objects.len() > backend.settings.max_objects {
        let code = code::TOO_MANY_OBJECTS;
        // About none of the objects; UpdateResult and DeleteResult require one.
        let echo = Echo::Object(Object::new("APIObject"));
        return Ok(vec![Row { echo, ..Row::error(0, code.code, code.text) }]);
    }
    if call.objects.is_empty() {
        return Ok(vec![Row::error(0, code::NO_OBJECT.code, code::NO_OBJECT.about("0"))]);
    }
    each(txn, call.objects.iter().copied(), one)
}

/// Does some objects, in their order.
///
/// # Errors
/// Only the store's.
pub(super) fn each<'t, 'n>(
    txn: &mut Transaction<'t>,
    nodes: impl Iterator<Item = Node<'n>>,
    mut one: impl FnMut(&mut Transaction<'t>, usize, Node<'n>) -> Result<Row, Failure>,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::with_capacity(nodes.size_hint().0);
    for (ordinal, node) in nodes.enumerate() {
        rows.push(match txn.attempt(|txn| one(txn, ordinal, node)) {
            Ok(row) => Row { ordinal, ..row },
            Err(Failure::Refused(row)) => Row { ordinal, ..*row },
            Err(Failure::Store(error)) => return Err(error),
        });
    }
    Ok(rows)
}

/// The account that an object is for: its own Client, else that of the Options, else the caller's (`None`).
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
pub(super) fn check_values(node: Node<'_>) -> Result<(), Failure> {
    value::check_node(node).map_err(|error| Failure::refused(code::EXCEPTION.code, error.to_string()))
}
