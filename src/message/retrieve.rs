//! What a Retrieve or a Query asks for, read from the request once; and what was found. Pure.
//!
//! It never looks at the schema: whether a type or a property exists is the work's business.
//!
//! `RespondTo` and `RetrieveOptions.IncludeObjects` and `OnlyIncludeBase` are about an asynchronous answer, and a Retrieve is
//! never answered so; they are for that reason not read here.

use serde::{Deserialize, Serialize};

use crate::{
    object::{Node, Object, Writer, value},
    schema::{PARTNER_API, Schema},
};

use super::{Filter, Operation, Options, options};

/// Objects of one answer at the most; the service takes the lesser of this and the caller's BatchSize.
pub const MAX_BATCH: usize = 2_500;

/// `Properties` of one request at the most.
pub const MAX_PROPERTIES: usize = 2_048;
/// SimpleFilterParts of one Filter at the most: each is tried on each object. `IN` takes as many values as one likes.
pub const MAX_CONDITIONS: usize = 1_000;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The first batch.
    New(Retrieve),
    /// The next batch of an earlier one.
    Continue {
        /// `ContinueRequest`: the RequestID of an answer.
        id: String,
        /// `Options/BatchSize`, when it is given again.
        batch: Option<usize>,
        /// `RepeatLastResult`: the last batch again.
        repeat: bool,
    },
}

/// A RetrieveRequest without its continuation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retrieve {
    /// `ObjectType`
    pub object_type: String,
    /// `Properties`; none for all.
    pub properties: Vec<String>,
    /// `Filter`
    pub filter: Option<Filter>,
    /// `ClientIDs`, by their numbers.
    pub accounts: Vec<u64>,
    /// `Options/Client`
    pub client: Option<u64>,
    /// `QueryAllAccounts`
    pub all_accounts: bool,
    /// `RetrieveAllSinceLastBatch`
    pub since_last_batch: bool,
    /// `Options/BatchSize`, the lesser of it and [`MAX_BATCH`].
    pub batch: usize,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// `OverallStatus`: `OK`, `MoreDataAvailable` or `Error: …`.
    pub status: String,
    /// `Results`
    pub results: Vec<Object>,
}

impl Found {
    /// Nothing, and why. Clients take the text apart at the colon.
    pub fn error(why: impl std::fmt::Display) -> Self {
        Self { status: format!("Error: {why}"), results: Vec::new() }
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.status.starts_with("Error")
    }
}

impl Ask {
    /// Reads a RetrieveRequestMsg or QueryRequestMsg. `header` are the Options of a SOAP header block.
    ///
    /// SDKs spell a continuation in three ways: alone in the RetrieveRequest, there with an empty ObjectType, and directly
    /// under the message.
    ///
    /// # Errors
    /// What is wrong, for the caller.
    pub fn read(operation: Operation, message: Node<'_>, header: &Options) -> Result<Self, String> {
        let element = if operation == Operation::Query { "QueryRequest" } else { "RetrieveRequest" };
        let request = message.child(element).filter(|request| !request.is_nil());
        // A client that leaves the inner element out has put its children under the message.
        let request = request.unwrap_or(message);
        let inner = request.child("Options").filter(|options| !options.is_nil());
        let given = inner.map(Options::read).transpose().map_err(|fault| fault.text)?;
        if header.asynchronous || given.as_ref().is_some_and(|options| options.asynchronous) {
            return Err(format!("{} is not supported with RequestType Asynchronous", operation.name()));
        }
        let batch = inner.map(batch_size).transpose()?.flatten();
        let repeat = flag(request, "RepeatLastResult")?;
        if let Some(id) = request.given("ContinueRequest").or_else(|| message.given("ContinueRequest")) {
            return Ok(Self::Continue { id, batch, repeat });
        }
        if repeat {
            return Err("RepeatLastResult needs the ContinueRequest whose last result is to be repeated".to_owned());
        }
        if request.child("Retrieves").is_some_and(|more| more.has_children()) {
            return Err("Retrieves is not supported: send one RetrieveRequest for each object type".to_owned());
        }
        let (of, filter_in) = match operation {
            Operation::Query => query(request)?,
            _ => (request, request),
        };
        let filter = filter_in.child("Filter").filter(|filter| !filter.is_nil() && filter.has_children());
        let mut accounts = Vec::new();
        for client in request.children_named("ClientIDs").filter(|client| !client.is_nil()) {
            accounts.extend(options::client_id(client).map_err(|fault| fault.text)?);
        }
        let properties = of.children_named("Properties").filter(|name| !name.is_nil());
        let properties = properties.map(|name| name.text().trim().to_owned()).filter(|name| !name.is_empty());
        let properties: Vec<String> = properties.take(MAX_PROPERTIES + 1).collect();
        if properties.len() > MAX_PROPERTIES {
            return Err(format!("The request has more than {MAX_PROPERTIES} Properties"));
        }
        let filter = filter.map(Filter::read).transpose()?;
        if filter.as_ref().is_some_and(|filter| filter.conditions().len() > MAX_CONDITIONS) {
            return Err(format!("The Filter has more than {MAX_CONDITIONS} conditions"));
        }
        Ok(Self::New(Retrieve {
            object_type: of.given("ObjectType").ok_or("The request has no ObjectType")?,
            properties,
            filter,
            accounts,
            client: given.and_then(|options| options.client_id).or(header.client_id),
            all_accounts: flag(request, "QueryAllAccounts")?,
            since_last_batch: flag(request, "RetrieveAllSinceLastBatch")?,
            batch: batch.unwrap_or(MAX_BATCH),
        }))
    }
}

/// A Query whose object has no others inside it is a Retrieve in other words.
fn query(request: Node<'_>) -> Result<(Node<'_>, Node<'_>), String> {
    let query = request.child("Query").ok_or("The QueryRequest has no Query")?;
    let object = query.child("Object").ok_or("The Query has no Object")?;
    if object.child("Objects").is_some_and(|nested| nested.has_children()) {
        return Err("A Query over more than one object type is not supported".to_owned());
    }
    Ok((object, query))
}

fn flag(node: Node<'_>, name: &str) -> Result<bool, String> {
    match node.given(name) {
        None => Ok(false),
        Some(text) => value::boolean(&text).ok_or_else(|| format!("{name} is {text:.100?}, expected true or false")),
    }
}

fn batch_size(options: Node<'_>) -> Result<Option<usize>, String> {
    let Some(text) = options.given("BatchSize") else {
        return Ok(None);
    };
    match value::int(&text).and_then(|size| usize::try_from(size).ok()) {
        // Proxies write an unset number as 0.
        Some(0) => Ok(None),
        Some(size) => Ok(Some(size.min(MAX_BATCH))),
        None => Err(format!("BatchSize is {text:.100?}, expected a number from 1 to {MAX_BATCH}")),
    }
}

/// Writes a RetrieveResponseMsg or QueryResponseMsg.
pub fn write_found(writer: &mut Writer, element: &str, found: &Found, request_id: &str, schema: &Schema) {
    writer.open_with(element, &[("xmlns", PARTNER_API)]);
    writer.text("OverallStatus", &found.status);
    writer.text("RequestID", request_id);
    for object in &found.results {
        writer.object("Results", object, schema);
    }
    writer.close(element);
}
