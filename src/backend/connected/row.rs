//! Rows from outcomes: what a Result says of an object that a connector has done, or has not.

use crate::{
    clock::Time,
    connector::{self, Receipt, Standing, Unsent as Unsaid, Verdict, codes::Plain, report},
    message::{Call, Echo, Row, code},
    object::{Member, Node},
    store::{Content, Delivery, DeliveryState, Internal, StoreError, Transaction, outgoing::Outgoing},
};

use super::{
    super::{
        Backend, Failure, Work, list,
        plan::{Method, NOTHING_DONE},
        row::Tables,
        subscriber, triggered_send,
    },
    contact,
    errand::{Given, Unsent},
    opt_out, phonebook,
    plan::is_here,
};

/// Bytes of answers that one row holds, about: an object may have many recipients.
const DETAIL_BYTES: usize = 64 << 10;

/// Why a message had not gone out that was taken back: its connector rests, or others stood before it.
fn because(backend: &Backend, txn: &Transaction<'_>, delivery: &Delivery) -> Result<Option<String>, StoreError> {
    let Content::Message(outgoing) = &delivery.content else { return Ok(None) };
    if delivery.state != DeliveryState::Withdrawn || delivery.tries > 0 {
        return Ok(None);
    }
    let (message, name) = (&outgoing.message, delivery.content.lane());
    if let Some(until) = txn.deliveries().lane(&name)?.and_then(|lane| lane.health.rest) {
        return Ok(Some(format!("{name} rests until {until}")));
    }
    if txn.deliveries().has_before(message)? {
        return Ok(Some(format!("an earlier message to {} was not settled", message.recipient)));
    }
    let Some(connector) = backend.connectors.connectors.get(&message.connector) else { return Ok(None) };
    let before = txn.deliveries().waiting_before(delivery, COUNTED)?;
    let why = match before {
        // Something of its own recipient's may have kept it back that was taken back with it.
        0 => format!("its turn at {name} had not come"),
        COUNTED => format!("{name} had {COUNTED} messages or more before it"),
        before => format!("{name} had {before} messages before it"),
    };
    let (at_once, per_second, wait) = (connector.at_once, connector.per_second, connector.wait);
    Ok(Some(format!("{why} (at_once {at_once}, per_second {per_second}, wait {wait:?})")))
}

/// So many messages are counted that stand before another.
const COUNTED: usize = 10_000;

/// What came of one recipient.
pub(super) struct Outcome {
    pub(super) place: u32,
    pub(super) ok: bool,
    /// `ErrorCode` of a row.
    pub(super) code: i64,
    /// `ErrorCode` of one of SubscriberFailures: the system's own.
    pub(super) native: String,
    pub(super) message: String,
    pub(super) detail: Option<String>,
    pub(super) ids: (i64, Option<String>),
    pub(super) is_partial: bool,
}

/// The row of an object that was given to a connector. Its messages are settled, or will not be waited for. What is kept here
/// too changes now, when the system has accepted it.
pub(in crate::backend) fn row(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    given: &Given,
    call: &Call<'_>,
    node: Node<'_>,
    now: Time,
) -> Result<Row, Failure> {
    if let Some((code, text)) = &given.refused {
        return Err(refused(&given.kind, *code, text));
    }
    let mut outcomes: Vec<Outcome> = given.failures.iter().map(Outcome::of_unsent).collect();
    let (mut asks_nothing, mut unasked) = (outcomes.is_empty() && given.messages.is_empty(), None);
    if asks_nothing {
        outcomes.push(Outcome::nothing());
    }
    for number in &given.messages {
        outcomes.push(match txn.deliveries().get(*number)? {
            Some(delivery) => {
                let message = delivery.content.outgoing().map(|outgoing| &outgoing.message);
                if let Some(Unsaid::Here(code, text)) = message.and_then(|message| contact::unsent(&delivery, message))
                {
                    (asks_nothing, unasked) = (true, Some((code, text)));
                }
                let outcome = Outcome::of(backend, &delivery);
                match because(backend, txn, &delivery)? {
                    Some(why) => Outcome { message: format!("{}: {why}", outcome.message), ..outcome },
                    None => outcome,
                }
            }
            None => Outcome::lost(),
        });
    }
    outcomes.sort_by_key(|outcome| outcome.place);
    let row = match given.kind.as_str() {
        triggered_send::KIND => of_send(outcomes, node),
        _ => of_one(outcomes),
    };
    let owner = Internal(given.account);
    let is_person = given.kind == subscriber::KIND;
    if !row.is_ok() || !(is_person || given.kept) {
        let id = Some(row.new_id).filter(|id| given.kind == list::KIND && row.is_ok() && *id > 0);
        let echo = id.map(|id| Echo::RequestWith(vec![("ID", id.to_string())]));
        return Ok(Row { echo: echo.unwrap_or(row.echo), ..row });
    }
    // Another call may have brought him here while this one waited.
    if !given.kept && !is_here(&txn.objects(&owner), node)? {
        let method = Method::of(call.operation);
        let work = Work { backend, txn, client: &owner, caller: None, now, tables: &mut Tables::default() };
        let row = match method != Method::Delete && phonebook::names_others(&work, node, &call.options)? {
            true => Row {
                message: format!("{}; on no list here, where nobody is kept without an EmailAddress", row.message)
                    .into(),
                ..row
            },
            false => row,
        };
        let came = opt_out::Came { row, asks_nothing, unasked };
        return opt_out::keep(backend, txn, &owner, call, node, came, now);
    }
    let mut work = Work { backend, txn, client: &owner, caller: None, now, tables: &mut Tables::default() };
    match phonebook::keep(&mut work, &given.kind, Method::of(call.operation), node, &call.options) {
        Ok(kept) => {
            // The system's number is what the documentation of its mapping promises; ours is in Object.
            let new_id = if row.new_id == 0 { kept.new_id } else { row.new_id };
            let message = if asks_nothing { kept.message } else { row.message };
            Ok(Row { echo: kept.echo, new_id, message, ..row })
        }
        // It has changed since it was planned.
        Err(Failure::Refused(why)) => {
            let text = format!("{}, but not kept here: {}", row.message, why.message);
            Err(Failure::Refused(Box::new(Row { message: text.into(), detail: row.detail, ..*why })))
        }
        Err(error) => Err(error),
    }
}

