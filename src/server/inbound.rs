//! What passes between the front door and the work behind it: a request, an answer, and the trait that turns one into
//! the other. Nothing here touches a socket.

use std::{future::Future, net::SocketAddr};

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};

use super::tokens::Endpoint;

/// One request, its body read, limited and decoded (gzip, deflate).
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The method.
    pub method: Method,
    /// The path as sent.
    pub path: String,
    /// What follows the `?`, as sent.
    pub query: Option<String>,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, or why there is none. The handler answers either way, so that the client gets a fault it can read.
    pub body: Result<Bytes, BodyError>,
    /// Who sent it; behind a trusted proxy the address that the proxy tells, with port 0.
    pub peer: SocketAddr,
    /// Scheme and host as the client used them, or as configured; never ends in `/`.
    pub public_url: String,
    /// The name of this request in the log; the answer carries it as `X-Request-Id`.
    pub request_id: String,
}

/// Why a request has no body to work on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Longer than `max_body`, as sent or as decoded. HTTP calls this 413.
    #[error("the request body is longer than {limit} bytes")]
    TooLarge {
        /// The setting.
        limit: usize,
    },
    /// Grew more than `max_inflation` times in decoding. HTTP calls this 413.
    #[error("the compressed request body grows more than {limit} times")]
    Inflated {
        /// The setting.
        limit: usize,
    },
    /// Came too slowly, or stopped coming. HTTP calls this 408.
    #[error("the request body was sent too slowly")]
    TooSlow,
    /// There was no room for it: the bodies of others fill what `max_buffered` allows. HTTP calls this 503.
    #[error("the server holds as many request bodies as it may")]
    Crowded,
    /// Content-Encoding names something that is not spoken here. HTTP calls this 415.
    #[error("the content encoding of the request is not supported (gzip, deflate and identity are)")]
    UnknownCoding,
    /// Content-Encoding and bytes do not agree. HTTP calls this 400.
    #[error("the request body is not valid {coding}")]
    Corrupt {
        /// `gzip` or `deflate`.
        coding: &'static str,
    },
    /// The body's framing broke or the client left in the middle of it; mostly nobody reads the answer. HTTP calls this 400.
    #[error("the request body ended early")]
    Broken,
}

impl BodyError {
    /// The status that HTTP has for it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } | Self::Inflated { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Crowded => StatusCode::SERVICE_UNAVAILABLE,
            Self::UnknownCoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Corrupt { .. } | Self::Broken => StatusCode::BAD_REQUEST,
        }
    }

    /// The name of the limit that was met, for metrics.
    pub(crate) fn limit(&self) -> Option<&'static str> {
        match self {
            Self::TooLarge { .. } => Some("body_size"),
            Self::Inflated { .. } => Some("body_inflation"),
            Self::TooSlow => Some("body_time"),
            Self::Crowded => Some("buffered"),
            Self::UnknownCoding | Self::Corrupt { .. } | Self::Broken => None,
        }
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// The status.
    pub status: StatusCode,
    /// Header fields; length, date, coding and connection are the front door's.
    pub headers: HeaderMap,
    /// The body, never compressed here.
    pub body: Bytes,
    /// What the answer was about, for metrics and the log.
    pub report: Option<Report>,
}

impl Outbound {
    /// An answer of one content type.
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { status, headers, body: body.into(), report: None }
    }

    /// The same answer with what it was about.
    #[must_use]
    pub fn reporting(mut self, report: Report) -> Self {
        self.report = Some(report);
        self
    }
}

/// What metrics and the access log tell of a request. The names become labels: a fixed, small set, never a client's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The operation (`Create`).
    pub operation: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// The limit that was met, if one was (`xml`).
    pub limit: Option<&'static str>,
}

impl Report {
    /// A report without a limit met.
    pub fn new(operation: &'static str, outcome: Outcome) -> Self {
        Self { operation, outcome, limit: None }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// OverallStatus OK or MoreDataAvailable, or any successful answer.
    Ok,
    /// OverallStatus Error or Has Errors.
    Error,
    /// A fault, or a refusal by the front door.
    Fault,
    /// Nobody was let in.
    Denied,
    /// The work panicked.
    Panicked,
    /// The client left before the answer.
    Abandoned,
}

impl Outcome {
    /// The label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Fault => "fault",
            Self::Denied => "denied",
            Self::Panicked => "panicked",
            Self::Abandoned => "abandoned",
        }
    }
}

/// What is left of a request whose work panicked: enough to answer in its SOAP version.
#[derive(Clone, Debug)]
pub struct Lost {
    /// The request's Content-Type.
    pub content_type: Option<HeaderValue>,
    /// As in [`Inbound`].
    pub public_url: String,
    /// As in [`Inbound`].
    pub request_id: String,
}

/// The work behind the front door.
pub trait Handler: Send + Sync + 'static {
    /// POST `…/Service.asmx`.
    fn soap(&self, request: Inbound) -> impl Future<Output = Outbound> + Send;
    /// What SDKs ask before their first call: tokens and the SOAP endpoint.
    fn token(&self, endpoint: Endpoint, request: Inbound) -> impl Future<Output = Outbound> + Send;
    /// A link for unsubscribing: GET shows its page, POST follows it.
    fn unsubscribe(&self, token: String, request: Inbound) -> impl Future<Output = Outbound> + Send {
        let _unread = (token, request);
        async { Outbound::new(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "Nothing is here.\n") }
    }
    /// POST `…/connectors/NAME/webhook`: a system tells what became of a message.
    fn webhook(&self, connector: String, request: Inbound) -> impl Future<Output = Outbound> + Send {
        let _unread = (connector, request);
        async { Outbound::new(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "Nothing is here.\n") }
    }
    /// The drain time is over: what [`Handler::close`] waits for outside this program is cut off.
    fn cut(&self) {}
    /// Ends what goes on behind the front door, once the last request has its answer.
    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
    /// The server fault (HTTP 500) for a SOAP request whose work panicked.
    fn panicked(&self, lost: Lost) -> Outbound;
}
