//! Queue and notifier over a disk in memory, with a clock that is moved by hand and a system that answers as it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use envoi::{
    backend::{self, Backend, connected},
    clock::{Clock, Time},
    connector::{
        Ambiguous, Api, CompleteOn, Connector, Connectors, Defaults, ErrorNumbers, Receipt, Route, Standing, To,
        Verdict,
    },
    conversation::{self, Arriving, State},
    message::{
        Operation,
        client::{Accounts, Client, Secret},
    },
    notify::{self, Carrier, Carriers, Carrying, Judged, Notifier, Outcome},
    object::{Limits, Object},
    queue::{self, Arrival, Queue},
    store::{
        Asker, Content, Delivery, DeliveryKind, Internal, Name, Store, StoreError, Transaction, View, image::Image,
    },
};
use tokio::sync::Notify;

use crate::engine::{self, ENTERPRISE, START, client, directory, envelope, permissions, schema};

/// What came to the system: recipient, and the key of the message.
pub(crate) type Came = (String, String);

/// The system behind a connector.
#[derive(Default)]
pub(crate) struct System {
    /// What it answers each recipient, one after the other; then it accepts.
    answers: Mutex<BTreeMap<String, VecDeque<Verdict>>>,
    came: Mutex<Vec<Came>>,
    /// Recipients of whom it answers nothing until the end.
    silent: Mutex<Vec<String>>,
    begun: Notify,
}

impl System {
    pub(crate) fn answers(&self, recipient: &str, verdicts: &[Verdict]) {
        self.answers.lock().unwrap().entry(recipient.to_owned()).or_default().extend(verdicts.iter().cloned());
    }

    pub(crate) fn silent(&self, recipient: &str) {
        self.silent.lock().unwrap().push(recipient.to_owned());
    }

    /// Who was sent something, in order.
    pub(crate) fn came(&self) -> Vec<String> {
        self.came.lock().unwrap().iter().map(|(recipient, _)| recipient.clone()).collect()
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.came.lock().unwrap().iter().map(|(_, key)| key.clone()).collect()
    }

    /// Ready when a silent recipient has been sent something.
    pub(crate) async fn begun(&self) {
        self.begun.notified().await;
    }
}

pub(crate) fn verdict(standing: Standing, code: &str, message: &str) -> Verdict {
    Verdict {
        standing,
        code: (!code.is_empty()).then(|| code.to_owned()),
        kind: None,
        http: if standing == Standing::Ambiguous { 0 } else { 200 },
        message: message.to_owned(),
        trace: None,
        id: None,
        after_ms: None,
        raw: format!("raw {message}"),
    }
}

pub(crate) fn accepted(id: &str) -> Verdict {
    Verdict { id: Some(id.to_owned()), ..verdict(Standing::Accepted, "", "") }
}

struct Stand(Arc<System>);

impl Carrier for Stand {
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carrying<'a> {
        let Content::Message(outgoing) = &delivery.content else { panic!("only messages are carried") };
        let message = &outgoing.message;
        self.0.came.lock().unwrap().push((message.recipient.clone(), message.key.clone()));
        Box::pin(async {
            if self.0.silent.lock().unwrap().contains(&message.recipient) {
                self.0.begun.notify_one();
                std::future::pending::<()>().await;
            }
            let told = self.0.answers.lock().unwrap().get_mut(&message.recipient).and_then(VecDeque::pop_front);
            let verdict = told.unwrap_or_else(|| accepted("id-1"));
            Outcome::Judged(Box::new(Judged { status: verdict.message.clone(), verdict, shown: None, rest: None }))
        })
    }

    fn ended(
        &self,
        txn: &mut Transaction<'_>,
        delivery: &Delivery,
        _outcome: &Outcome,
        now: Time,
    ) -> Result<Option<Asker>, StoreError> {
        connected::settled(txn, delivery, now)
    }
}

const SECOND: Duration = Duration::from_secs(1);

/// A connector named `pbx` to Yeastar.
pub(crate) fn yeastar() -> Connector {
    let api = Api::Yeastar { client_id: "client".to_owned(), client_secret: Secret::new("secret") };
    Connector {
        name: "pbx".to_owned(),
        api,
        base: "https://pbx.example/openapi/v1.0".to_owned(),
        ca: Vec::new(),
        connect_timeout: SECOND,
        timeout: SECOND,
        max_answer: 65_536,
        at_once: 4,
        per_second: 1000,
        max_attempts: 3,
        first_delay: 10 * SECOND,
        longest_delay: 60 * SECOND,
        max_age: 3600 * SECOND,
        breaker_failures: 100,
        breaker_rest: SECOND,
        on_ambiguous: Ambiguous::Stop,
        complete_on: CompleteOn::Accepted,
        delivered_within: 600 * SECOND,
        error_numbers: ErrorNumbers::Documented,
        record: false,
        remedies: false,
        operations: Vec::new(),
        wait: 30 * SECOND,
        webhook_secret: None,
        defaults: Defaults {
            channel: Some("general".to_owned()),
            sender: Some("100".to_owned()),
            body: Some("Hello %%first%%".to_owned()),
            ..Defaults::default()
        },
        allowed: Default::default(),
    }
}

