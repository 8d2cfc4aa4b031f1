//! The fields of data extensions as objects of their own, DataExtensionField.
//!
//! They are kept in their definitions, which `data_extension` writes; here they get numbers to be gone through by.

use crate::{
    object::Object,
    store::{Objects, StoreError},
};

use super::super::{data_extension::field_objects, row::EXTENSION};

/// Fields of one data extension are numbered within it; SQL Server takes 1,024 columns.
const MOST_FIELDS: i64 = 4096;

/// The fields behind a number, of the first data extension that has any there.
pub(super) fn next(objects: &Objects<'_>, after: i64) -> Result<Vec<(i64, Object)>, StoreError> {
    let mut extension = after.saturating_add(1).div_euclid(MOST_FIELDS) - 1;
    loop {
        let Some((id, definition)) = objects.scan::<Object>(EXTENSION, extension, 1)?.into_iter().next() else {
            return Ok(Vec::new());
        };
        let base = id.saturating_mul(MOST_FIELDS);
        let numbered = (base..).zip(field_objects(&definition));
        let found: Vec<_> = numbered.filter(|(number, _)| *number > after).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        extension = id;
    }
}

/// The numbers of the fields of one data extension.
pub(super) fn of_extension(objects: &Objects<'_>, extension: i64) -> Result<Vec<i64>, StoreError> {
    let before = extension.saturating_mul(MOST_FIELDS).saturating_sub(1);
    Ok(next(objects, before)?.iter().map(|(id, _)| *id).collect())
}
