//! What a caller presents: read from the SOAP header blocks and the HTTP Authorization header.
//!
//! Everything is matched by local name: real clients send fueloauth and oAuthToken in their namespace, in none and in
//! the envelope's, and the WS-Security elements under every prefix. Nothing is believed here; `server/access` checks.

use std::sync::Arc;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq;

use super::{Accounts, Client, Denied, Secret, token::Kind};
use crate::{
    clock::Time,
    object::{Node, value::date_time},
};

/// What was presented.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// What is to be checked.
    pub proof: Proof,
    /// wsu:Timestamp/Created, the latest when there are several.
    pub created: Option<Time>,
    /// wsu:Timestamp/Expires, the earliest when there are several.
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

impl Credentials {
    /// A token, as from a header.
    pub fn token(token: &str) -> Self {
        Self { proof: Proof::Token(Secret::new(token)), created: None, expires: None }
    }

    /// A user name and password, as from a UsernameToken.
    pub fn password(user: &str, password: &str) -> Self {
        Self {
            proof: Proof::Password { user: user.into(), password: Secret::new(password) },
            created: None,
            expires: None,
        }
    }

    /// The token kinds that a SOAP header may carry. Some clients put an access token where the legacy one belongs.
    pub const KINDS: [Kind; 2] = [Kind::Access, Kind::Legacy];

    /// Reads the SOAP header blocks and the value of the HTTP Authorization header. When several are present the first
    /// of fueloauth, oAuthToken, Bearer, UsernameToken counts; an empty one counts as absent.
    pub fn read(header: &[Node<'_>], authorization: Option<&str>) -> Result<Self, Denied> {
        let security = || header.iter().filter(|block| block.name() == "Security").flat_map(|block| block.children());
        let moments = |name: &str, what: &'static str| -> Result<Vec<Time>, Denied> {
            let expected = "a dateTime such as 2008-04-29T21:51:14Z";
            let stamps = security().filter(|element| element.name() == "Timestamp");
            let stated = stamps.filter_map(|stamp| stamp.child(name));
            stated.map(|stated| moment(&stated.text()).ok_or(Denied::Malformed { what, expected })).collect()
        };
        let created = moments("Created", "wsu:Created")?.into_iter().max();
        let expires = moments("Expires", "wsu:Expires")?.into_iter().min();
        let named = |name: &'static str| header.iter().copied().filter(move |block| block.name() == name);
        let fuel = named("fueloauth").find_map(filled);
        let legacy = || named("oAuth").find_map(|block| block.given("oAuthToken"));
        let token = fuel.or_else(legacy).or_else(|| authorization.and_then(bearer).map(str::to_owned));
        let proof = match token {
            Some(token) => Proof::Token(Secret::new(token)),
            None => {
                let mut tokens = security().filter(|element| element.name() == "UsernameToken");
                tokens.find_map(username_token).unwrap_or(Err(Denied::Missing))?
            }
        };
        Ok(Self { proof, created, expires })
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

/// The trimmed text, when there is any.
fn filled(element: Node<'_>) -> Option<String> {
    let text = element.text();
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The token of `Authorization: Bearer TOKEN`; other schemes are none of ours.
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty())
}

/// `None` for the dummy `*`/`*` that stands beside a legacy token.
fn username_token(token: Node<'_>) -> Option<Result<Proof, Denied>> {
    let user = token.given("Username").unwrap_or_default();
    let password = token.child("Password");
    let text = password.map(Node::text).unwrap_or_default();
    if user == "*" && text.trim() == "*" {
        return None;
    }
    let malformed = |what, expected| Some(Err(Denied::Malformed { what, expected }));
    let Some(password) = password.filter(|_| !user.is_empty()) else {
        return malformed("wsse:UsernameToken", "Username and Password");
    };
    let kind = password.attribute("", "Type").unwrap_or_default();
    match kind.rsplit('#').next().unwrap_or_default() {
        "" | "PasswordText" => Some(Ok(Proof::Password { user, password: Secret::new(&*text) })),
        "PasswordDigest" => Some(digest(token, user, &text)),
        _ => malformed("wsse:Password/@Type", "…#PasswordText or …#PasswordDigest"),
    }
}

fn digest(token: Node<'_>, user: String, text: &str) -> Result<Proof, Denied> {
    // Without both, one digest would open the door for ever.
    let fields = token.given("Nonce").zip(token.given("Created"));
    let (nonce, created) = fields.ok_or(Denied::Malformed {
        what: "wsse:UsernameToken",
        expected: "Nonce and Created beside a PasswordDigest",
    })?;
    Digest::new(user, text, nonce, created).map(Proof::Digest)
}

/// An xsd:dateTime; without an offset it is UTC (WS-Security 1.0, section 10).
fn moment(text: &str) -> Option<Time> {
    date_time(text, 0)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::{
        super::{Account, Permissions, User},
        *,
    };
    use crate::{
        object::{self, Limits},
        schema::Schema,
    };

    const PROFILE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0";

    /// Reads credentials from a header of these blocks; undeclared prefixes are declared.
    fn read(blocks: &str, authorization: Option<&str>) -> Result<Credentials, Denied> {
        static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(Schema::embedded().unwrap()));
        let header =
            format!("<s:Header xmlns:s='urn:s' xmlns:e='http://exacttarget.com' xmlns:w='urn:w'>{blocks}</s:Header>");
        let tree = object::read(header, &SCHEMA, &Limits::default()).unwrap();
        Credentials::read(&tree.root().children().collect::<Vec<_>>(), authorization)
    }

