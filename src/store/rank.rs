//! Ranks: of what waits in the lane of triggered sends, or of a connector, the more urgent goes first.
//!
//! A lane of other deliveries has one rank, which has the lane's name. Triggered sends and messages wait in three, by their
//! QueuePriority (what a synchronous call waits for has the highest): of those that are due, High goes before Medium before Low. So
//! that nothing waits without end behind what keeps coming, every eighth place goes to who has been due longest, whatever its rank.
//! Each delivery has one key, whichever rank it waits in.
//!
//! Versions before this one knew no ranks: what they wrote down as due stands in the middle one, which has the lane's name, too.

use std::collections::VecDeque;

use super::{
    StoreError, Transaction,
    deliveries::Deliveries,
    delivery::{Content, Delivery, DeliveryKind},
    delivery_key as keys, key,
    lane::{self, Touched},
};
use crate::{clock::Time, message::options::Priority};

/// What follows the name of a lane in its ranks before and behind the usual one. No lane's name has a space.
const URGENT: &str = " high";
const PATIENT: &str = " low";

/// Of so many places one goes to who has been due longest.
const SHARE: u64 = 8;

/// The rank that a delivery waits in.
pub(super) fn of(content: &Content) -> String {
    let lane = lane::of(content);
    let priority = match content {
        Content::Send(send) => send.priority,
        Content::Message(outgoing) => outgoing.priority,
        Content::Results(_) => Priority::Medium,
    };
    match priority {
        Priority::High => lane + URGENT,
        Priority::Medium => lane,
        Priority::Low => lane + PATIENT,
    }
}

/// The ranks of a lane, the most urgent first.
pub(super) fn all(lane: &str) -> Vec<String> {
    match has_ranks(lane) {
        true => vec![format!("{lane}{URGENT}"), lane.to_owned(), format!("{lane}{PATIENT}")],
        false => vec![lane.to_owned()],
    }
}

fn has_ranks(lane: &str) -> bool {
    lane == DeliveryKind::Send.name() || lane.starts_with(lane::CONNECTOR)
}

/// The lane of a rank.
pub(super) fn lane(rank: &str) -> &str {
    let bare = rank.strip_suffix(URGENT).or_else(|| rank.strip_suffix(PATIENT));
    bare.filter(|lane| has_ranks(lane)).unwrap_or(rank)
}

impl Transaction<'_> {
    pub(super) fn wait_in_lane(&mut self, touched: &mut Touched, rank: &str, due: Time, number: i64) {
        self.set(keys::due(rank, due.millis(), number), Some(Vec::new()));
        touched.lanes.insert(lane(rank).to_owned());
    }

    pub(super) fn leave_lane(&mut self, touched: &mut Touched, rank: &str, due: Time, number: i64) {
        self.set(keys::due(rank, due.millis(), number), None);
        touched.lanes.insert(lane(rank).to_owned());
    }
}

impl Deliveries<'_> {
    /// What is due first in a lane: when, and its number.
    pub fn first_in(&self, lane: &str) -> Result<Option<(Time, i64)>, StoreError> {
        let mut first: Option<(Time, i64)> = None;
        for rank in all(lane) {
            let from = keys::due_in(&rank);
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
            ranks.push(self.due_in_rank(&rank, now, room)?);
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

    /// How many deliveries wait in the lane of one that go before it, of which it is told what it was: those of higher ranks, and
    /// of its own those that were owed before; so many are counted at most.
    pub fn waiting_before(&self, delivery: &Delivery, limit: usize) -> Result<usize, StoreError> {
        let (own, mut before) = (of(&delivery.content), 0);
        for rank in all(&lane::of(&delivery.content)) {
            let from = keys::due_in(&rank);
            self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
                before += usize::from(rank != own || keys::risen(key).is_some_and(|other| other < delivery.number));
                Ok(before < limit)
            })?;
            if rank == own || before >= limit {
                break;
            }
        }
        Ok(before)
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
