//! The flat tree of a document that was read: 32 bytes a node, text as places in the source.
//!
//! It is made by `read` alone and never changes; what it says is asked through [`super::Node`].

use std::{borrow::Cow, sync::Arc};

use crate::schema::{Kind, NameId, Schema};

/// A document, read. It owns the text it was read from.
#[derive(Debug)]
pub struct Tree {
    pub(super) text: String,
    pub(super) parts: Parts,
    pub(super) schema: Arc<Schema>,
}

impl Tree {
    /// The document as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The schema that led the reading.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.parts.nodes.len()
    }

    /// Never: a document has a root.
    pub fn is_empty(&self) -> bool {
        self.parts.nodes.is_empty()
    }

    /// What the tree and its text hold in memory, counted by capacity.
    pub fn heap_bytes(&self) -> usize {
        let parts = &self.parts;
        self.text.capacity()
            + parts.nodes.capacity() * size_of::<NodeData>()
            + parts.names.capacity() * size_of::<Name>()
            + parts.attributes.capacity() * size_of::<Attribute>()
            + parts.types.capacity() * size_of::<XsiType>()
            + parts.namespaces.iter().map(|uri| size_of::<Cow<'_, str>>() + uri.len()).sum::<usize>()
    }
}

/// Everything but the text.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// In document order; a node's children begin right behind it.
    pub(super) nodes: Vec<NodeData>,
    /// Expanded names.
    pub(super) names: Vec<Name>,
    /// Namespace URIs; the first few are [`NONE`], [`API`], [`XSI`], [`XML`].
    pub(super) namespaces: Vec<Cow<'static, str>>,
    /// In order of their nodes.
    pub(super) attributes: Vec<Attribute>,
    /// In order of their nodes.
    pub(super) types: Vec<XsiType>,
}

/// No namespace.
pub(super) const NONE: u32 = 0;
/// The PartnerAPI's.
pub(super) const API: u32 = 1;
/// That of `xsi:type` and `xsi:nil`.
pub(super) const XSI: u32 = 2;
/// That of `xml:lang`.
pub(super) const XML: u32 = 3;

/// One element.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeData {
    /// The place of its `<`.
    pub(super) start: u32,
    /// The place behind its end tag.
    pub(super) end: u32,
    /// Where its character data begins.
    pub(super) text: u32,
    /// How long it is; with [`PIECES`] only how much there is in all.
    pub(super) text_len: u32,
    /// The element around it; the root's is itself.
    pub(super) parent: u32,
    /// The first node that is not inside it.
    pub(super) next: u32,
    /// What the schema declares for it, or the type that `xsi:type` names.
    pub(super) kind: Option<Kind>,
    /// The place of its name, and below it eight flags.
    pub(super) name_flags: u32,
}

/// `xsi:nil`
pub(super) const NIL: u32 = 1;
/// The character data holds references.
pub(super) const ESCAPED: u32 = 1 << 1;
/// The character data is one CDATA section.
pub(super) const CDATA: u32 = 1 << 2;
/// The character data is in several places.
pub(super) const PIECES: u32 = 1 << 3;
/// The character data holds carriage returns.
pub(super) const RETURNS: u32 = 1 << 4;
/// The character data is not white space alone.
pub(super) const INK: u32 = 1 << 5;
/// There are attributes.
pub(super) const ATTRIBUTES: u32 = 1 << 6;
/// There is an `xsi:type`.
pub(super) const TYPED: u32 = 1 << 7;

const FLAG_BITS: u32 = 8;
/// How many different names a document may have.
pub(super) const MOST_NAMES: usize = (1 << (32 - FLAG_BITS)) - 1;

impl NodeData {
    pub(super) const fn name_flags(name: u32, flags: u32) -> u32 {
        (name << FLAG_BITS) | flags
    }

    pub(super) fn name(&self) -> usize {
        (self.name_flags >> FLAG_BITS) as usize
    }

    pub(super) fn has(&self, flag: u32) -> bool {
        self.name_flags & flag != 0
    }

    pub(super) fn set(&mut self, flag: u32) {
        self.name_flags |= flag;
    }

    pub(super) fn unset(&mut self, flag: u32) {
        self.name_flags &= !flag;
    }
}

/// A place in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Slice {
    pub(super) fn of(self, text: &str) -> &str {
        let start = self.start as usize;
        text.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// An expanded name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) namespace: u32,
    pub(super) local: Slice,
    pub(super) id: Option<NameId>,
}

/// An attribute that declares no namespace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    pub(super) node: u32,
    pub(super) namespace: u32,
    pub(super) local: Slice,
    pub(super) value: Slice,
}

/// What an `xsi:type` names.
#[derive(Clone, Copy, Debug)]
pub(super) struct XsiType {
    pub(super) node: u32,
    pub(super) namespace: u32,
    /// The local name as it is written, or the whole value when its prefix is not bound.
    pub(super) local: Slice,
    /// The local name where it is not written plainly (`&#83;ubscriber`).
    pub(super) id: Option<NameId>,
}

const _: () = assert!(size_of::<NodeData>() <= 32);
