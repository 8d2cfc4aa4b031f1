//! Properties of a Retrieve: whether the schema has them, what they hold, and objects cut down to them. Pure.

use crate::{
    message::Class,
    object::{Object, Value},
    schema::{Kind, Schema, TypeId},
};

/// Bytes of a property at the most; no name of the schema, however nested, comes near.
const LONGEST_PATH: usize = 256;

/// What the schema declares at a dotted path of a type. A member may be of a type that derives from the declared one, so
/// those are asked too: all types of a step together, as they share most members.
pub(crate) fn declared(schema: &Schema, ty: TypeId, path: &str) -> Option<Kind> {
    if path.len() > LONGEST_PATH {
        return None;
    }
    let mut types = vec![ty];
    let mut steps = path.split('.').peekable();
    while let Some(step) = steps.next() {
        let name = schema.name_id(step)?;
        let mut kinds = types.iter().filter_map(|ty| schema.get(*ty).field(name)).map(|(_, field)| field.kind);
        if steps.peek().is_none() {
            return kinds.next();
        }
        let complex = |kind| match kind {
            Kind::Complex(ty) => Some(ty),
            Kind::Simple(_) | Kind::Enum(_) => None,
        };
        let bases: Vec<TypeId> = kinds.filter_map(complex).collect();
        let is_one = |id: &TypeId| bases.iter().any(|base| schema.is_a(*id, *base));
        types = schema.types().map(|(id, _)| id).filter(is_one).collect();
        // The declared type has the first word.
        types.sort_by_key(|id| !bases.contains(id));
    }
    None
}

/// What a comparison with the value at a path compares; `None` for what is not there, and for objects.
pub(crate) fn class(schema: &Schema, ty: TypeId, path: &str) -> Option<Class> {
    Class::of(declared(schema, ty, path)?, schema)
}

/// Every text at a path: through repeated members there are several. Nil ones are none.
pub(crate) fn texts<'o>(object: &'o Object, path: &str, found: &mut Vec<&'o str>) {
    match path.split_once('.') {
        Some((first, rest)) => {
            for inner in object.members.iter().filter(|member| *member.name == *first) {
                if let Value::Object(inner) = &inner.value {
                    texts(inner, rest, found);
                }
            }
        }
        None => {
            let of_name = object.members.iter().filter(|member| *member.name == *path);
            found.extend(of_name.filter_map(|member| member.value.as_text()));
        }
    }
}

/// The members that are wanted: a tree of dotted paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Name, and what is wanted of it; nothing for all of it.
    members: Vec<(Box<str>, Wanted)>,
}

impl Wanted {
    /// The tree of a list of paths; the empty list wants everything.
    pub(crate) fn of<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut wanted = Self::default();
        for path in paths {
            wanted.add(path, true);
        }
        wanted
    }

    fn add(&mut self, path: &str, fresh: bool) {
        // What is wanted whole stays so, whatever else is said of its parts.
        if !fresh && self.members.is_empty() {
            return;
        }
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let at = self.members.iter().position(|(name, _)| **name == *first);
        match (at.and_then(|at| self.members.get_mut(at)), rest) {
            (Some((_, inner)), Some(rest)) => inner.add(rest, false),
            (Some((_, inner)), None) => *inner = Self::default(),
            (None, rest) => {
                let mut inner = Self::default();
                if let Some(rest) = rest {
                    inner.add(rest, true);
                }
                self.members.push((first.into(), inner));
            }
        }
    }

    /// An object with what is wanted of it and has a value.
    pub(crate) fn cut(&self, object: Object) -> Object {
        if self.members.is_empty() {
            return object;
        }
        let mut cut = Object { kind: object.kind, members: Vec::new() };
        for member in object.members {
            let Some((_, wanted)) = self.members.iter().find(|(name, _)| *name == member.name) else { continue };
            match member.value {
                Value::Nil => {}
                Value::Object(inner) => {
                    let inner = wanted.cut(inner);
                    if !inner.members.is_empty() {
                        cut.push(&member.name, Value::Object(inner));
                    }
                }
                text @ Value::Text(_) if wanted.members.is_empty() => cut.push(&member.name, text),
                Value::Text(_) => {}
            }
        }
        cut
    }
}

