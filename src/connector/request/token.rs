//! Logging in: the request for a token, and what its answer gives.
//!
//! Who keeps a token, and asks for one at a time, is `notify`'s. A log-in that fails is a verdict like any other.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{rand::SystemRandom, rsa::KeyPair, signature};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};

use super::{JSON, Request, bare, yeastar};
use crate::{
    clock::Time,
    connector::{Answer, Api, Connector, Standing, Token, Verdict, judge::json},
    message::client::Secret,
};

/// How long an assertion is good: what Salesforce allows at most.
const ASSERTION: Duration = Duration::from_secs(180);

/// The request that asks for a token: with the one that refreshes it, where there is one.
///
/// # Errors
/// The private key cannot be used, or the system has no tokens.
pub fn token_request(connector: &Connector, refresh: Option<&Secret>, now: Time) -> Result<Request, String> {
    match &connector.api {
        Api::Salesforce { login, consumer_key, user, private_key, .. } => {
            let claims = json!({
                "iss": consumer_key,
                "sub": user,
                "aud": login,
                "exp": now.plus(ASSERTION).millis() / 1000,
            });
            let assertion = assertion(&claims, private_key)?;
            let body =
                format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
            Ok(Request {
                content_type: Some("application/x-www-form-urlencoded".to_owned()),
                body: body.into_bytes(),
                is_secret: true,
                ..bare("POST", format!("{login}/services/oauth2/token"))
            })
        }
        Api::Yeastar { client_id, client_secret } => {
            let (target, body) = match refresh {
                Some(refresh) => ("/refresh_token", json!({ "refresh_token": refresh.expose() })),
                None => ("/get_token", json!({ "username": client_id, "password": client_secret.expose() })),
            };
            let body = body.to_string().into_bytes();
            let content_type = Some(JSON.to_owned());
            Ok(yeastar::named(Request { content_type, body, is_secret: true, ..bare("POST", target) }))
        }
        Api::Connectly { .. } => Err("Connectly has no tokens: its key goes with each request".to_owned()),
    }
}

/// The request that gives a token back, so that it counts no more (Yeastar: eight live at once); none where the system has none.
pub fn revocation(connector: &Connector, token: &Secret) -> Option<Request> {
    match connector.api {
        Api::Yeastar { .. } => Some(yeastar::with_token(bare("GET", "/del_token"), Some(token))),
        Api::Salesforce { .. } | Api::Connectly { .. } => None,
    }
}

/// Whether a token was taken back.
///
/// # Errors
/// What the system says instead: its code or status, nothing else of its answer.
pub fn revoked(answer: &Answer) -> Result<(), String> {
    let code = json::read(&answer.body).and_then(|json| json.get("errcode").and_then(number));
    match (answer.status, code) {
        (200..=299, Some(0)) => Ok(()),
        (status, Some(code)) => Err(format!("{code} (HTTP {status})")),
        (status, None) => Err(format!("HTTP {status}")),
    }
}

/// A JWT, signed with RS256.
fn assertion(claims: &Value, private_key: &Secret) -> Result<String, String> {
    let pair = key_pair(private_key)?;
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| "the private key does not sign".to_owned())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Whether assertions can be signed with this private key (PEM).
///
/// # Errors
/// What was expected; nothing of what it holds.
pub fn check_private_key(pem: &Secret) -> Result<(), String> {
    key_pair(pem).map(drop)
}

/// The RSA key of a PEM file, PKCS#8 or PKCS#1. The error says nothing of what it holds.
fn key_pair(pem: &Secret) -> Result<KeyPair, String> {
    let key = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes())
        .map_err(|_| "expected a private key as PEM, such as `openssl genrsa 2048` prints".to_owned())?;
    let pair = match &key {
        PrivateKeyDer::Pkcs8(key) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(key) => KeyPair::from_der(key.secret_pkcs1_der()),
        _ => return Err("expected an RSA key (RS256), not one of another kind".to_owned()),
    };
    pair.map_err(|error| format!("expected an RSA key of 2048 bits or more: {error}"))
}

/// What the answer to a log-in gives.
///
/// # Errors
/// It is none: the verdict. Refused where nothing would change by asking again.
pub fn read_token(connector: &Connector, answer: &Answer) -> Result<Token, Box<Verdict>> {
    let json = json::read(&answer.body).filter(|_| !answer.is_cut);
    let member = |name: &str| json.as_ref().and_then(|json| json.get(name));
    let secret = |name: &str| member(name)?.as_str().filter(|text| !text.is_empty()).map(Secret::new);
    let seconds = |name: &str| member(name).and_then(number).and_then(|s| s.try_into().ok()).map(Duration::from_secs);
    let is_ok = (200..300).contains(&answer.status)
        && match connector.api {
            Api::Yeastar { .. } => member("errcode").and_then(number) == Some(0),
            Api::Salesforce { .. } | Api::Connectly { .. } => true,
        };
    match secret("access_token").filter(|_| is_ok) {
        Some(access) => Ok(match connector.api {
            Api::Yeastar { .. } => Token {
                access,
                refresh: secret("refresh_token"),
                expires_in: seconds("access_token_expire_time"),
                refresh_expires_in: seconds("refresh_token_expire_time"),
            },
            Api::Salesforce { .. } | Api::Connectly { .. } => {
                Token { access, refresh: None, expires_in: seconds("expires_in"), refresh_expires_in: None }
            }
        }),
        None => Err(Box::new(refused(answer, &member))),
    }
}

