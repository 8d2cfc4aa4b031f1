//! What is and was owed to callers.
//!
//! | method and path | query | answer |
//! |---|---|---|
//! | GET /deliveries | state, failed, account, conversation, limit, after | the newest first |
//! | GET /delivery | id | everything about one |
//! | GET /targets | limit | places that fail or rest |
//! | POST /redeliver | id (several with commas), or target | owes them again, due now; with a target all that failed there |

use std::{cell::RefCell, sync::Arc};

use serde_json::{Value, json};

use super::{Asked, Operators, Wrong, messages};
use crate::{
    backend::{
        Backend, connected,
        triggered_send::{self, Ending},
    },
    clock::Time,
    notify::{Notifier, shown},
    store::{Asker, Content, Delivery, DeliveryState, Internal, Lane, Name, StoreError, Transaction, View},
};

/// Deliveries in a list, unless more or fewer are asked for.
const LIST: usize = 100;

/// Deliveries that are owed again in one transaction.
const PAGE: usize = 256;

pub(super) const PATHS: &[(&str, &str)] =
    &[("/deliveries", "GET"), ("/delivery", "GET"), ("/targets", "GET"), ("/redeliver", "POST")];

impl Operators {
    /// Answers a question about one of [`PATHS`].
    pub(super) async fn ask_deliveries(&self, path: &str, asked: &Asked<'_>) -> Result<Value, Wrong> {
        match path {
            "/deliveries" => self.deliveries(asked).await,
            "/delivery" => self.delivery(asked).await,
            "/targets" => self.targets(asked).await,
            _ => self.redeliver(asked).await,
        }
    }

    async fn deliveries(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let limit = limit(asked)?;
        let state = match asked.get("state") {
            Some(name) => Some(named(&name)?),
            None => asked.get("failed").map(|_| DeliveryState::Failed),
        };
        let number = |name: &str| -> Result<Option<u64>, Wrong> {
            let wrong = |text| Wrong::asked(format!("{name} is {text:?}, expected a number"));
            asked.get(name).map(|text| text.parse().map_err(|_| wrong(text))).transpose()
        };
        let (account, conversation, after) = (number("account")?, asked.get("conversation"), asked.get("after"));
        let look = move |view: &View<'_>| -> Result<_, StoreError> {
            let deliveries = view.deliveries();
            let after = match after {
                Some(id) => match deliveries.with_id(&id)? {
                    Some(delivery) => Some(delivery.number),
                    None => return Ok(None),
                },
                None => None,
            };
            let wanted = |delivery: &Delivery| {
                account.is_none_or(|account| account == delivery.account)
                    && conversation.as_deref().is_none_or(|id| is_about(delivery, id))
            };
            Ok(Some(deliveries.list(state, after, limit, &wanted)?))
        };
        let list = self.store.read(look).await.map_err(Wrong::store)?;
        let list = list.ok_or_else(|| Wrong::unknown("after names no delivery"))?;
        Ok(json!(list.iter().map(line).collect::<Vec<_>>()))
    }

    async fn delivery(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let id = asked.get("id").ok_or_else(|| Wrong::asked("id is missing".to_owned()))?;
        let look = move |view: &View<'_>| -> Result<_, StoreError> {
            let Some(delivery) = view.deliveries().with_id(&id)? else { return Ok(None) };
            let lane = view.deliveries().lane(&delivery.content.lane())?;
            let definition = match &delivery.content {
                Content::Send(send) => triggered_send::definition_of(&view.objects(&**send), send)?,
                Content::Results(_) | Content::Message(_) => None,
            };
            Ok(Some((delivery, lane, definition)))
        };
        let (delivery, lane, definition) = self
            .store
            .read(look)
            .await
            .map_err(Wrong::store)?
            .ok_or_else(|| Wrong::unknown("there is no such delivery"))?;
        let mut whole = line(&delivery);
        if matches!(delivery.content, Content::Send(_)) {
            let key = definition.as_ref().and_then(|definition| definition.text("CustomerKey"));
            add(&mut whole, vec![("definition", json!(key))]);
        }
        if let Some(outgoing) = delivery.content.outgoing() {
            add(&mut whole, messages::whole(outgoing));
        }
        if let Value::Object(members) = &mut whole {
            let attempts = delivery.attempts.iter().map(|attempt| {
                json!({
                    "at": attempt.at.to_string(),
                    "took_ms": attempt.took_ms,
                    "outcome": attempt.outcome.name(),
                    "status": attempt.status,
                })
            });
            members.insert("attempts".to_owned(), attempts.collect());
            let lane = lane.map(|lane| told(&lane, &self.notifier));
            members.insert("place".to_owned(), json!(lane));
        }
        Ok(whole)
    }

    async fn targets(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let limit = limit(asked)?;
        let notifier = self.notifier.clone();
        let look = move |view: &View<'_>| {
            let is_told = |lane: &Lane| lane.health.failures > 0 || lane.health.rest.is_some() || !notifier.knows(lane);
            view.deliveries().lanes(limit, &is_told)
        };
        let lanes = self.store.read(look).await.map_err(Wrong::store)?;
        Ok(json!(lanes.iter().map(|lane| told(lane, &self.notifier)).collect::<Vec<_>>()))
    }

    async fn redeliver(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let (ids, target, now) = (asked.get("id"), asked.get("target"), self.clock.now());
        let numbers = match (ids, target) {
            (Some(ids), None) => self.numbers(&ids).await?,
            (None, Some(target)) => self.failed(target).await?,
            _ => return Err(Wrong::asked("expected id or target".to_owned())),
        };
        let mut again = 0_usize;
        for page in numbers.chunks(PAGE) {
            let (page, backend) = (page.to_vec(), Arc::clone(&self.backend));
            let work = move |txn: &mut Transaction<'_>| -> Result<usize, StoreError> {
                let mut again = 0;
                for number in page {
                    again += usize::from(owe_again(&backend, txn, number, now)?);
                }
                Ok(again)
            };
            again += self.store.write(work).await.map_err(Wrong::store)?;
        }
        self.notifier.wake();
        Ok(json!({ "owed": again, "under_way": numbers.len() - again }))
    }

    /// The numbers of these deliveries; one that is unknown spoils all, so that nothing is sent by half.
    async fn numbers(&self, ids: &str) -> Result<Vec<i64>, Wrong> {
        let ids: Vec<String> = ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
        let look = move |view: &View<'_>| -> Result<_, StoreError> {
            let mut numbers = Vec::with_capacity(ids.len());
            for id in ids {
                match view.deliveries().with_id(&id)? {
                    Some(delivery) => numbers.push(delivery.number),
                    None => return Ok(Err(id)),
                }
            }
            Ok(Ok(numbers))
        };
        let found = self.store.read(look).await.map_err(Wrong::store)?;
        found.map_err(|id| Wrong::unknown(&format!("there is no delivery {id}")))
    }

    /// What failed at a place; one that nothing is known of is a slip of the pen.
    async fn failed(&self, target: String) -> Result<Vec<i64>, Wrong> {
        let unknown = format!("there is no target {target:?}: expected scheme, host and port as GET /targets has them");
        let look = move |view: &View<'_>| -> Result<_, StoreError> {
            // Their numbers alone: there may be very many.
            let numbers = RefCell::new(Vec::new());
            let noted = |delivery: &Delivery| {
                if delivery.content.lane() == target {
                    numbers.borrow_mut().push(delivery.number);
                }
                false
            };
            view.deliveries().list(Some(DeliveryState::Failed), None, usize::MAX, &noted)?;
            let numbers = numbers.into_inner();
            let is_known = !numbers.is_empty() || view.deliveries().lane(&target)?.is_some();
            Ok(is_known.then_some(numbers))
        };
        self.store.read(look).await.map_err(Wrong::store)?.ok_or_else(|| Wrong::unknown(&unknown))
    }
}

