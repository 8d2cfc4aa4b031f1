//! Failed log-ins, counted per source address; a source with too many of them waits. Bounded, whoever calls.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use crate::clock::Time;

/// The most sources that are remembered; beyond it the one whose window began first is forgotten.
const SOURCES: usize = 4096;

pub(super) struct Throttle {
    allowed: u32,
    window: Duration,
    failures: HashMap<IpAddr, Failures>,
}

struct Failures {
    since: Time,
    count: u32,
}

impl Throttle {
    pub(super) fn new(allowed: u32, window: Duration) -> Self {
        Self { allowed, window, failures: HashMap::new() }
    }

    /// How long this source still has to wait; `None` when it may try.
    pub(super) fn wait(&self, source: IpAddr, now: Time) -> Option<Duration> {
        let failures = self.failures.get(&network(source))?;
        let ends = failures.since.plus(self.window);
        (failures.count >= self.allowed && now < ends).then(|| ends.since(now))
    }

    pub(super) fn failed(&mut self, source: IpAddr, now: Time) {
        if self.failures.len() >= SOURCES && !self.failures.contains_key(&network(source)) {
            self.failures.retain(|_, failures| now < failures.since.plus(self.window));
            let oldest = self.failures.iter().min_by_key(|(_, failures)| failures.since).map(|(source, _)| *source);
            if let Some(oldest) = oldest.filter(|_| self.failures.len() >= SOURCES) {
                self.failures.remove(&oldest);
            }
        }
        let failures = self.failures.entry(network(source)).or_insert(Failures { since: now, count: 0 });
        if now >= failures.since.plus(self.window) {
            *failures = Failures { since: now, count: 0 };
        }
        failures.count = failures.count.saturating_add(1);
    }
}

/// One IPv6 host commonly owns a /64 and could change its address at each attempt.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);
    const START: Time = Time::from_millis(0);

    #[test]
    fn a_source_waits_for_the_rest_of_its_window() {
        let mut throttle = Throttle::new(2, WINDOW);
        let (source, other): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        throttle.failed(source, START);
        assert_eq!(throttle.wait(source, START), None);
        let later = START.plus(Duration::from_secs(20));
        throttle.failed(source, later);
        assert_eq!(throttle.wait(source, later), Some(Duration::from_secs(40)));
        assert_eq!(throttle.wait(other, later), None);
        assert_eq!(throttle.wait("::ffff:192.0.2.1".parse().unwrap(), later), Some(Duration::from_secs(40)));
        let after = START.plus(WINDOW);
        assert_eq!(throttle.wait(source, after), None);
        throttle.failed(source, after);
        assert_eq!(throttle.wait(source, after), None, "a new window begins at one");
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let mut throttle = Throttle::new(1, WINDOW);
        throttle.failed("2001:db8::1".parse().unwrap(), START);
        assert!(throttle.wait("2001:db8::ffff:2".parse().unwrap(), START).is_some());
        assert!(throttle.wait("2001:db8:0:1::1".parse().unwrap(), START).is_none());
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_oldest() {
        let mut throttle = Throttle::new(1, WINDOW);
        let source = |number: usize| IpAddr::from((u32::try_from(number).unwrap() + 1).to_be_bytes());
        for number in 0..=SOURCES {
            throttle.failed(source(number), START.plus(Duration::from_millis(number as u64)));
        }
        let now = START.plus(Duration::from_secs(5));
        assert_eq!(throttle.failures.len(), SOURCES);
        assert!(throttle.wait(source(0), now).is_none());
        assert!(throttle.wait(source(SOURCES), now).is_some());
    }
}
