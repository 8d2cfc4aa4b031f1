//! What was acknowledged survives: a writing process is killed, with or without the machine's memory going with it, and what is
//! left must hold every acknowledged record with its exact value, and none that was acknowledged as removed.
//!
//! Loss of power is played by `power_loss/platter.c`, compiled here with `cc` and preloaded into the writer. `ENVOI_LONG=1` runs
//! many more trials. Arguments that name no trial here run nothing, so that `cargo test NAME` stays quick.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[cfg(target_os = "linux")]
#[path = "crash/chance.rs"]
mod chance;
#[cfg(target_os = "linux")]
#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[cfg(target_os = "linux")]
#[path = "power_loss/parts.rs"]
mod parts;
#[cfg(target_os = "linux")]
#[path = "crash/program.rs"]
#[allow(dead_code, reason = "shared with the crash tests")]
mod program;
#[cfg(target_os = "linux")]
#[path = "power_loss/writer.rs"]
mod writer;

#[cfg(target_os = "linux")]
#[path = "power_loss/trial.rs"]
mod trial;

#[cfg(target_os = "linux")]
fn main() {
    trial::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("power_loss: NOT RUN: it preloads a library, which only Linux does as it needs");
}