/// Owes a delivery again; gives whether it could be. A mail of a triggered send that had an end is queued once more; for a message,
/// who still waits for others waits again.
fn owe_again(backend: &Backend, txn: &mut Transaction<'_>, number: i64, now: Time) -> Result<bool, StoreError> {
    let before = txn.deliveries().get(number)?;
    let is_owed = txn.redeliver(number, now)?;
    if let Some(before) = before.filter(|_| is_owed)
        && let Content::Send(send) = &before.content
        && let Some(ending) = Ending::of_delivery(&before)
    {
        triggered_send::queued_again(backend, txn, send, &ending, now)?;
    }
    if is_owed {
        connected::reopened(txn, number, now)?;
    }
    Ok(is_owed)
}

fn limit(asked: &Asked<'_>) -> Result<usize, Wrong> {
    match asked.get("limit") {
        Some(limit) => limit.parse().map_err(|_| Wrong::asked(format!("limit is {limit:?}, expected a number"))),
        None => Ok(LIST),
    }
}

fn named(name: &str) -> Result<DeliveryState, Wrong> {
    let found = DeliveryState::ALL.into_iter().find(|state| state.name() == name.replace('_', " ").to_lowercase());
    found.ok_or_else(|| {
        let all = DeliveryState::ALL.map(DeliveryState::name).join(", ");
        Wrong::asked(format!("state is {name:?}, expected one of {all}"))
    })
}

/// By ConversationID, or by the RequestID of a call without one.
fn is_about(delivery: &Delivery, id: &str) -> bool {
    let owner = Internal(delivery.account);
    let about = match &delivery.content {
        Content::Results(notice) => Some(&notice.name),
        Content::Message(outgoing) => match &outgoing.asker {
            Asker::Part { name, .. } => Some(name),
            Asker::Call { .. } => None,
        },
        Content::Send(_) => None,
    };
    about.is_some_and(|name| {
        *name == Name::conversation(&owner, id) || *name == Name::request(&owner, &id.to_lowercase())
    })
}

fn line(delivery: &Delivery) -> Value {
    let mut line = json!({
        "id": delivery.id,
        "account": delivery.account,
        "kind": delivery.content.kind().name(),
        "state": delivery.state.name(),
        "address": shown(delivery.content.address()),
        "target": delivery.content.lane(),
        "owed": delivery.owed.to_string(),
        "due": delivery.due.map(|due| due.to_string()),
        "changed": delivery.changed.to_string(),
        "tries": delivery.tries,
        "status": delivery.attempts.last().map(|attempt| &attempt.status),
    });
    let more = match &delivery.content {
        Content::Results(notice) => {
            let mut more = messages::asker(&notice.name, notice.about).to_vec();
            more.push(("event", json!(format!("{:?}", notice.event))));
            more.push(("when", json!(format!("{:?}", notice.target.when))));
            more
        }
        Content::Message(outgoing) => messages::line(outgoing),
        Content::Send(send) => {
            vec![("subscriber", json!(send.key)), ("batch", json!(send.batch)), ("send", json!(send.definition))]
        }
    };
    add(&mut line, more);
    line
}

fn add(line: &mut Value, more: Vec<(&'static str, Value)>) {
    if let Value::Object(members) = line {
        members.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
}

fn told(lane: &Lane, notifier: &Notifier) -> Value {
    json!({
        "target": lane.name,
        "breaker": notifier.breaker(lane),
        "failures": lane.health.failures,
        "failing_since": lane.health.failing.map(|since| since.to_string()),
        "rests_until": lane.health.rest.map(|rest| rest.to_string()),
    })
}
