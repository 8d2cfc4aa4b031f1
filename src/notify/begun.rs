//! Messages that are begun in the transaction that owes them: one commit less before they leave. What has to wait, for its turn,
//! for others or for room, waits in its lane like everything else.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Notifier, Shared,
    seats::{Entered, Seat},
};
use crate::{
    backend::connected,
    clock::Time,
    store::{Delivery, DeliveryKind, StoreError, Transaction},
};

/// What a transaction has owed, and begun of it. What goes without [`Begun::carry`] was never on disk.
#[must_use = "what has begun is to be carried when it is on disk"]
pub struct Begun {
    shared: Arc<Shared>,
    deliveries: Vec<(Delivery, Seat)>,
    _entered: Option<Entered>,
    /// When something else is due in the lanes that were touched.
    next: Option<Time>,
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begun").field("deliveries", &self.deliveries.len()).finish_non_exhaustive()
    }
}

impl Notifier {
    /// Begins the messages that this transaction has owed, where each has its turn, nothing waits longer for its connector, and that
    /// one has room: its breaker closed, its rate and its places not used up. To be called last in the transaction.
    ///
    /// # Errors
    /// The store's.
    pub fn begin(&self, txn: &mut Transaction<'_>, now: Time) -> Result<Begun, StoreError> {
        let (shared, owed) = (&self.0, txn.owed());
        let next = txn.next_due()?;
        let entered = if owed.is_empty() { None } else { shared.enter() };
        let may_begin = entered.is_some();
        let mut begun = Begun { shared: Arc::clone(shared), deliveries: Vec::new(), _entered: entered, next };
        if !may_begin {
            return Ok(begun);
        }
        let mut places = shared.places(now);
        let (mut lanes, mut numbers) = (BTreeMap::new(), Vec::with_capacity(owed.len()));
        for number in owed.iter().take(places.total) {
            let Some(delivery) = txn.deliveries().get(*number)? else { continue };
            if delivery.content.kind() != DeliveryKind::Message {
                continue;
            }
            let name = delivery.content.lane();
            if !lanes.contains_key(&name) {
                let first = txn.deliveries().first_in(&name)?;
                // Who waits longer goes first; what rests goes later.
                let is_ours = first.is_some_and(|(due, first)| due <= now && owed.contains(&first));
                let lane = txn.deliveries().lane(&name)?.filter(|lane| lane.head.is_some_and(|head| head <= now));
                lanes.insert(name.clone(), lane.filter(|_| is_ours));
            }
            if let Some(Some(lane)) = lanes.get(&name)
                && places.take(lane, DeliveryKind::Message)
            {
                numbers.push(*number);
            }
        }
        begun.deliveries = shared.take_up(txn, &numbers, now)?;
        begun.next = txn.next_due()?;
        Ok(begun)
    }
}

impl Shared {
    /// Begins these deliveries, each in a seat of its own.
    pub(super) fn take_up(
        self: &Arc<Self>,
        txn: &mut Transaction<'_>,
        numbers: &[i64],
        now: Time,
    ) -> Result<Vec<(Delivery, Seat)>, StoreError> {
        let mut taken = Vec::with_capacity(numbers.len());
        for delivery in txn.begin_deliveries(numbers, now)? {
            let connectors = &self.parts.connectors.connectors;
            let connector =
                delivery.content.outgoing().and_then(|outgoing| connectors.get(&outgoing.message.connector));
            let records = connector.is_some_and(|connector| connector.record);
            let delivery = connected::begun(txn, delivery, records)?;
            let seat = self.seat(&delivery, now);
            taken.push((delivery, seat));
        }
        Ok(taken)
    }
}

impl Begun {
    /// Sends what was begun, and has the rest taken up. To be called when the transaction is on disk, and in no other case.
    pub fn carry(mut self) {
        for (delivery, seat) in std::mem::take(&mut self.deliveries) {
            tokio::spawn(Arc::clone(&self.shared).work(delivery, seat));
        }
        if let Some(next) = self.next {
            self.shared.duty.wake_by(next);
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        // The transaction was taken back. Others may have waited for its seats.
        if !self.deliveries.is_empty() {
            self.deliveries.clear();
            self.shared.duty.wake();
        }
    }
}
