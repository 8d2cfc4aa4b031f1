//! Messages of connectors among the deliveries: what operators see of them, and their word on what became of one.
//!
//! | method and path | query | answer |
//! |---|---|---|
//! | POST /settle | id, as: delivered or failed | writes down what became of a message in doubt, accepted or owed |

use serde_json::{Value, json};

use super::{Asked, Operators, Wrong};
use crate::{
    backend::connected,
    connector::{Receipt, Verdict},
    store::{Asker, Name, Outgoing, StoreError, Transaction},
};

pub(super) const PATHS: &[(&str, &str)] = &[("/settle", "POST")];

impl Operators {
    /// Answers a question about one of [`PATHS`].
    pub(super) async fn ask_messages(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let id = asked.get("id").ok_or_else(|| Wrong::asked("id is missing".to_owned()))?;
        let delivered = match asked.get("as").as_deref() {
            Some("delivered") => true,
            Some("failed") => false,
            Some(other) => return Err(Wrong::asked(format!("as is {other:?}, expected delivered or failed"))),
            None => return Err(Wrong::asked("as is missing, expected delivered or failed".to_owned())),
        };
        let now = self.clock.now();
        let keep = now.plus(self.notifier.settings().retention);
        let work = move |txn: &mut Transaction<'_>| -> Result<_, StoreError> {
            let Some(delivery) = txn.deliveries().with_id(&id)? else { return Ok(Err(None)) };
            match txn.settle(delivery.number, delivered, now, keep)? {
                Some(delivery) => {
                    let asker = connected::settled(txn, &delivery, now)?;
                    Ok(Ok((delivery, asker)))
                }
                None => Ok(Err(Some(delivery))),
            }
        };
        match self.store.write(work).await.map_err(Wrong::store)? {
            Ok((delivery, asker)) => {
                self.notifier.tell_settled(asker.as_slice());
                // The next of its recipient may have its turn.
                self.notifier.wake();
                Ok(json!({ "id": delivery.id, "state": delivery.state.name() }))
            }
            Err(None) => Err(Wrong::unknown("there is no such delivery")),
            Err(Some(delivery)) => Err(Wrong::asked(match delivery.content.outgoing() {
                Some(_) => format!("it is {}, expected one in doubt, accepted or owed", delivery.state.name()),
                None => "it is no message of a connector".to_owned(),
            })),
        }
    }
}

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
