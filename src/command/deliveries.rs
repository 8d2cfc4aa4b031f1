//! `envoi deliveries`, `envoi delivery`, `envoi targets`, `envoi redeliver` and `envoi settle`: what a running server owes.

use clap::Args;
use hyper::Method;
use serde_json::Value;

use super::{
    Exit,
    conversations::{Admin, text},
};
use crate::mail::is_unseen;

#[derive(Args)]
pub(super) struct Deliveries {
    #[command(flatten)]
    admin: Admin,
    /// Only those that were given up.
    #[arg(long, conflicts_with = "state")]
    failed: bool,
    /// Only those in this state: owed, sending, accepted, delivered, failed, in_doubt or withdrawn.
    #[arg(long)]
    state: Option<String>,
    /// Only those of this account (MID).
    #[arg(long)]
    account: Option<u64>,
    /// Only those about this ConversationID, or the RequestID of a call without one.
    #[arg(long)]
    conversation: Option<String>,
    /// Only those that were owed before this one (its id).
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// At most so many, the newest first.
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Args)]
pub(super) struct Delivery {
    /// Its id: the `webhook-id` of a callback.
    id: String,
    #[command(flatten)]
    admin: Admin,
}

#[derive(Args)]
pub(super) struct Targets {
    #[command(flatten)]
    admin: Admin,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Args)]
pub(super) struct Redeliver {
    /// Ids of deliveries.
    #[arg(required_unless_present = "target", conflicts_with = "target")]
    ids: Vec<String>,
    /// All that were given up at this target, such as `https://hooks.example:443` or `connector:whatsapp`.
    #[arg(long)]
    target: Option<String>,
    #[command(flatten)]
    admin: Admin,
}

#[derive(Args)]
pub(super) struct Settle {
    /// Id of a message of a connector that is in doubt, accepted or owed.
    id: String,
    /// What became of it.
    #[arg(value_parser = ["delivered", "failed"])]
    outcome: String,
    #[command(flatten)]
    admin: Admin,
}

pub(super) async fn list(list: &Deliveries) -> Exit {
    let mut query = vec![("limit", list.limit.to_string())];
    query.extend(list.failed.then(|| ("state", "failed".to_owned())));
    query.extend(list.state.iter().map(|state| ("state", state.clone())));
    query.extend(list.account.iter().map(|account| ("account", account.to_string())));
    query.extend(list.conversation.iter().map(|id| ("conversation", id.clone())));
    query.extend(list.after.iter().map(|id| ("after", id.clone())));
    let words = |answer: &Value| lines(answer, summary);
    list.admin.ask(Method::GET, "/deliveries", &query, words).await
}

pub(super) async fn show(one: &Delivery) -> Exit {
    one.admin.ask(Method::GET, "/delivery", &[("id", one.id.clone())], describe).await
}

pub(super) async fn targets(targets: &Targets) -> Exit {
    let words = |answer: &Value| lines(answer, place);
    targets.admin.ask(Method::GET, "/targets", &[("limit", targets.limit.to_string())], words).await
}

pub(super) async fn again(again: &Redeliver) -> Exit {
    let query = match &again.target {
        Some(target) => ("target", target.clone()),
        None => ("id", again.ids.join(",")),
    };
    let words = |answer: &Value| {
        let under_way = match text(answer, "under_way").as_str() {
            "" | "0" => String::new(),
            count => format!(", {count} under way already"),
        };
        format!("{} owed again{under_way}\n", text(answer, "owed"))
    };
    again.admin.ask(Method::POST, "/redeliver", &[query], words).await
}

pub(super) async fn settle(settle: &Settle) -> Exit {
    let query = [("id", settle.id.clone()), ("as", settle.outcome.clone())];
    let words = |answer: &Value| format!("{} {}\n", text(answer, "id"), text(answer, "state"));
    settle.admin.ask(Method::POST, "/settle", &query, words).await
}

fn lines(answer: &Value, words: impl Fn(&Value) -> String) -> String {
    answer.as_array().into_iter().flatten().map(|line| words(line) + "\n").collect()
}

fn summary(line: &Value) -> String {
    let [id, state, kind, owed, tries, address] =
        ["id", "state", "kind", "owed", "tries", "address"].map(|name| text(line, name));
    let to = match text(line, "connector").as_str() {
        "" => address,
        connector => format!("{connector} {} {address}", text(line, "channel")),
    };
    format!("{id}  {state:9} {kind:5} {owed}  tries {tries}  {to}  {}", text(line, "status")).trim_end().to_owned()
}

fn place(line: &Value) -> String {
    let [target, breaker, failures, rests] =
        ["target", "breaker", "failures", "rests_until"].map(|name| text(line, name));
    let word = if failures == "1" { "failure" } else { "failures" };
    format!("{breaker:9} {failures:>4} {word:8}  {target}  {rests}").trim_end().to_owned()
}

fn describe(whole: &Value) -> String {
    let mut out = summary(whole) + "\n";
    let mut told = |name: &str, value: String| {
        if !value.is_empty() && value != "false" {
            out += &format!("{name:13} {value}\n");
        }
    };
    for name in MEMBERS {
        told(name, text(whole, name));
    }
    if let Some(verdict) = whole.get("verdict").filter(|verdict| !verdict.is_null()) {
        for name in ["standing", "code", "type", "http", "message", "id", "trace"] {
            told(name, text(verdict, name));
        }
    }
    if let Some(found) = whole.get("place").filter(|place| !place.is_null()) {
        out += &format!("{:13} {}\n", "breaker", place(found));
    }
    for attempt in whole.get("attempts").and_then(Value::as_array).into_iter().flatten() {
        let [at, took, outcome, status] = ["at", "took_ms", "outcome", "status"].map(|name| text(attempt, name));
        out += &format!("{at}  {outcome:11} {took} ms  {status}\n");
    }
    // A request has lines.
    let recorded = whole.get("recorded").and_then(Value::as_str).unwrap_or_default();
    for line in recorded.lines() {
        let line: String = line.chars().map(|c| if c.is_control() || is_unseen(c) { '\u{FFFD}' } else { c }).collect();
        out += &format!("\n{line}");
    }
    if !recorded.is_empty() {
        out.push('\n');
    }
    out
}

/// What is told of a delivery, a line for each.
const MEMBERS: [&str; 14] = [
    "account",
    "conversation",
    "request",
    "part",
    "event",
    "when",
    "target",
    "channel",
    "key",
    "receipt",
    "receipt_error",
    "asks",
    "due",
    "changed",
];
