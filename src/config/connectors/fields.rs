//! The tables of `[[connector]]`, `[[route]]` and their `defaults`: one row for each field, in the order of the README.

use std::time::Duration;

use super::{
    choice::{COMPLETE_ON, CONTEXT_TYPES, ERROR_CODES, ON_AMBIGUOUS, meant, words},
    draft::{Draft, RouteDraft, country, extension, given, header, name, organisation, url},
};
use crate::{
    config::value::Kind,
    connector::{ContextType, Defaults, System},
};

/// One field.
pub(super) struct Field<C: 'static> {
    pub(super) key: &'static str,
    /// Its default, as the file would have it; empty for none.
    pub(super) default: &'static str,
    pub(super) kind: Kind<C>,
    /// What it is for, in a sentence.
    pub(super) doc: &'static str,
    /// The system that it is for; none for all.
    pub(super) only: Option<System>,
}

const fn row<C>(key: &'static str, default: &'static str, kind: Kind<C>, doc: &'static str) -> Field<C> {
    Field { key, default, kind, doc, only: None }
}

const fn of<C>(system: System, key: &'static str, default: &'static str, kind: Kind<C>, doc: &'static str) -> Field<C> {
    Field { key, default, kind, doc, only: Some(system) }
}

const fn text<C>(put: fn(&mut C, String)) -> Kind<C> {
    Kind::Text { check: given, put }
}

const fn seconds(min: u64, max: u64, put: fn(&mut Draft, Duration)) -> Kind<Draft> {
    Kind::Duration { min: Duration::from_secs(min), max: Duration::from_secs(max), put }
}

/// Numbers here are bounded by their rows, so none is cut short.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

const SALESFORCE: System = System::Salesforce;
const YEASTAR: System = System::Yeastar;
const CONNECTLY: System = System::Connectly;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

const SENDERS: &str = "Senders that callers may name (FromAddress, PartnerProperties `Sender` and `Extension`, and what the body of an `Operation` names), beside the default one; `*` stands for any characters. A number that fits as +49… alone is sent so too. Where none is given any: the system itself takes only its own.";
const CHANNELS: &str = "Channels that callers may name (PartnerProperty `Channel`; of Salesforce FromAddress) likewise. Where senders or channels are limited, callers may not name a `Session` of a PBX.";

