//! Reading an export into a fresh data directory.

use std::{
    collections::HashMap,
    io::{BufRead, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{
    Written, delivery_shape,
    line::{Bytes, Line, decoded},
    shape::Shape,
};
use crate::store::{
    Catalogue, FORMAT, Known, Name, Part, StoreError, chunk,
    committer::FIRST_ID,
    conversation_key as keys,
    conversations::{self, decode},
    fresh::Fresh,
    key, objects,
    totals::MARKS,
};

/// The first line, in bytes.
const LONGEST_HEAD: u64 = 64 << 10;

/// Makes a data directory, which must not exist or be empty, of the lines of an export.
///
/// # Errors
/// When a line is not one of an export, or the last one is missing or does not fit: with the number of the line, and the
/// directory stays unfinished, so that no store opens it.
pub fn import(
    from: &Path,
    input: &mut dyn BufRead,
    to: &Path,
    cache_bytes: u64,
    catalogue: &Catalogue,
) -> Result<Written, StoreError> {
    let bad = |reason: String| StoreError::BadCopy { path: from.to_path_buf(), reason };
    let mut reading = Reading { input, hash: Sha256::new(), number: 0 };
    match reading.next().map_err(bad)? {
        Some((Line::Export { format, .. }, _)) if format == FORMAT => {}
        Some((Line::Export { format, .. }, _)) => {
            return Err(bad(format!("has format {format}, this program reads format {FORMAT}")));
        }
        _ => return Err(bad("does not begin as an export does".to_owned())),
    }
    let mut taking = Taking {
        fresh: Fresh::create(to, cache_bytes, "an import")?,
        catalogue,
        counts: HashMap::new(),
        totals: [FIRST_ID.cast_unsigned(), 0, 0],
        marked: false,
    };
    let mut written = Written::default();
    loop {
        let before = key::hex(&reading.hash.clone().finalize());
        match reading.next().map_err(bad)? {
            Some((Line::End { lines, sha256 }, _)) => {
                if lines != written.lines || sha256 != before {
                    let reason = format!(
                        "line {}: {} lines with SHA-256 {before} came before it, expected {lines} with {sha256}",
                        reading.number, written.lines
                    );
                    return Err(bad(reason));
                }
                break;
            }
            Some((line, number)) => match taking.take(line) {
                Ok(()) => written.lines += 1,
                Err(Wrong::Line(reason)) => return Err(bad(format!("line {number}: {reason}"))),
                Err(Wrong::Store(error)) => return Err(error),
            },
            None => return Err(bad(format!("was cut off: it ends after line {} without a last line", reading.number))),
        }
    }
    if reading.next().map_err(bad)?.is_some() {
        return Err(bad(format!("line {}: something comes after the last line", reading.number)));
    }
    taking.end()?;
    Ok(written)
}

struct Reading<'i> {
    input: &'i mut dyn BufRead,
    hash: Sha256,
    number: u64,
}

impl Reading<'_> {
    fn next(&mut self) -> Result<Option<(Line, u64)>, String> {
        let mut text = Vec::new();
        // What is no export at all may be one line without end; later ones are as long as what they hold.
        let most = if self.number == 0 { LONGEST_HEAD } else { u64::MAX };
        let mut line = Read::take(&mut *self.input, most);
        let read = line.read_until(b'\n', &mut text).map_err(|error| format!("cannot be read: {error}"))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if text.last() != Some(&b'\n') {
            return Err(format!("line {}: it was cut off", self.number));
        }
        self.hash.update(&text);
        let line = serde_json::from_slice(&text).map_err(|error| format!("line {}: {error}", self.number))?;
        Ok(Some((line, self.number)))
    }
}

enum Wrong {
    Line(String),
    Store(StoreError),
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

struct Taking<'c> {
    fresh: Fresh,
    catalogue: &'c Catalogue,
    counts: HashMap<(u64, String), u64>,
    /// As the marks of the committer.
    totals: [u64; 3],
    marked: bool,
}

