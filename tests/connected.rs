//! Objects that connectors do: what a conversation waits for, in which order it goes on, what
//! comes of it in rows, events and results, and what a crash costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "connected/checks.rs"]
mod checks;
#[path = "connected/commits.rs"]
mod commits;
#[path = "connected/crashes.rs"]
mod crashes;
#[allow(dead_code, reason = "the simulation uses the rest")]
#[path = "simulation/engine.rs"]
mod engine;
#[path = "connected/front.rs"]
mod front;
#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "connected/house.rs"]
mod house;
#[path = "connected/inspection.rs"]
mod inspection;
#[path = "connected/order.rs"]
mod order;
#[path = "connected/people.rs"]
mod people;
#[path = "connected/receipts.rs"]
mod receipts;
#[path = "connected/rows.rs"]
mod rows;
#[path = "connected/synchronous.rs"]
mod synchronous;
