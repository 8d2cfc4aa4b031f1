//! Working off what was accepted: conversations that are due are taken up, their parts run in SequenceCode order.
//!
//! What holds:
//! - Only the store says what is due, and each turn of a conversation is one transaction that looks again. What is in
//!   memory here (who works on what) may be lost at any moment: a start picks up what is due and nothing else.
//! - A conversation is worked on by one worker at a time, so it never overtakes itself; different ones run side by side.
//! - A part's results, its changes to objects, its conversation's new state and what is owed for it are committed
//!   together: each part is applied exactly once, also when the process is killed.
//! - A part whose objects go to connectors has two turns: the first owes their messages, the second does the rest of the part
//!   when they are settled. In between the conversation waits in the store, and holds no worker.
//! - Nobody polls: the queue waits for an accepted call, for the moment of the next due conversation, or for a worker.
//!
//! Nothing is sent from here; what a turn has owed is [`crate::notify`]'s.

mod accept;
mod remainder;
pub mod report;
mod turn;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::{Id, JoinError, JoinSet};

use crate::{
    backend::Backend,
    clock::{Clock, Time},
    conversation,
    message::client::Accounts,
    notify::{
        Notifier,
        duty::{Attending, Duty, Work},
    },
    object::Limits,
    store::{Kept, Name, Store, StoreError, Transaction, View},
};

pub use accept::{Arrival, Refusal, accept};
pub use remainder::{NoRemainder, remainder};
pub use turn::{Prepared, prepare, turn};

/// A conversation whose turn the store refused is tried again after this time.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// So often, when it is the conversation's own records that cannot be worked with. Then it is ended as damaged (201), and
/// where not even that can be written down, set aside until the next start.
const TRIES: u32 = 3;

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
        Self { workers: 16, message: "Queued".to_owned() }
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
    /// Who is told of what was done.
    pub notifier: Notifier,
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
    duty: Duty,
    /// How many are being worked on.
    working: AtomicUsize,
    /// How often messages have settled that a conversation has waited for.
    settled: AtomicU64,
    /// Conversations that are not tried any more, and why.
    aside: Mutex<BTreeMap<Name, String>>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Queue {
    /// A queue at rest; [`Queue::run`] works it off.
    pub fn new(parts: Parts) -> Self {
        let notifier = parts.notifier.clone();
        let (working, settled) = (AtomicUsize::new(0), AtomicU64::new(0));
        let shared = Arc::new(Shared { parts, duty: Duty::default(), working, settled, aside: Mutex::default() });
        let woken = Arc::downgrade(&shared);
        notifier.on_settled(Box::new(move || {
            if let Some(shared) = woken.upgrade() {
                shared.settled.fetch_add(1, Ordering::SeqCst);
                shared.duty.wake();
            }
        }));
        Self(shared)
    }

    /// How many conversations are being worked on.
    pub fn working(&self) -> usize {
        self.0.working.load(Ordering::SeqCst)
    }

    /// What does the work.
    pub fn backend(&self) -> &Backend {
        &self.0.parts.backend
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// Why a conversation is not worked on, where its records cannot be read.
    pub fn set_aside(&self, name: &Name) -> Option<String> {
        self.0.aside().get(name).cloned()
    }

    /// When something is due next that is not due yet.
    ///
    /// # Errors
    /// The store's.
    pub async fn next_due(&self) -> Result<Option<Time>, StoreError> {
        let now = self.0.parts.clock.now();
        let look = move |view: &View<'_>| view.conversations().due(now, 0, &|_| false);
        Ok(self.0.parts.store.read(look).await?.next)
    }

    /// When something is to be done for a conversation; the index of what is due may have an earlier moment.
    pub fn due(&self, kept: &Kept) -> Option<Time> {
        match kept.ended {
            Some(_) => kept.due,
            None if is_waiting(kept) => kept.due,
            None => conversation::due(&kept.rules, &self.0.parts.backend.settings.conversations),
        }
    }

    /// To be called when something new may be due. What changes a conversation may also make something owed.
    pub fn wake(&self) {
        self.0.duty.wake();
        self.0.parts.notifier.wake();
    }

    /// Ready when everything that was due at the call, and what became due by it, has been worked off, as far as the
    /// store let it; or when the queue closes. While somebody waits for that under a clock that is moved by hand, one is
    /// done after the other, so that the order of what is due at one moment is always the same.
    pub async fn idle(&self) {
        self.0.parts.notifier.wake();
        self.0.duty.idle().await;
    }

    /// As [`Queue::idle`], and everything that was due to be sent has been tried too: what one of the two makes due, the other
    /// has done.
    pub async fn all_idle(&self) {
        loop {
            let woken = self.0.settled.load(Ordering::SeqCst);
            self.idle().await;
            self.0.parts.notifier.idle().await;
            if self.0.settled.load(Ordering::SeqCst) == woken {
                return;
            }
        }
    }

    /// To be held by who moves a clock by hand from moment to moment and asks at each whether it is idle: what becomes due in
    /// between is done in its order too.
    pub(crate) fn attend(&self) -> Attending<'_> {
        self.0.duty.attend()
    }

    /// Ends the work: the parts that are being run are finished, no other is begun.
    pub async fn close(&self) {
        self.0.duty.close().await;
    }

    /// Works off what is due until the queue is closed.
    pub async fn run(self) {
        self.0.duty.work(&self.0.parts.clock, Dispatcher::new(Arc::clone(&self.0))).await;
    }
}

/// Gives due conversations to workers.
struct Dispatcher {
    shared: Arc<Shared>,
    workers: JoinSet<Result<(), StoreError>>,
    /// Who works on what.
    busy: HashMap<Id, Name>,
    /// What failed.
    held: BTreeMap<Name, Held>,
    /// Damaged entries of what is due that the log has named.
    named: HashSet<String>,
}