impl Taking<'_> {
    fn take(&mut self, line: Line) -> Result<(), Wrong> {
        let name = |account, single, id| Name { account, single, id };
        match line {
            Line::Export { .. } | Line::End { .. } => Err(Wrong::Line("it stands at another place".to_owned())),
            Line::Sequence { next } => {
                self.marked = true;
                let [sequence, ..] = &mut self.totals;
                *sequence = next.cast_unsigned();
                Ok(())
            }
            Line::Setting { name, value } => {
                self.put_value(&key::setting(&name), &bytes(value, Shape::unknown(), &[])?)
            }
            Line::Object { account, kind, id, index, value } => {
                let entries: Result<Vec<Vec<u8>>, String> = index.iter().map(|entry| entry.bytes()).collect();
                let entries = entries.map_err(Wrong::Line)?;
                let head = postcard::to_extend(&entries, vec![objects::VERSION]);
                let mut record = head.map_err(|error| Wrong::Line(error.to_string()))?;
                record.extend_from_slice(&bytes(value, (self.catalogue.shape)(&kind), &[])?);
                for entry in &entries {
                    self.put(&key::with_id(key::index(account, &kind, entry), id), &[])?;
                }
                self.put_value(&key::record(account, &kind, id), &record)?;
                *self.counts.entry((account, kind)).or_default() += 1;
                Ok(())
            }
            Line::Conversation { account, single, conversation, value } => {
                let key = keys::conversation(&name(account, single, conversation));
                let value = bytes(value, Shape::of::<Known>(), &[conversations::VERSION])?;
                self.put_value(&key, &value)?;
                self.put_due(&key, &value)
            }
            Line::Part { account, single, conversation, sequence, value } => {
                let name = name(account, single, conversation);
                let value = bytes(value, Shape::of::<Part>(), &[conversations::VERSION])?;
                self.put_value(&keys::part(&name, sequence), &value)?;
                self.put_request(&name, sequence, &value)
            }
            Line::Envelope { account, single, conversation, sequence, value } => {
                let key = keys::envelope(&name(account, single, conversation), sequence);
                self.put_value(&key, &bytes(value, Shape::unknown(), &[])?)
            }
            Line::Other { key, value, .. } => {
                let key = unhexed(&key).ok_or_else(|| Wrong::Line("key: no hexadecimal digits".to_owned()))?;
                let shape = delivery_shape(&key).unwrap_or(Shape::unknown());
                self.put(&key, &bytes(value, shape, &[0, conversations::VERSION])?)
            }
        }
    }

    fn put_due(&mut self, key: &[u8], value: &[u8]) -> Result<(), Wrong> {
        let Ok(Known::Kept(kept)) = decode::<Known>(key, value) else { return Ok(()) };
        match kept.due {
            Some(due) => self.put_record(&keys::due(due.millis(), &kept.name), &kept.name),
            None => Ok(()),
        }
    }

    fn put_request(&mut self, name: &Name, sequence: u32, value: &[u8]) -> Result<(), Wrong> {
        let Ok(part) = decode::<Part>(&keys::part(name, sequence), value) else { return Ok(()) };
        self.put_record(&keys::request(name.account, &part.request_id), &(name, sequence))
    }

    fn put_record(&mut self, key: &[u8], record: &impl serde::Serialize) -> Result<(), Wrong> {
        let bytes = postcard::to_extend(record, vec![conversations::VERSION]);
        self.put_value(key, &bytes.map_err(|error| Wrong::Line(error.to_string()))?)
    }

    fn put_value(&mut self, key: &[u8], value: &[u8]) -> Result<(), Wrong> {
        let (head, pieces) = chunk::split(value);
        for (piece, number) in pieces.zip(0..) {
            self.put(&key::piece(key, number), piece)?;
        }
        self.put(key, &head)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), Wrong> {
        let [_, keys, bytes] = &mut self.totals;
        *keys += 1;
        *bytes += (key.len() + value.len()) as u64;
        Ok(self.fresh.put(key, value)?)
    }

    fn end(mut self) -> Result<(), StoreError> {
        for ((account, kind), records) in std::mem::take(&mut self.counts) {
            let put = self.put(&key::count(account, &kind), &records.to_le_bytes());
            put.map_err(|wrong| match wrong {
                Wrong::Store(error) => error,
                Wrong::Line(reason) => StoreError::io("counting", &reason),
            })?;
        }
        self.fresh.put(&key::mark("format"), FORMAT.as_bytes())?;
        // A store that nothing was ever written to has none of them.
        if self.marked {
            for (mark, value) in MARKS.into_iter().zip(self.totals) {
                self.fresh.put(&key::mark(mark), &value.to_le_bytes())?;
            }
        }
        self.fresh.finish()?;
        Ok(())
    }
}

/// The bytes of a value; what comes from JSON stands behind `before`.
fn bytes(value: Bytes, shape: Shape, before: &[u8]) -> Result<Vec<u8>, Wrong> {
    match value {
        Bytes::Text(text) => Ok(text.into_bytes()),
        Bytes::Base64(text) => decoded(&text).map_err(Wrong::Line),
        Bytes::Json(value) => {
            let record = shape.read(value).ok_or_else(|| Wrong::Line("value: no such record".to_owned()))?;
            Ok([before, &record].concat())
        }
    }
}

fn unhexed(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let pairs = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(pairs.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}
