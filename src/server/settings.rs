//! Every setting of the front door with its default. It is only read: nothing here opens a file or a port.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use super::Tls;

/// The front door's settings; `Settings::default()` is what README's table says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where SOAP, the WSDL and the token endpoints are served. Default 127.0.0.1:8080; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where operators ask for health and metrics. Default 127.0.0.1:8081; keep it on loopback or a private network.
    pub admin: SocketAddr,
    /// The certificate; without one SOAP is served unencrypted. Default none.
    pub tls: Option<Tls>,
    /// The URL that clients use (scheme, host, perhaps a path), when it is not to be taken from each request. Default none.
    pub public_url: Option<String>,
    /// Addresses of TLS terminators whose `X-Forwarded-Proto`, `-Host` and `-For` are believed. Default none.
    pub trusted_proxies: Vec<IpAddr>,
    /// The longest request body, as sent and as decoded. Default 10 MiB.
    pub max_body: usize,
    /// How many times longer than sent a compressed body may become. Default 200; the first 64 KiB are free.
    pub max_inflation: usize,
    /// The longest request head. Default 64 KiB.
    pub max_head: usize,
    /// How many header fields a request may have. Default 100.
    pub max_headers: usize,
    /// How long a request head may take, the first bytes of a connection included. Default 30 s.
    pub head_timeout: Duration,
    /// The longest silence within a request body, and the time granted before `body_min_rate` counts. Default 30 s.
    pub body_timeout: Duration,
    /// Bytes a second that a request body must reach on average. Default 1,024; 0 demands none.
    pub body_min_rate: u32,
    /// How long a kept connection may stand idle, and how long a client may refuse to take its answer. Default 75 s.
    pub idle_timeout: Duration,
    /// How long a TLS handshake may take. Default 10 s.
    pub handshake_timeout: Duration,
    /// Connections at once; more wait in the system's queue. Default 1,024.
    pub max_connections: usize,
    /// Connections at once on the operators' listener. Default 64.
    pub max_admin_connections: usize,
    /// Requests of one HTTP/2 connection at once. Default 64.
    pub max_streams: u32,
    /// Requests of one API client at once. Default 64.
    pub max_in_flight: usize,
    /// How long requests in flight may take to end after the signal to stop. Default 30 s.
    pub drain_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            admin: SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)),
            tls: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            max_body: 10 << 20,
            max_inflation: 200,
            max_head: 64 << 10,
            max_headers: 100,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            body_min_rate: 1024,
            idle_timeout: Duration::from_secs(75),
            handshake_timeout: Duration::from_secs(10),
            max_connections: 1024,
            max_admin_connections: 64,
            max_streams: 64,
            max_in_flight: 64,
            drain_timeout: Duration::from_secs(30),
        }
    }
}
