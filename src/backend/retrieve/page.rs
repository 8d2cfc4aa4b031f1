//! One batch: the objects after a place that meet the request, until the batch is full.
//!
//! Accounts are gone through in the order of their numbers, objects of one in the order of theirs. What is made after a
//! Retrieve began comes at the end; what is deleted is missed by nobody.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    message::{Bound, Class, Retrieve, client::Client},
    object::{Object, Value, value},
    store::View,
};

use super::{
    super::{Backend, row::ROWS},
    Problem,
    project::{Wanted, weight},
    since::{self, Since},
    source::{Record, Scope, Source, row_key, type_of},
};

/// Objects that are looked at in one go.
const STEP: usize = 500;
/// A batch is full when its objects take so many bytes, however few they are.
const MAX_BYTES: usize = 8 << 20;

/// A Retrieve whose accounts are known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) request: Retrieve,
    /// In the order of their numbers.
    pub(super) accounts: Vec<u64>,
    /// With RetrieveAllSinceLastBatch: what the last batch left.
    pub(super) since: Option<Since>,
}

/// Where a batch begins: behind this object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    account: u64,
    after: i64,
}

impl Default for Place {
    fn default() -> Self {
        Self { account: 0, after: i64::MIN }
    }
}

/// A batch.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) results: Vec<Object>,
    /// Where the next one begins, when there is one.
    pub(super) next: Option<Place>,
    /// Objects in this one that changed so lately that a batch from now on could meet them again.
    pub(super) fresh: Vec<(u64, i64, Time)>,
}

impl Job {
    /// Finds the accounts of a request.
    pub(super) fn new(client: &Client, request: Retrieve) -> Result<Self, String> {
        let mut accounts: Vec<u64> = if request.all_accounts {
            client.accounts().map(|account| account.mid).collect()
        } else {
            let mut accounts = Vec::new();
            let named = if request.accounts.is_empty() { request.client.as_slice() } else { &request.accounts };
            for named in named {
                let account = client.account_of(named).map_err(no_access)?;
                accounts.push(account.unwrap_or_else(|| client.account()));
            }
            if accounts.is_empty() {
                accounts.push(client.account());
            }
            accounts
        };
        accounts.sort_unstable();
        accounts.dedup();
        let job = Self { request, accounts, since: None };
        job.check(client)?;
        Ok(job)
    }

    /// Whether the client may do this; to be asked again whenever it goes on.
    pub(super) fn check(&self, client: &Client) -> Result<(), String> {
        let object_type = &self.request.object_type;
        if !client.may("Retrieve", object_type) {
            return Err(format!("API Permission Failed. The user may not Retrieve objects of type {object_type}"));
        }
        match self.accounts.iter().find(|account| !client.may_act_for(**account)) {
            Some(account) => Err(no_access(*account)),
            None => Ok(()),
        }
    }
}

/// Reads a batch.
pub(super) fn read(
    backend: &Backend,
    view: &View<'_>,
    client: &Client,
    job: &Job,
    from: Place,
    now: Time,
) -> Result<Page, Problem> {
    let (schema, request) = (&*backend.schema, &job.request);
    let object_type = request.object_type.as_str();
    let Some(ty) = type_of(schema, object_type).filter(|_| object_type != ROWS) else {
        return Err(Problem::Caller(format!(
            "Unable to find a handler for object type: {object_type}. Object types are case-sensitive, check spelling."
        )));
    };
    let (mut page, mut opened, mut bytes) = (Page::default(), false, 0);
    for &account in job.accounts.iter().filter(|account| **account >= from.account) {
        let acting = client.acting_for(account).ok_or_else(|| no_access(account))?;
        let scope = Scope { schema, objects: view.objects(&acting), client: &acting };
        let Some(source) = Source::open(scope, object_type, ty)? else { continue };
        opened = true;
        let filter = Test::new(&source, backend, job)?;
        let wanted = Wanted::of(request.properties.iter().map(String::as_str));
        let musts = request.filter.iter().flat_map(|filter| filter.musts()).collect::<Vec<_>>();
        let plan = source.plan(&scope.objects, &musts)?;
        let mut after = if account == from.account { from.after } else { i64::MIN };
        loop {
            let batch = source.batch(scope, &plan, after, STEP)?;
            if batch.is_empty() {
                break;
            }
            for (id, mut record) in batch {
                own(&mut record, &acting);
                let changed = modified(&record);
                let old = job.since.as_ref().is_some_and(|since| since.is_known(account, id, changed));
                if !old && filter.matches(&source, id, &record) {
                    if page.results.len() >= request.batch || bytes >= MAX_BYTES {
                        page.next = Some(Place { account, after });
                        return Ok(page);
                    }
                    if let (Some(_), Some(changed)) = (&job.since, changed)
                        && since::is_fresh(changed, now)
                    {
                        page.fresh.push((account, id, changed));
                    }
                    source.complete(&scope.objects, id, &mut record, &request.properties)?;
                    let shown = source.show(id, record, &request.properties, &wanted);
                    bytes += weight(&shown);
                    page.results.push(shown);
                }
                after = id;
            }
        }
    }
    match (opened, row_key(object_type)) {
        // A place beyond the last account has looked into all of them before.
        (false, Some(key)) if from == Place::default() => {
            Err(Problem::Caller(format!("Data extension not found: {key}")))
        }
        _ => Ok(page),
    }
}

