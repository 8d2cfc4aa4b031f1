//! Every key of the store: how it is laid out, made, ordered and shown. No other file knows a key's bytes.
//!
//! | first byte | then | value |
//! |---|---|---|
//! | 0x01 | setting name | its bytes |
//! | 0x02 | mark of the store itself: format, sequence, totals | see `committer` and `Store::open` |
//! | 0x10 | account, kind, id | a record (see `objects`) |
//! | 0x11 | account, kind, index name, index value, id | nothing |
//! | 0x12 | account, kind | number of records of that kind |
//! | 0x20 to 0x24 | what `conversation_key` lays out | conversations, their parts, what is due |
//! | 0x25 to 0x35 | what `delivery_key` lays out | deliveries, when they are due, where they stand |
//! | 0xF0 | another key, piece number | a further piece of that key's value (see `chunk`) |
//!
//! Accounts are big-endian; ids too, with the sign bit turned, so that bytes sort as numbers do. Texts end in 00 01 and hold
//! 00 as 00 FF: bytes sort as the texts do, and no key is the beginning of another. An index value of more than
//! [`LONGEST_VALUE`] bytes is cut there and ends in 00 02 and its SHA-256, which keeps it distinct and its order right as far
//! as the cut.

use sha2::{Digest, Sha256};

pub(super) const SETTING: u8 = 0x01;
pub(super) const MARK: u8 = 0x02;
pub(super) const RECORD: u8 = 0x10;
pub(super) const INDEX: u8 = 0x11;
pub(super) const COUNT: u8 = 0x12;
pub(super) const PIECE: u8 = 0xF0;

const END: [u8; 2] = [0x00, 0x01];
const HASHED: [u8; 2] = [0x00, 0x02];
const ESCAPED: [u8; 2] = [0x00, 0xFF];

/// Index values longer than this are cut and hashed.
pub(super) const LONGEST_VALUE: usize = 256;

pub(super) fn setting(name: &str) -> Vec<u8> {
    let mut key = vec![SETTING];
    text(&mut key, name.as_bytes());
    key
}

pub(super) fn mark(name: &str) -> Vec<u8> {
    let mut key = vec![MARK];
    text(&mut key, name.as_bytes());
    key
}

pub(super) fn record(account: u64, kind: &str, id: i64) -> Vec<u8> {
    let mut key = records(account, kind);
    number(&mut key, id);
    key
}

/// What all records of one kind begin with.
pub(super) fn records(account: u64, kind: &str) -> Vec<u8> {
    let mut key = scoped(RECORD, account);
    text(&mut key, kind.as_bytes());
    key
}

/// What a record remembers of one of its index entries: all but account, kind and id.
pub(super) fn entry(index: &str, value: &[u8]) -> Vec<u8> {
    let mut entry = Vec::with_capacity(index.len() + value.len() + 4);
    text(&mut entry, index.as_bytes());
    index_value(&mut entry, value);
    entry
}

/// The beginning of the entries of one index whose values begin with `prefix`.
pub(super) fn entry_prefix(index: &str, prefix: &[u8]) -> Vec<u8> {
    let mut entry = Vec::new();
    text(&mut entry, index.as_bytes());
    escaped(&mut entry, prefix.get(..LONGEST_VALUE).unwrap_or(prefix));
    entry
}

/// What all index entries of one kind begin with, followed by `entry`.
pub(super) fn index(account: u64, kind: &str, entry: &[u8]) -> Vec<u8> {
    let mut key = scoped(INDEX, account);
    text(&mut key, kind.as_bytes());
    key.extend_from_slice(entry);
    key
}

/// An index key made whole with the id of its record.
pub(super) fn with_id(mut key: Vec<u8>, id: i64) -> Vec<u8> {
    number(&mut key, id);
    key
}

pub(super) fn count(account: u64, kind: &str) -> Vec<u8> {
    let mut key = counts(account);
    text(&mut key, kind.as_bytes());
    key
}

/// What the counts of all kinds of one account begin with.
pub(super) fn counts(account: u64) -> Vec<u8> {
    scoped(COUNT, account)
}

