//! Why a document is refused, and where.

use std::borrow::Cow;

/// A document that is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub kind: ReadErrorKind,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadErrorKind {
    /// It is not well-formed, or not namespace-well-formed.
    #[error("{0}")]
    Malformed(Cow<'static, str>),
    /// It has a document type declaration (SOAP 1.1 section 3, SOAP 1.2 section 5).
    #[error("a SOAP message must not contain a document type declaration")]
    Dtd,
    /// It is larger than this gateway reads.
    #[error("{what}: the limit is {limit}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The setting.
        limit: usize,
    },
}

/// A [`ReadErrorKind`] at a byte of the document.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) offset: usize,
    pub(super) kind: ReadErrorKind,
}

pub(super) fn malformed<T>(offset: usize, what: impl Into<Cow<'static, str>>) -> Result<T, Refusal> {
    Err(Refusal { offset, kind: ReadErrorKind::Malformed(what.into()) })
}

pub(super) fn too_much<T>(offset: usize, what: &'static str, limit: usize) -> Result<T, Refusal> {
    Err(Refusal { offset, kind: ReadErrorKind::Limit { what, limit } })
}

/// A foreign name for a message: not longer than a line, nothing that upsets a terminal.
pub(super) fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(64).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if shown.len() < name.len() {
        shown.push('\u{2026}');
    }
    shown
}
