//! The service's words, typed: Call, Options, Results, error codes, Client.
pub mod client;
