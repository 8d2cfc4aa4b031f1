//! The notifier at work: due deliveries are begun together in one commit, each is carried by a task of its own, and its
//! end is written with what the breaker makes of it.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::task::{Id, JoinError, JoinSet};

use super::{Carrier, Outcome, Place, Shared, backoff, breaker, duty::Work, pace::Pace, seats::Seat};
use crate::{
    clock::{Stopwatch, Time},
    connector::{Ambiguous, Unsent},
    store::{Asker, Attempt, Content, Delivery, StoreError, Transaction, View},
};

/// How long is waited when the store has refused something.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Deliveries that are given up in one transaction.
const PAGE: usize = 256;

/// Begins deliveries that are due.
pub(super) struct Dispatcher {
    shared: Arc<Shared>,
    /// What was under way when the program ended last has been seen to.
    recovered: bool,
    workers: JoinSet<()>,
}

impl Dispatcher {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, recovered: false, workers: JoinSet::new() }
    }

    /// Begins what there is room for; gives the moment of what is due next.
    async fn step(&mut self) -> Result<Option<Time>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let parts = &shared.parts;
        if !self.recovered {
            parts.store.write(|txn: &mut Transaction<'_>| txn.right_turns()).await?;
        }
        while !self.recovered {
            if shared.recover().await? == 0 {
                shared.take_over_rates().await?;
                (self.recovered, shared.seats().is_open) = (true, true);
            }
        }
        let now = parts.clock.now();
        let places = shared.places(now);
        let look = move |view: &View<'_>| {
            let deliveries = view.deliveries();
            let due = deliveries.due(now, places.total, &|lane| places.of(lane), &|lane| places.begun(lane))?;
            let (forget, early) = (deliveries.next_forgotten()?, deliveries.next_early()?);
            Ok::<_, StoreError>((due, forget, early, deliveries.next_unconfirmed()?))
        };
        let ((due, next), forget, early, confirm) = parts.store.read(look).await?;
        if forget.is_some_and(|forget| forget <= now) {
            while parts.store.write(move |txn| txn.forget_sends(now)).await? > 0 {}
        }
        if early.is_some_and(|forget| forget <= now) {
            while parts.store.write(move |txn| txn.forget_early(now)).await? > 0 {}
        }
        if confirm.is_some_and(|until| until <= now) {
            while shared.give_up_unconfirmed(now).await? > 0 {}
        }
        if !due.is_empty() {
            let beginning = Arc::clone(&shared);
            let begin = move |txn: &mut Transaction<'_>| {
                // Others may have begun meanwhile; and all kinds but messages share places, and both kinds of mail.
                let (mut places, mut numbers) = (beginning.places(now), Vec::with_capacity(due.len()));
                for number in due {
                    let Some(delivery) = txn.deliveries().get(number)? else { continue };
                    let lane = txn.deliveries().lane(&delivery.content.lane())?;
                    if lane.is_some_and(|lane| places.take(&lane, delivery.content.kind())) {
                        numbers.push(number);
                    }
                }
                beginning.take_up(txn, &numbers, now)
            };
            for (delivery, seat) in parts.store.write(begin).await? {
                self.workers.spawn(Arc::clone(&self.shared).work(delivery, seat));
            }
        }
        let mut seats = shared.seats();
        let spent = parts.connectors.connectors.values().filter_map(|connector| {
            let is_spent = seats.rates.free(&connector.name, connector.per_second, now) == 0;
            seats.rates.next(&connector.name).filter(|_| is_spent)
        });
        let forget = forget.into_iter().chain(early);
        Ok(next.into_iter().chain(forget).chain(confirm.filter(|until| *until > now)).chain(spent).min())
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

    fn at_rest(&mut self) -> Option<u64> {
        let mut seats = self.shared.seats();
        let begun = seats.begun().filter(|_| self.workers.is_empty());
        if begun.is_some() && self.shared.duty.is_closing() {
            seats.is_open = false;
        }
        begun
    }

    fn done(&mut self, done: Result<(Id, ()), JoinError>) {
        if let Err(error) = done {
            tracing::error!("a delivery is left as it is until the next start: {error}");
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
        Ok(self.told(work).await?.0)
    }

    /// What connectors have begun within the last second counts, also when the program that began it has ended.
    async fn take_over_rates(&self) -> Result<(), StoreError> {
        let connectors: Vec<String> = self.parts.connectors.connectors.keys().cloned().collect();
        let look = move |view: &View<'_>| -> Result<Vec<_>, StoreError> {
            let begun = |name: String| view.deliveries().begun(&name).map(|moments| (name, moments));
            connectors.into_iter().map(begun).collect()
        };
        let found = self.parts.store.read(look).await?;
        let mut seats = self.seats();
        for (connector, moments) in found {
            for (at, count) in moments {
                seats.rates.have_begun(&connector, count as usize, at);
            }
        }
        Ok(())
    }

    /// Gives up messages that no webhook has told of in time; gives how many.
    async fn give_up_unconfirmed(self: &Arc<Self>, now: Time) -> Result<usize, StoreError> {
        let shared = Arc::clone(self);
        let work = move |txn: &mut Transaction<'_>| {
            let found = txn.give_up_unconfirmed(now, now.plus(shared.parts.settings.retention))?;
            let outcome = Outcome::Refused { status: "no confirmation".to_owned() };
            Ok::<_, StoreError>((found.len(), shared.ended(txn, &found, &outcome, now)?))
        };
        Ok(self.told(work).await?.0)
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

    /// Does work that may settle messages, with the end of the calls that waited for them alone, and tells who waited when it is on
    /// disk. Gives when something is due next in the lanes that were touched, too.
    async fn told<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<(T, Vec<Asker>), StoreError> + Send + 'static,
    ) -> Result<(T, Option<Time>), StoreError> {
        let shared = Arc::clone(self);
        let work = move |txn: &mut Transaction<'_>| {
            let (done, askers) = work(txn)?;
            let ended = shared.waiting.end(txn, &askers);
            Ok::<_, StoreError>((done, askers, ended, txn.next_due()?))
        };
        let (done, askers, ended, next) = self.parts.store.write(work).await?;
        self.waiting.tell(&askers, &ended);
        Ok((done, next))
    }

    /// Ready when nobody waits any longer for attempts under way.
    async fn is_cut(&self) {
        let mut cut = self.cut.subscribe();
        let _cut = cut.wait_for(|cut| *cut).await;
    }

    /// One attempt from its begin to its end on disk, or until it is cut.
    pub(super) async fn work(self: Arc<Self>, delivery: Delivery, seat: Seat) {
        let (kind, delivery) = (delivery.content.kind(), Arc::new(delivery));
        let (began, watch) = (self.parts.clock.now(), Stopwatch::start());
        let Some(carrier) = self.parts.carriers.get(&kind).map(Arc::clone) else { return };
        self.leaves(&delivery, &seat, began);
        let unsent = delivery.content.outgoing().and_then(|outgoing| outgoing.message.unsent());
        let outcome = match &unsent {
            Some(Unsent::Nothing | Unsent::Here(..)) => {
                Outcome::Delivered { status: "there was nothing to send".to_owned() }
            }
            Some(Unsent::Refused(code, text)) => Outcome::Unsent { status: format!("not sent: {code} {text}") },
            None => tokio::select! {
                biased;
                outcome = carried(&carrier, &delivery) => outcome,
                () = self.is_cut() => {
                    let (delivery, kind) = (&delivery.id, kind.name());
                    tracing::warn!(delivery, kind, "an attempt is cut off: the program ends");
                    return;
                }
            },
        };
        let place = if unsent.is_some() { Place::Unasked } else { outcome.place() };
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
        let lane = delivery.content.lane();
        let ended = Arc::new(Ended { delivery, lane, outcome, place, began, took_ms });
        let next = loop {
            let (shared, ended) = (Arc::clone(&self), Arc::clone(&ended));
            let work = move |txn: &mut Transaction<'_>| ended.write(txn, &shared);
            match self.told(work).await {
                // Of messages to one recipient the next stands in the lane only then.
                Ok(((given_up, _), _)) if given_up > 0 => {}
                Ok(((_, then), next)) => break next.map_or(then, |next| next.min(then)),
                Err(error) => {
                    tracing::error!("the end of an attempt cannot be written: {error}");
                    let moment = self.parts.clock.now().plus(AFTER_FAILURE);
                    // What cannot be written before the end is taken up at the next start.
                    tokio::select! {
                        () = self.parts.clock.reached(moment) => {}
                        () = self.duty.closing() => return,
                    }
                }
            }
        };
        // Who begins what is due then finds the seat free.
        drop(seat);
        self.duty.wake_by(next);
    }
}

