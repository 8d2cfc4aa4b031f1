//! A Connectly: API key, free texts within 24 hours, templates, delivery_status webhooks.

use serde_json::{Value, json};

use super::{
    Asked, Reply, fault, has_written, is_number, is_reached, random,
    settings::{API_KEY, BUSINESS},
    text,
};
use crate::{clock::Time, connector::System};

/// The templates that exist, beside those that were made.
const TEMPLATES: [&str; 2] = ["hello", "order"];

#[derive(Default)]
pub(super) struct Connectly {
    templates: Vec<String>,
}

impl Connectly {
    pub(super) fn answer(&mut self, asked: &Asked, now: Time) -> Reply {
        match self.done(asked, now) {
            Ok(reply) => reply,
            Err(code) => {
                let (status, body) = fault::told(System::Connectly, code, &asked.path);
                Reply::new(status, body)
            }
        }
    }

    fn done(&mut self, asked: &Asked, now: Time) -> Result<Reply, &'static str> {
        if asked.header("x-api-key") != Some(API_KEY) {
            return Err("ERROR_TYPE_AUTHENTICATION");
        }
        let path = asked.path.strip_prefix("/v1/businesses/").and_then(|rest| rest.split_once('/'));
        let (business, path) = path.ok_or("ERROR_TYPE_NOT_FOUND")?;
        if business != BUSINESS {
            return Err("ERROR_TYPE_AUTHORIZATION");
        }
        if asked.method != "POST" {
            return Err("ERROR_TYPE_NOT_FOUND");
        }
        if path == "get/templates" {
            let all = TEMPLATES.into_iter().chain(self.templates.iter().map(String::as_str));
            let all: Vec<_> = all.map(|name| json!({ "name": name, "status": "APPROVED" })).collect();
            return Ok(Reply::new(200, json!({ "entity": { "templates": all } })));
        }
        let body = asked.json().ok_or("ERROR_TYPE_INVALID_REQUEST")?;
        match path {
            "send/messages" => free(&body).map(|to| sent(&to, &body, now)),
            "send/whatsapp_templated_messages" => self.templated(&body).map(|to| sent(&to, &body, now)),
            "create/template" => {
                let name = text(&body, "/name").ok_or("ERROR_TYPE_INVALID_REQUEST")?;
                if TEMPLATES.contains(&name) || self.templates.iter().any(|known| known == name) {
                    return Err("ERROR_TYPE_CONFLICT");
                }
                self.templates.push(name.to_owned());
                let template = json!({ "id": random(26), "status": "PENDING" });
                Ok(Reply::new(201, json!({ "entity": { "templates": [template] } })))
            }
            "send/campaigns" => Ok(Reply::new(201, json!({ "data": [{ "acceptedCount": 1, "rejectedCount": 0 }] }))),
            "create/webhooks" => Ok(Reply::new(201, json!({ "id": random(26) }))),
            _ => Err("ERROR_TYPE_NOT_FOUND"),
        }
    }

    fn templated(&self, body: &Value) -> Result<String, &'static str> {
        let to = recipient(text(body, "/number"))?;
        let name = text(body, "/templateName").ok_or("ERROR_TYPE_INVALID_REQUEST")?;
        if text(body, "/language").is_none_or(str::is_empty) {
            return Err("ERROR_TYPE_INVALID_REQUEST");
        }
        if !TEMPLATES.contains(&name) && !self.templates.iter().any(|known| known == name) {
            return Err("ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND");
        }
        let parameters = body.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_known = |parameter: &Value| {
            let starts = ["header_", "body_", "button"];
            text(parameter, "/name").is_some_and(|name| starts.iter().any(|start| name.starts_with(start)))
        };
        if parameters.iter().all(is_known) { Ok(to) } else { Err("ERROR_CODE_MESSAGE_TEMPLATE_INVALID_PARAM") }
    }
}

fn recipient(number: Option<&str>) -> Result<String, &'static str> {
    let number = number.ok_or("ERROR_TYPE_INVALID_REQUEST")?;
    if is_number(number) || number.starts_with("bsuid:") {
        return Ok(number.to_owned());
    }
    Err("ERROR_CODE_PHONE_NUMBER_BAD_FORMAT")
}

fn free(body: &Value) -> Result<String, &'static str> {
    let to = recipient(text(body, "/recipient/id"))?;
    if text(body, "/recipient/channelType") != Some("whatsapp") {
        return Err("ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL");
    }
    let files = body.pointer("/message/attachments").and_then(Value::as_array);
    match (text(body, "/message/text"), files) {
        (Some(""), None) => return Err("ERROR_CODE_MESSAGE_TEXT_EMPTY"),
        (Some(_), None) => {}
        (None, Some(files)) if files.len() == 1 => {
            let url = files.first().and_then(|file| text(file, "/url")).unwrap_or_default();
            if url.is_empty() {
                return Err("ERROR_CODE_MESSAGE_ATTACHMENT_EMPTY");
            }
        }
        (None, Some(_)) => return Err("ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID"),
        _ => return Err("ERROR_TYPE_INVALID_REQUEST"),
    }
    if has_written(&to) { Ok(to) } else { Err("ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW") }
}

/// The answer, and what is told afterwards: sent, and then delivered or failed.
fn sent(to: &str, body: &Value, now: Time) -> Reply {
    let id = format!("01{}", random(24));
    let event = |status: &str, error: Value| {
        json!({
            "topic": "delivery_status",
            "timestamp": (now.millis() / 1000).to_string(),
            "statusUpdate": { "id": id, "status": status, "error": error },
            "callbackData": body.get("callbackData"),
        })
    };
    let last = match is_reached(to) {
        true => event("delivered", Value::Null),
        false => {
            let (_, error) = fault::told(System::Connectly, "ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID", "");
            event("delivery_failed", error)
        }
    };
    let webhooks = vec![event("sent", Value::Null), last];
    Reply { webhooks, ..Reply::new(201, json!({ "id": id })) }
}
