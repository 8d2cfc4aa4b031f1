//! A [`Mail`] as the bytes that SMTP carries (RFC 5322, MIME). Pure; the same mail gives the same bytes.

use std::time::{Duration, UNIX_EPOCH};

use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Body, MultiPart, MultiPartKind, SinglePart,
        header::{ContentDisposition, ContentTransferEncoding, ContentType, Date, HeaderName, HeaderValue},
    },
};
use sha2::{Digest, Sha256};

use super::{MailError, Mailbox, ReturnPath, header};
use crate::clock::Time;

/// What is to be said to one mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Whom it is from; also where mail servers report what they could not deliver (MAIL FROM), unless
    /// [`Composed::reported_to`] says otherwise.
    pub from: Mailbox,
    /// Where answers go, when not there.
    pub reply_to: Option<Mailbox>,
    /// Whom it goes to.
    pub to: Mailbox,
    /// Who gets a copy, and is seen by all; addresses in ASCII.
    pub cc: Vec<Mailbox>,
    /// Who gets one that nobody else sees: they stand in no header field.
    pub bcc: Vec<Mailbox>,
    /// In any characters; line breaks become spaces.
    pub subject: String,
    /// The plain text, with any line breaks.
    pub text: String,
    /// The same as HTML: a whole document.
    pub html: Option<String>,
    /// Files that go with it.
    pub attachments: Vec<Attachment>,
    /// `<left@right>`: the same for the same mail, however often it is sent.
    pub message_id: String,
    /// The Message-ID of what this answers.
    pub in_reply_to: Option<String>,
    /// The Message-ID of the beginning of its thread.
    pub references: Option<String>,
    /// When it was written.
    pub date: Time,
    /// Which stream of mail it belongs to (RFC 2919), without the angle brackets.
    pub list_id: Option<String>,
    /// Where one leaves that stream. With https it is marked as one-click (RFC 8058): a POST there unsubscribes.
    pub list_unsubscribe: Option<String>,
    /// Whether a program wrote it of itself (RFC 3834).
    pub auto_submitted: AutoSubmitted,
}

/// A file in a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// `results.xml`; in any characters.
    pub name: String,
    /// `application/xml`
    pub content_type: String,
    /// What is in it; carried unchanged.
    pub bytes: Vec<u8>,
}

/// `Auto-Submitted` (RFC 3834): out-of-office programs do not answer what a program wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoSubmitted {
    /// Not said.
    No,
    /// auto-generated
    #[default]
    Generated,
}

/// A message that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// MAIL FROM
    pub from: String,
    /// RCPT TO
    pub to: String,
    /// RCPT TO of those who get a copy; each address once.
    pub copies: Vec<String>,
    /// The subject as one line, for listings.
    pub subject: String,
    /// Message-ID, with its angle brackets.
    pub message_id: String,
    /// When it was written.
    pub date: Time,
    /// The message. ASCII with CRLF and lines of at most 998 bytes, unless an address needs SMTPUTF8.
    pub bytes: Vec<u8>,
}

impl Composed {
    /// The same with its own place for reports of what could not be delivered, where one is set.
    #[must_use]
    pub fn reported_to(self, place: Option<&ReturnPath>, id: &str) -> Self {
        match place {
            Some(place) => Self { from: place.of(id), ..self },
            None => self,
        }
    }
}

/// The last second that a date of four digits can name.
const LAST: i64 = 253_402_300_799;

