//! Backup, restore and compact over a stopped store, and what they refuse.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use envoi::{
    clock::Time,
    store::{Internal, Settings, Store, StoreError},
};

use crate::program::{envoi, held, text};

const OWNER: Internal = Internal(7);

fn store(data: Option<&Path>) -> Store {
    Store::open(&Settings { path: data.map(Path::to_path_buf), ..Settings::default() }).unwrap()
}

fn put(store: &Store, ids: std::ops::Range<i64>, length: usize) {
    let work = move |txn: &mut envoi::store::Transaction<'_>| {
        for id in ids {
            txn.objects(&OWNER).put("batch of tests", id, &"x".repeat(length), &[("id", &id.to_string())])?;
        }
        Ok::<_, StoreError>(())
    };
    store.write_blocking(work).unwrap();
}

fn backup(store: &Store, to: &Path) {
    store.backup(to, Time::from_millis(0), &AtomicBool::new(false)).unwrap();
}

#[test]
fn a_backup_is_restored_key_for_key_and_its_files_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for data in [None, Some(path("data"))] {
        let store = store(data.as_deref());
        put(&store, 0..3000, 100);
        put(&store, 3000..3003, 200_000);
        let (copy, again) = (path("copy"), path("again"));
        backup(&store, &copy);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&copy), 0o700);
        assert_eq!([mode(&copy.join("records")), mode(&copy.join("manifest.json"))], [0o600, 0o600]);
        envoi::store::restore(&copy, &again, 1 << 20).unwrap();
        assert_eq!(mode(&again), 0o700);
        drop(store);
        if let Some(data) = &data {
            assert_eq!(held(&again), held(data));
        }
        assert_eq!(held(&again).len(), 3003 * 2 + 9 + 1 + 4, "records, entries, pieces, a count, marks");
        fs::remove_dir_all(copy).unwrap();
        fs::remove_dir_all(again).unwrap();
    }
}

#[test]
fn a_backup_that_is_cut_off_changed_or_broken_off_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (copy, to) = (folder.path().join("copy"), folder.path().join("to"));
    let store = store(None);
    put(&store, 0..100, 1000);
    backup(&store, &copy);
    let refused = |expected: &str| {
        let (code, out, error) = envoi(&["restore", text(&copy), "--to", text(&to)]);
        assert_eq!((code, out.as_str()), (74, ""), "{error}");
        assert!(error.contains(expected), "{error}");
        assert!(!to.exists(), "nothing was begun");
    };
    let records = copy.join("records");
    let whole = fs::read(&records).unwrap();
    for length in [0, 10, whole.len() / 2, whole.len() - 1] {
        fs::write(&records, &whole[..length]).unwrap();
        refused(&format!("is damaged: records has {length} bytes, expected {}", whole.len()));
    }
    for at in [3, 16, 22, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&records, changed).unwrap();
        refused("is damaged: records ");
    }
    fs::write(&records, &whole).unwrap();
    let manifest = fs::read_to_string(copy.join("manifest.json")).unwrap();
    fs::write(copy.join("manifest.json"), manifest.replace("\"format\": \"1\"", "\"format\": \"2\"")).unwrap();
    refused("has format 2, this program reads format 1");
    fs::remove_file(copy.join("manifest.json")).unwrap();
    refused("is no whole backup, it was broken off");
    let begun = store.backup(&copy, Time::from_millis(0), &AtomicBool::new(false)).unwrap_err();
    assert!(begun.to_string().contains("holds a backup that was broken off"), "{begun}");
}

#[test]
fn what_is_no_backup_and_what_is_in_the_way_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (data, copy, to, file) = (path("data"), path("copy"), path("to"), path("file"));
    let at_disk = store(Some(&data));
    put(&at_disk, 0..3, 10);
    backup(&at_disk, &copy);
    drop(at_disk);
    fs::write(&file, "mine").unwrap();
    for (arguments, exit, words) in [
        (
            ["restore", "/no/such/dir", "--to", text(&to)].as_slice(),
            64,
            "/no/such/dir is no backup: there is no such directory",
        ),
        (&["restore", text(&data), "--to", text(&to)], 64, "is no backup: it has no manifest.json"),
        (&["export", text(&data), "--out", text(&file)], 64, "file is there already, and nothing is overwritten"),
        (&["demo", "--listen=127.0.0.1:0", "--admin=127.0.0.1:0", "--data", text(&file)], 64, "file is no directory"),
    ] {
        let (code, _, error) = envoi(arguments);
        assert_eq!(code, exit, "{error}");
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    fs::write(copy.join("records"), "").unwrap();
    for arguments in
        [&["restore", text(&copy), "--to", text(&to)][..], &["fsck", text(&copy)], &["export", text(&copy)]]
    {
        assert_eq!(envoi(arguments).0, 74, "{arguments:?}");
    }
}

