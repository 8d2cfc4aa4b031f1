//! The operators' listener: `/livez`, `/readyz`, `/metrics`. It changes nothing and tells no secret.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, HeaderValue},
};
use tokio::sync::watch;

use super::{
    Metrics, Outbound,
    address::named,
    connection::{Respond, Wire},
    http::Manner,
};

const TEXT: &str = "text/plain; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the operators' listener asks of the rooms behind the front door; both are called at each question.
pub struct Probes {
    /// Whether work can be taken on, or a short reason why not (the store refuses writes).
    pub ready: Box<dyn Fn() -> Result<(), String> + Send + Sync>,
    /// Figures to show beside our own (the store's).
    pub gauges: Box<dyn Fn() -> Vec<Gauge> + Send + Sync>,
}

/// One figure of another room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    /// `envoi_store_bytes`; letters and underscores.
    pub name: &'static str,
    /// One line.
    pub help: &'static str,
    /// The figure now.
    pub value: f64,
}

impl Probes {
    /// Always ready, nothing to show.
    pub fn none() -> Self {
        Self { ready: Box::new(|| Ok(())), gauges: Box::new(Vec::new) }
    }
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probes")
    }
}

/// Answers operators.
#[derive(Debug)]
pub(crate) struct Admin {
    probes: Probes,
    metrics: Arc<Metrics>,
    draining: watch::Receiver<bool>,
    /// A browser on this machine can be led to a loopback port under any name (DNS rebinding); then the name must be ours.
    loopback: bool,
}

impl Admin {
    /// The operators' side of a server that drains when `draining` says so.
    pub(crate) fn new(
        probes: Probes,
        metrics: Arc<Metrics>,
        draining: watch::Receiver<bool>,
        addr: SocketAddr,
    ) -> Self {
        Self { probes, metrics, draining, loopback: addr.ip().is_loopback() }
    }

    fn answer(&self, method: &Method, path: &str) -> Outbound {
        if !matches!(path, "/livez" | "/readyz" | "/metrics") {
            return Outbound::new(StatusCode::NOT_FOUND, TEXT, "Here are /livez, /readyz and /metrics.\n");
        }
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut refused = Outbound::new(StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET or HEAD only.\n");
            refused.headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        match path {
            "/metrics" => Outbound::new(StatusCode::OK, OPEN_METRICS, self.page()),
            "/readyz" if *self.draining.borrow() => Outbound::new(StatusCode::SERVICE_UNAVAILABLE, TEXT, "draining\n"),
            "/readyz" => match (self.probes.ready)() {
                Ok(()) => Outbound::new(StatusCode::OK, TEXT, "ok\n"),
                Err(reason) => Outbound::new(StatusCode::SERVICE_UNAVAILABLE, TEXT, reason + "\n"),
            },
            _ => Outbound::new(StatusCode::OK, TEXT, "ok\n"),
        }
    }

    fn page(&self) -> String {
        let mut page = self.metrics.text();
        for Gauge { name, help, value } in (self.probes.gauges)() {
            page += &format!("# HELP {name} {help}.\n# TYPE {name} gauge\n{name} {value}\n");
        }
        page + "# EOF\n"
    }
}

impl Respond for Admin {
    async fn respond(&self, request: Request<Incoming>, _wire: Wire) -> Response<Full<Bytes>> {
        let (head, _body) = request.into_parts();
        let ours = !self.loopback || named(&head.uri, &head.headers).is_ok_and(|host| host.is_none_or(is_loopback));
        let answer = match ours {
            true => self.answer(&head.method, head.uri.path()),
            false => Outbound::new(StatusCode::FORBIDDEN, TEXT, "This listener answers to loopback names only.\n"),
        };
        Manner::of(&head).dress(answer).0
    }
}

/// `localhost`, 127.0.0.0/8, `[::1]`, with or without a port.
fn is_loopback(host: &str) -> bool {
    if let Ok(addr) = host.parse::<SocketAddr>() {
        return addr.ip().is_loopback();
    }
    let name = host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(host, |(name, _)| name);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
