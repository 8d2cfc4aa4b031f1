//! The table of settings: one row for each, in the order of the README; a file for each room's.
//!
//! A test holds that every default here is the room's own default.

mod access;
mod extract;
mod log;
mod mail;
mod queue;
mod reading;
mod sends;
mod server;
mod store;

use std::time::Duration;

use super::{Config, value::Kind};

/// One setting.
pub(super) struct Setting {
    /// `section.name`, as in the file.
    pub(super) key: &'static str,
    /// How it is read, and where it goes.
    pub(super) kind: Kind,
    /// Its default, as the file would have it; empty for none.
    pub(super) default: &'static str,
    /// What it is for, in a sentence.
    pub(super) doc: &'static str,
}

impl Setting {
    /// The environment variable that sets it.
    pub(super) fn environment(&self) -> String {
        format!("ENVOI_{}", self.key.replace('.', "_").to_uppercase())
    }
}

const fn row(key: &'static str, default: &'static str, kind: Kind, doc: &'static str) -> Setting {
    Setting { key, kind, default, doc }
}

const fn seconds(min: u64, max: u64, put: fn(&mut Config, Duration)) -> Kind {
    Kind::Duration { min: Duration::from_secs(min), max: Duration::from_secs(max), put }
}

const fn flag(put: fn(&mut Config, bool)) -> Kind {
    Kind::Flag { put }
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Numbers here are bounded by their rows, so none is cut short.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// All settings.
pub(super) fn settings() -> impl Iterator<Item = &'static Setting> + Clone {
    [
        server::ROWS,
        store::ROWS,
        reading::ROWS,
        queue::ROWS,
        extract::ROWS,
        sends::ROWS,
        mail::ROWS,
        access::ROWS,
        log::ROWS,
    ]
    .into_iter()
    .flatten()
}
