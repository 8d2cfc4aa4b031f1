//! Backup, restore, fsck, export, import, compact: through the program, and over data directories that were damaged by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "conversations/house.rs"]
#[allow(dead_code, reason = "shared with the tests of conversations")]
mod house;
#[path = "upkeep/copies.rs"]
mod copies;
#[path = "upkeep/damage.rs"]
mod damage;
#[path = "upkeep/lines.rs"]
mod lines;
#[path = "upkeep/program.rs"]
mod program;
#[path = "upkeep/running.rs"]
mod running;
