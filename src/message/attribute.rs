//! `Attributes` of a send or of a subscriber, as they stand in a call. What holds where several say it is for who asks.

use crate::object::Node;

/// Name and value of each, in the order in which they stand. One without a name says nothing; one without a value is empty.
pub(crate) fn attributes(node: Node<'_>) -> Vec<(String, String)> {
    let pair = |attribute: Node<'_>| {
        let value = attribute.child("Value").filter(|value| !value.is_nil());
        Some((attribute.given("Name")?, value.map(|value| value.text().into_owned()).unwrap_or_default()))
    };
    node.children_named("Attributes").filter_map(pair).collect()
}
