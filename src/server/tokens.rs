//! What SDKs ask before their first SOAP call: `v2/token`, `v1/requestToken`, `platform/v1/endpoints/soap`.
//!
//! Request in, JSON answer out; no socket here. The texts are the service's where one was captured. Ours are: an
//! `account_id` that the client may not act for (400 `invalid_request`), a throttled source (429), and every 400.

use std::{net::IpAddr, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use crate::message::client::{Client, Credentials, Denied, Secret, bearer, token::Kind};

const DOCUMENTATION: &str = "https://developer.salesforce.com/docs";

/// What a handler reads of an HTTP request.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Path, without the query.
    pub path: &'a str,
    /// Query, without `?`; may be empty.
    pub query: &'a str,
    /// The Authorization header.
    pub authorization: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// Scheme and host as the caller knows them, without a path.
    pub public_url: &'a str,
    /// Who asks.
    pub peer: IpAddr,
}

/// What goes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers beside Content-Type (`application/json`).
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Value,
}

/// The endpoints, each at any path that ends with its name in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// POST …/v2/token
    Token,
    /// POST …/v1/requestToken
    RequestToken,
    /// GET …/platform/v1/endpoints/KEY
    Endpoints,
}

impl Endpoint {
    /// The endpoint that a path names. Other keys than `soap` have an answer of their own (404, errorcode 30003).
    pub fn of(path: &str) -> Option<Self> {
        let lower = path.to_ascii_lowercase();
        if lower.ends_with(TOKEN) {
            Some(Self::Token)
        } else if lower.ends_with(REQUEST_TOKEN) {
            Some(Self::RequestToken)
        } else {
            let (_, key) = lower.rsplit_once(ENDPOINTS)?;
            (!key.contains('/')).then_some(Self::Endpoints)
        }
    }
}

const TOKEN: &str = "/v2/token";
const REQUEST_TOKEN: &str = "/v1/requesttoken";
const ENDPOINTS: &str = "/platform/v1/endpoints/";

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    account_id: Option<Value>,
    scope: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestToken {
    client_id: Option<String>,
    client_secret: Option<String>,
    access_type: Option<String>,
    refresh_token: Option<String>,
}

impl Access {
    /// Answers one of the three endpoints.
    pub async fn answer(&self, endpoint: Endpoint, asked: Asked<'_>) -> Answer {
        match endpoint {
            Endpoint::Token => self.token_v2(asked).await,
            Endpoint::RequestToken => self.request_token_v1(asked).await,
            Endpoint::Endpoints => self.endpoints(asked),
        }
    }

    async fn token_v2(&self, asked: Asked<'_>) -> Answer {
        let Ok(request) = serde_json::from_slice::<TokenRequest>(without_bom(asked.body)) else {
            return oauth(400, "invalid_request", "The body has to be a JSON object, with strings for its values.");
        };
        match request.grant_type.as_deref() {
            Some("client_credentials") => {}
            Some(_) => {
                return oauth(400, "unsupported_grant_type", "Only grant_type client_credentials is supported.");
            }
            None => return oauth(400, "invalid_request", "grant_type is missing: expected client_credentials."),
        }
        let (Some(id), Some(secret)) = (&request.client_id, request.client_secret) else {
            return oauth(400, "invalid_request", "client_id and client_secret are needed.");
        };
        let client = match self.api_client(id, &Secret::new(secret), asked.peer).await {
            Ok(client) => client,
            Err(Denied::Throttled { retry_after }) => {
                let answer = oauth(429, "temporarily_unavailable", "Too many failed attempts. Try again later.");
                return answer.retry_after(retry_after);
            }
            Err(_) => return oauth(401, "invalid_client", INVALID_CLIENT),
        };
        let client = match account(&client, request.account_id.as_ref()) {
            Ok(client) => client,
            Err(description) => return oauth(400, "invalid_request", &description),
        };
        let (client, scope) = match client.scoped(request.scope.as_deref()) {
            Ok(scoped) => scoped,
            Err(foreign) => {
                return oauth(400, "invalid_scope", &format!("Not among the scopes of this client: {foreign}"));
            }
        };
        let lifetime = self.settings().token_lifetime;
        let Some(token) = self.issue(&client, Kind::Access, lifetime) else {
            return oauth(500, "server_error", "The token could not be made.");
        };
        // No refresh_token: the Fuel SDKs would present it next time, with another grant type.
        let base = base(&asked, TOKEN);
        Answer::new(
            200,
            json!({
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": lifetime.as_secs(),
                "scope": scope,
                "soap_instance_url": base,
                "rest_instance_url": base,
            }),
        )
    }

