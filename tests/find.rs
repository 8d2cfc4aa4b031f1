//! Retrieve, Query, Describe, Perform, Configure, Schedule, Extract and the status calls: each request as SOAP text, on a
//! store in memory, and what its answer says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, in its helpers too"
)]

#[path = "find/accounts.rs"]
mod accounts;
#[path = "wire/caller.rs"]
mod caller;
#[path = "find/definitions.rs"]
mod definitions;
#[path = "find/describe.rs"]
mod describe;
#[path = "find/filters.rs"]
mod filters;
#[path = "find/house.rs"]
mod house;
#[path = "find/pages.rs"]
mod pages;
#[path = "find/readers.rs"]
mod readers;
#[path = "find/rows.rs"]
mod rows;
#[path = "find/types.rs"]
mod types;
