//! The inside of a start tag: attributes cut apart and checked, namespace declarations put in scope, `xsi:` understood.

use super::{
    Parser,
    error::{Refusal, malformed, shown, too_much},
    names::{Scope, narrow},
};
use crate::{
    object::{
        chars::{bad_reference, is_space, trim, unescaped_attribute},
        tree::{self, Attribute, NONE, Slice, XSI, XsiType},
    },
    schema::{Kind, TypeId},
};

/// An attribute as it is written: places in the document.
#[derive(Clone, Copy)]
pub(super) struct Written {
    name: (usize, usize),
    value: (usize, usize),
    escaped: bool,
    /// Once resolved.
    namespace: u32,
}

/// What the `xsi:` attributes of an element say.
#[derive(Default)]
pub(super) struct Said {
    /// Flags of the node.
    pub(super) flags: u32,
    /// The complex type of the PartnerAPI that `xsi:type` names.
    pub(super) ty: Option<TypeId>,
}

impl<'t> Parser<'t> {
    /// Cuts the attributes of the start tag that begins in `scope` apart, and declares its namespaces.
    pub(super) fn cut(&mut self, from: usize, to: usize, scope: Scope) -> Result<(), Refusal> {
        let mut at = from;
        let mut count = 0;
        loop {
            let name = self.skip_space(at, to);
            if name == to {
                return Ok(());
            }
            if name == at {
                return malformed(at, "white space is missing before an attribute");
            }
            count += 1;
            if count > self.limits.attributes {
                return too_much(name, "an element has too many attributes", self.limits.attributes);
            }
            let name_end = self.find(name, to, |byte| byte == b'=' || is_space(byte));
            let equals = self.skip_space(name_end, to);
            if self.byte(equals, to) != Some(b'=') {
                return malformed(name, "an attribute has no value");
            }
            let open = self.skip_space(equals + 1, to);
            let quote = match self.byte(open, to) {
                Some(quote @ (b'"' | b'\'')) => quote,
                _ => return malformed(open, "an attribute's value must stand in quotes"),
            };
            let value = open + 1;
            let mut escaped = false;
            let value_end = self.find(value, to, |byte| {
                escaped |= byte == b'&';
                byte == quote || byte == b'<'
            });
            if self.byte(value_end, to) != Some(quote) {
                return malformed(value_end, "an attribute's value must not contain \"<\"");
            }
            if value_end - value > self.limits.value {
                return too_much(value, "an attribute's value is too long", self.limits.value);
            }
            if escaped && let Some(bad) = bad_reference(self.slice(value, value_end)) {
                return malformed(
                    value + bad,
                    "\"&\" must begin one of the five entities of XML or a character's number",
                );
            }
            at = value_end + 1;
            let written = Written { name: (name, name_end), value: (value, value_end), escaped, namespace: NONE };
            match self.slice(name, name_end).strip_prefix("xmlns") {
                Some("") => self.declare("", written, scope)?,
                Some(prefix) if prefix.starts_with(':') => {
                    let prefix = prefix.get(1..).unwrap_or_default();
                    if prefix.is_empty() {
                        return malformed(name, "\"xmlns:\" is not a name");
                    }
                    self.declare(prefix, written, scope)?;
                }
                _ => self.written.push(written),
            }
        }
    }

    fn declare(&mut self, prefix: &'t str, written: Written, scope: Scope) -> Result<(), Refusal> {
        if prefix.len() > self.limits.name {
            return too_much(written.name.0, "a name is too long", self.limits.name);
        }
        let uri = unescaped_attribute(self.slice(written.value.0, written.value.1));
        self.names.declare(prefix, uri, scope, self.limits.namespaces, written.name.0)
    }

