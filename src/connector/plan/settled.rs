//! What holds for one object: its PartnerProperties before its members, before the route's defaults, before the connector's.

use super::{super::phone, Planning};
use crate::{
    connector::{
        Allowed, Connector, Defaults, Route, System,
        attribute::property,
        problem::{Problem, problem},
    },
    message::{ErrorCode, code},
};

/// One of the lists that limit what callers may name.
pub(super) struct List {
    pub(super) of: fn(&Allowed) -> &Vec<String>,
    /// What needs no place in it.
    pub(super) default: fn(&Defaults) -> &Option<String>,
    /// Its name in the configuration.
    pub(super) name: &'static str,
    pub(super) code: ErrorCode,
}

/// What senders callers may name.
pub(super) static SENDERS: List = List {
    of: |allowed| &allowed.senders,
    default: |defaults| &defaults.sender,
    name: "senders",
    code: code::SENDER_NOT_ALLOWED,
};
/// What channels.
pub(super) static CHANNELS: List = List {
    of: |allowed| &allowed.channels,
    default: |defaults| &defaults.channel,
    name: "channels",
    code: code::CHANNEL_NOT_ALLOWED,
};

/// An object with its connector and route.
pub(super) struct Settled<'s> {
    pub(super) connector: &'s Connector,
    pub(super) route: &'s Route,
    pub(super) planning: &'s Planning<'s>,
}

/// What is said, and by whom: the more special first.
pub(super) enum Said {
    Template(String),
    Body(String),
}

impl Settled<'_> {
    pub(super) fn system(&self) -> System {
        self.connector.system()
    }

    /// A PartnerProperty.
    pub(super) fn extra(&self, name: &str) -> Option<String> {
        property(self.planning.node, name)
    }

    /// What the route says, else the connector.
    pub(super) fn default(&self, of: impl Fn(&Defaults) -> &Option<String>) -> Option<String> {
        of(&self.route.defaults).clone().or_else(|| of(&self.connector.defaults).clone())
    }

    /// The names of the attributes that are `body_1`, `body_2` ...
    pub(super) fn parameters(&self) -> &[String] {
        let (route, connector) = (&self.route.defaults.parameters, &self.connector.defaults.parameters);
        if route.is_empty() { connector } else { route }
    }

    /// The channel that the caller names.
    pub(super) fn named_channel(&self) -> Option<String> {
        let address = || self.planning.node.given("FromAddress").filter(|_| self.system() == System::Salesforce);
        self.extra("Channel").or_else(address)
    }

    /// The sender that the caller names.
    pub(super) fn named_sender(&self) -> Option<String> {
        let address = || self.planning.node.given("FromAddress").filter(|_| self.system() != System::Salesforce);
        self.extra("Sender").or_else(address)
    }

    /// The channel. Salesforce has its channel address where SMS has the sender, so FromAddress names that too.
    pub(super) fn channel(&self) -> Option<String> {
        let named = self.named_channel().map(|named| self.listed(&CHANNELS, &named).unwrap_or(named));
        let channel = named.or_else(|| self.default(|defaults| &defaults.channel));
        channel.or_else(|| Some("whatsapp".to_owned()).filter(|_| self.system() == System::Connectly))
    }

    /// The sender. What is a number goes out in E.164 to Connectly; a DID is what the PBX calls it, but one that a list allows as
    /// a number is that number.
    pub(super) fn sender(&self) -> Option<String> {
        let named = self.named_sender().map(|named| self.listed(&SENDERS, &named).unwrap_or(named));
        let sender = named.or_else(|| self.default(|defaults| &defaults.sender))?;
        let number = match self.system() {
            System::Connectly => phone::e164(&sender, self.country().as_deref()).ok(),
            System::Salesforce | System::Yeastar => None,
        };
        Some(number.unwrap_or(sender))
    }

    /// The extension of a PBX as which a message is sent.
    pub(super) fn extension(&self) -> Result<Option<String>, Problem> {
        let extension = self.extra("Extension").or_else(|| self.default(|defaults| &defaults.extension));
        match extension.filter(|_| self.system() == System::Yeastar) {
            Some(other) if !is_extension(&other) => {
                let what = format!("PartnerProperty Extension: `{other}` is no extension of a PBX: expected digits");
                Err(problem(code::CONNECTOR_VALUE, what))
            }
            extension => Ok(extension),
        }
    }

    pub(super) fn country(&self) -> Option<String> {
        self.default(|defaults| &defaults.country)
    }

    /// The template or the body that an object has which says nothing itself: the route's, the connector's.
    pub(super) fn default_said(&self) -> Option<Said> {
        let of = |defaults: &Defaults| {
            let template = defaults.template.clone().map(Said::Template);
            template.or_else(|| defaults.body.clone().map(Said::Body))
        };
        of(&self.route.defaults).or_else(|| of(&self.connector.defaults))
    }
}

/// Whether a text is the number of an extension.
pub fn is_extension(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
