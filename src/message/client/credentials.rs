//! What a caller presents: read from the SOAP header blocks and the HTTP Authorization header.
//!
//! Everything is matched by local name: real clients send fueloauth and oAuthToken in their namespace, in none and in
//! the envelope's, and the WS-Security elements under every prefix. Nothing is believed here; `server/access` checks.

use std::{borrow::Cow, sync::Arc};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq;

use super::{Accounts, Client, Denied, Secret, token::Kind};
use crate::{clock::Time, object::Node};

/// A header block, or an element within one.
pub(super) trait Element: Copy {
    fn local_name(self) -> String;
    fn content(self) -> String;
    fn elements(self) -> Vec<Self>;
    fn plain_attribute(self, name: &str) -> Option<String>;
}

/// Whether this module understands a header block, for mustUnderstand.
pub fn understands(local_name: &str) -> bool {
    matches!(local_name, "Security" | "fueloauth" | "oAuth")
}

/// What was presented.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// What is to be checked.
    pub proof: Proof,
    /// wsu:Timestamp/Expires, when there was one.
    pub expires: Option<Time>,
}

/// What is to be checked.
#[derive(Clone, Debug)]
pub enum Proof {
    /// fueloauth, oAuthToken or Bearer.
    Token(Secret),
    /// UsernameToken with the password itself.
    Password {
        /// Username
        user: String,
        /// Password
        password: Secret,
    },
    /// UsernameToken with a PasswordDigest.
    Digest(Digest),
}

/// A PasswordDigest: base64(SHA-1(nonce + created + password)).
#[derive(Clone, Debug)]
pub struct Digest {
    /// Username
    pub user: String,
    /// wsu:Created
    pub created: Time,
    /// The 20 bytes; they also tell a replay, since they cover nonce and time.
    pub digest: [u8; 20],
    nonce: String,
    created_text: String,
}

impl Element for Node<'_> {
    fn local_name(self) -> String {
        self.name().to_owned()
    }

    fn content(self) -> String {
        self.text().into_owned()
    }

    fn elements(self) -> Vec<Self> {
        self.children().collect()
    }

    fn plain_attribute(self, name: &str) -> Option<String> {
        self.attribute("", name).map(Cow::into_owned)
    }
}

