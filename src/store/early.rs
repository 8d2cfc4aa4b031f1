//! What webhooks told of messages by ids that nobody knows yet: a webhook may be faster than the answer that has the id. It waits
//! for that answer, and is taken into account in the transaction that writes it down. Whoever else sends over the same system is told
//! of here too, so it waits for a while only ([`KEPT`]), and no more than [`MOST`] of one connector do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    StoreError, Transaction, chunk, conversations::read, deliveries::Deliveries, delivery_key as keys, key,
    receipt::is_news,
};
use crate::{clock::Time, connector::Receipt};

/// How long it waits: longer than any attempt takes, with another behind it.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// How many wait of one connector; the oldest give way.
const MOST: usize = 1000;
/// How many are forgotten in one transaction.
const BATCH: usize = 256;

/// What was told by an id that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Early {
    /// The number under which it is kept; later ones have greater numbers.
    pub(super) number: i64,
    /// Who told it.
    pub(super) connector: String,
    /// The system's id.
    pub(super) id: String,
    /// When.
    pub(super) at: Time,
    /// What became of the message.
    pub(super) receipt: Receipt,
}

impl Early {
    /// Its entry by connector and id.
    pub(super) fn entry(&self) -> Vec<u8> {
        keys::early_id(&self.connector, &self.id, self.number)
    }
}

impl Deliveries<'_> {
    pub(super) fn early(&self, number: i64) -> Result<Option<Early>, StoreError> {
        read(self.0, &keys::early(number))
    }

    /// When the next word about a message that nobody knows is to be forgotten.
    pub fn next_early(&self) -> Result<Option<Time>, StoreError> {
        let first = self.early_numbers(&keys::all_early(), 1)?.pop();
        Ok(first.map(|first| self.early(first)).transpose()?.flatten().map(|early| early.at.plus(KEPT)))
    }

    /// The first numbers under a prefix.
    fn early_numbers(&self, prefix: &[u8], limit: usize) -> Result<Vec<i64>, StoreError> {
        let mut numbers = Vec::new();
        self.0.visit(prefix, key::after_prefix(prefix).as_deref(), &mut |key, _| {
            numbers.extend(keys::risen(key));
            Ok(numbers.len() < limit)
        })?;
        Ok(numbers)
    }

    fn early_of(&self, connector: &str, id: &str) -> Result<Option<Early>, StoreError> {
        let number = self.early_numbers(&keys::early_ids(connector, id), 1)?.pop();
        Ok(number.map(|number| self.early(number)).transpose()?.flatten())
    }
}

