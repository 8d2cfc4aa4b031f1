//! The keys of deliveries; what lies under them is described in `deliveries` and `lane`.
//!
//! | first byte | then | value |
//! |---|---|---|
//! | 0x25 | queue, number | nothing: the message waits for its turn, or has it |
//! | 0x26 | number | a delivery |
//! | 0x27 | rank of a lane, moment, number | nothing: the delivery is due at that moment, and has its turn |
//! | 0x28 | lane | the lane: its name, its head, whether it rests |
//! | 0x29 | moment, lane | the lane's name: its first delivery is due at that moment |
//! | 0x2A | state, number | nothing |
//! | 0x2B | account, conversation, number | nothing: the delivery is about that conversation |
//! | 0x2C | number | nothing: the delivery is neither delivered nor given up |
//! | 0x2D | moment, number | nothing: the delivery is forgotten at that moment |
//! | 0x2E | kind, state | how many there are, eight bytes |
//! | 0x2F | queue | whose turn it is (see `turn`) |
//! | 0x30 | connector, id, number | nothing: the message has that id, its own or its system's |
//! | 0x31 | moment, number | nothing: that long it is waited for what becomes of the message |
//! | 0x32 | number | what was told of a message that nobody knows yet (see `early`) |
//! | 0x33 | connector, id, number | nothing: that was told of this id |
//! | 0x34 | number, digest of a report | nothing: that the mail has come back was heard by this report |
//! | 0x35 | connector | when its latest messages began (see `rate`) |
//!
//! A queue is a connector, and a recipient and a channel; or nothing and a session, where the message names one.
//!
//! Numbers are written falling in 0x26, 0x2A, 0x2B and 0x30, so that the newest comes first, and rising elsewhere.

use super::{Name, conversation_key, key};
use crate::connector::Message;

pub(super) const TURN: u8 = 0x25;
pub(super) const DELIVERY: u8 = 0x26;
pub(super) const DUE: u8 = 0x27;
pub(super) const LANE: u8 = 0x28;
pub(super) const HEAD: u8 = 0x29;
pub(super) const STATE: u8 = 0x2A;
pub(super) const ABOUT: u8 = 0x2B;
pub(super) const UNSETTLED: u8 = 0x2C;
pub(super) const FORGET: u8 = 0x2D;
pub(super) const COUNT: u8 = 0x2E;
pub(super) const FRONT: u8 = 0x2F;
pub(super) const EXTERNAL: u8 = 0x30;
pub(super) const CONFIRM: u8 = 0x31;
pub(super) const EARLY: u8 = 0x32;
pub(super) const EARLY_ID: u8 = 0x33;
pub(super) const REPORT: u8 = 0x34;
pub(super) const BEGUN: u8 = 0x35;

pub(super) fn delivery(number: i64) -> Vec<u8> {
    falling(vec![DELIVERY], number)
}

/// What all deliveries begin with.
pub(super) fn deliveries() -> Vec<u8> {
    vec![DELIVERY]
}

pub(super) fn due(rank: &str, moment: i64, number: i64) -> Vec<u8> {
    rising(rising(of(DUE, rank), moment), number)
}

/// What everything due in one rank begins with.
pub(super) fn due_in(rank: &str) -> Vec<u8> {
    of(DUE, rank)
}

/// What everything that is due in a rank after a moment comes behind.
pub(super) fn due_after(rank: &str, moment: i64) -> Vec<u8> {
    rising(of(DUE, rank), moment.saturating_add(1))
}

/// The moment in a key of what is due in a lane.
pub(super) fn due_moment(key: &[u8]) -> Option<i64> {
    let (rest, _number) = key.split_last_chunk::<8>()?;
    key::id(rest)
}

pub(super) fn lane(lane: &str) -> Vec<u8> {
    of(LANE, lane)
}

/// What all lanes begin with whose names begin so.
pub(super) fn lanes(prefix: &str) -> Vec<u8> {
    [&[LANE], prefix.as_bytes()].concat()
}

pub(super) fn head(moment: i64, lane: &str) -> Vec<u8> {
    let mut key = rising(vec![HEAD], moment);
    key::index_value(&mut key, lane.as_bytes());
    key
}

/// What the heads of all lanes begin with.
pub(super) fn heads() -> Vec<u8> {
    vec![HEAD]
}

