//! The way of an object: to the objects that are kept here, to mail, or to a connector. The first route that fits holds.
//!
//! Nothing is decided from what the store holds: the same object takes the same way every time, and `envoi route` tells it
//! from the configuration alone.

use std::{fmt, sync::Arc};

use super::{
    Connector, Connectors, Route, System, To,
    attribute::{attribute, attributes, own_attributes, property},
    pattern::fits,
};
use crate::object::Node;

/// What is asked about: one object of a call.
#[derive(Clone, Copy)]
pub struct Asked<'n> {
    /// MID of the account that it is for.
    pub account: u64,
    /// `Create`, `Update` or `Delete`.
    pub method: &'n str,
    /// The object.
    pub node: Node<'n>,
}

/// Where an object goes.
#[derive(Clone, Copy, Debug)]
pub enum Way<'c> {
    /// It is kept here.
    Store,
    /// It is mailed as a triggered send.
    Mail,
    /// It goes to this connector, by this route.
    Connector(&'c Arc<Connector>, &'c Route),
}

impl Way<'_> {
    /// The way in words.
    pub fn why(&self) -> String {
        match self {
            Self::Store => "kept here".to_owned(),
            Self::Mail => "mailed".to_owned(),
            Self::Connector(connector, route) => {
                format!("connector `{}` ({}) by route `{}`", connector.name, connector.system().name(), route.name)
            }
        }
    }
}

/// Why an object takes its way.
#[derive(Clone, Debug)]
pub struct Decision<'c> {
    /// The way.
    pub way: Way<'c>,
    /// The route that fits; none where it is the way without routes.
    pub route: Option<&'c Route>,
    /// The routes before it, and what of each does not fit.
    pub passed: Vec<(&'c Route, Mismatch)>,
}

/// What of a route does not fit an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It is for other accounts.
    Account(u64),
    /// It is for other types.
    Kind(String),
    /// It leads where such an object cannot go: why.
    Unable(String),
    /// The definition's CustomerKey is another, or there is none.
    Definition(Option<String>),
    /// A PartnerProperty of this name has another value, or there is none.
    Property(String, Option<String>),
    /// An attribute likewise.
    Attribute(String, Option<String>),
    /// An attribute stands on subscribers of a TriggeredSend alone, which is one object with one way.
    OfSubscribers(String),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut valued = |what: &str, name: &str, value: &Option<String>| match value {
            Some(value) => write!(f, "{what} {name} is `{value}`"),
            None => write!(f, "there is no {what} {name}"),
        };
        match self {
            Self::Account(account) => write!(f, "not for account {account}"),
            Self::Kind(kind) => write!(f, "not for {kind}"),
            Self::Unable(why) => f.write_str(why),
            Self::Definition(Some(key)) => write!(f, "CustomerKey of the definition is `{key}`"),
            Self::Definition(None) => f.write_str("no definition is named by CustomerKey"),
            Self::Property(name, value) => valued("PartnerProperty", name, value),
            Self::Attribute(name, value) => valued("Attribute", name, value),
            Self::OfSubscribers(name) => {
                write!(
                    f,
                    "there is no Attribute {name} on the TriggeredSend itself; those of its Subscribers do not route"
                )
            }
        }
    }
}

/// Where an object goes. Without a route that fits, a TriggeredSend is mailed and all else kept here.
pub fn decide<'c>(connectors: &'c Connectors, asked: &Asked<'_>) -> Way<'c> {
    // Most servers have no routes: nothing is looked at then.
    match connectors.routes.is_empty() {
        true => by_default(kind_of(asked.node)),
        false => explain(connectors, asked).way,
    }
}

/// [`decide`], with its reasons.
pub fn explain<'c>(connectors: &'c Connectors, asked: &Asked<'_>) -> Decision<'c> {
    let mut passed = Vec::new();
    for route in &connectors.routes {
        match way(connectors, route, asked) {
            Ok(way) => return Decision { way, route: Some(route), passed },
            Err(mismatch) => passed.push((route, mismatch)),
        }
    }
    Decision { way: by_default(kind_of(asked.node)), route: None, passed }
}

/// The name of an object's type; empty where nothing tells it.
pub(super) fn kind_of(node: Node<'_>) -> &str {
    node.ty().map_or("", |ty| node.schema().type_name(ty))
}

