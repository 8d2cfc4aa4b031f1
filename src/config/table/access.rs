//! Settings of log-in.

use super::{DAY, Setting, place, row, seconds, small};
use crate::config::value::Kind;

pub(super) const ROWS: &[Setting] = &[
    row(
        "access.accounts",
        "",
        Kind::File { put: |c, v| c.accounts_file = Some(v) },
        "A second file with `[[account]]`, `[[api_client]]` and `[[user]]` entries, such as a mounted secret.",
    ),
    row(
        "access.token_lifetime",
        "1079s",
        seconds(301, DAY, |c, v| c.access.token_lifetime = v),
        "Life of an access token from v2/token. SDKs renew it five minutes before its end.",
    ),
    row(
        "access.legacy_token_lifetime",
        "1h",
        seconds(301, DAY, |c, v| c.access.legacy_token_lifetime = v),
        "Life of the tokens from v1/requestToken.",
    ),
    row(
        "access.refresh_lifetime",
        "14d",
        seconds(301, 365 * DAY, |c, v| c.access.refresh_lifetime = v),
        "Life of a refresh token from v1/requestToken.",
    ),
    row(
        "access.clock_skew",
        "5m",
        seconds(0, DAY, |c, v| c.access.clock_skew = v),
        "By how much a caller's clock may be wrong: wsu:Expires is believed for so long, wsu:Created may lie so far ahead.",
    ),
    row(
        "access.nonce_window",
        "5m",
        seconds(1, DAY, |c, v| c.access.nonce_window = v),
        "How old the wsu:Created of a PasswordDigest may be. For so long digests are remembered, so that none works twice.",
    ),
    row(
        "access.nonces",
        "100000",
        Kind::Number { min: 1, max: 10_000_000, put: |c, v| c.access.nonces = place(v) },
        "How many digests are remembered at most, about 100 bytes each; when it is full, digests are refused.",
    ),
    row(
        "access.login_failures",
        "30",
        Kind::Number { min: 1, max: 1_000_000, put: |c, v| c.access.login_failures = small(v) },
        "Failed log-ins of one address (one /64 of IPv6) within the window until it has to wait for the window's end.",
    ),
    row(
        "access.login_window",
        "1m",
        seconds(1, DAY, |c, v| c.access.login_window = v),
        "The window in which failed log-ins are counted.",
    ),
    row(
        "access.verifications",
        "2",
        Kind::Number { min: 1, max: 64, put: |c, v| c.access.verifications = place(v) },
        "How many argon2 checks run at once; each takes the memory that its hash names, 19 MiB by default.",
    ),
    row(
        "access.remembered_secrets",
        "1024",
        Kind::Number { min: 0, max: 1_000_000, put: |c, v| c.access.remembered_secrets = place(v) },
        "How many verified secrets are remembered (as keyed digests), so that argon2 is paid once for each.",
    ),
];
