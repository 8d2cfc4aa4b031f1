//! ScheduledRequest and ScheduledConversation: asynchronous calls that still wait, to be withdrawn by deleting them.
//!
//! The service's sentence about "fewer than 60 minutes" contradicts itself and is not enforced: whatever has not begun can
//! be withdrawn. Its ConversationID stays used.

use crate::{
    conversation::State,
    message::{Echo, Row, code},
    object::Node,
    store::{Known, Name},
};

use super::{Failure, Work, generic::given, plan::Method, result};

/// Documented.
const DELETED: &str = "Deleted";

/// Withdraws a call or a conversation. `name` is one of the two types.
pub(crate) fn apply(work: &mut Work<'_, '_>, name: &str, method: Method, node: Node<'_>) -> Result<Row, Failure> {
    if method != Method::Delete {
        return Err(Failure::about(code::CANNOT_PERFORM, &format!("{} on objects of type {name}", method.name())));
    }
    let (member, single) = if name == "ScheduledRequest" { ("RequestID", true) } else { ("ConversationID", false) };
    // A ConversationID is free text, with the spaces that it came with.
    let id = node.child(member).filter(|id| !id.is_nil()).map(|id| id.text()).unwrap_or_default();
    let found = match single {
        // A part of a conversation cannot be withdrawn alone.
        true => given(node, member).map(|id| Name::request(work.client, &id.to_lowercase())),
        false => Some(Name::conversation(work.client, &id)),
    };
    let not_found = || refused(code::ITEM_NOT_FOUND);
    let found = found.ok_or_else(not_found)?;
    let Some(Known::Kept(kept)) = work.txn.conversations().get(&found)? else { return Err(not_found()) };
    if !matches!(kept.rules.state, State::Open | State::Closed) {
        return Err(refused(code::ITEM_STARTED));
    }
    for part in work.txn.conversations().parts(&found)? {
        result::remove(work.txn, &found, &part.results)?;
    }
    work.txn.forget_conversation(&kept)?;
    Ok(Row { echo: Echo::None, ..Row::ok(0, DELETED) })
}

/// The documented answers have no Object.
fn refused(error: crate::message::ErrorCode) -> Failure {
    Failure::Refused(Box::new(Row { echo: Echo::None, ..Row::error(0, error.code, error.text) }))
}
