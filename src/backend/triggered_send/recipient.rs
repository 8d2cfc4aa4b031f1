//! Who of a call's subscribers gets the mail, and why the others do not.
//!
//! It reads and changes nothing: the same is asked before a call is queued, when it is done, and again when a mail leaves.

use std::{borrow::Cow, collections::HashSet};

use crate::{
    message::{attributes, personalize::names},
    object::{Node, Object},
    store::{Objects, StoreError, send::Send},
};

use super::{
    super::{
        generic::{self, folded},
        membership, subscriber,
    },
    build::{Build, Common, attribute, profile},
    content::{Content, Defined, given, may_be_address},
    problem::{
        BAD_ADDRESS, BAD_ID, BUILD, DUPLICATE, HELD, KEY_MISMATCH, MISSING_ATTRIBUTE, NO_ADDRESS, Problem, SUPPRESSED,
        UNNAMED, UNSUBSCRIBED,
    },
    system,
};

/// A subscriber who may get the mail.
#[derive(Clone, Debug)]
pub(crate) struct Recipient<'n> {
    pub(crate) node: Node<'n>,
    /// Who he is, when he is there already.
    pub(crate) found: Option<(i64, Object)>,
    pub(crate) key: String,
    pub(crate) address: String,
    /// The send's attributes and his own, which hold before those.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) from: (Option<String>, Option<String>),
}

impl Recipient<'_> {
    /// The key of one who is there already.
    fn known_key(&self) -> Option<String> {
        self.found.as_ref().and_then(|(_, kept)| given(kept, "SubscriberKey"))
    }
}

/// Why a subscriber gets no mail; who he is, when that is known.
#[derive(Clone, Debug)]
pub(crate) struct Excluded {
    pub(crate) problem: Problem,
    pub(crate) key: Option<String>,
}

impl From<Problem> for Excluded {
    fn from(problem: Problem) -> Self {
        Self { problem, key: None }
    }
}

/// Checks what can be checked of a subscriber alone: that he is named, that his address is one, that he comes once.
pub(crate) fn check_fields(node: Node<'_>, seen: &mut HashSet<String>) -> Result<(), Problem> {
    let address = node.given("EmailAddress");
    if address.is_none() && node.given("SubscriberKey").is_none() && generic::number(node).is_none() {
        return Err(UNNAMED);
    }
    match address {
        Some(address) if !subscriber::is_address(&address) => Err(BAD_ADDRESS),
        Some(address) if !seen.insert(folded(&address)) => Err(DUPLICATE),
        _ => Ok(()),
    }
}

/// Checks a subscriber against the store: who he is, where his mail goes, whether he wants it, whether it can be built.
pub(crate) fn check<'n>(
    objects: &Objects<'_>,
    common: Common<'_>,
    node: Node<'n>,
    shared: &[(String, String)],
    seen: &mut HashSet<String>,
) -> Result<Result<Recipient<'n>, Excluded>, StoreError> {
    let content = common.content;
    if let Err(problem) = check_fields(node, seen) {
        return Ok(Err(problem.into()));
    }
    let found = match found(objects, node)? {
        Ok(found) => found,
        Err(problem) => return Ok(Err(problem.into())),
    };
    let kept = |member: &str| found.as_ref().and_then(|(_, kept)| given(kept, member));
    let key = kept("SubscriberKey").or_else(|| node.given("SubscriberKey")).or_else(|| node.given("EmailAddress"));
    let excluded = |problem: Problem| Excluded { problem, key: kept("SubscriberKey") };
    let own = node.given("EmailAddress");
    // His own address stands in no call yet: it may be that of another who was named by address.
    let Some(address) = own.clone().or_else(|| kept("EmailAddress")) else {
        return Ok(Err(excluded(NO_ADDRESS)));
    };
    if own.is_none() && !seen.insert(folded(&address)) {
        // He does get it, once.
        return Ok(Err(DUPLICATE.into()));
    }
    if let Some((id, kept)) = &found
        && let Some(problem) = unwilling(objects, content, *id, kept)?
    {
        return Ok(Err(excluded(problem)));
    }
    let attributes: Vec<_> = shared.iter().cloned().chain(attributes(node)).collect();
    if let Some(problem) = unbuildable(content, common.defined, &attributes, found.as_ref().map(|(_, kept)| kept)) {
        return Ok(Err(excluded(problem)));
    }
    let owner = node.child("Owner");
    let of_owner = |member: &str| owner.and_then(|owner| owner.given(member));
    let from = (of_owner("FromName"), of_owner("FromAddress"));
    if let Some(address) = from.1.as_deref().filter(|address| !may_be_address(address)) {
        return Ok(Err(excluded(BUILD.about("the FromAddress of Owner is no address").given(address))));
    }
    let recipient = Recipient { node, found, key: key.unwrap_or_else(|| address.clone()), address, attributes, from };
    Ok(match misaddressed(common, &recipient) {
        Some(problem) => Err(Excluded { problem, key: recipient.known_key() }),
        None => Ok(recipient),
    })
}

