//! What a room that works in the background owes those who ask: it is woken, says when it is idle, and ends when it is told
//! to. The notifier and the queue stand on it. It knows nothing of the work.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::{
    sync::{Notify, watch},
    task::{Id, JoinError, JoinSet},
};

use crate::clock::{Clock, Time};

/// The work of such a room.
pub(crate) trait Work {
    /// What a worker gives at its end.
    type Done: 'static;

    /// Starts as many workers as there may be; gives the moment of what is due next.
    async fn hand_out(&mut self) -> Option<Time>;

    /// Those that are under way.
    fn workers(&mut self) -> &mut JoinSet<Self::Done>;

    /// How much others than [`Work::hand_out`] have begun so far; none while anything is under way. Idle is who stands the same
    /// before and after: what ends in between may have made something due that was not seen.
    fn at_rest(&mut self) -> Option<u64> {
        self.workers().is_empty().then_some(0)
    }

    /// A worker has ended.
    fn done(&mut self, done: Result<(Id, Self::Done), JoinError>);
}

/// One room's duty.
pub(crate) struct Duty {
    wake: Notify,
    /// Until which moment it sleeps, in milliseconds; while it works, or sleeps without end, the last there is.
    until: AtomicI64,
    /// How many have asked whether it is idle ...
    asked: AtomicU64,
    /// ... and how many of them have their answer.
    answered: watch::Sender<u64>,
    /// How many ask again and again.
    attending: AtomicU64,
    closing: watch::Sender<bool>,
    closed: watch::Sender<bool>,
}

impl Default for Duty {
    fn default() -> Self {
        Self {
            wake: Notify::new(),
            until: AtomicI64::new(i64::MAX),
            asked: AtomicU64::new(0),
            answered: watch::Sender::new(0),
            attending: AtomicU64::new(0),
            closing: watch::Sender::new(false),
            closed: watch::Sender::new(false),
        }
    }
}

impl Duty {
    /// To be called when there may be something new to do.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// To be called when there is something to do at a moment: who wakes before it anyway need not be woken.
    pub(crate) fn wake_by(&self, moment: Time) {
        if moment.millis() < self.until.load(Ordering::SeqCst) || self.is_awaited() || self.is_closing() {
            self.wake();
        }
    }

    /// Ready when everything that was due at the call, and what became due by it, has been worked off; or at the end.
    pub(crate) async fn idle(&self) {
        let mut answered = self.answered.subscribe();
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.wake();
        // The sender lives here.
        let _answered = answered.wait_for(|answered| *answered >= mine).await;
    }

    /// To be held by who asks again and again: in between, too, it is awaited.
    pub(crate) fn attend(&self) -> Attending<'_> {
        self.attending.fetch_add(1, Ordering::SeqCst);
        Attending(&self.attending)
    }

    /// Whether somebody waits for [`Duty::idle`].
    pub(crate) fn is_awaited(&self) -> bool {
        self.attending.load(Ordering::SeqCst) > 0 || self.asked.load(Ordering::SeqCst) > *self.answered.borrow()
    }

    /// Ends the work: what is under way is finished, nothing else is begun.
    pub(crate) async fn close(&self) {
        self.closing.send_replace(true);
        let mut closed = self.closed.subscribe();
        let _closed = closed.wait_for(|closed| *closed).await;
    }

    /// Whether the end has been asked for.
    pub(crate) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Ready when the end has been asked for.
    pub(crate) async fn closing(&self) {
        let mut closing = self.closing.subscribe();
        let _closing = closing.wait_for(|closing| *closing).await;
    }

    /// Works until the end. Nobody polls: it waits to be woken, for the moment of what is due next, or for a worker.
    pub(crate) async fn work(&self, clock: &Clock, mut work: impl Work) {
        let mut closing = self.closing.subscribe();
        loop {
            let asked = self.asked.load(Ordering::SeqCst);
            let is_closing = *closing.borrow_and_update();
            self.until.store(i64::MAX, Ordering::SeqCst);
            let rested = work.at_rest();
            let next = if is_closing { None } else { work.hand_out().await };
            self.until.store(next.map_or(i64::MAX, Time::millis), Ordering::SeqCst);
            if rested.is_some() && work.at_rest() == rested {
                if is_closing {
                    break;
                }
                self.answered.send_replace(asked);
            }
            let has_workers = !work.workers().is_empty();
            tokio::select! {
                Some(done) = work.workers().join_next_with_id(), if has_workers => work.done(done),
                () = self.wake.notified() => {}
                () = at(clock, next) => {}
                _ = closing.changed() => {}
            }
            while let Some(done) = work.workers().try_join_next_with_id() {
                work.done(done);
            }
        }
        self.answered.send_replace(u64::MAX);
        self.closed.send_replace(true);
    }
}

/// Somebody who asks again and again whether a room is idle.
#[derive(Debug)]
pub(crate) struct Attending<'a>(&'a AtomicU64);

impl Drop for Attending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn at(clock: &Clock, moment: Option<Time>) {
    match moment {
        Some(moment) => clock.reached(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Work that something ends beside, while it looks for what is due: what that made due it has not seen.
    struct Beside<'a> {
        duty: &'a Duty,
        under_way: bool,
        begun: u64,
        due: bool,
        seen: &'a AtomicU64,
        workers: JoinSet<()>,
    }

    impl Work for Beside<'_> {
        type Done = ();

        async fn hand_out(&mut self) -> Option<Time> {
            if std::mem::take(&mut self.due) {
                self.seen.fetch_add(1, Ordering::SeqCst);
            } else if self.seen.load(Ordering::SeqCst) == 0 {
                (self.under_way, self.begun, self.due) = (false, 1, true);
                self.duty.wake();
            }
            None
        }

        fn workers(&mut self) -> &mut JoinSet<()> {
            &mut self.workers
        }

        fn at_rest(&mut self) -> Option<u64> {
            (!self.under_way).then_some(self.begun)
        }

        fn done(&mut self, _done: Result<(Id, ()), JoinError>) {}
    }

    #[tokio::test]
    async fn who_asks_waits_for_what_ended_beside_while_it_was_looked_for_work() {
        // It was under way before, or it began and ended within the look.
        for under_way in [true, false] {
            let (duty, seen, clock) = (Duty::default(), AtomicU64::new(0), Clock::stopped_at(Time::from_millis(0)));
            let work = Beside { duty: &duty, under_way, begun: 0, due: false, seen: &seen, workers: JoinSet::new() };
            let ask = async {
                duty.idle().await;
                assert_eq!(seen.load(Ordering::SeqCst), 1);
                duty.close().await;
            };
            tokio::join!(duty.work(&clock, work), ask);
        }
    }

    #[test]
    fn it_is_awaited_between_two_questions_of_who_attends() {
        let duty = Duty::default();
        assert!(!duty.is_awaited());
        let (one, other) = (duty.attend(), duty.attend());
        drop(one);
        assert!(duty.is_awaited());
        drop(other);
        assert!(!duty.is_awaited());
    }
}
