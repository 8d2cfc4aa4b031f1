//! `POST /interactions`: a form of the part `json` and at most one file. And what may stand in an entry.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Done, Salesforce, check_attributes};
use crate::{
    clock::Time,
    simulated::{
        Asked, Reply,
        check::{Wrong, list, need, needed, number, text},
        settings::CHANNEL,
    },
};

/// The largest file.
const FILE: usize = 25 << 20;
/// How far the time of an entry may be away.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// messageType, and the formatTypes that go with each.
const MESSAGES: [(&str, &[&str]); 5] = [
    ("StaticContentMessage", &["Text", "Attachments", "RichLink", "WebView"]),
    ("ChoicesResponseMessage", &["Selections"]),
    ("FormResponseMessage", &["Inputs", "Result"]),
    ("ChoicesMessage", &["Buttons", "Carousel", "QuickReplies", "ListPicker", "TimePicker"]),
    ("FormMessage", &["Inputs", "Application"]),
];
/// Those of them that an end user may send.
const OF_USERS: usize = 3;
/// Names of the object with the content, in the order of [`MESSAGES`].
const CONTENTS: [&str; 5] = ["staticContent", "choicesResponse", "formResponse", "choices", "form"];

impl Salesforce {
    pub(super) fn interaction(&mut self, asked: &Asked, now: Time) -> Done {
        let form = Form::read(asked)?;
        let body = &form.json;
        let to = needed(body, "to", 240, "10027")?;
        let from = needed(body, "from", 255, "10028")?;
        let interactions = body.get("interactions").and_then(Value::as_array);
        need(interactions.is_some(), "10029", "interactions", "expected a list")?;
        need(interactions.is_some_and(|list| !list.is_empty()), "20003", "interactions", "is empty")?;
        let one = list(body, "interactions", 1, "10029")?.first().unwrap_or(&Value::Null);
        check_attributes(body)?;
        check_time(one, "timestamp", now)?;
        let id = match text(one, "/interactionType") {
            Some("EntryInteraction") => {
                need(form.files.is_empty(), "10011", "attachments", "expected none with an entry")?;
                check_entry(one.get("payload").unwrap_or(&Value::Null), false)?
            }
            Some("AttachmentInteraction") => form.check_file(one)?,
            _ => {
                return Err(Wrong::new(
                    "10029",
                    "interactionType",
                    "expected EntryInteraction or AttachmentInteraction",
                ));
            }
        };
        need(to == CHANNEL, "10017", "to", "is no channel of the org")?;
        let (conversation, session) = self.conversation(to, from);
        let sender = json!({ "subject": from, "role": "EndUser", "appType": "custom" });
        let entry = json!({
            "identifier": id, "clientTimestamp": now.millis(), "sender": sender,
            "entryPayload": one.get("payload").unwrap_or(&Value::Null),
        });
        if let Some(found) = self.conversations.get_mut(&conversation) {
            found.remember(entry);
        }
        let body = json!({
            "conversationIdentifier": conversation, "id": uuid::Uuid::new_v4().to_string(), "workItemIds": [session],
            "success": true,
        });
        Ok(Reply::new(202, body))
    }
}

/// A time in milliseconds, at most a day away.
pub(super) fn check_time(value: &Value, name: &str, now: Time) -> Result<i64, Wrong> {
    let millis = number(value, name, "10046")?;
    let most = i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX);
    need(millis.saturating_sub(now.millis()).saturating_abs() <= most, "10046", name, "is more than a day away")?;
    Ok(millis)
}

