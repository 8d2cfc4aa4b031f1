//! What a change of a message means to who waits for it: the mark is taken away when it is settled, and with the last mark
//! the conversation is due or the call can be answered.

use std::time::Duration;

use crate::{
    clock::Time,
    store::{Content, Delivery, DeliveryState, Kept, Known, Owner, StoreError, Transaction, View, outgoing::Asker},
};

use super::{
    contact,
    errand::{self, CALLS, ERRANDS, Errand, OPEN},
    event, item,
};

/// To be called in the transaction that has changed a message, after the change: an attempt has ended, a webhook or an operator
/// has said something, it was withdrawn. Gives who has waited for this one last; his messages are all settled now. A conversation
/// is due from then on, and the queue is to be woken; a call is to be answered. To call it twice does nothing.
///
/// # Errors
/// The store's.
pub fn settled(txn: &mut Transaction<'_>, delivery: &Delivery, now: Time) -> Result<Option<Asker>, StoreError> {
    let Content::Message(outgoing) = &delivery.content else { return Ok(None) };
    event::changed(txn, delivery, outgoing, now)?;
    contact::learn(txn, delivery, outgoing)?;
    let owner = errand::owner(&outgoing.asker);
    let Some(id) = txn.objects(&owner).get::<i64>(OPEN, delivery.number)? else {
        if !delivery.is_settled() && outgoing.receipt.is_none() {
            return Ok(None);
        }
        item::change(txn, delivery, outgoing, now)?;
        return Ok(None);
    };
    if !delivery.is_settled() {
        return Ok(None);
    }
    txn.objects(&owner).remove(OPEN, delivery.number)?;
    if !errand::is_whole(&txn.objects(&owner), id)? {
        return Ok(None);
    }
    if let Asker::Part { name, .. } = &outgoing.asker
        && let Some(Known::Kept(mut kept)) = txn.conversations().get(name)?
        && kept.ended.is_none()
    {
        txn.put_conversation(&mut kept, Some(now))?;
    }
    Ok(Some(outgoing.asker.clone()))
}

/// To be called when an operator has sent a message again: who still waits for others waits for this one too.
///
/// # Errors
/// The store's.
pub fn reopened(txn: &mut Transaction<'_>, number: i64, now: Time) -> Result<(), StoreError> {
    let Some(delivery) = txn.deliveries().get(number)? else { return Ok(()) };
    let Content::Message(outgoing) = &delivery.content else { return Ok(()) };
    let id = match &outgoing.asker {
        Asker::Call { batch } => *batch,
        Asker::Part { name, sequence } => match txn.conversations().part(name, *sequence)? {
            Some(part) if part.finished.is_none() => part.results.job,
            _ => return Ok(()),
        },
    };
    let owner = errand::owner(&outgoing.asker);
    if errand::get(&txn.objects(&owner), id)?.is_none() {
        return Ok(());
    }
    errand::mark(txn, &owner, id, number)?;
    if let Asker::Part { name, .. } = &outgoing.asker
        && let Some(Known::Kept(mut kept)) = txn.conversations().get(name)?
        && kept.ended.is_none()
    {
        put_waiting(txn, &mut kept, now)?;
    }
    Ok(())
}

/// Keeps a conversation whose part waits for its messages. Nothing is due until the last of them is settled ([`settled`]), or its
/// RequestExpirationTime has passed.
///
/// # Errors
/// The store's.
pub fn put_waiting(txn: &mut Transaction<'_>, kept: &mut Kept, now: Time) -> Result<(), StoreError> {
    let expires = kept.rules.expires().map(|expires| expires.plus(Duration::from_millis(1)));
    txn.put_conversation(kept, expires.filter(|expires| *expires > now))
}

/// Ends the wait of a synchronous call: what has not settled is not tried any more. An attempt that is under way is left to
/// its end.
///
/// # Errors
/// The store's.
pub fn cut(txn: &mut Transaction<'_>, batch: i64, now: Time, keep: Time) -> Result<(), StoreError> {
    give_up(txn, &CALLS, batch, now, keep)
}

/// Withdraws what is still waited for of an errand: its call has been answered, or its conversation has ended without it.
///
/// # Errors
/// The store's.
pub fn give_up(
    txn: &mut Transaction<'_>,
    owner: &impl Owner,
    id: i64,
    now: Time,
    keep: Time,
) -> Result<(), StoreError> {
    for number in errand::open(&txn.objects(owner), id)? {
        withdraw(txn, number, now, keep)?;
        txn.objects(owner).remove(OPEN, number)?;
    }
    Ok(())
}

fn withdraw(txn: &mut Transaction<'_>, number: i64, now: Time, keep: Time) -> Result<(), StoreError> {
    // In doubt it stays what it is: an operator may still say more.
    if txn.deliveries().get(number)?.is_some_and(|delivery| delivery.state == DeliveryState::InDoubt) {
        return Ok(());
    }
    if txn.withdraw(number, now, keep)?
        && let Some(delivery) = txn.deliveries().get(number)?
        && let Content::Message(outgoing) = &delivery.content
    {
        event::changed(txn, &delivery, outgoing, now)?;
    }
    Ok(())
}

/// Whether synchronous calls wait; at a start, whether some were left without an answer.
///
/// # Errors
/// The store's.
pub fn has_calls(view: &View<'_>) -> Result<bool, StoreError> {
    Ok(view.objects(&CALLS).count(ERRANDS)? > 0)
}

/// Takes up synchronous calls that were not answered when the program ended: their callers were told nothing, and what has not
/// begun never will. Gives how many there were. To be called at the start, before anything is sent.
///
/// # Errors
/// The store's.
pub fn abandon(txn: &mut Transaction<'_>, now: Time, keep: Time) -> Result<usize, StoreError> {
    let calls: Vec<(i64, Errand)> = txn.objects(&CALLS).scan(ERRANDS, i64::MIN, usize::MAX)?;
    for (batch, _) in &calls {
        cut(txn, *batch, now, keep)?;
        errand::remove(txn, &CALLS, *batch)?;
    }
    Ok(calls.len())
}
