//! The backup's two files: `records`, every key with its value in key order, and `manifest.json`, which is written last.
//!
//! A backup is not a sled directory: the age of sled 0.34 is one of the reasons to have backups, so they must be readable
//! without it, by anyone, with ten lines of code. `records` begins with [`MAGIC`]; each entry is the length of its key and the
//! length of its value, both as four little-endian bytes, then the key and the value. The manifest has the SHA-256 of
//! `records` as `sha256sum` tells it. Without a manifest it is a backup that was broken off.
//!
//! It is read through the same door as the store ([`Engine`]), so that fsck and export work on it too.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::file;

use super::{
    FORMAT, StoreError,
    chunk::LONGEST_STORED,
    durable::{create_file, create_private, failed, sync, write_private},
    engine::{Changes, Engine, Entries, Place, page_of},
    key,
};

const RECORDS: &str = "records";
const MANIFEST: &str = "manifest.json";
const MAGIC: &[u8] = b"envoi backup 1\n";
const HEAD: usize = 8;
/// One place in the file is remembered for so many bytes of it.
const BLOCK: u64 = 64 << 10;
/// In bytes.
const LONGEST_MANIFEST: u64 = 64 << 10;
/// No key of ours comes near it.
const LONGEST_KEY: usize = 16 << 10;

/// What a backup holds, as its `manifest.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The store's format.
    pub format: String,
    /// The program that made it.
    pub made_by: String,
    /// The moment whose state it holds, ISO 8601.
    pub made_at: String,
    /// Keys, those of indexes, counts and marks included.
    pub keys: u64,
    /// Bytes of all keys and values.
    pub bytes: u64,
    /// Length of the file `records`.
    pub file_bytes: u64,
    /// SHA-256 of the file `records`, in hexadecimal digits.
    pub sha256: String,
}

/// A backup that is being written.
pub(super) struct Writer {
    directory: PathBuf,
    file: Hashing<BufWriter<File>>,
    manifest: Manifest,
    made: bool,
}

struct Hashing<W> {
    inner: W,
    hash: Sha256,
    length: u64,
}

impl<W: Write> Hashing<W> {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.inner.write_all(bytes)
    }
}

impl Writer {
    /// Begins one in a directory that does not exist, or is empty.
    pub(super) fn create(directory: &Path, made_at: String) -> Result<Self, StoreError> {
        match fs::read_dir(directory) {
            Ok(entries) => {
                if entries.count() == 0 {
                    return Self::begin(directory, made_at, false);
                }
                let why = match directory.join(RECORDS).exists() && !directory.join(MANIFEST).exists() {
                    true => "holds a backup that was broken off: remove it, or name another directory",
                    false => "is not empty: name a directory that does not exist yet",
                };
                Err(StoreError::NotThere { path: directory.to_path_buf(), why: why.to_owned() })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                create_private(directory)?;
                Self::begin(directory, made_at, true)
            }
            Err(error) => Err(failed("reading", directory, &error)),
        }
    }

    fn begin(directory: &Path, made_at: String, made: bool) -> Result<Self, StoreError> {
        let path = directory.join(RECORDS);
        let inner = BufWriter::with_capacity(1 << 20, create_file(&path)?);
        let mut file = Hashing { inner, hash: Sha256::new(), length: 0 };
        file.put(MAGIC).map_err(|error| failed("writing", &path, &error))?;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            made_by: concat!("envoi ", env!("CARGO_PKG_VERSION")).to_owned(),
            made_at,
            keys: 0,
            bytes: 0,
            file_bytes: 0,
            sha256: String::new(),
        };
        Ok(Self { directory: directory.to_path_buf(), file, manifest, made })
    }

    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut write = || {
            self.file.put(&length(key))?;
            self.file.put(&length(value))?;
            self.file.put(key)?;
            self.file.put(value)
        };
        write().map_err(|error| failed("writing", &self.directory, &error))?;
        self.manifest.keys += 1;
        self.manifest.bytes += (key.len() + value.len()) as u64;
        Ok(())
    }

    /// Makes it a backup: everything synced, the manifest last.
    pub(super) fn finish(mut self) -> Result<Manifest, StoreError> {
        let path = self.directory.join(RECORDS);
        let flushed = self.file.inner.flush().and_then(|()| self.file.inner.get_ref().sync_all());
        flushed.map_err(|error| failed("syncing", &path, &error))?;
        self.manifest.file_bytes = self.file.length;
        self.manifest.sha256 = key::hex(&self.file.hash.clone().finalize());
        let text =
            serde_json::to_string_pretty(&self.manifest).map_err(|error| StoreError::io("the manifest", &error))?;
        let (partial, manifest) = (self.directory.join("manifest.partial"), self.directory.join(MANIFEST));
        write_private(&partial, (text + "\n").as_bytes())?;
        fs::rename(&partial, &manifest).map_err(|error| failed("naming", &manifest, &error))?;
        sync(&self.directory)?;
        Ok(self.manifest)
    }

    /// Takes it back, as far as that goes: what cannot be removed is recognised by the missing manifest.
    pub(super) fn discard(self) {
        let path = self.directory.join(RECORDS);
        drop(self.file);
        let _ = fs::remove_file(path);
        let _ = fs::remove_file(self.directory.join("manifest.partial"));
        if self.made {
            let _ = fs::remove_dir(&self.directory);
        }
    }
}

