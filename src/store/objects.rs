//! The objects of one account: records by kind and id, found by their index entries, counted. No other account's is in reach.
//!
//! A record is a version byte (1), the list of its index entries (so that they can be taken out again without knowing the
//! record's type) and the record itself, both as postcard writes them. It may be of any length (`chunk`).

use std::ops::Deref;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Conversations, Internal, Owner, Part, StoreError, chunk,
    engine::PAGE_BYTES,
    key, readable,
    transaction::Transaction,
    versions::{Source, View},
};

pub(super) const VERSION: u8 = 1;

/// A batch of [`Objects::scan`] ends when it holds so many bytes, full or not.
const SCAN_BYTES: usize = 4 * PAGE_BYTES;

/// The objects of one account, to read.
#[derive(Clone, Copy)]
pub struct Objects<'a> {
    source: &'a dyn Source,
    account: u64,
}

impl View<'_> {
    /// The objects of one account.
    pub fn objects(&self, owner: &(impl Owner + ?Sized)) -> Objects<'_> {
        Objects::new(self, owner.account())
    }
}

impl Transaction<'_> {
    /// The objects of one account.
    pub fn objects(&self, owner: &(impl Owner + ?Sized)) -> ObjectsMut<'_> {
        ObjectsMut::new(self, owner.account())
    }
}

impl<'a> Objects<'a> {
    pub(super) fn new(source: &'a dyn Source, account: u64) -> Self {
        Self { source, account }
    }

    /// One record.
    pub fn get<T: DeserializeOwned>(&self, kind: &str, id: i64) -> Result<Option<T>, StoreError> {
        let key = key::record(self.account, kind, id);
        match chunk::read(self.source, &key)? {
            Some(bytes) => decode(&key, &bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Whether there is such a record.
    pub fn has(&self, kind: &str, id: i64) -> Result<bool, StoreError> {
        Ok(self.source.get(&key::record(self.account, kind, id))?.is_some())
    }

    /// The ids of all records that were put with this value under this index, in id order.
    pub fn find(&self, kind: &str, index: &str, value: &str) -> Result<Vec<i64>, StoreError> {
        self.find_after(kind, index, value, i64::MIN, usize::MAX)
    }

    /// The lowest id of the records that were put with this value under this index.
    pub fn find_first(&self, kind: &str, index: &str, value: &str) -> Result<Option<i64>, StoreError> {
        Ok(self.find_after(kind, index, value, i64::MIN, 1)?.first().copied())
    }

    /// As [`Objects::find`], but only ids from `from` (inclusive) on, and at most `limit` of them.
    pub fn find_after(
        &self,
        kind: &str,
        index: &str,
        value: &str,
        from: i64,
        limit: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let entries = key::index(self.account, kind, &key::entry(index, value.as_bytes()));
        let to = key::after_prefix(&entries);
        self.ids(&key::with_id(entries, from), to.as_deref(), limit)
    }

    /// The ids of at most `limit` records whose value under this index begins with `prefix` (of which 256 bytes count), in the
    /// order of the values, then of the ids.
    pub fn find_prefix(&self, kind: &str, index: &str, prefix: &str, limit: usize) -> Result<Vec<i64>, StoreError> {
        let entries = key::index(self.account, kind, &key::entry_prefix(index, prefix.as_bytes()));
        self.ids(&entries, key::after_prefix(&entries).as_deref(), limit)
    }

    /// The next records in id order whose id is greater than `after`: at most `limit`, and fewer when they are large. Empty only
    /// at the end.
    pub fn scan<T: DeserializeOwned>(&self, kind: &str, after: i64, limit: usize) -> Result<Vec<(i64, T)>, StoreError> {
        let mut from = key::record(self.account, kind, after);
        from.push(0);
        let to = key::after_prefix(&key::records(self.account, kind));
        let (mut records, mut read) = (Vec::new(), 0);
        if limit == 0 {
            return Ok(records);
        }
        self.source.visit(&from, to.as_deref(), &mut |key, head| {
            let bytes = chunk::join(self.source, key, head.to_vec())?;
            read += bytes.len();
            records.push((id(key)?, decode(key, &bytes)?));
            Ok(records.len() < limit && read < SCAN_BYTES)
        })?;
        Ok(records)
    }

    /// The part of an asynchronous request of this account.
    pub fn part_of_request(&self, request_id: &str) -> Result<Option<Part>, StoreError> {
        let conversations = Conversations::new(self.source);
        match conversations.of_request(&Internal(self.account), request_id)? {
            Some((name, sequence)) => conversations.part(&name, sequence),
            None => Ok(None),
        }
    }

    /// How many records of a kind there are; it does not grow with them.
    pub fn count(&self, kind: &str) -> Result<u64, StoreError> {
        let key = key::count(self.account, kind);
        self.source.get(&key)?.map_or(Ok(0), |bytes| number(&key, &bytes))
    }

    /// All kinds of which there are records, with their counts.
    pub fn kinds(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let from = key::counts(self.account);
        let mut kinds = Vec::new();
        self.source.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, count| {
            let kind = key::counted_kind(key).ok_or_else(|| corrupt(key, "it names no kind"))?;
            kinds.push((kind, number(key, count)?));
            Ok(true)
        })?;
        Ok(kinds)
    }

    fn ids(&self, from: &[u8], to: Option<&[u8]>, limit: usize) -> Result<Vec<i64>, StoreError> {
        let mut ids = Vec::new();
        if limit > 0 {
            self.source.visit(from, to, &mut |key, _| {
                ids.push(id(key)?);
                Ok(ids.len() < limit)
            })?;
        }
        Ok(ids)
    }
}

/// The objects of one account, to read and change.
#[derive(Clone, Copy)]
pub struct ObjectsMut<'a> {
    objects: Objects<'a>,
    transaction: &'a Transaction<'a>,
}

impl<'a> Deref for ObjectsMut<'a> {
    type Target = Objects<'a>;

