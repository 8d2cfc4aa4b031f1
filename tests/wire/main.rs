//! The wire, through the front door: bytes over real sockets to a whole server, and what comes back.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail loudly, in its helpers too")]

mod envelopes;
mod faults;
#[allow(dead_code, reason = "shared with the tests of conversations")]
mod gateway;
mod limits;
mod login;
mod objects;
