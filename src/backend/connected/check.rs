//! What is checked of sends that go to connectors before their call is queued, so that its caller hears at once. Nothing is
//! changed or sent.

use crate::{
    connector::Named,
    message::{Call, Row, client::Client},
    object::Node,
    store::{StoreError, View},
};

use super::{
    super::{Backend, Failure, plan::Method, triggered_send},
    contact,
    event::SENDS,
    plan::{Wanting, asked, may_have_objects, outline},
    row::{Outcome, of_one, of_send, refused},
};

/// The answer to a send that goes to a connector, as far as it can be known before anything is sent; none for any other object.
/// One that is no error may still tell of subscribers who get nothing.
pub(in crate::backend) fn check(
    backend: &Backend,
    view: &View<'_>,
    client: &Client,
    call: &Call<'_>,
    ordinal: usize,
    node: Node<'_>,
) -> Result<Option<Result<Row, Failure>>, StoreError> {
    let kind = node.ty().map_or("", |ty| backend.schema.type_name(ty));
    if !SENDS.contains(&kind) || !may_have_objects(backend, call) {
        return Ok(None);
    }
    let asked = match asked(backend, client, call, ordinal, node) {
        Ok(Some(asked)) => asked,
        Ok(None) => return Ok(None),
        Err(Failure::Store(error)) => return Err(error),
        Err(refused) => return Ok(Some(Err(refused))),
    };
    let (method, contact) = (Method::of(call.operation), contact::wanted_of(call.operation, &call.options, asked.kind));
    let wanting = Wanting { method, contact, named: Named::default() };
    let outline = match outline(backend, &view.objects(&asked.account), &asked, &wanting, "")? {
        Ok(outline) => outline,
        Err((code, text)) => return Ok(Some(Err(refused(asked.kind, code, &text)))),
    };
    let mut outcomes: Vec<Outcome> = outline.failures.iter().map(Outcome::of_unsent).collect();
    if !outline.is_empty() {
        outcomes.push(Outcome::planned());
    }
    Ok(Some(Ok(match asked.kind {
        triggered_send::KIND => of_send(outcomes, node),
        _ => of_one(outcomes),
    })))
}
