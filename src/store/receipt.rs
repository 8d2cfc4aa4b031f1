//! What is heard outside an attempt: of messages from webhooks, or nothing in time; of mail, that it has come back; of anything, from
//! operators.
//!
//! A webhook moves a message forward only: what was delivered stays so, and what was told twice changes nothing.

use super::{
    StoreError, Transaction,
    deliveries::Deliveries,
    delivery::{Attempt, Attempted, Delivery, DeliveryState, Next, STATUS_BYTES},
    delivery_key as keys, key,
    lane::Touched,
    versions::Source,
};
use crate::{clock::Time, connector::Receipt};

/// Messages that are given up in one transaction.
const BATCH: usize = 256;

/// What comes after an attempt when a webhook was faster than the answer, or told of what had no answer.
pub(super) fn known(delivery: &Delivery, next: Next) -> Next {
    match delivery.content.outgoing().and_then(|outgoing| outgoing.receipt.as_ref()) {
        Some(Receipt::Delivered | Receipt::Read) => Next::Delivered,
        Some(Receipt::Failed { .. }) => Next::Failed,
        Some(Receipt::Sent) if matches!(next, Next::Again(_) | Next::InDoubt | Next::Ask) => Next::Delivered,
        Some(Receipt::Sent) | None => next,
    }
}

/// How far a message has come; nothing comes after the last.
fn rank(receipt: &Receipt) -> u8 {
    match receipt {
        Receipt::Sent => 1,
        Receipt::Delivered => 2,
        Receipt::Read => 3,
        Receipt::Failed { .. } => 4,
    }
}

pub(super) fn is_news(held: Option<&Receipt>, receipt: &Receipt) -> bool {
    match (held, receipt) {
        (None, _) => true,
        // What has arrived cannot fail any more.
        (Some(Receipt::Delivered | Receipt::Read), Receipt::Failed { .. }) => false,
        (Some(held), receipt) => rank(held) < rank(receipt),
    }
}

/// Where a message stands after a receipt.
fn moved(state: DeliveryState, receipt: &Receipt) -> DeliveryState {
    use DeliveryState::{Accepted, Delivered, Failed, InDoubt, Owed, Sending, Withdrawn};
    match (state, receipt) {
        // The end of its attempt reads the receipt.
        (Sending, _) => Sending,
        (Withdrawn, _) => Withdrawn,
        (_, Receipt::Failed { .. }) => Failed,
        (_, Receipt::Delivered | Receipt::Read) => Delivered,
        // Nobody knew whether the system had it.
        (InDoubt | Owed, Receipt::Sent) => Delivered,
        (Accepted | Delivered | Failed, Receipt::Sent) => state,
    }
}

/// How the status of a mail that has come back ends: by which report, for operators.
fn marked(report: &str) -> String {
    format!(" (report {report})")
}

