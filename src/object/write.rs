//! XML out: a string that is added to. What it writes is well-formed whatever the text.
//!
//! The names are the program's own. Empty elements are written as the service writes them, `<A />`.

use crate::object::chars::is_char;

/// Writes XML into a string. `xsi` must be declared around what it writes.
#[derive(Debug, Default)]
pub struct Writer {
    pub(super) out: String,
}

impl Writer {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty one with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes) }
    }

    /// What was written.
    pub fn into_string(self) -> String {
        self.out
    }

    /// What was written so far.
    pub fn as_str(&self) -> &str {
        &self.out
    }

    /// Markup of one's own, as it is.
    pub fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// `<name>`
    pub fn open(&mut self, name: &str) {
        self.open_with(name, &[]);
    }

    /// `<name xsi:type="xsi_type">`
    pub fn open_typed(&mut self, name: &str, xsi_type: &str) {
        self.open_with(name, &[("xsi:type", xsi_type)]);
    }

    /// `<name a="b">`
    pub fn open_with(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.begin(name, attributes);
        self.out.push('>');
    }

    /// `</name>`
    pub fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// `<name>text</name>`, or `<name />`
    pub fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, &[], text);
    }

    /// `<name a="b">text</name>`, or `<name a="b" />`
    pub fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.begin(name, attributes);
        if text.is_empty() {
            self.out.push_str(" />");
        } else {
            self.out.push('>');
            escape_text(&mut self.out, text);
            self.close(name);
        }
    }

    /// `<name xsi:nil="true" />`
    pub fn nil(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str(" xsi:nil=\"true\" />");
    }

    /// `<name />`
    pub fn empty(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str(" />");
    }

    /// `<name` and attributes, without the `>`.
    pub(super) fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape_attribute(&mut self.out, value);
            self.out.push('"');
        }
    }

    /// Ends what [`Writer::begin`] began, as an empty element when `content` writes nothing.
    pub(super) fn enclose(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        let before = self.out.len();
        self.out.push('>');
        content(self);
        if self.out.len() == before + 1 {
            self.out.truncate(before);
            self.out.push_str(" />");
        } else {
            self.close(name);
        }
    }
}

/// Character data for an element. A character that XML 1.0 does not have becomes U+FFFD.
fn escape_text(out: &mut String, text: &str) {
    escape(out, text, |byte| matches!(byte, b'&' | b'<' | b'>' | 0..=8 | 11..=31 | 0xEF));
}

/// Character data for an attribute in double quotes.
fn escape_attribute(out: &mut String, text: &str) {
    escape(out, text, |byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | 0..=31 | 0xEF));
}

fn escape(out: &mut String, text: &str, special: impl Fn(u8) -> bool) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(&special) {
        // Every special byte begins a character.
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let mut chars = found.chars();
        match chars.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('"') => out.push_str("&quot;"),
            Some('\r') => out.push_str("&#13;"),
            Some('\n') => out.push_str("&#10;"),
            Some('\t') => out.push_str("&#9;"),
            Some(c) if is_char(c) => out.push(c),
            Some(_) => out.push('\u{FFFD}'),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_look_as_the_service_writes_them() {
        let mut writer = Writer::new();
        writer.open_typed("Object", "Subscriber");
        writer.nil("PartnerKey");
        writer.text("EmailAddress", "a&b<c>\"\r\n");
        writer.text("SubscriberKey", "");
        writer.empty("Task");
        writer.close("Object");
        assert_eq!(
            writer.into_string(),
            "<Object xsi:type=\"Subscriber\"><PartnerKey xsi:nil=\"true\" /><EmailAddress>a&amp;b&lt;c&gt;\"&#13;\n\
             </EmailAddress><SubscriberKey /><Task /></Object>"
        );
    }

    #[test]
    fn characters_that_xml_lacks_are_replaced() {
        let mut out = String::new();
        escape_text(&mut out, "a\u{0}b\u{1F}c\u{FFFE}d\u{FEFF}\u{FF21}\te");
        assert_eq!(out, "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FEFF}\u{FF21}\te");
        out.clear();
        escape_attribute(&mut out, "\"a\"\t\n\r\u{b}");
        assert_eq!(out, "&quot;a&quot;&#9;&#10;&#13;\u{FFFD}");
    }
}
