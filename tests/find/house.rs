//! A gateway's back room with three callers: one for the whole enterprise, one for an account, and one who may do little.

use std::sync::Arc;

use envoi::{
    backend::{self, Backend},
    clock::Time,
    message::{
        Call, Found, Operation,
        client::{Account, Accounts, Client, Permissions, Reach, Secret, User},
        reply,
    },
    object::{Limits, Tree, Writer, read},
    soap,
    store::{Settings, Store, StoreError},
};

use super::caller::{hash, schema};

pub(crate) const ACCOUNT: u64 = 100_001;
pub(crate) const UNIT: u64 = 100_002;

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) backend: Arc<Backend>,
    accounts: Arc<Accounts>,
    client: Client,
    now: Time,
    calls: u64,
    runtime: tokio::runtime::Runtime,
}

/// The enterprise and its unit, with three users.
fn directory(called: &str) -> Arc<Accounts> {
    let password = hash("password");
    let account = |mid: u64| Account { mid, name: format!("{called} {mid}"), enterprise: ACCOUNT };
    let user = |name: &str, permissions: Permissions| User {
        name: name.into(),
        account: ACCOUNT,
        passwords: vec![password.clone()],
        digest_secret: None,
        permissions,
    };
    let users = vec![
        user("demo", Permissions { reach: Reach::Enterprise, ..Permissions::default() }),
        user("other", Permissions::default()),
        user("little", Permissions { object_types: Some(["List".to_owned()].into()), ..Permissions::default() }),
    ];
    Arc::new(Accounts::new(vec![account(ACCOUNT), account(UNIT)], vec![], users).unwrap())
}

fn named(accounts: &Arc<Accounts>, name: &str) -> Client {
    let proof = hash("password").verify(&Secret::new("password")).unwrap();
    accounts.user(name, &proof).unwrap()
}

impl House {
    /// In memory, with the caller for the enterprise.
    pub(crate) fn new() -> Self {
        Self::at(&Settings::default())
    }

    pub(crate) fn at(settings: &Settings) -> Self {
        let accounts = directory("Account");
        let backend =
            Arc::new(Backend { schema: schema(), settings: backend::Settings::default(), connectors: Arc::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let now = Time::from_millis(1_640_865_606_000);
        let client = named(&accounts, "demo");
        Self { store: Store::open(settings).unwrap(), backend, accounts, client, now, calls: 0, runtime }
    }

    /// The configuration is read again, with accounts of other names; the next calls are checked against it.
    pub(crate) fn reload(&mut self, called: &str) {
        self.accounts = directory(called);
        self.enter("demo");
    }

    /// From now on this one calls.
    pub(crate) fn enter(&mut self, name: &str) {
        self.client = named(&self.accounts, name);
    }

    /// From now on the caller works in this account.
    pub(crate) fn act_for(&mut self, account: u64) {
        self.client = self.client.acting_for(account).unwrap();
    }

    /// Moves the time at which the next calls come.
    pub(crate) fn later(&mut self, seconds: u64) {
        self.now = self.now.plus(std::time::Duration::from_secs(seconds));
    }

    /// Sends the children of a request message and gives the answer's body. The request's id is `R1`, `R2`, …
    pub(crate) fn send(&mut self, operation: Operation, children: &str) -> String {
        self.calls += 1;
        let request_id = format!("R{}", self.calls);
        let text = envelope(operation.elements().0, children);
        let tree = Arc::new(read(text, &self.backend.schema, &Limits::default()).unwrap());
        let mut writer = Writer::new();
        match operation {
            Operation::Retrieve | Operation::Query => {
                let found = self.found(operation, &tree, &request_id);
                reply::write_found(&mut writer, operation.elements().1, &found, &request_id, &self.backend.schema);
            }
            Operation::Describe => {
                let call = call(operation, &tree);
                let asked = envoi::message::fixed::read_describe(call.message).unwrap();
                let (backend, client) = (Arc::clone(&self.backend), self.client.clone());
                let definitions = self.store.read_blocking(|view| -> Result<_, StoreError> {
                    backend::describe::describe(&backend, view, &client, &asked)
                });
                writer.raw(&envoi::message::fixed::definitions(definitions.unwrap(), &request_id).unwrap());
            }
            Operation::Extract => {
                let (backend, call) = (&self.backend, call(operation, &tree));
                let rows = self
                    .store
                    .read_blocking(|view| backend::extract::apply(backend, view, &self.client, &call, self.now));
                reply::write(&mut writer, &call, &rows.unwrap(), &request_id, &self.backend.schema);
            }
            Operation::GetSystemStatus => writer.raw(&backend::status::system_status(&request_id).unwrap()),
            Operation::VersionInfo => {
                writer.raw(&backend::status::version_info(call(operation, &tree).message, &request_id).unwrap());
            }
            _ => {
                let (backend, client, now) = (Arc::clone(&self.backend), self.client.clone(), self.now);
                let work = {
                    let tree = Arc::clone(&tree);
                    move |txn: &mut envoi::store::Transaction<'_>| -> Result<_, StoreError> {
                        let call = call(operation, &tree);
                        match operation {
                            Operation::Create | Operation::Update | Operation::Delete => {
                                backend::apply(&backend, txn, &client, &call, now)
                            }
                            _ => backend::definition::apply(&backend, txn, &client, &call, now),
                        }
                    }
                };
                let rows = self.store.write_blocking(work).unwrap();
                reply::write(&mut writer, &call(operation, &tree), &rows, &request_id, &self.backend.schema);
            }
        }
        writer.into_string()
    }

    fn found(&self, operation: Operation, tree: &Arc<Tree>, request_id: &str) -> Found {
        let call = call(operation, tree);
        let found = backend::retrieve::retrieve(&self.backend, &self.store, &self.client, &call, request_id, self.now);
        self.runtime.block_on(found).unwrap()
    }

    /// Makes objects, each of which must be made; gives the answer.
    pub(crate) fn create(&mut self, objects: &str) -> String {
        let answer = self.send(Operation::Create, &format!("<Options/>{objects}"));
        assert!(answer.contains("<OverallStatus>OK</OverallStatus>"), "{answer}");
        answer
    }

    /// Retrieves; gives the status and, for each result, the values of the properties in order, joined by `|`.
    pub(crate) fn retrieve(&mut self, object_type: &str, properties: &[&str], more: &str) -> (String, Vec<String>) {
        let names: String = properties.iter().map(|name| format!("<Properties>{name}</Properties>")).collect();
        let request = format!("<RetrieveRequest><ObjectType>{object_type}</ObjectType>{names}{more}</RetrieveRequest>");
        let answer = self.send(Operation::Retrieve, &request);
        parts(&answer, properties)
    }

    /// The values of one property under a filter; the status must be OK.
    pub(crate) fn values(&mut self, object_type: &str, property: &str, filter: &str) -> Vec<String> {
        let (status, found) = self.retrieve(object_type, &[property], filter);
        assert_eq!(status, "OK", "{filter}");
        found
    }

    /// The status of a Retrieve that fails.
    pub(crate) fn error(&mut self, object_type: &str, properties: &[&str], more: &str) -> String {
        let (status, found) = self.retrieve(object_type, properties, more);
        assert!(found.is_empty(), "{found:?}");
        status
    }
}

pub(crate) fn call(operation: Operation, tree: &Tree) -> Call<'_> {
    Call::new(operation, &soap::open(tree).unwrap()).unwrap()
}

