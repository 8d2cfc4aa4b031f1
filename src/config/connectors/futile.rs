//! Routes that are lawful and never hold, or lead to errors alone; connectors that nothing leads to. What is told here is
//! certain: whatever an object may still fit is left alone.

use std::collections::BTreeMap;

use super::{super::contract::contract, Place, Problem};
use crate::{
    connector::{
        Allowed, Connectors, Defaults, PBX_CHANNELS, Route, System, To,
        pattern::fits,
        route::{KINDS, can, goes_unnamed},
    },
    message::client::Accounts,
};

/// With so many that stand first a route is compared, and with no more: each with all before it would be the square of their
/// number. The wide ones, which leave nothing to others, are few, and a file that has thousands was written by a program.
const COMPARED: usize = 1000;

/// What to tell of routes, in their order.
pub(super) fn routes(connectors: &Connectors, places: &[Place], accounts: &Accounts) -> Vec<Problem> {
    let mut told = Vec::new();
    for (at, (route, place)) in connectors.routes.iter().zip(places).enumerate() {
        let before = connectors.routes.get(..at.min(COMPARED)).unwrap_or_default();
        if let Some(other) = before.iter().find(|other| covers(connectors, other, route)) {
            let what =
                format!("`{}` never holds: whatever fits it fits `{}`, which stands before it", route.name, other.name);
            told.push(place.problem("to", what));
            continue;
        }
        told.extend(unreached(route, accounts).map(|what| place.problem("accounts", what)));
        told.extend(undefined(route).map(|what| place.problem("definition", what)));
        told.extend(impossible(connectors, route).map(|what| place.problem("types", what)));
        if let To::Connector(name) = &route.to
            && let Some(connector) = connectors.connectors.get(name)
        {
            told.extend(unlisted(connector.system(), &route.defaults, &route.allowed, place));
        }
        for (name, pattern) in &route.properties {
            // An empty PartnerProperty is none.
            if unwritable(pattern) || pattern.is_empty() {
                let what = format!(
                    "no PartnerProperty {name} is ever `{pattern}`: values stand without spaces around them, and an empty one is none"
                );
                told.push(place.problem("properties", what));
            }
        }
    }
    told
}

/// What to tell of a connector to which no route leads.
pub(super) fn unused(connectors: &Connectors, name: &str) -> Option<&'static str> {
    let leads = |route: &Route| matches!(&route.to, To::Connector(to) if to == name);
    (!connectors.routes.iter().any(leads)).then_some("no route leads here")
}

/// What to tell of the channels of a connector.
pub(super) fn channels_of(connectors: &Connectors, name: &str, place: &Place) -> Vec<Problem> {
    let connector = connectors.connectors.get(name);
    connector
        .map_or_else(Vec::new, |connector| unlisted(connector.system(), &connector.defaults, &connector.allowed, place))
}

/// Channels that the documentation of a PBX does not list; its list is open, so they may be right.
fn unlisted(system: System, defaults: &Defaults, allowed: &Allowed, place: &Place) -> Vec<Problem> {
    if system != System::Yeastar {
        return Vec::new();
    }
    let default = defaults.channel.iter().map(|channel| ("defaults.channel", channel));
    let listed = allowed.channels.iter().map(|channel| ("channels", channel));
    let is_unknown = |channel: &String| !PBX_CHANNELS.iter().any(|known| fits(channel, known));
    let told = |(field, channel): (&str, &String)| {
        let known = PBX_CHANNELS.join(", ");
        place.problem(field, format!("`{channel}` is no channel that the documentation of the PBX lists ({known}): where it has none of that name, it answers 80018"))
    };
    default.chain(listed).filter(|(_, channel)| is_unknown(channel)).map(told).collect()
}

/// Whether everything that fits `late` fits `early`, which stands before it.
fn covers(connectors: &Connectors, early: &Route, late: &Route) -> bool {
    let accounts = early.accounts.is_empty()
        || !late.accounts.is_empty() && late.accounts.iter().all(|mid| early.accounts.contains(mid));
    let definition = match (&early.definition, &late.definition) {
        (None, _) => true,
        (Some(early), Some(late)) => wider(early, late),
        (Some(_), None) => false,
    };
    // What costs most comes last.
    accounts
        && definition
        && all_wider(&early.properties, &late.properties)
        && all_wider(&early.attributes, &late.attributes)
        && takes_kinds(connectors, early, late)
}

