//! The way to one system: a pool of kept connections over HTTP/1.1 or HTTP/2, with TLS, time-outs and a limit to what is read of an
//! answer. It sends a request once, follows no redirect, and says of one without an answer whether a byte of it may have arrived.

use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{
    Response, Uri,
    body::{Body, Frame, Incoming, SizeHint},
    header,
};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, Error as ClientError},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::RootCertStore;
use tower_service::Service;

use super::super::{
    Resolver,
    dial::Dialer,
    post::{USER_AGENT, retry_after},
};
use crate::{
    clock::Clock,
    connector::{Answer, Api, Connector, Request, encoded},
    message::network::Network,
    trust,
};

/// How long a connection is kept that nothing is sent on: less than servers usually wait.
const IDLE: Duration = Duration::from_secs(30);

/// Every address: where a connector leads is the operator's own word.
const EVERYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// The way to one system.
pub(super) struct Line {
    client: Client<Patient, Watched>,
    base: String,
    timeout: Duration,
    max_answer: usize,
    clock: Clock,
}

/// No answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) why: String,
    pub(super) may_have_arrived: bool,
}

impl Unanswered {
    /// Nothing was sent.
    fn unsent(why: impl ToString) -> Self {
        Self { why: why.to_string(), may_have_arrived: false }
    }
}

impl Line {
    /// A pool of connections; `roots` are the system's.
    ///
    /// # Errors
    /// A certificate of the connector that cannot be used.
    pub(super) fn new(
        connector: &Connector,
        roots: RootCertStore,
        resolver: Resolver,
        clock: Clock,
    ) -> Result<Self, rustls::Error> {
        let tls = trust::client(roots, &connector.ca)?;
        let allowed = EVERYWHERE.iter().filter_map(|network| network.parse::<Network>().ok()).collect();
        let dialer = Dialer { resolver, allowed, timeout: connector.connect_timeout };
        let builder = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls);
        let log_in = match &connector.api {
            Api::Salesforce { login, .. } => login.as_str(),
            Api::Yeastar { .. } | Api::Connectly { .. } => "",
        };
        // Without TLS only where the configuration says so.
        let is_plain = [&connector.base, log_in].iter().any(|url| url.starts_with("http://"));
        let builder = if is_plain { builder.https_or_http() } else { builder.https_only() };
        let https = builder.enable_http1().enable_http2().wrap_connector(dialer);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(connector.at_once)
            .http1_max_headers(100)
            .http2_max_header_list_size(64 << 10)
            // A request of which no byte was written, since the kept connection had been closed, goes out on another.
            .retry_canceled_requests(true)
            .build(Patient { https, timeout: connector.connect_timeout });
        Ok(Self {
            client,
            base: connector.base.clone(),
            timeout: connector.timeout,
            max_answer: connector.max_answer,
            clock,
        })
    }

    /// One request and its answer, as far as it came.
    pub(super) async fn exchange(&self, request: Request) -> Result<Answer, Unanswered> {
        let begun = Arc::new(AtomicBool::new(false));
        let request = self.written(request, Arc::clone(&begun))?;
        let has_body = !request.body().is_end_stream();
        let mut late = pin!(tokio::time::sleep(self.timeout));
        let response = tokio::select! {
            response = self.client.request(request) => response.map_err(|error| failed(&error))?,
            () = &mut late => {
                let why = format!("no answer within {:?}", self.timeout);
                // A request without a body is not seen when it is written.
                return Err(Unanswered { why, may_have_arrived: !has_body || begun.load(Ordering::SeqCst) });
            }
        };
        let mut answer = Answer {
            status: response.status().as_u16(),
            content_type: text(&response, &header::CONTENT_TYPE),
            retry_after: retry_after(&response, self.clock.now()),
            body: Vec::new(),
            is_cut: false,
        };
        let mut body = response.into_body();
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                () = &mut late => {
                    answer.is_cut = true;
                    break;
                }
            };
            let Some(frame) = frame else { break };
            let Ok(frame) = frame else {
                answer.is_cut = true;
                break;
            };
            let data = frame.into_data().unwrap_or_default();
            let room = self.max_answer.saturating_sub(answer.body.len());
            answer.body.extend_from_slice(data.get(..room).unwrap_or(&data));
            if data.len() > room {
                answer.is_cut = true;
                break;
            }
        }
        Ok(answer)
    }

    fn written(&self, request: Request, begun: Arc<AtomicBool>) -> Result<hyper::Request<Watched>, Unanswered> {
        let is_whole = request.target.starts_with("https://") || request.target.starts_with("http://");
        let mut target = if is_whole { request.target } else { format!("{}{}", self.base, request.target) };
        if let Some((name, secret)) = &request.query_secret {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&format!("{name}={}", encoded(secret.expose())));
        }
        // The target may hold a secret: it is not in the error.
        let uri = target.parse::<Uri>().map_err(|error| Unanswered::unsent(format!("the address: {error}")))?;
        let mut out = hyper::Request::builder().method(request.method).uri(uri);
        let has_agent = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
        if !has_agent {
            out = out.header(header::USER_AGENT, USER_AGENT);
        }
        if let Some(content_type) = &request.content_type {
            out = out.header(header::CONTENT_TYPE, content_type);
        }
        for (name, value) in &request.headers {
            out = out.header(*name, value);
        }
        for (name, secret) in &request.secret_headers {
            let value = header::HeaderValue::from_str(secret.expose());
            let mut value = value.map_err(|_| Unanswered::unsent(format!("{name} cannot stand in a header")))?;
            value.set_sensitive(true);
            out = out.header(*name, value);
        }
        let body = Watched { bytes: Some(Bytes::from(request.body)).filter(|body| !body.is_empty()), begun };
        out.body(body).map_err(Unanswered::unsent)
    }
}

fn text(response: &Response<Incoming>, name: &header::HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// Why there is no answer: a connection that could not be made was not used, and a request that was given back was not
/// written; anything later is uncertain.
fn failed(error: &ClientError) -> Unanswered {
    let causes: Vec<_> = std::iter::successors(std::error::Error::source(error), |error| error.source()).collect();
    let was_given_back =
        causes.iter().any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled));
    let texts: Vec<String> = causes.iter().map(|cause| trust::plain(&cause.to_string())).collect();
    let why = if texts.is_empty() { error.to_string() } else { texts.join(": ") };
    Unanswered { why, may_have_arrived: !error.is_connect() && !was_given_back }
}

/// A body that knows whether it was asked for: before that not a byte of its request was written.
struct Watched {
    bytes: Option<Bytes>,
    begun: Arc<AtomicBool>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.begun.store(true, Ordering::SeqCst);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// Gives up on a connection that is not made in time, its TLS with it.
#[derive(Clone)]
struct Patient {
    https: HttpsConnector<Dialer>,
    timeout: Duration,
}

type Connection = <HttpsConnector<Dialer> as Service<Uri>>::Response;
type Reason = Box<dyn std::error::Error + Send + Sync>;

impl Service<Uri> for Patient {
    type Response = Connection;
    type Error = Reason;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, Reason>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Reason>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, timeout) = (self.https.call(uri), self.timeout);
        Box::pin(async move {
            let late = || io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {timeout:?}"));
            tokio::time::timeout(timeout, connecting).await.map_err(|_| late())?
        })
    }
}
