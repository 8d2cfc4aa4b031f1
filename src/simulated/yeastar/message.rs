//! Messages: sent, read back, told of; and campaigns.

use serde_json::{Value, json};

use super::{Done, MESSAGES, Session, Yeastar, argument};
use crate::{
    clock::Time,
    connector::PBX_CHANNELS,
    simulated::{
        Asked, LONGEST, Outcome, Turn, WINDOW,
        check::{Wrong, is_number, list, need, needed, number, one_of, text},
        connectly::TEMPLATES,
        has_written,
        settings::DID,
    },
};

impl Yeastar {
    pub(super) fn send(&mut self, body: &Value, turn: &Turn<'_>, webhooks: &mut Vec<Value>) -> Done {
        match number(body, "sender_type", "40002")? {
            1 => drop(needed(body, "sender_no", 127, "40002")?),
            9 => {}
            _ => return Err(Wrong::new("40002", "sender_type", "expected 1 or 9")),
        }
        let optional = |name: &str| body.get(name).map_or(Ok(0), |_| number(body, name, "40002"));
        need(optional("msg_type")? == 0, "40002", "msg_type", "expected 0")?;
        let kind = optional("msg_kind")?;
        need(matches!(kind, 0 | 1), "40002", "msg_kind", "expected 0 or 1")?;
        if body.get("request_id").is_some() {
            needed(body, "request_id", 127, "40002")?;
        }
        let content = content(body, kind == 1)?;
        let id = match body.get("session_id") {
            Some(_) => number(body, "session_id", "40002")?,
            None => self.opened(body)?,
        };
        let message = self.last + 1;
        let session = self.open_session(id)?;
        let is_free = kind == 0 && text(body, "/tag").is_none();
        let has_window = matches!(session.channel.as_str(), "whatsapp" | "facebook");
        need(kind == 0 || session.channel == "whatsapp", "80015", "msg_kind", "expected a session of WhatsApp")?;
        let is_shut = has_window && is_free && !session.may_be_written_to(turn.now);
        need(!is_shut, "70657", "the customer", "has not written for 24 hours")?;
        let outcome = match &content {
            Content::Template(name) if !TEMPLATES.contains(&name.as_str()) => failed("template_not_exist"),
            Content::Text(text) if text.chars().count() > LONGEST => failed("exceeds_size_limit"),
            _ => turn.outcome(&session.to),
        };
        let (record, events) = told(message, id, session, body, &outcome, turn.now);
        session.remember(record);
        webhooks.extend(events);
        self.last = message;
        Ok(json!({ "data": { "msg_id": message, "session_id": id } }))
    }

    /// The session of channel, number and recipient: the one that is open, else a new one.
    fn opened(&mut self, body: &Value) -> Result<i64, Wrong> {
        let channel = needed(body, "channel", 127, "40002")?;
        need(PBX_CHANNELS.contains(&channel), "80018", "channel", "is none of the PBX's")?;
        let did = needed(body, "did_number", 127, "40002")?;
        need(did == DID, "80013", "did_number", "is none of the PBX's")?;
        need(text(body, "/to") != Some(""), "70621", "to", "is empty")?;
        let to = needed(body, "to", 255, "40002")?;
        let is_named = matches!(channel, "facebook" | "livechat") || is_number(to);
        need(is_named, "40002", "to", "expected a number such as +12025550124")?;
        Ok(self.session_with(channel, to))
    }

    pub(super) fn session_with(&mut self, channel: &str, to: &str) -> i64 {
        let is_its = |session: &Session| !session.is_closed && session.channel == channel && session.to == to;
        if let Some((id, _)) = self.sessions.iter().find(|(_, session)| is_its(session)) {
            return *id;
        }
        let id = self.next();
        self.sessions.insert(id, Session::new(channel, to));
        id
    }

    /// What a customer wrote, by WhatsApp: event 30031.
    pub(in crate::simulated) fn written(&mut self, number: &str, text: &str, now: Time) -> Value {
        let (session_id, msg_id) = (self.session_with("whatsapp", number), self.next());
        let seconds = now.millis() / 1000;
        let record = json!({
            "msg_id": msg_id, "session_id": session_id, "from": number, "to": DID, "msg_kind": 0, "msg_type": 0,
            "msg_body": text, "send_time": seconds, "receive_time": seconds,
        });
        if let Some(session) = self.sessions.get_mut(&session_id) {
            session.written = Some(now);
            session.remember(record.clone());
        }
        json!({ "type": 30031, "sn": "DEMO", "msg": record.to_string() })
    }

    /// `message/get`: the messages of one session, the newest last.
    pub(super) fn messages(&self, asked: &Asked) -> Done {
        let (id, size) = (argument(asked, "id")?, argument(asked, "page_size")?);
        let unknown = || Wrong::new("80014", "id", "is no session");
        let session = self.sessions.get(&id).ok_or_else(unknown)?;
        let before = asked.argument("last_msg_id").map(|_| argument(asked, "last_msg_id")).transpose()?;
        let is_before = |record: &&Value| {
            let own = record.get("msg_id").and_then(Value::as_i64);
            before.is_none_or(|before| own.is_some_and(|own| own < before))
        };
        let found: Vec<_> = session.messages.iter().filter(is_before).collect();
        let first = found.len().saturating_sub(usize::try_from(size).unwrap_or(0));
        let page = found.get(first..).unwrap_or_default();
        Ok(json!({ "data": { "session_id": id, "records": page } }))
    }

