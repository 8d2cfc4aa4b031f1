//! Keys in words, for errors and for whoever looks into a store.

use super::{conversation_key, delivery_key, key};

/// A key in words, for errors and logs.
pub(super) fn key(key: &[u8]) -> String {
    parts(key).unwrap_or_else(|| format!("key 0x{}", key::hex(key)))
}

fn parts(key: &[u8]) -> Option<String> {
    let (space, rest) = key.split_first()?;
    let words = conversation_key::readable(key).or_else(|| delivery_key::readable(*space, rest));
    if words.is_some() {
        return words;
    }
    if *space == key::PIECE {
        let (of, number) = rest.split_last_chunk::<4>()?;
        return Some(format!("piece {} of {}", u32::from_be_bytes(*number), parts(of)?));
    }
    if matches!(*space, key::SETTING | key::MARK) {
        let (name, _) = key::read_text(rest)?;
        let what = if *space == key::SETTING { "setting" } else { "mark" };
        return Some(format!("{what} {:?}", String::from_utf8_lossy(&name)));
    }
    let (account, rest) = rest.split_first_chunk::<8>()?;
    let account = u64::from_be_bytes(*account);
    let (kind, rest) = key::read_text(rest)?;
    let kind = String::from_utf8_lossy(&kind);
    match *space {
        key::RECORD => Some(format!("record {kind:?} {} of account {account}", key::id(rest)?)),
        key::COUNT => Some(format!("count of {kind:?} of account {account}")),
        key::INDEX => {
            let (name, value) = key::read_text(rest)?;
            let (value, id) = (value.get(..value.len().checked_sub(8)?)?, key::id(value)?);
            let value = match key::read_text(value) {
                Some((value, _)) => format!("{:?}", String::from_utf8_lossy(&value)),
                None => format!("0x{}", key::hex(value)),
            };
            let name = String::from_utf8_lossy(&name);
            Some(format!("index {name:?} = {value} of {kind:?} {id} of account {account}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{
        key::{entry, index, piece, record, setting, with_id},
        readable,
    };

    proptest! {
        #[test]
        fn any_bytes_can_be_shown(key in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(!readable::key(&key).is_empty());
        }
    }

    #[test]
    fn keys_are_shown_in_words() {
        let key = record(7, "Subscriber", -1);
        assert_eq!(readable::key(&key), "record \"Subscriber\" -1 of account 7");
        assert_eq!(readable::key(&piece(&key, 3)), "piece 3 of record \"Subscriber\" -1 of account 7");
        let key = with_id(index(7, "List", &entry("key", b"a\0b")), 12);
        assert_eq!(readable::key(&key), "index \"key\" = \"a\\0b\" of \"List\" 12 of account 7");
        assert_eq!(readable::key(&setting("token")), "setting \"token\"");
        assert_eq!(readable::key(&[0xEE, 1]), "key 0xee01");
    }
}
