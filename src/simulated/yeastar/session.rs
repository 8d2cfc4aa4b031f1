//! Sessions: listed, closed, archived, handed over.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Done, NOTHING, Session, Yeastar, argument, page};
use crate::{
    clock::Time,
    simulated::{
        Asked, WINDOW,
        check::{Wrong, need, needed, number, one_of},
        settings::DID,
    },
};

impl Session {
    pub(super) fn new(channel: &str, to: &str) -> Self {
        Self {
            channel: channel.to_owned(),
            to: to.to_owned(),
            is_closed: false,
            is_archived: false,
            holder: ("api".to_owned(), String::new()),
            written: None,
            messages: VecDeque::new(),
        }
    }

    fn shown(&self, id: i64, now: Time) -> Value {
        let left = self.written.map(|at| WINDOW.saturating_sub(now.since(at)).as_secs());
        json!({
            "id": id, "type": self.channel, "channel_type": self.channel, "did_number": DID, "to_number": self.to,
            "is_close": u8::from(self.is_closed), "is_archived": u8::from(self.is_archived), "expire": left,
            "pickup_type": self.holder.0, "pickup_id": self.holder.1,
        })
    }
}

impl Yeastar {
    /// A session that messages can go to.
    pub(super) fn open_session(&mut self, id: i64) -> Result<&mut Session, Wrong> {
        let session = self.sessions.get_mut(&id).ok_or_else(|| Wrong::new("80014", "session_id", "is no session"))?;
        need(!session.is_closed, "80016", "session_id", "is closed")?;
        need(!session.is_archived, "70653", "session_id", "is archived")?;
        Ok(session)
    }

    fn named(&mut self, body: &Value) -> Result<&mut Session, Wrong> {
        let id = number(body, "session_id", "40002")?;
        self.sessions.get_mut(&id).ok_or_else(|| Wrong::new("80014", "session_id", "is no session"))
    }

    pub(super) fn sessions_listed(&self, asked: &Asked, now: Time) -> Value {
        let wants = |name: &str, is: bool| match asked.argument(name) {
            Some("0") => !is,
            Some("1") => is,
            _ => true,
        };
        let fits =
            |session: &Session| wants("is_archived", session.is_archived) && wants("is_closed", session.is_closed);
        let all = self.sessions.iter().filter(|(_, session)| fits(session));
        json!({ "list": page(asked, all.map(|(id, session)| session.shown(*id, now))) })
    }

    /// `list` is one object here, as the page has it.
    pub(super) fn session_shown(&self, asked: &Asked, now: Time) -> Done {
        let id = argument(asked, "id")?;
        let session = self.sessions.get(&id).ok_or_else(|| Wrong::new("80014", "id", "is no session"))?;
        Ok(json!({ "list": session.shown(id, now) }))
    }

    pub(super) fn close(&mut self, body: &Value) -> Done {
        let session = self.named(body)?;
        need(!session.is_closed, "80016", "session_id", "is closed")?;
        session.is_closed = true;
        Ok(NOTHING)
    }

    /// Into the archive, or out of it.
    pub(super) fn archive(&mut self, body: &Value, into: bool) -> Done {
        match number(body, "user_type", "40002")? {
            1 => drop(needed(body, "user_no", 127, "40002")?),
            9 => {}
            _ => return Err(Wrong::new("40002", "user_type", "expected 1 or 9")),
        }
        let session = self.named(body)?;
        need(!into || !session.is_archived, "70653", "session_id", "is archived")?;
        need(into || session.is_archived, "70654", "session_id", "is not archived")?;
        session.is_archived = into;
        Ok(NOTHING)
    }

    pub(super) fn transfer(&mut self, body: &Value) -> Done {
        let kind = one_of(body, "destination_type", &["extension", "queue", "api"], "40002")?;
        let id = match body.get("destination_id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            None | Some(Value::Null) if kind == "api" => String::new(),
            _ => return Err(Wrong::new("40002", "destination_id", "required")),
        };
        match kind {
            "queue" => {
                need(matches!(id.as_str(), "6400" | "6401"), "80051", "destination_id", "is no queue")?;
                need(id == "6400", "80052", "destination_id", "is a queue without agents")?;
            }
            "extension" => {
                let is_known = id.parse().is_ok_and(|number: u32| (1000..1010).contains(&number));
                need(is_known, "70537", "destination_id", "is no extension")?;
            }
            _ => {}
        }
        let session = self.named(body)?;
        need(!session.is_closed, "80016", "session_id", "is closed")?;
        let holder = (kind.to_owned(), if kind == "api" { String::new() } else { id });
        need(session.holder != holder, "80017", "destination_id", "has the session already")?;
        session.holder = holder;
        Ok(NOTHING)
    }
}
