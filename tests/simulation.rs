//! A simulation of many clients, workers, kills, failing disks and clock moves: one thread, virtual time, everything drawn
//! from a seed, and a model that says at every step what must be there.
//!
//! `ENVOI_SEEDS=5000` runs so many seeds; `ENVOI_SEED=17` runs that one and tells what happens in it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "simulation/callers.rs"]
mod callers;
#[path = "simulation/checks.rs"]
mod checks;
#[path = "simulation/dice.rs"]
mod dice;
#[path = "simulation/engine.rs"]
#[allow(dead_code, reason = "the tests of the queue use the rest")]
mod engine;
#[path = "rules/history.rs"]
#[allow(dead_code, reason = "the tests of the rules use the rest")]
mod history;
#[path = "simulation/model.rs"]
mod model;
#[path = "simulation/world.rs"]
mod world;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use world::{Tally, World};

/// Things that happen in one world.
const STEPS: u64 = 120;
/// Between two looks at the whole store.
const LOOK: u64 = 40;

fn live(seed: u64, aloud: bool) -> Result<Tally, String> {
    let mut world = World::new(seed);
    let lived = catch_unwind(AssertUnwindSafe(|| {
        for step in 0..STEPS {
            world.step();
            if step % LOOK == LOOK - 1 {
                world.check_all();
            }
        }
        world.kill("killed at last");
        world.settle();
    }));
    if aloud {
        world.diary.iter().for_each(|line| eprintln!("{line}"));
    }
    match lived {
        Ok(()) => Ok(world.tally),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            let last: Vec<_> = world.diary.iter().rev().take(5).rev().cloned().collect();
            Err(format!("{}\n  before it:\n{}", text.unwrap_or_default(), last.join("\n")))
        }
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, expected a number")))
}

#[test]
fn whatever_happens_nothing_is_lost_nothing_is_done_twice_and_nothing_out_of_order() {
    if let Some(seed) = number("ENVOI_SEED") {
        let tally = live(seed, true).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        eprintln!("seed {seed}: {tally:?}");
        return;
    }
    let seeds = number("ENVOI_SEEDS").unwrap_or(200);
    // Each world is one thread; several of them side by side have nothing in common.
    let (next, threads) = (AtomicU64::new(0), thread::available_parallelism().map_or(1, usize::from));
    let run = || {
        let mut total = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds {
                return Ok(total);
            }
            match live(seed, false) {
                Ok(tally) => total.add(&tally),
                Err(why) => {
                    next.store(seeds, Ordering::SeqCst);
                    return Err(format!(
                        "seed {seed}: {why}\n\nsee it again: ENVOI_SEED={seed} cargo test --test simulation"
                    ));
                }
            }
        }
    };
    let mut total = Tally::default();
    thread::scope(|scope| {
        let runs: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        for lived in runs {
            match lived.join().expect("a world ends with a result") {
                Ok(tally) => total.add(&tally),
                Err(why) => panic!("{why}"),
            }
        }
    });
    eprintln!("{seeds} seeds: {total:?}");
    assert!(total.is_eventful(seeds), "too little happens for this to say anything: {total:?}");
}
