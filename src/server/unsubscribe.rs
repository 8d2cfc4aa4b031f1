//! The page of a link for unsubscribing: pages for people, and what they send back.
//!
//! A GET changes nothing: mail scanners follow every link. A POST of the button, or of a mailbox's own one-click form
//! (RFC 8058), which are one and the same form, unsubscribes. No log-in, no script, no cookie; who holds the link may use it, and
//! no page tells whom it is about. It asks nothing of the store; the gateway does.

use hyper::{
    StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};

use super::{Outbound, Outcome, Report};
use crate::backend::triggered_send::{
    Leaving,
    link::{BadLink, PATH},
};

const HTML: &str = "text/html; charset=utf-8";
/// A link in a mail and the page behind it stay out of search engines.
const ROBOTS: &str = "x-robots-tag";
/// RFC 8058, section 3.2.
const FIELD: &str = "List-Unsubscribe";
const ONE_CLICK: &str = "One-Click";

/// The token of a link: the last step of a path whose step before is `unsubscribe`.
pub(super) fn token(path: &str) -> Option<&str> {
    let (folder, token) = path.rsplit_once('/')?;
    let end = folder.len().checked_sub(PATH.len() - 1)?;
    let is_folder = folder.get(end..)?.eq_ignore_ascii_case(PATH.trim_end_matches('/'));
    Some(token).filter(|token| is_folder && !token.is_empty())
}

/// Whether a body is the form: `List-Unsubscribe=One-Click`, as form data of either kind.
pub(super) fn is_confirmed(body: &[u8]) -> bool {
    let holds = |word: &str| body.windows(word.len()).any(|part| part == word.as_bytes());
    holds(FIELD) && holds(ONE_CLICK)
}

/// The page that asks.
pub(super) fn ask(leaving: &Leaving) -> Outbound {
    if leaving.done {
        return page(StatusCode::OK, "Unsubscribed", "<p>You do not get this mail any more.</p>", Outcome::Ok);
    }
    let what = match &leaving.list {
        Some(list) => format!("mail of the list <strong>{}</strong>", safe(list)),
        None => "all mail of this sender".to_owned(),
    };
    let asked = format!(
        "<p>Do you want to stop getting {what}?</p>\n\
         <form method=\"post\"><input type=\"hidden\" name=\"{FIELD}\" value=\"{ONE_CLICK}\">\
         <button type=\"submit\">Unsubscribe</button></form>"
    );
    page(StatusCode::OK, "Unsubscribe", &asked, Outcome::Ok)
}

/// The page after it was done, now or before.
pub(super) fn done() -> Outbound {
    page(StatusCode::OK, "Unsubscribed", "<p>You have been unsubscribed. There is nothing more to do.</p>", Outcome::Ok)
}

/// The page for a link that is not followed.
pub(super) fn refused(bad: BadLink) -> Outbound {
    tracing::info!("a link for unsubscribing was refused: {bad}");
    let (status, text) = match bad {
        BadLink::Forged => (
            StatusCode::NOT_FOUND,
            "<p>This link is incomplete or was changed. Please use the link of the mail as it is.</p>",
        ),
        BadLink::Expired => {
            (StatusCode::GONE, "<p>This link is too old. Please use the link of a more recent mail.</p>")
        }
    };
    page(status, "This link does not work", text, Outcome::Denied)
}

/// The page for a POST that is not the form.
pub(super) fn unconfirmed() -> Outbound {
    let text = format!("<p>Expected the form <code>{FIELD}={ONE_CLICK}</code>. Nothing was changed.</p>");
    page(StatusCode::BAD_REQUEST, "Not confirmed", &text, Outcome::Fault)
}

/// The page when the store fails. Mailboxes try again.
pub(super) fn failed(why: &str) -> Outbound {
    tracing::error!("a link for unsubscribing could not be followed: {why}");
    let text = "<p>This did not work just now. Please try again later.</p>";
    page(StatusCode::SERVICE_UNAVAILABLE, "Please try again", text, Outcome::Error)
}

fn page(status: StatusCode, title: &str, content: &str, outcome: Outcome) -> Outbound {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <style>body{{font:1.125rem/1.5 sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}}\
         button{{font:inherit;padding:.6rem 1.4rem}}</style></head>\n\
         <body><main><h1>{title}</h1>\n{content}\n</main></body></html>\n"
    );
    let mut outbound = Outbound::new(status, HTML, html).reporting(Report::new("unsubscribe", outcome));
    let headers = &mut outbound.headers;
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(ROBOTS, HeaderValue::from_static("noindex, nofollow"));
    outbound
}

fn safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
