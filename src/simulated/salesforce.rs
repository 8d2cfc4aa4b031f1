//! A Salesforce Interaction API: JWT bearer log-in, required headers, interactions with their rules about ids and files.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::{
    Asked, Reply, fault, is_over, random,
    settings::{CHANNEL, CONSUMER_KEY, CONTEXT, ORG, USER},
    text,
};
use crate::{clock::Time, connector::System};

/// How long a token is good; the documentation does not say.
const TOKEN: Duration = Duration::from_secs(1800);
const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";

pub(super) struct Salesforce {
    login: String,
    public: Vec<u8>,
    tokens: BTreeMap<String, Time>,
    /// Conversations by channel and end user.
    conversations: BTreeMap<(String, String), String>,
}

impl Salesforce {
    pub(super) fn new(login: String, public: Vec<u8>) -> Self {
        Self { login, public, tokens: BTreeMap::new(), conversations: BTreeMap::new() }
    }

    pub(super) fn answer(&mut self, asked: &Asked, now: Time) -> Reply {
        if asked.path == "/services/oauth2/token" {
            return self.login(asked, now);
        }
        match self.done(asked, now) {
            Ok(reply) => reply,
            Err(code) => {
                let (status, body) = fault::told(System::Salesforce, code, &asked.path);
                Reply::new(status, body)
            }
        }
    }

    fn login(&mut self, asked: &Asked, now: Time) -> Reply {
        let refused = |what: &str| Reply::new(400, json!({ "error": "invalid_grant", "error_description": what }));
        let form = String::from_utf8_lossy(&asked.body);
        let Some(claims) = form.strip_prefix(GRANT).and_then(|assertion| self.claims(assertion)) else {
            return refused("invalid assertion");
        };
        let is_ours = text(&claims, "/iss") == Some(CONSUMER_KEY)
            && text(&claims, "/sub") == Some(USER)
            && text(&claims, "/aud") == Some(&self.login);
        let until = claims.get("exp").and_then(Value::as_i64).unwrap_or_default().saturating_mul(1000);
        if !is_ours {
            return refused("user hasn't approved this consumer");
        }
        if is_over(Time::from_millis(until), now) {
            return refused("expired authorization code");
        }
        let token = format!("{ORG}!{}", random(40));
        self.tokens.retain(|_, until| !is_over(*until, now));
        self.tokens.insert(token.clone(), now.plus(TOKEN));
        Reply::new(200, json!({ "access_token": token, "scope": "interaction_api", "token_type": "Bearer" }))
    }