/// A refusal of an object as a whole, in the Result subtype of its type.
pub(super) fn refused(kind: &str, code: i64, text: &str) -> Failure {
    let row = Row::error(0, code, text.to_owned());
    Failure::Refused(Box::new(match kind {
        triggered_send::KIND => Row { subtype: Some(triggered_send::RESULT), echo: Echo::None, ..row },
        _ => row,
    }))
}

/// An object with one recipient, or none.
pub(super) fn of_one(outcomes: Vec<Outcome>) -> Row {
    let failed = outcomes.iter().position(|outcome| !outcome.ok).unwrap_or_default();
    let Some(outcome) = outcomes.into_iter().nth(failed) else {
        return Row::error(0, code::EXCEPTION.code, code::EXCEPTION.about("it has no recipient"));
    };
    let row = match outcome.ok {
        true => Row::ok(0, outcome.message),
        false => Row::error(0, outcome.code, outcome.message),
    };
    let (new_id, new_object_id) = outcome.ids;
    Row { new_id, new_object_id, detail: outcome.detail, is_partial: outcome.is_partial, ..row }
}

/// A TriggeredSend: an error when nothing went to anybody; whom nothing went to stands in SubscriberFailures.
pub(super) fn of_send(outcomes: Vec<Outcome>, node: Node<'_>) -> Row {
    let subscribers: Vec<Node<'_>> =
        node.children_named("Subscribers").filter(|subscriber| !subscriber.is_nil()).collect();
    let failure = |outcome: &Outcome| -> Option<Member> {
        let place = usize::try_from(outcome.place).ok()?;
        let member = triggered_send::failure(&outcome.native, &outcome.message, place, *subscribers.get(place)?);
        (!outcome.ok).then_some(member)
    };
    let extra: Vec<Member> = outcomes.iter().filter_map(failure).collect();
    let is_partial = outcomes.iter().any(|outcome| outcome.is_partial);
    let detail = joined(&outcomes);
    let nobody = outcomes.iter().all(|outcome| !outcome.ok);
    let row = match (nobody, outcomes.as_slice()) {
        (_, [one]) if one.ok => Row::ok(0, one.message.clone()),
        (false, _) => Row::ok(0, triggered_send::CREATED),
        // One reason for all of them says more than that there is nobody.
        (true, [first, others @ ..]) if others.iter().all(|other| other.code == first.code) => {
            Row::error(0, first.code, first.message.clone())
        }
        (true, _) => Row::error(0, code::SEND_NOBODY.code, code::SEND_NOBODY.text),
    };
    let ids = outcomes.into_iter().find(|outcome| outcome.ok).map(|outcome| outcome.ids);
    let (new_id, new_object_id) = ids.unwrap_or_default();
    let subtype = Some(triggered_send::RESULT);
    Row { subtype, echo: Echo::None, extra, detail, is_partial, new_id, new_object_id, ..row }
}

/// One recipient's answer as it is; of several, those of the failures.
fn joined(outcomes: &[Outcome]) -> Option<String> {
    if let [one] = outcomes {
        return one.detail.clone();
    }
    let mut details = String::new();
    for detail in outcomes.iter().filter(|outcome| !outcome.ok).filter_map(|outcome| outcome.detail.as_deref()) {
        if details.len().saturating_add(detail.len()) > DETAIL_BYTES {
            break;
        }
        details += detail;
    }
    (!details.is_empty()).then(|| format!("<BackendErrors>{details}</BackendErrors>"))
}

