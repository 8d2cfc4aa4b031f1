//! E-mail: messages written as RFC 5322 has them, and the ways out: a relay by SMTP, or a place where they can be looked at. And
//! what comes back: reports that a mail could not be delivered.
//!
//! It knows nothing of results or of triggered sends: whoever has something to say brings a [`Mail`]. It keeps nothing that
//! is owed and decides no retry; [`Sent`] tells what became of one attempt. No password, body or address is logged here.
//!
//! - lettre writes the parts of a message (MIME, base64, quoted-printable) and speaks SMTP's commands. Header texts are
//!   encoded here, so that whatever stands in a field stays in that field, and comes back the same from a reader.
//! - TLS, STARTTLS, the pool and the verdict are ours (`relay`): only so is it known whether the final dot was sent, which is
//!   the line between "try again" and "it may have arrived".

mod capture;
mod compose;
mod header;
mod mailbox;
mod relay;
mod report;
mod sent;
mod settings;
mod transport;

pub use self::{
    capture::{Capture, Captured},
    compose::{Attachment, AutoSubmitted, Composed, Mail, compose},
    header::{harmless, is_unseen, one_line},
    mailbox::Mailbox,
    relay::Relay,
    report::{LONGEST as LONGEST_REPORT, Recipient, Report, Unreadable},
    sent::{OF_COPIES, OF_MESSAGE, Sent},
    settings::{Attach, RelaySettings, ReturnPath, Secure, Settings, Way},
    transport::Transport,
};

/// Why a message cannot be written, or a way out not be opened.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// An address is none. It is not repeated: addresses are not for logs.
    #[error("{field} holds no address that mail can be sent to: {why}")]
    Address {
        /// The header field.
        field: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A value that has to be of a certain form is not.
    #[error("{field} is {value:?}, expected {expected}")]
    Form {
        /// The header field.
        field: &'static str,
        /// What was given.
        value: String,
        /// What it has to look like.
        expected: &'static str,
    },
    /// lettre does not put it together.
    #[error("the message cannot be put together: {0}")]
    Built(#[from] lettre::error::Error),
    /// A setting, or what stands in a file that it names.
    #[error("{setting}: {wrong}")]
    Setting {
        /// Its key.
        setting: &'static str,
        /// What is wrong, and what was expected.
        wrong: String,
    },
}
