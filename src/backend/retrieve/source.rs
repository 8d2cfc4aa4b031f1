//! Where a Retrieve takes objects of a type from, in the order of their numbers, in one account.
//!
//! Each source tells which properties it has, gives what follows a number, and finds by an index where it has one. None
//! holds more than a batch in memory.

use crate::{
    message::{Class, Condition, Operand, Operator},
    object::{Object, Value},
    schema::{Schema, TypeId},
    store::{Objects, StoreError},
};

use super::{
    super::{
        Backend, account,
        generic::{BY_GUID, BY_KEY, BY_NAME},
        list, membership,
        row::{BY_PRIMARY, Cell, Column, EXTENSION, FieldType, ROW_NUMBER, Stored, Table, fields},
        subscriber,
    },
    project,
};

/// The type of rows; it is named with its data extension, `DataExtensionObject[key]`.
pub(crate) const ROWS: &str = "DataExtensionObject";
/// Fields of one data extension are numbered within it; SQL Server takes 1,024 columns.
const MOST_FIELDS: i64 = 4096;

/// What the sources look into.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) backend: &'a Backend,
    pub(crate) objects: Objects<'a>,
    pub(crate) account: u64,
}

/// The objects of one type in one account.
pub(crate) struct Source {
    ty: TypeId,
    of: Of,
}