/// Fields of `[[connector]]`.
pub(super) const CONNECTOR: &[Field<Draft>] = &[
    row(
        "name",
        "",
        Kind::Text { check: name, put: |c, v| c.name = v },
        "Its name, in routes, logs and webhooks (`/connectors/NAME/webhook`).",
    ),
    row(
        "system",
        "",
        Kind::Choice {
            of: &["salesforce", "yeastar", "connectly"],
            put: |c, v| c.system = System::ALL.into_iter().find(|system| system.name() == v),
        },
        "Which API it speaks: Salesforce Interaction API, Yeastar P-Series, Connectly.",
    ),
    row(
        "base_url",
        "",
        Kind::Text { check: url, put: |c, v| c.base_url = v },
        "Where the API is: `https://MyDomain.my.salesforce-scrt.com/api/v1`, `https://pbx.example:8088/openapi/v1.0`; of Connectly `https://api.connectly.ai/v1` where none is given. Plain http only to this machine.",
    ),
    of(
        SALESFORCE,
        "login_url",
        "https://login.salesforce.com",
        Kind::Text { check: url, put: |c, v| c.login_url = v },
        "Where tokens are asked for; a sandbox has `https://test.salesforce.com`.",
    ),
    of(SALESFORCE, "consumer_key", "", text(|c, v| c.consumer_key = v), "Consumer key of the connected app."),
    of(SALESFORCE, "user", "", text(|c, v| c.user = v), "The user as whom it logs in."),
    of(
        SALESFORCE,
        "private_key_file",
        "",
        Kind::File { put: |c, v| c.private_key.file = Some(v) },
        "PEM file with the private RSA key of the connected app's certificate.",
    ),
    of(
        SALESFORCE,
        "private_key_env",
        "",
        text(|c, v| c.private_key.variable = Some(v)),
        "Environment variable that holds that key instead.",
    ),
    of(
        SALESFORCE,
        "org_id",
        "",
        Kind::Text { check: organisation, put: |c, v| c.org_id = v },
        "The organisation, 15 characters.",
    ),
    of(
        SALESFORCE,
        "authorization_context",
        "",
        Kind::Text { check: header, put: |c, v| c.authorization_context = v },
        "Developer name of the ConversationChannelDefinition.",
    ),
    of(
        SALESFORCE,
        "authorization_context_type",
        ContextType::Channel.name(),
        Kind::Choice {
            of: &const { words(&CONTEXT_TYPES) },
            put: |c, v| c.context_type = meant(&CONTEXT_TYPES, v).unwrap_or_default(),
        },
        "As what Salesforce knows that name, on the requests that need to say it (conversationEntry, conversationHistory, capabilities, agentWork); a bot of its own (BYOB) is an ExternalConversationParticipant.",
    ),
    of(YEASTAR, "client_id", "", text(|c, v| c.client_id = v), "Client ID of the PBX's API."),
    of(
        YEASTAR,
        "client_secret_file",
        "",
        Kind::File { put: |c, v| c.client_secret.file = Some(v) },
        "File that holds the Client Secret.",
    ),
    of(
        YEASTAR,
        "client_secret_env",
        "",
        text(|c, v| c.client_secret.variable = Some(v)),
        "Environment variable that holds it instead.",
    ),
    of(CONNECTLY, "business", "", text(|c, v| c.business = v), "The id of the business."),
    of(
        CONNECTLY,
        "api_key_file",
        "",
        Kind::File { put: |c, v| c.api_key.file = Some(v) },
        "File that holds the API key.",
    ),
    of(
        CONNECTLY,
        "api_key_env",
        "",
        text(|c, v| c.api_key.variable = Some(v)),
        "Environment variable that holds it instead.",
    ),
    row(
        "webhook_secret_file",
        "",
        Kind::File { put: |c, v| c.webhook_secret.file = Some(v) },
        "File that holds what its webhooks are signed with (Yeastar, Connectly); without a secret they are refused.",
    ),
    row(
        "webhook_secret_env",
        "",
        text(|c, v| c.webhook_secret.variable = Some(v)),
        "Environment variable that holds it instead.",
    ),
    row(
        "ca",
        "",
        Kind::File { put: |c, v| c.ca = Some(v) },
        "PEM file with certificates of authorities that are trusted beside the system's: for a PBX with a certificate of its own.",
    ),
    row(
        "connect_timeout",
        "10s",
        seconds(1, 600, |c, v| c.connect_timeout = v),
        "How long a connection may take to be made; where none is given, no longer than `timeout`.",
    ),
    row("timeout", "30s", seconds(1, HOUR, |c, v| c.timeout = v), "How long a request may take, with its connection."),
    row(
        "max_answer",
        "256KiB",
        Kind::Size { min: 1024, max: 1 << 26, put: |c, v| c.max_answer = place(v) },
        "Bytes of an answer that are read.",
    ),
    row(
        "at_once",
        "10",
        Kind::Number { min: 1, max: 10_000, put: |c, v| c.at_once = place(v) },
        "Requests under way at once. There is never more than one for a recipient and channel.",
    ),
    row(
        "per_second",
        "",
        Kind::Number { min: 1, max: 100_000, put: |c, v| c.per_second = Some(small(v)) },
        "Requests begun in any second; where none is given 2000 (Salesforce), 10 (Yeastar), 200 (Connectly).",
    ),
    row(
        "max_attempts",
        "8",
        Kind::Number { min: 1, max: 1000, put: |c, v| c.max_attempts = small(v) },
        "How often a message is tried before it is given up.",
    ),
    row(
        "first_delay",
        "2s",
        seconds(1, DAY, |c, v| c.first_delay = v),
        "The wait after the first attempt; it doubles with each. Retry-After counts when it is longer.",
    ),
    row("longest_delay", "5m", seconds(1, DAY, |c, v| c.longest_delay = v), "The longest wait between two attempts."),
    row(
        "max_age",
        "1d",
        seconds(1, 30 * DAY, |c, v| c.max_age = v),
        "How long after its first attempt a message is tried.",
    ),
    row(
        "breaker_failures",
        "5",
        Kind::Number { min: 1, max: 1_000_000, put: |c, v| c.breaker_failures = small(v) },
        "Failures in a row after which nothing is sent for a while.",
    ),
    row(
        "breaker_rest",
        "30s",
        seconds(1, DAY, |c, v| c.breaker_rest = v),
        "How long that is, the first time; also after a log-in that failed.",
    ),
    row(
        "on_ambiguous",
        "stop",
        Kind::Choice { of: &const { words(&ON_AMBIGUOUS) }, put: |c, v| c.on_ambiguous = meant(&ON_AMBIGUOUS, v) },
        "What becomes of a message that may have been taken: sent again (it may arrive twice), an error (it may not arrive), or in doubt until an operator decides.",
    ),
    row(
        "complete_on",
        "accepted",
        Kind::Choice { of: &const { words(&COMPLETE_ON) }, put: |c, v| c.complete_on = meant(&COMPLETE_ON, v) },
        "When an object is done: when the system has taken its message, or when a webhook has told that it arrived.",
    ),
    row(
        "delivered_within",
        "1d",
        seconds(1, 30 * DAY, |c, v| c.delivered_within = v),
        "With `delivered`: how long is waited for that webhook before the object ends with an error.",
    ),
    row(
        "error_codes",
        "documented",
        Kind::Choice { of: &const { words(&ERROR_CODES) }, put: |c, v| c.error_numbers = meant(&ERROR_CODES, v) },
        "Which numbers stand in ErrorCode: those of the table, no two alike, or the system's own.",
    ),
    row(
        "record",
        "false",
        Kind::Flag { put: |c, v| c.record = v },
        "Nothing leaves: requests are made and shown (`envoi delivery ID`), and count as accepted.",
    ),
    row(
        "remedies",
        "false",
        Kind::Flag { put: |c, v| c.remedies = v },
        "Whether known ways out of a refusal are tried, once: the fallback template for a closed window, a new session for one that is over.",
    ),
    row(
        "operations",
        "",
        Kind::Texts { put: |c, v| c.operations = v },
        "Names of the other documented operations that callers may ask for by PartnerProperty `Operation`; where none is given there are none.",
    ),
    row(
        "wait",
        "30s",
        seconds(1, HOUR, |c, v| c.wait = v),
        "How long a synchronous call waits for the outcome of its messages.",
    ),
    row("senders", "", Kind::Texts { put: |c, v| c.allowed.senders = v }, SENDERS),
    row("channels", "", Kind::Texts { put: |c, v| c.allowed.channels = v }, CHANNELS),
];

