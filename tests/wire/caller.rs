//! What a caller of the rooms behind the front door is made of: the contract, and a password that is checked at the least cost.

use std::sync::{Arc, LazyLock};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version, password_hash::SaltString};
use envoi::{message::client::SecretHash, schema::Schema};

/// Read once: it takes longer than a test.
static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(Schema::embedded().unwrap()));

pub(crate) fn schema() -> Arc<Schema> {
    Arc::clone(&SCHEMA)
}

/// A hash at the least cost.
pub(crate) fn hash(password: &str) -> SecretHash {
    let params = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap();
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt = SaltString::encode_b64(b"some salt").unwrap();
    SecretHash::parse(&argon.hash_password(password.as_bytes(), &salt).unwrap().to_string()).unwrap()
}
