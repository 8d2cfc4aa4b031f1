//! Connectors through the front door, against simulated systems that were written from their documentation alone: what is
//! sent, every error that they know, order, doubt, restarts, webhooks. The clock is stopped and moved by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "connectors/codes.rs"]
mod codes;
#[path = "connectors/contacts.rs"]
mod contacts;
#[path = "connectors/doubt.rs"]
mod doubt;
#[path = "connectors/failures.rs"]
mod failures;
#[path = "connectors/front.rs"]
mod front;
#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "connectors/house.rs"]
mod house;
#[path = "connectors/kinds.rs"]
mod kinds;
#[path = "connectors/order.rs"]
mod order;
#[path = "connectors/settings.rs"]
mod settings;
#[path = "connectors/simulated.rs"]
mod simulated;
#[path = "connectors/system.rs"]
mod system;
#[path = "connectors/tokens.rs"]
mod tokens;
#[path = "connectors/types.rs"]
mod types;
#[path = "connectors/webhooks.rs"]
mod webhooks;
