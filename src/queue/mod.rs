//! Working off what was accepted: conversations that are due are taken up, their parts run in SequenceCode order.
//!
//! What holds:
//! - Only the store says what is due, and each turn of a conversation is one transaction that looks again. What is in
//!   memory here (who works on what) may be lost at any moment: a start picks up what is due and nothing else.
//! - A conversation is worked on by one worker at a time, so it never overtakes itself; different ones run side by side.
//! - A part's results, its changes to objects, its conversation's new state and what is owed for it are committed
//!   together: each part is applied exactly once, also when the process is killed.
//! - Nobody polls: the queue waits for an accepted call, for the moment of the next due conversation, or for a worker.
//!
//! Nothing is sent from here; that is for `notify`.

mod accept;
mod remainder;
pub mod report;
mod turn;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    task::{Id, JoinSet},
};

use crate::{
    backend::Backend,
    clock::{Clock, Time},
    message::client::Accounts,
    object::Limits,
    store::{Name, Store, StoreError, Transaction, View},
};

pub use accept::{Arrival, Refusal, accept};
pub use remainder::{NoRemainder, remainder};

/// A conversation whose turn the store refused is tried again after this time.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Settings of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Conversations that are worked on at once.
    pub workers: usize,
    /// The StatusMessage of the immediate answer (not known of the service).
    pub message: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { workers: 2, message: "Queued".to_owned() }
    }
}

/// The accounts as they are now: a reload may change them while calls wait.
pub type Directory = Box<dyn Fn() -> Arc<Accounts> + Send + Sync>;

/// What the queue works with.
pub struct Parts {
    /// What is due, and where the work is written.
    pub store: Store,
    /// What does the work.
    pub backend: Arc<Backend>,
    /// Who may still do what was accepted from him.
    pub directory: Directory,
    /// The time.
    pub clock: Clock,
    /// Limits of reading.
    pub limits: Limits,
    /// How many at once, and the words.
    pub settings: Settings,
}

/// A handle to the queue. Clones share it.
#[derive(Clone)]
pub struct Queue(Arc<Shared>);

struct Shared {
    parts: Parts,
    wake: Notify,
    /// How many have asked whether the queue is idle ...
    asked: AtomicU64,
    /// ... and how many of them have their answer.
    answered: watch::Sender<u64>,
    closing: watch::Sender<bool>,
    closed: watch::Sender<bool>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Queue {
    /// A queue at rest; [`Queue::run`] works it off.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            wake: Notify::new(),
            asked: AtomicU64::new(0),
            answered: watch::Sender::new(0),
            closing: watch::Sender::new(false),
            closed: watch::Sender::new(false),
        }))
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// To be called when something new may be due.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Ready when everything that was due at the call, and what became due by it, has been worked off, as far as the
    /// store let it; or when the queue closes.
    pub async fn idle(&self) {
        let mut answered = self.0.answered.subscribe();
        let mine = self.0.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.wake();
        // The sender lives in this queue.
        let _answered = answered.wait_for(|answered| *answered >= mine).await;
    }

    /// Ends the work: the parts that are being run are finished, no other is begun.
    pub async fn close(&self) {
        self.0.closing.send_replace(true);
        let mut closed = self.0.closed.subscribe();
        let _closed = closed.wait_for(|closed| *closed).await;
    }

    /// Works off what is due until the queue is closed.
    pub async fn run(self) {
        Dispatcher::new(Arc::clone(&self.0)).run().await;
        self.0.answered.send_replace(u64::MAX);
        self.0.closed.send_replace(true);
    }
}

/// Gives due conversations to workers.
struct Dispatcher {
    shared: Arc<Shared>,
    workers: JoinSet<Result<(), StoreError>>,
    /// Who works on what.
    busy: HashMap<Id, Name>,
    /// What the store refused to change, until when.
    held: BTreeMap<Name, Time>,
}

