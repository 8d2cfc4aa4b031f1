//! The simulated backends, asked as the connectors ask them, and as nobody should.

mod connectly;
mod salesforce;
mod yeastar;

use std::{
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use hyper::{HeaderMap, header::HeaderName};
use serde_json::{Value, json};

use super::{
    Asked, Backend, Connectly, Fault, Faults, Outcome, Reply, Salesforce, Served, What, Yeastar, key::Key, settings,
    webhook::Webhooks,
};
use crate::{
    clock::{Clock, Time},
    connector::{
        Action, Answer, Connector, ContactChange, Message, Operation, Request, System, Template, Text, read_token,
        request, token_request,
    },
    message::client::Secret,
};

const START: Time = Time::from_millis(1_772_366_400_000);
const BASE: &str = "http://simulated";
/// Somebody who has written, and somebody who has not.
const ADA: &str = "+12025550123";
const BOB: &str = "+12025550100";

/// One backend, its clock, and the connector that leads there.
struct House {
    served: Served,
    clock: Clock,
    connector: Arc<Connector>,
    token: Option<Secret>,
}

impl House {
    fn new(system: System) -> Self {
        static KEY: OnceLock<(String, Vec<u8>)> = OnceLock::new();
        let (pem, public) = KEY.get_or_init(|| {
            let key = Key::generate().unwrap();
            (key.pem(), key.public().unwrap())
        });
        let clock = Clock::stopped_at(START);
        let backend = match system {
            System::Salesforce => Backend::Salesforce(Salesforce::new(BASE.to_owned(), public.clone())),
            System::Yeastar => Backend::Yeastar(Yeastar::new()),
            System::Connectly => Backend::Connectly(Connectly::new()),
        };
        let served = Served {
            name: system.name(),
            system,
            backend: Mutex::new(backend),
            faults: Arc::new(Faults::new([system.name()])),
            webhooks: Arc::new(Webhooks::new("secret")),
            pace: Mutex::default(),
            clock: clock.clone(),
        };
        let all = settings::connectors(&System::ALL.map(|_| BASE.to_owned()), pem.clone());
        let connector = Arc::clone(&all.connectors[system.name()]);
        let mut house = Self { served, clock, connector, token: None };
        if system != System::Connectly {
            house.log_in();
        }
        house
    }

    fn log_in(&mut self) {
        let request = token_request(&self.connector, None, self.clock.now()).unwrap();
        let reply = self.post(&request);
        let answer = Answer { status: reply.status, body: reply.body.to_string().into_bytes(), ..Answer::default() };
        self.token = Some(read_token(&self.connector, &answer).unwrap().access);
    }

    /// A request as it would leave.
    fn post(&self, request: &Request) -> Reply {
        let whole = request.target.strip_prefix("http").is_some();
        let url = if whole { request.target.clone() } else { format!("{}{}", self.connector.base, request.target) };
        let path = url.strip_prefix(BASE).unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut query = super::http::query(query);
        query
            .extend(request.query_secret.iter().map(|(name, secret)| ((*name).to_owned(), secret.expose().to_owned())));
        let mut headers = HeaderMap::new();
        let mut put = |name: &str, value: &str| {
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        };
        request.headers.iter().for_each(|(name, value)| put(name, value));
        request.secret_headers.iter().for_each(|(name, value)| put(name, value.expose()));
        request.content_type.iter().for_each(|kind| put("content-type", kind));
        self.served.answer(&Asked {
            method: request.method.to_owned(),
            path: path.to_owned(),
            query,
            headers,
            body: request.body.clone(),
        })
    }

    /// The request that the connector makes of this.
    fn made(&self, to: &str, action: Action) -> Request {
        let defaults = &self.connector.defaults;
        let message = Message {
            connector: self.connector.name.clone(),
            system: self.served.system,
            action,
            recipient: to.to_owned(),
            channel: defaults.channel.clone().unwrap_or_else(|| "whatsapp".to_owned()),
            sender: defaults.sender.clone(),
            key: uuid::Uuid::new_v4().to_string(),
            ordinal: 0,
            place: 0,
            kind: "SMSTriggeredSend".to_owned(),
            definition: None,
            subscriber: None,
        };
        request(&self.connector, &message, self.token.as_ref(), self.clock.now()).unwrap()
    }

    fn act(&self, to: &str, action: Action) -> Reply {
        self.post(&self.made(to, action))
    }

    /// An operation with this JSON.
    fn ask(&self, operation: &str, body: &Value) -> Reply {
        self.act(ADA, Action::Other { operation: operation.to_owned(), body: body.to_string() })
    }

    /// A body where the connector would have put another.
    fn instead(&self, action: Action, body: &Value) -> Reply {
        self.post(&Request { body: body.to_string().into_bytes(), ..self.made(ADA, action) })
    }

    fn told(&self, outcome: Outcome) {
        let fault = Fault { what: What::Receipt(outcome), times: Some(1), login: false };
        self.served.faults.set(self.served.name, fault).unwrap();
    }

    fn later(&self, by: Duration) {
        self.clock.advance(by).unwrap();
    }
}

fn text(text: &str) -> Action {
    Action::Text(Text { text: text.to_owned(), ..Text::default() })
}

fn said_in(session: &Value, text: &str) -> Action {
    let session = session.as_str().map_or_else(|| session.to_string(), str::to_owned);
    Action::Text(Text { text: text.to_owned(), session: Some(session), ..Text::default() })
}

/// The code that a reply tells, in whichever shape; `OK` for none.
fn code(reply: &Reply) -> String {
    let body = &reply.body;
    let places = ["/errcode", "/code", "/errorDetail/code", "/errorReason", "/type"];
    let found = places.iter().find_map(|place| body.pointer(place)).unwrap_or(&Value::Null);
    match found {
        Value::Null | Value::Number(_) if found.as_i64().unwrap_or_default() == 0 => "OK".to_owned(),
        Value::String(code) => code.clone(),
        other => other.to_string(),
    }
}

/// A value with the member at this path replaced, or taken out where there is none to put there.
fn with(value: &Value, path: &str, member: Value) -> Value {
    let mut value = value.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap();
    match (parent, member) {
        (Value::Object(members), Value::Null) => drop(members.remove(name)),
        (Value::Object(members), member) => drop(members.insert(name.to_owned(), member)),
        (Value::Array(list), member) => list[name.parse::<usize>().unwrap()] = member,
        (other, _) => panic!("{path}: {other}"),
    }
    value
}

#[test]
fn every_request_of_a_connector_is_one_that_its_system_knows() {
    for system in System::ALL {
        let house = House::new(system);
        let mut all: Vec<(String, Request)> = Operation::of(system)
            .map(|operation| {
                (
                    operation.name.to_owned(),
                    Action::Other { operation: operation.name.into(), body: "{\"id\":\"1\"}".into() },
                )
            })
            .map(|(name, action)| (name, house.made(ADA, action)))
            .collect();
        let fields = vec![("first_name".to_owned(), "Ada".to_owned()), ("mobile".to_owned(), ADA.to_owned())];
        let book = vec![("name".to_owned(), "Friends".to_owned())];
        let id = || "1".to_owned();
        let actions = [
            text("Hi"),
            said_in(&json!("1"), "Hi"),
            Action::Template(Template { name: "hello".into(), language: "en".into(), parameters: Vec::new() }),
            Action::Open { attributes: Vec::new() },
            Action::Consent { status: "OptedOut".into() },
            Action::Contact(ContactChange::Create(fields.clone())),
            Action::Contact(ContactChange::Update(id(), fields)),
            Action::Phonebook(ContactChange::Create(book.clone())),
            Action::Phonebook(ContactChange::Update(id(), book)),
            Action::Phonebook(ContactChange::Delete(id())),
            Action::Contact(ContactChange::Delete(id())),
            Action::End { session: id() },
        ];
        for action in actions {
            let name = format!("{action:?}");
            let mut message = Message {
                connector: String::new(),
                system,
                action,
                recipient: ADA.into(),
                channel: "whatsapp".into(),
                sender: None,
                key: uuid::Uuid::nil().to_string(),
                ordinal: 0,
                place: 0,
                kind: String::new(),
                definition: None,
                subscriber: None,
            };
            message.sender.clone_from(&house.connector.defaults.sender);
            // What a system has no request for is none of its operations.
            let made = request(&house.connector, &message, house.token.as_ref(), house.clock.now());
            all.extend(made.ok().map(|made| (name, made)));
        }
        assert!(all.len() > 5, "{system:?}");
        for (name, made) in all {
            let reply = house.post(&made);
            let said = reply.body.to_string();
            let unknown = ["10001", "ERROR_TYPE_NOT_FOUND", "500"].contains(&code(&reply).as_str());
            assert!(!unknown && !said.contains("is no operation") && reply.status < 500, "{system:?} {name}: {said}");
        }
    }
}

#[test]
fn too_many_requests_in_a_second_are_refused_until_the_next() {
    let house = House::new(System::Connectly);
    for _ in 0..200 {
        assert_eq!(house.act(ADA, text("Hi")).status, 201);
    }
    let reply = house.act(ADA, text("Hi"));
    assert_eq!((reply.status, code(&reply).as_str()), (429, "ERROR_TYPE_RATE_LIMIT"));
    assert_eq!(house.ask("get/templates", &json!({})).status, 200, "only what sends is counted");
    house.later(Duration::from_secs(1));
    assert_eq!(house.act(ADA, text("Hi")).status, 201);
    let house = House::new(System::Salesforce);
    let consent = || Action::Consent { status: "OptedOut".into() };
    let made = house.made(ADA, consent());
    // The log-in was the first.
    assert!((1..2000).all(|_| house.post(&made).status == 200));
    let reply = house.post(&made);
    assert!(reply.status == 429 && reply.body["message"] == "Interaction request rate limit exceeded");
}
