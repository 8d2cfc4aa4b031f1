//! ResultDetailXML cut for one target. What is kept is the fullest that anybody asked for; a target that asked for less
//! gets less of it, and every byte that is not cut away stays as it is. Pure.

use std::sync::Arc;

use crate::{
    conversation::respond::Cut,
    object::{self, Limits, Node, Object, Writer, base_of},
    schema::Schema,
};

/// What is kept is our own, and was within the limits of its request when it came.
pub(super) const LIMITS: Limits = Limits {
    depth: 1024,
    attributes: usize::MAX,
    namespaces: usize::MAX,
    name: usize::MAX,
    value: usize::MAX,
    text: usize::MAX,
    elements: usize::MAX,
};

/// The answer of a call that is kept as `kept` asks, with as much of its objects as `wanted` asks; absent when no XML is
/// wanted.
///
/// # Errors
/// What the reader says of a text that is no answer.
pub(super) fn cut(text: String, kept: Cut, wanted: Cut, schema: &Arc<Schema>) -> Result<Option<String>, String> {
    if wanted == Cut::Bare {
        return Ok(None);
    }
    if wanted >= kept {
        return Ok(Some(text));
    }
    let tree = object::read(text, schema, &LIMITS).map_err(|error| error.to_string())?;
    let whole = tree.text();
    let mut out = Writer::with_capacity(whole.len());
    let mut done = 0;
    // Stands where the WSDL demands an Object.
    let nothing = Object::new("APIObject");
    for object in objects(tree.root()) {
        let (from, to) = span(whole, object.raw()).ok_or("an object lies outside of its text")?;
        out.raw(whole.get(done..from).unwrap_or_default());
        match wanted {
            Cut::Base => out.object("Object", &base_of(object, schema), schema),
            _ if object.field().is_some_and(|field| field.min > 0) => out.object("Object", &nothing, schema),
            _ => {}
        }
        done = to;
    }
    out.raw(whole.get(done..).unwrap_or_default());
    Ok(Some(out.into_string()))
}

/// The `Object` of each result: below `Results`, and in some answers below a `Result` in it.
fn objects(root: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    for results in root.children_named("Results") {
        for child in results.children() {
            match child.name() {
                "Object" => found.push(child),
                "Result" => found.extend(child.children_named("Object")),
                _ => {}
            }
        }
    }
    found
}

/// Where a part of `text` lies in it.
fn span(text: &str, part: &str) -> Option<(usize, usize)> {
    let from = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    text.get(from..from + part.len()).map(|_| (from, from + part.len()))
}
