//! The store through its door: durability over reopening, rollback, panics, snapshots, ids, the lock. Both engines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

use std::path::Path;

use envoi::store::{Internal, Settings, Store, StoreError, Transaction};

const OWNER: Internal = Internal(100_001);

fn open(path: Option<&Path>) -> Store {
    Store::open(&Settings { path: path.map(Path::to_path_buf), ..Settings::default() }).unwrap()
}

/// Runs a test on each engine.
fn on_both(test: impl Fn(&Store)) {
    test(&open(None));
    let directory = tempfile::tempdir().unwrap();
    test(&open(Some(directory.path())));
}

fn put(store: &Store, kind: &'static str, id: i64, text: &str, keys: &[(&'static str, &str)]) {
    let text = text.to_owned();
    let keys: Vec<(&str, String)> = keys.iter().map(|(index, value)| (*index, (*value).to_owned())).collect();
    store
        .write_blocking(move |txn| {
            let keys: Vec<(&str, &str)> = keys.iter().map(|(index, value)| (*index, value.as_str())).collect();
            txn.objects(&OWNER).put(kind, id, &text, &keys)
        })
        .unwrap();
}

fn get(store: &Store, kind: &'static str, id: i64) -> Option<String> {
    store.read_blocking(|view| view.objects(&OWNER).get::<String>(kind, id)).unwrap()
}

#[test]
fn objects_are_kept_found_scanned_counted_and_removed() {
    on_both(|store| {
        put(store, "Subscriber", 1, "ann", &[("email", "a@example.com"), ("list", "9"), ("list", "9")]);
        put(store, "Subscriber", 2, "bob", &[("email", "b@example.com"), ("list", "9")]);
        put(store, "Subscriber", -3, "cyd", &[("email", "a\0@example.com"), ("list", "8")]);
        put(store, "Subscriber", 2, "rob", &[("email", "r@example.com"), ("list", "9")]);
        store
            .read_blocking(|view| {
                let objects = view.objects(&OWNER);
                assert_eq!(objects.get::<String>("Subscriber", 2)?, Some("rob".to_owned()));
                assert_eq!(objects.find("Subscriber", "list", "9")?, [1, 2]);
                assert_eq!(objects.find_first("Subscriber", "email", "b@example.com")?, None);
                assert_eq!(objects.find_after("Subscriber", "list", "9", 2, 10)?, [2]);
                assert_eq!(objects.find_prefix("Subscriber", "email", "a", 10)?, [-3, 1]);
                assert_eq!(objects.count("Subscriber")?, 3);
                assert_eq!(objects.kinds()?, [("Subscriber".to_owned(), 3)]);
                let all = objects.scan::<String>("Subscriber", i64::MIN, 2)?;
                assert_eq!(all, [(-3, "cyd".to_owned()), (1, "ann".to_owned())]);
                assert_eq!(objects.scan::<String>("Subscriber", 1, 2)?, [(2, "rob".to_owned())]);
                assert_eq!(view.objects(&Internal(1)).count("Subscriber")?, 0);
                assert_eq!(view.objects(&Internal(1)).find("Subscriber", "list", "9")?, [0i64; 0]);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let removed = store.write_blocking(|txn| {
            let objects = txn.objects(&OWNER);
            Ok::<_, StoreError>((objects.remove("Subscriber", 1)?, objects.remove("Subscriber", 1)?))
        });
        assert_eq!(removed, Ok((true, false)));
        let left = store.read_blocking(|view| view.objects(&OWNER).find("Subscriber", "list", "9"));
        assert_eq!(left, Ok(vec![2]));
        assert_eq!(get(store, "Subscriber", 1), None);
    });
}

#[test]
fn what_is_written_is_there_after_opening_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    for round in 1..=3u64 {
        let store = open(Some(directory.path()));
        ids.push(store.write_blocking(|txn| {
            let id = txn.objects(&OWNER).next_id();
            txn.objects(&OWNER).put("List", id, &"a list", &[])?;
            Ok::<_, StoreError>(id)
        }));
        // An id that was given out stays given, also when the work that took it is rolled back.
        let given = store.write_blocking(|txn| Err::<(), Refused>(Refused::Id(txn.objects(&OWNER).next_id())));
        let Err(Refused::Id(given)) = given else { panic!("the work was not refused") };
        ids.push(Ok(given));
        store.write_blocking(|txn| txn.put_setting("token key", b"secret")).unwrap();
        let setting = store.read_blocking(|view| view.setting("token key"));
        assert_eq!(setting, Ok(Some(b"secret".to_vec())));
        assert_eq!(store.read_blocking(|view| view.objects(&OWNER).count("List")), Ok(round));
    }
    let expected: Vec<Result<i64, StoreError>> = (1_000_001..=1_000_006).map(Ok).collect();
    assert_eq!(ids, expected);
}

#[derive(Debug, PartialEq)]
enum Refused {
    Id(i64),
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[test]
fn a_second_store_on_the_same_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(Some(directory.path()));
    let settings = Settings { path: Some(directory.path().to_path_buf()), ..Settings::default() };
    let second = Store::open(&settings);
    assert_eq!(second.err(), Some(StoreError::InUse { path: directory.path().to_path_buf() }));
    drop(first);
    for _ in 0..20 {
        drop(Store::open(&settings).unwrap());
    }
}

#[test]
fn another_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let db = sled::Config::new().path(directory.path()).segment_size(16 << 20).open().unwrap();
    db.insert("something", "else").unwrap();
    drop(db);
    let settings = Settings { path: Some(directory.path().to_path_buf()), ..Settings::default() };
    let refused = Store::open(&settings).err();
    assert!(matches!(refused, Some(StoreError::Format { ref found, .. }) if found == "none"), "{refused:?}");
}

