//! Data extensions, their fields and their rows through `backend::apply`, each request given as SOAP text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "wire/caller.rs"]
mod caller;
#[path = "rows/errors.rs"]
mod errors;
#[path = "rows/extensions.rs"]
mod extensions;
#[path = "rows/fields.rs"]
mod fields;
#[path = "people/house.rs"]
#[expect(dead_code, reason = "the house has more than rows need")]
mod house;
#[path = "rows/random.rs"]
mod random;
#[path = "rows/tables.rs"]
mod tables;
#[path = "rows/table.rs"]
mod table;
