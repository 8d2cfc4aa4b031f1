//! Extract: the Async Results Data Extract, a file with a row for each ResultItem. It is the one data extract of this server.
//!
//! Seed 004 names it and says that CorrelationIDs are in it; its columns and its ID are ours. A file is whole and on disk
//! under its name before the call is answered, and until then is not under its name at all. Results are read a page at a
//! time, on a thread that may block. Nothing is written outside the folder of the settings, in which each account has a
//! folder of its own.

mod asked;
mod csv;
mod file;

use std::path::{Path, PathBuf};

use crate::{
    clock::Time,
    message::{Call, Echo, MAX_OBJECTS, Row, client::Client, code},
    object::{Node, Object, Value, value},
    store::{StoreError, View},
};

use super::{
    Backend, Failure, result,
    walk::{self, acting_for},
};
use asked::Asked;
use csv::Table;
use file::{Draft, FileError};

/// The name of the extract (seed 004).
pub const NAME: &str = "Async Results Data Extract";
/// Its ObjectID, by which an ExtractRequest names it. Ours: the service's is not documented.
pub const ID: &str = "b3d1b2a6-52c5-4a3f-9a5e-0c6f0f6b7a11";

/// The columns, in order: members of ResultItem, but for the first. Ours.
const COLUMNS: [&str; 12] = [
    "ClientID",
    "RequestID",
    "ConversationID",
    "OrdinalID",
    "CorrelationID",
    "RequestType",
    "RequestObjectType",
    "StatusCode",
    "StatusMessage",
    "ErrorCode",
    "CreatedDate",
    "ModifiedDate",
];

/// Results that are in memory at once.
const PAGE: usize = 256;

/// Settings of data extracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the files go; none is written without it.
    pub folder: Option<PathBuf>,
    /// Whether a value that a spreadsheet would take for a formula gets an apostrophe before it.
    pub guard_formulas: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { folder: None, guard_formulas: true }
    }
}

/// Does an Extract: one row for each request, in order; one that fails leaves the others alone.
///
/// # Errors
/// Only the store's.
pub fn apply(
    backend: &Backend,
    view: &View<'_>,
    client: &Client,
    call: &Call<'_>,
    now: Time,
) -> Result<Vec<Row>, StoreError> {
    if call.objects.len() > backend.settings.max_objects.min(MAX_OBJECTS) {
        return Ok(vec![Row::error(0, code::TOO_MANY_OBJECTS.code, code::TOO_MANY_OBJECTS.text)]);
    }
    if call.objects.is_empty() {
        return Ok(vec![Row::error(0, code::NO_OBJECT.code, code::NO_OBJECT.about("0"))]);
    }
    let nodes = call.objects.iter().enumerate();
    nodes.map(|(ordinal, node)| walk::row(ordinal, one(backend, view, client, call, *node, now))).collect()
}

fn one(
    backend: &Backend,
    view: &View<'_>,
    client: &Client,
    call: &Call<'_>,
    node: Node<'_>,
    now: Time,
) -> Result<Row, Failure> {
    let id = node.given("ID").unwrap_or_default();
    let refused = |why: &str| Failure::about(code::CANNOT_PERFORM, &format!("Extract {id}: {why}"));
    if !id.eq_ignore_ascii_case(ID) && !id.eq_ignore_ascii_case(NAME) {
        return Err(refused("this server has no such data extract"));
    }
    let Some(folder) = &backend.settings.extract.folder else {
        return Err(refused("this server has no folder for data extracts"));
    };
    // What is in the file could be retrieved as well.
    if !client.may("Retrieve", result::ITEM) {
        return Err(Failure::cannot("Retrieve", result::ITEM));
    }
    let acting = acting_for(client, call.options.client.as_ref(), node)?;
    let acting = acting.as_ref().unwrap_or(client);
    let asked = Asked::read(node, now)?;
    let written = write(folder, view, acting, &asked, backend.settings.extract.guard_formulas);
    let count = written.map_err(|error| error.failure(&asked))?;
    let plural = if count == 1 { "" } else { "s" };
    let message = format!("{NAME}: {count} result{plural} in {}", asked.file);
    Ok(Row { echo: Echo::Object(asked.request(&id)), ..Row::ok(0, message) })
}

/// Why there is no file.
#[derive(Debug)]
enum Trouble {
    File(FileError),
    Store(StoreError),
}

impl From<FileError> for Trouble {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::File(FileError::Io(error))
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Trouble {
    fn failure(self, asked: &Asked) -> Failure {
        match self {
            Self::Store(error) => Failure::Store(error),
            Self::File(FileError::Exists) => Failure::about(code::NAME_EXISTS, &format!("The file {}", asked.file)),
            Self::File(FileError::Io(error)) => {
                tracing::error!("a data extract cannot be written: {error}");
                Failure::about(code::EXCEPTION, "writing the file of the data extract")
            }
        }
    }
}

/// Writes the file; gives how many results are in it.
fn write(folder: &Path, view: &View<'_>, client: &Client, asked: &Asked, guard: bool) -> Result<u64, Trouble> {
    let folder = folder.join(client.account().to_string());
    let mut draft = Draft::begin(&folder, &asked.file, asked.overwrite)?;
    let mut table = Table::new(draft.writer(), asked.delimiter, asked.quote_all, guard);
    if asked.headers {
        table.row(COLUMNS)?;
    }
    let (account, mut count) = (client.account().to_string(), 0);
    let objects = view.objects(client);
    let mut after = i64::MIN;
    loop {
        let page: Vec<(i64, Object)> = match &asked.request_id {
            Some(id) => {
                let ids = objects.find_after(result::ITEM, result::BY_REQUEST, id, after, PAGE)?;
                let found = ids.into_iter().map(|id| Ok(objects.get(result::ITEM, id)?.map(|item| (id, item))));
                found.filter_map(Result::transpose).collect::<Result<_, StoreError>>()?
            }
            // After a number, where the index begins with one.
            None => objects.scan(result::ITEM, after, PAGE)?,
        };
        let Some((last, _)) = page.last() else { break };
        after = if asked.request_id.is_some() { last.saturating_add(1) } else { *last };
        for (_, item) in page.iter().filter(|(_, item)| asked.wants(item)) {
            table.row(COLUMNS.map(|name| match name {
                "ClientID" => account.as_str(),
                name => item.text(name).unwrap_or_default(),
            }))?;
            count += 1;
        }
    }
    table.finish()?;
    draft.finish()?;
    Ok(count)
}

/// The extract as a client finds it: the one ExtractDescription, with its number.
pub(crate) fn description() -> (i64, Object) {
    let mut object = Object::new("ExtractDescription");
    object.set_text("ObjectID", ID);
    object.set_text("CustomerKey", NAME);
    object.set_text("Name", NAME);
    let mut all = Object::default();
    for (name, kind, default, optional) in asked::PARAMETERS {
        let mut parameter = Object::default();
        parameter.set_text("Name", *name);
        parameter.set_text("DataType", *kind);
        parameter.set_text("DefaultValue", *default);
        parameter.set_text("IsOptional", optional.to_string());
        parameter.set_text("DropDownList", "");
        all.push("Parameter", Value::Object(parameter));
    }
    object.set("Parameters", Value::Object(all));
    (1, object)
}

/// When a result was made, as its ResultItem says.
fn made(item: &Object) -> Option<Time> {
    value::date_time(item.text("ModifiedDate")?, 0)
}
