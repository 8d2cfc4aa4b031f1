//! A Yeastar P-Series PBX: tokens of which eight live at once, errors under HTTP 200, sessions with their messages, contacts and
//! phonebooks, events 30031, 30032 and 30038.
//!
//! The PBX of the demonstration has one number, the extensions 1000 to 1009, the queue 6400 with agents and the queue 6401 without.

mod contact;
mod message;
mod session;

use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};

use super::{
    Asked, MOST, Reply, Turn,
    bounded::Bounded,
    check::{Wrong, need, needed, one_of, text},
    is_over, random,
    settings::{CLIENT, CLIENT_SECRET},
};
use crate::{clock::Time, connector::System};

const ACCESS: Duration = Duration::from_secs(1800);
const REFRESH: Duration = Duration::from_secs(86_400);
/// Live access tokens of one application.
const TOKENS: usize = 8;
/// Refresh tokens that are remembered.
const REFRESHES: usize = 1000;
/// Failed log-ins after which the caller's address is blocked.
const FAILURES: u32 = 5;
/// Messages of one session that are remembered.
const MESSAGES: usize = 100;
/// Phonebooks that there can be.
const PHONEBOOKS: usize = 500;

pub(super) struct Yeastar {
    access: Bounded<String, Time>,
    refresh: Bounded<String, Time>,
    failures: u32,
    sessions: Bounded<i64, Session>,
    contacts: Bounded<i64, Value>,
    /// Names of phonebooks.
    phonebooks: Bounded<i64, String>,
    last: i64,
}

struct Session {
    channel: String,
    to: String,
    is_closed: bool,
    is_archived: bool,
    /// Who has it: destination_type and destination_id.
    holder: (String, String),
    /// When the customer wrote last.
    written: Option<Time>,
    messages: VecDeque<Value>,
}

/// An answer beyond an error: its members beside errcode and errmsg.
type Done = Result<Value, Wrong>;

/// What is answered where there is no more to say.
const NOTHING: Value = Value::Null;

impl Yeastar {
    pub(super) fn new() -> Self {
        Self {
            access: Bounded::new(TOKENS),
            refresh: Bounded::new(REFRESHES),
            failures: 0,
            sessions: Bounded::new(MOST),
            contacts: Bounded::new(MOST),
            phonebooks: Bounded::new(PHONEBOOKS),
            last: 0,
        }
    }

    pub(super) fn answer(&mut self, turn: &Turn<'_>) -> Reply {
        let (asked, now) = (turn.asked, turn.now);
        let path = asked.path.strip_prefix("/openapi/v1.0/").unwrap_or_default();
        let mut webhooks = Vec::new();
        let done = match path {
            // The PBX answers nobody who names no program.
            _ if asked.header("user-agent").is_none() => Err(Wrong::new("40001", "User-Agent", "is missing")),
            "get_token" => self.login(asked, now),
            "refresh_token" => self.refresh(asked, now),
            _ => match self.access.get(&asked.argument("access_token").unwrap_or_default().to_owned()) {
                None => Err(Wrong::new("10005", "access_token", "is none")),
                Some(until) if is_over(*until, now) => Err(Wrong::new("10004", "access_token", "has expired")),
                Some(_) => self.done(path, turn, &mut webhooks),
            },
        };
        match done {
            Ok(done) => {
                let mut members = done.as_object().cloned().unwrap_or_default();
                members.insert("errcode".to_owned(), 0.into());
                members.insert("errmsg".to_owned(), "SUCCESS".into());
                Reply { webhooks, ..Reply::new(200, members.into()) }
            }
            Err(wrong) => Reply::refused(System::Yeastar, &wrong, path),
        }
    }

    fn login(&mut self, asked: &Asked, now: Time) -> Done {
        if self.failures >= FAILURES {
            return Err(Wrong::new("70004", "the address", "has failed to log in five times"));
        }
        let body = body(asked)?;
        if text(&body, "/username") != Some(CLIENT) || text(&body, "/password") != Some(CLIENT_SECRET) {
            self.failures += 1;
            return Err(Wrong::new("-1", "username or password", "error"));
        }
        self.failures = 0;
        self.issue(now)
    }

