//! The keys of conversations; what lies under them is described in `conversations`.
//!
//! | first byte | then | value |
//! |---|---|---|
//! | 0x20 | account, conversation | the conversation, or that its id has been used |
//! | 0x21 | account, conversation, sequence | a part: who asked, how, what became of it |
//! | 0x22 | account, conversation, sequence | that part's envelope, where it is long |
//! | 0x23 | account, RequestID | account, conversation and sequence of the part |
//! | 0x24 | moment, account, conversation | account and conversation, due at that moment |
//!
//! A conversation is written as `c` and its ConversationID, or as `r` and the RequestID of a call that has none: a client may
//! choose a ConversationID that looks like a RequestID.

use super::{Name, key};
use crate::clock::Time;

pub(super) const CONVERSATION: u8 = 0x20;
pub(super) const PART: u8 = 0x21;
pub(super) const ENVELOPE: u8 = 0x22;
pub(super) const REQUEST: u8 = 0x23;
pub(super) const DUE: u8 = 0x24;

pub(super) fn conversation(name: &Name) -> Vec<u8> {
    of(CONVERSATION, name)
}

/// What all conversations begin with, those of all accounts.
pub(super) fn conversations() -> Vec<u8> {
    vec![CONVERSATION]
}

/// The name in the key of a conversation; of one too long for a key its beginning.
pub(super) fn name(conversation: &[u8]) -> Option<Name> {
    let (account, rest) = conversation.get(1..)?.split_first_chunk::<8>()?;
    let (kind, id) = rest.split_first()?;
    let id = key::index_text(id)?;
    Some(Name { account: u64::from_be_bytes(*account), single: *kind == b'r', id: String::from_utf8_lossy(&id).into() })
}

pub(super) fn part(name: &Name, sequence: u32) -> Vec<u8> {
    numbered(of(PART, name), sequence)
}

/// What all parts of one conversation begin with.
pub(super) fn parts(name: &Name) -> Vec<u8> {
    of(PART, name)
}

pub(super) fn envelope(name: &Name, sequence: u32) -> Vec<u8> {
    numbered(of(ENVELOPE, name), sequence)
}

pub(super) fn request(account: u64, request_id: &str) -> Vec<u8> {
    let mut key = key::scoped(REQUEST, account);
    key::index_value(&mut key, request_id.as_bytes());
    key
}

pub(super) fn due(moment: i64, name: &Name) -> Vec<u8> {
    let mut key = vec![DUE];
    key::number(&mut key, moment);
    key.extend_from_slice(of(DUE, name).get(1..).unwrap_or_default());
    key
}

/// What everything that is due begins with.
pub(super) fn all_due() -> Vec<u8> {
    vec![DUE]
}

/// What everything that is due after a moment comes behind.
pub(super) fn due_after(moment: i64) -> Vec<u8> {
    let mut key = vec![DUE];
    key::number(&mut key, moment.saturating_add(1));
    key
}

/// The moment in a key of what is due.
pub(super) fn moment(due: &[u8]) -> Option<i64> {
    key::id(due.get(..9)?)
}

/// The name in a key, and what follows it; `None` when the id was too long to stand in a key.
pub(super) fn whole_name(key: &[u8]) -> Option<(Name, &[u8])> {
    let rest = if *key.first()? == DUE { key.get(9..)? } else { key.get(1..)? };
    let (account, rest) = rest.split_first_chunk::<8>()?;
    let (letter, rest) = rest.split_first()?;
    let (id, rest) = key::read_text(rest)?;
    let single = match letter {
        b'r' => true,
        b'c' => false,
        _ => return None,
    };
    Some((Name { account: u64::from_be_bytes(*account), single, id: String::from_utf8(id).ok()? }, rest))
}

/// The sequence at the end of the key of a part or envelope, and the key of its conversation.
pub(super) fn of_part(key: &[u8]) -> Option<(u32, Vec<u8>)> {
    let (of, sequence) = key.split_last_chunk::<4>()?;
    Some((u32::from_be_bytes(*sequence), respaced(of, CONVERSATION)))
}

/// What the keys of the parts of a conversation begin with, given its key.
pub(super) fn parts_of(conversation: &[u8]) -> Vec<u8> {
    respaced(conversation, PART)
}

/// The key of a part, given that of its envelope, or the other way round.
pub(super) fn respaced(key: &[u8], space: u8) -> Vec<u8> {
    let mut key = key.to_vec();
    if let Some(first) = key.first_mut() {
        *first = space;
    }
    key
}

/// A key in words.
pub(super) fn readable(key: &[u8]) -> Option<String> {
    let (space, rest) = key.split_first()?;
    let whose = |key: &[u8]| match whole_name(key) {
        Some((name, rest)) => {
            let what = if name.single { "single request" } else { "conversation" };
            Some((format!("{what} {:?} of account {}", name.id, name.account), rest.to_vec()))
        }
        None => {
            let rest = if *space == DUE { rest.get(8..)? } else { rest };
            let (account, id) = rest.split_first_chunk::<8>()?;
            let id: String = String::from_utf8_lossy(id).chars().filter(|c| !c.is_control()).take(100).collect();
            Some((format!("conversation {id:?} of account {}", u64::from_be_bytes(*account)), Vec::new()))
        }
    };
    let number =
        |rest: &[u8]| rest.first_chunk().map_or_else(|| "?".to_owned(), |n| u32::from_be_bytes(*n).to_string());
    match *space {
        CONVERSATION => Some(whose(key)?.0),
        PART => whose(key).map(|(whose, rest)| format!("part {} of {whose}", number(&rest))),
        ENVELOPE => whose(key).map(|(whose, rest)| format!("the envelope of part {} of {whose}", number(&rest))),
        DUE => Some(format!("the due time {} of {}", Time::from_millis(moment(key)?), whose(key)?.0)),
        REQUEST => {
            let (account, id) = rest.split_first_chunk::<8>()?;
            let (id, _) = key::read_text(id)?;
            let (id, account) = (String::from_utf8_lossy(&id).into_owned(), u64::from_be_bytes(*account));
            Some(format!("the place of request {id:?} of account {account}"))
        }
        _ => None,
    }
}

/// What is kept about one conversation in one space of keys begins with this.
pub(super) fn of(space: u8, name: &Name) -> Vec<u8> {
    let mut key = key::scoped(space, name.account);
    key.push(if name.single { b'r' } else { b'c' });
    key::index_value(&mut key, name.id.as_bytes());
    key
}

fn numbered(mut key: Vec<u8>, number: u32) -> Vec<u8> {
    key.extend_from_slice(&number.to_be_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::{super::readable, *};

    fn name(account: u64, id: &str) -> Name {
        Name { account, single: false, id: id.to_owned() }
    }

    #[test]
    fn what_is_due_earlier_comes_first() {
        let keys = [due(-1, &name(9, "z")), due(0, &name(9, "z")), due(1, &name(1, "a")), due_after(1)];
        assert!(keys.is_sorted());
        assert_eq!(moment(&keys[0]), Some(-1));
    }

    #[test]
    fn no_conversation_lies_within_another() {
        let (a, ab) = (parts(&name(1, "a")), part(&name(1, "ab"), 1));
        assert!(!ab.starts_with(&a));
        assert!(part(&name(1, "a"), 2) < part(&name(1, "a"), 10));
        let single = Name { single: true, ..name(1, "a") };
        assert_ne!(conversation(&name(1, "a")), conversation(&single));
        assert!(readable::key(&part(&single, 1)).contains("account 1"), "{}", readable::key(&part(&single, 1)));
    }
}
