//! What a Result says of a message: the verdict in the words of the SOAP API (facts/backends section 6).

use super::{
    Action, CREATE_TEMPLATE, Connector, ErrorNumbers, Message, Receipt, Standing, System, Verdict,
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
    let end = End::of(connector, message, verdict, settled);
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
    fn of(connector: &Connector, message: &Message, verdict: &Verdict, settled: Settled<'_>) -> Self {
        let plain = |plain| Self { error: Some(Failure::Plain(plain)), text: verdict.message.clone() };
        match settled {
            // What was done of it, and what was not, only the caller can see: the answer stands in the details.
            Settled::Accepted | Settled::Delivered if verdict.standing == Standing::Partial => {
                Self { error: None, text: format!("done in part: {}", verdict.message) }
            }
            Settled::Accepted => Self { error: None, text: accepted(connector, message, verdict).to_owned() },
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
                200..=299 if verdict.standing != Standing::Ambiguous => Failure::Plain(Plain::Refused),
                200..=299 => Failure::Plain(Plain::InDoubt),
                status => Failure::Plain(Plain::Http(status)),
            },
            Failure::Native,
        );
        Self { error: Some(error), text: verdict.message.clone() }
    }
}

/// The code that the verdict has; its type where it has none, or one that says nothing.
fn native(verdict: &Verdict) -> Option<String> {
    let says = |code: &String| code != "0" && !(code == "ERROR_CODE_UNSPECIFIED" && verdict.kind.is_some());
    verdict.code.clone().filter(says).or_else(|| verdict.kind.clone())
}

