//! The envelopes of answers (facts/backends sections 1 to 3): what each system says, in one form.

use serde_json::Value;

use super::json::{first, text};
use crate::connector::{System, codes::find};

/// What an answer says.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Whether it could be read at all.
    pub(super) is_read: bool,
    /// Whether it says that it worked.
    pub(super) has_succeeded: bool,
    /// Whether it says that it did not.
    pub(super) has_failed: bool,
    /// Whether its words are those of a rate limit that has no code.
    pub(super) is_rate_limit: bool,
    pub(super) code: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) message: Option<String>,
    pub(super) trace: Option<String>,
    pub(super) id: Option<String>,
}

pub(super) fn read(system: System, value: &Value) -> Said {
    // Salesforce's other APIs, and its gateway, answer a list of errors.
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    if !value.is_object() {
        return Said::default();
    }
    let said = match system {
        System::Salesforce => salesforce(value),
        System::Yeastar => yeastar(value),
        System::Connectly => connectly(value),
    };
    Said { is_read: true, ..said }
}

/// `{code, message}`; `{success: false, errorDetail: {code, message}}`; `{success: false, errorReason: NAME}`. Beside them what
/// routes (`errors`), the token endpoint (`error`, `error_description`) and the org's gateway (`errorCode`) answer.
fn salesforce(value: &Value) -> Said {
    let inner = ["errorDetail", "errors", "error"].iter().find_map(|name| value.get(name)).map(|inner| {
        let first = inner.as_array().and_then(|list| list.first());
        first.unwrap_or(inner)
    });
    let inner = inner.filter(|inner| inner.is_object());
    let either = |names: &[&str]| first(value, names).or_else(|| inner.and_then(|inner| first(inner, names)));
    let success = value.get("success").and_then(truth);
    // Beside a success stands no code; what a gateway in between puts there (0, 200) is none.
    let counts = |code: &String| success != Some(true) || find(System::Salesforce, code).is_some();
    let code = either(&["code", "apiErrorCode"]).filter(|code| counts(code) && code != "0");
    let kind = either(&["errorReason", "errorCode", "errorType", "error"]).filter(|_| success != Some(true));
    let message = either(&["message", "errorMessage", "error_description"]);
    let is_rate_limit = message
        .as_deref()
        .is_some_and(|message| message.to_ascii_lowercase().contains("interaction request rate limit exceeded"));
    Said {
        has_succeeded: success == Some(true),
        has_failed: success == Some(false),
        is_rate_limit,
        code,
        kind,
        message,
        id: first(value, &["conversationIdentifier", "messagingSessionId", "id"]),
        ..Said::default()
    }
}

/// `errcode` decides under HTTP 200 too; the lists name the fields, and of -1 they are all there is.
fn yeastar(value: &Value) -> Said {
    let code = first(value, &["errcode"]);
    let data = value.get("data").unwrap_or(&Value::Null);
    let ids = ["msg_id", "id"];
    let mut message = first(value, &["errmsg"]).unwrap_or_default();
    if let Some(more) = first(value, &["submsg"]) {
        message = format!("{message}: {more}");
    }
    let fields: Vec<String> = [("invalid_param_list", "validation_type"), ("duplicate_field_list", "value")]
        .iter()
        .filter_map(|(list, about)| Some((value.get(list)?.as_array()?, about)))
        .flat_map(|(list, about)| list.iter().filter_map(move |entry| field(entry, about)))
        .take(FIELDS)
        .collect();
    if !fields.is_empty() {
        message = format!("{message} ({})", fields.join(", "));
    }
    Said {
        has_succeeded: code.as_deref() == Some("0"),
        has_failed: code.as_deref().is_some_and(|code| code != "0"),
        code,
        message: Some(message).filter(|message| !message.is_empty()),
        id: first(data, &ids).or_else(|| first(value, &["msg_id", "id"])),
        ..Said::default()
    }
}

/// Fields of a list that are named in the message; the raw answer has the others.
const FIELDS: usize = 8;

fn field(entry: &Value, about: &str) -> Option<String> {
    let name = first(entry, &["field"])?;
    Some(match first(entry, &[about, "value"]) {
        // Without a colon: behind one, what a password is would be masked, and "error" is no secret.
        Some(about) => format!("{name} {about}"),
        None => name,
    })
}

/// `code` before `type`; `userMessage` says more than `message` where it is given. A template that was made is in `entity`.
fn connectly(value: &Value) -> Said {
    let inner = value.get("error").filter(|inner| inner.is_object()).unwrap_or(value);
    let code = first(inner, &["code"]);
    let kind = first(inner, &["type"]).filter(|kind| kind.starts_with("ERROR_") || code.is_some());
    if code.is_none()
        && kind.is_none()
        && let Some(said) = template(value)
    {
        return said;
    }
    let message = match (first(inner, &["message"]), first(inner, &["userMessage"])) {
        (Some(message), Some(more)) if message != more => Some(format!("{message}: {more}")),
        (message, more) => message.or(more),
    };
    Said {
        has_failed: code.is_some() || kind.is_some(),
        message: message.filter(|_| code.is_some() || kind.is_some() || value.get("id").is_none()),
        code,
        kind,
        trace: inner.get("cntTraceId").and_then(text),
        id: first(value, &["id"]),
        ..Said::default()
    }
}

/// What stands before the status of a template in newer answers.
const TEMPLATE_STATUS: &str = "MESSAGE_TEMPLATE_STATUS_";

/// The answer to a template that was handed in: `entity` with its name, and its id and status in each language. One that was
/// rejected at once cannot be sent: that is an error, of which the status is all that is said.
fn template(value: &Value) -> Option<Said> {
    let entity = value.get("entity")?;
    // A list of templates has none.
    first(entity, &["name", "id"])?;
    let template = entity.get("templates")?.as_array()?.last()?;
    let told = first(template, &["status"])?;
    let status = told.strip_prefix(TEMPLATE_STATUS).unwrap_or(&told).to_owned();
    let is_rejected = status == "REJECTED";
    let why = first(template, &["rejectionReason"]).filter(|_| is_rejected).map(|why| format!(": {why}"));
    let taken = if is_rejected { "" } else { "accepted; " };
    Some(Said {
        has_failed: is_rejected,
        kind: is_rejected.then_some(told),
        message: Some(format!("{taken}the template is {status}{}", why.unwrap_or_default())),
        id: first(template, &["id"]),
        ..Said::default()
    })
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
