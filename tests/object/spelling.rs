//! One envelope, spelt in every way that XML allows: prefixes, declarations, quotes, CDATA, comments, encodings.

use envoi::{
    object::{Member, Object, Value},
    schema::{PARTNER_API, Schema},
};

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A source of decisions; when it runs dry, the plainest way is taken.
pub(crate) struct Choices<'a> {
    left: std::slice::Iter<'a, u8>,
    /// Whether the encoding has but a byte for a character.
    narrow: bool,
}

impl<'a> Choices<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { left: bytes.iter(), narrow: false }
    }

    pub(crate) fn none() -> Self {
        Self::of(&[])
    }

    /// One of `count`; 0 is the plainest.
    fn pick(&mut self, count: u8) -> u8 {
        self.left.next().map_or(0, |byte| byte % count)
    }

    fn space(&mut self) -> &'static str {
        ["", "", " ", "\n\t"][usize::from(self.pick(4))]
    }
}

/// What an envelope means.
#[derive(Debug)]
pub(crate) struct Element {
    ns: String,
    name: String,
    xsi_type: Option<String>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Nil,
    Text(String),
    Elements(Vec<Element>),
}

impl Element {
    /// The Create of one object.
    pub(crate) fn envelope(object: &Object, schema: &Schema) -> Self {
        let object = Self::of("Objects", &Value::Object(object.clone()), schema);
        let request = Self::around(PARTNER_API, "CreateRequest", vec![object]);
        Self::around(SOAP, "Envelope", vec![Self::around(SOAP, "Body", vec![request])])
    }

    fn around(ns: &str, name: &str, inside: Vec<Self>) -> Self {
        Self { ns: ns.into(), name: name.into(), xsi_type: None, content: Content::Elements(inside) }
    }

    fn of(name: &str, value: &Value, schema: &Schema) -> Self {
        let (ns, name) = match name.strip_prefix('{').and_then(|name| name.split_once('}')) {
            Some((ns, local)) => (ns, local),
            None => (PARTNER_API, name),
        };
        let xsi_type = value.as_object().filter(|object| schema.type_named(&object.kind).is_some());
        let content = match value {
            Value::Nil => Content::Nil,
            Value::Text(text) => Content::Text(text.to_string()),
            Value::Object(object) => {
                let one = |member: &Member| Self::of(&member.name, &member.value, schema);
                Content::Elements(object.members.iter().map(one).collect())
            }
        };
        Self { ns: ns.into(), name: name.into(), xsi_type: xsi_type.map(|object| object.kind.to_string()), content }
    }

    /// The document as text, without an XML declaration.
    pub(crate) fn spelt(&self, choices: &mut Choices<'_>) -> String {
        let mut out = String::new();
        self.write(&mut out, &[], choices);
        out
    }

    /// The document as it could come over the wire: bytes and content type.
    pub(crate) fn sent(&self, choices: &mut Choices<'_>) -> (Vec<u8>, Option<String>) {
        // A name cannot be written in characters that the encoding lacks.
        let way = choices.pick(if self.has_wide_names() { 5 } else { 9 });
        choices.narrow = way >= 5;
        let (encoding, told) = [
            ("utf-8", false),
            ("UTF-8", true),
            ("utf-8", false),
            ("utf-16", false),
            ("UTF-16BE", true),
            ("ISO-8859-1", true),
            ("iso-8859-1", false),
            ("Windows-1252", true),
            ("windows-1252", false),
        ][usize::from(way)];
        let quote = ["\"", "'"][usize::from(choices.pick(2))];
        let standalone = ["", " standalone='yes'", "\nstandalone = \"no\""][usize::from(choices.pick(3))];
        let space = choices.space();
        let declaration =
            format!("<?xml version={quote}1.0{quote} encoding={quote}{encoding}{quote}{standalone}{space}?>");
        let needed = way == 6 || way == 8;
        let declaration = if needed || choices.pick(2) == 1 { declaration } else { String::new() };
        let text = format!(
            "{declaration}{}{}",
            choices.space().repeat(usize::from(!declaration.is_empty())),
            self.spelt(choices)
        );
        let content_type = match (told, choices.pick(3)) {
            (true, 0) => Some(format!("text/xml; charset={encoding}")),
            (true, 1) => {
                Some(format!("application/soap+xml;action=\"Create\"; Charset=\"{}\"", encoding.to_lowercase()))
            }
            (true, _) => Some(format!("text/xml;charset={}", encoding.to_uppercase())),
            (false, 0) => None,
            (false, _) => Some("text/xml".into()),
        };
        let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let bytes = match way {
            0 | 1 => text.into_bytes(),
            2 => format!("\u{FEFF}{text}").into_bytes(),
            3 if choices.pick(2) == 0 => wide(u16::to_le_bytes),
            3 => [b"\xFE\xFF".to_vec(), wide(u16::to_be_bytes)].concat(),
            4 => wide(u16::to_be_bytes),
            _ => single_bytes(&text, way >= 7),
        };
        (bytes, content_type)
    }