    /// `message/query`: those of several.
    pub(super) fn messages_of_several(&self, asked: &Asked) -> Done {
        let size = usize::try_from(argument(asked, "page_size")?).unwrap_or(0);
        let ids = asked.argument("ids").ok_or_else(|| Wrong::new("40002", "ids", "required"))?;
        let mut all = Vec::new();
        for id in ids.split(',') {
            let id =
                id.trim().parse().map_err(|_| Wrong::new("40002", "ids", "expected numbers with commas between"))?;
            if let Some(session) = self.sessions.get(&id) {
                let records: Vec<_> = session.messages.iter().rev().take(size).rev().collect();
                all.push(json!({ "session_id": id, "records": records }));
            }
        }
        Ok(json!({ "data": all }))
    }

    /// `message_campaign/create`: nothing is sent.
    pub(super) fn campaign(&mut self, body: &Value, now: Time) -> Done {
        needed(body, "name", 127, "40002")?;
        one_of(body, "channel_type", &["sms", "whatsapp"], "40002")?;
        number(body, "omnichannel_id", "40002")?;
        number(body, "sender", "40002")?;
        match one_of(body, "recipient_type", &["input", "phonebook"], "40002")? {
            "phonebook" => {
                let id = number(body, "recipient_id", "40002")?;
                need(self.phonebooks.get(&id).is_some(), "70093", "recipient_id", "is no phonebook")?;
            }
            _ => {
                for one in list(body, "number_list", 10_000, "70621")? {
                    let number = one.as_str().or_else(|| text(one, "/number")).unwrap_or_default();
                    need(is_number(number), "40002", "number_list", "expected numbers such as +12025550124")?;
                }
            }
        }
        if body.get("send_time").is_some() {
            let at = number(body, "send_time", "40002")?;
            need(at >= now.millis() / 1000, "70623", "send_time", "is over")?;
        }
        Ok(json!({ "id": self.next() }))
    }
}

/// What a message holds.
enum Content {
    Text(String),
    File,
    Template(String),
}

/// One text, one file or one template.
fn content(body: &Value, is_template: bool) -> Result<Content, Wrong> {
    let names = ["msg_body", "files", "whatsapp_msg_param"];
    let mut given = names.into_iter().filter(|name| body.get(name).is_some());
    let (one, more) = (given.next(), given.next());
    need(more.is_none(), "80015", more.unwrap_or_default(), "stands beside another content")?;
    match one {
        Some("msg_body") if !is_template => {
            let found = text(body, "/msg_body").filter(|text| !text.is_empty());
            let found = found.ok_or_else(|| Wrong::new("40002", "msg_body", "expected a text that is not empty"))?;
            Ok(Content::Text(found.to_owned()))
        }
        Some("files") if !is_template => list(body, "files", 1, "80015").map(|_| Content::File),
        Some("whatsapp_msg_param") if is_template => {
            let param = text(body, "/whatsapp_msg_param").and_then(|text| serde_json::from_str::<Value>(text).ok());
            let param = param.filter(Value::is_object);
            let param = param.ok_or_else(|| Wrong::new("40002", "whatsapp_msg_param", "expected JSON in a text"))?;
            Ok(Content::Template(needed(&param, "name", 512, "40002")?.to_owned()))
        }
        Some(name) => Err(Wrong::new("80015", name, "does not go with msg_kind")),
        None if is_template => Err(Wrong::new("40002", "whatsapp_msg_param", "required")),
        None => Err(Wrong::new("40002", "msg_body", "required")),
    }
}

fn failed(code: &str) -> Outcome {
    Outcome::Failed(Some(code.to_owned()))
}

/// A message as it is remembered, and the events that tell of it. `msg` is JSON in a text, as in the sample of 30038.
fn told(id: i64, session_id: i64, to: &Session, body: &Value, outcome: &Outcome, now: Time) -> (Value, Vec<Value>) {
    let (status, error) = match outcome {
        Outcome::Sent | Outcome::Silent => (0, None),
        Outcome::Delivered | Outcome::Read => (1, None),
        Outcome::Failed(code) => (2, Some(code.as_deref().unwrap_or("invalid_phone_number"))),
    };
    let mut record = json!({
        "msg_id": id, "session_id": session_id, "to": to.to, "delivery_status": status,
        "msg_kind": body.get("msg_kind").unwrap_or(&json!(0)), "msg_type": 0, "msg_body": body.get("msg_body"),
        "send_time": now.millis() / 1000, "request_id": body.get("request_id"),
    });
    if let (Some(error), Some(members)) = (error, record.as_object_mut()) {
        members.insert("send_error".to_owned(), error.into());
        members.insert("send_error_msg".to_owned(), format!("the message was not delivered: {error}").into());
    }
    let event = |kind: u32, msg: &Value| json!({ "type": kind, "sn": "DEMO", "msg": msg.to_string() });
    let mut events = Vec::new();
    if *outcome != Outcome::Silent {
        events.push(event(30032, &record));
    }
    if *outcome == Outcome::Read {
        let data = json!({ "data": { "session_id": session_id, "read_msg_id": id, "user_id": 0 } });
        events.push(event(30038, &data));
    }
    (record, events)
}

impl Session {
    fn may_be_written_to(&self, now: Time) -> bool {
        has_written(&self.to) || self.written.is_some_and(|at| now.since(at) < WINDOW)
    }

    pub(super) fn remember(&mut self, record: Value) {
        if self.messages.len() >= MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(record);
    }
}
