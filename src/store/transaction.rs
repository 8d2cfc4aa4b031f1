//! One piece of work on the committer's thread: it reads its own writes, and can be taken back, whole or from a savepoint.
//! It never touches the disk; the committer does, once for many transactions.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Bound,
};

use super::{
    Owner, StoreError, chunk,
    engine::{Changes, Engine, Until, Visit, visit_over},
    key,
    objects::{Objects, ObjectsMut},
    versions::{Source, View},
};

/// A new value, or none: the key is removed.
type Change = Option<Vec<u8>>;

/// What the transactions of one batch have changed so far, with the way back.
#[derive(Default)]
pub(super) struct Overlay {
    changes: BTreeMap<Vec<u8>, Change>,
    /// What each change replaced in `changes`, in order.
    journal: Vec<(Vec<u8>, Option<Change>)>,
    bytes: usize,
}

impl Overlay {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The changes in key order; the overlay is empty after it.
    pub(super) fn take(&mut self) -> BTreeMap<Vec<u8>, Change> {
        let taken = std::mem::take(self);
        taken.changes
    }

    /// Forgets the way back: what has been done stays.
    pub(super) fn keep(&mut self) {
        self.journal.clear();
    }

    pub(super) fn savepoint(&self) -> usize {
        self.journal.len()
    }

    pub(super) fn roll_back(&mut self, savepoint: usize) {
        while self.journal.len() > savepoint {
            let Some((key, before)) = self.journal.pop() else { return };
            match before {
                Some(change) => self.changes.insert(key, change),
                None => self.changes.remove(&key),
            };
        }
    }

    fn set(&mut self, key: Vec<u8>, value: Change) {
        // Never counted down on the way back: it bounds a batch, it does not measure one.
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        let before = self.changes.insert(key.clone(), value);
        self.journal.push((key, before));
    }
}

/// Work that changes the store. All of it is done or none: see `Store::write`.
pub struct Transaction<'a> {
    engine: &'a dyn Engine,
    overlay: &'a RefCell<Overlay>,
    sequence: &'a Cell<i64>,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(engine: &'a dyn Engine, overlay: &'a RefCell<Overlay>, sequence: &'a Cell<i64>) -> Self {
        Self { engine, overlay, sequence }
    }

    /// The objects of one account.
    pub fn objects(&self, owner: &(impl Owner + ?Sized)) -> ObjectsMut<'_> {
        ObjectsMut::new(self, owner.account())
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

    /// A value that the program keeps under a name of its own, of no account.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        chunk::read(self, &key::setting(name))
    }

    /// Keeps a value under a name.
    pub fn put_setting(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        chunk::write(self, key::setting(name), value)
    }

    pub(super) fn set(&self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.overlay.borrow_mut().set(key, value);
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
        if let Some(change) = self.overlay.borrow().changes.get(key) {
            return Ok(change.clone());
        }
        self.engine.get(key)
    }

    fn visit(&self, from: &[u8], to: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let overrides = |from: &[u8], until: Until<'_>| -> Changes {
            let overlay = self.overlay.borrow();
            let range = overlay.changes.range::<[u8], _>((Bound::Included(from), until.bound()));
            range.map(|(key, change)| (key.clone(), change.clone())).collect()
        };
        visit_over(self.engine, from, to, &overrides, visit)
    }
}

impl View<'_> {
    /// The objects of one account.
    pub fn objects(&self, owner: &(impl Owner + ?Sized)) -> Objects<'_> {
        Objects::new(self, owner.account())
    }

    /// A value that the program keeps under a name of its own, of no account.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        chunk::read(self, &key::setting(name))
    }
}