    fn user_token(fields: &str) -> String {
        format!("<w:Security s:mustUnderstand='1'><w:UsernameToken>{fields}</w:UsernameToken></w:Security>")
    }

    fn token_of(blocks: &str, authorization: Option<&str>) -> Option<String> {
        match read(blocks, authorization).unwrap().proof {
            Proof::Token(token) => Some(token.expose().to_owned()),
            Proof::Password { .. } | Proof::Digest(_) => None,
        }
    }

    #[test]
    fn a_token_comes_trimmed_from_every_place() {
        for blocks in [
            "<fueloauth xmlns='http://exacttarget.com'>T</fueloauth>",
            "<e:fueloauth>\n  T\n</e:fueloauth>",
            "<fueloauth>T</fueloauth>",
            "<s:fueloauth><![CDATA[T]]></s:fueloauth>",
            "<oAuth xmlns='http://exacttarget.com'><oAuthToken>T</oAuthToken></oAuth>",
            "<oAuth xmlns='http://exacttarget.com'><oAuthToken xmlns=''>T</oAuthToken></oAuth>",
        ] {
            let beside = user_token("<w:Username>*</w:Username><w:Password>*</w:Password>");
            assert_eq!(token_of(&format!("{beside}{blocks}"), None).as_deref(), Some("T"), "{blocks}");
        }
    }

    #[test]
    fn of_several_the_first_in_order_counts() {
        let fuel = "<e:fueloauth>FUEL</e:fueloauth>";
        let oauth = "<e:oAuth><oAuthToken>LEGACY</oAuthToken></e:oAuth>";
        let user = user_token("<w:Username>u</w:Username><w:Password>p</w:Password>");
        let bearer = Some("bearer  HTTP ");
        assert_eq!(token_of(&format!("{user}{oauth}{fuel}"), bearer).as_deref(), Some("FUEL"));
        assert_eq!(token_of(&format!("{user}{oauth}"), bearer).as_deref(), Some("LEGACY"));
        assert_eq!(token_of(&user, bearer).as_deref(), Some("HTTP"));
        assert_eq!(token_of(&format!("<e:fueloauth> </e:fueloauth>{user}"), Some("Basic dTpw")), None);
    }

    #[test]
    fn the_dummy_user_alone_is_nobody() {
        let star = user_token("<w:Username>*</w:Username><w:Password>*</w:Password>");
        assert_eq!(read(&star, None).unwrap_err(), Denied::Missing);
        assert_eq!(read("", None).unwrap_err(), Denied::Missing);
    }

