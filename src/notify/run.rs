//! The notifier at work: due deliveries are begun together in one commit, each is carried by a task of its own, and its
//! end is written with what the breaker makes of it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::task::{Id, JoinError, JoinSet};

use super::{Outcome, Shared, backoff, breaker, duty::Work};
use crate::{
    clock::{Stopwatch, Time},
    connector::Ambiguous,
    store::{Attempt, Content, Delivery, DeliveryKind, Lane, StoreError, Transaction, View},
};

/// How long is waited when the store has refused something.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Deliveries that are given up in one transaction.
const PAGE: usize = 256;

/// Kinds that share the connections to the relay.
const MAILS: [DeliveryKind; 2] = [DeliveryKind::Email, DeliveryKind::Send];

/// Begins deliveries that are due.
pub(super) struct Dispatcher {
    shared: Arc<Shared>,
    /// What was under way when the program ended last has been seen to.
    recovered: bool,
    workers: JoinSet<()>,
    /// Which lane each of them works in.
    busy: HashMap<Id, String>,
    /// How many work in each lane.
    seats: BTreeMap<String, usize>,
}

impl Dispatcher {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, recovered: false, workers: JoinSet::new(), busy: HashMap::new(), seats: BTreeMap::new() }
    }

    /// Begins what there is room for; gives the moment of what is due next.
    async fn step(&mut self) -> Result<Option<Time>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let parts = &shared.parts;
        while !self.recovered {
            let (now, resend) = (parts.clock.now(), parts.settings.resend_in_doubt);
            let keep = now.plus(parts.settings.retention);
            let policy = move |delivery: &Delivery| match &delivery.content {
                Content::Results(_) => Ambiguous::Retry,
                Content::Send(_) | Content::Message(_) => {
                    if resend {
                        Ambiguous::Retry
                    } else {
                        Ambiguous::Stop
                    }
                }
            };
            let found = parts.store.write(move |txn| txn.recover_deliveries(now, keep, &policy)).await?;
            self.recovered = found.is_empty();
        }
        let room = parts.settings.at_once.max(1).saturating_sub(self.workers.len());
        if room == 0 {
            return Ok(None);
        }
        let now = parts.clock.now();
        let mails: usize = MAILS.iter().filter_map(|kind| self.seats.get(kind.name())).sum();
        let mut mails = parts.settings.mails_at_once.max(1).saturating_sub(mails);
        let (seats, reader) = (self.seats.clone(), Arc::clone(&self.shared));
        let look = move |view: &View<'_>| {
            let free = |lane: &Lane| reader.free(lane, seats.get(&lane.name).copied().unwrap_or(0), mails);
            let deliveries = view.deliveries();
            Ok::<_, StoreError>((deliveries.due(now, room, &free)?, deliveries.next_forgotten()?))
        };
        let ((due, next), forget) = parts.store.read(look).await?;
        if forget.is_some_and(|forget| forget <= now) {
            while parts.store.write(move |txn| txn.forget_sends(now)).await? > 0 {}
        }
        if !due.is_empty() {
            let begin = move |txn: &mut Transaction<'_>| {
                let mut begun = Vec::with_capacity(due.len());
                for number in &due {
                    // Both kinds of mail were free to take all places.
                    let content = txn.deliveries().get(*number)?.map(|delivery| delivery.content.kind());
                    if content.is_some_and(|kind| MAILS.contains(&kind)) {
                        if mails == 0 {
                            continue;
                        }
                        mails -= 1;
                    }
                    begun.push(*number);
                }
                txn.begin_deliveries(&begun, now)
            };
            for delivery in parts.store.write(begin).await? {
                let lane = delivery.content.lane();
                *self.seats.entry(lane.clone()).or_default() += 1;
                let worker = self.workers.spawn(Arc::clone(&self.shared).work(delivery, lane.clone()));
                self.busy.insert(worker.id(), lane);
            }
        }
        Ok(next.into_iter().chain(forget).min())
    }
}

impl Work for Dispatcher {
    type Done = ();

    async fn hand_out(&mut self) -> Option<Time> {
        match self.step().await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!("what is owed cannot be taken up: {error}");
                Some(self.shared.parts.clock.now().plus(AFTER_FAILURE))
            }
        }
    }

    fn workers(&mut self) -> &mut JoinSet<()> {
        &mut self.workers
    }

    fn done(&mut self, done: Result<(Id, ()), JoinError>) {
        let id = match done {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!("a delivery is left as it is until the next start: {error}");
                error.id()
            }
        };
        let Some(lane) = self.busy.remove(&id) else { return };
        if let Some(seats) = self.seats.get_mut(&lane) {
            *seats = seats.saturating_sub(1);
            if *seats == 0 {
                self.seats.remove(&lane);
            }
        }
    }
}

