//! Carrying a conversation through, once all parts are in; ending one that is not.

use std::time::Duration;

use super::{Cause, Conversation, Rejection, Settings, State};
use crate::clock::Time;

/// What there is to do for a conversation that was taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Run this part. `again`: it was begun before and never finished, so the process was killed, or somebody else runs it.
    Run {
        /// Its SequenceCode.
        sequence: u32,
        /// Begun before.
        again: bool,
    },
    /// It may not run before this moment.
    Wait(Time),
    /// It has just ended, without a part being run: 201, or expired (see [`Conversation::cause`]).
    Ended(Cause),
    /// There is nothing to run: parts are missing, or it has ended.
    Nothing,
}

/// The moment at which something is to be done: an open conversation times out, a closed one may be taken up, and one
/// that is being processed is to be carried on. None when it has ended.
///
/// Triggered sends are taken up in windows; a moment on the boundary of a window belongs to it.
pub fn due(conversation: &Conversation, settings: &Settings) -> Option<Time> {
    match conversation.state {
        // Five minutes are still in time.
        State::Open => Some(conversation.last_accepted.plus(settings.gap).plus(Duration::from_millis(1))),
        State::Closed | State::Processing => {
            let closed = conversation.last_accepted;
            let ready = conversation.not_before.map_or(closed, |scheduled| scheduled.max(closed));
            Some(conversation.priority.map_or(ready, |priority| settings.next_window(priority, ready)))
        }
        State::Complete | State::Error | State::Timeout | State::Unreadable => None,
    }
}

/// The state of an open conversation for whose next part more time has passed than there was; None when nothing changes.
pub fn overdue(conversation: &Conversation, now: Time, settings: &Settings) -> Option<Conversation> {
    let late = conversation.state == State::Open && now.since(conversation.last_accepted) > settings.gap;
    late.then(|| Conversation { state: State::Timeout, ..conversation.clone() })
}

/// Takes a conversation up for its next part. `stored` is the number of its parts that the store really has; it is looked
/// at when processing starts. The new state is to be stored before the part is run.
pub fn begin(before: Conversation, stored: u64, now: Time, settings: &Settings) -> (Conversation, Begun) {
    match before.state {
        State::Closed => match due(&before, settings).filter(|due| *due > now) {
            Some(due) => (before, Begun::Wait(due)),
            None if stored != u64::from(before.calls) => end(before, Cause::PartsLost),
            None if before.expires.is_some_and(|expires| expires < now) => end(before, Cause::Expired),
            None => run(before),
        },
        State::Processing => run(before),
        _ => (before, Begun::Nothing),
    }
}

/// Ends a conversation whose records turn out to be damaged while it is worked on: what has run has run, the other parts
/// never will (201). None when it has ended.
pub fn give_up(before: &Conversation) -> Option<Conversation> {
    let lost = Conversation { running: false, ..before.clone() };
    (!before.state.is_ended()).then(|| end(lost, Cause::PartsLost).0)
}

fn run(before: Conversation) -> (Conversation, Begun) {
    let begun = Begun::Run { sequence: before.next, again: before.running };
    (Conversation { state: State::Processing, running: true, ..before }, begun)
}

fn end(before: Conversation, cause: Cause) -> (Conversation, Begun) {
    (Conversation { state: State::Error, cause: Some(cause), ..before }, Begun::Ended(cause))
}

/// Records that a part has run; `ok` says that none of its Results is an Error. None when this part is not the one that
/// runs: then somebody else has finished it, and what was done is not to be committed.
pub fn finish(before: &Conversation, sequence: u32, ok: bool) -> Option<Conversation> {
    if before.running() != Some(sequence) {
        return None;
    }
    let mut after = Conversation { running: false, ..before.clone() };
    if !ok {
        after.state = State::Error;
        after.cause = Some(Cause::Part(sequence));
    } else if sequence == after.calls {
        after.state = State::Complete;
    } else {
        after.next = sequence.saturating_add(1);
    }
    Some(after)
}

/// Whether a conversation ends with this part: when it has failed, or is the last.
pub fn ends_with(conversation: &Conversation, sequence: u32, ok: bool) -> bool {
    !ok || sequence == conversation.calls
}

/// Deletes a conversation (`ScheduledConversation`) or a single request (`ScheduledRequest`) that has not begun, whether
/// it was scheduled or only waits. None is 220, one that is being processed 204, one that has ended 222.
pub fn delete(
    before: Option<Conversation>,
    request: bool,
    now: Time,
    settings: &Settings,
) -> (Option<Conversation>, Result<(), Rejection>) {
    let Some(before) = before else {
        return (None, Err(Rejection::NotFound));
    };
    let before = overdue(&before, now, settings).unwrap_or(before);
    let far = match (settings.delete_within, before.not_before) {
        (Some(within), Some(scheduled)) => request && scheduled.since(now) >= within,
        _ => false,
    };
    match before.state {
        State::Unreadable => (Some(before), Err(Rejection::Unreadable)),
        State::Processing => (Some(before), Err(Rejection::Invalid)),
        State::Open | State::Closed if far => (Some(before), Err(Rejection::Invalid)),
        State::Open | State::Closed => (Some(end(before, Cause::Deleted).0), Ok(())),
        State::Complete | State::Error | State::Timeout => (Some(before), Err(Rejection::AlreadyProcessed)),
    }
}
