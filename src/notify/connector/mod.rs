//! Messages of connectors: each is made a request, sent once, and its answer judged. What that means is `connector`'s, who
//! waits for it is `backend`'s.

mod line;
mod token;

use std::{collections::BTreeMap, sync::Arc};

use rustls::RootCertStore;
use tokio::task::JoinSet;

use self::{
    line::{Line, Unanswered},
    token::{Refused, Tokens},
};
use super::{
    Outcome, Place, Resolver,
    outcome::{Carrier, Carrying, Judged, Leaving},
};
use crate::{
    backend::connected,
    clock::{Clock, Time},
    connector::{
        Api, Connector, Connectors, Message, Standing, System, Verdict, codes, judge, remedy, request, unanswered,
    },
    store::{Asker, Delivery, StoreError, Transaction},
    trust,
};

/// Sends messages to the systems of connectors.
pub struct Messenger {
    systems: BTreeMap<String, Arc<Reached>>,
    clock: Clock,
}

/// One connector and the way to it.
struct Reached {
    connector: Arc<Connector>,
    line: Line,
    tokens: Arc<Tokens>,
}

/// How a message fared in one attempt.
struct Fared {
    verdict: Verdict,
    /// How long nothing is to be asked of the connector.
    rest: Option<std::time::Duration>,
}

impl From<Verdict> for Fared {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, rest: None }
    }
}

impl Messenger {
    /// Ways to all of them; nothing is asked of any yet.
    ///
    /// # Errors
    /// When TLS cannot be set up: a certificate of a connector, which is named.
    pub fn new(connectors: &Connectors, resolver: &Resolver, clock: &Clock) -> Result<Self, (String, rustls::Error)> {
        let roots = if connectors.connectors.is_empty() { RootCertStore::empty() } else { trust::system() };
        let (mut systems, mut shared) = (BTreeMap::new(), BTreeMap::new());
        for (name, connector) in &connectors.connectors {
            let line = Line::new(connector, roots.clone(), resolver.clone(), clock.clone())
                .map_err(|error| (name.clone(), error))?;
            let connector = Arc::clone(connector);
            let tokens = match log_in(&connector) {
                Some(log_in) => Arc::clone(shared.entry(log_in).or_default()),
                None => Arc::default(),
            };
            systems.insert(name.clone(), Arc::new(Reached { connector, line, tokens }));
        }
        Ok(Self { systems, clock: clock.clone() })
    }

    /// Gives back every token, of all systems at once.
    async fn leave(&self) {
        let mut leaving = JoinSet::new();
        for reached in self.systems.values().map(Arc::clone) {
            leaving.spawn(async move { reached.tokens.leave(&reached.connector, &reached.line).await });
        }
        leaving.join_all().await;
    }

    async fn attempt(&self, delivery: &Delivery) -> Outcome {
        let Some(outgoing) = delivery.content.outgoing() else {
            return Outcome::Unsent { status: "this is no message of a connector".to_owned() };
        };
        let message = &outgoing.message;
        let Some(reached) = self.systems.get(&message.connector) else {
            let status = format!("there is no connector {:?}", message.connector);
            return Outcome::Retry { status, after: None, place: Place::Unasked };
        };
        let connector = &reached.connector;
        if connector.record {
            return recorded(connector, message, self.clock.now());
        }
        let mut fared = reached.send(message, &self.clock).await;
        if let Some(instead) = remedy(connector, message, &fared.verdict) {
            tracing::info!(delivery = delivery.id, "{}: sent otherwise, once", status(message.system, &fared.verdict));
            fared = reached.send(&instead, &self.clock).await;
        }
        let Fared { verdict, rest } = fared;
        let status = status(message.system, &verdict);
        Outcome::Judged(Box::new(Judged { status, verdict, shown: None, rest }))
    }
}

