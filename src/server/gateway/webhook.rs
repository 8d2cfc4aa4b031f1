//! A webhook is taken in: checked against the connector's secret, read, and written down with what it means to whoever waits for
//! the message, in one transaction.

use std::time::Duration;

use hyper::HeaderMap;

use super::{Gateway, Inbound, Outbound};
use crate::{
    backend::connected,
    clock::Time,
    connector::webhook::{Notified, read, signature_header, verify},
    server::webhook::{self, Came},
    store::{DeliveryState, StoreError, Transaction, outgoing::Asker},
};

impl Gateway {
    pub(super) async fn take_webhook(&self, name: String, inbound: Inbound) -> Outbound {
        let connector = self.backend.connectors.connectors.get(&name);
        let Some((connector, header)) = connector.and_then(|found| Some((found, signature_header(found.system())?)))
        else {
            return Came::Nowhere.answer();
        };
        let body = match &inbound.body {
            Ok(body) => body,
            Err(error) => return Outbound::new(error.status(), "text/plain; charset=utf-8", error.to_string()),
        };
        if !verify(connector, signature(&inbound.headers, header), body) {
            let is_open = connector.webhook_secret.is_none();
            let why = if is_open { "has no webhook_secret" } else { "signature does not fit" };
            tracing::warn!(connector.name = %name, request.id = %inbound.request_id, "a webhook was refused: {why}");
            return Came::Forged.answer();
        }
        let told = match read(connector, body) {
            Ok(told) => told,
            Err(why) => {
                tracing::warn!(connector.name = %name, request.id = %inbound.request_id, "a webhook was refused: {why}");
                return Came::Unreadable(why).answer();
            }
        };
        let now = self.clock.now();
        let mut looks = EARLY_LOOKS;
        loop {
            match self.write_webhook(&name, told.clone(), now).await {
                Ok(Taken { is_early: true, .. }) if looks > 0 => {
                    looks -= 1;
                    tokio::time::sleep(EARLY_WAIT).await;
                }
                Ok(taken) => return self.tell(taken, &name, &inbound.request_id),
                Err(error) => return webhook::failed(&error.to_string()),
            }
        }
    }

    async fn write_webhook(&self, connector: &str, told: Vec<Notified>, now: Time) -> Result<Taken, StoreError> {
        let connector = connector.to_owned();
        self.store.write(move |txn| take(txn, &connector, &told, now)).await
    }

    fn tell(&self, taken: Taken, connector: &str, request_id: &str) -> Outbound {
        if taken.came == Came::Unknown {
            tracing::info!(connector.name = %connector, request.id = %request_id, "a webhook is about no message of this server");
        }
        self.notifier.tell_settled(&taken.askers);
        // The next message to this recipient may be due now.
        self.notifier.wake();
        taken.came.answer()
    }
}

/// A webhook may be faster than the answer to its message: while one is under way, an unknown id is looked for again, for two
/// seconds. An answer is written down milliseconds after it came.
const EARLY_LOOKS: u32 = 8;
const EARLY_WAIT: Duration = Duration::from_millis(250);

/// What a webhook has done.
struct Taken {
    came: Came,
    /// Who has waited for one of its messages last.
    askers: Vec<Asker>,
    /// Whether a message of its connector is under way, whose id nobody knows yet.
    is_early: bool,
}

/// Moves the messages that are told of.
fn take(txn: &mut Transaction<'_>, connector: &str, told: &[Notified], now: Time) -> Result<Taken, StoreError> {
    let (mut came, mut askers) = (Came::Known, Vec::new());
    for Notified { id, key, receipt } in told {
        let mut known = None;
        for name in [id, key].into_iter().flatten() {
            if txn.deliveries().message(connector, name)?.is_some() {
                known = Some(name);
                break;
            }
        }
        let Some(name) = known else {
            came = if came == Came::Taken { came } else { Came::Unknown };
            continue;
        };
        if let Some(delivery) = txn.receive(connector, name, receipt.clone(), now)? {
            came = Came::Taken;
            askers.extend(connected::settled(txn, &delivery, now)?);
        }
    }
    let is_early = came == Came::Unknown && is_sending(txn, connector)?;
    Ok(Taken { came, askers, is_early })
}

