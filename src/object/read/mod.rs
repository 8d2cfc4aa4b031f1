//! Foreign XML in, a [`Tree`] out: one pass over quick-xml's tokens, checked by our own rules.
//!
//! quick-xml cuts the document into tags and text and matches end tags; everything else that XML 1.0 and Namespaces in
//! XML demand is checked here, because quick-xml alone lets most ill-formed documents through. No other code reads
//! foreign XML. A document type declaration is never read.

mod attributes;
mod declaration;
mod error;
mod limits;
mod names;

use std::sync::Arc;

use quick_xml::{
    Reader,
    errors::{Error, IllFormedError},
    events::Event,
};

pub(super) use self::declaration::pseudo_attribute;
use self::{
    attributes::Written,
    error::{Refusal, malformed, shown, too_much},
    names::{Names, Scope, narrow},
};
pub use self::{
    error::{ReadError, ReadErrorKind},
    limits::Limits,
};
use super::{
    Tree,
    chars::{self, is_blank, referenced},
    tree::{self, API, NONE, NodeData, Parts},
};
use crate::schema::{Kind, Schema};

/// Reads a document, led by the schema.
///
/// # Errors
/// When it is not well-formed, has a document type declaration, or exceeds a limit; with the place.
pub fn read(text: String, schema: &Arc<Schema>, limits: &Limits) -> Result<Tree, ReadError> {
    let parts = Parser::run(&text, schema, limits).map_err(|refusal| {
        let (line, column) = chars::position(&text, refusal.offset);
        ReadError { line, column, kind: refusal.kind }
    })?;
    Ok(Tree { text, parts, schema: Arc::clone(schema) })
}

/// What is known half-way through a document.
struct Parser<'t> {
    text: &'t str,
    schema: &'t Schema,
    limits: &'t Limits,
    parts: Parts,
    names: Names<'t>,
    open: Vec<Open>,
    /// The attributes of the present start tag.
    written: Vec<Written>,
    returns: bool,
    brackets: bool,
}

/// An element whose end has not come.
#[derive(Clone, Copy)]
struct Open {
    node: u32,
    namespace: u32,
    kind: Option<Kind>,
    outer: Scope,
}

impl<'t> Parser<'t> {
    fn run(text: &'t str, schema: &'t Schema, limits: &'t Limits) -> Result<Parts, Refusal> {
        // Places are kept in 32 bits.
        if u32::try_from(text.len()).is_err() {
            return too_much(0, "the document is too long", u32::MAX as usize);
        }
        let seen = chars::survey(text);
        if let Some(illegal) = seen.illegal {
            return malformed(illegal, "there is a character that XML does not allow");
        }
        let nodes = seen.tags.min(limits.elements).min(text.len() / 4 + 1);
        let mut parser = Parser {
            text,
            schema,
            limits,
            parts: Parts { nodes: Vec::with_capacity(nodes), ..Parts::default() },
            names: Names::new(limits.name),
            open: Vec::with_capacity(16),
            written: Vec::new(),
            returns: seen.returns,
            brackets: seen.brackets,
        };
        parser.document()?;
        parser.parts.names = parser.names.expanded;
        parser.parts.namespaces = parser.names.namespaces;
        Ok(parser.parts)
    }

    fn document(&mut self) -> Result<(), Refusal> {
        // quick-xml would skip a second byte order mark.
        if self.text.starts_with('\u{FEFF}') {
            return malformed(0, OUTSIDE);
        }
        let mut reader = Reader::from_str(self.text);
        let mut from = 0;
        loop {
            let event = reader.read_event();
            let to = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            match event {
                Ok(Event::Start(tag)) => self.start(from, tag.name().as_ref().len(), to - 1)?,
                Ok(Event::End(_)) => self.end(to),
                Ok(Event::Empty(tag)) => {
                    self.start(from, tag.name().as_ref().len(), to - 2)?;
                    self.end(to);
                }
                Ok(Event::Text(_)) => self.text(from, to)?,
                Ok(Event::GeneralRef(name)) => self.reference(&name, from, to)?,
                Ok(Event::CData(_)) => self.cdata(from + "<![CDATA[".len(), to - "]]>".len())?,
                Ok(Event::Comment(text)) => {
                    if text.contains("--") || text.ends_with('-') {
                        return malformed(from, "a comment must not contain \"--\"");
                    }
                }
                Ok(Event::PI(_)) => declaration::check_instruction(self.slice(from + 2, to - 2), from)?,
                Ok(Event::Decl(_)) if from == 0 => declaration::check(self.slice(5, to - 2), from)?,
                Ok(Event::Decl(_)) => {
                    return malformed(from, "the XML declaration may stand at the very beginning alone");
                }
                Ok(Event::DocType(_)) => return Err(Refusal { offset: from, kind: ReadErrorKind::Dtd }),
                Ok(Event::Eof) => return self.finish(to),
                Err(error) => {
                    let offset = usize::try_from(reader.error_position()).unwrap_or(from).max(from);
                    return self.refuse(&error, from, offset);
                }
            }
            from = to;
        }
    }

