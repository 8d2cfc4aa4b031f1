//! Which objects of a call go to connectors, and what is owed for them. Nothing else of the call is done here: it waits until
//! these are settled.

use crate::{
    clock::Time,
    connector::{self, Action, Connector, Message, Named, Planning, Wanted, Wish, route, route::Way},
    message::{Call, ErrorCode, Operation, client::Client, code, options::Priority},
    object::Node,
    store::{
        Content, Internal, Objects, Owner, StoreError, Transaction,
        outgoing::{Asker, Outgoing},
    },
};

use super::{
    super::{
        Backend, Failure, Work, apply::Admitted, apply::admit, list, plan::Method, row::Tables, subscriber,
        tracking::Count, triggered_send,
    },
    contact,
    errand::{self, Errand, Given, Unsent},
    event::{self, About, SENDS},
    opt_out, phonebook, reached,
};
use connector::System;

/// Looks through a call for objects that go to connectors, and owes their messages under `id`: the number of the part's job, or
/// the batch of a synchronous call. An errand without messages is not kept: it goes on to [`apply_settled`] at once.
///
/// [`apply_settled`]: super::super::apply_settled
///
/// # Errors
/// Only the store's: then nothing is owed.
#[expect(clippy::too_many_arguments, reason = "whose call, which call, for whom, when")]
pub fn plan(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    client: &Client,
    call: &Call<'_>,
    asker: &Asker,
    id: i64,
    request_id: &str,
    now: Time,
) -> Result<Errand, StoreError> {
    let mut errand = Errand::default();
    if !may_have_objects(backend, call) {
        return Ok(errand);
    }
    for (ordinal, node) in call.objects.iter().enumerate() {
        let asked = match asked(backend, client, call, ordinal, *node) {
            Ok(Some(asked)) => asked,
            // It is done here, or refused by the same check when its turn comes.
            Ok(None) | Err(Failure::Refused(_)) => continue,
            Err(Failure::Store(error)) => return Err(error),
        };
        let given = give(backend, txn, call, &asked, asker, request_id, now)?;
        errand.objects.push(given);
    }
    if errand.messages() > 0 {
        errand::put(txn, &errand::owner(asker), id, &errand)?;
    }
    Ok(errand)
}

/// Whether a call can have objects for connectors.
pub(super) fn may_have_objects(backend: &Backend, call: &Call<'_>) -> bool {
    matches!(call.operation, Operation::Create | Operation::Update | Operation::Delete)
        && !backend.connectors.routes.is_empty()
        && call.objects.len() <= backend.settings.max_objects
}

/// An object that goes to a connector.
pub(super) struct Asked<'b, 'n> {
    ordinal: u32,
    node: Node<'n>,
    pub(super) kind: &'b str,
    method: Method,
    /// For whom it is done.
    pub(super) account: Internal,
    connector: &'b Connector,
    way: Way<'b>,
}

/// What an object asks of a connector; none when it does not go to one.
pub(super) fn asked<'b, 'n>(
    backend: &'b Backend,
    client: &Client,
    call: &Call<'_>,
    ordinal: usize,
    node: Node<'n>,
) -> Result<Option<Asked<'b, 'n>>, Failure> {
    let method = Method::of(call.operation);
    let Admitted { kind, acting } = admit(backend, client, call, method, ordinal, node)?;
    let account = Internal(Owner::account(acting.as_ref().unwrap_or(client)));
    let question = route::Asked { account: account.0, method: method.name(), node };
    let way = route::decide(&backend.connectors, &question);
    let Way::Connector(connector, _) = way else { return Ok(None) };
    let ordinal = u32::try_from(ordinal).unwrap_or(u32::MAX);
    Ok(Some(Asked { ordinal, node, kind, method, account, connector, way }))
}

/// What is wanted for an object, beside what it says itself.
pub(super) struct Wanting {
    pub(super) method: Method,
    pub(super) contact: Wanted,
    pub(super) named: Named,
}

/// What is to be sent for an object.
pub(super) struct Outline {
    messages: Vec<Message>,
    pub(super) failures: Vec<Unsent>,
}

