//! Settings of triggered sends. How mail leaves is `mail`'s.

use super::{DAY, Setting, row, seconds};
use crate::config::value::Kind;

pub(super) const ROWS: &[Setting] = &[
    row(
        "sends.attributes",
        "escaped",
        Kind::Choice { of: &["escaped", "raw"], put: |c, v| c.backend.sends.raw_attributes = v == "raw" },
        "How values of attributes go into HTML: with their markup made harmless, or as they were sent, as the service does it.",
    ),
    row(
        "sends.link_lifetime",
        "365d",
        seconds(30 * DAY, 3650 * DAY, |c, v| c.backend.sends.link_lifetime = v),
        "How long the links for unsubscribing work; they need `server.public_url`.",
    ),
    row(
        "sends.postal_address",
        "",
        Kind::Text { check: |_| Ok(()), put: |c, v| c.backend.sends.postal_address = v },
        "What `%%member_addr%%` stands for: the postal address that mail has to show.",
    ),
];
