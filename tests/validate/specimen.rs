//! Objects of every type, made from the schema: empty, with every member, with members of wrong values.

use envoi::schema::{Field, Kind, Schema, Simple, TypeId};

/// How deep objects inside objects are filled; the schema is recursive.
const DEPTH: usize = 3;

/// Members that say which object or whose account is meant; given at random they only lead to "not found".
const MEANT: [&str; 5] = ["Client", "ID", "ObjectID", "Owner", "PartnerKey"];

/// Every type that an object can have.
pub(crate) fn types(schema: &Schema) -> Vec<TypeId> {
    let root = schema.api_object();
    let fits = |id: TypeId| id != root && schema.is_a(id, root) && !schema.get(id).is_abstract();
    let found: Vec<_> = schema.types().map(|(id, _)| id).filter(|id| fits(*id)).collect();
    assert!(found.len() > 140, "only {} types derive from APIObject", found.len());
    found
}

/// The members of an object, each with a value of its type, in schema order.
pub(crate) fn filled(schema: &Schema, ty: TypeId, key: &str) -> String {
    members(schema, ty, 0, key)
}

/// Members that say which object is meant, and need no other to be found by.
const NAMES: [&str; 3] = ["CustomerKey", "EmailAddress", "SubscriberKey"];

/// The members that say which object is meant.
pub(crate) fn named(schema: &Schema, ty: TypeId, key: &str) -> String {
    let names = schema.get(ty).fields().iter().map(|field| schema.name(field.name)).filter(|name| NAMES.contains(name));
    names.map(|name| format!("<{name}>{}</{name}>", text(name, key))).collect()
}

/// The same with a word in every member of the object itself that holds no words.
pub(crate) fn misfit(schema: &Schema, ty: TypeId, key: &str) -> String {
    let member = |field: &Field| {
        let name = schema.name(field.name);
        match field.kind {
            Kind::Simple(Simple::String) => {
                NAMES.contains(&name).then(|| format!("<{name}>{}</{name}>", text(name, key)))
            }
            Kind::Simple(_) | Kind::Enum(_) => Some(format!("<{name}>seven</{name}>")),
            Kind::Complex(_) => None,
        }
    };
    schema.get(ty).fields().iter().filter_map(member).collect()
}

fn members(schema: &Schema, ty: TypeId, depth: usize, key: &str) -> String {
    let of_type = schema.get(ty);
    let mut out = String::new();
    for (at, field) in of_type.fields().iter().enumerate() {
        let other = of_type.choices().iter().any(|choice| choice.members.contains(&at) && choice.members.start != at);
        let meant = depth == 0 && MEANT.contains(&schema.name(field.name));
        let needed = field.min > 0;
        let complex = matches!(field.kind, Kind::Complex(_));
        if other || (meant && !needed) || (depth >= DEPTH && complex && !needed) {
            continue;
        }
        let times = if field.max == Some(1) { 1 } else { 2.max(field.min) };
        (0..times).for_each(|_| out += &member(schema, field, depth, key));
    }
    out
}

fn member(schema: &Schema, field: &Field, depth: usize, key: &str) -> String {
    let name = schema.name(field.name);
    let value = match field.kind {
        Kind::Complex(declared) => {
            let concrete = |id: &TypeId| schema.is_a(*id, declared) && !schema.get(*id).is_abstract();
            let ty = schema.types().map(|(id, _)| id).filter(concrete).min_by_key(|id| (*id != declared, *id));
            let ty = ty.unwrap_or_else(|| panic!("nothing concrete derives from {}", schema.type_name(declared)));
            let inside = if depth > DEPTH * 2 { String::new() } else { members(schema, ty, depth + 1, key) };
            if ty != declared {
                return format!("<{name} xsi:type=\"{}\">{inside}</{name}>", schema.type_name(ty));
            }
            inside
        }
        Kind::Simple(Simple::String) => text(name, key),
        Kind::Simple(simple) => number(simple).to_owned(),
        Kind::Enum(id) => match schema.enumeration(id).values.first() {
            Some(first) => first.to_string(),
            // `instanceid`, the one that restricts by a pattern.
            None => "{00000000-0000-4000-8000-000000000000}".to_owned(),
        },
    };
    format!("<{name}>{value}</{name}>")
}

fn text(name: &str, key: &str) -> String {
    match name {
        "CustomerKey" | "SubscriberKey" | "Name" => key.to_owned(),
        name if name.contains("Email") && name.contains("Address") => format!("{}@example.com", key.to_lowercase()),
        _ => "some text & <more>".replace('&', "&amp;").replace('<', "&lt;"),
    }
}

fn number(simple: Simple) -> &'static str {
    match simple {
        Simple::String => "",
        Simple::Boolean => "true",
        Simple::Byte | Simple::Short | Simple::Int | Simple::Long | Simple::Integer | Simple::NonNegativeInteger => "1",
        Simple::Decimal | Simple::Double => "1.5",
        Simple::DateTime => "2026-02-28T18:30:00-06:00",
        Simple::Time => "18:30:00",
        Simple::Base64 => "QUJD",
    }
}