/// Whether a directory is meant as a backup, whole or broken off.
pub(super) fn is_backup(directory: &Path) -> bool {
    directory.join(MANIFEST).exists() || directory.join(RECORDS).exists()
}

/// A whole backup, to read.
pub(super) struct Archive {
    file: File,
    path: PathBuf,
    pub(super) manifest: Manifest,
    /// The first key of each block, and where it begins.
    blocks: Vec<(Vec<u8>, u64)>,
    /// The block read last: records are mostly asked for one after the other.
    last: Mutex<Option<(usize, Arc<Entries>)>>,
}

impl Archive {
    /// Reads all of it once, and compares it with its manifest.
    pub(super) fn open(directory: &Path) -> Result<Self, StoreError> {
        let bad = |reason: String| StoreError::BadCopy { path: directory.to_path_buf(), reason };
        let not_there = |why: String| StoreError::NotThere { path: directory.to_path_buf(), why };
        if !directory.is_dir() {
            return Err(not_there("is no backup: there is no such directory".to_owned()));
        }
        if !is_backup(directory) {
            return Err(not_there(format!("is no backup: it has no {MANIFEST}")));
        }
        let text = file::read_text(&directory.join(MANIFEST), LONGEST_MANIFEST)
            .map_err(|error| bad(format!("is no whole backup, it was broken off: no {MANIFEST} ({error})")))?;
        let manifest: Manifest = serde_json::from_str(&text)
            .map_err(|error| bad(format!("has a {MANIFEST} that cannot be read: {error}")))?;
        if manifest.format != FORMAT {
            return Err(bad(format!("has format {}, this program reads format {FORMAT}", manifest.format)));
        }
        let path = directory.join(RECORDS);
        let file = file::open(&path).map_err(|error| failed("opening", &path, &error))?;
        let length = file.metadata().map_err(|error| failed("reading", &path, &error))?.len();
        if length != manifest.file_bytes {
            return Err(bad(format!("is damaged: {RECORDS} has {length} bytes, expected {}", manifest.file_bytes)));
        }
        let blocks = examine(&file, &manifest).map_err(|error| match error {
            Examined::Io(error) => failed("reading", &path, &error),
            Examined::Wrong(reason) => bad(format!("is damaged: {RECORDS} {reason}")),
        })?;
        Ok(Self { file, path, manifest, blocks, last: Mutex::default() })
    }

    fn block(&self, at: usize) -> Result<Arc<Entries>, StoreError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, entries)) = &*last
            && *number == at
        {
            return Ok(Arc::clone(entries));
        }
        let from = self.blocks.get(at).map_or(self.manifest.file_bytes, |(_, from)| *from);
        let to = self.blocks.get(at + 1).map_or(self.manifest.file_bytes, |(_, from)| *from);
        let length = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, from).map_err(|error| failed("reading", &self.path, &error))?;
        let mut entries = Entries::new();
        let mut rest = bytes.as_slice();
        while let Some((lengths, more)) = rest.split_first_chunk::<HEAD>() {
            let taken = lengths_of(lengths).and_then(|(key, value)| {
                let (key, more) = more.split_at_checked(key)?;
                let (value, more) = more.split_at_checked(value)?;
                Some(((key.to_vec(), value.to_vec()), more))
            });
            let Some((entry, more)) = taken else {
                return Err(StoreError::BadCopy {
                    path: self.path.clone(),
                    reason: "changed while it was read".to_owned(),
                });
            };
            entries.push(entry);
            rest = more;
        }
        let entries = Arc::new(entries);
        *last = Some((at, Arc::clone(&entries)));
        Ok(entries)
    }

    /// The number of the block that holds `key`, if any does.
    fn holding(&self, key: &[u8]) -> usize {
        self.blocks.partition_point(|(first, _)| first.as_slice() <= key).saturating_sub(1)
    }
}

