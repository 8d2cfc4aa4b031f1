//! A webhook is taken in: checked against the connector's secret, read, and written down with what it means to whoever waits for
//! the message, in one transaction.

use hyper::HeaderMap;

use super::{Gateway, Inbound, Outbound};
use crate::{
    backend::connected,
    clock::Time,
    connector::webhook::{Notified, read, signature_header, verify},
    server::webhook::{self, Came},
    store::{StoreError, Transaction, outgoing::Asker},
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
        let (connector, now) = (name.clone(), self.clock.now());
        match self.store.write(move |txn| take(txn, &connector, &told, now)).await {
            Ok(taken) => self.tell(taken, &name, &inbound.request_id),
            Err(error) => webhook::failed(&error.to_string()),
        }
    }

    fn tell(&self, taken: Taken, connector: &str, request_id: &str) -> Outbound {
        if taken.came == Came::Unknown {
            tracing::info!(connector.name = %connector, request.id = %request_id, "a webhook is about no message that is known here");
        }
        self.notifier.tell_settled(&taken.askers);
        // The next message to this recipient may be due now.
        self.notifier.wake();
        taken.came.answer()
    }
}

/// What a webhook has done.
struct Taken {
    came: Came,
    /// Who has waited for one of its messages last.
    askers: Vec<Asker>,
}

/// Moves the messages that are told of. A webhook may be faster than the answer to its message: what it tells of an id that nobody
/// knows is kept for that answer.
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
            if let Some(id) = id {
                txn.receive_early(connector, id, receipt.clone(), now)?;
            }
            continue;
        };
        if let Some(delivery) = txn.receive(connector, name, receipt.clone(), now)? {
            came = Came::Taken;
            askers.extend(connected::settled(txn, &delivery, now)?);
        }
    }
    Ok(Taken { came, askers })
}

/// The signature, where it is given once: of two, nobody can say which is meant.
fn signature<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok();
    first.filter(|_| all.next().is_none())
}
