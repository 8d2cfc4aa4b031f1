//! Reports of mail that could not be delivered (RFC 3464), as mail servers send them to the return path: read, and no more.
//! What becomes of it is another's. Pure.
//!
//! The mail comes from anybody. Only its outermost parts are looked at: mailparse goes no deeper than a hundred levels, and into
//! no mail that a mail holds. What is repeated of it is one line of bounded length.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use mailparse::{MailHeaderMap, ParsedMail, body::Body, parse_headers, parse_mail};
use sha2::{Digest, Sha256};

use super::header::harmless;

/// As much of a mail is read: what was sent comes back behind the report, and may be long.
pub const LONGEST: usize = 1 << 20;
/// A report has three parts.
const PARTS: usize = 20;
/// A mail of ours goes to a hundred recipients at most.
const RECIPIENTS: usize = 200;
/// Ids that are looked up.
const IDS: usize = 8;
/// Characters of a field that are kept.
const FIELD: usize = 1000;

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What may be the id of the mail that it is about: every UUID in the Message-ID of what came back, then in the addresses that
    /// the report itself went to. Nobody is told these ids but with the mail.
    pub ids: Vec<String>,
    /// What became of each recipient.
    pub recipients: Vec<Recipient>,
    /// What stands there of others, and cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// The same of two copies of one report, another of reports about two attempts: 16 hexadecimal digits.
    pub mark: String,
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Final-Recipient: to whom it could not be delivered, without the type.
    pub address: String,
    /// Original-Recipient: to whom it had been sent, where that is told.
    pub original: Option<String>,
    /// Action, in lower case: `failed`, `delayed`, `delivered`, `relayed`, `expanded`.
    pub action: String,
    /// Status: the enhanced code (RFC 3463).
    pub status: String,
    /// Diagnostic-Code with its type: `smtp; 550 5.1.1 no such user`.
    pub diagnostic: Option<String>,
    /// The report says in words that this was the answer to RCPT, and not to the message.
    pub at_recipient: bool,
}

/// Why a mail is no report that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its parts cannot be told.
    #[error("the mail cannot be read: {0}")]
    Mail(String),
    /// What qmail writes.
    #[error("it is a bounce in qmail's own words (QSBMF), which have no codes; expected a report by RFC 3464")]
    Qmail,
    /// Something else.
    #[error("its Content-Type is {0:?}, expected multipart/report with report-type=delivery-status (RFC 3464)")]
    Other(String),
    /// It ends too early, or was never whole.
    #[error("no part within its first {LONGEST} bytes is message/delivery-status")]
    NoStatus,
    /// More than any report has.
    #[error("it has {found} {what}, expected at most {most}")]
    TooMany {
        /// `parts`
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        most: usize,
    },
    /// A field is not there, or not of its form.
    #[error("recipient {place} of its message/delivery-status: {field} is {found:?}, expected {expected}")]
    Field {
        /// Counted from 1.
        place: usize,
        /// `Action`
        field: &'static str,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
}

impl Report {
    /// Reads a mail; of a long one its first [`LONGEST`] bytes.
    ///
    /// # Errors
    /// When it is no report.
    pub fn read(mail: &[u8]) -> Result<Self, Unreadable> {
        let mail = mail.get(..LONGEST).unwrap_or(mail);
        let wrong = |error: mailparse::MailParseError| Unreadable::Mail(error.to_string());
        let parsed = parse_mail(mail).map_err(wrong)?;
        let kind = parsed.ctype.params.get("report-type").map(|kind| kind.to_lowercase());
        if parsed.ctype.mimetype != "multipart/report" || kind.is_some_and(|kind| kind != "delivery-status") {
            return Err(other(&parsed));
        }
        if parsed.subparts.len() > PARTS {
            return Err(Unreadable::TooMany { what: "parts", found: parsed.subparts.len(), most: PARTS });
        }
        let part = |types: &[&str]| parsed.subparts.iter().find(|part| types.contains(&part.ctype.mimetype.as_str()));
        let status =
            part(&["message/delivery-status", "message/global-delivery-status"]).ok_or(Unreadable::NoStatus)?;
        let words = part(&["text/plain"]).and_then(|part| part.get_body().ok()).unwrap_or_default();
        let status = body(status).map_err(wrong)?;
        let (recipients, unreadable) = recipients(&status, &words)?;
        let mut ids = Vec::new();
        // Of one that cannot be read the address of the report may still tell.
        let head = part(ORIGINALS).and_then(|original| body(original).ok()).unwrap_or_default();
        if let Ok((fields, _)) = parse_headers(&head) {
            ids.extend(fields.get_all_values("Message-ID").iter().flat_map(|id| uuids(id)));
        }
        for field in ["X-Original-To", "Delivered-To", "Envelope-To", "To"] {
            ids.extend(parsed.headers.get_all_values(field).iter().flat_map(|address| uuids(address)));
        }
        let mut seen = std::collections::HashSet::new();
        ids.retain(|id| seen.insert(id.clone()));
        ids.truncate(IDS);
        Ok(Self { ids, recipients, unreadable, mark: mark(&parsed, &status) })
    }
}

