//! Names as they are written, checked once each; namespaces in scope; what both make together.
//!
//! A document repeats few names often. Each spelling is checked, looked up in the schema and resolved once, and again
//! only when the declarations in scope have changed.

use std::{borrow::Cow, collections::HashMap};

use super::error::{Refusal, malformed, shown, too_much};
use crate::{
    object::{
        chars::is_ncname,
        tree::{API, MOST_NAMES, NONE, Name, Slice, XML, XSI},
    },
    schema::{Kind, NameId, PARTNER_API, Schema, TypeId},
};

const XSI_URI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XML_URI: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS_URI: &str = "http://www.w3.org/2000/xmlns/";

/// One spelling, `tns:Subscriber`, with what is known of it.
pub(super) struct Spelling<'t> {
    raw: &'t str,
    /// Length of the prefix; 0 is none.
    prefix: usize,
    /// The local name's id in the schema.
    pub(super) id: Option<NameId>,
    /// The declarations under which `namespace` was found; 0 is never.
    epoch: u32,
    namespace: u32,
    /// The expanded name, as long as the namespace stays.
    name: Option<u32>,
    /// The first namespace it was found in, and the name that made.
    first: Option<(u32, u32)>,
    /// The next spelling in its chain.
    next: u32,
    /// The last type asked for a member of this name, and its answer.
    pub(super) member: Option<(TypeId, Option<Kind>)>,
    /// The complex type of this local name, once asked.
    pub(super) ty: Option<Option<TypeId>>,
}

impl<'t> Spelling<'t> {
    pub(super) fn prefix(&self) -> &'t str {
        self.raw.get(..self.prefix).unwrap_or_default()
    }

    pub(super) fn local(&self) -> &'t str {
        if self.prefix == 0 { self.raw } else { self.raw.get(self.prefix + 1..).unwrap_or_default() }
    }

    pub(super) fn is_prefixed(&self) -> bool {
        self.prefix != 0
    }
}

const SLOTS: usize = 256;
const END: u32 = u32::MAX;
/// Longer chains are made by intent; what would make them longer is found by keyed hashing.
const LONGEST_CHAIN: usize = 8;

/// All spellings of a document and the namespaces in scope.
pub(super) struct Names<'t> {
    spellings: Vec<Spelling<'t>>,
    /// The first spelling of each small hash; the others follow in chains.
    slots: [u32; SLOTS],
    /// What no chain has room for.
    by_raw: HashMap<&'t str, u32>,
    pub(super) expanded: Vec<Name>,
    /// What spellings mean in other namespaces than their first.
    by_name: HashMap<(u32, u32), u32>,
    pub(super) namespaces: Vec<Cow<'static, str>>,
    by_uri: HashMap<Box<str>, u32>,
    bindings: Vec<(&'t str, u32)>,
    pub(super) epoch: u32,
    epochs: u32,
    longest: usize,
}

/// The declarations in scope at one place.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    bindings: usize,
    epoch: u32,
}

impl<'t> Names<'t> {
    pub(super) fn new(longest: usize) -> Self {
        let known = ["", PARTNER_API, XSI_URI, XML_URI].map(Cow::Borrowed);
        debug_assert_eq!([NONE, API, XSI, XML], [0, 1, 2, 3], "places in this list");
        Self {
            spellings: Vec::with_capacity(32),
            slots: [END; SLOTS],
            by_raw: HashMap::new(),
            expanded: Vec::with_capacity(32),
            by_name: HashMap::new(),
            namespaces: Vec::from(known),
            by_uri: HashMap::new(),
            bindings: Vec::with_capacity(8),
            epoch: 1,
            epochs: 1,
            longest,
        }
    }

    /// The spelling of the name at `offset`.
    pub(super) fn spelling(&mut self, raw: &'t str, offset: usize, schema: &Schema) -> Result<u32, Refusal> {
        let slot = slot(raw);
        let mut next = self.slots.get(slot).copied().unwrap_or(END);
        let mut last = None;
        for _ in 0..LONGEST_CHAIN {
            let Some(known) = self.spellings.get(next as usize) else {
                let found = self.learn(raw, offset, schema)?;
                match last {
                    Some(last) => self.get(last).next = found,
                    None => self.slots.iter_mut().skip(slot).take(1).for_each(|first| *first = found),
                }
                return Ok(found);
            };
            if known.raw == raw {
                return Ok(next);
            }
            last = Some(next);
            next = known.next;
        }
        if let Some(found) = self.by_raw.get(raw) {
            return Ok(*found);
        }
        let found = self.learn(raw, offset, schema)?;
        self.by_raw.insert(raw, found);
        Ok(found)
    }

    fn learn(&mut self, raw: &'t str, offset: usize, schema: &Schema) -> Result<u32, Refusal> {
        if raw.len() > self.longest {
            return too_much(offset, "a name is too long", self.longest);
        }
        let (prefix, local) = match raw.split_once(':') {
            Some((prefix, local)) if is_ncname(prefix) => (prefix.len(), local),
            Some(_) => return malformed(offset, format!("{:?} is not a name", shown(raw))),
            None => (0, raw),
        };
        if !is_ncname(local) {
            return malformed(offset, format!("{:?} is not a name", shown(raw)));
        }
        if self.spellings.len() >= MOST_NAMES {
            return too_much(offset, "there are too many different names", MOST_NAMES);
        }
        let at = narrow(self.spellings.len());
        let id = schema.name_id(local);
        self.spellings.push(Spelling {
            raw,
            prefix,
            id,
            epoch: 0,
            namespace: NONE,
            name: None,
            first: None,
            next: END,
            member: None,
            ty: None,
        });
        Ok(at)
    }

