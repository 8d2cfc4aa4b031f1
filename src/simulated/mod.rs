//! Backends that behave as their documentation says, on this machine alone: what `envoi demo --connectors` sends to.
//!
//! They check what they are sent as the real ones are documented to, remember sessions, contacts and tokens in memory, tell by
//! signed webhooks what became of a message, and fail on demand ([`Faults`]). They know nothing of how a request was made:
//! only HTTP arrives here. Two kinds of numbers stand for what customers do:
//! one that ends in `00` has not written within 24 hours, and nothing arrives at one that ends in `99`.

mod connectly;
mod fault;
mod http;
mod key;
mod salesforce;
mod settings;
mod webhook;
mod yeastar;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::HeaderMap;
use serde_json::Value;
use tokio::net::TcpListener;

pub use self::fault::{Fault, Faults, Reset, What};
use self::{connectly::Connectly, key::Key, salesforce::Salesforce, webhook::Webhooks, yeastar::Yeastar};
use crate::{
    clock::{Clock, Time},
    connector::{Connectors, System},
};

/// How long after its last message a customer may be written to freely.
const WINDOW: Duration = Duration::from_secs(24 * 3600);

/// The simulated backends, which serve until they are dropped with their runtime.
pub struct Simulated {
    faults: Arc<Faults>,
    webhooks: Arc<Webhooks>,
    connectors: Connectors,
}

/// A backend as it serves.
struct Served {
    name: &'static str,
    system: System,
    backend: Mutex<Backend>,
    faults: Arc<Faults>,
    webhooks: Arc<Webhooks>,
    clock: Clock,
}

enum Backend {
    Salesforce(Salesforce),
    Yeastar(Yeastar),
    Connectly(Connectly),
}

/// One request, read.
struct Asked {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// What is answered, and what is told by webhook afterwards.
struct Reply {
    status: u16,
    body: Value,
    webhooks: Vec<Value>,
}

impl Reply {
    fn new(status: u16, body: Value) -> Self {
        Self { status, body, webhooks: Vec::new() }
    }
}

impl Simulated {
    /// Starts one backend of each system on a free port of loopback, and makes the connectors and routes that lead there.
    ///
    /// # Errors
    /// A port cannot be bound, or the system gives no random bytes.
    pub async fn start(clock: &Clock) -> io::Result<Self> {
        let key = Key::generate().map_err(io::Error::other)?;
        let faults = Arc::new(Faults::new(System::ALL.map(System::name)));
        let webhooks = Arc::new(Webhooks::new(settings::WEBHOOK_SECRET));
        let public = key.public().map_err(io::Error::other)?;
        let mut bases = Vec::new();
        for system in System::ALL {
            let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
            let base = format!("http://{}", listener.local_addr()?);
            let backend = match system {
                System::Salesforce => Backend::Salesforce(Salesforce::new(base.clone(), public.clone())),
                System::Yeastar => Backend::Yeastar(Yeastar::default()),
                System::Connectly => Backend::Connectly(Connectly::default()),
            };
            let (faults, webhooks) = (Arc::clone(&faults), Arc::clone(&webhooks));
            let backend = Mutex::new(backend);
            let served = Served { name: system.name(), system, backend, faults, webhooks, clock: clock.clone() };
            tokio::spawn(http::serve(listener, Arc::new(served)));
            bases.push(base);
        }
        Ok(Self { faults, webhooks, connectors: settings::connectors(&bases, key.pem()) })
    }

    /// The connectors that lead here, and the routes to them.
    pub fn connectors(&self) -> &Connectors {
        &self.connectors
    }

    /// What operators set.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }

    /// Webhooks go to the gateway at this URL; before it is known none are sent.
    pub fn tell(&self, gateway: &str) {
        self.webhooks.to(gateway);
    }
}

impl Served {
    fn backend(&self) -> MutexGuard<'_, Backend> {
        self.backend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what is asked.
    fn answer(&self, asked: &Asked) -> Reply {
        let now = self.clock.now();
        match &mut *self.backend() {
            Backend::Salesforce(backend) => backend.answer(asked, now),
            Backend::Yeastar(backend) => backend.answer(asked, now),
            Backend::Connectly(backend) => backend.answer(asked, now),
        }
    }
}

impl Asked {
    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn argument(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether it asks for a token: faults meet what follows.
    fn is_login(&self) -> bool {
        ["/services/oauth2/token", "/get_token", "/refresh_token"].iter().any(|end| self.path.ends_with(end))
    }
}

/// Text at a path of members.
fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    value.pointer(path)?.as_str()
}

/// Whether a customer has written lately; those whose number ends in 00 have not.
fn has_written(number: &str) -> bool {
    !number.ends_with("00")
}

/// Whether messages arrive.
fn is_reached(number: &str) -> bool {
    !number.ends_with("99")
}

/// A number as everybody writes it.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// Random letters for tokens and ids.
fn random(length: usize) -> String {
    let mut bytes = vec![0_u8; length];
    // Without random bytes ids repeat, and a demonstration goes on.
    let _ = getrandom::fill(&mut bytes);
    let letters = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    bytes.iter().map(|byte| char::from(*letters.get(usize::from(*byte) % letters.len()).unwrap_or(&b'0'))).collect()
}

/// Whether a moment is over.
fn is_over(until: Time, now: Time) -> bool {
    now >= until
}
