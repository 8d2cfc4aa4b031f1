//! One turn of a conversation: it runs its next part, times out, or is forgotten. One transaction, kept whole or not at all.

use std::{sync::Arc, time::Duration};

use crate::{
    backend::{
        self, Backend,
        connected::{self, Errand},
        ending,
        result::{self, Whole},
    },
    clock::Time,
    conversation::{self, Begun, State, respond::Cut},
    message::{
        Call, Echo, Operation, Row,
        client::{Accounts, Client},
        code, overall_status, reply,
    },
    object::{self, Limits, Tree},
    soap,
    store::{Kept, Known, Name, Outcome, Part, StoreError, Transaction, View, outgoing::Asker},
};

/// How long the results of a conversation stay beyond their time before it is looked at again whether they are still owed.
const STILL_OWED: Duration = Duration::from_secs(3600);

/// The next part of a conversation, read and parsed outside the transaction.
#[derive(Debug)]
pub struct Prepared {
    sequence: u32,
    /// The part's envelope, or why it cannot be run.
    tree: Result<Tree, String>,
}

impl Prepared {
    /// A part that cannot be run: it ends with an error instead of being tried for ever.
    pub fn broken(sequence: u32, why: String) -> Self {
        Self { sequence, tree: Err(why) }
    }

    /// Its SequenceCode.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }
}

/// Reads the part that is to run next, if one is. [`Queue`](super::Queue) does so before each [`turn`]; who drives
/// conversations himself may too.
///
/// # Errors
/// The store's.
pub fn prepare(
    view: &View<'_>,
    name: &Name,
    backend: &Backend,
    limits: &Limits,
    now: Time,
) -> Result<Option<Prepared>, StoreError> {
    let conversations = view.conversations();
    let Some(Known::Kept(kept)) = conversations.get(name)? else { return Ok(None) };
    let (_, begun) = conversation::begin(kept.rules, u64::MAX, now, &backend.settings.conversations);
    // The count of parts is looked at inside the transaction.
    let sequence = match begun {
        Begun::Run { sequence, .. } => sequence,
        Begun::Ended(conversation::Cause::PartsLost) => 1,
        _ => return Ok(None),
    };
    let tree = match conversations.envelope(name, sequence) {
        Ok(Some(text)) => object::read(text, &backend.schema, limits).map_err(|error| error.to_string()),
        Ok(None) => Err("its envelope is missing".to_owned()),
        Err(StoreError::Corrupt { reason, .. }) => Err(reason),
        Err(error) => return Err(error),
    };
    Ok(Some(Prepared { sequence, tree }))
}

/// Takes the turn: the conversation times out, is forgotten, or runs the part that was prepared. Gives whether there may be
/// another one at once.
///
/// # Errors
/// The store's; then nothing was done.
pub fn turn(
    txn: &mut Transaction<'_>,
    name: &Name,
    prepared: Option<&Prepared>,
    backend: &Backend,
    accounts: &Arc<Accounts>,
    now: Time,
) -> Result<bool, StoreError> {
    let settings = &backend.settings.conversations;
    let Some(Known::Kept(mut kept)) = txn.conversations().get(name)? else {
        let reason = "it is due and there is no such conversation".to_owned();
        return Err(StoreError::Corrupt { key: name.id().to_owned(), reason });
    };
    if kept.due.is_none_or(|due| due > now) {
        return Ok(false);
    }
    if kept.ended.is_some() {
        match txn.deliveries().is_owed(name)? {
            // What is owed needs the results that it tells of.
            true => txn.put_conversation(&mut kept, Some(now.plus(STILL_OWED)))?,
            false => forget(txn, &kept)?,
        }
        return Ok(false);
    }
    if let Some(after) = conversation::overdue(&kept.rules, now, settings) {
        kept.rules = after;
        ending::keep(txn, &mut kept, now, settings)?;
        return Ok(false);
    }
    let stored = match kept.rules.state() {
        State::Closed => u64::from(txn.conversations().count_parts(name)?),
        _ => u64::from(kept.rules.calls()),
    };
    let (begun, what) = conversation::begin(kept.rules.clone(), stored, now, settings);
    kept.rules = begun;
    match (what, prepared) {
        (Begun::Run { sequence, .. }, Some(prepared)) if prepared.sequence == sequence => {
            if run(txn, &mut kept, prepared, backend, accounts, now)? == Ran::Waits {
                connected::put_waiting(txn, &mut kept, now)?;
                return Ok(false);
            }
        }
        // It has gone on since the part was read.
        (Begun::Run { .. }, _) => return Ok(true),
        (Begun::Ended(_) | Begun::Wait(_) | Begun::Nothing, _) => {}
    }
    ending::keep(txn, &mut kept, now, settings)?;
    Ok(kept.rules.state() == State::Processing)
}

