//! Templates: those that are there, and those that are made.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{APPROVAL, Connectly, Done, random};
use crate::{
    clock::Time,
    simulated::{
        Reply,
        check::{Wrong, list, need, needed, text},
        is_over,
    },
};

/// Templates that everybody has, in the [`LANGUAGES`].
pub(in crate::simulated) const TEMPLATES: [&str; 2] = ["hello", "order"];
const LANGUAGES: [&str; 8] = ["en", "en_US", "en_GB", "de", "fr", "es", "it", "pt_BR"];
/// Categories, and what may stand before them.
const CATEGORIES: [&str; 3] = ["AUTHENTICATION", "MARKETING", "UTILITY"];
const CATEGORY: &str = "MESSAGE_TEMPLATE_GROUP_CATEGORY_";
/// Templates that a business can have.
const MOST: usize = 250;
/// Values of `body_1` and on.
const BODIES: u32 = 15;

impl Connectly {
    /// Groups of the same name, with a template for each language.
    pub(super) fn templates_listed(&self, now: Time) -> Reply {
        let mut groups: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for name in TEMPLATES {
            let there = LANGUAGES.iter().map(|language| listed(&format!("{name}-{language}"), language, true));
            groups.insert(name, there.collect());
        }
        for ((name, language), (id, since)) in self.templates.iter() {
            let is_approved = is_over(since.plus(APPROVAL), now);
            groups.entry(name).or_default().push(listed(id, language, is_approved));
        }
        let groups: Vec<_> =
            groups.into_iter().map(|(name, all)| json!({ "id": name, "name": name, "templates": all })).collect();
        Reply::new(200, json!({ "entity": { "templateGroups": groups } }))
    }

    /// It waits for its approval, and is then one like the others.
    pub(super) fn create_template(&mut self, body: &Value, now: Time) -> Done {
        let invalid = "ERROR_TYPE_INVALID_REQUEST";
        let name = needed(body, "name", 512, invalid)?;
        let language = text(body, "/language/code").filter(|code| !code.is_empty());
        let language = language.ok_or_else(|| Wrong::new(invalid, "language.code", "required"))?;
        let category = needed(body, "category", 127, invalid)?;
        let is_one = CATEGORIES.contains(&category.strip_prefix(CATEGORY).unwrap_or(category));
        need(is_one, invalid, "category", "expected MARKETING, UTILITY or AUTHENTICATION")?;
        list(body, "template_components", 20, invalid)?;
        let key = (name.to_owned(), language.to_owned());
        let is_there = is_built_in(name, language) || self.templates.contains_key(&key);
        need(!is_there, "ERROR_TYPE_CONFLICT", "name", "is that of another template in this language")?;
        need(self.templates.len() < MOST, "ERROR_TYPE_BUSINESS_LIMIT", "the templates", "are as many as there can be")?;
        let id = random(26);
        self.templates.insert(key, (id.clone(), now));
        let entity =
            json!({ "id": name, "name": name, "category": category, "templates": [listed(&id, language, false)] });
        Ok(Reply::new(201, json!({ "entity": entity })))
    }

    /// That a template can be sent so.
    pub(super) fn check_template(&self, body: &Value, now: Time) -> Result<(), Wrong> {
        let name = needed(body, "templateName", 512, "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID")?;
        let language = needed(body, "language", 35, "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID")?;
        let made = self.templates.get(&(name.to_owned(), language.to_owned()));
        let is_there = is_built_in(name, language) || made.is_some_and(|(_, since)| is_over(since.plus(APPROVAL), now));
        need(
            is_there,
            "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND",
            "templateName",
            "is no approved template in this language",
        )?;
        let wrong = |name: &str, why: &str| Wrong::new("ERROR_CODE_MESSAGE_TEMPLATE_INVALID_PARAM", name, why);
        let Some(given) = body.get("parameters") else {
            return Ok(());
        };
        let given = given.as_array().ok_or_else(|| wrong("parameters", "expected a list"))?;
        let mut names: Vec<&str> = Vec::new();
        for parameter in given {
            let name = text(parameter, "/name").filter(|name| is_parameter(name));
            let name = name.ok_or_else(|| wrong("parameters", "expected header_…, body_1 to body_15 or buttons"))?;
            let value = text(parameter, "/value").filter(|value| !value.is_empty());
            value.ok_or_else(|| wrong(name, "has no value"))?;
            if names.contains(&name) {
                return Err(wrong(name, "is given twice"));
            }
            names.push(name);
        }
        Ok(())
    }
}

fn is_built_in(name: &str, language: &str) -> bool {
    TEMPLATES.contains(&name) && LANGUAGES.contains(&language)
}

fn is_parameter(name: &str) -> bool {
    match name.strip_prefix("body_") {
        Some(place) => place.parse().is_ok_and(|place: u32| (1..=BODIES).contains(&place)),
        None => matches!(name, "header_text" | "header_image" | "header_video") || name.starts_with("button"),
    }
}

fn listed(id: &str, language: &str, is_approved: bool) -> Value {
    let status = if is_approved { "APPROVED" } else { "PENDING" };
    let status = format!("MESSAGE_TEMPLATE_STATUS_{status}");
    json!({ "id": id, "language": { "code": language }, "status": status })
}
