//! Parts against their conversation, their envelopes and the index of requests.

use super::Check;
use crate::store::{
    Kept, Known, Name, Part, StoreError, chunk, conversation_key as keys, conversations::decode, readable,
    versions::Source,
};

/// Looks at a part: its conversation is there, its envelope too, and its request leads to it.
pub(super) fn part(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    let Some((sequence, of)) = keys::of_part(key) else {
        return check.wrong(key, "a conversation and a sequence", "neither");
    };
    let kept = conversation(check, &of)?;
    let kept = match kept {
        Of::Kept(kept) => Some(kept),
        Of::Unreadable => None,
        Of::None => {
            check.wrong(key, "no part: there is no such conversation", "a part")?;
            None
        }
    };
    let Some(bytes) = check.readable(key, head)? else { return Ok(()) };
    let Some(part) = check.sound(decode::<Part>(key, &bytes))? else { return Ok(()) };
    if part.sequence != sequence {
        check.wrong(key, format!("SequenceCode {sequence}"), part.sequence.to_string())?;
    }
    envelope_of(check, key, &part)?;
    let Some(kept) = kept else { return Ok(()) };
    let request = keys::request(kept.name.account, &part.request_id);
    let place = (kept.name, part.sequence);
    let held = chunk::read(check.view, &request)
        .and_then(|bytes| bytes.map(|bytes| decode::<(Name, u32)>(&request, &bytes)).transpose());
    let found = match held {
        Ok(Some(held)) if held == place => return Ok(()),
        Ok(Some((name, sequence))) => readable::key(&keys::part(&name, sequence)),
        Ok(None) => "none".to_owned(),
        Err(StoreError::Corrupt { reason, .. }) => reason,
        Err(error) => return Err(error),
    };
    let (words, expected) = (readable::key(&request), format!("the place of {}", readable::key(key)));
    check.tell_and_repair(words, expected, found, |txn| {
        txn.set(request.clone(), None);
        txn.write(request, &place)
    })
}

/// Looks for the envelope of a part, in the part's record or in one of its own, never in both.
fn envelope_of(check: &Check<'_>, key: &[u8], part: &Part) -> Result<(), StoreError> {
    let own = keys::respaced(key, keys::ENVELOPE);
    let says = || format!("{} bytes, as its part says", part.bytes);
    match (&part.envelope, check.view.get(&own)?) {
        (Some(text), None) if text.len() as u64 == part.bytes => Ok(()),
        (Some(text), None) => check.wrong(key, format!("an envelope of {}", says()), text.len().to_string()),
        (Some(_), Some(_)) => check.wrong(&own, "none: the part holds it", "an envelope"),
        (None, None) => check.wrong(&own, format!("an envelope of {} bytes", part.bytes), "none"),
        (None, Some(head)) => match chunk::length(&own, &head) {
            Ok(length) if length as u64 == part.bytes => Ok(()),
            Ok(length) => check.wrong(&own, says(), length.to_string()),
            // Told where envelopes are passed.
            Err(_) => Ok(()),
        },
    }
}

/// Looks at an envelope: it can be read, and is of a part.
pub(super) fn envelope(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    if check.view.get(&keys::respaced(key, keys::PART))?.is_none() {
        check.wrong(key, "no envelope: there is no such part", "an envelope")?;
    }
    let Some(bytes) = check.readable(key, head)? else { return Ok(()) };
    match String::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(error) => check.wrong(key, "UTF-8", error.to_string()),
    }
}

/// Looks at an entry of the index of requests: there is a part of that request.
pub(super) fn request(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    let held = chunk::join(check.view, key, head.to_vec()).and_then(|bytes| decode::<(Name, u32)>(key, &bytes));
    let (name, sequence) = match held {
        Ok(held) => held,
        // A part whose entry it was has told of it, and has made it again.
        Err(StoreError::Corrupt { .. }) => {
            return remove(check, key, "the place of a part", "an entry that cannot be read");
        }
        Err(error) => return Err(error),
    };
    let place = keys::part(&name, sequence);
    match check.view.conversations().part(&name, sequence) {
        Ok(Some(part)) if keys::request(name.account, &part.request_id) == key => Ok(()),
        Ok(Some(_)) => remove(check, key, "no entry: that part is of another request", readable::key(&place)),
        Ok(None) => remove(check, key, "no entry: there is no such part", readable::key(&place)),
        Err(StoreError::Corrupt { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn remove(check: &Check<'_>, key: &[u8], expected: &str, found: impl Into<String>) -> Result<(), StoreError> {
    check.derived(key, expected, found, None)
}

/// What is known of the conversation that a part names.
pub(super) enum Of {
    Kept(Box<Kept>),
    Unreadable,
    None,
}

/// The conversation under a key.
pub(super) fn conversation(check: &Check<'_>, key: &[u8]) -> Result<Of, StoreError> {
    let known = chunk::read(check.view, key).and_then(|bytes| bytes.map(|bytes| decode(key, &bytes)).transpose());
    match known {
        Ok(Some(Known::Kept(kept))) => Ok(Of::Kept(kept)),
        Ok(Some(Known::Used) | None) => Ok(Of::None),
        // Told where conversations are passed.
        Err(StoreError::Corrupt { .. }) => Ok(Of::Unreadable),
        Err(error) => Err(error),
    }
}