impl Shared {
    /// How many more may be begun in a lane in which so many are under way; of mail no more than there are places for.
    fn free(&self, lane: &Lane, busy: usize, mails: usize) -> usize {
        let kind = DeliveryKind::ALL.into_iter().find(|kind| kind.name() == lane.name).unwrap_or(DeliveryKind::Post);
        if !self.parts.carriers.contains_key(&kind) {
            return 0;
        }
        let settings = &self.parts.settings;
        match MAILS.contains(&kind) {
            true => breaker::seats(lane, settings, settings.mails_at_once.max(1)).saturating_sub(busy).min(mails),
            false => breaker::seats(lane, settings, settings.per_target).saturating_sub(busy),
        }
    }

    /// One attempt from its begin to its end on disk.
    async fn work(self: Arc<Self>, delivery: Delivery, lane: String) {
        let (kind, delivery) = (delivery.content.kind(), Arc::new(delivery));
        let (began, watch) = (self.parts.clock.now(), Stopwatch::start());
        let Some(carrier) = self.parts.carriers.get(&kind).map(Arc::clone) else { return };
        // A task of its own: a panic ends this attempt alone.
        let (carrying, carried) = (Arc::clone(&carrier), Arc::clone(&delivery));
        let carried = tokio::spawn(async move { carrying.carry(&carried).await }).await;
        let outcome = carried.unwrap_or_else(|panic| {
            tracing::error!(delivery = delivery.id, "an attempt broke off: {panic}");
            Outcome::Uncertain { status: "the attempt broke off".to_owned() }
        });
        let took_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        {
            let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
            *tally.entry((kind, outcome.attempted())).or_default() += 1;
        }
        tracing::info!(
            delivery = delivery.id,
            kind = kind.name(),
            attempt = delivery.tries,
            outcome = outcome.attempted().name(),
            duration_ms = took_ms,
            "an attempt has ended: {}",
            outcome.status()
        );
        let ended = Arc::new(Ended { delivery, lane, outcome, began, took_ms });
        loop {
            let (shared, ended) = (Arc::clone(&self), Arc::clone(&ended));
            let work = move |txn: &mut Transaction<'_>| ended.write(txn, &shared);
            let again = match self.parts.store.write(work).await {
                Ok(given_up) => given_up == PAGE,
                Err(error) => {
                    tracing::error!("the end of an attempt cannot be written: {error}");
                    let moment = self.parts.clock.now().plus(AFTER_FAILURE);
                    // What cannot be written before the end is taken up at the next start.
                    tokio::select! {
                        () = self.parts.clock.reached(moment) => {}
                        () = self.duty.closing() => return,
                    }
                    true
                }
            };
            if !again {
                return;
            }
        }
    }
}

/// An attempt that has ended.
struct Ended {
    delivery: Arc<Delivery>,
    lane: String,
    outcome: Outcome,
    began: Time,
    took_ms: u64,
}

impl Ended {
    /// Writes down the attempt, what comes next, and how the place fares. Gives how many others were given up with it, since the
    /// place has been down for too long.
    fn write(&self, txn: &mut Transaction<'_>, shared: &Shared) -> Result<usize, StoreError> {
        let (settings, now) = (&shared.parts.settings, shared.parts.clock.now());
        let (outcome, keep) = (&self.outcome, now.plus(settings.retention));
        let attempt = Attempt {
            at: self.began,
            took_ms: self.took_ms,
            outcome: outcome.attempted(),
            status: outcome.status().to_owned(),
        };
        let next = backoff::next(&self.delivery, outcome, now, settings);
        // Written before already, when others are given up in further transactions.
        if let Some(delivery) = txn.end_attempt(self.delivery.number, attempt, next, now, keep)? {
            if let Some(carrier) = shared.parts.carriers.get(&delivery.content.kind()) {
                carrier.ended(txn, &delivery, outcome, now)?;
            }
            let health = txn.deliveries().lane(&self.lane)?.map(|lane| lane.health).unwrap_or_default();
            txn.change_lane(&self.lane, breaker::after(health, outcome, self.began, now, settings))?;
        }
        let health = txn.deliveries().lane(&self.lane)?.map(|lane| lane.health).unwrap_or_default();
        match health.failing {
            Some(since) if health.rest.is_some() && now.since(since) >= settings.max_age => {
                let status = format!("given up without a try: {} has been down since {since}", self.lane);
                let before = now.minus(settings.max_age);
                let given_up = txn.give_up_waiting(&self.lane, before, PAGE, &status, now, keep)?;
                let outcome = Outcome::Refused { status };
                for delivery in &given_up {
                    if let Some(carrier) = shared.parts.carriers.get(&delivery.content.kind()) {
                        carrier.ended(txn, delivery, &outcome, now)?;
                    }
                }
                Ok(given_up.len())
            }
            _ => Ok(0),
        }
    }
}
