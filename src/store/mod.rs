//! Durable memory: a few named transactions over an embedded engine. sled lives here (in `disk`) and nowhere else; nothing
//! outside this room knows a key, or may assume one process, one writer or this engine.
//!
//! What holds:
//! - [`Store::write`] gives `Ok` only when its changes would survive a loss of power. Many calls share one sync.
//! - A piece of work is done whole or not at all; an error or a panic in it takes it back and leaves its neighbours alone.
//!   [`Transaction::attempt`] does the same for a part of it.
//! - Work runs one after the other on one thread, so that what it reads stays true until it is committed.
//! - [`Store::read`] sees one durable state: never half a transaction, never what is not on disk yet.
//! - When the disk fails, nobody is told of success, later writes are refused, and readers keep the last durable state. The
//!   store goes on by itself when the disk does; what failed has been taken back by then.
//! - Ids rise from 1,000,001, over all accounts and kinds, and are never given twice.
//! - Every record has a version byte, the whole store a format mark; what cannot be read is an error, never a panic.
//!
//! Keys are described in `key`, `conversation_key` and `delivery_key`, records in `objects`, `conversations` and
//! `delivery`, long values in `chunk`, the disk in `disk`, readers in `versions`, failures and the way out of them in
//! `committer`.
//!
//! For operators, over stopped stores or one state of a running one: `backup`, `compact`, `check` (fsck), `dump` (export and
//! import).

mod error;
mod key;
mod kept_content;
mod engine;
mod memory;
#[doc(hidden)]
pub mod image;
mod lock;
mod durable;
mod disk;
mod slot;
mod chunk;
mod versions;
mod transaction;
mod objects;
mod setting;
mod name;
mod conversation_key;
mod readable;
mod conversations;
mod delivery_key;
mod delivery;
mod deliveries;
mod lane;
mod turn;
mod outbox;
mod forget;
mod rank;
mod receipt;
mod early;
mod rate;
pub mod outgoing;
pub mod send;
mod stats;
mod shared;
mod space;
mod totals;
mod work;
mod writer;
mod committer;
mod fresh;
pub mod whole;
mod vacant;
mod archive;
mod backup;
mod compact;
mod take;
mod stopped;
mod check;
mod dump;
#[cfg(test)]
mod fault_model;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;

pub use archive::Manifest;
pub use backup::restore;
pub use check::{Catalogue, Check, Finding, Report, Rule};
pub use compact::{Compacted, compact};
pub use conversations::{Conversations, Due, Kept, Known, Outcome, Part, Results, SHORT_ENVELOPE};
pub use deliveries::{Counts, Deliveries};
pub use delivery::{
    ATTEMPTS, Attempt, Attempted, Content, Delivery, DeliveryKind, DeliveryState, Next, Notice, STATUS_BYTES,
};
pub use dump::{Shape, Written, export, import};
pub use error::StoreError;
pub use lane::{Health, Lane};
pub use name::Name;
pub use objects::{Objects, ObjectsMut};
pub use outgoing::{Asker, Outgoing};
pub use stats::{BATCH_BUCKETS, Stats};
pub use stopped::Stopped;
pub use take::refuses;
pub use transaction::Transaction;
pub use versions::View;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};

use tokio::sync::{mpsc, oneshot};

use crate::{clock::Clock, message::client::Client};

use self::{
    committer::{Committer, Patience},
    disk::Directory,
    engine::{Engine, Place},
    error::panic_text,
    memory::Memory,
    shared::Shared,
    slot::Slot,
    versions::Versions,
    work::{Task, Work},
};

/// What this program writes and reads. Another format means another layout of keys or records.
const FORMAT: &str = "1";

/// Work that may wait for the committer; more makes callers wait.
const QUEUE: usize = 1024;

/// Whose objects are meant.
pub trait Owner {
    /// The account (MID) that the objects belong to.
    fn account(&self) -> u64;
}

impl Owner for Client {
    fn account(&self) -> u64 {
        Self::account(self)
    }
}

/// An account named by the program itself: seeding, sweeping, operators' commands. Never made from a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Internal(pub u64);

impl Owner for Internal {
    fn account(&self) -> u64 {
        self.0
    }
}

/// Where and how the store keeps its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The data directory, created when missing; `None` keeps everything in memory.
    pub path: Option<PathBuf>,
    /// How much of the data the engine keeps in memory for reading.
    pub cache_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { path: None, cache_bytes: 64 << 20 }
    }
}

/// The store. Clones share it; when the last one goes, what is queued is finished and the directory is released.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

struct Inner {
    queue: Option<mpsc::Sender<Box<dyn Work>>>,
    committer: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    path: Option<PathBuf>,
}

impl Store {
    /// Opens the data directory, or creates it. Blocks: for start-up.
    pub fn open(settings: &Settings) -> Result<Self, StoreError> {
        Self::open_with(settings, &Clock::system())
    }