#[test]
fn a_stopped_backup_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(None);
    put(&store, 0..5000, 10);
    let copy = folder.path().join("copy");
    let stop = AtomicBool::new(true);
    let stopped = store.backup(&copy, Time::from_millis(0), &stop);
    assert_eq!(stopped, Err(StoreError::Stopped { what: "the backup".to_owned() }));
    assert!(!copy.exists());
    stop.store(false, Ordering::Relaxed);
    store.backup(&copy, Time::from_millis(0), &stop).unwrap();
}

#[test]
fn nothing_is_overwritten_and_nothing_in_use_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (data, copy, full) = (path("data"), path("copy"), path("full"));
    fs::create_dir(&full).unwrap();
    fs::write(full.join("something"), "else").unwrap();
    let store = store(Some(&data));
    put(&store, 0..10, 10);
    for inside in [data.join("copy"), data.clone(), data.join("a/../b/c")] {
        let error = store.backup(&inside, Time::from_millis(0), &AtomicBool::new(false)).unwrap_err();
        assert!(error.to_string().contains("lies in the data directory"), "{error}");
    }
    let error = store.backup(&full, Time::from_millis(0), &AtomicBool::new(false)).unwrap_err();
    assert!(error.to_string().ends_with("is not empty: name a directory that does not exist yet"), "{error}");
    backup(&store, &copy);
    let (copy, data) = (text(&copy), text(&data));
    let in_use = format!("envoi: the data directory {data} is in use by another envoi\n");
    for command in [&["restore", copy, "--to", data][..], &["fsck", data], &["export", data], &["compact", data]] {
        let (code, out, error) = envoi(command);
        assert_eq!((code, out.as_str(), error.as_str()), (75, "", in_use.as_str()), "{command:?}");
    }
    drop(store);
    let not_empty = "is not empty, and nothing is overwritten: move it aside (mv) or name another directory\n";
    for full in [data, text(&full)] {
        let (code, _, error) = envoi(&["restore", copy, "--to", full]);
        assert_eq!((code, error), (64, format!("envoi: {full} {not_empty}")));
    }
    let nowhere = text(&path("nowhere")).to_owned();
    for command in ["fsck", "export"] {
        let (code, _, error) = envoi(&[command, &nowhere]);
        assert_eq!((code, error), (64, format!("envoi: {nowhere} is neither a data directory nor a backup\n")));
    }
    let (code, _, error) = envoi(&["compact", &nowhere]);
    assert_eq!((code, error), (64, format!("envoi: {nowhere} is no data directory\n")));
    assert!(!Path::new(&nowhere).exists(), "looking makes nothing");
}

#[test]
fn a_restore_that_did_not_come_to_its_end_is_opened_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(store(Some(&data)));
    fs::write(data.join("unfinished"), "a restore did not come to its end; empty this directory and do it again\n")
        .unwrap();
    let expected = format!(
        "envoi: the data directory {} is not finished: a restore did not come to its end; empty this directory and do \
         it again\n",
        data.display()
    );
    for command in ["fsck", "export", "compact"] {
        let (code, _, error) = envoi(&[command, text(&data)]);
        assert_eq!((code, &error), (64, &expected), "{command}");
    }
    let opened = Store::open(&Settings { path: Some(data), ..Settings::default() });
    assert!(matches!(opened.err(), Some(StoreError::Unfinished { .. })));
}

#[test]
fn compact_gives_back_the_space_of_what_was_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = store(Some(&data));
    for round in 0..30 {
        put(&store, round * 100..(round + 1) * 100, 16_000);
    }
    let work = |txn: &mut envoi::store::Transaction<'_>| {
        (10..3000).try_for_each(|id| txn.objects(&OWNER).remove("batch of tests", id).map(|_| ()))
    };
    store.write_blocking(work).unwrap();
    drop(store);
    let before = held(&data);
    let (code, out, error) = envoi(&["compact", text(&data), "--json"]);
    assert_eq!((code, error.as_str()), (0, ""));
    let done: serde_json::Value = serde_json::from_str(&out).unwrap();
    let [was, is] = ["disk_before", "disk_after"].map(|name| done[name].as_u64().unwrap());
    assert!(was > 40 << 20 && is < was / 2, "{done}");
    assert_eq!(done["keys"], before.len());
    assert_eq!(held(&data), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}
