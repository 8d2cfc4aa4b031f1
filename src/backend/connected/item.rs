//! A ResultItem that was written shows what became of its message since: a webhook or an operator may speak when the part is
//! long over. The part itself stays as it ended.

use crate::{
    clock::Time,
    connector::{Receipt, codes},
    object::Object,
    store::{
        Delivery, StoreError, Transaction,
        outgoing::{Asker, Outgoing},
    },
};

use super::{super::result, errand};

/// What stands between what a ResultItem said at first and what has been since.
const SINCE: &str = "; since then: ";

/// Writes what has become of a message into the ResultItem of its object, where the part is over.
pub(super) fn change(
    txn: &Transaction<'_>,
    delivery: &Delivery,
    outgoing: &Outgoing,
    now: Time,
) -> Result<(), StoreError> {
    let Asker::Part { name, sequence } = &outgoing.asker else { return Ok(()) };
    let Some(part) = txn.conversations().part(name, *sequence)? else { return Ok(()) };
    let Some(errand) = errand::get(&txn.objects(name), part.results.job)? else { return Ok(()) };
    let ordinal = usize::try_from(outgoing.message.ordinal).unwrap_or(usize::MAX);
    let (Some(given), Some(number)) = (errand.object(ordinal), part.results.items.get(ordinal)) else { return Ok(()) };
    let Some(mut item) = txn.objects(name).get::<Object>(result::ITEM, *number)? else { return Ok(()) };
    let failed = matches!(outgoing.receipt, Some(Receipt::Failed { .. }));
    let mut what = match &outgoing.receipt {
        Some(Receipt::Sent) => "sent".to_owned(),
        Some(Receipt::Delivered) => "delivered".to_owned(),
        Some(Receipt::Read) => "read".to_owned(),
        Some(Receipt::Failed { code, message }) => match code {
            Some(code) => format!("failed, {code} {message}"),
            None => format!("failed, {message}"),
        },
        None => delivery.state.name().to_owned(),
    };
    let alone = given.messages.len() == 1 && given.failures.is_empty();
    if !alone {
        // Of many recipients the one that was heard of last.
        let who = outgoing.message.subscriber.as_deref().unwrap_or(&outgoing.message.recipient);
        what = format!("{who} {what}");
    }
    let said = item.text("StatusMessage").unwrap_or_default();
    let first = said.split_once(SINCE).map_or(said, |(first, _)| first);
    item.set_text("StatusMessage", format!("{first}{SINCE}{what}"));
    if failed && alone {
        item.set_text("StatusCode", "Error");
        if let Some(Receipt::Failed { code, .. }) = &outgoing.receipt {
            item.set_text("ErrorCode", codes::undelivered(outgoing.message.system, code.as_deref()).to_string());
        }
    }
    item.set_text("ModifiedDate", now.to_string());
    result::change_item(txn, name, *number, &item)
}
