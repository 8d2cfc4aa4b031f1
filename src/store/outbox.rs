//! What becomes of deliveries: the one place that changes their state and moves them among what is due.
//!
//! ```text
//! owe ──► Owed ──begin──► Sending ──end──► Delivered | Failed | InDoubt | Accepted, or Owed again
//!          ▲ ▲               │
//!          │ └───recover─────┘  (the program ended meanwhile)
//!          └─redeliver── Failed | InDoubt | Delivered | Withdrawn | Accepted
//! ```
//! What webhooks and operators say, and mail servers later of mail, is in `receipt`, in which order messages go in `turn`, how
//! deliveries are forgotten in `forget`.

use std::collections::BTreeMap;

use super::{
    Owner, StoreError, Transaction, deliveries,
    delivery::{Attempt, Attempted, Content, Delivery, DeliveryState, Next, id_of},
    delivery_key as keys,
    lane::Touched,
    rank, receipt,
};
use crate::{
    clock::Time,
    connector::{Ambiguous, Message, Verdict},
};

/// Deliveries that are changed together: lanes are looked at once.
const BATCH: usize = 256;

impl Transaction<'_> {
    /// Writes down that something is owed from now on and goes out at `due`; gives its number.
    pub fn owe(
        &mut self,
        owner: &(impl Owner + ?Sized),
        content: Content,
        now: Time,
        due: Time,
    ) -> Result<i64, StoreError> {
        let number = self.next_id();
        let mut touched = Touched::default();
        let delivery = Delivery {
            id: id_of(number),
            account: owner.account(),
            number,
            content,
            owed: now,
            state: DeliveryState::Owed,
            attempts: Vec::new(),
            tries: 0,
            series: 0,
            since: now,
            due: None,
            changed: now,
        };
        self.put_delivery(&mut touched, None, delivery, Some(due))?;
        self.settle_lanes(touched)?;
        self.remember_owed(number);
        Ok(number)
    }

    /// Marks deliveries as begun, as far as they are owed and due; gives those as they now are. To be durable before a byte of them leaves.
    pub fn begin_deliveries(&mut self, numbers: &[i64], now: Time) -> Result<Vec<Delivery>, StoreError> {
        let (mut touched, mut begun) = (Touched::default(), Vec::with_capacity(numbers.len()));
        let mut rates: BTreeMap<String, u32> = BTreeMap::new();
        for number in numbers {
            let Some(before) = self.deliveries().get(*number)? else { continue };
            if before.state != DeliveryState::Owed || before.due.is_none_or(|due| due > now) {
                continue;
            }
            if !self.deliveries().has_turn(&before)? {
                continue;
            }
            let mut after = before.clone();
            (after.state, after.changed) = (DeliveryState::Sending, now);
            if after.series == 0 {
                after.since = now;
            }
            (after.tries, after.series) = (after.tries.saturating_add(1), after.series.saturating_add(1));
            if let Some(outgoing) = after.content.outgoing() {
                *rates.entry(outgoing.message.connector.clone()).or_default() += 1;
            }
            begun.push(after.clone());
            self.put_delivery(&mut touched, Some(before), after, None)?;
        }
        self.settle_lanes(touched)?;
        for (connector, count) in rates {
            self.count_begun(&connector, count, now)?;
        }
        Ok(begun)
    }

    /// Writes down what an attempt of a message that is under way has to do, as its turn has shown; gives the delivery as it now is. To
    /// whom and over which channel it goes must stay what it was.
    pub fn put_message(&mut self, number: i64, message: Message) -> Result<Option<Delivery>, StoreError> {
        let Some(mut delivery) = self.deliveries().get(number)? else { return Ok(None) };
        let Some(outgoing) = delivery.content.outgoing_mut() else { return Ok(None) };
        debug_assert_eq!(keys::queue(&outgoing.message), keys::queue(&message), "its turn is another's");
        outgoing.message = message;
        self.write(keys::delivery(number), &delivery)?;
        Ok(Some(delivery))
    }

    /// Writes down what came of an attempt of a message that is under way, with what a webhook told before of the id that it was given;
    /// to be called before [`Self::end_attempt`]. `shown` is the request, of a connector that only records.
    pub fn judged(
        &mut self,
        number: i64,
        verdict: Verdict,
        shown: Option<String>,
        now: Time,
    ) -> Result<(), StoreError> {
        let Some(before) = self.deliveries().get(number)? else { return Ok(()) };
        let mut after = before.clone();
        let Some(outgoing) = after.content.outgoing_mut().filter(|_| before.state == DeliveryState::Sending) else {
            return Ok(());
        };
        if let Some(id) = &verdict.id
            && let Some(receipt) = self.take_early(&outgoing.message.connector, id, now)?
            && receipt::is_news(outgoing.receipt.as_ref(), &receipt)
        {
            outgoing.receipt = Some(receipt);
        }
        outgoing.verdict = Some(verdict);
        outgoing.shown = shown;
        let mut touched = Touched::default();
        self.put_delivery(&mut touched, Some(before), after, None)?;
        self.settle_lanes(touched)
    }

    /// Writes down how an attempt ended and what comes after. Gives the delivery as it now is; none when it has been
    /// forgotten or taken back meanwhile. `keep` is until when it is remembered when this was its end, if it does not go with a
    /// conversation.
    pub fn end_attempt(
        &mut self,
        number: i64,
        attempt: Attempt,
        next: Next,
        now: Time,
        keep: Time,
    ) -> Result<Option<Delivery>, StoreError> {
        let Some(before) = self.deliveries().get(number)? else { return Ok(None) };
        if before.state != DeliveryState::Sending {
            return Ok(None);
        }
        let mut touched = Touched::default();
        let after = self.ended(&mut touched, before, attempt, next, now, keep)?;
        self.settle_lanes(touched)?;
        Ok(Some(after))
    }

    fn ended(
        &mut self,
        touched: &mut Touched,
        before: Delivery,
        attempt: Attempt,
        next: Next,
        now: Time,
        keep: Time,
    ) -> Result<Delivery, StoreError> {
        let mut after = before.clone();
        after.remember(attempt);
        after.changed = now;
        let next = receipt::known(&after, next);
        let due = match next {
            Next::Again(at) | Next::Accepted(at) => Some(at),
            _ => None,
        };
        after.state = match next {
            Next::Delivered => DeliveryState::Delivered,
            Next::Again(_) => DeliveryState::Owed,
            Next::Failed => DeliveryState::Failed,
            Next::InDoubt | Next::Ask => DeliveryState::InDoubt,
            Next::Accepted(_) => DeliveryState::Accepted,
        };
        if let Some(outgoing) = after.content.outgoing_mut() {
            outgoing.asks = next == Next::Ask;
            // It was taken back while it was under way.
            if outgoing.is_last && after.state == DeliveryState::Owed {
                after.state = DeliveryState::Withdrawn;
            }
        }
        let due = due.filter(|_| after.state != DeliveryState::Withdrawn);
        self.mark_to_forget(&after, keep);
        self.put_delivery(touched, Some(before), after, due)
    }

    /// Takes up deliveries whose attempt had begun when the program ended: `policy` says of each whether it goes out again, under the
    /// same id. Gives those as they now are; to be called until there are none, before anything is begun.
    pub fn recover_deliveries(
        &mut self,
        now: Time,
        keep: Time,
        policy: &dyn Fn(&Delivery) -> Ambiguous,
    ) -> Result<Vec<Delivery>, StoreError> {
        let numbers = self.deliveries().numbers(DeliveryState::Sending, None, BATCH)?;
        let (mut touched, mut found) = (Touched::default(), Vec::with_capacity(numbers.len()));
        for number in &numbers {
            let Some(before) = self.deliveries().get(*number)? else { continue };
            let status = "the program ended during this attempt; it may have arrived".to_owned();
            let at = before.changed;
            let took_ms = u64::try_from(now.since(at).as_millis()).unwrap_or(u64::MAX);
            let attempt = Attempt { at, took_ms, outcome: Attempted::Interrupted, status };
            let is_last = before.content.outgoing().is_some_and(|outgoing| outgoing.is_last);
            let next = match policy(&before) {
                Ambiguous::Retry if !is_last => Next::Again(now),
                Ambiguous::Ask => Next::Ask,
                _ => Next::InDoubt,
            };
            found.push(self.ended(&mut touched, before, attempt, next, now, keep)?);
        }
        self.settle_lanes(touched)?;
        Ok(found)
    }

    /// Owes a delivery again, due now, with the same id, as if it had not been tried; gives whether it could be. One whose attempt is
    /// under way could not.
    pub fn redeliver(&mut self, number: i64, now: Time) -> Result<bool, StoreError> {
        let Some(before) = self.deliveries().get(number)? else { return Ok(false) };
        if before.state == DeliveryState::Sending {
            return Ok(false);
        }
        let mut after = before.clone();
        (after.state, after.series, after.since, after.changed) = (DeliveryState::Owed, 0, now, now);
        if let Some(outgoing) = after.content.outgoing_mut() {
            (outgoing.receipt, outgoing.asks, outgoing.is_last) = (None, false, false);
        }
        let mut touched = Touched::default();
        self.put_delivery(&mut touched, Some(before), after, Some(now))?;
        self.settle_lanes(touched)?;
        Ok(true)
    }

    /// Owes a delivery no longer; gives whether it was one that had not gone out. One whose attempt is under way is not taken back;
    /// of a message no attempt follows it.
    pub fn withdraw(&mut self, number: i64, now: Time, keep: Time) -> Result<bool, StoreError> {
        let Some(before) = self.deliveries().get(number)? else { return Ok(false) };
        let mut after = before.clone();
        if let (DeliveryState::Sending, Some(outgoing)) = (before.state, after.content.outgoing_mut()) {
            outgoing.is_last = true;
            self.write(keys::delivery(number), &after)?;
        }
        if !matches!(before.state, DeliveryState::Owed | DeliveryState::Failed | DeliveryState::InDoubt) {
            return Ok(false);
        }
        (after.state, after.changed) = (DeliveryState::Withdrawn, now);
        self.mark_to_forget(&after, keep);
        let mut touched = Touched::default();
        self.put_delivery(&mut touched, Some(before), after, None)?;
        self.settle_lanes(touched)?;
        Ok(true)
    }

    /// Gives up what has waited in a lane since `before` or longer; at most `limit`, and gives those. `status` says why.
    pub fn give_up_waiting(
        &mut self,
        lane: &str,
        before: Time,
        limit: usize,
        status: &str,
        now: Time,
        keep: Time,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut numbers = Vec::new();
        for rank in rank::all(lane) {
            let due = self.deliveries().due_in_rank(&rank, before, limit - numbers.len())?;
            numbers.extend(due.into_iter().map(|(_, number)| number));
        }
        let (mut touched, mut given_up) = (Touched::default(), Vec::with_capacity(numbers.len()));
        for number in &numbers {
            let Some(before) = self.deliveries().get(*number)? else { continue };
            let mut after = before.clone();
            let attempt = Attempt { at: now, took_ms: 0, outcome: Attempted::Refused, status: status.to_owned() };
            after.remember(attempt);
            (after.state, after.changed) = (DeliveryState::Failed, now);
            self.mark_to_forget(&after, keep);
            given_up.push(after.clone());
            self.put_delivery(&mut touched, Some(before), after, None)?;
        }
        self.settle_lanes(touched)?;
        Ok(given_up)
    }

    /// Keeps a delivery as it now is, and moves everything that follows from it.
    pub(super) fn put_delivery(
        &mut self,
        touched: &mut Touched,
        before: Option<Delivery>,
        mut after: Delivery,
        due: Option<Time>,
    ) -> Result<Delivery, StoreError> {
        let (number, kind) = (after.number, after.content.kind());
        after.due = due;
        let old = before.as_ref().map(|before| before.state);
        if after.content.outgoing().is_some() {
            self.touch_queue(touched, &after);
        } else {
            let rank = rank::of(&after.content);
            if let Some(due) = before.as_ref().and_then(|before| before.due) {
                self.leave_lane(touched, &rank, due, number);
            }
            if let Some(due) = due {
                self.wait_in_lane(touched, &rank, due, number);
            }
        }
        let (held, right) = (before.as_ref().map(deliveries::entries).unwrap_or_default(), deliveries::entries(&after));
        for entry in held.iter().filter(|entry| !right.contains(entry)) {
            self.set(entry.clone(), None);
        }
        for entry in right.iter().filter(|entry| !held.contains(entry)) {
            self.set(entry.clone(), Some(Vec::new()));
        }
        if old != Some(after.state) {
            if let Some(old) = old {
                self.count_delivery(kind, old, -1)?;
            }
            self.count_delivery(kind, after.state, 1)?;
        }
        self.write(keys::delivery(number), &after)?;
        Ok(after)
    }
}