#[test]
fn damaged_snapshots_are_set_aside() {
    let directory = tempfile::tempdir().unwrap();
    put(&open(Some(directory.path())), "List", 1, "kept", &[]);
    // Opened once more, so that there is a snapshot with something in it.
    drop(open(Some(directory.path())));
    let snapshot = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap."))
        .unwrap();
    let mut bytes = std::fs::read(&snapshot).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    std::fs::write(&snapshot, bytes).unwrap();
    assert_eq!(get(&open(Some(directory.path())), "List", 1), Some("kept".to_owned()));
    assert!(directory.path().join("damaged-1").join(snapshot.file_name().unwrap()).exists());
}

#[test]
fn work_that_fails_or_panics_leaves_nothing() {
    on_both(|store| {
        put(store, "List", 1, "before", &[("name", "before")]);
        let failed = store.write_blocking(|txn| {
            txn.objects(&OWNER).put("List", 1, &"after", &[("name", "after")])?;
            txn.objects(&OWNER).remove("List", 1)?;
            Err::<(), StoreError>(StoreError::Closed)
        });
        assert_eq!(failed, Err(StoreError::Closed));
        let panicked = store.write_blocking(|txn| {
            txn.objects(&OWNER).put("List", 2, &"new", &[])?;
            if txn.objects(&OWNER).count("List")? == 2 {
                panic!("at work");
            }
            Ok::<_, StoreError>(())
        });
        assert_eq!(panicked, Err(StoreError::Panicked { reason: "at work".to_owned() }));
        assert_eq!(get(store, "List", 1), Some("before".to_owned()));
        let found = store.read_blocking(|view| view.objects(&OWNER).find("List", "name", "before"));
        assert_eq!(found, Ok(vec![1]));
        assert_eq!(store.read_blocking(|view| view.objects(&OWNER).count("List")), Ok(1));
        let look = store.read_blocking(|_| -> Result<(), StoreError> { panic!("at a look") });
        assert_eq!(look, Err(StoreError::Panicked { reason: "at a look".to_owned() }));
        put(store, "List", 3, "still at work", &[]);
        let stats = store.stats();
        assert_eq!((stats.commits, stats.rollbacks, stats.flushes), (2, 2, 2));
    });
}

