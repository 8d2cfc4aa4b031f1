//! Turns: messages to one recipient of a connector, over one channel, go one after the other, in the order in which they were owed.
//!
//! Of those that wait, the front alone stands in its connector's lane; the next follows it in the transaction in which it is
//! settled, accepted or withdrawn. So a message that is tried again keeps back its own recipient and nobody else, and
//! however much waits, one look at a lane meets what can go out now.

use serde::{Deserialize, Serialize};

use super::{
    StoreError, Transaction, chunk,
    conversations::read,
    deliveries::Deliveries,
    delivery::{Delivery, DeliveryState},
    delivery_key as keys, key,
    lane::{self, Touched},
    rank,
    versions::Source,
};
use crate::{clock::Time, connector::Message};

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Front {
    /// The number of the message.
    pub(super) number: i64,
    /// At which moment it stands in its lane; none while it is under way, or waits for an operator.
    pub(super) due: Option<Time>,
}

impl Deliveries<'_> {
    /// Whether a delivery may be begun, as far as others stand before it.
    pub(super) fn has_turn(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let Some(outgoing) = delivery.content.outgoing() else { return Ok(true) };
        let front = self.front(&keys::queue(&outgoing.message))?;
        Ok(front.is_some_and(|front| front.number == delivery.number && front.due.is_some()))
    }

    /// Whether others go before a message that is not owed yet.
    pub fn has_before(&self, message: &Message) -> Result<bool, StoreError> {
        Ok(self.front(&keys::queue(message))?.is_some())
    }

    pub(super) fn front(&self, queue: &[u8]) -> Result<Option<Front>, StoreError> {
        read(self.0, &keys::front(queue))
    }

    /// Whose turn it should be: that of the one that is under way, else of the first.
    pub(super) fn right_front(&self, queue: &[u8], now: Option<Front>) -> Result<Option<Front>, StoreError> {
        // Only who has the turn is begun, so no other can be under way.
        if let Some(now) = now
            && self.get(now.number)?.is_some_and(|delivery| delivery.state == DeliveryState::Sending)
        {
            return Ok(Some(Front { due: None, ..now }));
        }
        let (from, mut first) = (keys::turns(queue), None);
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
            first = keys::risen(key);
            Ok(false)
        })?;
        let Some(number) = first else { return Ok(None) };
        let due = self.get(number)?.filter(|first| first.state == DeliveryState::Owed).and_then(|first| first.due);
        Ok(Some(Front { number, due }))
    }
}

impl Transaction<'_> {
    /// To be called for every delivery that is put or removed: whose turn it is may have changed.
    pub(super) fn touch_queue(&self, touched: &mut Touched, delivery: &Delivery) {
        if let Some(outgoing) = delivery.content.outgoing() {
            touched.queues.insert(keys::queue(&outgoing.message), lane::of(&delivery.content));
        }
    }

    /// Gives the turn to whom it belongs, and its place in the lane with it.
    pub(super) fn settle_turns(&mut self, touched: &mut Touched) -> Result<(), StoreError> {
        for (queue, lane) in std::mem::take(&mut touched.queues) {
            let before = self.deliveries().front(&queue)?;
            let after = self.deliveries().right_front(&queue, before)?;
            if before == after {
                continue;
            }
            if let Some(Front { number, due: Some(due) }) = before {
                // Which rank it had may be forgotten with it.
                for rank in rank::all(&lane) {
                    if self.get(&keys::due(&rank, due.millis(), number))?.is_some() {
                        self.leave_lane(touched, &rank, due, number);
                    }
                }
            }
            if let Some(Front { number, due: Some(due) }) = after {
                let content = self.deliveries().get(number)?.map(|delivery| delivery.content);
                let rank = content.map_or_else(|| lane.clone(), |content| rank::of(&content));
                self.wait_in_lane(touched, &rank, due, number);
            }
            match after {
                Some(after) => self.write(keys::front(&queue), &after)?,
                None => chunk::remove(self, keys::front(&queue))?,
            }
        }
        Ok(())
    }
}
