//! What must hold of errands, for the store's check: whoever waits, waits for something.

use crate::store::{Check, Objects, Owner, StoreError};

use super::errand::{self, OPEN};

/// Every mark is of a message that is not settled, and every conversation for which nothing is due has such a one.
pub(in crate::backend) fn waiting(check: &Check<'_>) -> Result<(), StoreError> {
    check.records::<i64>(OPEN, &mut |owner, number, _| {
        if is_live(check, number)? {
            return Ok(());
        }
        let place = format!("record {OPEN:?} {number} of account {}", owner.0);
        check.tell_and_repair(place, "none: the message is settled", "a mark that it is not", move |txn| {
            txn.objects(&owner).remove(OPEN, number).map(drop)
        })
    })?;
    check.conversations(&mut |kept| {
        let Some(sequence) = kept.rules.running().filter(|_| kept.due.is_none() && kept.ended.is_none()) else {
            return Ok(());
        };
        let part = match check.view().conversations().part(&kept.name, sequence) {
            // Told where parts are passed.
            Ok(None) | Err(StoreError::Corrupt { .. }) => return Ok(()),
            Ok(Some(part)) => part,
            Err(error) => return Err(error),
        };
        if has_live(check, &check.view().objects(&kept.name), part.results.job)? {
            return Ok(());
        }
        let mut kept = kept.clone();
        let place = format!("the due time of {:?} of account {}", kept.name.id(), kept.name.account());
        check.tell_and_repair(place, "a moment: its part waits for nothing", "none", move |txn| {
            let at = kept.rules.last_accepted();
            txn.put_conversation(&mut kept, Some(at))
        })
    })
}

fn has_live(check: &Check<'_>, objects: &Objects<'_>, job: i64) -> Result<bool, StoreError> {
    for number in errand::open(objects, job)? {
        if is_live(check, number)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a message is not settled; one that cannot be read is told elsewhere.
fn is_live(check: &Check<'_>, number: i64) -> Result<bool, StoreError> {
    match check.view().deliveries().get(number) {
        Ok(delivery) => Ok(delivery.is_some_and(|delivery| !delivery.is_settled())),
        Err(StoreError::Corrupt { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}
