//! What became of a mail: events, counts, and what a bounce makes of its subscriber. It runs in the transaction that ends the
//! attempt.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    mail::Mailbox,
    object::Object,
    store::{Attempted, Delivery, DeliveryState, Objects, StoreError, Transaction, send::Send},
};

use super::{
    super::{
        Backend, Work,
        row::Tables,
        subscriber,
        tracking::{self, Count},
    },
    DAY, DEFINITION,
    problem::Ground,
    reply::{Reply, Reported},
};

/// How a mail ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The other side has taken it.
    Delivered,
    /// The other side has refused it for good; what it said: `SMTP 550 5.1.1 …`.
    Refused(String),
    /// It was given up after as many attempts as it had; what was said last.
    GivenUp(String),
    /// It could not be built, or its subscriber wants no more mail: why, in the words of [`super::Unsendable`].
    Unsendable(String),
}

impl Ending {
    /// How a mail has ended that stands there after this attempt; none for one that is to go out, or of which nobody knows.
    pub fn of(state: DeliveryState, attempted: Attempted, status: &str) -> Option<Self> {
        match (state, attempted) {
            (DeliveryState::Delivered, _) => Some(Self::Delivered),
            (DeliveryState::Failed, Attempted::Refused | Attempted::Gone) => Some(Self::refused(status)),
            (DeliveryState::Failed, Attempted::Bounced) => Some(Self::Refused(status.to_owned())),
            (DeliveryState::Failed, _) => Some(Self::GivenUp(status.to_owned())),
            _ => None,
        }
    }

    /// How a mail has ended that is kept so; none as in [`Ending::of`].
    pub fn of_delivery(delivery: &Delivery) -> Option<Self> {
        let last = delivery.attempts.last()?;
        Self::of(delivery.state, last.outcome, &last.status)
    }

    /// Under which count of a summary it falls.
    fn count(&self) -> Count {
        match self {
            Self::Delivered => Count::Sent,
            Self::Refused(_) => Count::Bounced,
            Self::GivenUp(_) => Count::Error,
            Self::Unsendable(why) => match Ground::of(why) {
                Ground::OptOut => Count::OptOut,
                Ground::Undeliverable => Count::Undeliverable,
                Ground::Error => Count::Error,
            },
        }
    }

    /// The end of a mail that is not tried again: what a mail server has said of its subscriber, or of something else.
    pub fn refused(said: &str) -> Self {
        match said.starts_with("SMTP ") {
            true if Reply::read(said).is_of_sender() => Self::Unsendable(format!("the sender is refused: {said}")),
            true => Self::Refused(said.to_owned()),
            false => Self::Unsendable(said.to_owned()),
        }
    }
}

/// The kind of the records of bounces, by the subscriber's number.
pub(in crate::backend) const BOUNCES: &str = "bounces";

/// The service's rule: held is who has bounced so often ...
const HELD_AFTER: u32 = 3;
/// ... and for so long.
const HELD_AFTER_DAYS: u32 = 15;

/// Bounces of a subscriber since he was last Active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct Bounces {
    count: u32,
    first: Time,
}

/// Writes down how a mail ended: a SentEvent, a BounceEvent or a NotSentEvent, the counts of its definition, and after a hard bounce
/// the status of its subscriber.
///
/// # Errors
/// The store's.
pub fn sent(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    send: &Send,
    ending: &Ending,
    now: Time,
) -> Result<(), StoreError> {
    let mut tables = Tables::default();
    let work = &mut Work { backend, txn, client: send, caller: None, now, tables: &mut tables };
    let definition = definition_of(&work.objects(), send)?;
    let definition = definition.as_ref();
    match ending {
        Ending::Delivered => tracking::keep(work, tracking::event("SentEvent", "Sent", send, definition))?,
        Ending::Refused(said) => keep_bounce(work, send, definition, &Reply::read(said), "immediate")?,
        Ending::GivenUp(why) | Ending::Unsendable(why) => keep_not_sent(work, send, definition, why)?,
    }
    moved(work, send, definition, Count::Queued, ending.count())
}

/// Writes down that a mail has come back which stood there as `before`: a BounceEvent, as if it had been refused at once. It
/// counts as a bounce, and no longer as what it had been. Gives the EventType.
///
/// # Errors
/// The store's.
pub fn returned(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    send: &Send,
    before: DeliveryState,
    reported: &Reported,
    now: Time,
) -> Result<&'static str, StoreError> {
    let mut tables = Tables::default();
    let work = &mut Work { backend, txn, client: send, caller: None, now, tables: &mut tables };
    let definition = definition_of(&work.objects(), send)?;
    let reply = reported.reply();
    keep_bounce(work, send, definition.as_ref(), &reply, "delayed")?;
    let before = if before == DeliveryState::Delivered { Count::Sent } else { Count::Queued };
    moved(work, send, definition.as_ref(), before, Count::Bounced)?;
    Ok(reply.event_type())
}