/// What comes back: the whole mail, or its header.
const ORIGINALS: &[&str] =
    &["message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers"];

/// The body of a part. Of base64 whatever is whole: a long mail is cut anywhere.
fn body(part: &ParsedMail<'_>) -> Result<Vec<u8>, mailparse::MailParseError> {
    let Body::Base64(coded) = part.get_body_encoded() else { return part.get_body_raw() };
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let coded = coded.get_raw().iter().copied().take_while(|byte| *byte != b'=').filter(is_digit);
    let mut coded: Vec<u8> = coded.collect();
    if coded.len() % 4 == 1 {
        coded.pop();
    }
    // What is left is of its form.
    Ok(GeneralPurpose::new(&STANDARD, lenient).decode(coded).unwrap_or_default())
}

/// A digest of what the report says. When the mail had arrived, or was tried last, is another moment at each attempt; where neither
/// is told (Exim) the report's own id and date are.
fn mark(mail: &ParsedMail<'_>, status: &[u8]) -> String {
    let mut hash = Sha256::new();
    for line in status.split(|byte| *byte == b'\n') {
        hash.update(line.trim_ascii_end());
        hash.update(b"\n");
    }
    let tells = |line: &[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        [&b"Arrival-Date"[..], b"Last-Attempt-Date"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    if !status.split(|byte| *byte == b'\n').any(tells) {
        for name in ["Message-ID", "Date"] {
            hash.update(mail.headers.get_first_value(name).unwrap_or_default());
            hash.update(b"\n");
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn other(mail: &ParsedMail<'_>) -> Unreadable {
    let body = mail.get_body().unwrap_or_default();
    // https://cr.yp.to/proto/qsbmf.txt
    if mail.subparts.is_empty() && body.trim_start().starts_with("Hi. This is the") {
        return Unreadable::Qmail;
    }
    let kind = mail.headers.get_first_value("Content-Type").unwrap_or_default();
    Unreadable::Other(short(&kind))
}

/// The groups of fields behind the first, which is about the report itself; of several those that cannot be read stand apart.
fn recipients(status: &[u8], words: &str) -> Result<(Vec<Recipient>, Vec<Unreadable>), Unreadable> {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for (place, group) in groups(status).enumerate() {
        let fields = match parse_headers(group) {
            Ok((fields, _)) => fields,
            // The first is about no recipient.
            Err(_) if place == 0 => continue,
            Err(error) => {
                unreadable.push(Unreadable::Mail(error.to_string()));
                continue;
            }
        };
        if ["Final-Recipient", "Action"].iter().any(|name| fields.get_first_value(name).is_some()) {
            let place = found.len() + unreadable.len() + 1;
            match recipient(place, &|name| fields.get_first_value(name).map(|value| short(&value))) {
                Ok(one) => found.push(one),
                Err(wrong) => unreadable.push(wrong),
            }
        }
    }
    let count = found.len() + unreadable.len();
    if count > RECIPIENTS {
        return Err(Unreadable::TooMany { what: "recipients", found: count, most: RECIPIENTS });
    }
    if found.is_empty() {
        return Err(unreadable.into_iter().next().unwrap_or(Unreadable::NoStatus));
    }
    // Postfix, Exim and sendmail say so; of several recipients nobody could tell whose answer it was.
    let at_recipient = count == 1 && words.to_uppercase().contains("RCPT TO");
    Ok((found.into_iter().map(|one| Recipient { at_recipient, ..one }).collect(), unreadable))
}

/// What stands between empty lines.
fn groups(status: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = status;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (mut end, mut after) = (rest.len(), rest.len());
        let mut at = 0;
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            if matches!(line, b"\n" | b"\r\n") {
                (end, after) = (at, at + line.len());
                break;
            }
            at += line.len();
        }
        let group = rest.get(..end).unwrap_or_default();
        rest = rest.get(after..).unwrap_or_default();
        Some(group)
    })
}

fn recipient(place: usize, field: &dyn Fn(&str) -> Option<String>) -> Result<Recipient, Unreadable> {
    let wrong = |name, expected| {
        move |found: Option<String>| Unreadable::Field {
            place,
            field: name,
            found: found.unwrap_or_default(),
            expected,
        }
    };
    let first = |text: &str| text.split_whitespace().next().map(str::to_lowercase).unwrap_or_default();
    let given = field("Final-Recipient");
    let address = given.as_deref().and_then(address).ok_or_else(|| {
        wrong("Final-Recipient", "a type and an address such as rfc822; ada@example.com")(given.clone())
    })?;
    let action = field("Action").map(|text| first(&text)).unwrap_or_default();
    if !["failed", "delayed", "delivered", "relayed", "expanded"].contains(&action.as_str()) {
        return Err(wrong("Action", "failed, delayed, delivered, relayed or expanded")(field("Action")));
    }
    let status = field("Status").map(|text| first(&text)).unwrap_or_default();
    let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if status.split('.').count() != 3 || !status.split('.').all(is_number) {
        return Err(wrong("Status", "three numbers with points between them such as 5.1.1")(field("Status")));
    }
    let original = field("Original-Recipient").as_deref().and_then(self::address);
    Ok(Recipient { address, original, action, status, diagnostic: field("Diagnostic-Code"), at_recipient: false })
}

/// The address behind its type.
fn address(text: &str) -> Option<String> {
    let (kind, address) = text.split_once(';')?;
    let known = ["rfc822", "utf-8"].iter().any(|known| kind.trim().eq_ignore_ascii_case(known));
    let address = address.trim().trim_start_matches('<').trim_end_matches('>');
    (known && !address.is_empty()).then(|| address.to_owned())
}

/// Every UUID in a text, in lower case.
fn uuids(text: &str) -> Vec<String> {
    const LENGTH: usize = 36;
    let text = text.get(..text.floor_char_boundary(FIELD)).unwrap_or(text);
    let found = (0..text.len()).filter_map(|at| {
        let window = text.get(at..at + LENGTH)?;
        uuid::Uuid::try_parse(window).ok().map(|uuid| uuid.to_string())
    });
    found.collect()
}

fn short(text: &str) -> String {
    harmless(text).chars().take(FIELD).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POSTFIX: &str = include_str!("../../tests/sends/reports/postfix.eml");

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let id = "0019d671-8b83-8f3a-9c5e-2f6f3f6a0d4c";
        let (upper, twice) = (id.to_uppercase(), format!("{id}{id}"));
        for (text, count) in [
            (format!("<{id}@example.com>"), 1),
            (format!("bounces-{id}@example.com"), 1),
            (format!("=?x?= {upper}"), 1),
            (twice, 2),
            (format!("\u{e4}{id}"), 1),
            (id[1..].to_owned(), 0),
            (String::new(), 0),
            (" ".repeat(FIELD) + id, 0),
        ] {
            assert_eq!(uuids(&text), vec![id; count], "{text}");
        }
    }

    proptest! {
        /// Whatever comes, it ends, and without a panic.
        #[test]
        fn no_mail_is_too_strange(from in 0..4000_usize, length in 0..200_usize, put in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut mail = POSTFIX.as_bytes().to_vec();
            let from = from.min(mail.len());
            let to = (from + length).min(mail.len());
            mail.splice(from..to, put);
            if let Ok(report) = Report::read(&mail) {
                prop_assert!(report.ids.len() <= IDS && report.recipients.len() <= RECIPIENTS);
            }
        }
    }
}
