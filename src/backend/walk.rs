//! Walks through the objects of a call: one row for each, in their order; one that fails leaves the others alone.
//!
//! Every operation that has rows goes this way, with the same limit and the same words where there is nothing to do.

use crate::{
    message::{Call, Echo, Row, client::Client, code, options::ClientRef},
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
        rows.push(row(ordinal, txn.attempt(|txn| one(txn, ordinal, node)))?);
    }
    Ok(rows)
}

/// The row of an object: what was done, or why it was not.
///
/// # Errors
/// Only the store's.
pub(super) fn row(ordinal: usize, done: Result<Row, Failure>) -> Result<Row, StoreError> {
    match done {
        Ok(row) => Ok(Row { ordinal, ..row }),
        Err(Failure::Refused(row)) => Ok(Row { ordinal, ..*row }),
        Err(Failure::Store(error)) => Err(error),
    }
}

/// The account that an object is for: its own Client, else that of the Options, else the caller's (`None`).
pub(super) fn acting_for(
    client: &Client,
    by_options: Option<&ClientRef>,
    node: Node<'_>,
) -> Result<Option<Client>, Failure> {
    let own = node.child("Client").map(ClientRef::read).transpose();
    let own = own.map_err(|fault| Failure::refused(code::EXCEPTION.code, fault.text))?.flatten();
    for named in own.as_ref().into_iter().chain(by_options) {
        let refused = |what: String| Failure::about(code::NO_ACCESS, &what);
        if let Some(account) = client.account_of(named).map_err(refused)? {
            return Ok(client.acting_for(account).filter(|_| account != client.account()));
        }
    }
    Ok(None)
}

/// A value that is not of its declared type is told with its place; the rest of the call goes on.
pub(super) fn check_values(node: Node<'_>) -> Result<(), Failure> {
    value::check_node(node).map_err(|error| Failure::refused(code::EXCEPTION.code, error.to_string()))
}
