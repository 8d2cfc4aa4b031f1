//! What a mail of one subscriber is built with: the names in its parts filled, and the addresses that come of them.
//!
//! The same is done when a call is checked and when its mail leaves, so that both find the same wrong.

use std::borrow::Cow;

use crate::{
    clock::Time,
    mail::Mailbox,
    message::personalize::{fill, one_line},
    object::{Object, Value},
    store::send::Send,
};

use super::{
    super::generic::folded,
    content::{Content, Defined},
    problem::{BUILD, Problem},
    system::System,
};

/// What all mails of a send have in common.
#[derive(Clone, Copy)]
pub(crate) struct Common<'a> {
    /// The account (MID) that sends.
    pub(crate) account: u64,
    pub(crate) content: &'a Content,
    pub(crate) defined: &'a Defined,
    /// ListName
    pub(crate) list: &'a str,
    /// The name of the account.
    pub(crate) business: &'a str,
    /// The postal address that mail has to show.
    pub(crate) postal: &'a str,
    pub(crate) now: Time,
}

/// One mail.
pub(super) struct Build<'a> {
    pub(super) common: Common<'a>,
    pub(super) send: &'a Send,
    /// The subscriber.
    pub(super) kept: &'a Object,
    full_name: String,
    /// The page for unsubscribing.
    unsubscribe: Option<&'a str>,
}

/// Whom a mail is from and to.
pub(super) struct Addresses {
    pub(super) from: Mailbox,
    /// Name and address of the sender as they were written.
    pub(super) sender: (String, String),
    pub(super) reply_to: Option<Mailbox>,
    pub(super) to: Mailbox,
    pub(super) cc: Vec<Mailbox>,
    pub(super) bcc: Vec<Mailbox>,
}

impl<'a> Build<'a> {
    pub(super) fn new(common: Common<'a>, send: &'a Send, kept: &'a Object, unsubscribe: Option<&'a str>) -> Self {
        Self { common, send, kept, full_name: full_name(send, kept), unsubscribe }
    }

    /// The addresses of the mail.
    ///
    /// # Errors
    /// When one is none, with the member that makes it.
    pub(super) fn addresses(&self) -> Result<Addresses, Problem> {
        let content = self.common.content;
        let (own_name, own_address) = &self.send.from;
        let from_name = own_name.as_deref().unwrap_or(&content.from_name);
        let from_address = own_address.as_deref().unwrap_or(&content.from_address);
        // Who sends may be an attribute itself; nothing in it refers to the sender.
        let blank = self.system(("", ""));
        let sender = (self.line(from_name, &blank)?, self.line(from_address, &blank)?);
        let from = mailbox(&sender, "FromAddress")?;
        let system = self.system((&sender.0, &sender.1));
        let reply = (self.line(&content.reply_name, &system)?, self.line(&content.reply_address, &system)?);
        let reply_to = if reply.1.is_empty() { None } else { Some(mailbox(&reply, "ReplyToAddress")?) };
        // Parted before names are filled: what an attribute holds is one address, or none.
        let copies = |text: &str, member| -> Result<Vec<Mailbox>, Problem> {
            let filled = text.split([',', ';']).map(|one| self.line(one, &system));
            let filled = filled.filter(|one| one.as_ref().map_or(true, |one| !one.trim().is_empty()));
            let read = |one: String| Mailbox::parse_copy(&one).map_err(|_| none(member, &one));
            filled.map(|one| one.and_then(read)).collect()
        };
        let (cc, bcc) = (copies(&content.cc, "CCEmail")?, copies(&content.bcc, "BccEmail")?);
        let to = mailbox(&(self.full_name.clone(), self.send.address.clone()), "EmailAddress")?;
        Ok(Addresses { from, sender, reply_to, to, cc, bcc })
    }

    pub(super) fn system<'s>(&'s self, from: (&'s str, &'s str)) -> System<'s> {
        System {
            address: &self.send.address,
            key: &self.send.key,
            subscriber: self.send.subscriber,
            full_name: &self.full_name,
            email: (&self.common.content.email.0, &self.common.content.email.1),
            job: self.send.definition,
            batch: self.send.batch,
            list: (self.send.list, self.common.list),
            account: self.common.account,
            business: self.common.business,
            postal: self.common.postal,
            from,
            unsubscribe: self.unsubscribe.unwrap_or_default(),
            now: self.common.now,
        }
    }

    /// What a name stands for, and whether the caller or a subscriber has said it.
    pub(super) fn value<'v>(&'v self, name: &str, system: &System<'v>) -> Option<(Cow<'v, str>, bool)> {
        let own = attribute(&self.send.attributes, name).or_else(|| profile(self.kept, name));
        match own {
            Some(own) => Some((own.into(), true)),
            None => {
                let fixed = system.value(name);
                fixed.or_else(|| self.common.defined.value(name).map(Cow::Borrowed)).map(|value| (value, false))
            }
        }
    }

    pub(super) fn filled(&self, text: &str, system: &System<'_>) -> Result<String, Problem> {
        fill(text, |name| self.value(name, system).map(|(value, _)| value)).map_err(unknown)
    }

    pub(super) fn line(&self, text: &str, system: &System<'_>) -> Result<String, Problem> {
        Ok(one_line(&self.filled(text, system)?))
    }
}

/// The value of an attribute by name, in any case of letters; of several the last.
pub(super) fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let name = folded(name);
    attributes.iter().rev().find(|(own, _)| folded(own) == name).map(|(_, value)| value.as_str())
}

/// The value of a profile attribute of a kept subscriber.
pub(super) fn profile<'s>(subscriber: &'s Object, name: &str) -> Option<&'s str> {
    let name = folded(name);
    let attributes = subscriber.all("Attributes").filter_map(Value::as_object);
    let found = attributes.filter(|own| own.text("Name").is_some_and(|own| folded(own) == name)).last()?;
    Some(found.text("Value").unwrap_or_default())
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

fn mailbox((name, address): &(String, String), member: &str) -> Result<Mailbox, Problem> {
    let mailbox = Mailbox::parse(address).map_err(|_| none(member, address))?;
    Ok(Mailbox { name: Some(name.clone()).filter(|name| !name.is_empty()), ..mailbox })
}

fn none(member: &str, value: &str) -> Problem {
    BUILD.about(format!("the {member} is no address")).given(value)
}

pub(super) fn unknown(name: &str) -> Problem {
    BUILD.about(format!("%%{name}%% is no attribute of the send, of the subscriber or of the account"))
}