    fn has_wide_names(&self) -> bool {
        let wide = |text: &str| text.chars().any(|c| u32::from(c) > 0xFF);
        let inside = match &self.content {
            Content::Elements(elements) => elements.iter().any(Self::has_wide_names),
            Content::Nil | Content::Text(_) => false,
        };
        wide(&self.name) || inside
    }

    fn write(&self, out: &mut String, scope: &[(String, String)], choices: &mut Choices<'_>) {
        let mut scope = scope.to_vec();
        let mut attributes: Vec<(String, String)> = Vec::new();
        // Now and then a declaration that nobody needs.
        if choices.pick(8) == 7 {
            declare(&mut scope, &mut attributes, "unused", "urn:fault.partner.exacttarget.com");
        }
        let name = qualify(&self.ns, &self.name, &mut scope, &mut attributes, choices, true);
        if let Some(xsi_type) = &self.xsi_type {
            let key = qualify(XSI, "type", &mut scope, &mut attributes, choices, false);
            let value = qualify(PARTNER_API, xsi_type, &mut scope, &mut attributes, choices, name.contains(':'));
            attributes.push((key, format!("{}{value}", choices.space().trim_end_matches('\n'))));
        }
        if matches!(self.content, Content::Nil) {
            let key = qualify(XSI, "nil", &mut scope, &mut attributes, choices, false);
            attributes.push((key, ["true", "1"][usize::from(choices.pick(2))].into()));
        }
        let shift = usize::from(choices.pick(4)).min(attributes.len());
        attributes.rotate_left(shift);
        out.push_str(&format!("<{name}"));
        for (key, value) in &attributes {
            let value = value.replace('&', "&amp;").replace('<', "&lt;");
            let (space, before, after) =
                (["", "\n ", "  "][usize::from(choices.pick(3))], choices.space(), choices.space());
            match choices.pick(2) {
                0 => out.push_str(&format!(" {space}{key}{before}={after}\"{}\"", value.replace('"', "&quot;"))),
                _ => out.push_str(&format!(" {space}{key}{before}={after}'{}'", value.replace('\'', "&#39;"))),
            }
        }
        out.push_str(choices.space());
        let empty = match &self.content {
            Content::Nil => true,
            Content::Text(text) => text.is_empty(),
            Content::Elements(elements) => elements.is_empty(),
        };
        if empty && choices.pick(2) == 0 {
            out.push_str("/>");
            return;
        }
        out.push('>');
        match &self.content {
            Content::Nil => {}
            Content::Text(text) => write_text(out, text, choices),
            Content::Elements(elements) => {
                for element in elements {
                    write_between(out, choices);
                    element.write(out, &scope, choices);
                }
                if !elements.is_empty() {
                    write_between(out, choices);
                }
            }
        }
        out.push_str(&format!("</{name}{}>", choices.space()));
    }
}

