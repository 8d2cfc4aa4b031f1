//! One piece of work on the committer's thread: it reads its own writes, and can be taken back, whole or from a savepoint.
//! It never touches the disk; the committer does, once for many transactions.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry},
    ops::Bound,
};

use super::{
    StoreError,
    engine::{Changes, Engine, Until, Visit, visit_over},
    versions::Source,
};
use crate::clock::Time;

/// A new value, or none: the key is removed.
type Change = Option<Vec<u8>>;

/// What one key is to hold.
pub(super) struct Pending {
    pub(super) value: Change,
    /// The engine is known to hold nothing under it.
    pub(super) new: bool,
}

/// Longer values are read again rather than remembered.
const REMEMBERED_BYTES: usize = 4 << 10;
/// So many values are remembered.
const REMEMBERED: usize = 16 << 10;

/// What the transactions of one batch have changed so far, with the way back.
#[derive(Default)]
pub(super) struct Overlay {
    changes: BTreeMap<Vec<u8>, Pending>,
    /// What each change replaced in `changes`, in order.
    journal: Vec<(Vec<u8>, Option<Pending>)>,
    bytes: usize,
    /// What the engine holds, as far as it was read: it does not change while a batch is gathered.
    reads: HashMap<Vec<u8>, Change>,
    /// What index entries were found first, until something is removed or taken back.
    found: HashMap<Vec<u8>, i64>,
}

impl Overlay {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The changes in key order.
    pub(super) fn take(&mut self) -> BTreeMap<Vec<u8>, Pending> {
        std::mem::take(&mut self.changes)
    }

    /// What the engine holds under a key, when it was read: that is asked once.
    pub(super) fn take_read(&mut self, key: &[u8]) -> Option<Change> {
        self.reads.remove(key)
    }

    fn remember(&mut self, key: &[u8], value: &Change) {
        if self.reads.len() < REMEMBERED && value.as_ref().is_none_or(|value| value.len() <= REMEMBERED_BYTES) {
            self.reads.insert(key.to_vec(), value.clone());
        }
    }

    /// Forgets the way back: what has been done stays.
    pub(super) fn keep(&mut self) {
        self.journal.clear();
    }

    pub(super) fn savepoint(&self) -> usize {
        self.journal.len()
    }

    pub(super) fn roll_back(&mut self, savepoint: usize) {
        self.found.clear();
        while self.journal.len() > savepoint {
            let Some((key, before)) = self.journal.pop() else { return };
            match before {
                Some(change) => self.changes.insert(key, change),
                None => self.changes.remove(&key),
            };
        }
    }

    fn set(&mut self, key: Vec<u8>, value: Change, new: bool) {
        // Never counted down on the way back: it bounds a batch, it does not measure one.
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        if value.is_none() {
            self.found.clear();
        }
        let before = match self.changes.entry(key.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Pending { value, new });
                None
            }
            Entry::Occupied(mut occupied) => {
                let new = occupied.get().new;
                Some(occupied.insert(Pending { value, new }))
            }
        };
        self.journal.push((key, before));
    }
}

/// Work that changes the store. All of it is done or none: see `Store::write`.
pub struct Transaction<'a> {
    engine: &'a dyn Engine,
    overlay: &'a RefCell<Overlay>,
    sequence: &'a Cell<i64>,
    /// The first id of this batch.
    first: i64,
    /// The deliveries that it has owed.
    owed: RefCell<Vec<i64>>,
    /// The lanes in which it has moved something.
    lanes: RefCell<BTreeSet<String>>,
}

impl<'a> Transaction<'a> {
    /// `first` is where the sequence stood when the batch began.
    pub(super) fn new(
        engine: &'a dyn Engine,
        overlay: &'a RefCell<Overlay>,
        sequence: &'a Cell<i64>,
        first: i64,
    ) -> Self {
        Self { engine, overlay, sequence, first, owed: RefCell::default(), lanes: RefCell::default() }
    }

    /// The numbers of the deliveries that this transaction has owed, in order; what was taken back is among them.
    pub fn owed(&self) -> Vec<i64> {
        self.owed.borrow().clone()
    }

    /// When something is due next in the lanes in which this transaction has moved something.
    pub fn next_due(&self) -> Result<Option<Time>, StoreError> {
        let mut next: Option<Time> = None;
        for name in &*self.lanes.borrow() {
            let head = self.deliveries().lane(name)?.and_then(|lane| lane.head);
            next = next.into_iter().chain(head).min();
        }
        Ok(next)
    }

    pub(super) fn remember_lane(&self, name: &str) {
        let mut lanes = self.lanes.borrow_mut();
        if !lanes.contains(name) {
            lanes.insert(name.to_owned());
        }
    }

    pub(super) fn remember_owed(&self, number: i64) {
        self.owed.borrow_mut().push(number);
    }

    /// Runs a part of the work that may fail alone: when it gives an error its changes are taken back, the others stay.
    pub fn attempt<T, E>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let savepoint = self.overlay.borrow().savepoint();
        let outcome = work(self);
        if outcome.is_err() {
            self.overlay.borrow_mut().roll_back(savepoint);
        }
        outcome
    }

    pub(super) fn set(&self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.overlay.borrow_mut().set(key, value, false);
    }

    /// As [`Self::set`], for a key that nothing can be under yet: it holds an id of this batch.
    pub(super) fn set_new(&self, key: Vec<u8>, value: Vec<u8>) {
        self.overlay.borrow_mut().set(key, Some(value), true);
    }

    /// Whether this batch has changed a key.
    pub(super) fn is_changed(&self, key: &[u8]) -> bool {
        self.overlay.borrow().changes.contains_key(key)
    }

    /// Whether the id, or the number that is its opposite, was given out in this batch: the engine holds nothing of it.
    pub(super) fn is_of_batch(&self, id: i64) -> bool {
        id.checked_abs().is_some_and(|id| (self.first..self.sequence.get()).contains(&id))
    }

    /// What `find` finds for these entries, which is asked once until something is removed or taken back.
    pub(super) fn found(
        &self,
        entries: &[u8],
        find: impl FnOnce() -> Result<Option<i64>, StoreError>,
    ) -> Result<Option<i64>, StoreError> {
        if let Some(found) = self.overlay.borrow().found.get(entries) {
            return Ok(Some(*found));
        }
        let found = find()?;
        if let Some(id) = found {
            self.overlay.borrow_mut().found.insert(entries.to_vec(), id);
        }
        Ok(found)
    }

    /// The next id; never given twice, also when this transaction is taken back.
    pub(super) fn next_id(&self) -> i64 {
        let id = self.sequence.get();
        self.sequence.set(id.saturating_add(1));
        id
    }
}

impl Source for Transaction<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        {
            let overlay = self.overlay.borrow();
            if let Some(known) =
                overlay.changes.get(key).map(|pending| &pending.value).or_else(|| overlay.reads.get(key))
            {
                return Ok(known.clone());
            }
        }
        let value = self.engine.get(key)?;
        self.overlay.borrow_mut().remember(key, &value);
        Ok(value)
    }

    fn visit(&self, from: &[u8], to: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let overrides = |from: &[u8], until: Until<'_>| -> Changes {
            let overlay = self.overlay.borrow();
            let range = overlay.changes.range::<[u8], _>((Bound::Included(from), until.bound()));
            range.map(|(key, pending)| (key.clone(), pending.value.clone())).collect()
        };
        visit_over(self.engine, from, to, &overrides, visit)
    }
}
