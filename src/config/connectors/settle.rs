//! From drafts to connectors and routes: what no field can tell alone.

use std::{path::Path, sync::Arc};

use rustls::pki_types::CertificateDer;

use super::{
    Drafts, Place, Problem,
    draft::{Draft, Hidden},
    fields::CONNECTOR,
    foreign::{foreign, foreign_to},
    futile,
    lead::route,
};
use crate::{
    config::{Config, near::perhaps},
    connector::{
        Ambiguous, Api, CompleteOn, Connector, Connectors, Defaults, ErrorNumbers, Operation, System, check_private_key,
    },
    file,
    message::client::Secret,
    trust,
};

/// A secret to sign webhooks with, or to log in, is longer than this in every system.
const SHORTEST_SECRET: usize = 8;

impl Drafts {
    /// Builds all that is configured out of everything read.
    pub(in crate::config) fn settle(
        self,
        config: &mut Config,
        environment: &[(String, String)],
        problems: &mut Vec<Problem>,
    ) {
        let mut connectors = Connectors::default();
        // A variable that a connector names is no setting that was misspelt.
        let hidden = |draft: &Draft| {
            let all = [&draft.private_key, &draft.client_secret, &draft.api_key, &draft.webhook_secret];
            all.into_iter().filter_map(|hidden| hidden.variable.clone()).collect::<Vec<_>>()
        };
        let named: Vec<String> = self.connectors.iter().flat_map(|(draft, ..)| hidden(draft)).collect();
        config.warnings.retain(|warning| !named.contains(&warning.place));
        // One that could not be read would be missed again in every route to it.
        let (mut seen, mut places): (Vec<String>, Vec<Place>) = Default::default();
        for (draft, defaults, place) in self.connectors {
            let name = draft.name.clone();
            if seen.contains(&name) && !name.is_empty() {
                problems.push(place.problem("name", format!("there is another connector `{name}`")));
                continue;
            }
            seen.push(name.clone());
            let mut settling = Settling { place: &place, environment, problems, is_good: place.told.is_empty() };
            if let Some(connector) = settling.connector(draft, defaults) {
                connectors.connectors.insert(name, Arc::new(connector));
            }
            places.push(place);
        }
        let accounts: Vec<u64> = config.accounts.accounts().map(|account| account.mid).collect();
        let mut route_places = Vec::with_capacity(self.routes.len());
        for (number, entry) in (1..).zip(self.routes) {
            let (route, place) = route(number, entry, &seen, &connectors, &accounts, problems);
            connectors.routes.push(route);
            route_places.push(place);
        }
        // Of what is wrong, nobody knows what it is meant to be.
        if problems.is_empty() {
            for (name, place) in seen.iter().zip(&places) {
                let unused = futile::unused(&connectors, name).map(|what| place.problem("name", what));
                config.warnings.extend(unused.into_iter().chain(futile::channels_of(&connectors, name, place)));
            }
            config.warnings.extend(futile::routes(&connectors, &route_places, &config.accounts));
        }
        config.connectors = Arc::new(connectors);
    }
}

struct Settling<'a> {
    place: &'a Place,
    environment: &'a [(String, String)],
    problems: &'a mut Vec<Problem>,
    is_good: bool,
}