impl Engine for Archive {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let entries = self.block(self.holding(key))?;
        let found = entries.binary_search_by(|(other, _)| other.as_slice().cmp(key)).ok();
        Ok(found.and_then(|at| entries.get(at)).map(|(_, value)| value.clone()))
    }

    fn page(&self, from: &[u8], to: Option<&[u8]>, most: usize) -> Result<(Entries, bool), StoreError> {
        let blocks = self.holding(from)..self.blocks.len();
        let entries = blocks.flat_map(|at| match self.block(at) {
            Ok(entries) => {
                let range = entries.partition_point(|(key, _)| key.as_slice() < from)..;
                entries.get(range).unwrap_or_default().iter().cloned().map(Ok).collect::<Vec<_>>()
            }
            Err(error) => vec![Err(error)],
        });
        let inside = |entry: &Result<(Vec<u8>, Vec<u8>), StoreError>| match (entry, to) {
            (Ok((key, _)), Some(to)) => key.as_slice() < to,
            _ => true,
        };
        page_of(entries.take_while(inside), most)
    }

    fn apply(&self, _changes: &Changes) -> Result<(), StoreError> {
        let (path, why) = (self.path.clone(), "is a backup, which is never changed: restore it first".to_owned());
        Err(StoreError::NotThere { path, why })
    }

    fn bytes_on_disk(&self) -> u64 {
        self.manifest.file_bytes
    }
}

/// Where a backup lies, to open it as a store is opened.
pub(super) struct Shelf(pub(super) PathBuf);

impl Place for Shelf {
    fn open(&self) -> Result<Box<dyn Engine>, StoreError> {
        Ok(Box::new(Archive::open(&self.0)?))
    }
}

enum Examined {
    Io(std::io::Error),
    Wrong(String),
}

impl From<std::io::Error> for Examined {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads the whole file; gives its blocks.
fn examine(file: &File, manifest: &Manifest) -> Result<Vec<(Vec<u8>, u64)>, Examined> {
    let wrong = |at: u64, what: &str| Examined::Wrong(format!("at byte {at}: {what}"));
    let mut input = BufReader::with_capacity(1 << 20, file);
    let mut hash = Sha256::new();
    let mut magic = vec![0; MAGIC.len()];
    let long = manifest.file_bytes >= MAGIC.len() as u64;
    if !long || input.read_exact(&mut magic).is_err() || magic != MAGIC {
        return Err(wrong(0, "it does not begin as a backup does"));
    }
    hash.update(&magic);
    let (mut at, mut keys, mut bytes) = (MAGIC.len() as u64, 0, 0);
    let (mut blocks, mut before): (Vec<(Vec<u8>, u64)>, Vec<u8>) = (Vec::new(), Vec::new());
    while at < manifest.file_bytes {
        let mut head = [0; HEAD];
        let mut key = Vec::new();
        let mut value = Vec::new();
        let left = usize::try_from(manifest.file_bytes - at).unwrap_or(usize::MAX);
        if left < HEAD {
            return Err(wrong(at, "an entry is cut off"));
        }
        input.read_exact(&mut head)?;
        let lengths = lengths_of(&head).filter(|(key, value)| key + value <= left - HEAD);
        let Some((key_length, value_length)) = lengths else {
            return Err(wrong(at, "an entry is longer than any can be"));
        };
        key.resize(key_length, 0);
        value.resize(value_length, 0);
        input.read_exact(&mut key)?;
        input.read_exact(&mut value)?;
        for piece in [head.as_slice(), &key, &value] {
            hash.update(piece);
        }
        if keys > 0 && key <= before {
            return Err(wrong(at, "its keys are out of order"));
        }
        if blocks.last().is_none_or(|(_, from)| at - from >= BLOCK) {
            blocks.push((key.clone(), at));
        }
        at += (HEAD + key_length + value_length) as u64;
        keys += 1;
        bytes += (key_length + value_length) as u64;
        before = key;
    }
    let sha256 = key::hex(&hash.finalize());
    if (keys, bytes, sha256.as_str()) != (manifest.keys, manifest.bytes, manifest.sha256.as_str()) {
        return Err(Examined::Wrong(format!(
            "holds {keys} keys, {bytes} bytes, SHA-256 {sha256}; expected {} keys, {} bytes, SHA-256 {}",
            manifest.keys, manifest.bytes, manifest.sha256
        )));
    }
    Ok(blocks)
}

fn lengths_of(head: &[u8; HEAD]) -> Option<(usize, usize)> {
    let (key, value) = head.split_first_chunk::<4>()?;
    let value = value.first_chunk::<4>()?;
    let (key, value) = (u32::from_le_bytes(*key) as usize, u32::from_le_bytes(*value) as usize);
    (key <= LONGEST_KEY && value <= LONGEST_STORED).then_some((key, value))
}
