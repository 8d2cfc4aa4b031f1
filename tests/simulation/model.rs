//! What ought to be kept of each conversation: the second reading of the rules (`tests/rules/history.rs`), with schedules,
//! windows, expiry, quotas and retention laid around it. It knows nothing of the store and of the rule book's code.

use std::collections::BTreeMap;

use crate::history::{Fact, History, Phase};

pub(crate) const GAP: i64 = 300_000;
pub(crate) const RETENTION: i64 = 3_600_000;
pub(crate) const MAX_OPEN: u64 = 6;
pub(crate) const MAX_BYTES: u64 = 7000;

/// Account, whether it is a call without ConversationID, and the id.
pub(crate) type Key = (u64, bool, String);

#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) request_id: String,
    /// The lists that it creates.
    pub(crate) lists: Vec<String>,
    /// Whether all of them can be.
    pub(crate) good: bool,
    pub(crate) bytes: u64,
    /// Whether it has run, and how: well, and whether its objects were looked at.
    pub(crate) ran: Option<(bool, bool)>,
}

/// A part as it comes.
#[derive(Clone, Debug)]
pub(crate) struct Coming {
    pub(crate) sequence: u32,
    pub(crate) calls: u32,
    pub(crate) scheduled: Option<i64>,
    pub(crate) expires: Option<i64>,
    /// The window of its priority, in milliseconds.
    pub(crate) window: Option<i64>,
    pub(crate) accepted: Accepted,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    pub(crate) history: History,
    pub(crate) parts: BTreeMap<u32, Accepted>,
    scheduled: Option<i64>,
    expires: Option<i64>,
    pub(crate) window: Option<i64>,
    pub(crate) ended: Option<i64>,
    expired: bool,
    /// 200 or 214, where a part has invalidated it.
    invalid: Option<i64>,
    pub(crate) deleted: bool,
    pub(crate) renewed: bool,
    pub(crate) forgotten: bool,
}

/// What a turn does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Turn {
    Nothing,
    TimedOut,
    Expired,
    Forgotten,
    Run(u32),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) stories: BTreeMap<Key, Story>,
}

impl Story {
    fn latest(&self) -> Option<i64> {
        self.history.0.iter().rev().find_map(|fact| match fact {
            Fact::Accepted { at, .. } => Some(*at),
            _ => None,
        })
    }

    /// When it is due, as long as it is kept.
    pub(crate) fn due(&self) -> Option<i64> {
        if self.forgotten {
            return None;
        }
        if let Some(ended) = self.ended {
            return Some(ended + RETENTION);
        }
        let latest = self.latest()?;
        if self.history.phase() == Phase::Open {
            return Some(latest + GAP + 1);
        }
        let ready = self.scheduled.map_or(latest, |scheduled| scheduled.max(latest));
        // Up to the next whole multiple.
        Some(match self.window {
            Some(window) if window > 0 => ready + (window - ready.rem_euclid(window)) % window,
            _ => ready,
        })
    }

    fn note_end(&mut self, now: i64) {
        let over = matches!(self.history.phase(), Phase::Complete | Phase::Error | Phase::Timeout);
        if over && self.ended.is_none() {
            self.ended = Some(now);
        }
    }

    /// What a turn does at a moment, when the part `prepared` was read for it.
    pub(crate) fn turn(&mut self, prepared: Option<u32>, well: bool, looked_at: bool, now: i64) -> Turn {
        if self.due().is_none_or(|due| due > now) {
            return Turn::Nothing;
        }
        if self.ended.is_some() {
            self.forgotten = true;
            return Turn::Forgotten;
        }
        self.history.look(now);
        if self.history.phase() == Phase::Timeout {
            self.note_end(now);
            return Turn::TimedOut;
        }
        if self.history.phase() == Phase::Closed && self.expires.is_some_and(|expires| expires < now) {
            // It is an error of the whole: no part has begun.
            self.history.0.push(Fact::Invalidated);
            self.expired = true;
            self.note_end(now);
            return Turn::Expired;
        }
        let before = self.history.clone();
        let stored = self.parts.len();
        match self.history.begin(stored, now) {
            Some((sequence, _)) if Some(sequence) == prepared => {
                assert!(self.history.finish(sequence, well));
                self.parts.get_mut(&sequence).expect("it was accepted").ran = Some((well, looked_at));
                self.note_end(now);
                Turn::Run(sequence)
            }
            _ => {
                self.history = before;
                Turn::Nothing
            }
        }
    }

    /// The SequenceCodes that will never run.
    pub(crate) fn left(&self) -> Vec<u32> {
        match self.ended {
            Some(_) => self.history.sorted()[3].clone(),
            None => Vec::new(),
        }
    }

    /// The ErrorCode in the results of parts that were not run; none when they have no results.
    pub(crate) fn why_left(&self) -> Option<i64> {
        if self.deleted {
            return None;
        }
        Some(match (self.history.phase(), self.expired) {
            (Phase::Timeout, _) => 203,
            (_, true) => 228,
            _ => self.invalid.unwrap_or(213),
        })
    }
}

impl Model {
    /// What an account has in the queue.
    pub(crate) fn queued(&self, account: u64) -> (u64, u64) {
        let open = self.stories.iter().filter(|((of, ..), story)| *of == account && story.ended.is_none());
        open.fold((0, 0), |(count, bytes), (_, story)| {
            (count + 1, bytes + story.parts.values().map(|part| part.bytes).sum::<u64>())
        })
    }

    /// Takes a part in: the code of its refusal, 0, or none when a quota stands against it.
    pub(crate) fn arrive(&mut self, key: &Key, coming: Coming, now: i64) -> Option<i64> {
        let (open, bytes) = self.queued(key.0);
        if self.stories.get(key).is_some_and(|story| story.forgotten) {
            return Some(211);
        }
        let mut story = self.stories.get(key).cloned().unwrap_or_default();
        let code = story.history.arrive(coming.sequence, coming.calls, now);
        if code == 0 {
            let new = story.parts.is_empty();
            if (new && open >= MAX_OPEN) || bytes + coming.accepted.bytes > MAX_BYTES {
                return None;
            }
            story.scheduled = story.scheduled.max(coming.scheduled);
            story.expires = coming.expires;
            story.window = match (story.window, coming.window) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            story.parts.insert(coming.sequence, coming.accepted);
        } else if matches!(code, 200 | 214) {
            story.invalid = Some(code);
        }
        story.note_end(now);
        self.stories.insert(key.clone(), story);
        Some(code)
    }

    /// Deletes one: the code of the refusal, or 0. A refusal changes nothing.
    pub(crate) fn delete(&mut self, key: &Key, now: i64) -> i64 {
        let Some(story) = self.stories.get(key) else { return 220 };
        if story.forgotten {
            // Of a call without ConversationID nothing is left.
            return if key.1 { 220 } else { 222 };
        }
        let mut story = story.clone();
        let code = story.history.delete(now);
        if code == 0 {
            story.deleted = true;
            story.note_end(now);
            self.stories.insert(key.clone(), story);
        }
        code
    }
}
