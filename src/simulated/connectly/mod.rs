//! A Connectly: API key, free texts within 24 hours, templates, campaigns, webhooks with their topics, delivery_status told.

mod send;
mod template;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

pub(super) use self::template::TEMPLATES;
use super::{
    MOST, Reply, Turn,
    bounded::Bounded,
    check::{Wrong, need, needed, one_of},
    random,
    settings::{API_KEY, BUSINESS},
};
use crate::{clock::Time, connector::System};

/// How long a template that was made waits for its approval here.
const APPROVAL: Duration = Duration::from_secs(60);

type Done = Result<Reply, Wrong>;

pub(super) struct Connectly {
    /// Templates that were made, by name and language: their ids, and since when.
    templates: BTreeMap<(String, String), (String, Time)>,
    /// When a customer wrote last, by number.
    written: Bounded<String, Time>,
    /// Webhooks by topic.
    webhooks: BTreeMap<String, String>,
}

impl Connectly {
    pub(super) fn new() -> Self {
        Self { templates: BTreeMap::new(), written: Bounded::new(MOST), webhooks: BTreeMap::new() }
    }

    pub(super) fn answer(&mut self, turn: &Turn<'_>) -> Reply {
        self.done(turn).unwrap_or_else(|wrong| Reply::refused(System::Connectly, &wrong, &turn.asked.path))
    }

    fn done(&mut self, turn: &Turn<'_>) -> Done {
        let asked = turn.asked;
        need(asked.header("x-api-key") == Some(API_KEY), "ERROR_TYPE_AUTHENTICATION", "X-API-Key", "is not the key")?;
        let path = asked.path.strip_prefix("/v1/businesses/").and_then(|rest| rest.split_once('/'));
        let nowhere = || Wrong::new("ERROR_TYPE_NOT_FOUND", asked.path.as_str(), "is no operation");
        let (business, path) = path.ok_or_else(nowhere)?;
        need(business == BUSINESS, "ERROR_TYPE_AUTHORIZATION", "the business", "is not the key's")?;
        let changed = path.strip_prefix("update/webhooks/");
        let method = if changed.is_some() { "PUT" } else { "POST" };
        need(asked.method == method, "ERROR_TYPE_NOT_FOUND", asked.method.as_str(), "is not how it is asked")?;
        if path == "get/templates" {
            return Ok(self.templates_listed(turn.now));
        }
        let no_json = || Wrong::new("ERROR_TYPE_INVALID_REQUEST", "the body", "is no JSON object of application/json");
        let body = asked.json().ok_or_else(no_json)?;
        if let Some(id) = changed {
            return self.update_webhook(id, &body);
        }
        match path {
            "send/messages" => self.free(&body, turn),
            "send/whatsapp_templated_messages" => self.templated(&body, turn),
            "send/campaigns" => send::campaigns(&body),
            "create/template" => self.create_template(&body, turn.now),
            "create/webhooks" => self.create_webhook(&body),
            _ => Err(nowhere()),
        }
    }

    /// A topic is registered once.
    fn create_webhook(&mut self, body: &Value) -> Done {
        let (topic, address) = webhook(body)?;
        need(!self.webhooks.contains_key(topic), "ERROR_TYPE_CONFLICT", "topic", "is registered already")?;
        let id = random(26);
        self.webhooks.insert(topic.to_owned(), id.clone());
        Ok(Reply::new(201, json!({ "id": id, "topic": topic, "address": address })))
    }

    fn update_webhook(&mut self, id: &str, body: &Value) -> Done {
        let (topic, address) = webhook(body)?;
        let is_known = self.webhooks.values().any(|known| known == id);
        need(is_known, "ERROR_TYPE_NOT_FOUND", "id", "is no webhook")?;
        let is_free = self.webhooks.get(topic).is_none_or(|other| other == id);
        need(is_free, "ERROR_TYPE_CONFLICT", "topic", "is registered already")?;
        self.webhooks.retain(|_, known| known != id);
        self.webhooks.insert(topic.to_owned(), id.to_owned());
        Ok(Reply::new(200, json!({ "id": id, "topic": topic, "address": address })))
    }

    /// What a customer wrote: topic `messages`.
    pub(super) fn written(&mut self, number: &str, text: &str, now: Time) -> Value {
        self.written.insert(number.to_owned(), now);
        json!({
            "topic": "messages",
            "businessId": BUSINESS,
            "timestamp": (now.millis() / 1000).to_string(),
            "sender": { "id": number, "channelType": "whatsapp" },
            "message": { "id": ulid(), "text": text },
        })
    }
}

/// Topic and address of a webhook.
fn webhook(body: &Value) -> Result<(&str, &str), Wrong> {
    let topic = one_of(body, "topic", &["messages", "delivery_status"], "ERROR_TYPE_INVALID_REQUEST")?;
    let address = needed(body, "address", 2000, "ERROR_TYPE_INVALID_REQUEST")?;
    need(address.starts_with("https://"), "ERROR_TYPE_INVALID_REQUEST", "address", "expected https")?;
    Ok((topic, address))
}

/// An id as the API makes them.
fn ulid() -> String {
    format!("01{}", random(24))
}
