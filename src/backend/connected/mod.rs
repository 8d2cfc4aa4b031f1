//! Objects that connectors do: what is owed for them, when all of it is settled, and the rows that come of it.
//!
//! A call with such objects is done in two transactions. The first ([`plan()`]) owes their messages as an [`Errand`]; then the call
//! waits. Each change of a message is told by [`settled`], which says when the last one is. The second ([`apply_settled`]) does
//! the rest of the call and writes all rows. What waits is on disk, so a crash between any two steps loses nothing and does
//! nothing twice.
//!
//! Nothing is sent from here, and nothing here knows a request or an answer: that is `connector`'s and `notify`'s.
//!
//! [`apply_settled`]: super::apply_settled

mod check;
mod contact;
mod errand;
mod event;
mod inspect;
mod item;
mod opt_out;
mod phonebook;
mod plan;
mod reached;
mod row;
mod settle;

use std::time::Duration;

use crate::{
    clock::Time,
    message::{Call, Row},
    store::{Internal, StoreError, Transaction, outgoing::Asker},
};

use super::{Backend, walk};

pub use contact::{begun, wanted_of};
pub use errand::{Errand, get, is_whole, open, remove};
pub use plan::plan;
pub use settle::{abandon, cut, give_up, has_calls, put_waiting, reopened, settled};

pub(super) use check::check;
pub(super) use contact::{CONTACTS, Contact, PHONEBOOKS};
pub(super) use errand::{ERRANDS, OPEN};
pub(super) use inspect::waiting;
pub(super) use opt_out::{OPT_OUTS, OptOut};
pub(super) use reached::{REACHED, Reached};
pub(super) use row::row;

/// Whose records hold the errands of synchronous calls.
pub const CALLS: Internal = errand::CALLS;

/// Rows of a call whose caller may do nothing any more: what connectors have done has its rows all the same.
///
/// # Errors
/// The store's.
pub fn rows(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    call: &Call<'_>,
    errand: &Errand,
    refused: Vec<Row>,
    now: Time,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::with_capacity(refused.len());
    for row in refused {
        rows.push(match (errand.object(row.ordinal), call.objects.get(row.ordinal)) {
            (Some(given), Some(node)) => {
                let done = txn.attempt(|txn| row::row(backend, txn, given, call, *node, now));
                walk::row(row.ordinal, done)?
            }
            _ => row,
        });
    }
    Ok(rows)
}

/// A number for a synchronous call and its messages.
pub fn batch(txn: &Transaction<'_>) -> (i64, Asker) {
    let batch = txn.objects(&CALLS).next_id();
    (batch, Asker::Call { batch })
}

/// How long a synchronous call waits for an errand: as long as the most patient of its connectors.
///
/// # Errors
/// The store's.
pub fn wait(backend: &Backend, txn: &Transaction<'_>, errand: &Errand) -> Result<Duration, StoreError> {
    let mut longest = Duration::ZERO;
    for number in errand.numbers() {
        let Some(delivery) = txn.deliveries().get(number)? else { continue };
        let connector = delivery.content.outgoing().map(|outgoing| outgoing.message.connector.as_str());
        let connector = connector.and_then(|name| backend.connectors.connectors.get(name));
        longest = longest.max(connector.map_or(Duration::ZERO, |connector| connector.wait));
    }
    Ok(longest)
}
