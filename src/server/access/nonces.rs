//! The PasswordDigests of the last minutes, so that none works twice. Bounded: when it is full, digests are refused.

use std::collections::{BTreeSet, HashSet};

use crate::clock::Time;

pub(super) struct Nonces {
    most: usize,
    seen: HashSet<[u8; 20]>,
    ends: BTreeSet<(Time, [u8; 20])>,
}

/// What became of a digest.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    First,
    Again,
    Full,
}

impl Nonces {
    pub(super) fn new(most: usize) -> Self {
        Self { most, seen: HashSet::new(), ends: BTreeSet::new() }
    }

    /// Remembers a digest until `ends`, after which it is too old to be accepted anyway.
    pub(super) fn first(&mut self, digest: [u8; 20], ends: Time, now: Time) -> Seen {
        while let Some((_, old)) = self.ends.first().copied().filter(|(ends, _)| *ends < now) {
            self.ends.pop_first();
            self.seen.remove(&old);
        }
        if self.seen.contains(&digest) {
            return Seen::Again;
        }
        if self.seen.len() >= self.most {
            return Seen::Full;
        }
        self.seen.insert(digest);
        self.ends.insert((ends, digest));
        Seen::First
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_counts_once_and_room_comes_back_with_time() {
        let at = Time::from_millis;
        let mut nonces = Nonces::new(2);
        assert_eq!(nonces.first([1; 20], at(100), at(0)), Seen::First);
        assert_eq!(nonces.first([1; 20], at(100), at(100)), Seen::Again);
        assert_eq!(nonces.first([2; 20], at(50), at(0)), Seen::First);
        assert_eq!(nonces.first([3; 20], at(100), at(50)), Seen::Full);
        assert_eq!(nonces.first([3; 20], at(100), at(51)), Seen::First);
        assert_eq!((nonces.seen.len(), nonces.ends.len()), (2, 2));
    }
}
