//! Values that the program keeps for itself, under names of its own and of no account.

use super::{StoreError, chunk, key, transaction::Transaction, versions::View};

impl Transaction<'_> {
    /// A value that the program keeps under a name of its own, of no account.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        chunk::read(self, &key::setting(name))
    }

    /// Keeps a value under a name.
    pub fn put_setting(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        chunk::write(self, key::setting(name), value)
    }
}

impl View<'_> {
    /// A value that the program keeps under a name of its own, of no account.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        chunk::read(self, &key::setting(name))
    }
}