    fn deref(&self) -> &Self::Target {
        &self.objects
    }
}

impl<'a> ObjectsMut<'a> {
    pub(super) fn new(transaction: &'a Transaction<'_>, account: u64) -> Self {
        Self { objects: Objects::new(transaction, account), transaction }
    }

    /// A new id; no other object of any account has had it or will have it.
    pub fn next_id(&self) -> i64 {
        self.transaction.next_id()
    }

    /// As [`Objects::find_first`], for an entry that is hardly ever written and asked for again and again.
    pub fn find_known(&self, kind: &str, index: &str, value: &str) -> Result<Option<i64>, StoreError> {
        let entries = key::index(self.account(), kind, &key::entry(index, value.as_bytes()));
        self.transaction.found(&entries, || self.find_first(kind, index, value))
    }

    /// As [`Self::put`]; a record whose id (or its opposite) was given out in this batch is known to be new, and nothing is
    /// looked for. Every id that is in use was given out by [`Self::next_id`] before, or the caller may not use this.
    pub fn add<T: Serialize + ?Sized>(
        &self,
        kind: &str,
        id: i64,
        record: &T,
        keys: &[(&str, &str)],
    ) -> Result<(), StoreError> {
        let key = key::record(self.account(), kind, id);
        if !self.transaction.is_of_batch(id) || self.transaction.is_changed(&key) {
            return self.put(kind, id, record, keys).map(drop);
        }
        let (entries, bytes) = encode(&key, record, keys)?;
        for entry in &entries {
            self.transaction.set_new(key::with_id(key::index(self.account(), kind, entry), id), Vec::new());
        }
        chunk::write_new(self.transaction, key, &bytes)?;
        self.set_count(kind, self.count(kind)?.saturating_add(1));
        Ok(())
    }

