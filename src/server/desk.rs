//! What operators ask about conversations, and the moving of a virtual clock. Answers are JSON.
//!
//! | method and path | query | answer |
//! |---|---|---|
//! | GET /conversations | state, limit | a list |
//! | GET /conversation | id, account | everything about one |
//! | POST /replay | id, as, account | the remainder sent as a new conversation |
//! | POST /time | by (milliseconds) | the new time, when what became due has been worked off |

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    access::Access,
    admin::{Desk, Told},
    route::{decoded, parameter},
};
use crate::{
    backend::Backend,
    clock::Clock,
    queue::{NoRemainder, Queue, remainder, report},
    store::{Internal, Store, StoreError, Transaction, View},
};

/// Conversations in a list, unless more or fewer are asked for.
const LIST: usize = 100;

/// The desk of a whole server.
pub(super) struct Operators {
    store: Store,
    queue: Queue,
    backend: Arc<Backend>,
    access: Arc<Access>,
    clock: Clock,
}

impl Operators {
    pub(super) fn new(store: Store, queue: Queue, backend: Arc<Backend>, access: Arc<Access>, clock: &Clock) -> Self {
        Self { store, queue, backend, access, clock: clock.clone() }
    }

    async fn list(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let limit = match asked.get("limit") {
            Some(limit) => limit.parse().map_err(|_| Wrong::asked(format!("limit is {limit:?}, expected a number")))?,
            None => LIST,
        };
        let state = asked.get("state");
        let wanted = move |kept: &crate::store::Kept| {
            state.as_ref().is_none_or(|state| kept.rules.state().name().eq_ignore_ascii_case(state))
        };
        let look = move |view: &View<'_>| view.conversations().list(limit, &wanted);
        let list = self.store.read(look).await.map_err(Wrong::store)?;
        Ok(json!(list.iter().map(report::line).collect::<Vec<_>>()))
    }

    async fn one(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let (account, id) = self.named(asked)?;
        let (now, settings) = (self.clock.now(), self.backend.settings.conversations.clone());
        let look = move |view: &View<'_>| report::whole(&view.conversations(), &account, &id, now, &settings);
        let found = self.store.read(look).await.map_err(Wrong::store)?;
        found.map(|whole| json!(whole)).ok_or_else(|| Wrong::unknown("there is no such conversation"))
    }

    async fn replay(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let (account, id) = self.named(asked)?;
        let new = asked.get("as").unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        if new.is_empty() {
            return Err(Wrong::asked("as is empty, expected a ConversationID".to_owned()));
        }
        let (accounts, now) = (self.access.accounts(), self.clock.now());
        let settings = self.backend.settings.conversations.clone();
        let renewed = new.clone();
        let work = move |txn: &mut Transaction<'_>| {
            let old = report::find(&txn.conversations(), &account, &id)?.ok_or(NoRemainder::Unknown)?;
            remainder(txn, &accounts, &old.name, &renewed, now, &settings)
        };
        let parts = self.store.write(work).await.map_err(|error| match error {
            NoRemainder::Store(error) => Wrong::store(error),
            NoRemainder::Unknown => Wrong::unknown(&error.to_string()),
            _ => Wrong(StatusCode::CONFLICT, error.to_string()),
        })?;
        self.queue.wake();
        Ok(json!({ "conversation": new, "parts": parts }))
    }

    async fn time(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let by = asked.get("by").unwrap_or_else(|| "0".to_owned());
        let by = by.parse().map_err(|_| Wrong::asked(format!("by is {by:?}, expected milliseconds")))?;
        let now = self.clock.advance(Duration::from_millis(by)).ok_or_else(|| {
            Wrong(StatusCode::CONFLICT, "the clock is the system's; start with --virtual-clock to move it".to_owned())
        })?;
        self.queue.idle().await;
        Ok(json!({ "now": now.to_string() }))
    }

    /// The account and the id that a question names; the account may be left out where there is one.
    fn named(&self, asked: &Asked<'_>) -> Result<(Internal, String), Wrong> {
        let id = asked.get("id").ok_or_else(|| Wrong::asked("id is missing".to_owned()))?;
        let account = match asked.get("account") {
            Some(account) => {
                account.parse().map_err(|_| Wrong::asked(format!("account is {account:?}, expected a number (MID)")))?
            }
            None => {
                let accounts = self.access.accounts();
                let mut all = accounts.accounts().map(|account| account.mid);
                match (all.next(), all.next()) {
                    (Some(only), None) => only,
                    _ => return Err(Wrong::asked("there are several accounts: name one (account)".to_owned())),
                }
            }
        };
        Ok((Internal(account), id))
    }
}

impl Desk for Operators {
    fn ask<'a>(
        &'a self,
        method: &'a Method,
        path: &'a str,
        query: Option<&'a str>,
    ) -> Pin<Box<dyn Future<Output = Told> + Send + 'a>> {
        Box::pin(async move {
            let asked = Asked(query);
            let told = match (path, method.as_str()) {
                ("/conversations", "GET") => self.list(&asked).await,
                ("/conversation", "GET") => self.one(&asked).await,
                ("/replay", "POST") => self.replay(&asked).await,
                ("/time", "POST") => self.time(&asked).await,
                ("/conversations" | "/conversation", _) => return Told::Method("GET"),
                ("/replay" | "/time", _) => return Told::Method("POST"),
                _ => return Told::Elsewhere,
            };
            match told {
                Ok(answer) => Told::Json(StatusCode::OK, answer.to_string()),
                Err(Wrong(status, error)) => Told::Json(status, json!({ "error": error }).to_string()),
            }
        })
    }
}

/// The query of a question.
struct Asked<'a>(Option<&'a str>);

impl Asked<'_> {
    fn get(&self, name: &str) -> Option<String> {
        parameter(self.0, name).map(decoded)
    }
}

/// Why there is no answer: the status and a sentence.
struct Wrong(StatusCode, String);

impl Wrong {
    fn asked(what: String) -> Self {
        Self(StatusCode::BAD_REQUEST, what)
    }

    fn unknown(what: &str) -> Self {
        Self(StatusCode::NOT_FOUND, what.to_owned())
    }

    fn store(error: StoreError) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}
