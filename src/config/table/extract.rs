//! Settings of data extracts.

use super::{Setting, flag, row};
use crate::config::value::Kind;

pub(super) const ROWS: &[Setting] = &[
    row(
        "extract.folder",
        "",
        Kind::Directory { put: |c, v| c.backend.extract.folder = Some(v) },
        "Where data extracts are written, in a folder for each account; without it an Extract is refused.",
    ),
    row(
        "extract.guard_formulas",
        "true",
        flag(|c, v| c.backend.extract.guard_formulas = v),
        "Whether a value that a spreadsheet would take for a formula gets an apostrophe before it.",
    ),
];
