//! Changes to the fields of a data extension, with what its rows allow.
//!
//! Rows hold their values by the number of the field, so that a field is renamed or taken away without touching them.

use uuid::Uuid;

use crate::{
    object::{Object, Value},
    store::StoreError,
};

use super::{
    super::{
        Failure, Work,
        generic::folded,
        row::{Cell, Column, Stored, Table, fields, rows_of},
    },
    conflict,
    field::{define, said},
    invalid,
};

/// Rows that are looked at in one go.
const BATCH: usize = 500;

/// A definition whose fields are being changed. `extension` is the store's id of it, `None` while it has no rows.
pub(super) struct Change<'w, 's, 't> {
    pub(super) work: &'w mut Work<'s, 't>,
    pub(super) extension: Option<i64>,
    fields: Vec<Object>,
    /// Places of the fields that this call has named.
    touched: Vec<usize>,
    renamed: Vec<(String, String)>,
}

impl<'w, 's, 't> Change<'w, 's, 't> {
    pub(super) fn of(work: &'w mut Work<'s, 't>, extension: Option<i64>, definition: &Object) -> Self {
        let fields = fields(definition).cloned().collect();
        Self { work, extension, fields, touched: Vec::new(), renamed: Vec::new() }
    }

    /// Adds a field, or changes the one that is named: by ObjectID, else by Name.
    pub(super) fn put(&mut self, given: &Object) -> Result<(), Failure> {
        let at = self.place(given)?;
        let before = at.and_then(|at| self.fields.get(at)).cloned();
        let mut field = define(given, before.as_ref()).map_err(invalid)?;
        let now = self.work.now.to_string();
        field.set_text("ModifiedDate", now.clone());
        let column = match &before {
            Some(before) => {
                let column = Column::of(&field);
                self.may_become(&Column::of(before), &column)?;
                column
            }
            None => {
                field.set_text("ID", self.work.objects().next_id().to_string());
                field.set_text("ObjectID", Uuid::new_v4().to_string());
                field.set_text("CreatedDate", now);
                let column = Column::of(&field);
                self.may_be_added(&column)?;
                column
            }
        };
        let place = at.unwrap_or(self.fields.len());
        let is_named = |field: &Object| said(field, "Name").is_some_and(|name| same(name, &column.name));
        let twin = self.fields.iter().enumerate().any(|(other, field)| other != place && is_named(field));
        if twin || self.touched.contains(&place) {
            return Err(invalid(format!("field {}: there are two fields of this Name", column.name)));
        }
        self.touched.push(place);
        match self.fields.get_mut(place) {
            Some(before) => *before = field,
            None => self.fields.push(field),
        }
        if let Some(old) = before.as_ref().and_then(|before| said(before, "Name")).filter(|old| **old != *column.name) {
            self.renamed.push((old.to_owned(), column.name.to_string()));
        }
        Ok(())
    }

    /// Takes a field away; what rows hold in it is not to be seen any more.
    pub(super) fn drop(&mut self, given: &Object) -> Result<(), Failure> {
        let Some(at) = self.place(given)? else {
            let name = said(given, "Name").unwrap_or("without ObjectID or Name");
            return Err(invalid(format!("there is no field {name}")));
        };
        let column = self.fields.get(at).map(Column::of).unwrap_or_else(|| Column::named(""));
        if column.primary {
            let text = format!("field {}: a field of the primary key cannot be deleted", column.name);
            return Err(conflict(text));
        }
        self.fields.remove(at);
        if self.fields.is_empty() {
            return Err(conflict("the last field cannot be deleted".to_owned()));
        }
        Ok(())
    }

    /// Puts the fields into the definition, in the order of their Ordinal, and tells which got another name: old, new.
    pub(super) fn finish(mut self, definition: &mut Object) -> Vec<(String, String)> {
        let ordinal = |field: &Object| said(field, "Ordinal").and_then(|text| text.parse::<i64>().ok());
        // Stable: fields without an Ordinal stay where they are, after those that have one.
        self.fields.sort_by_key(|field| ordinal(field).unwrap_or(i64::MAX));
        let key = definition.text("CustomerKey").unwrap_or_default().to_owned();
        let mut all = Object::new(definition.object("Fields").map_or("", |fields| &fields.kind));
        for (place, mut field) in self.fields.into_iter().enumerate() {
            field.set_text("Ordinal", place.to_string());
            // The form that the service gives it.
            let name = field.text("Name").unwrap_or_default();
            field.set_text("CustomerKey", format!("[{key}].[{name}]"));
            all.push("Field", Value::Object(field));
        }
        definition.set("Fields", Value::Object(all));
        self.renamed
    }

