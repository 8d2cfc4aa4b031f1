//! Requests of the Yeastar P-Series API (facts/backends section 2).

use serde_json::{Map, Value, json};

use super::{Request, bare, encoded, impossible, members, unknown};
use crate::{
    connector::{
        Action, ContactChange, Message, Operation, SENDER_NO, SESSION_ID, System, Template, Text,
        operation::{Arguments, TOKEN},
    },
    message::client::Secret,
};

/// The PBX answers nobody who names no program.
const USER_AGENT: (&str, &str) = ("User-Agent", "OpenAPI");

pub(super) fn request(message: &Message, token: Option<&Secret>) -> Result<Request, String> {
    let request = match &message.action {
        Action::Text(text) => super::json("POST", "/message/send", &free_text(message, text)?),
        Action::Template(template) => {
            let mut body = send(message, template.session(), &template.parameters)?;
            body.insert("msg_kind".to_owned(), 1.into());
            // JSON in a string, as the API has it.
            body.insert("whatsapp_msg_param".to_owned(), parameters(template)?.to_string().into());
            super::json("POST", "/message/send", &body.into())
        }
        Action::Contact(change) => contact(&change.settled().ok_or_else(|| impossible(message))?)?,
        Action::Phonebook(change) => phonebook(&change.settled().ok_or_else(|| impossible(message))?)?,
        Action::End { session } => {
            super::json("POST", "/message_session/close", &json!({ "session_id": number(session)? }))
        }
        Action::Other { operation, body } => {
            let operation = Operation::named(System::Yeastar, operation).ok_or_else(|| unknown(operation))?;
            match operation.arguments {
                Arguments::Query => bare(operation.method, format!("{}{}", operation.path, query(&members(body)?))),
                Arguments::Body => super::json(operation.method, operation.path, &members(body)?),
                Arguments::None => bare(operation.method, operation.path),
            }
        }
        Action::Open { .. } | Action::Consent { .. } => return Err(impossible(message)),
    };
    Ok(with_token(request, token))
}

/// The request as the PBX knows who asks.
pub(super) fn with_token(request: Request, token: Option<&Secret>) -> Request {
    let token = token.cloned().unwrap_or_else(|| Secret::new(""));
    Request { query_secret: Some((TOKEN, token)), ..named(request) }
}

/// The request with the name of a program.
pub(super) fn named(mut request: Request) -> Request {
    request.headers.push((USER_AGENT.0, USER_AGENT.1.to_owned()));
    request
}

/// What every message has. 1 is an extension, 9 a sender beyond the PBX; in a session its channel and number are known.
fn send(
    message: &Message,
    session: Option<&str>,
    attributes: &[(String, String)],
) -> Result<Map<String, Value>, String> {
    let mut body = Map::new();
    let extension = attributes.iter().find(|(name, _)| name == SENDER_NO).map(|(_, number)| number.as_str());
    body.insert("sender_type".to_owned(), if extension.is_some() { 1 } else { 9 }.into());
    body.insert(SENDER_NO.to_owned(), extension.unwrap_or("api").into());
    match session {
        Some(session) => {
            body.insert("session_id".to_owned(), number(session)?.into());
        }
        None => {
            body.insert("channel".to_owned(), message.channel.as_str().into());
            body.insert("did_number".to_owned(), message.sender.as_deref().unwrap_or_default().into());
            body.insert("to".to_owned(), message.recipient.as_str().into());
        }
    }
    body.insert("msg_type".to_owned(), 0.into());
    body.insert("request_id".to_owned(), message.key.as_str().into());
    Ok(body)
}

fn free_text(message: &Message, text: &Text) -> Result<Value, String> {
    let mut body = send(message, text.session.as_deref(), &text.attributes)?;
    body.insert("msg_kind".to_owned(), 0.into());
    if !text.text.is_empty() || text.attachment.is_none() {
        body.insert("msg_body".to_owned(), text.text.as_str().into());
    }
    if let Some(attachment) = &text.attachment {
        let file = serde_json::from_str::<Value>(attachment).ok().filter(Value::is_object);
        body.insert("files".to_owned(), json!([file.unwrap_or_else(|| json!({ "id": attachment }))]));
    }
    for (name, value) in &text.attributes {
        body.insert(name.clone(), value.as_str().into());
    }
    Ok(body.into())
}

