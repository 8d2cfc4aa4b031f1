//! From a request to its answer: routes, methods, the public address, the access log. It reads no body's content.

use std::{
    future::{Future, poll_fn},
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use bytes::Bytes;
use flate2::Compression;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode, Version,
    body::Incoming,
    header::{ALLOW, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, VARY},
    http::request::Parts,
};
use tracing::Instrument;

use super::{
    BodyError, Contract, Handler, Inbound, Lost, Metrics, Outbound, Outcome, Report, Settings,
    address::Address,
    body,
    budget::Budget,
    coding,
    connection::{Respond, Wire},
    contract::{Library, Wanted},
    journal::Journal,
    route::{Astray, Route, page},
    webhook,
};

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Answers below this are not worth compressing.
const WORTH_GZIP: usize = 16 << 10;

/// Answers clients.
#[derive(Debug)]
pub(crate) struct Front<H> {
    handler: Arc<H>,
    library: Library,
    settings: Arc<Settings>,
    /// The same for webhooks, which are short.
    webhooks: Settings,
    metrics: Arc<Metrics>,
    budget: Budget,
}

impl<H: Handler> Front<H> {
    /// A front door before this handler.
    pub(crate) fn new(handler: Arc<H>, contract: Contract, settings: Arc<Settings>, metrics: Arc<Metrics>) -> Self {
        let budget = Budget::new(settings.max_buffered);
        let webhooks = webhook::limits(&settings);
        Self { handler, library: Library::new(contract), settings, webhooks, metrics, budget }
    }

    async fn answer(&self, mut head: Parts, body: Incoming, wire: Wire, journal: &mut Journal) -> Outbound {
        let Ok(Address { public_url, peer }) = Address::of(&head.uri, &head.headers, &wire, &self.settings) else {
            return Outbound::new(StatusCode::BAD_REQUEST, TEXT, "The Host of this request is not a host.\n");
        };
        journal.peer = peer.ip();
        let route = match Route::of(&head.method, head.uri.path(), head.uri.query()) {
            Ok(route) => route,
            Err(astray) => return refusal(astray, &public_url),
        };
        journal.operation = route.name();
        match route {
            Route::Wsdl(objects) => {
                let base_url = below(&public_url, &head, &self.settings);
                return self.library.answer(Wanted::Wsdl { base_url, objects }, &head.headers).await;
            }
            Route::FaultXsd => return self.library.answer(Wanted::FaultXsd, &head.headers).await,
            Route::Page => return Outbound::new(StatusCode::OK, HTML, page(&public_url)),
            Route::Soap | Route::Token(_) | Route::Unsubscribe(_) | Route::Webhook(_) => {}
        }
        // Held until the answer is made: as long as the body, and what was read from it.
        let mut share = self.budget.share();
        let settings = if matches!(route, Route::Webhook(_)) { &self.webhooks } else { &*self.settings };
        let body = body::read(body, &head.headers, settings, &mut journal.received, &mut share).await;
        if let Some(limit) = body.as_ref().err().and_then(BodyError::limit) {
            self.metrics.limit(limit);
        }
        let lost = Lost {
            content_type: head.headers.get(CONTENT_TYPE).cloned(),
            public_url: public_url.clone(),
            request_id: journal.id.clone(),
        };
        let inbound = Inbound {
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: mem::take(&mut head.headers),
            method: head.method,
            body,
            peer,
            public_url,
            request_id: journal.id.clone(),
        };
        let done = match &route {
            Route::Token(endpoint) => guarded(self.handler.token(*endpoint, inbound)).await,
            Route::Webhook(connector) => guarded(self.handler.webhook(connector.clone(), inbound)).await,
            Route::Unsubscribe(token) => guarded(self.handler.unsubscribe(token.clone(), inbound)).await,
            _ => guarded(self.handler.soap(inbound)).await,
        };
        done.unwrap_or_else(|| self.panicked(&route, lost).reporting(Report::new(route.name(), Outcome::Panicked)))
    }

