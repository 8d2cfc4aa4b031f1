//! What a Result says of a message: the verdict in the words of the SOAP API (facts/backends section 6).

use super::{
    Connector, ErrorNumbers, Message, Receipt, Standing, Verdict,
    codes::{self, Plain},
};

/// How a message ended, as the outbox knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled<'r> {
    /// The system has taken it, or is at it; that is enough.
    Accepted,
    /// A webhook has told that it arrived.
    Delivered,
    /// It was refused, or given up after its last try: the verdict says why.
    Failed,
    /// Nobody knows whether it arrived, and it is not tried again.
    InDoubt,
    /// It was taken back before it was sent.
    Withdrawn,
    /// No confirmation came in time.
    Unconfirmed,
    /// A webhook has told that it did not arrive.
    Bounced(&'r Receipt),
}

/// What a Result, or one of SubscriberFailures, says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// StatusCode: `OK`, or `Error`.
    pub ok: bool,
    /// ErrorCode; with an error there is one.
    pub code: Option<i64>,
    /// The system's own code, for SubscriberResult.ErrorCode.
    pub native: Option<String>,
    /// StatusMessage: `[connectly ERROR_CODE_…] text`.
    pub message: String,
    /// ResultDetailXML: one element with the raw answer.
    pub detail_xml: String,
    /// NewID; 0 where the system's id is no number.
    pub new_id: i64,
    /// NewObjectID.
    pub new_object_id: Option<String>,
}

/// What is said of a message whose last attempt ended with `verdict`.
pub fn of(connector: &Connector, message: &Message, verdict: &Verdict, settled: Settled<'_>) -> Reported {
    let end = End::of(connector, verdict, settled);
    let ok = end.error.is_none();
    let system = message.system;
    let code = end.error.as_ref().map(|error| number(connector, message, verdict, error));
    let native = end.error.as_ref().and_then(|error| error.native().map(str::to_owned));
    let (new_id, new_object_id) = if ok { ids(verdict) } else { (0, None) };
    let tag = match &end.error {
        None => verdict.code.as_deref().filter(|code| *code != "0").map_or(String::new(), |code| format!(" {code}")),
        Some(Failure::Native(code)) => format!(" {code}"),
        Some(Failure::Plain(Plain::Http(status))) => format!(" HTTP {status}"),
        Some(Failure::Plain(_)) => String::new(),
    };
    Reported {
        ok,
        code,
        native,
        message: format!("[{}{tag}] {}", system.name(), end.text),
        detail_xml: detail(message, verdict, &end),
        new_id,
        new_object_id,
    }
}

/// Why a message failed.
enum Failure {
    /// The system's code, or its type where it has no code.
    Native(String),
    /// Without one.
    Plain(Plain),
}

impl Failure {
    fn native(&self) -> Option<&str> {
        match self {
            Self::Native(code) => Some(code),
            Self::Plain(_) => None,
        }
    }
}

struct End {
    error: Option<Failure>,
    text: String,
}

impl End {
    fn of(connector: &Connector, verdict: &Verdict, settled: Settled<'_>) -> Self {
        let plain = |plain| Self { error: Some(Failure::Plain(plain)), text: verdict.message.clone() };
        match settled {
            // What was done of it, and what was not, only the caller can see.
            Settled::Accepted | Settled::Delivered if verdict.standing == Standing::Partial => Self::failed(verdict),
            Settled::Accepted => Self { error: None, text: accepted(connector, verdict).to_owned() },
            Settled::Delivered => Self { error: None, text: "delivered".to_owned() },
            Settled::Failed => Self::failed(verdict),
            Settled::InDoubt => {
                let text = format!("in doubt, it may have arrived: {}", verdict.message);
                let error = native(verdict).map_or(Failure::Plain(Plain::InDoubt), Failure::Native);
                Self { error: Some(error), text }
            }
            Settled::Withdrawn => Self { text: "taken back before it was sent".to_owned(), ..plain(Plain::Withdrawn) },
            Settled::Unconfirmed => {
                let text = "accepted, and no delivery was confirmed in time".to_owned();
                Self { text, ..plain(Plain::Unconfirmed) }
            }
            Settled::Bounced(Receipt::Failed { code, message }) => {
                let error = code.clone().map_or(Failure::Plain(Plain::Undelivered), Failure::Native);
                Self { error: Some(error), text: format!("accepted, and not delivered: {message}") }
            }
            Settled::Bounced(_) => Self { error: None, text: "delivered".to_owned() },
        }
    }

