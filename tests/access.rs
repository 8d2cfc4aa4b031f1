//! Who is let in: passwords, digests, tokens and the endpoints that give them, on a clock that is moved by hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

use std::{net::IpAddr, sync::Arc, time::Duration};

use argon2::{Argon2, PasswordHasher, password_hash::SaltString};
use base64::{Engine, engine::general_purpose::STANDARD};
use envoi::{
    clock::{Clock, Time},
    message::client::{
        Account, Accounts, ApiClient, Credentials, Denied, Permissions, Proof, Reach, Secret, SecretHash, User, token,
    },
    server::{
        access::{Access, Settings},
        tokens::{Answer, Asked, Endpoint},
    },
};
use serde_json::{Value, json};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
const START: Time = Time::from_millis(1_700_000_000_000);

/// A cheap hash, since cost is not what is tested here.
fn hash(secret: &str) -> SecretHash {
    let params = argon2::Params::new(64, 1, 1, None).unwrap();
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let salt = SaltString::encode_b64(secret.repeat(8).as_bytes().get(..16).unwrap()).unwrap();
    SecretHash::parse(&argon2.hash_password(secret.as_bytes(), &salt).unwrap().to_string()).unwrap()
}

fn directory(client_secrets: &[&str]) -> Arc<Accounts> {
    let account = |mid, enterprise| Account { mid, name: format!("Account {mid}"), enterprise };
    let accounts = vec![account(100_001, 100_000), account(100_002, 100_000), account(200_000, 200_000)];
    let reach = Permissions { reach: Reach::Enterprise, ..Permissions::default() };
    let client = ApiClient {
        id: "app".into(),
        account: 100_001,
        secrets: client_secrets.iter().map(|secret| hash(secret)).collect(),
        scopes: Some("email_read email_write".into()),
        permissions: reach,
    };
    let user = User {
        name: "ann".into(),
        account: 100_001,
        passwords: vec![hash("ann-password")],
        digest_secret: Some(Secret::new("ann-digest")),
        permissions: Permissions::default(),
    };
    Arc::new(Accounts::new(accounts, vec![client], vec![user]).unwrap())
}

fn access() -> (Access, Clock) {
    let clock = Clock::stopped_at(START);
    let settings = Settings { login_failures: 3, nonces: 2, ..Settings::default() };
    let key = token::Key::new([9; 32]);
    (Access::new(directory(&["app-secret"]), clock.clone(), key, settings).unwrap(), clock)
}

async fn ask(access: &Access, path: &str, query: &str, authorization: Option<&str>, body: &Value) -> Answer {
    let body = body.to_string();
    let asked =
        Asked { path, query, authorization, body: body.as_bytes(), public_url: "https://soap.example", peer: HERE };
    let endpoint = Endpoint::of(path).unwrap();
    access.answer(endpoint, asked).await
}

