//! Taking a part into its conversation.

use super::{Cause, Conversation, Place, Rejection, Sequences, Settings, State, overdue};
use crate::{
    clock::Time,
    message::{Options, options::Priority},
};

/// A part that has passed [`super::place()`]: its SequenceCode lies between 1 and CallsInConversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arriving {
    /// `SequenceCode`
    pub sequence: u32,
    /// `CallsInConversation`
    pub calls: u32,
    /// `ScheduledTime`
    pub scheduled: Option<Time>,
    /// `RequestExpirationTime`
    pub expires: Option<Time>,
    /// `QueuePriority`, when there are triggered sends in it; other calls have no priority.
    pub priority: Option<Priority>,
}

impl Arriving {
    /// The part that a call makes at its place; a single request is the only part of its own conversation. `triggered`
    /// says that there are triggered sends in it. None for a synchronous call.
    pub fn new(place: &Place, options: &Options, triggered: bool) -> Option<Self> {
        let (sequence, calls) = match place {
            Place::Synchronous => return None,
            Place::Single => (1, 1),
            Place::Part { sequence, calls, .. } => (*sequence, *calls),
        };
        Some(Self {
            sequence,
            calls,
            scheduled: options.scheduled_time,
            expires: options.request_expiration_time,
            priority: triggered.then(|| options.priority()),
        })
    }
}

/// Takes a part in: the new state, and whether the part is in. The new state is to be stored in both cases when it differs
/// from the old one, since 200 and 214 invalidate and a late part may be the first to show that time has run out.
/// Without a state before it, a part is always taken.
pub fn accept(
    before: Option<Conversation>,
    part: &Arriving,
    now: Time,
    settings: &Settings,
) -> (Conversation, Result<(), Rejection>) {
    let Some(before) = before else {
        return open(part, now);
    };
    if !before.is_sound() {
        return (before, Err(Rejection::Unreadable));
    }
    let mut after = overdue(&before, now, settings).unwrap_or(before);
    // One that repeats a code or has another total is no late part of it: the caller begins anew with a used id.
    let late = after.calls == part.calls && !after.received.contains(part.sequence);
    let refused = match after.state {
        State::Open => match take(&mut after, part, now) {
            Ok(()) => return (after, Ok(())),
            Err(refused) => refused,
        },
        State::Closed | State::Processing => Rejection::Closed,
        State::Complete => Rejection::Reused,
        State::Error if late => Rejection::InError,
        State::Timeout if late => Rejection::Timeout,
        State::Error | State::Timeout => Rejection::Reused,
        State::Unreadable => Rejection::Unreadable,
    };
    (after, Err(refused))
}

fn open(part: &Arriving, now: Time) -> (Conversation, Result<(), Rejection>) {
    let mut after = Conversation {
        state: State::Open,
        cause: None,
        calls: part.calls,
        received: Sequences::default(),
        opened: now,
        last_accepted: now,
        not_before: None,
        expires: None,
        priority: None,
        next: 1,
        running: false,
    };
    let taken = take(&mut after, part, now);
    (after, taken)
}

fn take(conversation: &mut Conversation, part: &Arriving, now: Time) -> Result<(), Rejection> {
    let wrong = if part.calls != conversation.calls {
        Some(Cause::CallsChanged)
    } else if conversation.received.contains(part.sequence) {
        Some(Cause::SequenceRepeated)
    } else {
        None
    };
    if let Some(cause) = wrong {
        conversation.state = State::Error;
        conversation.cause = Some(cause);
        return Err(cause.rejection().unwrap_or(Rejection::Unreadable));
    }
    conversation.received.insert(part.sequence);
    conversation.last_accepted = now;
    // None is less than any value.
    conversation.not_before = conversation.not_before.max(part.scheduled);
    conversation.priority = conversation.priority.max(part.priority);
    conversation.expires = part.expires;
    if conversation.received.len() == conversation.calls {
        conversation.state = State::Closed;
    }
    Ok(())
}
