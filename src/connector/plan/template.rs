//! TriggeredSendDefinition, Email: a template of WhatsApp, handed in at Connectly for review
//! (facts/backends section 3; docs.connectly.ai/api-reference/create-template).

use serde_json::{Value, json};

use super::settled::Settled;
use crate::{
    connector::{
        Action, CREATE_TEMPLATE, Message,
        problem::{Problem, problem},
    },
    message::{code, personalize},
};

/// Categories of templates; the API writes them behind [`PREFIX`].
const CATEGORIES: [&str; 3] = ["AUTHENTICATION", "MARKETING", "UTILITY"];
const PREFIX: &str = "MESSAGE_TEMPLATE_GROUP_CATEGORY_";

/// The request for a template. Its name is what a TriggeredSend will name: PartnerProperty Template, else the CustomerKey.
pub(super) fn create(settled: &Settled<'_>) -> Result<Message, Problem> {
    let node = settled.planning.node;
    let name = settled.extra("Template").or_else(|| node.given("CustomerKey")).or_else(|| node.given("Name"));
    let name = name.ok_or_else(|| wrong("a template needs a name: PartnerProperty Template, CustomerKey or Name"))?;
    let language = settled.extra("Language").or_else(|| settled.default(|defaults| &defaults.language));
    let language = language.ok_or_else(|| {
        wrong("a template needs a language: PartnerProperty Language, or `language` in the defaults of its route")
    })?;
    let body = json!({
        "name": name,
        "language": { "code": language },
        "category": category(settled)?,
        "template_components": components(settled)?,
    });
    let action = Action::Other { operation: CREATE_TEMPLATE.to_owned(), body: body.to_string() };
    Ok(settled.message(action, name, settled.channel().unwrap_or_default(), 0))
}

fn wrong(what: impl AsRef<str>) -> Problem {
    problem(code::CONNECTOR_VALUE, what)
}

fn category(settled: &Settled<'_>) -> Result<String, Problem> {
    let given = settled.extra("Category").unwrap_or_default();
    let upper = given.to_ascii_uppercase();
    let name = upper.strip_prefix(PREFIX).unwrap_or(&upper);
    match CATEGORIES.contains(&name) {
        true => Ok(format!("{PREFIX}{name}")),
        false if given.is_empty() => {
            Err(wrong(format!("a template needs PartnerProperty Category: {}", CATEGORIES.join(", "))))
        }
        false => Err(wrong(format!("PartnerProperty Category: `{given}`: expected one of {}", CATEGORIES.join(", ")))),
    }
}

/// PartnerProperty Components as it is; else a body of one text.
fn components(settled: &Settled<'_>) -> Result<Value, Problem> {
    if let Some(given) = settled.extra("Components") {
        let what =
            |why: String| wrong(format!("PartnerProperty Components: {why}: expected a JSON list of components"));
        let read: Value = serde_json::from_str(&given).map_err(|error| what(error.to_string()))?;
        let is_list = read.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_object));
        return if is_list { Ok(read) } else { Err(what("no such list".to_owned())) };
    }
    let node = settled.planning.node;
    let of_mail = || node.child("Email").unwrap_or(node).given("TextBody");
    let Some(text) = settled.extra("Body").or_else(of_mail) else {
        let what = "expected PartnerProperty Body or Components, or the TextBody of the Email: WhatsApp has no HTML";
        return Err(problem(code::NO_TEXT, what));
    };
    Ok(json!([{ "body": { "text": { "text": numbered(settled, &text)? } } }]))
}

/// The text with `{{1}}`, `{{2}}` … in place of `%%name%%`: `parameters` of the route say which attribute will be `body_1`,
/// `body_2` … when the template is sent, and so which number it has here.
fn numbered(settled: &Settled<'_>, text: &str) -> Result<String, Problem> {
    let place = |name: &str| {
        let is_it = |own: &String| own.trim().to_lowercase() == name.trim().to_lowercase();
        let at = settled.parameters().iter().position(is_it)?;
        Some(format!("{{{{{}}}}}", at + 1).into())
    };
    personalize::fill(text, place).map_err(|name| {
        let what = format!("{name} (expected it in `parameters`, in the defaults of the route, which say what {{{{1}}}}, {{{{2}}}} … are)");
        problem(code::NO_ATTRIBUTE, what)
    })
}
