//! Taking a call in: the rule book and everything that is written with its verdict, in one transaction.

use crate::{
    backend::{
        ending::{self, Count},
        result,
    },
    clock::Time,
    conversation::{self, Arriving, Conversation, Excess, Rejection, Settings},
    message::{Operation, client::Client, options::SendResponseTo},
    store::{Kept, Known, Name, Part, Results, StoreError, Transaction},
};

/// A call that is to be queued; the checks without a state are behind it.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The caller, in the account to which the conversation belongs.
    pub client: Client,
    /// ConversationID, where the call has one.
    pub conversation_id: Option<String>,
    /// Its place and its times.
    pub part: Arriving,
    /// What is to be done.
    pub operation: Operation,
    /// How many objects it is done to.
    pub objects: usize,
    /// Who is told.
    pub targets: Vec<SendResponseTo>,
    /// RequestID of the answer.
    pub request_id: String,
    /// The envelope, without credentials.
    pub envelope: String,
    /// Of what this is the remainder.
    pub renews: Option<String>,
}

/// Why a call was not taken in.
#[derive(Debug)]
pub enum Refusal {
    /// By a rule: a Result says so.
    Rule(Rejection),
    /// By a quota: the same call works later.
    Quota(Excess),
    /// By the store.
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Takes a call in, or refuses it. A refusal may change its conversation (200, 214): the transaction is to be kept in
/// both cases.
///
/// # Errors
/// What a transaction is rolled back for: a quota, or the store.
pub fn accept(
    txn: &mut Transaction<'_>,
    arrival: &Arrival,
    now: Time,
    settings: &Settings,
) -> Result<Result<(), Rejection>, Refusal> {
    let name = match &arrival.conversation_id {
        Some(id) => Name::conversation(&arrival.client, id),
        None => Name::request(&arrival.client, &arrival.request_id),
    };
    let before = match txn.conversations().get(&name) {
        Ok(Some(Known::Kept(kept))) => Some(kept),
        Ok(Some(Known::Used)) => return Ok(Err(Rejection::Reused)),
        Ok(None) => None,
        Err(StoreError::Corrupt { key, reason }) => {
            tracing::error!(key, reason, "a conversation cannot be read");
            return Ok(Err(Rejection::Unreadable));
        }
        Err(error) => return Err(error.into()),
    };
    let rules = before.as_ref().map(|kept| kept.rules.clone());
    let (after, verdict) = conversation::accept(rules.clone(), &arrival.part, now, settings);
    if rules.as_ref() == Some(&after) {
        return Ok(verdict);
    }
    let mut kept = match before {
        Some(kept) => *kept,
        None => new(name, after.clone(), arrival.renews.clone()),
    };
    let new = rules.is_none();
    kept.rules = after;
    if verdict.is_ok() {
        add(txn, &mut kept, arrival, new, now, settings)?;
    }
    ending::keep(txn, &mut kept, now, settings)?;
    Ok(verdict)
}

fn new(name: Name, rules: Conversation, renews: Option<String>) -> Kept {
    Kept { name, rules, bytes: 0, ended: None, due: None, renews, renewed_as: None }
}

fn add(
    txn: &mut Transaction<'_>,
    kept: &mut Kept,
    arrival: &Arrival,
    new: bool,
    now: Time,
    settings: &Settings,
) -> Result<(), Refusal> {
    let bytes = arrival.envelope.len() as u64;
    let counted = ending::counted(txn, &kept.name)?;
    let (open, queued) = (counted.open.max(0).cast_unsigned(), counted.bytes.max(0).cast_unsigned());
    settings.admit(new, open, queued, bytes).map_err(Refusal::Quota)?;
    ending::count(txn, &kept.name, Count { open: i64::from(new), bytes: bytes.cast_signed() })?;
    kept.bytes = kept.bytes.saturating_add(bytes);
    let job = result::put_job(txn, &kept.name, &arrival.request_id, now)?;
    let part = Part {
        sequence: arrival.part.sequence,
        request_id: arrival.request_id.clone(),
        operation: arrival.operation.name().to_owned(),
        by: arrival.client.remembered(),
        objects: arrival.objects as u64,
        targets: arrival.targets.clone(),
        accepted: now,
        bytes,
        envelope: None,
        started: None,
        finished: None,
        outcome: None,
        results: Results { job, ..Results::default() },
    };
    txn.add_part(&kept.name, part, &arrival.envelope)?;
    Ok(())
}
