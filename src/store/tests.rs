//! Failures of the disk, played by an engine that fails when told to. They cannot be brought about through the door.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
    mpsc,
};

use super::{
    Internal, Store, StoreError,
    engine::{Changes, Engine, Entries},
    memory::Memory,
};

const OWNER: Internal = Internal(7);

/// Keeps what it is given, and then says (or shouts) that it could not make it durable.
#[derive(Default)]
struct Failing {
    memory: Memory,
    how: Arc<AtomicU8>,
}

const WELL: u8 = 0;
const FAIL: u8 = 1;
const PANIC: u8 = 2;

impl Engine for Failing {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.memory.get(key)
    }

    fn page(&self, from: &[u8], to: Option<&[u8]>) -> Result<(Entries, bool), StoreError> {
        self.memory.page(from, to)
    }

    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        self.memory.apply(changes)?;
        match self.how.load(Ordering::SeqCst) {
            WELL => Ok(()),
            FAIL => Err(StoreError::io("syncing", &"no space left")),
            _ => panic!("the disk is gone"),
        }
    }

    fn bytes_on_disk(&self) -> u64 {
        0
    }
}

fn put(store: &Store, id: i64, text: &'static str) -> Result<bool, StoreError> {
    store.write_blocking(move |txn| txn.objects(&OWNER).put("List", id, text, &[("name", text)]))
}

fn all(store: &Store) -> Vec<(i64, String)> {
    store.read_blocking(|view| view.objects(&OWNER).scan("List", i64::MIN, 10)).unwrap()
}

#[test]
fn a_failed_commit_is_not_acknowledged_not_shown_and_ends_writing() {
    for (how, said) in [(FAIL, "no space left"), (PANIC, "the disk is gone")] {
        let engine = Failing::default();
        let switch = Arc::clone(&engine.how);
        let store = Store::start(Arc::new(engine), None).unwrap();
        assert_eq!(put(&store, 1, "kept"), Ok(false));

        switch.store(how, Ordering::SeqCst);
        let Err(StoreError::Io { reason, .. }) = put(&store, 2, "lost") else { panic!("it was acknowledged") };
        assert_eq!(reason, said);
        assert_eq!(all(&store), [(1, "kept".to_owned())]);
        let found = store.read_blocking(|view| view.objects(&OWNER).find("List", "name", "lost"));
        assert_eq!(found, Ok(Vec::new()));

        switch.store(WELL, Ordering::SeqCst);
        assert!(matches!(put(&store, 3, "refused"), Err(StoreError::Unavailable { .. })));
        assert_eq!(all(&store), [(1, "kept".to_owned())]);
        assert!(store.stats().failed);
    }
}

#[test]
fn a_failed_commit_fails_all_of_its_batch() {
    let engine = Failing::default();
    let switch = Arc::clone(&engine.how);
    let store = Store::start(Arc::new(engine), None).unwrap();
    // The first holds the committer until the others stand in the queue; so all of them are one batch.
    let (go, wait) = mpsc::channel::<()>();
    let (running, runs) = mpsc::channel::<()>();
    let first = std::thread::spawn({
        let store = store.clone();
        move || {
            store.write_blocking(move |txn| {
                running.send(()).unwrap();
                wait.recv().unwrap();
                txn.objects(&OWNER).put("List", 1, "one", &[])
            })
        }
    });
    runs.recv().unwrap();
    let others: Vec<_> = (2..6)
        .map(|id| {
            let store = store.clone();
            std::thread::spawn(move || put(&store, id, "more"))
        })
        .collect();
    while store.stats().queued < 4 {
        std::thread::yield_now();
    }
    switch.store(FAIL, Ordering::SeqCst);
    go.send(()).unwrap();
    let mut outcomes = vec![first.join().unwrap()];
    outcomes.extend(others.into_iter().map(|other| other.join().unwrap()));
    for outcome in outcomes {
        assert!(matches!(outcome, Err(StoreError::Io { .. })), "{outcome:?}");
    }
    assert_eq!(all(&store), []);
}

#[test]
fn undos_are_dropped_when_no_reader_needs_them() {
    let store = Store::open(&super::Settings::default()).unwrap();
    let versions = Arc::clone(&store.0.shared.versions);
    let old = versions.view();
    for id in 0..3 {
        put(&store, id, "x").unwrap();
    }
    assert_eq!(versions.undos(), 3);
    drop(old);
    assert_eq!(versions.undos(), 0);
    put(&store, 9, "x").unwrap();
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
