//! Subscribers, lists, memberships and Execute through `backend::apply`, each request given as SOAP text.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, in its helpers too"
)]

#[path = "people/allowed.rs"]
mod allowed;
#[path = "wire/caller.rs"]
mod caller;
#[path = "people/folders.rs"]
mod folders;
#[path = "people/house.rs"]
mod house;
#[path = "people/identity.rs"]
mod identity;
#[path = "people/lists.rs"]
mod lists;
#[path = "people/memberships.rs"]
mod memberships;
#[path = "people/random.rs"]
mod random;
#[path = "people/subscribers.rs"]
mod subscribers;
#[path = "people/unsubscribing.rs"]
mod unsubscribing;
