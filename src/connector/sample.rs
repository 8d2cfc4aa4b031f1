//! What the tests of this room share: a connector of each system, and objects as they come in.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};

use super::{
    Ambiguous, Api, CompleteOn, Connector, Connectors, ContextType, Defaults, ErrorNumbers, Named, Operation, Planned,
    Planning, Route, System, To, Wanted, Wish, plan,
    route::{self, Asked, Way},
};
use crate::{
    message::client::Secret,
    object::{Limits, Tree, read},
    schema::{PARTNER_API, Schema},
};

static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(Schema::embedded().expect("the contract")));

/// An object of this type with these members.
pub(super) fn object(kind: &str, members: &str) -> Tree {
    let text = format!(
        r#"<CreateRequest xmlns="{PARTNER_API}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Objects xsi:type="{kind}">{members}</Objects></CreateRequest>"#
    );
    read(text, &SCHEMA, &Limits::default()).expect("an object")
}

/// PartnerProperties.
pub(super) fn properties(pairs: &[(&str, &str)]) -> String {
    let one = |(name, value): &(&str, &str)| {
        let value = value.replace('&', "&amp;").replace('<', "&lt;");
        format!("<PartnerProperties><Name>{name}</Name><Value>{value}</Value></PartnerProperties>")
    };
    pairs.iter().map(one).collect()
}

/// A connector as `config` makes it where little is set.
pub(super) fn connector(system: System) -> Connector {
    let secret = |text: &str| Secret::new(text);
    let (api, base) = match system {
        System::Salesforce => (
            Api::Salesforce {
                login: "https://login.example".into(),
                consumer_key: "consumer".into(),
                user: "user@example.com".into(),
                private_key: secret("none"),
                org_id: "00D000000000001".into(),
                authorization_context: "acme_channel".into(),
                context_type: ContextType::default(),
            },
            "https://acme.example/api/v1",
        ),
        System::Yeastar => (
            Api::Yeastar { client_id: "client".into(), client_secret: secret("hush-client") },
            "https://pbx.example:8088/openapi/v1.0",
        ),
        System::Connectly => {
            (Api::Connectly { business: "b 1".into(), api_key: secret("hush-key") }, "https://api.example/v1")
        }
    };
    let seconds = Duration::from_secs;
    Connector {
        name: system.name().into(),
        api,
        base: base.into(),
        ca: Vec::new(),
        connect_timeout: seconds(10),
        timeout: seconds(30),
        max_answer: 65_536,
        at_once: 10,
        per_second: 10,
        max_attempts: 5,
        first_delay: seconds(1),
        longest_delay: seconds(60),
        max_age: seconds(3600),
        breaker_failures: 5,
        breaker_rest: seconds(30),
        on_ambiguous: Ambiguous::Stop,
        complete_on: CompleteOn::Accepted,
        delivered_within: seconds(3600),
        error_numbers: ErrorNumbers::Documented,
        record: false,
        remedies: false,
        operations: Operation::of(system).map(|operation| operation.name.to_owned()).collect(),
        wait: seconds(30),
        webhook_secret: None,
        defaults: Defaults {
            channel: match system {
                System::Salesforce => Some("chan".into()),
                System::Yeastar => Some("whatsapp".into()),
                System::Connectly => None,
            },
            sender: (system == System::Yeastar).then(|| "0800".into()),
            country: Some("DE".into()),
            ..Defaults::default()
        },
        allowed: Default::default(),
    }
}

/// A route to a connector for all that can go there.
pub(super) fn to(name: &str) -> Route {
    Route {
        name: format!("to {name}"),
        accounts: Vec::new(),
        kinds: Vec::new(),
        definition: None,
        properties: BTreeMap::new(),
        attributes: BTreeMap::new(),
        to: To::Connector(name.into()),
        defaults: Defaults::default(),
        allowed: Default::default(),
    }
}

/// One connector and one route to it, changed as the test needs it.
pub(super) fn one(system: System, change: impl FnOnce(&mut Connector, &mut Route)) -> Connectors {
    let (mut connector, mut route) = (connector(system), to(system.name()));
    change(&mut connector, &mut route);
    let connectors = BTreeMap::from([(connector.name.clone(), Arc::new(connector))]);
    Connectors { connectors, routes: vec![route] }
}

/// Nothing came of it: an error with this code, and these words among its own.
pub(super) fn error(planned: Result<Planned, (i64, String)>, code: i64, part: &str) {
    let (found, text) = planned.expect_err("an error");
    assert!(found == code && text.contains(part), "{found} {text}");
}

/// What becomes of an object by the first route.
pub(super) fn planned(connectors: &Connectors, method: &str, tree: &Tree) -> Result<Planned, (i64, String)> {
    let node = tree.root().child("Objects").expect("an object");
    let way = route::decide(connectors, &Asked { account: 1, method, node });
    assert!(matches!(way, Way::Connector(..)), "{}", way.why());
    let (absent, present) = match method {
        "Create" => (Wish::Create, Wish::Exists),
        "Update" => (Wish::Missing, Wish::Update),
        _ => (Wish::Missing, Wish::Delete),
    };
    let contact = Wanted { absent, present };
    let named = &Named::default();
    plan(connectors, &way, &Planning { request_id: "R1", ordinal: 2, method, node, contact, named })
}
