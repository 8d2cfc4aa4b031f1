//! The notifier at work: due deliveries are begun together in one commit, each is carried by a task of its own, and its
//! end is written with what the breaker makes of it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::task::{Id, JoinError, JoinSet};

use super::{Carrier, Outcome, Shared, backoff, breaker, duty::Work, pace::Pace, rate::Rates};
use crate::{
    backend::connected,
    clock::{Stopwatch, Time},
    connector::{Ambiguous, Connector, Unsent},
    store::{Asker, Attempt, Content, Delivery, DeliveryKind, Lane, StoreError, Transaction, View},
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
    rates: Rates,
}

impl Dispatcher {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            recovered: false,
            workers: JoinSet::new(),
            busy: HashMap::new(),
            seats: BTreeMap::new(),
            rates: Rates::default(),
        }
    }

    /// Begins what there is room for; gives the moment of what is due next.
    async fn step(&mut self) -> Result<Option<Time>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let parts = &shared.parts;
        while !self.recovered {
            self.recovered = shared.recover().await? == 0;
        }
        let now = parts.clock.now();
        let places = self.places(now);
        let (room, mails, free) = (places.total, places.mails, places);
        let look = move |view: &View<'_>| {
            let deliveries = view.deliveries();
            let due = deliveries.due(now, room, &|lane| free.of(lane))?;
            Ok::<_, StoreError>((due, deliveries.next_forgotten()?, deliveries.next_unconfirmed()?, free))
        };
        let ((due, next), forget, confirm, places) = parts.store.read(look).await?;
        if forget.is_some_and(|forget| forget <= now) {
            while parts.store.write(move |txn| txn.forget_sends(now)).await? > 0 {}
        }
        if confirm.is_some_and(|until| until <= now) {
            while shared.give_up_unconfirmed(now).await? > 0 {}
        }
        if !due.is_empty() {
            let others = places.others;
            let begin = move |txn: &mut Transaction<'_>| {
                let (mut begun, mut mails, mut others) = (Vec::with_capacity(due.len()), mails, others);
                for number in &due {
                    // All kinds but messages share places, and both kinds of mail: each was free to take all.
                    let kind = txn.deliveries().get(*number)?.map(|delivery| delivery.content.kind());
                    let is_mail = kind.is_some_and(|kind| MAILS.contains(&kind));
                    let is_other = kind.is_some_and(|kind| kind != DeliveryKind::Message);
                    if (is_mail && mails == 0) || (is_other && others == 0) {
                        continue;
                    }
                    mails -= usize::from(is_mail);
                    others -= usize::from(is_other);
                    begun.push(*number);
                }
                let begun = txn.begin_deliveries(&begun, now)?;
                begun.into_iter().map(|delivery| connected::begun(txn, delivery)).collect::<Result<Vec<_>, _>>()
            };
            for delivery in parts.store.write(begin).await? {
                let lane = delivery.content.lane();
                if let Some(outgoing) = delivery.content.outgoing() {
                    self.rates.begin(&outgoing.message.connector, now);
                }
                *self.seats.entry(lane.clone()).or_default() += 1;
                let worker = self.workers.spawn(Arc::clone(&self.shared).work(delivery, lane.clone()));
                self.busy.insert(worker.id(), lane);
            }
        }
        let spent = parts.connectors.connectors.values().filter_map(|connector| {
            let is_spent = self.rates.free(&connector.name, connector.per_second, now) == 0;
            self.rates.next(&connector.name).filter(|_| is_spent)
        });
        Ok(next.into_iter().chain(forget).chain(confirm.filter(|until| *until > now)).chain(spent).min())
    }

    /// How many more may begin now.
    fn places(&mut self, now: Time) -> Places {
        let parts = &self.shared.parts;
        let busy = |lane: &str| self.seats.get(lane).copied().unwrap_or(0);
        let connectors: BTreeMap<String, usize> = parts
            .connectors
            .connectors
            .iter()
            .map(|(name, connector)| (name.clone(), self.rates.free(name, connector.per_second, now)))
            .collect();
        let at_work: usize = connectors.keys().map(|name| busy(&Lane::of_connector(name))).sum();
        let mails: usize = MAILS.iter().map(|kind| busy(kind.name())).sum();
        let others = parts.settings.at_once.max(1).saturating_sub(self.workers.len().saturating_sub(at_work));
        let at_once = |connector: &Arc<Connector>| connector.at_once.max(1);
        Places {
            total: parts.connectors.connectors.values().map(at_once).sum::<usize>() + others,
            mails: parts.settings.mails_at_once.max(1).saturating_sub(mails),
            others,
            connectors,
            seats: self.seats.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

/// What there is room for.
struct Places {
    total: usize,
    mails: usize,
    /// For all kinds but messages.
    others: usize,
    /// For messages, as far as the rate of their connector goes.
    connectors: BTreeMap<String, usize>,
    /// What is taken in each lane.
    seats: BTreeMap<String, usize>,
    shared: Arc<Shared>,
}

impl Places {
    /// How many more may be begun in a lane; of mail no more than there are places for.
    fn of(&self, lane: &Lane) -> usize {
        let (parts, busy) = (&self.shared.parts, self.seats.get(&lane.name).copied().unwrap_or(0));
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
    /// Sees to what was under way when the program ended last; gives how many there were.
    async fn recover(self: &Arc<Self>) -> Result<usize, StoreError> {
        let (shared, now) = (Arc::clone(self), self.parts.clock.now());
        let work = move |txn: &mut Transaction<'_>| {
            let (settings, connectors) = (&shared.parts.settings, &shared.parts.connectors);
            let keep = now.plus(settings.retention);
            let policy = |delivery: &Delivery| match &delivery.content {
                Content::Send(_) if settings.resend_in_doubt => Ambiguous::Retry,
                content => Pace::of(content, settings, connectors).on_ambiguous,
            };
            let found = txn.recover_deliveries(now, keep, &policy)?;
            let outcome = Outcome::Uncertain { status: "the program ended".to_owned() };
            Ok::<_, StoreError>((found.len(), shared.ended(txn, &found, &outcome, now)?))
        };
        self.told(work).await
    }

    /// Gives up messages that no webhook has told of in time; gives how many.
    async fn give_up_unconfirmed(self: &Arc<Self>, now: Time) -> Result<usize, StoreError> {
        let shared = Arc::clone(self);
        let work = move |txn: &mut Transaction<'_>| {
            let found = txn.give_up_unconfirmed(now, now.plus(shared.parts.settings.retention))?;
            let outcome = Outcome::Refused { status: "no confirmation".to_owned() };
            Ok::<_, StoreError>((found.len(), shared.ended(txn, &found, &outcome, now)?))
        };
        self.told(work).await
    }

    /// What else is to be written when deliveries have ended; gives who has waited for the last of his.
    fn ended(
        &self,
        txn: &mut Transaction<'_>,
        ended: &[Delivery],
        outcome: &Outcome,
        now: Time,
    ) -> Result<Vec<Asker>, StoreError> {
        let mut askers = Vec::new();
        for delivery in ended {
            if let Some(carrier) = self.parts.carriers.get(&delivery.content.kind()) {
                askers.extend(carrier.ended(txn, delivery, outcome, now)?);
            }
        }
        Ok(askers)
    }

    /// Does work that may settle messages, and tells who waited for them when it is on disk.
    async fn told<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<(T, Vec<Asker>), StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, askers) = self.parts.store.write(work).await?;
        self.waiting.tell(&askers);
        Ok(done)
    }

    /// One attempt from its begin to its end on disk.
    async fn work(self: Arc<Self>, delivery: Delivery, lane: String) {
        let (kind, delivery) = (delivery.content.kind(), Arc::new(delivery));
        let (began, watch) = (self.parts.clock.now(), Stopwatch::start());
        let Some(carrier) = self.parts.carriers.get(&kind).map(Arc::clone) else { return };
        let unsent = delivery.content.outgoing().and_then(|outgoing| outgoing.message.unsent());
        let was_sent = unsent.is_none();
        let outcome = match unsent {
            Some(Unsent::Nothing) => Outcome::Delivered { status: "there was nothing to send".to_owned() },
            Some(Unsent::Refused(code, text)) => Outcome::Refused { status: format!("not sent: {code} {text}") },
            None => carried(&carrier, &delivery).await,
        };
        let took_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        {
            let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
            *tally.entry((kind, outcome.attempted())).or_default() += 1;
        }
        if let Some(outgoing) = delivery.content.outgoing() {
            let mut tally = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
            *tally.entry((outgoing.message.connector.clone(), outcome.attempted())).or_default() += 1;
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
        let ended = Arc::new(Ended { delivery, lane, outcome, was_sent, began, took_ms });
        loop {
            let (shared, ended) = (Arc::clone(&self), Arc::clone(&ended));
            let work = move |txn: &mut Transaction<'_>| ended.write(txn, &shared);
            let again = match self.told(work).await {
                // Of messages to one recipient the next stands in the lane only then.
                Ok(given_up) => given_up > 0,
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
    /// Of what was not, nothing is learned of how the place fares.
    was_sent: bool,
    began: Time,
    took_ms: u64,
}

/// How an attempt ends, in a task of its own: a panic ends this attempt alone.
async fn carried(carrier: &Arc<dyn Carrier>, delivery: &Arc<Delivery>) -> Outcome {
    let (carrying, carried) = (Arc::clone(carrier), Arc::clone(delivery));
    let carried = tokio::spawn(async move { carrying.carry(&carried).await }).await;
    carried.unwrap_or_else(|panic| {
        tracing::error!(delivery = delivery.id, "an attempt broke off: {panic}");
        Outcome::Uncertain { status: "the attempt broke off".to_owned() }
    })
}

impl Ended {
    /// Writes down the attempt, what comes next, and how the place fares. Gives how many others were given up with it, since the
    /// place has been down for too long, and who has waited for the last of his messages.
    fn write(&self, txn: &mut Transaction<'_>, shared: &Shared) -> Result<(usize, Vec<Asker>), StoreError> {
        let (settings, now) = (&shared.parts.settings, shared.parts.clock.now());
        let (outcome, keep) = (&self.outcome, now.plus(settings.retention));
        let pace = Pace::of(&self.delivery.content, settings, &shared.parts.connectors);
        let attempt = Attempt {
            at: self.began,
            took_ms: self.took_ms,
            outcome: outcome.attempted(),
            status: outcome.status().to_owned(),
        };
        let next = backoff::next(&self.delivery, outcome, now, &pace);
        if let Outcome::Judged(judged) = outcome {
            txn.judged(self.delivery.number, judged.verdict.clone(), judged.shown.clone())?;
        }
        let mut askers = Vec::new();
        // Written before already, when others are given up in further transactions.
        if let Some(delivery) = txn.end_attempt(self.delivery.number, attempt, next, now, keep)? {
            askers = shared.ended(txn, &[delivery], outcome, now)?;
            if self.was_sent {
                let health = txn.deliveries().lane(&self.lane)?.map(|lane| lane.health).unwrap_or_default();
                let asked = backoff::rest(&self.delivery, outcome, next, now, &pace);
                txn.change_lane(&self.lane, breaker::after(health, outcome, asked, self.began, now, &pace))?;
            }
        }
        let health = txn.deliveries().lane(&self.lane)?.map(|lane| lane.health).unwrap_or_default();
        match health.failing {
            Some(since) if health.rest.is_some() && now.since(since) >= pace.max_age => {
                let status = format!("given up without a try: {} has been down since {since}", self.lane);
                let before = now.minus(pace.max_age);
                let given_up = txn.give_up_waiting(&self.lane, before, PAGE, &status, now, keep)?;
                askers.extend(shared.ended(txn, &given_up, &Outcome::Refused { status }, now)?);
                Ok((given_up.len(), askers))
            }
            _ => Ok((0, askers)),
        }
    }
}