impl Transaction<'_> {
    /// Keeps what a webhook of a connector tells of a message by the system's id, until an answer has that id. To be called when no
    /// message has it. An id that is too long for one of a system is not kept.
    pub fn receive_early(&mut self, connector: &str, id: &str, receipt: Receipt, now: Time) -> Result<(), StoreError> {
        if id.is_empty() || id.len() > key::LONGEST_VALUE {
            return Ok(());
        }
        if let Some(held) = self.deliveries().early_of(connector, id)? {
            if !is_news(Some(&held.receipt), &receipt) {
                return Ok(());
            }
            self.remove_early(&held)?;
        }
        let mut waiting = self.deliveries().early_numbers(&keys::all_early_ids(connector), usize::MAX)?;
        waiting.sort_unstable();
        let room = MOST.saturating_sub(1);
        for number in waiting.iter().take(waiting.len().saturating_sub(room)) {
            if let Some(oldest) = self.deliveries().early(*number)? {
                self.remove_early(&oldest)?;
            }
        }
        let number = self.next_id();
        let early = Early { number, connector: connector.to_owned(), id: id.to_owned(), at: now, receipt };
        self.set(early.entry(), Some(Vec::new()));
        self.write(keys::early(number), &early)
    }

    /// What was told before of the message that has this id, as its answer says.
    pub(super) fn take_early(&mut self, connector: &str, id: &str, now: Time) -> Result<Option<Receipt>, StoreError> {
        let Some(early) = self.deliveries().early_of(connector, id)? else { return Ok(None) };
        self.remove_early(&early)?;
        Ok(Some(early.receipt).filter(|_| now < early.at.plus(KEPT)))
    }

    /// Forgets what has waited long enough for its message to be known; gives how much, to be called until there is nothing.
    pub fn forget_early(&mut self, now: Time) -> Result<usize, StoreError> {
        let mut forgotten = 0;
        for number in self.deliveries().early_numbers(&keys::all_early(), BATCH)? {
            let Some(early) = self.deliveries().early(number)? else { continue };
            if early.at.plus(KEPT) > now {
                break;
            }
            self.remove_early(&early)?;
            forgotten += 1;
        }
        Ok(forgotten)
    }

    fn remove_early(&mut self, early: &Early) -> Result<(), StoreError> {
        self.set(early.entry(), None);
        chunk::remove(self, keys::early(early.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Settings, Store};

    fn told(store: &Store, connector: &'static str, id: &str, receipt: Receipt, seconds: i64) {
        let (id, now) = (id.to_owned(), Time::from_millis(seconds * 1000));
        store.write_blocking(move |txn| txn.receive_early(connector, &id, receipt, now)).unwrap();
    }

    /// What an answer with this id finds; asked twice, since it is taken once.
    fn taken(store: &Store, connector: &'static str, id: &str) -> Option<Receipt> {
        let (id, now) = (id.to_owned(), Time::from_millis(5000));
        let take = move |txn: &mut Transaction<'_>| {
            let first = txn.take_early(connector, &id, now)?;
            assert_eq!(txn.take_early(connector, &id, now)?, None);
            Ok::<_, StoreError>(first)
        };
        store.write_blocking(take).unwrap()
    }

    #[test]
    fn the_latest_word_waits_for_its_own_connector() {
        let store = Store::open(&Settings::default()).unwrap();
        told(&store, "a", "1", Receipt::Delivered, 0);
        told(&store, "a", "1", Receipt::Sent, 1);
        told(&store, "a", "1", Receipt::Failed { code: None, message: "too late".to_owned() }, 1);
        told(&store, "b", "1", Receipt::Sent, 1);
        told(&store, "b", "1", Receipt::Read, 2);
        told(&store, "b", "", Receipt::Read, 2);
        told(&store, "b", &"x".repeat(key::LONGEST_VALUE + 1), Receipt::Read, 2);
        assert_eq!(taken(&store, "a", "2"), None);
        assert_eq!((taken(&store, "a", "1"), taken(&store, "b", "1")), (Some(Receipt::Delivered), Some(Receipt::Read)));
        let kept = store.read_blocking(|view| view.deliveries().early_numbers(&keys::all_early(), 9)).unwrap();
        assert_eq!(kept, Vec::<i64>::new());
    }

    #[test]
    fn the_oldest_give_way_and_all_are_forgotten() {
        let store = Store::open(&Settings::default()).unwrap();
        told(&store, "b", "other", Receipt::Sent, 0);
        let fill = |txn: &mut Transaction<'_>| {
            // Ids fall, so that their order is not that of their age.
            for at in 0..=MOST {
                let now = Time::from_millis(at as i64);
                txn.receive_early("a", &format!("{:05}", MOST - at), Receipt::Sent, now)?;
            }
            Ok::<_, StoreError>(())
        };
        store.write_blocking(fill).unwrap();
        let count = |connector: &'static str| {
            let look = move |view: &crate::store::View<'_>| {
                view.deliveries().early_numbers(&keys::all_early_ids(connector), usize::MAX)
            };
            store.read_blocking(look).unwrap().len()
        };
        assert_eq!((count("a"), count("b")), (MOST, 1));
        assert_eq!(taken(&store, "a", &format!("{MOST:05}")), None, "the oldest");
        assert_eq!(taken(&store, "a", "00000"), Some(Receipt::Sent), "the newest");

        let next = || store.read_blocking(|view| view.deliveries().next_early()).unwrap();
        let forget = |at: Time| store.write_blocking(move |txn| txn.forget_early(at)).unwrap();
        let first = Time::from_millis(0).plus(KEPT);
        assert_eq!(next(), Some(first));
        assert_eq!((forget(first.minus(Duration::from_millis(1))), forget(first)), (0, 1));
        while forget(first.plus(KEPT)) > 0 {}
        assert_eq!((count("a"), count("b"), next()), (0, 0, None));
    }
}
