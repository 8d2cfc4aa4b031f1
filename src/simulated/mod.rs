//! Backends that behave as their documentation says, on this machine alone: what `envoi demo --connectors` sends to.
//!
//! They check what they are sent as the real ones are documented to, and refuse it with the documented codes; remember sessions,
//! conversations, contacts and tokens in memory, so many and then the oldest are forgotten; tell by signed webhooks what became of
//! a message; and fail on demand ([`Faults`]). They know nothing of how a request was made: only HTTP arrives here. What stands
//! for what customers do: a number that ends in `00` has not written within 24 hours until an operator says so
//! ([`Controls::write`]), and nothing arrives at one that ends in `99`.

mod bounded;
mod check;
mod connectly;
mod fault;
mod http;
mod key;
mod outcome;
mod salesforce;
mod settings;
mod told;
mod webhook;
mod yeastar;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::HeaderMap;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::{
    check::{Wrong, is_number},
    connectly::Connectly,
    key::Key,
    salesforce::Salesforce,
    webhook::Webhooks,
    yeastar::Yeastar,
};
pub use self::{
    fault::{Fault, Faults, Reset, What},
    outcome::Outcome,
    settings::WEBHOOK_SECRET,
};
use crate::{
    clock::{Clock, Time},
    connector::{Connectors, System},
};

/// How long after its last message a customer may be written to freely.
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// What is remembered of each kind, where nothing documented is less.
const MOST: usize = 10_000;
/// Characters of a text message.
const LONGEST: usize = 4096;

/// The simulated backends, which serve until they are dropped with their runtime.
pub struct Simulated {
    controls: Arc<Controls>,
    webhooks: Arc<Webhooks>,
    connectors: Connectors,
}

/// What operators can make the simulated backends do.
pub struct Controls {
    faults: Arc<Faults>,
    served: Vec<Arc<Served>>,
}

/// A backend as it serves.
struct Served {
    name: &'static str,
    system: System,
    backend: Mutex<Backend>,
    faults: Arc<Faults>,
    webhooks: Arc<Webhooks>,
    pace: Mutex<Pace>,
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

/// One request as a backend answers it.
struct Turn<'a> {
    asked: &'a Asked,
    now: Time,
    faults: &'a Faults,
    name: &'static str,
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

    fn refused(system: System, wrong: &Wrong, path: &str) -> Self {
        let (status, body) = told::refused(system, wrong, path);
        Self::new(status, body)
    }
}

impl Turn<'_> {
    /// What becomes of a message that was just taken.
    fn outcome(&self, to: &str) -> Outcome {
        self.faults.outcome(self.name).unwrap_or_else(|| Outcome::usual(to))
    }
}

/// Requests of one second, as the clock has it.
#[derive(Default)]
struct Pace {
    second: i64,
    begun: u32,
}

impl Simulated {
    /// Starts one backend of each system on a free port of loopback, and makes the connectors and routes that lead there.
    ///
    /// # Errors
    /// A port cannot be bound, or the system gives no random bytes.
    pub async fn start(clock: &Clock) -> io::Result<Self> {
        let key = Key::generate().map_err(io::Error::other)?;
        let faults = Arc::new(Faults::new(System::ALL.map(System::name)));
        let webhooks = Arc::new(Webhooks::new(WEBHOOK_SECRET));
        let public = key.public().map_err(io::Error::other)?;
        let (mut bases, mut all) = (Vec::new(), Vec::new());
        for system in System::ALL {
            let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
            let base = format!("http://{}", listener.local_addr()?);
            let backend = match system {
                System::Salesforce => Backend::Salesforce(Salesforce::new(base.clone(), public.clone())),
                System::Yeastar => Backend::Yeastar(Yeastar::new()),
                System::Connectly => Backend::Connectly(Connectly::new()),
            };
            let served = Arc::new(Served {
                name: system.name(),
                system,
                backend: Mutex::new(backend),
                faults: Arc::clone(&faults),
                webhooks: Arc::clone(&webhooks),
                pace: Mutex::default(),
                clock: clock.clone(),
            });
            tokio::spawn(http::serve(listener, Arc::clone(&served)));
            all.push(served);
            bases.push(base);
        }
        let controls = Arc::new(Controls { faults, served: all });
        Ok(Self { controls, webhooks, connectors: settings::connectors(&bases, key.pem()) })
    }

    /// The connectors that lead here, and the routes to them.
    pub fn connectors(&self) -> &Connectors {
        &self.connectors
    }

    /// What operators can make them do.
    pub fn controls(&self) -> &Arc<Controls> {
        &self.controls
    }

    /// Webhooks go to the gateway at this URL; before it is known they wait.
    pub fn tell(&self, gateway: &str) {
        self.webhooks.to(gateway);
    }
}

impl Controls {
    /// What is set to happen.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// A customer writes to the business: what the system tells of it, and for how long it may be answered freely.
    ///
    /// # Errors
    /// The system takes no messages that way, or the number is none: what was expected.
    pub fn write(&self, name: &str, number: &str, text: &str) -> Result<Value, String> {
        if !is_number(number) {
            return Err(format!("`{number}` is no telephone number: expected one such as +12025550100"));
        }
        let served = self.served.iter().find(|served| served.name == name);
        let served = served.ok_or_else(|| format!("there is no simulated backend `{name}`"))?;
        let now = served.clock.now();
        let event = match &mut *served.backend() {
            Backend::Yeastar(backend) => backend.written(number, text, now),
            Backend::Connectly(backend) => backend.written(number, text, now),
            Backend::Salesforce(_) => {
                let how = "what a customer writes comes to Salesforce by a message of this gateway: expected yeastar or connectly";
                return Err(how.to_owned());
            }
        };
        served.webhooks.tell(served.name, served.system, &event);
        Ok(json!({ "connector": name, "number": number, "until": now.plus(WINDOW).seconds() }))
    }
}

impl Served {
    fn backend(&self) -> MutexGuard<'_, Backend> {
        self.backend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what is asked.
    fn answer(&self, asked: &Asked) -> Reply {
        let now = self.clock.now();
        if !self.keeps_pace(asked, now) {
            let (status, body) = told::limited(self.system);
            return Reply::new(status, body);
        }
        let turn = Turn { asked, now, faults: &self.faults, name: self.name };
        match &mut *self.backend() {
            Backend::Salesforce(backend) => backend.answer(&turn),
            Backend::Yeastar(backend) => backend.answer(&turn),
            Backend::Connectly(backend) => backend.answer(&turn),
        }
    }

    /// The documented limits: 2,000 requests in a second of Salesforce, 200 of each way to send of Connectly; of Yeastar none.
    fn keeps_pace(&self, asked: &Asked, now: Time) -> bool {
        let most = match self.system {
            System::Salesforce => 2000,
            System::Connectly if asked.path.contains("/send/") => 200,
            System::Connectly | System::Yeastar => return true,
        };
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now.millis().div_euclid(1000);
        if pace.second != second {
            *pace = Pace { second, begun: 0 };
        }
        pace.begun = pace.begun.saturating_add(1);
        pace.begun <= most
    }
}

impl Asked {
    /// The JSON object of the body.
    fn json(&self) -> Option<Value> {
        let is_json = self.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        serde_json::from_slice(&self.body).ok().filter(|value: &Value| is_json && value.is_object())
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

/// Whether a customer has written lately, also when nobody said so.
fn has_written(number: &str) -> bool {
    !number.ends_with("00")
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

#[cfg(test)]
mod tests;
