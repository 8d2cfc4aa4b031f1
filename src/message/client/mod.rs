//! Who is calling: accounts, API clients, SOAP users, credentials, tokens, and the [`Client`] that a passed check gives.
//!
//! A [`Client`] has private fields and is made in this folder alone, each time from a proof: a [`Verified`] secret, a
//! verified digest, a token with our signature, or the record of a call that was accepted from it ([`Remembered`]). This room is pure: the present moment, the signing key and random
//! bytes are arguments; what needs a thread or a memory (hashing at leisure, throttling, the nonce window) is in
//! `server/access`.

mod accounts;
mod caller;
mod credentials;
mod principal;
mod remembered;
mod scope;
mod secret;
pub mod token;

use std::{fmt, sync::Arc, time::Duration};

pub use accounts::{Accounts, Entry, Mistake};
pub use caller::{Account, ApiClient, Permissions, Reach, User};
pub use credentials::{Credentials, Digest, Proof, bearer};
pub use principal::Described;
pub use remembered::Remembered;
pub use scope::Scopes;
pub use secret::{Secret, SecretHash, Verified};

use super::options::ClientRef;
use principal::Principal;

/// The authenticated caller, in one account. Cloning is cheap.
#[derive(Clone)]
pub struct Client {
    directory: Arc<Accounts>,
    principal: Arc<Principal>,
    account: u64,
    scopes: Option<Scopes>,
}

impl Accounts {
    /// How many API clients and how many users there are.
    pub fn callers(&self) -> (usize, usize) {
        (self.api_clients.len(), self.users.len())
    }

    /// The account that the configuration names first.
    pub fn first(&self) -> Option<u64> {
        self.first
    }

    /// The account in which a user lives.
    pub fn account_of_user(&self, name: &str) -> Option<u64> {
        self.users.get(name).map(|user| user.account)
    }

    /// The numbers of all accounts in words: `7, 100001`.
    pub fn listed(&self) -> String {
        let numbers: Vec<String> = self.accounts().map(|account| account.mid.to_string()).collect();
        numbers.join(", ")
    }

    /// Whether an API client or a user may act for an account.
    pub fn is_reached(&self, mid: u64) -> bool {
        self.api_clients.values().chain(self.users.values()).any(|principal| self.reaches(principal, mid))
    }
}

impl Client {
    /// The account (MID) in which the call works.
    pub fn account(&self) -> u64 {
        self.account
    }

    /// The enterprise (EID) of that account.
    pub fn enterprise(&self) -> u64 {
        self.directory.account(self.account).map_or(self.account, |account| account.enterprise)
    }

    /// The name that was presented: of the SOAP user, or the id of the API client.
    pub fn user(&self) -> &str {
        &self.principal.name
    }

    /// A stable name for limits, metrics and logs: `user:NAME` or `client:ID`; the two never meet.
    pub fn key(&self) -> &str {
        &self.principal.key
    }

    /// Whether it may work in that account.
    pub fn may_act_for(&self, account: u64) -> bool {
        self.directory.reaches(&self.principal, account)
    }

    /// The same caller in another account (`Options.Client.ID`); `None` where it may not act for it.
    pub fn acting_for(&self, account: u64) -> Option<Self> {
        self.may_act_for(account).then(|| Self { account, ..self.clone() })
    }

    /// The account that a `ClientID` element means; `None` where it selects none.
    ///
    /// # Errors
    /// What was named, when that is no account for which the caller may act.
    pub fn account_of(&self, named: &ClientRef) -> Result<Option<u64>, String> {
        let keyed = |key: &String| key.parse().ok().filter(|mid| self.may_act_for(*mid)).ok_or_else(|| key.clone());
        let account = match named {
            ClientRef { id: Some(id), .. } => Some(*id),
            ClientRef { foreign: Some(key), .. } => return Err(key.clone()),
            ClientRef { key: Some(key), .. } => Some(keyed(key)?),
            ClientRef { .. } => None,
        };
        if let Some(account) = account.filter(|account| !self.may_act_for(*account)) {
            return Err(account.to_string());
        }
        let of = |mid: u64| self.directory.account(mid).map(|account| account.enterprise);
        let mut enterprises = [Some(self.enterprise()), account.and_then(of)].into_iter().flatten();
        match named.enterprise.filter(|given| !enterprises.any(|own| own == *given)) {
            Some(enterprise) => Err(enterprise.to_string()),
            None => Ok(account),
        }
    }

    /// The directory in which the caller was found: the one in force when the call came.
    pub fn directory(&self) -> &Accounts {
        &self.directory
    }

