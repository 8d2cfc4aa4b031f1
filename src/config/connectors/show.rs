//! How connectors and routes are shown: as the configuration would have them, and as tables for the README.

use super::{
    super::{
        Config,
        value::{Kind, quoted},
    },
    choice::{COMPLETE_ON, ERROR_CODES, ON_AMBIGUOUS, word},
    fields::{CONNECTOR, DEFAULTS, Field, ROUTE, ROUTE_TABLES},
};
use crate::connector::{Allowed, Api, Connector, Defaults, Route, To};

/// All that is configured, as the file would have it; secrets are left out.
pub(in crate::config) fn toml(config: &Config) -> String {
    let connectors = config.connectors.connectors.values().map(|connector| of_connector(connector));
    connectors.chain(config.connectors.routes.iter().map(of_route)).collect()
}

fn line(out: &mut String, key: &str, value: &str) {
    out.push_str(&format!("{key} = {}\n", quoted(value)));
}

fn of_connector(connector: &Connector) -> String {
    let mut out = "\n[[connector]]\n".to_owned();
    line(&mut out, "name", &connector.name);
    line(&mut out, "system", connector.system().name());
    line(&mut out, "base_url", &connector.base);
    let secret = match &connector.api {
        Api::Salesforce { login, consumer_key, user, org_id, authorization_context, context_type, .. } => {
            for (key, value) in [
                ("login_url", login),
                ("consumer_key", consumer_key),
                ("user", user),
                ("org_id", org_id),
                ("authorization_context", authorization_context),
            ] {
                line(&mut out, key, value);
            }
            line(&mut out, "authorization_context_type", context_type.name());
            "private_key"
        }
        Api::Yeastar { client_id, .. } => {
            line(&mut out, "client_id", client_id);
            "client_secret"
        }
        Api::Connectly { business, .. } => {
            line(&mut out, "business", business);
            "api_key"
        }
    };
    out.push_str(&format!("# {secret}: not shown\n"));
    if connector.webhook_secret.is_some() {
        out.push_str("# webhook_secret: not shown\n");
    }
    if !connector.ca.is_empty() {
        out.push_str(&format!("# ca: {} certificates\n", connector.ca.len()));
    }
    for (key, duration) in [
        ("connect_timeout", connector.connect_timeout),
        ("timeout", connector.timeout),
        ("first_delay", connector.first_delay),
        ("longest_delay", connector.longest_delay),
        ("max_age", connector.max_age),
        ("breaker_rest", connector.breaker_rest),
        ("delivered_within", connector.delivered_within),
        ("wait", connector.wait),
    ] {
        line(&mut out, key, &format!("{}ms", duration.as_millis()));
    }
    line(&mut out, "max_answer", &connector.max_answer.to_string());
    for (key, value) in [
        ("on_ambiguous", word(&ON_AMBIGUOUS, &connector.on_ambiguous)),
        ("complete_on", word(&COMPLETE_ON, &connector.complete_on)),
        ("error_codes", word(&ERROR_CODES, &connector.error_numbers)),
    ] {
        line(&mut out, key, value);
    }
    for (key, value) in [
        ("at_once", connector.at_once.to_string()),
        ("per_second", connector.per_second.to_string()),
        ("max_attempts", connector.max_attempts.to_string()),
        ("breaker_failures", connector.breaker_failures.to_string()),
        ("record", connector.record.to_string()),
        ("remedies", connector.remedies.to_string()),
    ] {
        out.push_str(&format!("{key} = {value}\n"));
    }
    if !connector.operations.is_empty() {
        out.push_str(&format!("operations = {}\n", listed(&connector.operations)));
    }
    out += &of_allowed(&connector.allowed);
    out + &of_defaults("connector", &connector.defaults)
}

fn of_allowed(allowed: &Allowed) -> String {
    let lists = [("senders", &allowed.senders), ("channels", &allowed.channels)];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    lists.map(|(key, list)| format!("{key} = {}\n", listed(list))).collect()
}

fn of_defaults(list: &str, defaults: &Defaults) -> String {
    if *defaults == Defaults::default() {
        return String::new();
    }
    let mut out = format!("[{list}.defaults]\n");
    for (key, value) in [
        ("channel", &defaults.channel),
        ("sender", &defaults.sender),
        ("extension", &defaults.extension),
        ("template", &defaults.template),
        ("language", &defaults.language),
        ("fallback_template", &defaults.fallback_template),
        ("body", &defaults.body),
        ("country", &defaults.country),
        ("phone_attribute", &defaults.phone_attribute),
        ("opt_in", &defaults.opt_in),
    ] {
        if let Some(value) = value {
            line(&mut out, key, value);
        }
    }
    if !defaults.parameters.is_empty() {
        out.push_str(&format!("parameters = {}\n", listed(&defaults.parameters)));
    }
    out
}

fn listed(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

fn of_route(route: &Route) -> String {
    let mut out = "\n[[route]]\n".to_owned();
    line(&mut out, "name", &route.name);
    if !route.accounts.is_empty() {
        out.push_str(&format!("accounts = {:?}\n", route.accounts));
    }
    if !route.kinds.is_empty() {
        out.push_str(&format!("types = {}\n", listed(&route.kinds)));
    }
    if let Some(definition) = &route.definition {
        line(&mut out, "definition", definition);
    }
    let to = match &route.to {
        To::Store => "store",
        To::Mail => "mail",
        To::Connector(name) => name,
    };
    line(&mut out, "to", to);
    out += &of_allowed(&route.allowed);
    for (name, patterns) in [("properties", &route.properties), ("attributes", &route.attributes)] {
        if !patterns.is_empty() {
            out.push_str(&format!("[route.{name}]\n"));
            for (key, pattern) in patterns {
                line(&mut out, &quoted(key), pattern);
            }
        }
    }
    out + &of_defaults("route", &route.defaults)
}

/// The fields of `[[connector]]`, for the README.
pub fn connector_markdown() -> String {
    table(
        CONNECTOR
            .iter()
            .map(|field| described("", field))
            .chain(DEFAULTS.iter().map(|field| described("defaults.", field))),
    )
}

/// The fields of `[[route]]`, for the README.
pub fn route_markdown() -> String {
    let tables = ROUTE_TABLES.iter().map(|(name, doc)| format!("| `{name}` | none | texts | {doc} |\n"));
    let defaults =
        "| `defaults` | none | table | As of a connector; a route's stand before its connector's. |\n".to_owned();
    table(ROUTE.iter().map(|field| described("", field)).chain(tables).chain([defaults]))
}

fn table(rows: impl Iterator<Item = String>) -> String {
    "| Field | Default | Values | What it is for |\n| --- | --- | --- | --- |\n".to_owned() + &rows.collect::<String>()
}

fn described<C>(prefix: &str, field: &Field<C>) -> String {
    let default = if field.default.is_empty() { "none".to_owned() } else { format!("`{}`", field.default) };
    let values = match &field.kind {
        Kind::Text { .. } if field.key.ends_with("_env") => "name of a variable".to_owned(),
        kind => kind.words(),
    };
    let only = field.only.map(|system| format!(" ({})", system.name())).unwrap_or_default();
    format!("| `{prefix}{}`{only} | {default} | {values} | {} |\n", field.key, field.doc)
}
