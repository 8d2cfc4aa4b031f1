//! Access tokens: opaque to the caller, signed by us, kept nowhere. They survive a restart as long as the key does.
//!
//! A token is base64url of `version, kind, issued, expires, account, scopes, client id, random` and an HMAC-SHA256 over
//! all of it. Whatever is wrong with one, the answer is the same: [`Denied::TokenExpired`].

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{Accounts, Client, Denied, Scopes};
use crate::clock::Time;

/// No token of ours is longer; longer ones are not even decoded.
const MAX_TOKEN: usize = 512;

const VERSION: u8 = 1;
const MAC: usize = 32;

/// Version, kind, issued, expires, account, scopes, random; the client id follows.
const FIXED: usize = 1 + 1 + 8 + 8 + 8 + 5 + 16;

/// The key that signs tokens; the store keeps it. `Debug` hides it.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// Wraps 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn mac(&self, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        // HMAC takes keys of every length, so there always is one.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(bytes);
        Some(mac)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For fueloauth and `Authorization: Bearer`.
    Access,
    /// For the older oAuth header (`legacyToken`).
    Legacy,
    /// For getting the next access token, nothing else.
    Refresh,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Access => b'a',
            Self::Legacy => b'l',
            Self::Refresh => b'r',
        }
    }
}

/// Writes a token for the account and scopes of `client`. `random` makes two tokens of one moment differ.
/// `None` for a SOAP user, whose id would be taken for an API client's.
pub fn issue(
    key: &Key,
    client: &Client,
    kind: Kind,
    now: Time,
    lifetime: Duration,
    random: [u8; 16],
) -> Option<String> {
    let id = client.key().strip_prefix("client:")?;
    let mut token = Vec::with_capacity(FIXED + id.len() + MAC);
    token.extend([VERSION, kind.byte()]);
    token.extend(now.millis().to_be_bytes());
    token.extend(now.plus(lifetime).millis().to_be_bytes());
    token.extend(client.account.to_be_bytes());
    token.push(u8::from(client.scopes.is_some()));
    token.extend(client.scopes.map_or(0, Scopes::bits).to_be_bytes());
    token.extend(random);
    token.extend(id.as_bytes());
    let mac = key.mac(&token)?.finalize().into_bytes();
    token.extend(mac);
    Some(URL_SAFE_NO_PAD.encode(token))
}

/// Checks a token for one of `kinds` and gives its client. Its client must still be configured, and may lose accounts,
/// scopes and permissions at any time: those are looked up, the token only narrows them.
pub fn verify(accounts: &Arc<Accounts>, key: &Key, token: &str, kinds: &[Kind], now: Time) -> Result<Client, Denied> {
    open(accounts, key, token, kinds, now).ok_or(Denied::TokenExpired)
}

