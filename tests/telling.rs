//! Telling callers, through the front door and to real receivers on this machine: forms, cuts, retries, attacks, crashes.
//! The clock is stopped and moved by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "telling/attacks.rs"]
mod attacks;
#[path = "telling/forms.rs"]
mod forms;
#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "conversations/house.rs"]
#[allow(dead_code, reason = "shared with the tests of conversations")]
mod house;
#[path = "validate/judge.rs"]
#[allow(dead_code, reason = "shared with the tests of answers")]
mod judge;
#[path = "telling/killed.rs"]
mod killed;
#[path = "telling/operators.rs"]
mod operators;
#[path = "telling/receiver.rs"]
mod receiver;
#[path = "telling/retries.rs"]
mod retries;
#[path = "telling/snippets.rs"]
mod snippets;