/// An attempt that has ended.
struct Ended {
    delivery: Arc<Delivery>,
    lane: String,
    outcome: Outcome,
    place: Place,
    began: Time,
    took_ms: u64,
}

/// How an attempt ends, in a task of its own: a panic ends this attempt alone. Who stops waiting ends it.
async fn carried(carrier: &Arc<dyn Carrier>, delivery: &Arc<Delivery>) -> Outcome {
    let (carrying, carried) = (Arc::clone(carrier), Arc::clone(delivery));
    let mut attempt = JoinSet::new();
    attempt.spawn(async move { carrying.carry(&carried).await });
    match attempt.join_next().await {
        Some(Ok(outcome)) => return outcome,
        Some(Err(panic)) => tracing::error!(delivery = delivery.id, "an attempt broke off: {panic}"),
        None => {}
    }
    Outcome::Uncertain { status: "the attempt broke off".to_owned() }
}

impl Ended {
    /// Writes down the attempt, what comes next, and how the place fares. Gives how many others were given up with it, since the
    /// place has been down for too long, when there is something to do next, and who has waited for the last of his messages.
    fn write(&self, txn: &mut Transaction<'_>, shared: &Shared) -> Result<((usize, Time), Vec<Asker>), StoreError> {
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
            txn.judged(self.delivery.number, judged.verdict.clone(), judged.shown.clone(), now)?;
        }
        let (mut askers, mut then, mut is_learned) = (Vec::new(), keep, false);
        // Written before already, when others are given up in further transactions.
        if let Some(delivery) = txn.end_attempt(self.delivery.number, attempt, next, now, keep)? {
            then = delivery.due.map_or(then, |due| then.min(due));
            askers = shared.ended(txn, &[delivery], outcome, now)?;
            is_learned = true;
        }
        let lane = txn.change_lane(&self.lane, |health| {
            let asked = || backoff::rest(&self.delivery, outcome, next, now, &pace);
            if is_learned { breaker::after(health, self.place, asked(), self.began, now, &pace) } else { health }
        })?;
        // Who waits in the lane may have waited for this seat alone.
        then = lane.head.map_or(then, |head| head.min(then));
        match lane.health.failing {
            Some(since) if lane.health.rest.is_some() && now.since(since) >= pace.max_age => {
                let status = format!("given up without a try: {} has been down since {since}", self.lane);
                let before = now.minus(pace.max_age);
                let given_up = txn.give_up_waiting(&self.lane, before, PAGE, &status, now, keep)?;
                askers.extend(shared.ended(txn, &given_up, &Outcome::Refused { status }, now)?);
                Ok(((given_up.len(), then), askers))
            }
            _ => Ok(((0, then), askers)),
        }
    }
}
