//! Ranks: of what waits in the lane of triggered sends, the more urgent goes first.
//!
//! A lane of other deliveries has one rank, which has the lane's name. Triggered sends wait in three, by their QueuePriority: of those that
//! are due, High goes before Medium before Low. So that nothing waits without end behind what keeps coming, every eighth place goes to
//! who has been due longest, whatever its rank. Each delivery has one key, whichever rank it waits in.
//!
//! Versions before this one knew no ranks: what they wrote down as due stands in the middle one, which has the lane's name, too.

use std::collections::VecDeque;

use super::{
    StoreError,
    deliveries::Deliveries,
    delivery::{Content, DeliveryKind},
    delivery_key as keys, key, lane,
};
use crate::{clock::Time, message::options::Priority};

const URGENT: &str = "send high";
const USUAL: &str = "send";
const PATIENT: &str = "send low";

/// Of so many places one goes to who has been due longest.
const SHARE: u64 = 8;

/// The rank that a delivery waits in.
pub(super) fn of(content: &Content) -> String {
    match content {
        Content::Send(send) => match send.priority {
            Priority::High => URGENT.to_owned(),
            Priority::Medium => USUAL.to_owned(),
            Priority::Low => PATIENT.to_owned(),
        },
        Content::Results(_) | Content::Message(_) => lane::of(content),
    }
}

/// The ranks of a lane, the most urgent first.
pub(super) fn all(lane: &str) -> Vec<&str> {
    match lane == DeliveryKind::Send.name() {
        true => vec![URGENT, USUAL, PATIENT],
        false => vec![lane],
    }
}

/// The lane of a rank.
pub(super) fn lane(rank: &str) -> &str {
    match rank {
        URGENT | PATIENT => DeliveryKind::Send.name(),
        lane => lane,
    }
}

impl Deliveries<'_> {
    /// What is due first in a lane: when, and its number.
    pub fn first_in(&self, lane: &str) -> Result<Option<(Time, i64)>, StoreError> {
        let mut first: Option<(Time, i64)> = None;
        for rank in all(lane) {
            let from = keys::due_in(rank);
            self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
                let own = keys::due_moment(key).map(Time::from_millis).zip(keys::risen(key));
                first = first.into_iter().chain(own).min();
                Ok(false)
            })?;
        }
        Ok(first)
    }

    /// The numbers of what is due in a lane by `now`, at most `room`, in the order in which they go; `begun` is how many have gone
    /// from lanes with ranks before them.
    pub(super) fn due_in(&self, lane: &str, now: Time, room: usize, begun: u64) -> Result<Vec<i64>, StoreError> {
        let mut ranks = Vec::new();
        for rank in all(lane) {
            ranks.push(self.due_in_rank(rank, now, room)?);
        }
        let mut found = Vec::new();
        for place in (begun..).take(room) {
            let is_eldest = place % SHARE == SHARE - 1;
            let waiting = ranks.iter_mut().filter(|rank| !rank.is_empty());
            let next = match is_eldest {
                true => waiting.min_by_key(|rank| rank.front().copied()),
                false => { waiting }.next(),
            };
            let Some((_, number)) = next.and_then(VecDeque::pop_front) else { break };
            found.push(number);
        }
        Ok(found)
    }

    /// When what is due in one rank is due, and its number: at most `room`.
    pub(super) fn due_in_rank(
        &self,
        rank: &str,
        now: Time,
        room: usize,
    ) -> Result<VecDeque<(Option<i64>, i64)>, StoreError> {
        let (from, to, mut found) = (keys::due_in(rank), keys::due_after(rank, now.millis()), VecDeque::new());
        if room > 0 {
            self.0.visit(&from, Some(&to), &mut |key, _| {
                found.extend(keys::risen(key).map(|number| (keys::due_moment(key), number)));
                Ok(found.len() < room)
            })?;
        }
        Ok(found)
    }
}
