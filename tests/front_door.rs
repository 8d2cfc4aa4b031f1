//! The front door over real sockets: raw bytes where the wire matters, hyper's client where it does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "front_door/house.rs"]
mod house;

#[path = "front_door/admin.rs"]
mod admin;
#[path = "front_door/bodies.rs"]
mod bodies;
#[path = "front_door/certificates.rs"]
mod certificates;
#[path = "front_door/contract.rs"]
mod contract;
#[path = "front_door/heads.rs"]
mod heads;
#[path = "front_door/life.rs"]
mod life;
#[path = "front_door/versions.rs"]
mod versions;
#[path = "front_door/log.rs"]
mod log;