#[test]
fn an_attempt_fails_alone() {
    on_both(|store| {
        let done = store.write_blocking(|txn| {
            txn.objects(&OWNER).put("Row", 1, &"one", &[])?;
            let failed = txn.attempt(|txn| {
                txn.objects(&OWNER).put("Row", 2, &"two", &[("k", "v")])?;
                txn.objects(&OWNER).remove("Row", 1)?;
                txn.attempt(|txn| txn.objects(&OWNER).put("Row", 4, &"four", &[]))?;
                Err::<(), StoreError>(StoreError::Closed)
            });
            assert_eq!(failed, Err(StoreError::Closed));
            txn.attempt(|txn| txn.objects(&OWNER).put("Row", 3, &"three", &[]))?;
            txn.objects(&OWNER).kinds()
        });
        assert_eq!(done, Ok(vec![("Row".to_owned(), 2)]));
        let rows = store.read_blocking(|view| view.objects(&OWNER).scan::<String>("Row", i64::MIN, 10));
        assert_eq!(rows, Ok(vec![(1, "one".to_owned()), (3, "three".to_owned())]));
    });
}

#[test]
fn a_reader_keeps_its_state_while_the_store_goes_on() {
    on_both(|store| {
        put(store, "List", 1, "old", &[("name", "x")]);
        put(store, "List", 2, "old", &[]);
        let writer = store.clone();
        store
            .read_blocking(move |view| {
                let objects = view.objects(&OWNER);
                for (id, text) in [(1, "new"), (3, "new"), (1, "newer")] {
                    put(&writer, "List", id, text, &[("name", "y")]);
                }
                writer.write_blocking(|txn| txn.objects(&OWNER).remove("List", 2))?;
                assert_eq!(objects.get::<String>("List", 1)?, Some("old".to_owned()));
                assert_eq!(objects.find("List", "name", "x")?, [1]);
                assert_eq!(objects.find("List", "name", "y")?, [0i64; 0]);
                let all = objects.scan::<String>("List", i64::MIN, 10)?;
                assert_eq!(all, [(1, "old".to_owned()), (2, "old".to_owned())]);
                assert_eq!(objects.count("List")?, 2);
                assert_eq!(get(&writer, "List", 1), Some("newer".to_owned()));
                Ok::<_, StoreError>(())
            })
            .unwrap();
    });
}

#[test]
fn values_of_any_length_come_back() {
    let at_the_seam = [0, 1, 65_000, 65_520, 65_526, 65_527, 65_528, 65_540, 131_060, 131_070, 5 << 20];
    on_both(|store| {
        for length in at_the_seam.into_iter().chain(at_the_seam.into_iter().rev()) {
            let text: String = (0..length).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
            put(store, "Email", 1, &text, &[]);
            assert!(get(store, "Email", 1).is_some_and(|found| found == text), "{length} bytes");
        }
        let keys = store.stats().live_keys;
        put(store, "Email", 2, &"z".repeat(5 << 20), &[]);
        store.write_blocking(|txn| txn.objects(&OWNER).remove("Email", 2)).unwrap();
        assert_eq!(store.stats().live_keys, keys, "pieces are left behind");
    });
}

#[test]
fn a_transaction_larger_than_a_segment_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(Some(directory.path()));
    let large = "x".repeat(9 << 20);
    let expected = large.clone();
    store
        .write_blocking(move |txn| {
            (0..4).try_for_each(|id| txn.objects(&OWNER).put("Email", id, &large, &[]).map(drop))
        })
        .unwrap();
    drop(store);
    let store = open(Some(directory.path()));
    for id in 0..4 {
        assert!(get(&store, "Email", id).is_some_and(|found| found == expected));
    }
}

#[test]
fn a_record_of_another_type_is_an_error_with_its_key() {
    on_both(|store| {
        put(store, "Subscriber", 12, "text", &[]);
        let wrong = store.read_blocking(|view| view.objects(&OWNER).get::<(u8, u8)>("Subscriber", 12));
        let Err(StoreError::Corrupt { key, .. }) = wrong else { panic!("{wrong:?}") };
        assert_eq!(key, "record \"Subscriber\" 12 of account 100001");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_share_a_flush() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(Some(directory.path()));
    // The first holds the store until the others stand in its queue.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (running, runs) = tokio::sync::oneshot::channel();
    let holding = store.clone();
    let held = tokio::spawn(async move {
        let hold = move |_: &mut Transaction<'_>| {
            running.send(()).unwrap();
            wait.recv().unwrap();
            Ok::<_, StoreError>(())
        };
        holding.write(hold).await
    });
    runs.await.unwrap();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let store = store.clone();
        callers.spawn(async move {
            let id = store.write(|txn| {
                let objects = txn.objects(&OWNER);
                let id = objects.next_id();
                objects.put("Row", id, &id, &[("all", "")])?;
                Ok::<_, StoreError>(id)
            });
            let id = id.await?;
            assert_eq!(store.read(move |view| view.objects(&OWNER).get::<i64>("Row", id)).await?, Some(id));
            Ok::<_, StoreError>(id)
        });
    }
    while store.stats().queued < 200 {
        tokio::task::yield_now().await;
    }
    go.send(()).unwrap();
    held.await.unwrap().unwrap();
    let mut ids: Vec<i64> = callers.join_all().await.into_iter().map(Result::unwrap).collect();
    ids.sort_unstable();
    assert_eq!(store.read(|view| view.objects(&OWNER).find("Row", "all", "")).await, Ok(ids.clone()));
    assert_eq!(ids.len(), 200);
    let stats = store.stats();
    assert_eq!((stats.commits, stats.queued), (201, 0));
    assert!(stats.flushes < 200, "{stats:?}");
    assert_eq!(stats.batch_sizes.iter().sum::<u64>(), stats.flushes);
}

