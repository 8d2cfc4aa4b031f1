//! Webhooks of the systems: whether a call is theirs, and what it tells of messages that were accepted (facts/backends sections
//! 2 and 3). Salesforce has none: its events are fetched.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::{
    Connector, Receipt, System,
    judge::json::{first, read as read_json},
};

/// What a webhook tells of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notified {
    /// The system's id of the message.
    pub id: Option<String>,
    /// Our own key, where the system repeats it.
    pub key: Option<String>,
    /// What became of it.
    pub receipt: Receipt,
}

/// Why a webhook cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No JSON object.
    #[error("the body is no JSON object")]
    NoJson,
    /// A status without the message that it is about.
    #[error("the body names no message")]
    NoMessage,
}

/// The header in which a system's signature stands; none for a system that has no webhooks.
pub const fn signature_header(system: System) -> Option<&'static str> {
    match system {
        System::Salesforce => None,
        System::Yeastar => Some("x-signature"),
        System::Connectly => Some("x-connectly-hmac-sha256"),
    }
}

/// Whether a body was signed with the connector's secret: Base64 of HMAC-SHA256 over the bytes as they came, compared in constant
/// time. Without a secret nothing is.
pub fn verify(connector: &Connector, signature: Option<&str>, body: &[u8]) -> bool {
    let secret = connector.webhook_secret.as_ref().map(|secret| secret.expose()).filter(|secret| !secret.is_empty());
    let (Some(secret), Some(signature)) = (secret, signature) else { return false };
    let Ok(signature) = STANDARD.decode(signature.trim()) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

/// What a webhook tells; nothing when it is about something else, or about a status that this version does not know.
///
/// # Errors
/// It is none of the system's.
pub fn read(connector: &Connector, body: &[u8]) -> Result<Vec<Notified>, Unreadable> {
    let value = read_json(body).ok_or(Unreadable::NoJson)?;
    if !value.is_object() {
        return Err(Unreadable::NoJson);
    }
    let told = match connector.system() {
        System::Salesforce => None,
        System::Yeastar => yeastar(&value),
        System::Connectly => connectly(&value),
    };
    match told {
        Some(told) if told.id.is_none() && told.key.is_none() => Err(Unreadable::NoMessage),
        told => Ok(told.into_iter().collect()),
    }
}

/// Topic `delivery_status`: `statusUpdate{id, status, error}`; `callbackData` comes back as it was sent.
fn connectly(value: &Value) -> Option<Notified> {
    let update = value.get("statusUpdate")?;
    let receipt = match first(update, &["status"])?.to_ascii_lowercase().as_str() {
        "sent" => Receipt::Sent,
        "delivered" => Receipt::Delivered,
        "read" => Receipt::Read,
        "delivery_failed" | "failed" => failed(update.get("error").unwrap_or(&Value::Null), &["code", "type"]),
        _ => return None,
    };
    let data = update.get("callbackData").or_else(|| value.get("callbackData")).unwrap_or(&Value::Null);
    let key = first(data, &["key", "envoi"]).or_else(|| super::judge::json::text(data));
    Some(Notified { id: first(update, &["id"]), key, receipt })
}

/// Events 30032 (result) and 30038 (read). `msg` is an object, or a text that holds one; what is told stands in it or in its
/// `data`.
fn yeastar(value: &Value) -> Option<Notified> {
    let event = first(value, &["type"])?;
    let inner = value.get("msg")?;
    let read = inner.as_str().and_then(|text| read_json(text.as_bytes()));
    let inner = read.as_ref().unwrap_or(inner);
    let inner = inner.get("data").unwrap_or(inner);
    let receipt = match (event.as_str(), first(inner, &["delivery_status"]).as_deref()) {
        ("30032", Some("0")) => Receipt::Sent,
        ("30032", Some("1")) => Receipt::Delivered,
        ("30032", Some("2")) => failed(inner, &["send_error"]),
        ("30038", _) => Receipt::Read,
        _ => return None,
    };
    Some(Notified { id: first(inner, &["read_msg_id", "msg_id"]), key: first(inner, &["request_id"]), receipt })
}

/// A failure with the first of these codes that is given.
fn failed(error: &Value, codes: &[&str]) -> Receipt {
    let message = first(error, &["send_error_msg", "userMessage", "message", "userTitle"]).unwrap_or_default();
    let message: String = message.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let code: Option<String> = first(error, codes).map(|code| code.chars().take(LONGEST).collect());
    let message = if message.is_empty() { "the system says no more".to_owned() } else { message };
    Receipt::Failed { code, message }
}

/// Characters of what a webhook says that are kept.
const LONGEST: usize = 500;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::connector::specimen::connector;

    fn told(system: System, body: &str) -> Result<Vec<Notified>, Unreadable> {
        read(&connector(system), body.as_bytes())
    }

    fn one(system: System, body: &str) -> (Option<String>, Option<String>, Receipt) {
        let [Notified { id, key, receipt }] = <[Notified; 1]>::try_from(told(system, body).unwrap()).unwrap();
        (id, key, receipt)
    }

    #[test]
    fn a_signature_is_of_these_bytes_and_this_secret() {
        let connector = connector(System::Connectly);
        // printf '{"a":1}' | openssl dgst -sha256 -hmac secret-of-webhooks -binary | base64
        let signature = Some("xt2fs6Hn4v7MpH+2Gu9YWdfHKoNOxSF1mm/aFR6yfWI=");
        assert!(verify(&connector, signature, br#"{"a":1}"#));
        assert!(!verify(&connector, signature, br#"{"a":2}"#));
        assert!(!verify(&connector, signature, br#"{"a":1} "#));
        for other in [None, Some(""), Some("="), Some("AAAA"), Some("not base64")] {
            assert!(!verify(&connector, other, br#"{"a":1}"#), "{other:?}");
        }
        let open = Connector { webhook_secret: None, ..connector.clone() };
        assert!(!verify(&open, signature, br#"{"a":1}"#));
        let empty = Connector { webhook_secret: Some(crate::message::client::Secret::new("")), ..connector };
        // With an empty key.
        assert!(!verify(&empty, Some("4LqtJ65TNak+KXnmaT52MN59ZrTVv9aHzb8fABj3nLg="), br#"{"a":1}"#));
    }

    #[test]
    fn connectly_tells_of_a_status() {
        let body = |status: &str, error: &str| {
            format!(
                r#"{{"topic":"delivery_status","timestamp":"1641513098","statusUpdate":{{"id":"01FRRWW2ZAHD9GJ1SWY4VF2GBD","status":"{status}","error":{error}}},"callbackData":{{"key":"k-1"}}}}"#
            )
        };
        for (status, receipt) in [
            ("sent", Receipt::Sent),
            ("delivered", Receipt::Delivered),
            ("read", Receipt::Read),
            ("READ", Receipt::Read),
        ] {
            let expected = (Some("01FRRWW2ZAHD9GJ1SWY4VF2GBD".to_owned()), Some("k-1".to_owned()), receipt);
            assert_eq!(one(System::Connectly, &body(status, "null")), expected);
        }
        let error = r#"{"message":"m","type":"ERROR_TYPE_INVALID_REQUEST","code":"ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID","userMessage":"u"}"#;
        let code = Some("ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID".to_owned());
        let failed = Receipt::Failed { code, message: "u".to_owned() };
        assert_eq!(one(System::Connectly, &body("delivery_failed", error)).2, failed);
        let silent = Receipt::Failed { code: None, message: "the system says no more".to_owned() };
        assert_eq!(one(System::Connectly, &body("delivery_failed", "null")).2, silent);
        assert_eq!(told(System::Connectly, &body("of tomorrow", "null")), Ok(vec![]));
        // A customer's message (topic `messages`) is no status.
        assert_eq!(told(System::Connectly, r#"{"sender":{"id":"+1"},"message":{"text":"hi"}}"#), Ok(vec![]));
        assert_eq!(told(System::Connectly, r#"{"statusUpdate":{"status":"sent"}}"#), Err(Unreadable::NoMessage));
    }

    #[test]
    fn yeastar_tells_in_an_object_or_in_a_text() {
        let sent = |msg: &str| one(System::Yeastar, &format!(r#"{{"type":30032,"sn":"1","msg":{msg}}}"#));
        let id = || Some("142".to_owned());
        assert_eq!(sent(r#"{"msg_id":142,"delivery_status":0}"#), (id(), None, Receipt::Sent));
        assert_eq!(sent(r#"{"msg_id":"142","delivery_status":"1"}"#), (id(), None, Receipt::Delivered));
        assert_eq!(sent(r#""{\"msg_id\":142,\"delivery_status\":1,\"request_id\":\"k\"}""#).1.as_deref(), Some("k"));
        let failed =
            sent(r#"{"msg_id":142,"delivery_status":2,"send_error":"too_many_request","send_error_msg":"busy"}"#);
        let code = Some("too_many_request".to_owned());
        assert_eq!(failed.2, Receipt::Failed { code, message: "busy".to_owned() });
        let read =
            r#"{"type":30038,"sn":"1","msg":"{\n\"data\":{\"session_id\":23,\"read_msg_id\":142,\"user_id\":0}\n}"}"#;
        assert_eq!(one(System::Yeastar, read), (id(), None, Receipt::Read));
        assert_eq!(told(System::Yeastar, r#"{"type":30031,"sn":"1","msg":{"msg_id":1}}"#), Ok(vec![]));
        assert_eq!(told(System::Yeastar, r#"{"type":30032,"msg":{"delivery_status":1}}"#), Err(Unreadable::NoMessage));
    }

    #[test]
    fn what_is_no_object_is_none_of_theirs() {
        for body in ["", "null", "[]", "text", "{", "1"] {
            assert_eq!(told(System::Yeastar, body), Err(Unreadable::NoJson), "{body}");
        }
        assert_eq!(told(System::Salesforce, "{}"), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(
            system in prop::sample::select(System::ALL.to_vec()),
            body in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..300),
                r#"\{"(type|msg|statusUpdate|status|id)":("30032"|30038|"\{.{0,30}\}"|\{"(status|id|msg_id)":.{0,20}\})\}"#
                    .prop_map(String::into_bytes),
            ],
            signature in ".{0,60}",
        ) {
            let connector = connector(system);
            let told = read(&connector, &body).unwrap_or_default();
            prop_assert!(told.iter().all(|told| told.id.is_some() || told.key.is_some()));
            prop_assert!(!verify(&connector, Some(&signature), &body));
        }
    }
}
