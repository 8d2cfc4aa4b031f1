//! Every setting of the front door with its default. It is only read: nothing here opens a file or a port.

use std::{
    borrow::Cow,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use hyper::Uri;

use super::{Network, Tls};
use crate::message::host;

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
    pub trusted_proxies: Vec<Network>,
    /// The longest request body, as sent and as decoded. Default 10 MiB.
    pub max_body: usize,
    /// How many times longer than sent a compressed body may become. Default 200; the first 64 KiB are free.
    pub max_inflation: usize,
    /// Bytes of request bodies held at once, over all connections. Default 256 MiB; at least `max_body`.
    pub max_buffered: usize,
    /// Bytes of request bodies that are worked on at once while it is not known who sent them. Default 32 MiB; at least `max_body`.
    pub max_unproven: usize,
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
            max_buffered: 256 << 20,
            max_unproven: 32 << 20,
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

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} {wrong}")]
pub struct SettingError {
    /// The field of [`Settings`].
    pub setting: &'static str,
    /// What is wrong with it, to follow its name.
    pub wrong: Cow<'static, str>,
}

impl Settings {
    /// Everything that is wrong, before a port is opened.
    pub fn check(&self) -> Vec<SettingError> {
        let mut errors = Vec::new();
        for (setting, size) in [("max_buffered", self.max_buffered), ("max_unproven", self.max_unproven)] {
            if size < self.max_body {
                let wrong = format!(
                    "{size} bytes are less than server.max_body ({} bytes), which has to fit in",
                    self.max_body
                );
                errors.push(SettingError { setting, wrong: wrong.into() });
            }
        }
        let mut demand = |holds: bool, setting, wrong: &'static str| {
            if !holds {
                errors.push(SettingError { setting, wrong: wrong.into() });
            }
        };
        demand(
            self.public_url.as_deref().is_none_or(|url| public_url(url).is_ok()),
            "public_url",
            "must be http:// or https:// with a host, without query",
        );
        demand(self.listen != self.admin || self.listen.port() == 0, "admin", "must not be the address of listen");
        for (setting, number) in [
            ("max_body", self.max_body),
            ("max_inflation", self.max_inflation),
            ("max_headers", self.max_headers),
            ("max_connections", self.max_connections),
            ("max_admin_connections", self.max_admin_connections),
            ("max_streams", self.max_streams as usize),
            ("max_in_flight", self.max_in_flight),
        ] {
            demand(number > 0, setting, "must be at least 1");
        }
        demand(self.max_head >= 8192, "max_head", "must be at least 8,192");
        for (setting, time) in [
            ("head_timeout", self.head_timeout),
            ("body_timeout", self.body_timeout),
            ("idle_timeout", self.idle_timeout),
            ("handshake_timeout", self.handshake_timeout),
        ] {
            demand(!time.is_zero(), setting, "must be longer than nothing");
        }
        let looks = self.tls.as_ref().is_none_or(|tls| !tls.check_every.is_zero());
        demand(looks, "tls.check_every", "must be longer than nothing");
        errors
    }
}

/// Checks the URL that clients use: it stands in documents that we serve.
///
/// # Errors
/// What is wrong with it.
pub fn public_url(text: &str) -> Result<(), String> {
    let start = host::url(text).map_err(|unfit| unfit.to_string())?;
    match start.rest.contains(['?', '#', '&']) || text.parse::<Uri>().is_err() {
        true => Err("there is more than a path behind its host".to_owned()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_lawful_and_nonsense_is_told_by_name() {
        assert_eq!(Settings::default().check(), []);
        let wrong = Settings {
            public_url: Some("ftp://h".to_owned()),
            max_connections: 0,
            head_timeout: Duration::ZERO,
            admin: Settings::default().listen,
            ..Settings::default()
        };
        let told: Vec<_> = wrong.check().into_iter().map(|error| error.setting).collect();
        assert_eq!(told, ["public_url", "admin", "max_connections", "head_timeout"]);
    }

    #[test]
    fn a_public_url_has_scheme_and_host_and_nothing_odd() {
        for lawful in ["https://mc.example", "http://mc.example:8080/soap/", "https://[::1]/"] {
            assert!(public_url(lawful).is_ok(), "{lawful}");
        }
        for odd in [
            "mc.example",
            "/soap",
            "https://",
            "https://u:p@h",
            "https://h?x=1",
            "https://h/\"",
            "https://h/#f",
            "https://x..y",
            "https://h:99999",
        ] {
            assert!(public_url(odd).is_err(), "{odd}");
        }
    }
}
