//! What a compaction has left that was broken off, and the way back from it.
//!
//! | of `data` there is | what happened | the next start |
//! |---|---|---|
//! | `data`, perhaps `data.compacting` | stopped while copying | removes the copy |
//! | only `data.before-compact` and the copy | stopped between the renames | takes the old one back, removes the copy |
//! | `data` with the file `compacted`, perhaps `data.before-compact` | stopped while the old one was removed | removes the rest of it |

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::super::{
    StoreError,
    durable::{failed, sync},
    fresh::refuse_unfinished,
    lock::Lock,
};

/// A file that stands in the new directory: the one before it may be removed.
pub(super) const MARK: &str = "compacted";

fn beside(path: &Path, what: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.{what}"))
}

pub(super) fn new_place(path: &Path) -> PathBuf {
    beside(path, "compacting")
}

pub(super) fn old_place(path: &Path) -> PathBuf {
    beside(path, "before-compact")
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|error| failed("moving", from, &error))?;
    match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync(parent),
        _ => sync(Path::new(".")),
    }
}

/// To be called before a data directory is opened: takes the old one back when a compaction stopped between its renames.
pub(in crate::store) fn find_again(path: &Path) -> Result<(), StoreError> {
    let old = old_place(path);
    if path.exists() || !old.join("db").exists() {
        return Ok(());
    }
    let _lock = Lock::take(&old).map_err(|error| match error {
        StoreError::InUse { .. } => StoreError::InUse { path: path.to_path_buf() },
        other => other,
    })?;
    tracing::warn!(store.path = %path.display(), "a compaction was broken off; the data directory before it is used");
    rename(&old, path)
}

/// To be called when a data directory is locked: removes what a compaction left.
pub(in crate::store) fn clean_up(path: &Path) -> Result<(), StoreError> {
    let remove = |place: &Path| match fs::remove_dir_all(place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("removing", place, &error)),
        _ => Ok(()),
    };
    let (new, mark) = (new_place(path), path.join(MARK));
    if new.join(MARK).exists() || refuse_unfinished(&new).is_err() {
        remove(&new)?;
    }
    if mark.exists() {
        remove(&old_place(path))?;
        fs::remove_file(&mark).map_err(|error| failed("removing", &mark, &error))?;
        sync(path)?;
    }
    Ok(())
}
