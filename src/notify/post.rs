//! HTTPPost: the form by HTTPS to the caller's URL, over HTTP/1.1 or HTTP/2 on kept connections.
//!
//! One attempt: it neither retries nor writes anything down. What comes back counts by its status alone. 2xx is taken,
//! 410 asks for no more, everything else is tried again (Standard Webhooks), since a receiver may be put right. 307 and 308
//! are followed, since they repeat the POST with its body; other redirects would make it a GET of nothing, or lead nowhere, and
//! are refusals. Each hop is held to the same rules as the first.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, Response, StatusCode, Uri, body::Incoming, header};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, Error as ClientError},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;
use tokio::time::timeout;

use super::{
    Outcome, Place, Settings,
    dial::{DialError, Dialer},
    outcome::{Carrier, Carrying},
    render, shown, sign,
};
use crate::{
    clock::{Clock, Stopwatch, Time},
    conversation,
    message::network::Network,
    schema::Schema,
    store::{Delivery, Store, View},
    trust,
};

/// `application/x-www-form-urlencoded` (facts/wire 3.5).
const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const USER_AGENT: &str = concat!("envoi/", env!("CARGO_PKG_VERSION"));
/// The number of the attempt, from 1.
const ATTEMPT: &str = "envoi-attempt";

/// How long the rest of an answer is waited for.
const BODY: Duration = Duration::from_secs(2);

type Posts = Client<HttpsConnector<Dialer>, Full<Bytes>>;

/// Posts results.
pub struct Post {
    client: Posts,
    /// The one that also reaches this machine, for plain addresses that name it (`queue.insecure_loopback`).
    near: Posts,
    store: Store,
    schema: Arc<Schema>,
    clock: Clock,
    settings: Settings,
    /// Which plain addresses are allowed.
    rules: conversation::Settings,
}

impl Post {
    /// A pool of connections.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        store: Store,
        schema: Arc<Schema>,
        clock: Clock,
        settings: Settings,
        rules: conversation::Settings,
    ) -> Result<Self, rustls::Error> {
        let tls = Self::tls(&settings)?;
        let own = LOOPBACK.iter().filter_map(|own| own.parse::<Network>().ok());
        let near = settings.allow_networks.iter().copied().chain(own).collect();
        let (client, near) =
            (client(tls.clone(), &settings, settings.allow_networks.clone()), client(tls, &settings, near));
        Ok(Self { client, near, store, schema, clock, settings, rules })
    }

    /// Whom it believes.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn tls(settings: &Settings) -> Result<ClientConfig, rustls::Error> {
        trust::client(trust::system(), &settings.ca)
    }

    async fn attempt(&self, delivery: &Delivery) -> Outcome {
        let (schema, told) = (Arc::clone(&self.schema), delivery.clone());
        let look = move |view: &View<'_>| render::told(view, &told, &schema);
        let form = match self.store.read(look).await {
            Ok(told) => Bytes::from(render::form(&told)),
            Err(error) => return Outcome::Unsent { status: error.to_string() },
        };
        let target = delivery.content.address().trim().to_owned();
        self.exchange(delivery, target, &form).await
    }

    async fn exchange(&self, delivery: &Delivery, mut target: String, form: &Bytes) -> Outcome {
        // What allows a caller to name this machine does not allow others to send him there.
        let elsewhere = conversation::Settings { insecure_loopback: false, ..self.rules.clone() };
        let (mut rules, watch) = (&self.rules, Stopwatch::start());
        let left = || self.settings.timeout.saturating_sub(watch.elapsed());
        for _ in 0..=self.settings.max_redirects {
            if let Err(why) = conversation::may_post_to(&target, rules) {
                return Outcome::Unsent { status: format!("{} {why}", shown(&target)) };
            }
            let Ok(uri) = target.parse::<Uri>() else {
                return Outcome::Unsent { status: format!("{} is no URL", shown(&target)) };
            };
            let is_near = rules.insecure_loopback && conversation::is_plain_loopback(&target);
            let client = if is_near { &self.near } else { &self.client };
            let response = match timeout(left(), self.send(client, delivery, &uri, form)).await {
                Ok(Ok(response)) => response,
                Ok(Err(outcome)) => return outcome,
                Err(_) => {
                    return Outcome::Uncertain { status: format!("no answer within {:?}", self.settings.timeout) };
                }
            };
            let (status, wait) = (response.status(), retry_after(&response, self.clock.now()));
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| resolved(&target, location));
            // Read to its end, so that the connection can be used again; or left, which closes it. Its status has said it all.
            let body = Limited::new(response.into_body(), self.settings.max_response).collect();
            let _body = timeout(left().min(BODY), body).await;
            match (status, next) {
                (StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT, Some(next)) => {
                    if !conversation::is_same_host(&target, &next) {
                        rules = &elsewhere;
                    }
                    target = next;
                }
                _ => return by_status(status, wait),
            }
        }
        Outcome::Refused { status: format!("more than {} redirects", self.settings.max_redirects) }
    }

    async fn send(
        &self,
        client: &Posts,
        delivery: &Delivery,
        uri: &Uri,
        form: &Bytes,
    ) -> Result<Response<Incoming>, Outcome> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(header::CONTENT_TYPE, FORM)
            .header(header::USER_AGENT, USER_AGENT)
            .header(ATTEMPT, delivery.tries);
        for (name, value) in sign::headers(&self.settings.secrets, &delivery.id, self.clock.now(), form) {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(form.clone()));
        let request = request.map_err(|error| Outcome::Unsent { status: error.to_string() })?;
        client.request(request).await.map_err(|error| failed(&error))
    }
}

