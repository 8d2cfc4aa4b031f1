//! Webhooks of the systems behind connectors, through the front door: whose they are, what they may change, and what they cannot.
//! The messages that they tell of lie in the store before the gateway starts; nothing leaves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "conversations/house.rs"]
#[allow(dead_code, reason = "shared with the tests of conversations")]
mod house;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use envoi::{
    backend::CATALOGUE,
    clock::Time,
    connector::{
        Action, Ambiguous, Api, CompleteOn, Connector, Connectors, ContextType, Defaults, ErrorNumbers, Message,
        Standing, System, Text, Verdict,
    },
    message::client::Secret,
    store::{
        Attempt, Attempted, Content, Internal, Next, Settings, Stopped, Store, StoreError, Transaction, export,
        outgoing::{Asker, Outgoing},
    },
};
use gateway::{Answer, START};
use hmac::{Hmac, Mac};
use house::House;
use tempfile::TempDir;

const ACCOUNT: u64 = 100_001;
const SECRET: &str = "secret-of-webhooks-0123456789abc";
const CONNECTLY: &str = "x-connectly-hmac-sha256";
const ULID: &str = "01FRRWW2ZAHD9GJ1SWY4VF2GBD";
const KEY: &str = "6f9619ff-8b86-5011-b42d-00c04fc964ff";

fn connector(name: &str, api: Api, webhook_secret: Option<&str>) -> (String, Arc<Connector>) {
    let minute = Duration::from_secs(60);
    let connector = Connector {
        name: name.to_owned(),
        api,
        base: "https://nowhere.example".to_owned(),
        ca: Vec::new(),
        connect_timeout: minute,
        timeout: minute,
        max_answer: 65_536,
        at_once: 1,
        per_second: 1,
        max_attempts: 1,
        first_delay: minute,
        longest_delay: minute,
        max_age: minute,
        breaker_failures: 1,
        breaker_rest: minute,
        on_ambiguous: Ambiguous::Stop,
        complete_on: CompleteOn::Delivered,
        delivered_within: 60 * minute,
        error_numbers: ErrorNumbers::Documented,
        record: false,
        remedies: false,
        operations: Vec::new(),
        wait: minute,
        webhook_secret: webhook_secret.map(Secret::new),
        defaults: Defaults::default(),
        allowed: Default::default(),
    };
    (name.to_owned(), Arc::new(connector))
}

fn connectors() -> Connectors {
    let secret = || Secret::new("secret");
    let connectly = || Api::Connectly { business: "b".to_owned(), api_key: secret() };
    let yeastar = Api::Yeastar { client_id: "c".to_owned(), client_secret: secret() };
    let salesforce = Api::Salesforce {
        login: "https://nowhere.example".to_owned(),
        consumer_key: "k".to_owned(),
        user: "u".to_owned(),
        private_key: secret(),
        org_id: "00D000000000001".to_owned(),
        authorization_context: "a".to_owned(),
        context_type: ContextType::default(),
    };
    let all = [
        connector("chat", connectly(), Some(SECRET)),
        connector("open", connectly(), None),
        connector("pbx", yeastar, Some(SECRET)),
        connector("crm", salesforce, Some(SECRET)),
    ];
    Connectors { connectors: BTreeMap::from(all), routes: Vec::new() }
}

