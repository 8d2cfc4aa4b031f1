//! The operators' listener: `/livez`, `/readyz`, `/metrics`, and what other rooms answer ([`Desk`]). It tells no secret.

use std::{
    borrow::Cow,
    fmt,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, HeaderValue},
    http::request::Parts,
};
use tokio::sync::watch;

use super::{
    Metrics, Outbound,
    address::named,
    connection::{Respond, Wire},
    http::Manner,
};

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the operators' listener asks of the rooms behind the front door; both are called at each question.
pub struct Probes {
    /// Who answers what is not answered here.
    pub desk: Option<Box<dyn Desk>>,
    /// Whether work can be taken on, or a short reason why not (the store refuses writes).
    pub ready: Box<dyn Fn() -> Result<(), String> + Send + Sync>,
    /// Figures to show beside our own (the store's).
    pub figures: Box<dyn Fn() -> Vec<Figure> + Send + Sync>,
}

/// What a [`Desk`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// This path is not known there.
    Elsewhere,
    /// The path is known with this method only.
    Method(&'static str),
    /// JSON with this status.
    Json(StatusCode, String),
    /// Something else, of this media type.
    Raw(&'static str, Vec<u8>),
}

/// Answers operators' questions about other rooms.
pub trait Desk: Send + Sync {
    /// Answers a question. What changes something is a POST.
    fn ask<'a>(
        &'a self,
        method: &'a Method,
        path: &'a str,
        query: Option<&'a str>,
    ) -> Pin<Box<dyn Future<Output = Told> + Send + 'a>>;
}

/// Whatever changes something must have this header field: a page in a browser on this machine cannot send it unasked. A desk's
/// answers have it too, so that nobody else's are taken for them.
pub const OPERATOR: &str = "envoi-operator";

/// One figure of another room.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// `envoi_store_bytes`: letters and underscores; labels may follow in braces. Those of one name stand together.
    pub name: Cow<'static, str>,
    /// One line.
    pub help: &'static str,
    /// The figure now.
    pub value: f64,
}

impl Probes {
    /// Always ready, nothing to show.
    pub fn none() -> Self {
        Self { desk: None, ready: Box::new(|| Ok(())), figures: Box::new(Vec::new) }
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

    async fn ask_desk(&self, head: &Parts) -> Option<Outbound> {
        let desk = self.probes.desk.as_ref()?;
        if head.method == Method::POST && !head.headers.contains_key(OPERATOR) {
            let text = format!("A POST needs the header field {OPERATOR}.\n");
            return Some(Outbound::new(StatusCode::FORBIDDEN, TEXT, text));
        }
        match desk.ask(&head.method, head.uri.path(), head.uri.query()).await {
            Told::Elsewhere => None,
            Told::Method(allow) => {
                let mut refused = Outbound::new(StatusCode::METHOD_NOT_ALLOWED, TEXT, format!("{allow} only.\n"));
                refused.headers.insert(ALLOW, HeaderValue::from_static(allow));
                Some(refused)
            }
            Told::Json(status, json) => {
                let mut answer = Outbound::new(status, JSON, json);
                answer.headers.insert(OPERATOR, HeaderValue::from_static("1"));
                Some(answer)
            }
            Told::Raw(kind, bytes) => Some(Outbound::new(StatusCode::OK, kind, bytes)),
        }
    }

    fn page(&self) -> String {
        let mut page = self.metrics.text();
        let mut last = String::new();
        for Figure { name, help, value } in (self.probes.figures)() {
            let base = name.split('{').next().unwrap_or_default();
            if base != last {
                // What only grows is a counter, and its family has the name without this end.
                let (family, kind) = base.strip_suffix("_total").map_or((base, "gauge"), |family| (family, "counter"));
                page += &format!("# HELP {family} {help}.\n# TYPE {family} {kind}\n");
                base.clone_into(&mut last);
            }
            page += &format!("{name} {value}\n");
        }
        page + "# EOF\n"
    }
}

impl Respond for Admin {
    async fn respond(&self, request: Request<Incoming>, _wire: Wire) -> Response<Full<Bytes>> {
        let (head, _body) = request.into_parts();
        let ours = !self.loopback || named(&head.uri, &head.headers).is_ok_and(|host| host.is_none_or(is_loopback));
        let answer = match ours {
            true => match self.ask_desk(&head).await {
                Some(answer) => answer,
                None => self.answer(&head.method, head.uri.path()),
            },
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