    fn refresh(&mut self, asked: &Asked, now: Time) -> Done {
        let body = body(asked)?;
        let until = self.refresh.remove(&text(&body, "/refresh_token").unwrap_or_default().to_owned());
        let is_good = until.is_some_and(|until| !is_over(until, now));
        need(is_good, "10004", "refresh_token", "is none, or one that has expired")?;
        self.issue(now)
    }

    fn issue(&mut self, now: Time) -> Done {
        self.access.retain(|until| !is_over(*until, now));
        need(!self.access.is_full(), "60002", "access_token", "eight are good already")?;
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

    fn done(&mut self, path: &str, turn: &Turn<'_>, webhooks: &mut Vec<Value>) -> Done {
        let asked = turn.asked;
        match (asked.method.as_str(), path) {
            ("GET", "del_token") => {
                self.access.remove(&asked.argument("access_token").unwrap_or_default().to_owned());
                Ok(NOTHING)
            }
            ("POST", "message/send") => self.send(&body(asked)?, turn, webhooks),
            ("GET", "message/get") => self.messages(asked),
            ("GET", "message/query") => self.messages_of_several(asked),
            ("POST", "message_campaign/create") => self.campaign(&body(asked)?, turn.now),
            ("GET", "message_session/list") => Ok(self.sessions_listed(asked, turn.now)),
            ("GET", "message_session/get") => self.session_shown(asked, turn.now),
            ("POST", "message_session/close") => self.close(&body(asked)?),
            ("POST", "message_session/archive") => self.archive(&body(asked)?, true),
            ("POST", "message_session/unarchive") => self.archive(&body(asked)?, false),
            ("POST", "message_session/transfer") => self.transfer(&body(asked)?),
            ("POST", "company_contact/create") => self.create_contact(body(asked)?),
            ("POST", "company_contact/update") => self.update_contact(body(asked)?),
            ("GET", "company_contact/delete") => self.delete_contact(asked),
            ("GET", "company_contact/get") => self.contact_shown(asked),
            ("GET", "company_contact/list") => Ok(self.contacts_listed(asked, "")),
            ("GET", "company_contact/search") => {
                Ok(self.contacts_listed(asked, asked.argument("search_value").unwrap_or_default()))
            }
            ("POST", "phonebook/create") => self.create_phonebook(&body(asked)?),
            ("POST", "phonebook/update") => self.update_phonebook(&body(asked)?),
            ("GET", "phonebook/delete") => self.delete_phonebook(asked),
            ("POST", "system/sendemail") => mail(&body(asked)?),
            _ => Err(Wrong::new("10001", path, "is no endpoint")),
        }
    }
}

/// The JSON of a body.
fn body(asked: &Asked) -> Result<Value, Wrong> {
    asked.json().ok_or_else(|| Wrong::new("40001", "the body", "is no JSON object of application/json"))
}

/// An argument of the query that is a number.
fn argument(asked: &Asked, name: &str) -> Result<i64, Wrong> {
    let given = asked.argument(name).ok_or_else(|| Wrong::new("40002", name, "required"))?;
    given.parse().map_err(|_| Wrong::new("40002", name, "expected a number"))
}

/// Entries of a page: `page` from 1, `page_size`.
fn page<T>(asked: &Asked, all: impl Iterator<Item = T>) -> Vec<T> {
    let size =
        argument(asked, "page_size").ok().and_then(|size| usize::try_from(size).ok()).unwrap_or(20).clamp(1, 1000);
    let page = argument(asked, "page").ok().and_then(|page| usize::try_from(page).ok()).unwrap_or(1).max(1);
    all.skip((page - 1).saturating_mul(size)).take(size).collect()
}

/// `system/sendemail`: nothing leaves.
fn mail(body: &Value) -> Done {
    one_of(body, "email_server", &["follow_system", "ys", "custom"], "40002")?;
    for name in ["recipient", "cc", "bcc"] {
        let given = body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_address = |one: &Value| one.as_str().is_some_and(|text| text.contains('@'));
        need(given.iter().all(is_address), "40002", name, "expected addresses")?;
    }
    for name in ["subject", "body"] {
        if body.get(name).is_some() {
            needed(body, name, super::LONGEST, "40002")?;
        }
    }
    Ok(NOTHING)
}