enum Of {
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
    let root = schema.api_object();
    schema.type_named(name).filter(|ty| *ty != root && schema.is_a(*ty, root))
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
            ("DataExtensionField", None) => Of::Fields,
            ("Account" | "BusinessUnit", None) => Of::Account,
            ("AccountUser", None) => Of::Users,
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
        let objects = &scope.objects;
        Ok(match &self.of {
            Of::Kept(kind) => in_objects(objects.scan(kind, after, limit)?),
            Of::Members => in_objects(membership::all(objects, after, limit)?),
            Of::Rows(table) => {
                objects.scan(&table.kind, after, limit)?.into_iter().map(|(id, row)| (id, Record::Row(row))).collect()
            }
            Of::Fields => next_fields(objects, after)?,
            Of::Account => in_objects(after_number(
                vec![account::business_unit(scope.backend, scope.account, self.name(scope))],
                after,
            )),
            Of::Users => in_objects(after_number(account::users(scope.backend, objects, scope.account)?, after)),
        })
    }

    /// One object by its number.
    fn get(&self, scope: Scope<'_>, id: i64) -> Result<Option<Record>, StoreError> {
        let objects = &scope.objects;
        Ok(match &self.of {
            Of::Kept(kind) => objects.get(kind, id)?.map(Record::Object),
            Of::Members => membership::one(objects, id)?.map(Record::Object),
            Of::Rows(table) => objects.get(&table.kind, id)?.map(Record::Row),
            Of::Fields | Of::Account | Of::Users => {
                let next = self.next(scope, id.saturating_sub(1), 1)?;
                next.into_iter().find(|(found, _)| *found == id).map(|(_, record)| record)
            }
        })
    }

    /// The numbers, in order, among which everything is that meets these conditions; `None` when no index helps.
    fn find(&self, objects: &Objects<'_>, musts: &[&Condition]) -> Result<Option<Vec<i64>>, StoreError> {
        if let Of::Rows(table) = &self.of {
            return find_rows(table, objects, musts);
        }
        for must in musts.iter().filter(|must| matches!(must.operator, Operator::Equals | Operator::In)) {
            // An empty text stands in no index.
            if must.values.is_empty() || must.values.iter().any(|value| value.trim().is_empty()) {
                continue;
            }
            let Some(index) = self.index(&must.property) else { continue };
            let mut ids = Vec::new();
            for value in &must.values {
                ids.extend(self.find_one(objects, index, value)?);
            }
            ids.sort_unstable();
            ids.dedup();
            return Ok(Some(ids));
        }
        Ok(None)
    }

    fn find_one(&self, objects: &Objects<'_>, index: Index, value: &str) -> Result<Vec<i64>, StoreError> {
        let folded = value.trim().to_lowercase();
        match (&self.of, index) {
            (_, Index::Number) => Ok(Class::Number.read(value).and_then(number).into_iter().collect()),
            (Of::Kept(kind), Index::Named(index)) => objects.find(kind, index, &folded),
            (Of::Members, Index::Named(_)) => membership::numbers_of_subscriber(objects, &folded),
            // Fields are found by their data extension.
            (Of::Fields, Index::Named(index)) => {
                let extensions = objects.find(EXTENSION, index, &folded)?;
                let mut ids = Vec::new();
                for extension in extensions {
                    ids.extend(
                        next_fields(objects, extension.saturating_mul(MOST_FIELDS) - 1)?.iter().map(|(id, _)| *id),
                    );
                }
                Ok(ids)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The index in which a property stands.
    fn index(&self, property: &str) -> Option<Index> {
        match (&self.of, property) {
            (Of::Kept(_), "ID") => Some(Index::Number),
            (Of::Kept(kind), property) if kind == subscriber::KIND => match property {
                "SubscriberKey" => Some(Index::Named(subscriber::BY_KEY)),
                "EmailAddress" => Some(Index::Named(subscriber::BY_EMAIL)),
                _ => None,
            },
            (Of::Kept(_), "CustomerKey") => Some(Index::Named(BY_KEY)),
            (Of::Kept(_), "ObjectID") => Some(Index::Named(BY_GUID)),
            (Of::Kept(kind), "ListName") if kind == list::KIND => Some(Index::Named(BY_NAME)),
            (Of::Kept(kind), "Name") if kind != list::KIND => Some(Index::Named(BY_NAME)),
            (Of::Members, "SubscriberKey") => Some(Index::Named(subscriber::BY_KEY)),
            (Of::Fields, "DataExtension.CustomerKey") => Some(Index::Named(BY_KEY)),
            (Of::Fields, "DataExtension.ObjectID") => Some(Index::Named(BY_GUID)),
            (Of::Fields, "DataExtension.Name") => Some(Index::Named(BY_NAME)),
            _ => None,
        }
    }

    /// The list to whose members everything belongs that meets these conditions.
    fn list(&self, musts: &[&Condition]) -> Option<i64> {
        let of_list = |must: &&&Condition| must.operator == Operator::Equals && must.property == "ListID";
        match (&self.of, musts.iter().find(of_list)?.values.as_slice()) {
            (Of::Members, [list]) => number(Class::Number.read(list)?),
            _ => None,
        }
    }

    fn name<'s>(&self, scope: Scope<'s>) -> &'s str {
        scope.backend.schema.type_name(self.ty)
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

#[derive(Clone, Copy)]
enum Index {
    Named(&'static str),
    /// The record's own number.
    Number,
}

fn number(operand: Operand) -> Option<i64> {
    match operand {
        Operand::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
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

/// The fields behind a number, of the first data extension that has any there.
fn next_fields(objects: &Objects<'_>, after: i64) -> Result<Vec<(i64, Record)>, StoreError> {
    let mut extension = after.saturating_add(1).div_euclid(MOST_FIELDS) - 1;
    loop {
        let Some((id, definition)) = objects.scan::<Object>(EXTENSION, extension, 1)?.into_iter().next() else {
            return Ok(Vec::new());
        };
        let base = id.saturating_mul(MOST_FIELDS);
        let numbered = (base..).zip(fields(&definition)).filter(|(number, _)| *number > after);
        let found: Vec<_> =
            numbered.map(|(number, field)| (number, Record::Object(field_of(&definition, field)))).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        extension = id;
    }
}

/// A field as Retrieve shows it: with the data extension that it belongs to. Its CustomerKey is made as the service's are.
fn field_of(definition: &Object, field: &Object) -> Object {
    let mut shown = field.clone();
    shown.kind = "DataExtensionField".into();
    let mut extension = Object::new(EXTENSION);
    for name in ["ObjectID", "CustomerKey", "Name"] {
        if let Some(value) = definition.get(name) {
            extension.set(name, value.clone());
        }
    }
    let text = |object: &Object, name| object.text(name).unwrap_or_default().to_owned();
    shown.set_text("CustomerKey", format!("[{}].[{}]", text(definition, "CustomerKey"), text(field, "Name")));
    shown.set("DataExtension", Value::Object(extension));
    shown
}

/// By the whole primary key; by many keys when it is one column.
fn find_rows(table: &Table, objects: &Objects<'_>, musts: &[&Condition]) -> Result<Option<Vec<i64>>, StoreError> {
    let mut keys = vec![String::new()];
    for (_, column) in table.primary() {
        let named = |must: &&&Condition| table.column(&must.property).is_some_and(|(_, own)| own.id == column.id);
        let fits = |must: &&&Condition| match must.operator {
            Operator::Equals | Operator::In => must.dates.is_empty() && !must.values.is_empty(),
            _ => false,
        };
        let Some(must) = musts.iter().filter(named).find(fits) else { return Ok(None) };
        // Several columns with many values each are too many combinations.
        if keys.len() > 1 && must.values.len() > 1 {
            return Ok(None);
        }
        let mut longer = Vec::new();
        for value in &must.values {
            // A value that the column cannot hold: it is compared all the same, and a scan is right about that.
            let Ok(Some(cell)) = Cell::read(column, value) else { return Ok(None) };
            for key in &keys {
                let mut key = key.clone();
                cell.add_to_key(&mut key);
                longer.push(key);
            }
        }
        keys = longer;
    }
    if keys.iter().any(String::is_empty) {
        return Ok(None);
    }
    let mut ids = Vec::new();
    for key in keys {
        ids.extend(objects.find(&table.kind, BY_PRIMARY, &key)?);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(Some(ids))
}