/// Whether a message of a connector is under way.
fn is_sending(txn: &Transaction<'_>, connector: &str) -> Result<bool, StoreError> {
    let deliveries = txn.deliveries();
    for number in deliveries.numbers(DeliveryState::Sending, None, MOST_SENDING)? {
        let outgoing = deliveries.get(number)?;
        let outgoing = outgoing.as_ref().and_then(|delivery| delivery.content.outgoing());
        if outgoing.is_some_and(|outgoing| outgoing.message.connector == connector) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deliveries under way that are looked at.
const MOST_SENDING: usize = 1024;

/// The signature, where it is given once: of two, nobody can say which is meant.
fn signature<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok();
    first.filter(|_| all.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connector::{Action, Message, Receipt, Standing, System, Text, Verdict},
        store::{Attempt, Attempted, Content, Internal, Next, Settings, Store, outgoing::Outgoing},
    };

    const NOW: Time = Time::from_millis(1_000);

    fn message() -> Message {
        Message {
            connector: "pbx".to_owned(),
            system: System::Yeastar,
            action: Action::Text(Text::default()),
            recipient: "+49301".to_owned(),
            channel: "general".to_owned(),
            sender: None,
            key: "key".to_owned(),
            ordinal: 0,
            place: 0,
            kind: "SMSTriggeredSend".to_owned(),
            definition: None,
            subscriber: None,
        }
    }

    fn verdict() -> Verdict {
        Verdict {
            standing: Standing::Accepted,
            code: Some("0".to_owned()),
            kind: None,
            http: 200,
            message: String::new(),
            trace: None,
            id: Some("142".to_owned()),
            after_ms: None,
            raw: String::new(),
        }
    }

    #[test]
    fn what_comes_before_its_id_is_known_is_looked_for_again() {
        let store = Store::open(&Settings::default()).unwrap();
        let told = [Notified { id: Some("142".to_owned()), key: None, receipt: Receipt::Delivered }];
        let work = move |txn: &mut Transaction<'_>| {
            let hear = |txn: &mut Transaction<'_>, connector: &str| {
                let taken = take(txn, connector, &told, NOW)?;
                Ok::<_, StoreError>((taken.came, taken.is_early))
            };
            let mut heard = vec![hear(txn, "pbx")?];
            let outgoing = Outgoing::new(7, Asker::Call { batch: 1 }, message());
            let number = txn.owe(&Internal(7), Content::Message(Box::new(outgoing)), NOW, NOW)?;
            heard.push(hear(txn, "pbx")?);
            txn.begin_deliveries(&[number], NOW)?;
            heard.extend([hear(txn, "pbx")?, hear(txn, "other")?]);
            txn.judged(number, verdict(), None)?;
            heard.extend([hear(txn, "pbx")?, hear(txn, "pbx")?]);
            let attempt = Attempt { at: NOW, took_ms: 1, outcome: Attempted::Delivered, status: String::new() };
            txn.end_attempt(number, attempt, Next::Accepted(NOW.plus(Duration::from_secs(1))), NOW, NOW)?;
            let state = txn.deliveries().get(number)?.map(|delivery| delivery.state);
            Ok::<_, StoreError>((heard, state))
        };
        let (heard, state) = store.write_blocking(work).unwrap();
        let unknown = (Came::Unknown, false);
        let early = (Came::Unknown, true);
        let known = (Came::Known, false);
        assert_eq!(heard, [unknown, unknown, early, unknown, (Came::Taken, false), known]);
        assert_eq!(state, Some(DeliveryState::Delivered), "the receipt was faster than the end of the attempt");
    }
}
