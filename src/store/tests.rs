//! Failures of the disk, played by `faults`. They cannot be brought about through the door.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use super::{
    Internal, Store, StoreError,
    committer::Patience,
    faults::{Fault, Faulty, World, held},
    slot::Slot,
};
use crate::clock::{Clock, Time};

pub(super) const OWNER: Internal = Internal(7);

/// Longer than any pause between attempts.
const LONG: Duration = Duration::from_secs(60);

pub(super) struct House {
    pub(super) store: Store,
    pub(super) world: Arc<World>,
    clock: Clock,
}

impl House {
    pub(super) fn new() -> Self {
        Self::on(Arc::default(), Patience::default())
    }

    pub(super) fn on(world: Arc<World>, patience: Patience) -> Self {
        let clock = Clock::stopped_at(Time::from_millis(0));
        let slot = Slot::open(Box::new(Faulty(Arc::clone(&world)))).unwrap();
        Self { store: Store::start(slot, &clock, patience).unwrap(), world, clock }
    }

    fn put(&self, id: i64, text: &'static str) -> Result<bool, StoreError> {
        self.store.write_blocking(move |txn| txn.objects(&OWNER).put("List", id, text, &[("name", text)]))
    }

    fn all(&self) -> Vec<(i64, String)> {
        self.store.read_blocking(|view| view.objects(&OWNER).scan("List", i64::MIN, 100)).unwrap()
    }

    /// Waits until the store has attempted something so often.
    fn attempts(&self, times: u64) {
        while self.store.stats().recovery_attempts < times {
            std::thread::yield_now();
        }
    }

    /// Lets the store recover, step by step; gives whether it has in the end.
    pub(super) fn recover(&self) -> bool {
        (0..100).any(|_| !self.store.stats().failed || self.attempt())
    }

    /// Lets the store attempt what is next; gives whether it has recovered.
    pub(super) fn attempt(&self) -> bool {
        let before = self.store.stats().recovery_attempts;
        self.clock.advance(LONG);
        self.attempts(before + 1);
        !self.store.stats().failed
    }
}

pub(super) const FAULTS: [Fault; 4] = [Fault::Before, Fault::Half, Fault::Unsynced, Fault::Unheard];

#[test]
fn a_failed_commit_is_not_acknowledged_not_shown_and_taken_back() {
    for (fault, panics) in FAULTS.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
        let house = House::new();
        assert_eq!(house.put(1, "kept"), Ok(false));
        house.world.plan([Some((fault, panics))]);
        let Err(StoreError::Io { reason, .. }) = house.put(2, "lost") else { panic!("it was acknowledged") };
        assert_eq!(reason, if panics { "the disk is gone" } else { "no space left" });
        let kept = [(1, "kept".to_owned())];
        assert_eq!(house.all(), kept);
        let found = house.store.read_blocking(|view| view.objects(&OWNER).find("List", "name", "lost"));
        assert_eq!(found, Ok(Vec::new()));

        let refused = house.put(3, "refused");
        assert!(
            matches!(&refused, Err(StoreError::Unavailable { reason: why }) if why.contains(&reason)),
            "{refused:?}"
        );
        assert_eq!(house.all(), kept);
        let stats = house.store.stats();
        assert_eq!((stats.failed, stats.failures, stats.recoveries), (true, 1, 0));
        assert!(house.store.failure().is_some_and(|why| why.contains(&reason)));

        // Nobody calls, and it recovers all the same; taking back needs no time.
        house.attempts(1);
        assert_eq!(house.all(), kept);
        assert!(house.attempt());
        assert_eq!(house.store.failure(), None);
        assert_eq!(house.all(), kept);
        assert_eq!(house.put(2, "after"), Ok(false), "{fault:?}: what failed is there");
        let stats = house.store.stats();
        assert_eq!((stats.failed, stats.failures, stats.recoveries, stats.recovery_attempts), (false, 1, 1, 2));
        let world = Arc::clone(&house.world);
        let all = house.all();
        let keys = house.store.stats().live_keys;
        drop(house);
        let house = House::on(world, Patience::default());
        assert_eq!(house.all(), all);
        assert_eq!(house.store.stats().live_keys, keys);
    }
}

#[test]
fn attempts_come_at_growing_intervals() {
    let house = House::new();
    house.world.plan([Some((Fault::Unsynced, false))]);
    house.world.full.store(3, Ordering::SeqCst);
    house.put(1, "lost").unwrap_err();
    house.attempts(1);
    for (millis, so_far) in [(500, 1), (1000, 2), (2000, 3)] {
        house.clock.advance(Duration::from_millis(millis - 1));
        assert_eq!(house.store.stats().recovery_attempts, so_far, "it tries too soon");
        house.clock.advance(Duration::from_millis(1));
        house.attempts(so_far + 1);
        assert!(house.store.failure().is_some_and(|why| why.contains("no space left")));
        assert_eq!(house.all(), []);
    }
    assert!(house.attempt());
    assert_eq!(house.world.openings.load(Ordering::SeqCst), 2, "readers lost their engine for nothing");
    // It fails again before anything was committed: the pauses go on from where they were.
    house.world.plan([Some((Fault::Unsynced, false))]);
    house.put(1, "lost").unwrap_err();
    house.attempts(6);
    house.clock.advance(Duration::from_millis(7999));
    assert_eq!(house.store.stats().recovery_attempts, 6);
    house.clock.advance(Duration::from_millis(1));
    house.attempts(7);
    assert_eq!(house.put(1, "kept"), Ok(false));
    assert_eq!(house.store.stats().recoveries, 2);
}

