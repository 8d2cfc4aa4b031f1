//! ScheduledRequest and ScheduledConversation: asynchronous calls that still wait, to be withdrawn by deleting them.

use crate::{
    conversation::{self, Rejection},
    message::{Echo, Row},
    object::{Node, Object},
    store::{Known, Name, StoreError},
};

use super::{Failure, Work, ending, plan::Method};

/// Documented.
const DELETED: &str = "Deleted";

/// Withdraws a call or a conversation. `name` is one of the two types.
pub(crate) fn apply(work: &mut Work<'_, '_>, name: &str, method: Method, node: Node<'_>) -> Result<Row, Failure> {
    if method != Method::Delete {
        return Err(Failure::cannot(method.name(), name));
    }
    let request = name == "ScheduledRequest";
    let named = match request {
        // A part of a conversation cannot be withdrawn alone, so only single requests are looked for.
        true => node.given("RequestID").map(|id| Name::request(work.client, &id.to_lowercase())),
        // Free text, with the spaces that it came with.
        false => node.child("ConversationID").map(|id| Name::conversation(work.client, &id.text())),
    };
    let known = match &named {
        Some(named) => match work.txn.conversations().get(named) {
            Err(StoreError::Corrupt { key, reason }) => {
                tracing::error!(key, reason, "a conversation cannot be read");
                return Err(refused(Rejection::Unreadable));
            }
            known => known?,
        },
        None => None,
    };
    let settings = &work.backend.settings.conversations;
    let mut kept = match known {
        Some(Known::Kept(kept)) => kept,
        Some(Known::Used) => return Err(refused(Rejection::AlreadyProcessed)),
        None => return Err(refused(Rejection::NotFound)),
    };
    let (after, verdict) = conversation::delete(Some(kept.rules.clone()), request, work.now, settings);
    verdict.map_err(refused)?;
    if let Some(after) = after {
        kept.rules = after;
        ending::keep(work.txn, &mut kept, work.now, settings)?;
    }
    Ok(Row { echo: nothing(), ..Row::ok(0, DELETED) })
}

/// The documented answers have no Object, and the WSDL demands one: an empty one.
fn nothing() -> Echo {
    Echo::Object(Object::new("APIObject"))
}

fn refused(rejection: Rejection) -> Failure {
    Failure::Refused(Box::new(Row { echo: nothing(), ..Row::error(0, rejection.code(), rejection.text()) }))
}
