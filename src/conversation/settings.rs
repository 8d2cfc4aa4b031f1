//! What the rules leave to the operator: spans of time, windows, quotas, and which plain callbacks are allowed.

use std::time::Duration;

use crate::{clock::Time, message::options::Priority};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Settings of the rule book; the defaults are the service's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The longest time between two accepted parts of a conversation (seed 004: five minutes).
    pub gap: Duration,
    /// How far ahead `ScheduledTime` may lie (seed 000: 30 days).
    pub horizon: Duration,
    /// How long results can be retrieved (facts/wire 3.5: 30 days).
    pub retention: Duration,
    /// How often triggered sends of `QueuePriority` High are taken up; zero is at once.
    pub high: Duration,
    /// How often those of Medium are taken up.
    pub medium: Duration,
    /// How often those of Low are taken up.
    pub low: Duration,
    /// Whether results may be posted to `http:` addresses of this machine.
    pub insecure_loopback: bool,
    /// Hosts to which results may be posted over `http:`.
    pub insecure_hosts: Vec<String>,
    /// Whether there is a folder for results of ResponseType FTP.
    pub drop_folder: bool,
    /// `SendResponseTo` entries of a call: each is a message to somebody, who need not have asked for it.
    pub max_targets: usize,
    /// Whether the objects of a call must have different CorrelationIDs. The documents disagree (seed 004 says both).
    pub unique_correlation_ids: bool,
    /// How far ahead the `ScheduledTime` of a request may lie for it to be deleted; absent, any time. The service
    /// documents 60 minutes in a sentence that contradicts itself.
    pub delete_within: Option<Duration>,
    /// Conversations and single requests of one account that are not ended.
    pub max_open: u64,
    /// Bytes of queued parts of one account.
    pub max_queued_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            gap: 5 * MINUTE,
            horizon: 30 * DAY,
            retention: 30 * DAY,
            high: Duration::ZERO,
            medium: MINUTE,
            low: 5 * MINUTE,
            insecure_loopback: false,
            insecure_hosts: Vec::new(),
            drop_folder: false,
            max_targets: 20,
            unique_correlation_ids: true,
            delete_within: None,
            max_open: 100_000,
            max_queued_bytes: 4 << 30,
        }
    }
}

/// A quota that would be exceeded. It is no error of the service's: the call is a fault, and the same call works later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// Too many that are not ended.
    #[error("the account has {0} conversations and requests that are not done, which is its limit")]
    Open(u64),
    /// Too much in the queue.
    #[error("the queued calls of the account would exceed {0} bytes, which is its limit")]
    Bytes(u64),
}

impl Settings {
    /// How often triggered sends of a priority are taken up.
    pub fn window(&self, priority: Priority) -> Duration {
        match priority {
            Priority::High => self.high,
            Priority::Medium => self.medium,
            Priority::Low => self.low,
        }
    }

    /// The first moment from `ready` on at which triggered sends of a priority are taken up. A moment on the boundary of a window
    /// belongs to it.
    pub fn next_window(&self, priority: Priority, ready: Time) -> Time {
        let window = i64::try_from(self.window(priority).as_millis()).unwrap_or(i64::MAX);
        match ready.millis().checked_rem_euclid(window) {
            None | Some(0) => ready,
            Some(into) => Time::from_millis(ready.millis().saturating_add(window - into)),
        }
    }

    /// Whether an account that has `open` conversations and `queued` bytes may queue `more` bytes; `new` says that a
    /// conversation is opened for it. Parts of a conversation that stands open are never refused for the number of
    /// conversations: it could not end otherwise.
    ///
    /// # Errors
    /// The quota that stands against it.
    pub fn admit(&self, new: bool, open: u64, queued: u64, more: u64) -> Result<(), Excess> {
        if new && open >= self.max_open {
            return Err(Excess::Open(self.max_open));
        }
        if queued.saturating_add(more) > self.max_queued_bytes {
            return Err(Excess::Bytes(self.max_queued_bytes));
        }
        Ok(())
    }
}
