//! Requests of the Salesforce Interaction API (facts/backends section 1).

use serde_json::{Map, Value, json};

use super::{File, Request, bare, impossible, members, unknown};
use crate::{
    clock::Time,
    connector::{Action, ContextType, Message, Operation, System, Text},
    message::client::Secret,
};

/// What stands in the headers of every request.
pub(super) struct Headers<'a> {
    pub(super) org_id: &'a str,
    pub(super) authorization_context: &'a str,
    pub(super) context_type: ContextType,
    pub(super) token: Option<&'a Secret>,
}

pub(super) fn request(message: &Message, headers: Headers<'_>, now: Time) -> Result<Request, String> {
    let mut is_typed = false;
    let mut request = match &message.action {
        Action::Text(text) => match &text.session {
            None => interaction(message, text, now)?,
            Some(conversation) => {
                is_typed = true;
                super::json("POST", "/conversationEntry", &entry(message, text, conversation, now))
            }
        },
        Action::Open { attributes } => {
            let participant = json!({ "subject": message.recipient, "role": "EndUser", "appType": "custom" });
            let mut body = json!({ "channelAddressIdentifier": message.channel, "participants": [participant] });
            if let (false, Some(body)) = (attributes.is_empty(), body.as_object_mut()) {
                body.insert("routingAttributes".to_owned(), map(attributes));
            }
            super::json("POST", "/conversation", &body)
        }
        Action::Consent { status } => {
            let (user, channel) = (&message.recipient, &message.channel);
            let body = json!({ "endUserClientId": user, "channelAddressIdentifier": channel, "consentStatus": status });
            super::json("PATCH", "/consent", &body)
        }
        Action::End { session } => {
            let body = json!({
                "channelAddressIdentifier": message.channel,
                "conversationIdentifier": session,
                "endUserClientId": message.recipient,
                "operation": "End",
            });
            super::json("POST", "/messagingSession", &body)
        }
        Action::Other { operation, body } => {
            let operation = Operation::named(System::Salesforce, operation).ok_or_else(|| unknown(operation))?;
            is_typed = operation.is_typed;
            super::json(operation.method, operation.path, &members(body)?)
        }
        Action::Template(_) | Action::Contact(_) | Action::Phonebook(_) => return Err(impossible(message)),
    };
    request.headers.push(("OrgId", headers.org_id.to_owned()));
    request.headers.push(("AuthorizationContext", headers.authorization_context.to_owned()));
    if is_typed {
        request.headers.push(("AuthorizationContextType", headers.context_type.name().to_owned()));
    }
    request.headers.push(("RequestId", message.key.clone()));
    let bearer = format!("Bearer {}", headers.token.map_or("", Secret::expose));
    request.secret_headers.push(("Authorization", Secret::new(bearer)));
    Ok(request)
}

/// `POST /interactions`: the part `json`, and the file.
fn interaction(message: &Message, text: &Text, now: Time) -> Result<Request, String> {
    let file = match &text.attachment {
        Some(attachment) => Some(File::read(attachment).ok_or("the attachment is no data:TYPE;base64,…")?),
        None => None,
    };
    let interaction = match &file {
        None => json!({
            "timestamp": now.millis(),
            "interactionType": "EntryInteraction",
            "payload": payload(message, &text.text),
        }),
        Some(file) => {
            let mut interaction = json!({
                "timestamp": now.millis(),
                "interactionType": "AttachmentInteraction",
                "id": message.key,
                "attachmentIndex": 0,
                "contentLength": file.bytes.len(),
            });
            if let (false, Some(members)) = (text.text.is_empty(), interaction.as_object_mut()) {
                members.insert("text".to_owned(), Value::from(text.text.as_str()));
            }
            interaction
        }
    };
    let mut body = json!({ "to": message.channel, "from": message.recipient, "interactions": [interaction] });
    if let (false, Some(body)) = (text.attributes.is_empty(), body.as_object_mut()) {
        body.insert("routingAttributes".to_owned(), map(&text.attributes));
    }
    Ok(multipart(&message.key, &body.to_string(), file.as_ref()))
}

/// Message and entry have the same id: 10059 and 10060 say so.
fn payload(message: &Message, text: &str) -> Value {
    json!({
        "id": message.key,
        "entryType": "Message",
        "abstractMessage": {
            "messageType": "StaticContentMessage",
            "id": message.key,
            "staticContent": { "formatType": "Text", "text": text },
        },
    })
}

/// `POST /conversationEntry`: a bot outside speaks in a conversation.
fn entry(message: &Message, text: &Text, conversation: &str, now: Time) -> Value {
    let sender = message.sender.as_deref().unwrap_or_default();
    json!({
        "conversationIdentifier": conversation,
        "sender": { "subject": sender, "role": "Chatbot", "appType": "custom" },
        "conversationEntries": [{ "clientTimestamp": now.millis(), "entryPayload": payload(message, &text.text) }],
    })
}

fn map(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>().into()
}

/// A form of the part `json` and at most one file. The boundary is made of the key, and stands in no part.
fn multipart(key: &str, json: &str, file: Option<&File>) -> Request {
    let mut boundary = format!("envoi-{key}");
    let stands_in =
        |bytes: &[u8], boundary: &str| bytes.windows(boundary.len()).any(|part| part == boundary.as_bytes());
    while stands_in(json.as_bytes(), &boundary) || file.is_some_and(|file| stands_in(&file.bytes, &boundary)) {
        boundary.push('-');
    }
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"json\"\r\nContent-Type: {}\r\n\r\n{json}\r\n",
        super::JSON
    )
    .into_bytes();
    if let Some(file) = file {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"attachments\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            file.name, file.media_type
        );
        body.extend(head.bytes());
        body.extend(&file.bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    let content_type = Some(format!("multipart/form-data; boundary={boundary}"));
    Request { content_type, body, ..bare("POST", "/interactions") }
}
