//! A gateway with connectors that lead to simulated systems, whose clocks go with its own; and the words of its calls.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use envoi::{
    connector::{Api, Connector, Connectors, ContextType, Defaults, Route, To},
    message::client::Secret,
    server::Parts,
    store,
};
use serde_json::{Value, json};

use crate::{
    gateway::{Answer, Gateway, PARTNER_API, request},
    settings,
    system::{ORG, OUR_NUMBER, System, WEBHOOK_SECRET, key_pair},
};

pub(crate) const SALESFORCE: &str = "salesforce";
pub(crate) const YEASTAR: &str = "yeastar";
pub(crate) const CONNECTLY: &str = "connectly";
pub(crate) const ALL: [&str; 3] = [SALESFORCE, YEASTAR, CONNECTLY];

/// The connector to a simulated system, with one attempt's patience for nothing.
pub(crate) fn connector(name: &str, addr: SocketAddr, scheme: &str) -> Connector {
    let root = format!("{scheme}://{addr}");
    let (api, base) = match name {
        SALESFORCE => (
            Api::Salesforce {
                login: root.clone(),
                consumer_key: "consumer".to_owned(),
                user: "robot@example.com".to_owned(),
                private_key: Secret::new(std::fs::read_to_string(key_pair().join("private.pem")).unwrap()),
                org_id: ORG.to_owned(),
                authorization_context: "our_channel".to_owned(),
                context_type: ContextType::default(),
            },
            format!("{root}/api/v1"),
        ),
        YEASTAR => (
            Api::Yeastar { client_id: "client".to_owned(), client_secret: Secret::new("client-secret") },
            format!("{root}/openapi/v1.0"),
        ),
        _ => (
            Api::Connectly { business: "business-1".to_owned(), api_key: Secret::new("api-key-1") },
            format!("{root}/v1"),
        ),
    };
    let channel = if name == SALESFORCE { OUR_NUMBER } else { "whatsapp" };
    Connector {
        webhook_secret: Some(Secret::new(WEBHOOK_SECRET)),
        defaults: Defaults {
            channel: Some(channel.to_owned()),
            sender: Some(OUR_NUMBER.to_owned()),
            language: Some("en".to_owned()),
            opt_in: Some("ExplicitlyOptedIn".to_owned()),
            country: Some("DE".to_owned()),
            // Salesforce has no templates.
            body: (name == SALESFORCE).then(|| "Hello %%body_1%%".to_owned()),
            ..Defaults::default()
        },
        ..settings::connector(name, api, base)
    }
}

/// Everything that a connector can take goes there.
pub(crate) fn route(to: &str) -> Route {
    Route {
        name: format!("to {to}"),
        accounts: Vec::new(),
        kinds: match to {
            YEASTAR => &["SMSTriggeredSend", "TriggeredSend", "Subscriber", "List"][..],
            CONNECTLY => &["SMSTriggeredSend", "TriggeredSend", "Subscriber", "TriggeredSendDefinition", "Email"][..],
            _ => &["SMSTriggeredSend", "TriggeredSend", "Subscriber"][..],
        }
        .iter()
        .map(|kind| (*kind).to_owned())
        .collect(),
        definition: None,
        properties: Default::default(),
        attributes: Default::default(),
        to: To::Connector(to.to_owned()),
        defaults: Defaults::default(),
        allowed: Default::default(),
    }
}

/// A gateway whose store is in this folder.
pub(crate) fn on_disk(folder: &Path) -> impl FnOnce(&mut Parts) {
    let path = Some(folder.to_owned());
    move |parts| parts.store = store::Settings { path, ..store::Settings::default() }
}

pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) system: System,
}

impl World {
    /// A gateway and one system.
    pub(crate) async fn new(name: &'static str) -> Self {
        Self::with(name, |_| {}).await
    }

    /// With other settings of the connector.
    pub(crate) async fn with(name: &'static str, change: impl FnOnce(&mut Connector)) -> Self {
        let system = System::start(name);
        let mut connector = connector(name, system.addr, "http");
        change(&mut connector);
        Self::of(system, connector, |_| {}).await
    }

    /// Of a system that runs, with its connector and route.
    pub(crate) async fn of(system: System, connector: Connector, change: impl FnOnce(&mut Parts)) -> Self {
        let connectors = Connectors {
            routes: vec![route(&connector.name)],
            connectors: [(connector.name.clone(), Arc::new(connector))].into(),
        };
        let gateway = Gateway::start_with(|parts| {
            parts.connectors = Arc::new(connectors);
            change(parts);
        })
        .await;
        Self { gateway, system }
    }

