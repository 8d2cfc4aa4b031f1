//! What must hold at every step: the store says of each conversation what the model says, every result is there once, in
//! order, and no count is off.

use std::collections::{BTreeMap, BTreeSet};

use envoi::{
    backend::ending,
    conversation::{Fate, State},
    object::Object,
    store::{Internal, Known, Outcome, StoreError, Transaction},
};

use crate::{
    engine::{lists, objects},
    history::Phase,
    model::{Key, Story},
    world::{World, name},
};

impl World {
    /// One conversation, as it is kept and as it ought to be.
    pub(crate) fn check(&self, key: &Key) {
        let known = self.store().read_blocking(|view| view.conversations().get(&name(key))).expect("a record");
        let Some(story) = self.model.stories.get(key) else {
            assert_eq!(known, None, "{key:?}: nobody sent it");
            return;
        };
        let kept = match known {
            Some(Known::Kept(kept)) => kept,
            other => {
                let expected = (!key.1).then_some(Known::Used);
                assert_eq!((other, story.forgotten), (expected, true), "{key:?}");
                return;
            }
        };
        assert!(!story.forgotten, "{key:?} ought to be forgotten");
        let phase = match kept.rules.state() {
            State::Open => Phase::Open,
            State::Closed => Phase::Closed,
            State::Processing => Phase::Processing,
            State::Complete => Phase::Complete,
            State::Error => Phase::Error,
            State::Timeout => Phase::Timeout,
            State::Unreadable => panic!("{key:?} is unreadable"),
        };
        assert_eq!(phase, story.history.phase(), "{key:?}");
        assert_eq!(kept.ended.map(|at| at.millis()), story.ended, "{key:?}");
        let (due, expected) = (kept.due.map(|at| at.millis()), story.due());
        // Each part moves the end of an open conversation's time on; the entry may stand at an earlier end.
        let stands = phase == Phase::Open && due.is_some() && due < expected;
        assert!(stands || due == expected, "{key:?}: due at {due:?}, expected {expected:?}");
        assert_eq!(kept.bytes, story.parts.values().map(|part| part.bytes).sum::<u64>(), "{key:?}");
        let left: Vec<u32> = if kept.ended.is_some() { kept.rules.remainder().collect() } else { Vec::new() };
        assert_eq!(left, story.left(), "{key:?}");
        self.check_parts(key, story, &kept);
    }

    /// Nothing acknowledged is lost, and each part has run once or not at all.
    fn check_parts(&self, key: &Key, story: &Story, kept: &envoi::store::Kept) {
        let parts = self.store().read_blocking(|view| view.conversations().parts(&name(key))).expect("parts");
        let ids = |of: &[envoi::store::Part]| of.iter().map(|part| part.request_id.clone()).collect::<Vec<_>>();
        let expected: Vec<_> = story.parts.values().map(|part| part.request_id.clone()).collect();
        assert_eq!(ids(&parts), expected, "{key:?}: what was acknowledged is what is there");
        let mut started = None;
        for part in &parts {
            let what = &story.parts[&part.sequence];
            let outcome = match (what.ran, story.ended) {
                (Some((true, _)), _) => Some(Outcome::Ok),
                (Some((false, _)), _) => Some(Outcome::Error),
                (None, Some(_)) => Some(Outcome::NotCompleted),
                (None, None) => None,
            };
            assert_eq!(part.outcome, outcome, "{key:?} part {}", part.sequence);
            assert_eq!(part.started.is_some(), what.ran.is_some(), "{key:?} part {}", part.sequence);
            let fate = kept.rules.fate(part.sequence);
            let ran = matches!(fate, Some(Fate::Completed | Fate::Failed));
            assert_eq!(ran, what.ran.is_some(), "{key:?} part {}: {fate:?}", part.sequence);
            let items = match what.ran {
                Some((_, true)) => what.lists.len(),
                _ => 0,
            };
            assert_eq!(part.results.items.len(), items, "{key:?} part {}", part.sequence);
            if what.ran.is_some() {
                assert!(started != Some(false), "{key:?} part {} ran before one that comes first", part.sequence);
            }
            started = Some(what.ran.is_some());
        }
    }

