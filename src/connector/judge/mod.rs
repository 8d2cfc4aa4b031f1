//! What an answer means: whether the message was taken, whether another try can help, and what the system says of it.
//!
//! The order of evidence is native code, native type, HTTP status (facts/backends section 5). An answer that cannot be read, and
//! whose status says that it was taken, leaves the message in doubt.

mod envelope;
pub(super) mod json;
mod raw;

use super::{
    Action, Answer, Connector, ContactChange, Message, OPERATIONS, Standing, System, Verdict,
    codes::{Class, Family, class_of, decisive, find},
};
use crate::message::client::Secret;
use envelope::Said;

/// What an answer to a message means. `token` is what the request had: systems repeat what they were sent, and nothing of it
/// is kept.
pub fn judge(connector: &Connector, message: &Message, answer: &Answer, token: Option<&Secret>) -> Verdict {
    let secrets = raw::secrets(connector, token);
    let system = connector.system();
    let said = json::read(&answer.body).map(|value| envelope::read(system, &value)).unwrap_or_default();
    let reads = message.action.reads();
    let standing = match repeated(&message.action, stand(system, &message.action, answer, &said)) {
        // It would be as long again.
        Standing::Again if reads && is_too_long(connector, answer) => Standing::Refused,
        standing => standing,
    };
    let known = decisive(system, said.code.as_deref(), said.kind.as_deref()).and_then(|name| find(system, name));
    // A name without words means what the table says of it.
    let meant = known.filter(|row| row.class != Class::Ok).map(|row| row.meaning.to_owned());
    let ours = || match standing {
        Standing::Refused if reads && is_too_long(connector, answer) => {
            format!("the answer is longer than `max_answer` of the connector ({} bytes)", connector.max_answer)
        }
        standing => meant.unwrap_or_else(|| default_text(answer, standing)),
    };
    let most = if reads { connector.max_answer.clamp(Verdict::RAW, Verdict::READ) } else { Verdict::RAW };
    Verdict {
        standing,
        code: said.code,
        kind: said.kind,
        http: answer.status,
        message: raw::line(&said.message.unwrap_or_else(ours), &secrets),
        trace: said.trace,
        id: said.id,
        after_ms: answer.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        raw: raw::keep(answer, most, &secrets),
    }
}

/// What it means that there was no answer: `why`, and whether a byte of the request may have arrived.
pub fn unanswered(connector: &Connector, why: &str, may_have_arrived: bool) -> Verdict {
    Verdict {
        standing: if may_have_arrived { Standing::Ambiguous } else { Standing::Again },
        code: None,
        kind: None,
        http: 0,
        message: raw::line(why, &raw::secrets(connector, None)),
        trace: None,
        id: None,
        after_ms: None,
        raw: String::new(),
    }
}

impl Action {
    /// Whether it does no harm when it is carried out twice (facts/backends section 5.2): nothing that it does is ambiguous.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Self::Open { .. } | Self::Consent { .. } | Self::End { .. } => true,
            Self::Contact(change) | Self::Phonebook(change) => {
                !matches!(change.settled(), Some(ContactChange::Create(_)))
            }
            Self::Text(_) | Self::Template(_) => false,
            Self::Other { .. } => self.reads(),
        }
    }

    /// Whether nothing is asked for but what the system knows: its answer is the purpose.
    fn reads(&self) -> bool {
        let Self::Other { operation, .. } = self else { return false };
        // No two systems have operations of one name that differ in this.
        OPERATIONS.iter().any(|known| known.name == operation && known.reads())
    }
}

fn is_too_long(connector: &Connector, answer: &Answer) -> bool {
    answer.is_cut && answer.status < 300 && answer.body.len() >= connector.max_answer
}

fn repeated(action: &Action, standing: Standing) -> Standing {
    if standing == Standing::Ambiguous && action.is_repeatable() { Standing::Again } else { standing }
}

fn stand(system: System, action: &Action, answer: &Answer, said: &Said) -> Standing {
    // What a table knows decides, whatever HTTP says.
    let named = decisive(system, said.code.as_deref(), said.kind.as_deref());
    if let Some(row) = named.and_then(|name| find(system, name)) {
        return match row.code {
            _ if row.class != Class::Ok => of_family(class_of(system, row.code)),
            // Success that broke off: what is missing may say otherwise.
            "0" => taken(system, action, answer, said),
            "1" => Standing::Partial,
            _ => Standing::Processing,
        };
    }
    if said.is_rate_limit || answer.status == 429 {
        return Standing::Limited;
    }
    match (named, answer.status) {
        (_, 401) => Standing::Unauthorized,
        (Some(name), _) => of_family(class_of(system, name)),
        (None, 200..=299) if said.has_failed => Standing::Refused,
        (None, 200..=299) => taken(system, action, answer, said),
        (None, status) => by_status(status, answer),
    }
}

fn of_family(family: Family) -> Standing {
    match family {
        Family { retryable: false, .. } => Standing::Refused,
        Family { ambiguous: true, .. } => Standing::Ambiguous,
        Family { class: Class::RateLimit, .. } => Standing::Limited,
        Family { class: Class::Auth, .. } => Standing::Unauthorized,
        Family { .. } => Standing::Again,
    }
}

/// Whether an answer that complains of nothing says that the message was taken.
fn taken(system: System, action: &Action, answer: &Answer, said: &Said) -> Standing {
    let sends = matches!(action, Action::Text(_) | Action::Template(_));
    let says_so = match system {
        System::Salesforce | System::Yeastar => said.has_succeeded,
        // Connectly has no word for it: what was sent has an id.
        System::Connectly => said.is_read && (said.id.is_some() || !sends),
    };
    match says_so && !answer.is_cut {
        true => Standing::Accepted,
        false => Standing::Ambiguous,
    }
}

/// An HTTP status without a code (RFC 9110 section 15).
fn by_status(status: u16, answer: &Answer) -> Standing {
    match status {
        // The request was not read to its end; the server will not risk it yet.
        408 | 425 => Standing::Again,
        // Overloaded and says until when. Without that, a proxy may have lost the answer of a request that arrived.
        503 if answer.retry_after.is_some() => Standing::Again,
        501 | 505 | 300..=499 => Standing::Refused,
        _ => Standing::Ambiguous,
    }
}

fn default_text(answer: &Answer, standing: Standing) -> String {
    let status = answer.status;
    match standing {
        Standing::Accepted => "accepted".to_owned(),
        Standing::Ambiguous if answer.is_cut => {
            format!("the answer with HTTP status {status} broke off or is too long")
        }
        Standing::Ambiguous if status < 300 => format!("the answer with HTTP status {status} cannot be read"),
        Standing::Refused if status < 300 => "refused, and the answer does not say why".to_owned(),
        _ => format!("HTTP status {status}"),
    }
}

#[cfg(test)]
mod tests;
