//! A gateway's back room: a store in memory, two accounts, and a caller of the first who may act for the second.

use std::sync::Arc;

use envoi::{
    backend::{self, Backend, membership, seed},
    clock::Time,
    message::{
        Call, Operation, Row,
        client::{Account, Accounts, Client, Permissions, Reach, Secret, User},
        reply,
    },
    object::{Limits, Object, Writer, read},
    soap,
    store::{Internal, Settings, Store, StoreError},
};

use super::caller::{hash, schema};

pub(crate) const ACCOUNT: u64 = 100_001;
pub(crate) const OTHER: u64 = 100_002;

/// A caller of the first account.
fn caller(permissions: Permissions) -> Client {
    let password = hash("demo-password");
    let account = |mid: u64| Account { mid, name: format!("Account {mid}"), enterprise: ACCOUNT };
    let passwords = vec![password.clone()];
    let user = User { name: "demo".into(), account: ACCOUNT, passwords, digest_secret: None, permissions };
    let accounts = Arc::new(Accounts::new(vec![account(ACCOUNT), account(OTHER)], vec![], vec![user]).unwrap());
    accounts.user("demo", &password.verify(&Secret::new("demo-password")).unwrap()).unwrap()
}

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) backend: Arc<Backend>,
    client: Client,
    now: Time,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::at(&Settings::default())
    }

    pub(crate) fn at(settings: &Settings) -> Self {
        let backend =
            Arc::new(Backend { schema: schema(), settings: backend::Settings::default(), connectors: Arc::default() });
        let client = caller(Permissions { reach: Reach::Enterprise, ..Permissions::default() });
        Self { store: Store::open(settings).unwrap(), backend, client, now: Time::from_millis(1_640_865_606_000) }
    }

    /// From now on the caller may do only this, with these types or all.
    pub(crate) fn allow(&mut self, operations: &[&str], types: Option<&[&str]>) {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let permissions =
            Permissions { operations: Some(set(operations)), object_types: types.map(set), reach: Reach::Enterprise };
        self.client = caller(permissions);
    }

    /// Moves the time at which the next calls come.
    pub(crate) fn later(&mut self, seconds: u64) {
        self.now = self.now.plus(std::time::Duration::from_secs(seconds));
    }

    /// Sends the children of a request message; gives its rows and the answer's body.
    pub(crate) fn send(&self, operation: Operation, children: &str) -> (Vec<Row>, String) {
        let (element, _) = operation.elements();
        let text = format!(
            "<soap:Envelope xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/' \
             xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><soap:Body>\
             <{element} xmlns='http://exacttarget.com/wsdl/partnerAPI'>{children}</{element}>\
             </soap:Body></soap:Envelope>"
        );
        let (backend, client, now) = (Arc::clone(&self.backend), self.client.clone(), self.now);
        let work = move |txn: &mut envoi::store::Transaction<'_>| -> Result<_, StoreError> {
            let tree = read(text, &backend.schema, &Limits::default()).unwrap();
            let call = Call::new(operation, &soap::open(&tree).unwrap()).unwrap();
            let rows = match operation {
                Operation::Execute => backend::execute::apply(&backend, txn, &client, &call, now)?,
                _ => backend::apply(&backend, txn, &client, &call, now)?,
            };
            let mut writer = Writer::new();
            reply::write(&mut writer, &call, &rows, "REQUEST", &backend.schema);
            Ok((rows, writer.into_string()))
        };
        self.store.write_blocking(work).unwrap()
    }

    /// Sends objects; each row as `OK message` or `code message`.
    pub(crate) fn say(&self, operation: Operation, children: &str) -> Vec<String> {
        self.send(operation, children).0.iter().map(shown).collect()
    }

    /// Sends one object; its row.
    pub(crate) fn one(&self, operation: Operation, children: &str) -> String {
        let [row] = self.say(operation, children).try_into().unwrap_or_else(|rows| panic!("not one row: {rows:?}"));
        row
    }

    /// Creates one object, which must work; its NewID.
    pub(crate) fn create(&self, children: &str) -> i64 {
        let (rows, _) = self.send(Operation::Create, children);
        let [row] = rows.as_slice() else { panic!("not one row: {rows:?}") };
        assert!(row.is_ok() && row.new_id > 0, "{row:?}");
        row.new_id
    }

    pub(crate) fn seed(&self) -> Vec<String> {
        let (backend, now) = (Arc::clone(&self.backend), self.now);
        let rows: Result<_, StoreError> = self.store.write_blocking(move |txn| seed::demo(&backend, txn, ACCOUNT, now));
        rows.unwrap().iter().map(shown).collect()
    }

    /// What is kept under a kind and id.
    pub(crate) fn kept(&self, account: u64, kind: &str, id: i64) -> Option<Object> {
        let look =
            |view: &envoi::store::View<'_>| -> Result<_, StoreError> { view.objects(&Internal(account)).get(kind, id) };
        self.store.read_blocking(look).unwrap()
    }

    pub(crate) fn all(&self, account: u64, kind: &str) -> Vec<(i64, Object)> {
        let look = |view: &envoi::store::View<'_>| -> Result<_, StoreError> {
            view.objects(&Internal(account)).scan(kind, i64::MIN, 1000)
        };
        self.store.read_blocking(look).unwrap()
    }

    /// The members of a list, as `key status`, in pages of two.
    pub(crate) fn members(&self, list: i64) -> Vec<String> {
        let look = |view: &envoi::store::View<'_>| -> Result<_, StoreError> {
            let (mut members, mut after) = (Vec::new(), i64::MIN);
            loop {
                let page = membership::of_list(&view.objects(&Internal(ACCOUNT)), list, after, 2)?;
                let Some((last, _)) = page.last() else { return Ok(members) };
                after = *last;
                members.extend(page.into_iter().map(|(_, member)| {
                    assert_eq!(member.text("ListID"), Some(&*list.to_string()));
                    format!("{} {}", member.text("SubscriberKey").unwrap(), member.text("Status").unwrap())
                }));
            }
        };
        let mut members: Vec<String> = self.store.read_blocking(look).unwrap();
        members.sort();
        members
    }

    /// The lists of a subscriber, as `list status`.
    pub(crate) fn lists_of(&self, subscriber: i64) -> Vec<String> {
        let look = |view: &envoi::store::View<'_>| -> Result<_, StoreError> {
            membership::of_subscriber(&view.objects(&Internal(ACCOUNT)), subscriber)
        };
        let lists = self.store.read_blocking(look).unwrap();
        let text = |list: &Object, name| list.text(name).unwrap_or("?").to_owned();
        lists.iter().map(|list| format!("{} {}", text(list, "ListID"), text(list, "Status"))).collect()
    }

    pub(crate) fn all_subscribers(&self) -> i64 {
        let lists = self.all(ACCOUNT, "List");
        let found = lists.iter().find(|(_, list)| list.text("ListName") == Some("All Subscribers"));
        found.expect("there is All Subscribers").0
    }
}

fn shown(row: &Row) -> String {
    match row.code {
        None => format!("OK {}", row.message),
        Some(code) => format!("{code} {}", row.message),
    }
}

/// `<Objects xsi:type="kind">…</Objects>`
pub(crate) fn object(kind: &str, members: &str) -> String {
    format!("<Objects xsi:type=\"{kind}\">{members}</Objects>")
}

pub(crate) fn subscriber(members: &str) -> String {
    object("Subscriber", members)
}

pub(crate) fn list(members: &str) -> String {
    object("List", members)
}

/// Options with a SaveAction for everything.
pub(crate) fn save(action: &str) -> String {
    format!(
        "<Options><SaveOptions><SaveOption><PropertyName>*</PropertyName><SaveAction>{action}</SaveAction></SaveOption>\
         </SaveOptions></Options>"
    )
}
