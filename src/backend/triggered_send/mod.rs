//! TriggeredSend: mail to the subscribers of a call, as a definition says. And the other types that mean to send now, which are
//! refused.
//!
//! A Create checks everything that can be checked and owes one mail for each subscriber that passes (`store::Send`); what it
//! owes is on disk with its answer. A mail is built when it leaves ([`render()`]), and what became of it is written in the transaction
//! that ends the attempt ([`sent`]). Nothing here opens a socket.

mod build;
mod content;
mod guard;
mod leave;
pub mod link;
mod outcome;
mod plain;
mod problem;
mod recipient;
mod render;
mod reply;
mod system;
mod validate;

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
    time::Duration,
};

use crate::{
    clock::Time,
    mail::Mailbox,
    message::{
        Echo, Operation, Options, Row, attributes,
        client::{Accounts, Client},
        code,
    },
    object::{Member, Node, Object},
    store::{Content as Owed, Objects, send::Send},
};

use super::{
    Failure, Work, generic, list, membership,
    plan::Method,
    subscriber,
    tracking::{self, Count},
};
use build::Common;
use content::{Content, Unfit};
pub use problem::problems;
use problem::{Ground, Problem};
pub(crate) use problem::{failure, unsubscribed};
use recipient::Recipient;

pub(crate) use super::kind::DEFINITION;
pub(super) use guard::GUARD;
pub use leave::{Leaving, Left, leave, leaving};
pub(crate) use outcome::definition_of;
pub(super) use outcome::{BOUNCES, Bounces};
pub use outcome::{Ending, queued_again, returned, sent};
pub use render::{Letter, Unsendable, render};
pub use reply::Reported;
pub use validate::validate;

/// The type of the sends.
pub(crate) const KIND: &str = "TriggeredSend";
/// Captured.
pub(crate) const CREATED: &str = "Created TriggeredSend";
/// Of 18002, captured: neither ObjectID nor CustomerKey is given.
const UNNAMED: &str = "The Triggered Send Object must contain the Triggered Send ID or the Customer Key";

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What triggered sends are told by the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether there is a way for mail to leave; without one every send is refused.
    pub possible: bool,
    /// The sender where neither definition nor profile names one.
    pub from: Option<Mailbox>,
    /// Values of attributes go into HTML as they were sent, markup and all.
    pub raw_attributes: bool,
    /// How long the links for unsubscribing work.
    pub link_lifetime: Duration,
    /// `member_addr`: the postal address that mail has to show.
    pub postal_address: String,
    /// The URL below which the page for unsubscribing is; known once the port is bound.
    pub public_url: Arc<OnceLock<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            possible: false,
            from: None,
            raw_attributes: false,
            link_lifetime: 365 * DAY,
            postal_address: String::new(),
            public_url: Arc::default(),
        }
    }
}

/// Creates a triggered send: one mail owed for each subscriber who may get it.
pub(crate) fn apply(
    work: &mut Work<'_, '_>,
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    if method != Method::Create {
        return Err(Failure::cannot(method.name(), "TriggeredSend"));
    }
    let settings = &work.backend.settings.sends;
    let (id, definition, content) = content_of(&work.objects(), node, settings)?;
    let account = work.client.account();
    let house = House { account, directory: work.caller.map(Client::directory), settings, now: work.now };
    let checked = check(&work.objects(), &house, &content, node)?;
    let mut counts: Vec<(Count, i64)> = checked.failures.iter().map(|(_, _, problem)| (count_of(problem), 1)).collect();
    let conversations = &work.backend.settings.conversations;
    // What was queued has waited for its window already.
    let due = if options.asynchronous { work.now } else { conversations.next_window(options.priority(), work.now) };
    let batch = work.objects().next_id();
    let list = match content.list {
        Some(list) => list,
        None => list::all_subscribers(work)?,
    };
    counts.push((Count::Queued, i64::try_from(checked.recipients.len()).unwrap_or(i64::MAX)));
    for Recipient { node, found, key, address, attributes, from } in checked.recipients {
        let subscriber = subscriber::of_send(work, node, found, content.add, content.update)?;
        if let Some(list) = content.list.filter(|_| content.add)
            && !membership::is_on(&work.objects(), list, subscriber)?
        {
            membership::join(work, list, subscriber, None)?;
        }
        let priority = options.priority();
        let send = Send { account, definition: id, batch, subscriber, key, address, list, attributes, from, priority };
        work.txn.owe(work.client, Owed::Send(Box::new(send)), work.now, due)?;
    }
    for (_, key, problem) in &checked.failures {
        if let Some(key) = key {
            outcome::not_sent(work, id, &definition, batch, key, &problem.description())?;
        }
    }
    tracking::count(work, id, &definition, &counts)?;
    Ok(checked.row)
}

