//! Export and import: what comes back is what was there, key for key; what was cut off or changed is refused.

use std::{fs, path::Path};

use envoi::{
    clock::Time,
    store::{Catalogue, Internal, Settings, Shape, Stopped, Store, StoreError, Transaction, export, import},
};
use proptest::prelude::*;

use crate::program::{envoi, fill, held, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filled_store_comes_back_and_can_be_read_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, lines, again) = (path("data"), path("lines"), path("again"));
    fill(Path::new(&data)).await;
    let (code, out, error) = envoi(&["export", &data, "--with-secrets", "--out", &lines]);
    assert_eq!((code, out.as_str()), (0, ""), "{error}");
    let all = fs::read_to_string(&lines).unwrap();
    for (part, count) in [("\"line\":\"setting\"", 1), ("\"line\":\"object\"", 20), ("\"line\":\"part\"", 7)] {
        assert!(all.matches(part).count() >= count, "{part}");
    }
    for words in [
        "\"account\":100001,\"kind\":\"Subscriber\",\"id\":",
        "{\"name\":\"email\",\"value\":\"ann@example.com\"}",
        "{\"name\":\"ListName\",\"value\":{\"Text\":\"two\"}}",
        "\"conversation\":\"complete\",\"sequence\":2,\"value\":{\"json\":{",
        "\"conversation\":\"gone\",\"value\":{\"json\":\"Used\"}",
        "\"value\":{\"text\":\"<",
    ] {
        assert!(all.contains(words), "{words}");
    }
    // Only the key of tokens is no text and no record, and what lies under a name that is too long for a key.
    let bare = all.lines().filter(|line| line.contains("\"value\":{\"base64\"")).count();
    let long = all.lines().filter(|line| line.contains("\"line\":\"other\"")).count();
    assert!(bare <= 1 + long, "{bare} {long}");
    let (code, out, error) = envoi(&["import", &lines, "--to", &again]);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    assert_eq!(held(Path::new(&again)), held(Path::new(&data)));
    // The same from a backup, and to stdout.
    let store = Store::open(&Settings { path: Some(again.clone().into()), ..Settings::default() }).unwrap();
    let copy = path("copy");
    store.backup(Path::new(&copy), Time::from_millis(0), &false.into()).unwrap();
    drop(store);
    let (code, out, _) = envoi(&["export", &copy, "--with-secrets"]);
    assert_eq!((code, out), (0, all));

    let (code, out, error) = envoi(&["export", &data]);
    assert!(code == 0 && error.contains("the key that signs tokens was left out"), "{error}");
    assert!(!out.contains("token_key"));
}

#[test]
fn what_is_not_a_whole_export_is_refused_and_made_into_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("lines"));
    let store = Store::open(&Settings { path: Some(data.clone()), ..Settings::default() }).unwrap();
    let work = |txn: &mut Transaction<'_>| {
        (0..5).try_for_each(|id| txn.objects(&Internal(1)).put("kind", id, "text", &[]).map(|_| ()))
    };
    store.write_blocking(work).unwrap();
    drop(store);
    assert_eq!(envoi(&["export", text(&data), "--out", text(&file)]).0, 0);
    let whole = fs::read_to_string(&file).unwrap();
    let mut number = 0;
    let mut refused = |lines: &str, expected: &str| {
        fs::write(&file, lines).unwrap();
        number += 1;
        let to = folder.path().join(format!("to{number}"));
        let (code, out, error) = envoi(&["import", text(&file), "--to", text(&to)]);
        assert_eq!((code, out.as_str()), (74, ""), "{error}");
        assert!(error.contains(expected), "{error}");
        let opened = Store::open(&Settings { path: Some(to.clone()), ..Settings::default() }).map(drop);
        assert!(matches!(opened, Err(StoreError::Unfinished { .. })) || expected.contains("begin"), "{opened:?}");
    };
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    assert_eq!(lines.len(), 1 + 1 + 5 + 1);
    refused("", "does not begin as an export does");
    refused(&lines[1..].concat(), "does not begin as an export does");
    for cut in [1, 4, 7] {
        refused(&lines[..cut].concat(), &format!("was cut off: it ends after line {cut} without a last line"));
    }
    refused(&whole[..whole.len() - 5], "line 8: it was cut off");
    refused(&[&lines[..4], &lines[5..]].concat().concat(), "line 7: 5 lines with SHA-256 ");
    refused(&whole.replace("\"id\":3", "\"id\":30"), "line 8: 6 lines with SHA-256 ");
    refused(&whole.replace("\"id\":3", "\"id\":three"), "line 6: expected ident");
    refused(&(whole.clone() + "{}\n"), "line 9: ");
}

