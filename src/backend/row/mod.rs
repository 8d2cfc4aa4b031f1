//! DataExtensionObject: rows of data extensions, found by their primary key, every value checked by its column.
//!
//! It never changes a definition. What the documentation leaves open: a property that is given twice counts as it was given
//! last; a property without Value is null, like a NullAPIProperty; the primary key of a row is not changed by an Update.

mod cell;
mod column;
mod date;
mod decimal;
mod problem;
mod table;

use crate::{
    clock::Time,
    message::{Options, Row, code},
    object::Node,
};

pub use cell::Cell;
pub(crate) use cell::Mistake;
pub(crate) use column::is_now;
pub use column::{Column, FieldType};
pub(crate) use date::parse as date;
pub use decimal::Decimal;
pub(crate) use table::{BY_PRIMARY, ROW_NUMBER};
pub use table::{EXTENSION, FIELD, ROWS, Stored, Table};
pub(crate) use table::{Tables, fields, rows_of};

use super::{
    Failure, Work,
    plan::{Method, NOTHING_DONE, Plan},
};
use problem::{Problems, refuse, refuse_key, subtype};

const DELETED: &str = "Deleted DataExtensionObject";

/// What a call says about one column.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Nothing,
    Null,
    Value(Cell),
    /// Something that is no value of the column; the problem is told.
    Wrong,
}

/// Applies a method to one row.
pub(crate) fn apply(
    work: &mut Work<'_, '_>,
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    let name = node.given("CustomerKey").or_else(|| node.given("Name")).unwrap_or_default();
    let Some(table) = work.tables.open(work.txn, work.client, &name)? else {
        let code = code::ROW_NO_EXTENSION;
        return Err(refuse(method, code.code, code.about(&name)));
    };
    let mut problems = Problems::default();
    let said = read(&table, method, node, &mut problems);
    let done = match write(work, &table, method, options, said, problems)? {
        Plan::Leave => NOTHING_DONE,
        Plan::Remove | Plan::Gone => DELETED,
        _ => match method {
            Method::Create => "Created DataExtensionObject",
            Method::Update => "Updated DataExtensionObject",
            Method::Delete => DELETED,
        },
    };
    Ok(Row { subtype: Some(subtype(method)), ..Row::ok(0, done) })
}

/// What a row says about each column of the table, in the order of the columns. Every problem of it is told at once.
fn read(table: &Table, method: Method, node: Node<'_>, problems: &mut Problems) -> Vec<Said> {
    let mut said = vec![Said::Nothing; table.columns().len()];
    // Keys decide over Properties, so they are read last; where both name a column they must agree.
    for (list, item, keys) in [("Properties", "Property", false), ("Keys", "Key", true)] {
        for property in node.children_named(list).flat_map(|list| list.children_named(item)) {
            let name = property.given("Name").unwrap_or_default();
            let Some((at, column)) = table.column(&name) else {
                problems.add(keys, &name, unknown(&name, table));
                continue;
            };
            if keys && !column.primary {
                problems.add(true, &name, general(format!("{name} is not part of the primary key of {}", table.key)));
                continue;
            }
            // Delete looks at nothing but the key.
            if method == Method::Delete && !column.primary {
                continue;
            }
            let Some(before) = said.get_mut(at) else { continue };
            let value = value(column, property).unwrap_or_else(|mistake| {
                problems.add(column.primary, &column.name, mistake);
                Said::Wrong
            });
            if keys && !agree(before, &value) {
                problems.add(true, &name, general(format!("{name} has one value in Keys and another in Properties")));
            }
            *before = value;
        }
    }
    said
}

fn value(column: &Column, property: Node<'_>) -> Result<Said, Mistake> {
    let null = property.xsi_type().is_some_and(|(_, local)| local == "NullAPIProperty");
    let text = match property.child("Value").filter(|value| !null && !value.is_nil()) {
        Some(value) => value.text(),
        None if column.required => return Err(Mistake::of(code::ROW_NULL, &column.name)),
        None => return Ok(Said::Null),
    };
    Ok(Cell::read(column, &text)?.map_or(Said::Null, Said::Value))
}

fn agree(a: &Said, b: &Said) -> bool {
    match (a, b) {
        (Said::Value(a), Said::Value(b)) => a.compare(b).is_some_and(|order| order.is_eq()),
        (Said::Nothing | Said::Wrong, _) | (_, Said::Nothing | Said::Wrong) => true,
        (a, b) => a == b,
    }
}

fn unknown(name: &str, table: &Table) -> Mistake {
    general(format!("The data extension {} has no column {name}", table.key))
}

fn general(text: String) -> Mistake {
    Mistake { code: code::ROW_ERROR.code, text }
}

