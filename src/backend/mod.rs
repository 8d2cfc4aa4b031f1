//! The work: a call is applied to the objects that are kept, one Result per object, in the order of the call.
//!
//! It runs inside the store's transaction: what one call changes is on disk before anyone is answered, and an object that
//! fails leaves nothing behind. It knows no socket and no envelope.

mod account;
mod apply;
pub mod data_extension;
pub mod definition;
pub mod describe;
pub mod execute;
mod generic;
mod kind;
mod list;
pub mod membership;
mod plan;
pub mod retrieve;
pub mod row;
pub mod seed;
pub mod status;
mod subscriber;
mod triggered_send;
mod walk;

use std::sync::Arc;

use crate::{
    clock::Time,
    message::{ErrorCode, MAX_OBJECTS, Row, code},
    schema::Schema,
    store::{ObjectsMut, Owner, StoreError, Transaction},
};

pub use apply::apply;

/// Limits of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Objects of one call; one more is error 218. Never more than [`MAX_OBJECTS`].
    pub max_objects: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_objects: MAX_OBJECTS }
    }
}

/// What the work needs to know beside the call. Shared by all requests. Accounts are not here: a [`Client`] brings the
/// directory in which it was found, so that a reload shows in what BusinessUnit and AccountUser tell.
///
/// [`Client`]: crate::message::client::Client
#[derive(Clone, Debug)]
pub struct Backend {
    /// The contract.
    pub schema: Arc<Schema>,
    /// Limits of the work.
    pub settings: Settings,
}

/// One object's work: the transaction, and for whom.
pub(crate) struct Work<'w, 't> {
    pub(crate) backend: &'w Backend,
    pub(crate) txn: &'w mut Transaction<'t>,
    /// The account that the object belongs to.
    pub(crate) client: &'w dyn Owner,
    pub(crate) now: Time,
    /// Data extensions that this call has opened.
    pub(crate) tables: &'w mut row::Tables,
}

impl Work<'_, '_> {
    /// The objects of that account.
    pub(crate) fn objects(&self) -> ObjectsMut<'_> {
        self.txn.objects(self.client)
    }
}

/// Why an object was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller's: it becomes the object's Result.
    Refused(Box<Row>),
    /// The store's: it ends the whole call.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// A refusal with a code and its text. The ordinal is set by [`walk`].
    pub(crate) fn refused(code: i64, text: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::Refused(Box::new(Row::error(0, code, text)))
    }

    /// A refusal whose text says what it is about.
    pub(crate) fn about(code: ErrorCode, what: &str) -> Self {
        Self::refused(code.code, code.about(what))
    }

    /// An operation that is not for objects of this type, or not for this caller.
    pub(crate) fn cannot(operation: &str, kind: &str) -> Self {
        Self::about(code::CANNOT_PERFORM, &format!("{operation} on objects of type {kind}"))
    }

    /// A refusal with the text as it stands in the table.
    pub(crate) fn plain(code: ErrorCode) -> Self {
        Self::refused(code.code, code.text)
    }
}
