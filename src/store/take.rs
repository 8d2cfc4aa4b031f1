//! A data directory is taken: what a compaction left is seen to, and what is no store, or half of one, is refused.

use std::path::Path;

use super::{StoreError, compact::left, disk::Directory, durable::create_directory, fresh, vacant};

impl Directory {
    /// Takes a data directory, or makes it. What a compaction left is cleared away.
    pub(super) fn take(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        left::find_again(path)?;
        create_directory(path)?;
        refuses(path)?;
        let directory = Self::take_any(path, cache_bytes)?;
        left::clean_up(path)?;
        Ok(directory)
    }
}

/// Says why a directory is not taken, as far as can be told without taking it.
///
/// # Errors
/// It is not finished, has lost its data, or is something else.
pub fn refuses(path: &Path) -> Result<(), StoreError> {
    if !path.exists() {
        return Ok(());
    }
    fresh::refuse_unfinished(path)?;
    vacant::refuse_occupied(path)
}
