//! Connectors and routes as they are written, before they are known to be whole; and the checks of single fields.

use std::{path::PathBuf, time::Duration};

use crate::{
    connector::{Allowed, Ambiguous, CompleteOn, ContextType, ErrorNumbers, System, is_extension, phone},
    message::host::{self, Unfit},
};

/// A connector as it is written, before it is known to be whole.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) system: Option<System>,
    pub(super) base_url: String,
    pub(super) login_url: String,
    pub(super) consumer_key: String,
    pub(super) user: String,
    pub(super) org_id: String,
    pub(super) authorization_context: String,
    pub(super) context_type: ContextType,
    pub(super) client_id: String,
    pub(super) business: String,
    pub(super) private_key: Hidden,
    pub(super) client_secret: Hidden,
    pub(super) api_key: Hidden,
    pub(super) webhook_secret: Hidden,
    pub(super) ca: Option<PathBuf>,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) max_answer: usize,
    pub(super) at_once: usize,
    pub(super) per_second: Option<u32>,
    pub(super) max_attempts: u32,
    pub(super) first_delay: Duration,
    pub(super) longest_delay: Duration,
    pub(super) max_age: Duration,
    pub(super) breaker_failures: u32,
    pub(super) breaker_rest: Duration,
    pub(super) on_ambiguous: Option<Ambiguous>,
    pub(super) complete_on: Option<CompleteOn>,
    pub(super) delivered_within: Duration,
    pub(super) error_numbers: Option<ErrorNumbers>,
    pub(super) record: bool,
    pub(super) remedies: bool,
    pub(super) operations: Vec<String>,
    pub(super) wait: Duration,
    pub(super) allowed: Allowed,
}

/// Where a secret is read from.
#[derive(Default)]
pub(super) struct Hidden {
    pub(super) file: Option<PathBuf>,
    pub(super) variable: Option<String>,
}

/// A route as it is written.
#[derive(Default)]
pub(super) struct RouteDraft {
    pub(super) name: String,
    pub(super) accounts: Vec<String>,
    pub(super) types: Vec<String>,
    pub(super) definition: Option<String>,
    pub(super) to: String,
    pub(super) allowed: Allowed,
}

pub(super) fn given(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || text.contains(char::is_control) {
        Err("expected text of one line".to_owned())
    } else {
        Ok(())
    }
}

/// It stands in paths, in logs and behind `to`.
pub(super) fn name(text: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    match text {
        "store" | "mail" => Err(format!("`{text}` is where a route leads without a connector: expected another name")),
        "" => Err("expected a name".to_owned()),
        text if text.len() <= 64 && text.chars().all(fits) => Ok(()),
        _ => Err("expected lower-case letters, digits, - and _, at most 64".to_owned()),
    }
}

pub(super) fn header(text: &str) -> Result<(), String> {
    match !text.is_empty() && text.bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
        true => Ok(()),
        false => Err("expected letters, digits and signs of ASCII without spaces".to_owned()),
    }
}

pub(super) fn organisation(text: &str) -> Result<(), String> {
    match text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => Ok(()),
        false => Err("expected the 15 letters and digits of an organisation, such as 00D000000000001".to_owned()),
    }
}

pub(super) fn extension(text: &str) -> Result<(), String> {
    match is_extension(text) {
        true => Ok(()),
        false => Err("expected an extension of a PBX: digits".to_owned()),
    }
}

pub(super) fn country(text: &str) -> Result<(), String> {
    if phone::is_country(text) {
        Ok(())
    } else {
        Err("expected a country of two letters (ISO 3166-1), such as DE".to_owned())
    }
}

/// `https`, or `http` to this machine itself.
pub(super) fn url(text: &str) -> Result<(), String> {
    let expected = "expected https://HOST, or http://127.0.0.1:PORT to this machine itself";
    let start = host::url(text).map_err(|unfit| match unfit {
        Unfit::Scheme => expected.to_owned(),
        other => other.to_string(),
    })?;
    if start.rest.contains(['?', '#']) {
        return Err(format!("expected a URL of ASCII without ? and #: {expected}"));
    }
    let _readable: hyper::Uri = text.parse().map_err(|error| format!("{error}: {expected}"))?;
    match start.is_secure || host::is_loopback(start.host) {
        true => Ok(()),
        false => Err(format!("http:// would send secrets in the clear: {expected}")),
    }
}