#[test]
fn a_long_log_is_cut_while_the_store_works() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(Some(directory.path()));
    let snapshots = || {
        let files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
        files
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| name.starts_with("snap."))
            .collect::<Vec<_>>()
    };
    let before = snapshots();
    let text = "x".repeat(1 << 20);
    for id in 0..65 {
        put(&store, "Email", id, &text, &[]);
    }
    // Nobody comes: the store uses the moment.
    while snapshots() == before {
        std::thread::yield_now();
    }
    for id in 0..65 {
        assert!(get(&store, "Email", id).is_some_and(|found| found == text));
    }
    put(&store, "Email", 65, "short", &[]);
    drop(store);
    assert_eq!(get(&open(Some(directory.path())), "Email", 65), Some("short".to_owned()));
}

#[test]
fn a_new_record_is_replaced_taken_back_and_counted_as_any_other() {
    on_both(|store| {
        let (kept, again) = store
            .write_blocking(|txn| {
                let id = txn.objects(&OWNER).next_id();
                txn.objects(&OWNER).add("List", id, "one", &[("name", "one")])?;
                // A second time it replaces; under its opposite it is another.
                txn.objects(&OWNER).add("List", id, "two", &[("name", "two")])?;
                txn.objects(&OWNER).add("List", -id, "three", &[("name", "two")])?;
                let gone = txn.attempt(|txn| {
                    let gone = txn.objects(&OWNER).next_id();
                    txn.objects(&OWNER).add("List", gone, "gone", &[("name", "gone")])?;
                    assert_eq!(txn.objects(&OWNER).find_known("List", "name", "gone")?, Some(gone));
                    Err::<(), _>(StoreError::Closed)
                });
                assert_eq!(gone, Err(StoreError::Closed));
                // What was taken back is not known any more.
                assert_eq!(txn.objects(&OWNER).find_known("List", "name", "gone")?, None);
                let again = txn.objects(&OWNER).next_id();
                txn.objects(&OWNER).add("List", again, "gone", &[])?;
                txn.objects(&OWNER).remove("List", again)?;
                txn.objects(&OWNER).add("List", again, "back", &[("name", "back")])?;
                Ok::<_, StoreError>((id, again))
            })
            .unwrap();
        store
            .write_blocking(move |txn| {
                let objects = txn.objects(&OWNER);
                assert_eq!(objects.find("List", "name", "two")?, [-kept, kept]);
                assert_eq!((objects.find("List", "name", "one")?, objects.count("List")?), (vec![], 3));
                assert_eq!(objects.get::<String>("List", again)?, Some("back".to_owned()));
                // An id of an earlier batch: what is there is replaced, its entries too.
                objects.add("List", kept, "four", &[("name", "four")])?;
                assert_eq!((objects.find("List", "name", "two")?, objects.count("List")?), (vec![-kept], 3));
                assert_eq!(objects.find_known("List", "name", "four")?, Some(kept));
                objects.remove("List", kept)?;
                assert_eq!((objects.find_known("List", "name", "four")?, objects.count("List")?), (None, 2));
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let stats = store.stats();
        // Two records with an entry each, and their count.
        assert_eq!(stats.live_keys, 5, "{stats:?}");
    });
}