fn cut(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

/// Whether an attempt that a delivery remembers ends so: before reports had keys of their own, that was all that was kept of them.
fn is_among_attempts(delivery: &Delivery, end: &str) -> bool {
    delivery.attempts.iter().any(|one| one.outcome == Attempted::Bounced && one.status.ends_with(end))
}

impl Deliveries<'_> {
    /// The newest message of a connector that was tried and has this id, its own key or its system's.
    pub fn message(&self, connector: &str, id: &str) -> Result<Option<Delivery>, StoreError> {
        let (from, mut numbers) = (keys::externals(connector, id), Vec::new());
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
            numbers.extend(keys::fallen(key));
            Ok(numbers.len() < BATCH)
        })?;
        for number in numbers {
            let found = self.get(number)?.filter(|delivery| delivery.tries > 0);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

impl Transaction<'_> {
    /// Writes down what a webhook of a connector tells of the message with an id: the system's, or the message's own key. Gives the
    /// delivery as it now is; none when there is no such message, or it is known already.
    pub fn receive(
        &mut self,
        connector: &str,
        id: &str,
        receipt: Receipt,
        now: Time,
    ) -> Result<Option<Delivery>, StoreError> {
        let Some(before) = self.deliveries().message(connector, id)? else { return Ok(None) };
        let mut after = before.clone();
        let Some(outgoing) = after.content.outgoing_mut() else { return Ok(None) };
        if !is_news(outgoing.receipt.as_ref(), &receipt) {
            return Ok(None);
        }
        after.state = moved(before.state, &receipt);
        outgoing.receipt = Some(receipt);
        if after.state != before.state {
            outgoing.asks = false;
            after.changed = now;
        }
        let due = before.due.filter(|_| after.state == before.state);
        let mut touched = Touched::default();
        let after = self.put_delivery(&mut touched, Some(before), after, due)?;
        self.settle_lanes(touched)?;
        Ok(Some(after))
    }

    /// An operator says what became of a delivery that is in doubt, waits for its webhook or for another attempt. Gives it as it
    /// now is; none when it has an end already, or an attempt is under way. `keep` as in [`Self::end_attempt`].
    pub fn settle(
        &mut self,
        number: i64,
        delivered: bool,
        now: Time,
        keep: Time,
    ) -> Result<Option<Delivery>, StoreError> {
        let Some(before) = self.deliveries().get(number)? else { return Ok(None) };
        let can_be = matches!(before.state, DeliveryState::InDoubt | DeliveryState::Accepted | DeliveryState::Owed);
        if !can_be {
            return Ok(None);
        }
        let (outcome, status) = match delivered {
            true => (Attempted::Delivered, "an operator says that it was delivered"),
            false => (Attempted::Refused, "an operator says that it failed"),
        };
        let mut touched = Touched::default();
        let after = self.decided(&mut touched, before, outcome, status.to_owned(), now, keep)?;
        self.settle_lanes(touched)?;
        Ok(Some(after))
    }

    /// Writes down that a mail has come back which had gone out, or may have; `status` says why, `report` is the digest of what told
    /// it, where that is known: a mail may go out again, and the report of an attempt before come once more, however many came since.
    /// Gives it as it now is; none when it is another delivery, or that changes nothing: it has come back before, this report was
    /// heard before, it goes out again anyway, or an attempt is under way. `keep` as in [`Self::end_attempt`].
    pub fn bounced(
        &mut self,
        number: i64,
        mut status: String,
        report: Option<&str>,
        now: Time,
        keep: Time,
    ) -> Result<Option<Delivery>, StoreError> {
        let Some(before) = self.deliveries().get(number)? else { return Ok(None) };
        if !before.content.is_mail() || !matches!(before.state, DeliveryState::Delivered | DeliveryState::InDoubt) {
            return Ok(None);
        }
        if let Some(report) = report {
            let (heard, end) = (keys::report(number, report), marked(report));
            if self.get(&heard)?.is_some() || is_among_attempts(&before, &end) {
                return Ok(None);
            }
            self.set(heard, Some(Vec::new()));
            status = cut(status, STATUS_BYTES.saturating_sub(end.len())) + &end;
        }
        let mut touched = Touched::default();
        let after = self.decided(&mut touched, before, Attempted::Bounced, status, now, keep)?;
        self.settle_lanes(touched)?;
        Ok(Some(after))
    }

    /// Gives up messages that were accepted and of which no webhook has told in time; gives those, at most a page: to be called
    /// until there are none.
    pub fn give_up_unconfirmed(&mut self, now: Time, keep: Time) -> Result<Vec<Delivery>, StoreError> {
        let (from, next, mut numbers) = (keys::all_confirm(), keys::confirm_after(now.millis()), Vec::new());
        self.visit(&from, Some(&next), &mut |key, _| {
            numbers.extend(keys::risen(key));
            Ok(numbers.len() < BATCH)
        })?;
        let (mut touched, mut given_up) = (Touched::default(), Vec::with_capacity(numbers.len()));
        for number in numbers {
            let Some(before) = self.deliveries().get(number)? else { continue };
            let within = before.due.unwrap_or(now).since(before.changed);
            let status = format!("no confirmation within {within:?}");
            given_up.push(self.decided(&mut touched, before, Attempted::Uncertain, status, now, keep)?);
        }
        self.settle_lanes(touched)?;
        Ok(given_up)
    }

    fn decided(
        &mut self,
        touched: &mut Touched,
        before: Delivery,
        outcome: Attempted,
        status: String,
        now: Time,
        keep: Time,
    ) -> Result<Delivery, StoreError> {
        let mut after = before.clone();
        after.remember(Attempt { at: now, took_ms: 0, outcome, status });
        after.changed = now;
        after.state = match outcome {
            Attempted::Delivered => DeliveryState::Delivered,
            _ => DeliveryState::Failed,
        };
        if let Some(outgoing) = after.content.outgoing_mut() {
            outgoing.asks = false;
        }
        self.mark_to_forget(&after, keep);
        self.put_delivery(touched, Some(before), after, None)
    }
}
