//! `envoi deliveries`, `envoi delivery`, `envoi targets`, `envoi redeliver` and `envoi settle`: what a running server owes.

use clap::Args;
use hyper::Method;
use serde_json::Value;

use super::{
    Exit,
    columns::{columns, told},
    complain,
    conversations::{Admin, quoted, text},
    words,
};
use crate::mail::is_unseen;

#[derive(Args)]
#[command(after_long_help = words::of_deliveries())]
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
#[command(after_long_help = words::of_delivery())]
pub(super) struct Delivery {
    /// Its id: the `webhook-id` of a callback.
    id: String,
    #[command(flatten)]
    admin: Admin,
}

#[derive(Args)]
#[command(after_long_help = words::of_targets())]
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
    /// Id of a delivery that is in doubt, accepted or owed.
    id: String,
    /// What became of it.
    #[arg(value_parser = ["delivered", "failed"])]
    outcome: String,
    #[command(flatten)]
    admin: Admin,
}

pub(super) async fn list(list: &Deliveries) -> Exit {
    let mut query = Vec::new();
    query.extend(list.failed.then(|| ("state", "failed".to_owned())));
    query.extend(list.state.iter().map(|state| ("state", state.clone())));
    query.extend(list.account.iter().map(|account| ("account", account.to_string())));
    query.extend(list.conversation.iter().map(|id| ("conversation", id.clone())));
    query.extend(list.after.iter().map(|id| ("after", id.clone())));
    let (all, more) = match list.admin.list("/deliveries", query, list.limit).await {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let headings = ["ID", "STATE", "KIND", "OWED SINCE", "TRIES", "TO", "LAST SAID"];
    let said = list.admin.say(&all, || columns(headings, &rows));
    let states: Vec<String> = all.iter().map(|line| text(line, "state")).collect();
    let last = all.last().map(|line| text(line, "id")).unwrap_or_default();
    if said == Exit::Ok && !list.admin.json {
        hints(&states, more.then_some(last.as_str()));
    }
    said
}

/// What may be typed next.
fn hints(states: &[String], last: Option<&str>) {
    let count = |name: &str| states.iter().filter(|state| *state == name).count();
    let hint = |text: String| {
        complain(Exit::Ok, &text);
    };
    if let Some(last) = last {
        hint(format!("there are more: `--after {last}` goes on behind these {}, --limit N shows more", states.len()));
    }
    if states.is_empty() {
        hint("there is no such delivery".to_owned());
    }
    if count("failed") > 0 {
        hint(format!("{} failed: `envoi delivery ID` says why, `envoi redeliver ID` owes it again", count("failed")));
    }
    if count("in doubt") > 0 {
        hint(format!("{} in doubt: `envoi delivery ID` says what may be done", count("in doubt")));
    }
}

pub(super) async fn show(one: &Delivery) -> Exit {
    one.admin.ask(Method::GET, "/delivery", &[("id", one.id.clone())], describe).await
}

pub(super) async fn targets(targets: &Targets) -> Exit {
    let (all, more) = match targets.admin.list("/targets", Vec::new(), targets.limit).await {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let row =
        |line: &Value| ["breaker", "failures", "failing_since", "rests_until", "target"].map(|name| text(line, name));
    let rows: Vec<_> = all.iter().map(row).collect();
    let headings = ["BREAKER", "FAILURES", "FAILING SINCE", "RESTS UNTIL", "TARGET"];
    let said = targets.admin.say(&all, || columns(headings, &rows));
    if said == Exit::Ok && !targets.admin.json {
        if more {
            complain(said, &format!("there are more than these {}; --limit N shows more", all.len()));
        }
        match all.is_empty() {
            true => complain(said, "no target fails or rests"),
            false => complain(
                said,
                "`envoi deliveries --failed` lists what was given up, `envoi redeliver --target TARGET` owes it again",
            ),
        };
    }
    said
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

/// A delivery in a list.
fn row(line: &Value) -> [String; 7] {
    let [id, state, kind, owed, tries, status] =
        ["id", "state", "kind", "owed", "tries", "status"].map(|name| text(line, name));
    // The last attempt may have been in doubt, and is no longer.
    let status = match text(line, "receipt") {
        receipt if matches!(receipt.as_str(), "delivered" | "read") => format!("{status}; since then: {receipt}"),
        _ => status,
    };
    [id, state, kind, owed, tries, to(line), status]
}

/// Where it goes.
fn to(line: &Value) -> String {
    let [address, connector, channel] = ["address", "connector", "channel"].map(|name| text(line, name));
    let parts = [connector, channel, address].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

fn describe(whole: &Value) -> String {
    let of = |name: &str| text(whole, name);
    let (state, kind) = (of("state"), of("kind"));
    let due = |title: &str, is_so: bool| if is_so { told(title, &of("due")) } else { String::new() };
    let mut out = told("delivery", &of("id"));
    let meaning = words::meaning(words::STATES, &state).replace(" ID", &format!(" {}", of("id")));
    out += &told("state", &format!("{state} since {}: {meaning}", of("changed")));
    out += &told("kind", &format!("{kind}: {}", words::meaning(words::KINDS, &kind)));
    out += &told("to", &to(whole));
    for name in ["account", "conversation", "request", "part"] {
        out += &told(name, &of(name));
    }
    for (title, name) in
        [("definition", "definition"), ("SendID", "send"), ("subscriber", "subscriber"), ("BatchID", "batch")]
    {
        out += &told(title, &of(name));
    }
    if !of("event").is_empty() {
        out += &told("tells", &format!("{}, as asked by RespondWhen {}", of("event"), of("when")));
    }
    out += &told("target", &target(whole));
    out += &told("owed since", &of("owed"));
    out += &due("next try", state == "owed");
    out += &due("waits until", state == "accepted");
    out += &told("tries", &of("tries"));
    out += &told("request key", &of("key"));
    if let Some(verdict) = whole.get("verdict").filter(|verdict| !verdict.is_null()) {
        out += &answer(verdict, &of("system"));
    }
    if !of("receipt").is_empty() {
        let why = of("receipt_error");
        let why = if why.is_empty() { words::meaning(words::RECEIPTS, &of("receipt")).to_owned() } else { why };
        out += &told("webhook told", &format!("{}: {why}", of("receipt")));
        out += &explained(&of("system"), &of("receipt_code"));
    }
    if of("asks") == "true" {
        out += &told("asks", "its call, and what comes behind it, wait until `envoi settle` says what became of it");
    }
    let attempts = whole.get("attempts").and_then(Value::as_array).into_iter().flatten();
    let attempts: Vec<_> = attempts
        .map(|attempt| {
            let [at, outcome, took, status] = ["at", "outcome", "took_ms", "status"].map(|name| text(attempt, name));
            [at, outcome, format!("{took} ms"), status]
        })
        .collect();
    if !attempts.is_empty() {
        out += &format!("\n{}", columns(["ATTEMPT BEGAN", "OUTCOME", "TOOK", "SAID"], &attempts));
    }
    // A request has lines.
    let recorded = whole.get("recorded").and_then(Value::as_str).unwrap_or_default();
    if !recorded.is_empty() {
        out += "\nThe request that would be sent (the connector records):\n";
    }
    for line in recorded.lines() {
        let line: String = line.chars().map(|c| if c.is_control() || is_unseen(c) { '\u{FFFD}' } else { c }).collect();
        out += &format!("\n{line}");
    }
    if !recorded.is_empty() {
        out.push('\n');
    }
    out
}

/// Where it goes with others, and how that place fares.
fn target(whole: &Value) -> String {
    let target = text(whole, "target");
    let Some(place) = whole.get("place").filter(|place| !place.is_null()) else { return target };
    let [breaker, failures, since, rests] =
        ["breaker", "failures", "failing_since", "rests_until"].map(|name| text(place, name));
    let mut about = format!("breaker {breaker}: {}", words::meaning(words::BREAKERS, &breaker));
    if failures != "0" {
        about += &format!("; failures in a row: {failures}, since {since}");
    }
    if !rests.is_empty() {
        about += &format!("; rests until {rests}");
    }
    format!("{target} ({about})")
}

/// What the system made of the last attempt.
fn answer(verdict: &Value, system: &str) -> String {
    let of = |name: &str| text(verdict, name);
    let standing = of("standing");
    let http = if of("http") == "0" { String::new() } else { format!(" (HTTP {})", of("http")) };
    let mut out = told("answer", &format!("{standing}{http}: {}", words::meaning(words::STANDINGS, &standing)));
    let said = Some(of("message")).filter(|said| *said != standing).unwrap_or_default();
    for (title, value) in
        [("said", said), ("code", of("code")), ("type", of("type")), ("its id", of("id")), ("its trace", of("trace"))]
    {
        out += &told(title, &value);
    }
    let code = Some(of("code")).filter(|code| !code.is_empty()).unwrap_or_else(|| of("type"));
    let is_error = !matches!(standing.as_str(), "accepted" | "processing");
    out + &if is_error { explained(system, &code) } else { String::new() }
}

/// The command that says what a code means.
fn explained(system: &str, code: &str) -> String {
    match code.is_empty() || system.is_empty() {
        true => String::new(),
        false => told("", &format!("`envoi explain {system} {}` says what that means and what to do", quoted(code))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_delivery_is_told_in_words_with_what_to_type_next() {
        let whole = json!({
            "id": "7f", "state": "failed", "kind": "message", "owed": "2026-03-01T12:00:00Z", "changed": "2026-03-01T12:00:02Z",
            "due": null, "tries": 2, "account": 1, "target": "connector:wa", "address": "+1202", "connector": "wa",
            "channel": "whatsapp", "system": "connectly", "key": "k-1", "receipt": null, "asks": false,
            "verdict": { "standing": "refused", "http": 409, "code": "ERROR_CODE_X", "message": "closed" },
            "place": { "breaker": "open", "failures": 5, "failing_since": "S", "rests_until": "R" },
            "attempts": [{ "at": "A", "took_ms": 7, "outcome": "refused", "status": "HTTP 409" }],
        });
        assert_eq!(
            describe(&whole),
            "delivery      7f\n\
             state         failed since 2026-03-01T12:00:02Z: given up; `envoi redeliver 7f` owes it again\n\
             kind          message: what a connector is to do: a text, a contact, a consent\n\
             to            wa whatsapp +1202\n\
             account       1\n\
             target        connector:wa (breaker open: the target failed too often and rests; failures in a row: 5, since S; \
             rests until R)\n\
             owed since    2026-03-01T12:00:00Z\n\
             tries         2\n\
             request key   k-1\n\
             answer        refused (HTTP 409): it was not taken, and will not be\n\
             said          closed\n\
             code          ERROR_CODE_X\n              \
             `envoi explain connectly 'ERROR_CODE_X'` says what that means and what to do\n\n\
             ATTEMPT BEGAN  OUTCOME  TOOK  SAID\n\
             A              refused  7 ms  HTTP 409\n"
        );
        let accepted = json!({
            "id": "7f", "state": "accepted", "kind": "message", "due": "D", "changed": "C", "receipt": "failed",
            "receipt_error": "E gone", "receipt_code": "E", "system": "connectly", "asks": true,
        });
        let told = describe(&accepted);
        for line in [
            "waits until   D\n",
            "webhook told  failed: E gone\n              `envoi explain connectly 'E'`",
            "asks          its call",
        ] {
            assert!(told.contains(line), "{told}");
        }
        assert!(
            !told.contains("next try")
                && describe(&json!({ "state": "owed", "due": "D" })).contains("next try      D\n")
        );
    }
}
