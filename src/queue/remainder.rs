//! The new conversation that the documentation tells users to build by hand: the parts that were not run, numbered from 1,
//! under a new ConversationID.

use std::sync::Arc;

use crate::{
    backend::{ending, result},
    clock::Time,
    conversation::{Arriving, Settings},
    message::{Operation, client::Accounts},
    store::{Known, Name, StoreError, Transaction},
};

use super::accept::{Arrival, Refusal, accept};

/// Why there is no new conversation.
#[derive(Debug, thiserror::Error)]
pub enum NoRemainder {
    /// Nobody knows the old one.
    #[error("there is no such conversation, or its results have been forgotten")]
    Unknown,
    /// The old one goes on.
    #[error("the conversation has not ended, it is {0}: only what an ended one left undone can be sent again")]
    Going(&'static str),
    /// The old one has nothing left.
    #[error("the conversation has no parts that are left to run")]
    Nothing,
    /// It was done before.
    #[error("the remainder was sent before, as {0}")]
    Again(String),
    /// The caller of a part may not call any more.
    #[error("{0}, who sent part {1}, is no longer configured or may not act for that account")]
    Gone(String, u32),
    /// The new ConversationID, or a quota, stands against it.
    #[error("{0}")]
    Refused(String),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Accepts the remainder of a conversation as a new one; gives how many parts it has. They are the old parts' own
/// envelopes: where an envelope names another ConversationID or SequenceCode, the new place counts. ScheduledTime has been;
/// the new conversation runs at once.
///
/// # Errors
/// Then nothing was changed.
pub fn remainder(
    txn: &mut Transaction<'_>,
    accounts: &Arc<Accounts>,
    name: &Name,
    new_id: &str,
    now: Time,
    settings: &Settings,
) -> Result<u32, NoRemainder> {
    let mut old = match txn.conversations().get(name)? {
        Some(Known::Kept(kept)) => kept,
        Some(Known::Used) | None => return Err(NoRemainder::Unknown),
    };
    if let Some(id) = &old.renewed_as {
        return Err(NoRemainder::Again(id.clone()));
    }
    let state = old.rules.state();
    if !state.is_ended() {
        return Err(NoRemainder::Going(state.name()));
    }
    let left: Vec<u32> = old.rules.remainder().collect();
    let calls = u32::try_from(left.len()).unwrap_or(u32::MAX);
    if left.is_empty() {
        return Err(NoRemainder::Nothing);
    }
    for (sequence, place) in left.into_iter().zip(1..) {
        let conversations = txn.conversations();
        let part = conversations.part(name, sequence)?.ok_or(NoRemainder::Unknown)?;
        let envelope = conversations.envelope(name, sequence)?.ok_or(NoRemainder::Unknown)?;
        let gone = || NoRemainder::Gone(part.by.key().to_owned(), sequence);
        let client = accounts.recall(&part.by).ok_or_else(gone)?;
        let arrival = Arrival {
            client,
            conversation_id: Some(new_id.to_owned()),
            part: Arriving { sequence: place, calls, scheduled: None, expires: None, priority: old.rules.priority() },
            operation: Operation::named(&part.operation).ok_or(NoRemainder::Unknown)?,
            objects: usize::try_from(part.objects).unwrap_or(usize::MAX),
            targets: part.targets.clone(),
            request_id: result::request_id(now),
            envelope,
            renews: Some(name.id().to_owned()),
        };
        match accept(txn, &arrival, now, settings) {
            Ok(Ok(())) => {}
            Ok(Err(rejection)) => {
                return Err(NoRemainder::Refused(format!("{} {}", rejection.code(), rejection.text())));
            }
            Err(Refusal::Rule(rejection)) => return Err(NoRemainder::Refused(rejection.text().to_owned())),
            Err(Refusal::Quota(excess)) => return Err(NoRemainder::Refused(excess.to_string())),
            Err(Refusal::Store(error)) => return Err(error.into()),
        }
    }
    old.renewed_as = Some(new_id.to_owned());
    ending::keep(txn, &mut old, now, settings)?;
    Ok(calls)
}