/// This machine.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];

/// A pool of connections to public addresses and to those that are allowed.
fn client(tls: ClientConfig, settings: &Settings, allowed: Vec<Network>) -> Posts {
    let dialer =
        Dialer { resolver: settings.resolver.clone(), allowed: allowed.into(), timeout: settings.connect_timeout };
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(dialer);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(settings.per_target)
        .http1_max_headers(100)
        .http2_max_header_list_size(64 << 10)
        // A request that may have been sent is not sent again unseen.
        .retry_canceled_requests(false)
        .build(connector)
}

/// How long a connection is kept that nothing is sent on.
const IDLE: Duration = Duration::from_secs(30);

impl Carrier for Post {
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carrying<'a> {
        Box::pin(self.attempt(delivery))
    }
}

fn by_status(code: StatusCode, after: Option<Duration>) -> Outcome {
    let status = format!("HTTP {}", code.as_u16());
    match code.as_u16() {
        200..=299 => Outcome::Delivered { status },
        410 => Outcome::Gone { status },
        301..=303 => Outcome::Refused { status: format!("{status}, which does not repeat a POST") },
        307 | 308 => Outcome::Refused { status: format!("{status} without a Location that can be used") },
        300..=399 => Outcome::Refused { status },
        code => Outcome::Retry { status, after, place: Place::of_http(code) },
    }
}

/// What an error of the client says: a connection that could not be made was not used; anything later is uncertain.
fn failed(error: &ClientError) -> Outcome {
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let mut status = String::new();
    for cause in causes {
        if let Some(DialError::Forbidden { .. }) = cause.downcast_ref::<DialError>() {
            return Outcome::Unsent { status: cause.to_string() };
        }
        if !status.is_empty() {
            status += ": ";
        }
        status += &trust::plain(&cause.to_string());
    }
    if status.is_empty() {
        status = error.to_string();
    }
    if error.is_connect() {
        Outcome::Retry { status, after: None, place: Place::Down }
    } else {
        Outcome::Uncertain { status }
    }
}

/// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date in the form that is to be sent. Dates of the two obsolete
/// forms are passed over.
pub(super) fn retry_after(response: &Response<Incoming>, now: Time) -> Option<Duration> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX / 1000)));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Time::from_millis(date.timestamp().as_millisecond()).since(now))
}

/// A Location as a URL: whole, or relative to where it came from (RFC 3986 section 5.2, without dot segments, which
/// receivers resolve themselves).
fn resolved(from: &str, location: &str) -> Option<String> {
    let (location, _fragment) = location.split_once('#').unwrap_or((location, ""));
    let (scheme, rest) = from.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let (path, _query) = path.split_once(['?', '#']).unwrap_or((path, ""));
    let is_whole = location.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    Some(if location.is_empty() {
        return None;
    } else if is_whole {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{path}{location}")
    } else {
        let folder = path.rfind('/').and_then(|slash| path.get(..=slash)).unwrap_or("/");
        format!("{scheme}://{authority}{folder}{location}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_from_where_it_came() {
        let from = "https://h.example:9/a/b?c=d";
        for (location, expected) in [
            ("https://o.example/x", "https://o.example/x"),
            ("http:/x", "http:/x"),
            ("//o.example/x", "https://o.example/x"),
            ("/x?y#z", "https://h.example:9/x?y"),
            ("x", "https://h.example:9/a/x"),
            ("?x", "https://h.example:9/a/b?x"),
        ] {
            assert_eq!(resolved(from, location).as_deref(), Some(expected));
        }
        assert_eq!(resolved("https://h.example", "x").as_deref(), Some("https://h.example/x"));
        assert_eq!((resolved(from, ""), resolved(from, "#x")), (None, None));
    }

    #[test]
    fn a_status_says_whether_it_is_tried_again() {
        let outcome = |code| by_status(StatusCode::from_u16(code).unwrap(), None).attempted();
        use crate::store::Attempted::{Delivered, Gone, Refused, Retry};
        for (code, expected) in [
            (200, Delivered),
            (202, Delivered),
            (204, Delivered),
            (301, Refused),
            (302, Refused),
            (303, Refused),
            (304, Refused),
            (307, Refused),
            (400, Retry),
            (401, Retry),
            (403, Retry),
            (404, Retry),
            (408, Retry),
            (410, Gone),
            (413, Retry),
            (425, Retry),
            (429, Retry),
            (500, Retry),
            (501, Retry),
            (503, Retry),
            (599, Retry),
            (600, Retry),
            (999, Retry),
        ] {
            assert_eq!(outcome(code), expected, "{code}");
        }
    }
}
