//! An element of a request written again byte for byte: only its name changes, and the declarations of namespaces that it
//! owed to the elements around it come with it.

use super::{Node, Writer};
use crate::schema::PARTNER_API;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

impl Writer {
    /// Writes what a node holds exactly as it was received, as an element of this local name in the node's own namespace
    /// and with the node's own prefix. The default namespace around it must be the PartnerAPI's, and `xsi` declared.
    pub fn verbatim(&mut self, element: &str, node: Node<'_>) {
        let Some(tag) = Tag::of(node.raw()) else { return };
        let name = match tag.name.split_once(':') {
            Some((prefix, _)) => format!("{prefix}:{element}"),
            None => element.to_owned(),
        };
        self.raw(&format!("<{name}"));
        for (prefix, value) in owed(node, &tag) {
            let colon = if prefix.is_empty() { "" } else { ":" };
            self.raw(&format!(" xmlns{colon}{prefix}={value}"));
        }
        self.raw(tag.attributes);
        match tag.content {
            Some(content) => self.raw(&format!(">{content}</{name}>")),
            None => self.raw("/>"),
        }
    }
}

/// The parts of an element's source text. The reader has seen that it is well-formed.
struct Tag<'a> {
    name: &'a str,
    /// With the space before them; without the slash of an empty element.
    attributes: &'a str,
    /// Absent when the element is written `<a/>`.
    content: Option<&'a str>,
}

impl<'a> Tag<'a> {
    fn of(raw: &'a str) -> Option<Self> {
        let inner = raw.strip_prefix('<')?;
        let (name, rest) =
            inner.split_at_checked(inner.find(|c: char| c.is_ascii_whitespace() || "/>".contains(c))?)?;
        let mut quote = None;
        let end = rest.bytes().position(|byte| {
            match (quote, byte) {
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                (None, b'>') => return true,
                _ => {}
            }
            false
        })?;
        let (attributes, after) = rest.split_at_checked(end)?;
        Some(match attributes.strip_suffix('/') {
            Some(attributes) => Self { name, attributes, content: None },
            None => {
                let content = after.get(1..after.rfind("</")?)?;
                Self { name, attributes, content: Some(content) }
            }
        })
    }

    /// The prefixes that it declares, each with its value in its quotation marks.
    fn declared(&self) -> Vec<(&'a str, &'a str)> {
        let (mut declared, mut rest) = (Vec::new(), self.attributes);
        while let Some((name, after)) = rest.split_once('=') {
            let after = after.trim_ascii_start();
            let Some(quote) = after.get(..1) else { break };
            let Some(end) = after.get(1..).and_then(|value| value.find(quote)) else { break };
            let (Some(value), Some(next)) = (after.get(..end + 2), after.get(end + 2..)) else { break };
            if let Some(prefix) = name.trim_ascii().strip_prefix("xmlns") {
                declared.push((prefix.strip_prefix(':').unwrap_or(prefix), value));
            }
            rest = next;
        }
        declared
    }
}

