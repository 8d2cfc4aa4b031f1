//! Settings of the store.

use super::{Setting, row};
use crate::config::value::Kind;

pub(super) const ROWS: &[Setting] = &[
    row(
        "store.path",
        "envoi-data",
        Kind::Directory { put: |c, v| c.store.path = Some(v) },
        "The data directory, made when it is missing. One process at a time uses it.",
    ),
    row(
        "store.cache",
        "64MiB",
        Kind::Size { min: 1 << 20, max: 1 << 40, put: |c, v| c.store.cache_bytes = v },
        "How much of the data is kept in memory for reading.",
    ),
];
