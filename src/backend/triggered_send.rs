//! TriggeredSend: what is checked before anything is sent.
//!
//! Sending itself needs a mail backend; without one every send is refused in the service's own shape, never accepted and
//! forgotten.

use crate::{
    message::{Echo, Row, code},
    object::{Node, Object},
};

use super::{Failure, Work, generic, plan::Method};

/// Checks a triggered send against its definition.
pub(crate) fn apply(work: &mut Work<'_, '_>, method: Method, node: Node<'_>) -> Result<Row, Failure> {
    if method != Method::Create {
        return Err(Failure::cannot(method.name(), "TriggeredSend"));
    }
    let definition: Option<Object> = match node.child("TriggeredSendDefinition") {
        Some(definition) => generic::find(work, "TriggeredSendDefinition", definition)?.map(|(_, object)| object),
        None => None,
    };
    let Some(definition) = definition else {
        return Err(refused(code::INVALID_CUSTOMER_KEY.code, code::INVALID_CUSTOMER_KEY.text));
    };
    if definition.text("TriggeredSendStatus") != Some("Active") {
        return Err(refused(code::DEFINITION_NOT_ACTIVE.code, code::DEFINITION_NOT_ACTIVE.text));
    }
    Err(refused(code::SEND_IMPOSSIBLE.code, code::SEND_IMPOSSIBLE.text))
}

/// Captured triggered-send answers have the subtype and no object.
fn refused(code: i64, text: &'static str) -> Failure {
    let row = Row::error(0, code, text);
    Failure::Refused(Box::new(Row { subtype: Some("TriggeredSendCreateResult"), echo: Echo::None, ..row }))
}
