//! Triggered sends: what is checked and answered, what is owed, how a mail is built, what is kept of its end, and leaving a list.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, in its helpers too"
)]

#[path = "sends/asynchronous.rs"]
mod asynchronous;
#[path = "sends/bounces.rs"]
mod bounces;
#[path = "wire/caller.rs"]
mod caller;
#[path = "sends/create.rs"]
mod create;
#[path = "sends/delivery.rs"]
mod delivery;
#[path = "sends/events.rs"]
mod events;
#[path = "sends/front.rs"]
mod front;
#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "sends/house.rs"]
mod house;
#[path = "sends/leaving.rs"]
mod leaving;
#[path = "sends/odd_bounces.rs"]
mod odd_bounces;
#[path = "sends/rendering.rs"]
mod rendering;
#[path = "sends/settled.rs"]
mod settled;
#[path = "mail/sink.rs"]
#[allow(dead_code, reason = "shared with the tests of mail")]
mod sink;
