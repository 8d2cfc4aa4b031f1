//! A mail as it leaves: built from the Email, the definition and the subscriber as they are now. It only reads.
//!
//! Values of attributes are made safe where they go into HTML, unless the configuration says that callers send markup in
//! them (the service never does): a subscriber's name is often what a stranger typed into a form.

use std::borrow::Cow;

use crate::{
    clock::Time,
    mail::Mailbox,
    message::personalize::{escaped, fill},
    object::Object,
    store::{StoreError, View, send::Send},
};

use super::{
    super::{Backend, list, subscriber},
    DEFINITION,
    build::{Addresses, Build, Common, unknown},
    content::{Content, Unfit, given},
    link,
    plain::plain,
    problem::Problem,
    recipient::{unbuildable, unwilling},
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
        Self { reason: problem.without_value() }
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
    let list = list::name(&objects, Some(send.list))?;
    let common = Common {
        account: send.account,
        content: &content,
        defined: &defined,
        list: &list,
        business,
        postal: &settings.postal_address,
        now,
    };
    let built = letter(&Build::new(common, send, &kept, unsubscribe.as_deref()), settings.raw_attributes);
    Ok(built.map(|letter| Letter { unsubscribe, ..letter }).map_err(Unsendable::from))
}

fn letter(build: &Build<'_>, raw: bool) -> Result<Letter, Problem> {
    let Addresses { from, sender, reply_to, to, cc, bcc } = build.addresses()?;
    let (content, system) = (build.common.content, build.system((&sender.0, &sender.1)));
    let html = match content.html.is_empty() {
        true => None,
        false => Some(html(build, &system, raw)?),
    };
    let text = match (&html, content.text.is_empty()) {
        (Some(html), true) => plain(html),
        _ => build.filled(&content.text, &system)?,
    };
    let subject = build.line(&content.subject, &system)?;
    let wants_text = given(build.kept, "EmailTypePreference").as_deref() == Some("Text");
    let list = (build.send.list, build.common.list.to_owned());
    let html = html.filter(|_| !wants_text);
    Ok(Letter { from, reply_to, to, cc, bcc, subject, text, html, unsubscribe: None, list })
}

fn html(build: &Build<'_>, system: &System<'_>, raw: bool) -> Result<String, Problem> {
    let content = build.common.content;
    let safe = |(value, own): (Cow<'_, str>, bool)| match own && raw {
        true => Cow::Owned(value.into_owned()),
        false => Cow::Owned(escaped(&value).into_owned()),
    };
    let html = fill(&content.html, |name| build.value(name, system).map(safe)).map_err(unknown)?;
    if content.pre_header.is_empty() {
        return Ok(html);
    }
    let line = build.line(&content.pre_header, system)?;
    Ok(with_pre_header(html, &line))
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
