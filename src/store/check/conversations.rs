//! Conversations against their parts and the index of what is due.

use super::Check;
use crate::{
    clock::Time,
    store::{
        Kept, Known, Name, Part, StoreError, chunk, conversation_key as keys, conversations::decode, key, readable,
        versions::Source,
    },
};

/// Looks at a conversation: its name, its state, its parts, its entry among what is due.
pub(super) fn conversation(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    let Some(bytes) = check.readable(key, head)? else { return Ok(()) };
    let Some(known) = check.sound(decode(key, &bytes))? else { return Ok(()) };
    let Known::Kept(kept) = known else {
        // Its parts, if any are left, are told one by one.
        return Ok(());
    };
    if keys::conversation(&kept.name) != key {
        let found = readable::key(&keys::conversation(&kept.name));
        return check.wrong(key, "its own name", format!("the name of {found}"));
    }
    if !kept.rules.is_sound() {
        check.wrong(key, "a state that the rules can make", format!("{:?}", kept.rules))?;
    }
    if kept.rules.state().is_ended() != kept.ended.is_some() {
        let (expected, found) = match kept.ended {
            Some(ended) => ("no end", format!("{:?}, ended {ended}", kept.rules.state())),
            None => ("the time of its end", format!("{:?}, without one", kept.rules.state())),
        };
        check.wrong(key, expected, found)?;
    }
    compare_parts(check, key, &kept)?;
    let Some(due) = kept.due else { return Ok(()) };
    let due = keys::due(due.millis(), &kept.name);
    if check.view.get(&due)?.is_none() {
        let name = kept.name.clone();
        check.tell_and_repair(readable::key(&due), "an entry: the conversation is due then", "none", |txn| {
            txn.write(due, &name)
        })?;
    }
    Ok(())
}

/// The stored parts are those that were accepted, and as long as is counted.
fn compare_parts(check: &Check<'_>, key: &[u8], kept: &Kept) -> Result<(), StoreError> {
    let prefix = keys::parts_of(key);
    let (mut received, mut bytes, mut whole) = (kept.rules.received().iter().peekable(), 0_u64, true);
    let missing = |sequence: u32| {
        check.wrong(&keys::part(&kept.name, sequence), "a part: the conversation has accepted it", "none")
    };
    check.view.visit(&prefix, key::after_prefix(&prefix).as_deref(), &mut |key, head| {
        // A key that does not end in a sequence is told where parts are passed.
        let Some((sequence, _)) = keys::of_part(key) else { return Ok(true) };
        while let Some(before) = received.next_if(|before| *before < sequence) {
            whole = false;
            missing(before)?;
        }
        if received.next_if_eq(&sequence).is_none() {
            check.wrong(key, "no part: the conversation has not accepted it", "a part")?;
        }
        match chunk::join(check.view, key, head.to_vec()).and_then(|bytes| decode::<Part>(key, &bytes)) {
            Ok(part) => bytes = bytes.saturating_add(part.bytes),
            Err(StoreError::Corrupt { .. }) => whole = false,
            Err(error) => return Err(error),
        }
        Ok(true)
    })?;
    for sequence in received {
        whole = false;
        missing(sequence)?;
    }
    if whole && bytes != kept.bytes {
        check.wrong(key, format!("{bytes} bytes of envelopes, as its parts have"), kept.bytes.to_string())?;
    }
    Ok(())
}

/// Looks at an entry of what is due: its conversation is due then.
pub(super) fn due(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    let read = chunk::join(check.view, key, head.to_vec()).and_then(|bytes| decode::<Name>(key, &bytes));
    let name = match read {
        Ok(name) => name,
        Err(StoreError::Corrupt { reason, .. }) => {
            // The entry of the conversation itself is made again where that is passed, and it has been.
            return check.tell_and_repair(readable::key(key), "the name of a conversation", reason, |txn| {
                chunk::remove(txn, key.to_vec()).or_else(|_| {
                    txn.set(key.to_vec(), None);
                    Ok(())
                })?;
                remake(txn, key)
            });
        }
        Err(error) => return Err(error),
    };
    let kept = match check.view.conversations().get(&name) {
        Ok(Some(Known::Kept(kept))) => kept,
        Ok(_) => return remove(check, key, "no entry: there is no such conversation"),
        Err(StoreError::Corrupt { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    match kept.due {
        Some(due) if keys::due(due.millis(), &name) == key => Ok(()),
        Some(due) => remove(check, key, &format!("no entry: the conversation is due {due}")),
        None => remove(check, key, "no entry: nothing is due for the conversation"),
    }
}

fn remove(check: &Check<'_>, key: &[u8], expected: &str) -> Result<(), StoreError> {
    check.tell_and_repair(readable::key(key), expected, "an entry", |txn| chunk::remove(txn, key.to_vec()))
}

/// Writes an entry of what is due again, if its conversation is due at the moment in its key.
fn remake(txn: &mut crate::store::Transaction<'_>, key: &[u8]) -> Result<(), StoreError> {
    let (Some((name, _)), Some(moment)) = (keys::whole_name(key), keys::moment(key)) else { return Ok(()) };
    match txn.conversations().get(&name) {
        Ok(Some(Known::Kept(kept))) if kept.due == Some(Time::from_millis(moment)) => txn.write(key.to_vec(), &name),
        _ => Ok(()),
    }
}
