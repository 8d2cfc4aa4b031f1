//! What can be retrieved about asynchronous calls: ResultItem, ResultMessage, AsyncRequestResult.
//!
//! They are kept like other objects, so that filters and continuation are those of every Retrieve. ResultItem and
//! ResultMessage have falling numbers: what was made last is found first. A ResultMessage's ResultDetailXML is kept apart,
//! and read only for who asks for it.

use super::connected;
use crate::{
    clock::Time,
    message::{Call, Row, overall_status},
    object::Object,
    store::{Objects, Outcome, Owner, Results, StoreError, Transaction},
};

/// One for each object of a call.
pub(super) const ITEM: &str = "ResultItem";
/// One for each call.
pub const MESSAGE: &str = "ResultMessage";
/// The member of a ResultMessage that is kept apart.
pub(super) const DETAIL: &str = "ResultDetailXML";
pub(crate) const JOB: &str = "AsyncRequestResult";

/// Index names.
pub(crate) const BY_REQUEST: &str = "request";
pub(crate) const BY_CONVERSATION: &str = "conversation";
pub(crate) const BY_CORRELATION: &str = "correlation";

/// Which call a result is of.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// RequestID
    pub request_id: &'a str,
    /// ConversationID, where the call has one.
    pub conversation_id: Option<&'a str>,
    /// SequenceCode and CallsInConversation
    pub place: (u32, u32),
    /// When the call was accepted.
    pub accepted: Time,
    /// Now.
    pub now: Time,
}

/// What became of a call as a whole.
#[derive(Clone, Debug)]
pub struct Whole {
    /// `OverallStatusCode`
    pub overall: &'static str,
    /// `StatusMessage`
    pub message: String,
    /// `ErrorCode`
    pub code: Option<i64>,
}

impl Whole {
    /// What the rows of a call come to: the first error, if there is one.
    pub fn of(rows: &[Row]) -> Self {
        let overall = overall_status(rows);
        let error = rows.iter().find(|row| !row.is_ok());
        let message = error.map_or_else(|| overall.to_owned(), |row| row.message.to_string());
        Self { overall, message, code: error.and_then(|row| row.code) }
    }

    /// A call of which nothing was done.
    pub fn failed(code: i64, message: &str) -> Self {
        Self { overall: "Error", message: message.to_owned(), code: Some(code) }
    }

    /// `StatusCode`: of the documentation's two words the one for what went wrong in any part.
    fn status(&self) -> &'static str {
        if self.code.is_some() { "Error" } else { "OK" }
    }
}

/// A text as the indexes hold it: filters compare without case, and values are looked up in lower case.
fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

impl About<'_> {
    fn object(&self, kind: &str) -> Object {
        let mut object = Object::new(kind);
        object.set_text("CreatedDate", self.accepted.to_string());
        object.set_text("ModifiedDate", self.now.to_string());
        object.set_text("RequestID", self.request_id);
        if let Some(id) = self.conversation_id {
            object.set_text("ConversationID", id);
        }
        object
    }

    fn keep(&self, txn: &Transaction<'_>, owner: &impl Owner, number: i64, object: &Object) -> Result<(), StoreError> {
        let keys = keys(object);
        let keys: Vec<_> = keys.iter().map(|(index, text)| (*index, text.as_str())).collect();
        txn.objects(owner).add(&object.kind, number, object, &keys)?;
        Ok(())
    }
}

/// What a result is found by.
fn keys(object: &Object) -> Vec<(&'static str, String)> {
    let members = [(BY_REQUEST, "RequestID"), (BY_CONVERSATION, "ConversationID"), (BY_CORRELATION, "CorrelationID")];
    members.into_iter().filter_map(|(index, member)| Some((index, folded(object.text(member)?)))).collect()
}

/// Keeps a ResultItem that has changed since it was written.
pub(super) fn change_item(
    txn: &Transaction<'_>,
    owner: &impl Owner,
    number: i64,
    item: &Object,
) -> Result<(), StoreError> {
    let keys = keys(item);
    let keys: Vec<_> = keys.iter().map(|(index, text)| (*index, text.as_str())).collect();
    txn.objects(owner).put(ITEM, number, item, &keys).map(drop)
}