    /// Keeps a record with its index entries `(index, value)`, in the place of any with this id; true when there was one.
    pub fn put<T: Serialize + ?Sized>(
        &self,
        kind: &str,
        id: i64,
        record: &T,
        keys: &[(&str, &str)],
    ) -> Result<bool, StoreError> {
        let key = key::record(self.account(), kind, id);
        let (entries, bytes) = encode(&key, record, keys)?;
        let old = self.entries(&key)?;
        let replaced = old.is_some();
        let old = old.unwrap_or_default();
        for entry in old.iter().filter(|entry| entries.binary_search(entry).is_err()) {
            self.transaction.set(key::with_id(key::index(self.account(), kind, entry), id), None);
        }
        for entry in entries.iter().filter(|entry| !old.contains(entry)) {
            self.transaction.set(key::with_id(key::index(self.account(), kind, entry), id), Some(Vec::new()));
        }
        chunk::write(self.transaction, key, &bytes)?;
        if !replaced {
            self.set_count(kind, self.count(kind)?.saturating_add(1));
        }
        Ok(replaced)
    }

    /// Removes a record with its index entries; false when there was none.
    pub fn remove(&self, kind: &str, id: i64) -> Result<bool, StoreError> {
        let key = key::record(self.account(), kind, id);
        let Some(entries) = self.entries(&key)? else { return Ok(false) };
        for entry in entries {
            self.transaction.set(key::with_id(key::index(self.account(), kind, &entry), id), None);
        }
        chunk::remove(self.transaction, key)?;
        self.set_count(kind, self.count(kind)?.saturating_sub(1));
        Ok(true)
    }

    /// The index entries of the record that is there now.
    fn entries(&self, key: &[u8]) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        match chunk::read(self.source, key)? {
            Some(bytes) => split(key, &bytes).map(|(entries, _)| Some(entries)),
            None => Ok(None),
        }
    }

    fn set_count(&self, kind: &str, count: u64) {
        let value = (count > 0).then(|| count.to_le_bytes().to_vec());
        self.transaction.set(key::count(self.account(), kind), value);
    }

    fn account(&self) -> u64 {
        self.objects.account
    }
}

/// The index entries of a record in their order, and the bytes that it is kept as.
fn encode<T: Serialize + ?Sized>(
    key: &[u8],
    record: &T,
    keys: &[(&str, &str)],
) -> Result<(Vec<Vec<u8>>, Vec<u8>), StoreError> {
    let mut entries: Vec<Vec<u8>> = keys.iter().map(|(index, value)| key::entry(index, value.as_bytes())).collect();
    entries.sort_unstable();
    entries.dedup();
    let unwritable =
        |error: postcard::Error| StoreError::Unwritable { key: readable::key(key), reason: error.to_string() };
    let bytes = postcard::to_extend(&entries, vec![VERSION]).map_err(unwritable)?;
    let bytes = postcard::to_extend(record, bytes).map_err(unwritable)?;
    Ok((entries, bytes))
}

/// The record in the bytes that lie under its key.
pub(super) fn record<T: DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T, StoreError> {
    decode(key, bytes)
}

fn decode<T: DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T, StoreError> {
    let (_, record) = split(key, bytes)?;
    match postcard::take_from_bytes(record) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(corrupt(key, &format!("{} bytes are left over", rest.len()))),
        Err(error) => Err(corrupt(key, &error.to_string())),
    }
}

/// A record's index entries and the bytes of the record itself.
pub(super) fn split<'b>(key: &[u8], bytes: &'b [u8]) -> Result<(Vec<Vec<u8>>, &'b [u8]), StoreError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => {
            postcard::take_from_bytes(rest).map_err(|error| corrupt(key, &format!("its index entries: {error}")))
        }
        Some((version, _)) => Err(corrupt(key, &format!("version {version} is not {VERSION}"))),
        None => Err(corrupt(key, "it is empty")),
    }
}

fn id(key: &[u8]) -> Result<i64, StoreError> {
    key::id(key).ok_or_else(|| corrupt(key, "its key ends in no id"))
}

pub(super) fn number(key: &[u8], bytes: &[u8]) -> Result<u64, StoreError> {
    match bytes.try_into() {
        Ok(bytes) => Ok(u64::from_le_bytes(bytes)),
        Err(_) => Err(corrupt(key, &format!("{} bytes are no number", bytes.len()))),
    }
}

fn corrupt(key: &[u8], reason: &str) -> StoreError {
    StoreError::Corrupt { key: readable::key(key), reason: reason.to_owned() }
}
