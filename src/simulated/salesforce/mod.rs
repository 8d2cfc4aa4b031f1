//! A Salesforce Interaction API: JWT bearer log-in, required headers, conversations with their sessions, entries, consent and
//! routes.
//!
//! What a page says is refused is refused with its code; what no page says is taken. An address that no operation has is 10089.

mod conversation;
mod history;
mod interaction;
mod routing;

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::{
    Asked, MOST, Reply, Turn,
    bounded::Bounded,
    check::{Wrong, need, needed, text},
    is_over, random,
    settings::{CHANNEL, CONSUMER_KEY, CONTEXT, ORG, USER},
};
use crate::{clock::Time, connector::System};

/// How long a token is good; the documentation does not say.
const TOKEN: Duration = Duration::from_secs(1800);
const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
/// Tokens that are good at once.
const TOKENS: usize = 1000;
/// Entries of one conversation that are remembered.
const ENTRIES: usize = 100;
/// Values of `AuthorizationContextType`. Its spelling differs from page to page, so case does not count.
const CONTEXT_TYPES: [&str; 3] =
    ["ConversationChannelDefinition", "EmbeddedMessagingChannel", "ExternalConversationParticipant"];

type Done = Result<Reply, Wrong>;

pub(super) struct Salesforce {
    login: String,
    public: Vec<u8>,
    tokens: Bounded<String, Time>,
    conversations: Bounded<String, Conversation>,
    /// Ids of conversations by channel and end user: whoever opens one again gets the same.
    of_users: Bounded<(String, String), String>,
    /// consentStatus by channel and end user.
    consents: Bounded<(String, String), String>,
    /// Agent work by work item and user.
    works: Bounded<(String, String), String>,
}

struct Conversation {
    channel: String,
    user: String,
    /// Its messaging session, which is the work item too.
    session: String,
    has_ended: bool,
    is_routed: bool,
    /// Chatbots that have spoken in it.
    chatbots: BTreeSet<String>,
    entries: VecDeque<Value>,
}

impl Conversation {
    fn remember(&mut self, entry: Value) {
        if self.entries.len() >= ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }
}

impl Salesforce {
    pub(super) fn new(login: String, public: Vec<u8>) -> Self {
        Self {
            login,
            public,
            tokens: Bounded::new(TOKENS),
            conversations: Bounded::new(MOST),
            of_users: Bounded::new(MOST),
            consents: Bounded::new(MOST),
            works: Bounded::new(MOST),
        }
    }

