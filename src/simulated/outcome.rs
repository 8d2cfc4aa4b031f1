//! What becomes of a message that was taken, and is told by webhook afterwards.

use std::fmt;

/// What is told of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is on its way, and then nothing more.
    Sent,
    /// It arrived.
    Delivered,
    /// It arrived, and was read.
    Read,
    /// It did not arrive: a code of the system, or the one of a number that nobody has.
    Failed(Option<String>),
    /// Nothing at all.
    Silent,
}

impl Outcome {
    /// The outcome of this name: `sent`, `delivered`, `read`, `failed`, `silent`.
    pub fn named(name: &str, because: Option<String>) -> Option<Self> {
        Some(match name {
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "failed" => return Some(Self::Failed(because)),
            "silent" => Self::Silent,
            _ => return None,
        })
        .filter(|_| because.is_none())
    }

    /// What becomes of a message to this recipient when nothing is set: nothing arrives at a number that ends in 99.
    pub(super) fn usual(to: &str) -> Self {
        if to.ends_with("99") { Self::Failed(None) } else { Self::Delivered }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent => f.write_str("a message is told to be sent, and no more"),
            Self::Delivered => f.write_str("a message is told to be delivered"),
            Self::Read => f.write_str("a message is told to be delivered and read"),
            Self::Failed(None) => f.write_str("a message is told to have failed"),
            Self::Failed(Some(code)) => write!(f, "a message is told to have failed with {code}"),
            Self::Silent => f.write_str("nothing is told of a message"),
        }
    }
}
