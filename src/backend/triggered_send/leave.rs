//! What a link for unsubscribing does: one subscriber leaves one list, or all of them.

use crate::{
    clock::Time,
    object::Object,
    store::{StoreError, Transaction, View},
};

use super::{
    super::{
        Backend, Work, list, membership,
        row::Tables,
        subscriber,
        tracking::{self, Count},
    },
    DEFINITION,
    link::Claim,
};

/// What a link would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The name of the list; `None` for all mail of the account.
    pub list: Option<String>,
    /// There is nothing left to do: he has left it, or is not known any more.
    pub done: bool,
}

/// What a link has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// He was on it and is no longer.
    Now,
    /// He had left before, or is not known any more.
    Before,
}

/// What following a link would do. Nothing is changed.
///
/// # Errors
/// The store's.
pub fn leaving(view: &View<'_>, claim: &Claim) -> Result<Leaving, StoreError> {
    let objects = view.objects(claim);
    let kept: Option<Object> = match list::is_all_subscribers(&objects, claim.list)? {
        true => None,
        false => objects.get(list::KIND, claim.list)?,
    };
    let subscriber = subscriber::by_id(&objects, claim.subscriber)?;
    let everything = subscriber.as_ref().is_none_or(|(_, kept)| kept.text("Status") == Some("Unsubscribed"));
    let this = match &kept {
        Some(_) => membership::status(&objects, claim.list, claim.subscriber)?.as_deref() == Some("Unsubscribed"),
        None => false,
    };
    let name = kept.map(|kept| kept.text("ListName").unwrap_or_default().to_owned());
    Ok(Leaving { list: name, done: everything || this })
}

/// Follows a link. Doing it twice is doing it once. Where the list is gone, the subscriber leaves everything: he wants no
/// more of this mail, and there is no narrower way left.
///
/// # Errors
/// The store's.
pub fn leave(backend: &Backend, txn: &mut Transaction<'_>, claim: &Claim, now: Time) -> Result<Left, StoreError> {
    let mut tables = Tables::default();
    let work = &mut Work { backend, txn, client: claim, caller: None, now, tables: &mut tables };
    let Some((id, kept)) = subscriber::by_id(&work.objects(), claim.subscriber)? else {
        return Ok(Left::Before);
    };
    let key = kept.text("SubscriberKey").unwrap_or_default().to_owned();
    let all = list::all_subscribers(work)?;
    let list = if work.objects().has(list::KIND, claim.list)? { claim.list } else { all };
    let left = match list == all {
        true => subscriber::unsubscribe(work, id, kept)?,
        // He need not be on the list to have had its mail.
        false => match membership::unsubscribe(work, list, id)? {
            Some(left) => left,
            None => {
                membership::join(work, list, id, Some("Unsubscribed"))?;
                true
            }
        },
    };
    if !left {
        return Ok(Left::Before);
    }
    let mut event = tracking::unsubscribed(&key, list, list == all);
    event.set_text("SendID", claim.job.to_string());
    event.set_text("BatchID", claim.batch.to_string());
    let definition: Option<Object> = work.objects().get(DEFINITION, claim.job)?;
    if let Some(guid) = definition.as_ref().and_then(|definition| definition.text("ObjectID")) {
        event.set_text("TriggeredSendDefinitionObjectID", guid);
    }
    tracking::keep(work, event)?;
    if let Some(definition) = definition {
        tracking::count(work, claim.job, &definition, &[(Count::Unsubscribed, 1)])?;
    }
    Ok(Left::Now)
}
