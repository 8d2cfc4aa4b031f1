//! The store through its door: durability over reopening, rollback, panics, snapshots, ids, the lock. Both engines.

use std::path::Path;

use envoi::store::{Internal, Settings, Store, StoreError};

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
