//! Options of asynchronous calls: how urgent they are, and who is told their results.
//!
//! Nothing is sent from here.

use serde::{Deserialize, Serialize};

use super::bad;
use crate::{
    object::{Node, value},
    soap::Fault,
};

/// `QueuePriority` (WSDL type `Priority`): how urgent triggered sends are. The order is that of urgency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Priority {
    /// Low
    Low,
    /// Medium
    #[default]
    Medium,
    /// High
    High,
}

impl Priority {
    pub(super) fn named(text: &str) -> Option<Self> {
        Some(match text {
            "Low" => Self::Low,
            "Medium" => Self::Medium,
            "High" => Self::High,
            _ => return None,
        })
    }

    /// The deprecated `Priority`: a real client sends 2 for high and 1 for medium (facts/wire 3.7).
    pub(super) fn numbered(byte: i8) -> Self {
        match byte {
            i8::MIN..=0 => Self::Low,
            1 => Self::Medium,
            2..=i8::MAX => Self::High,
        }
    }
}

/// `ResponseType` (WSDL type `AsyncResponseType`)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResponseType {
    /// None: results wait to be retrieved.
    #[default]
    None,
    /// email
    Email,
    /// HTTPPost
    HttpPost,
    /// FTP, which the service does not use.
    Ftp,
}

/// `RespondWhen` (WSDL)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RespondWhen {
    /// Never
    #[default]
    Never,
    /// OnError
    OnError,
    /// Always: deprecated, as OnCallComplete
    Always,
    /// OnConversationError
    OnConversationError,
    /// OnConversationComplete
    OnConversationComplete,
    /// OnCallComplete
    OnCallComplete,
    /// OnExpired
    OnExpired,
}

impl RespondWhen {
    fn named(text: &str) -> Option<Self> {
        Some(match text {
            "Never" => Self::Never,
            "OnError" => Self::OnError,
            "Always" => Self::Always,
            "OnConversationError" => Self::OnConversationError,
            "OnConversationComplete" => Self::OnConversationComplete,
            "OnCallComplete" => Self::OnCallComplete,
            "OnExpired" => Self::OnExpired,
            _ => return None,
        })
    }
}

/// One `SendResponseTo` (WSDL type `AsyncResponse`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SendResponseTo {
    /// `ResponseType`; None when it is missing.
    pub kind: ResponseType,
    /// `ResponseAddress`; empty when it is missing.
    pub address: String,
    /// `RespondWhen`
    pub when: RespondWhen,
    /// `IncludeResults`
    pub include_results: bool,
    /// `IncludeObjects`; without results it has no effect.
    pub include_objects: bool,
    /// `OnlyIncludeBase`; without objects it has no effect.
    pub only_include_base: bool,
}

impl SendResponseTo {
    pub(super) fn read(node: Node<'_>) -> Result<Self, Fault> {
        let mut response = Self::default();
        for member in node.children().filter(|member| !member.is_nil()) {
            let text = member.text();
            let text = text.trim();
            let boolean = || value::boolean(text).ok_or_else(|| bad(member, "an xsd:boolean"));
            match member.name() {
                _ if text.is_empty() => {}
                "ResponseType" => {
                    response.kind = match text {
                        "None" => ResponseType::None,
                        "HTTPPost" => ResponseType::HttpPost,
                        "FTP" => ResponseType::Ftp,
                        // The WSDL writes `email`, the newest documentation `Email`.
                        email if email.eq_ignore_ascii_case("email") => ResponseType::Email,
                        _ => return Err(bad(member, "None, email, HTTPPost or FTP")),
                    }
                }
                "ResponseAddress" => text.clone_into(&mut response.address),
                "RespondWhen" => {
                    let all = "Never, OnError, Always, OnConversationError, OnConversationComplete, OnCallComplete or \
                               OnExpired";
                    response.when = RespondWhen::named(text).ok_or_else(|| bad(member, all))?;
                }
                "IncludeResults" => response.include_results = boolean()?,
                "IncludeObjects" => response.include_objects = boolean()?,
                "OnlyIncludeBase" => response.only_include_base = boolean()?,
                _ => {}
            }
        }
        Ok(response)
    }
}