/// Ends a conversation that could not be worked on, so that it is not tried for ever: its records are damaged.
pub(super) fn give_up(
    txn: &mut Transaction<'_>,
    name: &Name,
    settings: &conversation::Settings,
    now: Time,
) -> Result<(), StoreError> {
    let Some(Known::Kept(mut kept)) = txn.conversations().get(name)? else { return Ok(()) };
    if let Some(after) = conversation::give_up(&kept.rules) {
        let running = kept.rules.running().map(|sequence| txn.conversations().part(name, sequence)).transpose();
        match running {
            Ok(Some(Some(part))) => {
                connected::give_up(txn, name, part.results.job, now, now.plus(settings.retention))?;
            }
            Ok(_) | Err(StoreError::Corrupt { .. }) => {}
            Err(error) => return Err(error),
        }
        kept.rules = after;
        ending::keep(txn, &mut kept, now, settings)?;
    }
    Ok(())
}

/// Removes a conversation whose results have been kept long enough.
fn forget(txn: &mut Transaction<'_>, kept: &Kept) -> Result<(), StoreError> {
    for part in txn.conversations().readable_parts(&kept.name)?.0 {
        result::remove(txn, &kept.name, &part.results)?;
    }
    txn.forget_conversation(kept)
}

/// How far a part has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ran {
    /// It is over.
    Ended,
    /// Connectors have something to do first.
    Waits,
}

/// Runs a part and writes down what came of it. Where connectors do some of its objects, what they are to do is owed in a first turn,
/// and everything else is done in a second, when that is settled.
fn run(
    txn: &mut Transaction<'_>,
    kept: &mut Kept,
    prepared: &Prepared,
    backend: &Backend,
    accounts: &Arc<Accounts>,
    now: Time,
) -> Result<Ran, StoreError> {
    let (name, settings) = (kept.name.clone(), &backend.settings.conversations);
    let Some(mut part) = txn.conversations().part(&name, prepared.sequence)? else {
        let reason = format!("part {} is missing", prepared.sequence);
        return Err(StoreError::Corrupt { key: name.id().to_owned(), reason });
    };
    let owed = connected::get(&txn.objects(&name), part.results.job)?;
    if owed.is_some() && prepared.tree.is_ok() && !connected::is_whole(&txn.objects(&name), part.results.job)? {
        match kept.rules.expires() {
            // What has not gone out by then is not wanted any more.
            Some(expires) if expires < now => {
                connected::give_up(txn, &name, part.results.job, now, now.plus(settings.retention))?;
            }
            _ => return Ok(Ran::Waits),
        }
    }
    part.started = part.started.or(Some(now));
    let call = call_of(prepared, &part);
    let errand = match (owed, &call, accounts.recall(&part.by)) {
        (Some(errand), ..) => errand,
        (None, Ok(call), Some(client)) => {
            let asker = Asker::Part { name: name.clone(), sequence: part.sequence };
            let (job, request_id) = (part.results.job, part.request_id.as_str());
            connected::plan(backend, txn, &client, call, &asker, job, request_id, now)?
        }
        _ => Errand::default(),
    };
    if errand.messages() > 0 && !connected::is_whole(&txn.objects(&name), part.results.job)? && call.is_ok() {
        txn.put_part(&name, &part)?;
        return Ok(Ran::Waits);
    }
    if part.operation == Operation::Delete.name() {
        // It may name its own conversation, and that one has begun.
        txn.put_conversation(kept, kept.due)?;
    }
    let (whole, items, detail) = {
        match &call {
            Ok(call) => {
                let rows = match accounts.recall(&part.by) {
                    Some(client) => apply(txn, backend, &client, call, &errand, now)?,
                    None => connected::rows(backend, txn, call, &errand, gone(call, &part), now)?,
                };
                let about = ending::about(kept, &part, now);
                let items = result::put_items(txn, &name, &about, call, &rows)?;
                let whole = Whole::of(&rows);
                let cut = wanted(txn, kept, &part, whole.code.is_none())?;
                (whole, items, Some(detail(call, rows, &part, cut, backend)))
            }
            Err(why) => {
                connected::give_up(txn, &name, part.results.job, now, now.plus(settings.retention))?;
                tracing::error!(conversation = name.id(), sequence = part.sequence, why, "a part cannot be run");
                (Whole::failed(code::EXCEPTION.code, &code::EXCEPTION.about("processing")), Vec::new(), None)
            }
        }
    };
    let ok = whole.code.is_none();
    let outcome = if ok { Outcome::Ok } else { Outcome::Error };
    let message = result::put_message(txn, &name, &ending::about(kept, &part, now), &whole, detail.as_deref())?;
    result::end_job(txn, &name, part.results.job, outcome, &whole, now)?;
    (part.outcome, part.finished) = (Some(outcome), Some(now));
    (part.results.message, part.results.items) = (Some(message), items);
    txn.put_part(&name, &part)?;
    ending::owe_for_call(txn, &name, &part, now)?;
    if let Some(after) = conversation::finish(&kept.rules, part.sequence, ok) {
        kept.rules = after;
    }
    Ok(Ran::Ended)
}

