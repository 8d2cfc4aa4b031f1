//! The service's words, typed: operations, calls, options, results, error codes, and who is calling.
//!
//! This room is pure. It does no work on objects and knows no socket, store or clock.

mod attribute;
mod call;
pub mod client;
pub mod code;
mod filter;
pub mod host;
pub mod mailbox;
pub mod network;
pub mod fixed;
mod operand;
mod operation;
pub mod options;
pub(crate) mod personalize;
pub mod reply;
mod retrieve;
mod row;

pub(crate) use attribute::attributes;
pub use call::{Call, MAX_OBJECTS};
pub use code::ErrorCode;
pub use filter::{Bound, Condition, Filter, Operator};
pub(crate) use operand::collated;
pub use operand::{Class, Operand};
pub use operation::Operation;
pub use options::Options;
pub use retrieve::{Ask, Found, MAX_BATCH, MAX_CONDITIONS, MAX_PROPERTIES, Retrieve};
pub use row::{Echo, Queued, Row, Task, overall_status};
