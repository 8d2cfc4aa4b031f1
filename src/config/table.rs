//! The table of settings: one row for each, in the order of the README.
//!
//! A test holds that every default here is the room's own default.

use std::time::Duration;

use super::{Config, value::Kind};
use crate::message::MAX_OBJECTS;

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

const DAY: u64 = 24 * 3600;

/// Numbers here are bounded by their rows, so none is cut short.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// All settings.
pub(super) const SETTINGS: &[Setting] = &[
    row(
        "server.listen",
        "127.0.0.1:8080",
        Kind::Address { put: |c, v| c.server.listen = v },
        "Where SOAP, the WSDL and the token endpoints are served; port 0 picks a free one.",
    ),
    row(
        "server.admin",
        "127.0.0.1:8081",
        Kind::Address { put: |c, v| c.server.admin = v },
        "Where operators ask for /livez, /readyz and /metrics; keep it on loopback or a private network.",
    ),
    row(
        "server.public_url",
        "",
        Kind::Text { check: |_| Ok(()), put: |c, v| c.server.public_url = Some(v.trim_end_matches('/').to_owned()) },
        "The URL that clients use, without `Service.asmx`; absent, it is taken from each request.",
    ),
    row(
        "server.trusted_proxies",
        "",
        Kind::Networks { put: |c, v| c.server.trusted_proxies = v },
        "Addresses (or blocks such as 10.0.0.0/8) of TLS terminators whose X-Forwarded-Proto, -Host and -For are believed.",
    ),
    row(
        "server.max_body",
        "10MiB",
        Kind::Size { min: 1 << 10, max: 1 << 30, put: |c, v| c.server.max_body = place(v) },
        "The longest request body, as sent and as decoded.",
    ),
    row(
        "server.max_buffered",
        "256MiB",
        Kind::Size { min: 1 << 20, max: 1 << 40, put: |c, v| c.server.max_buffered = place(v) },
        "Bytes of request bodies held at once, over all connections.",
    ),
    row(
        "server.max_unproven",
        "32MiB",
        Kind::Size { min: 1 << 20, max: 1 << 40, put: |c, v| c.server.max_unproven = place(v) },
        "Bytes of request bodies that are worked on at once while it is not known who sent them.",
    ),
    row(
        "server.max_inflation",
        "200",
        Kind::Number { min: 1, max: 100_000, put: |c, v| c.server.max_inflation = place(v) },
        "How many times longer than sent a compressed body may become; the first 64 KiB are free.",
    ),
    row(
        "server.max_head",
        "64KiB",
        Kind::Size { min: 8 << 10, max: 1 << 20, put: |c, v| c.server.max_head = place(v) },
        "The longest request head.",
    ),
    row(
        "server.max_headers",
        "100",
        Kind::Number { min: 10, max: 1000, put: |c, v| c.server.max_headers = place(v) },
        "How many header fields a request may have.",
    ),
    row(
        "server.head_timeout",
        "30s",
        seconds(1, 3600, |c, v| c.server.head_timeout = v),
        "How long a request head may take, the first bytes of a connection included.",
    ),
    row(
        "server.body_timeout",
        "30s",
        seconds(1, 3600, |c, v| c.server.body_timeout = v),
        "The longest silence within a request body, and the time granted before `server.body_min_rate` counts.",
    ),
    row(
        "server.body_min_rate",
        "1KiB",
        Kind::Size { min: 0, max: 1 << 30, put: |c, v| c.server.body_min_rate = small(v) },
        "Bytes a second that a request body must reach on average; 0 demands none.",
    ),
    row(
        "server.idle_timeout",
        "75s",
        seconds(1, 86_400, |c, v| c.server.idle_timeout = v),
        "How long a kept connection may stand idle, and how long a client may refuse to take its answer.",
    ),
    row(
        "server.handshake_timeout",
        "10s",
        seconds(1, 3600, |c, v| c.server.handshake_timeout = v),
        "How long a TLS handshake may take.",
    ),
    row(
        "server.max_connections",
        "1024",
        Kind::Number { min: 1, max: 1_000_000, put: |c, v| c.server.max_connections = place(v) },
        "Connections at once; more wait in the system's queue.",
    ),
    row(
        "server.max_admin_connections",
        "64",
        Kind::Number { min: 1, max: 100_000, put: |c, v| c.server.max_admin_connections = place(v) },
        "Connections at once on the operators' listener.",
    ),
    row(
        "server.max_streams",
        "64",
        Kind::Number { min: 1, max: 10_000, put: |c, v| c.server.max_streams = small(v) },
        "Requests of one HTTP/2 connection at once.",
    ),
    row(
        "server.max_in_flight",
        "64",
        Kind::Number { min: 1, max: 1_000_000, put: |c, v| c.server.max_in_flight = place(v) },
        "Requests of one API client or user at once.",
    ),
    row(
        "server.drain_timeout",
        "30s",
        seconds(0, 3600, |c, v| c.server.drain_timeout = v),
        "How long requests in flight may take to end after SIGTERM.",
    ),
    row(
        "tls.certificate",
        "",
        Kind::File { put: |c, v| c.certificate = Some(v) },
        "PEM file with the server's certificate, then those between it and its root; absent, SOAP is served without TLS.",
    ),
    row(
        "tls.key",
        "",
        Kind::File { put: |c, v| c.key = Some(v) },
        "PEM file with the private key of that certificate.",
    ),
    row(
        "tls.check_every",
        "10s",
        seconds(1, 86_400, |c, v| c.check_certificate_every = v),
        "How often both files are looked at; a changed pair is used from then on, as after SIGHUP.",
    ),
    row(
        "store.path",
        "envoi-data",
        Kind::Directory { put: |c, v| c.store.path = Some(v) },
        "The data directory, made when it is missing. One process at a time uses it.",
    ),
    row(
        "store.cache",
        "16MiB",
        Kind::Size { min: 1 << 20, max: 1 << 40, put: |c, v| c.store.cache_bytes = v },
        "How much of the data is kept in memory for reading.",
    ),
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
    row(
        "queue.workers",
        "2",
        Kind::Number { min: 1, max: 256, put: |c, v| c.queue.workers = place(v) },
        "Conversations that are worked on at once; the parts of one run one after the other.",
    ),
    row(
        "queue.message",
        "Queued",
        Kind::Text { check: spoken, put: |c, v| c.queue.message = v },
        "StatusMessage of the immediate answer to an asynchronous call.",
    ),
    row(
        "queue.gap",
        "5m",
        seconds(1, DAY, |c, v| c.backend.conversations.gap = v),
        "The longest time between two accepted parts of a conversation; after it the conversation times out.",
    ),
    row(
        "queue.horizon",
        "30d",
        seconds(1, 365 * DAY, |c, v| c.backend.conversations.horizon = v),
        "How far ahead ScheduledTime may lie.",
    ),
    row(
        "queue.retention",
        "30d",
        seconds(60, 3650 * DAY, |c, v| c.backend.conversations.retention = v),
        "How long results of asynchronous calls can be retrieved. ConversationIDs stay used for ever.",
    ),
    row(
        "queue.open",
        "100000",
        Kind::Number { min: 1, max: 1_000_000_000, put: |c, v| c.backend.conversations.max_open = v },
        "Conversations and single asynchronous calls of one account that are not done; one more is a fault.",
    ),
    row(
        "queue.bytes",
        "4GiB",
        Kind::Size { min: 1 << 20, max: 1 << 50, put: |c, v| c.backend.conversations.max_queued_bytes = v },
        "Bytes of calls that wait in one account; more is a fault.",
    ),
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

fn spoken(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("must say something".to_owned()) } else { Ok(()) }
}

fn filter(text: &str) -> Result<(), String> {
    let filter = tracing_subscriber::EnvFilter::try_new(text);
    filter.map(|_| ()).map_err(|error| error.to_string())
}
