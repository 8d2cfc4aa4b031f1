//! A gateway's back room with what a triggered send needs, and a look at what is owed.

use std::{path::PathBuf, sync::Arc, time::Duration};

use envoi::{
    backend::{
        self, Backend,
        triggered_send::{self, Ending, Leaving, Left, Letter, Unsendable, link},
    },
    clock::Time,
    message::{
        Call, Operation, Row,
        client::{Account, Accounts, Client, Permissions, Reach, Secret, User},
        reply,
    },
    object::{Limits, Object, Writer, read},
    soap,
    store::{Content, Internal, Settings, Store, StoreError, Transaction, View, send::Send},
};

use super::caller::{hash, schema};

pub(crate) const ACCOUNT: u64 = 100_001;
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

fn caller() -> Client {
    let password = hash("demo-password");
    let account = Account { mid: ACCOUNT, name: "Example".to_owned(), enterprise: ACCOUNT };
    let passwords = vec![password.clone()];
    let permissions = Permissions { reach: Reach::Own, ..Permissions::default() };
    let user = User { name: "demo".into(), account: ACCOUNT, passwords, digest_secret: None, permissions };
    let accounts = Arc::new(Accounts::new(vec![account], vec![], vec![user]).unwrap());
    accounts.user("demo", &password.verify(&Secret::new("demo-password")).unwrap()).unwrap()
}