/// An entry's payload; its id.
pub(super) fn check_entry(entry: &Value, is_chatbot: bool) -> Result<String, Wrong> {
    let id = text(entry, "/id").unwrap_or_default();
    need(!id.is_empty(), "10059", "payload.id", "is empty")?;
    match text(entry, "/entryType") {
        Some("Message") => {}
        Some("MessageDeliveryFailed" | "TypingStartedIndicator" | "TypingStoppedIndicator") => return Ok(id.to_owned()),
        _ => return Err(Wrong::new("10045", "entryType", "expected Message or another entry of the API")),
    }
    let message = entry.get("abstractMessage").filter(|message| message.is_object());
    let message = message.ok_or_else(|| Wrong::new("10045", "abstractMessage", "required"))?;
    let own = text(message, "/id").unwrap_or_default();
    need(!own.is_empty(), "10059", "abstractMessage.id", "is empty")?;
    need(own == id, "10060", "abstractMessage.id", "differs from payload.id")?;
    let kind = text(message, "/messageType").unwrap_or_default();
    let at = MESSAGES.iter().position(|(known, _)| *known == kind);
    let at = at.ok_or_else(|| Wrong::new("10047", "messageType", "is none of the API's"))?;
    need(is_chatbot || at < OF_USERS, "10062", "messageType", "is none that an end user sends")?;
    let name = CONTENTS.get(at).copied().unwrap_or_default();
    let content = message.get(name).ok_or_else(|| Wrong::new("10045", name, "required"))?;
    let format = text(content, "/formatType").unwrap_or_default();
    let all = MESSAGES.iter().flat_map(|(_, formats)| formats.iter());
    need(all.clone().any(|known| *known == format), "10048", "formatType", "is none of the API's")?;
    let fits = MESSAGES.get(at).is_some_and(|(_, formats)| formats.contains(&format));
    need(fits, "10049", "formatType", "does not go with the messageType")?;
    if format == "Text" {
        need(text(content, "/text").is_some_and(|text| !text.is_empty()), "10045", "text", "is empty")?;
    }
    Ok(id.to_owned())
}

/// A form of `json` and files.
struct Form {
    json: Value,
    /// Size and media type of each.
    files: Vec<(usize, bool)>,
}

impl Form {
    fn read(asked: &Asked) -> Result<Self, Wrong> {
        let kind = asked.header("content-type").and_then(|kind| kind.strip_prefix("multipart/form-data; boundary="));
        let boundary = kind.ok_or_else(|| Wrong::new("10016", "Content-Type", "expected multipart/form-data"))?;
        Self::parts(&asked.body, boundary.trim_matches('"'))
            .ok_or_else(|| Wrong::new("10089", "the part json", "is missing, or no JSON object"))
    }

    fn parts(body: &[u8], boundary: &str) -> Option<Self> {
        let mark = format!("--{boundary}");
        let (mut starts, mut from) = (Vec::new(), 0);
        while let Some(at) = body.get(from..)?.windows(mark.len()).position(|part| part == mark.as_bytes()) {
            starts.push(from + at);
            from += at + mark.len();
        }
        let (mut json, mut files) = (None, Vec::new());
        for pair in starts.windows(2) {
            let [start, end] = pair else { continue };
            let part = body.get(start + mark.len()..*end)?;
            let at = part.windows(4).position(|part| part == b"\r\n\r\n")?;
            let head = String::from_utf8_lossy(part.get(..at)?).to_ascii_lowercase();
            let content = part.get(at + 4..)?;
            if head.contains("name=\"json\"") {
                json = serde_json::from_slice(content.trim_ascii()).ok().filter(Value::is_object);
            } else if head.contains("name=\"attachments\"") {
                // The line end before the boundary is the boundary's.
                files.push((content.len().saturating_sub(2), head.contains("content-type:")));
            }
        }
        Some(Self { json: json?, files })
    }

    /// The file, as the interaction describes it; the interaction's id.
    fn check_file(&self, one: &Value) -> Result<String, Wrong> {
        let id = text(one, "/id").filter(|id| uuid::Uuid::parse_str(id).is_ok());
        let id = id.ok_or_else(|| Wrong::new("10007", "id", "expected a UUID"))?;
        let length = number(one, "contentLength", "10010")?;
        need(self.files.len() == 1, "10011", "attachments", "expected one")?;
        let (size, has_type) = self.files.first().copied().unwrap_or_default();
        need(size > 0, "10009", "attachments", "is empty")?;
        need(size <= FILE, "10008", "attachments", "expected 25 MB at most")?;
        need(usize::try_from(length) == Ok(size), "10051", "contentLength", "is not the size of the file")?;
        need(has_type, "10095", "attachments", "has no Content-Type")?;
        need(number(one, "attachmentIndex", "10011")? == 0, "10011", "attachmentIndex", "expected 0")?;
        Ok(id.to_owned())
    }
}
