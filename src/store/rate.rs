//! How many messages each connector has begun within the last second: a start within that second goes on from there. While the
//! program runs it knows by itself; here lies only what the next one has to know.

use std::time::Duration;

use super::{StoreError, Transaction, conversations::read, deliveries::Deliveries, delivery_key as keys};
use crate::clock::Time;

const SECOND: Duration = Duration::from_secs(1);

/// Begins within so many milliseconds are one entry, as old as the latest of them: a few entries stand for a second.
const TOGETHER_MS: i64 = 100;

/// Moments, and how many had begun since the one before; later ones are behind.
pub(super) type Moments = Vec<(Time, u32)>;

impl Deliveries<'_> {
    /// How many messages of a connector began when, within the second before the last of them; taken for later by a little.
    pub fn begun(&self, connector: &str) -> Result<Vec<(Time, u32)>, StoreError> {
        match read::<Moments>(self.0, &keys::begun(connector)) {
            // Worth no more than a second: for that nothing is kept back.
            Err(StoreError::Corrupt { .. }) => Ok(Moments::default()),
            moments => Ok(moments?.unwrap_or_default()),
        }
    }
}

impl Transaction<'_> {
    /// So many messages of a connector have begun.
    pub(super) fn count_begun(&mut self, connector: &str, count: u32, now: Time) -> Result<(), StoreError> {
        let mut moments = self.deliveries().begun(connector)?;
        // A clock that was set back begins anew.
        moments.retain(|(at, _)| *at <= now && now.since(*at) < SECOND);
        match moments.last_mut() {
            Some((at, sum)) if at.millis().div_euclid(TOGETHER_MS) == now.millis().div_euclid(TOGETHER_MS) => {
                (*at, *sum) = (now, sum.saturating_add(count));
            }
            _ => moments.push((now, count)),
        }
        self.write(keys::begun(connector), &moments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Settings, Store};

    #[test]
    fn a_second_is_remembered_in_a_few_entries() {
        let store = Store::open(&Settings::default()).unwrap();
        let at = Time::from_millis;
        let begin = |millis: i64, count: u32| {
            store.write_blocking(move |txn| txn.count_begun("a", count, at(millis))).unwrap();
            store.read_blocking(|view| view.deliveries().begun("a")).unwrap()
        };
        assert_eq!(begin(1000, 2), [(at(1000), 2)]);
        assert_eq!(begin(1099, 1), [(at(1099), 3)], "taken for later");
        assert_eq!(begin(1100, 1), [(at(1099), 3), (at(1100), 1)]);
        assert_eq!(begin(2099, 5), [(at(1100), 1), (at(2099), 5)]);
        for millis in 2100..9000 {
            let moments = begin(millis, 1);
            assert!(moments.len() <= 11, "{moments:?}");
            // No fewer than have begun within the second.
            let sum: u32 = moments.iter().map(|(_, count)| *count).sum();
            assert!(millis < 3100 || (1000..1100).contains(&sum), "{moments:?}");
        }
        assert_eq!(begin(500, 1), [(at(500), 1)], "the clock was set back");
        assert_eq!(store.read_blocking(|view| view.deliveries().begun("b")).unwrap(), []);
    }
}
