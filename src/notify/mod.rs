//! Telling the caller: what is owed is taken up when it is due, rendered, sent, tried again, given up.
//!
//! What holds:
//! - Only the store says what is owed. A delivery is marked as begun, durably, before a byte of it leaves, and its end is
//!   written with its attempt: a crash at any point loses nothing, and whatever may go out twice carries the same id.
//! - Messages whose turn it is, and which a connector has room for, are begun in the transaction that owes them (`begun`); all else
//!   waits in its lane. Whoever begins something takes his seat inside the transaction (`seats`).
//! - Nobody polls: the notifier waits for something new to be owed, for the moment of the next due delivery, or for an
//!   attempt to end. In memory there is only what is under way, however much is owed.
//! - A place that is down costs one probe at a time and keeps nobody else waiting (`breaker`, and lanes in the store).
//! - A callback reaches public addresses and what the settings allow, nothing else (`guard`, `dial`).
//!
//! `backoff`, `breaker`, `pace`, `rate`, `guard`, `sign`, `cut` and `render` are pure; `post`, `drop`, `connector` and who else
//! is a [`Carrier`] have the sockets and files; `run` joins them.

mod backoff;
mod begun;
mod breaker;
mod connector;
mod cut;
mod dial;
mod drop;
pub(crate) mod duty;
mod guard;
pub mod mail;
mod outcome;
mod pace;
mod post;
mod rate;
pub mod render;
mod run;
mod seats;
mod send;
mod settled;
mod settings;
mod sign;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

pub use self::{
    begun::Begun,
    connector::Messenger,
    dial::{Resolver, Resolving},
    drop::Folder,
    mail::Email,
    outcome::{Carrier, Carrying, Judged, Leaving, Outcome, Place},
    post::Post,
    send::Mailer,
    settings::Settings,
    settled::{Ending, Settled},
    sign::SigningSecret,
};
use self::{duty::Duty, pace::Pace, seats::Seats, settled::Waiting};
use tokio::sync::watch;

use crate::{
    clock::{Clock, Time},
    connector::Connectors,
    store::{Asker, Attempted, DeliveryKind, Lane, Store, StoreError, View},
};

/// An address as operators see it: what follows a question mark, and the user part of a URL, may be secrets.
pub fn shown(address: &str) -> String {
    let (address, query) = match address.split_once(['?', '#']) {
        Some((address, _)) => (address, "?…"),
        None => (address, ""),
    };
    let Some((scheme, rest)) = address.split_once(':') else { return format!("{address}{query}") };
    let inner = rest.trim_start_matches(['/', '\\']);
    let slashes = rest.strip_suffix(inner).unwrap_or_default();
    let authority = inner.split(['/', '\\']).next().unwrap_or_default();
    // `user:pass/word@host` ends its authority in the password.
    let is_cut = authority.rsplit_once([':', ']']).is_some_and(|(_, port)| port.bytes().any(|b| !b.is_ascii_digit()));
    let user = if is_cut { inner.rfind('@') } else { authority.rfind('@') };
    let (user, rest) = match user.and_then(|at| inner.get(at..)) {
        Some(rest) => ("…", rest),
        None => ("", inner),
    };
    format!("{scheme}:{slashes}{user}{rest}{query}")
}

/// Who carries which kind. Of a kind that nobody carries, deliveries stay owed.
pub type Carriers = BTreeMap<DeliveryKind, Arc<dyn Carrier>>;

/// Attempts that have ended since the start, by kind and outcome.
pub type Tally = BTreeMap<(DeliveryKind, Attempted), u64>;

/// Attempts of messages that have ended since the start, by connector and outcome.
pub type ConnectorTally = BTreeMap<(String, Attempted), u64>;

/// What the notifier works with.
pub struct Parts {
    /// What is owed, and where attempts are written down.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// How often, how many, how long.
    pub settings: Settings,
    /// Who carries what.
    pub carriers: Carriers,
    /// How often, how many, how long of messages.
    pub connectors: Arc<Connectors>,
}

/// A handle to the notifier. Clones share it.
#[derive(Clone)]
pub struct Notifier(Arc<Shared>);

struct Shared {
    parts: Parts,
    duty: Duty,
    tally: Mutex<Tally>,
    messages: Mutex<ConnectorTally>,
    waiting: Waiting,
    seats: Mutex<Seats>,
    /// Whether attempts under way are to be left where they are.
    cut: watch::Sender<bool>,
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notifier")
    }
}

