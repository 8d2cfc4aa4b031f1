//! What keeps an object from becoming a message: the row's ErrorCode and what it says.

use crate::message::ErrorCode;

/// Why there is no message: ErrorCode and StatusMessage.
pub(super) type Problem = (i64, String);

/// A problem of a kind, with what it is about.
pub(super) fn problem(code: ErrorCode, about: impl AsRef<str>) -> Problem {
    (code.code, code.about(about.as_ref()))
}
