//! RetrieveAllSinceLastBatch: what a client has had of a type before, so that only what changed since comes again.
//!
//! An object's ModifiedDate is taken before it is committed, so one may appear with a date a little before a batch that did
//! not have it. A batch therefore looks back by [`MARGIN`] and leaves out what it remembers to have given. Should more than
//! [`MOST_FRESH`] objects have changed in that time, some come twice: better than not at all.

use std::{collections::HashSet, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    message::{Retrieve, client::Client},
    store::{StoreError, Transaction, View},
};

/// How far a batch looks back behind the one before it.
const MARGIN: Duration = Duration::from_secs(30);
/// Objects that are remembered from that time.
const MOST_FRESH: usize = 10_000;
/// Different Retrieves of one client for which this is remembered; one more takes the place of the oldest.
const MOST_NAMES: usize = 200;

/// The kind of the records.
pub(in crate::backend) const KIND: &str = "batch";
/// Index: what was asked for.
const BY_NAME: &str = "name";
/// Index: the client's name.
const BY_OWNER: &str = "owner";

/// What the last batch left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Since {
    /// When it was; `None` before the first.
    last: Option<Time>,
    /// What it gave that had changed shortly before.
    fresh: HashSet<(u64, i64, Time)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::backend) struct Stored {
    owner: String,
    name: String,
    since: Since,
}

impl Since {
    /// Whether an object has been given before in the state that it is in.
    pub(super) fn is_known(&self, account: u64, id: i64, changed: Option<Time>) -> bool {
        match (self.last, changed) {
            (Some(last), Some(changed)) => changed < last.minus(MARGIN) || self.fresh.contains(&(account, id, changed)),
            _ => false,
        }
    }
}

/// Whether a batch from now on would look at an object that changed then.
pub(super) fn is_fresh(changed: Time, now: Time) -> bool {
    changed >= now.minus(MARGIN)
}

/// What tells one Retrieve from another: the client, the type, the filter and the accounts.
pub(super) fn name(client: &Client, request: &Retrieve, accounts: &[u64]) -> String {
    format!("{} {} {accounts:?} {:?}", client.key(), request.object_type, request.filter)
}

/// What the last batch of that name left.
pub(super) fn read(view: &View<'_>, client: &Client, name: &str) -> Result<Since, StoreError> {
    let objects = view.objects(client);
    let number = objects.find_first(KIND, BY_NAME, name)?;
    let stored: Option<Stored> = number.map(|number| objects.get(KIND, number)).transpose()?.flatten();
    Ok(stored.map(|stored| stored.since).unwrap_or_default())
}

/// Remembers that a batch was given.
pub(super) fn begin(
    txn: &Transaction<'_>,
    client: &Client,
    name: &str,
    now: Time,
    before: Option<&Since>,
    given: Vec<(u64, i64, Time)>,
) -> Result<(), StoreError> {
    let objects = txn.objects(client);
    let old = before.iter().flat_map(|since| &since.fresh).filter(|(_, _, changed)| is_fresh(*changed, now));
    let fresh = old.copied().chain(given).take(MOST_FRESH).collect();
    let stored =
        Stored { owner: client.key().to_owned(), name: name.to_owned(), since: Since { last: Some(now), fresh } };
    let number = match objects.find_first(KIND, BY_NAME, name)? {
        Some(number) => number,
        None => {
            let own = objects.find(KIND, BY_OWNER, client.key())?;
            for number in own.iter().take(own.len().saturating_sub(MOST_NAMES - 1)) {
                objects.remove(KIND, *number)?;
            }
            objects.next_id()
        }
    };
    put(txn, client, number, &stored)
}

/// Remembers what a further batch of the same Retrieve gave.
pub(super) fn go_on(
    txn: &Transaction<'_>,
    client: &Client,
    name: &str,
    given: Vec<(u64, i64, Time)>,
) -> Result<(), StoreError> {
    let objects = txn.objects(client);
    let Some(number) = objects.find_first(KIND, BY_NAME, name)?.filter(|_| !given.is_empty()) else {
        return Ok(());
    };
    let Some(mut stored) = objects.get::<Stored>(KIND, number)? else {
        return Ok(());
    };
    let room = MOST_FRESH.saturating_sub(stored.since.fresh.len());
    stored.since.fresh.extend(given.into_iter().take(room));
    put(txn, client, number, &stored)
}

fn put(txn: &Transaction<'_>, client: &Client, number: i64, stored: &Stored) -> Result<(), StoreError> {
    let keys = [(BY_NAME, stored.name.as_str()), (BY_OWNER, stored.owner.as_str())];
    txn.objects(client).put(KIND, number, stored, &keys)?;
    Ok(())
}
