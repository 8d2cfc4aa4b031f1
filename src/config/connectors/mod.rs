//! `[[connector]]` and `[[route]]`: messaging APIs, and which objects go there.
//!
//! A secret stands in a file or in an environment variable that the entry names; it is read here and shown nowhere.

mod choice;
mod draft;
mod fields;
mod foreign;
mod futile;
mod lead;
mod settle;
mod show;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(super) use self::show::toml;
pub use self::show::{connector_markdown, route_markdown};
use self::{
    draft::{Draft, RouteDraft},
    fields::{CONNECTOR, DEFAULTS, Field, ROUTE, ROUTE_TABLES},
};
use super::{
    Problem,
    document::{Source, text},
    near::perhaps,
    value::Kind,
};
use crate::connector::Defaults;

/// Their names in the file.
pub(super) const LISTS: [&str; 2] = ["connector", "route"];

/// The entries read so far, and where each field stood.
#[derive(Default)]
pub(super) struct Drafts {
    connectors: Vec<(Draft, Defaults, Place)>,
    routes: Vec<RouteEntry>,
}

struct RouteEntry {
    draft: RouteDraft,
    properties: BTreeMap<String, String>,
    attributes: BTreeMap<String, String>,
    defaults: Defaults,
    place: Place,
}

/// Where the fields of an entry stood.
#[derive(Default)]
struct Place {
    list: &'static str,
    entry: String,
    fields: BTreeMap<String, String>,
    /// Fields about which something was told already.
    told: BTreeSet<String>,
}

impl Place {
    fn problem(&self, field: &str, what: impl Into<String>) -> Problem {
        let place = self.fields.get(field).unwrap_or(&self.entry).clone();
        Problem { place, key: format!("{}.{field}", self.list), what: what.into() }
    }

    fn is_given(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }
}

impl Drafts {
    /// Reads one list.
    pub(super) fn read(
        &mut self,
        source: &Source<'_>,
        list: &str,
        value: &Spanned<DeValue<'_>>,
        problems: &mut Vec<Problem>,
    ) {
        let list = LISTS.into_iter().find(|known| *known == list).unwrap_or_default();
        let mut wrong = |place: String, expected: &str| {
            let what = format!("expected {expected}: write `[[{list}]]`");
            problems.push(Problem { place, key: list.into(), what });
        };
        let Some(entries) = value.get_ref().as_array() else {
            return wrong(source.place(&value.span()), "a list");
        };
        let mut tables = Vec::new();
        for entry in entries.iter() {
            match entry.get_ref().as_table() {
                Some(table) => tables.push((table, source.place(&entry.span()))),
                None => wrong(source.place(&entry.span()), "a table"),
            }
        }
        for (table, entry) in tables {
            let place = Place { list, entry, ..Place::default() };
            let reading = Reading { source, problems, place };
            match list {
                "connector" => self.connectors.push(reading.connector(table)),
                _ => self.routes.push(reading.route(table)),
            }
        }
    }
}

/// One entry on its way to a draft.
struct Reading<'a, 's> {
    source: &'a Source<'s>,
    problems: &'a mut Vec<Problem>,
    place: Place,
}

impl Reading<'_, '_> {
    fn connector(mut self, table: &DeTable<'_>) -> (Draft, Defaults, Place) {
        let mut draft = Draft::default();
        self.fields(CONNECTOR, "", table, &["defaults"], &mut draft);
        let defaults = self.defaults(table);
        (draft, defaults, self.place)
    }

    fn route(mut self, table: &DeTable<'_>) -> RouteEntry {
        let mut draft = RouteDraft::default();
        let tables: Vec<_> = ["defaults"].into_iter().chain(ROUTE_TABLES.iter().map(|(name, _)| *name)).collect();
        self.fields(ROUTE, "", table, &tables, &mut draft);
        let properties = self.patterns(table, "properties");
        let attributes = self.patterns(table, "attributes");
        let defaults = self.defaults(table);
        RouteEntry { draft, properties, attributes, defaults, place: self.place }
    }