    pub(crate) async fn create(&self, options: &str, objects: &str) -> Answer {
        self.gateway.call("Create", &request("CreateRequest", &format!("<Options>{options}</Options>"), objects)).await
    }

    pub(crate) async fn update(&self, objects: &str) -> Answer {
        self.change("Update", "", objects).await
    }

    pub(crate) async fn delete(&self, objects: &str) -> Answer {
        self.change("Delete", "", objects).await
    }

    /// An Update or a Delete.
    pub(crate) async fn change(&self, operation: &str, options: &str, objects: &str) -> Answer {
        let message = request(&format!("{operation}Request"), &format!("<Options>{options}</Options>"), objects);
        self.gateway.call(operation, &message).await
    }

    /// Moves the clocks; returns when what became due has been worked off.
    pub(crate) async fn advance(&self, seconds: u64) {
        let now = self.gateway.clock.now().plus(Duration::from_secs(seconds));
        self.system.order(json!({"now": now.millis() / 1000})).await;
        self.told("POST", &format!("/time?by={}", seconds * 1000)).await;
    }

    /// Waits until everything that is due has been worked off.
    pub(crate) async fn idle(&self) {
        self.advance(0).await;
    }

    /// Lets time pass until a call is answered: only while something that is owed waits for it.
    pub(crate) async fn patiently(&self, call: impl Future<Output = Answer>) -> Answer {
        let mut call = std::pin::pin!(call);
        for _ in 0..10_000 {
            tokio::select! {
                biased;
                answer = &mut call => return answer,
                () = async {
                    self.idle().await;
                    if self.states().await.iter().any(|state| state == "owed") {
                        self.advance(5).await;
                    }
                } => {}
            }
        }
        panic!("no answer, however long it is waited");
    }

    pub(crate) async fn admin(&self, method: &str, path: &str) -> Answer {
        Answer::to_operator(self.gateway.admin, method, path).await
    }

    /// What the operators' listener says, as JSON.
    pub(crate) async fn told(&self, method: &str, path: &str) -> Value {
        let answer = self.admin(method, path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or(Value::Null)
    }

    /// All that is owed or was, the oldest first.
    pub(crate) async fn deliveries(&self) -> Vec<Value> {
        let mut all = self.told("GET", "/deliveries?limit=10000").await.as_array().unwrap().clone();
        all.reverse();
        all
    }

    pub(crate) async fn delivery(&self, id: &str) -> Value {
        self.told("GET", &format!("/delivery?id={id}")).await
    }

    /// States of all deliveries, the oldest first.
    pub(crate) async fn states(&self) -> Vec<String> {
        self.deliveries().await.iter().map(|delivery| delivery["state"].as_str().unwrap().to_owned()).collect()
    }

    /// State of a conversation.
    pub(crate) async fn state(&self, id: &str) -> String {
        self.told("GET", &format!("/conversation?id={id}")).await["state"].as_str().unwrap().to_owned()
    }

    /// One property of what a filter finds.
    pub(crate) async fn values(&self, kind: &str, property: &str, filter: &str) -> Vec<String> {
        let message = format!(
            "<RetrieveRequestMsg xmlns=\"{PARTNER_API}\"><RetrieveRequest><ObjectType>{kind}</ObjectType>\
             <Properties>{property}</Properties>{filter}</RetrieveRequest></RetrieveRequestMsg>"
        );
        let answer = self.gateway.call("Retrieve", &message).await;
        let count = answer.count("RetrieveResponseMsg/Results");
        let value = |at| answer.text(&format!("RetrieveResponseMsg/Results#{at}/{property}")).unwrap_or_default();
        (0..count).map(value).collect()
    }

    /// Sends a webhook as the system does; gives the gateway's status.
    pub(crate) async fn webhook(&self, mut wanted: Value) -> u64 {
        wanted["url"] = format!("http://{}/connectors/{}/webhook", self.gateway.addr, self.system.name).into();
        self.system.order(json!({"webhook": wanted})).await["webhook"].as_u64().unwrap()
    }
}

/// What a row says.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) status: String,
    pub(crate) message: String,
    pub(crate) code: Option<i64>,
    pub(crate) detail: String,
    pub(crate) new_id: Option<String>,
    pub(crate) new_object: Option<String>,
}

/// The rows of an answer.
pub(crate) fn rows(answer: &Answer) -> Vec<Row> {
    let root = ["CreateResponse", "UpdateResponse", "DeleteResponse"]
        .into_iter()
        .find(|root| answer.count(root) == 1)
        .unwrap_or_else(|| panic!("{}", answer.body));
    let row = |at: usize| {
        let text = |name: &str| answer.text(&format!("{root}/Results#{at}/{name}"));
        Row {
            status: text("StatusCode").unwrap_or_default(),
            message: text("StatusMessage").unwrap_or_default(),
            code: text("ErrorCode").map(|code| code.parse().unwrap()),
            detail: text("ResultDetailXML").unwrap_or_default(),
            new_id: text("NewID"),
            new_object: text("NewObjectID"),
        }
    };
    (0..answer.count(&format!("{root}/Results"))).map(row).collect()
}

