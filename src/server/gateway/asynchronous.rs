//! Calls that are queued: the checks, the immediate answer, the acceptance.
//!
//! What is kept is the envelope as it came, decoded, but for its header: credentials do not go to disk.

use std::borrow::Cow;

use crate::{
    backend::triggered_send,
    conversation::{Arriving, Asked, Objection, Place, Rejection, may_be_asynchronous, object_to, place},
    message::{Call, Echo, Operation, Queued, Row, client::Client, code},
    object::{Member, Node},
    queue::{Arrival, Refusal, accept},
    schema::PARTNER_API,
    soap::{Fault, fault},
    store::Transaction,
};

use super::{Gateway, Request, work::WorkError};

/// The rows of a call that is not done now: it was queued, or refused. `None` for a synchronous call.
pub(super) async fn queue(
    gateway: &Gateway,
    request: &Request,
    call: &Call<'_>,
    client: &Client,
    request_id: &str,
) -> Result<Option<Vec<Row>>, Fault> {
    let settings = &gateway.backend.settings.conversations;
    let now = gateway.clock.now();
    let ids: Vec<Cow<'_, str>> =
        if call.options.asynchronous { call.objects.iter().filter_map(correlation_id).collect() } else { Vec::new() };
    let asked = Asked { options: &call.options, objects: call.objects.len(), correlation_ids: &ids };
    let place = match place(&asked, now, settings) {
        Ok(Place::Synchronous) => return Ok(None),
        Ok(place) => place,
        Err(rejection) => {
            let objection = object_to(&call.options.send_response_to, settings);
            let objection = objection.filter(|objection| objection.rejection() == rejection);
            return Ok(Some(match objection {
                Some(objection) => objected(call, &objection, request_id),
                None => refused(call, rejection),
            }));
        }
    };
    if let Some(rows) = unfit(call) {
        return Ok(Some(rows));
    }
    let failures = match check_sends(gateway, request, call, client).await? {
        Sends::None => None,
        Sends::Fit(failures) => Some(failures),
        Sends::Unfit(rows) => return Ok(Some(rows)),
    };
    let named = call.options.client.as_ref().map(|named| client.account_of(named)).transpose();
    let acting = match named {
        Ok(account) => {
            account.flatten().and_then(|account| client.acting_for(account)).unwrap_or_else(|| client.clone())
        }
        Err(what) => {
            let text = code::NO_ACCESS.about(&what);
            return Ok(Some(rows(call, |ordinal| Row::error(ordinal, code::NO_ACCESS.code, text.clone()))));
        }
    };
    let Some(part) = Arriving::new(&place, &call.options, failures.is_some()) else { return Ok(None) };
    let conversation_id = match place {
        Place::Part { conversation_id, .. } => Some(conversation_id),
        Place::Single | Place::Synchronous => None,
    };
    let arrival = Arrival {
        client: acting,
        conversation_id: conversation_id.clone(),
        part,
        operation: call.operation,
        objects: call.objects.len(),
        targets: call.options.send_response_to.clone(),
        request_id: request_id.to_owned(),
        envelope: without_credentials(request)?,
        renews: None,
    };
    let settings = settings.clone();
    let taken = gateway.store.write(move |txn: &mut Transaction<'_>| accept(txn, &arrival, now, &settings)).await;
    // A refusal too may have changed when something is due.
    gateway.queue.wake();
    match taken {
        Ok(Ok(())) => {
            let queued = Queued { request_id: request_id.to_owned(), conversation_id };
            let message = gateway.queue.settings().message.clone();
            let failures = failures.unwrap_or_default();
            Ok(Some(rows(call, |ordinal| Row {
                queued: Some(Box::new(queued.clone())),
                extra: failures.get(ordinal).cloned().unwrap_or_default(),
                ..Row::ok(ordinal, message.clone())
            })))
        }
        Ok(Err(rejection)) | Err(Refusal::Rule(rejection)) => Ok(Some(refused(call, rejection))),
        // The service's own code for "not now" (facts/wire 1.5).
        Err(Refusal::Quota(excess)) => {
            Err(Fault::server(fault::RATE_LIMITED, format!("{}: {excess}", fault::RATE_LIMITED.text)))
        }
        Err(Refusal::Store(error)) => Err(WorkError::Store(error).fault()),
    }
}

/// What makes a call unfit for the queue whatever the rules say: its operation, or no objects.
fn unfit(call: &Call<'_>) -> Option<Vec<Row>> {
    if !may_be_asynchronous(call.operation) {
        let text = code::CANNOT_PERFORM.about(&format!("asynchronous {}", call.operation.name()));
        return Some(rows(call, |ordinal| Row::error(ordinal, code::CANNOT_PERFORM.code, text.clone())));
    }
    let none = || Row::error(0, code::NO_OBJECT.code, code::NO_OBJECT.about("0"));
    call.objects.is_empty().then(|| vec![none()])
}

/// The sends of a call, checked before it is queued (seed 004).
enum Sends {
    /// There are none.
    None,
    /// They may be queued. The members that tell of subscribers who get nothing, for each object of the call.
    Fit(Vec<Vec<Member>>),
    /// One of them does not pass, so nothing of the call is queued: each has its own answer, the other objects the code of a
    /// failed validation.
    Unfit(Vec<Row>),
}

async fn check_sends(gateway: &Gateway, request: &Request, call: &Call<'_>, client: &Client) -> Result<Sends, Fault> {
    let is = |kind: &'static str| move |node: &Node<'_>| node.xsi_type().is_some_and(|(_, name)| name == kind);
    let has_mails = call.objects.iter().any(is("TriggeredSend"));
    let may_have_texts = !gateway.backend.connectors.routes.is_empty();
    if call.operation != Operation::Create
        || !(has_mails || may_have_texts && call.objects.iter().any(is("SMSTriggeredSend")))
    {
        return Ok(Sends::None);
    }
    let (backend, request, client) = (gateway.backend.clone(), request.clone(), client.clone());
    let now = gateway.clock.now();
    let checked = gateway.store.read(move |view| -> Result<Vec<Option<Row>>, WorkError> {
        let call = request.call().map_err(WorkError::Fault)?;
        Ok(triggered_send::validate(&backend, view, &client, &call, now)?)
    });
    let checked = checked.await.map_err(WorkError::fault)?;
    if checked.iter().flatten().all(Row::is_ok) {
        // QueuePriority is for triggered sends alone, and so are their windows.
        if !has_mails {
            return Ok(Sends::None);
        }
        let failures = |row: Option<Row>| row.map(|row| row.extra).unwrap_or_default();
        return Ok(Sends::Fit(checked.into_iter().map(failures).collect()));
    }
    let invalid = |ordinal: usize| Row {
        echo: Echo::None,
        ..Row::error(ordinal, Rejection::Invalid.code(), Rejection::Invalid.text())
    };
    let refused = checked.into_iter().enumerate().map(|(ordinal, row)| match row {
        Some(row) if !row.is_ok() => row,
        Some(row) => Row { subtype: row.subtype, ..invalid(ordinal) },
        None => invalid(ordinal),
    });
    Ok(Sends::Unfit(refused.collect()))
}

fn correlation_id<'a>(node: &Node<'a>) -> Option<Cow<'a, str>> {
    let id = node.child("CorrelationID").filter(|id| !id.is_nil())?;
    Some(match id.text() {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    })
}