pub(crate) struct House {
    store: Store,
    backend: Arc<Backend>,
    client: Client,
    /// 2021-12-30T12:00:06Z
    pub(crate) now: Time,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut triggered_send::Settings)) -> Self {
        Self::at(None, change)
    }

    /// One whose store is in a directory.
    pub(crate) fn at(path: Option<PathBuf>, change: impl FnOnce(&mut triggered_send::Settings)) -> Self {
        let mut settings = backend::Settings::default();
        settings.sends.possible = true;
        settings.sends.public_url.set("https://mc.example/soap".to_owned()).unwrap();
        change(&mut settings.sends);
        let backend = Arc::new(Backend { schema: schema(), settings, connectors: Arc::default() });
        let store = Store::open(&Settings { path, ..Settings::default() }).unwrap();
        let key = |txn: &mut Transaction<'_>| txn.put_setting(link::KEY, &[7; 32]);
        store.write_blocking::<_, StoreError, _>(key).unwrap();
        Self { store, backend, client: caller(), now: Time::from_millis(1_640_865_606_000) }
    }

    /// One with a list, an e-mail, a sender and a started definition of them.
    pub(crate) fn ready(definition: &str) -> Self {
        Self::new().furnished(definition)
    }

    pub(crate) fn furnished(self, definition: &str) -> Self {
        let furniture = [
            object("List", "<CustomerKey>readers</CustomerKey><ListName>Readers &amp; Co</ListName>"),
            object(
                "Email",
                "<CustomerKey>welcome</CustomerKey><Name>Welcome</Name><HTMLBody>&lt;p&gt;Hi %%emailaddr%%&lt;/p&gt;\
                 </HTMLBody><Subject>Hello %%emailaddr%%</Subject>",
            ),
            object(
                "SenderProfile",
                "<CustomerKey>shop</CustomerKey><Name>Shop</Name><FromName>The Shop</FromName>\
                 <FromAddress>shop@example.com</FromAddress>",
            ),
            self::definition(definition),
        ];
        for row in self.send(Operation::Create, &furniture.concat()).0 {
            assert!(row.is_ok(), "{row:?}");
        }
        self
    }

    pub(crate) fn later(&mut self, by: Duration) {
        self.now = self.now.plus(by);
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
        let work = move |txn: &mut Transaction<'_>| -> Result<_, StoreError> {
            let tree = read(text, &backend.schema, &Limits::default()).unwrap();
            let call = Call::new(operation, &soap::open(&tree).unwrap()).unwrap();
            let rows = match operation {
                Operation::Perform => backend::definition::apply(&backend, txn, &client, &call, now)?,
                Operation::Execute => backend::execute::apply(&backend, txn, &client, &call, now)?,
                _ => backend::apply(&backend, txn, &client, &call, now)?,
            };
            let mut writer = Writer::new();
            reply::write(&mut writer, &call, &rows, "REQUEST", &backend.schema);
            Ok((rows, writer.into_string()))
        };
        self.store.write_blocking(work).unwrap()
    }

    /// Sends one object; its row as `OK message` or `code message`.
    pub(crate) fn one(&self, operation: Operation, children: &str) -> String {
        let (rows, _) = self.send(operation, children);
        let [row] = rows.as_slice() else { panic!("not one row: {rows:?}") };
        match row.code {
            None => format!("OK {}", row.message),
            Some(code) => format!("{code} {}", row.message),
        }
    }

    /// Creates one object, which must work.
    pub(crate) fn create(&self, children: &str) {
        let said = self.one(Operation::Create, children);
        assert!(said.starts_with("OK "), "{said}");
    }

    /// A triggered send to these subscribers: the row, and what each failure says, as `ordinal code description`.
    pub(crate) fn trigger(&self, inside: &str) -> (String, Vec<String>) {
        let (rows, body) = self.send(Operation::Create, &triggered(inside));
        let [row] = rows.as_slice() else { panic!("not one row: {rows:?}") };
        assert!(body.contains("<Results xsi:type=\"TriggeredSendCreateResult\"><StatusCode>"), "{body}");
        let failures = row.extra.iter().map(|failure| {
            let failure = failure.value.as_object().unwrap();
            let text = |name| failure.text(name).unwrap();
            format!("{} {} {}", text("Ordinal"), text("ErrorCode"), text("ErrorDescription"))
        });
        let said = row.code.map_or("OK".to_owned(), |code| code.to_string());
        (format!("{said} {}", row.message), failures.collect())
    }

    /// What is owed, the oldest first, with the moment at which it is due.
    pub(crate) fn owed(&self) -> Vec<(Send, Time)> {
        let look = |view: &View<'_>| -> Result<_, StoreError> { view.deliveries().list(None, None, 1000, &|_| true) };
        let mut found: Vec<_> = self
            .store
            .read_blocking(look)
            .unwrap()
            .into_iter()
            .map(|delivery| match delivery.content {
                Content::Send(send) => (*send, delivery.due.unwrap()),
                Content::Results(_) | Content::Message(_) => panic!("only mails are owed here"),
            })
            .collect();
        found.reverse();
        found
    }

    /// The only mail that is owed.
    pub(crate) fn only(&self) -> Send {
        let owed = self.owed();
        let [(send, _)] = owed.as_slice() else { panic!("not one: {owed:?}") };
        send.clone()
    }

    /// The addresses to which something is owed.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.owed().into_iter().map(|(send, _)| send.address).collect()
    }

    pub(crate) fn render(&self, send: &Send) -> Result<Letter, Unsendable> {
        let (backend, now) = (&self.backend, self.now);
        let look = |view: &View<'_>| triggered_send::render(backend, view, send, "Example", now);
        self.store.read_blocking::<_, StoreError>(look).unwrap()
    }

    pub(crate) fn end(&self, send: &Send, ending: &Ending) {
        let (backend, now, send, ending) = (Arc::clone(&self.backend), self.now, send.clone(), ending.clone());
        let work = move |txn: &mut Transaction<'_>| triggered_send::sent(&backend, txn, &send, &ending, now);
        self.store.write_blocking::<_, StoreError, _>(work).unwrap();
    }

    /// The token of the link in a mail.
    pub(crate) fn token(&self, send: &Send) -> String {
        let link = self.render(send).unwrap().unsubscribe.unwrap();
        link.strip_prefix("https://mc.example/soap/unsubscribe/").unwrap().to_owned()
    }

    pub(crate) fn leaving(&self, token: &str) -> Leaving {
        let claim = link::open(&[7; 32], token, self.now, DAY * 365).unwrap();
        self.store.read_blocking::<_, StoreError>(|view| triggered_send::leaving(view, &claim)).unwrap()
    }

    pub(crate) fn leave(&self, token: &str) -> Left {
        let claim = link::open(&[7; 32], token, self.now, DAY * 365).unwrap();
        let (backend, now) = (Arc::clone(&self.backend), self.now);
        let work = move |txn: &mut Transaction<'_>| triggered_send::leave(&backend, txn, &claim, now);
        self.store.write_blocking::<_, StoreError, _>(work).unwrap()
    }

    pub(crate) fn all(&self, kind: &str) -> Vec<Object> {
        let look = |view: &View<'_>| -> Result<Vec<(i64, Object)>, StoreError> {
            view.objects(&Internal(ACCOUNT)).scan(kind, i64::MIN, 1000)
        };
        self.store.read_blocking(look).unwrap().into_iter().map(|(_, object)| object).collect()
    }

    /// A kept object by CustomerKey or SubscriberKey.
    pub(crate) fn kept(&self, kind: &str, key: &str) -> Object {
        let all = self.all(kind);
        let is_meant =
            |object: &&Object| ["CustomerKey", "SubscriberKey"].iter().any(|member| object.text(member) == Some(key));
        all.iter().find(is_meant).unwrap_or_else(|| panic!("{kind} {key} in {all:?}")).clone()
    }

    pub(crate) fn status(&self, key: &str) -> String {
        self.kept("Subscriber", key).text("Status").unwrap().to_owned()
    }

    /// The counts of the definition's summary that are not zero.
    pub(crate) fn summary(&self) -> String {
        let Some(summary) = self.all("TriggeredSendSummary").pop() else { return String::new() };
        let counts = summary.members.iter().filter_map(|member| {
            let number: i64 = member.value.as_text()?.parse().ok().filter(|number| *number != 0)?;
            (&*member.name != "ID").then(|| format!("{} {number}", member.name))
        });
        counts.collect::<Vec<_>>().join(", ")
    }
}

