//! Secrets and their argon2 hashes; neither ever shows itself in a log.
//!
//! Checking a hash takes tens of milliseconds and megabytes of memory on purpose: callers decide where and how often.

use std::{fmt, sync::Arc};

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier, password_hash::SaltString};
use subtle::ConstantTimeEq;

/// The most memory that a configured hash may ask for at each check: 256 MiB, in KiB.
const MAX_MEMORY: u32 = 262_144;

/// A password or client secret in the clear. `Debug` hides it; there is no `Display`.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for checking it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares without telling by its duration where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// An argon2 hash in PHC form (`$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`). Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash(Arc<str>);

impl SecretHash {
    /// Reads and checks the PHC form; the error says what is wrong without repeating the hash.
    pub fn parse(text: &str) -> Result<Self, String> {
        let hash = PasswordHash::new(text).map_err(|error| format!("not an argon2 hash: {error}"))?;
        if !hash.algorithm.as_str().starts_with("argon2") || hash.hash.is_none() || hash.salt.is_none() {
            return Err(format!("`{}` is not an argon2 hash with salt and output", hash.algorithm));
        }
        let params = argon2::Params::try_from(&hash).map_err(|error| format!("argon2 parameters: {error}"))?;
        if params.m_cost() > MAX_MEMORY {
            return Err(format!("m={} KiB is more than {MAX_MEMORY} KiB", params.m_cost()));
        }
        Ok(Self(text.into()))
    }

    /// Hashes a secret with argon2id as its authors recommend (19 MiB, two passes). Slow on purpose.
    pub fn make(secret: &Secret, salt: &[u8; 16]) -> Result<Self, String> {
        let salt = SaltString::encode_b64(salt).map_err(|error| error.to_string())?;
        let hash = Argon2::default().hash_password(secret.expose().as_bytes(), &salt);
        hash.map(|hash| Self(hash.to_string().into())).map_err(|error| error.to_string())
    }

    /// Checks a secret against it. Slow and memory-hungry on purpose; never on a thread that serves requests.
    pub fn verify(&self, secret: &Secret) -> Option<Verified> {
        let hash = PasswordHash::new(&self.0).ok()?;
        Argon2::default().verify_password(secret.expose().as_bytes(), &hash).ok()?;
        Some(Verified(self.clone()))
    }

    /// What a check costs, to find the costliest of many.
    pub(super) fn cost(&self) -> u64 {
        let params = PasswordHash::new(&self.0).ok().and_then(|hash| argon2::Params::try_from(&hash).ok());
        params.map_or(0, |params| u64::from(params.m_cost()).saturating_mul(u64::from(params.t_cost())))
    }

    /// A hash that costs what this one costs and that no secret is known to fit: its output is replaced by zeros.
    pub(super) fn decoy(&self) -> Self {
        let mut parts: Vec<&str> = self.0.split('$').collect();
        let zeros = "A".repeat(parts.last().map_or(43, |output| output.len()));
        if let Some(output) = parts.last_mut() {
            *output = &zeros;
        }
        Self(parts.join("$").into())
    }

    /// The PHC form, to key a memory of verified secrets with it.
    pub fn phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// The proof that somebody presented the secret that fits this hash. Made by [`SecretHash::verify`] alone.
#[derive(Clone, Debug)]
pub struct Verified(SecretHash);

impl Verified {
    /// Whether it proves knowledge of the secret behind that hash.
    pub(super) fn proves(&self, hash: &SecretHash) -> bool {
        self.0 == *hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$iNXLK1wmJ1QsxHxcYxnCTB06DSfMJyJwGEVuIuxl/6w";

    #[test]
    fn a_decoy_parses_and_costs_the_same_and_fits_nothing() {
        let hash = SecretHash::parse(HASH).unwrap();
        let decoy = SecretHash::parse(hash.decoy().phc()).unwrap();
        assert_eq!(decoy.cost(), hash.cost());
        assert!(decoy.verify(&Secret::new("demo-secret")).is_none());
    }

    #[test]
    fn what_is_not_an_argon2_hash_is_refused_without_being_repeated() {
        for text in ["", "plain-secret", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ"] {
            let error = SecretHash::parse(text).unwrap_err();
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
        let error = SecretHash::parse(&HASH.replace("m=64", "m=999999")).unwrap_err();
        assert_eq!(error, "m=999999 KiB is more than 262144 KiB");
    }

    #[test]
    fn debug_hides_secrets() {
        let shown = format!("{:?} {:?}", Secret::new("hunter2"), SecretHash::parse(HASH).unwrap());
        assert_eq!(shown, "Secret(…) SecretHash(…)");
    }
}
