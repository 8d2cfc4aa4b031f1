//! What a request says about one subscriber, and how that changes the one that is kept. Pure.

use crate::{
    clock::Time,
    object::{Node, Object, Value},
};

use super::super::{
    generic::{merge, number},
    membership::Entry,
};

/// Members that are not taken over as they come: they identify, are the service's own, or are kept elsewhere.
const OWN: &[&str] =
    &["EmailAddress", "SubscriberKey", "Attributes", "Lists", "UnsubscribedDate", "Status", "ObjectID"];

/// What a request says about one subscriber.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) key: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) id: Option<i64>,
    pub(crate) status: Option<String>,
    pub(crate) lists: Vec<Entry>,
    attributes: Vec<Attribute>,
    /// The other members.
    rest: Object,
}

/// A profile attribute; without a value it is to be cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    name: String,
    value: Option<String>,
}

impl Change {
    pub(crate) fn read(node: Node<'_>) -> Self {
        let mut rest = node.to_object();
        rest.members.retain(|member| {
            // An empty enumeration says as little as a nil one.
            let empty = member.value.as_text().is_some_and(|text| text.trim().is_empty());
            !OWN.contains(&&*member.name) && member.value != Value::Nil && !empty
        });
        Self {
            key: node.given("SubscriberKey"),
            email: node.given("EmailAddress"),
            id: number(node),
            status: node.given("Status"),
            lists: node.children_named("Lists").filter(|entry| entry.has_children()).map(Entry::read).collect(),
            attributes: node.children_named("Attributes").filter_map(Attribute::read).collect(),
            rest,
        }
    }

    /// Whether it says whom it is about.
    pub(crate) fn is_named(&self) -> bool {
        self.key.is_some() || self.id.is_some() || self.email.is_some()
    }

    /// The same without what it says of his status, his lists and his owner.
    pub(crate) fn without_standing(mut self) -> Self {
        self.status = None;
        self.lists.clear();
        self.rest.remove("Owner");
        self
    }

    /// The same with nothing but what names him.
    pub(crate) fn without_profile(mut self) -> Self {
        self.attributes.clear();
        self.rest.members.clear();
        self
    }

    /// Takes it over into the subscriber that is kept. The key stays: it is what names him.
    pub(crate) fn apply_to(&self, subscriber: &mut Object, now: Time) {
        merge(subscriber, self.rest.clone());
        if let Some(email) = &self.email {
            subscriber.set_text("EmailAddress", email.as_str());
        }
        if let Some(status) = &self.status {
            set_status(subscriber, status, now);
        }
        for attribute in &self.attributes {
            attribute.apply_to(subscriber);
        }
    }
}

impl Attribute {
    /// The service passes over what has no name, without a word.
    fn read(node: Node<'_>) -> Option<Self> {
        let name = node.given("Name")?;
        let cleared = node.xsi_type().is_some_and(|(_, local)| local == "NullAPIProperty");
        let value = node.child("Value").filter(|value| !cleared && !value.is_nil());
        Some(Self { name, value: value.map(|value| value.text().into_owned()) })
    }

    /// Names of attributes do not differ by case alone; the spelling and the place of the first stay.
    fn apply_to(&self, subscriber: &mut Object) {
        let same = |value: &Value| {
            let name = value.as_object().and_then(|attribute| attribute.text("Name"));
            name.is_some_and(|name| name.to_lowercase() == self.name.to_lowercase())
        };
        let members = &mut subscriber.members;
        let found = members.iter().position(|member| &*member.name == "Attributes" && same(&member.value));
        match (found, &self.value) {
            (Some(at), None) => {
                members.remove(at);
            }
            (None, None) => {}
            (Some(at), Some(text)) => {
                if let Some(Value::Object(attribute)) = members.get_mut(at).map(|member| &mut member.value) {
                    attribute.set_text("Value", text.as_str());
                }
            }
            (None, Some(text)) => {
                let mut attribute = Object::new("Attribute");
                attribute.set_text("Name", self.name.as_str());
                attribute.set_text("Value", text.as_str());
                subscriber.push("Attributes", Value::Object(attribute));
            }
        }
    }
}

/// Sets the status in all lists at once (the one on All Subscribers); UnsubscribedDate tells since when he wants no mail.
pub(crate) fn set_status(subscriber: &mut Object, status: &str, now: Time) {
    let before = subscriber.text("Status").map(str::to_owned);
    subscriber.set_text("Status", status);
    if status != "Unsubscribed" {
        subscriber.remove("UnsubscribedDate");
    } else if before.as_deref() != Some(status) {
        subscriber.set_text("UnsubscribedDate", now.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attributes(subscriber: &Object) -> Vec<(String, String)> {
        let text = |attribute: &Object, name| attribute.text(name).unwrap_or_default().to_owned();
        let all = subscriber.all("Attributes").filter_map(Value::as_object);
        all.map(|attribute| (text(attribute, "Name"), text(attribute, "Value"))).collect()
    }

    fn attribute(name: &str, value: Option<&str>) -> Attribute {
        Attribute { name: name.to_owned(), value: value.map(str::to_owned) }
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn attributes_merge_by_name() {
        let mut subscriber = Object::new("Subscriber");
        attribute("First Name", Some("Ada")).apply_to(&mut subscriber);
        attribute("City", Some("London")).apply_to(&mut subscriber);
        attribute("first name", Some("Augusta")).apply_to(&mut subscriber);
        attribute("CITY", None).apply_to(&mut subscriber);
        attribute("Nothing", None).apply_to(&mut subscriber);
        attribute("Title", Some("")).apply_to(&mut subscriber);
        assert_eq!(attributes(&subscriber), [pair("First Name", "Augusta"), pair("Title", "")]);
    }

    #[test]
    fn unsubscribing_is_dated_once() {
        let (first, later) = (Time::from_millis(1_000_000), Time::from_millis(9_000_000));
        let mut subscriber = Object::new("Subscriber");
        set_status(&mut subscriber, "Active", first);
        assert_eq!(subscriber.text("UnsubscribedDate"), None);
        set_status(&mut subscriber, "Unsubscribed", first);
        set_status(&mut subscriber, "Unsubscribed", later);
        assert_eq!(subscriber.text("UnsubscribedDate"), Some(&*first.to_string()));
        set_status(&mut subscriber, "Active", later);
        assert_eq!(subscriber.text("UnsubscribedDate"), None);
    }

    proptest! {
        /// Against a plain map from lower-case name to value.
        #[test]
        fn attributes_are_a_map(changes in prop::collection::vec(("[aAbBcC]{1,2}", prop::option::of("[a-z]{0,3}")), 0..30)) {
            let mut subscriber = Object::new("Subscriber");
            let mut model = std::collections::BTreeMap::new();
            for (name, value) in &changes {
                attribute(name, value.as_deref()).apply_to(&mut subscriber);
                match value {
                    Some(value) => model.insert(name.to_lowercase(), value.clone()),
                    None => model.remove(&name.to_lowercase()),
                };
            }
            let kept = attributes(&subscriber);
            prop_assert_eq!(kept.len(), model.len());
            let kept: std::collections::BTreeMap<_, _> = kept.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
            prop_assert_eq!(kept, model);
        }
    }
}
