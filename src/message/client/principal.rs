//! One API client or user of the directory, and what operators may see of it.

use super::{ApiClient, Permissions, Scopes, Secret, SecretHash, User};

/// One API client or user inside the directory.
pub(super) struct Principal {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) account: u64,
    pub(super) permissions: Permissions,
    pub(super) hashes: Vec<SecretHash>,
    pub(super) digest_secret: Option<Secret>,
    pub(super) scopes: Option<String>,
}

/// An API client or user as an operator may see it.
#[derive(Debug)]
pub struct Described<'a> {
    /// `api_client` or `user`
    pub list: &'static str,
    /// Its id or name.
    pub name: &'a str,
    /// The account in which it lives.
    pub account: u64,
    /// How many live hashes it has.
    pub hashes: usize,
    /// Whether it may log in with PasswordDigest.
    pub digest: bool,
}

impl Principal {
    pub(super) fn of_client(client: ApiClient) -> Self {
        Self {
            key: format!("client:{}", client.id),
            name: client.id,
            account: client.account,
            permissions: client.permissions,
            hashes: client.secrets,
            digest_secret: None,
            scopes: client.scopes,
        }
    }

    pub(super) fn of_user(user: User) -> Self {
        Self {
            key: format!("user:{}", user.name),
            name: user.name,
            account: user.account,
            permissions: user.permissions,
            hashes: user.passwords,
            digest_secret: user.digest_secret,
            scopes: None,
        }
    }

    pub(super) fn described(&self, list: &'static str) -> Described<'_> {
        let (hashes, digest) = (self.hashes.len(), self.digest_secret.is_some());
        Described { list, name: &self.name, account: self.account, hashes, digest }
    }

    pub(super) fn scopes(&self) -> Option<Scopes> {
        self.scopes.as_deref().map(Scopes::named)
    }

    pub(super) fn scope_list(&self) -> Option<&str> {
        self.scopes.as_deref()
    }
}
