//! What is configured: connectors, and the routes that lead to them. Read and checked by `config`; nothing here reads a file.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};

use crate::message::client::Secret;

/// A messaging API that envoi speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum System {
    /// Salesforce Interaction API (seed 001).
    Salesforce,
    /// Yeastar P-Series PBX (seed 002).
    Yeastar,
    /// Connectly (seed 003).
    Connectly,
}

impl System {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Salesforce, Self::Yeastar, Self::Connectly];

    /// Its name in the configuration, in commands and in texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Salesforce => "salesforce",
            Self::Yeastar => "yeastar",
            Self::Connectly => "connectly",
        }
    }
}

/// Channels of a PBX, as facts/backends section 2 lists them; the list is open (`…`).
pub const PBX_CHANNELS: [&str; 7] = ["general", "twilio", "telnyx", "bandwidth", "whatsapp", "facebook", "livechat"];

/// As what an AuthorizationContext is known to Salesforce (facts/backends section 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextType {
    /// The developer name of a channel's definition.
    #[default]
    Channel,
    /// An embedded messaging channel.
    Embedded,
    /// A bot of its own (BYOB).
    Participant,
}

impl ContextType {
    /// The value of the header `AuthorizationContextType`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Channel => "ConversationChannelDefinition",
            Self::Embedded => "EmbeddedMessagingChannel",
            Self::Participant => "ExternalConversationParticipant",
        }
    }
}

/// Where a system is reached as whom.
#[derive(Clone, Debug)]
pub enum Api {
    /// JWT bearer token (RS256), headers of facts/backends section 1.
    Salesforce {
        /// Where tokens are asked for, such as `https://login.salesforce.com`; `aud` of the assertion.
        login: String,
        /// Consumer key of the connected app; `iss`.
        consumer_key: String,
        /// User name; `sub`.
        user: String,
        /// Private key of the connected app's certificate: PKCS#8, PEM.
        private_key: Secret,
        /// `OrgId` header, 15 characters.
        org_id: String,
        /// `AuthorizationContext` header: developer name of the ConversationChannelDefinition.
        authorization_context: String,
        /// As what it is known: `AuthorizationContextType`, on the requests that need it.
        context_type: ContextType,
    },
    /// Access token in the query string, thirty minutes; refresh token, a day.
    Yeastar {
        /// Client ID.
        client_id: String,
        /// Client Secret.
        client_secret: Secret,
    },
    /// `X-API-Key`.
    Connectly {
        /// Business id, part of each path.
        business: String,
        /// API key.
        api_key: Secret,
    },
}

/// One connector.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Its name: in routes, logs, metrics, operators' answers.
    pub name: String,
    /// Which system, as whom.
    pub api: Api,
    /// Base URL without a slash at its end: `https://MyDomain.my.salesforce-scrt.com/api/v1`, `https://pbx.example:8088/openapi/v1.0`,
    /// `https://api.connectly.ai/v1`.
    pub base: String,
    /// Certificates of authorities that are trusted beside the system's.
    pub ca: Vec<CertificateDer<'static>>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a request may take, with its connection.
    pub timeout: Duration,
    /// Bytes of an answer that are read.
    pub max_answer: usize,
    /// Requests under way at once.
    pub at_once: usize,
    /// Requests begun in any second.
    pub per_second: u32,
    /// How often a message is tried before it is given up.
    pub max_attempts: u32,
    /// The wait after the first attempt; it doubles with each.
    pub first_delay: Duration,
    /// The longest wait between two attempts.
    pub longest_delay: Duration,
    /// How long after its first attempt a message is tried.
    pub max_age: Duration,
    /// Failures in a row after which nothing is tried for a while.
    pub breaker_failures: u32,
    /// How long, the first time.
    pub breaker_rest: Duration,
    /// What becomes of a message of which nobody knows whether it was taken.
    pub on_ambiguous: Ambiguous,
    /// When an object is done.
    pub complete_on: CompleteOn,
    /// With [`CompleteOn::Delivered`], how long is waited for the webhook before the object ends with an error.
    pub delivered_within: Duration,
    /// Which numbers stand in ErrorCode.
    pub error_numbers: ErrorNumbers,
    /// Whether nothing leaves: requests are made and shown, and count as accepted.
    pub record: bool,
    /// Whether known remedies for state conflicts are tried, once (facts/backends section 5.3).
    pub remedies: bool,
    /// The documented operations that a caller may ask for by their names (PartnerProperty `Operation`); any other is refused.
    pub operations: Vec<String>,
    /// How long a synchronous call waits for the outcome of its messages.
    pub wait: Duration,
    /// What its webhooks are signed with; absent, they are refused.
    pub webhook_secret: Option<Secret>,
    /// What messages have that say nothing else.
    pub defaults: Defaults,
    /// What callers may name.
    pub allowed: Allowed,
}

