//! Records, their index entries and their counts.

use super::Check;
use crate::store::{StoreError, chunk, key, objects, versions::Source};

/// Counts the records of the kind that is being passed; they lie one after the other.
#[derive(Default)]
pub(super) struct Counting {
    kind: Option<(u64, String)>,
    records: u64,
}

impl Counting {
    /// Looks at a record: it can be read, its index entries are there, and it is counted.
    pub(super) fn record(&mut self, check: &Check<'_>, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
        let parts = key::of_kind(key).filter(|(_, _, id)| id.len() == 8).zip(key::id(key));
        let Some(((account, kind, _), id)) = parts else {
            return check.wrong(key, "account, kind and id", "a key that does not hold them");
        };
        if self.kind.as_ref().is_none_or(|(a, k)| (*a, k) != (account, &kind)) {
            self.end(check)?;
            self.kind = Some((account, kind.clone()));
        }
        self.records += 1;
        if (check.catalogue.numbered)(&kind) {
            check.numbered(key, id);
        }
        let Some(bytes) = check.readable(key, head)? else { return Ok(()) };
        let Some((entries, record)) = check.sound(objects::split(key, &bytes))? else { return Ok(()) };
        if !(check.catalogue.shape)(&kind).fits(record) {
            check.wrong(key, format!("a {kind}"), format!("{} bytes that are none", record.len()))?;
        }
        if !entries.is_sorted_by(|a, b| a < b) {
            check.wrong(key, "its index entries in order, each once", "another order")?;
        }
        for entry in entries {
            let index = key::with_id(key::index(account, &kind, &entry), id);
            match check.view.get(&index)? {
                Some(value) if value.is_empty() => {}
                // Told where the index is passed.
                Some(_) => {}
                None => check.derived(&index, "an index entry: the record has it", "none", Some(Vec::new()))?,
            }
        }
        Ok(())
    }

    /// Looks at a count: it is told with its records; here, whether there are any.
    pub(super) fn count(&mut self, check: &Check<'_>, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.end(check)?;
        let Some((account, kind, [])) = key::of_kind(key) else {
            return check.wrong(key, "account and kind", "a key that does not hold them");
        };
        let (prefix, mut any) = (key::records(account, &kind), false);
        check.view.visit(&prefix, key::after_prefix(&prefix).as_deref(), &mut |_, _| {
            any = true;
            Ok(false)
        })?;
        if any {
            return Ok(());
        }
        let found = objects::number(key, value).map_or_else(|_| "no number".to_owned(), |number| number.to_string());
        check.derived(key, "no count: there are no records", found, None)
    }

    /// To be called when all records of a kind have been passed: compares their number with the count.
    pub(super) fn end(&mut self, check: &Check<'_>) -> Result<(), StoreError> {
        let (Some((account, kind)), records) = (self.kind.take(), std::mem::take(&mut self.records)) else {
            return Ok(());
        };
        let key = key::count(account, &kind);
        let right = Some(records.to_le_bytes().to_vec());
        let found = match check.view.get(&key)? {
            value if value == right => return Ok(()),
            None => "none".to_owned(),
            Some(value) => objects::number(&key, &value)
                .map_or_else(|_| format!("{} bytes that are no number", value.len()), |number| number.to_string()),
        };
        check.derived(&key, &records.to_string(), found, right)
    }
}

/// Looks at an index entry: its record is there and has it.
pub(super) fn index(check: &Check<'_>, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    let parts =
        key::of_kind(key).and_then(|(account, kind, rest)| Some((account, kind, rest.split_last_chunk::<8>()?.0)));
    let (Some((account, kind, entry)), Some(id)) = (parts, key::id(key)) else {
        return check.wrong(key, "account, kind, index and id", "a key that does not hold them");
    };
    if !value.is_empty() {
        check.derived(key, "no value", format!("{} bytes", value.len()), Some(Vec::new()))?;
    }
    let record = key::record(account, &kind, id);
    let Some(head) = check.view.get(&record)? else {
        return check.derived(key, "no index entry: there is no such record", "an index entry", None);
    };
    let held = chunk::join(check.view, &record, head).and_then(|bytes| Ok(objects::split(&record, &bytes)?.0));
    match held {
        Ok(entries) if entries.iter().any(|held| held == entry) => Ok(()),
        Ok(_) => check.derived(key, "no index entry: the record has another value", "an index entry", None),
        // Told where the record was passed; without it nothing is known about its entries.
        Err(StoreError::Corrupt { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
