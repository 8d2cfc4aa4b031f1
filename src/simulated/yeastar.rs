//! A Yeastar P-Series PBX: tokens of which eight live at once, errors under HTTP 200, sessions, contacts, event 30032.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    Asked, Reply, WINDOW, fault, has_written, is_number, is_over, is_reached, random,
    settings::{CLIENT, CLIENT_SECRET, DID},
    text,
};
use crate::{clock::Time, connector::System};

const ACCESS: Duration = Duration::from_secs(1800);
const REFRESH: Duration = Duration::from_secs(86_400);
/// Live access tokens of one application.
const TOKENS: usize = 8;
/// Failed log-ins after which the caller's address is blocked.
const FAILURES: u32 = 5;

#[derive(Default)]
pub(super) struct Yeastar {
    access: BTreeMap<String, Time>,
    refresh: BTreeMap<String, Time>,
    failures: u32,
    sessions: BTreeMap<i64, Session>,
    contacts: BTreeMap<i64, Value>,
    last: i64,
}

struct Session {
    channel: String,
    to: String,
    is_closed: bool,
    is_archived: bool,
    written: Option<Time>,
}

/// An answer beyond an error: its members beside errcode and errmsg.
type Done = Result<Value, &'static str>;

impl Yeastar {
    pub(super) fn answer(&mut self, asked: &Asked, now: Time) -> Reply {
        let path = asked.path.strip_prefix("/openapi/v1.0/").unwrap_or_default();
        let mut webhooks = Vec::new();
        let done = match path {
            // The PBX answers nobody who names no program.
            _ if asked.header("user-agent").is_none() => Err("40001"),
            "get_token" => self.login(asked, now),
            "refresh_token" => self.refresh(asked, now),
            _ => match self.access.get(asked.argument("access_token").unwrap_or_default()) {
                None => Err("10005"),
                Some(until) if is_over(*until, now) => Err("10004"),
                Some(_) => self.done(path, asked, now, &mut webhooks),
            },
        };
        match done {
            Ok(Value::Object(mut members)) => {
                members.insert("errcode".to_owned(), 0.into());
                members.insert("errmsg".to_owned(), "SUCCESS".into());
                Reply { webhooks, ..Reply::new(200, members.into()) }
            }
            Ok(_) => Reply { webhooks, ..Reply::new(200, json!({ "errcode": 0, "errmsg": "SUCCESS" })) },
            Err("-1") => {
                let list = json!([{ "field": "username or password", "value": "error" }]);
                Reply::new(200, json!({ "errcode": -1, "errmsg": "FAILURE", "invalid_param_list": list }))
            }
            Err(code) => Reply::new(200, fault::told(System::Yeastar, code, path).1),
        }
    }

    fn login(&mut self, asked: &Asked, now: Time) -> Done {
        if self.failures >= FAILURES {
            return Err("70004");
        }
        let body = asked.json().ok_or("40001")?;
        if text(&body, "/username") != Some(CLIENT) || text(&body, "/password") != Some(CLIENT_SECRET) {
            self.failures += 1;
            return Err("-1");
        }
        self.failures = 0;
        self.issue(now)
    }

    fn refresh(&mut self, asked: &Asked, now: Time) -> Done {
        let body = asked.json().ok_or("40001")?;
        let until = self.refresh.remove(text(&body, "/refresh_token").unwrap_or_default());
        if until.is_none_or(|until| is_over(until, now)) {
            return Err("10004");
        }
        self.issue(now)
    }

    fn issue(&mut self, now: Time) -> Done {
        self.access.retain(|_, until| !is_over(*until, now));
        if self.access.len() >= TOKENS {
            return Err("60002");
        }
        let (access, refresh) = (random(32), random(32));
        self.access.insert(access.clone(), now.plus(ACCESS));
        self.refresh.insert(refresh.clone(), now.plus(REFRESH));
        Ok(json!({
            "access_token": access, "access_token_expire_time": ACCESS.as_secs(),
            "refresh_token": refresh, "refresh_token_expire_time": REFRESH.as_secs(),
        }))
    }

