//! A data directory that is being filled from a copy: by a restore, an import or a compaction.
//!
//! From the beginning to the end of that a file `unfinished` lies in it, and nobody opens it as a store; so half a copy is
//! never served. It is filled where it will be, without a rename at the end: a data directory may be a mount point.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    StoreError,
    disk::Directory,
    durable::{create_directory, create_private, failed, sync, write_private},
    engine::{Changes, Engine},
    lock::Lock,
};

const MARK: &str = "unfinished";

/// A batch is written when it has so many changes ...
const BATCH: usize = 4096;
/// ... or so many bytes.
const BATCH_BYTES: usize = 4 << 20;

/// A directory that is being filled.
pub(super) struct Fresh {
    directory: Directory,
    engine: Box<dyn Engine>,
    path: PathBuf,
    batch: Changes,
    bytes: usize,
}

impl Fresh {
    /// Takes a directory that does not exist or is empty. `doing` is what broke off when it is found later.
    pub(super) fn create(path: &Path, cache_bytes: u64, doing: &str) -> Result<Self, StoreError> {
        refuse_full(path)?;
        if !path.exists() {
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                create_directory(parent)?;
            }
            create_private(path)?;
        }
        let mark = path.join(MARK);
        let text = format!("{doing} did not come to its end; empty this directory and do it again\n");
        write_private(&mark, text.as_bytes())?;
        sync(path)?;
        let directory = Directory::take_any(path, cache_bytes)?;
        let engine = directory.open_engine()?;
        Ok(Self { directory, engine, path: path.to_path_buf(), batch: Changes::new(), bytes: 0 })
    }

    /// Takes one entry over.
    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.bytes += key.len() + value.len();
        self.batch.push((key.to_vec(), Some(value.to_vec())));
        if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.write()?;
        }
        Ok(())
    }

    /// Writes what has been put so far; the engine, to look into.
    pub(super) fn engine(&mut self) -> Result<&dyn Engine, StoreError> {
        self.write()?;
        Ok(&*self.engine)
    }

    /// Makes it a data directory; gives what holds it.
    pub(super) fn finish(mut self) -> Result<Directory, StoreError> {
        self.write()?;
        let mark = self.path.join(MARK);
        fs::remove_file(&mark).map_err(|error| failed("removing", &mark, &error))?;
        sync(&self.path)?;
        Ok(self.directory)
    }

    fn write(&mut self) -> Result<(), StoreError> {
        self.bytes = 0;
        match std::mem::take(&mut self.batch) {
            batch if batch.is_empty() => Ok(()),
            batch => self.engine.apply(&batch),
        }
    }
}

/// An error when the directory was begun and never finished.
pub(super) fn refuse_unfinished(path: &Path) -> Result<(), StoreError> {
    match fs::read_to_string(path.join(MARK)) {
        Ok(text) => Err(StoreError::Unfinished { path: path.to_path_buf(), what: text.trim().to_owned() }),
        Err(_) => Ok(()),
    }
}

fn refuse_full(path: &Path) -> Result<(), StoreError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("reading", path, &error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| failed("reading", path, &error))?;
        // A file system of its own has it from its birth.
        if entry.file_name() == "lost+found" {
            continue;
        }
        if path.join("lock").exists() {
            Lock::take(path)?;
        }
        refuse_unfinished(path)?;
        let path = path.to_path_buf();
        let why = "is not empty, and nothing is overwritten: move it aside (mv) or name another directory".to_owned();
        return Err(StoreError::NotThere { path, why });
    }
    Ok(())
}