impl Notifier {
    /// A notifier at rest; [`Notifier::run`] works off what is owed.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            duty: Duty::default(),
            tally: Mutex::default(),
            messages: Mutex::default(),
            waiting: Waiting::default(),
            seats: Mutex::default(),
            cut: watch::Sender::new(false),
        }))
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// What it has done since the start.
    pub fn tally(&self) -> Tally {
        self.0.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has done for each connector since the start.
    pub fn tally_of_connectors(&self) -> ConnectorTally {
        self.0.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When something is to be sent next that is not due yet.
    ///
    /// # Errors
    /// The store's.
    pub async fn next_due(&self) -> Result<Option<Time>, StoreError> {
        let now = self.0.parts.clock.now();
        let look = move |view: &View<'_>| view.deliveries().due(now, 0, &|_| 0, &|_| 0);
        Ok(self.0.parts.store.read(look).await?.1)
    }

    /// How a place stands: `closed` (all is well), `limited` (it has asked for a rest), `open` (it rests since it failed),
    /// `half-open` (it is probed), `unknown` (a connector that is not configured any more: what waits for it stays owed).
    pub fn breaker(&self, lane: &Lane) -> &'static str {
        let parts = &self.0.parts;
        if !self.knows(lane) {
            return "unknown";
        }
        breaker::named(lane.health, parts.clock.now(), &Pace::of_lane(lane, &parts.settings, &parts.connectors))
    }

    /// Whether a place is one that something can go to: a connector may be configured no more.
    pub fn knows(&self, lane: &Lane) -> bool {
        lane.connector().is_none_or(|name| self.0.parts.connectors.connectors.contains_key(name))
    }

    /// Calls this whenever the last message is settled that a conversation has waited for.
    pub fn on_settled(&self, hook: Box<dyn Fn() + Send + Sync>) {
        self.0.waiting.hook(hook);
    }

    /// Ready when all messages with this number of a synchronous call are settled. Only what is settled after the call of this is told:
    /// whether they are already is to be looked up then. Where an attempt settles the last of them, `ending` is done in the same
    /// transaction, and that it was is told.
    pub fn settled_batch(&self, batch: i64, ending: Option<Ending>) -> Settled {
        self.0.waiting.batch(batch, ending)
    }

    /// To be called when something outside an attempt has settled the last message that these wait for, and that is on disk.
    pub fn tell_settled(&self, askers: &[Asker]) {
        self.0.waiting.tell(askers, &[]);
    }

    /// To be called when something new may be owed.
    pub fn wake(&self) {
        self.0.duty.wake();
    }

    /// Ready when everything that was due at the call, and what became due by it, has been tried, as far as somebody
    /// carries it and the store let it; or when the notifier closes.
    pub async fn idle(&self) {
        self.0.duty.idle().await;
    }

    /// Leaves every attempt under way where it is, as a kill would: the next start sees to it as interrupted. For who closes and
    /// waits no longer.
    pub fn cut(&self) {
        self.0.cut.send_replace(true);
    }

    /// Ends the work: attempts under way are finished, or cut, no other is begun, and the carriers take their leave.
    pub async fn close(&self) {
        self.0.duty.close().await;
        for carrier in self.0.parts.carriers.values() {
            carrier.leave().await;
        }
    }

    /// Works off what is owed until the notifier is closed.
    pub async fn run(self) {
        self.0.duty.work(&self.0.parts.clock, run::Dispatcher::new(Arc::clone(&self.0))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn credentials_and_queries_are_not_shown() {
        for (address, expected) in [
            ("ada@example.com", "ada@example.com"),
            ("https://h.example:9/@a", "https://h.example:9/@a"),
            ("https://[::1]:9/a?b=c", "https://[::1]:9/a?…"),
            ("https://h.example/a#b", "https://h.example/a?…"),
            ("https://user:PW@localhost:9/x?a=b", "https://…@localhost:9/x?…"),
            ("https://user:PW@PW@h.example", "https://…@h.example"),
            ("https://user:P/W@h.example/", "https://…@h.example/"),
            ("https://PW@h.example/", "https://…@h.example/"),
            ("https:/\\user:PW@h.example/", "https:/\\…@h.example/"),
            ("https:user:PW@h.example/", "https:…@h.example/"),
        ] {
            assert_eq!(shown(address), expected);
        }
    }
}
