//! WS-Addressing headers and the action of a request.
//!
//! It never follows an address: answers go back on the connection that asked.

use std::borrow::Cow;

use super::Envelope;
use crate::object::{Node, Tree};

/// WS-Addressing of August 2004 (WSE 3.0, the C# SDK) and of 2005 (Axis2, CXF).
pub(super) const NAMESPACES: [&str; 2] =
    ["http://schemas.xmlsoap.org/ws/2004/08/addressing", "http://www.w3.org/2005/08/addressing"];

/// What a request says of itself in WS-Addressing headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressing {
    /// wsa:Action
    pub action: Option<String>,
    /// wsa:MessageID; goes back as RelatesTo.
    pub message_id: Option<String>,
}

impl Addressing {
    /// Reads the header blocks of an envelope.
    pub fn read(envelope: &Envelope<'_>) -> Self {
        Self::of(&envelope.header)
    }

    /// Reads those of a document that was refused as an envelope: its fault should still say what it relates to.
    pub fn of_refused(tree: &Tree) -> Self {
        let root = tree.root();
        let header: Vec<_> = root.children_named("Header").flat_map(Node::children).collect();
        Self::of(&header)
    }

    fn of(header: &[Node<'_>]) -> Self {
        let text = |name: &str| {
            header
                .iter()
                .find(|block| block.name() == name && NAMESPACES.contains(&block.ns()))
                .map(|block| block.text().trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        Self { action: text("Action"), message_id: text("MessageID") }
    }
}

/// The action that a request names: the SOAPAction header, else the `action` parameter of the content type (RFC 3902),
/// else wsa:Action. Quotes around it are taken off; an empty one counts as none.
pub fn action<'a>(
    soap_action: Option<&'a str>,
    content_type: Option<&'a str>,
    addressing: &'a Addressing,
) -> Option<Cow<'a, str>> {
    let header = soap_action.map(unquoted).filter(|action| !action.is_empty());
    let parameter = || content_type.and_then(action_parameter).filter(|action| !action.is_empty());
    let addressed = || addressing.action.as_deref().map(Cow::Borrowed);
    header.map(Cow::Borrowed).or_else(parameter).or_else(addressed)
}

fn unquoted(value: &str) -> &str {
    let value = value.trim();
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value).trim()
}

/// Splits at semicolons outside quotes: a boundary or a start-info parameter may hold them.
fn action_parameter(content_type: &str) -> Option<Cow<'_, str>> {
    let mut quoted = false;
    content_type
        .split(move |c: char| {
            quoted ^= c == '"';
            c == ';' && !quoted
        })
        .skip(1)
        .find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("action").then(|| Cow::Borrowed(unquoted(value)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(soap_action: Option<&str>, content_type: &str, wsa: Option<&str>, expected: Option<&str>) {
        let addressing = Addressing { action: wsa.map(Into::into), message_id: None };
        assert_eq!(action(soap_action, Some(content_type), &addressing).as_deref(), expected);
    }

    #[test]
    fn the_action_is_found_where_clients_put_it() {
        check(Some("Create"), "text/xml", None, Some("Create"));
        check(Some("\"Create\""), "text/xml", Some("Update"), Some("Create"));
        check(Some("\"\""), "application/soap+xml; charset=utf-8; action=\"Create\"", None, Some("Create"));
        check(None, "application/soap+xml;action=Create;charset=utf-8", Some("Update"), Some("Create"));
        check(None, "application/soap+xml; x=\"a;action=No\"; charset=utf-8", Some("Update"), Some("Update"));
        check(None, "text/xml", None, None);
        check(Some(""), "text/xml", None, None);
    }
}
