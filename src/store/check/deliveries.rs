//! Deliveries against their parts, and the indexes, lanes and counts that follow from them. Everything between [`FIRST`] and
//! [`LAST`] comes here: a new index of deliveries is checked by one more arm of [`Counting::look_at`].
//!
//! One thing is not seen: whether a mail that is settled has a mark for its forgetting, since marks are found by their moment.

use std::collections::BTreeMap;

use super::Check;
use crate::{
    clock::Time,
    store::{
        Content, Delivery, DeliveryState, Lane, StoreError, chunk,
        conversations::decode,
        deliveries::{self, entries},
        delivery_key as keys,
        early::Early,
        key,
        lane::{self, Touched},
        outgoing::Asker,
        rank,
        rate::Moments,
        readable,
        turn::Front,
        versions::Source,
    },
};

/// The spaces of deliveries.
pub(super) const FIRST: u8 = keys::TURN;
pub(super) const LAST: u8 = keys::BEGUN;

/// Counts deliveries by kind and state while they are passed.
#[derive(Default)]
pub(super) struct Counting(BTreeMap<(u8, u8), u64>);

impl Counting {
    /// Looks at a delivery, or at an entry of one of its indexes.
    pub(super) fn look_at(&mut self, check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
        match *key.first().unwrap_or(&0) {
            keys::DELIVERY => self.delivery(check, key, head),
            keys::DUE => due(check, key),
            keys::LANE => lane(check, key, head),
            keys::HEAD => lanes_head(check, key, head),
            keys::STATE | keys::ABOUT | keys::EXTERNAL => entry(check, key, keys::fallen(key)),
            keys::UNSETTLED | keys::TURN | keys::CONFIRM => entry(check, key, keys::risen(key)),
            keys::FRONT => front(check, key, head),
            keys::EARLY => early(check, key, head),
            keys::EARLY_ID => early_id(check, key),
            keys::BEGUN => begun(check, key, head),
            keys::REPORT => of_delivery(check, key, keys::reported(key), &|delivery| Ok(delivery.content.is_mail())),
            // One mark may outlive its mail: a mail that was sent again has two.
            keys::FORGET => match key.len() == keys::forget(0, 0).len() {
                true => Ok(()),
                false => check.wrong(key, "a moment and a number", "a key that does not hold them"),
            },
            // Compared when all deliveries have been passed.
            keys::COUNT => Ok(()),
            _ => check.wrong(key, "no such key", "a key of a space that this program does not have"),
        }
    }

