//! The links with which a subscriber leaves a list: signed, kept nowhere, good for one subscriber and one list.
//!
//! A token is base64url of `version, made, account, list, subscriber, send, batch` and an HMAC-SHA256 over all of it. Whatever
//! is wrong with one, nothing is told of what it was about. Pure: the key comes from the store's settings.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{
    clock::Time,
    store::{Owner, send::Send},
};

/// The setting under which the store keeps the key, 32 random bytes.
pub const KEY: &str = "unsubscribe_key";
/// The folder of the page, below the public URL.
pub const PATH: &str = "/unsubscribe/";

const VERSION: u8 = 1;
const MAC: usize = 32;
/// Version and six numbers.
const SIGNED: usize = 1 + 6 * 8;
/// A token's length: the base64 of 81 bytes.
const LENGTH: usize = 108;

/// What a link is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    made: Time,
    account: u64,
    /// The number of the list that is left.
    pub list: i64,
    /// The number of the subscriber who leaves it.
    pub subscriber: i64,
    /// SendID of the mail that the link stood in.
    pub job: i64,
    /// BatchID of that mail.
    pub batch: i64,
}

impl Owner for Claim {
    fn account(&self) -> u64 {
        self.account
    }
}

/// Why a link is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// It was not made here, or was cut or changed.
    #[error("the link is not one of this server's")]
    Forged,
    /// It is too old.
    #[error("the link is too old")]
    Expired,
}

/// The address of the page for the subscriber of a mail, below a base URL.
pub(crate) fn url(base: &str, key: &[u8], send: &Send, made: Time) -> Option<String> {
    let mut token = Vec::with_capacity(SIGNED + MAC);
    token.push(VERSION);
    token.extend(made.millis().to_be_bytes());
    token.extend(send.account.to_be_bytes());
    for number in [send.list, send.subscriber, send.definition, send.batch] {
        token.extend(number.to_be_bytes());
    }
    let mac = mac(key, &token)?.finalize().into_bytes();
    token.extend(mac);
    Some(format!("{}{PATH}{}", base.trim_end_matches('/'), URL_SAFE_NO_PAD.encode(token)))
}

/// What a token is about, when it is one of ours and not older than `lifetime`.
///
/// # Errors
/// When it is not to be followed.
pub fn open(key: &[u8], token: &str, now: Time, lifetime: Duration) -> Result<Claim, BadLink> {
    let claim = verified(key, token).ok_or(BadLink::Forged)?;
    if now.since(claim.made) > lifetime { Err(BadLink::Expired) } else { Ok(claim) }
}

fn verified(key: &[u8], token: &str) -> Option<Claim> {
    let token = Some(token).filter(|token| token.len() == LENGTH)?;
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (signed, code) = bytes.split_at_checked(SIGNED)?;
    // `verify_slice` compares in constant time.
    mac(key, signed)?.verify_slice(code).ok()?;
    let (version, numbers) = signed.split_first()?;
    let mut numbers = numbers.as_chunks::<8>().0.iter().map(|bytes| i64::from_be_bytes(*bytes));
    let mut next = || numbers.next();
    let claim = Claim {
        made: Time::from_millis(next()?),
        account: next()?.cast_unsigned(),
        list: next()?,
        subscriber: next()?,
        job: next()?,
        batch: next()?,
    };
    (*version == VERSION).then_some(claim)
}

fn mac(key: &[u8], bytes: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of every length, so there always is one.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(bytes);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_700_000_000_000);
    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn token(key: &[u8]) -> String {
        let send = Send { account: 100_001, definition: 1, batch: 2, subscriber: 3, list: 4, ..Send::default() };
        let url = url("https://mc.example/soap/", key, &send, NOW).unwrap();
        url.strip_prefix("https://mc.example/soap/unsubscribe/").unwrap().to_owned()
    }

    #[test]
    fn a_link_says_what_it_was_made_for() {
        let token = token(&[7; 32]);
        assert_eq!(token.len(), LENGTH);
        let claim = open(&[7; 32], &token, NOW, DAY).unwrap();
        let expected = Claim { made: NOW, account: 100_001, list: 4, subscriber: 3, job: 1, batch: 2 };
        assert_eq!(claim, expected);
    }

    #[test]
    fn it_ends_and_no_changed_byte_passes() {
        let genuine = token(&[7; 32]);
        assert!(open(&[7; 32], &genuine, NOW.plus(DAY), DAY).is_ok());
        let late = NOW.plus(DAY).plus(Duration::from_millis(1));
        assert_eq!(open(&[7; 32], &genuine, late, DAY), Err(BadLink::Expired));
        assert_eq!(open(&[8; 32], &genuine, NOW, DAY), Err(BadLink::Forged));
        for at in 0..genuine.len() {
            for change in [b'A', b'_', b'z'] {
                let mut forged = genuine.clone().into_bytes();
                if forged[at] != change {
                    forged[at] = change;
                    let forged = String::from_utf8(forged).unwrap();
                    assert_eq!(open(&[7; 32], &forged, NOW, DAY), Err(BadLink::Forged), "{forged}");
                }
            }
            assert_eq!(open(&[7; 32], &genuine[..at], NOW, DAY), Err(BadLink::Forged));
        }
        assert_eq!(open(&[7; 32], &"A".repeat(1 << 20), NOW, DAY), Err(BadLink::Forged));
    }
}
