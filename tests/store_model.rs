//! Whatever is put, removed, attempted and taken back, the store holds what a plain map holds: both engines, over reopening.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

use std::{collections::BTreeMap, path::Path};

use envoi::store::{Internal, Objects, Settings, Store, StoreError, Transaction};
use proptest::prelude::*;

const KINDS: [&str; 3] = ["List", "List\0", "row:17"];

/// Account, kind and id; text and index value.
type Model = BTreeMap<(u64, usize, i64), (String, String)>;

#[derive(Clone, Debug)]
enum Step {
    Put { account: u64, kind: usize, id: i64, length: usize, value: String },
    Remove { account: u64, kind: usize, id: i64 },
    Attempt { steps: Vec<Step>, keep: bool },
    Compare,
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![Just("a".to_owned()), Just("a\0".to_owned()), Just("ab".to_owned()), Just("v".repeat(300))]
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![9 => 0..40usize, 1 => 60_000..140_000usize];
    let at = (0..2u64, 0..KINDS.len(), -2..3i64);
    let put = (at.clone(), length, value()).prop_map(|((account, kind, id), length, value)| Step::Put {
        account,
        kind,
        id,
        length,
        value,
    });
    let remove = at.prop_map(|(account, kind, id)| Step::Remove { account, kind, id });
    let leaf = prop_oneof![5 => put, 2 => remove, 1 => Just(Step::Compare)];
    leaf.prop_recursive(3, 24, 6, |inner| {
        (proptest::collection::vec(inner, 0..6), any::<bool>()).prop_map(|(steps, keep)| Step::Attempt { steps, keep })
    })
}

#[derive(Debug)]
enum Stop {
    TakenBack,
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn run(step: &Step, txn: &mut Transaction<'_>, model: &mut Model) -> Result<(), Stop> {
    match step {
        Step::Put { account, kind, id, length, value } => {
            let text = "t".repeat(*length);
            let replaced = txn.objects(&Internal(*account)).put(KINDS[*kind], *id, &text, &[("index", value)])?;
            let before = model.insert((*account, *kind, *id), (text, value.clone()));
            assert_eq!(replaced, before.is_some());
        }
        Step::Remove { account, kind, id } => {
            let removed = txn.objects(&Internal(*account)).remove(KINDS[*kind], *id)?;
            assert_eq!(removed, model.remove(&(*account, *kind, *id)).is_some());
        }
        Step::Attempt { steps, keep } => {
            let before = model.clone();
            let outcome = txn.attempt(|txn| {
                steps.iter().try_for_each(|step| run(step, txn, model))?;
                if *keep { Ok(()) } else { Err(Stop::TakenBack) }
            });
            match outcome {
                Err(Stop::TakenBack) => *model = before,
                outcome => outcome?,
            }
        }
        Step::Compare => {
            for account in 0..2 {
                compare(&txn.objects(&Internal(account)), account, model)?;
            }
        }
    }
    Ok(())
}

/// Every way of reading gives what the map gives.
fn compare(objects: &Objects<'_>, account: u64, model: &Model) -> Result<(), StoreError> {
    for (number, kind) in KINDS.into_iter().enumerate() {
        let expected: Vec<(i64, String)> =
            of(model, account, number).map(|(id, (text, _))| (id, text.clone())).collect();
        assert_eq!(objects.count(kind)?, expected.len() as u64);
        let (mut all, mut after) = (Vec::new(), i64::MIN);
        while let Some((last, _)) = {
            all.extend(objects.scan::<String>(kind, after, 2)?);
            all.last().filter(|(last, _)| *last > after)
        } {
            after = *last;
        }
        assert_eq!(all, expected);
        for id in -2..3 {
            let expected = model.get(&(account, number, id)).map(|(text, _)| text.clone());
            assert_eq!(objects.has(kind, id)?, expected.is_some());
            assert_eq!(objects.get::<String>(kind, id)?, expected);
        }
        for value in ["a", "a\0", "ab", "v", "b", &"v".repeat(300)] {
            let with = |found: &str| found == value;
            let expected: Vec<i64> =
                of(model, account, number).filter(|(_, (_, found))| with(found)).map(|(id, _)| id).collect();
            assert_eq!(objects.find(kind, "index", value)?, expected);
            let mut expected: Vec<(&str, i64)> = of(model, account, number)
                .filter(|(_, (_, found))| found.starts_with(value))
                .map(|(id, (_, found))| (found.as_str(), id))
                .collect();
            expected.sort_unstable();
            let expected: Vec<i64> = expected.into_iter().map(|(_, id)| id).collect();
            if value.len() <= 256 {
                assert_eq!(objects.find_prefix(kind, "index", value, 100)?, expected);
            }
        }
    }
    Ok(())
}

fn of(model: &Model, account: u64, kind: usize) -> impl Iterator<Item = (i64, &(String, String))> {
    model.iter().filter(move |((a, k, _), _)| (*a, *k) == (account, kind)).map(|((_, _, id), held)| (*id, held))
}

fn open(path: Option<&Path>) -> Store {
    Store::open(&Settings { path: path.map(Path::to_path_buf), ..Settings::default() }).unwrap()
}

fn agree(works: &[Vec<Step>], path: Option<&Path>) {
    let mut store = open(path);
    let mut model = Model::new();
    for (turn, steps) in works.iter().enumerate() {
        let (steps, before, mut after) = (steps.clone(), model.clone(), model);
        // Every third piece of work is taken back whole.
        let keep = turn % 3 != 2;
        let outcome = store.write_blocking(move |txn| {
            steps.iter().try_for_each(|step| run(step, txn, &mut after))?;
            if keep { Ok(after) } else { Err(Stop::TakenBack) }
        });
        model = match outcome {
            Ok(after) => after,
            Err(Stop::TakenBack) => before,
            Err(Stop::Store(error)) => panic!("{error}"),
        };
        for account in 0..2 {
            store.read_blocking(|view| compare(&view.objects(&Internal(account)), account, &model)).unwrap();
        }
        if path.is_some() && turn % 4 == 3 {
            drop(store);
            store = open(path);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_holds_what_a_map_holds(works in proptest::collection::vec(proptest::collection::vec(step(), 0..12), 0..10)) {
        agree(&works, None);
        let directory = tempfile::tempdir().unwrap();
        agree(&works, Some(directory.path()));
    }
}
