//! Conversations through the front door: acceptance, order, ends, results, restarts. The clock is stopped and moved by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "conversations/codes.rs"]
mod codes;
#[path = "conversations/commands.rs"]
mod commands;
#[path = "conversations/deletions.rs"]
mod deletions;
#[path = "conversations/extract.rs"]
mod extract;
#[path = "conversations/house.rs"]
mod house;
#[path = "conversations/moments.rs"]
mod moments;
#[path = "conversations/operators.rs"]
mod operators;
#[path = "conversations/options.rs"]
mod options;
#[path = "conversations/results.rs"]
mod results;
#[path = "conversations/running.rs"]
mod running;
#[path = "conversations/settings.rs"]
mod settings;
#[path = "conversations/table.rs"]
mod table;
