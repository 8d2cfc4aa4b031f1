//! A disk that fails when told to, in every way that a disk has: for tests.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
};

use super::{
    StoreError,
    engine::{Changes, Engine, Entries, Place, page_of},
};

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// How one call of `apply` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing is written.
    Before,
    /// Half of the changes are in the engine and on the disk. (An engine must not do this; the store bears it.)
    Half,
    /// All of them are in the engine, none on the disk.
    Unsynced,
    /// All of them are on the disk, and nobody is told.
    Unheard,
}

/// The disk, and what it is going to do.
#[derive(Default)]
pub(super) struct World {
    /// What an engine that is opened finds.
    durable: Mutex<Map>,
    /// The faults of the coming calls of `apply`, and whether each is a panic.
    plan: Mutex<VecDeque<Option<(Fault, bool)>>>,
    /// So many times there is no room for anything at all, ...
    pub(super) dead: AtomicUsize,
    /// ... so many openings fail, ...
    pub(super) shut: AtomicUsize,
    /// ... and so many times there is no room for more.
    pub(super) full: AtomicUsize,
    pub(super) openings: AtomicUsize,
    /// Holds the next `apply` until something comes or the sender goes.
    pub(super) gate: Mutex<Option<mpsc::Receiver<()>>>,
    /// Sent to by a nudge.
    pub(super) nudged: Mutex<Option<mpsc::Sender<()>>>,
    open: AtomicBool,
}

impl World {
    /// The next calls of `apply` end like this; later ones well.
    pub(super) fn plan(&self, faults: impl IntoIterator<Item = Option<(Fault, bool)>>) {
        held(&self.plan).extend(faults);
    }
}

/// Its directory.
pub(super) struct Faulty(pub(super) Arc<World>);

impl Place for Faulty {
    fn open(&self) -> Result<Box<dyn Engine>, StoreError> {
        let world = Arc::clone(&self.0);
        // As sled's lock: the last reader may still be on its way out.
        while world.open.swap(true, Ordering::SeqCst) {
            std::thread::yield_now();
        }
        world.openings.fetch_add(1, Ordering::SeqCst);
        let map = Mutex::new(held(&world.durable).clone());
        Ok(Box::new(Broken { world, map, broken: AtomicBool::new(false) }))
    }

    fn test(&self) -> Result<(), StoreError> {
        count_down(&self.0.dead)
    }

    fn restore_reserve(&self) -> Result<(), StoreError> {
        count_down(&self.0.full)
    }

    fn open_again(&self) -> Result<Box<dyn Engine>, StoreError> {
        count_down(&self.0.shut)?;
        self.open()
    }
}

fn count_down(left: &AtomicUsize) -> Result<(), StoreError> {
    let failed = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if failed { Err(StoreError::io("trying", &"no space left")) } else { Ok(()) }
}

/// The engine: like sled it fails for good once it has failed.
struct Broken {
    world: Arc<World>,
    map: Mutex<Map>,
    broken: AtomicBool,
}

impl Drop for Broken {
    fn drop(&mut self) {
        self.world.open.store(false, Ordering::SeqCst);
    }
}

impl Engine for Broken {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(held(&self.map).get(key).cloned())
    }

    fn page(&self, from: &[u8], to: Option<&[u8]>, most: usize) -> Result<(Entries, bool), StoreError> {
        let map = held(&self.map);
        let range = map.range(from.to_vec()..).take_while(|(key, _)| to.is_none_or(|to| key.as_slice() < to));
        page_of(range.map(|(key, value)| Ok((key.clone(), value.clone()))), most)
    }

    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        assert!(!self.broken.load(Ordering::SeqCst), "an engine that failed is written to");
        let gate = held(&self.world.gate).take();
        if let Some(gate) = gate {
            let _opened = gate.recv();
        }
        let fault = held(&self.world.plan).pop_front().flatten();
        let (view, disk) = match fault.map(|(fault, _)| fault) {
            Some(Fault::Before) => (0, 0),
            Some(Fault::Half) => (changes.len() / 2, changes.len() / 2),
            Some(Fault::Unsynced) => (changes.len(), 0),
            Some(Fault::Unheard) | None => (changes.len(), changes.len()),
        };
        put(&self.map, &changes[..view]);
        put(&self.world.durable, &changes[..disk]);
        let Some((_, panics)) = fault else { return Ok(()) };
        self.broken.store(true, Ordering::SeqCst);
        if panics {
            panic!("the disk is gone");
        }
        Err(StoreError::io("syncing", &"no space left"))
    }

    fn bytes_on_disk(&self) -> u64 {
        0
    }

    fn nudge(&self) {
        if let Some(nudged) = held(&self.world.nudged).take() {
            nudged.send(()).unwrap();
        }
    }
}

fn put(map: &Mutex<Map>, changes: &[(Vec<u8>, Option<Vec<u8>>)]) {
    let mut map = held(map);
    for (key, change) in changes {
        match change {
            Some(value) => map.insert(key.clone(), value.clone()),
            None => map.remove(key),
        };
    }
}

pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
