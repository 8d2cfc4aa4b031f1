//! What became of a mail: events, counts, and what a bounce makes of its subscriber. It runs in the transaction that ends the
//! attempt.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    mail::{OF_COPIES, OF_MESSAGE},
    object::Object,
    store::{StoreError, Transaction, send::Send},
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
    let definition = definition_of(work, send)?;
    let definition = definition.as_ref();
    let count = match ending {
        Ending::Delivered => {
            tracking::keep(work, tracking::event("SentEvent", "Sent", send, definition))?;
            Count::Sent
        }
        Ending::Refused(said) => {
            let reply = Reply::read(said);
            let mut event = tracking::event("BounceEvent", reply.event_type(), send, definition);
            event.set_text("SMTPCode", reply.code);
            event.set_text("BounceCategory", reply.category());
            event.set_text("SMTPReason", reply.reason);
            event.set_text("BounceType", "immediate");
            tracking::keep(work, event)?;
            if reply.is_hard() {
                bounced(work, send.subscriber)?;
            }
            Count::Bounced
        }
        Ending::GivenUp(said) => {
            keep_not_sent(work, send, definition, said)?;
            Count::Error
        }
        Ending::Unsendable(why) => {
            keep_not_sent(work, send, definition, why)?;
            match Ground::of(why) {
                Ground::OptOut => Count::OptOut,
                Ground::Undeliverable => Count::Undeliverable,
                Ground::Error => Count::Error,
            }
        }
    };
    match definition {
        Some(definition) => tracking::count(work, send.definition, definition, &[(count, 1), (Count::Queued, -1)]),
        None => Ok(()),
    }
}

/// Counts a mail as queued once more: it had ended, and an operator sends it again.
///
/// # Errors
/// The store's.
pub fn queued_again(backend: &Backend, txn: &mut Transaction<'_>, send: &Send, now: Time) -> Result<(), StoreError> {
    let mut tables = Tables::default();
    let work = &mut Work { backend, txn, client: send, caller: None, now, tables: &mut tables };
    match definition_of(work, send)? {
        Some(definition) => tracking::count(work, send.definition, &definition, &[(Count::Queued, 1)]),
        None => Ok(()),
    }
}