pub(crate) fn envelope(element: &str, children: &str) -> String {
    format!(
        "<soap:Envelope xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/' \
         xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><soap:Body>\
         <{element} xmlns='http://exacttarget.com/wsdl/partnerAPI'>{children}</{element}>\
         </soap:Body></soap:Envelope>"
    )
}

/// Reads an answer with the strict reader: status, and the properties of each result.
pub(crate) fn parts(answer: &str, properties: &[&str]) -> (String, Vec<String>) {
    let text = format!("<r xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>{answer}</r>");
    let tree = read(text, &schema(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {answer}"));
    let message = tree.root().children().next().unwrap();
    let status = message.child_text("OverallStatus").unwrap_or_default().into_owned();
    let results = message.children_named("Results").map(|result| {
        let object = result.to_object();
        let value = |path: &&str| object.text(path).map_or_else(|| row(&object, path), str::to_owned);
        properties.iter().map(value).collect::<Vec<_>>().join("|")
    });
    (status, results.collect())
}

/// The value of a row's property.
fn row(object: &envoi::object::Object, name: &str) -> String {
    let properties = object.object("Properties").into_iter();
    let mut named = properties.flat_map(|all| all.all("Property")).filter_map(|value| value.as_object());
    let found = named.find(|property| property.text("Name") == Some(name));
    found.and_then(|property| property.text("Value")).unwrap_or_default().to_owned()
}

/// A SimpleFilterPart.
pub(crate) fn simple(property: &str, operator: &str, values: &[&str]) -> String {
    format!("<Filter xsi:type='SimpleFilterPart'>{}</Filter>", part(property, operator, values))
}

/// What stands in a SimpleFilterPart.
pub(crate) fn part(property: &str, operator: &str, values: &[&str]) -> String {
    let values: String = values.iter().map(|value| format!("<Value>{value}</Value>")).collect();
    format!("<Property>{property}</Property><SimpleOperator>{operator}</SimpleOperator>{values}")
}

pub(crate) fn subscriber(key: &str, members: &str) -> String {
    format!(
        "<Objects xsi:type='Subscriber'><EmailAddress>{key}@example.com</EmailAddress>\
         <SubscriberKey>{key}</SubscriberKey>{members}</Objects>"
    )
}
