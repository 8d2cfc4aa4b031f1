//! What an object says in words of the caller's own: PartnerProperties and Attributes, by name in any case of letters.

use crate::{message, object::Node};

/// The value of a PartnerProperty, by name in any case of letters; of several the last. Empty is none.
pub(super) fn property(node: Node<'_>, name: &str) -> Option<String> {
    let properties = node.children_named("PartnerProperties");
    let named = properties.filter(|property| property.given("Name").is_some_and(|own| own.eq_ignore_ascii_case(name)));
    named.last()?.given("Value")
}

/// The attributes that hold for an object as a whole: its own, and those of the one subscriber of an SMSTriggeredSend.
pub(super) fn attributes(node: Node<'_>) -> Vec<(String, String)> {
    let own = own_attributes(node);
    node.child("Subscriber").map(own_attributes).into_iter().fold(own, |own, more| merged(&own, more))
}

/// The attributes of one node alone.
pub(super) fn own_attributes(node: Node<'_>) -> Vec<(String, String)> {
    merged(&[], message::attributes(node))
}

/// Attributes with more of them, which hold before those of the same name; each name once, where it stood first.
pub(super) fn merged(common: &[(String, String)], more: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut all = common.to_vec();
    for (name, value) in more {
        match all.iter_mut().find(|(own, _)| is_same(own, &name)) {
            Some(own) => *own = (name, value),
            None => all.push((name, value)),
        }
    }
    all
}

/// The value of an attribute, by name in any case of letters.
pub(super) fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(own, _)| is_same(own, name)).map(|(_, value)| value.as_str())
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