/// What every head after a moment comes behind.
pub(super) fn heads_after(moment: i64) -> Vec<u8> {
    rising(vec![HEAD], moment.saturating_add(1))
}

/// The moment in a head's key.
pub(super) fn head_moment(head: &[u8]) -> Option<i64> {
    key::id(head.get(..9)?)
}

pub(super) fn state(state: u8, number: i64) -> Vec<u8> {
    falling(vec![STATE, state], number)
}

/// What all deliveries of one state begin with.
pub(super) fn states(state: u8) -> Vec<u8> {
    vec![STATE, state]
}

pub(super) fn about(name: &Name, number: i64) -> Vec<u8> {
    falling(conversation_key::of(ABOUT, name), number)
}

/// What all deliveries about one conversation begin with.
pub(super) fn all_about(name: &Name) -> Vec<u8> {
    conversation_key::of(ABOUT, name)
}

pub(super) fn unsettled(number: i64) -> Vec<u8> {
    rising(vec![UNSETTLED], number)
}

/// What everything unsettled begins with.
pub(super) fn all_unsettled() -> Vec<u8> {
    vec![UNSETTLED]
}

pub(super) fn forget(moment: i64, number: i64) -> Vec<u8> {
    rising(rising(vec![FORGET], moment), number)
}

/// What everything begins with that is to be forgotten.
pub(super) fn all_forget() -> Vec<u8> {
    vec![FORGET]
}

/// What everything that is forgotten after a moment comes behind.
pub(super) fn forget_after(moment: i64) -> Vec<u8> {
    rising(vec![FORGET], moment.saturating_add(1))
}

/// The moment in a key of what is to be forgotten, or is waited for.
pub(super) fn moment(key: &[u8]) -> Option<i64> {
    key::id(key.get(..9)?)
}

pub(super) fn count(kind: u8, state: u8) -> Vec<u8> {
    vec![COUNT, kind, state]
}

/// Messages that go one after the other: those of one connector in one session, else to one recipient over one channel.
pub(super) fn queue(message: &Message) -> Vec<u8> {
    let mut queue = Vec::with_capacity(64);
    let session = message.session();
    let (recipient, channel) = match &session {
        // Nobody has an empty name.
        Some(session) => ("", session.as_str()),
        None => (message.recipient.as_str(), message.channel.as_str()),
    };
    for text in [message.connector.as_str(), recipient, channel] {
        key::index_value(&mut queue, text.as_bytes());
    }
    queue
}

/// The connector in such a key; of a name too long for a key its beginning.
pub(super) fn queue_connector(queue: &[u8]) -> Option<String> {
    String::from_utf8(key::read_text(queue)?.0).ok()
}

pub(super) fn turn(queue: &[u8], number: i64) -> Vec<u8> {
    rising(turns(queue), number)
}

/// The queue in the key of a turn.
pub(super) fn queue_of(turn: &[u8]) -> Option<&[u8]> {
    turn.get(1..turn.len().checked_sub(8)?)
}

/// What all turns begin with.
pub(super) fn all_turns() -> Vec<u8> {
    vec![TURN]
}

/// What everything begins with that waits for its turn in a queue.
pub(super) fn turns(queue: &[u8]) -> Vec<u8> {
    [&[TURN], queue].concat()
}

pub(super) fn front(queue: &[u8]) -> Vec<u8> {
    [&[FRONT], queue].concat()
}

pub(super) fn external(connector: &str, id: &str, number: i64) -> Vec<u8> {
    falling(externals(connector, id), number)
}

/// What all messages of a connector begin with that have an id.
pub(super) fn externals(connector: &str, id: &str) -> Vec<u8> {
    let mut key = of(EXTERNAL, connector);
    key::index_value(&mut key, id.as_bytes());
    key
}

pub(super) fn confirm(moment: i64, number: i64) -> Vec<u8> {
    rising(rising(vec![CONFIRM], moment), number)
}

/// What everything begins with that is waited for.
pub(super) fn all_confirm() -> Vec<u8> {
    vec![CONFIRM]
}

/// What everything that is waited for longer than until a moment comes behind.
pub(super) fn confirm_after(moment: i64) -> Vec<u8> {
    rising(vec![CONFIRM], moment.saturating_add(1))
}