/// What callers may name in their objects. A default is not theirs, so it need not be there. A route's lists stand before its
/// connector's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Senders: FromAddress, PartnerProperties `Sender` and `Extension`; `*` stands for any characters. None for all.
    pub senders: Vec<String>,
    /// Channels likewise: PartnerProperty `Channel`; of Salesforce FromAddress.
    pub channels: Vec<String>,
}

impl Connector {
    /// Which system it speaks to.
    pub const fn system(&self) -> System {
        match self.api {
            Api::Salesforce { .. } => System::Salesforce,
            Api::Yeastar { .. } => System::Yeastar,
            Api::Connectly { .. } => System::Connectly,
        }
    }
}

/// What is to become of a message that may have been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ambiguous {
    /// It is sent again, at the risk that it arrives twice.
    Retry,
    /// Its object ends with an error; the message is shown as in doubt.
    Stop,
    /// It waits in doubt until an operator says what it is to be; so does its call.
    Ask,
}

/// When the object of a message is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompleteOn {
    /// When the system has accepted it.
    Accepted,
    /// When a webhook has told that it was delivered.
    Delivered,
}

/// Which numbers stand in ErrorCode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorNumbers {
    /// Those of [`codes`](super::codes): no two errors have the same.
    Documented,
    /// The system's own, where it is a number.
    Native,
}

/// What a message is given where its object says nothing. A route's stand before its connector's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// `whatsapp`, `sms` ...; of Salesforce the channel address (`to`).
    pub channel: Option<String>,
    /// The sender: FromAddress, did_number.
    pub sender: Option<String>,
    /// The extension of a PBX as which messages are sent; the API where none is named.
    pub extension: Option<String>,
    /// Name of a template of the channel.
    pub template: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// Template that is sent in place of a free text which may no longer be sent (remedies).
    pub fallback_template: Option<String>,
    /// Text with `%%name%%` marks, for objects without one.
    pub body: Option<String>,
    /// Country of numbers without one, as two letters (ISO 3166-1).
    pub country: Option<String>,
    /// Attribute that holds the number of a subscriber without an SMS address; `Phone` where none is named.
    pub phone_attribute: Option<String>,
    /// Attributes that are the parameters `body_1`, `body_2` ... of a template, in this order.
    pub parameters: Vec<String>,
    /// ConsentStatus of an active subscriber (Salesforce): `ImplicitlyOptedIn`, `ExplicitlyOptedIn`, `DoublyOptedIn`.
    pub opt_in: Option<String>,
}

/// Where objects go that fit it; the first that fits holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name, for `envoi route` and logs.
    pub name: String,
    /// MIDs; none for all.
    pub accounts: Vec<u64>,
    /// Object types; none for all that can go there.
    pub kinds: Vec<String>,
    /// CustomerKey of the definition; `*` stands for any characters.
    pub definition: Option<String>,
    /// PartnerProperties by name, and what they are to be; `*` stands for any characters.
    pub properties: BTreeMap<String, String>,
    /// Attributes likewise.
    pub attributes: BTreeMap<String, String>,
    /// Where it leads.
    pub to: To,
    /// What its messages have that say nothing else.
    pub defaults: Defaults,
    /// What callers may name.
    pub allowed: Allowed,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// The objects that are kept here.
    Store,
    /// E-mail of triggered sends.
    Mail,
    /// The connector with this name; there is one.
    Connector(String),
}

/// All that is configured.
#[derive(Clone, Debug, Default)]
pub struct Connectors {
    /// By name.
    pub connectors: BTreeMap<String, Arc<Connector>>,
    /// In the order of the configuration.
    pub routes: Vec<Route>,
}
