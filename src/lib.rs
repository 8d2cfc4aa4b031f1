//! envoi: a SOAP gateway that speaks the Marketing Cloud (ExactTarget) PartnerAPI on the wire.
//!
//! The rooms, in the order in which they may know of each other (each imports only those above it):
//! [`clock`], [`schema`], [`object`], [`soap`], [`message`], [`conversation`], [`store`], [`backend`],
//! [`queue`], [`server`], [`config`], [`command`].

pub mod clock;
pub mod schema;
pub mod object;
pub mod soap;
pub mod message;
pub mod conversation;
pub mod store;
pub mod backend;
pub mod queue;
pub mod server;
pub mod config;
pub mod command;
