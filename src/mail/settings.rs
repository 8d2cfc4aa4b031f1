//! How mail leaves. Reads no file and opens no socket.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use super::{MailError, Mailbox};
use crate::message::client::Secret;

/// Everything about mail that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where mail goes.
    pub way: Way,
    /// The From of results that are sent by e-mail.
    pub from: Mailbox,
    /// How results are attached.
    pub attachment: Attach,
    /// The relay, for [`Way::Relay`].
    pub relay: RelaySettings,
}

/// Where mail goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Nowhere: what is owed stays owed.
    #[default]
    None,
    /// To a relay by SMTP.
    Relay,
    /// Into a folder of .eml files; the newest can be looked at through the operators' listener.
    Folder(PathBuf),
    /// Kept in memory to be looked at: the newest thousand, gone at the end.
    Memory,
}

/// How results are attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attach {
    /// results.xml
    #[default]
    Xml,
    /// results.zip with results.xml in it, as the service has it.
    Zip,
}

/// How the relay is spoken to.
#[derive(Clone, Debug)]
pub struct RelaySettings {
    /// Its name, also the one in its certificate, or its address.
    pub host: String,
    /// Its port; 587, 465 or 25 by the kind of TLS.
    pub port: Option<u16>,
    /// TLS. Default STARTTLS.
    pub secure: Secure,
    /// PEM file with authorities that are trusted beside the system's.
    pub ca: Option<PathBuf>,
    /// Who logs in (AUTH PLAIN or LOGIN); nobody by default.
    pub user: Option<String>,
    /// With this password.
    pub password: Option<Secret>,
    /// The name in EHLO; the local address in brackets by default (RFC 5321, section 4.1.4).
    pub ehlo: Option<String>,
    /// How long connecting, and each reply, may take. Default 1 min.
    pub timeout: Duration,
    /// How long a message and the reply to it may take. Default 10 min: relays scan before they answer.
    pub data_timeout: Duration,
    /// Connections at once. Default 4.
    pub connections: usize,
    /// How long an unused connection is kept. Default 30 s.
    pub idle_timeout: Duration,
}

/// How a connection to the relay is made secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secure {
    /// Not at all.
    None,
    /// STARTTLS (RFC 3207): asked for, and insisted on.
    #[default]
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            way: Way::None,
            from: Mailbox::named("envoi", "envoi@localhost"),
            attachment: Attach::Xml,
            relay: RelaySettings::default(),
        }
    }
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: None,
            secure: Secure::StartTls,
            ca: None,
            user: None,
            password: None,
            ehlo: None,
            timeout: Duration::from_secs(60),
            data_timeout: Duration::from_secs(600),
            connections: 4,
            idle_timeout: Duration::from_secs(30),
        }
    }
}

impl RelaySettings {
    /// The port that is spoken to.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.secure {
            Secure::None => 25,
            Secure::StartTls => 587,
            Secure::Implicit => 465,
        })
    }

    fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Says what cannot be: a setting and a sentence for each.
    pub fn check(&self) -> Vec<MailError> {
        let mut wrong = Vec::new();
        let mut say = |setting, what: &str| wrong.push(MailError::Setting { setting, wrong: what.to_owned() });
        match (&self.user, &self.password) {
            (Some(_), None) => say("mail.password", "is missing, while mail.user is set"),
            (None, Some(_)) => say("mail.user", "is missing, while a password is set"),
            (Some(_), Some(_)) if self.secure == Secure::None && !self.is_loopback() => {
                say("mail.tls", "is none, so the password would travel in the clear: expected starttls or implicit");
            }
            _ => {}
        }
        wrong
    }
}
