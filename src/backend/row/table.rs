//! What a data extension is to its rows: columns by name, where rows are kept, how a row is shown.
//!
//! It reads the definition and never changes it; `data_extension` does.

use std::{collections::HashMap, rc::Rc};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    object::{Object, Value},
    store::{Objects, ObjectsMut, Owner, StoreError, Transaction},
};

use super::{
    super::generic::{BY_KEY, BY_NAME, folded},
    cell::Cell,
    column::Column,
};

/// The type of rows.
pub const ROWS: &str = "DataExtensionObject";
/// The type of fields.
pub const FIELD: &str = "DataExtensionField";
/// The kind of a data extension's definition.
pub const EXTENSION: &str = "DataExtension";
/// The index under which a row is found by its primary key.
pub(crate) const BY_PRIMARY: &str = "primary";
/// The number of a row, which the service shows as a column when it is asked for.
pub(crate) const ROW_NUMBER: &str = "_CustomObjectKey";

/// A row as it is kept: values by the number of their column; null is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    pub(crate) created: Time,
    pub(crate) modified: Time,
    pub(crate) cells: Vec<(i64, Cell)>,
}

impl Stored {
    /// The value in a column.
    pub fn cell(&self, column: &Column) -> Option<&Cell> {
        self.cells.iter().find(|(id, _)| *id == column.id).map(|(_, cell)| cell)
    }

    /// Sets the value in a column; `None` is null.
    pub(crate) fn set(&mut self, column: &Column, cell: Option<Cell>) {
        self.cells.retain(|(id, _)| *id != column.id);
        self.cells.extend(cell.map(|cell| (column.id, cell)));
    }
}

/// A data extension, opened for its rows.
#[derive(Debug)]
pub struct Table {
    /// CustomerKey of the data extension.
    pub key: Box<str>,
    /// The store's kind of its rows: `row:1000017`.
    pub kind: String,
    columns: Vec<Column>,
    by_name: HashMap<String, usize>,
}

impl Table {
    /// The data extension of this CustomerKey, else of this Name.
    pub fn open(objects: &Objects<'_>, key_or_name: &str) -> Result<Option<Self>, StoreError> {
        let wanted = folded(key_or_name);
        for index in [BY_KEY, BY_NAME] {
            if let Some(id) = objects.find_first(EXTENSION, index, &wanted)? {
                let definition: Option<Object> = objects.get(EXTENSION, id)?;
                return Ok(definition.map(|definition| Self::of(id, &definition)));
            }
        }
        Ok(None)
    }

    /// The table of a definition.
    pub fn of(id: i64, definition: &Object) -> Self {
        Self::with(id, definition.text("CustomerKey").unwrap_or_default(), fields(definition))
    }

    /// The table of a data extension with these fields.
    pub(crate) fn with<'o>(id: i64, key: &str, fields: impl Iterator<Item = &'o Object>) -> Self {
        let columns: Vec<_> = fields.map(Column::of).collect();
        let by_name = columns.iter().enumerate().map(|(at, column)| (folded(&column.name), at)).collect();
        Self { key: key.into(), kind: rows_of(id), columns, by_name }
    }

    /// Writes a row with its index entry. The index is unique because everyone looks there first, and one at a time.
    pub(crate) fn put(&self, objects: &ObjectsMut<'_>, id: i64, row: &Stored) -> Result<(), StoreError> {
        let key = self.key_of(row);
        let entry = key.as_deref().map(|key| (BY_PRIMARY, key));
        objects.put(&self.kind, id, row, entry.as_slice())?;
        Ok(())
    }

    /// As [`Self::put`], for a new row.
    pub(crate) fn add(&self, objects: &ObjectsMut<'_>, id: i64, row: &Stored) -> Result<(), StoreError> {
        let key = self.key_of(row);
        let entry = key.as_deref().map(|key| (BY_PRIMARY, key));
        objects.add(&self.kind, id, row, entry.as_slice())
    }

    /// The columns, in their order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of that name, in any case, with its place.
    pub fn column(&self, name: &str) -> Option<(usize, &Column)> {
        let at = *self.by_name.get(&folded(name))?;
        Some((at, self.columns.get(at)?))
    }

    /// The columns of the primary key, with their places.
    pub fn primary(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.columns.iter().enumerate().filter(|(_, column)| column.primary)
    }

    /// The text under which a row is found; `None` without a primary key.
    pub fn key_of(&self, row: &Stored) -> Option<String> {
        let mut key = String::new();
        for (_, column) in self.primary() {
            row.cell(column)?.add_to_key(&mut key);
        }
        (!key.is_empty()).then_some(key)
    }

    /// A row as Retrieve shows it: the named columns, or all. A null has an empty Value, as `APIProperty` requires one.
    pub fn object(&self, id: i64, row: &Stored, names: Option<&[&str]>) -> Object {
        let shown = |column: &Column| property(&column.name, row.cell(column).map(Cell::print));
        let mut properties = Object::default();
        match names {
            None => properties.members.extend(self.columns.iter().map(shown)),
            Some(names) => {
                for name in names {
                    if name.eq_ignore_ascii_case(ROW_NUMBER) {
                        properties.members.push(property(ROW_NUMBER, Some(id.to_string())));
                    } else if let Some((_, column)) = self.column(name) {
                        properties.members.push(shown(column));
                    }
                }
            }
        }
        let mut object = Object::new(ROWS);
        object.set_text("Type", ROWS);
        object.push("Properties", Value::Object(properties));
        object
    }
}

/// The store's kind of a data extension's rows.
pub(crate) fn rows_of(extension: i64) -> String {
    format!("row:{extension}")
}

/// The stored fields of a definition, in their order.
pub(crate) fn fields(definition: &Object) -> impl Iterator<Item = &Object> {
    let fields = definition.object("Fields").into_iter();
    fields.flat_map(|fields| fields.all("Field")).filter_map(Value::as_object)
}

fn property(name: &str, value: Option<String>) -> crate::object::Member {
    let mut property = Object::new("APIProperty");
    property.set_text("Name", name);
    property.set_text("Value", value.unwrap_or_default());
    crate::object::Member { name: "Property".into(), value: Value::Object(property) }
}

/// Data extensions that one call has opened: a definition is read once for all rows of the call.
#[derive(Debug, Default)]
pub(crate) struct Tables(HashMap<(u64, String), Option<Rc<Table>>>);

impl Tables {
    /// [`Table::open`], remembered.
    pub(crate) fn open(
        &mut self,
        txn: &Transaction<'_>,
        owner: &dyn Owner,
        key_or_name: &str,
    ) -> Result<Option<Rc<Table>>, StoreError> {
        let wanted = (owner.account(), key_or_name.to_owned());
        if let Some(known) = self.0.get(&wanted) {
            return Ok(known.clone());
        }
        let table = Table::open(&txn.objects(owner), key_or_name)?.map(Rc::new);
        self.0.insert(wanted, table.clone());
        Ok(table)
    }

    /// To be called whenever a definition may have changed.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}