/// One row for each object, with the subtype that a synchronous answer would have, and without the object.
fn rows(call: &Call<'_>, row: impl Fn(usize) -> Row) -> Vec<Row> {
    let nodes = call.objects.iter().enumerate();
    let mut rows: Vec<Row> = nodes
        .map(|(ordinal, node)| Row { echo: Echo::least(call.operation), subtype: subtype(call, *node), ..row(ordinal) })
        .collect();
    if rows.is_empty() {
        rows.push(Row { echo: Echo::least(call.operation), ..row(0) });
    }
    rows
}

fn refused(call: &Call<'_>, rejection: Rejection) -> Vec<Row> {
    if rejection == Rejection::TooManyObjects {
        // About none of the objects.
        return vec![Row { echo: Echo::least(call.operation), ..Row::error(0, rejection.code(), rejection.text()) }];
    }
    rows(call, |ordinal| Row::error(ordinal, rejection.code(), rejection.text()))
}

/// The same where something is wrong with who is to be told: what, and where.
fn objected(call: &Call<'_>, objection: &Objection, request_id: &str) -> Vec<Row> {
    let (code, text) = (objection.rejection().code(), objection.text());
    tracing::info!(request.id = request_id, code, "a call is refused: {objection}");
    rows(call, |ordinal| Row { detail: objection.detail(), ..Row::error(ordinal, code, text.clone()) })
}

/// The xsi:type of Results: that of captured answers.
fn subtype(call: &Call<'_>, node: Node<'_>) -> Option<&'static str> {
    let (_, name) = node.xsi_type()?;
    match (call.operation, name) {
        (Operation::Create, "TriggeredSend") => Some("TriggeredSendCreateResult"),
        (Operation::Create, "DataExtensionObject") => Some("DataExtensionCreateResult"),
        (Operation::Update, "DataExtensionObject") => Some("DataExtensionUpdateResult"),
        (Operation::Delete, "DataExtensionObject") => Some("DataExtensionDeleteResult"),
        _ => None,
    }
}

/// The envelope with a header that holds nothing but Options.
fn without_credentials(request: &Request) -> Result<String, Fault> {
    let root = request.tree.root();
    let text = root.raw();
    let version = request.envelope()?.version;
    let (mut kept, mut from) = (String::with_capacity(text.len()), 0);
    let headers = root.children().filter(|part| part.is(version.namespace(), "Header"));
    for block in headers.flat_map(|header| header.children()) {
        if block.is(PARTNER_API, "Options") {
            continue;
        }
        // Both are slices of one text.
        let start = block.raw().as_ptr().addr().saturating_sub(text.as_ptr().addr());
        kept.push_str(text.get(from..start).unwrap_or_default());
        from = start.saturating_add(block.raw().len());
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    Ok(kept)
}
