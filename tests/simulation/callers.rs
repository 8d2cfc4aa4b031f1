//! What callers and operators do in a world: they send parts, take them back, and send again what was not run.

use std::sync::Arc;

use envoi::{
    clock::Time,
    conversation::Arriving,
    message::{Operation, options::Priority},
    queue::{self, NoRemainder, Refusal},
    store::Transaction,
};

use crate::{
    engine::{self, ENTERPRISE},
    model::{Accepted, Coming, Key},
    world::{ACCOUNTS, World, name},
};

impl World {
    pub(crate) fn arrive(&mut self) {
        let account = ENTERPRISE + self.dice.below(ACCOUNTS);
        self.requests += 1;
        let request_id = format!("00000000-0000-4000-8000-{:012}", self.requests);
        let single = self.dice.one_in(4);
        let number = self.generation + self.dice.below(3);
        self.generation += u64::from(self.dice.one_in(6));
        let id = if single { request_id.clone() } else { format!("conv {number}") };
        let usual = if single { 1 } else { 1 + u32::try_from(number % 4).expect("little") };
        let wrong = !single && self.dice.one_in(25);
        let calls = if wrong { usual + 1 } else { usual };
        let sequence = 1 + u32::try_from(self.dice.below(u64::from(calls))).expect("little");
        let scheduled = self.dice.one_in(7).then(|| self.now + self.dice.below_signed(20 * 60_000));
        let expires = (calls == 1 && self.dice.one_in(8))
            .then(|| self.now.max(scheduled.unwrap_or(i64::MIN)) + self.dice.below_signed(10 * 60_000));
        let (priority, window) = match self.dice.below(8) {
            0 => (Some(Priority::Low), Some(300_000)),
            1 => (Some(Priority::Medium), Some(60_000)),
            2 => (Some(Priority::High), Some(0)),
            _ => (None, None),
        };
        let good = !self.dice.one_in(9);
        let objects = 1 + self.dice.below(3);
        let mut lists: Vec<_> =
            (0..objects).map(|at| format!("{account}/{id}/{sequence}/{}.{at}", self.requests)).collect();
        if !good {
            lists.push("taken".to_owned());
        }
        let time = |millis: Option<i64>| millis.map(Time::from_millis);
        let part = Arriving { sequence, calls, scheduled: time(scheduled), expires: time(expires), priority };
        let conversation = (!single).then_some(id.as_str());
        let arrival = engine::arrival(self.client(account), conversation, part, request_id.clone(), &lists);
        let bytes = arrival.envelope.len() as u64;
        let accepted = Accepted { request_id, lists, good, bytes, ran: None };
        let coming = Coming { sequence, calls, scheduled, expires, window, accepted };
        let key: Key = (account, single, id);

        let mut after = self.model.clone();
        let expected = after.arrive(&key, coming, self.now);
        let before = self.image.batches();
        let taken = engine::take(self.store(), arrival, self.time(), &self.settings().clone());
        self.note(|| format!("{key:?} part {sequence} of {calls}: {taken:?}"));
        let code = match taken {
            Ok(Ok(())) => Some(0),
            Ok(Err(rejection)) => Some(rejection.code()),
            Err(Refusal::Quota(_)) => None,
            Err(Refusal::Rule(rejection)) => panic!("{rejection:?}"),
            Err(Refusal::Store(_)) => {
                if self.after_mishap(before) {
                    self.model = after;
                }
                return;
            }
        };
        assert_eq!(code, expected, "{key:?} part {sequence} of {calls}");
        match code {
            Some(0) => self.tally.accepted += 1,
            Some(_) => self.tally.refused += 1,
            None => self.tally.over_quota += 1,
        }
        self.model = after;
        self.check(&key);
    }

    /// Any of the conversations that there have been, and now and then one that nobody has sent.
    fn any(&mut self) -> Key {
        let place = self.dice.below(self.model.stories.len() as u64 + 1);
        let known = self.model.stories.keys().nth(usize::try_from(place).expect("little"));
        known.cloned().unwrap_or_else(|| (ENTERPRISE, false, "nobody".to_owned()))
    }

    pub(crate) fn delete(&mut self) {
        let key = self.any();
        let object = match key.1 {
            true => format!("<Objects xsi:type=\"ScheduledRequest\"><RequestID>{}</RequestID></Objects>", key.2),
            false => {
                format!(
                    "<Objects xsi:type=\"ScheduledConversation\"><ConversationID>{}</ConversationID></Objects>",
                    key.2
                )
            }
        };
        let mut after = self.model.clone();
        let expected = after.delete(&key, self.now);
        let (before, client) = (self.image.batches(), self.client(key.0));
        match self.apply(Operation::Delete, engine::envelope("DeleteRequest", &object), client) {
            Ok(rows) => {
                assert_eq!(rows[0].code.unwrap_or(0), expected, "deleting {key:?}");
                self.tally.deleted += u64::from(expected == 0);
                self.model = after;
            }
            Err(_) if self.after_mishap(before) => self.model = after,
            Err(_) => {}
        }
        self.note(|| format!("{key:?} deleted: {expected}"));
        self.check(&key);
    }

    /// The remainder of a conversation is sent as a new one.
    pub(crate) fn renew(&mut self) {
        let key = self.any();
        self.requests += 1;
        let new: Key = (key.0, false, format!("renewed {}", self.requests));
        let old = self.model.stories.get(&key).filter(|story| !story.forgotten).cloned();
        let left = old.as_ref().map(|story| story.left()).unwrap_or_default();
        let possible = old.as_ref().is_some_and(|story| !story.renewed) && !left.is_empty();
        let (name, id, now) = (name(&key), new.2.clone(), self.time());
        let (accounts, settings) = (Arc::clone(&self.accounts), self.settings().clone());
        let before = self.image.batches();
        let renewed = self.store().write_blocking(move |txn: &mut Transaction<'_>| {
            queue::remainder(txn, &accounts, &name, &id, now, &settings)
        });
        self.note(|| format!("{key:?} renewed as {}: {renewed:?}", new.2));
        let done = match renewed {
            Ok(parts) => {
                assert!(possible && parts as usize == left.len(), "{key:?}: {parts} parts of {left:?}");
                true
            }
            Err(NoRemainder::Store(_)) => self.after_mishap(before),
            Err(NoRemainder::Refused(why)) => {
                assert!(possible && why.contains("limit"), "{why}");
                false
            }
            Err(why) => {
                assert!(!possible, "{key:?}: {why}");
                false
            }
        };
        let Some(old) = old.filter(|_| done) else { return };
        self.tally.renewed += 1;
        let calls = u32::try_from(left.len()).expect("little");
        // Its RequestIDs are new; the store knows them.
        let ids = self.store().read_blocking(|view| view.conversations().parts(&self::name(&new))).expect("parts");
        assert_eq!(ids.len(), left.len());
        for ((sequence, place), part) in left.iter().zip(1..).zip(&ids) {
            let mut accepted = old.parts[sequence].clone();
            accepted.request_id = part.request_id.clone();
            accepted.ran = None;
            let coming =
                Coming { sequence: place, calls, scheduled: None, expires: None, window: old.window, accepted };
            assert_eq!(self.model.arrive(&new, coming, self.now), Some(0), "{new:?}");
        }
        self.model.stories.get_mut(&key).expect("it is known").renewed = true;
        self.check(&new);
    }
}