fn accepted<'v>(connector: &Connector, message: &Message, verdict: &'v Verdict) -> &'v str {
    let is_template = |operation: &str| message.system == System::Connectly && operation == CREATE_TEMPLATE;
    match verdict.standing {
        _ if connector.record => "recorded; nothing was sent",
        // Whether it can be sent already.
        Standing::Accepted if matches!(&message.action, Action::Other { operation, .. } if is_template(operation)) => {
            &verdict.message
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{
        Answer, System,
        codes::TABLE,
        judge,
        specimen::{connector, message},
        unanswered,
    };

    fn verdict(system: System, status: u16, body: &str) -> Verdict {
        let answer = Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() };
        judge(&connector(system), &message(system), &answer, None)
    }

    fn said(system: System, verdict: &Verdict, settled: Settled<'_>) -> Reported {
        let reported = of(&connector(system), &message(system), verdict, settled);
        assert_eq!(reported.ok, reported.code.is_none());
        let mut reader = quick_xml::Reader::from_str(&reported.detail_xml);
        let mut ends = 0;
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(tag) => assert!(tag.attributes().all(|attribute| attribute.is_ok())),
                quick_xml::events::Event::End(_) => ends += 1,
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(ends, 1);
        reported
    }

    #[test]
    fn every_code_has_its_number_its_name_and_its_own_words() {
        for row in TABLE.iter().filter(|row| row.class != codes::Class::Ok) {
            let body = match row.system {
                System::Salesforce => format!(r#"{{"code":{},"message":"why"}}"#, row.code),
                System::Yeastar => format!(r#"{{"errcode":{},"errmsg":"why"}}"#, row.code),
                System::Connectly if row.code.contains("TYPE") => {
                    format!(r#"{{"type":"{}","message":"why"}}"#, row.code)
                }
                System::Connectly => {
                    format!(r#"{{"type":"ERROR_TYPE_UNSPECIFIED","code":"{}","message":"why"}}"#, row.code)
                }
            };
            let verdict = verdict(row.system, 400, &body);
            let reported = said(row.system, &verdict, Settled::Failed);
            assert_eq!(reported.code, Some(row.number));
            assert_eq!(reported.native.as_deref(), Some(row.code));
            assert_eq!(reported.message, format!("[{} {}] why", row.system.name(), row.code));
            for part in [format!(r#"class="{}""#, row.class.name()), format!(r#"code="{}""#, row.code)] {
                assert!(reported.detail_xml.contains(&part), "{}", reported.detail_xml);
            }
            let native = Connector { error_numbers: ErrorNumbers::Native, ..connector(row.system) };
            let number = of(&native, &message(row.system), &verdict, Settled::Failed).code.unwrap();
            assert_eq!(number, row.code.parse().unwrap_or(row.number));
        }
    }

    #[test]
    fn how_it_ended_is_said() {
        let taken = verdict(System::Connectly, 201, r#"{"id":"01FPW47QF69Y5JZH24605VAKQB"}"#);
        let settle = |settled| {
            let reported = said(System::Connectly, &taken, settled);
            (reported.code, reported.message, reported.new_object_id.is_some())
        };
        assert_eq!(settle(Settled::Accepted), (None, "[connectly] accepted".to_owned(), true));
        assert_eq!(settle(Settled::Delivered), (None, "[connectly] delivered".to_owned(), true));
        assert_eq!(settle(Settled::Withdrawn).0, Some(3_900_005));
        assert_eq!(settle(Settled::Unconfirmed).0, Some(3_900_004));
        let code = Some("ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT".to_owned());
        let bounced = Receipt::Failed { code, message: "gone".to_owned() };
        let text = "[connectly ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT] accepted, and not delivered: gone";
        assert_eq!(settle(Settled::Bounced(&bounced)), (Some(3_000_014), text.to_owned(), false));
        let silent = Receipt::Failed { code: None, message: "gone".to_owned() };
        assert_eq!(settle(Settled::Bounced(&silent)).0, Some(3_900_003));

        let connector = connector(System::Yeastar);
        let failed = |verdict: Verdict| {
            let salesforce = verdict.kind.is_some() || verdict.http == 202;
            said(if salesforce { System::Salesforce } else { System::Yeastar }, &verdict, Settled::Failed)
        };
        assert_eq!(failed(unanswered(&connector, "connection refused", false)).code, Some(2_900_001));
        assert_eq!(failed(unanswered(&connector, "time-out", true)).code, Some(2_900_002));
        let late = said(System::Yeastar, &unanswered(&connector, "time-out", true), Settled::InDoubt);
        assert_eq!((late.code, late.native), (Some(2_900_002), None));
        assert_eq!(late.message, "[yeastar] in doubt, it may have arrived: time-out");
        let refused = failed(verdict(System::Salesforce, 202, r#"{"success":false}"#));
        assert_eq!((refused.code, refused.native), (Some(1_900_006), None));
        assert_eq!(refused.message, "[salesforce] refused, and the answer does not say why");
        let reason = r#"{"success":false,"errorReason":"SESSION_NOT_FOUND"}"#;
        let reason = failed(verdict(System::Salesforce, 200, reason));
        assert_eq!(reason.code, Some(1_990_001));
        assert_eq!(reason.message, "[salesforce SESSION_NOT_FOUND] No such messaging session (errorReason).");
        let page = failed(verdict(System::Yeastar, 404, "<html>"));
        assert_eq!((page.code, page.message.as_str()), (Some(2_900_404), "[yeastar HTTP 404] HTTP status 404"));
        let part = said(
            System::Yeastar,
            &verdict(System::Yeastar, 200, r#"{"errcode":1,"errmsg":"PARTIAL SUCCESS"}"#),
            Settled::Accepted,
        );
        assert_eq!((part.code, part.message.as_str()), (None, "[yeastar 1] done in part: PARTIAL SUCCESS"));
        let going = verdict(System::Yeastar, 200, r#"{"errcode":"2","errmsg":"PROCESSING"}"#);
        let going = said(System::Yeastar, &going, Settled::Accepted);
        assert_eq!((going.ok, going.message.as_str()), (true, "[yeastar 2] accepted, and still being worked on"));
        let made = said(System::Yeastar, &verdict(System::Yeastar, 200, r#"{"errcode":0,"id":31}"#), Settled::Accepted);
        assert_eq!((made.new_id, made.new_object_id, made.message.as_str()), (31, None, "[yeastar] accepted"));
    }

    #[test]
    fn a_code_of_tomorrow_is_counted_by_its_type() {
        let body = r#"{"type":"ERROR_TYPE_NOT_FOUND","code":"ERROR_CODE_OF_TOMORROW","message":"why"}"#;
        let reported = said(System::Connectly, &verdict(System::Connectly, 404, body), Settled::Failed);
        assert_eq!(reported.code, Some(3_000_107));
        assert_eq!(reported.native.as_deref(), Some("ERROR_CODE_OF_TOMORROW"));
        assert!(reported.detail_xml.contains(r#"class="not-found""#));
    }

    #[test]
    fn the_word_for_no_code_stands_behind_a_type() {
        let body = r#"{"type":"ERROR_TYPE_UNSPECIFIED","code":"ERROR_CODE_UNSPECIFIED","message":"why"}"#;
        let reported = said(System::Connectly, &verdict(System::Connectly, 500, body), Settled::InDoubt);
        assert_eq!((reported.code, reported.native.as_deref()), (Some(3_000_101), Some("ERROR_TYPE_UNSPECIFIED")));
        assert!(reported.message.starts_with("[connectly ERROR_TYPE_UNSPECIFIED] in doubt"), "{}", reported.message);
    }

    #[test]
    fn a_recording_says_that_nothing_was_sent() {
        let taken = verdict(System::Salesforce, 202, r#"{"success":true}"#);
        let recording = Connector { record: true, ..connector(System::Salesforce) };
        let reported = of(&recording, &message(System::Salesforce), &taken, Settled::Accepted);
        assert_eq!(reported.message, "[salesforce] recorded; nothing was sent");
    }

    proptest::proptest! {
        #[test]
        fn details_are_xml_whatever_came(raw in "\\PC{0,80}[\\x00-\\x1F\u{FFFE}\u{FFFF}<>&\"'\\]]{0,20}", kind in "[\\x00-\\xFF]{0,9}") {
            let verdict = Verdict { raw, kind: Some(kind.clone()), code: Some(kind), ..unanswered(&connector(System::Connectly), "x", true) };
            let reported = said(System::Connectly, &verdict, Settled::Failed);
            let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
            assert!(reported.detail_xml.chars().all(is_char));
        }
    }
}
