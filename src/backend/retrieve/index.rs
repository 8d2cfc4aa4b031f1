//! What indexes know of a filter: the objects among which everything is that can meet it.
//!
//! An index only narrows the search. What it gives is tried on the whole filter like everything else.

use crate::{
    message::{Class, Condition, Operand, Operator},
    store::{Objects, StoreError},
};

use super::{
    super::{
        generic::{self, BY_GUID, BY_KEY, BY_NAME},
        list, membership, result,
        row::{BY_PRIMARY, Cell, EXTENSION, Table},
        subscriber, tracking,
    },
    fields,
    source::{Of, Source},
};

/// More values than this are compared with everything rather than looked up one by one.
const MOST_LOOKUPS: usize = 10_000;

#[derive(Clone, Copy)]
enum Index {
    Named(&'static str),
    /// The same of a property that is a number.
    Numbered(&'static str),
    /// The record's own number.
    Number,
}

impl Source {
    /// The numbers, in order, among which everything is that meets these conditions; `None` when no index helps.
    pub(super) fn find(&self, objects: &Objects<'_>, musts: &[&Condition]) -> Result<Option<Vec<i64>>, StoreError> {
        let few = |must: &&&Condition| must.values.len() <= MOST_LOOKUPS;
        let musts: Vec<&Condition> = musts.iter().filter(few).copied().collect();
        if let Of::Rows(table) = &self.of {
            return find_rows(table, objects, &musts);
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
        let folded = generic::folded(value);
        match (&self.of, index) {
            (_, Index::Number) => Ok(Class::Number.read(value).and_then(number).into_iter().collect()),
            (Of::Kept(kind), Index::Numbered(index)) => match Class::Number.read(value).and_then(number) {
                Some(number) => objects.find(kind, index, &number.to_string()),
                None => Ok(Vec::new()),
            },
            (Of::Kept(kind), Index::Named(BY_GUID)) if kind == result::JOB => {
                Ok(objects.part_of_request(&folded)?.map(|part| part.results.job).into_iter().collect())
            }
            (Of::Kept(kind), Index::Named(index)) => objects.find(kind, index, &folded),
            (Of::Members, Index::Named(_)) => membership::numbers_of_subscriber(objects, &folded),
            // Fields are found by their data extension.
            (Of::Fields, Index::Named(index)) => {
                let extensions = objects.find(EXTENSION, index, &folded)?;
                let mut ids = Vec::new();
                for extension in extensions {
                    ids.extend(fields::of_extension(objects, extension)?);
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
            (Of::Kept(kind), property) if matches!(kind.as_str(), result::ITEM | result::MESSAGE) => match property {
                "RequestID" => Some(Index::Named(result::BY_REQUEST)),
                "ConversationID" => Some(Index::Named(result::BY_CONVERSATION)),
                "CorrelationID" => Some(Index::Named(result::BY_CORRELATION)),
                _ => None,
            },
            (Of::Kept(kind), "SubscriberKey") if tracking::EVENTS.contains(&kind.as_str()) => {
                Some(Index::Named(tracking::BY_SUBSCRIBER))
            }
            (Of::Kept(kind), "TriggeredSendDefinitionObjectID") if tracking::EVENTS.contains(&kind.as_str()) => {
                Some(Index::Named(tracking::BY_DEFINITION))
            }
            (Of::Kept(kind), "SendID") if tracking::EVENTS.contains(&kind.as_str()) => {
                Some(Index::Numbered(tracking::BY_SEND))
            }
            (Of::Kept(kind), "BatchID") if tracking::EVENTS.contains(&kind.as_str()) => {
                Some(Index::Numbered(tracking::BY_BATCH))
            }
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
    pub(super) fn list(&self, musts: &[&Condition]) -> Option<i64> {
        let of_list = |must: &&&Condition| must.operator == Operator::Equals && must.property == "ListID";
        match (&self.of, musts.iter().find(of_list)?.values.as_slice()) {
            (Of::Members, [list]) => number(Class::Number.read(list)?),
            _ => None,
        }
    }
}

fn number(operand: Operand) -> Option<i64> {
    match operand {
        Operand::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
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
