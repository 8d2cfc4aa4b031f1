//! What the rooms above read while they check ([`super::Catalogue::checks`]). What cannot be read is passed over: it has been
//! told.

use serde::de::DeserializeOwned;

use super::{
    super::{
        Internal, Kept, Known, Name, Part, StoreError, View, chunk, conversation_key as keys, conversations::decode,
        key, objects::record, versions::Source,
    },
    Check,
};

impl Check<'_> {
    /// What is checked.
    pub fn view(&self) -> &View<'_> {
        self.view
    }

    /// Whether it puts right what can be put right.
    pub fn repairs(&self) -> bool {
        self.engine.is_some()
    }

    /// Every record of a kind, of all accounts.
    ///
    /// # Errors
    /// The store's, and those of `each`.
    pub fn records<T: DeserializeOwned>(
        &self,
        kind: &str,
        each: &mut dyn FnMut(Internal, i64, T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut account = Some(0);
        while let Some(at) = account {
            let prefix = key::records(at, kind);
            self.view.visit(&prefix, key::after_prefix(&prefix).as_deref(), &mut |key, head| {
                let read = chunk::join(self.view, key, head.to_vec()).and_then(|bytes| record(key, &bytes));
                match (key::id(key), read) {
                    (Some(id), Ok(record)) => each(Internal(at), id, record)?,
                    (_, Err(error)) if !matches!(error, StoreError::Corrupt { .. }) => return Err(error),
                    _ => {}
                }
                Ok(true)
            })?;
            account = match at.checked_add(1) {
                Some(next) => self.next_account(next)?,
                None => None,
            };
        }
        Ok(())
    }

    /// The first account from this one on that has records.
    fn next_account(&self, from: u64) -> Result<Option<u64>, StoreError> {
        let mut found = None;
        self.view.visit(&key::scoped(key::RECORD, from), Some(&[key::INDEX]), &mut |key, _| {
            found = key::of_kind(key).map(|(account, ..)| account);
            Ok(false)
        })?;
        Ok(found)
    }

    /// Every conversation of all accounts, account by account.
    ///
    /// # Errors
    /// The store's, and those of `each`.
    pub fn conversations(&self, each: &mut dyn FnMut(&Kept) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.view.visit(&[keys::CONVERSATION], Some(&[keys::PART]), &mut |key, head| {
            let read = chunk::join(self.view, key, head.to_vec()).and_then(|bytes| decode(key, &bytes));
            match read {
                Ok(Known::Kept(kept)) => each(&kept)?,
                Err(error) if !matches!(error, StoreError::Corrupt { .. }) => return Err(error),
                _ => {}
            }
            Ok(true)
        })
    }

    /// Every part of a conversation.
    ///
    /// # Errors
    /// The store's, and those of `each`.
    pub fn parts(&self, name: &Name, each: &mut dyn FnMut(&Part) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let prefix = keys::parts(name);
        self.view.visit(&prefix, key::after_prefix(&prefix).as_deref(), &mut |key, head| {
            let read = chunk::join(self.view, key, head.to_vec()).and_then(|bytes| decode(key, &bytes));
            match read {
                Ok(part) => each(&part)?,
                Err(error) if !matches!(error, StoreError::Corrupt { .. }) => return Err(error),
                Err(_) => {}
            }
            Ok(true)
        })
    }
}