#[test]
fn readers_keep_the_engine_until_the_disk_takes_anything() {
    let house = House::new();
    house.put(1, "kept").unwrap();
    let kept = [(1, "kept".to_owned())];
    house.world.dead.store(2, Ordering::SeqCst);
    house.world.plan([Some((Fault::Unsynced, false)), Some((Fault::Half, true))]);
    house.put(2, "lost").unwrap_err();
    house.attempts(1);
    assert_eq!(house.all(), kept);
    assert!(!house.attempt());
    assert_eq!(house.world.openings.load(Ordering::SeqCst), 1);
    assert!(!house.attempt(), "taking the batch back fails as it did");
    assert_eq!(house.all(), kept);
    house.world.shut.store(1, Ordering::SeqCst);
    assert!(!house.attempt(), "it cannot be opened");
    let look = house.store.read_blocking(|view| view.objects(&OWNER).count("List"));
    assert!(matches!(look, Err(StoreError::Unavailable { .. })), "{look:?}");
    assert!(house.recover());
    assert_eq!(house.all(), kept);
    assert_eq!(house.put(2, "after"), Ok(false));
}

#[test]
fn a_store_that_closes_takes_back_what_failed() {
    for fault in FAULTS {
        let house = House::new();
        house.world.plan([None, Some((fault, false))]);
        house.put(1, "kept").unwrap();
        house.put(2, "lost").unwrap_err();
        let world = Arc::clone(&house.world);
        drop(house);
        assert_eq!(House::on(world, Patience::default()).all(), [(1, "kept".to_owned())], "{fault:?}");
    }
}

#[test]
fn an_engine_that_hangs_is_nudged() {
    let patience = Patience { nudge: Duration::from_millis(5), give_up: LONG, ..Patience::default() };
    let house = House::on(Arc::default(), patience);
    let (nudged, gate) = mpsc::channel();
    *held(&house.world.gate) = Some(gate);
    *held(&house.world.nudged) = Some(nudged);
    house.world.plan([Some((Fault::Unsynced, false))]);
    assert!(matches!(house.put(1, "lost"), Err(StoreError::Io { .. })));
    assert!(house.recover());
    assert_eq!(house.put(1, "kept"), Ok(false));
}

#[test]
fn a_disk_that_does_not_answer_holds_nobody_up() {
    // Real time, in which a disk that does answer is heard on any machine.
    let give_up = Duration::from_secs(3);
    let house = House::on(Arc::default(), Patience { nudge: Duration::from_millis(5), give_up, ..Patience::default() });
    house.put(1, "kept").unwrap();
    let (open, gate) = mpsc::channel();
    *held(&house.world.gate) = Some(gate);
    let late = house.put(2, "late");
    assert!(matches!(&late, Err(StoreError::Io { reason, .. }) if reason.contains("not answered")), "{late:?}");
    assert!(matches!(house.put(3, "refused"), Err(StoreError::Unavailable { .. })));
    // Time alone changes nothing as long as the disk has the batch; then it ends well, and its callers know that it did not.
    house.clock.advance(LONG);
    assert_eq!(house.store.stats().recovery_attempts, 0);
    assert_eq!(house.all(), [(1, "kept".to_owned())]);
    open.send(()).unwrap();
    assert!(house.recover());
    assert_eq!(house.all(), [(1, "kept".to_owned())]);
    assert_eq!(house.put(2, "again"), Ok(false));
}

#[test]
fn a_failed_commit_fails_all_of_its_batch() {
    let house = House::new();
    // The first holds the committer until the others stand in the queue; so all of them are one batch.
    let (go, wait) = mpsc::channel::<()>();
    let (running, runs) = mpsc::channel::<()>();
    let outcomes = std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            house.store.write_blocking(move |txn| {
                running.send(()).unwrap();
                wait.recv().unwrap();
                txn.objects(&OWNER).put("List", 1, "one", &[])
            })
        });
        runs.recv().unwrap();
        let house = &house;
        let others: Vec<_> = (2..6).map(|id| scope.spawn(move || house.put(id, "more"))).collect();
        while house.store.stats().queued < 4 {
            std::thread::yield_now();
        }
        house.world.plan([Some((Fault::Unheard, false))]);
        go.send(()).unwrap();
        let mut outcomes = vec![first.join().unwrap()];
        outcomes.extend(others.into_iter().map(|other| other.join().unwrap()));
        outcomes
    });
    for outcome in outcomes {
        assert!(matches!(outcome, Err(StoreError::Io { .. })), "{outcome:?}");
    }
    assert_eq!(house.all(), []);
    assert!(house.recover());
    assert_eq!(house.all(), []);
}

