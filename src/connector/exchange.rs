//! One exchange with a system: the request that is sent, what came back, and what that means.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::message::client::Secret;

/// A request, ready to be sent. Its secrets stand apart, so that it can be shown.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST` and the like.
    pub method: &'static str,
    /// What follows the connector's base, or a whole URL; with its query, without secrets.
    pub target: String,
    /// A parameter of the query that is a secret (Yeastar `access_token`).
    pub query_secret: Option<(&'static str, Secret)>,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// Headers that are secrets (`Authorization`, `X-API-Key`).
    pub secret_headers: Vec<(&'static str, Secret)>,
    /// `Content-Type`; none without a body.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the body is a secret as a whole: a log-in.
    pub is_secret: bool,
}

/// What a log-in gave.
#[derive(Clone, Debug)]
pub struct Token {
    /// What goes with each request.
    pub access: Secret,
    /// What a new one is asked for with (Yeastar).
    pub refresh: Option<Secret>,
    /// How long the first is good, where the system says so.
    pub expires_in: Option<Duration>,
    /// How long the second is good.
    pub refresh_expires_in: Option<Duration>,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `Retry-After`, as it is from now on.
    pub retry_after: Option<Duration>,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
    /// Whether the body was longer than is read, or broke off.
    pub is_cut: bool,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Where it stands.
    pub standing: Standing,
    /// The system's code as it stands in the answer: `10025`, `-1`, `ERROR_CODE_…`.
    pub code: Option<String>,
    /// The system's type of error (Connectly `type`, Salesforce `errorReason`).
    pub kind: Option<String>,
    /// HTTP status; 0 when there was no answer.
    pub http: u16,
    /// What the system, or the connection, says.
    pub message: String,
    /// Id for the system's support (`cntTraceId`).
    pub trace: Option<String>,
    /// The id that the system gave: conversationIdentifier, ULID, number.
    pub id: Option<String>,
    /// How long the system asks to wait, in milliseconds.
    pub after_ms: Option<u64>,
    /// The raw answer without secrets: at most [`Verdict::RAW`] bytes of it, of a reading operation `max_answer` and at most
    /// [`Verdict::READ`]. Where it was cut, that is its last word.
    pub raw: String,
}

impl Verdict {
    /// Bytes of a raw answer that are kept.
    pub const RAW: usize = 4096;
    /// Bytes that are kept at most of what a reading operation was answered, whatever `max_answer` is.
    pub const READ: usize = 1 << 20;
}

/// Where a message stands after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// The system has taken it.
    Accepted,
    /// The system has done a part of it (Yeastar 1).
    Partial,
    /// The system is still at it (Yeastar 2).
    Processing,
    /// It was not taken and will not be.
    Refused,
    /// It was not taken; it may be later.
    Again,
    /// It was not taken since there were too many; that holds for the connector as a whole.
    Limited,
    /// The token is not valid: once more with a new one.
    Unauthorized,
    /// Nobody knows whether it was taken.
    Ambiguous,
}