/// Why his mail would have an address that is none, where names in it are filled for him. What is numbered only when it is kept
/// has number 0 here: one number makes as good an address as another.
fn misaddressed(common: Common<'_>, recipient: &Recipient<'_>) -> Option<Problem> {
    let (own_name, own_address) = &recipient.from;
    let own = [own_name, own_address].into_iter().flatten().any(|text| names(text).next().is_some());
    if !own && !common.content.has_filled_addresses() {
        return None;
    }
    let (id, kept) = match &recipient.found {
        Some((id, kept)) => (*id, Cow::Borrowed(kept)),
        None => (0, Cow::Owned(Object::default())),
    };
    let send = Send {
        account: common.account,
        subscriber: id,
        key: recipient.key.clone(),
        address: recipient.address.clone(),
        list: common.content.list.unwrap_or_default(),
        attributes: recipient.attributes.clone(),
        from: recipient.from.clone(),
        ..Send::default()
    };
    Build::new(common, &send, &kept, None).addresses().err()
}

/// The subscriber that is meant: by key, by ID, which must agree; else by address.
fn found(objects: &Objects<'_>, node: Node<'_>) -> Result<Result<Option<(i64, Object)>, Problem>, StoreError> {
    let by_id = match generic::number(node) {
        None => None,
        Some(id) => match subscriber::by_id(objects, id)? {
            None => return Ok(Err(BAD_ID)),
            found => found,
        },
    };
    Ok(Ok(match (node.given("SubscriberKey"), by_id) {
        (Some(key), Some((id, kept))) => {
            if kept.text("SubscriberKey").is_none_or(|own| folded(own) != folded(&key)) {
                return Ok(Err(KEY_MISMATCH));
            }
            Some((id, kept))
        }
        (Some(key), None) => subscriber::by_key(objects, &key)?,
        (None, Some(found)) => Some(found),
        (None, None) => match node.given("EmailAddress") {
            Some(address) => subscriber::by_email(objects, &address)?,
            None => None,
        },
    }))
}

/// Why a kept subscriber is not to get this. Operational mail goes to the unsubscribed, none to the held.
pub(crate) fn unwilling(
    objects: &Objects<'_>,
    content: &Content,
    id: i64,
    kept: &Object,
) -> Result<Option<Problem>, StoreError> {
    match kept.text("Status") {
        Some("Held") => return Ok(Some(HELD)),
        Some("Deleted") => return Ok(Some(UNSUBSCRIBED)),
        Some("Unsubscribed") if !content.operational => return Ok(Some(UNSUBSCRIBED)),
        _ => {}
    }
    if let Some(list) = content.list.filter(|_| !content.operational || content.honors_list) {
        match membership::status(objects, list, id)?.as_deref() {
            Some("Unsubscribed" | "Deleted") => return Ok(Some(UNSUBSCRIBED)),
            Some("Held") => return Ok(Some(HELD)),
            _ => {}
        }
    }
    for list in &content.excluded {
        if membership::is_on(objects, *list, id)? {
            return Ok(Some(SUPPRESSED));
        }
    }
    Ok(None)
}

/// Why no mail can be built: an attribute that everybody must have, or a name that stands for nothing here. A name that
/// is known and has no value is an empty text, as on the service.
pub(crate) fn unbuildable(
    content: &Content,
    defined: &Defined,
    attributes: &[(String, String)],
    kept: Option<&Object>,
) -> Option<Problem> {
    let value = |name: &str| attribute(attributes, name).or_else(|| profile(kept?, name));
    if let Some(missing) = defined.required().find(|name| value(name).is_none_or(|value| value.trim().is_empty())) {
        return Some(MISSING_ATTRIBUTE.about(missing));
    }
    let known = |name: &str| value(name).is_some() || system::is_name(name) || defined.value(name).is_some();
    let unknown = content.names().find(|name| !known(name))?;
    Some(BUILD.about(format!("%%{unknown}%% is no attribute of the send, of the subscriber or of the account")))
}
