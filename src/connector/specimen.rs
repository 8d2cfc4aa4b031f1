//! A connector and a message of each system, for tests.

use std::time::Duration;

use super::{
    Action, Ambiguous, Api, CompleteOn, Connector, ContextType, Defaults, ErrorNumbers, Message, System, Text,
};
use crate::message::client::Secret;

/// The secret of each specimen's API.
pub(super) const SECRET: &str = "secret-of-the-api";

pub(super) fn connector(system: System) -> Connector {
    let secret = || Secret::new(SECRET);
    let api = match system {
        System::Salesforce => Api::Salesforce {
            login: "https://login.example".to_owned(),
            consumer_key: "consumer".to_owned(),
            user: "user@example.com".to_owned(),
            private_key: secret(),
            org_id: "00D000000000001".to_owned(),
            authorization_context: "prefix_Channel".to_owned(),
            context_type: ContextType::default(),
        },
        System::Yeastar => Api::Yeastar { client_id: "client".to_owned(), client_secret: secret() },
        System::Connectly => Api::Connectly { business: "business-1".to_owned(), api_key: secret() },
    };
    let second = Duration::from_secs(1);
    Connector {
        name: "chat".to_owned(),
        api,
        base: "https://api.example/v1".to_owned(),
        ca: Vec::new(),
        connect_timeout: second,
        timeout: second,
        max_answer: 65_536,
        at_once: 4,
        per_second: 10,
        max_attempts: 5,
        first_delay: second,
        longest_delay: second,
        max_age: second,
        breaker_failures: 5,
        breaker_rest: second,
        on_ambiguous: Ambiguous::Stop,
        complete_on: CompleteOn::Accepted,
        delivered_within: second,
        error_numbers: ErrorNumbers::Documented,
        record: false,
        remedies: false,
        operations: Vec::new(),
        wait: second,
        webhook_secret: Some(Secret::new("secret-of-webhooks")),
        defaults: Defaults::default(),
        allowed: Default::default(),
    }
}

pub(super) fn message(system: System) -> Message {
    Message {
        connector: "chat".to_owned(),
        system,
        action: Action::Text(Text { text: "Hello".to_owned(), ..Text::default() }),
        recipient: "+4915100000001".to_owned(),
        channel: "whatsapp".to_owned(),
        sender: None,
        key: "6f9619ff-8b86-5011-b42d-00c04fc964ff".to_owned(),
        ordinal: 0,
        place: 0,
        kind: "SMSTriggeredSend".to_owned(),
        definition: None,
        subscriber: None,
    }
}
