//! Deliveries against their parts. Everything between [`FIRST`] and [`LAST`] comes here: a new index of deliveries is checked
//! by one more arm of [`delivery`].

use super::Check;
use crate::store::{Delivery, Name, StoreError, conversation_key as keys, conversations::decode};

/// The spaces of deliveries.
pub(super) const FIRST: u8 = keys::OWED;
pub(super) const LAST: u8 = 0x2F;

/// Looks at a delivery, or at an entry of one of its indexes.
pub(super) fn delivery(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    match key.first() {
        Some(&keys::OWED) => owed(check, key, head),
        _ => check.wrong(key, "no such key", "a key of a space of deliveries that this program does not have"),
    }
}

fn owed(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    let Some(bytes) = check.readable(key, head)? else { return Ok(()) };
    let Some(delivery) = check.sound(decode::<Delivery>(key, &bytes))? else { return Ok(()) };
    // An id that is too long for a key cannot be read back from it.
    let Some((name, _)) = keys::name(key) else { return Ok(()) };
    about(check, key, &name, &delivery)
}

fn about(check: &Check<'_>, key: &[u8], name: &Name, delivery: &Delivery) -> Result<(), StoreError> {
    match check.view.conversations().part(name, delivery.sequence) {
        Ok(Some(part)) if part.request_id == delivery.request_id => Ok(()),
        Ok(Some(part)) => check.wrong(key, format!("about request {}", part.request_id), delivery.request_id.clone()),
        Ok(None) => check.wrong(key, format!("part {} of its conversation", delivery.sequence), "none"),
        Err(StoreError::Corrupt { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