/// A message of a connector that its system has accepted under an id.
fn accepted(txn: &mut Transaction<'_>, connector: &str, system: System, key: &str, id: &str) -> Result<(), StoreError> {
    let message = Message {
        connector: connector.to_owned(),
        system,
        action: Action::Text(Text::default()),
        recipient: format!("+49{id}"),
        channel: "whatsapp".to_owned(),
        sender: None,
        key: key.to_owned(),
        ordinal: 0,
        place: 0,
        kind: "SMSTriggeredSend".to_owned(),
        definition: None,
        subscriber: None,
    };
    let verdict = Verdict {
        standing: Standing::Accepted,
        code: None,
        kind: None,
        http: 201,
        message: "accepted".to_owned(),
        trace: None,
        id: Some(id.to_owned()),
        after_ms: None,
        raw: String::new(),
    };
    let asker = Asker::Call { batch: 1 };
    let content = Content::Message(Box::new(Outgoing::new(ACCOUNT, asker, message)));
    let number = txn.owe(&Internal(ACCOUNT), content, START, START)?;
    txn.begin_deliveries(&[number], START)?;
    txn.judged(number, verdict, None, START)?;
    let attempt = Attempt { at: START, took_ms: 1, outcome: Attempted::Delivered, status: String::new() };
    let end = START.plus(Duration::from_secs(3600));
    txn.end_attempt(number, attempt, Next::Accepted(end), START, end)?;
    Ok(())
}

