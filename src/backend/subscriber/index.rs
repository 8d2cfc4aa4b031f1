//! How a subscriber is found: by ID, key, address and number.

use crate::{
    connector::phone,
    object::Object,
    store::{Objects, StoreError},
};

use super::super::generic::folded;

/// The kind of the records.
pub(crate) const KIND: &str = "Subscriber";
/// Index: SubscriberKey, in lower case.
pub(crate) const BY_KEY: &str = "key";
/// Index: EmailAddress, in lower case.
pub(crate) const BY_EMAIL: &str = "email";
/// Index: the number of PrimarySMSAddress in E.164, where it names its country.
const BY_NUMBER: &str = "number";

pub(crate) fn by_id(objects: &Objects<'_>, id: i64) -> Result<Option<(i64, Object)>, StoreError> {
    Ok(objects.get(KIND, id)?.map(|object| (id, object)))
}

pub(crate) fn by_key(objects: &Objects<'_>, key: &str) -> Result<Option<(i64, Object)>, StoreError> {
    match objects.find_first(KIND, BY_KEY, &folded(key))? {
        Some(id) => by_id(objects, id),
        None => Ok(None),
    }
}

/// Of several with one address, he whose key is the address; else the oldest.
pub(crate) fn by_email(objects: &Objects<'_>, email: &str) -> Result<Option<(i64, Object)>, StoreError> {
    let email = folded(email);
    if let Some((id, object)) = by_key(objects, &email)?
        && object.text("EmailAddress").is_some_and(|own| folded(own) == email)
    {
        return Ok(Some((id, object)));
    }
    match objects.find_first(KIND, BY_EMAIL, &email)? {
        Some(id) => by_id(objects, id),
        None => Ok(None),
    }
}

/// The subscribers with this number (E.164): whose SubscriberKey or PrimarySMSAddress it is.
pub(crate) fn by_number(objects: &Objects<'_>, number: &str) -> Result<Vec<(i64, Object)>, StoreError> {
    let mut found: Vec<_> = by_key(objects, number)?.into_iter().collect();
    for id in objects.find(KIND, BY_NUMBER, number)? {
        found.extend(by_id(objects, id)?);
    }
    Ok(found)
}

/// What is found by SubscriberKey, EmailAddress and number, as the indexes hold it.
pub(super) fn indexed(subscriber: &Object) -> [(&'static str, Option<String>); 3] {
    let text = |member| Some(folded(subscriber.text(member).unwrap_or_default()));
    [(BY_KEY, text("SubscriberKey")), (BY_EMAIL, text("EmailAddress")), (BY_NUMBER, number(subscriber))]
}

pub(super) fn entries<'a>(indexed: &'a [(&'static str, Option<String>)]) -> Vec<(&'static str, &'a str)> {
    indexed.iter().filter_map(|(index, value)| Some((*index, value.as_deref()?))).collect()
}

/// What has no country is nobody's number: each route may have another.
fn number(subscriber: &Object) -> Option<String> {
    let address = subscriber.text("PrimarySMSAddress.Address")?;
    phone::e164(address, None).ok()
}
