//! Whatever the disk does, the store holds what a plain map holds of the work that was acknowledged.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering, mpsc},
};

use proptest::prelude::*;

use super::{
    StoreError,
    committer::Patience,
    faults::Fault,
    tests::{FAULTS, House, OWNER},
};

#[derive(Clone, Debug)]
enum Step {
    /// Puts, or removes, and whether the work itself gives up in the end.
    Write {
        changes: Vec<(i64, Option<u8>)>,
        keep: bool,
    },
    /// The `apply` after so many others fails.
    Plan {
        after: usize,
        fault: Fault,
        panics: bool,
    },
    /// So often there is no room for anything, no engine can be opened, there is no room for more.
    Hard {
        dead: usize,
        shut: usize,
        full: usize,
    },
    Attempt,
    /// The store is closed and opened again.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let change = (0..6i64, proptest::option::of(any::<u8>()));
    let fault = proptest::sample::select(FAULTS.to_vec());
    prop_oneof![
        8 => (proptest::collection::vec(change, 1..5), prop::bool::weighted(0.9))
            .prop_map(|(changes, keep)| Step::Write { changes, keep }),
        3 => (0..3usize, fault, any::<bool>()).prop_map(|(after, fault, panics)| Step::Plan { after, fault, panics }),
        1 => (0..3usize, 0..2usize, 0..3usize).prop_map(|(dead, shut, full)| Step::Hard { dead, shut, full }),
        4 => Just(Step::Attempt),
        1 => Just(Step::Restart),
    ]
}

type Model = BTreeMap<i64, u8>;

fn agree(house: &House, model: &Model) {
    let seen = house.store.read_blocking(|view| {
        let objects = view.objects(&OWNER);
        let all: Vec<(i64, u8)> = objects.scan("Row", i64::MIN, 100)?;
        assert_eq!(objects.count("Row")?, all.len() as u64);
        for (id, value) in &all {
            assert!(objects.find("Row", "value", &value.to_string())?.contains(id));
        }
        assert_eq!(objects.find("Row", "any", "")?, all.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        Ok::<_, StoreError>(all)
    });
    match seen {
        Ok(seen) => assert_eq!(seen, model.clone().into_iter().collect::<Vec<_>>()),
        // No engine is open: only after an opening that failed.
        Err(error) => assert!(matches!(error, StoreError::Unavailable { .. }) && house.store.stats().failed, "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Acknowledged is there, failed is not, and no id is given twice, whatever the disk does.
    #[test]
    fn whatever_fails_what_was_acknowledged_is_there(steps in proptest::collection::vec(step(), 1..40)) {
        let (mut house, mut model, mut ids) = (House::new(), Model::new(), Vec::new());
        for step in steps {
            match step {
                Step::Write { changes, keep } => {
                    let refuses = house.store.stats().failed;
                    let (tell, told) = mpsc::channel();
                    let wanted = changes.clone();
                    let written = house.store.write_blocking(move |txn| {
                        let objects = txn.objects(&OWNER);
                        tell.send(objects.next_id()).unwrap();
                        for (id, value) in wanted {
                            match value {
                                Some(value) => {
                                    objects.put("Row", id, &value, &[("value", &value.to_string()), ("any", "")])?;
                                }
                                None => drop(objects.remove("Row", id)?),
                            }
                        }
                        if keep { Ok(()) } else { Err(StoreError::Closed) }
                    });
                    ids.extend(told.try_iter());
                    match written {
                        Ok(()) => {
                            prop_assert!(keep && !refuses);
                            for (id, value) in changes {
                                match value {
                                    Some(value) => model.insert(id, value),
                                    None => model.remove(&id),
                                };
                            }
                        }
                        Err(StoreError::Closed) => prop_assert!(!keep && !refuses),
                        Err(StoreError::Unavailable { .. }) => prop_assert!(refuses),
                        Err(StoreError::Io { .. }) => prop_assert!(!refuses && house.store.stats().failed),
                        Err(error) => prop_assert!(false, "{}", error),
                    }
                }
                Step::Plan { after, fault, panics } => {
                    house.world.plan((0..after).map(|_| None).chain([Some((fault, panics))]));
                }
                Step::Hard { dead, shut, full } => {
                    house.world.dead.store(dead, Ordering::SeqCst);
                    house.world.full.store(full, Ordering::SeqCst);
                    house.world.shut.store(shut, Ordering::SeqCst);
                }
                Step::Attempt if house.store.stats().failed => drop(house.attempt()),
                Step::Attempt => {}
                Step::Restart => {
                    prop_assert!(house.recover(), "it does not recover");
                    let world = Arc::clone(&house.world);
                    drop(house);
                    house = House::on(world, Patience::default());
                }
            }
            agree(&house, &model);
        }
        let given = ids.len();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), given, "an id was given twice");
    }
}