    /// The panic itself is told by the panic hook; here it is given the request's name.
    fn panicked(&self, route: &Route, lost: Lost) -> Outbound {
        tracing::error!(request.id = %lost.request_id, "the work of this request panicked");
        let plain = || Outbound::new(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "This request failed; others go on.\n");
        match route {
            Route::Soap => catch_unwind(AssertUnwindSafe(|| self.handler.panicked(lost))).unwrap_or_else(|_| plain()),
            _ => plain(),
        }
    }
}

impl<H: Handler> Respond for Front<H> {
    async fn respond(&self, request: Request<Incoming>, wire: Wire) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let manner = Manner::of(&head);
        let mut journal = Journal::open(&head, wire.peer.ip(), &self.metrics);
        let span = tracing::info_span!("request", request.id = %journal.id);
        let mut answer = self.answer(head, body, wire, &mut journal).instrument(span).await;
        if manner.gzip && answer.body.len() > WORTH_GZIP && !answer.headers.contains_key(CONTENT_ENCODING) {
            answer = compressed(answer).await;
        }
        if let Ok(id) = HeaderValue::from_str(&journal.id) {
            answer.headers.insert(REQUEST_ID, id);
        }
        let (status, report) = (answer.status, answer.report);
        let (response, sent) = manner.dress(answer);
        journal.close(status, sent, report);
        response
    }
}

/// Runs the work; nothing when it panicked. What it shared with other requests (locks) recovers from poison by itself.
async fn guarded(work: impl Future<Output = Outbound>) -> Option<Outbound> {
    let mut work = pin!(work);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(Poll::Ready(answer)) => Poll::Ready(Some(answer)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_panic) => Poll::Ready(None),
    })
    .await
}

/// The URL below which the contract was asked for: a client that came through a path of its own (a proxy's) goes on there.
/// A configured public URL is whole.
fn below(public_url: &str, head: &Parts, settings: &Settings) -> String {
    let folder = head.uri.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    if settings.public_url.is_some() { public_url.to_owned() } else { format!("{public_url}{folder}") }
}

fn refusal(astray: Astray, public_url: &str) -> Outbound {
    match astray {
        Astray::Path => {
            let text = format!("Nothing is here. The WSDL is at {public_url}/etframework.wsdl.\n");
            Outbound::new(StatusCode::NOT_FOUND, TEXT, text)
        }
        Astray::Method(allow) => {
            let mut answer = Outbound::new(StatusCode::METHOD_NOT_ALLOWED, TEXT, format!("{allow} only.\n"));
            answer.headers.insert(ALLOW, HeaderValue::from_static(allow));
            answer
        }
    }
}

async fn compressed(mut answer: Outbound) -> Outbound {
    let plain = answer.body.clone();
    if let Ok(Some(gzip)) = tokio::task::spawn_blocking(move || coding::gzip(&plain, Compression::fast())).await {
        answer.body = gzip;
        answer.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer.headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    }
    answer
}

/// How a request wants its answer sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    bodiless: bool,
    close: bool,
    gzip: bool,
}

impl Manner {
    /// Read off the head of the request.
    pub(crate) fn of(head: &Parts) -> Self {
        let mut connection = head.headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
        // HTTP/2 knows no Connection field.
        let close = head.version < Version::HTTP_2
            && connection.any(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case("close")));
        Self { bodiless: head.method == Method::HEAD, close, gzip: coding::wants_gzip(&head.headers) }
    }

    /// The answer in that manner, and how many bytes its body has.
    pub(crate) fn dress(self, answer: Outbound) -> (Response<Full<Bytes>>, u64) {
        let Outbound { status, mut headers, mut body, report: _ } = answer;
        if self.close {
            // Else Node's agent keeps the dying connection for its next request.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if self.bodiless && status != StatusCode::NOT_MODIFIED {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            body = Bytes::new();
        }
        let sent = body.len() as u64;
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        (response, sent)
    }
}