fn takes_kinds(connectors: &Connectors, early: &Route, late: &Route) -> bool {
    let system = |route: &Route| match &route.to {
        To::Connector(name) => connectors.connectors.get(name).map(|connector| connector.system()),
        To::Store | To::Mail => None,
    };
    let kinds: Vec<&str> = match (&late.to, late.kinds.as_slice()) {
        (_, [_, ..]) => late.kinds.iter().map(String::as_str).collect(),
        (To::Store, []) => return early.kinds.is_empty() && early.to == To::Store,
        (To::Mail, []) => vec!["TriggeredSend"],
        (To::Connector(_), []) => match (system(early), system(late)) {
            // Without types, each leaves what its system cannot do: the same.
            (Some(one), Some(other)) if one == other && early.kinds.is_empty() => return true,
            (_, Some(system)) => KINDS.into_iter().filter(|kind| goes_unnamed(kind) && can(system, kind)).collect(),
            (_, None) => return false,
        },
    };
    match (&early.to, early.kinds.as_slice()) {
        (_, [_, ..]) => kinds.iter().all(|kind| early.kinds.iter().any(|own| own == kind)),
        (To::Store, []) => true,
        (To::Mail, []) => kinds.iter().all(|kind| *kind == "TriggeredSend"),
        (To::Connector(_), []) => false,
    }
}

/// Whether every pattern of `early` stands in `late` too, as narrow or narrower.
fn all_wider(early: &BTreeMap<String, String>, late: &BTreeMap<String, String>) -> bool {
    let stands = |name: &str, pattern: &str| {
        late.iter().any(|(own, late)| own.eq_ignore_ascii_case(name) && wider(pattern, late))
    };
    early.iter().all(|(name, pattern)| stands(name, pattern))
}

/// Whether whatever fits `narrow` fits `wide`. A star of the one stands for some characters, and in the other it is a
/// character like any: where it fits, all that it stands for does.
fn wider(wide: &str, narrow: &str) -> bool {
    fits(wide, narrow)
}

fn unreached(route: &Route, accounts: &Accounts) -> Option<String> {
    // Where there are none, that is told already.
    if accounts.callers() == (0, 0) {
        return None;
    }
    let nobody: Vec<_> = route.accounts.iter().filter(|mid| !accounts.is_reached(**mid)).collect();
    let named = nobody.iter().map(|mid| mid.to_string()).collect::<Vec<_>>().join(", ");
    (!nobody.is_empty()).then(|| format!("no user and no API client may act for account {named}"))
}

/// A definition that no object of the route names, or none has as its key.
fn undefined(route: &Route) -> Option<String> {
    let pattern = route.definition.as_ref()?;
    if unwritable(pattern) {
        return Some(format!("no CustomerKey is ever `{pattern}`: it stands without spaces around it"));
    }
    if route.kinds.iter().all(|kind| kind == "SMSTriggeredSend" || kind == "TriggeredSend") {
        return None;
    }
    let schema = contract()?;
    let has = |kind: &String| {
        let Some(ty) = schema.type_named(kind) else { return true };
        // Its own key counts.
        let is_one = kind == "TriggeredSendDefinition";
        let named = |name| schema.name_id(name).is_some_and(|name| schema.get(ty).field(name).is_some());
        is_one || named("TriggeredSendDefinition") || named("SMSTriggeredSendDefinition")
    };
    let never = !route.kinds.is_empty() && !route.kinds.iter().any(has);
    never.then(|| format!("a {} names no definition, so the route never holds", route.kinds.join(" or a ")))
}

/// A pattern that begins or ends with a space: values are read without those around them.
fn unwritable(pattern: &str) -> bool {
    pattern.starts_with(char::is_whitespace) || pattern.ends_with(char::is_whitespace)
}

/// Types with which the system of the route's connector can do nothing, whatever is asked for.
fn impossible(connectors: &Connectors, route: &Route) -> Option<String> {
    let To::Connector(name) = &route.to else { return None };
    let system: System = connectors.connectors.get(name)?.system();
    // Another operation has nothing to do with the type that asks for it.
    if route.properties.keys().any(|name| name.eq_ignore_ascii_case("Operation")) {
        return None;
    }
    let cannot: Vec<_> = route.kinds.iter().filter(|kind| !can(system, kind)).map(String::as_str).collect();
    let named = cannot.join(" or a ");
    (!cannot.is_empty())
        .then(|| format!("{} can do nothing with a {named}: every one is answered with an error", system.name()))
}