/// The declarations that the node needs from around it: by prefix, each value in its quotation marks.
fn owed<'a>(node: Node<'a>, tag: &Tag<'a>) -> Vec<(&'a str, &'a str)> {
    let mut seen: Vec<&str> = tag.declared().into_iter().map(|(prefix, _)| prefix).collect();
    let mut owed = Vec::new();
    for around in std::iter::successors(node.parent(), |node| node.parent()) {
        let declared = Tag::of(around.raw()).map(|tag| tag.declared()).unwrap_or_default();
        for (prefix, value) in declared {
            if seen.contains(&prefix) {
                continue;
            }
            seen.push(prefix);
            let uri = value.get(1..value.len().saturating_sub(1)).unwrap_or_default();
            let is_there = (prefix, uri) == ("", PARTNER_API) || (prefix, uri) == ("xsi", XSI);
            // Not only in names: a prefix may stand in a value, as in xsi:type.
            let is_used = prefix.is_empty() || node.raw().contains(&format!("{prefix}:"));
            if !is_there && is_used {
                owed.push((prefix, value));
            }
        }
    }
    if !seen.contains(&"") {
        // Nothing declared a default around it: names without a prefix are in no namespace, and stay there.
        owed.push(("", "\"\""));
    }
    owed
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        object::{Limits, Tree, read},
        schema::Schema,
    };

    const XSI_DECLARED: &str = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

    fn tree(text: String) -> Tree {
        read(text, &Arc::new(Schema::embedded().unwrap()), &Limits::default()).unwrap()
    }

    /// All that a tree says: names in their namespaces, attributes, texts.
    fn said(node: Node<'_>, name: &str) -> String {
        let attributes: Vec<_> = node.attributes().map(|(ns, name, value)| format!("{ns}|{name}={value}")).collect();
        let inner: String = node.children().map(|child| said(child, child.name())).collect();
        format!("<{}|{name} {attributes:?} {:?} {:?} {inner}>", node.ns(), node.xsi_type(), node.text())
    }

    fn written(node: Node<'_>) -> String {
        let mut writer = Writer::new();
        writer.verbatim("Object", node);
        writer.into_string()
    }

    #[test]
    fn the_content_is_the_same_bytes_and_says_the_same() {
        for (around, object) in [
            (format!("xmlns='{PARTNER_API}' {XSI_DECLARED}"), "<Objects xsi:type='List'>%</Objects>"),
            (format!("xmlns:p='{PARTNER_API}' {XSI_DECLARED}"), "<p:Objects xsi:type=\"p:List\" a = '>'>%</p:Objects>"),
            (
                format!(
                    "xmlns='urn:other' xmlns:p='{PARTNER_API}' xmlns:s='http://www.w3.org/2001/XMLSchema-instance'"
                ),
                "<p:Objects\n  s:type = 'p:List'\t>%</p:Objects >",
            ),
            (format!("xmlns='{PARTNER_API}' {XSI_DECLARED} xmlns:q='urn:q?a&amp;b'"), "<Objects q:x='1'>%</Objects>"),
            (
                format!("xmlns='urn:x' {XSI_DECLARED}"),
                "<Objects xmlns='http://exacttarget.com/wsdl/partnerAPI'>%</Objects>",
            ),
        ] {
            let prefix = if object.starts_with("<p:") { "p:" } else { "" };
            for content in [
                String::new(),
                " ".to_owned(),
                format!("<{prefix}ListName>a</{prefix}ListName>"),
                format!("\r\n\t<{prefix}ListName ><![CDATA[a < b & ]] c]]></{prefix}ListName\n><!-- a - b --><?pi x?>"),
                format!(
                    "<{prefix}Unknown x=\"&quot;&#65;'\">&#x41;&amp;<deeper/><{prefix}b  /></{prefix}Unknown> tail"
                ),
                format!(
                    "<other xmlns=''><x xmlns:p='urn:again'><p:y/></x></other><{prefix}ID xsi:nil='true' {XSI_DECLARED}/>"
                ),
            ] {
                let text = format!("<r {around}><mid xmlns:unused='urn:u'>{}</mid></r>", object.replace('%', &content));
                let from = tree(text.clone());
                let node = from.root().children().next().unwrap().children().next().unwrap();
                let out = written(node);
                assert!(content.is_empty() || out.contains(&content), "{out}");
                assert!(!out.contains("unused"), "{out}");
                let again = tree(format!("<R xmlns='{PARTNER_API}' {XSI_DECLARED}>{out}</R>"));
                let copy = again.root().children().next().unwrap();
                assert_eq!((copy.name(), copy.ns()), ("Object", PARTNER_API), "{out}");
                assert_eq!(said(copy, "Objects"), said(node, "Objects"), "{text}\n{out}");
            }
        }
    }

    #[test]
    fn an_empty_element_stays_one() {
        let from = tree(format!("<r xmlns='{PARTNER_API}'><Objects  a='/'/></r>"));
        assert_eq!(written(from.root().children().next().unwrap()), "<Object  a='/'/>");
    }
}