    fn start(&mut self, from: usize, name_len: usize, to: usize) -> Result<(), Refusal> {
        let (name, name_end) = (from + 1, from + 1 + name_len);
        if self.open.is_empty() && !self.parts.nodes.is_empty() {
            return malformed(from, "there is a second root element");
        }
        if self.open.len() >= self.limits.depth {
            return too_much(from, "elements are nested too deeply", self.limits.depth);
        }
        if self.parts.nodes.len() >= self.limits.elements {
            return too_much(from, "there are too many elements", self.limits.elements);
        }
        let outer = self.names.scope();
        let spelling = self.names.spelling(self.slice(name, name_end), name, self.schema)?;
        let mut said = attributes::Said::default();
        if name_end < to {
            self.cut(name_end, to, outer)?;
            if !self.written.is_empty() {
                said = self.resolve()?;
            }
        }
        let (namespace, expanded) = self.names.expand(spelling, name)?;
        let declared = self.declared(spelling, namespace);
        let kind = self.chosen(declared, said.ty);
        let node = narrow(self.parts.nodes.len());
        self.parts.nodes.push(NodeData {
            start: narrow(from),
            end: 0,
            text: 0,
            text_len: 0,
            parent: self.open.last().map_or(node, |open| open.node),
            next: 0,
            kind,
            name_flags: NodeData::name_flags(expanded, said.flags),
        });
        self.open.push(Open { node, namespace, kind, outer });
        Ok(())
    }

    /// What the schema declares an element to hold: by its parent's type, or, where a message begins, by its name.
    fn declared(&mut self, spelling: u32, namespace: u32) -> Option<Kind> {
        let schema = self.schema;
        let known = self.names.get(spelling);
        let id = known.id.filter(|_| matches!(namespace, API | NONE))?;
        match self.open.last() {
            Some(Open { kind: Some(Kind::Complex(ty)), .. }) => {
                if let Some((asked, answer)) = known.member
                    && asked == *ty
                {
                    return answer;
                }
                let found = schema.get(*ty).field(id).map(|(_, field)| field.kind);
                known.member = Some((*ty, found));
                found
            }
            Some(Open { kind: Some(_), .. } | Open { namespace: API | NONE, .. }) => None,
            Some(_) | None => schema.element(known.local()),
        }
    }

    fn end(&mut self, to: usize) {
        // quick-xml has matched the tags.
        let Some(open) = self.open.pop() else { return };
        let next = narrow(self.parts.nodes.len());
        if let Some(node) = self.parts.nodes.get_mut(open.node as usize) {
            node.end = narrow(to);
            node.next = next;
            if next > open.node + 1 && !node.has(tree::INK) {
                node.text_len = 0;
                node.unset(tree::PIECES | tree::CDATA | tree::ESCAPED | tree::RETURNS);
            }
        }
        self.names.leave(open.outer);
    }

    fn text(&mut self, from: usize, to: usize) -> Result<(), Refusal> {
        let text = self.slice(from, to);
        if self.open.is_empty() {
            let Some(at) = text.bytes().position(|byte| !chars::is_space(byte)) else { return Ok(()) };
            return malformed(from + at, OUTSIDE);
        }
        if self.brackets
            && let Some(at) = text.find("]]>")
        {
            return malformed(from + at, "text must not contain \"]]>\"");
        }
        let ink = if is_blank(text) { 0 } else { tree::INK };
        self.add(from, to, ink | self.returns(text))
    }

    fn reference(&mut self, name: &str, from: usize, to: usize) -> Result<(), Refusal> {
        let Some(c) = referenced(name) else {
            return malformed(
                from,
                format!("\"&{};\" is none of the five entities of XML, nor a character's number", shown(name)),
            );
        };
        if self.open.is_empty() {
            return malformed(from, OUTSIDE);
        }
        let ink = if matches!(c, ' ' | '\t' | '\r' | '\n') { 0 } else { tree::INK };
        self.add(from, to, ink | tree::ESCAPED)
    }

    fn cdata(&mut self, from: usize, to: usize) -> Result<(), Refusal> {
        if self.open.is_empty() {
            return malformed(from, OUTSIDE);
        }
        let text = self.slice(from, to);
        let ink = if is_blank(text) { 0 } else { tree::INK };
        if text.is_empty() { Ok(()) } else { self.add(from, to, ink | tree::CDATA | self.returns(text)) }
    }

    fn returns(&self, text: &str) -> u32 {
        if self.returns && text.contains('\r') { tree::RETURNS } else { 0 }
    }

    /// Adds character data to the innermost open element.
    fn add(&mut self, from: usize, to: usize, flags: u32) -> Result<(), Refusal> {
        let Some(open) = self.open.last() else { return Ok(()) };
        let Some(node) = self.parts.nodes.get_mut(open.node as usize) else { return Ok(()) };
        let (start, len) = (narrow(from), narrow(to - from));
        if node.text_len == 0 {
            node.text = start;
        } else if node.has(tree::PIECES | tree::CDATA) || flags & tree::CDATA != 0 || node.text + node.text_len != start
        {
            node.set(tree::PIECES);
        }
        node.text_len += len;
        node.set(flags);
        if node.text_len as usize > self.limits.text {
            return too_much(from, "the text of an element is too long", self.limits.text);
        }
        Ok(())
    }

    fn finish(&self, end: usize) -> Result<(), Refusal> {
        match self.open.last().and_then(|open| self.parts.nodes.get(open.node as usize)) {
            Some(node) => malformed(node.start as usize, "an element has no end tag"),
            None if self.parts.nodes.is_empty() => malformed(end, "there is no root element"),
            None => Ok(()),
        }
    }

    fn refuse(&self, error: &Error, from: usize, offset: usize) -> Result<(), Refusal> {
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"<!DOCTYPE")) {
            return Err(Refusal { offset: from, kind: ReadErrorKind::Dtd });
        }
        match error {
            Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                malformed(offset, format!("</{}> stands where </{}> should", shown(found), shown(expected)))
            }
            Error::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
                malformed(offset, format!("</{}> ends nothing", shown(found)))
            }
            Error::IllFormed(IllFormedError::UnclosedReference) => malformed(offset, "\"&\" must be written \"&amp;\""),
            Error::Syntax(_) => malformed(offset, "markup is not ended, or is none that XML knows"),
            _ => malformed(offset, "this is not well-formed XML"),
        }
    }

    fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or_default()
    }
}

const OUTSIDE: &str = "there is text outside the root element";
