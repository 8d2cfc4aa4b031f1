//! What is under way, and what there is room for. A seat is taken on the committer's thread alone, in the transaction that begins
//! a delivery: two that begin at one moment never take the same one. It is given back from anywhere.

use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError},
};

use super::{Shared, breaker, pace::Pace, rate::Rates};
use crate::{
    clock::Time,
    connector::Connector,
    store::{Delivery, DeliveryKind, Lane},
};

/// Kinds that share the connections to the relay.
const MAILS: [DeliveryKind; 2] = [DeliveryKind::Email, DeliveryKind::Send];

/// What is under way.
#[derive(Default)]
pub(super) struct Seats {
    /// How many in each lane.
    taken: BTreeMap<String, usize>,
    /// How many have begun since the start in each lane with ranks.
    begun: BTreeMap<String, u64>,
    pub(super) rates: Rates,
    /// Transactions that may take some ...
    entered: usize,
    /// ... and all that there have been.
    all_entered: u64,
    /// Whether others than the dispatcher may begin messages: from when it has seen to what was under way when the program ended
    /// last, until its end.
    pub(super) is_open: bool,
}

impl Seats {
    /// How many transactions have been able to begin something; none while anything is under way.
    pub(super) fn begun(&self) -> Option<u64> {
        (self.taken.is_empty() && self.entered == 0).then_some(self.all_entered)
    }
}

/// A place in a lane, given back when it goes.
pub(super) struct Seat {
    shared: Arc<Shared>,
    lane: String,
    /// When it was taken.
    taken: Time,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("a delivery is left as it is until the next start");
        }
        {
            let mut seats = self.shared.seats();
            if let Some(taken) = seats.taken.get_mut(&self.lane) {
                *taken = taken.saturating_sub(1);
                if *taken == 0 {
                    seats.taken.remove(&self.lane);
                }
            }
        }
        self.shared.left();
    }
}

/// A transaction that may take seats: as long as it is there the notifier does not end.
pub(super) struct Entered(Arc<Shared>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.seats().entered -= 1;
        self.0.left();
    }
}

impl Shared {
    pub(super) fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For a transaction that would begin messages; none where nobody is to begin any now.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Entered> {
        let mut seats = self.seats();
        if !seats.is_open || self.duty.is_closing() {
            return None;
        }
        seats.entered += 1;
        seats.all_entered += 1;
        Some(Entered(Arc::clone(self)))
    }

    /// Who waits until nothing is under way looks again.
    fn left(&self) {
        if self.duty.is_awaited() || self.duty.is_closing() {
            self.duty.wake();
        }
    }

    /// Takes a seat for a delivery that is begun now.
    pub(super) fn seat(self: &Arc<Self>, delivery: &Delivery, now: Time) -> Seat {
        let lane = delivery.content.lane();
        let mut seats = self.seats();
        if let Some(outgoing) = delivery.content.outgoing() {
            seats.rates.begin(&outgoing.message.connector, now);
        }
        if matches!(delivery.content.kind(), DeliveryKind::Send | DeliveryKind::Message) {
            *seats.begun.entry(lane.clone()).or_default() += 1;
        }
        *seats.taken.entry(lane.clone()).or_default() += 1;
        Seat { shared: Arc::clone(self), lane, taken: now }
    }

    /// What sits there is on disk, and leaves.
    pub(super) fn leaves(&self, delivery: &Delivery, seat: &Seat, now: Time) {
        if let Some(outgoing) = delivery.content.outgoing() {
            self.seats().rates.leave(&outgoing.message.connector, seat.taken, now);
        }
    }

    /// How many more may begin now.
    pub(super) fn places(self: &Arc<Self>, now: Time) -> Places {
        let parts = &self.parts;
        let mut seats = self.seats();
        let connectors: BTreeMap<String, usize> = parts
            .connectors
            .connectors
            .iter()
            .map(|(name, connector)| (name.clone(), seats.rates.free(name, connector.per_second, now)))
            .collect();
        let busy = |lane: &str| seats.taken.get(lane).copied().unwrap_or(0);
        let at_work: usize = connectors.keys().map(|name| busy(&Lane::of_connector(name))).sum();
        let mails: usize = MAILS.iter().map(|kind| busy(kind.name())).sum();
        let all: usize = seats.taken.values().sum();
        let others = parts.settings.at_once.max(1).saturating_sub(all.saturating_sub(at_work));
        let at_once = |connector: &Arc<Connector>| connector.at_once.max(1);
        Places {
            total: parts.connectors.connectors.values().map(at_once).sum::<usize>() + others,
            mails: parts.settings.mails_at_once.max(1).saturating_sub(mails),
            others,
            connectors,
            taken: seats.taken.clone(),
            begun: seats.begun.clone(),
            shared: Arc::clone(self),
        }
    }
}

/// What there is room for.
pub(super) struct Places {
    pub(super) total: usize,
    mails: usize,
    /// For all kinds but messages.
    others: usize,
    /// For messages, as far as the rate of their connector goes.
    connectors: BTreeMap<String, usize>,
    /// What is taken in each lane.
    taken: BTreeMap<String, usize>,
    /// How many have begun in each lane: every so many goes to who has been due longest.
    begun: BTreeMap<String, u64>,
    shared: Arc<Shared>,
}

impl Places {
    /// How many have begun in a lane with ranks.
    pub(super) fn begun(&self, lane: &str) -> u64 {
        self.begun.get(lane).copied().unwrap_or(0)
    }

    /// How many more may be begun in a lane; of mail no more than there are places for.
    pub(super) fn of(&self, lane: &Lane) -> usize {
        let (parts, busy) = (&self.shared.parts, self.taken.get(&lane.name).copied().unwrap_or(0));
        let pace = Pace::of_lane(lane, &parts.settings, &parts.connectors);
        if let Some(name) = lane.connector() {
            // What waits for a connector that is configured no longer, waits on.
            let connector = parts.connectors.connectors.get(name);
            let Some(connector) = connector.filter(|_| parts.carriers.contains_key(&DeliveryKind::Message)) else {
                return 0;
            };
            let rate = self.connectors.get(name).copied().unwrap_or(0);
            return breaker::seats(lane, &pace, connector.at_once.max(1)).saturating_sub(busy).min(rate);
        }
        let kind = DeliveryKind::ALL.into_iter().find(|kind| kind.name() == lane.name).unwrap_or(DeliveryKind::Post);
        if !parts.carriers.contains_key(&kind) {
            return 0;
        }
        let settings = &parts.settings;
        let (most, room) = match MAILS.contains(&kind) {
            true => (settings.mails_at_once.max(1), self.mails.min(self.others)),
            false => (settings.per_target, self.others),
        };
        breaker::seats(lane, &pace, most).saturating_sub(busy).min(room)
    }

    /// Takes one place in a lane, if there is one.
    pub(super) fn take(&mut self, lane: &Lane, kind: DeliveryKind) -> bool {
        if self.of(lane) == 0 {
            return false;
        }
        *self.taken.entry(lane.name.clone()).or_default() += 1;
        if let Some(rate) = lane.connector().and_then(|name| self.connectors.get_mut(name)) {
            *rate = rate.saturating_sub(1);
        } else {
            self.others = self.others.saturating_sub(1);
            self.mails = self.mails.saturating_sub(usize::from(MAILS.contains(&kind)));
        }
        true
    }
}
