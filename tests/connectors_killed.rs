//! A gateway with a connector, killed with SIGKILL between any two steps of a message and started again on what is left:
//! nothing is lost, and nothing is sent twice unless that is what was chosen.
//!
//! It is its own main, since it starts itself again as the gateway that is killed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use envoi::{
    clock::{Clock, Time},
    connector::{Ambiguous, CompleteOn, Connectors},
};
use serde_json::{Value, json};

#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[path = "connectors/house.rs"]
#[allow(dead_code, reason = "shared with the tests of connectors")]
mod house;
#[path = "connectors/settings.rs"]
mod settings;
#[path = "connectors/system.rs"]
#[allow(dead_code, reason = "shared with the tests of connectors")]
mod system;

use crate::{
    gateway::{Answer, Gateway, START, request},
    house::{ALL, CONNECTLY, SALESFORCE, YEASTAR, connector, number, part, route, sms, subscriber},
    system::{System, python},
};

const AS_GATEWAY: &str = "--gateway";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if arguments.next().as_deref() == Some(AS_GATEWAY) {
        let given: Value = serde_json::from_str(&arguments.next().unwrap()).unwrap();
        runtime.block_on(serve(&given));
        return;
    }
    if python() {
        runtime.block_on(async {
            for name in ALL {
                while_it_waits_for_its_next_attempt(name).await;
                while_it_is_under_way(name).await;
                between_acceptance_and_the_next_part(name).await;
                again_and_again(name).await;
            }
            contacts_keep_their_turn().await;
            a_contact_that_may_have_been_made_is_not_changed().await;
            for name in [YEASTAR, CONNECTLY] {
                while_it_waits_for_its_receipt(name).await;
                between_a_webhook_and_the_answer_to_its_message(name).await;
            }
        });
        println!("connectors killed: all as it should be");
    }
}

/// The child: a gateway until it is killed.
async fn serve(given: &Value) {
    let text = |name: &str| given[name].as_str().unwrap();
    let name = ALL.into_iter().find(|name| *name == text("system")).unwrap();
    let mut connector = connector(name, text("addr").parse().unwrap(), "http");
    connector.on_ambiguous = match text("ambiguous") {
        "retry" => Ambiguous::Retry,
        "ask" => Ambiguous::Ask,
        _ => Ambiguous::Stop,
    };
    if text("complete") == "delivered" {
        connector.complete_on = CompleteOn::Delivered;
    }
    let connectors =
        Connectors { routes: vec![route(name)], connectors: [(name.to_owned(), Arc::new(connector))].into() };
    let gateway = Gateway::start_with(|parts| {
        parts.connectors = Arc::new(connectors);
        parts.store.path = Some(text("data").into());
        parts.clock = Clock::stopped_at(Time::from_millis(given["now"].as_i64().unwrap()));
    })
    .await;
    println!("{} {}", gateway.addr, gateway.admin);
    std::future::pending::<()>().await;
}

/// A system, a data directory, and what is started on them.
struct Place {
    system: System,
    folder: tempfile::TempDir,
    ambiguous: &'static str,
    complete: &'static str,
    now: Time,
}

struct Program {
    child: Child,
    soap: SocketAddr,
    admin: SocketAddr,
}

