//! Signatures of callbacks: by which a receiver knows that a message is ours, whole and fresh.
//!
//! Two forms, from the same secrets: that of Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`:
//! `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, one for each secret, so that secrets can be changed
//! without a gap), and that of the service's own notifications (`x-sfmc-ens-signature`: base64 of HMAC-SHA256 over the body, by the first secret).

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{clock::Time, message::client::Secret};

/// A secret that callbacks are signed with. `Debug` hides it.
#[derive(Clone, Debug)]
pub struct SigningSecret(Secret);

impl SigningSecret {
    /// `whsec_` and the base64 of at least 24 bytes (Standard Webhooks), or a text of at least 24 bytes that is the key
    /// itself.
    ///
    /// # Errors
    /// What was expected; the secret is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        let secret = Self(Secret::new(text.trim()));
        match secret.key() {
            None => Err("expected base64 after whsec_".to_owned()),
            Some(key) if key.len() < SHORTEST => Err(format!("expected at least {SHORTEST} bytes")),
            Some(_) => Ok(secret),
        }
    }

    fn key(&self) -> Option<Vec<u8>> {
        match self.0.expose().strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).ok(),
            None => Some(self.0.expose().as_bytes().to_vec()),
        }
    }

    fn mac(&self, parts: &[&[u8]]) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key().unwrap_or_default()) else { return String::new() };
        for part in parts {
            mac.update(part);
        }
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

/// Standard Webhooks asks for 24 to 64 bytes.
const SHORTEST: usize = 24;

/// The header fields of a message: its id and time always, signatures where there are secrets.
pub(super) fn headers(secrets: &[SigningSecret], id: &str, now: Time, body: &[u8]) -> Vec<(&'static str, String)> {
    let timestamp = now.millis().div_euclid(1000).to_string();
    let mut headers = vec![("webhook-id", id.to_owned()), ("webhook-timestamp", timestamp.clone())];
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let each: Vec<String> = secrets.iter().map(|secret| format!("v1,{}", secret.mac(&signed))).collect();
    if let Some(first) = secrets.first() {
        headers.push(("webhook-signature", each.join(" ")));
        headers.push(("x-sfmc-ens-signature", first.mac(&[body])));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_the_standard_shows() {
        // The example of the Standard Webhooks libraries.
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let headers = headers(&[secret], id, Time::from_millis(1_614_265_330_000), br#"{"test": 2432232314}"#);
        assert_eq!(headers[1], ("webhook-timestamp", "1614265330".to_owned()));
        assert_eq!(headers[2], ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()));
    }

    #[test]
    fn while_secrets_change_there_is_a_signature_for_each() {
        let [old, new] =
            ["an old secret of 24 bytes", "a new secret of 24 bytes."].map(|s| SigningSecret::parse(s).unwrap());
        let both = headers(&[new.clone(), old.clone()], "i", Time::from_millis(0), b"b");
        let (one, other) =
            (headers(&[new], "i", Time::from_millis(0), b"b"), headers(&[old], "i", Time::from_millis(0), b"b"));
        assert_eq!(both[2].1, format!("{} {}", one[2].1, other[2].1));
        assert_eq!(both[3], one[3]);
        assert_eq!(headers(&[], "i", Time::from_millis(0), b"b").len(), 2);
    }

    #[test]
    fn what_is_no_secret_is_not_repeated() {
        for text in ["", "short", "whsec_%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%", "whsec_c2hvcnQ="] {
            let error = SigningSecret::parse(text).unwrap_err();
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
        let secret = SigningSecret::parse("a secret of many characters").unwrap();
        assert_eq!(format!("{secret:?}"), "SigningSecret(Secret(…))");
    }
}
