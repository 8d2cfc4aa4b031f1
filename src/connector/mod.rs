//! Connectors: what a SOAP object means to a modern messaging API, and what that API's answer means to a SOAP client.
//!
//! This room is pure: it has the settings, the way of an object ([`route`]), the message that is made of it ([`plan()`]), the
//! HTTP request of that message, the reading of its answer, the one table of error codes ([`codes`]), and the reading of
//! webhooks. Sockets, tokens and time are `notify`'s, and what is written down is `store`'s.

mod attribute;
pub mod codes;
mod contact;
mod exchange;
mod judge;
mod message;
mod operation;
pub mod pattern;
pub mod phone;
mod plan;
mod problem;
mod remedy;
pub mod report;
mod request;
pub mod route;
#[cfg(test)]
mod sample;
mod settings;
#[cfg(test)]
mod specimen;
pub mod webhook;

pub use contact::{ContactChange, Found, InTurn, Step, Unsent, Wanted, Wish};
pub use exchange::{Answer, Request, Standing, Token, Verdict};
pub use judge::{judge, unanswered};
pub use message::{Action, Message, Receipt, Template, Text};
use message::{SENDER_NO, SESSION_ID};
use operation::CREATE_TEMPLATE;
pub use operation::{OPERATIONS, Operation};
pub use plan::{EXTRAS, Named, Planned, Planning, is_extension, plan};
pub use remedy::remedy;
pub use request::{check_private_key, encoded, read_token, request, revocation, revoked, token_request};
pub use settings::{
    Allowed, Ambiguous, Api, CompleteOn, Connector, Connectors, ContextType, Defaults, ErrorNumbers, PBX_CHANNELS,
    Route, System, To,
};
