//! The rule book of conversations: each code at its trigger, and all orders of events against a second reading of the rules.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "rules/addresses.rs"]
mod addresses;
#[path = "rules/codes.rs"]
mod codes;
#[path = "rules/events.rs"]
mod events;
#[path = "rules/history.rs"]
mod history;
#[path = "rules/options.rs"]
mod options;
#[path = "rules/schedule.rs"]
mod schedule;
#[path = "rules/size.rs"]
mod size;

use std::time::Duration;

use envoi::{
    clock::Time,
    conversation::{Arriving, Conversation, Rejection, Settings, accept},
};

const NOW: Time = Time::from_millis(1_700_000_000_000);
const GAP: Duration = Duration::from_secs(300);

fn part(sequence: u32, calls: u32) -> Arriving {
    Arriving { sequence, calls, scheduled: None, expires: None, priority: None }
}

/// Takes parts in, one a second, and tells the verdict on the last.
fn taken(parts: &[(u32, u32)]) -> (Conversation, Result<(), Rejection>) {
    let mut now = NOW;
    let mut state = None;
    let mut verdict = Ok(());
    for (sequence, calls) in parts {
        let (after, said) = accept(state, &part(*sequence, *calls), now, &Settings::default());
        (state, verdict) = (Some(after), said);
        now = now.plus(Duration::from_secs(1));
    }
    (state.expect("some part"), verdict)
}
