//! Settings of the front door and of TLS.

use super::{Setting, place, row, seconds, small};
use crate::config::value::Kind;

pub(super) const ROWS: &[Setting] = &[
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
        Kind::Text { check: public_url, put: |c, v| c.server.public_url = Some(v.trim_end_matches('/').to_owned()) },
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
        "How long requests in flight, and attempts to deliver, may take to end after SIGTERM. What is cut off then is in the state of a kill: the next start tries it again, or holds it in doubt.",
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
];

fn public_url(text: &str) -> Result<(), String> {
    crate::server::public_url(text)
        .map_err(|why| format!("{why}; expected http:// or https:// with a host, without query"))
}
