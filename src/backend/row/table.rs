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
    decimal::MAX_PRECISION,
};

/// The type of rows.
pub const ROWS: &str = "DataExtensionObject";
/// The type of fields.
pub const FIELD: &str = "DataExtensionField";
/// The kind of a data extension's definition.
pub const EXTENSION: &str = "DataExtension";
/// The index under which a row is found by its primary key.
pub const BY_PRIMARY: &str = "primary";
/// The number of a row, which the service shows as a column when it is asked for.
pub const ROW_NUMBER: &str = "_CustomObjectKey";

/// What a column holds (WSDL `DataExtensionFieldType`, without the two that encrypt).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Any text.
    Text,
    /// A whole number of 32 bits.
    Number,
    /// A date with a time.
    Date,
    /// True or False.
    Boolean,
    /// An e-mail address.
    EmailAddress,
    /// A phone number.
    Phone,
    /// A number with a fixed count of digits after the point.
    Decimal,
    /// A language, or a language and a country.
    Locale,
}

impl FieldType {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Text,
        Self::Number,
        Self::Date,
        Self::Boolean,
        Self::EmailAddress,
        Self::Phone,
        Self::Decimal,
        Self::Locale,
    ];

    /// Its name in the WSDL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Number => "Number",
            Self::Date => "Date",
            Self::Boolean => "Boolean",
            Self::EmailAddress => "EmailAddress",
            Self::Phone => "Phone",
            Self::Decimal => "Decimal",
            Self::Locale => "Locale",
        }
    }

    /// The type of that name; case matters, as in any enumeration of the WSDL.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// MaxLength: the one that is taken when none is given, and the greatest. `None` where there is no length.
    pub const fn lengths(self) -> Option<(Option<u32>, u32)> {
        match self {
            Self::Text => Some((None, 4000)),
            Self::EmailAddress => Some((Some(254), 254)),
            Self::Phone => Some((Some(50), 50)),
            Self::Locale => Some((Some(5), 5)),
            Self::Decimal => Some((Some(18), MAX_PRECISION)),
            Self::Number | Self::Date | Self::Boolean => None,
        }
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Under this number rows hold their value: it stays when the column is renamed, and is never given again.
    pub id: i64,
    /// Its name; unique in any case.
    pub name: Box<str>,
    /// What it holds.
    pub kind: FieldType,
    /// Length of a text, or all digits of a Decimal.
    pub max_length: Option<u32>,
    /// Digits of a Decimal after the point.
    pub scale: u32,
    /// Never null and never empty.
    pub required: bool,
    /// Part of the primary key.
    pub primary: bool,
    /// What a new row has that says nothing about it.
    pub default: Option<Box<str>>,
}

impl Column {
    /// A Text column.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            id: 0,
            name: name.into(),
            kind: FieldType::Text,
            max_length: None,
            scale: 0,
            required: false,
            primary: false,
            default: None,
        }
    }

    /// The column that a stored DataExtensionField describes.
    pub(crate) fn of(field: &Object) -> Self {
        let number = |name| field.text(name).and_then(|text| text.parse().ok());
        let yes = |name| field.text(name) == Some("true");
        Self {
            id: field.text("ID").and_then(|id| id.parse().ok()).unwrap_or_default(),
            name: field.text("Name").unwrap_or_default().into(),
            kind: field.text("FieldType").and_then(FieldType::named).unwrap_or(FieldType::Text),
            max_length: number("MaxLength"),
            scale: number("Scale").unwrap_or_default(),
            required: yes("IsRequired"),
            primary: yes("IsPrimaryKey"),
            default: field.text("DefaultValue").filter(|text| !text.is_empty()).map(Into::into),
        }
    }

    /// All digits of a Decimal.
    pub fn precision(&self) -> u32 {
        self.max_length.unwrap_or(MAX_PRECISION)
    }

    /// What a value may be, for people.
    pub(crate) fn expected(&self) -> &'static str {
        match self.kind {
            FieldType::Text => "text",
            FieldType::Number => "a whole number from -2147483648 to 2147483647",
            FieldType::Date => "a date such as 2014-03-26T10:02:01Z or 3/26/2014 10:02:01 AM",
            FieldType::Boolean => "True or False",
            FieldType::EmailAddress => "an e-mail address",
            FieldType::Phone => "a phone number",
            FieldType::Decimal => "a decimal number",
            FieldType::Locale => "a locale such as en-US",
        }
    }

    /// Its size, for people: `50`, or `18,2`.
    pub(crate) fn size(&self) -> String {
        match self.kind {
            FieldType::Decimal => format!("{},{}", self.precision(), self.scale),
            _ => self.max_length.map_or_else(|| "no limit".to_owned(), |length| length.to_string()),
        }
    }

    /// The value that a new row has when none is given.
    pub(crate) fn default_at(&self, now: Time) -> Option<Cell> {
        let text = self.default.as_deref()?;
        if self.kind == FieldType::Date && is_now(text) {
            return Some(Cell::Date(now));
        }
        // It was checked when the column was made.
        Cell::read(self, text).ok().flatten()
    }
}

/// The moment of writing as a default of a Date column, in the two spellings of the service.
pub(crate) fn is_now(text: &str) -> bool {
    ["GETDATE()", "Current Date"].iter().any(|now| text.trim().eq_ignore_ascii_case(now))
}

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