    /// Resolves the attributes that [`Parser::cut`] left, for the node that comes next.
    pub(super) fn resolve(&mut self) -> Result<Said, Refusal> {
        let mut said = Said::default();
        let node = narrow(self.parts.nodes.len());
        for at in 0..self.written.len() {
            let Some(&Written { name, value, escaped, .. }) = self.written.get(at) else { break };
            let spelling = self.names.spelling(self.slice(name.0, name.1), name.0, self.schema)?;
            let known = self.names.get(spelling);
            let (prefixed, local) = (known.is_prefixed(), known.local());
            let namespace = match prefixed.then(|| self.names.namespace(spelling)) {
                Some(None) => {
                    let prefix = shown(self.names.get(spelling).prefix());
                    return malformed(name.0, format!("the prefix {prefix:?} is not declared"));
                }
                Some(Some(namespace)) => namespace,
                None => NONE,
            };
            let mut before = self.written.iter().take(at);
            if before.any(|other| other.namespace == namespace && self.local(other) == local) {
                return malformed(name.0, format!("the attribute {:?} stands twice", shown(local)));
            }
            if let Some(written) = self.written.get_mut(at) {
                written.namespace = namespace;
            }
            let local_at = Slice { start: narrow(name.1 - local.len()), len: narrow(local.len()) };
            let value_at = Slice { start: narrow(value.0), len: narrow(value.1 - value.0) };
            self.parts.attributes.push(Attribute { node, namespace, local: local_at, value: value_at });
            said.flags |= tree::ATTRIBUTES;
            if namespace == XSI && local == "nil" {
                let value = unescaped_attribute(self.slice(value.0, value.1));
                said.flags |= if matches!(trim(&value), "true" | "1") { tree::NIL } else { 0 };
            } else if namespace == XSI && local == "type" {
                said.flags |= tree::TYPED;
                said.ty = self.xsi_type(node, value, escaped);
            }
        }
        self.written.clear();
        Ok(said)
    }

    /// Records what `xsi:type` names, by scope; the default namespace counts, as for any QName in content.
    fn xsi_type(&mut self, node: u32, value: (usize, usize), escaped: bool) -> Option<TypeId> {
        let raw = self.slice(value.0, value.1);
        if escaped {
            return self.escaped_type(node, value, &unescaped_attribute(raw));
        }
        let name = trim(raw);
        let start = value.0 + raw.find(name).unwrap_or_default();
        let mut found =
            XsiType { node, namespace: NONE, local: Slice { start: narrow(start), len: narrow(name.len()) }, id: None };
        // What is not a name, or has a prefix that nothing declares, is kept as it is written.
        let spelling = self.names.spelling(name, start, self.schema).ok();
        let resolved = spelling.and_then(|spelling| Some((spelling, self.names.namespace(spelling)?)));
        let mut ty = None;
        if let Some((spelling, namespace)) = resolved {
            let schema = self.schema;
            let known = self.names.get(spelling);
            found.namespace = namespace;
            found.local =
                Slice { start: narrow(start + name.len() - known.local().len()), len: narrow(known.local().len()) };
            if namespace == tree::API {
                let local = known.local();
                ty = *known.ty.get_or_insert_with(|| schema.type_named(local));
            }
        }
        self.parts.types.push(found);
        ty
    }

    /// The rare `xsi:type` with references in it.
    fn escaped_type(&mut self, node: u32, value: (usize, usize), name: &str) -> Option<TypeId> {
        let (prefix, local) = trim(name).split_once(':').unwrap_or(("", trim(name)));
        let whole = Slice { start: narrow(value.0), len: narrow(value.1 - value.0) };
        let namespace = self.names.bound(prefix);
        let id = namespace.and(self.schema.name_id(local));
        let namespace = if id.is_some() { namespace.unwrap_or(NONE) } else { NONE };
        self.parts.types.push(XsiType { node, namespace, local: whole, id });
        if namespace == tree::API { self.schema.type_named(local) } else { None }
    }

    /// The type of an element: what is declared, or a type that derives from it.
    pub(super) fn chosen(&self, declared: Option<Kind>, said: Option<TypeId>) -> Option<Kind> {
        match (declared, said) {
            (None, Some(ty)) => Some(Kind::Complex(ty)),
            (Some(Kind::Complex(base)), Some(ty)) if self.schema.is_a(ty, base) => Some(Kind::Complex(ty)),
            (declared, _) => declared,
        }
    }

    fn local(&self, written: &Written) -> &'t str {
        let name = self.slice(written.name.0, written.name.1);
        name.split_once(':').map_or(name, |(_, local)| local)
    }

    fn find(&self, from: usize, to: usize, mut stop: impl FnMut(u8) -> bool) -> usize {
        let bytes = self.text.as_bytes().get(from..to).unwrap_or_default();
        bytes.iter().position(|byte| stop(*byte)).map_or(to, |at| from + at)
    }

    fn skip_space(&self, from: usize, to: usize) -> usize {
        self.find(from, to, |byte| !is_space(byte))
    }

    fn byte(&self, at: usize, to: usize) -> Option<u8> {
        if at < to { self.text.as_bytes().get(at).copied() } else { None }
    }
}