/// Fields of `[connector.defaults]` and `[route.defaults]`.
pub(super) const DEFAULTS: &[Field<Defaults>] = &[
    row(
        "channel",
        "",
        text(|d, v| d.channel = Some(v)),
        "`whatsapp`, `facebook` …; of Salesforce the channel address.",
    ),
    row(
        "sender",
        "",
        text(|d, v| d.sender = Some(v)),
        "The sender: the DID number of the channel (Yeastar), the number of the business (Connectly), the bot that speaks (Salesforce).",
    ),
    of(
        YEASTAR,
        "extension",
        "",
        Kind::Text { check: extension, put: |d, v| d.extension = Some(v) },
        "Extension of the PBX as which messages are sent; the API where none is given.",
    ),
    row(
        "template",
        "",
        text(|d, v| d.template = Some(v)),
        "Template of the channel that is sent where the object has no text.",
    ),
    row("language", "", text(|d, v| d.language = Some(v)), "Language of templates, such as `en_US`."),
    row(
        "parameters",
        "",
        Kind::Texts { put: |d, v| d.parameters = v },
        "Attributes that are `body_1`, `body_2` … of a template, in this order.",
    ),
    row(
        "fallback_template",
        "",
        text(|d, v| d.fallback_template = Some(v)),
        "Template that is sent in place of a text which may no longer be sent (`remedies`).",
    ),
    row(
        "body",
        "",
        Kind::Text {
            check: |text| if text.is_empty() { Err("expected a text".to_owned()) } else { Ok(()) },
            put: |d, v| d.body = Some(v),
        },
        "Text with `%%name%%` for attributes, sent where the object has none.",
    ),
    row(
        "country",
        "",
        Kind::Text { check: country, put: |d, v| d.country = Some(v.to_uppercase()) },
        "Country of numbers that name none, as two letters.",
    ),
    row(
        "phone_attribute",
        "",
        text(|d, v| d.phone_attribute = Some(v)),
        "Attribute that holds the number of a subscriber without an SMS address; `Phone` where none is given.",
    ),
    row(
        "opt_in",
        "",
        Kind::Choice {
            of: &["ImplicitlyOptedIn", "ExplicitlyOptedIn", "DoublyOptedIn"],
            put: |d, v| d.opt_in = Some(v.to_owned()),
        },
        "The consent of a subscriber who becomes Active (Salesforce).",
    ),
];

/// Fields of `[[route]]`, but for its tables.
pub(super) const ROUTE: &[Field<RouteDraft>] = &[
    row(
        "name",
        "",
        text(|r, v| r.name = v),
        "Its name, in logs and `envoi route`; where none is given its place, such as `route 1`.",
    ),
    row(
        "accounts",
        "",
        Kind::Texts { put: |r, v| r.accounts = v },
        "Accounts (MIDs) that it is for; all where none is given.",
    ),
    row(
        "types",
        "",
        Kind::Texts { put: |r, v| r.types = v },
        "Object types that it is for; where none is given sends and subscribers that can go there. List, Email and TriggeredSendDefinition go only where they are named.",
    ),
    row(
        "definition",
        "",
        text(|r, v| r.definition = Some(v)),
        "CustomerKey of the definition; `*` stands for any characters.",
    ),
    row("to", "", text(|r, v| r.to = v), "`store`, `mail`, or the name of a connector."),
    row(
        "senders",
        "",
        Kind::Texts { put: |r, v| r.allowed.senders = v },
        "Senders that callers may name, as of a connector; a route's stand before its connector's.",
    ),
    row("channels", "", Kind::Texts { put: |r, v| r.allowed.channels = v }, "Channels likewise."),
];

/// Tables of `[[route]]`, for the README.
pub(super) const ROUTE_TABLES: &[(&str, &str)] = &[
    ("properties", "PartnerProperties by name, and what each is to be; `*` stands for any characters."),
    ("attributes", "Attributes likewise."),
];
