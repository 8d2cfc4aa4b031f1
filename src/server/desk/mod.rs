//! What operators ask, and what they order. Answers are JSON; each file here holds the paths of one subject.

mod bounces;
mod conversations;
mod deliveries;
mod faults;
mod mail;
mod messages;
mod settle;
mod store;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
};

use hyper::{Method, StatusCode};
use serde_json::json;

use super::{
    access::Access,
    admin::{Desk, Told},
    route::{decoded, parameter},
};
use crate::{
    backend::Backend,
    clock::Clock,
    mail::Transport,
    notify::Notifier,
    queue::Queue,
    simulated::Controls,
    store::{Internal, Store, StoreError},
};

/// The desk of a whole server.
pub(super) struct Operators {
    pub(super) store: Store,
    pub(super) queue: Queue,
    pub(super) notifier: Notifier,
    pub(super) backend: Arc<Backend>,
    pub(super) access: Arc<Access>,
    pub(super) mail: Arc<Transport>,
    pub(super) clock: Clock,
    /// What simulated backends can be made to do, where there are any.
    pub(super) controls: Option<Arc<Controls>>,
    /// Whether a backup is being made: one at a time.
    pub(super) backing_up: Arc<AtomicBool>,
}

/// What a question is about: each subject has a file here.
enum Subject {
    Bounces,
    Conversations,
    Deliveries,
    Faults,
    Mail,
    Settle,
    Store,
}

/// The paths of each subject, with the method of each.
const SUBJECTS: [(Subject, &[(&str, &str)]); 7] = [
    (Subject::Bounces, bounces::PATHS),
    (Subject::Conversations, conversations::PATHS),
    (Subject::Deliveries, deliveries::PATHS),
    (Subject::Faults, faults::PATHS),
    (Subject::Mail, mail::PATHS),
    (Subject::Settle, settle::PATHS),
    (Subject::Store, store::PATHS),
];

impl Operators {
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
                    _ => {
                        return Err(Wrong::asked(format!(
                            "there are several accounts ({}): name one (--account of a command, account= of a URL)",
                            accounts.listed()
                        )));
                    }
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
            let found = SUBJECTS.iter().find_map(|(subject, paths)| {
                let (_, allowed) = paths.iter().find(|(known, _)| *known == path)?;
                Some((subject, *allowed))
            });
            let Some((subject, allowed)) = found else { return Told::Elsewhere };
            if allowed != method.as_str() {
                return Told::Method(allowed);
            }
            let told = match subject {
                Subject::Bounces => self.ask_bounces(&asked).await,
                Subject::Conversations => self.ask_conversations(path, &asked).await,
                Subject::Deliveries => self.ask_deliveries(path, &asked).await,
                Subject::Faults => self.ask_faults(path, &asked),
                Subject::Mail => return self.ask_mail(path, &asked),
                Subject::Settle => self.ask_settle(&asked).await,
                Subject::Store => self.ask_store(&asked).await,
            };
            told.map_or_else(Wrong::told, |answer| Told::Json(StatusCode::OK, answer.to_string()))
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
    fn told(self) -> Told {
        Told::Json(self.0, json!({ "error": self.1 }).to_string())
    }

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
