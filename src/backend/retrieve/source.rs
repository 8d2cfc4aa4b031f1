//! Where a Retrieve takes objects of a type from, in the order of their numbers, in one account.
//!
//! Each source tells which properties it has, gives what follows a number, and finds by an index where it has one. None
//! holds more than a batch in memory.

use crate::{
    message::{Class, Condition, Operand, client::Client},
    object::Object,
    schema::{Schema, TypeId},
    store::{Objects, StoreError},
};

use super::{
    super::{
        account, extract, membership, result,
        row::{Cell, Column, FIELD, FieldType, ROW_NUMBER, ROWS, Stored, Table},
    },
    fields, project,
};

/// What the sources look into.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) objects: Objects<'a>,
    /// The caller, in the account that is looked into.
    pub(crate) client: &'a Client,
}

/// The objects of one type in one account.
pub(crate) struct Source {
    ty: TypeId,
    pub(super) of: Of,
}

pub(super) enum Of {
    /// Objects that are kept under the name of their type.
    Kept(String),
    /// Who is on which list.
    Members,
    /// The fields of data extensions.
    Fields,
    /// The rows of one.
    Rows(Table),
    /// The account itself.
    Account,
    /// Those who may log in.
    Users,
    /// The data extracts that there are.
    Extracts,
}

/// One object, or what one will be made from when it is needed.
pub(crate) enum Record {
    Object(Object),
    Row(Stored),
}

/// `DataExtensionObject[key]`: the key.
pub(crate) fn row_key(object_type: &str) -> Option<&str> {
    object_type.strip_prefix(ROWS)?.trim_start().strip_prefix('[')?.strip_suffix(']').map(str::trim)
}

/// The schema's type of an ObjectType, when objects of it can be asked for.
pub(crate) fn type_of(schema: &Schema, object_type: &str) -> Option<TypeId> {
    let name = if row_key(object_type).is_some() { ROWS } else { object_type };
    schema.type_named(name).filter(|ty| schema.is_object_type(*ty))
}

impl Source {
    /// The source of a type that [`type_of`] knows; `None` when there is no such data extension in this account.
    pub(crate) fn open(scope: Scope<'_>, object_type: &str, ty: TypeId) -> Result<Option<Self>, StoreError> {
        let of = match (object_type, row_key(object_type)) {
            (_, Some(key)) => match Table::open(&scope.objects, key)? {
                Some(table) => Of::Rows(table),
                None => return Ok(None),
            },
            ("ListSubscriber", None) => Of::Members,
            (FIELD, None) => Of::Fields,
            ("Account" | "BusinessUnit", None) => Of::Account,
            ("AccountUser", None) => Of::Users,
            ("ExtractDescription", None) => Of::Extracts,
            (name, None) => Of::Kept(name.to_owned()),
        };
        Ok(Some(Self { ty, of }))
    }

    /// Whether there is such a property.
    pub(crate) fn has(&self, schema: &Schema, property: &str) -> bool {
        match &self.of {
            Of::Rows(table) => column_or_number(table, property).is_some(),
            _ => project::declared(schema, self.ty, property).is_some(),
        }
    }

    /// What comparisons with a property compare; `None` for objects.
    pub(crate) fn class(&self, schema: &Schema, property: &str) -> Option<Class> {
        match &self.of {
            Of::Rows(table) => column_or_number(table, property).map(|column| column.map_or(Class::Number, class_of)),
            _ => project::class(schema, self.ty, property),
        }
    }

    /// Whether its objects tell when they changed.
    pub(crate) fn is_dated(&self) -> bool {
        matches!(self.of, Of::Kept(_) | Of::Members | Of::Rows(_))
    }

    /// Reads a value that a property is compared with.
    pub(crate) fn operand(&self, property: &str, class: Class, text: &str) -> Option<Operand> {
        match &self.of {
            // Rows know more spellings of dates and booleans.
            Of::Rows(table) => match column_or_number(table, property)? {
                Some(column) => of_cell(&Cell::operand(column.kind, text)?),
                None => class.read(text),
            },
            _ => class.read(text),
        }
    }

    /// The values of a property, for a filter.
    pub(crate) fn values(&self, id: i64, record: &Record, property: &str, class: Class) -> Vec<Operand> {
        match (&self.of, record) {
            (Of::Rows(table), Record::Row(row)) => match column_or_number(table, property) {
                Some(Some(column)) => row.cell(column).and_then(of_cell).into_iter().collect(),
                _ => Class::Number.read(&id.to_string()).into_iter().collect(),
            },
            (_, Record::Object(object)) => {
                let mut texts = Vec::new();
                project::texts(object, property, &mut texts);
                texts.into_iter().filter_map(|text| class.read(text)).collect()
            }
            (_, Record::Row(_)) => Vec::new(),
        }
    }

    /// Adds what is kept apart from an object and read only when it is asked for by name.
    pub(crate) fn complete(
        &self,
        objects: &Objects<'_>,
        id: i64,
        record: &mut Record,
        properties: &[String],
    ) -> Result<(), StoreError> {
        if let (Of::Kept(kind), Record::Object(object)) = (&self.of, record)
            && kind == result::MESSAGE
            && properties.iter().any(|property| property == result::DETAIL)
            && let Some(detail) = result::detail(objects, id)?
        {
            object.set_text(result::DETAIL, detail);
        }
        Ok(())
    }

