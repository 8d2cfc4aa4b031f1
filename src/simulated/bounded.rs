//! What the simulated backends remember: so much, and then the oldest is forgotten.

use std::collections::{BTreeMap, VecDeque};

/// A map of at most so many entries.
pub(super) struct Bounded<K, V> {
    most: usize,
    entries: BTreeMap<K, V>,
    /// Keys in the order in which they came.
    order: VecDeque<K>,
}

impl<K: Ord + Clone, V> Bounded<K, V> {
    pub(super) const fn new(most: usize) -> Self {
        Self { most, entries: BTreeMap::new(), order: VecDeque::new() }
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        if self.entries.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let removed = self.entries.remove(key)?;
        self.order.retain(|known| known != key);
        Some(removed)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&V) -> bool) {
        self.entries.retain(|_, value| keep(value));
        self.order.retain(|key| self.entries.contains_key(key));
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    /// Whether one more would push the oldest out.
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut map = Bounded::new(2);
        for key in ["b", "a", "b", "c"] {
            map.insert(key, key.len());
        }
        assert_eq!(map.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!((map.is_full(), map.get(&"b")), (true, None));
        assert_eq!(map.remove(&"a"), Some(1));
        map.insert("d", 1);
        map.insert("e", 1);
        assert_eq!(map.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["d", "e"]);
        map.retain(|_| false);
        assert_eq!((map.entries.len(), map.order.len()), (0, 0));
    }
}