    fn next(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    fn done(&mut self, path: &str, asked: &Asked, now: Time, webhooks: &mut Vec<Value>) -> Done {
        let body = if asked.method == "POST" { asked.json().ok_or("40001")? } else { Value::Null };
        match path {
            "message/send" => self.send(&body, now, webhooks),
            "company_contact/create" => {
                let has_number = body.get("number_list").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
                if text(&body, "/first_name").is_none() || !has_number {
                    return Err("40002");
                }
                let id = self.next();
                self.contacts.insert(id, body);
                Ok(json!({ "id": id }))
            }
            "company_contact/update" => {
                let id = body.get("id").and_then(Value::as_i64).ok_or("40002")?;
                *self.contacts.get_mut(&id).ok_or("70128")? = body;
                Ok(Value::Null)
            }
            "company_contact/delete" => {
                let id = asked.argument("id").and_then(|id| id.parse().ok()).ok_or("40002")?;
                self.contacts.remove(&id).map(|_| Value::Null).ok_or("70128")
            }
            "company_contact/list" | "company_contact/search" | "message_session/list" | "message/query" => {
                Ok(json!({ "total_number": 0, "data": [] }))
            }
            _ => self.session(path, &body),
        }
    }

    fn session(&mut self, path: &str, body: &Value) -> Done {
        let id = body.get("session_id").and_then(Value::as_i64).ok_or("10001")?;
        let session = self.sessions.get_mut(&id).ok_or("80014")?;
        match path {
            "message_session/close" if session.is_closed => return Err("80016"),
            "message_session/close" => session.is_closed = true,
            "message_session/archive" if session.is_archived => return Err("70653"),
            "message_session/archive" => session.is_archived = true,
            "message_session/unarchive" if !session.is_archived => return Err("70654"),
            "message_session/unarchive" => session.is_archived = false,
            "message_session/transfer" => {}
            _ => return Err("10001"),
        }
        Ok(Value::Null)
    }

    fn send(&mut self, body: &Value, now: Time, webhooks: &mut Vec<Value>) -> Done {
        let is_template = body.get("msg_kind").and_then(Value::as_i64) == Some(1);
        let param = text(body, "/whatsapp_msg_param").and_then(|param| serde_json::from_str::<Value>(param).ok());
        let is_said = text(body, "/msg_body").is_some_and(|text| !text.is_empty()) || body.get("files").is_some();
        if body.get("sender_type").is_none() || (is_template && param.is_none()) || (!is_template && !is_said) {
            return Err("40002");
        }
        let id = match body.get("session_id").and_then(Value::as_i64) {
            Some(id) => id,
            None => self.opened(body)?,
        };
        let session = self.sessions.get_mut(&id).ok_or("80014")?;
        if session.is_closed {
            return Err("80016");
        }
        if session.is_archived {
            return Err("70653");
        }
        let is_open = session.written.is_some_and(|at| now.since(at) < WINDOW) || has_written(&session.to);
        if session.channel == "whatsapp" && !is_template && !is_open {
            return Err("70657");
        }
        let (to, status) = (session.to.clone(), if is_reached(&session.to) { 1 } else { 2 });
        let message = self.next();
        let mut told = json!({
            "msg_id": message, "session_id": id, "to": to, "delivery_status": status,
            "request_id": text(body, "/request_id"),
        });
        if let (2, Some(members)) = (status, told.as_object_mut()) {
            members.insert("send_error".to_owned(), "invalid_phone_number".into());
            members.insert("send_error_msg".to_owned(), "the number cannot be reached".into());
        }
        // `msg` is JSON in a text, as in the sample of 30038.
        webhooks.push(json!({ "type": 30032, "sn": "DEMO", "msg": told.to_string() }));
        Ok(json!({ "data": { "msg_id": message, "session_id": id } }))
    }

    /// The session of channel, number and recipient: the one that is open, else a new one.
    fn opened(&mut self, body: &Value) -> Result<i64, &'static str> {
        let channel = text(body, "/channel").ok_or("40002")?.to_owned();
        let to = text(body, "/to").filter(|to| !to.is_empty()).ok_or("70621")?.to_owned();
        if text(body, "/did_number") != Some(DID) {
            return Err("80013");
        }
        if !["whatsapp", "general", "twilio", "telnyx", "bandwidth", "facebook", "livechat"].contains(&channel.as_str())
        {
            return Err("80018");
        }
        if !["facebook", "livechat"].contains(&channel.as_str()) && !is_number(&to) {
            return Err("40002");
        }
        let open = self
            .sessions
            .iter()
            .find(|(_, session)| !session.is_closed && session.channel == channel && session.to == to);
        if let Some((id, _)) = open {
            return Ok(*id);
        }
        let id = self.next();
        self.sessions.insert(id, Session { channel, to, is_closed: false, is_archived: false, written: None });
        Ok(id)
    }
}