impl Outcome {
    /// Of a recipient to whom nothing went: our own code and words.
    pub(super) fn of_unsent(unsent: &Unsent) -> Self {
        Self {
            place: unsent.place,
            ok: false,
            // The codes of SubscriberFailures are none of rows.
            code: if unsent.is_opt_out { code::SEND_NOBODY.code } else { unsent.code },
            native: unsent.code.to_string(),
            message: unsent.text.clone(),
            detail: None,
            ids: (0, None),
            is_partial: false,
        }
    }

    /// Of those who get something, as far as is known yet.
    pub(super) fn planned() -> Self {
        Self {
            place: 0,
            ok: true,
            code: 0,
            native: String::new(),
            message: triggered_send::CREATED.to_owned(),
            detail: None,
            ids: (0, None),
            is_partial: false,
        }
    }

    fn of(backend: &Backend, delivery: &Delivery) -> Self {
        let Content::Message(outgoing) = &delivery.content else { return Self::lost() };
        let message = &outgoing.message;
        let place = message.place;
        if let Some(unsent) = contact::unsent(delivery, message) {
            return Self::of_unsent_message(unsent, place);
        }
        let is_partial = outgoing.verdict.as_ref().is_some_and(|verdict| verdict.standing == Standing::Partial);
        let Some(connector) = backend.connectors.connectors.get(&message.connector) else {
            // It was sent by a configuration that had it.
            let ok = delivery.state == DeliveryState::Delivered;
            let code = if ok { 0 } else { Plain::InDoubt.number(message.system) };
            let text = format!("[{}] {}", message.system.name(), delivery.state.name());
            let native = code.to_string();
            return Self { place, ok, code, native, message: text, detail: None, ids: (0, None), is_partial };
        };
        let settled = settled(delivery, outgoing);
        let verdict = outgoing.verdict.clone().unwrap_or_else(|| {
            let unsaid = match delivery.state {
                DeliveryState::Sending => "it is under way",
                _ => "it was not sent",
            };
            let why = delivery.attempts.last().map_or(unsaid, |attempt| attempt.status.as_str());
            connector::unanswered(connector, why, matches!(settled, report::Settled::InDoubt))
        });
        let reported = report::of(connector, message, &verdict, settled);
        let code = reported.code.unwrap_or_default();
        Self {
            place,
            ok: reported.ok,
            code,
            native: reported.native.unwrap_or_else(|| code.to_string()),
            message: reported.message,
            detail: Some(reported.detail_xml).filter(|detail| !detail.is_empty()),
            ids: (reported.new_id, reported.new_object_id),
            is_partial,
        }
    }

    /// Of a message for which nothing was to be sent.
    fn of_unsent_message(unsent: Unsaid, place: u32) -> Self {
        match unsent {
            Unsaid::Nothing | Unsaid::Here(..) => Self { place, ..Self::nothing() },
            Unsaid::Refused(code, message) => {
                Self { place, ok: false, code, native: code.to_string(), message, ..Self::nothing() }
            }
        }
    }

    /// Of an object that asks for nothing.
    fn nothing() -> Self {
        Self { message: NOTHING_DONE.to_owned(), ..Self::planned() }
    }

    /// Of a message that is no longer known.
    fn lost() -> Self {
        let code = code::EXCEPTION;
        Self {
            place: 0,
            ok: false,
            code: code.code,
            native: code.code.to_string(),
            message: code.about("its message is no longer known"),
            detail: None,
            ids: (0, None),
            is_partial: false,
        }
    }
}

/// How a message has ended for who waits for it no longer.
fn settled<'r>(delivery: &Delivery, outgoing: &'r Outgoing) -> report::Settled<'r> {
    use report::Settled;
    if let Some(receipt @ Receipt::Failed { .. }) = &outgoing.receipt {
        return Settled::Bounced(receipt);
    }
    let verdict = outgoing.verdict.as_ref();
    let standing = verdict.map(|verdict: &Verdict| verdict.standing);
    let taken = matches!(standing, Some(Standing::Accepted | Standing::Partial | Standing::Processing));
    match delivery.state {
        DeliveryState::Delivered if taken && !matches!(outgoing.receipt, Some(Receipt::Delivered | Receipt::Read)) => {
            Settled::Accepted
        }
        DeliveryState::Delivered => Settled::Delivered,
        DeliveryState::Accepted => Settled::Accepted,
        DeliveryState::Failed if taken => Settled::Unconfirmed,
        DeliveryState::Failed => Settled::Failed,
        DeliveryState::InDoubt | DeliveryState::Sending => Settled::InDoubt,
        // It was tried, and not again.
        DeliveryState::Withdrawn | DeliveryState::Owed if delivery.tries > 0 => match standing {
            None | Some(Standing::Ambiguous) => Settled::InDoubt,
            Some(_) => Settled::Failed,
        },
        DeliveryState::Withdrawn | DeliveryState::Owed => Settled::Withdrawn,
    }
}