/// A spelling of `{ns}local` that means it in the scope, which may grow. Elements may change the default namespace.
fn qualify(
    ns: &str,
    local: &str,
    scope: &mut Vec<(String, String)>,
    attributes: &mut Vec<(String, String)>,
    choices: &mut Choices<'_>,
    default: bool,
) -> String {
    let bound = |scope: &[(String, String)], prefix: &str| {
        let found = scope.iter().rev().find(|(known, _)| known == prefix);
        found.map_or(String::new(), |(_, uri)| uri.clone())
    };
    let is_attribute = ns == XSI;
    let declares_default = attributes.iter().any(|(key, _)| key == "xmlns");
    if ns.is_empty() || (default && !is_attribute && !declares_default && choices.pick(2) == 0) {
        if bound(scope, "") != ns {
            declare(scope, attributes, "", ns);
        }
        return local.into();
    }
    if !is_attribute && bound(scope, "") == ns && choices.pick(2) == 0 {
        return local.into();
    }
    let known: Vec<String> = scope
        .iter()
        .filter(|(prefix, uri)| uri == ns && !prefix.is_empty() && bound(scope, prefix) == ns)
        .map(|(prefix, _)| prefix.clone())
        .collect();
    let prefix = match known.last() {
        Some(prefix) if choices.pick(4) != 3 => prefix.clone(),
        _ => {
            let names = ["a", "ns1", "SOAP-ENV", "tns", "_", "xsi", "par\u{E9}"];
            let prefix = names[usize::from(choices.pick(7))];
            let key = format!("xmlns:{prefix}");
            // A prefix that this very tag declares, or has used, must keep its meaning.
            let taken = attributes.iter().any(|(found, value)| {
                *found == key || found.starts_with(&format!("{prefix}:")) || value.starts_with(&format!("{prefix}:"))
            });
            let prefix =
                if taken || !bound(scope, prefix).is_empty() { format!("p{}", scope.len()) } else { prefix.into() };
            declare(scope, attributes, &prefix, ns);
            prefix
        }
    };
    format!("{prefix}:{local}")
}

fn declare(scope: &mut Vec<(String, String)>, attributes: &mut Vec<(String, String)>, prefix: &str, uri: &str) {
    scope.push((prefix.into(), uri.into()));
    let key = if prefix.is_empty() { "xmlns".into() } else { format!("xmlns:{prefix}") };
    attributes.push((key, uri.into()));
}

fn write_between(out: &mut String, choices: &mut Choices<'_>) {
    match choices.pick(6) {
        1 => out.push_str("\r\n    "),
        2 => out.push_str("<!-- a <b> & -->"),
        3 => out.push_str(" <?pi <x> ?>\t"),
        4 => out.push('\n'),
        _ => {}
    }
}

fn write_text(out: &mut String, text: &str, choices: &mut Choices<'_>) {
    let mut rest = text;
    while !rest.is_empty() {
        let cut = match choices.pick(3) {
            0 => rest.len(),
            count => rest.char_indices().nth(usize::from(count) * 2).map_or(rest.len(), |(at, _)| at),
        };
        let (piece, after) = rest.split_at(cut);
        rest = after;
        match choices.pick(4) {
            // A carriage return, and what the encoding lacks, can only be written as a number.
            1 if !piece.contains("]]>")
                && !piece.contains(|c| c == '\r' || (choices.narrow && !('\t'..'\u{80}').contains(&c))) =>
            {
                out.push_str(&format!("<![CDATA[{piece}]]>"));
            }
            2 => piece.chars().for_each(|c| out.push_str(&format!("&#x{:x};", u32::from(c)))),
            3 => {
                out.push_str("<!---->");
                escape(out, piece);
            }
            _ => escape(out, piece),
        }
    }
}

fn escape(out: &mut String, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace("]]>", "]]&gt;").replace('\r', "&#13;");
    // The piece before may have ended in "]]".
    out.push_str(&match text.strip_prefix('>') {
        Some(rest) => format!("&gt;{rest}"),
        None => text.replace("]>", "]&gt;"),
    });
}

/// ISO-8859-1, or what it shares with Windows-1252; everything else becomes a reference.
fn single_bytes(text: &str, windows: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(byte) if !(windows && (0x80..0xA0).contains(&byte)) => bytes.push(byte),
            _ => bytes.extend(format!("&#{};", u32::from(c)).bytes()),
        }
    }
    bytes
}
