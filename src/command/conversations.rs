//! `envoi conversations`, `envoi conversation`, `envoi replay` and `envoi time`: questions to a running server's
//! operators' listener.

use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use hyper::Method;
use serde_json::Value;

use super::{
    Exit,
    call::{Answered, Caller, PATIENCE, WHOLE_WORK, usable},
    columns::{columns, told},
    complain, say, words,
};
use crate::{connector::encoded, mail::is_unseen, server::OPERATOR};

/// Where operators are answered.
#[derive(Args)]
pub(super) struct Admin {
    /// The operators' listener of the server.
    #[arg(
        long,
        env = "ENVOI_ADMIN",
        hide_env_values = true,
        value_name = "URL",
        default_value = "http://127.0.0.1:8081"
    )]
    admin: String,
    /// Print the answer as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
#[command(after_long_help = words::of_conversations())]
pub(super) struct Conversations {
    #[command(flatten)]
    admin: Admin,
    /// Only those in this state: open, closed, processing, complete, error, timeout or unreadable.
    #[arg(long)]
    state: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Args)]
#[command(after_long_help = words::of_conversation())]
pub(super) struct Conversation {
    /// The ConversationID, or the RequestID of a call without one.
    id: String,
    /// The account (MID), where there are several.
    #[arg(long)]
    account: Option<u64>,
    #[command(flatten)]
    admin: Admin,
}

#[derive(Args)]
pub(super) struct Replay {
    /// The ConversationID of a conversation that has ended.
    id: String,
    /// Send the parts that it never came to (`envoi conversation ID` lists them as not run), numbered from 1.
    #[arg(long, required = true)]
    remaining: bool,
    /// The ConversationID of the new conversation; a fresh one when absent.
    #[arg(long = "as", value_name = "NEWID")]
    new: Option<String>,
    /// The account (MID), where there are several.
    #[arg(long)]
    account: Option<u64>,
    #[command(flatten)]
    admin: Admin,
}

#[derive(Args)]
pub(super) struct Time {
    /// By how much, such as `+5m`, `+90s`, `+1d`. The server must have been started with --virtual-clock.
    #[arg(value_parser = millis)]
    by: u64,
    #[command(flatten)]
    admin: Admin,
}

