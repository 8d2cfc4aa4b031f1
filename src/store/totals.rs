//! The store's own marks: where the sequence of ids stands, and how much is held.

use super::{
    StoreError,
    engine::{Changes, Engine},
    key, readable,
};

/// The marks that every commit writes: the next id, and what is held in all.
pub(super) const MARKS: [&str; 3] = ["sequence", "keys", "bytes"];

/// What is held, and in how many keys.
#[derive(Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) keys: u64,
    pub(super) bytes: u64,
}

impl Totals {
    pub(super) fn read(engine: &dyn Engine) -> Result<Self, StoreError> {
        let mark = |name| Ok(number(engine, name)?.unwrap_or(0));
        Ok(Self { keys: mark("keys")?, bytes: mark("bytes")? })
    }

    pub(super) fn replace(&mut self, key: usize, before: Option<&[u8]>, after: Option<&[u8]>) {
        let size = |value: &[u8]| (key + value.len()) as u64;
        if let Some(before) = before {
            self.keys = self.keys.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(size(before));
        }
        if let Some(after) = after {
            self.keys += 1;
            self.bytes += size(after);
        }
    }
}

pub(super) fn marks(sequence: i64, totals: Totals) -> Changes {
    MARKS
        .into_iter()
        .zip([sequence.cast_unsigned(), totals.keys, totals.bytes])
        .map(|(mark, value)| (key::mark(mark), Some(value.to_le_bytes().to_vec())))
        .collect()
}

/// The next id, as it was stored.
pub(super) fn sequence(engine: &dyn Engine) -> Result<Option<i64>, StoreError> {
    Ok(number(engine, "sequence")?.map(u64::cast_signed))
}

fn number(engine: &dyn Engine, mark: &str) -> Result<Option<u64>, StoreError> {
    stored_number(engine.get(&key::mark(mark))?.as_deref(), mark)
}

/// The number that lies under a mark.
pub(super) fn stored_number(bytes: Option<&[u8]>, mark: &str) -> Result<Option<u64>, StoreError> {
    let Some(bytes) = bytes else { return Ok(None) };
    match bytes.try_into() {
        Ok(bytes) => Ok(Some(u64::from_le_bytes(bytes))),
        Err(_) => Err(StoreError::Corrupt {
            key: readable::key(&key::mark(mark)),
            reason: format!("{} bytes are no number", bytes.len()),
        }),
    }
}