/// Does to the table what is said, and tells what that was. One look-up, whatever the size of the table.
fn write(
    work: &mut Work<'_, '_>,
    table: &Table,
    method: Method,
    options: &Options,
    said: Vec<Said>,
    mut problems: Problems,
) -> Result<Plan, Failure> {
    let key = primary_key(table, method, &said, work.now, &mut problems);
    problems.settle(method)?;
    if key.is_none() && method != Method::Create {
        let text = format!("The data extension {} has no primary key: its rows can only be added", table.key);
        return Err(refuse(method, code::ROW_ERROR.code, text));
    }
    let id = match &key {
        Some(key) => work.objects().find_first(&table.kind, BY_PRIMARY, key)?,
        None => None,
    };
    let plan = work.plan(ROWS, method, options, id.is_some())?;
    match (plan, id) {
        (Plan::Insert, _) => insert(work, table, method, said)?,
        (Plan::Change, Some(id)) => change(work, table, id, said)?,
        (Plan::Remove, Some(id)) => {
            work.objects().remove(&table.kind, id)?;
        }
        (Plan::Exists, _) => return Err(duplicate(table, method, &key_text(table, &said))),
        (Plan::Refuse(why), _) => return Err(refuse(method, why.code, why.text.to_owned())),
        // Like a delete in SQL: nothing to do is no error (facts/wire 2.2).
        (Plan::Leave | Plan::Gone, _) => {}
        (Plan::Missing, _) if method == Method::Delete => {}
        // The words in which the service's own data adapter says it.
        (Plan::Missing | Plan::Change | Plan::Remove, _) => {
            let text =
                "Concurrency violation: the UpdateCommand affected 0 of the expected 1 records. No row has this key";
            return Err(refuse(method, code::EXCEPTION.code, text.to_owned()));
        }
    }
    Ok(plan)
}

/// The text under which the row is found; `None` for a table without a primary key, where rows can only be added.
fn primary_key(table: &Table, method: Method, said: &[Said], now: Time, problems: &mut Problems) -> Option<String> {
    let mut key = String::new();
    for (at, column) in table.primary() {
        let default = || (method == Method::Create).then(|| Cell::default_of(column, now)).flatten();
        match said.get(at) {
            Some(Said::Wrong) => {}
            Some(Said::Value(cell)) => cell.add_to_key(&mut key),
            _ => match default() {
                Some(cell) => cell.add_to_key(&mut key),
                None => problems.add(true, &column.name, Mistake::of(code::ROW_NULL, &column.name)),
            },
        }
    }
    (!key.is_empty()).then_some(key)
}

fn insert(work: &mut Work<'_, '_>, table: &Table, method: Method, said: Vec<Said>) -> Result<(), Failure> {
    let mut row = Stored { created: work.now, modified: work.now, cells: Vec::with_capacity(said.len()) };
    let mut problems = Problems::default();
    for (column, said) in table.columns().iter().zip(said) {
        let cell = match said {
            Said::Value(cell) => Some(cell),
            Said::Null | Said::Wrong => None,
            Said::Nothing => Cell::default_of(column, work.now),
        };
        match cell {
            Some(cell) => row.cells.push((column.id, cell)),
            None if column.required => {
                problems.add(column.primary, &column.name, Mistake::of(code::ROW_NULL, &column.name));
            }
            None => {}
        }
    }
    problems.settle(method)?;
    let objects = work.objects();
    table.add(&objects, objects.next_id(), &row)?;
    Ok(())
}

fn change(work: &mut Work<'_, '_>, table: &Table, id: i64, said: Vec<Said>) -> Result<(), Failure> {
    let objects = work.objects();
    let Some(mut row) = objects.get::<Stored>(&table.kind, id)? else {
        return Ok(());
    };
    // A null in a required column was refused when it was read.
    for (column, said) in table.columns().iter().zip(said) {
        match said {
            Said::Nothing | Said::Wrong => {}
            Said::Null => row.set(column, None),
            // The row was found by this key; it keeps the spelling that it had.
            Said::Value(_) if column.primary => {}
            Said::Value(cell) => row.set(column, Some(cell)),
        }
    }
    row.modified = work.now;
    table.put(&objects, id, &row)?;
    Ok(())
}

/// The service shows the words of its SQL Server, with code 2.
fn duplicate(table: &Table, method: Method, shown: &str) -> Failure {
    let text = format!(
        "Violation of PRIMARY KEY constraint. Cannot insert duplicate key in data extension {}. The duplicate key value is ({shown}).",
        table.key
    );
    refuse_key(method, code::EXCEPTION.code, text, table.primary().map(|(_, column)| &*column.name))
}

/// The values of the primary key, for people.
fn key_text(table: &Table, said: &[Said]) -> String {
    let shown = table.primary().map(|(at, _)| match said.get(at) {
        Some(Said::Value(cell)) => cell.print(),
        _ => "default".to_owned(),
    });
    shown.collect::<Vec<_>>().join(", ")
}
