//! Who gets a message: where his number is looked for, and the form in which the system wants it.

use super::{super::phone, settled::Settled};
use crate::{
    connector::{
        System,
        attribute::attribute,
        problem::{Problem, problem},
    },
    message::code,
    object::Node,
};

/// The attribute that holds a number where no other is named.
const PHONE: &str = "Phone";
/// Channels of a PBX whose users have ids and no numbers.
const NUMBERLESS: [&str; 2] = ["facebook", "livechat"];

/// The recipient of an object: PartnerProperty `Recipient`, Number, then those of its subscriber: PrimarySMSAddress, an Address
/// of the type SMS, the named attribute, a SubscriberKey that is a number (facts/backends section 7).
pub(super) fn of(
    settled: &Settled<'_>,
    number: Option<String>,
    subscriber: Option<Node<'_>>,
    attributes: &[(String, String)],
) -> Result<String, Problem> {
    let named = settled.default(|defaults| &defaults.phone_attribute);
    let name = named.as_deref().unwrap_or(PHONE);
    let found = number
        .or_else(|| subscriber?.child("PrimarySMSAddress")?.given("Address"))
        .or_else(|| sms_address(subscriber?))
        .or_else(|| attribute(attributes, name).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned));
    if let Some(found) = found {
        return formed(settled, &found);
    }
    let key = subscriber.and_then(|subscriber| subscriber.given("SubscriberKey"));
    match key {
        // The end users of Salesforce have the ids that they were given.
        Some(key) if settled.system() == System::Salesforce => Ok(key),
        Some(key) if key.starts_with('+') && phone::looks_like(&key) => formed(settled, &key),
        _ => {
            let what = format!(
                "expected Number, PrimarySMSAddress, an Address of the type SMS, the attribute {name}, or a SubscriberKey such as +4915112345678"
            );
            Err(problem(code::NO_RECIPIENT, what))
        }
    }
}

fn sms_address(subscriber: Node<'_>) -> Option<String> {
    let addresses = subscriber.child("Addresses")?;
    let is_sms = |address: &Node<'_>| address.given("AddressType").is_some_and(|kind| kind.eq_ignore_ascii_case("SMS"));
    addresses.children_named("Address").find(is_sms)?.given("Address")
}

/// The form that the system wants: E.164, but for ids that are no numbers.
fn formed(settled: &Settled<'_>, text: &str) -> Result<String, Problem> {
    let is_id = match settled.system() {
        System::Salesforce => !phone::looks_like(text),
        System::Yeastar => settled.channel().is_some_and(|channel| NUMBERLESS.contains(&channel.as_str())),
        System::Connectly => text.starts_with("bsuid:"),
    };
    if is_id {
        return Ok(text.to_owned());
    }
    phone::e164(text, settled.country().as_deref()).map_err(|why| problem(code::BAD_NUMBER, why))
}