/// A conversation whose turn failed.
struct Held {
    /// It is not tried before.
    until: Time,
    /// How often its own records stood against it, one time after the other.
    tries: u32,
}

impl Dispatcher {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, workers: JoinSet::new(), busy: HashMap::new(), held: BTreeMap::new(), named: HashSet::new() }
    }
}

impl Work for Dispatcher {
    type Done = Result<(), StoreError>;

    fn workers(&mut self) -> &mut JoinSet<Self::Done> {
        &mut self.workers
    }

    async fn hand_out(&mut self) -> Option<Time> {
        let room = self.shared.workers().saturating_sub(self.workers.len());
        if room == 0 {
            return None;
        }
        let now = self.shared.parts.clock.now();
        let mut taken: HashSet<Name> = self.busy.values().cloned().collect();
        let held = self.held.iter().filter(|(_, held)| held.until > now);
        taken.extend(held.clone().map(|(name, _)| name.clone()));
        let held = held.map(|(_, held)| held.until).min();
        taken.extend(self.shared.aside().keys().cloned());
        let look = move |view: &View<'_>| view.conversations().due(now, room, &|name| !taken.contains(name));
        let due = match self.shared.parts.store.read(look).await {
            Ok(found) => found,
            Err(error) => {
                if !matches!(error, StoreError::Unavailable { .. }) {
                    tracing::error!("what is due cannot be read: {error}");
                }
                return Some(now.plus(AFTER_FAILURE));
            }
        };
        for damage in due.damaged.iter().map(ToString::to_string) {
            if self.named.insert(damage.clone()) {
                tracing::error!("an entry of what is due is passed over: {damage}");
            }
        }
        for name in due.names {
            let tries = self.held.get(&name).map_or(0, |held| held.tries);
            let worker = self.workers.spawn(Arc::clone(&self.shared).try_work(name.clone(), tries + 1 >= TRIES));
            self.busy.insert(worker.id(), name);
        }
        self.shared.working.store(self.busy.len(), Ordering::SeqCst);
        due.next.into_iter().chain(held).min()
    }

    fn done(&mut self, done: Result<(Id, Self::Done), JoinError>) {
        let (id, error) = match done {
            Ok((id, done)) => (id, done.err()),
            Err(error) => (error.id(), Some(StoreError::Panicked { reason: error.to_string() })),
        };
        let Some(name) = self.busy.remove(&id) else { return };
        self.shared.working.store(self.busy.len(), Ordering::SeqCst);
        let before = self.held.remove(&name).map_or(0, |held| held.tries);
        let Some(error) = error else { return };
        let tries = if is_its_own(&error) { before + 1 } else { before };
        if tries >= TRIES {
            tracing::error!(conversation = name.id(), "it is set aside until the next start: {error}");
            self.shared.aside().insert(name, error.to_string());
            return;
        }
        // When the store refuses everything it has said why, and says when it has recovered.
        if !matches!(error, StoreError::Unavailable { .. }) {
            tracing::error!(conversation = name.id(), "a turn failed and is tried again: {error}");
        }
        self.held.insert(name, Held { until: self.shared.parts.clock.now().plus(AFTER_FAILURE), tries });
    }
}

/// Whether a conversation waits for connectors: a part that has begun and is kept so has not been done yet.
fn is_waiting(kept: &Kept) -> bool {
    kept.rules.running().is_some()
}

/// Whether an error is the conversation's own: another one need not meet it, and trying again does not mend it.
fn is_its_own(error: &StoreError) -> bool {
    matches!(error, StoreError::Corrupt { .. } | StoreError::Panicked { .. } | StoreError::Unwritable { .. })
}

impl Shared {
    fn aside(&self) -> MutexGuard<'_, BTreeMap<Name, String>> {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many may work at once.
    fn workers(&self) -> usize {
        if self.duty.is_awaited() && self.parts.clock.is_virtual() { 1 } else { self.parts.settings.workers.max(1) }
    }

    /// Works on one conversation; when it is the last try, and its own records are the trouble, ends it.
    async fn try_work(self: Arc<Self>, name: Name, last: bool) -> Result<(), StoreError> {
        let worked = Arc::clone(&self).work(name.clone()).await;
        let Err(error) = worked else { return Ok(()) };
        if !last || !is_its_own(&error) {
            return Err(error);
        }
        tracing::error!(conversation = name.id(), "it is given up: {error}");
        let (shared, given_up) = (Arc::clone(&self), name);
        let work = move |txn: &mut Transaction<'_>| {
            let parts = &shared.parts;
            turn::give_up(txn, &given_up, &parts.backend.settings.conversations, parts.clock.now())
        };
        self.parts.store.write(work).await?;
        self.parts.notifier.wake();
        Ok(())
    }

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
            if !more || self.duty.is_closing() {
                return Ok(());
            }
        }
    }

    async fn turn(self: &Arc<Self>, name: &Name, prepared: Option<turn::Prepared>) -> Result<bool, StoreError> {
        let (shared, name) = (Arc::clone(self), name.clone());
        let work = move |txn: &mut Transaction<'_>| {
            let parts = &shared.parts;
            let accounts = (parts.directory)();
            let now = parts.clock.now();
            let more = turn::turn(txn, &name, prepared.as_ref(), &parts.backend, &accounts, now)?;
            Ok::<_, StoreError>((more, parts.notifier.begin(txn, now)?))
        };
        let (more, begun) = self.parts.store.write(work).await?;
        begun.carry();
        Ok(more)
    }
}
