//! `envoi compact`: sled does not give space back, so what is held is copied into a fresh directory beside the old one, compared
//! with it, and put in its place by two renames.
//!
//! Where it may be broken off, and what then happens, stands in `left`. Whoever compacts holds the locks of both directories, so
//! a start that comes in between is told that they are in use.

pub(super) mod left;

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::Path,
    thread,
    time::Duration,
};

use serde::Serialize;

use super::{
    StoreError,
    backup::copy_all,
    disk::Directory,
    durable::{failed, write_private},
    engine::{Engine, PAGE_ENTRIES},
    fresh::Fresh,
    vacant::RESERVE,
};
use left::{MARK, clean_up, find_again, new_place, old_place, rename};

/// How often, and how long apart, it is asked whether sled has let go of its file.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(20);

/// What a compaction came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// Keys held.
    pub keys: u64,
    /// Bytes of all keys and values.
    pub bytes: u64,
    /// What the directory occupied before.
    pub disk_before: u64,
    /// What it occupies now.
    pub disk_after: u64,
}

/// Copies a stopped data directory and puts the copy in its place.
///
/// # Errors
/// When it is in use, is a mount point (the copy cannot take its place by a rename), or the disk fails. The data is
/// then where it was, or is found again at the next start.
pub fn compact(path: &Path, cache_bytes: u64) -> Result<Compacted, StoreError> {
    find_again(path)?;
    if !path.join("db").exists() {
        let why = "is no data directory".to_owned();
        return Err(StoreError::NotThere { path: path.to_path_buf(), why });
    }
    let path = path.canonicalize().map_err(|error| failed("finding", path, &error))?;
    refuse_mount_point(&path)?;
    let copied = copy(&path, cache_bytes)?;
    swap_out(&path)?;
    if let Err(error) = swap_in(&path) {
        find_again(&path)?;
        return Err(error);
    }
    clean_up(&path)?;
    let Copied { keys, bytes, disk_before, locks } = copied;
    let done = Compacted { keys, bytes, disk_before, disk_after: occupied(&path)? };
    drop(locks);
    Ok(done)
}

/// A finished and compared copy, with both directories locked.
struct Copied {
    keys: u64,
    bytes: u64,
    disk_before: u64,
    locks: (Directory, Directory),
}

fn copy(path: &Path, cache_bytes: u64) -> Result<Copied, StoreError> {
    let disk_before = occupied(path)?;
    let old = Directory::take(path, cache_bytes)?;
    let engine = old.open_engine()?;
    super::find_format(&*engine, path)?;
    let place = new_place(path);
    let mut fresh = Fresh::create(&place, cache_bytes, "a compaction")?;
    let (keys, bytes) = copy_all(&*engine, &mut fresh)?;
    compare(&*engine, fresh.engine()?, path)?;
    write_private(&place.join(MARK), b"the directory before it may be removed\n")?;
    let new = fresh.finish()?;
    drop(engine);
    // sled writes to the names under which it was opened: both are closed before anything is renamed.
    for path in [path, &place] {
        wait_for_sled(path)?;
    }
    Ok(Copied { keys, bytes, disk_before, locks: (old, new) })
}

fn compare(old: &dyn Engine, new: &dyn Engine, path: &Path) -> Result<(), StoreError> {
    let mut from = Vec::new();
    loop {
        let (was, is) = (old.page(&from, None, PAGE_ENTRIES)?, new.page(&from, None, PAGE_ENTRIES)?);
        if was != is {
            let reason = "the copy is not what was copied; nothing was replaced".to_owned();
            return Err(StoreError::BadCopy { path: new_place(path), reason });
        }
        let Some((last, _)) = was.0.last().filter(|_| was.1) else { return Ok(()) };
        last.clone_into(&mut from);
        from.push(0);
    }
}

/// Threads of sled may hold its file for a moment after it was closed.
fn wait_for_sled(path: &Path) -> Result<(), StoreError> {
    let db = path.join("db");
    let file = File::open(&db).map_err(|error| failed("opening", &db, &error))?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(fs::TryLockError::Error(error)) => return Err(failed("locking", &db, &error)),
        }
    }
    Err(StoreError::InUse { path: path.to_path_buf() })
}

fn swap_out(path: &Path) -> Result<(), StoreError> {
    rename(path, &old_place(path))
}

