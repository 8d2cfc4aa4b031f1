//! What is wrong with the SendResponseTo entries of a call, in words.
//!
//! Addresses may hold secrets: only one that is no e-mail address is repeated, and to its caller alone.

use super::{Rejection, Settings, address, address::Unfit};
use crate::message::{
    mailbox,
    options::{ResponseType, SendResponseTo},
};

/// Characters of an address that are repeated.
const LONGEST_REPEATED: usize = 200;

/// Why nobody can be told as a call asks for it. Places count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// There are too many entries.
    #[error("SendResponseTo is given {given} times, expected at most {most}")]
    TooMany {
        /// How many there are.
        given: usize,
        /// How many there may be.
        most: usize,
    },
    /// Nothing is posted there.
    #[error("ResponseAddress of SendResponseTo {at} {why}")]
    Post {
        /// The entry.
        at: usize,
        /// What is wrong with its address.
        why: Unfit,
    },
    /// There is no folder.
    #[error("ResponseType of SendResponseTo {at} is FTP, and no folder is set for it")]
    Ftp {
        /// The entry.
        at: usize,
    },
    /// No mail goes there.
    #[error("ResponseAddress of SendResponseTo {at} is no e-mail address")]
    Mail {
        /// The entry.
        at: usize,
        /// The address, cut short.
        address: String,
    },
}

impl Objection {
    /// The code of the refusal.
    pub fn rejection(&self) -> Rejection {
        match self {
            Self::TooMany { .. } => Rejection::TooManyTargets,
            Self::Post { .. } => Rejection::Insecure,
            Self::Ftp { .. } => Rejection::NoFtp,
            Self::Mail { .. } => Rejection::NoMailbox,
        }
    }

    /// `StatusMessage`: the text of the code, with place and value where the text is ours.
    pub fn text(&self) -> String {
        let text = self.rejection().text();
        match self {
            Self::TooMany { .. } => format!("{text}: {self}"),
            Self::Post { .. } | Self::Ftp { .. } => text.to_owned(),
            Self::Mail { at, address } => format!(
                "{text}: ResponseAddress of SendResponseTo {at} is {address:?}, expected one address such as ada@example.com"
            ),
        }
    }

    /// What the text does not say.
    pub fn detail(&self) -> Option<String> {
        matches!(self, Self::Post { .. }).then(|| self.to_string())
    }
}

/// The first thing that is wrong with the entries of a call; the order of the checks is that of their codes.
pub fn object_to(targets: &[SendResponseTo], settings: &Settings) -> Option<Objection> {
    let (given, most) = (targets.len(), settings.max_targets);
    if given > most {
        return Some(Objection::TooMany { given, most });
    }
    let of = |kind: ResponseType| (1..).zip(targets).filter(move |(_, target)| target.kind == kind);
    let mut posts = of(ResponseType::HttpPost).filter_map(|(at, to)| {
        address::may_post_to(&to.address, settings).err().map(|why| Objection::Post { at, why })
    });
    let mut files = of(ResponseType::Ftp).filter(|_| !settings.drop_folder).map(|(at, _)| Objection::Ftp { at });
    let mut mails =
        of(ResponseType::Email).filter(|(_, to)| !mailbox::is_address(to.address.trim())).map(|(at, to)| {
            let end = to.address.char_indices().nth(LONGEST_REPEATED).map_or(to.address.len(), |(end, _)| end);
            Objection::Mail { at, address: to.address.get(..end).unwrap_or_default().to_owned() }
        });
    posts.next().or_else(|| files.next()).or_else(|| mails.next())
}