struct World {
    house: House,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { path: Some(folder.path().to_owned()), ..Settings::default() };
        let store = Store::open(&settings).unwrap();
        let fill = |txn: &mut Transaction<'_>| {
            accepted(txn, "chat", System::Connectly, KEY, ULID)?;
            accepted(txn, "open", System::Connectly, "other key", "other id")?;
            accepted(txn, "pbx", System::Yeastar, "key of pbx", "142")
        };
        store.write(fill).await.unwrap();
        drop(store);
        let house = House::with(|parts| {
            parts.store = settings;
            parts.connectors = Arc::new(connectors());
        })
        .await;
        Self { house, _folder: folder }
    }

    /// States of the three messages.
    async fn states(&self) -> [String; 3] {
        let answer = self.house.admin("GET", "/deliveries?limit=10").await;
        let mut all = serde_json::from_str::<serde_json::Value>(&answer.body).unwrap().as_array().unwrap().clone();
        all.sort_by_key(|delivery| delivery["id"].to_string().len());
        let of = |id: &str| {
            let mine = |delivery: &&serde_json::Value| delivery.to_string().contains(&format!("+49{id}"));
            all.iter().find(mine).unwrap_or_else(|| panic!("{id}: {}", answer.body))["state"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        [of(ULID), of("other id"), of("142")]
    }

    async fn post(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.house.gateway.raw(posted(method, path, headers, body).as_bytes()).await
    }

    /// Status of the answer to a body that is signed as it is to be.
    async fn signed(&self, connector: &str, body: &str) -> u16 {
        let header = if connector == "pbx" { "X-Signature" } else { CONNECTLY };
        let path = format!("/connectors/{connector}/webhook");
        self.post("POST", &path, &[(header, &sign(SECRET, body))], body).await.status
    }

    async fn count(&self, operation: &str) -> u32 {
        let page = self.house.admin("GET", "/metrics").await.body;
        let line = format!("envoi_requests_total{{operation=\"{operation}\",outcome=\"ok\"}} ");
        page.lines().find_map(|text| text.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
    }
}

fn posted(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x.example\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n",
        body.len()
    );
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    format!("{head}\r\n{body}")
}

fn sign(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn status(id: &str, status: &str) -> String {
    format!(r#"{{"topic":"delivery_status","statusUpdate":{{"id":"{id}","status":"{status}","error":null}}}}"#)
}

#[tokio::test]
async fn what_is_told_moves_a_message_forward_once() {
    let world = World::new().await;
    assert_eq!(world.states().await, ["accepted", "accepted", "accepted"]);
    assert_eq!(world.signed("chat", &status(ULID, "sent")).await, 200);
    assert_eq!(world.states().await[0], "accepted");
    assert_eq!(world.signed("chat", &status(ULID, "delivered")).await, 200);
    assert_eq!(world.states().await[0], "delivered");
    // Replayed, out of order, and against what is known.
    for later in ["delivered", "sent", "delivery_failed", "of tomorrow"] {
        assert_eq!(world.signed("chat", &status(ULID, later)).await, 200, "{later}");
        assert_eq!(world.states().await[0], "delivered", "{later}");
    }
    assert_eq!((world.count("webhook").await, world.count("webhook_known").await), (2, 4));
    // As a text in the frame.
    let failed = r#"{\"msg_id\":142,\"delivery_status\":2,\"send_error\":\"invalid_phone_number\"}"#;
    assert_eq!(world.signed("pbx", &format!(r#"{{"type":30032,"sn":"1","msg":"{failed}"}}"#)).await, 200);
    assert_eq!(world.states().await, ["delivered", "accepted", "failed"]);
    let late = r#"{"type":30038,"sn":"1","msg":{"data":{"read_msg_id":142}}}"#;
    assert_eq!(world.signed("pbx", late).await, 200);
    assert_eq!(world.states().await[2], "failed");
}

#[tokio::test]
async fn a_message_is_found_by_our_own_key_too() {
    let world = World::new().await;
    let body = format!(r#"{{"statusUpdate":{{"id":"no id","status":"read","callbackData":{{"key":"{KEY}"}}}}}}"#);
    assert_eq!(world.signed("chat", &body).await, 200);
    assert_eq!(world.states().await[0], "delivered");
}

#[tokio::test]
async fn what_is_not_signed_changes_nothing() {
    let world = World::new().await;
    let body = status(ULID, "delivered");
    let (good, other) = (sign(SECRET, &body), sign("another secret", &body));
    let of_other = sign(SECRET, &status(ULID, "sent"));
    for headers in [
        [].as_slice(),
        &[(CONNECTLY, "")],
        &[(CONNECTLY, "***")],
        &[(CONNECTLY, other.as_str())],
        &[(CONNECTLY, of_other.as_str())],
        &[("X-Signature", good.as_str())],
        &[(CONNECTLY, other.as_str()), (CONNECTLY, good.as_str())],
        &[(CONNECTLY, good.as_str()), (CONNECTLY, other.as_str())],
    ] {
        assert_eq!(world.post("POST", "/connectors/chat/webhook", headers, &body).await.status, 401, "{headers:?}");
    }
    // A connector without a secret takes none, whatever it is signed with.
    let open = status("other id", "delivered");
    for secret in ["", SECRET, "secret"] {
        let signature = sign(secret, &open);
        let answer = world.post("POST", "/connectors/open/webhook", &[(CONNECTLY, &signature)], &open).await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(world.states().await, ["accepted", "accepted", "accepted"]);
    assert_eq!(world.post("POST", "/connectors/chat/webhook", &[(CONNECTLY, &good)], &body).await.status, 200);
    assert_eq!(world.states().await[0], "delivered");
}

#[tokio::test]
async fn each_connector_hears_of_its_own_messages_alone() {
    let world = World::new().await;
    let body = r#"{"type":30032,"msg":{"msg_id":"01FRRWW2ZAHD9GJ1SWY4VF2GBD","delivery_status":1}}"#;
    assert_eq!(world.signed("pbx", body).await, 200);
    assert_eq!(world.signed("chat", &status("142", "delivered")).await, 200);
    assert_eq!(world.signed("chat", &status("nobody", "delivered")).await, 200);
    assert_eq!(world.states().await, ["accepted", "accepted", "accepted"]);
    assert_eq!(world.count("webhook_unknown").await, 3);
}

#[tokio::test]
async fn what_cannot_be_a_webhook_has_its_status() {
    let world = World::new().await;
    for body in ["", "text", "[]", r#"{"statusUpdate":{"status":"sent"}}"#] {
        assert_eq!(world.signed("chat", body).await, 400, "{body}");
    }
    assert_eq!(world.signed("chat", r#"{"topic":"messages","message":{"text":"hi"}}"#).await, 200);
    assert_eq!(world.signed("nobody", "{}").await, 404);
    assert_eq!(world.signed("crm", "{}").await, 404);
    let answer = world.post("GET", "/connectors/chat/webhook", &[], "").await;
    assert_eq!(answer.status, 405);
    assert!(answer.head.to_ascii_lowercase().contains("allow: post"), "{}", answer.head);
    let long = format!("{}{}", status(ULID, "delivered"), " ".repeat(256 << 10));
    assert_eq!(world.signed("chat", &long).await, 413);
    let almost = format!("{}{}", status(ULID, "delivered"), " ".repeat(255 << 10));
    assert_eq!(world.signed("chat", &almost).await, 200);
    assert_eq!(world.states().await[0], "delivered");
}

#[tokio::test]
async fn what_was_taken_survives_a_restart() {
    let World { house, _folder } = World::new().await;
    let world = World { house, _folder };
    assert_eq!(world.signed("chat", &status(ULID, "delivered")).await, 200);
    let World { house, _folder } = world;
    house.gateway.stop().await;
    let path = _folder.path().to_owned();
    let house = House::with(|parts| {
        parts.store = Settings { path: Some(path), ..Settings::default() };
        parts.connectors = Arc::new(connectors());
        parts.clock = envoi::clock::Clock::stopped_at(Time::from_millis(START.millis() + 1));
    })
    .await;
    let world = World { house, _folder };
    assert_eq!(world.states().await, ["delivered", "accepted", "accepted"]);
}

/// Lines of an export that tell of messages that nobody knows.
fn early(data: &std::path::Path) -> Vec<String> {
    let stopped = Stopped::open(data, 1 << 20).unwrap();
    assert_eq!(stopped.check(&CATALOGUE, false).unwrap().findings, []);
    let mut lines = Vec::new();
    export(&stopped, &CATALOGUE, &|_| false, &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    lines.lines().filter(|line| line.contains("\"about\":\"early word")).map(str::to_owned).collect()
}

#[tokio::test]
async fn only_so_much_is_kept_of_what_nobody_knows_and_nothing_that_is_forged() {
    let World { house, _folder } = World::new().await;
    let world = World { house, _folder };
    let forged = status("forged", "delivered");
    for headers in [[].as_slice(), &[(CONNECTLY, sign("another secret", &forged).as_str())]] {
        assert_eq!(world.post("POST", "/connectors/chat/webhook", headers, &forged).await.status, 401);
    }
    assert_eq!(world.signed("pbx", r#"{"type":30032,"msg":{"msg_id":"7","delivery_status":1}}"#).await, 200);
    // In rounds: of those that come together, any may be the oldest.
    for round in 0..11 {
        let mut posts = tokio::task::JoinSet::new();
        for at in round * 100..(round + 1) * 100 {
            let body = status(&format!("of another {at:04}"), "delivered");
            let request = posted("POST", "/connectors/chat/webhook", &[(CONNECTLY, &sign(SECRET, &body))], &body);
            let addr = world.house.gateway.addr;
            posts.spawn(async move { Answer::over(addr, request.as_bytes()).await.status });
        }
        assert_eq!(posts.join_all().await, [200; 100]);
    }
    let World { house, _folder } = world;
    house.gateway.stop().await;
    let lines = early(_folder.path());
    assert_eq!(lines.len(), 1001, "a thousand of one connector, and one of the other");
    assert!(!lines.iter().any(|line| line.contains("forged")));
    for (at, is_kept) in [(0, false), (99, false), (100, true), (1099, true)] {
        let is_there = lines.iter().any(|line| line.contains(&format!("of another {at:04}\"")));
        assert_eq!(is_there, is_kept, "{at}");
    }

    // Ten minutes later all of it is forgotten.
    let path = _folder.path().to_owned();
    let house = House::with(|parts| {
        parts.store = Settings { path: Some(path), ..Settings::default() };
        parts.connectors = Arc::new(connectors());
        parts.clock = envoi::clock::Clock::stopped_at(START.plus(Duration::from_secs(599)));
    })
    .await;
    house.advance(1).await;
    house.gateway.stop().await;
    assert_eq!(early(_folder.path()), Vec::<String>::new());
}
