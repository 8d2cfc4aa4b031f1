//! Limits of what is read and worked on at once.

use super::{Setting, place, row};
use crate::{config::value::Kind, message::MAX_OBJECTS};

pub(super) const ROWS: &[Setting] = &[
    row(
        "xml.depth",
        "64",
        Kind::Number { min: 16, max: 256, put: |c, v| c.limits.depth = place(v) },
        "Elements inside each other.",
    ),
    row(
        "xml.attributes",
        "64",
        Kind::Number { min: 8, max: 10_000, put: |c, v| c.limits.attributes = place(v) },
        "Attributes of one element, declarations of namespaces included.",
    ),
    row(
        "xml.namespaces",
        "64",
        Kind::Number { min: 8, max: 10_000, put: |c, v| c.limits.namespaces = place(v) },
        "Declarations of namespaces in scope at one place.",
    ),
    row(
        "xml.name",
        "256B",
        Kind::Size { min: 64, max: 64 << 10, put: |c, v| c.limits.name = place(v) },
        "The longest name of an element or attribute, prefix included.",
    ),
    row(
        "xml.value",
        "8KiB",
        Kind::Size { min: 256, max: 1 << 30, put: |c, v| c.limits.value = place(v) },
        "The longest value of an attribute.",
    ),
    row(
        "xml.text",
        "8MiB",
        Kind::Size { min: 1 << 10, max: 1 << 30, put: |c, v| c.limits.text = place(v) },
        "The longest text of one element.",
    ),
    row(
        "xml.elements",
        "2000000",
        Kind::Number { min: 1000, max: 1_000_000_000, put: |c, v| c.limits.elements = place(v) },
        "Elements of one envelope.",
    ),
    row(
        "soap.max_objects",
        "32766",
        Kind::Number { min: 1, max: MAX_OBJECTS as u64, put: |c, v| c.backend.max_objects = place(v) },
        "Objects of one call; one more is ErrorCode 218.",
    ),
];
