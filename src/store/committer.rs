//! The one thread that changes the engine: it takes what waits, runs it in order, makes all of it durable at once, and only then
//! answers everyone. After a failed commit it answers with that failure, and refuses what comes later without running it.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{mpsc, oneshot};

use super::{
    StoreError,
    engine::Changes,
    key,
    stats::Stats,
    transaction::{Overlay, Transaction},
    versions::{Undo, Versions},
};
use crate::clock::Stopwatch;

/// A batch takes in no more work after so many pieces ...
const BATCH_WORK: usize = 1024;
/// ... or so many bytes of changes.
const BATCH_BYTES: usize = 8 << 20;

/// The first id given out. The service's ids are large; small ones tempt callers to count on them.
pub(super) const FIRST_ID: i64 = 1_000_001;

/// The marks that every commit writes: the next id, and what is held in all.
pub(super) const MARKS: [&str; 3] = ["sequence", "keys", "bytes"];

/// What the committer and its `Store` share.
pub(super) struct Shared {
    pub(super) versions: Arc<Versions>,
    stats: Mutex<Stats>,
    failure: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn new(versions: Arc<Versions>) -> Self {
        Self { versions, stats: Mutex::default(), failure: Mutex::default() }
    }

    pub(super) fn stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reason why writes are refused, if they are.
    pub(super) fn refusal(&self) -> Option<StoreError> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.clone().map(|reason| StoreError::Unavailable { reason })
    }

    fn fail(&self, error: &StoreError) {
        tracing::error!(%error, "a commit failed; the store refuses writes from now on");
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        self.stats().failed = true;
    }
}

/// A piece of work with the way to answer it.
pub(super) trait Work: Send {
    /// Runs it; true when its changes are to be kept.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool;

    /// Answers with what `run` gave, or with the failure of its batch.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// The closure of one `Store::write`, then its result.
pub(super) struct Task<F, T, E> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Task<F, T, E> {
    pub(super) fn new(work: F, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self { work: Some(work), result: None, reply }
    }
}

impl<F, T, E> Work for Task<F, T, E>
where
    F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let result = match catch_unwind(AssertUnwindSafe(|| work(transaction))) {
            Ok(result) => result,
            Err(panic) => Err(StoreError::Panicked { reason: panic_text(&*panic) }.into()),
        };
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let result = match (outcome, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Closed.into()),
            (Err(error), _) => Err(error.into()),
        };
        // A caller that has gone away wants no answer; what it asked for is done all the same.
        let _gone = self.reply.send(result);
    }
}

pub(super) struct Committer {
    shared: Arc<Shared>,
    sequence: Cell<i64>,
    stored_sequence: i64,
    totals: Totals,
    /// Whether [`MARKS`] have ever been written.
    marked: bool,
}

#[derive(Clone, Copy, Default)]
struct Totals {
    keys: u64,
    bytes: u64,
}

