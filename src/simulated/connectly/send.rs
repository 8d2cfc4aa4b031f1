//! What is sent: free messages, templates, campaigns; and what is told of it.

use serde_json::{Value, json};

use super::{Connectly, Done, ulid};
use crate::{
    clock::Time,
    connector::System,
    simulated::{
        LONGEST, Outcome, Reply, Turn, WINDOW,
        check::{Wrong, is_number, list, need, needed, text},
        has_written,
        settings::DID,
        told::told,
    },
};

const INVALID: &str = "ERROR_TYPE_INVALID_REQUEST";
/// What a message can hold, one of them.
const CONTENTS: [&str; 7] = [
    "text",
    "attachments",
    "location",
    "listMessage",
    "replyButtonMessage",
    "singleProductMessage",
    "multiProductMessage",
];
/// Bytes of callbackData.
const CALLBACK: usize = 1024;

impl Connectly {
    /// `send/messages`: to who has written within 24 hours.
    pub(super) fn free(&mut self, body: &Value, turn: &Turn<'_>) -> Done {
        let recipient = body.get("recipient").unwrap_or(&Value::Null);
        let to = recipient_of(needed(recipient, "id", 255, INVALID)?)?;
        check_channel(recipient)?;
        if let Some(sender) = body.get("sender") {
            check_sender(text(sender, "/id").unwrap_or_default(), to)?;
            check_channel(sender)?;
        }
        check_callback(body)?;
        check_content(body.get("message").unwrap_or(&Value::Null))?;
        let wrote = self.written.get(&to.to_owned());
        let is_open = has_written(to) || wrote.is_some_and(|at| turn.now.since(*at) < WINDOW);
        let shut = "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW";
        need(is_open, shut, "the customer", "has not written for 24 hours: send a template")?;
        Ok(sent(to, body, turn))
    }

    /// `send/whatsapp_templated_messages`: to anybody.
    pub(super) fn templated(&mut self, body: &Value, turn: &Turn<'_>) -> Done {
        let to = recipient_of(needed(body, "number", 255, INVALID)?)?;
        if body.get("sender").is_some() {
            check_sender(text(body, "/sender").unwrap_or_default(), to)?;
        }
        check_callback(body)?;
        self.check_template(body, turn.now)?;
        Ok(sent(to, body, turn))
    }
}

/// `send/campaigns`: entries that name nobody are counted, and the others taken.
pub(super) fn campaigns(body: &Value) -> Done {
    let entries = list(body, "entries", 10_000, INVALID)?;
    let mut rejected = 0;
    for entry in entries {
        needed(entry, "campaignName", 512, INVALID)?;
        let client = entry.get("client").ok_or_else(|| Wrong::new(INVALID, "client", "required"))?;
        let number = client.as_str().or_else(|| text(client, "/number")).or_else(|| text(client, "/id"));
        rejected += usize::from(number.is_none_or(|number| recipient_of(number).is_err()));
    }
    let (_, error) = told(System::Connectly, "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT", "");
    let data = json!([{
        "acceptedCount": entries.len() - rejected,
        "rejectedCount": rejected,
        "error": if rejected > 0 { error } else { Value::Null },
    }]);
    Ok(Reply::new(201, json!({ "data": data })))
}

/// A number in E.164, or a business-scoped id.
fn recipient_of(number: &str) -> Result<&str, Wrong> {
    let is_one = is_number(number) || number.strip_prefix("bsuid:").is_some_and(|id| !id.is_empty());
    need(is_one, "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT", "the recipient", "expected a number such as +12025550124")?;
    need(number != DID, "ERROR_CODE_MESSAGE_SELF_INVALID", "the recipient", "is the business itself")?;
    Ok(number)
}

fn check_sender(sender: &str, to: &str) -> Result<(), Wrong> {
    need(is_number(sender), "ERROR_CODE_INVALID_SENDER_ID", "sender", "expected a number such as +498001234567")?;
    need(sender != to, "ERROR_CODE_MESSAGE_SELF_INVALID", "sender", "is the recipient")
}

fn check_channel(end: &Value) -> Result<(), Wrong> {
    let is_known = text(end, "/channelType") == Some("whatsapp");
    need(is_known, "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL", "channelType", "expected whatsapp")
}

fn check_callback(body: &Value) -> Result<(), Wrong> {
    let size = body.get("callbackData").map_or(0, |data| data.to_string().len());
    need(size <= CALLBACK, INVALID, "callbackData", "expected 1,024 bytes at most")
}

fn check_content(message: &Value) -> Result<(), Wrong> {
    let mut given = CONTENTS.iter().filter(|name| message.get(**name).is_some());
    let (Some(name), None) = (given.next(), given.next()) else {
        return Err(Wrong::new(INVALID, "message", format!("expected one of {}", CONTENTS.join(", "))));
    };
    match *name {
        "text" => {
            let text = text(message, "/text").ok_or_else(|| Wrong::new(INVALID, "text", "expected a text"))?;
            need(!text.trim().is_empty(), "ERROR_CODE_MESSAGE_TEXT_EMPTY", "text", "is empty")?;
            need(text.chars().count() <= LONGEST, INVALID, "text", "expected 4,096 characters at most")
        }
        "attachments" => {
            let few = "ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID";
            let file = list(message, "attachments", 1, few)?.first().unwrap_or(&Value::Null);
            let kind = text(file, "/type").unwrap_or_default();
            let is_kind = ["image", "video", "audio", "document"].contains(&kind);
            need(is_kind, INVALID, "attachments.type", "expected image, video, audio or document")?;
            let url = text(file, "/url").unwrap_or_default();
            need(!url.is_empty(), "ERROR_CODE_MESSAGE_ATTACHMENT_EMPTY", "attachments.url", "is empty")?;
            let is_url = url.parse::<hyper::Uri>().is_ok_and(|url| {
                matches!(url.scheme_str(), Some("https" | "http")) && url.host().is_some_and(|host| !host.is_empty())
            });
            need(is_url, "ERROR_CODE_MESSAGE_ATTACHMENT_INVALID", "attachments.url", "is no web address")
        }
        other => need(message.get(other).is_some_and(Value::is_object), INVALID, other, "expected an object"),
    }
}

/// The answer, and what is told afterwards.
fn sent(to: &str, body: &Value, turn: &Turn<'_>) -> Reply {
    let id = ulid();
    let webhooks = events(&id, body.get("callbackData"), &turn.outcome(to), turn.now);
    Reply { webhooks, ..Reply::new(201, json!({ "id": id })) }
}

fn events(id: &str, callback: Option<&Value>, outcome: &Outcome, now: Time) -> Vec<Value> {
    let event = |status: &str, error: Value| {
        json!({
            "topic": "delivery_status",
            "timestamp": (now.millis() / 1000).to_string(),
            "statusUpdate": { "id": id, "status": status, "error": error },
            "callbackData": callback,
        })
    };
    let on_its_way = event("sent", Value::Null);
    match outcome {
        Outcome::Silent => Vec::new(),
        Outcome::Sent => vec![on_its_way],
        Outcome::Delivered => vec![on_its_way, event("delivered", Value::Null)],
        Outcome::Read => vec![on_its_way, event("delivered", Value::Null), event("read", Value::Null)],
        Outcome::Failed(code) => {
            let code = code.as_deref().unwrap_or("ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID");
            vec![on_its_way, event("delivery_failed", told(System::Connectly, code, "").1)]
        }
    }
}