    fn failed(verdict: &Verdict) -> Self {
        let error = native(verdict).map_or_else(
            || match verdict.http {
                0 if verdict.standing == Standing::Ambiguous => Failure::Plain(Plain::InDoubt),
                0 => Failure::Plain(Plain::Unreached),
                200..=299 => Failure::Plain(Plain::InDoubt),
                status => Failure::Plain(Plain::Http(status)),
            },
            Failure::Native,
        );
        Self { error: Some(error), text: verdict.message.clone() }
    }
}

/// The code that the verdict has; its type where it has none.
fn native(verdict: &Verdict) -> Option<String> {
    verdict.code.clone().filter(|code| code != "0").or_else(|| verdict.kind.clone())
}

fn accepted(connector: &Connector, verdict: &Verdict) -> &'static str {
    match verdict.standing {
        _ if connector.record => "recorded; nothing was sent",
        Standing::Processing => "accepted, and still being worked on",
        _ => "accepted",
    }
}

fn number(connector: &Connector, message: &Message, verdict: &Verdict, error: &Failure) -> i64 {
    match error {
        Failure::Native(code) => match (connector.error_numbers, code.parse::<i32>()) {
            (ErrorNumbers::Native, Ok(code)) => i64::from(code),
            _ => codes::number(message.system, decisive(message, verdict, code)),
        },
        Failure::Plain(plain) => plain.number(message.system),
    }
}

/// What says most of an error: the type of the verdict, where its code is in no table.
fn decisive<'v>(message: &Message, verdict: &'v Verdict, code: &'v str) -> &'v str {
    let kind = verdict.kind.as_deref().filter(|_| verdict.code.as_deref() == Some(code));
    codes::decisive(message.system, Some(code), kind).unwrap_or(code)
}

/// NewID and NewObjectID: a number of Yeastar, a text of the others.
fn ids(verdict: &Verdict) -> (i64, Option<String>) {
    match verdict.id.as_deref().map(|id| (id, id.parse::<i32>())) {
        None => (0, None),
        Some((_, Ok(number))) if number > 0 => (i64::from(number), None),
        Some((id, _)) => (0, Some(id.to_owned())),
    }
}

fn detail(message: &Message, verdict: &Verdict, end: &End) -> String {
    let native = end.error.as_ref().map(Failure::native).unwrap_or(verdict.code.as_deref());
    let name = if end.error.is_some() { "BackendError" } else { "BackendAnswer" };
    let mut out = format!("<{name}");
    let mut put = |name: &str, value: &str| {
        out.push(' ');
        out += name;
        out += "=\"";
        escape(&mut out, value);
        out.push('"');
    };
    put("system", message.system.name());
    put("connector", &message.connector);
    if let Some(code) = native {
        let family = codes::class_of(message.system, decisive(message, verdict, code));
        put("code", code);
        put("class", family.class.name());
        put("retryable", if family.retryable { "true" } else { "false" });
    }
    if let Some(kind) = &verdict.kind {
        put("type", kind);
    }
    if verdict.http > 0 {
        put("httpStatus", &verdict.http.to_string());
    }
    if let Some(trace) = &verdict.trace {
        put("traceId", trace);
    }
    if let Some(id) = &verdict.id {
        put("id", id);
    }
    put("key", &message.key);
    out.push('>');
    escape(&mut out, &verdict.raw);
    out += &format!("</{name}>");
    out
}

/// Text as it may stand in an element or attribute; what XML 1.0 has no character for becomes U+FFFD.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => *out += "&amp;",
            '<' => *out += "&lt;",
            '>' => *out += "&gt;",
            '"' => *out += "&quot;",
            // A parser would make others of them.
            '\t' | '\n' | '\r' => *out += &format!("&#{};", u32::from(c)),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
}