pub(super) fn piece(of: &[u8], number: u32) -> Vec<u8> {
    let mut key = Vec::with_capacity(of.len() + 5);
    key.push(PIECE);
    key.extend_from_slice(of);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The first key after all that begin with `prefix`; `None` when there is none (all bytes 0xFF).
pub(super) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xFF {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

/// The id that a record or index key ends with.
pub(super) fn id(key: &[u8]) -> Option<i64> {
    let (_, id) = key.split_last_chunk::<8>()?;
    Some((u64::from_be_bytes(*id) ^ SIGN).cast_signed())
}

/// The name in the key of a setting or a mark.
pub(super) fn name(key: &[u8]) -> Option<String> {
    let (name, rest) = read_text(key.get(1..)?)?;
    String::from_utf8(name).ok().filter(|_| rest.is_empty())
}

/// Account, kind and what follows them in the key of a record, an index entry or a count.
pub(super) fn of_kind(key: &[u8]) -> Option<(u64, String, &[u8])> {
    let (account, rest) = key.get(1..)?.split_first_chunk::<8>()?;
    let (kind, rest) = read_text(rest)?;
    Some((u64::from_be_bytes(*account), String::from_utf8(kind).ok()?, rest))
}

/// The key that a piece belongs to, and the number of the piece.
pub(super) fn of_piece(key: &[u8]) -> Option<(&[u8], u32)> {
    let (of, number) = key.get(1..)?.split_last_chunk::<4>()?;
    Some((of, u32::from_be_bytes(*number)))
}

/// Index name and value of what a record remembers of an entry; `None` when the value was cut.
pub(super) fn entry_parts(entry: &[u8]) -> Option<(String, String)> {
    let (index, value) = read_text(entry)?;
    let (value, rest) = read_text(value)?;
    Some((String::from_utf8(index).ok()?, String::from_utf8(value).ok()?)).filter(|_| rest.is_empty())
}

/// The kind that a count's key names.
pub(super) fn counted_kind(key: &[u8]) -> Option<String> {
    let (kind, rest) = read_text(key.get(9..)?)?;
    rest.is_empty().then(|| String::from_utf8_lossy(&kind).into_owned())
}

const SIGN: u64 = 1 << 63;

pub(super) fn number(key: &mut Vec<u8>, id: i64) {
    key.extend_from_slice(&(id.cast_unsigned() ^ SIGN).to_be_bytes());
}

pub(super) fn scoped(space: u8, account: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.push(space);
    key.extend_from_slice(&account.to_be_bytes());
    key
}

fn text(key: &mut Vec<u8>, text: &[u8]) {
    escaped(key, text);
    key.extend_from_slice(&END);
}

pub(super) fn index_value(key: &mut Vec<u8>, value: &[u8]) {
    match value.get(..LONGEST_VALUE) {
        Some(start) if value.len() > LONGEST_VALUE => {
            escaped(key, start);
            key.extend_from_slice(&HASHED);
            key.extend_from_slice(&Sha256::digest(value));
        }
        _ => text(key, value),
    }
}

fn escaped(key: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            0 => key.extend_from_slice(&ESCAPED),
            byte => key.push(*byte),
        }
    }
}

/// A text and what follows it; `None` when the bytes hold no whole text.
pub(super) fn read_text(mut bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut text = Vec::new();
    loop {
        if let Some(rest) = bytes.strip_prefix(&END) {
            return Some((text, rest));
        }
        if let Some(rest) = bytes.strip_prefix(&ESCAPED) {
            text.push(0);
            bytes = rest;
            continue;
        }
        let (byte, rest) = bytes.split_first()?;
        if *byte == 0 {
            return None;
        }
        text.push(*byte);
        bytes = rest;
    }
}

/// The text of an [`index_value`]; of a hashed one its beginning.
pub(super) fn index_text(value: &[u8]) -> Option<Vec<u8>> {
    if let Some((text, _)) = read_text(value) {
        return Some(text);
    }
    let end = value.windows(HASHED.len()).position(|window| window == HASHED)?;
    let mut start = value.get(..end)?.to_vec();
    start.extend_from_slice(&END);
    read_text(&start).map(|(text, _)| text)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts that are hard on an encoding: short, of few bytes, with 00, 01, 02, FE and FF among them.
    fn hard() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(0u8), Just(1), Just(2), Just(0xFE), Just(0xFF), any::<u8>()];
        prop_oneof![
            proptest::collection::vec(byte.clone(), 0..6),
            proptest::collection::vec(byte, 0..LONGEST_VALUE + 40),
            proptest::collection::vec(Just(0u8), LONGEST_VALUE - 2..LONGEST_VALUE + 3),
        ]
    }

    fn encoded(value: &[u8]) -> Vec<u8> {
        let mut key = Vec::new();
        index_value(&mut key, value);
        key
    }

    proptest! {
        #[test]
        fn a_text_is_read_back(value in hard(), rest in hard()) {
            let mut key = Vec::new();
            text(&mut key, &value);
            key.extend_from_slice(&rest);
            prop_assert_eq!(read_text(&key), Some((value, rest.as_slice())));
        }

        #[test]
        fn bytes_sort_as_values_do(a in hard(), b in hard()) {
            let cut = |v: &[u8]| v.get(..LONGEST_VALUE).unwrap_or(v).to_vec();
            let both_long = a.len() > LONGEST_VALUE && b.len() > LONGEST_VALUE && cut(&a) == cut(&b);
            if !both_long {
                prop_assert_eq!(encoded(&a).cmp(&encoded(&b)), a.cmp(&b));
            }
        }

        #[test]
        fn no_value_is_the_beginning_of_another(a in hard(), b in hard()) {
            prop_assert_eq!(encoded(&a) == encoded(&b), a == b);
            prop_assert!(a == b || !encoded(&a).starts_with(&encoded(&b)));
        }

        #[test]
        fn a_prefix_finds_exactly_what_begins_with_it(a in hard(), b in hard()) {
            let (a, b) = (a.get(..3).unwrap_or(&a), b);
            prop_assert_eq!(entry("i", &b).starts_with(&entry_prefix("i", a)), b.starts_with(a));
        }

        #[test]
        fn ids_sort_and_come_back(a in any::<i64>(), b in any::<i64>(), kind in ".{0,8}") {
            prop_assert_eq!(record(7, &kind, a).cmp(&record(7, &kind, b)), a.cmp(&b));
            prop_assert_eq!(id(&record(7, &kind, a)), Some(a));
            prop_assert_eq!(counted_kind(&count(7, &kind)), Some(kind));
        }

        #[test]
        fn every_key_lies_before_the_end_of_its_prefix(kind in ".{0,8}", id in any::<i64>()) {
            let prefix = records(u64::MAX, &kind);
            let key = record(u64::MAX, &kind, id);
            prop_assert!(key >= prefix && Some(key) < after_prefix(&prefix));
        }

    }

    #[test]
    fn the_end_of_a_prefix_is_found_behind_full_bytes() {
        assert_eq!(after_prefix(&[1, 0xFF, 0xFF]), Some(vec![2]));
        assert_eq!(after_prefix(&[0xFF]), None);
    }
}
