//! The engine without a disk: one ordered map. For `envoi demo` and tests; nothing survives the process.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    StoreError,
    engine::{Changes, Engine, Entries, Place, page_of},
};

/// Clones share one map.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<RwLock<BTreeMap<Vec<u8>, Vec<u8>>>>);

impl Place for Memory {
    fn open(&self) -> Result<Box<dyn Engine>, StoreError> {
        Ok(Box::new(self.clone()))
    }
}

impl Engine for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn page(&self, from: &[u8], to: Option<&[u8]>, most: usize) -> Result<(Entries, bool), StoreError> {
        if to.is_some_and(|to| to <= from) {
            return Ok((Entries::new(), false));
        }
        let map = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let to = to.map_or(Bound::Unbounded, Bound::Excluded);
        let range = map.range::<[u8], _>((Bound::Included(from), to));
        page_of(range.map(|(key, value)| Ok((key.clone(), value.clone()))), most)
    }

    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut map = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, change) in changes {
            match change {
                Some(value) => map.insert(key.clone(), value.clone()),
                None => map.remove(key),
            };
        }
        Ok(())
    }

    fn bytes_on_disk(&self) -> u64 {
        0
    }
}