/// Writes a mail down.
///
/// # Errors
/// When an address is none, or an id or URL is not of its form. Texts may hold anything.
pub fn compose(mail: &Mail) -> Result<Composed, MailError> {
    let (from, to) = (mail.from.checked("From")?, mail.to.checked("To")?);
    let subject = header::one_line(&mail.subject);
    header::message_id("Message-ID", &mail.message_id)?;

    let seconds = u64::try_from(mail.date.millis().div_euclid(1000).clamp(0, LAST)).unwrap_or(0);
    let envelope = Envelope::new(Some(from.clone()), vec![to.clone()])?;
    let mut message = Message::builder()
        .envelope(envelope)
        .header(Date::new(UNIX_EPOCH + Duration::from_secs(seconds)))
        // lettre looks into From for an address, so the raw value is one.
        .raw_header(field("From", from.to_string(), mail.from.field("From", &from)));
    if let Some(reply_to) = &mail.reply_to {
        let address = reply_to.checked("Reply-To")?;
        message = message.raw_header(raw("Reply-To", reply_to.field("Reply-To", &address)));
    }
    message = message.raw_header(raw("To", mail.to.field("To", &to)));
    if !mail.cc.is_empty() {
        let shown = mail.cc.iter().map(|copy| Ok(copy.field("Cc", &copy.plain("Cc")?)));
        message = message.raw_header(raw("Cc", shown.collect::<Result<Vec<_>, MailError>>()?.join(",\r\n ")));
    }
    message = message
        .raw_header(raw("Subject", header::unstructured(&subject, "Subject: ".len())))
        .raw_header(raw("Message-ID", mail.message_id.clone()));
    for (name, id) in [("In-Reply-To", &mail.in_reply_to), ("References", &mail.references)] {
        if let Some(id) = id {
            header::message_id(name, id)?;
            message = message.raw_header(raw(name, id.clone()));
        }
    }
    if let Some(id) = &mail.list_id {
        header::list_id(id)?;
        message = message.raw_header(raw("List-Id", format!("<{id}>")));
    }
    if let Some(url) = &mail.list_unsubscribe {
        header::url("List-Unsubscribe", url)?;
        message = message.raw_header(raw("List-Unsubscribe", format!("<{url}>")));
        if url.starts_with("https:") {
            message = message.raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
    }
    if mail.auto_submitted == AutoSubmitted::Generated {
        message = message
            .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
            // Exchange answers unless it is told so in its own words.
            .raw_header(raw("X-Auto-Response-Suppress", "All".to_owned()));
    }
    let message = match body(mail)? {
        Content::One(part) => message.singlepart(part),
        Content::Many(parts) => message.multipart(parts),
    }?;
    Ok(Composed {
        from: from.to_string(),
        copies: copies(mail, &to)?,
        to: to.to_string(),
        subject,
        message_id: mail.message_id.clone(),
        date: mail.date,
        bytes: message.formatted(),
    })
}

/// To whom the message goes beside its recipient.
fn copies(mail: &Mail, to: &Address) -> Result<Vec<String>, MailError> {
    let mut copies: Vec<String> = Vec::new();
    let (cc, bcc) = (mail.cc.iter().map(|copy| ("Cc", copy)), mail.bcc.iter().map(|copy| ("Bcc", copy)));
    for (field, copy) in cc.chain(bcc) {
        let copy = copy.plain(field)?.to_string();
        let is_known = |known: &str| known.eq_ignore_ascii_case(&copy);
        if !is_known(to.as_ref()) && !copies.iter().any(|known| is_known(known)) {
            copies.push(copy);
        }
    }
    Ok(copies)
}

fn raw(name: &'static str, encoded: String) -> HeaderValue {
    field(name, encoded.clone(), encoded)
}

/// `encoded` is ASCII and folded, or an address.
fn field(name: &'static str, value: String, encoded: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value, encoded)
}

enum Content {
    One(SinglePart),
    Many(MultiPart),
}

/// mixed { alternative { text, html }, attachments }, without the levels that would hold one part alone.
fn body(mail: &Mail) -> Result<Content, MailError> {
    let text = |kind, text: &str| SinglePart::builder().header(kind).body(readable(text));
    let plain = text(ContentType::TEXT_PLAIN, &mail.text);
    // The boundary holds "=_", which neither base64 nor quoted-printable can, and 7bit only without.
    let digest = Sha256::digest(mail.message_id.as_bytes());
    let tag: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let several = |kind, letter: char| MultiPart::builder().kind(kind).boundary(format!("=_{letter}{tag}"));
    let told = match &mail.html {
        None => Content::One(plain),
        Some(html) => Content::Many(
            several(MultiPartKind::Alternative, 'a').singlepart(plain).singlepart(text(ContentType::TEXT_HTML, html)),
        ),
    };
    if mail.attachments.is_empty() {
        return Ok(told);
    }
    let mixed = several(MultiPartKind::Mixed, 'm');
    let mut mixed = match told {
        Content::One(part) => mixed.singlepart(part),
        Content::Many(parts) => mixed.multipart(parts),
    };
    for attachment in &mail.attachments {
        let kind = ContentType::parse(&attachment.content_type).map_err(|_| MailError::Form {
            field: "Content-Type",
            value: attachment.content_type.clone(),
            expected: "type/subtype",
        })?;
        let name = header::one_line(&attachment.name);
        let body = encoded(attachment.bytes.clone(), ContentTransferEncoding::Base64);
        let part = SinglePart::builder().header(kind).header(ContentDisposition::attachment(&name)).body(body);
        mixed = mixed.singlepart(part);
    }
    Ok(Content::Many(mixed))
}

/// A text part in the plainest encoding that no relay changes.
fn readable(text: &str) -> Body {
    let text = text.replace("\r\n", "\n").replace(['\r', '\n'], "\r\n");
    let as_it_is = text.bytes().all(|byte| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~'))
        && !text.contains("=_")
        && text
            .split("\r\n")
            .all(|line| line.len() <= 78 && !line.ends_with([' ', '\t']) && !line.starts_with("From "));
    if as_it_is {
        return Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit);
    }
    let foreign = text.bytes().filter(|byte| !byte.is_ascii()).count();
    // Quoted-printable takes three bytes for one, base64 four for three.
    let encoding = match foreign > text.len() / 6 {
        true => ContentTransferEncoding::Base64,
        false => ContentTransferEncoding::QuotedPrintable,
    };
    encoded(text, encoding)
}

fn encoded(content: impl Into<lettre::message::MaybeString>, encoding: ContentTransferEncoding) -> Body {
    match Body::new_with_encoding(content, encoding) {
        Ok(body) => body,
        // Both encodings take anything; should lettre ever think otherwise, base64 is its own choice for bytes.
        Err(bytes) => Body::new(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            from: Mailbox::named("envoi", "envoi@example.com"),
            reply_to: None,
            to: Mailbox::new("ada@example.com"),
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: "Hello".into(),
            text: "One line.\n".into(),
            html: None,
            attachments: Vec::new(),
            message_id: "<1@envoi.example.com>".into(),
            in_reply_to: None,
            references: None,
            date: Time::from_millis(1_640_865_606_250),
            list_id: None,
            list_unsubscribe: None,
            auto_submitted: AutoSubmitted::Generated,
        }
    }

    #[test]
    fn a_plain_mail_is_one_part() {
        let composed = compose(&mail()).unwrap();
        let expected = "Date: Thu, 30 Dec 2021 12:00:06 +0000\r\nFrom: \"envoi\" <envoi@example.com>\r\nTo: ada@example.com\r\n\
            Subject: Hello\r\nMessage-ID: <1@envoi.example.com>\r\nAuto-Submitted: auto-generated\r\n\
            X-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: 7bit\r\n\r\nOne line.\r\n\r\n";
        assert_eq!(String::from_utf8(composed.bytes).unwrap(), expected);
        assert_eq!((composed.from.as_str(), composed.to.as_str()), ("envoi@example.com", "ada@example.com"));
    }

    #[test]
    fn copies_are_sent_and_only_the_open_ones_shown() {
        let mail = Mail {
            cc: vec![Mailbox::named("Bob", "bob@example.com"), Mailbox::new("ADA@example.com")],
            bcc: vec![Mailbox::new("archive@example.com"), Mailbox::new("bob@example.com")],
            ..mail()
        };
        let composed = compose(&mail).unwrap();
        let text = String::from_utf8(composed.bytes).unwrap();
        assert!(text.contains("\r\nCc: \"Bob\" <bob@example.com>,\r\n ADA@example.com\r\n"), "{text}");
        assert!(!text.contains("Bcc") && !text.contains("archive"), "{text}");
        assert_eq!(
            composed.copies,
            ["bob@example.com", "archive@example.com"],
            "each once, and not to whom it goes anyway"
        );
    }

    #[test]
    fn the_same_mail_gives_the_same_bytes() {
        let mut mail = mail();
        mail.html = Some("<p>Hello".into());
        mail.attachments =
            vec![Attachment { name: "a.xml".into(), content_type: "application/xml".into(), bytes: vec![0, 255] }];
        assert_eq!(compose(&mail).unwrap(), compose(&mail).unwrap());
    }

    #[test]
    fn ids_that_would_break_the_header_are_refused() {
        let broken = [
            Mail { message_id: "<a@b>\r\nBcc: c@d.e".into(), ..mail() },
            Mail { references: Some("a b".into()), ..mail() },
            Mail { list_id: Some("x\r\ny.z".into()), ..mail() },
            Mail { list_unsubscribe: Some("https://a\r\n".into()), ..mail() },
            Mail { to: Mailbox::new("a@b.c\r\nBcc: c@d.e"), ..mail() },
            Mail { cc: vec![Mailbox::new("a@b.c\r\nBcc: c@d.e")], ..mail() },
            Mail { bcc: vec![Mailbox::new("nobody")], ..mail() },
            Mail { cc: vec![Mailbox::new("\u{e4}da@example.com")], ..mail() },
        ];
        for mail in broken {
            assert!(compose(&mail).is_err(), "{mail:?}");
        }
    }
}
