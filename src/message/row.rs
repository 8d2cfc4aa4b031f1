//! One Result of a call, before it is written.
//!
//! A row keeps no reference to the request: the object that comes back is named by its place in the call.

use std::borrow::Cow;

use super::Operation;
use crate::object::{Member, Object};

/// The Result of one object. Its WSDL type follows from the operation; [`Row::subtype`] names a derived one.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `OrdinalID`: the place of the object in the call, from 0.
    pub ordinal: usize,
    /// The xsi:type of Results, where the service's has one (`TriggeredSendCreateResult`).
    pub subtype: Option<&'static str>,
    /// `ErrorCode`; a row with one has StatusCode `Error`, a row without `OK`.
    pub code: Option<i64>,
    /// `StatusMessage`
    pub message: Cow<'static, str>,
    /// `NewID`; 0 for types whose identifier is a GUID, and on error.
    pub new_id: i64,
    /// `NewObjectID`
    pub new_object_id: Option<String>,
    /// `Object`
    pub echo: Echo,
    /// `Task` of a PerformResult: the job that was recorded.
    pub task: Option<Task>,
    /// What the Result of an asynchronous call says beside: of which call it is.
    pub queued: Option<Box<Queued>>,
    /// Members after `Object` that a subtype adds (`KeyErrors`, `SubscriberFailures`), in schema order.
    pub extra: Vec<Member>,
    /// `ResultDetailXML`: what a connector's system has answered.
    pub detail: Option<String>,
    /// Whether only a part of it was done, though it is no error: the call as a whole `Has Errors`.
    pub is_partial: bool,
}

/// What stands in `Object`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Echo {
    /// Nothing.
    None,
    /// The object as it was sent.
    #[default]
    Request,
    /// The object byte for byte as it was received.
    Received,
    /// The object as it was sent, with these top-level members set.
    RequestWith(Vec<(&'static str, String)>),
    /// Another object.
    Object(Object),
}

impl Echo {
    /// The least that may stand in an answer to this operation: all Results but a CreateResult must have an Object (WSDL), and
    /// theirs is an empty one.
    pub fn least(operation: Operation) -> Self {
        match operation {
            Operation::Create => Self::None,
            _ => Self::Object(Object::new("APIObject")),
        }
    }
}

/// The job behind a performed definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// `ID`
    pub id: i64,
    /// `InteractionObjectID`
    pub interaction_object_id: String,
}

/// `RequestID`, `ConversationID` and `RequestType` of a Result: of calls that are answered before they are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// `RequestID`
    pub request_id: String,
    /// `ConversationID`, where one was given.
    pub conversation_id: Option<String>,
}

impl Row {
    /// A row that says it worked.
    pub fn ok(ordinal: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            ordinal,
            subtype: None,
            code: None,
            message: message.into(),
            new_id: 0,
            new_object_id: None,
            echo: Echo::Request,
            task: None,
            queued: None,
            extra: Vec::new(),
            detail: None,
            is_partial: false,
        }
    }

    /// A row that says it did not.
    pub fn error(ordinal: usize, code: i64, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Some(code), ..Self::ok(ordinal, message) }
    }

    /// Whether it worked.
    pub fn is_ok(&self) -> bool {
        self.code.is_none()
    }
}

/// `OverallStatus` of rows: `OK`, `Error` when none worked, `Has Errors` when some did, or one by half (facts/wire 2.2: both
/// Node SDKs test for this spelling; the documentation has others).
pub fn overall_status(rows: &[Row]) -> &'static str {
    let failed = rows.iter().filter(|row| !row.is_ok()).count();
    let is_partial = rows.iter().any(|row| row.is_partial);
    match failed {
        0 if !is_partial => "OK",
        all if all == rows.len() && !is_partial => "Error",
        _ => "Has Errors",
    }
}