/// Counts a mail as queued once more, in the place of how it had ended: an operator sends it again, and a send counts once.
///
/// # Errors
/// The store's.
pub fn queued_again(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    send: &Send,
    before: &Ending,
    now: Time,
) -> Result<(), StoreError> {
    let mut tables = Tables::default();
    let work = &mut Work { backend, txn, client: send, caller: None, now, tables: &mut tables };
    let definition = definition_of(&work.objects(), send)?;
    moved(work, send, definition.as_ref(), before.count(), Count::Queued)
}

/// Counts a mail under another head of its definition's summary.
fn moved(
    work: &mut Work<'_, '_>,
    send: &Send,
    definition: Option<&Object>,
    from: Count,
    to: Count,
) -> Result<(), StoreError> {
    match definition {
        Some(definition) => tracking::count(work, send.definition, definition, &[(to, 1), (from, -1)]),
        None => Ok(()),
    }
}

fn keep_bounce(
    work: &mut Work<'_, '_>,
    send: &Send,
    definition: Option<&Object>,
    reply: &Reply<'_>,
    kind: &str,
) -> Result<(), StoreError> {
    let mut event = tracking::event("BounceEvent", reply.event_type(), send, definition);
    event.set_text("SMTPCode", reply.code);
    event.set_text("BounceCategory", reply.category());
    event.set_text("SMTPReason", reply.reason);
    event.set_text("BounceType", kind);
    tracking::keep(work, event)?;
    if reply.is_hard() { bounced(work, send) } else { Ok(()) }
}

/// The definition of a mail; of one that is gone, what its summary says of it.
pub(crate) fn definition_of(objects: &Objects<'_>, send: &Send) -> Result<Option<Object>, StoreError> {
    match objects.get(DEFINITION, send.definition)? {
        None => tracking::named(objects, send.definition),
        kept => Ok(kept),
    }
}

/// Keeps a NotSentEvent for a subscriber who was excluded before anything was owed.
pub(super) fn not_sent(
    work: &mut Work<'_, '_>,
    definition: i64,
    kept: &Object,
    batch: i64,
    key: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let send = Send { account: work.client.account(), definition, batch, key: key.to_owned(), ..Send::default() };
    keep_not_sent(work, &send, Some(kept), reason)
}

/// The schema has no member for the reason; APIObject's free ones are there for that.
fn keep_not_sent(
    work: &mut Work<'_, '_>,
    send: &Send,
    definition: Option<&Object>,
    reason: &str,
) -> Result<(), StoreError> {
    let mut event = tracking::event("NotSentEvent", "NotSent", send, definition);
    let mut property = Object::new("APIProperty");
    property.set_text("Name", "Reason");
    property.set_text("Value", reason);
    event.set("PartnerProperties", crate::object::Value::Object(property));
    tracking::keep(work, event)
}

/// Bounced at once, Held when it has happened often enough for long enough; of the address that is kept now. Another that stood in
/// the call, or that he had, says nothing of it.
fn bounced(work: &mut Work<'_, '_>, send: &Send) -> Result<(), StoreError> {
    let id = send.subscriber;
    let Some((_, kept)) = subscriber::by_id(&work.objects(), id)? else { return Ok(()) };
    if !kept.text("EmailAddress").is_some_and(|kept| Mailbox::is_same(kept, &send.address)) {
        return Ok(());
    }
    let before: Option<Bounces> = match kept.text("Status") {
        Some("Bounced") => work.objects().get(BOUNCES, id)?,
        // Somebody has made him Active again: it begins anew.
        _ => None,
    };
    let first = before.map_or(work.now, |before| before.first);
    let bounces = Bounces { count: before.map_or(0, |before| before.count).saturating_add(1), first };
    work.objects().put(BOUNCES, id, &bounces, &[])?;
    let held = bounces.count >= HELD_AFTER && work.now.since(first) >= DAY * HELD_AFTER_DAYS;
    subscriber::set_bounced(work, id, if held { "Held" } else { "Bounced" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_the_sender_is_no_bounce() {
        for said in ["SMTP 550 5.1.8 sender address rejected: domain not found", "SMTP 553 5.1.7 <a@b>: no such sender"]
        {
            assert_eq!(Ending::refused(said), Ending::Unsendable(format!("the sender is refused: {said}")));
        }
        for said in ["SMTP 550 5.1.1 no such user", "SMTP 554 4.1.8 another class"] {
            assert_eq!(Ending::refused(said), Ending::Refused(said.to_owned()));
        }
    }
}
