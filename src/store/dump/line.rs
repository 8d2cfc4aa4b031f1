//! The lines of an export.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::{conversation_key as keys, key};

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// The first one.
    Export { format: String, by: String },
    /// The next id that is given out.
    Sequence { next: i64 },
    /// A value that the program keeps under a name.
    Setting { name: String, value: Bytes },
    /// A record of an account.
    Object { account: u64, kind: String, id: i64, index: Vec<Entry>, value: Bytes },
    /// A conversation, or that its id was used.
    Conversation { account: u64, single: bool, conversation: String, value: Bytes },
    /// A part of a conversation.
    Part { account: u64, single: bool, conversation: String, sequence: u32, value: Bytes },
    /// The envelope of a part.
    Envelope { account: u64, single: bool, conversation: String, sequence: u32, value: Bytes },
    /// Anything else: its key in hexadecimal digits, and what lies there; `about` is for human eyes.
    Other { about: String, key: String, value: Bytes },
    /// The last one.
    End { lines: u64, sha256: String },
}

/// What lies under a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bytes {
    /// A record, as JSON of its type.
    Json(Value),
    /// Bytes that are a text.
    Text(String),
    /// Bytes that can be shown in no other way.
    Base64(String),
}

impl Bytes {
    pub(super) fn base64(bytes: &[u8]) -> Self {
        Self::Base64(STANDARD.encode(bytes))
    }

    pub(super) fn text(bytes: &[u8]) -> Self {
        std::str::from_utf8(bytes).map_or_else(|_| Self::base64(bytes), |text| Self::Text(text.to_owned()))
    }
}

/// The bytes of a text in base64.
pub(super) fn decoded(base64: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(base64).map_err(|error| format!("base64: {error}"))
}

/// An index entry of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Entry {
    /// With its value.
    Of { name: String, value: String },
    /// The value was too long for a key: the entry as it lies there.
    Cut { base64: String },
}

impl Entry {
    pub(super) fn of(entry: &[u8]) -> Self {
        match key::entry_parts(entry).filter(|(name, value)| key::entry(name, value.as_bytes()) == entry) {
            Some((name, value)) => Self::Of { name, value },
            None => Self::Cut { base64: STANDARD.encode(entry) },
        }
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Of { name, value } => Ok(key::entry(name, value.as_bytes())),
            Self::Cut { base64 } => decoded(base64),
        }
    }
}

/// Whether a key can be made again from the words in which its line names it; then its pieces go with it.
pub(super) fn is_whole(of: &[u8]) -> bool {
    match *of.first().unwrap_or(&0) {
        key::SETTING => key::name(of).is_some(),
        key::RECORD => key::of_kind(of).is_some_and(|(_, _, id)| id.len() == 8),
        keys::CONVERSATION => keys::whole_name(of).is_some_and(|(_, rest)| rest.is_empty()),
        keys::PART | keys::ENVELOPE => keys::whole_name(of).is_some_and(|(_, rest)| rest.len() == 4),
        _ => false,
    }
}