    fn delivery(&mut self, check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
        let Some(bytes) = check.readable(key, head)? else { return Ok(()) };
        let Some(delivery) = check.sound(decode::<Delivery>(key, &bytes))? else { return Ok(()) };
        let (number, kind, state) = (delivery.number, delivery.content.kind(), delivery.state);
        if keys::delivery(number) != key {
            return check.wrong(key, "its own number", number.to_string());
        }
        check.numbered(key, number);
        *self.0.entry((kind.byte(), state.byte())).or_default() += 1;
        if delivery.due.is_some() != matches!(state, DeliveryState::Owed | DeliveryState::Accepted) {
            let found = delivery.due.map_or_else(|| "no due time".to_owned(), |due| format!("due {due}"));
            let expected = format!("a due time exactly while it is owed or accepted; it is {}", state.name());
            check.wrong(key, expected, found)?;
        }
        let part = match &delivery.content {
            Content::Results(notice) => Some((&notice.name, notice.about)),
            Content::Send(_) => None,
            Content::Message(outgoing) => match &outgoing.asker {
                Asker::Part { name, sequence } => Some((name, *sequence)),
                Asker::Call { .. } => None,
            },
        };
        if let Some((name, about)) = part {
            match check.view.conversations().part(name, about) {
                Ok(None) => check.wrong(key, format!("part {about} of {:?}", name.id), "none")?,
                Ok(Some(_)) | Err(StoreError::Corrupt { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        for entry in entries(&delivery) {
            if check.view.get(&entry)?.is_none() {
                check.derived(&entry, "an index entry: the delivery has it", "none", Some(Vec::new()))?;
            }
        }
        if let Some(outgoing) = delivery.content.outgoing() {
            turn(check, &delivery, &keys::queue(&outgoing.message))?;
        }
        let Some(at) = due_in_lane(check, &delivery)? else { return Ok(()) };
        let (lane, rank) = (lane::of(&delivery.content), rank::of(&delivery.content));
        let due = keys::due(&rank, at.millis(), number);
        if check.view.get(&due)?.is_none() {
            check.tell_and_repair(readable::key(&due), format!("an entry: it is due {at}"), "none", |txn| {
                let mut touched = Touched::default();
                txn.wait_in_lane(&mut touched, &rank, at, number);
                txn.settle_lanes(touched)
            })?;
        }
        match check.view.deliveries().lane(&lane) {
            Ok(None) => {
                check.tell_and_repair(format!("lane {lane:?}"), "a lane: something waits in it", "none", |txn| {
                    txn.settle_lanes(Touched::one(&lane))
                })
            }
            Ok(Some(_)) | Err(StoreError::Corrupt { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// To be called at the end: compares with the counts that are kept.
    pub(super) fn end(self, check: &Check<'_>) -> Result<(), StoreError> {
        let (prefix, mut counted) = (vec![keys::COUNT], self.0);
        check.view.visit(&prefix, key::after_prefix(&prefix).as_deref(), &mut |key, value| {
            let of = match key {
                [_, kind, state] => (*kind, *state),
                _ => return check.wrong(key, "a kind and a state", "a key that does not hold them").map(|()| true),
            };
            let held = counted.remove(&of).unwrap_or(0);
            if value != held.to_be_bytes() {
                let found = deliveries::counted(value).to_string();
                check.derived(key, &held.to_string(), found, Some(held.to_be_bytes().to_vec()))?;
            }
            Ok(true)
        })?;
        for ((kind, state), held) in counted {
            check.derived(&keys::count(kind, state), &held.to_string(), "none", Some(held.to_be_bytes().to_vec()))?;
        }
        Ok(())
    }
}

/// Looks at an index entry of the delivery with this number.
fn entry(check: &Check<'_>, key: &[u8], number: Option<i64>) -> Result<(), StoreError> {
    of_delivery(check, key, number, &|delivery| Ok(entries(delivery).iter().any(|right| right == key)))
}

fn of_delivery(
    check: &Check<'_>,
    key: &[u8],
    number: Option<i64>,
    is_right: &dyn Fn(&Delivery) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let Some(number) = number else { return check.wrong(key, "a number", "a key without one") };
    match check.view.deliveries().get(number) {
        Ok(Some(delivery)) => match is_right(&delivery)? {
            true => Ok(()),
            false => check.derived(key, "no index entry: the delivery has another", "an index entry", None),
        },
        Ok(None) => check.derived(key, "no index entry: there is no such delivery", "an index entry", None),
        // Told where the delivery was passed.
        Err(StoreError::Corrupt { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn due(check: &Check<'_>, key: &[u8]) -> Result<(), StoreError> {
    of_delivery(check, key, keys::risen(key), &|delivery| {
        let at = due_in_lane(check, delivery)?;
        Ok(at.is_some_and(|at| keys::due(&rank::of(&delivery.content), at.millis(), delivery.number) == key))
    })
}

/// At which moment a delivery stands in its lane; of messages to one recipient only the front does.
fn due_in_lane(check: &Check<'_>, delivery: &Delivery) -> Result<Option<Time>, StoreError> {
    if delivery.content.outgoing().is_none() {
        return Ok(delivery.due);
    }
    Ok(delivery.due.filter(|_| check.view.deliveries().has_turn(delivery).unwrap_or(false)))
}

/// Looks whether somebody has the turn where a message waits for it.
fn turn(check: &Check<'_>, delivery: &Delivery, queue: &[u8]) -> Result<(), StoreError> {
    if delivery.is_waited_for() && matches!(check.view.deliveries().front(queue), Ok(None)) {
        let place = readable::key(&keys::front(queue));
        return check.tell_and_repair(place, "a message whose turn it is: one waits", "none", |txn| {
            let mut touched = Touched::default();
            txn.touch_queue(&mut touched, delivery);
            txn.settle_lanes(touched)
        });
    }
    Ok(())
}

/// Looks at whose turn it is.
fn front(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    let Some(bytes) = check.readable(key, head)? else { return Ok(()) };
    let Some(front) = check.sound(decode::<Front>(key, &bytes))? else { return Ok(()) };
    let deliveries = check.view.deliveries();
    let Some(queue) = key.get(1..) else { return Ok(()) };
    let right = match deliveries.right_front(queue, Some(front)) {
        Ok(right) => right,
        Err(StoreError::Corrupt { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    if right == Some(front) {
        return Ok(());
    }
    let words = |front: Option<Front>| match front {
        Some(Front { number, due: Some(due) }) => format!("delivery {number}, due {due}"),
        Some(Front { number, due: None }) => format!("delivery {number}, not due"),
        None => "none".to_owned(),
    };
    let Some(lane) = keys::queue_connector(queue).map(|connector| Lane::of_connector(&connector)) else {
        return check.wrong(key, "a connector, a recipient and a channel", "a key that does not hold them");
    };
    check.tell_and_repair(readable::key(key), words(right), words(Some(front)), |txn| {
        let mut touched = Touched::default();
        touched.queues.insert(queue.to_vec(), lane.clone());
        txn.settle_lanes(touched)
    })
}

/// Looks at when the latest messages of a connector began.
fn begun(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    match chunk::join(check.view, key, head.to_vec()).and_then(|bytes| decode::<Moments>(key, &bytes)) {
        Ok(_) => Ok(()),
        Err(StoreError::Corrupt { reason, .. }) => check.derived(key, "moments and counts, or nothing", reason, None),
        Err(error) => Err(error),
    }
}

/// Looks at what was told of a message that nobody knows yet.
fn early(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    let Some(bytes) = check.readable(key, head)? else { return Ok(()) };
    let Some(early) = check.sound(decode::<Early>(key, &bytes))? else { return Ok(()) };
    if keys::early(early.number) != key {
        return check.wrong(key, "its own number", early.number.to_string());
    }
    check.numbered(key, early.number);
    let entry = early.entry();
    match check.view.get(&entry)? {
        Some(_) => Ok(()),
        None => check.derived(&entry, "an index entry: the record has it", "none", Some(Vec::new())),
    }
}

/// Looks at an entry that says of which id something was told.
fn early_id(check: &Check<'_>, key: &[u8]) -> Result<(), StoreError> {
    let Some(number) = keys::risen(key) else { return check.wrong(key, "a number", "a key without one") };
    match check.view.deliveries().early(number) {
        Ok(Some(early)) if early.entry() == key => Ok(()),
        Ok(_) => check.derived(key, "no index entry: there is no such record", "an index entry", None),
        // Told where the record was passed.
        Err(StoreError::Corrupt { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Looks at a lane: its head is where its first delivery is due, or its rest ends, and stands among the heads.
fn lane(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    let Some(bytes) = check.readable(key, head)? else { return Ok(()) };
    let Some(lane) = check.sound(decode::<Lane>(key, &bytes))? else { return Ok(()) };
    if keys::lane(&lane.name) != key {
        return check.wrong(key, "its own name", lane.name);
    }
    let words = |head: Option<Time>| head.map_or_else(|| "no head".to_owned(), |head| format!("its head at {head}"));
    let right = lane.right_head(&check.view.deliveries())?;
    let place = format!("lane {:?}", lane.name);
    if lane.head != right {
        return check
            .tell_and_repair(place, words(right), words(lane.head), |txn| txn.settle_lanes(Touched::one(&lane.name)));
    }
    let Some(at) = lane.head else { return Ok(()) };
    let entry = keys::head(at.millis(), &lane.name);
    if check.view.get(&entry)?.is_none() {
        let name = lane.name.clone();
        check.tell_and_repair(place, format!("an entry among the heads, at {at}"), "none", |txn| {
            txn.write(entry, &name)
        })?;
    }
    Ok(())
}

/// Looks at an entry among the heads of lanes.
fn lanes_head(check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    let Some(bytes) = check.readable(key, head)? else { return Ok(()) };
    let Some(name) = check.sound(decode::<String>(key, &bytes))? else { return Ok(()) };
    let held = match check.view.deliveries().lane(&name) {
        Ok(lane) => lane.and_then(|lane| lane.head),
        Err(StoreError::Corrupt { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    if held.is_some_and(|at| keys::head(at.millis(), &name) == key) {
        return Ok(());
    }
    let place = format!("an entry among the heads, of lane {name:?}");
    check.tell_and_repair(place, "no entry: the lane has another head, or none", "an entry", |txn| {
        chunk::remove(txn, key.to_vec())
    })
}
