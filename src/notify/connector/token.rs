//! The token of a connector: one for all that asks, got by one log-in at a time, used until shortly before its end.
//!
//! A log-in that was refused is not repeated before the connector's rest is over: systems block who tries again and again
//! (Yeastar 70004), and count the tokens that they give out. So connectors with one log-in to one system share their token, and
//! it is given back when the program ends.

use std::time::Duration;

use tokio::sync::Mutex;

use super::line::{Line, Unanswered};
use crate::{
    clock::{Clock, Time},
    connector::{Connector, Standing, Token, Verdict, read_token, revocation, revoked, token_request, unanswered},
    message::client::Secret,
};

/// A token is renewed so long before its end, or when a tenth of its life is left if that is less.
const BEFORE: Duration = Duration::from_secs(60);

/// So long is waited for a token to be taken back.
const LEAVING: Duration = Duration::from_secs(3);

/// The token of one connector, or of those that log in alike.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Held>);

#[derive(Default)]
struct Held {
    good: Option<Good>,
    /// What a new one is asked for with, and until when it is good.
    refresh: Option<(Secret, Option<Time>)>,
    /// Counts the tokens, so that one is thrown away once.
    count: u64,
    /// Why there is none.
    failed: Option<Failed>,
}

struct Failed {
    verdict: Box<Verdict>,
    at: Time,
    /// Until then nobody asks.
    until: Time,
}

struct Good {
    access: Secret,
    until: Option<Time>,
}

/// A token, and which one of them it is.
#[derive(Clone)]
pub(super) struct Pass {
    pub(super) access: Secret,
    pub(super) count: u64,
}

/// There is none: why, and how long nothing is to be asked for.
pub(super) struct Refused {
    pub(super) verdict: Box<Verdict>,
    pub(super) rest: Option<Duration>,
}

impl Tokens {
    /// The token; a new one when there is none, it is at its end, or it is the one that was not taken. Who comes while somebody logs in
    /// has what comes of that.
    pub(super) async fn pass(
        &self,
        connector: &Connector,
        line: &Line,
        clock: &Clock,
        stale: Option<u64>,
    ) -> Result<Pass, Refused> {
        let asked = clock.now();
        let mut held = self.0.lock().await;
        let now = clock.now();
        if let Some(failed) = &held.failed {
            // Of those that came together one has asked.
            if now < failed.until || asked <= failed.at {
                let rest = Some(failed.until.since(now)).filter(|rest| !rest.is_zero());
                return Err(Refused { verdict: failed.verdict.clone(), rest });
            }
            held.failed = None;
        }
        if stale == Some(held.count) {
            held.good = None;
        }
        if let Some(good) = held.good.as_ref().filter(|good| good.until.is_none_or(|until| now < until)) {
            return Ok(Pass { access: good.access.clone(), count: held.count });
        }
        held.good = None;
        match held.log_in(connector, line, clock).await {
            Ok(pass) => Ok(pass),
            Err(verdict) => {
                let rest = rest_after(&verdict, connector);
                let at = clock.now();
                let until = at.plus(rest.unwrap_or_default());
                held.failed = Some(Failed { verdict: verdict.clone(), at, until });
                Err(Refused { verdict, rest })
            }
        }
    }

    /// Gives the token back; what comes of it is logged alone, for the program ends either way.
    pub(super) async fn leave(&self, connector: &Connector, line: &Line) {
        let Some(good) = self.0.lock().await.good.take() else { return };
        let Some(request) = revocation(connector, &good.access) else { return };
        let told = match tokio::time::timeout(LEAVING, line.exchange(request)).await {
            Ok(Ok(answer)) => revoked(&answer),
            Ok(Err(Unanswered { why, .. })) => Err(why),
            Err(_) => Err(format!("no answer within {LEAVING:?}")),
        };
        match told {
            Ok(()) => tracing::info!("connector {}: the token was given back", connector.name),
            Err(why) => {
                tracing::warn!(
                    "connector {}: the token was not given back, and lives on to its end: {why}",
                    connector.name
                );
            }
        }
    }

    /// A new token was not taken either: no other is asked for before the rest is over.
    pub(super) async fn useless(&self, verdict: &Verdict, connector: &Connector, clock: &Clock) {
        let at = clock.now();
        let failed = Failed { verdict: Box::new(verdict.clone()), at, until: at.plus(connector.breaker_rest) };
        self.0.lock().await.failed = Some(failed);
    }
}

/// How long nothing is asked for after a log-in that failed; without an answer, the breaker sees to that.
fn rest_after(verdict: &Verdict, connector: &Connector) -> Option<Duration> {
    match verdict.standing {
        Standing::Again | Standing::Ambiguous => None,
        Standing::Limited => {
            let asked = verdict.after_ms.map(Duration::from_millis);
            Some(asked.unwrap_or(connector.breaker_rest).max(connector.breaker_rest))
        }
        _ => Some(connector.breaker_rest),
    }
}

impl Held {
    async fn log_in(&mut self, connector: &Connector, line: &Line, clock: &Clock) -> Result<Pass, Box<Verdict>> {
        let now = clock.now();
        if let Some((refresh, until)) = self.refresh.take()
            && until.is_none_or(|until| now < until)
        {
            match asked(connector, line, clock, Some(&refresh)).await {
                Ok(token) => return Ok(self.keep(token, clock.now())),
                // It may be good later.
                Err(verdict) if verdict.standing != Standing::Refused => {
                    self.refresh = Some((refresh, until));
                    return Err(verdict);
                }
                Err(_) => {}
            }
        }
        let token = asked(connector, line, clock, None).await?;
        Ok(self.keep(token, clock.now()))
    }

    fn keep(&mut self, token: Token, now: Time) -> Pass {
        self.count += 1;
        let until = |life: Duration| now.plus(life.saturating_sub(BEFORE.min(life / 10)));
        self.refresh = token.refresh.map(|refresh| (refresh, token.refresh_expires_in.map(until)));
        self.good = Some(Good { access: token.access.clone(), until: token.expires_in.map(until) });
        Pass { access: token.access, count: self.count }
    }
}

async fn asked(
    connector: &Connector,
    line: &Line,
    clock: &Clock,
    refresh: Option<&Secret>,
) -> Result<Token, Box<Verdict>> {
    let request = match token_request(connector, refresh, clock.now()) {
        Ok(request) => request,
        Err(why) => {
            return Err(Box::new(Verdict { standing: Standing::Refused, ..unanswered(connector, &why, false) }));
        }
    };
    match line.exchange(request).await {
        Ok(answer) => read_token(connector, &answer),
        // The message itself has not left.
        Err(Unanswered { why, .. }) => {
            Err(Box::new(unanswered(connector, &format!("the log-in had no answer: {why}"), false)))
        }
    }
}