impl Outline {
    /// Whether it has nobody to go to.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

/// Plans the messages of an object; nothing is changed. Whoever wants nothing more, by what is kept here, gets nothing.
pub(super) fn outline(
    backend: &Backend,
    objects: &Objects<'_>,
    asked: &Asked<'_, '_>,
    wanting: &Wanting,
    request_id: &str,
) -> Result<Result<Outline, (i64, String)>, StoreError> {
    let Wanting { method, contact, ref named } = *wanting;
    let (ordinal, node) = (asked.ordinal, asked.node);
    let planning = Planning { request_id, ordinal, method: method.name(), node, contact, named };
    let planned = connector::plan(&backend.connectors, &asked.way, &planning);
    let planned = match planned {
        Ok(planned) => planned,
        Err(refused) => return Ok(Err(refused)),
    };
    let of = |(place, subscriber, code, text)| Unsent { place, subscriber, code, text, is_opt_out: false };
    let mut outline = Outline { messages: Vec::with_capacity(planned.messages.len()), failures: Vec::new() };
    outline.failures.extend(planned.failures.into_iter().map(of));
    for mut message in planned.messages {
        reached::settle(objects, &mut message)?;
        match unwilling(objects, &message)? {
            Some(unsent) if method == Method::Create => outline.failures.push(unsent),
            _ => outline.messages.push(message),
        }
    }
    Ok(Ok(outline))
}

/// Why a recipient who is kept here gets nothing. Held is who bounced e-mails, which is nothing to other channels.
///
/// He is looked for by what names him, key or address, and by the number that it goes to: whoever has that number may be
/// named otherwise here.
fn unwilling(objects: &Objects<'_>, message: &Message) -> Result<Option<Unsent>, StoreError> {
    let is_said = matches!(message.action, Action::Text(_) | Action::Template(_));
    if !is_said || !SENDS.contains(&message.kind.as_str()) {
        return Ok(None);
    }
    let mut kept = subscriber::by_number(objects, &message.recipient)?;
    if let Some(name) = message.subscriber.as_deref() {
        kept.extend(subscriber::by_key(objects, name)?);
        kept.extend(subscriber::by_email(objects, name)?);
    }
    let out = kept.iter().find(|(_, person)| opt_out::has_left(person));
    let out = match out {
        Some((_, person)) => Some(person.text("SubscriberKey").map(str::to_owned)),
        None => opt_out::find(objects, message)?.map(Some),
    };
    Ok(out.map(|name| {
        let (code, text) = triggered_send::unsubscribed();
        let subscriber = message.subscriber.clone().or(name);
        Unsent { place: message.place, subscriber, code, text, is_opt_out: true }
    }))
}

/// Owes what is to be sent for an object.
fn give(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    call: &Call<'_>,
    asked: &Asked<'_, '_>,
    asker: &Asker,
    request_id: &str,
    now: Time,
) -> Result<Given, StoreError> {
    let owner = asked.account;
    let mut given = Given {
        ordinal: asked.ordinal,
        account: owner.0,
        kind: asked.kind.to_owned(),
        refused: None,
        failures: Vec::new(),
        messages: Vec::new(),
        kept: false,
    };
    let mut contact = contact::wanted_of(call.operation, &call.options, asked.kind);
    let mut method = asked.method;
    if asked.kind == subscriber::KIND {
        let is_here = is_here(&txn.objects(&owner), asked.node)?;
        // Without an address nobody can be kept here; a contact may have a number alone.
        given.kept = is_here || asked.node.given("EmailAddress").is_some();
        // Who is kept here was there once, or came before the connector did: what is gone there is made by an Update again, and
        // is no reason to stay here.
        match asked.method {
            Method::Update if is_here && contact.absent == Wish::Missing => contact.absent = Wish::Remake,
            Method::Delete if is_here && contact.absent == Wish::Missing => contact.absent = Wish::Nothing,
            _ => {}
        }
        if asked.connector.system() != System::Yeastar {
            match if is_here { contact.present } else { contact.absent } {
                Wish::Create | Wish::Remake => method = Method::Create,
                Wish::Update => method = Method::Update,
                Wish::Delete => method = Method::Delete,
                Wish::Nothing => return Ok(given),
                // What is kept here says so itself.
                Wish::Missing | Wish::Exists | Wish::Refuse(_) => {}
            }
        }
    }
    let named = match phonebook::named(
        &txn.objects(&owner),
        asked.connector,
        (asked.kind, asked.method),
        asked.node,
        &call.options,
    )? {
        Ok(named) => named,
        Err(refused) => {
            given.refused = Some(refused);
            return Ok(given);
        }
    };
    let wanting = Wanting { method, contact, named };
    let mut outline = match outline(backend, &txn.objects(&owner), asked, &wanting, request_id)? {
        Ok(outline) => outline,
        Err(refused) => {
            given.refused = Some(refused);
            return Ok(given);
        }
    };
    if [subscriber::KIND, list::KIND].contains(&asked.kind)
        && let Some(refused) = known_now(backend, txn, call, asked, &mut outline, given.kept, now)?
    {
        given.refused = Some(refused);
        return Ok(given);
    }
    if route::is_template(asked.kind) {
        given.kept = true;
        if let Some(refused) = tried(backend, txn, call, asked, now)? {
            given.refused = Some(refused);
            return Ok(given);
        }
    }
    let definition = outline.messages.first().and_then(|message| message.definition.clone());
    for unsent in &outline.failures {
        let Some(subscriber) = unsent.subscriber.as_deref() else { continue };
        let batch = txn.objects(&owner).next_id();
        let about = About { kind: asked.kind, definition: definition.as_deref(), subscriber, batch };
        let count = if unsent.is_opt_out { Count::OptOut } else { Count::Error };
        event::not_sent(txn, &owner, &about, &unsent.text, count, now)?;
    }
    if asked.kind == triggered_send::KIND {
        event::owed(txn, &owner, definition.as_deref(), outline.messages.len(), now)?;
    }
    for message in outline.messages {
        reached::learn(txn, &owner, &message)?;
        let priority = match asker {
            // Somebody holds the line.
            Asker::Call { .. } => Priority::High,
            Asker::Part { .. } => call.options.priority(),
        };
        let outgoing = Outgoing { priority, ..Outgoing::new(owner.0, asker.clone(), message) };
        given.messages.push(txn.owe(&owner, Content::Message(Box::new(outgoing)), now, now)?);
    }
    given.failures = outline.failures;
    Ok(given)
}

/// Whether a subscriber is kept here.
pub(super) fn is_here(objects: &Objects<'_>, node: Node<'_>) -> Result<bool, StoreError> {
    match node.given("SubscriberKey").or_else(|| node.given("EmailAddress")) {
        Some(key) => Ok(subscriber::by_key(objects, &key)?.is_some()),
        None => Ok(false),
    }
}

/// What speaks against a change of a contact or a phonebook, and is known now. What others that go before may still change is
/// left to its turn.
fn known_now(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    call: &Call<'_>,
    asked: &Asked<'_, '_>,
    outline: &mut Outline,
    is_kept: bool,
    now: Time,
) -> Result<Option<(i64, String)>, StoreError> {
    let owner = asked.account;
    let mut waits = false;
    for message in &mut outline.messages {
        waits = txn.deliveries().has_before(message)?;
        if !waits {
            contact::look(&txn.objects(&owner), message, asked.connector.record)?;
        }
    }
    let is_contact = asked.kind == subscriber::KIND && asked.connector.system() == System::Yeastar;
    let refused = match is_contact && !is_kept && !waits {
        true => opt_out::refusal(&txn.objects(&owner), asked.node, asked.method, &outline.messages)?,
        false => None,
    };
    match outline.messages.first().filter(|_| !waits).and_then(Message::unsent) {
        Some(connector::Unsent::Refused(code, text)) => return Ok(Some((code, text))),
        Some(connector::Unsent::Nothing) => outline.messages.clear(),
        // Nobody waits for a system of which nothing is asked: it may rest.
        Some(connector::Unsent::Here(number, text)) => {
            // Who is known nowhere has no Status.
            let is_known = refused.is_none() || number == code::CONNECTOR_VALUE.code;
            if !is_kept && (asked.node.given("Status").is_none() || !is_known) {
                return Ok(Some((number, text)));
            }
            outline.messages.clear();
        }
        None => {}
    }
    if refused.is_some() {
        return Ok(refused);
    }
    let refused = match is_kept {
        true => tried(backend, txn, call, asked, now)?,
        false => None,
    };
    Ok(refused.filter(|(code, _)| !(waits && OF_PRESENCE.iter().any(|known| known.code == *code))))
}

/// That somebody is there, or is not: what goes before may have changed that.
const OF_PRESENCE: [ErrorCode; 3] =
    [code::SUBSCRIBER_EXISTS, code::SUBSCRIBER_KEY_NOT_FOUND, code::SUBSCRIBER_NOT_FOUND];

/// What a change of an object that is kept here too would be refused for. It is tried, and taken back: nothing is to be sent for
/// what would be refused.
fn tried(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    call: &Call<'_>,
    asked: &Asked<'_, '_>,
    now: Time,
) -> Result<Option<(i64, String)>, StoreError> {
    let tried = txn.attempt(|txn| {
        let mut work = Work { backend, txn, client: &asked.account, caller: None, now, tables: &mut Tables::default() };
        match phonebook::keep(&mut work, asked.kind, asked.method, asked.node, &call.options) {
            Ok(_) => Err(Tried::Possible),
            Err(failure) => Err::<(), _>(Tried::Failed(failure)),
        }
    });
    match tried {
        Ok(()) | Err(Tried::Possible) => Ok(None),
        Err(Tried::Failed(Failure::Refused(row))) => Ok(Some((row.code.unwrap_or_default(), row.message.into_owned()))),
        Err(Tried::Failed(Failure::Store(error))) => Err(error),
    }
}

/// What a trial that is taken back has shown.
enum Tried {
    Possible,
    Failed(Failure),
}