fn call_of<'t>(prepared: &'t Prepared, part: &Part) -> Result<Call<'t>, String> {
    let tree = prepared.tree.as_ref().map_err(Clone::clone)?;
    let operation = Operation::named(&part.operation).ok_or_else(|| format!("{} is no operation", part.operation))?;
    let envelope = soap::open(tree).map_err(|fault| fault.text)?;
    Call::new(operation, &envelope).map_err(|fault| fault.text)
}

fn apply(
    txn: &mut Transaction<'_>,
    backend: &Backend,
    client: &Client,
    call: &Call<'_>,
    errand: &Errand,
    now: Time,
) -> Result<Vec<Row>, StoreError> {
    match call.operation {
        Operation::Perform => backend::definition::apply(backend, txn, client, call, now),
        _ => backend::apply_settled(backend, txn, client, call, errand, now),
    }
}

/// The caller is no longer configured, or has lost the account.
fn gone(call: &Call<'_>, part: &Part) -> Vec<Row> {
    let text = code::NO_ACCESS.about(&format!("for which {} called", part.by.key()));
    (0..call.objects.len()).map(|ordinal| Row::error(ordinal, code::NO_ACCESS.code, text.clone())).collect()
}

/// How much of its objects anybody asks for who may be told of a part that has run.
fn wanted(txn: &Transaction<'_>, kept: &Kept, part: &Part, ok: bool) -> Result<Cut, StoreError> {
    let calls = kept.rules.calls();
    if calls == 1 || !conversation::ends_with(&kept.rules, part.sequence, ok) {
        return Ok(Cut::fullest(&part.targets));
    }
    let (parts, _) = txn.conversations().readable_parts(&kept.name)?;
    Ok(Cut::of_the_end(&part.targets, parts.iter().flat_map(|part| &part.targets)))
}

/// The answer that a synchronous call would have had, with as much of its objects as anybody asked for; `notify` cuts it for
/// each target.
fn detail(call: &Call<'_>, mut rows: Vec<Row>, part: &Part, cut: Cut, backend: &Backend) -> String {
    for row in &mut rows {
        row.echo = match (cut, call.objects.get(row.ordinal)) {
            (Cut::Whole, Some(_)) if row.echo != Echo::None => Echo::Received,
            (Cut::Base, Some(node)) if row.echo != Echo::None => Echo::Object(object::base_of(*node, &backend.schema)),
            _ => Echo::least(call.operation),
        };
    }
    tracing::debug!(request.id = part.request_id, overall = overall_status(&rows), "a part has run");
    reply::write_alone(call, &rows, &part.request_id, &backend.schema)
}
