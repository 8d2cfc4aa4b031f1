//! Webhooks of the simulated backends: signed as theirs are, posted to the gateway one after the other.

use std::sync::{Mutex, OnceLock, PoisonError};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http_body_util::Full;
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sha2::Sha256;
use tokio::{net::TcpStream, sync::mpsc};

use crate::connector::System;

/// Events that wait for the gateway; one more is not told.
const MOST: usize = 10_000;

/// Where webhooks go, and what they are signed with.
pub(super) struct Webhooks {
    secret: &'static str,
    sender: mpsc::Sender<Event>,
    waiting: Mutex<Option<mpsc::Receiver<Event>>>,
    gateway: OnceLock<String>,
}

struct Event {
    path: String,
    header: &'static str,
    signature: String,
    body: String,
}

impl Webhooks {
    pub(super) fn new(secret: &'static str) -> Self {
        let (sender, waiting) = mpsc::channel(MOST);
        Self { secret, sender, waiting: Mutex::new(Some(waiting)), gateway: OnceLock::new() }
    }

    /// Starts to post them to this gateway; what was told before comes first.
    pub(super) fn to(&self, url: &str) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let authority = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/').to_owned());
        match (authority, waiting) {
            (Some(authority), Some(mut waiting)) if self.gateway.set(authority.clone()).is_ok() => {
                tokio::spawn(async move {
                    while let Some(event) = waiting.recv().await {
                        if let Err(error) = post(&authority, event).await {
                            tracing::warn!(%error, "a webhook of a simulated backend was not taken");
                        }
                    }
                });
            }
            _ => tracing::warn!(%url, "simulated backends tell by plain http alone: no webhooks are sent"),
        }
    }

    pub(super) fn tell(&self, name: &str, system: System, body: &Value) {
        let header = match system {
            System::Connectly => "x-connectly-hmac-sha256",
            System::Yeastar => "x-signature",
            // It has none.
            System::Salesforce => return,
        };
        let body = body.to_string();
        // HMAC takes keys of every length, so there always is one.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()) else {
            return;
        };
        mac.update(body.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let event = Event { path: format!("/connectors/{name}/webhook"), header, signature, body };
        // Nobody listens any more when the program ends.
        if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(event) {
            tracing::warn!(connector.name = %name, "a webhook of a simulated backend is not told: {MOST} wait");
        }
    }
}

async fn post(authority: &str, event: Event) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(authority).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::post(event.path)
        .header("host", authority)
        .header("content-type", "application/json")
        .header(event.header, event.signature)
        .body(Full::new(Bytes::from(event.body)))?;
    let status = sender.send_request(request).await?.status();
    if status.is_success() { Ok(()) } else { Err(format!("HTTP {status}").into()) }
}
