//! Requests of the Connectly API (facts/backends section 3).

use serde_json::{Value, json};

use super::{Request, bare, encoded, impossible, members, unknown};
use crate::{
    connector::{
        Action, Message, Operation, System, Template, Text,
        operation::{Arguments, ID},
    },
    message::client::Secret,
};

pub(super) fn request(message: &Message, business: &str, api_key: &Secret) -> Result<Request, String> {
    let target = |path: &str| format!("/businesses/{}/{path}", encoded(business));
    let mut request = match &message.action {
        Action::Text(text) => super::json("POST", target("send/messages"), &free_text(message, text)),
        Action::Template(template) => {
            super::json("POST", target("send/whatsapp_templated_messages"), &templated(message, template))
        }
        Action::Other { operation, body } => {
            let operation = Operation::named(System::Connectly, operation).ok_or_else(|| unknown(operation))?;
            match operation.arguments {
                Arguments::None => bare(operation.method, target(operation.path)),
                Arguments::Body | Arguments::Query => {
                    let mut body = members(body)?;
                    let path = path(operation, &mut body)?;
                    super::json(operation.method, target(&path), &body)
                }
            }
        }
        Action::Open { .. }
        | Action::Consent { .. }
        | Action::Contact(_)
        | Action::Phonebook(_)
        | Action::End { .. } => return Err(impossible(message)),
    };
    request.secret_headers.push(("X-API-Key", api_key.clone()));
    Ok(request)
}

/// The path of an operation; the `id` that is part of it leaves the body.
fn path(operation: &Operation, body: &mut Value) -> Result<String, String> {
    if !operation.path.contains(ID) {
        return Ok(operation.path.to_owned());
    }
    let id = body.as_object_mut().and_then(|members| members.remove("id"));
    let id = id.as_ref().and_then(Value::as_str).filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| format!("the body of {} has no text `id`", operation.name))?;
    Ok(operation.path.replace(ID, &encoded(id)))
}

/// What comes back in webhooks.
fn callback(message: &Message) -> Value {
    json!({ "key": message.key })
}

fn free_text(message: &Message, text: &Text) -> Value {
    let mut content = json!({ "id": message.key });
    if let Some(members) = content.as_object_mut() {
        match &text.attachment {
            Some(url) => members.insert("attachments".to_owned(), json!([{ "type": media_type(url), "url": url }])),
            None => members.insert("text".to_owned(), text.text.as_str().into()),
        };
    }
    let end = |id: &str| json!({ "id": id, "channelType": message.channel });
    let mut body = json!({
        "recipient": end(&message.recipient),
        "message": content,
        "callbackData": callback(message),
    });
    if let Some(members) = body.as_object_mut() {
        if let Some(sender) = &message.sender {
            members.insert("sender".to_owned(), end(sender));
        }
        for (name, value) in &text.attributes {
            members.insert(name.clone(), value.as_str().into());
        }
    }
    body
}

fn templated(message: &Message, template: &Template) -> Value {
    let (campaign, parameters): (Vec<_>, Vec<_>) =
        template.parameters.iter().partition(|(name, _)| name == "campaignName");
    let parameters: Vec<_> =
        parameters.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut body = json!({
        "number": message.recipient,
        "templateName": template.name,
        "language": template.language,
        "parameters": parameters,
        "callbackData": callback(message),
    });
    if let Some(members) = body.as_object_mut() {
        if let Some(sender) = &message.sender {
            members.insert("sender".to_owned(), sender.as_str().into());
        }
        for (name, value) in campaign {
            members.insert(name.clone(), value.as_str().into());
        }
    }
    body
}

/// The kind of a file, by the end of its address: `image`, `video`, `audio`; all else is a `document`.
fn media_type(url: &str) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or(url).to_ascii_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
    if ends(&[".jpg", ".jpeg", ".png", ".gif", ".webp"]) {
        "image"
    } else if ends(&[".mp4", ".3gp", ".mov"]) {
        "video"
    } else if ends(&[".mp3", ".ogg", ".aac", ".m4a", ".amr", ".opus"]) {
        "audio"
    } else {
        "document"
    }
}
