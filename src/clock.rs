//! The only room that asks the time: the system's clock, or a virtual one that is moved by hand.
//!
//! Whoever waits for a moment waits here, so that a virtual clock ends the wait. It never formats for the wire beyond
//! ISO 8601.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// The system's clock can be set, and stands still while the machine sleeps: a long wait looks at it this often.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(i64);

impl Time {
    /// The moment `millis` milliseconds after the epoch (UTC).
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch (UTC).
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This moment moved forward; saturates at the end of time.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(by))
    }

    /// This moment moved back; saturates at the beginning of time.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(by))
    }

    /// How long after `earlier` this moment is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole seconds with `Z`, as wsu:Timestamp has them: `2021-12-30T12:00:06Z`.
    pub fn seconds(self) -> String {
        let whole = self.0.div_euclid(1000).saturating_mul(1000);
        Self(whole).to_string()
    }
}

/// ISO 8601 in UTC with `Z`; the fraction only when there is one.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => moment.fmt(f),
            // Only moments some 9,000 years away; they cannot come from the wire.
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

/// The source of [`Time`]. Clones share one clock.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Virtual(Arc<watch::Sender<Time>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn stopped_at(start: Time) -> Self {
        Self(Kind::Virtual(Arc::new(watch::Sender::new(start))))
    }

    /// The present moment of this clock.
    pub fn now(&self) -> Time {
        match &self.0 {
            Kind::System => Time(jiff_now()),
            Kind::Virtual(at) => *at.borrow(),
        }
    }

    /// Moves a virtual clock forward and tells the new moment; `None` on the system's clock, which nobody moves.
    pub fn advance(&self, by: Duration) -> Option<Time> {
        let Kind::Virtual(at) = &self.0 else {
            return None;
        };
        let mut now = None;
        at.send_modify(|at| {
            *at = at.plus(by);
            now = Some(*at);
        });
        now
    }

    /// Whether it is moved by hand.
    pub fn is_virtual(&self) -> bool {
        matches!(self.0, Kind::Virtual(_))
    }

    /// Ready so long after the call: of a virtual clock by its own time, else whatever the system's clock is set to meanwhile.
    pub fn after(&self, by: Duration) -> impl Future<Output = ()> + Send + use<> {
        let moment = self.is_virtual().then(|| (self.clone(), self.now().plus(by)));
        async move {
            match moment {
                Some((clock, moment)) => clock.reached(moment).await,
                None => tokio::time::sleep(by).await,
            }
        }
    }

    /// Ready when this clock shows `moment` or later.
    pub async fn reached(&self, moment: Time) {
        match &self.0 {
            Kind::System => loop {
                let left = moment.since(self.now());
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(LOOK_AGAIN)).await;
            },
            // The sender lives in this clock, so the wait has no other end.
            Kind::Virtual(at) => {
                let mut times = at.subscribe();
                let _reached = times.wait_for(|now| *now >= moment).await;
            }
        }
    }
}

/// Measures how long something takes, for metrics and logs; it does not follow a virtual clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "this is the room that may ask")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the room that may ask")]
fn jiff_now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_service_writes_them() {
        let time = Time::from_millis(1_640_865_606_250);
        assert_eq!(time.seconds(), "2021-12-30T12:00:06Z");
        assert_eq!(time.to_string(), "2021-12-30T12:00:06.25Z");
        assert_eq!(Time::from_millis(-1).seconds(), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn a_virtual_clock_moves_only_by_hand() {
        let clock = Clock::stopped_at(Time::from_millis(1000));
        let other = clock.clone();
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_secs(300));
        assert_eq!(other.now().since(Time::from_millis(1000)), Duration::from_secs(300));
        assert_eq!(Clock::system().advance(Duration::from_secs(1)), None);
    }
}
