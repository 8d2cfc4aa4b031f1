//! How mail leaves. Reads no file and opens no socket.

use std::{path::PathBuf, time::Duration};

use super::{MailError, Mailbox};
use crate::message::{client::Secret, host};

/// Everything about mail that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where mail goes.
    pub way: Way,
    /// The From of results that are sent by e-mail.
    pub from: Mailbox,
    /// How results are attached.
    pub attachment: Attach,
    /// Where mail servers report what they could not deliver, in place of the sender's address.
    pub return_path: Option<ReturnPath>,
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

/// An address for reports of mail that could not be delivered (MAIL FROM). `{id}` in it stands for the id of the delivery, so that
/// the address alone tells what a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

impl ReturnPath {
    const ID: &str = "{id}";
    /// RFC 5321, section 4.5.3.1.1
    const LONGEST_LOCAL: usize = 64;

    /// Reads `bounces@example.com` or `bounces+{id}@example.com`.
    ///
    /// # Errors
    /// When it would be no address, or none in ASCII.
    pub fn parse(text: &str) -> Result<Self, MailError> {
        let wrong = |why| MailError::Address { field: "MAIL FROM", why };
        let path = Self(text.trim().to_owned());
        let sample = path.of(&uuid::Uuid::nil().to_string());
        let local = sample.rsplit_once('@').map_or(0, |(local, _)| local.len());
        Mailbox::new(sample).plain("MAIL FROM")?;
        if local > Self::LONGEST_LOCAL {
            return Err(wrong("what stands before the @ is longer than 64 bytes"));
        }
        if path.0.matches(['{', '}']).count() > 2 * path.0.matches(Self::ID).count().min(1) {
            return Err(wrong("braces stand around `id` alone, once"));
        }
        match path.0.rsplit_once('@') {
            Some((_, domain)) if domain.contains(Self::ID) => Err(wrong("its domain would differ from mail to mail")),
            _ => Ok(path),
        }
    }

    /// The address for one delivery.
    pub fn of(&self, id: &str) -> String {
        self.0.replace(Self::ID, id)
    }
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
            return_path: None,
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
        host::is_loopback(&self.host)
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

#[cfg(test)]
mod tests {
    use super::ReturnPath;

    #[test]
    fn a_return_path_is_an_address_for_every_id() {
        for (text, expected) in [
            ("bounces+{id}@example.com", "bounces+7@example.com"),
            (" {id}@example.com ", "7@example.com"),
            ("bounces@example.com", "bounces@example.com"),
        ] {
            assert_eq!(ReturnPath::parse(text).unwrap().of("7"), expected, "{text}");
        }
        for wrong in [
            "",
            "bounces",
            "Bounces <bounces@example.com>",
            "b\u{f6}unces@example.com",
            "bounces@{id}.example.com",
            "a-name-that-leaves-no-room-for-ids+{id}@example.com",
            "a@b.example\r\nRCPT TO:<c@d.example>",
        ] {
            assert!(ReturnPath::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