    /// The object as it is shown: the properties that are wanted, or all.
    pub(crate) fn show(&self, id: i64, record: Record, properties: &[String], wanted: &project::Wanted) -> Object {
        match (&self.of, record) {
            (Of::Rows(table), Record::Row(row)) => {
                let names: Vec<&str> = properties.iter().map(String::as_str).collect();
                table.object(id, &row, (!names.is_empty()).then_some(names.as_slice()))
            }
            (_, Record::Object(object)) => wanted.cut(object),
            (_, Record::Row(_)) => Object::new(ROWS),
        }
    }

    /// How everything that meets these conditions is best gone through.
    pub(crate) fn plan(&self, objects: &Objects<'_>, musts: &[&Condition]) -> Result<Plan, StoreError> {
        if let Some(ids) = self.find(objects, musts)? {
            return Ok(Plan::Numbers(ids));
        }
        Ok(self.list(musts).map_or(Plan::Scan, Plan::List))
    }

    /// What follows a number in a plan: at most `limit`, empty only at the end.
    pub(crate) fn batch(
        &self,
        scope: Scope<'_>,
        plan: &Plan,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Record)>, StoreError> {
        let ids = match plan {
            Plan::Scan => return self.next(scope, after, limit),
            Plan::List(list) => return Ok(in_objects(membership::of_list(&scope.objects, *list, after, limit)?)),
            Plan::Numbers(ids) => ids.get(ids.partition_point(|id| *id <= after)..).unwrap_or_default(),
        };
        let mut found = Vec::new();
        for &id in ids {
            if found.len() == limit {
                break;
            }
            found.extend(self.get(scope, id)?.map(|record| (id, record)));
        }
        Ok(found)
    }

    fn next(&self, scope: Scope<'_>, after: i64, limit: usize) -> Result<Vec<(i64, Record)>, StoreError> {
        let (objects, client) = (&scope.objects, scope.client);
        Ok(match &self.of {
            Of::Kept(kind) => in_objects(objects.scan(kind, after, limit)?),
            Of::Members => in_objects(membership::all(objects, after, limit)?),
            Of::Rows(table) => {
                objects.scan(&table.kind, after, limit)?.into_iter().map(|(id, row)| (id, Record::Row(row))).collect()
            }
            Of::Fields => in_objects(fields::next(objects, after)?),
            Of::Account => {
                let kind = scope.schema.type_name(self.ty);
                let unit = account::business_unit(client.directory(), client.account(), kind);
                in_objects(after_number(vec![unit], after))
            }
            Of::Users => {
                let users = account::users(client.directory(), objects, client.account())?;
                in_objects(after_number(users, after))
            }
            Of::Extracts => in_objects(after_number(vec![extract::description()], after)),
        })
    }

    /// One object by its number.
    fn get(&self, scope: Scope<'_>, id: i64) -> Result<Option<Record>, StoreError> {
        let objects = &scope.objects;
        Ok(match &self.of {
            Of::Kept(kind) => objects.get(kind, id)?.map(Record::Object),
            Of::Members => membership::one(objects, id)?.map(Record::Object),
            Of::Rows(table) => objects.get(&table.kind, id)?.map(Record::Row),
            Of::Fields | Of::Account | Of::Users | Of::Extracts => {
                let next = self.next(scope, id.saturating_sub(1), 1)?;
                next.into_iter().find(|(found, _)| *found == id).map(|(_, record)| record)
            }
        })
    }
}

/// A way through the objects of a source.
pub(crate) enum Plan {
    /// All of them.
    Scan,
    /// These.
    Numbers(Vec<i64>),
    /// The members of a list.
    List(i64),
}

/// A column, `Some(None)` for the row's number.
fn column_or_number<'t>(table: &'t Table, property: &str) -> Option<Option<&'t Column>> {
    if property.eq_ignore_ascii_case(ROW_NUMBER) {
        return Some(None);
    }
    table.column(property).map(|(_, column)| Some(column))
}

fn class_of(column: &Column) -> Class {
    match column.kind {
        FieldType::Number | FieldType::Decimal => Class::Number,
        FieldType::Date => Class::Date,
        FieldType::Boolean => Class::Boolean,
        FieldType::Text | FieldType::EmailAddress | FieldType::Phone | FieldType::Locale => Class::Text,
    }
}

fn of_cell(cell: &Cell) -> Option<Operand> {
    match cell {
        Cell::Text(text) => Class::Text.read(text),
        Cell::Date(time) => Some(Operand::Date(*time)),
        Cell::Boolean(yes) => Some(Operand::Boolean(*yes)),
        Cell::Number(_) | Cell::Decimal(_) => Class::Number.read(&cell.print()),
    }
}

fn in_objects(objects: Vec<(i64, Object)>) -> Vec<(i64, Record)> {
    objects.into_iter().map(|(id, object)| (id, Record::Object(object))).collect()
}

fn after_number(all: Vec<(i64, Object)>, after: i64) -> Vec<(i64, Object)> {
    all.into_iter().filter(|(id, _)| *id > after).collect()
}
