//! The rule book of conversations: which calls may be queued, in which order they run, when they end.
//!
//! This room is pure: a state and an event go in, the new state and the verdict come out. It keeps nothing, asks no clock
//! and knows no store; whoever calls it writes the new state down in the transaction in which he read the old one.
//!
//! [`place()`] makes the checks that need no state, [`accept()`] takes a part in, [`overdue`] and [`due`] say when something is
//! to be done, [`begin`] and [`finish`] carry the parts through, [`delete`] takes a queued one back, [`give_up`] ends a
//! damaged one, [`Conversation::remainder`] says what is left to send again, [`respond`] who is told. [`code::TABLE`] is the
//! one table of codes.

mod accept;
mod address;
pub mod code;
mod objection;
mod place;
mod process;
pub mod respond;
mod sequences;
mod settings;
mod state;

pub use accept::{Arriving, accept};
pub use address::{Unfit, is_plain_loopback, is_same_host, may_post_to};
pub use code::Rejection;
pub use objection::{Objection, object_to};
pub use place::{Asked, Place, may_be_asynchronous, place};
pub use process::{Begun, begin, delete, due, ends_with, finish, give_up, overdue};
pub use sequences::Sequences;
pub use settings::{Excess, Settings};
pub use state::{Cause, Conversation, Fate, State};
