//! From the draft of a route to a route: where it leads, and whether that can be.

use std::collections::BTreeMap;

use super::{Place, Problem, RouteEntry, foreign::foreign};
use crate::{
    config::{contract::contract, near::perhaps},
    connector::{Connectors, Defaults, Route, System, To, route::KINDS},
};

/// The route of an entry, and where its fields stood.
pub(super) fn route(
    number: usize,
    entry: RouteEntry,
    named: &[String],
    connectors: &Connectors,
    accounts: &[u64],
    problems: &mut Vec<Problem>,
) -> (Route, Place) {
    let RouteEntry { draft, properties, attributes, defaults, place } = entry;
    let mut wrong = |field: &str, what: String| {
        if !place.told.contains(field) {
            problems.push(place.problem(field, what));
        }
    };
    let to = match draft.to.as_str() {
        "store" => To::Store,
        "mail" => To::Mail,
        "" => {
            wrong("to", "is missing: expected store, mail, or the name of a connector".to_owned());
            To::Store
        }
        name => {
            if !named.iter().any(|known| known == name) {
                let known = named.iter().map(String::as_str).filter(|name| !name.is_empty());
                let known: Vec<_> = ["store", "mail"].into_iter().chain(known).collect();
                let expected = known.join(", ");
                let what =
                    format!("there is no connector `{name}`{}: expected one of {expected}", perhaps(name, known));
                wrong("to", what);
            }
            To::Connector(name.to_owned())
        }
    };
    for name in &draft.types {
        if let Err(what) = check_type(name, &to) {
            wrong("types", what);
        }
    }
    let mut mids = Vec::new();
    for text in &draft.accounts {
        match text.parse::<u64>() {
            Ok(mid) if accounts.is_empty() || accounts.contains(&mid) => mids.push(mid),
            Ok(mid) => wrong("accounts", format!("there is no account {mid}")),
            Err(_) => wrong("accounts", format!("`{text}` is no account: expected its number (MID)")),
        }
    }
    if matches!(to, To::Store | To::Mail) {
        if defaults != Defaults::default() {
            wrong("defaults", "are of routes that lead to a connector".to_owned());
        }
        for (field, list) in [("senders", &draft.allowed.senders), ("channels", &draft.allowed.channels)] {
            if !list.is_empty() {
                wrong(field, "are of routes that lead to a connector".to_owned());
            }
        }
    }
    let system = match &to {
        To::Connector(name) => connectors.connectors.get(name).map(|connector| connector.system()),
        To::Store | To::Mail => None,
    };
    if system == Some(System::Salesforce) && (defaults.template.is_some() || defaults.fallback_template.is_some()) {
        wrong("defaults.template", "Salesforce takes texts, not templates: expected `body`".to_owned());
    }
    for (field, what) in system.into_iter().flat_map(|system| foreign(&place, system)) {
        wrong(&field, what);
    }
    let name = if draft.name.is_empty() { format!("route {number}") } else { draft.name };
    let properties: BTreeMap<_, _> = properties;
    let route = Route {
        name,
        accounts: mids,
        kinds: draft.types,
        definition: draft.definition,
        properties,
        attributes,
        to,
        defaults,
        allowed: draft.allowed,
    };
    (route, place)
}

/// Object types have to be those of the contract, and such as can go there.
fn check_type(name: &str, to: &To) -> Result<(), String> {
    let Some(schema) = contract() else {
        return Ok(());
    };
    let is_object = |found| schema.is_a(found, schema.api_object());
    if !schema.type_named(name).is_some_and(is_object) {
        let known = schema.types().filter(|(ty, _)| is_object(*ty)).map(|(ty, _)| schema.type_name(ty));
        return Err(format!("`{name}` is no object type of the contract (case matters){}", perhaps(name, known)));
    }
    match to {
        To::Connector(_) if !KINDS.contains(&name) => {
            Err(format!("a {name} cannot go to a connector: expected some of {}", KINDS.join(", ")))
        }
        To::Mail if name != "TriggeredSend" => Err(format!("a {name} cannot be mailed: expected TriggeredSend")),
        _ => Ok(()),
    }
}
