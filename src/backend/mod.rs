//! The work: a call is applied to the objects that are kept, one Result per object, in the order of the call.
//!
//! It runs inside the store's transaction: what one call changes is on disk before anyone is answered, and an object that
//! fails leaves nothing behind. It knows no socket and no envelope.

mod account;
mod apply;
mod catalogue;
pub mod connected;
pub mod data_extension;
pub mod definition;
pub mod describe;
pub mod ending;
pub mod execute;
pub mod extract;
mod folder;
mod generic;
mod keeper;
mod kind;
mod list;
pub mod membership;
mod plan;
pub mod result;
pub mod retrieve;
pub mod row;
mod scheduled;
pub mod seed;
pub mod status;
mod subscriber;
mod tracking;
pub mod triggered_send;
mod walk;

use std::sync::Arc;

use crate::{
    clock::Time,
    connector::Connectors,
    conversation,
    message::{ErrorCode, MAX_OBJECTS, Options, Row, client::Client, code},
    schema::Schema,
    store::{ObjectsMut, Owner, StoreError, Transaction},
};

pub use apply::{apply, apply_settled};
pub use catalogue::CATALOGUE;
use plan::{Method, Plan};

/// Limits of the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Objects of one call; one more is error 218. Never more than [`MAX_OBJECTS`].
    pub max_objects: usize,
    /// The rule book's: time-outs, windows, quotas.
    pub conversations: conversation::Settings,
    /// Of triggered sends.
    pub sends: triggered_send::Settings,
    /// Where data extracts go.
    pub extract: extract::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        let (conversations, sends, extract) = Default::default();
        Self { max_objects: MAX_OBJECTS, conversations, sends, extract }
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
    /// Messaging APIs, and which objects go there.
    pub connectors: Arc<Connectors>,
}

/// One object's work: the transaction, and for whom.
pub(crate) struct Work<'w, 't> {
    pub(crate) backend: &'w Backend,
    pub(crate) txn: &'w mut Transaction<'t>,
    /// The account that the object belongs to.
    pub(crate) client: &'w dyn Owner,
    /// Who calls; `None` where the server itself does.
    pub(crate) caller: Option<&'w Client>,
    pub(crate) now: Time,
    /// Data extensions that this call has opened.
    pub(crate) tables: &'w mut row::Tables,
}

impl Work<'_, '_> {
    /// What is to be done to an object of a type, when the caller may do that.
    pub(crate) fn plan(&self, kind: &str, method: Method, options: &Options, exists: bool) -> Result<Plan, Failure> {
        let plan = plan::plan(method, options.save_action(kind), exists);
        if let Some(operation) = plan.operation() {
            self.allow(operation, kind)?;
        }
        Ok(plan)
    }

    /// Refuses what the caller may not do to objects of a type.
    pub(crate) fn allow(&self, operation: &str, kind: &str) -> Result<(), Failure> {
        match self.caller.is_none_or(|caller| caller.may(operation, kind)) {
            true => Ok(()),
            false => Err(Failure::cannot(operation, kind)),
        }
    }

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