fn open(accounts: &Arc<Accounts>, key: &Key, token: &str, kinds: &[Kind], now: Time) -> Option<Client> {
    let token = Some(token).filter(|token| token.len() <= MAX_TOKEN)?;
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (signed, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC)?)?;
    // `verify_slice` compares in constant time.
    key.mac(signed)?.verify_slice(mac).ok()?;
    let mut fields = Fields(signed);
    let [version, kind] = fields.take()?;
    let _issued = i64::from_be_bytes(fields.take()?);
    let expires = Time::from_millis(i64::from_be_bytes(fields.take()?));
    let account = u64::from_be_bytes(fields.take()?);
    let [scoped] = fields.take()?;
    let scopes = Scopes::from_bits(u32::from_be_bytes(fields.take()?));
    let _random: [u8; 16] = fields.take()?;
    let id = std::str::from_utf8(fields.0).ok()?;
    if version != VERSION || now >= expires || !kinds.iter().any(|allowed| allowed.byte() == kind) {
        return None;
    }
    accounts.token_client(id, account, (scoped == 1).then_some(scopes))
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};

    const NOW: Time = Time::from_millis(1_700_000_000_000);
    const LIFETIME: Duration = Duration::from_secs(1079);
    const HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$iNXLK1wmJ1QsxHxcYxnCTB06DSfMJyJwGEVuIuxl/6w";

    fn directory(id: &str, scopes: Option<&str>, reach: Reach) -> Arc<Accounts> {
        let account = |mid| Account { mid, name: "A".into(), enterprise: 1 };
        let client = ApiClient {
            id: id.into(),
            account: 1,
            secrets: vec![SecretHash::parse(HASH).unwrap()],
            scopes: scopes.map(str::to_owned),
            permissions: Permissions { reach, ..Permissions::default() },
        };
        Arc::new(Accounts::new(vec![account(1), account(2)], vec![client], Vec::new()).unwrap())
    }

    fn token(accounts: &Arc<Accounts>, id: &str, kind: Kind) -> String {
        let client = Client::unchecked(accounts, id).unwrap();
        issue(&Key::new([7; 32]), &client, kind, NOW, LIFETIME, [1; 16]).unwrap()
    }

    #[test]
    fn a_token_gives_its_client_until_it_expires() {
        let accounts = directory("demo", None, Reach::Own);
        let token = token(&accounts, "demo", Kind::Access);
        let check = |at| verify(&accounts, &Key::new([7; 32]), &token, &[Kind::Access], at);
        let last = NOW.plus(LIFETIME).minus(Duration::from_millis(1));
        assert_eq!(check(last).unwrap().key(), "client:demo");
        assert_eq!(check(NOW.plus(LIFETIME)).unwrap_err(), Denied::TokenExpired);
    }

    #[test]
    fn the_longest_token_fits_what_the_service_promises() {
        let id = "x".repeat(super::super::caller::LONGEST_ID);
        let accounts = directory(&id, None, Reach::Own);
        assert_eq!(token(&accounts, &id, Kind::Access).len(), 276);
    }

    #[test]
    fn no_changed_byte_passes() {
        let accounts = directory("demo", None, Reach::Own);
        let genuine = token(&accounts, "demo", Kind::Access);
        let key = Key::new([7; 32]);
        for place in 0..genuine.len() {
            for change in [b'A', b'_', b'z'] {
                let mut forged = genuine.clone().into_bytes();
                if forged[place] == change {
                    continue;
                }
                forged[place] = change;
                let forged = String::from_utf8(forged).unwrap();
                assert!(verify(&accounts, &key, &forged, &[Kind::Access], NOW).is_err(), "{forged}");
            }
            assert!(verify(&accounts, &key, &genuine[..place], &[Kind::Access], NOW).is_err());
        }
    }

    #[test]
    fn foreign_keys_kinds_and_removed_clients_are_refused() {
        let accounts = directory("demo", None, Reach::Own);
        let access = token(&accounts, "demo", Kind::Access);
        let refresh = token(&accounts, "demo", Kind::Refresh);
        let key = Key::new([7; 32]);
        assert!(verify(&accounts, &Key::new([8; 32]), &access, &[Kind::Access], NOW).is_err());
        assert!(verify(&accounts, &key, &refresh, &[Kind::Access, Kind::Legacy], NOW).is_err());
        assert!(verify(&accounts, &key, &refresh, &[Kind::Refresh], NOW).is_ok());
        let renamed = directory("other", None, Reach::Own);
        assert!(verify(&renamed, &key, &access, &[Kind::Access], NOW).is_err());
        assert!(verify(&accounts, &key, &"A".repeat(1 << 20), &[Kind::Access], NOW).is_err());
    }

    #[test]
    fn a_token_keeps_its_account_and_loses_it_with_the_permission() {
        let wide = directory("demo", None, Reach::Enterprise);
        let client = Client::unchecked(&wide, "demo").unwrap().acting_for(2).unwrap();
        let key = Key::new([7; 32]);
        let token = issue(&key, &client, Kind::Access, NOW, LIFETIME, [1; 16]).unwrap();
        assert_eq!(verify(&wide, &key, &token, &[Kind::Access], NOW).unwrap().account(), 2);
        let narrow = directory("demo", None, Reach::Own);
        assert!(verify(&narrow, &key, &token, &[Kind::Access], NOW).is_err());
    }

    #[test]
    fn scopes_travel_with_the_token_and_never_exceed_the_client() {
        let accounts = directory("demo", Some("email_read list_and_subscribers_read"), Reach::Own);
        let (client, text) = Client::unchecked(&accounts, "demo").unwrap().scoped(Some("email_read")).unwrap();
        assert_eq!(text, "email_read");
        let key = Key::new([7; 32]);
        let token = issue(&key, &client, Kind::Access, NOW, LIFETIME, [1; 16]).unwrap();
        let client = verify(&accounts, &key, &token, &[Kind::Access], NOW).unwrap();
        assert!(client.may("Retrieve", "Email"));
        assert!(!client.may("Retrieve", "Subscriber"));
        let narrowed = directory("demo", Some("list_and_subscribers_read"), Reach::Own);
        let client = verify(&narrowed, &key, &token, &[Kind::Access], NOW).unwrap();
        assert!(!client.may("Retrieve", "Email"));
        assert_eq!(client.scoped(Some("email_read users_write")).unwrap_err(), "email_read users_write");
        let why = client.refusal("Retrieve", "Email").unwrap();
        assert_eq!(why, "Retrieve of Email needs the scope email_read, which its token does not have");
        // Who has all scopes has those that exist.
        let all = directory("demo", None, Reach::Own);
        let client = Client::unchecked(&all, "demo").unwrap();
        assert_eq!(client.scoped(Some("email_read email_reed journeys_read")).unwrap_err(), "email_reed");
        assert_eq!(client.scoped(Some("email_read journeys_read")).unwrap().1, "email_read journeys_read");
        assert_eq!(client.refusal("Retrieve", "Email"), None);
    }
}
