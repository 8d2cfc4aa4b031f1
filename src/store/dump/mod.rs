//! `envoi export` and `envoi import`: everything that is not derived, as JSON lines that no engine and no layout of keys is
//! needed for.
//!
//! Index entries, counts, totals, and what is due follow from records: they are not written, and made again. A value is shown
//! as JSON where the very same bytes come back from that JSON; where they would not, it is base64. The last line has the
//! number of the lines and the SHA-256 of all before it, so a file that was cut off is not taken for a whole one.

mod import;
mod line;
mod shape;

use std::io::Write;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    Catalogue, Delivery, FORMAT, Known, Lane, Name, Part, Stopped, StoreError, View, chunk, conversation_key as keys,
    conversations::decode, delivery_key, early::Early, key, objects, rate::Moments, readable, turn::Front,
    versions::Source,
};
use line::{Bytes, Entry, Line};

pub use import::import;
pub use shape::Shape;

/// What an export or import came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Lines between the first and the last: records, settings and what else there is.
    pub lines: u64,
    /// Settings that were left out: they are secrets.
    pub left_out: u64,
}

/// Writes everything that a stopped store or a backup holds. Settings that `secret` names are left out.
///
/// # Errors
/// When it cannot be read, a value in it is damaged (`envoi fsck` tells all), or `out` fails.
pub fn export(
    store: &Stopped,
    catalogue: &Catalogue,
    secret: &dyn Fn(&str) -> bool,
    out: &mut dyn Write,
) -> Result<Written, StoreError> {
    let view = store.view();
    let mut lines = Lines { out, hash: Sha256::new(), written: Written::default() };
    lines.write(&Line::Export {
        format: FORMAT.to_owned(),
        by: concat!("envoi ", env!("CARGO_PKG_VERSION")).to_owned(),
    })?;
    view.visit(&[], None, &mut |key, value| {
        if let Some(name) = (key.first() == Some(&key::SETTING)).then(|| key::name(key)).flatten()
            && secret(&name)
        {
            lines.written.left_out += 1;
            return Ok(true);
        }
        if let Some(line) = line_of(&view, catalogue, key, value)? {
            lines.write(&line)?;
            lines.written.lines += 1;
        }
        Ok(true)
    })?;
    let sha256 = key::hex(&lines.hash.clone().finalize());
    let written = lines.written;
    lines.write(&Line::End { lines: written.lines, sha256 })?;
    lines.out.flush().map_err(|error| StoreError::io("writing", &error))?;
    Ok(written)
}

struct Lines<'o> {
    out: &'o mut dyn Write,
    hash: Sha256,
    written: Written,
}

impl Lines<'_> {
    fn write(&mut self, line: &Line) -> Result<(), StoreError> {
        let mut text = serde_json::to_string(line).map_err(|error| StoreError::io("writing a line", &error))?;
        text.push('\n');
        self.hash.update(text.as_bytes());
        self.out.write_all(text.as_bytes()).map_err(|error| StoreError::io("writing", &error))
    }
}

/// The line of one key; `None` when what lies there follows from something else.
fn line_of(view: &View<'_>, catalogue: &Catalogue, key: &[u8], stored: &[u8]) -> Result<Option<Line>, StoreError> {
    let whole = || chunk::join(view, key, stored.to_vec());
    // What is no key of ours goes as it lies there.
    let other = || {
        let shape = delivery_shape(key);
        let value = match stored.split_first() {
            // Whole, in the first version: see `chunk` and `conversations`.
            Some((0, [1, record @ ..])) => shape.and_then(|shape| shape.show(record)).map(Bytes::Json),
            _ => None,
        };
        let value = value.unwrap_or_else(|| Bytes::base64(stored));
        Line::Other { about: readable::key(key), key: key::hex(key), value }
    };
    let line = match *key.first().unwrap_or(&0) {
        key::INDEX | key::COUNT => return Ok(None),
        // Those of a conversation whose id is too long for its key go as it does.
        keys::DUE if keys::whole_name(key).is_some() => return Ok(None),
        keys::REQUEST => match whole().and_then(|bytes| decode::<(Name, u32)>(key, &bytes)) {
            Ok((name, _)) if name.id.len() > key::LONGEST_VALUE => other(),
            _ => return Ok(None),
        },
        key::PIECE => match key::of_piece(key) {
            // With the value that it is a piece of, unless that goes as it lies there.
            Some((of, _)) if line::is_whole(of) => return Ok(None),
            _ => other(),
        },
        key::MARK => match key::name(key).as_deref() {
            Some("sequence") => {
                let next = super::totals::stored_number(Some(stored), "sequence")?.unwrap_or(0);
                Line::Sequence { next: next.cast_signed() }
            }
            // The format stands in the first line; the totals follow from everything else.
            _ => return Ok(None),
        },
        key::SETTING => match key::name(key) {
            Some(name) => Line::Setting { name, value: Bytes::text(&whole()?) },
            None => other(),
        },
        key::RECORD if line::is_whole(key) => {
            let Some(((account, kind, _), id)) = key::of_kind(key).zip(key::id(key)) else { return Ok(Some(other())) };
            let bytes = whole()?;
            let (entries, record) = objects::split(key, &bytes)?;
            let value = (catalogue.shape)(&kind).show(record).map_or_else(|| Bytes::base64(record), Bytes::Json);
            Line::Object { account, kind, id, index: entries.iter().map(|entry| Entry::of(entry)).collect(), value }
        }
        keys::CONVERSATION | keys::PART | keys::ENVELOPE if line::is_whole(key) => {
            let Some((name, rest)) = keys::whole_name(key) else { return Ok(Some(other())) };
            let (account, single, conversation) = (name.account, name.single, name.id);
            let sequence = rest.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
            let bytes = whole()?;
            let shown = |shape: Shape| match bytes.split_first() {
                Some((&super::conversations::VERSION, record)) => shape.show(record).map(Bytes::Json),
                _ => None,
            };
            match *key.first().unwrap_or(&0) {
                keys::CONVERSATION => {
                    let value = shown(Shape::of::<Known>()).unwrap_or_else(|| Bytes::base64(&bytes));
                    Line::Conversation { account, single, conversation, value }
                }
                keys::PART => {
                    let value = shown(Shape::of::<Part>()).unwrap_or_else(|| Bytes::base64(&bytes));
                    Line::Part { account, single, conversation, sequence, value }
                }
                _ => Line::Envelope { account, single, conversation, sequence, value: Bytes::text(&bytes) },
            }
        }
        _ => other(),
    };
    Ok(Some(line))
}

/// How the values of deliveries are shown, by the space of their keys. What is not named here goes as base64.
fn delivery_shape(key: &[u8]) -> Option<Shape> {
    match *key.first()? {
        delivery_key::DELIVERY => Some(Shape::of::<Delivery>()),
        delivery_key::LANE => Some(Shape::of::<Lane>()),
        delivery_key::HEAD => Some(Shape::of::<String>()),
        delivery_key::FRONT => Some(Shape::of::<Front>()),
        delivery_key::EARLY => Some(Shape::of::<Early>()),
        delivery_key::BEGUN => Some(Shape::of::<Moments>()),
        _ => None,
    }
}
