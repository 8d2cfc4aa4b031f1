//! How stored bytes are shown as JSON and read back.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// What the records of a kind are. postcard does not describe itself: to show a record, its type must be known.
#[derive(Clone, Copy)]
pub struct Shape {
    fits: fn(&[u8]) -> bool,
    show: fn(&[u8]) -> Option<Value>,
    read: fn(Value) -> Option<Vec<u8>>,
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shape")
    }
}

impl Shape {
    /// Records of this type.
    pub fn of<T: Serialize + DeserializeOwned>() -> Self {
        Self { fits: fits::<T>, show: show::<T>, read: read::<T> }
    }

    /// Records of which nothing is known.
    pub fn unknown() -> Self {
        Self { fits: |_| true, show: |_| None, read: |_| None }
    }

    /// Whether these bytes are such a record.
    pub(in crate::store) fn fits(self, bytes: &[u8]) -> bool {
        (self.fits)(bytes)
    }

    /// The JSON from which the same bytes come back; `None` when there is none.
    pub(super) fn show(self, bytes: &[u8]) -> Option<Value> {
        let value = (self.show)(bytes)?;
        // As it is read later: from text.
        let again = serde_json::from_str(&value.to_string()).ok().and_then(self.read)?;
        (again == bytes).then_some(value)
    }

    pub(super) fn read(self, value: Value) -> Option<Vec<u8>> {
        (self.read)(value)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::take_from_bytes(bytes).ok().filter(|(_, rest)| rest.is_empty()).map(|(record, _)| record)
}

fn fits<T: DeserializeOwned>(bytes: &[u8]) -> bool {
    parse::<T>(bytes).is_some()
}

fn show<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<Value> {
    serde_json::to_value(parse::<T>(bytes)?).ok()
}

fn read<T: Serialize + DeserializeOwned>(value: Value) -> Option<Vec<u8>> {
    postcard::to_stdvec(&serde_json::from_value::<T>(value).ok()?).ok()
}