/// The definition of a mail; of one that is gone, what its summary says of it.
fn definition_of(work: &Work<'_, '_>, send: &Send) -> Result<Option<Object>, StoreError> {
    match work.objects().get(DEFINITION, send.definition)? {
        None => tracking::named(work, send.definition),
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

/// Bounced at once, Held when it has happened often enough for long enough.
fn bounced(work: &mut Work<'_, '_>, id: i64) -> Result<(), StoreError> {
    let Some((_, kept)) = subscriber::by_id(&work.objects(), id)? else { return Ok(()) };
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

/// What a mail server said.
struct Reply<'t> {
    code: &'t str,
    /// The enhanced code (RFC 3463), without the first digit: `1.1`.
    detail: Option<&'t str>,
    reason: &'t str,
    /// It was said of the message; the recipient had been taken.
    of_message: bool,
    /// And copies had been taken with him: it may be about one of those.
    of_copies: bool,
}

impl<'t> Reply<'t> {
    fn read(said: &'t str) -> Self {
        let said = said.trim();
        let (said, of_copies) = said.strip_suffix(OF_COPIES).map_or((said, false), |said| (said, true));
        let (said, of_message) = said.strip_suffix(OF_MESSAGE).map_or((said, of_copies), |said| (said, true));
        let said = said.strip_prefix("SMTP").map_or(said, str::trim_start);
        let (code, reason) = said.split_once(|c: char| !c.is_ascii_digit()).unwrap_or((said, ""));
        if code.len() != 3 {
            return Self { code: "", detail: None, reason: said, of_message, of_copies };
        }
        let first = reason.split_whitespace().next().unwrap_or_default();
        let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_enhanced = first.split('.').count() == 3 && first.split('.').all(is_number);
        // Its class is the reply's (RFC 2034 section 4), or it says nothing.
        let detail = first.split_once('.').filter(|(class, _)| is_enhanced && code.starts_with(class));
        Self { code, detail: detail.map(|(_, detail)| detail), reason: reason.trim(), of_message, of_copies }
    }

    /// It is about the sender's address (RFC 3463, X.1.7 and X.1.8): many servers say so only when they hear the recipient's.
    fn is_of_sender(&self) -> bool {
        matches!(self.detail, Some("1.7" | "1.8"))
    }

    /// The address is wrong for good. Without an enhanced code those replies that are about mailboxes (RFC 5321, 4.2.3).
    fn is_hard(&self) -> bool {
        match self.detail {
            _ if self.of_copies => false,
            Some(detail) => detail == "2.1" || (detail.starts_with("1.") && !self.is_of_sender()),
            None => !self.of_message && matches!(self.code, "550" | "551" | "553"),
        }
    }

    /// The mailbox is full, or the mail too large for it.
    fn is_soft(&self) -> bool {
        match self.detail {
            Some(detail) => detail.starts_with("2.") || detail.starts_with("3."),
            None => self.code == "552",
        }
    }

    fn event_type(&self) -> &'static str {
        match (self.is_hard(), self.is_soft()) {
            (true, _) => "HardBounce",
            (_, true) => "SoftBounce",
            _ => "OtherBounce",
        }
    }

    fn category(&self) -> &'static str {
        match (self.is_hard(), self.is_soft()) {
            (true, _) => "Hard bounce",
            (_, true) => "Soft bounce",
            // Policy and security.
            _ if self.detail.is_some_and(|detail| detail.starts_with("7.")) => "Block bounce",
            _ => "Technical/Other bounce",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_told_apart() {
        for (said, code, event_type, category, reason) in [
            ("SMTP 550 5.1.1 no such user", "550", "HardBounce", "Hard bounce", "5.1.1 no such user"),
            ("550 no such user", "550", "HardBounce", "Hard bounce", "no such user"),
            ("SMTP 550 5.7.1 spam", "550", "OtherBounce", "Block bounce", "5.7.1 spam"),
            ("SMTP 552 5.2.2 full", "552", "SoftBounce", "Soft bounce", "5.2.2 full"),
            ("SMTP 552 full", "552", "SoftBounce", "Soft bounce", "full"),
            ("SMTP 554 5.6.0 bad", "554", "OtherBounce", "Technical/Other bounce", "5.6.0 bad"),
            ("SMTP 554 no", "554", "OtherBounce", "Technical/Other bounce", "no"),
            ("SMTP 550 spam, in answer to the message", "550", "OtherBounce", "Technical/Other bounce", "spam"),
            ("SMTP 550 5.1.1 gone, in answer to the message", "550", "HardBounce", "Hard bounce", "5.1.1 gone"),
            (
                "SMTP 550 5.1.1 gone, in answer to the message and its copies",
                "550",
                "OtherBounce",
                "Technical/Other bounce",
                "5.1.1 gone",
            ),
            ("SMTP 554 4.1.1 another class", "554", "OtherBounce", "Technical/Other bounce", "4.1.1 another class"),
            ("SMTP 554 9.1.1 no class", "554", "OtherBounce", "Technical/Other bounce", "9.1.1 no class"),
            ("SMTP 554 5.1.1234 no number", "554", "OtherBounce", "Technical/Other bounce", "5.1.1234 no number"),
            ("SMTP 552 full, in answer to the message", "552", "SoftBounce", "Soft bounce", "full"),
            ("SMTP 550", "550", "HardBounce", "Hard bounce", ""),
            ("SMTP 550-5.1.1 two lines", "550", "HardBounce", "Hard bounce", "5.1.1 two lines"),
            ("no server", "", "OtherBounce", "Technical/Other bounce", "no server"),
            ("", "", "OtherBounce", "Technical/Other bounce", ""),
        ] {
            let reply = Reply::read(said);
            assert_eq!(
                (reply.code, reply.event_type(), reply.category(), reply.reason),
                (code, event_type, category, reason),
                "{said}"
            );
        }
    }

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