impl Dispatcher {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, workers: JoinSet::new(), busy: HashMap::new(), held: BTreeMap::new() }
    }

    async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let mut closing = shared.closing.subscribe();
        loop {
            let asked = shared.asked.load(Ordering::SeqCst);
            let is_closing = *closing.borrow_and_update();
            let next = if is_closing { None } else { self.hand_out().await };
            if self.workers.is_empty() {
                if is_closing {
                    return;
                }
                shared.answered.send_replace(asked);
            }
            tokio::select! {
                Some(done) = self.workers.join_next_with_id(), if !self.workers.is_empty() => self.done(done),
                () = shared.wake.notified() => {}
                () = at(&shared.parts.clock, next) => {}
                _ = closing.changed() => {}
            }
        }
    }

    /// Starts as many workers as there may be; gives the moment of what is due next.
    async fn hand_out(&mut self) -> Option<Time> {
        let room = self.shared.parts.settings.workers.max(1).saturating_sub(self.workers.len());
        if room == 0 {
            return None;
        }
        let now = self.shared.parts.clock.now();
        self.held.retain(|_, until| *until > now);
        let mut taken: HashSet<Name> = self.busy.values().cloned().collect();
        taken.extend(self.held.keys().cloned());
        let look = move |view: &View<'_>| view.conversations().due(now, room, &|name| !taken.contains(name));
        let held = self.held.values().min().copied();
        let (due, next) = match self.shared.parts.store.read(look).await {
            Ok(found) => found,
            Err(error) => {
                if !matches!(error, StoreError::Unavailable { .. }) {
                    tracing::error!("what is due cannot be read: {error}");
                }
                return Some(now.plus(AFTER_FAILURE));
            }
        };
        for name in due {
            let worker = self.workers.spawn(Arc::clone(&self.shared).work(name.clone()));
            self.busy.insert(worker.id(), name);
        }
        next.into_iter().chain(held).min()
    }

    fn done(&mut self, done: Result<(Id, Result<(), StoreError>), tokio::task::JoinError>) {
        let (id, error) = match done {
            Ok((id, Ok(()))) => (id, None),
            // The store has said why, and says when it has recovered.
            Ok((id, Err(StoreError::Unavailable { .. }))) => (id, Some(None)),
            Ok((id, Err(error))) => (id, Some(Some(error.to_string()))),
            Err(error) => (error.id(), Some(Some(error.to_string()))),
        };
        let Some(name) = self.busy.remove(&id) else { return };
        if let Some(error) = error {
            if let Some(error) = error {
                tracing::error!(conversation = name.id(), "a turn failed and is tried again: {error}");
            }
            self.held.insert(name, self.shared.parts.clock.now().plus(AFTER_FAILURE));
        }
    }
}

async fn at(clock: &Clock, moment: Option<Time>) {
    match moment {
        Some(moment) => clock.reached(moment).await,
        None => std::future::pending().await,
    }
}

impl Shared {
    /// Works on one conversation until there is nothing to do for it now.
    async fn work(self: Arc<Self>, name: Name) -> Result<(), StoreError> {
        loop {
            let prepared = {
                let (shared, name) = (Arc::clone(&self), name.clone());
                let look = move |view: &View<'_>| {
                    let parts = &shared.parts;
                    turn::prepare(view, &name, &parts.backend, &parts.limits, parts.clock.now())
                };
                self.parts.store.read(look).await?
            };
            let sequence = prepared.as_ref().map(turn::Prepared::sequence);
            let more = match (self.turn(&name, prepared).await, sequence) {
                // It would panic again: the part ends with an error, and its conversation with it.
                (Err(StoreError::Panicked { reason }), Some(sequence)) => {
                    self.turn(&name, Some(turn::Prepared::broken(sequence, reason))).await?
                }
                (turned, _) => turned?,
            };
            if !more || *self.closing.borrow() {
                return Ok(());
            }
        }
    }

    async fn turn(self: &Arc<Self>, name: &Name, prepared: Option<turn::Prepared>) -> Result<bool, StoreError> {
        let (shared, name) = (Arc::clone(self), name.clone());
        let work = move |txn: &mut Transaction<'_>| {
            let parts = &shared.parts;
            let accounts = (parts.directory)();
            turn::turn(txn, &name, prepared.as_ref(), &parts.backend, &accounts, parts.clock.now())
        };
        self.parts.store.write(work).await
    }
}
