//! The engine on disk: sled 0.34.7, with the traps of that version closed. Nothing outside this file names sled.
//!
//! - sled's `flush` reaches the page cache only: after it we call `sync_data` on our own descriptor of the file `db`. The
//!   directory entries and `conf`, which sled never syncs, are synced at every open.
//! - A page of more than a quarter segment becomes a file that is never synced: segments are 16 MiB and no value is longer than
//!   64 KiB (`chunk`), so that the fullest leaf (17 values) is far below the 4 MiB limit.
//! - `flush_async` deadlocks: it is not called. sled's own flusher thread is off (`flush_every_ms(None)`): the committer leaves
//!   nothing unflushed, and cleaning of segments goes on with each write.
//! - A damaged snapshot keeps the log from opening: on corruption `snap.*` is set aside and the open is tried once more.
//! - An error of the disk stays: every later call fails, and some of them hang. The engine is closed and opened again
//!   (`committer`, [`Engine::nudge`]).
//! - The memory of pages that were replaced comes back with later calls, some at every 128th. A batch is one call and leaves
//!   thousands: without [`collect`] 120,000 keys in large batches take 1.2 GB, with it 0.1.
//! - Space does not come back: [`Engine::bytes_on_disk`] beside the store's own count of live bytes shows it.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{
    StoreError,
    chunk::LONGEST_STORED,
    durable::{failed, remove_if_there, sync},
    engine::{Changes, Engine, Entries, Place, page_of},
    error::panic_text,
    lock::Lock,
    vacant::{self, RESERVE},
};

const SEGMENT: usize = 16 << 20;

/// Of [`RESERVE`]. Opening sled fills the segment that it goes on in, and writes a snapshot; then the batch that failed is taken
/// back.
const RESERVED: usize = 2 * SEGMENT;

/// How many segments are mended: more than a batch can have written to.
const MENDED_SEGMENTS: usize = 16;

/// How often, and how long apart, sled's lock is asked for.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

// Seventeen values, the keys beside them ignored, must stay under a quarter segment.
const _: () = assert!(LONGEST_STORED * 17 * 2 < SEGMENT / 4);

/// A data directory that is ours.
pub(super) struct Directory {
    path: PathBuf,
    cache_bytes: u64,
    _lock: Lock,
}

impl Directory {
    /// Takes it also when it is not finished: for whoever fills it.
    pub(super) fn take_any(path: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let lock = Lock::take(path)?;
        Ok(Self { path: path.to_path_buf(), cache_bytes, _lock: lock })
    }

    /// Opens it without the reserve.
    pub(super) fn open_engine(&self) -> Result<Box<dyn Engine>, StoreError> {
        let path = self.path.as_path();
        vacant::look(path)?;
        if !path.join("db").exists() {
            // A first start that ended too early may have left half of it, and sled would refuse that.
            remove_if_there(&path.join("conf"))?;
        }
        remove_unfinished_snapshots(path)?;
        let db = match open_sled(path, self.cache_bytes) {
            Err(StoreError::Damaged { reason, .. }) => {
                let aside = set_snapshots_aside(path)?;
                tracing::error!(
                    store.path = %path.display(), reason, aside = %aside.display(),
                    "the store's snapshot is damaged; it was set aside and the store is rebuilt from its log"
                );
                open_sled(path, self.cache_bytes)?
            }
            opened => opened?,
        };
        let data_path = path.join("db");
        let data = open_data(&data_path)?;
        for file in [path.join("conf"), data_path] {
            sync(&file)?;
        }
        for directory in [path.join("blobs"), path.to_path_buf()] {
            sync(&directory)?;
        }
        Ok(Box::new(Disk { db, data, path: path.to_path_buf() }))
    }
}

impl Place for Directory {
    fn open(&self) -> Result<Box<dyn Engine>, StoreError> {
        let engine = self.open_engine()?;
        if let Err(error) = self.restore_reserve() {
            tracing::warn!(%error, "there is little room on the disk; writes will be refused soon");
        }
        Ok(engine)
    }

    fn test(&self) -> Result<(), StoreError> {
        remove_if_there(&self.path.join(RESERVE))?;
        let path = self.path.join("test");
        let written = fill(&path, 1 << 16).and_then(|file| file.sync_data());
        let removed = fs::remove_file(&path);
        written.and(removed).map_err(|error| failed("writing", &path, &error))
    }

    fn open_again(&self) -> Result<Box<dyn Engine>, StoreError> {
        mend(&self.path.join("db"))?;
        self.open_engine()
    }

    fn restore_reserve(&self) -> Result<(), StoreError> {
        let path = self.path.join(RESERVE);
        if fs::metadata(&path).is_ok_and(|found| found.len() == RESERVED as u64) {
            return Ok(());
        }
        fill(&path, RESERVED).map(drop).map_err(|error| {
            // What could be written takes room from those who need it.
            let _removed = fs::remove_file(&path);
            failed("writing", &path, &error)
        })
    }
}