/// The template's object: its name and language, and the values of its places, by component.
fn parameters(template: &Template) -> Result<Value, String> {
    let mut object = json!({
        "name": template.name,
        "language": { "code": template.language },
        "parameter_format": "POSITIONAL",
    });
    let mut body: Vec<(u32, &str)> = Vec::new();
    let (mut header, mut buttons) = (Vec::new(), None);
    for (name, value) in &template.parameters {
        match name.split_once('_') {
            // It is part of the request, not of the template.
            _ if [SENDER_NO, SESSION_ID].contains(&name.as_str()) => {}
            Some(("header", "text")) => header.push(json!({ "type": "text", "text": value })),
            Some(("header", media)) => header.push(json!({ "type": media, media: { "link": value } })),
            Some(("body", place)) => match place.parse() {
                Ok(place) => body.push((place, value)),
                Err(_) => return Err(format!("`{name}` is no parameter of a template: expected body_1, body_2 …")),
            },
            Some(("template", "id")) => object = with(object, "template_id", value.as_str().into()),
            _ => {
                let read = serde_json::from_str::<Value>(value).ok().filter(Value::is_array);
                buttons = Some(read.ok_or_else(|| format!("the parameter `{name}` is no JSON list"))?);
            }
        }
    }
    body.sort_by_key(|(place, _)| *place);
    let body: Vec<_> = body.into_iter().map(|(_, value)| json!({ "type": "text", "text": value })).collect();
    let mut components = Vec::new();
    for (kind, parameters) in [("HEADER", header), ("BODY", body)] {
        if !parameters.is_empty() {
            components.push(json!({ "type": kind, "parameters": parameters }));
        }
    }
    if let Some(buttons) = buttons {
        components.push(json!({ "type": "BUTTONS", "parameters": buttons }));
    }
    Ok(with(object, "components", components.into()))
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    object
}

fn contact(change: &ContactChange) -> Result<Request, String> {
    Ok(match change {
        ContactChange::Create(fields) => super::json("POST", "/company_contact/create", &contact_fields(fields).into()),
        ContactChange::Update(id, fields) => {
            let mut body = contact_fields(fields);
            body.insert("id".to_owned(), number(id)?.into());
            super::json("POST", "/company_contact/update", &body.into())
        }
        // The API has no DELETE.
        ContactChange::Delete(id) => bare("GET", format!("/company_contact/delete?id={}", number(id)?)),
        ContactChange::InTurn(_) => return Err(not_looked("contact")),
    })
}

/// `phonebook/create`, `/update` and `/delete`. Who stands in it is named; without `member_select` that is the PBX's to choose.
fn phonebook(change: &ContactChange) -> Result<Request, String> {
    Ok(match change {
        ContactChange::Create(fields) => {
            let mut body = contact_fields(fields);
            body.insert("member_select".to_owned(), "sel_specific".into());
            super::json("POST", "/phonebook/create", &body.into())
        }
        ContactChange::Update(id, fields) => {
            let mut body = contact_fields(fields);
            body.insert("id".to_owned(), number(id)?.into());
            super::json("POST", "/phonebook/update", &body.into())
        }
        ContactChange::Delete(id) => bare("GET", format!("/phonebook/delete?id={}", number(id)?)),
        ContactChange::InTurn(_) => return Err(not_looked("phonebook")),
    })
}

fn not_looked(what: &str) -> String {
    format!("nobody has looked yet whether there is such a {what}")
}

/// The members of a contact or a phonebook; numbers stand in a list of their own.
fn contact_fields(fields: &[(String, String)]) -> Map<String, Value> {
    let (mut members, mut numbers) = (Map::new(), Vec::new());
    for (name, value) in fields {
        match name.as_str() {
            "mobile" | "business" | "home" => {
                numbers.push(json!({ "num_type": format!("{name}_number"), "number": value }));
            }
            "phonebook_id_list" | "add_contacts_id_list" => {
                let ids = value.split(',').filter_map(|id| id.trim().parse::<i64>().ok());
                members.insert(name.clone(), ids.collect());
            }
            _ => {
                members.insert(name.clone(), value.as_str().into());
            }
        }
    }
    if !numbers.is_empty() {
        members.insert("number_list".to_owned(), numbers.into());
    }
    members
}

fn number(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is no id of a PBX: expected a number"))
}

fn query(arguments: &Value) -> String {
    let members = arguments.as_object().into_iter().flatten();
    let pairs = members.map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={}", encoded(name), encoded(&value))
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() { query } else { format!("?{query}") }
}
