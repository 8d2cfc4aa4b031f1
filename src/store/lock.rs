//! One process, one `Store` per data directory: an advisory lock on a file of our own, because sled tells a second opener only
//! "other error". The system releases it when the process ends, however it ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use super::StoreError;

/// Held as long as the directory is ours.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, not read")] File);

impl Lock {
    pub(super) fn take(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| StoreError::io(format!("opening {}", path.display()), &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: directory.to_path_buf() }),
            Err(TryLockError::Error(error)) => Err(StoreError::io(format!("locking {}", path.display()), &error)),
        }
    }
}
