//! E-mail from outside: messages as an independent parser reads them, relays that behave and relays that do not, what is
//! captured, what is set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "validate/judge.rs"]
#[allow(dead_code, reason = "shared with the tests of answers")]
mod judge;
#[path = "mail/captured.rs"]
mod captured;
#[path = "mail/messages.rs"]
mod messages;
#[path = "mail/others.rs"]
mod others;
#[path = "mail/relay.rs"]
mod relay;
#[path = "mail/results.rs"]
mod results;
#[path = "mail/secret.rs"]
mod secret;
#[path = "mail/settings.rs"]
mod settings;
#[path = "mail/sink.rs"]
#[allow(dead_code, reason = "shared with the tests of sends and of crashes")]
mod sink;