    /// The accounts that it may act for, in the order of their numbers.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.directory.accounts().filter(|account| self.directory.reaches(&self.principal, account.mid))
    }

    /// Whether it may call the operation on the object type: by the operations and object types allowed to it, and by
    /// the scope of its token. An operation without a type (GetSystemStatus) passes an empty type.
    pub fn may(&self, operation: &str, object_type: &str) -> bool {
        self.principal.permissions.allow(operation, object_type)
            && self.scopes.is_none_or(|scopes| scopes.allow(operation, object_type))
    }

    /// Why [`Client::may`] says no, for the log; `None` when it says yes.
    pub fn refusal(&self, operation: &str, object_type: &str) -> Option<String> {
        if self.may(operation, object_type) {
            return None;
        }
        let permissions = &self.principal.permissions;
        if !permissions.allow(operation, "") {
            return Some(format!("its `operations` in the configuration do not have {operation}"));
        }
        if !permissions.allow(operation, object_type) {
            return Some(format!("its `object_types` in the configuration do not have {object_type}"));
        }
        Scopes::needed(operation, object_type)
            .map(|scope| format!("{operation} of {object_type} needs the scope {scope}, which its token does not have"))
    }

    /// The same caller narrowed to the scopes that a token request names (all of its own where it names none), and the
    /// list for the answer. The error lists the names that are not its own, or no scopes at all.
    pub fn scoped(&self, requested: Option<&str>) -> Result<(Self, String), String> {
        let own = self.principal.scope_list();
        let Some(requested) = requested.filter(|list| !list.trim().is_empty()) else {
            let list = own.map_or_else(Scopes::all, str::to_owned);
            return Ok((Self { scopes: own.map(Scopes::named), ..self.clone() }, list));
        };
        let foreign = |name: &&str| match own {
            Some(own) => !own.split_whitespace().any(|mine| mine == *name),
            None => !Scopes::names().any(|known| known == *name),
        };
        let foreign: Vec<&str> = requested.split_whitespace().filter(foreign).collect();
        if !foreign.is_empty() {
            return Err(foreign.join(" "));
        }
        Ok((Self { scopes: Some(Scopes::named(requested)), ..self.clone() }, requested.to_owned()))
    }

    /// A caller for the tests of this folder, by the name of an API client or user; no check is passed.
    #[cfg(test)]
    fn unchecked(directory: &Arc<Accounts>, name: &str) -> Option<Self> {
        let principal = directory.principal(name)?;
        Some(Self { directory: directory.clone(), account: principal.account, principal, scopes: None })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("key", &self.key()).field("account", &self.account).finish_non_exhaustive()
    }
}

/// Why a caller was not let in. Display is the sentence for the log; it never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A token that has expired, or that this gateway never issued, or whose client is gone: one answer for all.
    #[error("the token is expired, forged, or of a client that is no longer configured")]
    TokenExpired,
    /// Wrong user name, password or digest.
    #[error("log-in failed")]
    LoginFailed,
    /// A wsu:Timestamp or a PasswordDigest's wsu:Created that is too old, or lies in the future.
    #[error("the message is not fresh: {what} is {value}, the time here is {now}")]
    MessageExpired {
        /// `wsu:Expires` or `wsu:Created`
        what: &'static str,
        /// The moment that it names.
        value: String,
        /// The present moment of this gateway.
        now: String,
    },
    /// A PasswordDigest that was used before.
    #[error("the nonce was used before")]
    Replayed,
    /// Too many failed log-ins from where the caller is, or too much to remember.
    #[error("too many failed log-ins, refused for {} s", retry_after.as_secs())]
    Throttled {
        /// After this time it is worth trying again.
        retry_after: Duration,
    },
    /// Credentials that cannot be read.
    #[error("unreadable credentials: {what}: expected {expected}")]
    Malformed {
        /// The element.
        what: &'static str,
        /// What should have stood there.
        expected: &'static str,
    },
    /// No credentials at all.
    #[error("no credentials")]
    Missing,
}

impl Denied {
    /// The text for the caller (faultstring). SDKs compare with `Token Expired` and `Login Failed` literally.
    pub fn faultstring(&self) -> String {
        match self {
            Self::TokenExpired => "Token Expired".into(),
            // Missing credentials, a replay and a throttled source look like a failed log-in: no hint to one who guesses.
            Self::LoginFailed | Self::Missing | Self::Replayed | Self::Throttled { .. } => "Login Failed".into(),
            Self::MessageExpired { what, .. } => format!("Message Expired: {what} is outside the accepted time"),
            Self::Malformed { what, expected } => format!("Invalid Security: {what}: expected {expected}"),
        }
    }

    /// A stable word for metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TokenExpired => "token_expired",
            Self::LoginFailed => "login_failed",
            Self::MessageExpired { .. } => "message_expired",
            Self::Replayed => "replayed",
            Self::Throttled { .. } => "throttled",
            Self::Malformed { .. } => "malformed",
            Self::Missing => "missing",
        }
    }
}