fn no_access(account: impl std::fmt::Display) -> String {
    format!("API Permission Failed. The user does not have access to account {account}")
}

/// The account in which an object stands, as its Client says it. What else the Client held stays.
fn own(record: &mut Record, client: &Client) {
    let Record::Object(object) = record else { return };
    let mut of = object.object("Client").cloned().unwrap_or_else(|| Object::new("ClientID"));
    of.set_text("ID", client.account().to_string());
    of.set_text("EnterpriseID", client.enterprise().to_string());
    object.set("Client", Value::Object(of));
}

fn modified(record: &Record) -> Option<Time> {
    match record {
        Record::Row(row) => Some(row.modified),
        Record::Object(object) => value::date_time(object.text("ModifiedDate")?, 0),
    }
}

/// A request's filter, fit for the objects of one source.
struct Test {
    filter: Option<Bound>,
    classes: HashMap<String, Class>,
}

impl Test {
    /// Checks everything that the request names.
    fn new(source: &Source, backend: &Backend, job: &Job) -> Result<Self, String> {
        let (schema, request) = (&*backend.schema, &job.request);
        let conditions = request.filter.iter().flat_map(|filter| filter.conditions()).collect::<Vec<_>>();
        let named = request.properties.iter().chain(conditions.iter().map(|condition| &condition.property));
        let mut seen = HashSet::new();
        let mut unknown: Vec<&str> = Vec::new();
        for property in named.map(String::as_str).filter(|property| seen.insert(*property)) {
            if !source.has(schema, property) {
                unknown.push(property);
            }
        }
        if !unknown.is_empty() {
            let object_type = request.object_type.split('[').next().unwrap_or_default().trim();
            let unknown = unknown.join(", ");
            return Err(format!(
                "The Request Property(s) {unknown} do not match with the fields of {object_type} retrieve"
            ));
        }
        if job.since.is_some() && !source.is_dated() {
            return Err(format!("RetrieveAllSinceLastBatch is not supported for {}", request.object_type));
        }
        let mut classes = HashMap::new();
        for condition in conditions {
            let property = &condition.property;
            let class = source.class(schema, property);
            let class =
                class.ok_or_else(|| format!("The property {property} is an object and cannot be filtered by"))?;
            classes.insert(property.clone(), class);
        }
        let read = |property: &str, class: Class, text: &str| source.operand(property, class, text);
        let bind = |filter: &crate::message::Filter| filter.bind(&|property| classes.get(property).copied(), &read);
        let filter = request.filter.as_ref().map(bind).transpose()?;
        Ok(Self { filter, classes })
    }

    fn matches(&self, source: &Source, id: i64, record: &Record) -> bool {
        let values = |property: &str| match self.classes.get(property) {
            Some(class) => source.values(id, record, property, *class),
            None => Vec::new(),
        };
        self.filter.as_ref().is_none_or(|filter| filter.matches(&values))
    }
}