#[derive(Clone, Debug)]
enum Step {
    Put { account: u64, kind: usize, id: i64, length: usize, value: String },
    Remove { account: u64, kind: usize, id: i64 },
    Setting { name: String, value: Vec<u8> },
}

const KINDS: [&str; 3] = ["List", "List\0", "numbers"];

fn step() -> impl Strategy<Value = Step> {
    let at = || (0..2u64, 0..KINDS.len(), -2..3i64);
    let length = prop_oneof![9 => 0..40usize, 1 => 60_000..140_000usize];
    let value = prop_oneof![Just("a\0".to_owned()), Just("v".repeat(300)), ".{0,6}"];
    prop_oneof![
        5 => (at(), length, value).prop_map(|((account, kind, id), length, value)| Step::Put {
            account, kind, id, length, value
        }),
        2 => at().prop_map(|(account, kind, id)| Step::Remove { account, kind, id }),
        1 => (".{0,5}", proptest::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(name, value)| Step::Setting { name, value }),
    ]
}

fn run(txn: &mut Transaction<'_>, steps: &[Step]) -> Result<(), StoreError> {
    for step in steps {
        match step {
            Step::Put { account, kind, id, length, value } => {
                let objects = txn.objects(&Internal(*account));
                let keys = [("index", value.as_str()), ("same", "same")];
                match KINDS[*kind] {
                    "numbers" => objects.put("numbers", *id, &vec![u64::MAX; *length % 50], &keys)?,
                    kind => objects.put(kind, *id, &value.repeat(*length), &keys)?,
                };
            }
            Step::Remove { account, kind, id } => {
                txn.objects(&Internal(*account)).remove(KINDS[*kind], *id)?;
            }
            Step::Setting { name, value } => txn.put_setting(name, value)?,
        }
    }
    Ok(())
}

fn shape(kind: &str) -> Shape {
    if kind == "numbers" { Shape::of::<Vec<u64>>() } else { Shape::of::<String>() }
}

const CATALOGUE: Catalogue = Catalogue { shape, numbered: |_| true, checks: &[] };

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_store_comes_back(works in proptest::collection::vec(proptest::collection::vec(step(), 0..12), 0..6)) {
        let folder = tempfile::tempdir().unwrap();
        let (data, again) = (folder.path().join("data"), folder.path().join("again"));
        let store = Store::open(&Settings { path: Some(data.clone()), ..Settings::default() }).unwrap();
        for steps in works {
            store.write_blocking(move |txn| run(txn, &steps)).unwrap();
        }
        drop(store);
        let stopped = Stopped::open(&data, 1 << 20).unwrap();
        prop_assert_eq!(stopped.check(&CATALOGUE, false).unwrap().findings, []);
        let mut lines = Vec::new();
        export(&stopped, &CATALOGUE, &|_| false, &mut lines).unwrap();
        drop(stopped);
        import(Path::new("lines"), &mut lines.as_slice(), &again, 1 << 20, &CATALOGUE).unwrap();
        let opened = Stopped::open(&again, 1 << 20).unwrap();
        prop_assert_eq!(opened.check(&CATALOGUE, false).unwrap().findings, []);
        drop(opened);
        prop_assert_eq!(held(&again), held(&data));
    }
}
