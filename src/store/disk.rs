//! The engine on disk: sled 0.34.7, with the five traps of that version closed. Nothing outside this file names sled.
//!
//! - sled's `flush` reaches the page cache only: after it we call `sync_data` on our own descriptor of the file `db`. The
//!   directory entries and `conf`, which sled never syncs, are synced at every open.
//! - A page of more than a quarter segment becomes a file that is never synced: segments are 16 MiB and no value is longer than
//!   64 KiB (`chunk`), so that the fullest leaf (17 values) is far below the 4 MiB limit.
//! - `flush_async` deadlocks: it is not called. sled's own flusher thread is off (`flush_every_ms(None)`): the committer leaves
//!   nothing unflushed, and cleaning of segments goes on with each write.
//! - A damaged snapshot keeps the log from opening: on corruption `snap.*` is set aside and the open is tried once more.
//! - Space does not come back: [`Engine::bytes_on_disk`] beside the store's own count of live bytes shows it.

use std::{
    fs::{self, File},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{
    StoreError,
    chunk::LONGEST_STORED,
    compact,
    engine::{Changes, Engine, Entries, page_of},
    fresh,
    lock::Lock,
};

const SEGMENT: usize = 16 << 20;

/// How often, and how long apart, sled's lock is asked for.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

// Seventeen values, the keys beside them ignored, must stay under a quarter segment.
const _: () = assert!(LONGEST_STORED * 17 * 2 < SEGMENT / 4);

/// The fields are dropped in this order: the lock goes last.
pub(super) struct Disk {
    db: sled::Db,
    data: File,
    path: PathBuf,
    lock: Lock,
}

impl Disk {
    pub(super) fn open(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        compact::find_again(path)?;
        create_directory(path)?;
        fresh::refuse_unfinished(path)?;
        let disk = Self::open_any(path, cache_bytes)?;
        compact::clean_up(path)?;
        Ok(disk)
    }

    /// Opens it also when it is not finished: for whoever fills it.
    pub(super) fn open_any(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let lock = Lock::take(path)?;
        let db = match open_sled(path, cache_bytes) {
            Err(StoreError::Damaged { reason, .. }) => {
                let aside = set_snapshots_aside(path)?;
                tracing::error!(
                    store.path = %path.display(), reason, aside = %aside.display(),
                    "the store's snapshot is damaged; it was set aside and the store is rebuilt from its log"
                );
                open_sled(path, cache_bytes)?
            }
            opened => opened?,
        };
        let data_path = path.join("db");
        let data = File::options()
            .read(true)
            .write(true)
            .open(&data_path)
            .map_err(|error| failed("opening", &data_path, &error))?;
        for file in [path.join("conf"), data_path] {
            sync(&file)?;
        }
        for directory in [path.join("blobs"), path.to_path_buf()] {
            sync(&directory)?;
        }
        Ok(Self { db, data, path: path.to_path_buf(), lock })
    }
}

impl Disk {
    /// Closes the files; the directory stays locked.
    pub(super) fn close(self) -> Lock {
        let Self { db, data, path: _, lock } = self;
        drop(db);
        drop(data);
        lock
    }
}

impl Engine for Disk {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.db.get(key) {
            Ok(value) => Ok(value.map(|value| value.to_vec())),
            Err(error) => Err(self.error("reading", &error)),
        }
    }

    fn page(&self, from: &[u8], to: Option<&[u8]>) -> Result<(Entries, bool), StoreError> {
        let entry = |entry: sled::Result<(sled::IVec, sled::IVec)>| match entry {
            Ok((key, value)) => Ok((key.to_vec(), value.to_vec())),
            Err(error) => Err(self.error("reading", &error)),
        };
        match to {
            Some(to) if to <= from => Ok((Entries::new(), false)),
            Some(to) => page_of(self.db.range(from..to).map(entry)),
            None => page_of(self.db.range(from..).map(entry)),
        }
    }

    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, change) in changes {
            match change {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        self.db.apply_batch(batch).map_err(|error| self.error("writing", &error))?;
        self.db.flush().map_err(|error| self.error("flushing", &error))?;
        self.data.sync_data().map_err(|error| failed("syncing", &self.path, &error))
    }

    fn bytes_on_disk(&self) -> u64 {
        self.db.size_on_disk().unwrap_or(0)
    }
}

impl Disk {
    fn error(&self, doing: &str, error: &sled::Error) -> StoreError {
        failed(doing, &self.path, error)
    }
}

/// Opens sled. Its own lock on `db` may outlive a store that this process has just closed: writes of its pool hold the file
/// for a moment. Whoever comes here holds our lock, so nobody else can be meant.
fn open_sled(path: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
    for _ in 0..LOCK_TRIES {
        match try_sled(path, cache_bytes) {
            Err(StoreError::InUse { .. }) => thread::sleep(LOCK_PAUSE),
            opened => return opened,
        }
    }
    try_sled(path, cache_bytes)
}

fn try_sled(path: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new()
        .path(path)
        .segment_size(SEGMENT)
        .cache_capacity(cache_bytes)
        .flush_every_ms(None)
        .mode(sled::Mode::LowSpace);
    let damaged = |reason: String| StoreError::Damaged { path: path.to_path_buf(), reason };
    // sled answers some damage with a panic ("tried to serialize Uninitialized", sled issue 1387).
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(sled::Error::Io(error))) if error.to_string().contains("could not acquire lock") => {
            Err(StoreError::InUse { path: path.to_path_buf() })
        }
        Ok(Err(sled::Error::Io(error))) => Err(failed("opening", path, &error)),
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(panic) => Err(damaged(super::committer::panic_text(&*panic))),
    }
}

/// Moves every `snap.*` into a fresh directory beside them; they are kept for whoever looks into the damage.
fn set_snapshots_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let mut number = 0;
    let aside = loop {
        number += 1;
        let aside = path.join(format!("damaged-{number}"));
        if !aside.exists() {
            break aside;
        }
    };
    fs::create_dir(&aside).map_err(|error| failed("creating", &aside, &error))?;
    for entry in fs::read_dir(path).map_err(|error| failed("reading", path, &error))? {
        let entry = entry.map_err(|error| failed("reading", path, &error))?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("snap.") {
            let to = aside.join(&name);
            fs::rename(entry.path(), &to).map_err(|error| failed("moving", &to, &error))?;
        }
    }
    sync(&aside)?;
    sync(path)?;
    Ok(aside)
}

/// Creates the directory with its parents, and makes each new entry durable in the directory that holds it.
pub(super) fn create_directory(path: &Path) -> Result<(), StoreError> {
    let missing: Vec<&Path> = path.ancestors().take_while(|at| !at.as_os_str().is_empty() && !at.exists()).collect();
    fs::create_dir_all(path).map_err(|error| failed("creating", path, &error))?;
    for created in missing {
        match created.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync(parent)?,
            Some(_) => sync(Path::new("."))?,
            None => {}
        }
    }
    Ok(())
}

pub(super) fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| failed("syncing", path, &error))
}

pub(super) fn failed(doing: &str, path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::io(format!("{doing} {}", path.display()), error)
}
