//! The engine that is in use now. When it has failed it is closed and another is opened in its place; whoever reads waits that
//! long, and is refused when there is none.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    StoreError,
    engine::{Changes, Engine, Entries, Place},
    error::panic_text,
};

/// So long a reader waits for an engine that is being opened.
const PATIENCE: Duration = Duration::from_secs(10);

/// The place is dropped last: it holds the claim on the data.
pub(super) struct Slot {
    state: Mutex<State>,
    changed: Condvar,
    /// As last asked, for the time in which no engine is open.
    bytes: AtomicU64,
    place: Box<dyn Place>,
}

enum State {
    Open(Arc<dyn Engine>),
    Opening,
    Closed(StoreError),
}

impl Slot {
    pub(super) fn open(place: Box<dyn Place>) -> Result<Self, StoreError> {
        let engine: Arc<dyn Engine> = place.open()?.into();
        let state = Mutex::new(State::Open(engine));
        Ok(Self { state, changed: Condvar::new(), bytes: AtomicU64::new(0), place })
    }

    /// Closes the engine that failed and opens it again, if the place takes data at all: else readers keep what there is.
    pub(super) fn reopen(&self) -> Result<(), StoreError> {
        guarded("testing the disk", || self.place.test())?;
        self.replace(|| self.place.open_again())
    }

    /// Closes an engine that is well and opens it again: it then knows its log up to here.
    pub(super) fn renew(&self) -> Result<(), StoreError> {
        self.replace(|| self.place.open())
    }

    fn replace(&self, open: impl FnOnce() -> Result<Box<dyn Engine>, StoreError>) -> Result<(), StoreError> {
        let old = std::mem::replace(&mut *self.state(), State::Opening);
        // The last reader in it closes it, if it is not we; an engine that failed may panic while it is closed.
        let _closed = guarded("closing", || {
            drop(old);
            Ok(())
        });
        let (state, outcome) = match guarded("opening", open) {
            Ok(engine) => (State::Open(engine.into()), Ok(())),
            Err(error) => (State::Closed(error.clone()), Err(error)),
        };
        *self.state() = state;
        self.changed.notify_all();
        outcome
    }

    pub(super) fn restore_reserve(&self) -> Result<(), StoreError> {
        guarded("making room", || self.place.restore_reserve())
    }

    fn current(&self) -> Result<Arc<dyn Engine>, StoreError> {
        let state = self.state();
        if let State::Open(engine) = &*state {
            return Ok(Arc::clone(engine));
        }
        let opening = |state: &mut State| matches!(state, State::Opening);
        let waited = self.changed.wait_timeout_while(state, PATIENCE, opening);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Open(engine) => Ok(Arc::clone(engine)),
            State::Opening => Err(StoreError::Unavailable { reason: "it is being opened again".to_owned() }),
            State::Closed(error) => Err(StoreError::Unavailable { reason: error.to_string() }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Slot {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.current()?.get(key)
    }

    fn page(&self, from: &[u8], to: Option<&[u8]>, most: usize) -> Result<(Entries, bool), StoreError> {
        self.current()?.page(from, to, most)
    }

    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        let engine = self.current()?;
        // sled answers some failures of the disk with a panic.
        guarded("writing", || engine.apply(changes))
    }

    fn bytes_on_disk(&self) -> u64 {
        let engine = match &*self.state() {
            State::Open(engine) => Some(Arc::clone(engine)),
            State::Opening | State::Closed(_) => None,
        };
        if let Some(engine) = engine {
            self.bytes.store(engine.bytes_on_disk(), Ordering::Relaxed);
        }
        self.bytes.load(Ordering::Relaxed)
    }

    fn nudge(&self) {
        if let Ok(engine) = self.current() {
            engine.nudge();
        }
    }
}

/// A panic in it becomes an error.
fn guarded<T>(doing: &str, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done,
        Err(panic) => Err(StoreError::io(doing, &panic_text(&*panic))),
    }
}
