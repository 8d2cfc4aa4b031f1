//! The wire, through the front door: bytes over real sockets to a whole server, and what comes back.

mod envelopes;
mod faults;
mod gateway;
mod limits;
mod login;
mod objects;
