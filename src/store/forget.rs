//! What deliveries leave behind when they are forgotten: nothing. Those about a conversation go with it, mails of triggered sends and
//! messages of synchronous calls when they have been remembered long enough.

use super::{
    StoreError, Transaction, chunk, deliveries,
    delivery::{Content, Delivery},
    delivery_key as keys, key,
    lane::Touched,
    outgoing::Asker,
    rank,
    versions::Source,
};
use crate::clock::Time;

/// Marks that are gone through in one transaction.
const BATCH: usize = 256;

impl Transaction<'_> {
    /// Forgets what does not go with a conversation and has been remembered long enough; gives how many marks it went through, to
    /// be called until there are none.
    pub fn forget_sends(&mut self, now: Time) -> Result<usize, StoreError> {
        let (from, next) = (keys::all_forget(), keys::forget_after(now.millis()));
        let mut ripe = Vec::new();
        self.visit(&from, Some(&next), &mut |key, _| {
            ripe.push(key.to_vec());
            Ok(ripe.len() < BATCH)
        })?;
        let mut touched = Touched::default();
        for key in &ripe {
            self.set(key.clone(), None);
            let number = keys::risen(key).unwrap_or_default();
            // One that an operator has sent again goes with a later mark.
            if self.deliveries().get(number)?.is_some_and(|delivery| delivery.is_settled()) {
                self.remove_delivery(&mut touched, number)?;
            }
        }
        self.settle_lanes(touched)?;
        Ok(ripe.len())
    }

    /// Mails of triggered sends, and messages of synchronous calls, are forgotten by themselves.
    pub(super) fn mark_to_forget(&self, delivery: &Delivery, keep: Time) {
        let is_alone = match &delivery.content {
            Content::Results(_) => false,
            Content::Send(_) => true,
            Content::Message(outgoing) => matches!(outgoing.asker, Asker::Call { .. }),
        };
        if is_alone && delivery.is_settled() {
            self.set(keys::forget(keep.millis(), delivery.number), Some(Vec::new()));
        }
    }

    /// Forgets what is and was owed about a conversation.
    pub(super) fn forget_deliveries(&mut self, name: &super::Name) -> Result<(), StoreError> {
        let mut touched = Touched::default();
        for number in self.deliveries().numbers_of(name)? {
            self.set(keys::about(name, number), None);
            self.remove_delivery(&mut touched, number)?;
        }
        self.settle_lanes(touched)
    }

    fn remove_delivery(&mut self, touched: &mut Touched, number: i64) -> Result<(), StoreError> {
        let Some(delivery) = self.deliveries().get(number)? else { return Ok(()) };
        match (&delivery.content, delivery.due) {
            (Content::Message(_), _) => self.touch_queue(touched, &delivery),
            (content, Some(due)) => self.leave_lane(touched, &rank::of(content), due, number),
            (_, None) => {}
        }
        for entry in deliveries::entries(&delivery) {
            self.set(entry, None);
        }
        if delivery.content.is_mail() {
            let (from, mut reports) = (keys::reports(number), Vec::new());
            self.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
                reports.push(key.to_vec());
                Ok(true)
            })?;
            for report in reports {
                self.set(report, None);
            }
        }
        self.count_delivery(delivery.content.kind(), delivery.state, -1)?;
        chunk::remove(self, keys::delivery(number))
    }
}
