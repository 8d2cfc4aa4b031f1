//! What may be sent in place of a message that ran into a state with a known way out (facts/backends section 5.3). Off unless the
//! connector's `remedies` are on; a remedy has no remedy of its own, so there is at most one more request.

use super::{Action, Connector, Message, Standing, System, Text, Verdict};

/// The message that is sent once in place of a refused one: a fallback template where the window for free texts is closed,
/// the same without its session where that is closed, archived or gone. It keeps the key: it is the same message.
pub fn remedy(connector: &Connector, message: &Message, verdict: &Verdict) -> Option<Message> {
    if !connector.remedies || verdict.standing != Standing::Refused {
        return None;
    }
    let Action::Text(text) = &message.action else {
        return None;
    };
    let action = match (message.system, verdict.code.as_deref()?) {
        (System::Yeastar, "70657")
        | (
            System::Connectly,
            "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW"
            | "ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION",
        ) => Action::Template(text.fallback.clone()?),
        // Only with channel, number and recipient a new session can be opened.
        (System::Yeastar, "70653" | "70655" | "80014" | "80016") => {
            text.session.as_ref()?;
            message.sender.as_ref()?;
            Action::Text(Text { session: None, ..text.clone() })
        }
        _ => return None,
    };
    Some(Message { action, ..message.clone() })
}
