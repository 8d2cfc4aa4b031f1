//! What a TriggeredSendDefinition is refused for when it is written; whether it can send is asked when it does.

use crate::{
    message::code,
    object::{Node, Object},
};

use super::{
    super::{Failure, Work, generic::Guard},
    DEFINITION,
    content::wrong_copies,
};

/// What a kept definition is tried on.
pub(in crate::backend) const GUARD: Guard = Guard { settle, renamed: |_, _, _| Ok(()), remove: |_, _| Ok(()) };

/// Addresses of copies that are none would be met by every send.
fn settle(
    _work: &Work<'_, '_>,
    _id: i64,
    before: Option<&Object>,
    node: Node<'_>,
    _definition: &mut Object,
) -> Result<(), Failure> {
    let method = if before.is_some() { "Update" } else { "Create" };
    for member in ["CCEmail", "BccEmail"] {
        if let Some(wrong) = node.given(member).and_then(|text| wrong_copies(&text)) {
            return Err(Failure::about(code::EXCEPTION, &format!("[{method}]: {DEFINITION}.{member} {wrong}")));
        }
    }
    Ok(())
}
