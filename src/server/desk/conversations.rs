//! Conversations, and the moving of a virtual clock.
//!
//! | method and path | query | answer |
//! |---|---|---|
//! | GET /conversations | state, limit | a list |
//! | GET /conversation | id, account | everything about one |
//! | POST /replay | id, as, account | the remainder sent as a new conversation |
//! | POST /time | by (milliseconds) | the new time, when what became due has been worked off |

use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Asked, Operators, Wrong};
use crate::{
    conversation::State,
    queue::{NoRemainder, remainder, report},
    store::{StoreError, Transaction, View},
};

/// Conversations in a list, unless more or fewer are asked for.
const LIST: usize = 100;

pub(super) const PATHS: &[(&str, &str)] =
    &[("/conversations", "GET"), ("/conversation", "GET"), ("/replay", "POST"), ("/time", "POST")];

impl Operators {
    /// Answers a question about one of [`PATHS`].
    pub(super) async fn ask_conversations(&self, path: &str, asked: &Asked<'_>) -> Result<Value, Wrong> {
        match path {
            "/conversations" => self.list(asked).await,
            "/conversation" => self.one(asked).await,
            "/replay" => self.replay(asked).await,
            _ => self.time(asked).await,
        }
    }

    async fn list(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let limit = match asked.get("limit") {
            Some(limit) => limit.parse().map_err(|_| Wrong::asked(format!("limit is {limit:?}, expected a number")))?,
            None => LIST,
        };
        let state = asked.get("state").map(|name| state(&name)).transpose()?;
        let wanted = move |kept: &crate::store::Kept| state.is_none_or(|state| kept.rules.state() == state);
        let look = move |view: &View<'_>| view.conversations().list(limit, &wanted);
        let list = self.store.read(look).await.map_err(Wrong::store)?;
        Ok(json!(list.iter().map(|kept| report::line(kept, &self.queue)).collect::<Vec<_>>()))
    }

    async fn one(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let (account, id) = self.named(asked)?;
        let (now, queue) = (self.clock.now(), self.queue.clone());
        let look =
            move |view: &View<'_>| report::whole(&view.conversations(), &view.deliveries(), &account, &id, now, &queue);
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
            NoRemainder::Store(error @ StoreError::Corrupt { .. }) => Wrong(StatusCode::CONFLICT, error.to_string()),
            NoRemainder::Store(error) => Wrong::store(error),
            NoRemainder::Unknown => Wrong::unknown(&error.to_string()),
            _ => Wrong(StatusCode::CONFLICT, error.to_string()),
        })?;
        self.queue.wake();
        Ok(json!({ "conversation": new, "parts": parts }))
    }

    /// The clock goes from one moment at which something is due to the next, so that each thing is done at its own moment
    /// and in its order, however far it is moved at once.
    async fn time(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let by = asked.get("by").unwrap_or_else(|| "0".to_owned());
        let by = by.parse().map_err(|_| Wrong::asked(format!("by is {by:?}, expected milliseconds")))?;
        if !self.clock.is_virtual() {
            let why = "the clock is the system's; start with --virtual-clock to move it";
            return Err(Wrong(StatusCode::CONFLICT, why.to_owned()));
        }
        let until = self.clock.now().plus(Duration::from_millis(by));
        let _attending = self.queue.attend();
        loop {
            self.queue.all_idle().await;
            let now = self.clock.now();
            if now >= until {
                return Ok(json!({ "now": now.to_string() }));
            }
            let work = self.queue.next_due().await.map_err(Wrong::store)?;
            let next = work.into_iter().chain(self.notifier.next_due().await.map_err(Wrong::store)?).min();
            self.clock.advance(next.map_or(until, |next| next.min(until)).since(now));
        }
    }
}

fn state(name: &str) -> Result<State, Wrong> {
    State::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
        let all = State::ALL.map(|state| state.name().to_lowercase()).join(", ");
        Wrong::asked(format!("state is {name:?}, expected one of {all}"))
    })
}
