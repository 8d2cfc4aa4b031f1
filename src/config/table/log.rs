//! Settings of the log.

use super::{Setting, row};
use crate::config::value::Kind;

pub(super) const ROWS: &[Setting] = &[
    row(
        "log.format",
        "pretty",
        Kind::Choice { of: &["pretty", "json"], put: |c, v| c.log.json = v == "json" },
        "Lines for human eyes, or one JSON object a line.",
    ),
    row(
        "log.filter",
        "info",
        Kind::Text { check: filter, put: |c, v| c.log.filter = v },
        "What is logged: a level, or `info,envoi::store=debug` and the like. Other crates log warnings only, unless named.",
    ),
];

fn filter(text: &str) -> Result<(), String> {
    let filter = tracing_subscriber::EnvFilter::try_new(text);
    filter.map(|_| ()).map_err(|error| error.to_string())
}