#[test]
fn readers_see_whole_states_while_the_store_fails_and_recovers() {
    let house = House::new();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (house, over) = (&house, &over);
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || {
                    let mut last = 0;
                    while !over.load(Ordering::SeqCst) {
                        let seen = house.store.read_blocking(|view| {
                            let objects = view.objects(&OWNER);
                            let one: Option<i64> = objects.get("Count", 1)?;
                            let all: Vec<(i64, i64)> = objects.scan("Count", i64::MIN, 10)?;
                            let two: Option<i64> = objects.get("Count", 2)?;
                            assert_eq!(one, two);
                            let each: Vec<i64> = all.into_iter().map(|(_, value)| value).collect();
                            assert_eq!(each, one.map_or(Vec::new(), |value| vec![value; 3]));
                            Ok::<_, StoreError>(one.unwrap_or(0))
                        });
                        let seen = seen.unwrap();
                        assert!(seen >= last && seen % 2 == 0, "{seen} after {last}");
                        last = seen;
                    }
                })
            })
            .collect();
        // Even numbers are kept, odd ones fail.
        for turn in 0..120i64 {
            let fault = FAULTS[usize::try_from(turn).unwrap() % 4];
            for value in [2 * turn + 2, 2 * turn + 3] {
                if value % 2 == 1 {
                    house.world.plan([Some((fault, turn % 3 == 0))]);
                }
                let written = house.store.write_blocking(move |txn| {
                    (1..=3).try_for_each(|id| txn.objects(&OWNER).put("Count", id, &value, &[]).map(drop))
                });
                assert_eq!(written.is_ok(), value % 2 == 0, "{written:?}");
            }
            assert!(house.recover());
        }
        over.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

#[test]
fn undos_are_dropped_when_no_reader_needs_them() {
    let house = House::new();
    let versions = Arc::clone(&house.store.0.shared.versions);
    let old = versions.view();
    for id in 0..3 {
        house.put(id, "x").unwrap();
    }
    assert_eq!(versions.undos(), 3);
    drop(old);
    assert_eq!(versions.undos(), 0);
    house.world.plan([Some((Fault::Half, false))]);
    house.world.dead.store(1, Ordering::SeqCst);
    house.put(9, "x").unwrap_err();
    house.attempts(1);
    assert_eq!(versions.undos(), 1);
    assert!(house.recover());
    assert_eq!(versions.undos(), 0);
}

fn put_text(store: &Store, id: i64, text: String) {
    store.write_blocking(move |txn| txn.objects(&OWNER).put("List", id, &text, &[("name", &text)])).unwrap();
}

/// What lies there, in key order.
fn everything(view: &super::View<'_>, from: &[u8], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    let visit: &mut super::engine::Visit<'_> = &mut |key, value| {
        found.push((key.to_vec(), value.to_vec()));
        Ok(found.len() < limit)
    };
    super::versions::Source::visit(view, from, None, visit).unwrap();
    found
}

#[test]
fn a_reader_that_catches_up_sees_its_moment_and_keeps_nothing_that_it_has_passed() {
    let store = Store::open(&super::Settings::default()).unwrap();
    let versions = Arc::clone(&store.0.shared.versions);
    for id in 0..40 {
        put_text(&store, id, format!("before {id}"));
    }
    let (mut view, other) = (versions.view(), versions.view());
    let expected = everything(&other, &[], usize::MAX);
    let (mut seen, mut from, mut most) = (Vec::new(), Vec::new(), 0);
    for step in 0.. {
        // Changed, removed and added, before and behind the reader.
        for id in [0, 39, step % 40, 100 + step] {
            put_text(&store, id, format!("after {step}"));
        }
        let gone = store.write_blocking(move |txn| txn.objects(&OWNER).remove("List", (step * 7) % 40));
        gone.unwrap();
        let page = everything(&view, &from, 5);
        let more = page.len() == 5;
        seen.extend(page);
        if !more {
            break;
        }
        from = seen.last().unwrap().0.clone();
        from.push(0);
        most = most.max(view.catch_up(&from));
    }
    assert_eq!(seen, expected);
    assert!(most > 0, "something changed ahead of it");
    assert_eq!(everything(&other, &[], usize::MAX), expected, "the other reader has its own");
    drop(other);
    assert!(view.catch_up(&[0xFF]) == 0 && versions.undos() == 0);
}

#[test]
fn the_engine_is_opened_again_before_a_start_would_have_much_to_read() {
    // At a quiet moment, and without one.
    for (renew_at, renew_by) in [(1000, u64::MAX), (u64::MAX, 1000)] {
        let quiet = Duration::from_millis(1);
        let house = House::on(Arc::default(), Patience { renew_at, renew_by, quiet, ..Patience::default() });
        for id in 0..100 {
            house.put(id, "kept").unwrap();
            assert_eq!(house.all().len(), usize::try_from(id).unwrap() + 1);
        }
        while house.world.openings.load(Ordering::SeqCst) < 2 {
            std::thread::yield_now();
        }
        assert_eq!(house.all().len(), 100);
        let stats = house.store.stats();
        assert_eq!((stats.failed, stats.failures, stats.commits), (false, 0, 100));
    }
}
