//! Deliveries against their parts, and the indexes, lanes and counts that follow from them. Everything between [`FIRST`] and
//! [`LAST`] comes here: a new index of deliveries is checked by one more arm of [`Counting::look_at`].
//!
//! One thing is not seen: whether a mail that is settled has a mark for its forgetting, since marks are found by their moment.

use std::collections::BTreeMap;

use super::Check;
use crate::{
    clock::Time,
    store::{
        Content, Delivery, Lane, StoreError, chunk,
        conversations::decode,
        delivery_key as keys, key,
        lane::{self, Touched},
        versions::Source,
    },
};

/// The spaces of deliveries.
pub(super) const FIRST: u8 = 0x25;
pub(super) const LAST: u8 = 0x2F;

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
            keys::STATE => {
                entry(check, key, keys::fallen(key), |found, number| keys::state(found.state.byte(), number))
            }
            keys::ABOUT => entry(check, key, keys::fallen(key), |found, number| match &found.content {
                Content::Results(notice) => keys::about(&notice.name, number),
                Content::Send(_) | Content::Message(_) => Vec::new(),
            }),
            keys::UNSETTLED => entry(check, key, keys::risen(key), |found, number| match found.state.is_unsettled() {
                true => keys::unsettled(number),
                false => Vec::new(),
            }),
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
        if delivery.due.is_some() != (state == crate::store::DeliveryState::Owed) {
            let found = delivery.due.map_or_else(|| "no due time".to_owned(), |due| format!("due {due}"));
            check.wrong(key, format!("a due time exactly while it is owed; it is {}", state.name()), found)?;
        }
        let mut entries = vec![keys::state(state.byte(), number)];
        entries.extend(state.is_unsettled().then(|| keys::unsettled(number)));
        if let Content::Results(notice) = &delivery.content {
            entries.push(keys::about(&notice.name, number));
            match check.view.conversations().part(&notice.name, notice.about) {
                Ok(None) => check.wrong(key, format!("part {} of {:?}", notice.about, notice.name.id), "none")?,
                Ok(Some(_)) | Err(StoreError::Corrupt { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        for entry in entries {
            if check.view.get(&entry)?.is_none() {
                check.derived(&entry, "an index entry: the delivery has it", "none", Some(Vec::new()))?;
            }
        }
        let Some(at) = delivery.due else { return Ok(()) };
        let lane = lane::of(&delivery.content);
        let due = keys::due(&lane, at.millis(), number);
        if check.view.get(&due)?.is_none() {
            check.tell_and_repair(key::readable(&due), format!("an entry: it is due {at}"), "none", |txn| {
                let mut touched = Touched::default();
                txn.wait_in_lane(&mut touched, &lane, at, number);
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
                let found = lane::counted(value).to_string();
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

/// Looks at an index entry that `right` makes of the delivery that it is of.
fn entry(
    check: &Check<'_>,
    key: &[u8],
    number: Option<i64>,
    right: impl Fn(&Delivery, i64) -> Vec<u8>,
) -> Result<(), StoreError> {
    let Some(number) = number else { return check.wrong(key, "a number", "a key without one") };
    match check.view.deliveries().get(number) {
        Ok(Some(delivery)) if right(&delivery, number) == key => Ok(()),
        Ok(Some(_)) => check.derived(key, "no index entry: the delivery has another", "an index entry", None),
        Ok(None) => check.derived(key, "no index entry: there is no such delivery", "an index entry", None),
        // Told where the delivery was passed.
        Err(StoreError::Corrupt { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn due(check: &Check<'_>, key: &[u8]) -> Result<(), StoreError> {
    entry(check, key, keys::risen(key), |delivery, number| match delivery.due {
        Some(at) => keys::due(&lane::of(&delivery.content), at.millis(), number),
        None => Vec::new(),
    })
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
