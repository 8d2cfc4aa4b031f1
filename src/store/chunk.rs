//! Long values in pieces: what the engine holds under one key is never longer than [`LONGEST_STORED`] bytes.
//!
//! Under the key itself lies the head: one byte for its form, then (form 0) the whole value, or (form 1) the value's length as
//! eight little-endian bytes and its beginning. The other pieces lie under keys of their own. Head and pieces change in one
//! transaction, so a reader sees all of them or none.

use super::{StoreError, key, readable, transaction::Transaction, versions::Source};

/// The longest value that an engine is given; `disk` has the reason.
pub(super) const LONGEST_STORED: usize = 64 << 10;

const WHOLE: u8 = 0;
const IN_PIECES: u8 = 1;
const HEAD: usize = 1 + size_of::<u64>();
const IN_HEAD: usize = LONGEST_STORED - HEAD;

pub(super) fn read(source: &dyn Source, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    match source.get(key)? {
        Some(head) => join(source, key, head).map(Some),
        None => Ok(None),
    }
}

/// The value whose head is `head`.
pub(super) fn join(source: &dyn Source, key: &[u8], mut head: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    match Form::of(key, &head)? {
        Form::Whole => {
            head.remove(0);
            Ok(head)
        }
        Form::Pieces(length) => {
            let mut value = head.split_off(HEAD);
            for number in 0..pieces(length) {
                let piece = key::piece(key, number);
                let Some(piece) = source.get(&piece)? else {
                    return Err(corrupt(&piece, "it is missing".to_owned()));
                };
                value.extend_from_slice(&piece);
            }
            match value.len() == length {
                true => Ok(value),
                false => Err(corrupt(key, format!("{} of {length} bytes are there", value.len()))),
            }
        }
    }
}

/// Writes a value under a key of this batch, under which nothing can be yet.
pub(super) fn write_new(transaction: &Transaction<'_>, key: Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
    if value.len() > IN_HEAD {
        return write(transaction, key, value);
    }
    let mut head = Vec::with_capacity(1 + value.len());
    head.push(WHOLE);
    head.extend_from_slice(value);
    transaction.set_new(key, head);
    Ok(())
}

/// Writes a value, over whatever was there.
pub(super) fn write(transaction: &Transaction<'_>, key: Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
    let old = old_pieces(transaction, &key)?;
    let mut written = 0;
    let (head, rest) = split(value);
    for piece in rest {
        transaction.set(key::piece(&key, written), Some(piece.to_vec()));
        written += 1;
    }
    for number in written..old {
        transaction.set(key::piece(&key, number), None);
    }
    transaction.set(key, Some(head));
    Ok(())
}

/// The head of a value, and its other pieces.
pub(super) fn split(value: &[u8]) -> (Vec<u8>, impl Iterator<Item = &[u8]>) {
    let mut head = Vec::with_capacity(HEAD + value.len().min(IN_HEAD));
    let rest = match value.split_at_checked(IN_HEAD) {
        Some((start, rest)) if !rest.is_empty() => {
            head.push(IN_PIECES);
            head.extend_from_slice(&(value.len() as u64).to_le_bytes());
            head.extend_from_slice(start);
            rest
        }
        _ => {
            head.push(WHOLE);
            head.extend_from_slice(value);
            &[]
        }
    };
    (head, rest.chunks(LONGEST_STORED))
}

/// How long the value of this head is, all its pieces together.
pub(super) fn length(key: &[u8], head: &[u8]) -> Result<usize, StoreError> {
    match Form::of(key, head)? {
        Form::Whole => Ok(head.len() - 1),
        Form::Pieces(length) => Ok(length),
    }
}

/// How many pieces there are beside this head.
pub(super) fn pieces_of(key: &[u8], head: &[u8]) -> Result<u32, StoreError> {
    match Form::of(key, head)? {
        Form::Whole => Ok(0),
        Form::Pieces(length) => Ok(pieces(length)),
    }
}

/// Removes a value with all its pieces.
pub(super) fn remove(transaction: &Transaction<'_>, key: Vec<u8>) -> Result<(), StoreError> {
    for number in 0..old_pieces(transaction, &key)? {
        transaction.set(key::piece(&key, number), None);
    }
    transaction.set(key, None);
    Ok(())
}

fn old_pieces(transaction: &Transaction<'_>, key: &[u8]) -> Result<u32, StoreError> {
    transaction.get(key)?.map_or(Ok(0), |head| pieces_of(key, &head))
}

enum Form {
    Whole,
    Pieces(usize),
}

impl Form {
    fn of(key: &[u8], head: &[u8]) -> Result<Self, StoreError> {
        match head.split_first() {
            Some((&WHOLE, _)) => Ok(Self::Whole),
            Some((&IN_PIECES, rest)) => {
                let length = rest.first_chunk().map(|length| u64::from_le_bytes(*length));
                match length.and_then(|length| usize::try_from(length).ok()) {
                    Some(length) if length > IN_HEAD => Ok(Self::Pieces(length)),
                    _ => Err(corrupt(key, "its length is missing or wrong".to_owned())),
                }
            }
            Some((form, _)) => Err(corrupt(key, format!("form {form} is unknown"))),
            None => Err(corrupt(key, "it is empty".to_owned())),
        }
    }
}

/// How many pieces follow the head of a value of `length` bytes.
fn pieces(length: usize) -> u32 {
    u32::try_from(length.saturating_sub(IN_HEAD).div_ceil(LONGEST_STORED)).unwrap_or(u32::MAX)
}

fn corrupt(key: &[u8], reason: String) -> StoreError {
    StoreError::Corrupt { key: readable::key(key), reason }
}