pub(super) fn early(number: i64) -> Vec<u8> {
    rising(all_early(), number)
}

/// What everything begins with that was told of messages that nobody knows.
pub(super) fn all_early() -> Vec<u8> {
    vec![EARLY]
}

pub(super) fn early_id(connector: &str, id: &str, number: i64) -> Vec<u8> {
    rising(early_ids(connector, id), number)
}

/// What everything begins with that was told of an id.
pub(super) fn early_ids(connector: &str, id: &str) -> Vec<u8> {
    let mut key = all_early_ids(connector);
    key::index_value(&mut key, id.as_bytes());
    key
}

/// What everything begins with that a connector told of ids.
pub(super) fn all_early_ids(connector: &str) -> Vec<u8> {
    of(EARLY_ID, connector)
}

pub(super) fn report(number: i64, digest: &str) -> Vec<u8> {
    [&reports(number), digest.as_bytes()].concat()
}

/// What all reports begin with that were heard of a mail.
pub(super) fn reports(number: i64) -> Vec<u8> {
    rising(vec![REPORT], number)
}

/// The number of the mail in the key of a report.
pub(super) fn reported(key: &[u8]) -> Option<i64> {
    key::id(key.get(..9)?)
}

pub(super) fn begun(connector: &str) -> Vec<u8> {
    of(BEGUN, connector)
}

/// The number that a key with rising numbers ends with.
pub(super) fn risen(key: &[u8]) -> Option<i64> {
    key::id(key)
}

/// The number that a key with falling numbers ends with.
pub(super) fn fallen(key: &[u8]) -> Option<i64> {
    key::id(key).map(|number| !number)
}

/// A key in words.
pub(super) fn readable(space: u8, rest: &[u8]) -> Option<String> {
    let what = match space {
        DELIVERY => return Some(format!("delivery {}", fallen(rest)?)),
        STATE => return Some(format!("the state of delivery {}", fallen(rest)?)),
        ABOUT => return Some(format!("the conversation of delivery {}", fallen(rest)?)),
        EXTERNAL => return Some(format!("an id of delivery {}", fallen(rest)?)),
        FRONT => return Some("the front of a recipient's messages".to_owned()),
        TURN => "the turn of delivery",
        CONFIRM => "the confirmation of delivery",
        DUE => "the due time of delivery",
        UNSETTLED => "the mark of delivery",
        FORGET => "the end of delivery",
        LANE => return Some("a lane of deliveries".to_owned()),
        HEAD => return Some("the head of a lane of deliveries".to_owned()),
        COUNT => return Some("a count of deliveries".to_owned()),
        REPORT => return Some(format!("a report of delivery {}", key::id(rest.get(..8)?)?)),
        BEGUN => return Some("when a connector's latest messages began".to_owned()),
        EARLY => "early word",
        EARLY_ID => "the id of early word",
        _ => return None,
    };
    Some(format!("{what} {}", risen(rest)?))
}

fn of(space: u8, lane: &str) -> Vec<u8> {
    let mut key = vec![space];
    key::index_value(&mut key, lane.as_bytes());
    key
}

fn rising(mut key: Vec<u8>, number: i64) -> Vec<u8> {
    key::number(&mut key, number);
    key
}

fn falling(key: Vec<u8>, number: i64) -> Vec<u8> {
    rising(key, !number)
}

#[cfg(test)]
mod tests {
    use super::{super::readable, *};

    #[test]
    fn the_newest_comes_first_and_what_is_due_earlier() {
        assert!([delivery(9), delivery(8), delivery(-1)].is_sorted());
        assert!([due("a", 1, 9), due("a", 2, 1), due("a", 2, 2), due_after("a", 2), due("b", 0, 0)].is_sorted());
        assert!([head(-1, "z"), head(0, "a"), heads_after(0)].is_sorted());
        assert!(lane("connector:a").starts_with(&lanes("connector:")));
        assert_eq!(
            (fallen(&delivery(7)), risen(&due("a", 5, 7)), due_moment(&due("a", 5, 7))),
            (Some(7), Some(7), Some(5))
        );
        assert_eq!((head_moment(&head(5, "a")), fallen(&state(1, i64::MAX))), (Some(5), Some(i64::MAX)));
        assert_eq!(readable::key(&delivery(7)), "delivery 7");
    }
}
