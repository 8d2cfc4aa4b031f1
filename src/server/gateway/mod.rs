//! The work behind the front door: a request is read, its caller checked, its call done, its answer written.
//!
//! Each step takes what the step before gave. Every way out is an answer in the version of the request: rows, or a Fault.

mod answer;
mod asynchronous;
mod dispatch;
mod refusal;
mod request;
mod synchronous;
mod webhook;
mod work;

use std::{mem, sync::Arc};

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue},
};

use crate::{
    backend::{Backend, triggered_send},
    clock::Clock,
    mail::Transport,
    message::{
        Operation,
        client::{Client, Credentials},
    },
    notify::Notifier,
    object::Limits,
    queue::Queue,
    schema::Schema,
    soap::{Code, Fault, Version, fault},
    store::{Store, Transaction},
};

use super::{
    BodyError, Handler, Inbound, Lost, Outbound, Outcome, Report,
    access::Access,
    budget::{Budget, Share},
    journal::discreet,
    limits::Flight,
    tokens::{Asked, Endpoint},
    unsubscribe,
};

use answer::Answer;
use request::{Refused, Request};

const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// Bodies up to this length are read where they arrive; longer ones on a thread that may take its time. Reading 64 KiB
/// costs a fraction of a millisecond, about what handing it over would.
const READ_IN_PLACE: usize = 64 * 1024;

/// Everything that a request meets after the front door. Shared by all requests.
#[derive(Debug)]
pub struct Gateway {
    /// The contract.
    pub schema: Arc<Schema>,
    /// Who may come in.
    pub access: Arc<Access>,
    /// What is done.
    pub backend: Arc<Backend>,
    /// Where it is kept.
    pub store: Store,
    /// Who works off what is not done at once.
    pub queue: Queue,
    /// Who tells callers.
    pub notifier: Notifier,
    /// The way out for mail.
    pub mail: Arc<Transport>,
    /// The time.
    pub clock: Clock,
    /// Limits of reading.
    pub limits: Limits,
    /// Requests of one API client at once.
    pub flight: Flight,
    /// Bytes that are worked on while it is not known who sent them.
    pub(super) unproven: Budget,
}

impl Gateway {
    async fn answer(&self, mut inbound: Inbound) -> Outbound {
        let content_type = header(&inbound.headers, &CONTENT_TYPE).map(str::to_owned);
        let actor = actor(&inbound);
        // Taken, not shared: bytes that have one owner become text without a copy.
        let body = match mem::replace(&mut inbound.body, Ok(Bytes::new())) {
            Ok(body) => body,
            Err(error) => return self.bodiless(&error, content_type.as_deref(), &actor),
        };
        // Reading costs memory and time before anyone has shown who they are: so much of it at once, and no more.
        let mut unproven = self.unproven.share();
        unproven.hold(body.len()).await;
        let request = match self.read(&inbound, body, content_type).await {
            Ok(request) => request,
            Err(refused) => return self.refuse(&refused, &actor),
        };
        match self.serve(&inbound, &request, unproven).await {
            Ok(answer) => answer.outbound(),
            Err(fault) => {
                let outcome = if fault.is_security() { Outcome::Denied } else { Outcome::Fault };
                let report = Report::new(request.operation.name(), outcome);
                self.fault(request.version, request.message_id.as_deref(), &fault, &actor).reporting(report)
            }
        }
    }

    /// A body that never came whole. The fault travels under HTTP's own status: a proxy in between understands that one.
    fn bodiless(&self, error: &BodyError, content_type: Option<&str>, actor: &str) -> Outbound {
        let fault = Fault::client(format!("Server was unable to read request. {error}."));
        let mut outbound = self.fault(Version::guess(None, content_type), None, &fault, actor);
        outbound.status = error.status();
        outbound.reporting(Report::new("unknown", Outcome::Fault))
    }

    async fn read(
        &self,
        inbound: &Inbound,
        body: Bytes,
        content_type: Option<String>,
    ) -> Result<Request, Box<Refused>> {
        let soap_action = header(&inbound.headers, &SOAP_ACTION).map(str::to_owned);
        let short = body.len() <= READ_IN_PLACE;
        let (schema, limits) = (Arc::clone(&self.schema), self.limits.clone());
        let read = move || Request::read(body, content_type.as_deref(), soap_action.as_deref(), &schema, &limits);
        if short {
            return read();
        }
        match tokio::task::spawn_blocking(read).await {
            Ok(read) => read,
            Err(error) => Err(Box::new(Refused {
                version: Version::V11,
                message_id: None,
                fault: Fault::server(fault::EXCEPTION, "Exception occurred during reading").logged(error.to_string()),
                limit: None,
            })),
        }
    }

    async fn serve(&self, inbound: &Inbound, request: &Request, unproven: Share) -> Result<Answer, Fault> {
        let client = self.admit(inbound, request).await?;
        drop(unproven);
        // Code 17 is the service's own (facts/wire 1.5).
        let _seat = self.flight.enter(client.key()).map_err(|crowded| {
            Fault::server(fault::RATE_LIMITED, fault::RATE_LIMITED.text).logged(crowded.to_string())
        })?;
        dispatch::dispatch(self, request, client).await
    }