    #[expect(clippy::indexing_slicing, reason = "places are handed out by `spelling` alone")]
    pub(super) fn get(&mut self, spelling: u32) -> &mut Spelling<'t> {
        &mut self.spellings[spelling as usize]
    }

    /// The namespace of a spelling's prefix (the default one when it has none) in the present scope; `None` when it
    /// is not declared.
    pub(super) fn namespace(&mut self, spelling: u32) -> Option<u32> {
        let epoch = self.epoch;
        let known = self.get(spelling);
        if known.epoch == epoch {
            return Some(known.namespace);
        }
        let prefix = known.prefix();
        let found = self.bound(prefix)?;
        let known = self.get(spelling);
        known.epoch = epoch;
        if known.namespace != found {
            known.namespace = found;
            known.name = None;
        }
        Some(found)
    }

    /// The expanded name of an element.
    pub(super) fn expand(&mut self, spelling: u32, offset: usize) -> Result<(u32, u32), Refusal> {
        let Some(namespace) = self.namespace(spelling) else {
            let prefix = shown(self.get(spelling).prefix());
            return malformed(offset, format!("the prefix {prefix:?} is not declared"));
        };
        let known = self.get(spelling);
        if let Some(name) = known.name {
            return Ok((namespace, name));
        }
        let name = match known.first {
            Some((first, name)) if first == namespace => name,
            None => {
                let name = self.expanded_name(spelling, namespace, offset)?;
                self.get(spelling).first = Some((namespace, name));
                name
            }
            Some(_) => match self.by_name.get(&(spelling, namespace)) {
                Some(name) => *name,
                None => {
                    let name = self.expanded_name(spelling, namespace, offset)?;
                    self.by_name.insert((spelling, namespace), name);
                    name
                }
            },
        };
        self.get(spelling).name = Some(name);
        Ok((namespace, name))
    }

    fn expanded_name(&mut self, spelling: u32, namespace: u32, offset: usize) -> Result<u32, Refusal> {
        if self.expanded.len() >= MOST_NAMES {
            return too_much(offset, "there are too many different names", MOST_NAMES);
        }
        let name = narrow(self.expanded.len());
        let known = self.get(spelling);
        let (local, id) = (known.local().len(), known.id);
        let local = Slice { start: narrow(offset + known.raw.len() - local), len: narrow(local) };
        self.expanded.push(Name { namespace, local, id });
        Ok(name)
    }

    pub(super) fn bound(&self, prefix: &str) -> Option<u32> {
        let found = self.bindings.iter().rev().find(|(bound, _)| *bound == prefix).map(|(_, uri)| *uri);
        found.or(match prefix {
            "" => Some(NONE),
            "xml" => Some(XML),
            _ => None,
        })
    }

    /// The present scope, to come back to.
    pub(super) fn scope(&self) -> Scope {
        Scope { bindings: self.bindings.len(), epoch: self.epoch }
    }

    /// Back to the scope of an outer element.
    pub(super) fn leave(&mut self, scope: Scope) {
        self.bindings.truncate(scope.bindings);
        self.epoch = scope.epoch;
    }

    /// Declares a prefix (`""` for the default) for the element that began in `scope`.
    pub(super) fn declare(
        &mut self,
        prefix: &'t str,
        uri: Cow<'_, str>,
        scope: Scope,
        limit: usize,
        offset: usize,
    ) -> Result<(), Refusal> {
        let lawful = match (prefix, &*uri) {
            ("xmlns", _) => Err("the prefix \"xmlns\" must not be declared"),
            ("xml", XML_URI) => Ok(()),
            ("xml", _) | (_, XML_URI) => Err("the prefix \"xml\" and its namespace belong to each other"),
            (_, XMLNS_URI) => Err("the namespace of \"xmlns\" must not be declared"),
            ("", _) => Ok(()),
            (_, "") => Err("a prefix cannot be declared to have no namespace"),
            _ if is_ncname(prefix) => Ok(()),
            _ => Err("a declared prefix is not a name"),
        };
        lawful.or_else(|what| malformed(offset, what))?;
        if self.bindings.iter().skip(scope.bindings).any(|(bound, _)| *bound == prefix) {
            return malformed(offset, format!("the namespace declaration of {:?} stands twice", shown(prefix)));
        }
        if self.bindings.len() >= limit {
            return too_much(offset, "there are too many namespace declarations in scope", limit);
        }
        let uri = self.uri(uri);
        self.bindings.push((prefix, uri));
        if self.epoch == scope.epoch {
            self.epochs += 1;
            self.epoch = self.epochs;
        }
        Ok(())
    }

    fn uri(&mut self, uri: Cow<'_, str>) -> u32 {
        // The first few without hashing; documents seldom have more.
        if let Some(at) = self.namespaces.iter().take(16).position(|known| *known == uri) {
            return narrow(at);
        }
        if let Some(at) = self.by_uri.get(&*uri) {
            return *at;
        }
        let at = narrow(self.namespaces.len());
        if at >= 16 {
            self.by_uri.insert((&*uri).into(), at);
        }
        self.namespaces.push(Cow::Owned(uri.into_owned()));
        at
    }
}

/// A place or length in a document; `read` has made sure that they fit.
pub(super) fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn slot(raw: &str) -> usize {
    let bytes = raw.as_bytes();
    let of = |at: usize| usize::from(bytes.get(at).copied().unwrap_or_default());
    let len = bytes.len();
    let (first, middle, last) = (of(0), of(len / 2), of(len.wrapping_sub(1)));
    (len.wrapping_mul(37) ^ first.wrapping_mul(5) ^ middle.wrapping_mul(11) ^ last.wrapping_mul(3)) % SLOTS
}
