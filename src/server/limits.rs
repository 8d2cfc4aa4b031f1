//! How many requests of one client are worked on at once. It counts; who the client is the check of credentials tells.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The requests in flight of each client. Clones share the count.
#[derive(Clone, Debug)]
pub struct Flight {
    most: usize,
    counts: Arc<Mutex<HashMap<Arc<str>, usize>>>,
}

/// The client has as many requests in flight as it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this client has {most} requests in flight already")]
pub struct Crowded {
    /// The setting.
    pub most: usize,
}

impl Flight {
    /// Lets each client have so many requests in flight.
    pub fn new(most: usize) -> Self {
        Self { most, counts: Arc::default() }
    }

    /// Takes a seat for the client of this key; it is free again when what this gives is dropped.
    pub fn enter(&self, client: &str) -> Result<Seat, Crowded> {
        let mut counts = self.lock();
        let taken = counts.get(client).copied().unwrap_or(0);
        if taken >= self.most {
            return Err(Crowded { most: self.most });
        }
        let client = counts.get_key_value(client).map_or_else(|| Arc::from(client), |(key, _)| Arc::clone(key));
        counts.insert(Arc::clone(&client), taken + 1);
        Ok(Seat { flight: self.clone(), client })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request in flight.
#[derive(Debug)]
#[must_use = "the seat is free again as soon as this is dropped"]
pub struct Seat {
    flight: Flight,
    client: Arc<str>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.flight.lock();
        match counts.get_mut(&self.client) {
            Some(taken) if *taken > 1 => *taken -= 1,
            // Clients come and go; only those in flight are remembered.
            _ => drop(counts.remove(&self.client)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_its_own_seats_and_gets_them_back() {
        let flight = Flight::new(2);
        let first = flight.enter("a").unwrap();
        let second = flight.clone().enter("a").unwrap();
        assert_eq!(flight.enter("a").unwrap_err(), Crowded { most: 2 });
        let other = flight.enter("b").unwrap();
        drop(first);
        let third = flight.enter("a").unwrap();
        assert!(flight.enter("a").is_err());
        drop((second, third, other));
        assert!(flight.lock().is_empty());
    }
}
