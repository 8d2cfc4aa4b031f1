//! The disk of a store that is tried out: it stays when the store is dropped, as a disk does when its process ends, and it
//! fails where it is told to. For tests of crashes; nothing of it is used by a server.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use super::{
    Settings, Store, StoreError, check_format,
    committer::Patience,
    engine::{Changes, Engine, Entries, PAGE_ENTRIES, Place},
    memory::Memory,
    readable,
    slot::Slot,
};
use crate::clock::Clock;

/// What happens to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing of it is written.
    Unwritten,
    /// All of it is written, and then the disk says that it failed: nobody is told of success.
    Untold,
}

/// Such a disk. Clones share it.
#[derive(Clone, Default)]
pub struct Image(Arc<State>);

#[derive(Default)]
struct State {
    memory: Memory,
    mishap: Mutex<Option<Mishap>>,
    applied: AtomicU64,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Image")
    }
}

impl Image {
    /// Opens the store as a process does that has just started. At most one at a time.
    ///
    /// # Errors
    /// When what is there cannot be read.
    pub fn open(&self) -> Result<Store, StoreError> {
        let slot = Slot::open(Box::new(self.clone()))?;
        check_format(&slot, &Settings::default())?;
        Store::start_at(None, slot, &Clock::system(), Patience::default())
    }

    /// The next batch meets this.
    pub fn fail_next(&self, mishap: Mishap) {
        *self.mishap() = Some(mishap);
    }

    /// Forgets a mishap that no batch has met; tells whether there was one.
    pub fn spare(&self) -> bool {
        self.mishap().take().is_some()
    }

    /// How many batches have been written.
    pub fn batches(&self) -> u64 {
        self.0.applied.load(Ordering::SeqCst)
    }

    /// Overwrites the records whose keys, in words, `meant` takes; gives how many. Only while no store is open.
    ///
    /// # Errors
    /// None that a memory has.
    pub fn damage(&self, meant: impl Fn(&str) -> bool) -> Result<usize, StoreError> {
        let (mut from, mut changes) = (Vec::new(), Changes::new());
        loop {
            let (page, more) = self.0.memory.page(&from, None, PAGE_ENTRIES)?;
            let hit = page.iter().filter(|(key, _)| meant(&readable::key(key)));
            changes.extend(hit.map(|(key, _)| (key.clone(), Some(vec![0xFF; 3]))));
            match page.last() {
                Some((last, _)) if more => from = [last.as_slice(), &[0]].concat(),
                _ => break,
            }
        }
        self.0.memory.apply(&changes)?;
        Ok(changes.len())
    }

    fn mishap(&self) -> MutexGuard<'_, Option<Mishap>> {
        self.0.mishap.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Image {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.memory.get(key)
    }

    fn page(&self, from: &[u8], to: Option<&[u8]>, most: usize) -> Result<(Entries, bool), StoreError> {
        self.0.memory.page(from, to, most)
    }

    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        let mishap = self.mishap().take();
        if mishap != Some(Mishap::Unwritten) {
            self.0.memory.apply(changes)?;
            self.0.applied.fetch_add(1, Ordering::SeqCst);
        }
        match mishap {
            Some(_) => Err(StoreError::io("writing", &"a mishap")),
            None => Ok(()),
        }
    }

    fn bytes_on_disk(&self) -> u64 {
        0
    }
}

impl Place for Image {
    fn open(&self) -> Result<Box<dyn Engine>, StoreError> {
        Ok(Box::new(self.clone()))
    }

    /// After a mishap the store stays refused until it is opened anew, so that what follows is the same in every run.
    fn test(&self) -> Result<(), StoreError> {
        Err(StoreError::io("testing the disk", &"a mishap"))
    }
}
