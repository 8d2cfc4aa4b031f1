//! A mail as it leaves: built from the Email, the definition and the subscriber as they are now. It only reads.
//!
//! Values of attributes are made safe where they go into HTML, unless the configuration says that callers send markup in
//! them (the service never does): a subscriber's name is often what a stranger typed into a form.

use std::borrow::Cow;

use crate::{
    clock::Time,
    mail::Mailbox,
    message::personalize::{escaped, fill, one_line},
    object::Object,
    store::{StoreError, View, send::Send},
};

use super::{
    super::{Backend, list, subscriber},
    DEFINITION,
    content::{Content, Defined, Unfit, given},
    link,
    plain::plain,
    problem::{BUILD, Problem},
    recipient::{attribute, profile, unbuildable, unwilling},
    system::System,
};

/// A mail, built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The sender.
    pub from: Mailbox,
    /// Where answers go, when not to the sender.
    pub reply_to: Option<Mailbox>,
    /// The subscriber.
    pub to: Mailbox,
    /// Who gets a copy that all see.
    pub cc: Vec<Mailbox>,
    /// Who gets one that nobody sees.
    pub bcc: Vec<Mailbox>,
    /// One line.
    pub subject: String,
    /// The text part; there always is one.
    pub text: String,
    /// The HTML part.
    pub html: Option<String>,
    /// The page for unsubscribing, which takes a one-click POST (RFC 8058).
    pub unsubscribe: Option<String>,
    /// ID and name of the list.
    pub list: (i64, String),
}

/// Why a mail does not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsendable {
    /// In words, for the NotSentEvent.
    pub reason: String,
}

impl From<Problem> for Unsendable {
    fn from(problem: Problem) -> Self {
        Self { reason: problem.description() }
    }
}

/// Builds the mail that is owed. `business` is the name of the account.
///
/// Who has unsubscribed or is held since it was accepted gets nothing; a definition that was paused since still sends what it
/// had accepted.
///
/// # Errors
/// The store's.
pub fn render(
    backend: &Backend,
    view: &View<'_>,
    send: &Send,
    business: &str,
    now: Time,
) -> Result<Result<Letter, Unsendable>, StoreError> {
    let (objects, settings) = (view.objects(send), &backend.settings.sends);
    let unsendable = |what: &str| Ok(Err(Unsendable { reason: what.to_owned() }));
    let Some(definition) = objects.get::<Object>(DEFINITION, send.definition)? else {
        return unsendable("The TriggeredSendDefinition is no longer there");
    };
    let content = match Content::of(&objects, &definition, settings) {
        Ok(content) => content,
        Err(Unfit::Incomplete(what)) => return unsendable(&format!("The TriggeredSendDefinition cannot send: {what}")),
        Err(Unfit::Store(error)) => return Err(error),
    };
    let Some((_, kept)) = subscriber::by_id(&objects, send.subscriber)? else {
        return unsendable("The subscriber is no longer there");
    };
    if let Some(problem) = unwilling(&objects, &content, send.subscriber, &kept)? {
        return Ok(Err(problem.into()));
    }
    let defined = content.defined(&objects)?;
    if let Some(problem) = unbuildable(&content, &defined, &send.attributes, Some(&kept)) {
        return Ok(Err(problem.into()));
    }
    let key = view.setting(link::KEY)?;
    let unsubscribe = settings.public_url.get().zip(key).and_then(|(base, key)| link::url(base, &key, send, now));
    let list: Option<Object> = objects.get(list::KIND, send.list)?;
    let build = Build {
        content: &content,
        defined: &defined,
        send,
        kept: &kept,
        full_name: full_name(send, &kept),
        list: list.as_ref().and_then(|list| list.text("ListName")).unwrap_or_default(),
        business,
        postal: &settings.postal_address,
        unsubscribe,
        raw: settings.raw_attributes,
        now,
    };
    Ok(build.letter())
}

