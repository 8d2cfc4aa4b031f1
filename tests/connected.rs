//! Objects that connectors do, without front door and network: what a conversation waits for, in which order it goes on, what
//! comes of it in rows, events and results, and what a crash costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "connected/crashes.rs"]
mod crashes;
#[allow(dead_code, reason = "the simulation uses the rest")]
#[path = "simulation/engine.rs"]
mod engine;
#[path = "connected/house.rs"]
mod house;
#[path = "connected/order.rs"]
mod order;
#[path = "connected/people.rs"]
mod people;
#[path = "connected/receipts.rs"]
mod receipts;
#[path = "connected/rows.rs"]
mod rows;
