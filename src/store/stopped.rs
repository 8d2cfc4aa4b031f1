//! A store that nobody works with, opened for a look or for repair: a data directory, or a backup. It has no committer; nothing
//! is created.

use std::{path::Path, sync::Arc};

use super::{
    StoreError,
    archive::{Shelf, is_backup},
    compact::left,
    disk::Directory,
    engine::{Engine, Place},
    find_format, fresh,
    slot::Slot,
    vacant,
    versions::{Versions, View},
};

/// An opened data directory or backup. It is locked as long as this lives.
pub struct Stopped {
    versions: Arc<Versions>,
}

impl std::fmt::Debug for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stopped")
    }
}

impl Stopped {
    /// Opens what is there: a data directory (with `cache_bytes` of memory for reading), or a backup, which is compared
    /// with its manifest first.
    ///
    /// # Errors
    /// When it is neither, is in use, is not finished or cannot be read.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        left::find_again(path)?;
        let place: Box<dyn Place> = if path.join("db").exists() {
            Box::new(Directory::take(path, cache_bytes)?)
        } else if is_backup(path) {
            Box::new(Shelf(path.to_path_buf()))
        } else {
            fresh::refuse_unfinished(path)?;
            if path.exists() {
                vacant::refuse_occupied(path)?;
            }
            let why = "is neither a data directory nor a backup".to_owned();
            return Err(StoreError::NotThere { path: path.to_path_buf(), why });
        };
        let slot = Slot::open(place)?;
        find_format(&slot, path)?;
        Ok(Self { versions: Arc::new(Versions::new(Arc::new(slot))) })
    }

    /// What it holds.
    pub fn view(&self) -> View<'static> {
        self.versions.view()
    }

    pub(super) fn engine(&self) -> &dyn Engine {
        self.versions.engine()
    }
}