    /// As [`Store::open`]; after a failure the store waits on this clock before it tries to recover.
    pub fn open_with(settings: &Settings, clock: &Clock) -> Result<Self, StoreError> {
        let place: Box<dyn Place> = match &settings.path {
            Some(path) => Box::new(Directory::take(path, settings.cache_bytes)?),
            None => Box::new(Memory::default()),
        };
        let slot = Slot::open(place)?;
        check_format(&slot, settings)?;
        Self::start_at(settings.path.clone(), slot, clock, Patience::default())
    }

    #[cfg(test)]
    fn start(slot: Slot, clock: &Clock, patience: Patience) -> Result<Self, StoreError> {
        Self::start_at(None, slot, clock, patience)
    }

    fn start_at(path: Option<PathBuf>, slot: Slot, clock: &Clock, patience: Patience) -> Result<Self, StoreError> {
        let slot = Arc::new(slot);
        let shared = Arc::new(Shared::new(Arc::new(Versions::new(Arc::clone(&slot)))));
        let committer = Committer::new(Arc::clone(&shared), slot, clock.clone(), patience)?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || committer.run(waiting));
        let thread = thread.map_err(|error| StoreError::io("starting the committer", &error))?;
        Ok(Self(Arc::new(Inner { queue: Some(queue), committer: Some(thread), shared, path })))
    }

    /// Runs `work` alone, makes its changes durable and gives what it gave. With an error nothing of it is kept.
    ///
    /// Once queued the work is done even if the caller stops waiting.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (task, answer) = self.task(work)?;
        let queue = self.0.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(task).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// As [`Store::write`], for threads outside the runtime; it panics inside it.
    pub fn write_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (task, answer) = self.task(work)?;
        let queue = self.0.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.blocking_send(task).map_err(|_| StoreError::Closed)?;
        answer.blocking_recv().map_err(|_| StoreError::Closed)?
    }

    /// Runs `look` over the last durable state, on a thread that may block.
    pub async fn read<T, E, F>(&self, look: F) -> Result<T, E>
    where
        F: FnOnce(&View<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = self.clone();
        let looked = tokio::task::spawn_blocking(move || store.read_blocking(look)).await;
        looked.map_err(|error| StoreError::Panicked { reason: error.to_string() })?
    }

    /// As [`Store::read`], on this thread.
    pub fn read_blocking<T, E: From<StoreError>>(&self, look: impl FnOnce(&View<'_>) -> Result<T, E>) -> Result<T, E> {
        let view = self.0.shared.versions.view();
        match catch_unwind(AssertUnwindSafe(|| look(&view))) {
            Ok(result) => result,
            Err(panic) => Err(StoreError::Panicked { reason: panic_text(&*panic) }.into()),
        }
    }

    /// The store's figures. Asks the file system for sizes: for metrics, not for every request.
    pub fn stats(&self) -> Stats {
        let mut stats = self.0.shared.stats().clone();
        stats.disk_bytes = self.0.shared.versions.engine().bytes_on_disk();
        let queue = self.0.queue.as_ref();
        stats.queued = queue.map_or(0, |queue| (queue.max_capacity() - queue.capacity()) as u64);
        stats
    }

    /// Why writes are refused, if they are: what failed, and what stands in the way of the recovery. For operators.
    pub fn failure(&self) -> Option<String> {
        self.0.shared.reason()
    }

    #[expect(clippy::type_complexity, reason = "a task and where its answer comes")]
    fn task<T, E, F>(&self, work: F) -> Result<(Box<dyn Work>, oneshot::Receiver<Result<T, E>>), E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if let Some(refusal) = self.0.shared.refusal() {
            return Err(refusal.into());
        }
        let (reply, answer) = oneshot::channel();
        Ok((Box::new(Task::new(work, reply)), answer))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(committer) = self.committer.take() {
            // Work may hold the last clone: the committer cannot wait for itself.
            if committer.thread().id() != thread::current().id() && committer.join().is_err() {
                tracing::error!("the store's committer panicked");
            }
        }
    }
}

/// Finds the format mark, or writes it into an empty store.
fn check_format(engine: &dyn Engine, settings: &Settings) -> Result<(), StoreError> {
    match engine.page(&[], None, 1)?.0.is_empty() {
        true => engine.apply(&vec![(key::mark("format"), Some(FORMAT.as_bytes().to_vec()))]),
        false => find_format(engine, settings.path.as_deref().unwrap_or(Path::new(""))),
    }
}

/// An error when the format mark is not ours.
fn find_format(engine: &dyn Engine, path: &Path) -> Result<(), StoreError> {
    let found = match engine.get(&key::mark("format"))? {
        Some(found) if found == FORMAT.as_bytes() => return Ok(()),
        Some(found) => String::from_utf8_lossy(&found).into_owned(),
        None => "none".to_owned(),
    };
    Err(StoreError::Format { path: path.to_path_buf(), found, supported: FORMAT.to_owned() })
}