/// The definition that a TriggeredSend names, with its number, and what it sends.
fn content_of(objects: &Objects<'_>, node: Node<'_>, settings: &Settings) -> Result<(i64, Object, Content), Failure> {
    let named = node.child(DEFINITION).filter(|definition| generic::identity(*definition).is_some());
    let Some(named) = named else {
        return Err(refused(code::INVALID_CUSTOMER_KEY.code, UNNAMED));
    };
    let Some((id, definition)) = generic::find_in(objects, DEFINITION, named)? else {
        return Err(refused(code::INVALID_CUSTOMER_KEY.code, code::INVALID_CUSTOMER_KEY.text));
    };
    let content = Content::of_active(objects, &definition, settings);
    if !settings.possible && !matches!(&content, Err(Unfit::Incomplete(_)) if !is_active(&definition)) {
        return Err(refused(code::SEND_IMPOSSIBLE.code, code::SEND_IMPOSSIBLE.text));
    }
    match content {
        Ok(content) => Ok((id, definition, content)),
        Err(Unfit::Incomplete(what)) => {
            let code = code::DEFINITION_NOT_READY;
            Err(refused(code.code, code.about(&what)))
        }
        Err(Unfit::Store(error)) => Err(error.into()),
    }
}

fn is_active(definition: &Object) -> bool {
    definition.text("TriggeredSendStatus") == Some("Active")
}

/// What became of the subscribers of a call.
struct Checked<'n> {
    recipients: Vec<Recipient<'n>>,
    /// Their places, the keys of those who are known, and why they get nothing.
    failures: Vec<(usize, Option<String>, Problem)>,
    /// The answer: an error when nobody is left.
    row: Row,
}

/// The subscribers of a TriggeredSend; unset ones of .NET proxies are nil.
fn subscribers(node: Node<'_>) -> Result<Vec<Node<'_>>, Failure> {
    let found: Vec<_> = node.children_named("Subscribers").filter(|subscriber| !subscriber.is_nil()).collect();
    if found.is_empty() {
        return Err(refused(code::SEND_NO_SUBSCRIBERS.code, code::SEND_NO_SUBSCRIBERS.text));
    }
    Ok(found)
}

/// Whose send is checked, and when.
struct House<'a> {
    account: u64,
    directory: Option<&'a Accounts>,
    settings: &'a Settings,
    now: Time,
}

fn check<'n>(
    objects: &Objects<'_>,
    house: &House<'_>,
    content: &Content,
    node: Node<'n>,
) -> Result<Checked<'n>, Failure> {
    let shared = attributes(node);
    let (defined, list) = (content.defined(objects)?, list::name(objects, content.list)?);
    let account = house.directory.and_then(|directory| directory.account(house.account));
    let common = Common {
        account: house.account,
        content,
        defined: &defined,
        list: &list,
        business: account.map(|account| account.name.as_str()).unwrap_or_default(),
        postal: &house.settings.postal_address,
        now: house.now,
    };
    let mut seen = HashSet::new();
    let (mut recipients, mut failures, mut members) = (Vec::new(), Vec::new(), Vec::new());
    for (ordinal, subscriber) in subscribers(node)?.into_iter().enumerate() {
        match recipient::check(objects, common, subscriber, &shared, &mut seen)? {
            Ok(recipient) => recipients.push(recipient),
            Err(excluded) => {
                members.push(excluded.problem.failure(ordinal, subscriber));
                failures.push((ordinal, excluded.key, excluded.problem));
            }
        }
    }
    Ok(Checked { row: row(recipients.is_empty(), members), recipients, failures })
}

/// The answer to a send some of whose subscribers, or all, get nothing.
fn row(nobody: bool, failures: Vec<Member>) -> Row {
    let row = if nobody { Row::error(0, code::SEND_NOBODY.code, code::SEND_NOBODY.text) } else { Row::ok(0, CREATED) };
    Row { subtype: Some(RESULT), echo: Echo::None, extra: failures, ..row }
}

/// The Result subtype of its answers.
pub(crate) const RESULT: &str = "TriggeredSendCreateResult";

fn count_of(problem: &Problem) -> Count {
    match problem.ground() {
        Ground::OptOut => Count::OptOut,
        Ground::Undeliverable => Count::Undeliverable,
        Ground::Error => Count::Error,
    }
}

/// What this server answers, code and text, to a send that no connector takes and that it cannot do for want of a way, whatever
/// is in it; none for what is no send. `has_mail` says whether mail can leave.
pub fn refusal(operation: Operation, kind: &str, has_mail: bool) -> Option<(i64, String)> {
    let method = Method::of(operation);
    let failure = match kind {
        "TriggeredSend" if method != Method::Create => Failure::cannot(method.name(), kind),
        "TriggeredSend" if !has_mail => Failure::plain(code::SEND_IMPOSSIBLE),
        kind if super::kind::is_not_sent(kind) => refuse(method, kind),
        _ => return None,
    };
    match failure {
        Failure::Refused(row) => Some((row.code.unwrap_or_default(), row.message.into_owned())),
        Failure::Store(_) => None,
    }
}

/// Refuses an object of another type whose Create is a send, in the result subtype that the WSDL has for it.
pub(crate) fn refuse(method: Method, kind: &str) -> Failure {
    if method != Method::Create {
        return Failure::cannot(method.name(), kind);
    }
    let text = format!("Unable to send: this server sends no {kind}");
    let row = Row::error(0, code::SEND_IMPOSSIBLE.code, text);
    let subtype = (kind == "ContactEvent").then_some("ContactEventCreateResult");
    Failure::Refused(Box::new(Row { subtype, ..row }))
}

/// Captured triggered-send answers have the subtype and no object.
fn refused(code: i64, text: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    let row = Row::error(0, code, text);
    Failure::Refused(Box::new(Row { subtype: Some(RESULT), echo: Echo::None, ..row }))
}