/// `Full Name`, which every account has, or first and last name.
fn full_name(send: &Send, kept: &Object) -> String {
    let value = |name: &str| attribute(&send.attributes, name).or_else(|| profile(kept, name)).unwrap_or_default();
    let full = ["Full Name", "FullName"].into_iter().map(value).find(|name| !name.trim().is_empty());
    let joined = || {
        let first = ["First Name", "FirstName"].into_iter().map(value).find(|name| !name.is_empty());
        let last = ["Last Name", "LastName"].into_iter().map(value).find(|name| !name.is_empty());
        [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    one_line(&full.map_or_else(joined, str::to_owned))
}

struct Build<'a> {
    content: &'a Content,
    defined: &'a Defined,
    send: &'a Send,
    kept: &'a Object,
    full_name: String,
    list: &'a str,
    business: &'a str,
    postal: &'a str,
    unsubscribe: Option<String>,
    raw: bool,
    now: Time,
}

impl Build<'_> {
    fn letter(&self) -> Result<Letter, Unsendable> {
        let content = self.content;
        let (own_name, own_address) = &self.send.from;
        let from_name = own_name.as_deref().unwrap_or(&content.from_name);
        let from_address = own_address.as_deref().unwrap_or(&content.from_address);
        // Who sends may be an attribute itself; nothing in it refers to the sender.
        let blank = self.system(("", ""));
        let from = (self.line(from_name, &blank)?, self.line(from_address, &blank)?);
        let sender = mailbox(&from, "FromAddress")?;
        let system = self.system((&from.0, &from.1));
        let reply = (self.line(&content.reply_name, &system)?, self.line(&content.reply_address, &system)?);
        let reply_to = if reply.1.is_empty() { None } else { Some(mailbox(&reply, "ReplyToAddress")?) };
        // Parted before names are filled: what an attribute holds is one address, or none.
        let copies = |text: &str, member| -> Result<Vec<Mailbox>, Unsendable> {
            let wrong = || Unsendable::from(BUILD.about(format!("the {member} is no address")));
            let filled = text.split([',', ';']).map(|one| self.line(one, &system));
            let filled = filled.filter(|one| one.as_ref().map_or(true, |one| !one.trim().is_empty()));
            filled.map(|one| Mailbox::parse_copy(&one?).map_err(|_| wrong())).collect()
        };
        let (cc, bcc) = (copies(&content.cc, "CCEmail")?, copies(&content.bcc, "BccEmail")?);
        let html = match content.html.is_empty() {
            true => None,
            false => Some(self.html(&system)?),
        };
        let text = match (&html, content.text.is_empty()) {
            (Some(html), true) => plain(html),
            _ => self.filled(&content.text, &system)?,
        };
        let subject = self.line(&content.subject, &system)?;
        let wants_text = given(self.kept, "EmailTypePreference").as_deref() == Some("Text");
        Ok(Letter {
            from: sender,
            reply_to,
            to: mailbox(&(self.full_name.clone(), self.send.address.clone()), "EmailAddress")?,
            cc,
            bcc,
            subject,
            text,
            html: html.filter(|_| !wants_text),
            unsubscribe: self.unsubscribe.clone(),
            list: (self.send.list, self.list.to_owned()),
        })
    }

    fn system<'s>(&'s self, from: (&'s str, &'s str)) -> System<'s> {
        System {
            address: &self.send.address,
            key: &self.send.key,
            subscriber: self.send.subscriber,
            full_name: &self.full_name,
            email: (&self.content.email.0, &self.content.email.1),
            job: self.send.definition,
            batch: self.send.batch,
            list: (self.send.list, self.list),
            account: self.send.account,
            business: self.business,
            postal: self.postal,
            from,
            unsubscribe: self.unsubscribe.as_deref().unwrap_or_default(),
            now: self.now,
        }
    }

    /// What a name stands for, and whether the caller or a subscriber has said it.
    fn value<'v>(&'v self, name: &str, system: &System<'v>) -> Option<(Cow<'v, str>, bool)> {
        let own = attribute(&self.send.attributes, name).or_else(|| profile(self.kept, name));
        match own {
            Some(own) => Some((own.into(), true)),
            None => {
                let fixed = system.value(name);
                fixed.or_else(|| self.defined.value(name).map(Cow::Borrowed)).map(|value| (value, false))
            }
        }
    }

    fn filled(&self, text: &str, system: &System<'_>) -> Result<String, Unsendable> {
        fill(text, |name| self.value(name, system).map(|(value, _)| value)).map_err(unknown)
    }

    fn line(&self, text: &str, system: &System<'_>) -> Result<String, Unsendable> {
        Ok(one_line(&self.filled(text, system)?))
    }

    fn html(&self, system: &System<'_>) -> Result<String, Unsendable> {
        let safe = |(value, own): (Cow<'_, str>, bool)| match own && self.raw {
            true => Cow::Owned(value.into_owned()),
            false => Cow::Owned(escaped(&value).into_owned()),
        };
        let html = fill(&self.content.html, |name| self.value(name, system).map(safe)).map_err(unknown)?;
        if self.content.pre_header.is_empty() {
            return Ok(html);
        }
        let line = self.line(&self.content.pre_header, system)?;
        Ok(with_pre_header(html, &line))
    }
}

fn mailbox((name, address): &(String, String), member: &str) -> Result<Mailbox, Unsendable> {
    let mailbox = Mailbox::parse(address).map_err(|_| BUILD.about(format!("the {member} is no address")))?;
    Ok(Mailbox { name: Some(name.clone()).filter(|name| !name.is_empty()), ..mailbox })
}

fn unknown(name: &str) -> Unsendable {
    BUILD.about(format!("%%{name}%% is no attribute of the send, of the subscriber or of the account")).into()
}

/// Puts the line that mailboxes show behind the subject at the beginning of the body, unseen in the mail itself.
fn with_pre_header(mut html: String, line: &str) -> String {
    let body = html.to_ascii_lowercase().find("<body");
    let at = body.and_then(|from| Some(from + html.get(from..)?.find('>')? + 1)).unwrap_or(0);
    let hidden = format!("<div style=\"display:none;max-height:0;overflow:hidden\">{}</div>", escaped(line));
    html.insert_str(at, &hidden);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pre_header_stands_first_in_the_body() {
        let hidden = "<div style=\"display:none;max-height:0;overflow:hidden\">a &lt; b</div>";
        for (html, before, after) in [
            ("<p>x</p>", "", "<p>x</p>"),
            ("<html><BODY class=\"c\"><p>x</p></BODY></html>", "<html><BODY class=\"c\">", "<p>x</p></BODY></html>"),
            ("<body", "", "<body"),
        ] {
            assert_eq!(with_pre_header(html.to_owned(), "a < b"), format!("{before}{hidden}{after}"));
        }
    }
}
