//! The connectors that lead to the simulated backends, and routes that make sense with them. Their secrets are public, as all of
//! the demonstration's.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::{
    connector::{
        Ambiguous, Api, CompleteOn, Connector, Connectors, ContextType, Defaults, ErrorNumbers, Operation, Route,
        System, To,
    },
    message::client::Secret,
};

pub(super) const CONSUMER_KEY: &str = "demo-consumer";
pub(super) const USER: &str = "demo@example.com";
pub(super) const ORG: &str = "00D000000000001";
pub(super) const CONTEXT: &str = "demo_channel";
pub(super) const CHANNEL: &str = "demo-channel-address";
pub(super) const CLIENT: &str = "demo-client";
pub(super) const CLIENT_SECRET: &str = "demo-client-secret";
pub(super) const DID: &str = "+498001234567";
pub(super) const BUSINESS: &str = "demo-business";
pub(super) const API_KEY: &str = "demo-api-key";
/// What their webhooks are signed with: no secret.
pub const WEBHOOK_SECRET: &str = "demo-webhook-secret-0123456789ab";

/// What the definitions of each are called, so that the demonstration shows all three.
const DEFINITIONS: [(System, &str); 3] =
    [(System::Salesforce, "chat_*"), (System::Yeastar, "pbx_*"), (System::Connectly, "wa_*")];

/// The connectors at these bases, in the order of [`System::ALL`], and the routes to them.
pub(super) fn connectors(bases: &[String], private_key: String) -> Connectors {
    let key = Secret::new(private_key);
    let named = System::ALL.into_iter().zip(bases);
    let connectors = named.map(|(system, base)| (system.name().to_owned(), Arc::new(connector(system, base, &key))));
    let sends = DEFINITIONS.map(|(system, definition)| Route {
        definition: Some(definition.to_owned()),
        kinds: ["SMSTriggeredSend", "TriggeredSend"].map(str::to_owned).to_vec(),
        ..to(system, format!("{definition} to {}", system.name()))
    });
    let others: [(System, &[&str], &str); 3] = [
        (System::Salesforce, &["Subscriber"], "subscribers"),
        (System::Yeastar, &["Subscriber", "List"], "subscribers and lists"),
        (System::Connectly, &["TriggeredSendDefinition", "Email"], "templates"),
    ];
    let others = others.map(|(system, kinds, what)| Route {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        properties: BTreeMap::from([("Connector".to_owned(), system.name().to_owned())]),
        ..to(system, format!("{what} of {}", system.name()))
    });
    Connectors { connectors: connectors.collect(), routes: sends.into_iter().chain(others).collect() }
}

fn to(system: System, name: String) -> Route {
    Route {
        name,
        accounts: Vec::new(),
        kinds: Vec::new(),
        definition: None,
        properties: BTreeMap::new(),
        attributes: BTreeMap::new(),
        to: To::Connector(system.name().to_owned()),
        defaults: Defaults::default(),
        allowed: Default::default(),
    }
}

fn connector(system: System, base: &str, private_key: &Secret) -> Connector {
    let some = |text: &str| Some(text.to_owned());
    let (api, path, defaults) = match system {
        System::Salesforce => (
            Api::Salesforce {
                login: base.to_owned(),
                consumer_key: CONSUMER_KEY.into(),
                user: USER.into(),
                private_key: private_key.clone(),
                org_id: ORG.into(),
                authorization_context: CONTEXT.into(),
                context_type: ContextType::default(),
            },
            "/api/v1",
            Defaults {
                channel: some(CHANNEL),
                sender: some("demo-bot"),
                body: some("Hello %%FirstName%%"),
                opt_in: some("ExplicitlyOptedIn"),
                ..Defaults::default()
            },
        ),
        System::Yeastar => (
            Api::Yeastar { client_id: CLIENT.into(), client_secret: Secret::new(CLIENT_SECRET) },
            "/openapi/v1.0",
            Defaults {
                channel: some("whatsapp"),
                sender: some(DID),
                body: some("Hello %%FirstName%%"),
                fallback_template: some("hello"),
                language: some("en"),
                ..Defaults::default()
            },
        ),
        System::Connectly => (
            Api::Connectly { business: BUSINESS.into(), api_key: Secret::new(API_KEY) },
            "/v1",
            Defaults {
                template: some("hello"),
                language: some("en"),
                parameters: vec!["FirstName".to_owned()],
                fallback_template: some("hello"),
                ..Defaults::default()
            },
        ),
    };
    let seconds = Duration::from_secs;
    Connector {
        name: system.name().to_owned(),
        api,
        base: format!("{base}{path}"),
        ca: Vec::new(),
        connect_timeout: seconds(5),
        timeout: seconds(10),
        max_answer: 256 << 10,
        at_once: 10,
        per_second: 100,
        max_attempts: 5,
        // Shorter than a server's, so that whoever looks on sees a retry.
        first_delay: seconds(1),
        longest_delay: seconds(10),
        max_age: seconds(3600),
        breaker_failures: 5,
        breaker_rest: seconds(10),
        on_ambiguous: Ambiguous::Stop,
        complete_on: CompleteOn::Accepted,
        delivered_within: seconds(3600),
        error_numbers: ErrorNumbers::Documented,
        record: false,
        remedies: false,
        // Nothing lies behind them that belongs to anybody.
        operations: Operation::of(system).map(|operation| operation.name.to_owned()).collect(),
        wait: seconds(30),
        webhook_secret: (system != System::Salesforce).then(|| Secret::new(WEBHOOK_SECRET)),
        defaults: Defaults { country: some("US"), ..defaults },
        allowed: Default::default(),
    }
}
