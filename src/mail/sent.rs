//! What became of one attempt, whichever way it went.

/// Ends the status when it was the message that a relay did not take, and not its recipient.
pub const OF_MESSAGE: &str = ", in answer to the message";

/// The same, where others than whom the mail is for had been taken too.
pub const OF_COPIES: &str = ", in answer to the message and its copies";

/// What became of one attempt. The status is one line of bounded length, fit for operators: what the relay answered
/// (`SMTP 451 4.7.1 …`), or what went wrong. It holds no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The next one has taken it over.
    Accepted {
        /// What it answered.
        status: String,
    },
    /// It has surely not been taken; another attempt may succeed.
    Retry {
        /// Why.
        status: String,
        /// Whether the relay does its work, and it is this mail alone that has to wait: its recipient or its message was not
        /// taken now.
        alone: bool,
    },
    /// It has surely not been taken, and will not be.
    Refused {
        /// Why.
        status: String,
    },
    /// All of it went out, and no answer came: it may have been taken.
    Uncertain {
        /// What went wrong.
        status: String,
    },
}

impl Sent {
    /// The line for operators.
    pub fn status(&self) -> &str {
        match self {
            Self::Accepted { status }
            | Self::Retry { status, .. }
            | Self::Refused { status }
            | Self::Uncertain { status } => status,
        }
    }
}