async fn token_of(access: &Access, body: Value) -> String {
    let answer = ask(access, "/v2/token", "", None, &body).await;
    answer.body["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

fn app() -> Value {
    json!({ "grant_type": "client_credentials", "client_id": "app", "client_secret": "app-secret" })
}

#[tokio::test]
async fn a_password_opens_and_a_wrong_one_does_not() {
    let (access, _) = access();
    let client = access.check(Credentials::password("ann", "ann-password"), HERE).await.unwrap();
    assert_eq!((client.key(), client.account(), client.enterprise()), ("user:ann", 100_001, 100_000));
    for (user, password) in [("ann", "ann-digest"), ("ann", ""), ("bob", "ann-password"), ("app", "app-secret")] {
        // A fresh doorkeeper for each, so that the throttle has no say.
        let (access, _) = self::access();
        assert_eq!(access.check(Credentials::password(user, password), THERE).await.unwrap_err(), Denied::LoginFailed);
    }
}

#[tokio::test]
async fn failed_log_ins_make_their_source_wait_even_with_the_right_password() {
    let (access, clock) = access();
    let right = || Credentials::password("ann", "ann-password");
    access.check(right(), HERE).await.unwrap();
    for _ in 0..3 {
        let denied = access.check(Credentials::password("ann", "guess"), HERE).await.unwrap_err();
        assert_eq!(denied, Denied::LoginFailed);
    }
    let throttled = Denied::Throttled { retry_after: Duration::from_secs(60) };
    assert_eq!(access.check(right(), HERE).await.unwrap_err(), throttled, "a guess must not be told by a quick answer");
    assert_eq!(throttled.faultstring(), "Login Failed");
    assert!(access.check(right(), THERE).await.is_ok());
    let answer = ask(&access, "/v2/token", "", None, &app()).await;
    assert_eq!(answer.status, 429);
    assert!(answer.headers.contains(&("Retry-After", "61".into())), "{answer:?}");
    clock.advance(Duration::from_secs(60));
    assert!(access.check(right(), HERE).await.is_ok());
    assert_eq!(ask(&access, "/v2/token", "", None, &app()).await.status, 200);
}

#[tokio::test]
async fn tokens_are_not_throttled() {
    let (access, _) = access();
    let token = token_of(&access, app()).await;
    for _ in 0..10 {
        assert_eq!(access.check(Credentials::token("forged"), HERE).await.unwrap_err(), Denied::TokenExpired);
    }
    assert!(access.check(Credentials::token(&token), HERE).await.is_ok());
}

#[tokio::test]
async fn two_secrets_live_while_one_is_changed() {
    let (access, _) = access();
    access.replace(directory(&["app-secret", "new-secret"]));
    let mut body = app();
    for secret in ["app-secret", "new-secret"] {
        body["client_secret"] = secret.into();
        token_of(&access, body.clone()).await;
    }
    access.replace(directory(&["new-secret"]));
    assert_eq!(
        ask(&access, "/v2/token", "", None, &app()).await.status,
        401,
        "a remembered secret must not outlive its hash"
    );
    token_of(&access, body).await;
}

#[tokio::test]
async fn many_first_log_ins_at_once_all_pass() {
    let (access, _) = access();
    let access = Arc::new(access);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let access = access.clone();
            tokio::spawn(async move { access.check(Credentials::password("ann", "ann-password"), HERE).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
}

fn digest(nonce: &str, created: Time, password: &str) -> Credentials {
    use sha1::{Digest, Sha1};
    let hash = Sha1::new().chain_update(nonce).chain_update(created.seconds()).chain_update(password).finalize();
    let digest = STANDARD.encode(hash);
    let nonce = STANDARD.encode(nonce);
    let created = created.seconds();
    let digest = envoi::message::client::Digest::new("ann".into(), &digest, nonce, created).unwrap();
    Credentials { proof: Proof::Digest(digest), created: None, expires: None }
}

#[tokio::test]
async fn a_digest_works_once_while_it_is_fresh() {
    let (access, clock) = access();
    let minute = Duration::from_secs(60);
    let first = digest("n1", START, "ann-digest");
    assert_eq!(access.check(first.clone(), HERE).await.unwrap().user(), "ann");
    assert_eq!(access.check(first.clone(), HERE).await.unwrap_err(), Denied::Replayed);
    clock.advance(minute * 5);
    assert_eq!(access.check(first.clone(), THERE).await.unwrap_err(), Denied::Replayed);
    clock.advance(Duration::from_secs(1));
    assert!(matches!(
        access.check(first, THERE).await.unwrap_err(),
        Denied::MessageExpired { what: "wsu:Created", .. }
    ));
    let now = clock.now();
    assert!(access.check(digest("n2", now.plus(minute * 5), "ann-digest"), HERE).await.is_ok());
    let ahead = digest("n3", now.plus(minute * 6), "ann-digest");
    assert!(matches!(access.check(ahead, HERE).await.unwrap_err(), Denied::MessageExpired { .. }));
    assert_eq!(access.check(digest("n4", now, "ann-password"), HERE).await.unwrap_err(), Denied::LoginFailed);
    assert!(access.check(digest("n5", now, "ann-digest"), HERE).await.is_ok());
    let full = access.check(digest("n6", now, "ann-digest"), HERE).await.unwrap_err();
    assert_eq!(full, Denied::Throttled { retry_after: minute * 5 });
}

#[tokio::test]
async fn wrong_digests_count_as_failed_log_ins() {
    let (access, clock) = access();
    for nonce in ["a", "b", "c"] {
        let denied = access.check(digest(nonce, clock.now(), "guess"), HERE).await.unwrap_err();
        assert_eq!(denied, Denied::LoginFailed);
    }
    let denied = access.check(digest("d", clock.now(), "ann-digest"), HERE).await.unwrap_err();
    assert!(matches!(denied, Denied::Throttled { .. }));
}

#[tokio::test]
async fn an_expired_timestamp_is_refused_beyond_the_clock_skew() {
    let (access, clock) = access();
    let credentials = Credentials { expires: Some(START), ..Credentials::password("ann", "ann-password") };
    clock.advance(Duration::from_secs(300));
    assert!(access.check(credentials.clone(), HERE).await.is_ok());
    clock.advance(Duration::from_millis(1));
    let denied = access.check(credentials, HERE).await.unwrap_err();
    assert_eq!(denied.reason(), "message_expired");
    assert_eq!(denied.faultstring(), "Message Expired: wsu:Expires is outside the accepted time");
}

#[tokio::test]
async fn v2_answers_as_the_service_does() {
    let (access, clock) = access();
    let answer = ask(&access, "/v2/token", "", None, &app()).await;
    assert_eq!(answer.status, 200);
    let token = answer.body["access_token"].as_str().unwrap();
    assert!(token.len() < 512);
    assert_eq!(
        answer.body,
        json!({
            "access_token": token, "token_type": "Bearer", "expires_in": 1079, "scope": "email_read email_write",
            "soap_instance_url": "https://soap.example/", "rest_instance_url": "https://soap.example/",
        })
    );
    let client = access.check(Credentials::token(token), HERE).await.unwrap();
    assert_eq!((client.key(), client.account()), ("client:app", 100_001));
    assert!(client.may("Retrieve", "Email") && !client.may("Retrieve", "Subscriber"));
    clock.advance(Duration::from_secs(1079));
    assert_eq!(access.check(Credentials::token(token), HERE).await.unwrap_err().faultstring(), "Token Expired");
}

#[tokio::test]
async fn v2_keeps_the_prefix_of_its_path() {
    let (access, _) = access();
    let answer = ask(&access, "/x/y/V2/Token", "", None, &app()).await;
    assert_eq!(answer.body["soap_instance_url"], "https://soap.example/x/y/");
    // FuelSDK for Ruby at its second renewal; Fuel SDKs given an address that ends with a slash.
    let answer = ask(&access, "/x/v2/token/v2/token", "", None, &app()).await;
    assert_eq!(answer.body["soap_instance_url"], "https://soap.example/x/");
    let answer = ask(&access, "//v2/token", "", None, &app()).await;
    assert_eq!(answer.body["soap_instance_url"], "https://soap.example/");
    assert_eq!(Endpoint::of("/v2/tokens"), None);
    assert_eq!(Endpoint::of("/platform/v1/endpoints/soap/more"), None);
}

#[tokio::test]
async fn v2_selects_the_account_by_number_or_string() {
    let (access, _) = access();
    for (account_id, account) in
        [(json!("100002"), 100_002), (json!(100_002), 100_002), (json!(""), 100_001), (json!(null), 100_001)]
    {
        let mut body = app();
        body["account_id"] = account_id;
        let token = token_of(&access, body).await;
        assert_eq!(access.check(Credentials::token(&token), HERE).await.unwrap().account(), account);
    }
    for account_id in [json!(200_000), json!("9"), json!("x"), json!([1]), json!(-1)] {
        let mut body = app();
        body["account_id"] = account_id;
        let answer = ask(&access, "/v2/token", "", None, &body).await;
        assert_eq!((answer.status, answer.body["error"].as_str()), (400, Some("invalid_request")));
    }
}

#[tokio::test]
async fn v2_errors_are_those_of_oauth() {
    let (access, _) = access();
    let with = |key: &str, value: Value| {
        let mut body = app();
        body[key] = value;
        body
    };
    for (body, status, error) in [
        (with("grant_type", json!("authorization_code")), 400, "unsupported_grant_type"),
        (with("grant_type", json!(null)), 400, "invalid_request"),
        (with("client_secret", json!(null)), 400, "invalid_request"),
        (with("scope", json!("email_read users_write")), 400, "invalid_scope"),
        (json!("grant_type=client_credentials"), 400, "invalid_request"),
        (with("client_id", json!("nobody")), 401, "invalid_client"),
    ] {
        let answer = ask(&access, "/v2/token", "", None, &body).await;
        assert_eq!((answer.status, answer.body["error"].as_str()), (status, Some(error)), "{body}");
    }
    let answer = ask(&access, "/v2/token", "", None, &with("client_secret", json!("wrong"))).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.body,
        json!({
            "error": "invalid_client",
            "error_description": "Client authentication failed. Make sure that the client ID and client secret are valid and that the package is installed and enabled.",
            "error_uri": "https://developer.salesforce.com/docs",
        })
    );
}

#[tokio::test]
async fn v1_gives_what_is_asked_for() {
    let (access, _) = access();
    let body = json!({ "clientId": "app", "clientSecret": "app-secret" });
    let fields = |answer: &Answer| answer.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let plain = ask(&access, "/v1/requestToken", "", None, &body).await;
    assert_eq!(fields(&plain), ["accessToken", "expiresIn"]);
    assert_eq!(plain.body["expiresIn"], 3600);
    let offline = json!({ "clientId": "app", "clientSecret": "app-secret", "accessType": "offline" });
    let full = ask(&access, "/v1/requestToken", "legacy=1", None, &offline).await;
    assert_eq!(fields(&full), ["accessToken", "expiresIn", "legacyToken", "refreshToken"]);
    for name in ["accessToken", "legacyToken"] {
        let token = full.body[name].as_str().unwrap();
        assert!(access.check(Credentials::token(token), HERE).await.is_ok(), "{name}");
    }
    let refresh = full.body["refreshToken"].as_str().unwrap();
    assert_eq!(access.check(Credentials::token(refresh), HERE).await.unwrap_err(), Denied::TokenExpired);
    let again = |token: &str| json!({ "clientId": "app", "clientSecret": "app-secret", "refreshToken": token });
    assert_eq!(ask(&access, "/v1/requestToken", "", None, &again(refresh)).await.status, 200);
    let access_token = full.body["accessToken"].as_str().unwrap();
    let answer = ask(&access, "/v1/requestToken", "", None, &again(access_token)).await;
    assert_eq!((answer.status, answer.body["message"].as_str()), (401, Some("Unauthorized")));
}

#[tokio::test]
async fn the_endpoint_service_wants_a_token_and_knows_soap() {
    let (access, clock) = access();
    let token = format!("Bearer {}", token_of(&access, app()).await);
    let path = "/x/platform/v1/endpoints/soap";
    let answer = ask(&access, path, "", Some(&token), &Value::Null).await;
    assert_eq!(answer.body, json!({ "type": "soap", "url": "https://soap.example/x/Service.asmx" }));
    let answer = ask(&access, "/platform/v1/endpoints/foobar", "", Some(&token), &Value::Null).await;
    assert_eq!((answer.status, &answer.body["errorcode"]), (404, &json!(30003)));
    assert_eq!(answer.body["message"], "No endpoint exists for key 'foobar'.");
    clock.advance(Duration::from_secs(1079));
    for authorization in [None, Some("Bearer x"), Some("Basic x"), Some(token.as_str())] {
        let answer = ask(&access, path, "", authorization, &Value::Null).await;
        assert_eq!((answer.status, &answer.body["message"]), (401, &json!("Not Authorized")), "{authorization:?}");
        assert_eq!(answer.body["errorcode"], 0);
    }
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let (access, _) = access();
    let token = token_of(&access, app()).await;
    let client = access.check(Credentials::token(&token), HERE).await.unwrap();
    let shown = format!("{access:?} {client:?} {:?} {:?}", access.accounts(), digest("n", START, "ann-digest"));
    for secret in ["app-secret", "ann-password", "ann-digest", "argon2", &token] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