impl Settling<'_> {
    fn wrong(&mut self, field: &str, what: impl Into<String>) {
        self.is_good = false;
        // What could not be read is not missed too.
        if !self.place.told.contains(field) {
            self.problems.push(self.place.problem(field, what));
        }
    }

    fn needed(&mut self, field: &str, value: String) -> String {
        if value.is_empty() {
            self.wrong(field, "is missing");
        }
        value
    }

    fn connector(&mut self, draft: Draft, defaults: Defaults) -> Option<Connector> {
        let name = self.needed("name", draft.name.clone());
        let Some(system) = draft.system else {
            self.wrong("system", "is missing: expected salesforce or yeastar or connectly");
            return None;
        };
        for field in CONNECTOR.iter().filter(|field| self.place.is_given(field.key)) {
            if let Some(only) = field.only.filter(|only| *only != system) {
                self.wrong(field.key, foreign_to(only, system));
            }
        }
        for (field, what) in foreign(self.place, system) {
            self.wrong(&field, what);
        }
        let api = self.api(system, &draft);
        let base = match (draft.base_url.as_str(), system) {
            ("", System::Connectly) => "https://api.connectly.ai/v1".to_owned(),
            ("", _) => self.needed("base_url", String::new()),
            (url, _) => url.trim_end_matches('/').to_owned(),
        };
        let webhook_secret = self.webhook_secret(system, &draft);
        // What could not be read has no length to compare with.
        let is_read = |fields: [&str; 2]| fields.iter().all(|field| !self.place.told.contains(*field));
        let is_longer = draft.connect_timeout > draft.timeout && self.place.is_given("connect_timeout");
        if is_read(["connect_timeout", "timeout"]) && is_longer {
            let (part, whole) = (draft.connect_timeout, draft.timeout);
            self.wrong(
                "connect_timeout",
                format!("{part:?} is longer than timeout ({whole:?}), which it is a part of"),
            );
        }
        if is_read(["first_delay", "longest_delay"]) && draft.first_delay > draft.longest_delay {
            self.wrong("first_delay", "is longer than longest_delay");
        }
        let complete_on = draft.complete_on.unwrap_or(CompleteOn::Accepted);
        // One that was named and is none has been told of.
        let is_named = ["webhook_secret_file", "webhook_secret_env"].iter().any(|field| self.place.is_given(field));
        if complete_on == CompleteOn::Delivered {
            match system {
                System::Salesforce => {
                    self.wrong("complete_on", "Salesforce tells of no delivery by webhook: expected accepted");
                }
                _ if webhook_secret.is_none() && !is_named && !draft.record => {
                    self.wrong(
                        "complete_on",
                        "delivered needs webhooks: expected webhook_secret_file or webhook_secret_env too",
                    );
                }
                _ => {}
            }
        }
        for name in &draft.operations {
            if Operation::named(system, name).is_none() {
                let known: Vec<_> = Operation::of(system).map(|operation| operation.name).collect();
                let expected = known.join(", ");
                let near = perhaps(name, known);
                let what = format!("{} has no operation `{name}`{near}: expected some of {expected}", system.name());
                self.wrong("operations", what);
            }
        }
        let ca = self.authorities(draft.ca.as_deref());
        let per_second = draft.per_second.unwrap_or(match system {
            System::Salesforce => 2000,
            System::Yeastar => 10,
            System::Connectly => 200,
        });
        let connector = Connector {
            name,
            api,
            base,
            ca,
            connect_timeout: draft.connect_timeout.min(draft.timeout),
            timeout: draft.timeout,
            max_answer: draft.max_answer,
            at_once: draft.at_once,
            per_second,
            max_attempts: draft.max_attempts,
            first_delay: draft.first_delay,
            longest_delay: draft.longest_delay,
            max_age: draft.max_age,
            breaker_failures: draft.breaker_failures,
            breaker_rest: draft.breaker_rest,
            on_ambiguous: draft.on_ambiguous.unwrap_or(Ambiguous::Stop),
            complete_on,
            delivered_within: draft.delivered_within,
            error_numbers: draft.error_numbers.unwrap_or(ErrorNumbers::Documented),
            record: draft.record,
            remedies: draft.remedies,
            operations: draft.operations,
            wait: draft.wait,
            webhook_secret,
            defaults,
            allowed: draft.allowed,
        };
        self.is_good.then_some(connector)
    }

    fn api(&mut self, system: System, draft: &Draft) -> Api {
        match system {
            System::Salesforce => {
                let private_key = self.secret("private_key", &draft.private_key);
                if let Some(Err(what)) = private_key.as_ref().map(check_private_key) {
                    let field = if draft.private_key.file.is_some() { "private_key_file" } else { "private_key_env" };
                    self.wrong(field, what);
                }
                Api::Salesforce {
                    login: draft.login_url.trim_end_matches('/').to_owned(),
                    consumer_key: self.needed("consumer_key", draft.consumer_key.clone()),
                    user: self.needed("user", draft.user.clone()),
                    private_key: private_key.unwrap_or_else(|| Secret::new("")),
                    org_id: self.needed("org_id", draft.org_id.clone()),
                    authorization_context: self.needed("authorization_context", draft.authorization_context.clone()),
                    context_type: draft.context_type,
                }
            }
            System::Yeastar => Api::Yeastar {
                client_id: self.needed("client_id", draft.client_id.clone()),
                client_secret: self.secret("client_secret", &draft.client_secret).unwrap_or_else(|| Secret::new("")),
            },
            System::Connectly => {
                let api_key = self.secret("api_key", &draft.api_key).unwrap_or_else(|| Secret::new(""));
                if !api_key.expose().bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
                    self.wrong("api_key_file", "what it holds is no API key: expected ASCII without spaces");
                }
                Api::Connectly { business: self.needed("business", draft.business.clone()), api_key }
            }
        }
    }

    fn webhook_secret(&mut self, system: System, draft: &Draft) -> Option<Secret> {
        let hidden = &draft.webhook_secret;
        if hidden.file.is_none() && hidden.variable.is_none() {
            return None;
        }
        if system == System::Salesforce {
            let field = if hidden.file.is_some() { "webhook_secret_file" } else { "webhook_secret_env" };
            self.wrong(field, "Salesforce has no webhooks");
            return None;
        }
        self.secret("webhook_secret", hidden)
    }

    /// The secret that stands in a file or a variable: one of them.
    fn secret(&mut self, name: &str, hidden: &Hidden) -> Option<Secret> {
        let (file, variable) = (format!("{name}_file"), format!("{name}_env"));
        let (field, text) = match (&hidden.file, &hidden.variable) {
            (Some(_), Some(_)) => {
                self.wrong(&variable, format!("is set, and {file} too: expected one of them"));
                return None;
            }
            (None, None) => {
                if !self.place.told.contains(&variable) {
                    self.wrong(&file, format!("is missing: expected it or {variable}"));
                }
                return None;
            }
            (Some(path), None) => match file::read_text(path, file::LONGEST_SECRET) {
                Ok(text) => (file, text),
                Err(error) => {
                    // Somebody may have put the secret itself there.
                    self.wrong(&file, format!("the file cannot be read: {error}"));
                    return None;
                }
            },
            (None, Some(named)) => match self.environment.iter().find(|(own, _)| own == named) {
                Some((_, text)) => (variable, text.clone()),
                None => {
                    self.wrong(&variable, "there is no environment variable of this name");
                    return None;
                }
            },
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.len() < SHORTEST_SECRET {
            self.wrong(&field, format!("what it holds is no secret: expected {SHORTEST_SECRET} characters or more"));
            return None;
        }
        Some(Secret::new(text))
    }

    fn authorities(&mut self, path: Option<&Path>) -> Vec<CertificateDer<'static>> {
        let Some(path) = path else {
            return Vec::new();
        };
        trust::authorities(path).unwrap_or_else(|error| {
            self.wrong("ca", error.to_string());
            Vec::new()
        })
    }
}