fn swap_in(path: &Path) -> Result<(), StoreError> {
    rename(&new_place(path), path)
}

fn refuse_mount_point(path: &Path) -> Result<(), StoreError> {
    let device =
        |path: &Path| fs::metadata(path).map(|data| data.dev()).map_err(|error| failed("reading", path, &error));
    let refuse = |why: &str| Err(StoreError::NotThere { path: path.to_path_buf(), why: why.to_owned() });
    let Some(parent) = path.parent() else { return refuse("has no directory beside it") };
    if device(path)? != device(parent)? {
        return refuse("is a mount point, and another directory cannot take its place: use backup and restore instead");
    }
    Ok(())
}

/// What the files of a directory occupy on disk.
fn occupied(path: &Path) -> Result<u64, StoreError> {
    let mut sum = 0;
    for entry in fs::read_dir(path).map_err(|error| failed("reading", path, &error))? {
        let entry = entry.map_err(|error| failed("reading", path, &error))?;
        // The room that every running store keeps is no data.
        if entry.file_name() == RESERVE {
            continue;
        }
        let data = entry.metadata().map_err(|error| failed("reading", path, &error))?;
        sum += if data.is_dir() { occupied(&entry.path())? } else { data.blocks() * 512 };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Internal, Settings, Store};

    const OWNER: Internal = Internal(7);

    fn filled(path: &Path) {
        let store = open(path).unwrap();
        for id in 0..20 {
            let text = "x".repeat(70_000);
            store.write_blocking(move |txn| txn.objects(&OWNER).put("List", id, &text, &[("name", "x")])).unwrap();
        }
        store.write_blocking(|txn| txn.objects(&OWNER).remove("List", 3)).unwrap();
    }

    fn open(path: &Path) -> Result<Store, StoreError> {
        Store::open(&Settings { path: Some(path.to_path_buf()), ..Settings::default() })
    }

    fn count(path: &Path) -> u64 {
        open(path).unwrap().read_blocking(|view| view.objects(&OWNER).count("List")).unwrap()
    }

    fn alone(path: &Path) {
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(names, [path], "only the data directory is left");
        assert!(!path.join(MARK).exists());
    }

    #[test]
    fn wherever_it_stops_the_next_start_has_everything() {
        type Steps = fn(&Path);
        let broken: [(&str, Steps); 5] = [
            ("while copying", |path| {
                let mut fresh = Fresh::create(&new_place(path), 1 << 20, "a compaction").unwrap();
                fresh.put(b"half", b"of it").unwrap();
                fresh.engine().unwrap();
            }),
            ("before the renames", |path| drop(copy(path, 1 << 20).unwrap().locks)),
            ("between the renames", |path| {
                drop(copy(path, 1 << 20).unwrap().locks);
                swap_out(path).unwrap();
            }),
            ("after the renames", |path| {
                drop(copy(path, 1 << 20).unwrap().locks);
                swap_out(path).unwrap();
                swap_in(path).unwrap();
            }),
            ("while the old one is removed", |path| {
                drop(copy(path, 1 << 20).unwrap().locks);
                swap_out(path).unwrap();
                swap_in(path).unwrap();
                fs::remove_file(old_place(path).join("db")).unwrap();
            }),
        ];
        for (at, steps) in broken {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("data");
            filled(&path);
            steps(&path);
            assert_eq!(count(&path), 19, "{at}");
            alone(&path);
            assert_eq!(compact(&path, 1 << 20).unwrap().keys, 19 * 3 + 1 + 4, "{at}");
            assert_eq!(count(&path), 19, "{at}");
            alone(&path);
        }
    }

    #[test]
    fn a_start_between_the_renames_waits_for_nobody_and_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        filled(&path);
        let copied = copy(&path, 1 << 20).unwrap();
        let in_use = Some(StoreError::InUse { path: path.clone() });
        assert_eq!(open(&path).err(), in_use);
        swap_out(&path).unwrap();
        assert_eq!(open(&path).err(), in_use);
        assert!(!path.exists(), "no new store was made in its place");
        swap_in(&path).unwrap();
        assert_eq!(open(&path).err(), in_use);
        drop(copied.locks);
        assert_eq!(count(&path), 19);
    }
}