impl Reached {
    /// One request, and another with a new token when the first was not let in.
    async fn send(&self, message: &Message, clock: &Clock) -> Fared {
        let connector = &self.connector;
        if matches!(connector.api, Api::Connectly { .. }) {
            return refused_for_good(self.exchange(message, None, clock).await).into();
        }
        let mut stale = None;
        loop {
            let pass = match self.tokens.pass(connector, &self.line, clock, stale).await {
                Ok(pass) => pass,
                Err(Refused { verdict, rest }) => return Fared { verdict: *verdict, rest },
            };
            let verdict = self.exchange(message, Some(&pass.access), clock).await;
            if verdict.standing != Standing::Unauthorized {
                return verdict.into();
            }
            if stale.is_some() {
                let verdict = refused_for_good(verdict);
                self.tokens.useless(&verdict, connector, clock).await;
                return Fared { verdict, rest: Some(connector.breaker_rest) };
            }
            stale = Some(pass.count);
        }
    }

    async fn exchange(
        &self,
        message: &Message,
        token: Option<&crate::message::client::Secret>,
        clock: &Clock,
    ) -> Verdict {
        let connector = &self.connector;
        let request = match request(connector, message, token, clock.now()) {
            Ok(request) => request,
            Err(why) => return impossible(connector, &why),
        };
        match self.line.exchange(request).await {
            Ok(answer) => judge(connector, message, &answer, token),
            Err(Unanswered { why, may_have_arrived }) => unanswered(connector, &why, may_have_arrived),
        }
    }
}

/// What a log-in is made with, where the system counts the tokens of one.
fn log_in(connector: &Connector) -> Option<(String, String, String)> {
    match &connector.api {
        Api::Yeastar { client_id, client_secret } => {
            Some((connector.base.clone(), client_id.clone(), client_secret.expose().to_owned()))
        }
        Api::Salesforce { .. } | Api::Connectly { .. } => None,
    }
}

/// Not let in, and another token would change nothing.
fn refused_for_good(verdict: Verdict) -> Verdict {
    match verdict.standing {
        Standing::Unauthorized => Verdict { standing: Standing::Refused, ..verdict },
        _ => verdict,
    }
}

/// The message cannot be written as a request.
fn impossible(connector: &Connector, why: &str) -> Verdict {
    Verdict { standing: Standing::Refused, ..unanswered(connector, why, false) }
}

/// Nothing leaves: the request is made, and kept as it may be shown.
fn recorded(connector: &Connector, message: &Message, now: Time) -> Outcome {
    match request(connector, message, None, now) {
        Ok(request) => {
            let shown = request.shown(&connector.base);
            let verdict = Verdict {
                standing: Standing::Accepted,
                code: None,
                kind: None,
                http: 0,
                message: RECORDED.to_owned(),
                trace: None,
                id: None,
                after_ms: None,
                raw: shown.chars().take(Verdict::RAW / 4).collect(),
            };
            let status = RECORDED.to_owned();
            Outcome::Judged(Box::new(Judged { status, verdict, shown: Some(shown), rest: None }))
        }
        Err(why) => {
            let verdict = impossible(connector, &why);
            let status = status(message.system, &verdict);
            Outcome::Judged(Box::new(Judged { status, verdict, shown: None, rest: None }))
        }
    }
}

/// What is said of a message that was recorded.
const RECORDED: &str = "recorded, not sent";

/// What is remembered of an attempt, and logged: code, name and HTTP status, never what the system wrote of the message.
fn status(system: System, verdict: &Verdict) -> String {
    let code = codes::decisive(system, verdict.code.as_deref(), verdict.kind.as_deref());
    let http = format!("HTTP {}", verdict.http);
    match (code, verdict.http) {
        (Some(code), status) => {
            let name = codes::find(system, code).map(|row| row.name).filter(|name| !code.ends_with(name));
            let name = name.map(|name| format!(" {name}")).unwrap_or_default();
            let http = if status == 0 { String::new() } else { format!(" ({http})") };
            // What a system calls a code may be long, or be no code.
            format!("{}{name}{http}", code.chars().take(80).collect::<String>())
        }
        (None, 0) => verdict.message.clone(),
        (None, _) => http,
    }
}

impl Carrier for Messenger {
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carrying<'a> {
        Box::pin(self.attempt(delivery))
    }

    fn ended(
        &self,
        txn: &mut Transaction<'_>,
        delivery: &Delivery,
        _outcome: &Outcome,
        now: Time,
    ) -> Result<Option<Asker>, StoreError> {
        connected::settled(txn, delivery, now)
    }

    fn leave(&self) -> Leaving<'_> {
        Box::pin(self.leave())
    }
}