/// The only row.
pub(crate) fn row(answer: &Answer) -> Row {
    let mut all = rows(answer);
    assert_eq!(all.len(), 1, "{}", answer.body);
    all.remove(0)
}

pub(crate) fn asynchronous(more: &str) -> String {
    format!("<RequestType>Asynchronous</RequestType>{more}")
}

/// SaveOptions for everything.
pub(crate) fn save(action: &str) -> String {
    format!(
        "<SaveOptions><SaveOption><PropertyName>*</PropertyName><SaveAction>{action}</SaveAction></SaveOption>\
         </SaveOptions>"
    )
}

/// A PartnerProperty.
pub(crate) fn extra(name: &str, value: &str) -> String {
    let value = value.replace('&', "&amp;").replace('<', "&lt;");
    format!("<PartnerProperties><Name>{name}</Name><Value>{value}</Value></PartnerProperties>")
}

/// A subscriber with these members, PartnerProperties among them.
pub(crate) fn subscriber(members: &str) -> String {
    format!("<Objects xsi:type=\"Subscriber\">{members}</Objects>")
}

/// Options of a conversation's part.
pub(crate) fn part(id: &str, sequence: u32, calls: u32) -> String {
    asynchronous(&format!(
        "<ConversationID>{id}</ConversationID><SequenceCode>{sequence}</SequenceCode>\
         <CallsInConversation>{calls}</CallsInConversation>"
    ))
}

/// A number of a customer.
pub(crate) fn number(at: u32) -> String {
    format!("+4915112{at:06}")
}

/// A text to a number.
pub(crate) fn sms(number: &str, text: &str) -> String {
    format!(
        "<Objects xsi:type=\"SMSTriggeredSend\"><SMSTriggeredSendDefinition><CustomerKey>welcome</CustomerKey>\
         </SMSTriggeredSendDefinition><Message>{text}</Message><Number>{number}</Number>\
         <FromAddress>{OUR_NUMBER}</FromAddress></Objects>"
    )
}

/// A triggered send of a definition to people, each with an SMS address and the attributes.
pub(crate) fn triggered(definition: &str, people: &[(&str, &str)]) -> String {
    let people: String = people
        .iter()
        .map(|(key, number)| {
            format!(
                "<Subscribers><EmailAddress>{key}@example.com</EmailAddress><Attributes><Name>body_1</Name>\
                 <Value>{key}</Value></Attributes><SubscriberKey>{key}</SubscriberKey><PrimarySMSAddress>\
                 <AddressType>SMS</AddressType><Address>{number}</Address></PrimarySMSAddress></Subscribers>"
            )
        })
        .collect();
    format!(
        "<Objects xsi:type=\"TriggeredSend\"><TriggeredSendDefinition><CustomerKey>{definition}</CustomerKey>\
         </TriggeredSendDefinition>{people}</Objects>"
    )
}

/// The number that ErrorCode has for a code of a system, as facts/backends section 6 says.
pub(crate) fn documented(system: &str, code: &str) -> i64 {
    let number = || code.parse::<i64>().unwrap();
    match system {
        SALESFORCE => 1_000_000 + number(),
        YEASTAR if number() < 0 => 3_000_000 + number(),
        YEASTAR => 2_000_000 + number(),
        _ => {
            let rows = table(CONNECTLY);
            let is_type = code.starts_with("ERROR_TYPE_");
            let same = rows.iter().filter(|row| row.code.starts_with("ERROR_TYPE_") == is_type);
            let at = same.into_iter().position(|row| row.code == code).unwrap();
            3_000_001 + i64::try_from(at).unwrap() + if is_type { 100 } else { 0 }
        }
    }
}

/// A row of the table of codes.
pub(crate) struct Code {
    pub(crate) code: String,
    pub(crate) class: String,
    pub(crate) retryable: bool,
}

/// The codes of a system, from the table beside the tests.
pub(crate) fn table(system: &str) -> Vec<Code> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/facts/backend-error-codes.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let of_system = rows.filter(|cells| cells[0].starts_with(system));
    let made = of_system.map(|cells| Code {
        code: cells[1].to_owned(),
        class: cells[4].to_owned(),
        retryable: cells[5] == "yes",
    });
    made.collect()
}
