//! The documented operations beyond messages, contacts, conversations and consent: asked for by PartnerProperty `Operation`,
//! with the JSON of their body in PartnerProperty `Body`. A table, from facts/backends sections 1 to 3.

use serde_json::Value;

use super::System;

/// One operation of a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Whose it is.
    pub system: System,
    /// Its name: the value of `Operation`.
    pub name: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Its path below the base (of Connectly: below the business). `{id}` in it is the member `id` of its JSON.
    pub path: &'static str,
    /// Where its arguments stand.
    pub arguments: Arguments,
    /// Whether it needs the header `AuthorizationContextType`.
    pub is_typed: bool,
}

/// Where the arguments of an operation stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// In a JSON body.
    Body,
    /// In the query: each member of the JSON object is a parameter.
    Query,
    /// There are none.
    None,
}

/// The operation that makes a template.
pub(super) const CREATE_TEMPLATE: &str = "create/template";

/// All of them.
pub const OPERATIONS: &[Operation] = &[
    salesforce("acknowledgement", "POST", "/acknowledgement", false),
    salesforce("agentWork", "POST", "/agentWork", false),
    salesforce("cancelRoute", "DELETE", "/route", false),
    salesforce("capabilities", "PATCH", "/capabilities", true),
    salesforce("consent", "PATCH", "/consent", false),
    salesforce("conversation", "POST", "/conversation", false),
    // A GET with a body, as the document has it.
    salesforce("conversationEntries", "GET", "/conversationEntry", true),
    salesforce("conversationEntry", "POST", "/conversationEntry", true),
    salesforce("conversationHistory", "POST", "/conversationHistory", true),
    salesforce("messagingSession", "POST", "/messagingSession", false),
    salesforce("participant", "POST", "/participant", false),
    salesforce("route", "POST", "/route", false),
    salesforce("routingResult", "POST", "/routingResult", false),
    salesforce("updateAgentWork", "PATCH", "/agentWork", true),
    yeastar("company_contact/get", "GET", "/company_contact/get"),
    yeastar("company_contact/list", "GET", "/company_contact/list"),
    yeastar("company_contact/search", "GET", "/company_contact/search"),
    yeastar("message/get", "GET", "/message/get"),
    yeastar("message/query", "GET", "/message/query"),
    yeastar("message_campaign/create", "POST", "/message_campaign/create"),
    yeastar("message_session/archive", "POST", "/message_session/archive"),
    yeastar("message_session/close", "POST", "/message_session/close"),
    yeastar("message_session/get", "GET", "/message_session/get"),
    yeastar("message_session/list", "GET", "/message_session/list"),
    yeastar("message_session/transfer", "POST", "/message_session/transfer"),
    yeastar("message_session/unarchive", "POST", "/message_session/unarchive"),
    yeastar("phonebook/create", "POST", "/phonebook/create"),
    yeastar("phonebook/delete", "GET", "/phonebook/delete"),
    // Beyond facts/backends: the vendor's page "Edit a Phonebook".
    yeastar("phonebook/update", "POST", "/phonebook/update"),
    yeastar("system/sendemail", "POST", "/system/sendemail"),
    connectly(CREATE_TEMPLATE, "POST", "create/template", Arguments::Body),
    connectly("create/webhooks", "POST", "create/webhooks", Arguments::Body),
    connectly("get/templates", "POST", "get/templates", Arguments::None),
    connectly("send/campaigns", "POST", "send/campaigns", Arguments::Body),
    connectly("update/webhooks", "PUT", "update/webhooks/{id}", Arguments::Body),
];

/// The parameter of the query that holds the token of Yeastar. It is ours alone.
pub(super) const TOKEN: &str = "access_token";

/// What stands in a path for the member `id` of the JSON.
pub(super) const ID: &str = "{id}";

impl Operation {
    /// The operation of this name.
    pub fn named(system: System, name: &str) -> Option<&'static Self> {
        Self::of(system).find(|operation| operation.name == name)
    }

    /// Whether it reads and changes nothing, so that it may be done again. A GET of Yeastar may remove something.
    pub fn reads(&self) -> bool {
        let is_get = self.method == "GET" && !self.path.ends_with("/delete");
        is_get || (self.system, self.name) == (System::Connectly, "get/templates")
    }

    /// The session or conversation that it is about, as its JSON says.
    pub fn session(&self, body: &str) -> Option<String> {
        let member = match (self.system, self.name) {
            (System::Yeastar, "message_session/get") => "id",
            (System::Yeastar, name) if name.starts_with("message_session/") => "session_id",
            (System::Salesforce, _) => "conversationIdentifier",
            (System::Yeastar | System::Connectly, _) => return None,
        };
        match serde_json::from_str::<Value>(body).ok()?.get(member)? {
            Value::String(session) => Some(session.clone()).filter(|session| !session.is_empty()),
            Value::Number(session) => Some(session.to_string()),
            _ => None,
        }
    }

    /// Those of a system.
    pub fn of(system: System) -> impl Iterator<Item = &'static Self> {
        OPERATIONS.iter().filter(move |operation| operation.system == system)
    }
}

const fn salesforce(name: &'static str, method: &'static str, path: &'static str, is_typed: bool) -> Operation {
    Operation { system: System::Salesforce, name, method, path, arguments: Arguments::Body, is_typed }
}

const fn yeastar(name: &'static str, method: &'static str, path: &'static str) -> Operation {
    // Its API has GET and POST alone.
    let arguments = if method.len() == 3 { Arguments::Query } else { Arguments::Body };
    Operation { system: System::Yeastar, name, method, path, arguments, is_typed: false }
}

const fn connectly(name: &'static str, method: &'static str, path: &'static str, arguments: Arguments) -> Operation {
    Operation { system: System::Connectly, name, method, path, arguments, is_typed: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own() {
        for (at, one) in OPERATIONS.iter().enumerate() {
            assert_eq!(Operation::named(one.system, one.name), Some(one));
            assert!(!OPERATIONS[..at].iter().any(|other| (other.system, other.name) == (one.system, one.name)));
            assert_eq!(
                one.arguments == Arguments::Query,
                one.system == System::Yeastar && one.method == "GET",
                "{one:?}"
            );
        }
        assert_eq!(Operation::named(System::Yeastar, "conversationEntry"), None);
    }
}