    fn defaults(&mut self, table: &DeTable<'_>) -> Defaults {
        let mut defaults = Defaults::default();
        if let Some(inner) = self.table(table, "defaults") {
            self.fields(DEFAULTS, "defaults.", inner, &[], &mut defaults);
        }
        defaults
    }

    /// Fills what a table of fields knows, and tells the fields that it does not.
    fn fields<C>(&mut self, known: &[Field<C>], prefix: &str, table: &DeTable<'_>, tables: &[&str], into: &mut C) {
        let base = self.source.path.parent().map_or_else(PathBuf::new, PathBuf::from);
        for field in known {
            let given = table.get_key_value(field.key);
            let name = format!("{prefix}{}", field.key);
            let text = match given {
                Some((key, value)) => {
                    self.place.fields.insert(name.clone(), self.source.place(&key.span()));
                    match field.kind {
                        // None allowed would be read as all allowed.
                        Kind::Texts { .. } if LIMITS.contains(&field.key) && is_empty(value.get_ref()) => {
                            Err("expected one or more; leave it out to allow any".to_owned())
                        }
                        Kind::Texts { .. } => trimmed(value.get_ref()).and_then(|()| text(value.get_ref())),
                        _ => text(value.get_ref()),
                    }
                }
                None if field.default.is_empty() => continue,
                None => Ok(field.default.to_owned()),
            };
            if let Err(what) = text.and_then(|text| field.kind.put(into, &text, &base)) {
                self.wrong(&name, what);
            }
        }
        for (key, _) in table {
            let name = key.get_ref().as_ref();
            if known.iter().any(|field| field.key == name) || tables.contains(&name) {
                continue;
            }
            let names = known.iter().map(|field| field.key).chain(tables.iter().copied());
            let what = format!("there is no such setting{}", perhaps(name, names));
            let place = self.source.place(&key.span());
            let key = format!("{}.{prefix}{name}", self.place.list);
            self.problems.push(Problem { place, key, what });
        }
    }

    fn patterns(&mut self, table: &DeTable<'_>, name: &'static str) -> BTreeMap<String, String> {
        let mut patterns = BTreeMap::new();
        if let Some(inner) = self.table(table, name) {
            for (key, value) in inner {
                match value.get_ref().as_str() {
                    Some(pattern) => {
                        patterns.insert(key.get_ref().to_string(), pattern.to_owned());
                    }
                    None => {
                        let place = self.source.place(&key.span());
                        let key = format!("{}.{name}.{}", self.place.list, key.get_ref());
                        let what = "expected text, in which * stands for any characters".to_owned();
                        self.problems.push(Problem { place, key, what });
                    }
                }
            }
        }
        patterns
    }

    fn table<'t>(&mut self, table: &'t DeTable<'_>, name: &'static str) -> Option<&'t DeTable<'t>> {
        let (key, value) = table.get_key_value(name)?;
        self.place.fields.insert(name.to_owned(), self.source.place(&key.span()));
        let inner = value.get_ref().as_table();
        if inner.is_none() {
            self.wrong(name, format!("expected a table: write `[{}.{name}]`", self.place.list));
        }
        inner
    }

    fn wrong(&mut self, field: &str, what: String) {
        self.place.told.insert(field.to_owned());
        let problem = self.place.problem(field, what);
        self.problems.push(problem);
    }
}

/// A text that is empty, or has spaces around it, fits nothing that is read; and a list of nothing else would be none, which limits
/// nothing.
/// Lists that limit: without any they do not.
const LIMITS: [&str; 2] = ["senders", "channels"];

fn is_empty(value: &DeValue<'_>) -> bool {
    value.as_array().is_some_and(|list| list.is_empty())
}

fn trimmed(value: &DeValue<'_>) -> Result<(), String> {
    let wrong = |text: &str| {
        Err(format!("`{text}` stands in it: expected texts without spaces around them, and none that is empty"))
    };
    let mut texts = value.as_array().into_iter().flatten().filter_map(|text| text.get_ref().as_str());
    match (value.as_str(), texts.find(|text| text.is_empty() || text.trim() != *text)) {
        (Some(text), _) if text.trim().is_empty() => wrong(text),
        (_, Some(text)) => wrong(text),
        _ => Ok(()),
    }
}