    async fn request_token_v1(&self, asked: Asked<'_>) -> Answer {
        let Ok(request) = serde_json::from_slice::<RequestToken>(without_bom(asked.body)) else {
            return fuel(400, 0, "The body has to be a JSON object, with strings for its values.");
        };
        let (Some(id), Some(secret)) = (&request.client_id, request.client_secret) else {
            return fuel(400, 0, "clientId and clientSecret are needed.");
        };
        let client = match self.api_client(id, &Secret::new(secret), asked.peer).await {
            Ok(client) => client,
            Err(Denied::Throttled { retry_after }) => {
                return fuel(429, 0, "Too many failed attempts. Try again later.").retry_after(retry_after);
            }
            Err(_) => return fuel(401, 1, "Unauthorized"),
        };
        // A refresh token adds nothing to id and secret but the account; a foreign or expired one is still refused.
        let client = match request.refresh_token.as_deref().filter(|token| !token.is_empty()) {
            None => client,
            Some(token) => match self.token(token, &[Kind::Refresh]) {
                Ok(refreshed) if refreshed.key() == client.key() => refreshed,
                _ => return fuel(401, 1, "Unauthorized"),
            },
        };
        let lifetime = self.settings().legacy_token_lifetime;
        let mut body = json!({ "expiresIn": lifetime.as_secs() });
        let legacy = asked.query.split('&').any(|pair| pair.eq_ignore_ascii_case("legacy=1"));
        let offline = request.access_type.as_deref() == Some("offline");
        let wanted = [
            Some(("accessToken", Kind::Access, lifetime)),
            legacy.then_some(("legacyToken", Kind::Legacy, lifetime)),
            offline.then_some(("refreshToken", Kind::Refresh, self.settings().refresh_lifetime)),
        ];
        for (name, kind, lifetime) in wanted.into_iter().flatten() {
            let (Some(token), Some(fields)) = (self.issue(&client, kind, lifetime), body.as_object_mut()) else {
                return fuel(500, 0, "The token could not be made.");
            };
            fields.insert(name.into(), token.into());
        }
        Answer::new(200, body)
    }

    fn endpoints(&self, asked: Asked<'_>) -> Answer {
        let client = asked.authorization.and_then(bearer).map(|token| self.token(token, &Credentials::KINDS));
        if !matches!(client, Some(Ok(_))) {
            let mut answer = fuel(401, 0, "Not Authorized");
            answer.headers.push(("WWW-Authenticate", "Bearer".into()));
            return answer;
        }
        let key = asked.path.rsplit('/').next().unwrap_or_default();
        if !key.eq_ignore_ascii_case("soap") {
            return fuel(404, 30003, &format!("No endpoint exists for key '{key}'."));
        }
        let base = base(&asked, &format!("{ENDPOINTS}{key}"));
        Answer::new(200, json!({ "type": "soap", "url": format!("{base}Service.asmx") }))
    }
}

const INVALID_CLIENT: &str = "Client authentication failed. Make sure that the client ID and client secret are valid \
                              and that the package is installed and enabled.";

/// The client in the account that the request names, if any: a string from the Fuel SDKs, a number from sfmc-sdk.
fn account(client: &Client, account_id: Option<&Value>) -> Result<Client, String> {
    let mid = match account_id {
        None | Some(Value::Null) => return Ok(client.clone()),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(client.clone()),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        Some(_) => None,
    };
    let mid = mid.ok_or("account_id has to be the number of an account (MID), as a number or a string.")?;
    client.acting_for(mid).ok_or_else(|| format!("This client may not act for account_id {mid}, or there is none."))
}

/// The address under which the endpoints stand, with the slash that SDKs rely on when they append `Service.asmx`.
/// FuelSDK for Ruby appends `/v2/token` to its address again at every renewal, so it may stand there repeatedly.
fn base(asked: &Asked<'_>, name: &str) -> String {
    let mut prefix = asked.path;
    while let Some(end) = prefix.len().checked_sub(name.len()).filter(|end| prefix.is_char_boundary(*end)) {
        let (before, last) = prefix.split_at(end);
        if !last.eq_ignore_ascii_case(name) {
            break;
        }
        prefix = before;
    }
    format!("{}{}/", asked.public_url.trim_end_matches('/'), prefix.trim_end_matches('/'))
}

/// An error as OAuth 2.0 has it.
fn oauth(status: u16, error: &str, description: &str) -> Answer {
    Answer::new(status, json!({ "error": error, "error_description": description, "error_uri": DOCUMENTATION }))
}

/// An error as the service's REST side has it.
fn fuel(status: u16, code: u32, message: &str) -> Answer {
    Answer::new(status, json!({ "documentation": DOCUMENTATION, "errorcode": code, "message": message }))
}

impl Answer {
    /// RFC 6749 section 5.1: nobody may keep a token on the way.
    fn new(status: u16, body: Value) -> Self {
        Self { status, headers: vec![("Cache-Control", "no-store".into())], body }
    }

    fn retry_after(mut self, wait: Duration) -> Self {
        self.headers.push(("Retry-After", wait.as_secs().saturating_add(1).to_string()));
        self
    }
}

/// .NET writers put a byte order mark before JSON too.
fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}
