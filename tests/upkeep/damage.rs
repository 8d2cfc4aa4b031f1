//! Damage of each kind, planted by hand in a sound data directory: it is found and named, alone, and repaired where that is
//! promised. The keys are those of `src/store/key.rs` and `src/store/conversation_key.rs`.

use std::path::Path;

use envoi::{
    backend::CATALOGUE,
    store::{Delivery, Known, Part, Report, Stopped},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::program::{Held, engine, envoi, fill, held, text};

type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Place, expected and found of a finding: what each of them contains.
type Expected = Vec<[String; 3]>;

fn check(data: &Path, repair: bool) -> Report {
    Stopped::open(data, 1 << 20).unwrap().check(&CATALOGUE, repair).unwrap()
}

/// The first key of a space in which these bytes stand.
fn key(held: &Held, space: u8, part: &str) -> Vec<u8> {
    let contains = |key: &[u8]| part.is_empty() || key.windows(part.len()).any(|window| window == part.as_bytes());
    held.keys().find(|key| key[0] == space && contains(&key[1..])).unwrap_or_else(|| panic!("{space:x} {part}")).clone()
}

fn mark(name: &str) -> Vec<u8> {
    [&[2], name.as_bytes(), &[0, 1]].concat()
}

fn expected(findings: &[[&str; 3]]) -> Expected {
    findings.iter().map(|words| words.map(str::to_owned)).collect()
}

/// A record with a member changed, as it is stored.
fn changed<T: Serialize + DeserializeOwned>(held: &Held, key: &[u8], change: impl FnOnce(&mut Value)) -> Changes {
    let stored = &held[key];
    assert_eq!(stored[..2], [0, 1], "whole, in the first version");
    let mut value = serde_json::to_value(postcard::from_bytes::<T>(&stored[2..]).unwrap()).unwrap();
    change(&mut value);
    let record = postcard::to_stdvec(&serde_json::from_value::<T>(value).unwrap()).unwrap();
    vec![(key.to_vec(), Some([&[0, 1], record.as_slice()].concat()))]
}

/// Writes changes past the store, and the totals that fit them.
fn write(data: &Path, changes: &Changes) {
    let db = engine(data);
    let mut totals =
        ["keys", "bytes"].map(|name| u64::from_le_bytes(db.get(mark(name)).unwrap().unwrap()[..].try_into().unwrap()));
    for (key, value) in changes {
        let before = match value {
            Some(value) => db.insert(key, value.as_slice()).unwrap(),
            None => db.remove(key).unwrap(),
        };
        if key[0] == 2 {
            continue;
        }
        for (of, sign) in [(before.as_deref(), -1_i64), (value.as_deref(), 1)] {
            if let Some(of) = of {
                totals[0] = totals[0].wrapping_add_signed(sign);
                totals[1] = totals[1].wrapping_add_signed(sign * i64::try_from(key.len() + of.len()).unwrap());
            }
        }
    }
    for (name, total) in ["keys", "bytes"].into_iter().zip(totals) {
        if !changes.iter().any(|(key, _)| *key == mark(name)) {
            db.insert(mark(name), &total.to_le_bytes()).unwrap();
        }
    }
    db.flush().unwrap();
}

/// What is planted, what is to be found, and how much of it is left after repair.
fn plans(held: &Held) -> Vec<(&'static str, Changes, Expected, u64)> {
    let email = key(held, 0x11, "ann@example.com");
    let other_id = |key: &[u8]| {
        let mut key = key.to_vec();
        *key.last_mut().unwrap() ^= 0x40;
        key
    };
    let mut other_value = email.clone();
    let at = other_value.windows(4).position(|window| window == b"ann@").unwrap();
    other_value[at] = b'b';
    let lists = key(held, 0x12, "List");
    let count = u64::from_le_bytes(held[&lists][..].try_into().unwrap()).to_string();
    let mut no_kind = lists.clone();
    *no_kind.iter_mut().rfind(|byte| **byte == b't').unwrap() = b'x';
    let piece = key(held, 0xF0, "List");
    let piece_at = |number: u32| [&piece[..piece.len() - 4], &number.to_be_bytes()].concat();
    let mut no_record = piece.clone();
    let place = no_record.len() - 5;
    no_record[place] ^= 0x40;
    let subscriber = key(held, 0x10, "Subscriber");
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut value = held[&subscriber].clone();
        change(&mut value);
        vec![(subscriber.clone(), Some(value))]
    };
    let open = key(held, 0x20, "copen\0");
    let (part, envelope) = (key(held, 0x21, "copen\0"), key(held, 0x22, "copen\0"));
    let open_part: Part = postcard::from_bytes(&held[&part][2..]).unwrap();
    let request = key(held, 0x23, &open_part.request_id);
    let due = key(held, 0x24, "copen\0");
    let mut later = due.clone();
    later[8] ^= 1;
    let complete = key(held, 0x21, "ccomplete\0");
    let complete_part: Part = postcard::from_bytes(&held[&complete][2..]).unwrap();
    let item = complete_part.results.items[0];
    let complete_envelope = [&[0x22], &complete[1..]].concat();
    let owed = key(held, 0x26, "");
    let delivery: Delivery = postcard::from_bytes(&held[&owed][2..]).unwrap();
    let number = delivery.number;
    let of_number = format!("delivery {number}");
    let (in_state, about) = (key(held, 0x2A, ""), key(held, 0x2B, "ccomplete\0"));
    let kinds = key(held, 0x2E, "");
    let waiting: Vec<Vec<u8>> = held.keys().filter(|key| key[0] == 0x27).cloned().collect();
    assert!(delivery.due.is_some() && waiting.len() == 1, "it is tried again later");
    let queued = key(held, 0x10, "queued");
    let index = |value: &str| format!("index \"email\" = {value:?} of \"Subscriber\"");
    let of_job = format!("a part of request {:?} that has it among its results", open_part.request_id);
    let of_item = format!("a part of request {:?} that has it among its results", complete_part.request_id);
    let place = format!("the place of request {:?} of account 100001", open_part.request_id);
    let in_words = "part 2 of conversation \"open\" of account 100001";
    vec![
        (
            "an index entry is missing",
            vec![(email.clone(), None)],
            expected(&[[&index("ann@example.com"), "an index entry: the record has it", "none"]]),
            0,
        ),
        (
            "an index entry has no record",
            vec![(other_id(&email), Some(Vec::new()))],
            expected(&[[&index("ann@example.com"), "no index entry: there is no such record", "an index entry"]]),
            0,
        ),
        (
            "an index entry has another value",
            vec![(other_value, Some(Vec::new()))],
            expected(&[[&index("bnn@example.com"), "no index entry: the record has another value", "an index entry"]]),
            0,
        ),
        (
            "a count is wrong",
            vec![(lists.clone(), Some(99_u64.to_le_bytes().to_vec()))],
            expected(&[["count of \"List\" of account 100001", &count, "99"]]),
            0,
        ),
        (
            "a count is missing",
            vec![(lists, None)],
            expected(&[["count of \"List\" of account 100001", &count, "none"]]),
            0,
        ),
        (
            "a count counts nothing",
            vec![(no_kind, Some(3_u64.to_le_bytes().to_vec()))],
            expected(&[["count of \"Lisx\" of account 100001", "no count: there are no records", "3"]]),
            0,
        ),
        (
            "a piece is missing",
            vec![(piece_at(1), None)],
            expected(&[["piece 1 of record \"List\"", "a whole value that can be read", "it is missing"]]),
            1,
        ),
        (
            "a piece is too many",
            vec![(piece_at(9), Some(b"more".to_vec()))],
            expected(&[["piece 9 of record \"List\"", "no piece: the value has 3 beside its head", "4 bytes"]]),
            1,
        ),
        (
            "a piece is of nothing",
            vec![(no_record, Some(b"lost".to_vec()))],
            expected(&[["piece 0 of record \"List\"", "no piece: there is no such value", "4 bytes"]]),
            1,
        ),
        (
            "a record is of another version",
            damaged(&|value| value[1] = 9),
            expected(&[["record \"Subscriber\"", "a whole value that can be read", "version 9 is not 1"]]),
            1,
        ),
        (
            "a record is cut off",
            damaged(&|value| value.truncate(value.len() - 1)),
            expected(&[["record \"Subscriber\"", "a Subscriber", "bytes that are none"]]),
            1,
        ),
        (
            "the sequence is too low",
            vec![(mark("sequence"), Some(1_000_001_u64.to_le_bytes().to_vec()))],
            expected(&[["mark \"sequence\"", "at least 10000", "1000001"]]),
            0,
        ),
        (
            "the totals are wrong",
            ["keys", "bytes"].map(|name| (mark(name), Some(7_u64.to_le_bytes().to_vec()))).to_vec(),
            expected(&[["mark \"keys\"", ", as counted", "7"], ["mark \"bytes\"", ", as counted", "7"]]),
            0,
        ),
        (
            "a part is missing",
            vec![(part.clone(), None)],
            expected(&[
                [in_words, "a part: the conversation has accepted it", "none"],
                [&format!("the envelope of {in_words}"), "no envelope: there is no such part", "an envelope"],
                [&place, "no entry: there is no such part", in_words],
                ["record \"AsyncRequestResult\"", &of_job, "none"],
            ]),
            3,
        ),
        (
            "a part was not accepted",
            vec![(other_id(&part), Some(held[&part].clone())), (other_id(&envelope), Some(held[&envelope].clone()))],
            expected(&[
                ["part 66 of conversation \"open\"", "no part: the conversation has not accepted it", "a part"],
                // Twice as long as is counted, and not of the sequence in its key.
                ["conversation \"open\" of account 100001", "bytes of envelopes, as its parts have", ""],
                ["part 66 of conversation \"open\"", "SequenceCode 66", "2"],
            ]),
            3,
        ),
        (
            "an envelope is missing",
            vec![(envelope.clone(), None)],
            expected(&[[&format!("the envelope of {in_words}"), "an envelope of ", "none"]]),
            1,
        ),
        (
            "an envelope is cut off",
            vec![(envelope.clone(), Some(held[&envelope][..50].to_vec()))],
            expected(&[[&format!("the envelope of {in_words}"), "bytes, as its part says", "49"]]),
            1,
        ),
        (
            "an envelope in its part is cut off",
            changed::<Part>(held, &complete, |part| part["envelope"] = json!("<cut")),
            expected(&[["part 1 of conversation \"complete\"", "an envelope of ", "4"]]),
            1,
        ),
        (
            "an envelope is there twice",
            vec![(complete_envelope, Some(held[&envelope].clone()))],
            expected(&[[
                "the envelope of part 1 of conversation \"complete\"",
                "none: the part holds it",
                "an envelope",
            ]]),
            1,
        ),
        (
            "a request leads nowhere",
            vec![(request.clone(), None)],
            expected(&[
                [&place, &format!("the place of {in_words}"), "none"],
                // Of an asynchronous call only the request tells which part it is.
                ["record \"AsyncRequestResult\"", &of_job, "none"],
            ]),
            0,
        ),
        (
            "what is due is not among it",
            vec![(due.clone(), None)],
            expected(&[["the due time ", "an entry: the conversation is due then", "none"]]),
            0,
        ),
        (
            "what is not due is among it",
            vec![(later, Some(held[&due].clone()))],
            expected(&[["the due time ", "no entry: the conversation is due 2026-", "an entry"]]),
            0,
        ),
        (
            "what is due cannot be read",
            vec![(due, Some(vec![0, 1, 77]))],
            expected(&[["the due time ", "the name of a conversation", ""]]),
            0,
        ),
        (
            "a state cannot be",
            changed::<Known>(held, &open, |known| known["Kept"]["rules"]["next"] = json!(7)),
            expected(&[["conversation \"open\" of account 100001", "a state that the rules can make", "next: 7"]]),
            1,
        ),
        (
            "an end has no time",
            changed::<Known>(held, &open, |known| known["Kept"]["ended"] = json!(1_772_366_400_000_u64)),
            expected(&[
                ["conversation \"open\" of account 100001", "no end", "Open, ended 2026-03-01T12:00:00Z"],
                // And with it the quota.
                ["what account 100001 has in the queue", "open, ", "open, "],
            ]),
            1,
        ),
        (
            "bytes are counted wrongly",
            changed::<Known>(held, &open, |known| known["Kept"]["bytes"] = json!(5)),
            expected(&[
                ["conversation \"open\" of account 100001", "bytes of envelopes, as its parts have", "5"],
                ["what account 100001 has in the queue", "open, ", "open, "],
            ]),
            1,
        ),
        (
            "a delivery is about no part",
            changed::<Delivery>(held, &owed, |delivery| delivery["content"]["Results"]["about"] = json!(9)),
            expected(&[[&of_number, "part 9 of \"complete\"", "none"]]),
            1,
        ),
        (
            "a delivery is missing among those of its state",
            vec![(in_state, None)],
            expected(&[[&format!("the state of {of_number}"), "an index entry: the delivery has it", "none"]]),
            0,
        ),
        (
            "a report is left of a mail that is gone",
            vec![([&[0x34, 0x80, 0, 0, 0, 0, 0, 0, 9], b"0123456789abcdef".as_slice()].concat(), Some(Vec::new()))],
            expected(&[["a report of delivery 9", "no index entry: there is no such delivery", "an index entry"]]),
            0,
        ),
        (
            "when messages began cannot be read",
            vec![(b"\x35chat\0\x01".to_vec(), Some(vec![0, 1, 9]))],
            expected(&[["when a connector's latest messages began", "moments and counts, or nothing", ""]]),
            0,
        ),
        (
            "an id is left of which nothing was told",
            vec![([b"\x33chat\0\x01id\0\x01".as_slice(), &[0x80, 0, 0, 0, 0, 0, 0, 9]].concat(), Some(Vec::new()))],
            expected(&[["the id of early word 9", "no index entry: there is no such record", "an index entry"]]),
            0,
        ),
        (
            "a delivery is in another state, too",
            vec![(
                key(held, 0x2A, "").into_iter().enumerate().map(|(at, byte)| if at == 1 { 4 } else { byte }).collect(),
                Some(Vec::new()),
            )],
            expected(&[[
                &format!("the state of {of_number}"),
                "no index entry: the delivery has another",
                "an index entry",
            ]]),
            0,
        ),
        (
            "a delivery is missing among those of its conversation",
            vec![(about, None)],
            expected(&[[&format!("the conversation of {of_number}"), "an index entry: the delivery has it", "none"]]),
            0,
        ),
        (
            "deliveries are counted wrongly",
            vec![(kinds, Some(9_u64.to_be_bytes().to_vec()))],
            expected(&[["a count of deliveries", "", "9"]]),
            0,
        ),
        (
            "a delivery that waits is in no lane",
            waiting.iter().map(|key| (key.clone(), None)).collect(),
            // Both the delivery and its lane tell of it.
            expected(&[
                [&format!("the due time of {of_number}"), "an entry: it is due", "none"],
                ["lane \"https://callback.test:443\"", "no head", "its head at"],
            ]),
            0,
        ),
        (
            "a lane is missing among the heads",
            vec![(key(held, 0x29, "https://callback.test:443"), None)],
            expected(&[["lane \"https://callback.test:443\"", "an entry among the heads, at 2026-", "none"]]),
            0,
        ),
        (
            "a part names a result that is not there",
            changed::<Part>(held, &complete, |part| part["results"]["items"] = json!([item, -5])),
            expected(&[[
                "record \"ResultItem\" -5 of account 100001",
                "a record: it is of part 1 of \"complete\"",
                "none",
            ]]),
            1,
        ),
        (
            "a result is of no part",
            changed::<Part>(held, &complete, |part| part["results"]["items"] = json!([])),
            expected(&[[&format!("record \"ResultItem\" {item} of account 100001"), &of_item, "none"]]),
            1,
        ),
        (
            "a quota is counted wrongly",
            // The last two bytes are the two numbers, 64 or less each.
            {
                let mut value = held[&queued].clone();
                let (head, _) = value.split_at(3);
                value = [head, &[2, 2]].concat();
                vec![(queued, Some(value))]
            },
            expected(&[["what account 100001 has in the queue", "3 open, ", "1 open, 1 bytes"]]),
            0,
        ),
        (
            "a key is nobody's",
            vec![(vec![0xEE, 1], Some(vec![1]))],
            expected(&[["key 0xee01", "no such key", "a space that this program does not have"]]),
            1,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_is_named_alone_and_repaired_where_it_follows_from_records() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fill(&data).await;
    assert_eq!(check(&data, false).findings, []);
    let sound = held(&data);
    for (what, changes, expected, left) in plans(&sound) {
        write(&data, &changes);
        let report = check(&data, false);
        let words = format!("{what}: {:#?}", report.findings);
        assert_eq!(report.findings.len(), expected.len(), "{words}");
        for (finding, [place, wanted, found]) in report.findings.iter().zip(&expected) {
            assert!(finding.place.contains(place), "{place} {words}");
            assert!(finding.expected.contains(wanted), "{wanted} {words}");
            assert!(finding.found.contains(found), "{found} {words}");
            assert!(!finding.repaired);
        }
        assert_eq!(report.left, expected.len() as u64, "{what}");

        let planted = held(&data);
        let report = check(&data, true);
        assert_eq!(report.left, left, "{what}: {:#?}", check(&data, false).findings);
        let repaired = held(&data);
        let records = |held: &Held| {
            held.iter().filter(|(key, _)| is_record(key)).map(|(k, v)| (k.clone(), v.clone())).collect::<Held>()
        };
        assert_eq!(records(&repaired), records(&planted), "{what}: no record is changed");
        if left == 0 {
            assert_eq!(repaired, sound, "{what}: it is as it was");
        }
        // As it was, for the next.
        let mut back: Changes = sound.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
        back.extend(repaired.keys().filter(|key| !sound.contains_key(*key)).map(|key| (key.clone(), None)));
        back.retain(|(key, value)| repaired.get(key) != value.as_ref());
        write(&data, &back);
        assert_eq!(held(&data), sound, "{what}");
    }
}

/// What follows from nothing else. What an account has in the queue is a count with the place of a record.
fn is_record(key: &[u8]) -> bool {
    let is_count = key.windows(6).any(|window| window == b"queued");
    matches!(key[0], 0x01 | 0x10 | 0x20..=0x22 | 0x26 | 0xF0) && !is_count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_tells_it_in_words_and_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fill(&data).await;
    let (code, out, error) = envoi(&["fsck", text(&data)]);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    assert!(out.ends_with(" bytes: nothing is wrong\n") && out.lines().count() == 1, "{out}");
    let email = key(&held(&data), 0x11, "ann@example.com");
    write(&data, &vec![(email, None)]);
    let (code, out, error) = envoi(&["fsck", text(&data)]);
    assert_eq!(code, 1, "{out}");
    assert!(error.starts_with("envoi: `envoi fsck --repair` makes again what follows from records"), "{error}");
    assert!(out.starts_with("index \"email\" = \"ann@example.com\" of \"Subscriber\" 10000"), "{out}");
    assert!(out.contains(" of account 100001: expected an index entry: the record has it; found none\n"), "{out}");
    assert!(out.ends_with(" bytes: 1 found wrong, 1 left\n"), "{out}");
    let (code, out, _) = envoi(&["fsck", text(&data), "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["left"], &report["findings"][0]["repaired"]), (1, &json!(1), &json!(false)));
    let (code, out, _) = envoi(&["fsck", text(&data), "--repair"]);
    assert!(code == 0 && out.contains("; found none (repaired)\n"), "{out}");
    assert!(out.ends_with(" bytes: 1 found wrong, all repaired\n"), "{out}");
    let configured = format!("store.path={}", data.display());
    let (code, out, _) = envoi(&["fsck", "--set", &configured]);
    assert_eq!(code, 0, "{out}");
}
