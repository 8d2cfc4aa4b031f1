//! The process that is killed: several threads write, and each tells on stdout what was acknowledged, after it was.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    thread,
};

use envoi::store::{Internal, Settings, Store, StoreError};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub(crate) const OWNER: Internal = Internal(100_001);
pub(crate) const KIND: &str = "Subscriber";
pub(crate) const THREADS: i64 = 4;

/// A record of plain bytes: serialised whole, not byte by byte, which takes seconds in a debug build.
#[derive(Debug, PartialEq)]
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Blob;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// What a record holds: it cannot be compressed, guessed from its length, or mistaken for another's.
pub(crate) fn value(id: i64, size: usize) -> Vec<u8> {
    let mut state = id.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut value = Vec::with_capacity(size + 8);
    while value.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        value.extend_from_slice(&state.to_le_bytes());
    }
    value.truncate(size);
    value
}

pub(crate) fn settings(path: &Path) -> Settings {
    Settings { path: Some(path.to_path_buf()), ..Settings::default() }
}

/// Writes through the store until it is killed: every record new, every fifth removed again.
pub(crate) fn store(path: &Path, size: usize, first: i64) {
    let store = Store::open(&settings(path)).unwrap();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = store.clone();
            scope.spawn(move || {
                for turn in 0.. {
                    let id = first + thread + turn * THREADS;
                    write(&store, id, size);
                    tell(&format!("kept {id}"));
                    if turn % 5 == 4 {
                        tell(&format!("going {id}"));
                        let gone = store.write_blocking(move |txn| txn.objects(&OWNER).remove(KIND, id));
                        assert_eq!(gone, Ok(true));
                        tell(&format!("gone {id}"));
                    }
                }
            });
        }
    });
}

fn write(store: &Store, id: i64, size: usize) {
    store
        .write_blocking(move |txn| {
            let (objects, text) = (txn.objects(&OWNER), id.to_string());
            objects.put(KIND, id, &Blob(value(id, size)), &[("key", &text), ("list", "1")])?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// What the store must not do: trust sled's own flush.
pub(crate) fn sled_alone(path: &Path, size: usize) {
    let db = sled::Config::new().path(path).flush_every_ms(None).segment_size(16 << 20).open().unwrap();
    File::open(path.join("conf")).unwrap().sync_all().unwrap();
    File::open(path).unwrap().sync_all().unwrap();
    for id in 0i64.. {
        db.insert(id.to_be_bytes(), value(id, size)).unwrap();
        db.flush().unwrap();
        tell(&format!("kept {id}"));
    }
}

/// One file per record, with the file synced or not, and the directory of none.
pub(crate) fn files(path: &Path, size: usize, synced: bool) {
    fs::create_dir_all(path).unwrap();
    for id in 0i64.. {
        let mut file = File::create(path.join(id.to_string())).unwrap();
        file.write_all(&value(id, size)).unwrap();
        if synced {
            file.sync_data().unwrap();
        }
        tell(&format!("kept {id}"));
    }
}

fn tell(line: &str) {
    let mut out = io::stdout().lock();
    // The parent has gone: so go we.
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}