/// The same to Connectly.
pub(crate) fn connectly() -> Connector {
    let api = Api::Connectly { business: "b".to_owned(), api_key: Secret::new("secret") };
    Connector { api, ..yeastar() }
}

/// Everything that can goes to this connector.
pub(crate) fn connectors(connector: Connector) -> Arc<Connectors> {
    let route = Route {
        name: "all".to_owned(),
        accounts: Vec::new(),
        kinds: Vec::new(),
        definition: None,
        properties: BTreeMap::new(),
        attributes: BTreeMap::new(),
        to: To::Connector(connector.name.clone()),
        defaults: Defaults::default(),
        allowed: Default::default(),
    };
    Arc::new(Connectors {
        connectors: BTreeMap::from([(connector.name.clone(), Arc::new(connector))]),
        routes: vec![route],
    })
}

pub(crate) struct House {
    image: Image,
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    pub(crate) notifier: Notifier,
    pub(crate) clock: Clock,
    pub(crate) system: Arc<System>,
    accounts: Arc<Accounts>,
    requests: Mutex<u64>,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(yeastar())
    }

    pub(crate) fn with(connector: Connector) -> Self {
        Self::on(Image::default(), START, connector)
    }

    /// A process that starts with what another has left.
    pub(crate) fn on(image: Image, now: Time, connector: Connector) -> Self {
        let (connectors, system) = (connectors(connector), Arc::<System>::default());
        let backend =
            Backend { schema: schema(), settings: backend::Settings::default(), connectors: Arc::clone(&connectors) };
        let accounts = directory(3, &[("ann", permissions())]);
        let (store, clock) = (image.open().unwrap(), Clock::stopped_at(now));
        let carrier: Arc<dyn Carrier> = Arc::new(Stand(Arc::clone(&system)));
        let notifier = Notifier::new(notify::Parts {
            store: store.clone(),
            clock: clock.clone(),
            settings: notify::Settings::default(),
            carriers: Carriers::from([(DeliveryKind::Message, carrier)]),
            connectors,
        });
        let directory = Arc::clone(&accounts);
        let queue = Queue::new(queue::Parts {
            notifier: notifier.clone(),
            store: store.clone(),
            backend: Arc::new(backend),
            directory: Box::new(move || Arc::clone(&directory)),
            clock: clock.clone(),
            limits: Limits::default(),
            settings: queue::Settings { workers: 1, ..queue::Settings::default() },
        });
        Self { image, store, queue, notifier, clock, system, accounts, requests: Mutex::default() }
    }

    pub(crate) fn run(&self) {
        tokio::spawn(self.queue.clone().run());
        tokio::spawn(self.notifier.clone().run());
    }

    /// Leaves the process where it is, for good: its clock stands still. What is on the disk stays.
    pub(crate) fn killed(self) -> (Image, Time) {
        (self.image, self.clock.now())
    }

    /// What the store is on.
    pub(crate) fn image(&self) -> &Image {
        &self.image
    }

    pub(crate) fn ann(&self) -> Client {
        client(&self.accounts, "ann", ENTERPRISE)
    }

    /// Takes a call in; gives its conversation.
    pub(crate) async fn call(
        &self,
        operation: Operation,
        id: Option<&str>,
        part: Arriving,
        objects: &[String],
    ) -> Name {
        let request_id = {
            let mut requests = self.requests.lock().unwrap();
            *requests += 1;
            format!("00000000-0000-4000-8000-{requests:012}")
        };
        let name = match id {
            Some(id) => Name::conversation(&self.ann(), id),
            None => Name::request(&self.ann(), &request_id),
        };
        let root = format!("{}Request", operation.name());
        let arrival = Arrival {
            client: self.ann(),
            conversation_id: id.map(str::to_owned),
            part,
            operation,
            objects: objects.len(),
            targets: Vec::new(),
            request_id,
            envelope: envelope(&root, &objects.concat()),
            renews: None,
        };
        let (store, now) = (self.store.clone(), self.clock.now());
        let settings = conversation::Settings::default();
        let taken = tokio::task::spawn_blocking(move || engine::take(&store, arrival, now, &settings)).await.unwrap();
        taken.expect("a verdict").expect("it is taken");
        self.queue.wake();
        name
    }

    pub(crate) async fn create(&self, objects: &[String]) -> Name {
        self.call(Operation::Create, None, engine::single(), objects).await
    }

    /// Moves the clock as operators do: from one due moment to the next.
    pub(crate) async fn advance(&self, seconds: u64) {
        let until = self.clock.now().plus(engine::seconds(seconds));
        loop {
            self.queue.all_idle().await;
            if self.clock.now() >= until {
                return;
            }
            let work = self.queue.next_due().await.unwrap();
            let next = work.into_iter().chain(self.notifier.next_due().await.unwrap()).min();
            self.clock.advance(next.map_or(until, |next| next.min(until)).since(self.clock.now()));
        }
    }

    pub(crate) fn state(&self, name: &Name) -> State {
        engine::kept(&self.store, name).expect("it is kept").rules.state()
    }

    /// The names of the lists that were made.
    pub(crate) fn lists(&self) -> Vec<String> {
        let mut lists = engine::lists(&self.store, ENTERPRISE);
        lists.retain(|name| name != "All Subscribers");
        lists
    }

    pub(crate) fn objects(&self, kind: &str) -> Vec<Object> {
        engine::objects(&self.store, ENTERPRISE, kind)
    }

    /// `StatusCode ErrorCode StatusMessage` of each ResultItem, of the first call first.
    pub(crate) fn items(&self) -> Vec<String> {
        let mut calls: BTreeMap<(String, i64), String> = BTreeMap::new();
        for item in self.objects("ResultItem") {
            let text = |member: &str| item.text(member).unwrap_or("-").to_owned();
            let place = (text("RequestID"), text("OrdinalID").parse().unwrap());
            calls.insert(place, format!("{} {} {}", text("StatusCode"), text("ErrorCode"), text("StatusMessage")));
        }
        calls.into_values().collect()
    }

    /// The whole answers that were kept, in the order of their calls.
    pub(crate) fn answers(&self) -> Vec<String> {
        let scan = |view: &View<'_>| view.objects(&Internal(ENTERPRISE)).scan("ResultDetailXML", i64::MIN, usize::MAX);
        let mut found: Vec<(i64, String)> = self.store.read_blocking(scan).unwrap();
        found.reverse();
        found.into_iter().map(|(_, answer)| answer).collect()
    }

    /// What each event of a kind says of its subscriber: `member` of it.
    pub(crate) fn events(&self, kind: &str) -> Vec<String> {
        self.objects(kind).iter().map(|event| event.text("SubscriberKey").unwrap_or("-").to_owned()).collect()
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        let look = |view: &View<'_>| view.deliveries().list(None, None, 1000, &|_| true);
        let mut all = self.store.read_blocking(look).unwrap();
        all.retain(|delivery| delivery.content.outgoing().is_some());
        all.reverse();
        all
    }

    /// A webhook tells of a message, by its recipient.
    pub(crate) async fn receive(&self, recipient: &str, receipt: Receipt) {
        let delivery = self.deliveries().into_iter().rev().find(|delivery| delivery.content.address() == recipient);
        let key = delivery.unwrap().content.outgoing().unwrap().message.key.clone();
        let now = self.clock.now();
        let work = move |txn: &mut Transaction<'_>| -> Result<Option<Asker>, StoreError> {
            match txn.receive("pbx", &key, receipt, now)? {
                Some(delivery) => connected::settled(txn, &delivery, now),
                None => Ok(None),
            }
        };
        let settled = self.store.write(work).await.unwrap();
        self.notifier.tell_settled(settled.as_slice());
    }
}

/// An SMS as an object.
pub(crate) fn sms(number: &str) -> String {
    format!("<Objects xsi:type=\"SMSTriggeredSend\"><Message>Hello</Message><Number>{number}</Number></Objects>")
}

/// A send to subscribers whose keys are their numbers.
pub(crate) fn send(keys: &[&str]) -> String {
    let subscribers: String =
        keys.iter().map(|key| format!("<Subscribers><SubscriberKey>{key}</SubscriberKey></Subscribers>")).collect();
    format!(
        "<Objects xsi:type=\"TriggeredSend\"><TriggeredSendDefinition><CustomerKey>welcome</CustomerKey>\
         </TriggeredSendDefinition>{subscribers}<Attributes><Name>first</Name><Value>Ada</Value></Attributes></Objects>"
    )
}

/// A list as an object; a second one of that name is an error, so it tells how often a part was applied.
pub(crate) fn list(name: &str) -> String {
    format!("<Objects xsi:type=\"List\"><ListName>{name}</ListName></Objects>")
}
