//! Settings of telling callers: callbacks, retries, the drop folder.

use super::{DAY, Setting, place, row, seconds, small};
use crate::config::value::Kind;

pub(super) const ROWS: &[Setting] = &[
    row(
        "callback.retry",
        "true",
        Kind::Flag { put: |c, v| c.notify.retry = v },
        "Whether what could not be delivered is tried again. The service itself tries once.",
    ),
    row(
        "callback.max_attempts",
        "14",
        Kind::Number { min: 1, max: 1000, put: |c, v| c.notify.max_attempts = small(v) },
        "How often a delivery is tried before it is given up; an operator can send it again.",
    ),
    row(
        "callback.max_age",
        "3d",
        seconds(1, 365 * DAY, |c, v| c.notify.max_age = v),
        "How long after its first attempt a delivery is tried, and how long one waits for a target that is down.",
    ),
    row(
        "callback.first_delay",
        "10s",
        seconds(1, DAY, |c, v| c.notify.first_delay = v),
        "The wait after the first attempt; it doubles with each, give or take a quarter. Retry-After counts when it is longer.",
    ),
    row(
        "callback.longest_delay",
        "6h",
        seconds(1, 30 * DAY, |c, v| c.notify.longest_delay = v),
        "The longest wait between two attempts.",
    ),
    row(
        "callback.breaker_failures",
        "5",
        Kind::Number { min: 1, max: 1_000_000, put: |c, v| c.notify.breaker_failures = small(v) },
        "Failures in a row after which a target (scheme, host and port) rests and is then probed with one delivery at a time.",
    ),
    row(
        "callback.breaker_rest",
        "30s",
        seconds(1, DAY, |c, v| c.notify.breaker_rest = v),
        "How long a target rests the first time; twice as long after each probe that fails, up to an hour.",
    ),
    row(
        "callback.at_once",
        "64",
        Kind::Number { min: 1, max: 10_000, put: |c, v| c.notify.at_once = place(v) },
        "Deliveries under way at once.",
    ),
    row(
        "callback.per_target",
        "8",
        Kind::Number { min: 1, max: 10_000, put: |c, v| c.notify.per_target = place(v) },
        "Deliveries under way at once to one target.",
    ),
    row(
        "callback.connect_timeout",
        "10s",
        seconds(1, 600, |c, v| c.notify.connect_timeout = v),
        "How long a connection to one address may take to be made.",
    ),
    row(
        "callback.timeout",
        "30s",
        seconds(1, 3600, |c, v| c.notify.timeout = v),
        "How long an attempt may take, with its connection and redirects.",
    ),
    row(
        "callback.max_response",
        "64KiB",
        Kind::Size { min: 1, max: 1 << 30, put: |c, v| c.notify.max_response = place(v) },
        "Bytes of a receiver's answer that are read. Only its status counts.",
    ),
    row(
        "callback.max_redirects",
        "3",
        Kind::Number { min: 0, max: 20, put: |c, v| c.notify.max_redirects = small(v) },
        "Redirects that repeat the POST (307, 308) which are followed; each is checked as the first address is.",
    ),
    row(
        "callback.allow_networks",
        "",
        Kind::Networks { put: |c, v| c.notify.allow_networks = v },
        "Addresses (or blocks such as 10.0.0.0/8) that callbacks may reach though they are not public.",
    ),
    row(
        "callback.ca",
        "",
        Kind::File { put: |c, v| c.callback_ca = Some(v) },
        "PEM file with certificates of authorities that are trusted beside the system's.",
    ),
    row(
        "callback.secrets",
        "",
        Kind::Secret { put: |c, v| c.callback_secrets = Some(v) },
        "What callbacks are signed with: `whsec_` and base64, or a text of 24 characters or more. While secrets change, the new one and then the old one, separated by commas.",
    ),
    row(
        "callback.drop_folder",
        "",
        Kind::Directory {
            put: |c, v| {
                c.backend.conversations.drop_folder = true;
                c.notify.drop_folder = Some(v);
            },
        },
        "Where results of ResponseType FTP are put, as one file each; absent, FTP is refused.",
    ),
    row(
        "callback.resend_in_doubt",
        "false",
        Kind::Flag { put: |c, v| c.notify.resend_in_doubt = v },
        "Whether a mail of a triggered send that was under way when the program was killed is sent again, at the risk that it arrives twice.",
    ),
];

impl crate::config::Config {
    /// Reads what the rows of this section name; gives key and mistake.
    pub(in crate::config) fn read_callbacks(&mut self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        self.notify.retention = self.backend.conversations.retention;
        if let Some(path) = &self.callback_ca {
            match crate::trust::authorities(path) {
                Ok(found) => self.notify.ca = found,
                Err(error) => wrong.push(("callback.ca", error.to_string())),
            }
        }
        let secrets = self.callback_secrets.take().unwrap_or_default();
        for secret in secrets.split(',').map(str::trim).filter(|secret| !secret.is_empty()) {
            match crate::notify::SigningSecret::parse(secret) {
                Ok(secret) => self.notify.secrets.push(secret),
                Err(what) => wrong.push(("callback.secrets", what)),
            }
        }
        wrong
    }
}
