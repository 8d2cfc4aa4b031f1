//! The program itself under the worst: killed with SIGKILL while it works, at random and at every single step of a delivery, and
//! on a disk that is full. What was acknowledged is there, and done once.
//!
//! `ENVOI_KILLS=500` kills so often (50 otherwise). `ENVOI_SEED=N` makes the random choices of an earlier run again: which
//! calls, in which order, and after how many answers the kill comes; the moment itself is the system's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "conversations/house.rs"]
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "shared with the tests of conversations")]
mod house;
#[path = "telling/receiver.rs"]
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "shared with the tests of telling")]
mod receiver;
#[path = "mail/sink.rs"]
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "shared with the tests of mail")]
mod sink;
#[path = "crash/chance.rs"]
mod chance;
#[cfg(target_os = "linux")]
#[path = "crash/drain.rs"]
mod drain;
#[path = "crash/full_disk.rs"]
mod full_disk;
#[path = "crash/killed.rs"]
mod killed;
#[path = "crash/program.rs"]
mod program;
#[cfg(target_os = "linux")]
#[path = "crash/steps.rs"]
mod steps;
#[cfg(target_os = "linux")]
#[path = "crash/told.rs"]
mod told;
