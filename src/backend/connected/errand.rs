//! What waits for connectors: which objects of a call are theirs, which messages were owed for them, and which of those are
//! not settled yet.
//!
//! An errand is kept from the transaction that owes its messages: of a part as long as the part, for receipts that come
//! later; of a synchronous call until it is answered.

use serde::{Deserialize, Serialize};

use crate::store::{Internal, Objects, Owner, StoreError, Transaction, outgoing::Asker};

/// Kind of the records of errands, by the number of the part's job, or the batch of the call.
pub(in crate::backend) const ERRANDS: &str = "errands";
/// Kind of the marks of messages that are not settled, by the number of their delivery.
pub(in crate::backend) const OPEN: &str = "errands open";
/// Index of [`OPEN`]: the errand.
const BY_ERRAND: &str = "errand";

/// The objects of one call that connectors do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    /// In the order of the call.
    pub(super) objects: Vec<Given>,
}

/// One object that a connector does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct Given {
    /// Its place in the call.
    pub(super) ordinal: u32,
    /// The account that it is done for.
    pub(super) account: u64,
    /// Its type.
    pub(super) kind: String,
    /// Why nothing of it left, where it was refused as a whole.
    pub(super) refused: Option<(i64, String)>,
    /// Recipients for whom nothing left.
    pub(super) failures: Vec<Unsent>,
    /// The deliveries that were owed.
    pub(super) messages: Vec<i64>,
    /// Whether the object is kept here too, once the system has accepted it.
    pub(super) kept: bool,
}

/// A recipient for whom nothing left, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct Unsent {
    /// The place of the recipient in the object.
    pub(super) place: u32,
    /// SubscriberKey, where he has one.
    pub(super) subscriber: Option<String>,
    /// The code.
    pub(super) code: i64,
    /// What is wrong.
    pub(super) text: String,
    /// Whether he has said that he wants nothing.
    pub(super) is_opt_out: bool,
}

impl Errand {
    /// How many messages it owed.
    pub fn messages(&self) -> usize {
        self.objects.iter().map(|object| object.messages.len()).sum()
    }

    /// Its messages.
    pub(super) fn numbers(&self) -> impl Iterator<Item = i64> + '_ {
        self.objects.iter().flat_map(|object| object.messages.iter().copied())
    }

    pub(in crate::backend) fn object(&self, ordinal: usize) -> Option<&Given> {
        let ordinal = u32::try_from(ordinal).ok()?;
        let at = self.objects.binary_search_by_key(&ordinal, |object| object.ordinal).ok()?;
        self.objects.get(at)
    }
}

/// Under whose records an errand stands. Batches are numbers of the whole store, and a call may be for several accounts.
pub(super) fn owner(asker: &Asker) -> Internal {
    match asker {
        Asker::Part { name, .. } => Internal(name.account()),
        Asker::Call { .. } => CALLS,
    }
}

/// Whose records hold the errands of synchronous calls: no account has this number.
pub(super) const CALLS: Internal = Internal(0);

/// Keeps an errand with a mark for each of its messages.
pub(super) fn put(
    txn: &Transaction<'_>,
    owner: &(impl Owner + ?Sized),
    id: i64,
    errand: &Errand,
) -> Result<(), StoreError> {
    let objects = txn.objects(owner);
    objects.put(ERRANDS, id, errand, &[])?;
    errand.numbers().try_for_each(|number| mark(txn, owner, id, number))
}

/// Marks a message of an errand as not settled.
pub(super) fn mark(
    txn: &Transaction<'_>,
    owner: &(impl Owner + ?Sized),
    id: i64,
    number: i64,
) -> Result<(), StoreError> {
    txn.objects(owner).put(OPEN, number, &id, &[(BY_ERRAND, &id.to_string())]).map(drop)
}

/// An errand.
///
/// # Errors
/// The store's.
pub fn get(objects: &Objects<'_>, id: i64) -> Result<Option<Errand>, StoreError> {
    objects.get(ERRANDS, id)
}

/// The messages of an errand that are not settled.
///
/// # Errors
/// The store's.
pub fn open(objects: &Objects<'_>, id: i64) -> Result<Vec<i64>, StoreError> {
    objects.find(OPEN, BY_ERRAND, &id.to_string())
}

/// Whether all messages of an errand are settled.
///
/// # Errors
/// The store's.
pub fn is_whole(objects: &Objects<'_>, id: i64) -> Result<bool, StoreError> {
    Ok(objects.find_first(OPEN, BY_ERRAND, &id.to_string())?.is_none())
}

/// Forgets an errand; its deliveries stay.
///
/// # Errors
/// The store's.
pub fn remove(txn: &Transaction<'_>, owner: &(impl Owner + ?Sized), id: i64) -> Result<(), StoreError> {
    let objects = txn.objects(owner);
    for number in open(&objects, id)? {
        objects.remove(OPEN, number)?;
    }
    objects.remove(ERRANDS, id)?;
    Ok(())
}
