//! One element of a [`Tree`]: what it is called, is, says and contains.
//!
//! Text is unescaped only when it is asked for. Nothing here can fail: the document was checked when it was read.

use std::borrow::Cow;

use quick_xml::{Reader, events::Event};

use super::{
    Member, Object, Tree, Value,
    chars::{self, unescaped, unescaped_attribute, with_line_ends},
    tree::{self, API, NONE, NodeData},
};
use crate::schema::{Field, Kind, NameId, PARTNER_API, Schema, TypeId};

/// An element. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub(super) tree: &'a Tree,
    pub(super) at: u32,
}

impl Tree {
    /// The document's root element.
    pub fn root(&self) -> Node<'_> {
        Node { tree: self, at: 0 }
    }
}

impl<'a> Node<'a> {
    /// The local name.
    pub fn name(self) -> &'a str {
        self.expanded().map_or("", |name| name.local.of(&self.tree.text))
    }

    /// The namespace's URI; empty when it is in none.
    pub fn ns(self) -> &'a str {
        self.namespace(self.expanded().map_or(NONE, |name| name.namespace))
    }

    /// Whether it is `{ns}name`.
    pub fn is(self, ns: &str, name: &str) -> bool {
        self.name() == name && self.ns() == ns
    }

    /// The name's id, when the schema has such a name.
    pub fn name_id(self) -> Option<NameId> {
        self.expanded()?.id
    }

    /// Whether it is in the PartnerAPI's namespace, or in none (some clients do not qualify what is inside a message).
    pub(super) fn is_ours(self) -> bool {
        self.expanded().is_some_and(|name| matches!(name.namespace, API | NONE))
    }

    /// What the schema declares it to hold, or the complex type that a fitting `xsi:type` names.
    pub fn kind(self) -> Option<Kind> {
        self.data()?.kind
    }

    /// Its complex type: that of `xsi:type` when it derives from the declared one, else the declared one.
    pub fn ty(self) -> Option<TypeId> {
        match self.kind()? {
            Kind::Complex(ty) => Some(ty),
            Kind::Simple(_) | Kind::Enum(_) => None,
        }
    }

    /// The member of its parent's type that it is.
    pub fn field(self) -> Option<&'a Field> {
        let ty = self.parent()?.ty()?;
        let id = self.name_id().filter(|_| self.is_ours())?;
        self.tree.schema.get(ty).field(id).map(|(_, field)| field)
    }

    /// What `xsi:type` names, whether or not the schema has it: namespace and local name.
    /// A prefix that is not bound gives no namespace, and the value as it is written.
    pub fn xsi_type(self) -> Option<(&'a str, &'a str)> {
        if !self.data()?.has(tree::TYPED) {
            return None;
        }
        let types = &self.tree.parts.types;
        let found = types.get(types.partition_point(|found| found.node < self.at))?;
        let local = match found.id {
            Some(id) => self.tree.schema.name(id),
            None => found.local.of(&self.tree.text),
        };
        Some((self.namespace(found.namespace), local))
    }

    /// `xsi:nil="true"`, or `"1"`.
    pub fn is_nil(self) -> bool {
        self.data().is_some_and(|data| data.has(tree::NIL))
    }

    /// Its own character data, CDATA included and joined, references replaced. White space alone between children
    /// is no text.
    pub fn text(self) -> Cow<'a, str> {
        let Some(data) = self.data() else {
            return Cow::Borrowed("");
        };
        if data.has(tree::PIECES) {
            return Cow::Owned(self.pieces());
        }
        let raw = self.slice(data.text, data.text + data.text_len);
        if data.has(tree::CDATA) {
            with_line_ends(raw)
        } else if data.has(tree::ESCAPED | tree::RETURNS) {
            unescaped(raw)
        } else {
            Cow::Borrowed(raw)
        }
    }

    /// The element's own source text, tags included.
    pub fn raw(self) -> &'a str {
        self.data().map_or("", |data| self.slice(data.start, data.end))
    }

    /// The elements inside it, in order.
    pub fn children(self) -> Children<'a> {
        let end = self.data().map_or(0, |data| data.next);
        Children { tree: self.tree, at: self.at + 1, end }
    }

    /// Whether there are elements inside it.
    pub fn has_children(self) -> bool {
        self.data().is_some_and(|data| data.next > self.at + 1)
    }

    /// The first child of that local name: of the PartnerAPI's namespace if there is one, else of none, else of any.
    pub fn child(self, name: &str) -> Option<Node<'a>> {
        let mut other: Option<Node<'a>> = None;
        for child in self.children_named(name) {
            match child.expanded()?.namespace {
                API => return Some(child),
                NONE if other.is_none_or(|other| !other.is_ours()) => other = Some(child),
                _ => other = other.or(Some(child)),
            }
        }
        other
    }

    /// Every child of that local name, in any namespace, in order.
    pub fn children_named<'n>(self, name: &'n str) -> impl Iterator<Item = Node<'a>> + use<'a, 'n> {
        self.children().filter(move |child| child.name() == name)
    }

    /// The child of exactly that name.
    pub fn child_in(self, ns: &str, name: &str) -> Option<Node<'a>> {
        self.children().find(|child| child.is(ns, name))
    }

    /// The text of [`Node::child`]; `None` when there is no such child, or it is nil.
    pub fn child_text(self, name: &str) -> Option<Cow<'a, str>> {
        self.child(name).filter(|child| !child.is_nil()).map(Node::text)
    }

    /// The text of [`Node::child`] without the white space around it; `None` when nothing is left. What clients write for
    /// "no value" (nothing, nil, an empty element) is all the same here.
    pub fn given(self, name: &str) -> Option<String> {
        let text = self.child_text(name)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// An attribute's value; an attribute without a prefix is in no namespace (`""`).
    pub fn attribute(self, ns: &str, local: &str) -> Option<Cow<'a, str>> {
        self.attributes().find(|(found, name, _)| *found == ns && *name == local).map(|(_, _, value)| value)
    }

    /// Its attributes: namespace, local name, value. Declarations of namespaces are not among them.
    pub fn attributes(self) -> impl Iterator<Item = (&'a str, &'a str, Cow<'a, str>)> {
        let (tree, at) = (self.tree, self.at);
        let all: &'a [tree::Attribute] = &tree.parts.attributes;
        let first = match self.data() {
            Some(data) if data.has(tree::ATTRIBUTES) => all.partition_point(|attribute| attribute.node < at),
            _ => all.len(),
        };
        let mine = all.get(first..).unwrap_or_default().iter().take_while(move |attribute| attribute.node == at);
        mine.map(move |attribute| {
            let value = unescaped_attribute(attribute.value.of(&tree.text));
            (self.namespace(attribute.namespace), attribute.local.of(&tree.text), value)
        })
    }

    /// The element around it.
    pub fn parent(self) -> Option<Node<'a>> {
        let parent = self.data()?.parent;
        (parent != self.at).then_some(Node { tree: self.tree, at: parent })
    }

    /// How many elements are around it.
    pub fn depth(self) -> usize {
        std::iter::successors(self.parent(), |node| node.parent()).count()
    }

    /// Line and column of its start tag, from 1.
    pub fn position(self) -> (usize, usize) {
        chars::position(&self.tree.text, self.data().map_or(0, |data| data.start as usize))
    }

    /// Where it stands inside the message: `CreateRequest.Objects[1].ID`. The place is told, from 0 as `OrdinalID`,
    /// for members that may be repeated and those that are.
    pub fn path(self) -> String {
        let mut path = match self.parent() {
            Some(parent) if !(parent.name() == "Body" && parent.ns() != PARTNER_API) => parent.path() + ".",
            _ => String::new(),
        };
        path.push_str(self.name());
        let twins = || self.parent().into_iter().flat_map(|parent| parent.children_named(self.name()));
        let repeatable = self.field().is_some_and(|field| field.max != Some(1));
        if repeatable || twins().nth(1).is_some() {
            let before = twins().take_while(|twin| twin.at != self.at).count();
            path.push_str(&format!("[{before}]"));
        }
        path
    }

    /// The schema that led the reading.
    pub fn schema(self) -> &'a Schema {
        &self.tree.schema
    }

    /// An owned copy, with what the schema does not know. Attributes, and text beside child elements, are not kept.
    pub fn to_object(self) -> Object {
        let kind = self.ty().map_or("", |ty| self.tree.schema.type_name(ty));
        let members = self.children().map(|child| Member { name: child.member_name(), value: child.to_value() });
        Object { kind: kind.into(), members: members.collect() }
    }

    /// What a member of an [`Object`] holds for it.
    pub fn to_value(self) -> Value {
        if self.is_nil() {
            return Value::Nil;
        }
        let inked = self.data().is_some_and(|data| data.has(tree::INK));
        if self.has_children() || (self.ty().is_some() && !inked) {
            Value::Object(self.to_object())
        } else {
            Value::Text(self.text().into())
        }
    }

    /// The name without decoration for what the schema expects here, however it is qualified, and for anything in
    /// the PartnerAPI's namespace.
    fn member_name(self) -> Box<str> {
        let ns = self.ns();
        if ns == PARTNER_API || self.field().is_some() {
            self.name().into()
        } else {
            format!("{{{ns}}}{}", self.name()).into()
        }
    }

    fn pieces(self) -> String {
        let mut out = String::new();
        let mut depth = 0_usize;
        let mut reader = Reader::from_str(self.raw());
        loop {
            match reader.read_event() {
                Ok(Event::Start(_)) => depth += 1,
                Ok(Event::End(_)) => depth -= 1,
                Ok(Event::Text(text)) if depth == 1 => out.push_str(&with_line_ends(&text)),
                Ok(Event::CData(text)) if depth == 1 => out.push_str(&with_line_ends(&text)),
                Ok(Event::GeneralRef(name)) if depth == 1 => out.extend(chars::referenced(&name)),
                // An error cannot come: these bytes were read before.
                Ok(Event::Eof) | Err(_) => return out,
                Ok(_) => {}
            }
        }
    }

    fn data(self) -> Option<&'a NodeData> {
        self.tree.parts.nodes.get(self.at as usize)
    }

    fn expanded(self) -> Option<&'a tree::Name> {
        self.tree.parts.names.get(self.data()?.name())
    }

    fn namespace(self, id: u32) -> &'a str {
        self.tree.parts.namespaces.get(id as usize).map_or("", |uri| uri)
    }

    fn slice(self, start: u32, end: u32) -> &'a str {
        self.tree.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The path and never the content: nodes end up in logs.
        write!(f, "Node({})", self.path())
    }
}

/// The elements inside a [`Node`].
#[derive(Clone, Debug)]
pub struct Children<'a> {
    tree: &'a Tree,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Children<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        if self.at >= self.end {
            return None;
        }
        let node = Node { tree: self.tree, at: self.at };
        self.at = node.data()?.next;
        Some(node)
    }
}
