//! How many requests a connector may begin in any second. Pure: it is told the time.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use crate::clock::Time;

const SECOND: Duration = Duration::from_secs(1);

/// What each connector has begun within the last second, by its name.
#[derive(Default)]
pub(super) struct Rates(BTreeMap<String, Begun>);

/// Moments and how many began then. Times have milliseconds, so there are at most a thousand entries.
#[derive(Default)]
struct Begun {
    moments: VecDeque<(Time, usize)>,
    sum: usize,
}

impl Begun {
    fn forget(&mut self, now: Time) {
        while let Some((at, count)) = self.moments.front().copied() {
            // A clock that was set back begins anew.
            if now.since(at) < SECOND && at <= now {
                return;
            }
            self.moments.pop_front();
            self.sum -= count;
        }
    }
}

impl Rates {
    /// How many more may begin now of so many in a second.
    pub(super) fn free(&mut self, connector: &str, per_second: u32, now: Time) -> usize {
        let Some(begun) = self.0.get_mut(connector) else { return per_second as usize };
        begun.forget(now);
        (per_second as usize).saturating_sub(begun.sum)
    }

    /// One has begun.
    pub(super) fn begin(&mut self, connector: &str, now: Time) {
        self.have_begun(connector, 1, now);
    }

    /// So many have begun.
    pub(super) fn have_begun(&mut self, connector: &str, many: usize, now: Time) {
        let begun = match self.0.get_mut(connector) {
            Some(begun) => begun,
            None => self.0.entry(connector.to_owned()).or_default(),
        };
        begun.sum += many;
        match begun.moments.back_mut() {
            Some((at, count)) if *at == now => *count += many,
            _ => begun.moments.push_back((now, many)),
        }
    }

    /// One that had begun leaves now, and counts from then on: the commit in between may have taken its time.
    pub(super) fn leave(&mut self, connector: &str, had_begun: Time, now: Time) {
        if let Some(begun) = self.0.get_mut(connector)
            && let Some(place) = begun.moments.iter().position(|(at, _)| *at == had_begun)
            && let Some((_, count)) = begun.moments.get_mut(place)
        {
            *count -= 1;
            begun.sum -= 1;
            if *count == 0 {
                begun.moments.remove(place);
            }
        }
        self.begin(connector, now);
    }

    /// When the next may begin of a connector that has none free.
    pub(super) fn next(&self, connector: &str) -> Option<Time> {
        self.0.get(connector)?.moments.front().map(|(at, _)| at.plus(SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_any_second_no_more_begin_than_may() {
        let (mut rates, mut begun) = (Rates::default(), Vec::new());
        // As often as it is asked, at odd moments.
        for step in 0..400_i64 {
            let now = Time::from_millis(step * 7 + (step % 5) * 11);
            let now = begun.last().map_or(now, |last: &Time| now.max(*last));
            for _ in 0..rates.free("a", 10, now) {
                rates.begin("a", now);
                begun.push(now);
            }
        }
        assert!(begun.len() > 20, "it goes on");
        for window in begun.windows(11) {
            assert!(window[10].since(window[0]) >= SECOND, "{window:?}");
        }
    }

    #[test]
    fn it_says_when_the_next_may_begin() {
        let (mut rates, at) = (Rates::default(), Time::from_millis);
        assert_eq!((rates.free("a", 2, at(0)), rates.next("a")), (2, None));
        rates.begin("a", at(0));
        rates.begin("a", at(400));
        assert_eq!((rates.free("a", 2, at(999)), rates.free("b", 2, at(999))), (0, 2), "each has its own");
        assert_eq!(rates.next("a"), Some(at(1000)));
        assert_eq!((rates.free("a", 2, at(1000)), rates.free("a", 2, at(1400))), (1, 2));
        rates.begin("a", at(5000));
        assert_eq!(rates.free("a", 1, at(100)), 1, "the clock was set back");
    }

    #[test]
    fn what_leaves_late_counts_from_then_on() {
        let (mut rates, at) = (Rates::default(), Time::from_millis);
        rates.begin("a", at(0));
        rates.begin("a", at(0));
        rates.leave("a", at(0), at(600));
        assert_eq!(
            (rates.free("a", 2, at(999)), rates.free("a", 2, at(1000)), rates.free("a", 2, at(1599))),
            (0, 1, 1)
        );
        // Its begin is forgotten already.
        rates.leave("a", at(0), at(1600));
        assert_eq!(
            (rates.free("a", 2, at(1600)), rates.free("a", 2, at(2599)), rates.free("a", 2, at(2600))),
            (1, 1, 2)
        );
    }
}
