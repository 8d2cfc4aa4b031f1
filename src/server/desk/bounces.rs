//! Mail that has come back after it was taken: what `envoi bounce` has read in a report.
//!
//! | method and path | query | answer |
//! |---|---|---|
//! | POST /bounce | id (several with commas: those that it may be), recipient, status; original, diagnostic, at_recipient, report (its digest) | writes down that the mail with the first id that is one came back |
//!
//! Reports come from anybody. The id is told to nobody but with the mail, and holds 74 random bits; and who could not be reached
//! must be whom it was for. What is heard twice changes nothing.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Asked, Operators, Wrong};
use crate::{
    backend::triggered_send::{self, Reported},
    mail::{Mailbox, harmless},
    store::{Content, Delivery, DeliveryState, StoreError, Transaction},
};

pub(super) const PATHS: &[(&str, &str)] = &[("/bounce", "POST")];

/// Ids that are looked up.
const IDS: usize = 8;
/// Characters that are kept of what a mail server said.
const WORDS: usize = 1000;
/// Digits of the digest of a report.
const MARK: usize = 16;

/// What came of a report.
enum Done {
    Bounced(Delivery, Option<&'static str>, String),
    Unchanged(Delivery, &'static str),
    /// The attempt has not ended here, and the mail is back already.
    TooEarly,
    Unknown,
}

impl Operators {
    /// Answers a question about one of [`PATHS`].
    pub(super) async fn ask_bounces(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let given = |name: &str| asked.get(name).filter(|text| !text.trim().is_empty());
        let needed = |name: &str| given(name).ok_or_else(|| Wrong::asked(format!("{name} is missing")));
        let (ids, recipient) = (needed("id")?, needed("recipient")?);
        let recipients: Vec<String> = given("original").into_iter().chain([recipient]).collect();
        let reported = reported(&needed("status")?, given("diagnostic"), given("at_recipient").is_some())?;
        let mark = given("report");
        if mark.as_deref().is_some_and(|mark| mark.len() != MARK || !mark.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            return Err(Wrong::asked(format!(
                "report is {:?}, expected {MARK} hexadecimal digits",
                mark.unwrap_or_default()
            )));
        }
        let (backend, now) = (self.backend.clone(), self.clock.now());
        let keep = now.plus(self.notifier.settings().retention);
        let work = move |txn: &mut Transaction<'_>| -> Result<Done, StoreError> {
            let Some(before) = found(txn, &ids)? else { return Ok(Done::Unknown) };
            if !recipients.iter().any(|one| Mailbox::is_same(one, before.content.address())) {
                return Ok(Done::Unchanged(before, "it is about another recipient than the one whom the mail was for"));
            }
            let Some(after) = txn.bounced(before.number, reported.line(), mark.as_deref(), now, keep)? else {
                let why = match before.state {
                    DeliveryState::Sending => return Ok(Done::TooEarly),
                    DeliveryState::Owed => "it waits to go out, so it is tried anyway",
                    DeliveryState::Delivered | DeliveryState::InDoubt => "this report was heard before",
                    _ => "it had come back, or failed, before",
                };
                return Ok(Done::Unchanged(before, why));
            };
            let kind = match &after.content {
                Content::Send(send) => {
                    Some(triggered_send::returned(&backend, txn, send, before.state, &reported, now)?)
                }
                Content::Results(_) | Content::Message(_) => None,
            };
            Ok(Done::Bounced(after, kind, reported.line()))
        };
        match self.store.write(work).await.map_err(Wrong::store)? {
            Done::Bounced(delivery, kind, said) => {
                tracing::info!(delivery = delivery.id, kind, "a mail has come back: {said}");
                Ok(json!({ "id": delivery.id, "bounced": true, "event": kind, "status": said }))
            }
            Done::Unchanged(delivery, why) => Ok(json!({ "id": delivery.id, "bounced": false, "why": why })),
            Done::TooEarly => {
                Err(Wrong(StatusCode::CONFLICT, "the attempt to send it has not ended here: ask again".to_owned()))
            }
            Done::Unknown => Err(Wrong::unknown("it is about no mail of this server (any more)")),
        }
    }
}

/// The mail with the first of these ids that is a mail's.
fn found(txn: &Transaction<'_>, ids: &str) -> Result<Option<Delivery>, StoreError> {
    for id in ids.split(',').map(str::trim).take(IDS) {
        let found = txn.deliveries().with_id(id)?;
        let mail = found.filter(|one| one.content.is_mail());
        if mail.is_some() {
            return Ok(mail);
        }
    }
    Ok(None)
}

fn reported(status: &str, diagnostic: Option<String>, at_recipient: bool) -> Result<Reported, Wrong> {
    let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if status.split('.').count() != 3 || !status.split('.').all(is_number) || !status.starts_with(['4', '5']) {
        return Err(Wrong::asked(format!("status is {status:?}, expected a code of RFC 3463 such as 5.1.1")));
    }
    let diagnostic = harmless(&diagnostic.unwrap_or_default());
    let (kind, words) = diagnostic.split_once(';').unwrap_or(("", &diagnostic));
    let words: String = words.trim().chars().take(WORDS).collect();
    let is_reply = kind.trim().eq_ignore_ascii_case("smtp") && words.starts_with(['4', '5']);
    Ok(Reported { status: status.to_owned(), words, is_reply, at_recipient })
}
