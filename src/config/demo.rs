//! The callers of `envoi demo`: one account, one API client, one SOAP user.
//!
//! Their secrets are public, so their hashes are constants of a low cost: nothing is hashed at start.

use crate::message::client::{Account, Accounts, ApiClient, Mistake, Permissions, Reach, Secret, SecretHash, User};

/// The account (MID) of the demonstration; it is its own enterprise.
pub const ACCOUNT: u64 = 100_001;
/// Its API client.
pub const CLIENT_ID: &str = "demo";
/// The secret of its API client.
pub const CLIENT_SECRET: &str = "demo-secret";
/// Its SOAP user.
pub const USER: &str = "demo";
/// The password of its SOAP user, also for PasswordDigest.
pub const PASSWORD: &str = "demo-password";

const SECRET_HASH: &str =
    "$argon2id$v=19$m=256,t=1,p=1$c2FsdDpkZW1vLXNlY3JldC4uLi4$kXcRpaKoRvriPK3akM02cqdKEhHVfQQtAKCSuqM7OmQ";
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=256,t=1,p=1$c2FsdDpkZW1vLXBhc3N3b3JkLi4uLg$EzRQY+NTlbUItTeBCEHUWzD7yMfsqf5k7ly8sWs+HyI";

/// The directory of the demonstration.
pub fn accounts() -> Result<Accounts, Vec<Mistake>> {
    let permissions = Permissions { reach: Reach::Enterprise, ..Permissions::default() };
    let hashes = |hash| SecretHash::parse(hash).into_iter().collect();
    let account = Account { mid: ACCOUNT, name: "Demo".into(), enterprise: ACCOUNT };
    let client = ApiClient {
        id: CLIENT_ID.into(),
        account: ACCOUNT,
        secrets: hashes(SECRET_HASH),
        scopes: None,
        permissions: permissions.clone(),
    };
    let user = User {
        name: USER.into(),
        account: ACCOUNT,
        passwords: hashes(PASSWORD_HASH),
        digest_secret: Some(Secret::new(PASSWORD)),
        permissions,
    };
    Accounts::new(vec![account], vec![client], vec![user])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_the_hashes_of_the_secrets() {
        for (hash, secret) in [(SECRET_HASH, CLIENT_SECRET), (PASSWORD_HASH, PASSWORD)] {
            assert!(SecretHash::parse(hash).unwrap().verify(&Secret::new(secret)).is_some(), "{secret}");
        }
        let accounts = accounts().unwrap();
        assert_eq!(accounts.callers(), (1, 1));
    }
}
