//! Who wants nothing more and is no Subscriber here: a contact of a PBX without an e-mail address. The PBX keeps no consent, so
//! his Status is kept here, by his SubscriberKey and the numbers by which he is reached. It outlives his contact; a Status of
//! Active takes it away.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    connector::{Message, System, Wish, route},
    message::{Call, ErrorCode, Row, code},
    object::{Node, Object},
    store::{Internal, Objects, Owner, StoreError, Transaction},
};

use super::{
    super::{Backend, Failure, generic::folded, plan::Method, subscriber},
    contact, reached,
};

/// Kind of the records.
pub(in crate::backend) const OPT_OUTS: &str = "opt-outs";
/// Index: SubscriberKey.
const BY_KEY: &str = "key";
/// Index: each of the numbers.
const BY_NUMBER: &str = "number";

/// Somebody who wants nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct OptOut {
    subscriber: String,
    numbers: Vec<String>,
    since: Time,
}

/// What keeps a Status from being kept: ErrorCode and StatusMessage.
type Refused = (i64, String);

/// The StatusMessage where the Status alone was kept.
const DONE: &str = "Updated Subscriber.";

const UNSUBSCRIBED: &str = "Unsubscribed";
const ACTIVE: &str = "Active";

/// Who, of those that a message would reach, wants nothing more: his SubscriberKey, where he has one. Whoever is kept here under the
/// name in the message has been looked at before.
pub(super) fn find(objects: &Objects<'_>, message: &Message) -> Result<Option<String>, StoreError> {
    let has_said = |name: &str| Ok::<_, StoreError>(objects.find_first(OPT_OUTS, BY_KEY, &folded(name))?.is_some());
    if let Some(name) = &message.subscriber
        && has_said(name)?
    {
        return Ok(Some(name.clone()));
    }
    for reached in reached::by_recipient(objects, &message.recipient)? {
        if has_said(&reached.subscriber)? || is_out(objects, &reached.subscriber)? {
            return Ok(Some(reached.subscriber));
        }
    }
    match objects.find_first(OPT_OUTS, BY_NUMBER, &message.recipient)? {
        Some(number) => Ok(objects.get::<OptOut>(OPT_OUTS, number)?.map(|found| found.subscriber)),
        None => Ok(None),
    }
}

/// Whether a Subscriber who is kept here wants nothing more.
fn is_out(objects: &Objects<'_>, name: &str) -> Result<bool, StoreError> {
    Ok(subscriber::by_key(objects, name)?.is_some_and(|(_, person)| has_left(&person)))
}

/// Whether somebody's Status says that he wants nothing more.
pub(super) fn has_left(person: &Object) -> bool {
    matches!(person.text("Status"), Some("Unsubscribed" | "Deleted"))
}

/// Whether nothing can be kept of a Status, as far as that is known before anything is sent.
pub(super) fn refusal(
    objects: &Objects<'_>,
    node: Node<'_>,
    method: Method,
    messages: &[Message],
) -> Result<Option<Refused>, StoreError> {
    let status = node.given("Status").filter(|_| method != Method::Delete);
    let names_number =
        messages.iter().filter_map(|message| message.action.change()).any(|change| change.number().is_some());
    match status.as_deref() {
        None | Some(ACTIVE) => Ok(None),
        Some(UNSUBSCRIBED) if names_number => Ok(None),
        Some(UNSUBSCRIBED) => Ok(numbers(objects, node)?.err()),
        Some(other) => Ok(Some(no_status(other))),
    }
}

/// What came of somebody's contact.
pub(super) struct Came {
    pub(super) row: Row,
    /// Nothing was asked of the system.
    pub(super) asks_nothing: bool,
    /// What that is where nothing is kept here either: ErrorCode and StatusMessage.
    pub(super) unasked: Option<Refused>,
}

/// Keeps the Status of somebody who is no Subscriber here, where the call is one that makes or changes a contact of a PBX.
pub(super) fn keep(
    backend: &Backend,
    txn: &Transaction<'_>,
    owner: &Internal,
    call: &Call<'_>,
    node: Node<'_>,
    came: Came,
    now: Time,
) -> Result<Row, Failure> {
    let Came { row, asks_nothing, unasked } = came;
    let fail = |(code, text)| Failure::Refused(Box::new(Row::error(0, code, text)));
    let Some(status) = node.given("Status").filter(|_| is_change(backend, owner, call, node)) else {
        return unasked.map_or(Ok(row), |why| Err(fail(why)));
    };
    let objects = txn.objects(owner);
    let numbers = match status.as_str() {
        ACTIVE => None,
        UNSUBSCRIBED => match numbers(&objects, node)? {
            Ok(numbers) => Some(numbers),
            Err(why) => return Err(fail(unasked.unwrap_or(why))),
        },
        other => return Err(fail(unasked.unwrap_or_else(|| no_status(other)))),
    };
    let key = node.given("SubscriberKey").unwrap_or_default();
    let known = objects.find_first(OPT_OUTS, BY_KEY, &folded(&key))?;
    match (known, numbers) {
        (known, Some(numbers)) => {
            let kept = OptOut { subscriber: key.clone(), numbers, since: now };
            let key = folded(&key);
            let numbers = kept.numbers.iter().map(|number| (BY_NUMBER, number.as_str()));
            let indexes: Vec<_> = [(BY_KEY, key.as_str())].into_iter().chain(numbers).collect();
            objects.put(OPT_OUTS, known.unwrap_or_else(|| objects.next_id()), &kept, &indexes)?;
        }
        (Some(known), None) => {
            objects.remove(OPT_OUTS, known)?;
        }
        (None, None) => {}
    }
    Ok(if asks_nothing { Row { message: DONE.into(), ..row } } else { row })
}

/// Whether a call makes or changes a contact of a PBX.
fn is_change(backend: &Backend, owner: &Internal, call: &Call<'_>, node: Node<'_>) -> bool {
    let wanted = contact::wanted_of(call.operation, &call.options, subscriber::KIND);
    let changes = wanted.absent == Wish::Create || wanted.present == Wish::Update;
    let asked = route::Asked { account: owner.account(), method: Method::of(call.operation).name(), node };
    let way = route::decide(&backend.connectors, &asked);
    changes && matches!(way, route::Way::Connector(connector, _) if connector.system() == System::Yeastar)
}

/// The numbers by which the systems reach him; an opt-out without one would hold for nobody who is sent something by his number.
fn numbers(objects: &Objects<'_>, node: Node<'_>) -> Result<Result<Vec<String>, Refused>, StoreError> {
    let Some(key) = node.given("SubscriberKey") else {
        return Ok(Err(refused(code::CONNECTOR_VALUE, "the Status of a contact needs a SubscriberKey")));
    };
    let mut numbers: Vec<String> =
        reached::of_subscriber(objects, &key)?.into_iter().map(|reached| reached.recipient).collect();
    numbers.sort();
    numbers.dedup();
    if numbers.is_empty() {
        let what = "the number of the contact is not known here, and its Status needs one: expected PrimarySMSAddress";
        return Ok(Err(refused(code::CONNECTOR_VALUE, what)));
    }
    Ok(Ok(numbers))
}

fn no_status(status: &str) -> Refused {
    let what = "can be kept of nobody who has no EmailAddress here: expected Active or Unsubscribed";
    refused(code::CONNECTOR_VALUE, &format!("the Status {status} {what}"))
}

fn refused(code: ErrorCode, about: &str) -> Refused {
    (code.code, code.about(about))
}