impl Committer {
    /// Reads where the sequence and the totals stand.
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let engine = shared.versions.engine();
        let stored = number(engine.get(&key::mark("sequence"))?.as_deref(), "sequence")?;
        let (marked, sequence) = (stored.is_some(), stored.map_or(FIRST_ID, u64::cast_signed));
        let totals = Totals {
            keys: number(engine.get(&key::mark("keys"))?.as_deref(), "keys")?.unwrap_or(0),
            bytes: number(engine.get(&key::mark("bytes"))?.as_deref(), "bytes")?.unwrap_or(0),
        };
        let committer = Self { shared, sequence: Cell::new(sequence), stored_sequence: sequence, totals, marked };
        committer.show_totals();
        Ok(committer)
    }

    /// Works until every `Store` is gone and the queue is empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Work>>) {
        while let Some(first) = queue.blocking_recv() {
            self.batch(first, &mut queue);
        }
    }

    fn batch(&mut self, first: Box<dyn Work>, queue: &mut mpsc::Receiver<Box<dyn Work>>) {
        if let Some(refusal) = self.shared.refusal() {
            first.answer(Err(refusal));
            return;
        }
        let overlay = RefCell::new(Overlay::default());
        let (mut done, mut kept) = (Vec::new(), 0);
        let mut next = Some(first);
        while let Some(mut work) = next {
            let mut transaction = Transaction::new(self.shared.versions.engine(), &overlay, &self.sequence);
            let keep = work.run(&mut transaction);
            match keep {
                true => overlay.borrow_mut().keep(),
                false => overlay.borrow_mut().roll_back(0),
            }
            kept += u64::from(keep);
            done.push(work);
            let full = done.len() >= BATCH_WORK || overlay.borrow().bytes() >= BATCH_BYTES;
            next = if full { None } else { queue.try_recv().ok() };
        }
        let outcome = self.commit(overlay.into_inner(), done.len());
        match &outcome {
            Ok(()) => {
                let mut stats = self.shared.stats();
                stats.commits += kept;
                stats.rollbacks += done.len() as u64 - kept;
            }
            Err(error) => self.shared.fail(error),
        }
        for work in done {
            work.answer(outcome.clone());
        }
    }

    fn commit(&mut self, mut overlay: Overlay, size: usize) -> Result<(), StoreError> {
        let engine = self.shared.versions.engine();
        let (mut changes, mut undo, mut totals) = (Changes::new(), Undo::new(), self.totals);
        for (key, change) in overlay.take() {
            let before = engine.get(&key)?;
            if before == change {
                continue;
            }
            totals.replace(key.len(), before.as_deref(), change.as_deref());
            undo.insert(key.clone(), before);
            changes.push((key, change));
        }
        let sequence = self.sequence.get();
        if changes.is_empty() && sequence == self.stored_sequence {
            return Ok(());
        }
        let before = [self.stored_sequence.cast_unsigned(), self.totals.keys, self.totals.bytes];
        let after = [sequence.cast_unsigned(), totals.keys, totals.bytes];
        for ((mark, before), after) in MARKS.into_iter().zip(before).zip(after) {
            let bytes = |value: u64| Some(value.to_le_bytes().to_vec());
            // A backup reads them as of its own moment.
            undo.insert(key::mark(mark), if self.marked { bytes(before) } else { None });
            changes.push((key::mark(mark), bytes(after)));
        }
        self.shared.versions.publish(undo);
        let watch = Stopwatch::start();
        // sled answers some failures of the disk with a panic.
        match catch_unwind(AssertUnwindSafe(|| engine.apply(&changes))) {
            Ok(applied) => applied?,
            Err(panic) => return Err(StoreError::io("writing", &panic_text(&*panic))),
        }
        self.shared.stats().batch(size, watch.elapsed());
        self.shared.versions.commit();
        self.stored_sequence = sequence;
        self.totals = totals;
        self.marked = true;
        self.show_totals();
        Ok(())
    }

    fn show_totals(&self) {
        let mut stats = self.shared.stats();
        stats.live_keys = self.totals.keys;
        stats.live_bytes = self.totals.bytes;
    }
}

impl Totals {
    fn replace(&mut self, key: usize, before: Option<&[u8]>, after: Option<&[u8]>) {
        let size = |value: &[u8]| (key + value.len()) as u64;
        if let Some(before) = before {
            self.keys = self.keys.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(size(before));
        }
        if let Some(after) = after {
            self.keys += 1;
            self.bytes += size(after);
        }
    }
}

pub(super) fn number(bytes: Option<&[u8]>, mark: &str) -> Result<Option<u64>, StoreError> {
    let Some(bytes) = bytes else { return Ok(None) };
    match bytes.try_into() {
        Ok(bytes) => Ok(Some(u64::from_le_bytes(bytes))),
        Err(_) => Err(StoreError::Corrupt {
            key: key::readable(&key::mark(mark)),
            reason: format!("{} bytes are no number", bytes.len()),
        }),
    }
}

/// A panic's message.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}