fn millis(text: &str) -> Result<u64, String> {
    let expected = || format!("`{text}` is no span of time: expected a number with ms, s, m, h or d, such as +5m");
    let plain = text.strip_prefix('+').unwrap_or(text);
    let digits = plain.len() - plain.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = plain.split_at_checked(digits).ok_or_else(expected)?;
    let unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(expected()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(expected)
}

pub(super) async fn list(list: &Conversations) -> Exit {
    let query = list.state.iter().map(|state| ("state", state.clone())).collect();
    let (all, more) = match list.admin.list("/conversations", query, list.limit).await {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let row = |line: &Value| {
        let [state, opened, account] = ["state", "opened", "account"].map(|name| text(line, name));
        [state, parts(line), opened, account, named_as(line)]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let said = list.admin.say(&all, || columns(["STATE", "PARTS", "OPENED", "ACCOUNT", "CONVERSATION"], &rows));
    if all.is_empty() && !list.admin.json {
        complain(said, "there is no such conversation");
    }
    if more {
        complain(said, &format!("there are more than these {}; --limit N shows more, --state fewer", list.limit));
    }
    said
}

pub(super) async fn show(one: &Conversation) -> Exit {
    one.admin.ask(Method::GET, "/conversation", &named(&one.id, one.account), describe).await
}

pub(super) async fn replay(replay: &Replay) -> Exit {
    let mut query = named(&replay.id, replay.account);
    query.extend(replay.new.iter().map(|new| ("as", new.clone())));
    let told = |answer: &Value| format!("{} with {} parts\n", text(answer, "conversation"), text(answer, "parts"));
    replay.admin.ask(Method::POST, "/replay", &query, told).await
}

pub(super) async fn time(time: &Time) -> Exit {
    let told = |answer: &Value| format!("{}\n", text(answer, "now"));
    time.admin.ask_within(WHOLE_WORK, Method::POST, "/time", &[("by", time.by.to_string())], told).await
}

fn named(id: &str, account: Option<u64>) -> Vec<(&'static str, String)> {
    let account = account.map(|account| ("account", account.to_string()));
    std::iter::once(("id", id.to_owned())).chain(account).collect()
}

impl Admin {
    /// Asks, and says the answer: as JSON, or in words.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        words: impl FnOnce(&Value) -> String,
    ) -> Exit {
        self.ask_within(PATIENCE, method, path, query, words).await
    }

    /// As [`Admin::ask`], waiting so long for the answer.
    pub(super) async fn ask_within(
        &self,
        patience: Duration,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        words: impl FnOnce(&Value) -> String,
    ) -> Exit {
        let body = match self.fetch_within(patience, method, path, query).await {
            Ok(body) => body,
            Err(exit) => return exit,
        };
        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if self.json { say(&format!("{body:#}\n")) } else { say(&words(&body)) }
    }

    /// Asks for a list of at most so many; and whether there are more.
    pub(super) async fn list(
        &self,
        path: &str,
        mut query: Vec<(&'static str, String)>,
        limit: usize,
    ) -> Result<(Vec<Value>, bool), Exit> {
        // One more than is shown tells it.
        query.push(("limit", limit.saturating_add(1).to_string()));
        let body = self.fetch(Method::GET, path, &query).await?;
        let mut all: Vec<Value> = serde_json::from_slice(&body).unwrap_or_default();
        let more = all.len() > limit;
        all.truncate(limit);
        Ok((all, more))
    }

    /// Says a list: as JSON, or in words.
    pub(super) fn say(&self, list: &[Value], words: impl FnOnce() -> String) -> Exit {
        if self.json { say(&format!("{:#}\n", Value::Array(list.to_vec()))) } else { say(&words()) }
    }

    /// Asks, and complains when there is no answer.
    pub(super) async fn fetch(&self, method: Method, path: &str, query: &[(&str, String)]) -> Result<Bytes, Exit> {
        self.fetch_within(PATIENCE, method, path, query).await
    }

    async fn fetch_within(
        &self,
        patience: Duration,
        method: Method,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Bytes, Exit> {
        self.check()?;
        let caller = match Caller::new(None) {
            Ok(caller) => caller.waiting(patience),
            Err(error) => return Err(complain(Exit::Usage, &error)),
        };
        let answer = match self.call(&caller, method, path, query).await {
            Ok(answer) => answer,
            Err(error) => return Err(complain(Exit::Io, &error)),
        };
        if answer.status == 200 {
            return Ok(answer.body);
        }
        let exit = match answer.status {
            400 => Exit::Usage,
            // The server's disk.
            503 => Exit::Io,
            _ => Exit::Failed,
        };
        Err(complain(exit, &answer.complaint()))
    }

    /// Complains of an address at which nobody can be asked. A password in it is not repeated.
    pub(super) fn check(&self) -> Result<(), Exit> {
        usable("--admin (ENVOI_ADMIN)", &self.admin)
    }

    /// What is wrong, behind where it was asked.
    pub(super) fn about(&self, what: &str) -> String {
        format!("{}: {what}", self.admin)
    }

    /// One question and its answer, whatever that is.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn call(
        &self,
        caller: &Caller,
        method: Method,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Answered, String> {
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let url = format!("{}{path}?{}", self.admin.trim_end_matches('/'), query.join("&"));
        caller.call(method, &url, &[(OPERATOR, "envoi".to_owned())], "").await
    }
}

/// A member as text; what a control character would do to a terminal is not done, and what is not seen is shown.
pub(super) fn text(value: &Value, name: &str) -> String {
    let text = match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() || is_unseen(c) { '\u{FFFD}' } else { c }).collect()
}

/// How many parts are in, of how many.
fn parts(line: &Value) -> String {
    format!("{}/{}", text(line, "received"), text(line, "calls"))
}

/// By its id, or by the request that it is alone.
fn named_as(line: &Value) -> String {
    let conversation = text(line, "conversation");
    if conversation.is_empty() { format!("request {}", text(line, "request")) } else { conversation }
}

fn describe(whole: &Value) -> String {
    let of = |name: &str| text(whole, name);
    let items = |name: &str| {
        let items = whole.get(name).and_then(Value::as_array).into_iter().flatten();
        items.map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect::<Vec<_>>()
    };
    let state = of("state");
    let ended = matches!(state.as_str(), "Complete" | "Error" | "Timeout" | "Unreadable");
    // Who names a call without a ConversationID names its request.
    let id = Some(of("conversation")).filter(|id| !id.is_empty()).unwrap_or_else(|| of("request"));
    let mut out = told("conversation", &named_as(whole));
    out += &told("state", &format!("{state}: {}", words::meaning(words::CONVERSATIONS, &state)));
    out += &told("parts", &format!("{} of {} are in", of("received"), of("calls")));
    let due = match state.as_str() {
        _ if of("due").is_empty() => String::new(),
        "Open" => told("times out", &format!("{}, in {} s", of("due"), of("seconds_left"))),
        _ if ended => told("forgotten", &format!("{}, with its results and with what was told", of("due"))),
        "Processing" => told("goes on", &format!("{}, or when what it waits for has ended", of("due"))),
        _ => told("taken up", &of("due")),
    };
    let unreadable = Some(of("unreadable_parts")).filter(|count| count != "0").unwrap_or_default();
    let deliveries = format!("`envoi deliveries --conversation {}` shows them with their ids", quoted(&id));
    for (title, value) in [
        ("account", of("account")),
        ("opened", of("opened")),
        ("cause", of("cause")),
        ("set aside", of("set_aside")),
        ("unreadable", unreadable),
        ("missing", items("missing").join(", ")),
    ] {
        out += &told(title, &value);
    }
    out += &due;
    out += &told("not run", &not_run(whole, &items("remaining").join(", ")));
    out += &told("renews", &of("renews"));
    out += &told("renewed as", &of("renewed_as"));
    out += &told("waits for", &seen(&items("waits_for")));
    let tells = items("owed");
    out += &told("tells", &seen(&tells));
    out += &if tells.is_empty() { String::new() } else { told("", &deliveries) };
    let rows = |name: &str| whole.get(name).and_then(Value::as_array).into_iter().flatten();
    let parts: Vec<_> = rows("parts")
        .map(|part| ["sequence", "fate", "operation", "objects", "request"].map(|name| text(part, name)))
        .collect();
    let events: Vec<_> = rows("timeline").map(|event| ["at", "what"].map(|name| text(event, name))).collect();
    for table in [
        columns(["PART", "FATE", "OPERATION", "OBJECTS", "REQUEST"], &parts),
        columns(["WHEN", "WHAT HAPPENED"], &events),
    ] {
        out += &if table.is_empty() { table } else { format!("\n{table}") };
    }
    out
}

/// A line for each, and no more lines than that.
fn seen(items: &[String]) -> String {
    let harmless = |item: &String| {
        item.chars().map(|c| if c.is_control() || is_unseen(c) { '\u{FFFD}' } else { c }).collect::<String>()
    };
    items.iter().map(harmless).collect::<Vec<_>>().join("\n")
}

/// As one word of a shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The parts of a conversation that has ended which it never came to, and how they are sent again.
fn not_run(whole: &Value, parts: &str) -> String {
    let id = text(whole, "conversation");
    if parts.is_empty() || id.is_empty() || !text(whole, "renewed_as").is_empty() {
        return parts.to_owned();
    }
    format!("{parts} (`envoi replay {} --remaining` sends what was not run as a new conversation)", quoted(&id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spans_of_time_have_a_unit() {
        for (span, expected) in [("+5m", 300_000), ("90s", 90_000), ("+1d", 86_400_000), ("7ms", 7)] {
            assert_eq!(millis(span), Ok(expected), "{span}");
        }
        for wrong in ["", "+", "5", "m", "-5m", "5 m", "99999999999999999999s", "18446744073709551615d"] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_not_run_is_told_with_the_way_to_send_it() {
        let whole = |renewed: &str| json!({ "state": "Error", "conversation": "Ada's", "received": 3, "calls": 3, "remaining": [2, 3], "renewed_as": renewed });
        let out = describe(&whole(""));
        let how = r"`envoi replay 'Ada'\''s' --remaining` sends what was not run as a new conversation";
        assert!(out.contains(&format!("\nnot run       2, 3 ({how})\n")), "{out}");
        let out = describe(&whole("again"));
        assert!(out.contains("\nnot run       2, 3\nrenewed as    again\n"), "{out}");
        assert!(!describe(&json!({ "remaining": [] })).contains("not run"));
    }

    #[test]
    fn ids_travel_as_they_are() {
        assert_eq!(encoded("Test List&1=ä"), "Test%20List%261%3D%C3%A4");
    }
}
