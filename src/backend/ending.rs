//! The end of a call or of a conversation: what is recorded about parts that were not run, what is owed to whom, what no
//! longer counts against the account.
//!
//! Nothing is sent from here. All of it is written in the transaction that ends the conversation.

use std::collections::HashSet;

use crate::{
    clock::Time,
    conversation::{Cause, Rejection, Settings, State, due},
    message::options::{RespondWhen, ResponseType, SendResponseTo},
    store::{Delivery, Kept, Name, Outcome, Owner, Part, StoreError, Transaction},
};

use super::result::{self, About, Whole};

/// Writes down what is owed for one call that was run.
pub fn owe_for_call(txn: &mut Transaction<'_>, name: &Name, part: &Part, now: Time) -> Result<(), StoreError> {
    let failed = part.outcome == Some(Outcome::Error);
    let applies = |when| match when {
        RespondWhen::OnCallComplete | RespondWhen::Always => true,
        RespondWhen::OnError => failed,
        _ => false,
    };
    for (number, target) in (0..).zip(&part.targets) {
        if applies(target.when) {
            owe(txn, name, number, part, target, now)?;
        }
    }
    Ok(())
}

fn owe(
    txn: &mut Transaction<'_>,
    name: &Name,
    number: u32,
    part: &Part,
    target: &SendResponseTo,
    now: Time,
) -> Result<(), StoreError> {
    // FTP is in the WSDL, and the service does not use it.
    if matches!(target.kind, ResponseType::None | ResponseType::Ftp) {
        return Ok(());
    }
    let (request_id, sequence) = (part.request_id.clone(), part.sequence);
    txn.owe(name, number, &Delivery { target: target.clone(), request_id, sequence, owed: now })
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
    let parts = txn.conversations().parts(name)?;
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
    let failed = kept.rules.state() != State::Complete;
    let expired = kept.rules.cause() == Some(Cause::Expired);
    if kept.rules.cause() == Some(Cause::Deleted) {
        return Ok(());
    }
    let mut told = HashSet::new();
    for part in &parts {
        for (number, target) in (0..).zip(&part.targets) {
            let applies = match target.when {
                RespondWhen::OnConversationComplete => true,
                RespondWhen::OnConversationError => failed,
                RespondWhen::OnExpired => expired,
                _ => false,
            };
            // Parts may name the same target again (facts/wire section 8 #23).
            if applies && told.insert((target.kind, &target.address, target.when)) {
                owe(txn, name, number, part, target, now)?;
            }
        }
    }
    Ok(())
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
pub(super) const COUNT: &str = "queued";