/// Keeps one ResultItem for each row; gives their numbers in that order.
pub fn put_items(
    txn: &Transaction<'_>,
    owner: &impl Owner,
    about: &About<'_>,
    call: &Call<'_>,
    rows: &[Row],
) -> Result<Vec<i64>, StoreError> {
    // Falling from call to call, rising within one: the newest call first, its objects in order.
    let mut numbers: Vec<i64> = rows.iter().map(|_| -txn.objects(owner).next_id()).collect();
    numbers.reverse();
    for (row, number) in rows.iter().zip(&numbers) {
        let mut item = about.object(ITEM);
        if let Some(node) = call.objects.get(row.ordinal) {
            if let Some(id) = node.child("CorrelationID").filter(|id| !id.is_nil()) {
                item.set_text("CorrelationID", id.text().trim());
            }
            if let Some((_, name)) = node.xsi_type() {
                item.set_text("RequestObjectType", name);
            }
        }
        item.set_text("StatusCode", if row.is_ok() { "OK" } else { "Error" });
        item.set_text("StatusMessage", row.message.to_string());
        item.set_text("OrdinalID", row.ordinal.to_string());
        if let Some(code) = row.code {
            item.set_text("ErrorCode", code.to_string());
        }
        item.set_text("RequestType", "Asynchronous");
        about.keep(txn, owner, *number, &item)?;
    }
    Ok(numbers)
}

/// Keeps the ResultMessage of a call, with its answer as XML where it was run.
pub fn put_message(
    txn: &Transaction<'_>,
    owner: &impl Owner,
    about: &About<'_>,
    whole: &Whole,
    detail: Option<&str>,
) -> Result<i64, StoreError> {
    let number = -txn.objects(owner).next_id();
    let mut message = about.object(MESSAGE);
    message.set_text("OverallStatusCode", whole.overall);
    message.set_text("StatusCode", whole.status());
    message.set_text("StatusMessage", whole.message.as_str());
    if let Some(code) = whole.code {
        message.set_text("ErrorCode", code.to_string());
    }
    message.set_text("RequestType", "Asynchronous");
    message.set_text("ResultType", "Asynchronous");
    let (sequence, calls) = about.place;
    message.set_text("SequenceCode", sequence.to_string());
    message.set_text("CallsInConversation", calls.to_string());
    about.keep(txn, owner, number, &message)?;
    if let Some(detail) = detail {
        txn.objects(owner).add(DETAIL, number, detail, &[])?;
    }
    Ok(number)
}

/// The ResultDetailXML of a ResultMessage.
pub(crate) fn detail(objects: &Objects<'_>, message: i64) -> Result<Option<String>, StoreError> {
    objects.get(DETAIL, message)
}

/// A new RequestID. It begins with the time, so that what is indexed by RequestID is written in one place and not all over.
pub fn request_id(now: Time) -> String {
    let [a, b, c, d, e, f, _, _, _, g, h, i, j, ..] = *uuid::Uuid::new_v4().as_bytes();
    let millis = now.millis().max(0).cast_unsigned();
    uuid::Builder::from_unix_timestamp_millis(millis, &[a, b, c, d, e, f, g, h, i, j]).into_uuid().to_string()
}

/// Keeps the AsyncRequestResult of a call that was accepted. Its ObjectID is the RequestID: the schema has no other place.
pub fn put_job(txn: &Transaction<'_>, owner: &impl Owner, request_id: &str, now: Time) -> Result<i64, StoreError> {
    let number = txn.objects(owner).next_id();
    let mut job = Object::new(JOB);
    job.set_text("ID", number.to_string());
    job.set_text("ObjectID", request_id);
    job.set_text("CreatedDate", now.to_string());
    job.set_text("Status", "Pending");
    job.set_text("CallMessage", "Queued");
    keep_job(txn, owner, number, &job)?;
    Ok(number)
}

/// Writes how a call ended into its AsyncRequestResult.
pub fn end_job(
    txn: &Transaction<'_>,
    owner: &impl Owner,
    number: i64,
    outcome: Outcome,
    whole: &Whole,
    now: Time,
) -> Result<(), StoreError> {
    let Some(mut job) = txn.objects(owner).get::<Object>(JOB, number)? else { return Ok(()) };
    job.set_text("ModifiedDate", now.to_string());
    job.set_text("Status", if outcome == Outcome::Ok { "Complete" } else { "Error" });
    job.set_text("CompleteDate", now.to_string());
    job.set_text("CallStatus", whole.status());
    job.set_text("CallMessage", whole.message.as_str());
    keep_job(txn, owner, number, &job)
}

fn keep_job(txn: &Transaction<'_>, owner: &impl Owner, number: i64, job: &Object) -> Result<(), StoreError> {
    // By its RequestID it is found over its part.
    txn.objects(owner).add(JOB, number, job, &[])
}

/// Removes everything that is kept about a part.
pub fn remove(txn: &Transaction<'_>, owner: &impl Owner, results: &Results) -> Result<(), StoreError> {
    let objects = txn.objects(owner);
    for item in &results.items {
        objects.remove(ITEM, *item)?;
    }
    if let Some(message) = results.message {
        objects.remove(MESSAGE, message)?;
        objects.remove(DETAIL, message)?;
    }
    objects.remove(JOB, results.job)?;
    connected::remove(txn, owner, results.job)
}