/// CustomerKey of the definition that a send names; of a definition its own.
pub(super) fn definition_of(node: Node<'_>) -> Option<String> {
    if kind_of(node) == "TriggeredSendDefinition" {
        return node.given("CustomerKey");
    }
    let definition = node.child("TriggeredSendDefinition").or_else(|| node.child("SMSTriggeredSendDefinition"))?;
    definition.given("CustomerKey")
}

fn by_default(kind: &str) -> Way<'static> {
    if kind == "TriggeredSend" { Way::Mail } else { Way::Store }
}

fn way<'c>(connectors: &'c Connectors, route: &'c Route, asked: &Asked<'_>) -> Result<Way<'c>, Mismatch> {
    let kind = kind_of(asked.node);
    if !route.accounts.is_empty() && !route.accounts.contains(&asked.account) {
        return Err(Mismatch::Account(asked.account));
    }
    if !route.kinds.is_empty() && !route.kinds.iter().any(|named| named == kind) {
        return Err(Mismatch::Kind(kind.to_owned()));
    }
    let way = match &route.to {
        To::Store => Way::Store,
        To::Mail if kind == "TriggeredSend" => Way::Mail,
        To::Mail => return Err(Mismatch::Unable(format!("a {kind} cannot be mailed"))),
        // The configuration was checked: there is such a connector.
        To::Connector(name) => match connectors.connectors.get(name) {
            Some(connector) => Way::Connector(connector, route),
            None => return Err(Mismatch::Unable(format!("there is no connector `{name}`"))),
        },
    };
    if let Way::Connector(..) = way
        && is_template(kind)
        && asked.method != "Create"
        && !says_template(asked.node)
    {
        return Err(Mismatch::Unable(format!("it says nothing of a template, so its {} is done here", asked.method)));
    }
    // A route that names the type wants an error where its system can do nothing with it; one that names none leaves it.
    if let Way::Connector(connector, _) = way
        && route.kinds.is_empty()
    {
        able(connector.system(), asked).map_err(Mismatch::Unable)?;
        if !goes_unnamed(kind) {
            return Err(Mismatch::Unable(format!(
                "it is only where its `types` name {kind} that one goes to a connector"
            )));
        }
    }
    if let Some(pattern) = &route.definition {
        let key = definition_of(asked.node);
        if !key.as_deref().is_some_and(|key| fits(pattern, key)) {
            return Err(Mismatch::Definition(key));
        }
    }
    for (name, pattern) in &route.properties {
        let value = property(asked.node, name);
        if !value.as_deref().is_some_and(|value| fits(pattern, value)) {
            return Err(Mismatch::Property(name.clone(), value));
        }
    }
    let attributes = if route.attributes.is_empty() { Vec::new() } else { attributes(asked.node) };
    for (name, pattern) in &route.attributes {
        let value = attribute(&attributes, name);
        if !value.is_some_and(|value| fits(pattern, value)) {
            let of_one = |subscriber| attribute(&own_attributes(subscriber), name).is_some();
            if value.is_none() && asked.node.children_named("Subscribers").any(of_one) {
                return Err(Mismatch::OfSubscribers(name.clone()));
            }
            return Err(Mismatch::Attribute(name.clone(), value.map(str::to_owned)));
        }
    }
    Ok(way)
}

/// The types that connectors know.
pub const KINDS: [&str; 6] =
    ["Email", "List", "SMSTriggeredSend", "Subscriber", "TriggeredSend", "TriggeredSendDefinition"];

/// Whether a system can do anything at all with a type, other operations aside.
pub fn can(system: System, kind: &str) -> bool {
    match kind {
        "SMSTriggeredSend" | "TriggeredSend" => true,
        "Subscriber" => system != System::Connectly,
        "List" => system == System::Yeastar,
        "Email" | "TriggeredSendDefinition" => system == System::Connectly,
        _ => false,
    }
}

/// Whether objects of a type are templates of a messaging API. They are kept here too.
pub fn is_template(kind: &str) -> bool {
    ["Email", "TriggeredSendDefinition"].contains(&kind)
}

