//! The checks that need no state: what the Options of a call say about its place in a conversation.

use std::{borrow::Cow, collections::HashSet};

use super::{Rejection, Settings, object_to};
use crate::{
    clock::Time,
    message::{MAX_OBJECTS, Operation, Options},
};

/// What is asked of the rule book about a call.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its Options.
    pub options: &'a Options,
    /// How many objects it has.
    pub objects: usize,
    /// Their CorrelationIDs, as far as they have one. Synchronous calls need not name them.
    pub correlation_ids: &'a [Cow<'a, str>],
}

/// The place of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is done at once.
    Synchronous,
    /// It is queued alone, and found by its RequestID.
    Single,
    /// It is queued as a part of a conversation.
    Part {
        /// `ConversationID`
        conversation_id: String,
        /// `SequenceCode`
        sequence: u32,
        /// `CallsInConversation`
        calls: u32,
    },
}

/// Whether an operation can be queued (facts/wire 3.1).
pub fn may_be_asynchronous(operation: Operation) -> bool {
    matches!(operation, Operation::Create | Operation::Update | Operation::Delete | Operation::Perform)
}

/// Finds the place of a call.
///
/// # Errors
/// The first rule that the call breaks. None of them touches a conversation.
pub fn place(asked: &Asked<'_>, now: Time, settings: &Settings) -> Result<Place, Rejection> {
    let options = asked.options;
    if options.in_conversation() && !options.asynchronous {
        return Err(Rejection::NotAsynchronous);
    }
    let place = position(options)?;
    if asked.objects > MAX_OBJECTS {
        return Err(Rejection::TooManyObjects);
    }
    if place == Place::Synchronous {
        return Ok(place);
    }
    if options.scheduled_time.is_some_and(|scheduled| scheduled > now.plus(settings.horizon)) {
        return Err(Rejection::TooFarAhead);
    }
    if let Some(objection) = object_to(&options.send_response_to, settings) {
        return Err(objection.rejection());
    }
    expiration(options, &place, now)?;
    let mut seen = HashSet::new();
    let mut given = asked.correlation_ids.iter().filter(|id| !id.is_empty());
    if settings.unique_correlation_ids && !given.all(|id| seen.insert(id)) {
        return Err(Rejection::CorrelationRepeated);
    }
    Ok(place)
}

/// 207, 202, 208, 206, 205.
fn position(options: &Options) -> Result<Place, Rejection> {
    let (sequence, calls) = (options.sequence_code, options.calls_in_conversation);
    if !options.asynchronous {
        return Ok(Place::Synchronous);
    }
    let conversation_id = match &options.conversation_id {
        Some(id) if !id.is_empty() => id.clone(),
        None if sequence.is_none() && calls.is_none() => return Ok(Place::Single),
        _ => return Err(Rejection::ConversationIdMissing),
    };
    let (sequence, calls) = match (sequence, calls) {
        (None, None) => (1, 1),
        (None, Some(_)) => return Err(Rejection::SequenceCodeMissing),
        (Some(_), None) => return Err(Rejection::CallsMissing),
        (Some(sequence), Some(calls)) => (sequence, calls),
    };
    let positive = |number: i32| u32::try_from(number).ok().filter(|number| *number > 0);
    let calls = positive(calls).ok_or(Rejection::CallsOutOfBounds)?;
    let sequence = positive(sequence).filter(|sequence| *sequence <= calls).ok_or(Rejection::SequenceOutOfBounds)?;
    Ok(Place::Part { conversation_id, sequence, calls })
}

/// 228, 229, 231: RequestExpirationTime is for calls that stand alone (documentation of 2024).
fn expiration(options: &Options, place: &Place, now: Time) -> Result<(), Rejection> {
    let Some(expires) = options.request_expiration_time else {
        return Ok(());
    };
    if expires < now {
        return Err(Rejection::Expired);
    }
    if options.scheduled_time.is_some_and(|scheduled| expires < scheduled) {
        return Err(Rejection::ExpiresBeforeScheduled);
    }
    match place {
        Place::Part { calls, .. } if *calls > 1 => Err(Rejection::ExpirationOfConversation),
        _ => Ok(()),
    }
}
