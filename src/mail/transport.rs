//! The ways out, and what became of one attempt.

use super::{Capture, Composed, MailError, Relay, Settings, Way};

/// Where mail goes.
#[derive(Debug)]
pub enum Transport {
    /// To a relay by SMTP.
    Relay(Box<Relay>),
    /// To a place where it can be looked at.
    Capture(Capture),
    /// Nowhere: what is owed stays owed. Ask [`Transport::is_none`] before an attempt is counted.
    None,
}

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

impl Transport {
    /// Opens the way that is set. Nothing is connected to yet.
    ///
    /// # Errors
    /// When the relay's settings contradict each other, a certificate file cannot be read, or the folder cannot be made.
    pub fn new(settings: &Settings) -> Result<Self, MailError> {
        Ok(match &settings.way {
            Way::None => Self::None,
            Way::Relay => Self::Relay(Box::new(Relay::new(settings.relay.clone())?)),
            Way::Folder(folder) => Self::Capture(Capture::folder(folder.clone())?),
            Way::Memory => Self::Capture(Capture::memory()),
        })
    }

    /// Whether there is no way out, so that no attempt can be made.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// What was captured, where mail is.
    pub fn captured(&self) -> Option<&Capture> {
        match self {
            Self::Capture(capture) => Some(capture),
            Self::Relay(_) | Self::None => None,
        }
    }

    /// Makes one attempt.
    pub async fn send(&self, mail: &Composed) -> Sent {
        match self {
            Self::Relay(relay) => relay.send(mail).await,
            Self::Capture(capture) => capture.keep(mail).await,
            Self::None => {
                let status = "there is no way out for mail: set mail.relay or mail.folder".to_owned();
                Sent::Retry { status, alone: false }
            }
        }
    }

    /// Takes leave of the relay.
    pub async fn close(&self) {
        if let Self::Relay(relay) = self {
            relay.close().await;
        }
    }
}