impl Drop for Program {
    fn drop(&mut self) {
        // After a kill there is nothing left to do; where a test failed, it still runs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Place {
    fn new(name: &'static str, ambiguous: &'static str) -> Self {
        let (system, folder) = (System::start(name), tempfile::tempdir().unwrap());
        Self { system, folder, ambiguous, complete: "accepted", now: START }
    }

    fn start(&self) -> Program {
        let given = json!({
            "system": self.system.name, "addr": self.system.addr.to_string(), "ambiguous": self.ambiguous,
            "complete": self.complete, "data": self.folder.path().join("data"), "now": self.now.millis(),
        });
        let me = std::env::current_exe().unwrap();
        let mut child = Command::new(me).args([AS_GATEWAY, &given.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut ports = line.split_whitespace().map(|port| port.parse().unwrap());
        let (soap, admin) = (ports.next().expect("it starts"), ports.next().expect("it starts"));
        Program { child, soap, admin }
    }

    /// Moves the clocks, which go on where they were after a kill.
    async fn advance(&mut self, program: &Program, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self.system.order(json!({"now": self.now.millis() / 1000})).await;
        program.told("POST", &format!("/time?by={}", seconds * 1000)).await;
    }

    /// How often each text was taken.
    async fn texts(&self) -> Vec<String> {
        self.system.texts().await
    }

    /// Kills it, and waits until the system has heard the last of it.
    async fn kill(&self, mut program: Program) {
        program.child.kill().unwrap();
        program.child.wait().unwrap();
        self.system.order(json!({"release": true, "alone": true})).await;
    }
}

impl Program {
    async fn create(&self, options: &str, objects: &str) -> Answer {
        self.call("Create", options, objects).await
    }

    async fn call(&self, operation: &str, options: &str, objects: &str) -> Answer {
        let message = request(&format!("{operation}Request"), &format!("<Options>{options}</Options>"), objects);
        Answer::to_caller(self.soap, operation, &message).await
    }

    async fn told(&self, method: &str, path: &str) -> Value {
        let answer = Answer::to_operator(self.admin, method, path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or(Value::Null)
    }

    async fn state(&self, id: &str) -> String {
        self.told("GET", &format!("/conversation?id={id}")).await["state"].as_str().unwrap().to_owned()
    }

    async fn states(&self) -> Vec<String> {
        let all = self.told("GET", "/deliveries?limit=10000").await;
        all.as_array().unwrap().iter().rev().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    }

    async fn parts(&self, count: u32) {
        for sequence in 1..=count {
            let answer = self.create(&part("c", sequence, count), &sms(&number(1), &format!("part {sequence}"))).await;
            assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
        }
    }
}

fn transient(name: &str) -> &'static str {
    match name {
        SALESFORCE => "10019",
        YEASTAR => "70082",
        _ => "ERROR_TYPE_RATE_LIMIT",
    }
}

async fn while_it_waits_for_its_next_attempt(name: &'static str) {
    let mut place = Place::new(name, "stop");
    let program = place.start();
    place.system.will(json!([{"kind": "code", "code": transient(name), "times": 2}])).await;
    program.parts(2).await;
    place.advance(&program, 0).await;
    assert_eq!(place.system.requests().await.len(), 1, "{name}");
    place.kill(program).await;
    let program = place.start();
    for _ in 0..100 {
        place.advance(&program, 60).await;
    }
    assert_eq!(program.state("c").await, "Complete", "{name}");
    assert_eq!(place.texts().await, ["part 1", "part 2"], "{name}");
}

async fn while_it_is_under_way(name: &'static str) {
    for (ambiguous, texts, state, first) in [
        ("stop", vec!["part 1"], "Error", "in doubt"),
        ("ask", vec!["part 1"], "Processing", "in doubt"),
        ("retry", vec!["part 1", "part 1", "part 2"], "Complete", "delivered"),
    ] {
        let mut place = Place::new(name, ambiguous);
        let program = place.start();
        // The system takes it, and the gateway dies before it is told so.
        place.system.will(json!([{"kind": "hold"}])).await;
        program.parts(2).await;
        place.system.has_come(1).await;
        place.kill(program).await;
        let program = place.start();
        for _ in 0..100 {
            place.advance(&program, 60).await;
        }
        assert_eq!(program.state("c").await, state, "{name} {ambiguous}");
        assert_eq!(place.texts().await, texts, "{name} {ambiguous}");
        assert_eq!(program.states().await[0], first, "{name} {ambiguous}");
        if ambiguous == "retry" {
            let requests = place.system.requests().await;
            assert_eq!(requests[1]["duplicate"], true, "{name}: under the same key");
        }
        if ambiguous == "ask" {
            let id = program.told("GET", "/deliveries?limit=1").await[0]["id"].as_str().unwrap().to_owned();
            place.kill(program).await;
            let program = place.start();
            program.told("POST", &format!("/settle?id={id}&as=delivered")).await;
            place.advance(&program, 0).await;
            assert_eq!(program.state("c").await, "Complete", "{name}: an operator's word holds after another kill");
            assert_eq!(place.texts().await, ["part 1", "part 2"], "{name}");
        }
    }
}

async fn between_acceptance_and_the_next_part(name: &'static str) {
    let mut place = Place::new(name, "stop");
    let program = place.start();
    program.create(&part("c", 1, 2), &sms(&number(1), "part 1")).await;
    program.create(&part("c", 2, 2), &sms(&number(1), "part 2")).await;
    place.kill(program).await;
    let program = place.start();
    place.advance(&program, 0).await;
    let before = place.texts().await;
    // Whether the first had left before the kill or not: it is in doubt and stops, or all is done, each once.
    match program.state("c").await.as_str() {
        "Complete" => assert_eq!(before, ["part 1", "part 2"], "{name}"),
        "Error" => {
            assert!(before.len() <= 2 && before.iter().collect::<std::collections::BTreeSet<_>>().len() == before.len())
        }
        other => panic!("{name}: {other}, {before:?}"),
    }
    place.kill(program).await;
    let program = place.start();
    place.advance(&program, 24 * 3600).await;
    assert_eq!(place.texts().await, before, "{name}: what is done is not done again");
}

fn contact() -> String {
    let number = number(1);
    subscriber(&format!(
        "<Attributes><Name>Phone</Name><Value>{number}</Value></Attributes><SubscriberKey>ann</SubscriberKey>"
    ))
}

/// What follows a Create that waits for its next attempt finds the contact, though both come after a kill.
async fn contacts_keep_their_turn() {
    let mut place = Place::new(YEASTAR, "stop");
    let program = place.start();
    place.system.will(json!([{"kind": "code", "code": transient(YEASTAR)}])).await;
    program.create(&part("made", 1, 1), &contact()).await;
    place.advance(&program, 0).await;
    program.create(&part("again", 1, 1), &contact()).await;
    program.call("Update", &part("changed", 1, 1), &contact()).await;
    place.advance(&program, 0).await;
    place.kill(program).await;
    let program = place.start();
    place.advance(&program, 60).await;
    let paths = place.system.taken().await;
    let paths: Vec<&str> = paths.iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/openapi/v1.0/company_contact/create", "/openapi/v1.0/company_contact/update"]);
    for (id, state) in [("made", "Complete"), ("again", "Error"), ("changed", "Complete")] {
        assert_eq!(program.state(id).await, state, "{id}");
    }
    // What was found is known after another kill.
    place.kill(program).await;
    let program = place.start();
    program.call("Delete", &part("removed", 1, 1), &contact()).await;
    place.advance(&program, 0).await;
    assert_eq!(program.state("removed").await, "Complete");
}

async fn a_contact_that_may_have_been_made_is_not_changed() {
    let mut place = Place::new(YEASTAR, "stop");
    let program = place.start();
    place.system.will(json!([{"kind": "hold"}])).await;
    program.create(&part("made", 1, 1), &contact()).await;
    place.system.has_come(1).await;
    program.call("Update", &part("changed", 1, 1), &contact()).await;
    place.kill(program).await;
    let program = place.start();
    place.advance(&program, 60).await;
    assert_eq!((program.state("made").await, program.state("changed").await), ("Error".into(), "Error".into()));
    assert_eq!(place.system.requests().await.len(), 1, "nobody knows its id");
}

/// Kills at whatever moment it is, with `retry`: everything arrives, in order, and what comes twice has the same key.
async fn again_and_again(name: &'static str) {
    const CONVERSATIONS: u32 = 12;
    let mut place = Place::new(name, "retry");
    let program = place.start();
    for conversation in 0..CONVERSATIONS {
        for sequence in 1..=3 {
            let text = format!("{conversation}.{sequence}");
            program.create(&part(&format!("c{conversation}"), sequence, 3), &sms(&number(conversation), &text)).await;
        }
    }
    let mut program = Some(program);
    for round in 0..8 {
        // Some requests meet a kill before they are read, some while they are answered.
        place.system.will(json!([{"kind": "hold"}, {"kind": "hold"}])).await;
        place.system.has_come(2 + round * 3).await;
        place.system.order(json!({"clear": true})).await;
        place.kill(program.take().unwrap()).await;
        place.now = place.now.plus(Duration::from_secs(1200));
        place.system.order(json!({"now": place.now.millis() / 1000})).await;
        program = Some(place.start());
    }
    let program = program.unwrap();
    for _ in 0..100 {
        place.advance(&program, 60).await;
    }
    let texts = place.texts().await;
    for conversation in 0..CONVERSATIONS {
        assert_eq!(program.state(&format!("c{conversation}")).await, "Complete", "{name} {conversation}");
        let start = format!("{conversation}.");
        let mut his: Vec<&String> = texts.iter().filter(|text| text.starts_with(&start)).collect();
        his.dedup();
        let expected: Vec<String> = (1..=3).map(|sequence| format!("{conversation}.{sequence}")).collect();
        assert_eq!(his, expected.iter().collect::<Vec<_>>(), "{name}: {texts:?}");
    }
    let taken: Vec<Value> = place.system.taken().await;
    let doubled = taken.iter().filter(|entry| entry["duplicate"] == true).count();
    assert_eq!(taken.len() - doubled, 3 * CONVERSATIONS as usize, "{name}: each has one key");
    assert!(program.states().await.iter().all(|state| state == "delivered"), "{name}");
}

async fn while_it_waits_for_its_receipt(name: &'static str) {
    let mut place = Place::new(name, "stop");
    place.complete = "delivered";
    let program = place.start();
    program.parts(1).await;
    place.advance(&program, 0).await;
    assert_eq!(program.states().await, ["accepted"], "{name}");
    let id = place.system.requests().await[0]["id"].as_str().unwrap().to_owned();
    place.kill(program).await;
    let program = place.start();
    place.advance(&program, 60).await;
    assert_eq!(program.states().await, ["accepted"], "{name}");
    let url = format!("http://{}/connectors/{name}/webhook", program.soap);
    let told = place
        .system
        .order(json!({"webhook": {"url": url, "id": id, "status": "delivered", "delivery_status": 1}}))
        .await;
    assert_eq!(told["webhook"].as_u64().unwrap() / 100, 2, "{name}");
    place.kill(program).await;
    let program = place.start();
    place.advance(&program, 0).await;
    assert_eq!(
        (program.state("c").await, program.states().await),
        ("Complete".to_owned(), vec!["delivered".to_owned()]),
        "{name}"
    );
    assert_eq!(place.texts().await, ["part 1"], "{name}");
}

/// What is told by an id that nobody knows yet is there after a kill, when the same message is answered with that id.
async fn between_a_webhook_and_the_answer_to_its_message(name: &'static str) {
    let mut place = Place::new(name, "retry");
    place.complete = "delivered";
    place.system.set(json!({"repeats": true})).await;
    place.system.will(json!([{"kind": "hold"}])).await;
    let program = place.start();
    program.parts(1).await;
    place.system.has_come(1).await;
    let id = place.system.requests().await[0]["id"].as_str().unwrap().to_owned();
    let url = format!("http://{}/connectors/{name}/webhook", program.soap);
    let wanted = json!({"url": url, "id": id, "status": "delivered", "delivery_status": 1, "keyless": true});
    assert_eq!(place.system.order(json!({"webhook": wanted})).await["webhook"], 200, "{name}");
    assert_eq!(program.states().await, ["sending"], "{name}");
    place.kill(program).await;
    let program = place.start();
    place.advance(&program, 60).await;
    assert_eq!(
        (program.state("c").await, program.states().await),
        ("Complete".to_owned(), vec!["delivered".to_owned()]),
        "{name}"
    );
    assert_eq!(place.texts().await, ["part 1", "part 1"], "{name}");
}
