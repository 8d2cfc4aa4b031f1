//! Deliveries as they are read: one, what is due, lists, counts. What one holds is in `delivery`, what changes them in
//! `outbox`, where they wait in `lane`, their keys in `delivery_key`.
//!
//! A delivery is recorded in the transaction that made what it tells of, and sent after. Nothing here sends.

use std::collections::BTreeMap;

use super::{
    Name, StoreError, Transaction, View,
    conversations::read,
    delivery::{Content, Delivery, DeliveryKind, DeliveryState, number_of},
    delivery_key as keys, key,
    outgoing::Asker,
    versions::Source,
};
use crate::clock::Time;

/// How many deliveries there are, by kind and state.
pub type Counts = BTreeMap<(DeliveryKind, DeliveryState), u64>;

/// Deliveries of all accounts, to read.
#[derive(Clone, Copy)]
pub struct Deliveries<'a>(pub(super) &'a dyn Source);

impl View<'_> {
    /// The deliveries of all accounts.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries(self)
    }
}

impl Transaction<'_> {
    /// The deliveries of all accounts, to read.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries(self)
    }
}

impl Deliveries<'_> {
    /// One delivery.
    pub fn get(&self, number: i64) -> Result<Option<Delivery>, StoreError> {
        read(self.0, &keys::delivery(number))
    }

    /// One delivery by the id that is on the wire.
    pub fn with_id(&self, id: &str) -> Result<Option<Delivery>, StoreError> {
        let Some(number) = number_of(id) else { return Ok(None) };
        Ok(self.get(number)?.filter(|delivery| delivery.id.eq_ignore_ascii_case(id)))
    }

    /// The newest deliveries that `wanted` takes, below the number `after`: at most `limit`. With a state, only those of that
    /// state are looked at.
    pub fn list(
        &self,
        state: Option<DeliveryState>,
        after: Option<i64>,
        limit: usize,
        wanted: &dyn Fn(&Delivery) -> bool,
    ) -> Result<Vec<Delivery>, StoreError> {
        let all = state.map_or_else(keys::deliveries, |state| keys::states(state.byte()));
        let from = match (state, after.and_then(|after| after.checked_sub(1))) {
            (_, None) => all.clone(),
            (Some(state), Some(after)) => keys::state(state.byte(), after),
            (None, Some(after)) => keys::delivery(after),
        };
        let mut list = Vec::new();
        if limit > 0 {
            self.0.visit(&from, key::after_prefix(&all).as_deref(), &mut |key, _| {
                let delivery = keys::fallen(key).map(|number| self.get(number)).transpose()?.flatten();
                list.extend(delivery.filter(|delivery| wanted(delivery)));
                Ok(list.len() < limit)
            })?;
        }
        Ok(list)
    }

    /// The deliveries about one conversation, in the order in which they were owed.
    pub fn of_conversation(&self, name: &Name) -> Result<Vec<Delivery>, StoreError> {
        let numbers = self.numbers_of(name)?;
        let mut found = Vec::with_capacity(numbers.len());
        for number in numbers {
            found.extend(self.get(number)?);
        }
        Ok(found)
    }

    /// Whether nothing more becomes of a delivery unless somebody asks ([`Delivery::is_settled`]); one that is unknown is settled.
    pub fn is_settled(&self, number: i64) -> Result<bool, StoreError> {
        Ok(self.get(number)?.is_none_or(|delivery| delivery.is_settled()))
    }

    /// Whether something about a conversation is not settled.
    pub fn is_owed(&self, name: &Name) -> Result<bool, StoreError> {
        for number in self.numbers_of(name)? {
            if self.get(number)?.is_some_and(|delivery| !delivery.is_settled()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn numbers_of(&self, name: &Name) -> Result<Vec<i64>, StoreError> {
        let (from, mut numbers) = (keys::all_about(name), Vec::new());
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
            numbers.extend(keys::fallen(key));
            Ok(true)
        })?;
        numbers.reverse();
        Ok(numbers)
    }

    /// How many there are.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let mut counts = Counts::new();
        for kind in DeliveryKind::ALL {
            for state in DeliveryState::ALL {
                if let Some(bytes) = self.0.get(&keys::count(kind.byte(), state.byte()))? {
                    counts.insert((kind, state), counted(&bytes));
                }
            }
        }
        Ok(counts)
    }

    /// The delivery that has been owed longest and is still to go out.
    pub fn oldest(&self) -> Result<Option<Delivery>, StoreError> {
        let (from, mut number) = (keys::all_unsettled(), None);
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
            number = keys::risen(key);
            Ok(false)
        })?;
        number.map_or(Ok(None), |number| self.get(number))
    }

    /// Until when the next message is waited for of which a webhook is to tell.
    pub fn next_unconfirmed(&self) -> Result<Option<Time>, StoreError> {
        let (from, mut next) = (keys::all_confirm(), None);
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
            next = keys::moment(key).map(Time::from_millis);
            Ok(false)
        })?;
        Ok(next)
    }

    /// When the next delivery is to be forgotten that does not go with its conversation.
    pub fn next_forgotten(&self) -> Result<Option<Time>, StoreError> {
        let (from, mut next) = (keys::all_forget(), None);
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, _| {
            next = keys::moment(key).map(Time::from_millis);
            Ok(false)
        })?;
        Ok(next)
    }

    /// Numbers of deliveries in one state, the newest first, below `after`: at most `limit`.
    pub fn numbers(&self, state: DeliveryState, after: Option<i64>, limit: usize) -> Result<Vec<i64>, StoreError> {
        let all = keys::states(state.byte());
        let from = match after.and_then(|after| after.checked_sub(1)) {
            Some(after) => keys::state(state.byte(), after),
            None => all.clone(),
        };
        let mut numbers = Vec::new();
        if limit > 0 {
            self.0.visit(&from, key::after_prefix(&all).as_deref(), &mut |key, _| {
                numbers.extend(keys::fallen(key));
                Ok(numbers.len() < limit)
            })?;
        }
        Ok(numbers)
    }
}

/// The entries of the indexes that follow from a delivery alone. Its place in its lane is not among them.
pub(super) fn entries(delivery: &Delivery) -> Vec<Vec<u8>> {
    let (number, state) = (delivery.number, delivery.state);
    let mut entries = vec![keys::state(state.byte(), number)];
    entries.extend(state.is_unsettled().then(|| keys::unsettled(number)));
    match &delivery.content {
        Content::Results(notice) => entries.push(keys::about(&notice.name, number)),
        Content::Send(_) => {}
        Content::Message(outgoing) => {
            let message = &outgoing.message;
            if let Asker::Part { name, .. } = &outgoing.asker {
                entries.push(keys::about(name, number));
            }
            if delivery.is_waited_for() {
                entries.push(keys::turn(&keys::queue(message), number));
            }
            let given = outgoing.verdict.as_ref().and_then(|verdict| verdict.id.as_ref());
            for id in given.into_iter().chain([&message.key]).filter(|id| !id.is_empty()) {
                entries.push(keys::external(&message.connector, id, number));
            }
            if let (DeliveryState::Accepted, Some(until)) = (state, delivery.due) {
                entries.push(keys::confirm(until.millis(), number));
            }
        }
    }
    entries
}

/// A count as it is kept.
pub(super) fn counted(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
