//! Callers of calls that are done later: what is kept with the call, and how the caller is found again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Accounts, Client, Scopes};

/// A caller who passed the check when the call was accepted. It is written into the store with the call and nowhere
/// else; it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    key: String,
    account: u64,
    scopes: Option<u32>,
}

impl Client {
    /// What is kept of this caller with a call that is done later.
    pub fn remembered(&self) -> Remembered {
        Remembered { key: self.key().to_owned(), account: self.account, scopes: self.scopes.map(Scopes::bits) }
    }
}

impl Remembered {
    /// The caller's stable name, as [`Client::key`] gives it.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl Accounts {
    /// The caller again. It may have lost accounts, scopes and permissions since: those are looked up now, what was kept
    /// only narrows them. `None` when it is gone, or may not act for that account any more.
    pub fn recall(self: &Arc<Self>, remembered: &Remembered) -> Option<Client> {
        let (kind, name) = remembered.key.split_once(':')?;
        let principal = if kind == "user" { self.users.get(name) } else { self.api_clients.get(name) }?;
        let scopes = match (remembered.scopes, principal.scopes()) {
            (Some(kept), Some(own)) => Some(Scopes::from_bits(kept & own.bits())),
            (kept, own) => kept.map(Scopes::from_bits).or(own),
        };
        self.reaches(principal, remembered.account).then(|| self.enter(principal, remembered.account, scopes))
    }
}