/// A number, also one in quotation marks.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn refused<'v>(answer: &Answer, member: &impl Fn(&str) -> Option<&'v Value>) -> Verdict {
    let text = |name: &str| member(name).and_then(Value::as_str).map(str::to_owned);
    let code = member("errcode").and_then(number).map(|code| code.to_string());
    let kind = text("error");
    let standing = match answer.status {
        429 => Standing::Limited,
        500..=599 => Standing::Again,
        // A log-in that was answered with neither a token nor an error: something between us and the system.
        200..=299 if code.is_none() && kind.is_none() => Standing::Again,
        _ if code.as_deref() == Some("-2") => Standing::Again,
        _ => Standing::Refused,
    };
    let said = text("errmsg").or_else(|| text("error_description")).or_else(|| text("message"));
    let said = said.or_else(|| kind.clone()).unwrap_or_else(|| format!("HTTP {}", answer.status));
    // A token may stand in an answer that is not understood, so nothing of that is kept.
    let is_error = (code.is_some() || kind.is_some()) && member("access_token").is_none();
    let raw = if is_error {
        String::from_utf8_lossy(&answer.body).chars().take(Verdict::RAW).collect()
    } else {
        String::new()
    };
    Verdict {
        standing,
        code,
        kind,
        http: answer.status,
        message: format!("the log-in failed: {said}"),
        trace: None,
        id: None,
        after_ms: answer.retry_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{System, sample::connector};

    const NOW: Time = Time::from_millis(1_700_000_000_000);

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() }
    }

    #[test]
    fn yeastar_is_asked_with_the_secret_once_and_then_with_what_refreshes() {
        let yeastar = connector(System::Yeastar);
        let first = token_request(&yeastar, None, NOW).unwrap();
        assert_eq!(first.body, br#"{"password":"hush-client","username":"client"}"#);
        let again = token_request(&yeastar, Some(&Secret::new("hush-refresh")), NOW).unwrap();
        assert_eq!(again.body, br#"{"refresh_token":"hush-refresh"}"#);
        assert_eq!((first.target.as_str(), again.target.as_str()), ("/get_token", "/refresh_token"));
        for request in [first, again] {
            // Neither takes an access token, and neither is shown.
            assert!(request.query_secret.is_none());
            assert!(request.headers.contains(&("User-Agent", "OpenAPI".to_owned())));
            assert!(!request.shown("https://pbx.example").contains("hush"));
        }
        assert!(token_request(&connector(System::Connectly), None, NOW).is_err());
        let back = revocation(&yeastar, &Secret::new("hush-access")).unwrap();
        assert_eq!((back.method, back.target.as_str(), back.body.len()), ("GET", "/del_token", 0));
        assert!(!back.shown("https://pbx.example").contains("hush"));
        assert!(revocation(&connector(System::Salesforce), &Secret::new("hush")).is_none());
    }

    #[test]
    fn a_key_that_is_none_is_told_and_not_shown() {
        let told = token_request(&connector(System::Salesforce), None, NOW).unwrap_err();
        assert!(told.contains("expected a private key as PEM"), "{told}");
        let elliptic = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let told = key_pair(&Secret::new(elliptic)).unwrap_err();
        assert!(told.contains("expected an RSA key"), "{told}");
    }

    #[test]
    fn tokens_are_read() {
        let body = r#"{"errcode":0,"errmsg":"SUCCESS","access_token_expire_time":1800,"access_token":"a","refresh_token_expire_time":"86400","refresh_token":"r"}"#;
        let token = read_token(&connector(System::Yeastar), &answer(200, body)).unwrap();
        assert_eq!((token.access.expose(), token.refresh.unwrap().expose()), ("a", "r"));
        let seconds = Duration::from_secs;
        assert_eq!((token.expires_in, token.refresh_expires_in), (Some(seconds(1800)), Some(seconds(86400))));
        let token = read_token(&connector(System::Salesforce), &answer(200, r#"{"access_token":"00D!x"}"#)).unwrap();
        assert_eq!((token.access.expose(), token.expires_in), ("00D!x", None));
    }

    #[test]
    fn log_ins_that_fail_are_verdicts() {
        let (salesforce, yeastar) = (connector(System::Salesforce), connector(System::Yeastar));
        let wrong = r#"{"errcode":-1,"errmsg":"FAILURE","invalid_param_list":[{"field":"username or password","value":"error"}]}"#;
        let grant = r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#;
        for (connector, status, body, standing, said) in [
            (&yeastar, 200, wrong, Standing::Refused, "FAILURE"),
            (&yeastar, 200, r#"{"errcode":"70004","errmsg":"ACCOUNT IP BLOCKED"}"#, Standing::Refused, "BLOCKED"),
            (&yeastar, 200, r#"{"errcode":-2,"errmsg":"INTERNAL SERVER ERROR"}"#, Standing::Again, "INTERNAL"),
            (&yeastar, 200, r#"{"access_token":"hush"}"#, Standing::Again, "HTTP 200"),
            (&yeastar, 200, "<html>", Standing::Again, "HTTP 200"),
            (&salesforce, 400, grant, Standing::Refused, "approved"),
            (&salesforce, 401, "", Standing::Refused, "HTTP 401"),
            (&salesforce, 503, "busy", Standing::Again, "HTTP 503"),
            (&salesforce, 429, "", Standing::Limited, "HTTP 429"),
            (&salesforce, 200, r#"{"access_token":""}"#, Standing::Again, "HTTP 200"),
        ] {
            let verdict = read_token(connector, &answer(status, body)).unwrap_err();
            assert_eq!(verdict.standing, standing, "{body}");
            assert!(
                verdict.message.starts_with("the log-in failed: ") && verdict.message.contains(said),
                "{verdict:?}"
            );
            assert!(!verdict.raw.contains("hush"));
        }
        let cut = Answer { is_cut: true, ..answer(200, r#"{"access_token":"a"}"#) };
        assert_eq!(read_token(&salesforce, &cut).unwrap_err().standing, Standing::Again);
    }
}
