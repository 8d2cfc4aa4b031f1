//! Errors as the systems tell them: HTTP status and body.

use serde_json::{Value, json};

use super::check::Wrong;
use crate::connector::{
    System,
    codes::{self, Class, Code},
};

/// An error with this code.
pub(super) fn told(system: System, code: &str, path: &str) -> (u16, Value) {
    let known = codes::find(system, code);
    match system {
        System::Salesforce => salesforce(known, code, known.map_or("an error", |known| known.meaning), path),
        System::Yeastar => {
            let errcode: i64 = code.parse().unwrap_or(-1);
            (200, json!({ "errcode": errcode, "errmsg": known.map_or("FAILURE", |known| known.name) }))
        }
        System::Connectly => connectly(known, code, ""),
    }
}

/// A refusal, which says what is wrong too.
pub(super) fn refused(system: System, wrong: &Wrong, path: &str) -> (u16, Value) {
    let (code, about) = (wrong.code, format!("{} {}", wrong.field, wrong.why));
    let known = codes::find(system, code);
    let text = known.map_or("an error", |known| known.meaning);
    match system {
        System::Salesforce => salesforce(known, code, &format!("{text} ({about})"), path),
        System::Connectly => connectly(known, code, &about),
        System::Yeastar => {
            let (status, mut body) = told(system, code, path);
            let field = json!({ "field": wrong.field, "validation_type": wrong.why });
            let more = match code {
                "-1" => Some(("invalid_param_list", json!([{ "field": wrong.field, "value": wrong.why }]))),
                "40002" => Some(("invalid_param_list", json!([field]))),
                "40003" => {
                    let twice = json!({
                        "field": wrong.field, "value": wrong.why, "external_source": "", "external_source_name": "",
                    });
                    Some(("duplicate_field_list", json!([twice])))
                }
                _ => None,
            };
            if let (Some((name, value)), Some(members)) = (more, body.as_object_mut()) {
                members.insert(name.to_owned(), value);
            }
            (status, body)
        }
    }
}

/// What a system says when there are too many requests.
pub(super) fn limited(system: System) -> (u16, Value) {
    match system {
        System::Salesforce => (429, json!({ "success": false, "message": "Interaction request rate limit exceeded" })),
        System::Yeastar => (429, json!({})),
        System::Connectly => told(system, "ERROR_TYPE_RATE_LIMIT", ""),
    }
}

/// What a system says of a body that is too long.
pub(super) fn too_long(system: System, path: &str) -> (u16, Value) {
    let code = match system {
        System::Salesforce => "10008",
        System::Yeastar => "40004",
        System::Connectly => "ERROR_TYPE_INVALID_REQUEST",
    };
    refused(system, &Wrong::new(code, "the body", "is too long"), path)
}

/// The three shapes of Salesforce.
fn salesforce(known: Option<&Code>, code: &str, text: &str, path: &str) -> (u16, Value) {
    // The reasons of /messagingSession are names.
    let Ok(number) = code.parse::<i64>() else {
        return (200, json!({ "success": false, "errorReason": code }));
    };
    let detail = json!({ "code": number, "message": text });
    if ["/consent", "/participant", "/routingResult", "/capabilities"].iter().any(|end| path.ends_with(end)) {
        return (200, json!({ "success": false, "errorDetail": detail }));
    }
    (status(known), detail)
}

fn connectly(known: Option<&Code>, code: &str, about: &str) -> (u16, Value) {
    let class = known.map_or(Class::Client, |known| known.class);
    let kind = match (code, class) {
        (code, _) if code.starts_with("ERROR_TYPE_") => code,
        // As the vendor's own sample has it, misleading as it is.
        ("ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW", _) => "ERROR_TYPE_DEADLINE_EXCEEDED",
        (_, Class::Auth) => "ERROR_TYPE_AUTHORIZATION",
        (_, Class::RateLimit) => "ERROR_TYPE_RATE_LIMIT",
        (_, Class::Conflict) => "ERROR_TYPE_CONFLICT",
        (_, Class::NotFound) => "ERROR_TYPE_NOT_FOUND",
        _ => "ERROR_TYPE_INVALID_REQUEST",
    };
    let status = if code == "ERROR_TYPE_AUTHORIZATION" { 403 } else { status(known) };
    let mut body = json!({
        "message": known.map_or("an error", |known| known.meaning),
        "type": kind, "userTitle": "", "userMessage": about,
        "cntTraceId": "11824978358485860716", "details": {},
    });
    if let (false, Some(members)) = (code.starts_with("ERROR_TYPE_"), body.as_object_mut()) {
        members.insert("code".to_owned(), code.into());
    }
    (status, body)
}

/// The HTTP status of a class, where nothing documents one.
fn status(known: Option<&Code>) -> u16 {
    match known.map(|known| known.class) {
        Some(Class::Auth) => 401,
        Some(Class::RateLimit) => 429,
        Some(Class::NotFound) => 404,
        Some(Class::Conflict) => 409,
        Some(Class::Transient) => 503,
        Some(Class::Server) => 500,
        Some(Class::Ok | Class::Client) | None => 400,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_table_can_be_answered() {
        for code in codes::TABLE {
            let (status, body) = told(code.system, code.code, "/x");
            assert!((200..600).contains(&status) && body.to_string().contains(code.code), "{code:?} {body}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong() {
        let list = |code, name: &str| {
            let (status, body) = refused(System::Yeastar, &Wrong::new(code, "to", "x"), "/message/send");
            assert_eq!(status, 200);
            body.get(name).cloned()
        };
        assert_eq!(list("40002", "invalid_param_list"), Some(json!([{ "field": "to", "validation_type": "x" }])));
        assert_eq!(list("-1", "invalid_param_list"), Some(json!([{ "field": "to", "value": "x" }])));
        assert!(list("40003", "duplicate_field_list").is_some_and(|list| list[0]["value"] == "x"));
        let (status, body) = refused(System::Salesforce, &Wrong::new("10021", "consentStatus", "y"), "/api/v1/consent");
        assert!(status == 200 && body["errorDetail"]["message"].as_str().unwrap().ends_with("(consentStatus y)"));
        let (status, body) = told(System::Salesforce, "SESSION_NOT_FOUND", "/messagingSession");
        assert_eq!((status, body), (200, json!({ "success": false, "errorReason": "SESSION_NOT_FOUND" })));
    }
}
