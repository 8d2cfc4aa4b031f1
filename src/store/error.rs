//! What can go wrong in the store, with one sentence for the log. Never a panic. No caller sees these texts: they name
//! paths and keys, and the front door has the service's own words.

use std::{any::Any, path::PathBuf};

/// Why the store could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A backup, or a file of exported lines, is not what its maker finished.
    #[error("{} {reason}", path.display())]
    BadCopy {
        /// The backup's directory or the file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The store is closing; the work was not run.
    #[error("the store is closed")]
    Closed,
    /// One stored record cannot be read.
    #[error("stored {key} cannot be read: {reason}")]
    Corrupt {
        /// The key in words: space, account, kind and id.
        key: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// The data directory as a whole cannot be read.
    #[error("the data directory {} cannot be opened: {reason}", path.display())]
    Damaged {
        /// The data directory.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
    /// The data directory was written by another version of this program, or by another program.
    #[error("the data directory {} has format {found}, this program reads format {supported}", path.display())]
    Format {
        /// The data directory.
        path: PathBuf,
        /// The format found there.
        found: String,
        /// The format that this program writes.
        supported: String,
    },
    /// Another process, or another `Store` of this process, has the data directory open.
    #[error("the data directory {} is in use by another envoi", path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// Reading or writing the disk failed. Of a write nothing was acknowledged.
    #[error("{doing} failed: {reason}")]
    Io {
        /// What the store was doing.
        doing: String,
        /// What the system said.
        reason: String,
    },
    /// What was asked for would overwrite something, or there is nothing to do it with. Nothing was changed.
    #[error("{} {why}", path.display())]
    NotThere {
        /// The directory.
        path: PathBuf,
        /// What it is, and what was expected.
        why: String,
    },
    /// The work itself panicked. It was rolled back.
    #[error("work in the store panicked: {reason}")]
    Panicked {
        /// The panic's message.
        reason: String,
    },
    /// The operator, or the end of the server, stopped it.
    #[error("{what} was broken off")]
    Stopped {
        /// What was broken off.
        what: String,
    },
    /// A restore, import or compaction into this data directory did not come to its end.
    #[error("the data directory {} is not finished: {what}", path.display())]
    Unfinished {
        /// The data directory.
        path: PathBuf,
        /// What was being done, and what to do now.
        what: String,
    },
    /// An earlier write failed; writes are refused until the store has recovered. Reads go on.
    #[error("the store refuses writes since an earlier one failed: {reason}")]
    Unavailable {
        /// The failure that began this state.
        reason: String,
    },
    /// A record could not be serialised.
    #[error("{key} cannot be written: {reason}")]
    Unwritable {
        /// The key in words.
        key: String,
        /// What the serialiser said.
        reason: String,
    },
}

impl StoreError {
    pub(super) fn io(doing: impl Into<String>, reason: &dyn std::fmt::Display) -> Self {
        Self::Io { doing: doing.into(), reason: reason.to_string() }
    }
}

/// A panic's message.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}