/// Whether an object says what its template is.
fn says_template(node: Node<'_>) -> bool {
    let names = ["Body", "Category", "Components", "Language", "Template"];
    names.iter().any(|name| property(node, name).is_some())
        || node.child("Email").unwrap_or(node).given("TextBody").is_some()
}

/// Whether a route takes a type that it does not name. Lists, mails and definitions are kept here by anybody who does not say
/// otherwise: a phonebook or a template beside them is no surprise that one wants.
pub fn goes_unnamed(kind: &str) -> bool {
    ["SMSTriggeredSend", "Subscriber", "TriggeredSend"].contains(&kind)
}

/// Whether a system has something for the method on the type; why not. What an `Operation` does is not in the type.
pub(super) fn able(system: System, asked: &Asked<'_>) -> Result<(), String> {
    let (kind, method) = (kind_of(asked.node), asked.method);
    if !KINDS.contains(&kind) {
        return Err(format!("a {kind} cannot go to a connector"));
    }
    if method == "Create" && property(asked.node, "Operation").is_some() {
        return Ok(());
    }
    let cannot = |what: &str| Err(format!("{what} cannot be done by {}", system.name()));
    match (kind, method) {
        ("SMSTriggeredSend" | "TriggeredSend", "Create") => Ok(()),
        ("SMSTriggeredSend" | "TriggeredSend", "Delete")
            if system != System::Connectly && property(asked.node, "Session").is_some() =>
        {
            Ok(())
        }
        ("SMSTriggeredSend" | "TriggeredSend", _) => {
            Err(format!("a message that was sent cannot be changed or taken back, so there is no {method} of a {kind}"))
        }
        ("List", _) if system == System::Yeastar => Ok(()),
        ("Email" | "TriggeredSendDefinition", "Create") if system == System::Connectly => Ok(()),
        ("List" | "Email" | "TriggeredSendDefinition", _) => cannot(&format!("{method} of {kind}")),
        (_, "Create" | "Update" | "Delete") if system == System::Yeastar => Ok(()),
        (_, "Create") if system == System::Salesforce => Ok(()),
        (_, "Update") if system == System::Salesforce && asked.node.given("Status").is_some() => Ok(()),
        (_, "Update") if system == System::Salesforce => cannot("an Update of a Subscriber without Status"),
        _ => cannot(&format!("{method} of a Subscriber")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{
        super::sample::{object, one, properties, to},
        *,
    };
    use crate::object::Tree;

    fn way(connectors: &Connectors, method: &str, tree: &Tree) -> String {
        let node = tree.root().child("Objects").unwrap();
        decide(connectors, &Asked { account: 7, method, node }).why()
    }

    fn sms() -> Tree {
        let definition = "<SMSTriggeredSendDefinition><CustomerKey>wa_order</CustomerKey></SMSTriggeredSendDefinition>";
        let subscriber = "<Subscriber><Attributes><Name>Tier</Name><Value>gold</Value></Attributes></Subscriber>";
        let extras = properties(&[("Brand", "acme-de")]);
        object("SMSTriggeredSend", &format!("{extras}{definition}{subscriber}<Number>+4915112345678</Number>"))
    }

    #[test]
    fn without_routes_all_is_as_before() {
        let none = Connectors::default();
        assert_eq!(way(&none, "Create", &sms()), "kept here");
        assert_eq!(way(&none, "Create", &object("TriggeredSend", "")), "mailed");
        assert_eq!(way(&none, "Delete", &object("Subscriber", "")), "kept here");
    }

    #[test]
    fn a_route_fits_with_all_that_it_says() {
        type Change = fn(&mut Route);
        let fitting: [Change; 7] = [
            |_| {},
            |route| route.accounts = vec![1, 7],
            |route| route.kinds = vec!["TriggeredSend".into(), "SMSTriggeredSend".into()],
            |route| route.definition = Some("wa_*".into()),
            |route| route.properties = BTreeMap::from([("brand".into(), "acme-*".into())]),
            |route| route.attributes = BTreeMap::from([("TIER".into(), "gold".into())]),
            |route| route.to = To::Store,
        ];
        for change in fitting {
            let connectors = one(System::Connectly, |_, route| change(route));
            let expected = match connectors.routes[0].to {
                To::Store => "kept here",
                _ => "connector `connectly` (connectly) by route `to connectly`",
            };
            assert_eq!(way(&connectors, "Create", &sms()), expected);
        }
        let passing: [(Change, &str); 9] = [
            (|route| route.accounts = vec![1], "not for account 7"),
            (|route| route.kinds = vec!["TriggeredSend".into()], "not for SMSTriggeredSend"),
            (|route| route.definition = Some("WA_*".into()), "CustomerKey of the definition is `wa_order`"),
            (
                |route| route.properties = BTreeMap::from([("Brand".into(), "x".into())]),
                "PartnerProperty Brand is `acme-de`",
            ),
            (|route| route.properties = BTreeMap::from([("No".into(), "*".into())]), "there is no PartnerProperty No"),
            (|route| route.attributes = BTreeMap::from([("Tier".into(), "".into())]), "Attribute Tier is `gold`"),
            (|route| route.attributes = BTreeMap::from([("No".into(), "*".into())]), "there is no Attribute No"),
            (|route| route.to = To::Mail, "a SMSTriggeredSend cannot be mailed"),
            (|route| route.to = To::Connector("gone".into()), "there is no connector `gone`"),
        ];
        for (change, expected) in passing {
            let connectors = one(System::Connectly, |_, route| change(route));
            let tree = sms();
            let asked = Asked { account: 7, method: "Create", node: tree.root().child("Objects").unwrap() };
            let decision = explain(&connectors, &asked);
            assert!(matches!(decision.way, Way::Store) && decision.route.is_none());
            let reasons: Vec<_> = decision.passed.iter().map(|(_, why)| why.to_string()).collect();
            assert_eq!(reasons, [expected]);
        }
    }

    #[test]
    fn the_first_route_that_fits_holds() {
        let mut connectors = one(System::Yeastar, |_, _| {});
        connectors.routes.insert(0, Route { definition: Some("other".into()), to: To::Store, ..to("yeastar") });
        connectors.routes.push(Route { to: To::Store, ..to("yeastar") });
        let tree = sms();
        let asked = Asked { account: 7, method: "Create", node: tree.root().child("Objects").unwrap() };
        let decision = explain(&connectors, &asked);
        assert!(matches!(decision.way, Way::Connector(..)));
        assert_eq!((decision.passed.len(), decision.route), (1, Some(&connectors.routes[1])));
    }

    #[test]
    fn a_route_without_types_leaves_what_its_system_cannot_do() {
        let salesforce = one(System::Salesforce, |_, _| {});
        let status = object("Subscriber", "<SubscriberKey>a</SubscriberKey><Status>Active</Status>");
        let plain = object("Subscriber", "<SubscriberKey>a</SubscriberKey>");
        let (list, mail) = (object("List", "<ListName>l</ListName>"), object("Email", "<TextBody>Hi</TextBody>"));
        // A route that names the type takes it, and tells what its system cannot do.
        let named = |system, kind: &str| one(system, |_, route| route.kinds = vec![kind.to_owned()]);
        for (connectors, method, tree, goes) in [
            (&salesforce, "Create", &plain, true),
            (&salesforce, "Update", &status, true),
            (&salesforce, "Update", &plain, false),
            (&salesforce, "Delete", &plain, false),
            (&one(System::Yeastar, |_, _| {}), "Delete", &plain, true),
            (&one(System::Connectly, |_, _| {}), "Create", &plain, false),
            (&one(System::Connectly, |_, route| route.kinds = vec!["Subscriber".into()]), "Create", &plain, true),
            (&salesforce, "Update", &sms(), false),
            (&salesforce, "Create", &object("List", ""), false),
            (&one(System::Yeastar, |_, _| {}), "Create", &list, false),
            (&named(System::Yeastar, "List"), "Create", &list, true),
            (&named(System::Yeastar, "List"), "Delete", &list, true),
            (&named(System::Connectly, "List"), "Create", &list, true),
            (&one(System::Connectly, |_, _| {}), "Create", &mail, false),
            (&named(System::Connectly, "Email"), "Create", &mail, true),
            (&named(System::Connectly, "Email"), "Update", &mail, true),
            (&named(System::Connectly, "Email"), "Update", &object("Email", "<Name>m</Name>"), false),
        ] {
            let why = way(connectors, method, tree);
            assert_eq!(why.starts_with("connector"), goes, "{method}: {why}");
        }
    }
}
