//! Every way to log in that real clients use, through the front door, with the time moved by hand.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use envoi::clock::Time;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::gateway::{Answer, Gateway, PARTNER_API, START, WSSE, envelope, security};

const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

async fn status(gateway: &Gateway, header: &str) -> Answer {
    let message = format!("<SystemStatusRequestMsg xmlns=\"{PARTNER_API}\"/>");
    gateway.envelope("GetSystemStatus", &envelope(header, &message)).await
}

fn assert_in(answer: &Answer, who: &str) {
    assert_eq!(answer.text("SystemStatusResponseMsg/OverallStatus").as_deref(), Some("OK"), "{who}: {}", answer.body);
}

fn assert_out(answer: &Answer, text: &str) {
    assert_eq!(answer.status, 500, "{}", answer.body);
    assert_eq!(answer.text("Fault/faultcode").as_deref(), Some("q0:Security"), "{}", answer.body);
    let found = answer.text("Fault/faultstring").unwrap_or_default();
    assert!(found.starts_with(text), "expected {text}: {found}");
}

async fn json_post(gateway: &Gateway, path: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        gateway.addr,
        body.len()
    );
    let answer = gateway.raw(request.as_bytes()).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.body)))
}

async fn token(gateway: &Gateway) -> String {
    let asked = json!({"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret",
                       "account_id": 100_001});
    let (status, answer) = json_post(gateway, "/any/path/v2/token", &asked).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["soap_instance_url"], format!("http://{}/any/path/", gateway.addr));
    assert!(answer.get("refresh_token").is_none(), "the Fuel SDKs would use it");
    answer["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_token_opens_the_door_in_every_header_until_it_expires() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    let headers = [
        format!("<fueloauth xmlns=\"http://exacttarget.com\">{token}</fueloauth>"),
        format!(
            "<h:fueloauth xmlns=\"http://exacttarget.com\" xmlns:h=\"http://exacttarget.com\">\n  {token}\n</h:fueloauth>"
        ),
        format!("<fueloauth>{token}</fueloauth>"),
    ];
    for header in &headers {
        assert_in(&status(&gateway, header).await, header);
    }
    let message = envelope("", &format!("<SystemStatusRequestMsg xmlns=\"{PARTNER_API}\"/>"));
    let bearer = format!("Bearer {token}");
    let headers_of_http = [("SOAPAction", "GetSystemStatus"), ("Authorization", bearer.as_str())];
    assert_in(&gateway.post("text/xml", &headers_of_http, message.as_bytes()).await, "Bearer");

    gateway.clock.advance(Duration::from_secs(1_200));
    for header in &headers {
        assert_out(&status(&gateway, header).await, "Token Expired");
    }
}

#[tokio::test]
async fn a_legacy_token_stands_beside_a_dummy_user() {
    let gateway = Gateway::start().await;
    let asked = json!({"clientId": "demo", "clientSecret": "demo-secret", "accessType": "offline"});
    let (code, answer) = json_post(&gateway, "/v1/requestToken?legacy=1", &asked).await;
    assert_eq!(code, 200, "{answer}");
    let token = answer["legacyToken"].as_str().expect("a legacy token");
    let dummy = security("*", "*");
    for inner in ["", " xmlns=\"\""] {
        let header =
            format!("<oAuth xmlns=\"http://exacttarget.com\"><oAuthToken{inner}>{token}</oAuthToken></oAuth>{dummy}");
        assert_in(&status(&gateway, &header).await, &header);
    }
    assert_out(&status(&gateway, &dummy).await, "Login Failed");
}

#[tokio::test]
async fn a_password_digest_works_once_and_while_it_is_fresh() {
    let gateway = Gateway::start().await;
    let digest = |nonce: &[u8], created: Time| {
        let created = created.seconds();
        let hash = Sha1::new().chain_update(nonce).chain_update(&created).chain_update("demo-password").finalize();
        let (nonce, hash) = (STANDARD.encode(nonce), STANDARD.encode(hash));
        format!(
            "<s:Security xmlns:s=\"{WSSE}\" xmlns:u=\"{WSU}\"><s:UsernameToken u:Id=\"x\"><s:Username>demo</s:Username>\
             <s:Password Type=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest\">\
             {hash}</s:Password><s:Nonce>{nonce}</s:Nonce><u:Created>{created}</u:Created></s:UsernameToken></s:Security>"
        )
    };
    let fresh = digest(b"one nonce", START);
    assert_in(&status(&gateway, &fresh).await, "a digest");
    assert_out(&status(&gateway, &fresh).await, "Login Failed");
    let old = digest(b"another", START.minus(Duration::from_secs(3_600)));
    assert_out(&status(&gateway, &old).await, "Message Expired");
}

#[tokio::test]
async fn an_expired_timestamp_is_refused_beside_a_good_password() {
    let gateway = Gateway::start().await;
    let header = |expires: Time| {
        let stamp = format!(
            "<u:Timestamp xmlns:u=\"{WSU}\"><u:Created>{}</u:Created><u:Expires>{}</u:Expires></u:Timestamp>",
            START.minus(Duration::from_secs(86_400)).seconds(),
            expires.seconds()
        );
        security("demo", "demo-password").replace("<wsse:UsernameToken>", &format!("{stamp}<wsse:UsernameToken>"))
    };
    assert_in(&status(&gateway, &header(START.plus(Duration::from_secs(60)))).await, "a fresh Timestamp");
    assert_out(&status(&gateway, &header(START.minus(Duration::from_secs(7_200)))).await, "Message Expired");
}

#[tokio::test]
async fn nobody_comes_in_without_a_name() {
    let gateway = Gateway::start().await;
    assert_out(&status(&gateway, "").await, "Login Failed");
}

#[tokio::test]
async fn a_wrong_secret_gets_the_services_json() {
    let gateway = Gateway::start().await;
    let asked = json!({"grant_type": "client_credentials", "client_id": "demo", "client_secret": "wrong"});
    let (status, answer) = json_post(&gateway, "/v2/token", &asked).await;
    assert_eq!(status, 401);
    assert_eq!(answer["error"], "invalid_client");
    assert_eq!(answer["error_uri"], "https://developer.salesforce.com/docs");
}
