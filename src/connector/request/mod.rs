//! The HTTP request of a message, and of a log-in. Secrets stand apart, so that a request can be shown ([`Request::shown`]).
//!
//! It decides nothing: what a message needs was found when it was planned. The time goes in where an API wants it.

mod connectly;
mod file;
mod salesforce;
mod shown;
#[cfg(test)]
mod tests;
mod token;
mod yeastar;

use serde_json::Value;

pub(super) use self::file::File;
pub use self::token::{check_private_key, read_token, revocation, revoked, token_request};
use super::{Api, Connector, Message, Request, exchange};
use crate::{clock::Time, message::client::Secret};

pub(super) const JSON: &str = "application/json";

/// The request of a message. Without a token (a connector that records, `envoi route`) its place is empty.
///
/// # Errors
/// What of the message cannot be written as a request, for the log and the row.
pub fn request(connector: &Connector, message: &Message, token: Option<&Secret>, now: Time) -> Result<Request, String> {
    match &connector.api {
        Api::Salesforce { org_id, authorization_context, context_type, .. } => {
            let headers = salesforce::Headers { org_id, authorization_context, context_type: *context_type, token };
            salesforce::request(message, headers, now)
        }
        Api::Yeastar { .. } => yeastar::request(message, token),
        Api::Connectly { business, api_key } => connectly::request(message, business, api_key),
    }
}

/// A request with a JSON body.
fn json(method: &'static str, target: impl Into<String>, body: &Value) -> Request {
    Request {
        method,
        target: target.into(),
        query_secret: None,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        content_type: Some(JSON.to_owned()),
        body: body.to_string().into_bytes(),
        is_secret: false,
    }
}

/// A request without a body.
fn bare(method: &'static str, target: impl Into<String>) -> Request {
    exchange::Request { content_type: None, body: Vec::new(), ..json(method, target, &Value::Null) }
}

/// The body of an [`Action::Other`](super::Action::Other): a JSON object, as it was checked when it was planned.
fn members(body: &str) -> Result<Value, String> {
    serde_json::from_str(body).map_err(|error| format!("the body of the operation is no JSON: {error}"))
}

/// An operation that is none of the table: the record of a program that knew more.
fn unknown(operation: &str) -> String {
    format!("there is no operation `{operation}`")
}

/// What a system has no request for: the record of a program that knew more.
fn impossible(message: &Message) -> String {
    format!("{} has no request for {:?}", message.system.name(), message.action)
}

/// Text as it may stand in a path or a query (RFC 3986 section 2.3).
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
