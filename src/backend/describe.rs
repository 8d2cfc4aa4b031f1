//! Describe: the properties of a type, from the schema; the columns of a data extension, from its definition.
//!
//! Every property that is told to be retrievable can be named in a Retrieve: SDKs do exactly that when they are given no
//! properties. A type that nobody knows, or that the caller may not retrieve, comes back by its name with no properties: the
//! message has no place for an error, and an answer that is one short would shift the others.

use crate::{
    message::{
        client::Client,
        fixed::{Definition, DefinitionRequest, Property},
    },
    schema::{Field, Kind, Schema, Simple, TypeId},
    store::{StoreError, View},
};

use super::{
    Backend, kind,
    retrieve::source::{row_key, type_of},
    row::{FieldType, ROWS, Table},
};

/// What the schema does not say: lengths (captured; ListName is documented) and what must be there.
/// Type (empty for all), property, MaxLength, IsRequired.
const KNOWN: &[(&str, &str, Option<u32>, bool)] = &[
    ("", "PartnerKey", Some(64), false),
    ("", "Client.ID", None, true),
    ("", "Client.PartnerClientKey", Some(64), false),
    ("", "ID", None, true),
    ("Subscriber", "EmailAddress", Some(254), true),
    ("Subscriber", "SubscriberKey", Some(254), true),
    ("Subscriber", "Status", None, true),
    ("Subscriber", "EmailTypePreference", None, true),
    ("List", "ListName", Some(50), true),
];

/// Members of Client that Retrieve fills or keeps.
const OF_CLIENT: &[&str] = &["ID", "EnterpriseID", "PartnerClientKey"];
/// Members by which an object inside another one is named.
const OF_OBJECT: &[&str] = &["ID", "ObjectID", "CustomerKey"];

/// Describes what is asked for, in order.
///
/// # Errors
/// The store's.
pub fn describe(
    backend: &Backend,
    view: &View<'_>,
    client: &Client,
    asked: &[DefinitionRequest],
) -> Result<Vec<Definition>, StoreError> {
    asked.iter().map(|asked| one(backend, view, client, asked)).collect()
}

fn one(
    backend: &Backend,
    view: &View<'_>,
    client: &Client,
    asked: &DefinitionRequest,
) -> Result<Definition, StoreError> {
    let schema = &*backend.schema;
    let name = asked.object_type.as_str();
    let nothing = Definition::new(name, Vec::new());
    let acting = client.acting_for(asked.account.unwrap_or_else(|| client.account()));
    let Some((ty, acting)) = type_of(schema, name).zip(acting).filter(|_| client.may("Describe", name)) else {
        return Ok(nothing);
    };
    let Some(key) = row_key(name) else {
        return Ok(Definition::new(name, of_type(schema, ty, name)));
    };
    let table = Table::open(&view.objects(&acting), key)?;
    Ok(table.map_or(nothing, |table| Definition::new(name, columns(&table))))
}

/// Retrievable ones first, as captured.
fn of_type(schema: &Schema, ty: TypeId, name: &str) -> Vec<Property> {
    let mut all = Vec::new();
    for field in schema.get(ty).fields() {
        of_field(schema, name, field, &mut all);
    }
    if name == ROWS {
        // Rows are retrieved by the name of their data extension, and have its columns.
        all = all.iter().map(|property: &Property| property.clone().hidden()).collect();
    }
    all.sort_by_key(|property| !property.is_retrievable());
    all
}

fn of_field(schema: &Schema, of: &str, field: &Field, all: &mut Vec<Property>) {
    let name = schema.name(field.name);
    let updatable = !kind::is_read_only(of);
    let Kind::Complex(inner) = field.kind else {
        all.push(leaf(schema, of, name, field, field.min > 0, updatable));
        return;
    };
    let many = if field.max == Some(1) { "" } else { "[]" };
    let inner_type = schema.get(inner);
    let shown = match (schema.type_named(schema.type_name(inner)), inner_type.fields()) {
        // An anonymous type around one repeated member is an array of it.
        (found, [only]) if found != Some(inner) => format!("{}[]", data_type(schema, only.kind)),
        _ => format!("{}{many}", schema.type_name(inner)),
    };
    all.push(Property::new(name, &shown, updatable));
    let members = match name {
        "Client" => OF_CLIENT,
        _ if field.max == Some(1) && schema.is_a(inner, schema.api_object()) => OF_OBJECT,
        _ => &[],
    };
    for member in members {
        if let Some((_, field)) = schema.name_id(member).and_then(|id| inner_type.field(id)) {
            all.push(leaf(schema, of, &format!("{name}.{member}"), field, false, updatable));
        }
    }
}

fn leaf(schema: &Schema, of: &str, path: &str, field: &Field, required: bool, updatable: bool) -> Property {
    let known = KNOWN.iter().find(|(ty, name, ..)| (ty.is_empty() || *ty == of) && *name == path);
    let (length, needed) = known.map_or((None, false), |(_, _, length, needed)| (*length, *needed));
    Property::new(path, &data_type(schema, field.kind), updatable).retrievable(length, required || needed)
}

/// The .NET name of what a member holds.
fn data_type(schema: &Schema, kind: Kind) -> String {
    let name = match kind {
        Kind::Complex(id) => schema.type_name(id),
        Kind::Enum(id) => schema.name(schema.enumeration(id).name),
        Kind::Simple(simple) => match simple {
            // .NET has no integer without a limit; its proxies hold such as text.
            Simple::String | Simple::Integer | Simple::NonNegativeInteger => "String",
            Simple::Boolean => "Boolean",
            Simple::Byte => "SByte",
            Simple::Short => "Int16",
            Simple::Int => "Int32",
            Simple::Long => "Int64",
            Simple::Decimal => "Decimal",
            Simple::Double => "Double",
            Simple::DateTime | Simple::Time => "DateTime",
            Simple::Base64 => "Byte[]",
        },
    };
    name.to_owned()
}

fn columns(table: &Table) -> Vec<Property> {
    let column = |column: &super::row::Column| {
        let data_type = match column.kind {
            FieldType::Text | FieldType::EmailAddress | FieldType::Phone | FieldType::Locale => "String",
            FieldType::Number => "Int32",
            FieldType::Decimal => "Decimal",
            FieldType::Date => "DateTime",
            FieldType::Boolean => "Boolean",
        };
        Property::new(&column.name, data_type, !column.primary).retrievable(column.max_length, column.required)
    };
    table.columns().iter().map(column).collect()
}
