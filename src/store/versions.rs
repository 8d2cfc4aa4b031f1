//! What readers see: the state of the last durable commit, each reader its own, for as long as it looks.
//!
//! Before the committer changes the engine it publishes, for every key of the batch, the value before (`undo`). A reader reads
//! the engine first and then looks for the key among the undos published after its version; the oldest of these is what the key
//! held then. So a reader never sees half a batch, nor anything that is not on disk yet, and never waits for a sync. When a
//! commit fails its undo stays, and readers go on seeing the state before it, also through another engine that shows all, some or
//! none of it, until it has been taken back there. Undos that no reader needs are dropped.
//!
//! A reader that goes once through everything, as a backup does, would keep every undo alive. It takes them over instead
//! ([`View::catch_up`]): of each key the oldest value, and only of keys that it has not passed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    StoreError,
    engine::{Changes, Engine, Until, Visit, visit_over},
    slot::Slot,
};

/// Something that keys are read from: a [`View`] or a `Transaction`.
pub(super) trait Source {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Visits the entries from `from` (inclusive) to `to` (exclusive) in key order until `visit` gives false.
    fn visit(&self, from: &[u8], to: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<(), StoreError>;
}

pub(super) type Undo = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

pub(super) struct Versions {
    engine: Arc<Slot>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    committed: u64,
    undos: BTreeMap<u64, Arc<Undo>>,
    /// How many readers look at which version.
    readers: BTreeMap<u64, usize>,
}

impl Versions {
    pub(super) fn new(engine: Arc<Slot>) -> Self {
        Self { engine, state: Mutex::default() }
    }

    pub(super) fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// To be called before the engine is changed.
    pub(super) fn publish(&self, undo: Undo) {
        let mut state = self.state();
        let version = state.committed + 1;
        state.undos.insert(version, Arc::new(undo));
    }

    /// To be called when what was published is durable, or has been taken back: then the new version is as the one before.
    pub(super) fn commit(&self) {
        let mut state = self.state();
        state.committed += 1;
        state.prune();
    }

    /// What was published and is neither durable nor taken back.
    pub(super) fn pending(&self) -> Option<Arc<Undo>> {
        let state = self.state();
        state.undos.get(&(state.committed + 1)).map(Arc::clone)
    }

    pub(super) fn view(self: &Arc<Self>) -> View<'static> {
        let mut state = self.state();
        let at = state.committed;
        *state.readers.entry(at).or_default() += 1;
        drop(state);
        View { versions: Arc::clone(self), at, before: Undo::new(), held: 0, life: std::marker::PhantomData }
    }

    fn undos_after(&self, at: u64) -> Vec<Arc<Undo>> {
        self.state().undos.range(at + 1..).map(|(_, undo)| Arc::clone(undo)).collect()
    }

    #[cfg(test)]
    pub(super) fn undos(&self) -> usize {
        self.state().undos.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn prune(&mut self) {
        let oldest = self.readers.keys().next().map_or(self.committed, |at| *at.min(&self.committed));
        self.undos = self.undos.split_off(&(oldest + 1));
    }

    fn leave(&mut self, at: u64) {
        if let Some(readers) = self.readers.get_mut(&at) {
            *readers -= 1;
            if *readers == 0 {
                self.readers.remove(&at);
                self.prune();
            }
        }
    }
}

/// The committed state at one moment. It stays as it was while the store goes on.
pub struct View<'a> {
    versions: Arc<Versions>,
    at: u64,
    /// What was taken over of the undos up to `at`.
    before: Undo,
    /// Bytes of `before`.
    held: usize,
    life: std::marker::PhantomData<&'a ()>,
}

impl View<'_> {
    /// Takes over what the store keeps for this view alone, as far as it lies at or behind `from`; keys before `from` are
    /// not to be asked for any more. Gives the bytes that it holds then.
    pub(super) fn catch_up(&mut self, from: &[u8]) -> usize {
        let (at, undos) = {
            let mut state = self.versions.state();
            let at = state.committed;
            let undos = state.undos.range(self.at + 1..).take_while(|(version, _)| **version <= at);
            let undos: Vec<Arc<Undo>> = undos.map(|(_, undo)| Arc::clone(undo)).collect();
            *state.readers.entry(at).or_default() += 1;
            state.leave(self.at);
            (at, undos)
        };
        self.at = at;
        let size = |(key, value): (&Vec<u8>, &Option<Vec<u8>>)| key.len() + value.as_ref().map_or(0, Vec::len);
        let ahead = self.before.split_off(from);
        let passed = std::mem::replace(&mut self.before, ahead);
        self.held -= passed.iter().map(size).sum::<usize>();
        for undo in undos {
            for (key, value) in undo.range::<[u8], _>((std::ops::Bound::Included(from), std::ops::Bound::Unbounded)) {
                // The older value is there already.
                if !self.before.contains_key(key) {
                    self.held += size((key, value));
                    self.before.insert(key.clone(), value.clone());
                }
            }
        }
        self.held
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        self.versions.state().leave(self.at);
    }
}

impl Source for View<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        // The engine first: a change that it shows was published before.
        let present = self.versions.engine.get(key)?;
        if let Some(before) = self.before.get(key) {
            return Ok(before.clone());
        }
        let undos = self.versions.undos_after(self.at);
        Ok(undos.iter().find_map(|undo| undo.get(key).cloned()).unwrap_or(present))
    }

    fn visit(&self, from: &[u8], to: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let overrides = |from: &[u8], until: Until<'_>| -> Changes {
            let mut before = Undo::new();
            // The oldest undo comes last and wins.
            for undo in self.versions.undos_after(self.at).iter().rev() {
                let range = undo.range::<[u8], _>((std::ops::Bound::Included(from), until.bound()));
                before.extend(range.map(|(key, value)| (key.clone(), value.clone())));
            }
            let range = self.before.range::<[u8], _>((std::ops::Bound::Included(from), until.bound()));
            before.extend(range.map(|(key, value)| (key.clone(), value.clone())));
            before.into_iter().collect()
        };
        visit_over(self.versions.engine(), from, to, &overrides, visit)
    }
}
