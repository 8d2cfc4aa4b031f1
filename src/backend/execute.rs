//! Execute: requests that are called by name. The unsubscribing ones are done; every other is refused, in its own row.

use crate::{
    clock::Time,
    message::{Call, Row, client::Client, code},
    object::{Node, Object, Value},
    store::{StoreError, Transaction},
};

use super::{
    Backend, Failure, Work,
    list::{self, ListRef},
    membership,
    row::Tables,
    subscriber, tracking,
    walk::{self, acting_for},
};

/// Captured.
const POSTED: &str = "Event posted";

/// Carries out the requests of an Execute call. One row per request, in order; one that fails leaves the others alone.
///
/// # Errors
/// Only the store's: then nothing of the call was done.
pub fn apply(
    backend: &Backend,
    txn: &mut Transaction<'_>,
    client: &Client,
    call: &Call<'_>,
    now: Time,
) -> Result<Vec<Row>, StoreError> {
    walk::call(backend, txn, call, |txn, ordinal, request| {
        let acting = acting_for(client, call.options.client.as_ref(), request)?;
        let mut tables = Tables::default();
        let acting = acting.as_ref().unwrap_or(client);
        let mut work = Work { backend, txn, client: acting, caller: Some(client), now, tables: &mut tables };
        one(&mut work, client, request).map(|message| Row::ok(ordinal, message))
    })
}

/// Gives the StatusMessage.
fn one(work: &mut Work<'_, '_>, client: &Client, request: Node<'_>) -> Result<&'static str, Failure> {
    let name = request.given("Name").unwrap_or_default();
    let parameters = Parameters::read(request);
    match name.as_str() {
        "LogUnsubEvent" | "MasterUnsub" if !client.may("Execute", subscriber::KIND) => {
            Err(Failure::about(code::CANNOT_PERFORM, &format!("Execute of {name}: no permission for Subscriber")))
        }
        "LogUnsubEvent" => log_unsub_event(work, &parameters),
        "MasterUnsub" => master_unsub(work, &parameters),
        "" => Err(Failure::about(code::CANNOT_PERFORM, "Execute of a request without a Name")),
        // GetFolderHierarchy too: neither its parameters nor its results are documented well enough to answer truly.
        name => {
            Err(Failure::about(code::CANNOT_PERFORM, &format!("Execute of {name}: this server has no such request")))
        }
    }
}

/// `Parameters`, by name. Names do not differ by case alone; one without a value says nothing.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn read(request: Node<'_>) -> Self {
        let pair = |parameter: Node<'_>| Some((parameter.given("Name")?, parameter.given("Value")?));
        Self(request.children_named("Parameters").filter_map(pair).collect())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let number = text.parse::<i32>().map_err(|_| {
            Failure::about(code::EXCEPTION, &format!("[Execute]: parameter {name} is {text:?}, expected an xsd:int"))
        })?;
        Ok(Some(number.into()))
    }
}

/// The subscriber that the parameters name: by SubscriberID, else SubscriberKey, else EmailAddress.
fn named(work: &Work<'_, '_>, parameters: &Parameters) -> Result<(i64, Object), Failure> {
    let objects = work.objects();
    let (found, what) = if let Some(id) = parameters.number("SubscriberID")? {
        (subscriber::by_id(&objects, id)?, id.to_string())
    } else if let Some(key) = parameters.text("SubscriberKey") {
        (subscriber::by_key(&objects, key)?, key.to_owned())
    } else if let Some(email) = parameters.text("EmailAddress") {
        (subscriber::by_email(&objects, email)?, email.to_owned())
    } else {
        return Err(Failure::plain(code::UNSUB_KEY_REQUIRED));
    };
    found.ok_or_else(|| Failure::about(code::UNSUB_NOT_FOUND, &what))
}

/// Unsubscribes from the list that is named, or from everything when none is (All Subscribers is everything), and keeps
/// the event. There are no jobs here in which to look for JobID and BatchID: they are kept with the event as given.
fn log_unsub_event(work: &mut Work<'_, '_>, parameters: &Parameters) -> Result<&'static str, Failure> {
    let (id, subscriber) = named(work, parameters)?;
    let job = parameters.number("JobID")?;
    let batch = parameters.number("BatchID")?;
    let list = parameters.number("ListID")?;
    if let Some(list) = list
        && list::find(&work.objects(), &ListRef { id: Some(list), ..ListRef::default() })?.is_none()
    {
        return Err(Failure::about(code::LIST_NOT_FOUND, &list.to_string()));
    }
    let all = list::all_subscribers(work)?;
    let key = subscriber.text("SubscriberKey").unwrap_or_default().to_owned();
    let list = list.unwrap_or(all);
    if list == all {
        subscriber::unsubscribe(work, id, subscriber)?;
    } else if membership::unsubscribe(work, list, id)?.is_none() {
        return Err(Failure::plain(code::NOT_ON_LIST));
    }
    let mut event = tracking::unsubscribed(&key, list, list == all);
    let numbers = [("SendID", job), ("BatchID", batch)];
    for (name, number) in numbers.into_iter().filter_map(|(name, number)| Some((name, number?))) {
        event.set_text(name, number.to_string());
    }
    if let Some(reason) = parameters.text("Reason") {
        // The schema has no member for it; APIObject's free ones are there for that.
        let mut property = Object::new("APIProperty");
        property.set_text("Name", "Reason");
        property.set_text("Value", reason);
        event.set("PartnerProperties", Value::Object(property));
    }
    tracking::keep(work, event)?;
    Ok(POSTED)
}

/// Deprecated on the service, and not captured: the answer is ours.
fn master_unsub(work: &mut Work<'_, '_>, parameters: &Parameters) -> Result<&'static str, Failure> {
    let (id, subscriber) = named(work, parameters)?;
    if subscriber::unsubscribe(work, id, subscriber)? {
        Ok("Subscriber unsubscribed")
    } else {
        Err(Failure::plain(code::MASTER_UNSUBSCRIBED))
    }
}
