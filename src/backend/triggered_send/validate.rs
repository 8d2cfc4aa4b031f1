//! What is checked of the triggered sends of a call before it is queued (seed 004: required fields and addresses), so that
//! its caller hears at once.
//!
//! It reads and changes nothing. The same checks are made again when the call is done.

use std::collections::HashSet;

use crate::{
    clock::Time,
    message::{Call, Operation, Row, client::Client},
    object::Node,
    store::{StoreError, View},
};

use super::{
    super::{
        Backend, Failure, connected,
        walk::{self, acting_for, check_values},
    },
    DEFINITION, House, KIND, check, content_of, recipient, refused, row, subscribers,
};
use crate::message::code;

/// One answer for each TriggeredSend of a Create, and for other sends that go to a connector, in the places of the objects; nothing
/// for other objects. An answer that is
/// no error may still tell of subscribers who get nothing.
///
/// A call that stands alone is checked against the store, as if it were done now. In a conversation of several parts, behind other objects, or
/// with a ScheduledTime, what is there when it is done may be another: there only what the call itself says is checked.
///
/// # Errors
/// The store's.
pub fn validate(
    backend: &Backend,
    view: &View<'_>,
    client: &Client,
    call: &Call<'_>,
    now: Time,
) -> Result<Vec<Option<Row>>, StoreError> {
    let is_send = |node: &Node<'_>| node.ty().is_some_and(|ty| backend.schema.type_name(ty) == KIND);
    if call.operation != Operation::Create {
        return Ok(call.objects.iter().map(|_| None).collect());
    }
    let several = call.options.calls_in_conversation.is_some_and(|calls| calls > 1);
    let mut alone = !several && call.options.scheduled_time.is_none();
    let mut rows = Vec::with_capacity(call.objects.len());
    for (ordinal, node) in call.objects.iter().enumerate() {
        alone &= is_send(node);
        if let Some(checked) = connected::check(backend, view, client, call, ordinal, *node)? {
            rows.push(Some(walk::row(ordinal, checked)?));
            continue;
        }
        let checked = is_send(node).then(|| one(backend, view, client, call, *node, alone.then_some(now)));
        rows.push(checked.map(|checked| walk::row(ordinal, checked)).transpose()?);
    }
    Ok(rows)
}

fn one(
    backend: &Backend,
    view: &View<'_>,
    client: &Client,
    call: &Call<'_>,
    node: Node<'_>,
    whole: Option<Time>,
) -> Result<Row, Failure> {
    if !client.may(call.operation.name(), KIND) {
        return Err(Failure::cannot(call.operation.name(), KIND));
    }
    let acting = acting_for(client, call.options.client.as_ref(), node)?;
    check_values(node)?;
    let settings = &backend.settings.sends;
    if let Some(now) = whole {
        let client = acting.as_ref().unwrap_or(client);
        let objects = view.objects(client);
        let (_, _, content) = content_of(&objects, node, settings)?;
        let house = House { account: client.account(), directory: Some(client.directory()), settings, now };
        return Ok(check(&objects, &house, &content, node)?.row);
    }
    if node.child(DEFINITION).is_none_or(|definition| super::generic::identity(definition).is_none()) {
        return Err(refused(code::INVALID_CUSTOMER_KEY.code, super::UNNAMED));
    }
    if !settings.possible {
        return Err(refused(code::SEND_IMPOSSIBLE.code, code::SEND_IMPOSSIBLE.text));
    }
    let mut seen = HashSet::new();
    let all = subscribers(node)?;
    let problems = all.iter().enumerate().filter_map(|(ordinal, subscriber)| {
        let problem = recipient::check_fields(*subscriber, &mut seen).err()?;
        Some(problem.failure(ordinal, *subscriber))
    });
    let failures: Vec<_> = problems.collect();
    Ok(row(failures.len() == all.len(), failures))
}
