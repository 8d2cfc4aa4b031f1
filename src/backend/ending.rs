//! The end of a call or of a conversation: what is recorded about parts that were not run, what is owed to whom, what no
//! longer counts against the account.
//!
//! Nothing is sent from here. All of it is written in the transaction that ends the conversation.

use std::collections::HashSet;

use crate::{
    clock::Time,
    conversation::{
        Cause, Rejection, Settings, State, due,
        respond::{self, Event},
    },
    message::options::SendResponseTo,
    store::{Content, Kept, Name, Notice, Outcome, Owner, Part, StoreError, Transaction},
};

use super::result::{self, About, Whole};

/// Writes down what is owed for one call that was run.
pub fn owe_for_call(txn: &mut Transaction<'_>, name: &Name, part: &Part, now: Time) -> Result<(), StoreError> {
    let event = if part.outcome == Some(Outcome::Error) { Event::CallError } else { Event::CallOk };
    owe(txn, name, part.sequence, event, respond::owed(event, &part.targets), now)
}

fn owe(
    txn: &mut Transaction<'_>,
    name: &Name,
    about: u32,
    event: Event,
    targets: Vec<SendResponseTo>,
    now: Time,
) -> Result<(), StoreError> {
    for target in targets {
        let notice = Notice { name: name.clone(), about, event, target };
        txn.owe(name, Content::Results(Box::new(notice)), now, now)?;
    }
    Ok(())
}

/// Keeps a conversation in its new state, due when it next is. When that state is an end, everything is done that goes
/// with it.
pub fn keep(txn: &mut Transaction<'_>, kept: &mut Kept, now: Time, settings: &Settings) -> Result<(), StoreError> {
    if kept.rules.state().is_ended() && kept.ended.is_none() {
        end(txn, kept, now)?;
        kept.ended = Some(now);
    }
    let at = match kept.ended {
        Some(ended) => Some(ended.plus(settings.retention)),
        None => due(&kept.rules, settings),
    };
    // Each part moves the end of an open conversation's time on. Its entry may stand where it stood: when that moment comes,
    // its turn finds nothing to do and moves it.
    let at = match (kept.rules.state(), kept.due, at) {
        (State::Open, Some(standing), Some(at)) if now < standing && standing <= at => Some(standing),
        (_, _, at) => at,
    };
    txn.put_conversation(kept, at)
}

/// Why the parts that were not run were not: the code and text of their results. None when their sender took them back.
fn reason(kept: &Kept) -> Option<Rejection> {
    match (kept.rules.state(), kept.rules.cause()) {
        (State::Timeout, _) => Some(Rejection::Timeout),
        (_, Some(Cause::Expired)) => Some(Rejection::Expired),
        (_, Some(Cause::Deleted)) => None,
        (_, cause) => Some(cause.and_then(Cause::rejection).unwrap_or(Rejection::InError)),
    }
}

fn end(txn: &mut Transaction<'_>, kept: &Kept, now: Time) -> Result<(), StoreError> {
    let name = &kept.name;
    count(txn, name, Count { open: -1, bytes: -kept.bytes.cast_signed() })?;
    // One that cannot be read has no results, and holds up nobody else's.
    let (parts, _) = txn.conversations().readable_parts(name)?;
    let left: HashSet<u32> = kept.rules.remainder().collect();
    let reason = reason(kept);
    for part in &parts {
        if !left.contains(&part.sequence) {
            continue;
        }
        let mut part = part.clone();
        (part.outcome, part.finished) = (Some(Outcome::NotCompleted), Some(now));
        let whole = match reason {
            Some(reason) => Whole::failed(reason.code(), reason.text()),
            None => Whole::failed(0, "Deleted"),
        };
        if reason.is_some() {
            let about = about(kept, &part, now);
            part.results.message = Some(result::put_message(txn, name, &about, &whole, None)?);
        }
        result::end_job(txn, name, part.results.job, Outcome::NotCompleted, &whole, now)?;
        txn.put_part(name, &part)?;
    }
    let event = event(kept);
    let targets = respond::owed(event, parts.iter().flat_map(|part| &part.targets));
    owe(txn, name, decisive(kept, &parts), event, targets, now)
}

/// What the end of a conversation is to those who wait for it.
fn event(kept: &Kept) -> Event {
    match (kept.rules.state(), kept.rules.cause()) {
        (State::Complete, _) => Event::Complete,
        (State::Timeout, _) => Event::Timeout,
        (_, Some(Cause::Expired)) => Event::Expired,
        (_, Some(Cause::Deleted)) => Event::Deleted,
        _ => Event::Error,
    }
}

/// The part whose results tell how a conversation ended: the one that failed, else the last one that is there. Where none was
/// run, its result has the code for that.
fn decisive(kept: &Kept, parts: &[Part]) -> u32 {
    match kept.rules.cause() {
        Some(Cause::Part(failed)) => failed,
        _ => parts.last().map_or(1, |part| part.sequence),
    }
}

/// What results of a part say about it.
pub fn about<'a>(kept: &'a Kept, part: &'a Part, now: Time) -> About<'a> {
    About {
        request_id: &part.request_id,
        conversation_id: kept.name.conversation_id(),
        place: (part.sequence, kept.rules.calls()),
        accepted: part.accepted,
        now,
    }
}

/// What an account has in the queue, or by how much that changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Count {
    /// Conversations and single requests that are not ended.
    pub open: i64,
    /// Bytes of their envelopes.
    pub bytes: i64,
}

/// What an account has in the queue.
pub fn counted(txn: &Transaction<'_>, owner: &impl Owner) -> Result<Count, StoreError> {
    Ok(txn.objects(owner).get(COUNT, 0)?.unwrap_or_default())
}

/// Changes what an account has in the queue.
pub fn count(txn: &mut Transaction<'_>, owner: &impl Owner, by: Count) -> Result<(), StoreError> {
    let now = counted(txn, owner)?;
    let then = Count { open: now.open.saturating_add(by.open), bytes: now.bytes.saturating_add(by.bytes) };
    txn.objects(owner).put(COUNT, 0, &then, &[])?;
    Ok(())
}

/// No type of the schema, so no Retrieve can name it.
const COUNT: &str = "queued";
