//! `envoi backup` and `envoi restore`: the whole store into the two files of `archive`, and back into a data directory.
//!
//! A backup is one state of a store that goes on working: it reads a snapshot page by page, on a thread of its own, and the
//! committer never waits for it. What it costs meanwhile is memory for the old values of those keys that are changed before
//! the backup comes to them, each once; at [`LONGEST_LEAD`] it gives up instead of taking more.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use super::{
    Manifest, Store, StoreError,
    archive::{Archive, Writer},
    engine::{Engine, PAGE_ENTRIES},
    fresh::Fresh,
    versions::Source,
};
use crate::clock::Time;

/// Bytes of old values that a backup holds at the most.
const LONGEST_LEAD: usize = 512 << 20;
/// After so many keys it lets go of what it has passed.
const STRIDE: usize = 4096;

impl Store {
    /// Writes the present state into `directory`, which must not exist or be empty, and not lie in the data directory.
    /// `now` is written into the manifest. Blocks. It ends early when `stop` becomes true; then, and after any failure,
    /// nothing of it is left behind that could be taken for a backup.
    ///
    /// # Errors
    /// When the directory cannot be used, the disk fails, or more is changed meanwhile than can be held.
    pub fn backup(&self, directory: &Path, now: Time, stop: &AtomicBool) -> Result<Manifest, StoreError> {
        if let Some(data) = &self.0.path {
            refuse_inside(directory, data)?;
        }
        let mut writer = Writer::create(directory, now.to_string())?;
        match self.copy(&mut writer, stop) {
            Ok(()) => writer.finish(),
            Err(error) => {
                writer.discard();
                Err(error)
            }
        }
    }

    fn copy(&self, writer: &mut Writer, stop: &AtomicBool) -> Result<(), StoreError> {
        let mut view = self.0.shared.versions.view();
        let mut from = Vec::new();
        loop {
            let mut copied = 0;
            view.visit(&from.clone(), None, &mut |key, value| {
                writer.put(key, value)?;
                key.clone_into(&mut from);
                copied += 1;
                Ok(copied < STRIDE)
            })?;
            if copied < STRIDE {
                return Ok(());
            }
            from.push(0);
            if view.catch_up(&from) > LONGEST_LEAD {
                let doing = "the backup".to_owned();
                let reason = format!(
                    "more than {} MiB changed before it got there; try when less is written",
                    LONGEST_LEAD >> 20
                );
                return Err(StoreError::Io { doing, reason });
            }
            if stop.load(Ordering::Relaxed) {
                return Err(StoreError::Stopped { what: "the backup".to_owned() });
            }
        }
    }
}

/// A backup in the data directory would be lost with it.
fn refuse_inside(directory: &Path, data: &Path) -> Result<(), StoreError> {
    let whole = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    // The directory itself need not exist; the nearest one above that does is what counts.
    let nearest = directory.ancestors().find(|above| above.exists()).map(whole);
    if let (Some(Ok(nearest)), Ok(data)) = (nearest, whole(data))
        && nearest.starts_with(&data)
    {
        let why = format!("lies in the data directory {}: a backup belongs elsewhere", data.display());
        return Err(StoreError::NotThere { path: directory.to_path_buf(), why });
    }
    Ok(())
}

/// Checks a backup whole, then makes a data directory of it, which must not exist or be empty.
///
/// # Errors
/// When the backup is not what its maker finished, or the directory is not empty or in use. A disk that fails half-way
/// leaves a directory that no store opens.
pub fn restore(backup: &Path, to: &Path, cache_bytes: u64) -> Result<Manifest, StoreError> {
    let archive = Archive::open(backup)?;
    let mut fresh = Fresh::create(to, cache_bytes, "a restore")?;
    copy_all(&archive, &mut fresh)?;
    fresh.finish()?;
    Ok(archive.manifest)
}

/// Puts everything that one engine holds into a fresh directory; gives the keys and the bytes.
pub(super) fn copy_all(from: &dyn Engine, to: &mut Fresh) -> Result<(u64, u64), StoreError> {
    let (mut next, mut keys, mut bytes) = (Vec::new(), 0, 0);
    loop {
        let (page, more) = from.page(&next, None, PAGE_ENTRIES)?;
        for (key, value) in &page {
            to.put(key, value)?;
            keys += 1;
            bytes += (key.len() + value.len()) as u64;
        }
        let Some((last, _)) = page.last().filter(|_| more) else { return Ok((keys, bytes)) };
        last.clone_into(&mut next);
        next.push(0);
    }
}

impl Store {
    /// The data directory; `None` when everything is in memory.
    pub fn path(&self) -> Option<&PathBuf> {
        self.0.path.as_ref()
    }
}