/// `<Objects xsi:type="kind">…</Objects>`
pub(crate) fn object(kind: &str, members: &str) -> String {
    format!("<Objects xsi:type=\"{kind}\">{members}</Objects>")
}

/// The definition `hello`, started.
pub(crate) fn definition(more: &str) -> String {
    object(
        "TriggeredSendDefinition",
        &format!(
            "<CustomerKey>hello</CustomerKey><Name>Hello</Name><TriggeredSendStatus>Active</TriggeredSendStatus>\
             <Email><CustomerKey>welcome</CustomerKey></Email>\
             <SenderProfile><CustomerKey>shop</CustomerKey></SenderProfile>{more}"
        ),
    )
}

/// A TriggeredSend of the definition `hello`.
pub(crate) fn triggered(inside: &str) -> String {
    let named = "<TriggeredSendDefinition><CustomerKey>hello</CustomerKey></TriggeredSendDefinition>";
    object("TriggeredSend", &format!("{named}{inside}"))
}

pub(crate) fn to(key: &str, address: &str) -> String {
    format!("<Subscribers><EmailAddress>{address}</EmailAddress><SubscriberKey>{key}</SubscriberKey></Subscribers>")
}

/// A subscriber with attributes.
pub(crate) fn to_with(key: &str, attributes: &[(&str, &str)]) -> String {
    let attributes = self::attributes(attributes);
    format!(
        "<Subscribers><EmailAddress>{key}@example.com</EmailAddress>{attributes}<SubscriberKey>{key}</SubscriberKey>\
         </Subscribers>"
    )
}

pub(crate) fn attributes(attributes: &[(&str, &str)]) -> String {
    let one =
        |(name, value): &(&str, &str)| format!("<Attributes><Name>{name}</Name><Value>{value}</Value></Attributes>");
    attributes.iter().map(one).collect()
}

pub(crate) fn subscriber(key: &str, more: &str) -> String {
    let named = format!("<SubscriberKey>{key}</SubscriberKey><EmailAddress>{key}@example.com</EmailAddress>");
    object("Subscriber", &format!("{named}{more}"))
}
