//! Messages of connectors among the deliveries: what operators see of them.

use serde_json::{Value, json};

use crate::{
    connector::{Receipt, Verdict},
    store::{Asker, Name, Outgoing},
};

/// What a list says of a message.
pub(super) fn line(outgoing: &Outgoing) -> Vec<(&'static str, Value)> {
    let message = &outgoing.message;
    let verdict = outgoing.verdict.as_ref();
    let code = verdict.and_then(|verdict| verdict.code.as_ref().or(verdict.kind.as_ref()));
    let mut line = vec![
        ("connector", json!(message.connector)),
        ("system", json!(message.system.name())),
        ("channel", json!(message.channel)),
        ("recipient", json!(message.recipient)),
        ("key", json!(message.key)),
        ("code", json!(code)),
        ("receipt", json!(outgoing.receipt.as_ref().map(named))),
        ("asks", json!(outgoing.asks)),
    ];
    if let Some(why) = outgoing.receipt.as_ref().and_then(failed) {
        // The last attempt went well, and that is no longer what matters.
        line.push(("status", json!(why)));
    }
    if let Asker::Part { name, sequence } = &outgoing.asker {
        line.extend(asker(name, *sequence));
    }
    line
}

/// Of which part something is.
pub(super) fn asker(name: &Name, part: u32) -> [(&'static str, Value); 3] {
    let request = name.is_single().then(|| name.id());
    [("conversation", json!(name.conversation_id())), ("request", json!(request)), ("part", json!(part))]
}

/// What else there is of one.
pub(super) fn whole(outgoing: &Outgoing) -> Vec<(&'static str, Value)> {
    vec![
        ("verdict", json!(outgoing.verdict.as_ref().map(told))),
        ("receipt_code", json!(outgoing.receipt.as_ref().and_then(code))),
        ("receipt_error", json!(outgoing.receipt.as_ref().and_then(failed))),
        ("recorded", json!(outgoing.shown)),
    ]
}

fn told(verdict: &Verdict) -> Value {
    json!({
        "standing": format!("{:?}", verdict.standing).to_lowercase(),
        "code": verdict.code,
        "type": verdict.kind,
        "http": verdict.http,
        "message": verdict.message,
        "id": verdict.id,
        "trace": verdict.trace,
    })
}

fn named(receipt: &Receipt) -> &'static str {
    match receipt {
        Receipt::Sent => "sent",
        Receipt::Delivered => "delivered",
        Receipt::Read => "read",
        Receipt::Failed { .. } => "failed",
    }
}

fn code(receipt: &Receipt) -> Option<&str> {
    match receipt {
        Receipt::Failed { code, .. } => code.as_deref(),
        Receipt::Sent | Receipt::Delivered | Receipt::Read => None,
    }
}

fn failed(receipt: &Receipt) -> Option<String> {
    match receipt {
        Receipt::Failed { code, message } => {
            Some(code.as_ref().map_or_else(|| message.clone(), |code| format!("{code} {message}")))
        }
        Receipt::Sent | Receipt::Delivered | Receipt::Read => None,
    }
}
