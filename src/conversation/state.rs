//! What is remembered of a conversation, and what it says about its parts.

use std::{ops::RangeInclusive, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Rejection, Sequences, Settings};
use crate::{clock::Time, message::options::Priority};

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Parts are missing.
    Open,
    /// All parts are in, none has begun.
    Closed,
    /// Parts are being run.
    Processing,
    /// All parts have run, none with an Error.
    Complete,
    /// It ended before its end; [`Conversation::cause`] says why.
    Error,
    /// A part was too late.
    Timeout,
    /// Its record cannot be understood.
    Unreadable,
}

impl State {
    /// All of them, in the order of a conversation's life.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Closed, Self::Processing, Self::Complete, Self::Error, Self::Timeout, Self::Unreadable];

    /// Whether nothing can happen to it any more.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Complete | Self::Error | Self::Timeout | Self::Unreadable)
    }

    /// Its name, as codes 212 and our commands have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Closed => "Closed",
            Self::Processing => "Processing",
            Self::Complete => "Complete",
            Self::Error => "Error",
            Self::Timeout => "Timeout",
            Self::Unreadable => "Unreadable",
        }
    }
}

/// Why a conversation is in the Error state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// The part with this SequenceCode had an Error result.
    Part(u32),
    /// A part differed in CallsInConversation (200).
    CallsChanged,
    /// A part repeated a SequenceCode (214).
    SequenceRepeated,
    /// The store has not as many parts as were accepted (201).
    PartsLost,
    /// Its RequestExpirationTime had passed when it was taken up.
    Expired,
    /// It was deleted before it was taken up.
    Deleted,
}

impl Cause {
    /// The code that goes with it, when the service has one.
    pub fn rejection(self) -> Option<Rejection> {
        match self {
            Self::CallsChanged => Some(Rejection::CallsChanged),
            Self::SequenceRepeated => Some(Rejection::SequenceRepeated),
            Self::PartsLost => Some(Rejection::PartsLost),
            Self::Part(_) | Self::Expired | Self::Deleted => None,
        }
    }
}

/// What became of one accepted part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Not yet begun.
    Waiting,
    /// Begun.
    Running,
    /// Run, without an Error.
    Completed,
    /// Run, with an Error.
    Failed,
    /// It will never be run.
    NotCompleted,
    /// It will never be run, since another part was too late.
    TimedOut,
}

/// The state of a conversation, or of a single request: that is a conversation of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub(super) state: State,
    pub(super) cause: Option<Cause>,
    pub(super) calls: u32,
    pub(super) received: Sequences,
    pub(super) opened: Time,
    pub(super) last_accepted: Time,
    pub(super) not_before: Option<Time>,
    pub(super) expires: Option<Time>,
    pub(super) priority: Option<Priority>,
    /// The SequenceCode that runs, or is to run next; those below it have run without an Error.
    pub(super) next: u32,
    /// Whether it has begun.
    pub(super) running: bool,
}

impl Conversation {
    /// What to hand to the rules when a record cannot be read. It is never stored in place of that record: the rules give
    /// it back unchanged.
    pub fn unreadable() -> Self {
        let never = Time::from_millis(0);
        Self {
            state: State::Unreadable,
            cause: None,
            calls: 0,
            received: Sequences::default(),
            opened: never,
            last_accepted: never,
            not_before: None,
            expires: None,
            priority: None,
            next: 1,
            running: false,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Why it is in the Error state.
    pub fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// `CallsInConversation`
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// The SequenceCodes of its accepted parts.
    pub fn received(&self) -> &Sequences {
        &self.received
    }

    /// The SequenceCodes that have not come.
    pub fn missing(&self) -> Vec<RangeInclusive<u32>> {
        self.received.missing(self.calls)
    }

    /// When its first part was accepted.
    pub fn opened(&self) -> Time {
        self.opened
    }

    /// When its latest part was accepted; once it is closed, when it was closed.
    pub fn last_accepted(&self) -> Time {
        self.last_accepted
    }

    /// The latest ScheduledTime of its parts.
    pub fn not_before(&self) -> Option<Time> {
        self.not_before
    }

    /// Its RequestExpirationTime.
    pub fn expires(&self) -> Option<Time> {
        self.expires
    }

    /// The most urgent priority of its triggered sends; absent when it has none.
    pub fn priority(&self) -> Option<Priority> {
        self.priority
    }

    /// The part that has begun and has not finished.
    pub fn running(&self) -> Option<u32> {
        (self.state == State::Processing && self.running).then_some(self.next)
    }

    /// How long the next part may still take to come; absent when none is waited for.
    pub fn left(&self, now: Time, settings: &Settings) -> Option<Duration> {
        (self.state == State::Open).then(|| self.last_accepted.plus(settings.gap).since(now))
    }

    /// What became of a part; absent when it was never accepted.
    pub fn fate(&self, sequence: u32) -> Option<Fate> {
        if !self.received.contains(sequence) {
            return None;
        }
        Some(match (self.state, self.cause) {
            (State::Open | State::Closed, _) => Fate::Waiting,
            (State::Timeout, _) => Fate::TimedOut,
            (State::Complete, _) => Fate::Completed,
            (State::Error, Some(Cause::Part(failed))) if sequence == failed => Fate::Failed,
            (State::Processing, _) if sequence == self.next && self.running => Fate::Running,
            (State::Processing | State::Error, _) if sequence < self.next => Fate::Completed,
            (State::Processing, _) => Fate::Waiting,
            (State::Error | State::Unreadable, _) => Fate::NotCompleted,
        })
    }

    /// The SequenceCodes to send again under a new ConversationID: of an ended conversation, the parts that were never
    /// run. A part that ran with an Error is not among them (seed 004: of three calls, the first failed, the last two
    /// make the new conversation): its results say which objects failed.
    pub fn remainder(&self) -> impl Iterator<Item = u32> + '_ {
        self.received.iter().filter(|code| matches!(self.fate(*code), Some(Fate::NotCompleted | Fate::TimedOut)))
    }

    /// Whether the rules could have made this state.
    pub fn is_sound(&self) -> bool {
        let full = self.received.len() == self.calls;
        let cause = match self.cause {
            Some(Cause::Part(failed)) => failed == self.next && full,
            _ => true,
        };
        let place = match self.state {
            State::Open => !self.received.is_empty() && !full && self.next == 1,
            State::Timeout => !full && self.next == 1,
            State::Closed => full && self.next == 1,
            State::Processing => full && self.next >= 1 && self.next <= self.calls,
            State::Complete => full && self.next == self.calls,
            State::Error => self.cause.is_some() && self.next >= 1 && self.next <= self.calls,
            State::Unreadable => false,
        };
        place
            && cause
            && (self.state == State::Processing || !self.running)
            && (self.state == State::Error) == self.cause.is_some()
            && self.received.is_sound()
            && self.received.last() <= self.calls
    }
}