/// It need not be durable, only take its room.
fn fill(path: &Path, bytes: usize) -> std::io::Result<File> {
    let mut file = File::create(path)?;
    // Not zeros: some file systems keep those for nothing.
    let block = vec![0xA5; 1 << 16];
    for _ in 0..bytes / block.len() {
        file.write_all(&block)?;
    }
    Ok(file)
}

/// After a sync that failed the system may count pages as written that are not, and a later sync would not write them: all
/// that comes behind them in the log would be lost with the power. So the newest segments are written over themselves.
fn mend(path: &Path) -> Result<(), StoreError> {
    let data = open_data(path)?;
    // sled's own lock: while another has it, that engine is not gone yet.
    let mut tries = 0;
    while let Err(error) = data.try_lock() {
        tries += 1;
        if tries > LOCK_TRIES {
            return Err(failed("locking", path, &error));
        }
        thread::sleep(LOCK_PAUSE);
    }
    newest_segments(&data)
        .and_then(|newest| newest.into_iter().try_for_each(|at| rewrite(&data, at)))
        .and_then(|()| data.sync_all())
        .map_err(|error| failed("mending", path, &error))
}

/// Where they begin; a segment that has no head yet is among them.
fn newest_segments(mut data: &File) -> std::io::Result<Vec<u64>> {
    let mut segments = Vec::new();
    for at in (0..data.metadata()?.len()).step_by(SEGMENT) {
        // Its checksum, then its place in the log, every bit but the sign turned.
        let mut head = [0; 12];
        data.seek(SeekFrom::Start(at))?;
        let place = match data.read_exact(&mut head) {
            Ok(()) => head.last_chunk::<8>().map_or(i64::MAX, |place| i64::from_le_bytes(*place) ^ i64::MAX),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => i64::MAX,
            Err(error) => return Err(error),
        };
        segments.push((place, at));
    }
    segments.sort_unstable();
    Ok(segments.into_iter().rev().take(MENDED_SEGMENTS).map(|(_, at)| at).collect())
}

fn rewrite(mut data: &File, from: u64) -> std::io::Result<()> {
    let mut block = vec![0; 1 << 20];
    let end = from + SEGMENT as u64;
    let mut at = from;
    while at < end {
        data.seek(SeekFrom::Start(at))?;
        let length = data.read(&mut block)?;
        let Some(read) = block.get(..length).filter(|read| !read.is_empty()) else { break };
        // What was never written stays a hole.
        if read.iter().any(|byte| *byte != 0) {
            data.seek(SeekFrom::Start(at))?;
            data.write_all(read)?;
        }
        at += length as u64;
    }
    Ok(())
}

fn open_data(path: &Path) -> Result<File, StoreError> {
    File::options().read(true).write(true).open(path).map_err(|error| failed("opening", path, &error))
}

struct Disk {
    db: sled::Db,
    data: File,
    path: PathBuf,
}

impl Engine for Disk {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.db.get(key) {
            Ok(value) => Ok(value.map(|value| value.to_vec())),
            Err(error) => Err(self.error("reading", &error)),
        }
    }

    fn page(&self, from: &[u8], to: Option<&[u8]>, most: usize) -> Result<(Entries, bool), StoreError> {
        let entry = |entry: sled::Result<(sled::IVec, sled::IVec)>| match entry {
            Ok((key, value)) => Ok((key.to_vec(), value.to_vec())),
            Err(error) => Err(self.error("reading", &error)),
        };
        match to {
            Some(to) if to <= from => Ok((Entries::new(), false)),
            Some(to) => page_of(self.db.range(from..to).map(entry), most),
            None => page_of(self.db.range(from..).map(entry), most),
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
        collect(changes.len());
        self.db.flush().map_err(|error| self.error("flushing", &error))?;
        self.data.sync_data().map_err(|error| failed("syncing", &self.path, &error))
    }

    fn bytes_on_disk(&self) -> u64 {
        self.db.size_on_disk().unwrap_or(0)
    }

    /// sled does not wake who waits for a write that fails in the last moment of a batch: any other flush does.
    fn nudge(&self) {
        // `apply` gives the error.
        let _flushed = self.db.flush();
    }
}

impl Disk {
    fn error(&self, doing: &str, error: &sled::Error) -> StoreError {
        failed(doing, &self.path, error)
    }
}

/// Keys whose garbage one round of collecting is sure to take: it frees up to 8 bags of 62 pages, and a key leaves one or two.
const KEYS_A_ROUND: usize = 200;

/// Has the memory freed that writing so many keys has left, as far as no reader looks at it.
fn collect(keys: usize) {
    for _ in 0..=keys / KEYS_A_ROUND {
        crossbeam_epoch::pin().flush();
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
        Err(panic) => Err(damaged(panic_text(&*panic))),
    }
}

/// sled takes a snapshot that was being written when the disk was full, or the process ended, for the newest one.
fn remove_unfinished_snapshots(path: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(path).map_err(|error| failed("reading", path, &error))? {
        let entry = entry.map_err(|error| failed("reading", path, &error))?;
        if entry.path().extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(entry.path()).map_err(|error| failed("removing", &entry.path(), &error))?;
        }
    }
    Ok(())
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
