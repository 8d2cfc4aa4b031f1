//! Mail that was captured.
//!
//! | method and path | query | answer |
//! |---|---|---|
//! | GET /mail | limit | a list, the newest first |
//! | GET /mail/one | id | one as it would have been sent (message/rfc822) |

use hyper::StatusCode;
use serde_json::json;

use super::{Asked, Operators, Told, Wrong};
use crate::mail::{Capture, Captured};

/// Mails in a list, unless more or fewer are asked for.
const LIST: usize = 100;

pub(super) const PATHS: &[(&str, &str)] = &[("/mail", "GET"), ("/mail/one", "GET")];

impl Operators {
    /// Answers a question about one of [`PATHS`].
    pub(super) fn ask_mail(&self, path: &str, asked: &Asked<'_>) -> Told {
        let Some(captured) = self.mail.captured() else {
            let how = "mail is not captured here: `envoi demo` does, and a server with mail.folder";
            return Wrong(StatusCode::CONFLICT, how.to_owned()).told();
        };
        let told = match path {
            "/mail" => list(captured, asked),
            _ => one(captured, asked),
        };
        told.unwrap_or_else(Wrong::told)
    }
}

fn list(captured: &Capture, asked: &Asked<'_>) -> Result<Told, Wrong> {
    let limit = match asked.get("limit") {
        Some(limit) => limit.parse().map_err(|_| Wrong::asked(format!("limit is {limit:?}, expected a number")))?,
        None => LIST,
    };
    let line = |Captured { id, mail }: &Captured| {
        json!({
            "id": id,
            "time": mail.date.to_string(),
            "from": mail.from,
            "to": mail.to,
            "copies": mail.copies,
            "subject": mail.subject,
            "size": mail.bytes.len(),
        })
    };
    let list = captured.list();
    Ok(Told::Json(StatusCode::OK, json!(list.iter().take(limit).map(line).collect::<Vec<_>>()).to_string()))
}

fn one(captured: &Capture, asked: &Asked<'_>) -> Result<Told, Wrong> {
    let id = asked.get("id").ok_or_else(|| Wrong::asked("id is missing".to_owned()))?;
    let number = id.parse().map_err(|_| Wrong::asked(format!("id is {id:?}, expected a number")))?;
    let found = captured.one(number).ok_or_else(|| Wrong::unknown("there is no such mail (any more)"))?;
    Ok(Told::Raw("message/rfc822", found.mail.bytes.clone()))
}
