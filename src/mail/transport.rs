//! The ways out.

use super::{Capture, Composed, MailError, Relay, Sent, Settings, Way};

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