    pub(super) fn answer(&mut self, turn: &Turn<'_>) -> Reply {
        if turn.asked.path == "/services/oauth2/token" {
            return self.login(turn.asked, turn.now);
        }
        self.done(turn).unwrap_or_else(|wrong| Reply::refused(System::Salesforce, &wrong, &turn.asked.path))
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
        self.tokens.retain(|until| !is_over(*until, now));
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

    fn done(&mut self, turn: &Turn<'_>) -> Done {
        let (asked, now) = (turn.asked, turn.now);
        let path = asked.path.strip_prefix("/api/v1").unwrap_or_default();
        let method = asked.method.as_str();
        self.check_headers(asked, path, now)?;
        if (method, path) == ("POST", "/interactions") {
            return self.interaction(asked, now);
        }
        need(!asked.body.is_empty(), "10100", "the body", "is missing")?;
        let body =
            asked.json().ok_or_else(|| Wrong::new("10089", "the body", "is no JSON object of application/json"))?;
        match (method, path) {
            ("POST", "/conversation") => self.open(&body),
            ("PATCH", "/consent") => self.consent(&body),
            ("POST", "/messagingSession") => self.session(&body),
            ("POST", "/conversationEntry") => self.say(&body, now),
            ("GET", "/conversationEntry") => self.entries(&body),
            ("POST", "/conversationHistory") => self.history(&body, now),
            ("POST", "/acknowledgement") => self.acknowledge(&body),
            ("POST", "/participant") => self.participant(&body),
            ("POST", "/route") => self.route(&body),
            ("DELETE", "/route") => self.unroute(&body),
            ("POST", "/agentWork") => self.work(&body),
            ("PATCH", "/agentWork") => self.change_work(&body),
            ("POST", "/routingResult") => self.routed(&body),
            ("PATCH", "/capabilities") => routing::capabilities(&body),
            _ => Err(Wrong::new("10089", format!("{method} {path}"), "is no operation")),
        }
    }

    fn check_headers(&self, asked: &Asked, path: &str, now: Time) -> Result<(), Wrong> {
        let needs = |name: &str| asked.header(name).ok_or_else(|| Wrong::new("10016", name, "is missing"));
        let token = needs("Authorization")?.strip_prefix("Bearer ").unwrap_or_default();
        let is_good = self.tokens.get(&token.to_owned()).is_some_and(|until| !is_over(*until, now));
        need(is_good, "10004", "Authorization", "is no token, or one that has expired")?;
        need(needs("OrgId")? == ORG, "10016", "OrgId", "is not the org's")?;
        need(uuid::Uuid::parse_str(needs("RequestId")?).is_ok(), "10016", "RequestId", "is no UUID")?;
        need(needs("AuthorizationContext")? == CONTEXT, "10005", "AuthorizationContext", "is not the app's")?;
        let is_typed = matches!(
            (asked.method.as_str(), path),
            (_, "/conversationEntry" | "/conversationHistory" | "/capabilities") | ("PATCH", "/agentWork")
        );
        let kind = asked.header("AuthorizationContextType");
        let is_kind = kind.is_some_and(|kind| CONTEXT_TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)));
        let expected = format!("expected one of {}", CONTEXT_TYPES.join(", "));
        need(is_kind || (kind.is_none() && !is_typed), "10093", "AuthorizationContextType", &expected)
    }

    /// The conversation that a body names.
    fn named(&mut self, body: &Value) -> Result<(String, &mut Conversation), Wrong> {
        let id = needed(body, "conversationIdentifier", 240, "10018")?.to_owned();
        let unknown = Wrong::new("10025", "conversationIdentifier", "names no conversation");
        let found = self.conversations.get_mut(&id).ok_or(unknown)?;
        Ok((id, found))
    }

    /// The conversation of a channel and an end user: the one that there is, else a new one; with a session in either case.
    fn conversation(&mut self, channel: &str, user: &str) -> (String, String) {
        let key = (channel.to_owned(), user.to_owned());
        let known = self.of_users.get(&key).and_then(|id| Some((id.clone(), self.conversations.get_mut(id)?)));
        if let Some((id, known)) = known {
            if known.has_ended {
                (known.session, known.has_ended, known.is_routed) = (work_item(), false, false);
            }
            return (id, known.session.clone());
        }
        let (id, session) = (uuid::Uuid::new_v4().to_string(), work_item());
        let conversation = Conversation {
            channel: channel.to_owned(),
            user: user.to_owned(),
            session: session.clone(),
            has_ended: false,
            is_routed: false,
            chatbots: BTreeSet::new(),
            entries: VecDeque::new(),
        };
        self.conversations.insert(id.clone(), conversation);
        self.of_users.insert(key, id.clone());
        (id, session)
    }
}

/// An id of a MessagingSession: fifteen characters.
fn work_item() -> String {
    format!("0Mw{}", random(12))
}

fn is_work_item(id: &str) -> bool {
    matches!(id.len(), 15 | 18) && id.starts_with("0Mw") && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A channel address that there is.
fn channel<'v>(body: &'v Value, malformed: &'static str) -> Result<&'v str, Wrong> {
    let channel = needed(body, "channelAddressIdentifier", 240, malformed)?;
    need(channel == CHANNEL, "10017", "channelAddressIdentifier", "is no channel of the org")?;
    Ok(channel)
}

/// A participant: who it is, and whether it is a chatbot.
fn participant(value: &Value) -> Result<(&str, bool), Wrong> {
    need(text(value, "/appType") == Some("custom"), "10037", "appType", "expected custom")?;
    let is_chatbot = match text(value, "/role") {
        Some("Chatbot") => true,
        Some("EndUser") => false,
        _ => return Err(Wrong::new("10043", "role", "expected Chatbot or EndUser")),
    };
    Ok((needed(value, "subject", 255, "10054")?, is_chatbot))
}

/// routingAttributes, where they are given: texts by name.
fn check_attributes(body: &Value) -> Result<(), Wrong> {
    let Some(given) = body.get("routingAttributes") else {
        return Ok(());
    };
    let wrong = |why: &str| Wrong::new("10089", "routingAttributes", why);
    for value in given.as_object().ok_or_else(|| wrong("expected an object"))?.values() {
        let value = value.as_str().ok_or_else(|| wrong("expected texts"))?;
        need(value.chars().count() <= 255, "10096", "routingAttributes", "expected 255 characters at most")?;
    }
    Ok(())
}

/// `{"success": true}`.
fn taken(status: u16) -> Done {
    Ok(Reply::new(status, json!({ "success": true })))
}
