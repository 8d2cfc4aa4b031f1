//! Turns: messages to one recipient of a connector, over one channel, or in one session, go one after the other, in the order in
//! which they were owed.
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
        // Only who has the turn is begun, so no other can be under way; unless it was begun where an earlier version had its turn.
        let is_ours = |delivery: &Delivery| {
            delivery.content.outgoing().is_some_and(|outgoing| keys::queue(&outgoing.message) == queue)
        };
        if let Some(now) = now
            && self
                .get(now.number)?
                .is_some_and(|delivery| delivery.state == DeliveryState::Sending && is_ours(&delivery))
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

    /// Moves the turns that stand where another version of this program looks for them: a session was no queue of its own. To be
    /// called once, before anything is recovered or begun; where all stand right, nothing is written.
    ///
    /// # Errors
    /// The store's.
    pub fn right_turns(&mut self) -> Result<(), StoreError> {
        let (from, mut astray) = (keys::all_turns(), Vec::new());
        self.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
            let found = match keys::risen(key).map(|number| self.deliveries().get(number)) {
                Some(Ok(found)) => found,
                // What cannot be read is told by a check.
                None | Some(Err(StoreError::Corrupt { .. })) => None,
                Some(Err(error)) => return Err(error),
            };
            let outgoing = found.as_ref().and_then(|delivery| Some((delivery, delivery.content.outgoing()?)));
            let queue = outgoing.map(|(delivery, outgoing)| (delivery.number, keys::queue(&outgoing.message)));
            if let (Some((number, queue)), Some(held)) = (queue, keys::queue_of(key))
                && held != queue
            {
                let lane = found.as_ref().map(|delivery| lane::of(&delivery.content)).unwrap_or_default();
                astray.push((key.to_vec(), held.to_vec(), keys::turn(&queue, number), queue, lane));
            }
            Ok(true)
        })?;
        // Who leaves an old queue leaves its place in the lane before he takes one by the new.
        let (mut left, mut entered) = (Touched::default(), Touched::default());
        for (old, held, right, queue, lane) in astray {
            self.set(old, None);
            self.set(right, Some(Vec::new()));
            left.queues.insert(held, lane.clone());
            entered.queues.insert(queue, lane);
        }
        if !left.queues.is_empty() {
            self.settle_lanes(left)?;
            self.settle_lanes(entered)?;
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connector::{Action, Ambiguous, System, Text},
        store::{
            Content, Internal, Settings, Store,
            delivery::{Attempt, Attempted, Next},
            outgoing::{Asker, Outgoing},
        },
    };

    const OWNER: Internal = Internal(7);
    const END: Time = Time::from_millis(1 << 50);
    const NOW: Time = Time::from_millis(1000);

    fn message(recipient: &str) -> Message {
        Message {
            connector: "pbx".to_owned(),
            system: System::Yeastar,
            action: Action::Text(Text { session: Some("12".to_owned()), ..Text::default() }),
            recipient: recipient.to_owned(),
            channel: "sms".to_owned(),
            sender: None,
            key: recipient.to_owned(),
            ordinal: 0,
            place: 0,
            kind: "SMSTriggeredSend".to_owned(),
            definition: None,
            subscriber: None,
        }
    }

    /// The queue of a message before sessions had their own.
    fn before(message: &Message) -> Vec<u8> {
        let mut queue = Vec::new();
        for text in [&message.connector, &message.recipient, &message.channel] {
            key::index_value(&mut queue, text.as_bytes());
        }
        queue
    }

    #[test]
    fn turns_from_before_sessions_had_queues_are_moved() {
        let store = Store::open(&Settings::default()).unwrap();
        let order = store.write_blocking(|txn: &mut Transaction<'_>| -> Result<_, StoreError> {
            let mut owed = Vec::new();
            for recipient in ["+492", "+491", "+493"] {
                let outgoing = Outgoing::new(7, Asker::Call { batch: 1 }, message(recipient));
                let content = Content::Message(Box::new(outgoing));
                let lane = lane::of(&content);
                let number = txn.owe(&OWNER, content, NOW, NOW)?;
                owed.push((number, before(&message(recipient)), lane));
            }
            // As an earlier version left it: each recipient has a queue, and each the turn in it.
            let queue = keys::queue(&message("+491"));
            chunk::remove(txn, keys::front(&queue))?;
            for (number, old, lane) in &owed {
                txn.set(keys::turn(&queue, *number), None);
                txn.set(keys::turn(old, *number), Some(Vec::new()));
                txn.write(keys::front(old), &Front { number: *number, due: Some(NOW) })?;
                txn.set(keys::due(lane, NOW.millis(), *number), Some(Vec::new()));
            }
            let due = |txn: &Transaction<'_>| Ok::<_, StoreError>(txn.deliveries().due(NOW, 10, &|_| 10, &|_| 0)?.0);
            assert_eq!(due(txn)?.into_iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
            txn.right_turns()?;
            assert_eq!(txn.recover_deliveries(NOW, END, &|_| Ambiguous::Stop)?, []);
            let mut order: Vec<i64> = Vec::new();
            for _ in 0..owed.len() {
                let next = due(txn)?;
                assert_eq!(next.len(), 1, "one after the other");
                let all: Vec<i64> = owed.iter().map(|(number, ..)| *number).collect();
                assert_eq!(txn.begin_deliveries(&all, NOW)?.len(), 1);
                order.extend(&next);
                let attempt = Attempt { at: NOW, took_ms: 1, outcome: Attempted::Delivered, status: String::new() };
                txn.end_attempt(next[0], attempt, Next::Delivered, NOW, END)?;
            }
            assert_eq!(due(txn)?.len(), 0);
            let old = owed.iter().map(|(_, old, _)| txn.deliveries().front(old));
            assert!(old.collect::<Result<Vec<_>, _>>()?.iter().all(Option::is_none));
            Ok((order, owed.into_iter().map(|(number, ..)| number).collect::<Vec<_>>()))
        });
        let (order, owed) = order.unwrap();
        assert_eq!(order, owed);
    }

    #[test]
    fn who_stood_behind_one_that_was_under_way_in_a_session_has_his_turn() {
        for policy in [Ambiguous::Stop, Ambiguous::Ask, Ambiguous::Retry] {
            let store = Store::open(&Settings::default()).unwrap();
            let due = store.write_blocking(move |txn: &mut Transaction<'_>| -> Result<_, StoreError> {
                let owe = |txn: &mut Transaction<'_>, message: Message| {
                    let outgoing = Outgoing::new(7, Asker::Call { batch: 1 }, message);
                    txn.owe(&OWNER, Content::Message(Box::new(outgoing)), NOW, NOW)
                };
                let within = message("+491");
                let plain = Message { action: Action::Text(Text::default()), ..within.clone() };
                let first = owe(txn, within.clone())?;
                assert_eq!(txn.begin_deliveries(&[first], NOW)?.len(), 1);
                // As an earlier version left it: both in the queue of their recipient.
                let (queue, old) = (keys::queue(&within), before(&within));
                chunk::remove(txn, keys::front(&queue))?;
                txn.set(keys::turn(&queue, first), None);
                txn.set(keys::turn(&old, first), Some(Vec::new()));
                txn.write(keys::front(&old), &Front { number: first, due: None })?;
                let second = owe(txn, plain)?;
                txn.right_turns()?;
                assert_eq!(txn.recover_deliveries(NOW, END, &|_| policy)?.len(), 1);
                let due = txn.deliveries().due(NOW, 10, &|_| 10, &|_| 0)?.0;
                Ok((due.contains(&second), due.contains(&first), due.len()))
            });
            let again = policy == Ambiguous::Retry;
            assert_eq!(due.unwrap(), (true, again, 1 + usize::from(again)), "{policy:?}");
        }
    }
}
