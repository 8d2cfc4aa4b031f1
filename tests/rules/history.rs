//! A second reading of the rules. It keeps no state: all that happened to a conversation is a list, and each question is
//! answered by looking through the list.

use std::collections::BTreeMap;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fact {
    Accepted { at: i64, sequence: u32, calls: u32 },
    Invalidated,
    TimedOut,
    Started(u32),
    Ended { sequence: u32, ok: bool },
    Lost,
    Deleted,
}

#[derive(Clone, Debug, Default)]
pub(super) struct History(pub(super) Vec<Fact>);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    New,
    Open,
    Closed,
    Processing,
    Complete,
    Error,
    Timeout,
}

impl History {
    fn parts(&self) -> BTreeMap<u32, i64> {
        let part = |fact: &Fact| match fact {
            Fact::Accepted { at, sequence, .. } => Some((*sequence, *at)),
            _ => None,
        };
        self.0.iter().filter_map(part).collect()
    }

    fn total(&self) -> Option<u32> {
        self.0.iter().find_map(|fact| match fact {
            Fact::Accepted { calls, .. } => Some(*calls),
            _ => None,
        })
    }

    pub(super) fn phase(&self) -> Phase {
        let Some(total) = self.total() else { return Phase::New };
        let ran_well = self.0.iter().filter(|fact| matches!(fact, Fact::Ended { ok: true, .. })).count();
        let is_bad = |fact: &Fact| {
            matches!(fact, Fact::Invalidated | Fact::Ended { ok: false, .. } | Fact::Lost | Fact::Deleted)
        };
        if self.0.contains(&Fact::TimedOut) {
            Phase::Timeout
        } else if self.0.iter().any(is_bad) {
            Phase::Error
        } else if ran_well == total as usize {
            Phase::Complete
        } else if self.0.iter().any(|fact| matches!(fact, Fact::Started(_))) {
            Phase::Processing
        } else if (1..=total).all(|sequence| self.parts().contains_key(&sequence)) {
            Phase::Closed
        } else {
            Phase::Open
        }
    }

    /// Five minutes, in seconds of 1000 ms, counted from the latest part.
    pub(super) fn look(&mut self, now: i64) {
        let latest = self.0.iter().rev().find_map(|fact| match fact {
            Fact::Accepted { at, .. } => Some(*at),
            _ => None,
        });
        if self.phase() == Phase::Open && latest.is_some_and(|at| i128::from(now) - i128::from(at) > 5 * 60 * 1000) {
            self.0.push(Fact::TimedOut);
        }
    }

    /// The code with which a part is refused; 0 when it is taken.
    pub(super) fn arrive(&mut self, sequence: u32, calls: u32, now: i64) -> i64 {
        self.look(now);
        let taken = self.parts().contains_key(&sequence);
        let differs = self.total().is_some_and(|total| total != calls);
        match (self.phase(), differs, taken) {
            (Phase::Closed | Phase::Processing, ..) => 215,
            (Phase::Complete, ..) => 211,
            (Phase::Error, false, false) => 213,
            (Phase::Timeout, false, false) => 203,
            (Phase::Error | Phase::Timeout, ..) => 211,
            (Phase::Open, true, _) => {
                self.0.push(Fact::Invalidated);
                200
            }
            (Phase::Open, false, true) => {
                self.0.push(Fact::Invalidated);
                214
            }
            (Phase::New, ..) | (Phase::Open, false, false) => {
                self.0.push(Fact::Accepted { at: now, sequence, calls });
                0
            }
        }
    }

    /// The part that has started and not ended.
    pub(super) fn running(&self) -> Option<u32> {
        match self.0.last() {
            Some(Fact::Started(sequence)) => Some(*sequence),
            _ => None,
        }
    }

    /// The part to run, and whether it was started before. A conversation waits for the moment of its latest part: the
    /// clock may have gone back since.
    pub(super) fn begin(&mut self, stored: usize, now: i64) -> Option<(u32, bool)> {
        let phase = self.phase();
        let latest = self.0.iter().rev().find_map(|fact| match fact {
            Fact::Accepted { at, .. } => Some(*at),
            _ => None,
        });
        if phase == Phase::Closed && latest.is_some_and(|at| at > now) {
            return None;
        }
        if phase == Phase::Closed && Some(stored) != self.total().map(|total| total as usize) {
            self.0.push(Fact::Lost);
            return None;
        }
        if phase != Phase::Closed && phase != Phase::Processing {
            return None;
        }
        if let Some(sequence) = self.running() {
            return Some((sequence, true));
        }
        let done = self.0.iter().filter(|fact| matches!(fact, Fact::Ended { .. })).count();
        let next = *self.parts().keys().nth(done)?;
        self.0.push(Fact::Started(next));
        Some((next, false))
    }

    /// Whether an end is the end of the part that runs.
    pub(super) fn finish(&mut self, sequence: u32, ok: bool) -> bool {
        let runs = self.running() == Some(sequence);
        if runs {
            self.0.push(Fact::Ended { sequence, ok });
        }
        runs
    }

    /// The code with which a deletion is refused; 0 when it is done.
    pub(super) fn delete(&mut self, now: i64) -> i64 {
        self.look(now);
        match self.phase() {
            Phase::New => 220,
            Phase::Open | Phase::Closed => {
                self.0.push(Fact::Deleted);
                0
            }
            Phase::Processing => 204,
            Phase::Complete | Phase::Error | Phase::Timeout => 222,
        }
    }

    /// The accepted parts, those that ended well, those that ended with an Error, and those that were never run.
    pub(super) fn sorted(&self) -> [Vec<u32>; 4] {
        let accepted: Vec<u32> = self.parts().into_keys().collect();
        let ended = |well: bool| -> Vec<u32> {
            let of = |fact: &Fact| match fact {
                Fact::Ended { sequence, ok } if *ok == well => Some(*sequence),
                _ => None,
            };
            self.0.iter().filter_map(of).collect()
        };
        let (good, bad) = (ended(true), ended(false));
        let rest = accepted.iter().copied().filter(|code| !good.contains(code) && !bad.contains(code)).collect();
        [accepted, good, bad, rest]
    }
}
