//! What the configuration names: accounts, API clients, SOAP users, and what each may do. Plain data, not yet checked.

use std::collections::BTreeSet;

use super::{Secret, SecretHash};

/// A business unit (or the enterprise itself).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number, the MID.
    pub mid: u64,
    /// Its name, as BusinessUnit and Account show it.
    pub name: String,
    /// The number of the enterprise to which it belongs, the EID; its own where it is the enterprise.
    pub enterprise: u64,
}

/// The longest id of an API client, in bytes: with it a token has 276 characters; the service promises at most 512.
pub(super) const LONGEST_ID: usize = 128;

/// An installed package that logs in at the token endpoints.
#[derive(Clone, Debug)]
pub struct ApiClient {
    /// client_id
    pub id: String,
    /// The account in which it lives.
    pub account: u64,
    /// Hashes of its secret; two while the secret is changed.
    pub secrets: Vec<SecretHash>,
    /// Its scopes, separated by spaces; absent for all.
    pub scopes: Option<String>,
    /// What it may do.
    pub permissions: Permissions,
}

/// A user who logs in with wsse:UsernameToken.
#[derive(Clone, Debug)]
pub struct User {
    /// Username
    pub name: String,
    /// The account in which the user lives.
    pub account: u64,
    /// Hashes of the password; two while it is changed.
    pub passwords: Vec<SecretHash>,
    /// The password in the clear, for PasswordDigest alone: that digest is made from the password itself, so no hash
    /// can check it. Absent unless a client needs the digest.
    pub digest_secret: Option<Secret>,
    /// What the user may do.
    pub permissions: Permissions,
}

/// What an API client or user may do.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// The accounts for which it may act.
    pub reach: Reach,
    /// The operations that it may call; absent for all.
    pub operations: Option<BTreeSet<String>>,
    /// The object types that it may name; absent for all.
    pub object_types: Option<BTreeSet<String>>,
}

/// The accounts for which one may act, beside one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// None.
    #[default]
    Own,
    /// These.
    Listed(BTreeSet<u64>),
    /// Every account of one's own enterprise.
    Enterprise,
}

impl Permissions {
    pub(super) fn allow(&self, operation: &str, object_type: &str) -> bool {
        // Retrieve names rows as `DataExtensionObject[key]`.
        let object_type = object_type.split('[').next().unwrap_or_default();
        let listed = |set: &Option<BTreeSet<String>>, name: &str| set.as_ref().is_none_or(|set| set.contains(name));
        listed(&self.operations, operation) && (object_type.is_empty() || listed(&self.object_types, object_type))
    }
}