    #[test]
    fn passwords_keep_their_spaces_and_their_type_may_be_absent() {
        for kind in [String::new(), format!(" Type='{PROFILE}#PasswordText'"), " Type='PasswordText'".into()] {
            let fields =
                format!("<w:Created>x</w:Created><w:Username> u </w:Username><w:Password{kind}> p&amp;q </w:Password>");
            let Proof::Password { user, password } = read(&user_token(&fields), None).unwrap().proof else {
                panic!("a password was expected");
            };
            assert_eq!((user.as_str(), password.expose()), ("u", " p&q "));
        }
    }

    #[test]
    fn what_cannot_be_read_says_what_was_expected() {
        for (fields, expected) in [
            ("<w:Username>u</w:Username>", "wsse:UsernameToken: expected Username and Password"),
            (
                "<w:Username>u</w:Username><w:Password Type='urn:x#Kerberos'>p</w:Password>",
                "wsse:Password/@Type: expected …#PasswordText or …#PasswordDigest",
            ),
            (
                "<w:Username>u</w:Username><w:Password Type='#PasswordDigest'>p</w:Password><w:Nonce>n</w:Nonce>",
                "wsse:UsernameToken: expected Nonce and Created beside a PasswordDigest",
            ),
        ] {
            let denied = read(&user_token(fields), None).unwrap_err().to_string();
            assert_eq!(denied, format!("unreadable credentials: {expected}"));
        }
        let stamp = "<w:Security><w:Timestamp><w:Expires>soon</w:Expires></w:Timestamp></w:Security>";
        let denied = read(stamp, Some("Bearer x")).unwrap_err();
        assert!(matches!(denied, Denied::Malformed { what: "wsu:Expires", .. }));
    }

    #[test]
    fn a_timestamp_counts_beside_a_token() {
        let stamp = "<w:Security><w:Timestamp><w:Expires>2008-04-29T21:51:14Z</w:Expires></w:Timestamp></w:Security>";
        assert_eq!(read(stamp, Some("Bearer x")).unwrap().expires, Some(Time::from_millis(1_209_505_874_000)));
    }

    #[test]
    fn moments_are_utc_unless_they_say_otherwise() {
        let expected = Some(Time::from_millis(1_209_505_874_000));
        let (zone, suds) = ("2008-04-29T23:51:14+02:00", "2008-04-29T21:51:14.000000+00:00");
        for text in ["2008-04-29T21:51:14Z", " 2008-04-29T21:51:14 ", zone, suds] {
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
        let raw = b"0123456789abcdef".to_vec();
        let hexed = "30313233343536373839616263646566";
        for (nonce, hashed) in
            [(STANDARD.encode(&raw), raw.clone()), (hexed.into(), raw.clone()), (hexed.into(), hexed.into())]
        {
            for (name, password, expected) in
                [("u", "userPassword", true), ("u", "other", false), ("v", "userPassword", false)]
            {
                let hash = Sha1::new().chain_update(&hashed).chain_update(created).chain_update(password).finalize();
                let digest = STANDARD.encode(hash);
                let fields = format!(
                    "<w:Username>{name}</w:Username><w:Password Type='{PROFILE}#PasswordDigest'>{digest}</w:Password>\
                     <w:Nonce>{nonce}</w:Nonce><w:Created>{created}</w:Created>"
                );
                let Proof::Digest(digest) = read(&user_token(&fields), None).unwrap().proof else {
                    panic!("a digest was expected");
                };
                assert_eq!(digest.verify(&accounts).is_some(), expected, "{nonce} {name} {password}");
            }
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let read = read("<e:fueloauth>TOPSECRET</e:fueloauth>", None);
        let shown = format!("{read:?} {:?}", Credentials::password("u", "TOPSECRET"));
        assert!(!shown.contains("TOPSECRET"), "{shown}");
    }
}