    /// The field that is meant. An ObjectID decides alone.
    fn place(&self, given: &Object) -> Result<Option<usize>, Failure> {
        let find = |member: &str, wanted: &str| {
            self.fields.iter().position(|field| said(field, member).is_some_and(|text| same(text, wanted)))
        };
        match (said(given, "ObjectID"), said(given, "Name")) {
            (Some(id), _) => match find("ObjectID", id) {
                Some(at) => Ok(Some(at)),
                None => Err(invalid(format!("there is no field with the ObjectID {id}"))),
            },
            (None, Some(name)) => Ok(find("Name", name)),
            (None, None) => Ok(None),
        }
    }

    fn may_be_added(&mut self, column: &Column) -> Result<(), Failure> {
        if !self.has_rows()? {
            return Ok(());
        }
        let fail = |what: &str| Err(conflict(format!("field {}: {what}", column.name)));
        if column.primary {
            return fail("the primary key cannot be changed while there are rows");
        }
        if column.required {
            let Some(cell) = Cell::default_of(column, self.work.now) else {
                return fail("it is required and has no DefaultValue, and there are rows");
            };
            self.fill(column, &cell)?;
        }
        Ok(())
    }

    fn may_become(&mut self, before: &Column, after: &Column) -> Result<(), Failure> {
        let same_shape = before.kind == after.kind && before.primary == after.primary;
        let wider = after.max_length.is_none_or(|after| before.max_length.is_some_and(|before| after >= before));
        // A Decimal has room before the point as well.
        let room = |column: &Column| column.precision().saturating_sub(column.scale);
        let wide = wider && after.scale >= before.scale && room(after) >= room(before);
        let kept = before.required || !after.required;
        if (same_shape && wide && kept) || !self.has_rows()? {
            return Ok(());
        }
        let fail = |what: &str| Err(conflict(format!("field {}: {what}", after.name)));
        if before.kind != after.kind {
            return fail("its FieldType cannot be changed while there are rows");
        }
        if before.primary != after.primary {
            return fail("the primary key cannot be changed while there are rows");
        }
        let fits = |row: &Stored| match row.cell(before) {
            None => !after.required,
            Some(cell) => match Cell::read(after, &cell.print()) {
                // A Decimal that loses digits is read, but is another number.
                Ok(Some(read)) => read.compare(cell).is_some_and(|order| order.is_eq()),
                Ok(None) | Err(_) => false,
            },
        };
        if self.any_row(|row| !fits(row))? {
            return fail("there are rows whose values would be cut off or are missing");
        }
        Ok(())
    }

    fn has_rows(&self) -> Result<bool, StoreError> {
        match self.extension {
            Some(id) => Ok(self.work.objects().count(&rows_of(id))? > 0),
            None => Ok(false),
        }
    }

    fn any_row(&self, found: impl Fn(&Stored) -> bool) -> Result<bool, StoreError> {
        let Some(id) = self.extension else {
            return Ok(false);
        };
        let (kind, mut after) = (rows_of(id), i64::MIN);
        loop {
            let batch: Vec<(i64, Stored)> = self.work.objects().scan(&kind, after, BATCH)?;
            let Some((last, _)) = batch.last() else {
                return Ok(false);
            };
            after = *last;
            if batch.iter().any(|(_, row)| found(row)) {
                return Ok(true);
            }
        }
    }

    /// Gives every row a value in a new column. Index entries stay: the column is not of the primary key.
    fn fill(&mut self, column: &Column, cell: &Cell) -> Result<(), StoreError> {
        let Some(id) = self.extension else {
            return Ok(());
        };
        let objects = self.work.objects();
        let table = Table::with(id, "", self.fields.iter());
        let mut after = i64::MIN;
        loop {
            let batch: Vec<(i64, Stored)> = objects.scan(&rows_of(id), after, BATCH)?;
            let Some((last, _)) = batch.last() else {
                return Ok(());
            };
            after = *last;
            for (row_id, mut row) in batch {
                row.set(column, Some(cell.clone()));
                table.put(&objects, row_id, &row)?;
            }
        }
    }
}

fn same(a: &str, b: &str) -> bool {
    folded(a) == folded(b)
}