    /// Lets the caller in, or not.
    async fn admit(&self, inbound: &Inbound, request: &Request) -> Result<Client, Fault> {
        let authorization = header(&inbound.headers, &AUTHORIZATION);
        let credentials = Credentials::read(&request.envelope()?.header, authorization);
        let client = match credentials {
            Ok(credentials) => self.access.check(credentials, inbound.peer.ip()).await,
            Err(denied) => Err(denied),
        };
        client.map_err(|denied| Fault::security(denied.faultstring()).logged(format!("{}: {denied}", denied.reason())))
    }

    fn refuse(&self, refused: &Refused, actor: &str) -> Outbound {
        let report = Report { limit: refused.limit, ..Report::new("unknown", Outcome::Fault) };
        self.fault(refused.version, refused.message_id.as_deref(), &refused.fault, actor).reporting(report)
    }

    /// The one place where a fault is logged; the span around it names the request.
    fn fault(&self, version: Version, message_id: Option<&str>, fault: &Fault, actor: &str) -> Outbound {
        let (code, log) = (fault.code.name(), fault.log.as_deref().map(discreet));
        match fault.code {
            Code::Server => tracing::warn!(code, log, "fault: {}", discreet(&fault.text)),
            // The text may show what the caller sent: a password that broke the XML, an address, a line break.
            _ => tracing::info!(code, log, "fault"),
        }
        Answer::fault(version, message_id, self.clock.now(), fault, actor)
    }
}

impl Handler for Gateway {
    async fn soap(&self, request: Inbound) -> Outbound {
        self.answer(request).await
    }

    /// JSON in and out, with HTTP's own status codes.
    async fn token(&self, endpoint: Endpoint, inbound: Inbound) -> Outbound {
        let body = match &inbound.body {
            Ok(body) => body,
            Err(error) => return Outbound::new(error.status(), "text/plain; charset=utf-8", error.to_string()),
        };
        let asked = Asked {
            path: &inbound.path,
            query: inbound.query.as_deref().unwrap_or_default(),
            authorization: header(&inbound.headers, &AUTHORIZATION),
            body,
            public_url: &inbound.public_url,
            peer: inbound.peer.ip(),
        };
        let answer = self.access.answer(endpoint, asked).await;
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut outbound = Outbound::new(status, "application/json; charset=utf-8", answer.body.to_string());
        for (name, value) in answer.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) {
                outbound.headers.insert(name, value);
            }
        }
        let outcome = if status.is_success() { Outcome::Ok } else { Outcome::Denied };
        outbound.reporting(Report::new("token", outcome))
    }

    async fn unsubscribe(&self, token: String, inbound: Inbound) -> Outbound {
        let key = {
            let read = self.store.read(|view| view.setting(triggered_send::link::KEY));
            read.await.map(Option::unwrap_or_default)
        };
        let (now, lifetime) = (self.clock.now(), self.backend.settings.sends.link_lifetime);
        let claim = match key {
            Ok(key) => triggered_send::link::open(&key, &token, now, lifetime),
            Err(error) => return unsubscribe::failed(&error.to_string()),
        };
        let claim = match claim {
            Ok(claim) => claim,
            Err(bad) => return unsubscribe::refused(bad),
        };
        if inbound.method != Method::POST {
            let leaving = self.store.read(move |view| triggered_send::leaving(view, &claim)).await;
            return leaving
                .map_or_else(|error| unsubscribe::failed(&error.to_string()), |leaving| unsubscribe::ask(&leaving));
        }
        match &inbound.body {
            Ok(body) if unsubscribe::is_confirmed(body) => {}
            Ok(_) => return unsubscribe::unconfirmed(),
            Err(error) => return Outbound::new(error.status(), "text/plain; charset=utf-8", error.to_string()),
        }
        let backend = Arc::clone(&self.backend);
        let work = move |txn: &mut Transaction<'_>| triggered_send::leave(&backend, txn, &claim, now);
        match self.store.write(work).await {
            Ok(_) => unsubscribe::done(),
            Err(error) => unsubscribe::failed(&error.to_string()),
        }
    }

    async fn webhook(&self, connector: String, inbound: Inbound) -> Outbound {
        self.take_webhook(connector, inbound).await
    }

    fn cut(&self) {
        self.notifier.cut();
    }

    async fn close(&self) {
        self.queue.close().await;
        self.notifier.close().await;
        // Nothing is sent any more.
        self.mail.close().await;
    }

    fn panicked(&self, lost: Lost) -> Outbound {
        let content_type = lost.content_type.as_ref().and_then(|kind| kind.to_str().ok());
        let fault = Fault::server(fault::EXCEPTION, format!("Exception occurred. ErrorID: {}", lost.request_id));
        let actor = format!("{}/Service.asmx", lost.public_url);
        // The front door has logged the panic.
        Answer::fault(Version::guess(None, content_type), None, self.clock.now(), &fault, &actor)
    }
}

/// SOAP 1.1 section 4.4: the URL that was called.
fn actor(inbound: &Inbound) -> String {
    format!("{}{}", inbound.public_url, inbound.path)
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The fault for a caller who is known but may not do this (facts/wire 1.5: Client, 11).
fn not_authorized(operation: Operation) -> Fault {
    Fault::client(format!("The user or account is not authorized for {}.", operation.name()))
}
