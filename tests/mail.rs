//! E-mail from outside: messages as an independent parser reads them, relays that behave and relays that do not, what is
//! captured, what is set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "mail/captured.rs"]
mod captured;
#[path = "mail/messages.rs"]
mod messages;
#[path = "mail/relay.rs"]
mod relay;
#[path = "mail/secret.rs"]
mod secret;
#[path = "mail/settings.rs"]
mod settings;
#[path = "mail/sink.rs"]
mod sink;
