//! Starts the log: to stderr, as lines for human eyes or as JSON.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use crate::config::Log;

/// Everything that is logged from now on goes to stderr.
pub(super) fn start(log: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(ours(&log.filter)).map_err(|error| error.to_string())?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // It tells of a line that could not be written by a line, and where the reader of stderr has gone, that ends the program.
    let lines = lines.log_internal_errors(false);
    let set = if log.json {
        lines.json().flatten_event(true).try_init()
    } else {
        lines.with_ansi(io::stderr().is_terminal()).try_init()
    };
    set.map_err(|error| error.to_string())
}

/// A level alone is meant for envoi: other crates are quiet below warnings, unless the filter names them.
fn ours(filter: &str) -> String {
    let level = |part: &str| part.trim().parse::<LevelFilter>().ok().filter(|_| !part.trim().is_empty());
    let directives = filter.split(',').map(|part| match level(part) {
        // The program and the library have one name.
        Some(level) => format!("{},envoi={level}", level.min(LevelFilter::WARN)),
        None => part.to_owned(),
    });
    directives.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_alone_is_for_envoi() {
        for (given, meant) in [
            ("info", "warn,envoi=info"),
            ("trace", "warn,envoi=trace"),
            ("error", "error,envoi=error"),
            ("off", "off,envoi=off"),
            ("info,envoi::store=debug,h2=trace", "warn,envoi=info,envoi::store=debug,h2=trace"),
            ("envoi::store=debug", "envoi::store=debug"),
            ("[request]=trace", "[request]=trace"),
        ] {
            assert_eq!(ours(given), meant);
            assert!(EnvFilter::try_new(meant).is_ok(), "{meant}");
        }
    }
}