impl Credentials {
    /// Reads the header blocks of an envelope and the value of the HTTP Authorization header.
    ///
    /// # Errors
    /// When there are none, or they cannot be read.
    pub fn read(header: &[Node<'_>], authorization: Option<&str>) -> Result<Self, Denied> {
        Self::read_elements(header, authorization)
    }

    /// A token, as from a header.
    pub fn token(token: &str) -> Self {
        Self { proof: Proof::Token(Secret::new(token)), expires: None }
    }

    /// A user name and password, as from a UsernameToken.
    pub fn password(user: &str, password: &str) -> Self {
        Self { proof: Proof::Password { user: user.into(), password: Secret::new(password) }, expires: None }
    }

    /// The token kinds that a SOAP header may carry. Some clients put an access token where the legacy one belongs.
    pub const KINDS: [Kind; 2] = [Kind::Access, Kind::Legacy];

    /// Reads header blocks and the value of the HTTP Authorization header. When several are present the first of
    /// fueloauth, oAuthToken, Bearer, UsernameToken counts; an empty one counts as absent.
    pub(super) fn read_elements<E: Element>(header: &[E], authorization: Option<&str>) -> Result<Self, Denied> {
        let security: Vec<E> = header.iter().copied().filter(|block| block.local_name() == "Security").collect();
        let security: Vec<E> = security.into_iter().flat_map(Element::elements).collect();
        let expires = match named(&security, "Timestamp").next().and_then(|stamp| child(stamp, "Expires")) {
            None => None,
            Some(expires) => Some(moment(&expires.content()).ok_or(Denied::Malformed {
                what: "wsu:Expires",
                expected: "a dateTime such as 2008-04-29T21:51:14Z",
            })?),
        };
        let fuel = named(header, "fueloauth").map(filled).next().flatten();
        let legacy = || named(header, "oAuth").find_map(|block| child(block, "oAuthToken").and_then(filled));
        let token = fuel.or_else(legacy).or_else(|| authorization.and_then(bearer).map(str::to_owned));
        let proof = match token {
            Some(token) => Proof::Token(Secret::new(token)),
            None => named(&security, "UsernameToken").find_map(username_token).unwrap_or(Err(Denied::Missing))?,
        };
        Ok(Self { proof, expires })
    }
}

impl Digest {
    /// Reads a digest, its nonce and its time as they stand in a UsernameToken.
    pub fn new(user: String, digest: &str, nonce: String, created_text: String) -> Result<Self, Denied> {
        let created = moment(&created_text)
            .ok_or(Denied::Malformed { what: "wsu:Created", expected: "a dateTime such as 2008-04-29T21:46:14Z" })?;
        let digest = STANDARD.decode(digest.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        let digest = digest.ok_or(Denied::Malformed { what: "wsse:Password", expected: "a SHA-1 digest in base64" })?;
        Ok(Self { user, created, digest, nonce, created_text })
    }

    /// The user whose stored secret gives this digest.
    pub fn verify(&self, accounts: &Arc<Accounts>) -> Option<Client> {
        accounts.digest_user(&self.user, |secret| {
            // By the standard the nonce is base64; some clients hash the text as they sent it, or send hex digits.
            let encoded = STANDARD.decode(&self.nonce).or_else(|_| STANDARD_NO_PAD.decode(&self.nonce)).ok();
            let candidates = [encoded, Some(self.nonce.clone().into_bytes()), hex(&self.nonce)];
            candidates.into_iter().flatten().fold(false, |fitted, nonce| {
                let hash = Sha1::new().chain_update(nonce).chain_update(&self.created_text);
                let expected = hash.chain_update(secret.expose()).finalize();
                fitted | bool::from(expected.as_slice().ct_eq(&self.digest))
            })
        })
    }
}

fn named<'a, E: Element>(elements: &'a [E], name: &'a str) -> impl Iterator<Item = E> + 'a {
    elements.iter().copied().filter(move |element| element.local_name() == name)
}

fn child<E: Element>(parent: E, name: &str) -> Option<E> {
    parent.elements().into_iter().find(|element| element.local_name() == name)
}

/// The trimmed text, when there is any.
fn filled<E: Element>(element: E) -> Option<String> {
    let text = element.content();
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The token of `Authorization: Bearer TOKEN`; other schemes are none of ours.
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty())
}

/// `None` for the dummy `*`/`*` that stands beside a legacy token.
fn username_token<E: Element>(token: E) -> Option<Result<Proof, Denied>> {
    let user = child(token, "Username").and_then(filled).unwrap_or_default();
    let password = child(token, "Password");
    let text = password.map(Element::content).unwrap_or_default();
    if user == "*" && text.trim() == "*" {
        return None;
    }
    let malformed = |what, expected| Some(Err(Denied::Malformed { what, expected }));
    let Some(password) = password.filter(|_| !user.is_empty()) else {
        return malformed("wsse:UsernameToken", "Username and Password");
    };
    let kind = password.plain_attribute("Type").unwrap_or_default();
    match kind.rsplit('#').next().unwrap_or_default() {
        "" | "PasswordText" => Some(Ok(Proof::Password { user, password: Secret::new(text) })),
        "PasswordDigest" => Some(digest(token, user, &text)),
        _ => malformed("wsse:Password/@Type", "…#PasswordText or …#PasswordDigest"),
    }
}

fn digest<E: Element>(token: E, user: String, text: &str) -> Result<Proof, Denied> {
    // Without both, one digest would open the door for ever.
    let fields = child(token, "Nonce").and_then(filled).zip(child(token, "Created").and_then(filled));
    let (nonce, created) = fields.ok_or(Denied::Malformed {
        what: "wsse:UsernameToken",
        expected: "Nonce and Created beside a PasswordDigest",
    })?;
    Digest::new(user, text, nonce, created).map(Proof::Digest)
}

/// An xsd:dateTime; without an offset it is UTC (WS-Security 1.0, section 10).
fn moment(text: &str) -> Option<Time> {
    let text = text.trim();
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let zoned = zoned.or_else(|| {
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|moment| moment.timestamp())
    });
    zoned.map(|moment| Time::from_millis(moment.as_millisecond()))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Account, Permissions, User},
        *,
    };

    /// A header in brief: name, `@Type` attribute, text, children.
    #[derive(Clone, Copy)]
    struct E<'a>(&'a str, &'a str, &'a str, &'a [E<'a>]);

    impl Element for E<'_> {
        fn local_name(self) -> String {
            self.0.into()
        }
        fn content(self) -> String {
            self.2.into()
        }
        fn elements(self) -> Vec<Self> {
            self.3.to_vec()
        }
        fn plain_attribute(self, name: &str) -> Option<String> {
            (name == "Type" && !self.1.is_empty()).then(|| self.1.into())
        }
    }

    const DIGEST: &str =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest";
    const TEXT: &str =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";
    const STAR: E<'static> = E(
        "Security",
        "",
        "",
        &[E("UsernameToken", "", "", &[E("Username", "", "*", &[]), E("Password", "", "*", &[])])],
    );

    fn token_of(header: &[E<'_>], authorization: Option<&str>) -> Option<String> {
        match Credentials::read_elements(header, authorization).unwrap().proof {
            Proof::Token(token) => Some(token.expose().to_owned()),
            Proof::Password { .. } | Proof::Digest(_) => None,
        }
    }

    #[test]
    fn tokens_come_trimmed_from_every_place_in_their_order() {
        let fuel = E("fueloauth", "", "\n  FUEL\n", &[]);
        let oauth = E("oAuth", "", "", &[E("oAuthToken", "", "LEGACY", &[])]);
        let user = E(
            "Security",
            "",
            "",
            &[E("UsernameToken", "", "", &[E("Username", "", "u", &[]), E("Password", "", "p", &[])])],
        );
        let bearer = Some("bearer  HTTP ");
        assert_eq!(token_of(&[user, oauth, fuel], bearer).as_deref(), Some("FUEL"));
        assert_eq!(token_of(&[oauth, STAR], bearer).as_deref(), Some("LEGACY"));
        assert_eq!(token_of(&[user], bearer).as_deref(), Some("HTTP"));
        assert_eq!(token_of(&[E("fueloauth", "", " ", &[]), user], None), None);
        assert_eq!(token_of(&[user], Some("Basic dTpw")), None);
    }

    #[test]
    fn the_dummy_user_alone_is_nobody() {
        assert_eq!(Credentials::read_elements(&[STAR], None).unwrap_err(), Denied::Missing);
        assert_eq!(Credentials::read_elements::<E<'_>>(&[], None).unwrap_err(), Denied::Missing);
    }

    #[test]
    fn passwords_keep_their_spaces_and_their_type_may_be_absent() {
        for kind in ["", TEXT, "PasswordText"] {
            let fields = [E("Created", "", "x", &[]), E("Username", "", " u ", &[]), E("Password", kind, " p&q ", &[])];
            let header = [E("Security", "", "", &[E("UsernameToken", "", "", &fields)])];
            let Proof::Password { user, password } = Credentials::read_elements(&header, None).unwrap().proof else {
                panic!("a password was expected");
            };
            assert_eq!((user.as_str(), password.expose()), ("u", " p&q "));
        }
    }

    #[test]
    fn what_cannot_be_read_says_what_was_expected() {
        let read = |fields: &[E<'_>]| {
            let header = [E("Security", "", "", &[E("UsernameToken", "", "", fields)])];
            Credentials::read_elements(&header, None).unwrap_err().to_string()
        };
        let user = E("Username", "", "u", &[]);
        assert_eq!(read(&[user]), "unreadable credentials: wsse:UsernameToken: expected Username and Password");
        assert_eq!(
            read(&[user, E("Password", "urn:x#Kerberos", "p", &[])]),
            "unreadable credentials: wsse:Password/@Type: expected …#PasswordText or …#PasswordDigest"
        );
        assert_eq!(
            read(&[user, E("Password", DIGEST, "p", &[])]),
            "unreadable credentials: wsse:UsernameToken: expected Nonce and Created beside a PasswordDigest"
        );
        let stamp = [E("Security", "", "", &[E("Timestamp", "", "", &[E("Expires", "", "soon", &[])])])];
        assert!(matches!(
            Credentials::read_elements(&stamp, Some("Bearer x")).unwrap_err(),
            Denied::Malformed { what: "wsu:Expires", .. }
        ));
    }

    #[test]
    fn moments_are_utc_unless_they_say_otherwise() {
        let expected = Some(Time::from_millis(1_209_505_874_000));
        for text in [
            "2008-04-29T21:51:14Z",
            " 2008-04-29T21:51:14 ",
            "2008-04-29T23:51:14+02:00",
            "2008-04-29T21:51:14.000000+00:00",
        ] {
            assert_eq!(moment(text), expected, "{text}");
        }
        assert_eq!(moment("yesterday"), None);
    }

    #[test]
    fn the_digest_is_that_of_the_username_token_profile() {
        let user = User {
            name: "u".into(),
            account: 1,
            passwords: Vec::new(),
            digest_secret: Some(Secret::new("userPassword")),
            permissions: Permissions::default(),
        };
        let account = Account { mid: 1, name: "A".into(), enterprise: 1 };
        let accounts = Arc::new(Accounts::new(vec![account], Vec::new(), vec![user]).unwrap());
        let created = "2008-04-29T21:46:14Z";
        let raw = b"0123456789abcdef";
        let hexed = "30313233343536373839616263646566";
        for (nonce, hashed) in
            [(STANDARD.encode(raw), raw.to_vec()), (hexed.into(), raw.to_vec()), (hexed.into(), hexed.into())]
        {
            for (name, password, expected) in
                [("u", "userPassword", true), ("u", "other", false), ("v", "userPassword", false)]
            {
                let hash = Sha1::new().chain_update(&hashed).chain_update(created).chain_update(password).finalize();
                let (text, nonce) = (STANDARD.encode(hash), nonce.clone());
                let fields = [
                    E("Username", "", name, &[]),
                    E("Password", DIGEST, &text, &[]),
                    E("Nonce", "", &nonce, &[]),
                    E("Created", "", created, &[]),
                ];
                let header = [E("Security", "", "", &[E("UsernameToken", "", "", &fields)])];
                let Proof::Digest(digest) = Credentials::read_elements(&header, None).unwrap().proof else {
                    panic!("a digest was expected");
                };
                assert_eq!(digest.verify(&accounts).is_some(), expected, "{nonce} {name} {password}");
            }
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let header = [E("fueloauth", "", "TOPSECRET", &[])];
        let shown =
            format!("{:?} {:?}", Credentials::read_elements(&header, None), Credentials::password("u", "TOPSECRET"));
        assert!(!shown.contains("TOPSECRET"), "{shown}");
    }
}
