//! The asynchronous engine without its front door: a store on a disk in memory, the rule book, and callers in many
//! accounts.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use envoi::{
    backend::{self, Backend},
    clock::Time,
    conversation::{self, Arriving, Rejection},
    message::{
        Operation,
        client::{Account, Accounts, Client, Permissions, Reach, Secret, SecretHash, User},
    },
    object::Object,
    queue::{Arrival, Refusal, accept},
    schema::Schema,
    store::{Internal, Kept, Known, Name, Store, Transaction, View},
};

/// 2026-03-01T12:00:00Z, on the boundary of every window.
pub(crate) const START: Time = Time::from_millis(1_772_366_400_000);

/// The first account; it is the enterprise of the others.
pub(crate) const ENTERPRISE: u64 = 100_001;

const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=256,t=1,p=1$c2FsdDpkZW1vLXBhc3N3b3JkLi4uLg$EzRQY+NTlbUItTeBCEHUWzD7yMfsqf5k7ly8sWs+HyI";

static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(Schema::embedded().expect("the embedded contract")));

pub(crate) fn schema() -> Arc<Schema> {
    Arc::clone(&SCHEMA)
}

/// What a user may do, beside acting for the enterprise.
pub(crate) fn permissions() -> Permissions {
    Permissions { reach: Reach::Enterprise, ..Permissions::default() }
}

/// An enterprise of some accounts with these users.
pub(crate) fn directory(accounts: u64, users: &[(&str, Permissions)]) -> Arc<Accounts> {
    let account = |mid| Account { mid, name: format!("Account {mid}"), enterprise: ENTERPRISE };
    let user = |(name, permissions): &(&str, Permissions)| User {
        name: (*name).to_owned(),
        account: ENTERPRISE,
        passwords: vec![SecretHash::parse(PASSWORD_HASH).expect("a hash")],
        digest_secret: None,
        permissions: permissions.clone(),
    };
    let accounts = (0..accounts).map(|at| account(ENTERPRISE + at)).collect();
    Arc::new(Accounts::new(accounts, vec![], users.iter().map(user).collect()).expect("a directory"))
}

/// A user of the directory in one of its accounts.
pub(crate) fn client(accounts: &Arc<Accounts>, name: &str, account: u64) -> Client {
    let hash = SecretHash::parse(PASSWORD_HASH).expect("a hash");
    let proof = hash.verify(&Secret::new("demo-password")).expect("the password");
    accounts.user(name, &proof).expect("a user").acting_for(account).expect("an account of the enterprise")
}

pub(crate) fn backend(conversations: conversation::Settings) -> Arc<Backend> {
    let settings = backend::Settings { conversations, ..backend::Settings::default() };
    Arc::new(Backend { schema: schema(), settings, connectors: Arc::default() })
}

/// A part that stands alone.
pub(crate) fn single() -> Arriving {
    part(1, 1)
}

pub(crate) fn part(sequence: u32, calls: u32) -> Arriving {
    Arriving { sequence, calls, scheduled: None, expires: None, priority: None }
}

/// A call as it is kept: lists of these names are created. A second list of one name is an error.
pub(crate) fn creating(names: &[String]) -> String {
    let objects = names.iter().map(|name| format!("<Objects xsi:type=\"List\"><ListName>{name}</ListName></Objects>"));
    envelope("CreateRequest", &objects.collect::<String>())
}

pub(crate) fn envelope(root: &str, objects: &str) -> String {
    format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soap:Header/><soap:Body>\
         <{root} xmlns=\"http://exacttarget.com/wsdl/partnerAPI\">{objects}</{root}></soap:Body></soap:Envelope>"
    )
}

/// A Create as it comes to the queue.
pub(crate) fn arrival(
    client: Client,
    id: Option<&str>,
    part: Arriving,
    request_id: String,
    names: &[String],
) -> Arrival {
    Arrival {
        client,
        conversation_id: id.map(str::to_owned),
        part,
        operation: Operation::Create,
        objects: names.len(),
        targets: Vec::new(),
        request_id,
        envelope: creating(names),
        renews: None,
    }
}

/// Takes a call in.
pub(crate) fn take(
    store: &Store,
    arrival: Arrival,
    now: Time,
    settings: &conversation::Settings,
) -> Result<Result<(), Rejection>, Refusal> {
    let settings = settings.clone();
    store.write_blocking(move |txn: &mut Transaction<'_>| accept(txn, &arrival, now, &settings))
}

/// A conversation as it is kept.
pub(crate) fn kept(store: &Store, name: &Name) -> Option<Box<Kept>> {
    let known = store.read_blocking(|view| view.conversations().get(name)).expect("a record");
    known.and_then(|known| match known {
        Known::Kept(kept) => Some(kept),
        Known::Used => None,
    })
}

/// The names of an account's lists, the first created first.
pub(crate) fn lists(store: &Store, account: u64) -> Vec<String> {
    objects(store, account, "List").into_iter().filter_map(|list| list.text("ListName").map(str::to_owned)).collect()
}

/// All objects of a kind, by rising number.
pub(crate) fn objects(store: &Store, account: u64, kind: &str) -> Vec<Object> {
    let scan = |view: &View<'_>| view.objects(&Internal(account)).scan(kind, i64::MIN, usize::MAX);
    let found: Vec<(i64, Object)> = store.read_blocking(scan).expect("objects");
    found.into_iter().map(|(_, object)| object).collect()
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