    /// The whole store.
    pub(crate) fn check_all(&self) {
        for key in self.model.stories.keys() {
            self.check(key);
        }
        self.check_due();
        for account in self.all_accounts() {
            let counted = self.store().write_blocking(move |txn: &mut Transaction<'_>| -> Result<_, StoreError> {
                ending::counted(txn, &Internal(account))
            });
            let counted = counted.expect("a count");
            let (open, bytes) = self.model.queued(account);
            assert_eq!((counted.open, counted.bytes), (open.cast_signed(), bytes.cast_signed()), "quota of {account}");
            self.check_results(account);
            self.check_lists(account);
        }
    }

    /// The index leads to everything that is not forgotten, once, at its moment, and to nothing else.
    fn check_due(&self) {
        let end = envoi::clock::Time::from_millis(i64::MAX / 2);
        let due = self.store().read_blocking(|view| view.conversations().due(end, usize::MAX, &|_| true)).expect("due");
        let mut expected: Vec<_> =
            self.model.stories.iter().filter_map(|(key, story)| Some((story.due()?, key))).collect();
        expected.sort();
        let mut names: Vec<_> = due.names.iter().map(|name| (name.is_single(), name.id().to_owned())).collect();
        let mut kept: Vec<_> = expected.iter().map(|(_, (_, single, id))| (*single, id.clone())).collect();
        names.sort();
        kept.sort();
        assert_eq!(names, kept, "what is due");
        assert_eq!((due.next, due.damaged.len()), (None, 0));
    }

    /// Results: one message for each call that ended, one item for each object that was looked at, one job for each call.
    fn check_results(&self, account: u64) {
        let (mut messages, mut items, mut jobs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for ((of, ..), story) in &self.model.stories {
            if *of != account || story.forgotten {
                continue;
            }
            for part in story.parts.values() {
                let id = &part.request_id;
                let status = match (part.ran, story.ended) {
                    (None, None) => "Pending",
                    (Some((true, _)), _) => "Complete",
                    _ => "Error",
                };
                jobs.insert(id.clone(), status.to_owned());
                let code = match part.ran {
                    Some((true, _)) => Some("-".to_owned()),
                    // The name is taken (1), or the part panicked (2).
                    Some((false, looked_at)) => Some(if looked_at { "1" } else { "2" }.to_owned()),
                    None if story.ended.is_some() => story.why_left().map(|code| code.to_string()),
                    None => None,
                };
                messages.extend(code.map(|code| (id.clone(), code)));
                if let Some((_, true)) = part.ran {
                    items.insert(id.clone(), part.lists.len());
                }
            }
        }
        let text = |object: &Object, name: &str| object.text(name).unwrap_or("-").to_owned();
        let found = objects(self.store(), account, "ResultMessage");
        let told: BTreeMap<_, _> = found.iter().map(|it| (text(it, "RequestID"), text(it, "ErrorCode"))).collect();
        assert_eq!((told.len(), &told), (found.len(), &messages), "ResultMessages of {account}");
        let mut told = BTreeMap::new();
        for item in objects(self.store(), account, "ResultItem") {
            *told.entry(text(&item, "RequestID")).or_insert(0) += 1;
        }
        assert_eq!(told, items, "ResultItems of {account}");
        let found = objects(self.store(), account, "AsyncRequestResult");
        let told: BTreeMap<_, _> = found.iter().map(|it| (text(it, "ObjectID"), text(it, "Status"))).collect();
        assert_eq!((told.len(), told), (found.len(), jobs), "AsyncRequestResults of {account}");
    }

    /// What the calls have done: each that ran did it once, no other did it, and those of one conversation in order.
    fn check_lists(&self, account: u64) {
        let made: Vec<_> = lists(self.store(), account).into_iter().filter(|list| list.contains('/')).collect();
        let mut expected = BTreeSet::new();
        for ((of, ..), story) in &self.model.stories {
            let ran = story.parts.values().filter(|part| *of == account && matches!(part.ran, Some((_, true))));
            let lists = |part: &crate::model::Accepted| {
                part.lists.iter().filter(|list| *list != "taken").cloned().collect::<Vec<_>>()
            };
            let in_order: Vec<_> = ran.flat_map(lists).collect();
            let places: Vec<_> = in_order.iter().map(|list| made.iter().position(|name| name == list)).collect();
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{in_order:?} stand at {places:?}");
            expected.extend(in_order);
        }
        assert_eq!(made.len(), expected.len(), "no list was made twice, or by a call that did not run");
    }
}