/// About how many bytes an object takes in an answer.
pub(crate) fn weight(object: &Object) -> usize {
    let members = object.members.iter().map(|member| {
        2 * member.name.len()
            + match &member.value {
                Value::Nil => 0,
                Value::Text(text) => text.len(),
                Value::Object(inner) => weight(inner),
            }
    });
    64 + members.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> Object {
        let mut parent = Object::new("DataFolder");
        parent.set_text("ID", "7");
        parent.set_text("Name", "up");
        let mut object = Object::new("DataFolder");
        object.set_text("ID", "8");
        object.push("ParentFolder", Value::Object(parent));
        object.push("Description", Value::Nil);
        object
    }

    fn shown(paths: &[&str]) -> String {
        fn show(object: &Object) -> String {
            let members = object.members.iter().map(|member| match &member.value {
                Value::Nil => format!("{}=nil", member.name),
                Value::Text(text) => format!("{}={text}", member.name),
                Value::Object(inner) => format!("{}({})", member.name, show(inner)),
            });
            members.collect::<Vec<_>>().join(",")
        }
        show(&Wanted::of(paths.iter().copied()).cut(object()))
    }

    #[test]
    fn objects_are_cut_to_what_is_wanted_and_there() {
        let table: &[(&[&str], &str)] = &[
            (&["ID"], "ID=8"),
            (&["ID", "ID"], "ID=8"),
            (&["ParentFolder.ID", "ID"], "ID=8,ParentFolder(ID=7)"),
            (&["ParentFolder.ID", "ParentFolder.Name"], "ParentFolder(ID=7,Name=up)"),
            (&["ParentFolder.ID", "ParentFolder"], "ParentFolder(ID=7,Name=up)"),
            (&["ParentFolder", "ParentFolder.ID"], "ParentFolder(ID=7,Name=up)"),
            (&["ParentFolder.CustomerKey"], ""),
            (&["Description"], ""),
            (&["ID.x"], ""),
            (&[], "ID=8,ParentFolder(ID=7,Name=up),Description=nil"),
        ];
        for (paths, expected) in table {
            assert_eq!(shown(paths), *expected, "{paths:?}");
        }
    }

    #[test]
    fn paths_are_looked_up_in_the_schema() {
        let schema = Schema::embedded().expect("the contract");
        let class = |ty: &str, path: &str| class(&schema, schema.type_named(ty).expect(ty), path);
        for (ty, path, expected) in [
            ("Subscriber", "EmailAddress", Some(Class::Text)),
            ("Subscriber", "Status", Some(Class::Text)),
            ("Subscriber", "Client.EnterpriseID", Some(Class::Number)),
            ("Subscriber", "CreatedDate", Some(Class::Date)),
            ("Subscriber", "emailAddress", None),
            ("Subscriber", "Client", None),
            ("Subscriber", "Status.x", None),
            ("DataFolder", "ParentFolder.ParentFolder.IsActive", Some(Class::Boolean)),
            // DestinationObject is declared as APIObject.
            ("ImportDefinition", "DestinationObject.ListName", Some(Class::Text)),
            ("BusinessUnit", &"ParentAccount.".repeat(18), None),
            ("BusinessUnit", &("ParentAccount.".repeat(17) + "ID"), Some(Class::Number)),
            ("BusinessUnit", &("ParentAccount.".repeat(17) + "Nothing"), None),
            ("BusinessUnit", &("ParentAccount.".repeat(100_000) + "ID"), None),
            ("Subscriber", "", None),
            ("Subscriber", ".", None),
        ] {
            assert_eq!(class(ty, path), expected, "{ty}.{path}");
        }
    }
}
