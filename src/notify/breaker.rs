//! A place that fails again and again is left alone for a while, then probed with one delivery. Pure.
//!
//! How a place fares is kept in the store with its lane, so that a restart knows of it. After
//! `breaker_failures` failures in a row it rests; when the rest is over one delivery at a time is tried, and
//! each failure makes the next rest twice as long; the first that gets through ends it.

use std::time::Duration;

use super::{Place, pace::Pace};
use crate::{
    clock::Time,
    store::{Health, Lane},
};

/// The longest rest.
const LONGEST: Duration = Duration::from_secs(3600);

/// How many attempts there may be at once in a lane that takes `most` when all is well.
pub(super) fn seats(lane: &Lane, pace: &Pace, most: usize) -> usize {
    if is_open(lane.health, pace) { 1 } else { most }
}

fn is_open(health: Health, pace: &Pace) -> bool {
    health.failures >= pace.breaker_failures
}

/// How a place stands: `closed` (all is well), `limited` (it has asked for a rest), `open` (it rests), `half-open` (it is probed).
pub(super) fn named(health: Health, now: Time, pace: &Pace) -> &'static str {
    match (is_open(health, pace), health.rest) {
        (false, Some(rest)) if rest > now => "limited",
        (false, _) => "closed",
        (true, Some(rest)) if rest > now => "open",
        (true, _) => "half-open",
    }
}

/// How a place fares after an attempt that began at `began` and has told this of it; `asked` is until when it is to be left alone
/// though it does its work.
pub(super) fn after(health: Health, told: Place, asked: Option<Time>, began: Time, now: Time, pace: &Pace) -> Health {
    match told {
        Place::Unasked => return health,
        Place::Alive | Place::Limited => {
            // One that was under way when the rest began does not end it.
            let rest = health.rest.filter(|rest| !is_open(health, pace) && began < *rest && now < *rest);
            return Health { rest: rest.max(asked), ..Health::default() };
        }
        Place::Down => {}
    }
    // One of several that were under way when the rest began says nothing new.
    if is_open(health, pace) && health.rest.is_some_and(|rest| began < rest) {
        return health;
    }
    let failures = health.failures.saturating_add(1);
    let failing = health.failing.or(Some(now));
    let beyond = failures.checked_sub(pace.breaker_failures);
    let rest = beyond.map(|beyond| {
        let by = 2_u32.checked_pow(beyond).unwrap_or(u32::MAX);
        now.plus(pace.breaker_rest.saturating_mul(by).min(LONGEST.max(pace.breaker_rest)))
    });
    Health { failures, failing, rest: rest.max(asked).max(health.rest.filter(|rest| *rest > now)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Settings;

    fn at(seconds: i64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_is_probed_at_ever_longer_intervals() {
        let pace = Pace {
            breaker_failures: 3,
            breaker_rest: Duration::from_secs(30),
            ..Pace::of_settings(&Settings::default())
        };
        let mut health = Health::default();
        for _ in 0..2 {
            health = after(health, Place::Down, None, at(0), at(0), &pace);
            assert_eq!((health.rest, named(health, at(0), &pace)), (None, "closed"));
        }
        assert_eq!(after(health, Place::Alive, None, at(0), at(0), &pace), Health::default(), "an answer is an answer");
        health = after(health, Place::Down, None, at(0), at(1), &pace);
        assert_eq!((health.rest, health.failing), (Some(at(31)), Some(at(0))));
        assert_eq!(named(health, at(30), &pace), "open");
        assert_eq!(after(health, Place::Down, None, at(0), at(2), &pace), health, "it was under way before");
        let lane = Lane { name: String::new(), head: None, health };
        assert_eq!((named(health, at(31), &pace), seats(&lane, &pace, 8)), ("half-open", 1));
        health = after(health, Place::Down, None, at(31), at(32), &pace);
        assert_eq!(health.rest, Some(at(92)));
        for _ in 0..40 {
            let began = health.rest.unwrap();
            health = after(health, Place::Down, None, began, began, &pace);
        }
        assert_eq!(health.rest.unwrap().since(health.rest.unwrap().minus(LONGEST)), LONGEST);
        assert_eq!(after(health, Place::Alive, None, at(0), at(0), &pace), Health::default());
    }

    #[test]
    fn what_was_not_asked_says_nothing_and_any_answer_ends_the_rest() {
        let pace = Pace { breaker_failures: 1, ..Pace::of_settings(&Settings::default()) };
        let open = after(Health::default(), Place::Down, None, at(0), at(0), &pace);
        assert_eq!(named(open, at(30), &pace), "half-open");
        assert_eq!(after(open, Place::Unasked, None, at(30), at(31), &pace), open);
        assert_eq!(after(open, Place::Alive, None, at(30), at(31), &pace), Health::default());
    }

    #[test]
    fn a_place_that_asks_for_a_rest_is_left_alone_and_is_not_failing() {
        let pace = Pace::of_settings(&Settings::default());
        let limited = after(Health::default(), Place::Limited, Some(at(60)), at(0), at(1), &pace);
        assert_eq!(limited, Health { rest: Some(at(60)), ..Health::default() });
        assert_eq!((named(limited, at(59), &pace), named(limited, at(60), &pace)), ("limited", "closed"));
        assert_eq!(after(limited, Place::Alive, None, at(0), at(2), &pace), limited, "it was under way before");
        assert_eq!(after(limited, Place::Alive, None, at(60), at(61), &pace), Health::default());
        assert_eq!(after(limited, Place::Down, None, at(0), at(2), &pace).rest, Some(at(60)), "a failure ends no rest");
    }
}