    /// What an assertion claims, when the key signed it.
    fn claims(&self, assertion: &str) -> Option<Value> {
        let (signed, signature) = assertion.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public);
        key.verify(signed.as_bytes(), &signature).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
        serde_json::from_slice(&claims).ok()
    }

    fn done(&mut self, asked: &Asked, now: Time) -> Result<Reply, &'static str> {
        let token = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).ok_or("10004")?;
        if self.tokens.get(token).is_none_or(|until| is_over(*until, now)) {
            return Err("10004");
        }
        let is_uuid = asked.header("requestid").is_some_and(|id| uuid::Uuid::parse_str(id).is_ok());
        if asked.header("orgid") != Some(ORG) || !is_uuid {
            return Err("10016");
        }
        if asked.header("authorizationcontext") != Some(CONTEXT) {
            return Err("10005");
        }
        let path = asked.path.strip_prefix("/api/v1").unwrap_or_default();
        if (asked.method.as_str(), path) == ("POST", "/interactions") {
            return self.interaction(asked);
        }
        let body = asked.json().unwrap_or_default();
        let conversation = text(&body, "/conversationIdentifier");
        let is_known = || conversation.is_some_and(|id| self.conversations.values().any(|known| known == id));
        let ok = |status| Ok(Reply::new(status, json!({ "success": true })));
        match (asked.method.as_str(), path) {
            ("POST", "/conversation") => {
                let user = text(&body, "/participants/0/subject").ok_or("10039")?.to_owned();
                let id = self.conversation(text(&body, "/channelAddressIdentifier"), user)?;
                let body = json!({ "success": true, "conversationIdentifier": id, "messagingSessionId": random(15) });
                Ok(Reply::new(202, body))
            }
            ("PATCH", "/consent") => match text(&body, "/consentStatus") {
                Some("OptedOut" | "ImplicitlyOptedIn" | "ExplicitlyOptedIn" | "DoublyOptedIn") => ok(200),
                _ => Err("10021"),
            },
            ("POST", "/messagingSession") if is_known() => ok(200),
            ("POST", "/messagingSession") => {
                Ok(Reply::new(200, json!({ "success": false, "errorReason": "SESSION_NOT_FOUND" })))
            }
            ("POST" | "GET", "/conversationEntry") if !is_known() => Err("10025"),
            ("GET", "/conversationEntry") => Ok(Reply::new(200, json!({ "success": true, "conversationEntries": [] }))),
            ("POST", "/conversationEntry" | "/conversationHistory" | "/route") | ("DELETE", "/route") => ok(202),
            ("POST", "/acknowledgement" | "/participant" | "/routingResult" | "/agentWork")
            | ("PATCH", "/agentWork" | "/capabilities") => ok(200),
            _ => Err("500"),
        }
    }

    fn conversation(&mut self, channel: Option<&str>, user: String) -> Result<String, &'static str> {
        let channel = channel.filter(|channel| *channel == CHANNEL).ok_or("10017")?.to_owned();
        Ok(self.conversations.entry((channel, user)).or_insert_with(|| uuid::Uuid::new_v4().to_string()).clone())
    }

    fn interaction(&mut self, asked: &Asked) -> Result<Reply, &'static str> {
        let (json, files) = parts(asked).ok_or("10016")?;
        let interactions = json.get("interactions").and_then(Value::as_array).filter(|list| list.len() == 1);
        let interaction = interactions.and_then(|list| list.first()).ok_or("10029")?;
        let user = text(&json, "/from").filter(|from| !from.is_empty() && from.len() <= 255).ok_or("10028")?.to_owned();
        match text(interaction, "/interactionType") {
            Some("EntryInteraction") => {
                let message = text(interaction, "/payload/abstractMessage/id").unwrap_or_default();
                let entry = text(interaction, "/payload/id").unwrap_or_default();
                if entry.is_empty() || message.is_empty() {
                    return Err("10059");
                }
                if entry != message {
                    return Err("10060");
                }
                if files != 0 {
                    return Err("10011");
                }
            }
            Some("AttachmentInteraction") => {
                if text(interaction, "/id").is_none() {
                    return Err("10007");
                }
                match interaction.get("contentLength").and_then(Value::as_u64) {
                    None => return Err("10010"),
                    Some(0) => return Err("10009"),
                    Some(length) if length > 25 << 20 => return Err("10008"),
                    Some(_) => {}
                }
                if files != 1 {
                    return Err("10011");
                }
            }
            _ => return Err("10029"),
        }
        let conversation = self.conversation(text(&json, "/to"), user)?;
        let id = uuid::Uuid::new_v4().to_string();
        let body = json!({ "conversationIdentifier": conversation, "id": id, "workItemIds": [], "success": true });
        Ok(Reply::new(202, body))
    }
}

/// The part `json` of a form, and how many files there are.
fn parts(asked: &Asked) -> Option<(Value, usize)> {
    let boundary = asked.header("content-type")?.strip_prefix("multipart/form-data; boundary=")?;
    let mark = format!("--{boundary}");
    let mut starts = Vec::new();
    let mut from = 0;
    while let Some(at) = asked.body.get(from..)?.windows(mark.len()).position(|part| part == mark.as_bytes()) {
        starts.push(from + at);
        from += at + mark.len();
    }
    let (mut json, mut files) = (None, 0);
    for pair in starts.windows(2) {
        let [start, end] = pair else { continue };
        let part = asked.body.get(start + mark.len()..*end)?;
        let at = part.windows(4).position(|part| part == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(part.get(..at)?).into_owned();
        if head.contains("name=\"json\"") {
            json = serde_json::from_slice(part.get(at + 4..)?.trim_ascii()).ok();
        } else if head.contains("name=\"attachments\"") {
            files += 1;
        }
    }
    Some((json?, files))
}
