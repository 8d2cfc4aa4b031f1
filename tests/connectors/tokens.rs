//! Tokens: fetched once, used by all, renewed in time, and never asked for in a loop.

use std::sync::Arc;

use envoi::connector::{Connector, Connectors};
use serde_json::{Value, json};

use crate::{
    house::{CONNECTLY, SALESFORCE, World, YEASTAR, connector, number, part, route, row, sms, triggered},
    system::{System, python},
};

fn names(entries: &[Value]) -> Vec<String> {
    entries.iter().map(|entry| entry["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect()
}

async fn send(world: &World, id: &str, sequence: u32, calls: u32) {
    let answer = world.create(&part(id, sequence, calls), &sms(&number(1), &format!("part {sequence}"))).await;
    assert_eq!(row(&answer).status, "OK", "{}", answer.body);
    world.idle().await;
}

#[tokio::test]
async fn a_token_that_ends_in_mid_conversation_is_renewed_and_nothing_is_lost_or_doubled() {
    if !python() {
        return;
    }
    for (system, renewed) in [(SALESFORCE, vec!["token", "token"]), (YEASTAR, vec!["get_token", "refresh_token"])] {
        let world = World::new(system).await;
        // It ends between the attempts of the conversation's second part.
        let again = if system == SALESFORCE { "10019" } else { "70082" };
        for sequence in 1..=3 {
            world.create(&part("c", sequence, 3), &sms(&number(1), &format!("part {sequence}"))).await;
            if sequence == 1 {
                world.idle().await;
                world.system.will(json!([{"kind": "code", "code": again}])).await;
            }
        }
        world.idle().await;
        world.system.order(json!({"expire": true})).await;
        for _ in 0..20 {
            world.advance(10).await;
        }
        assert_eq!(world.state("c").await, "Complete", "{system}");
        assert_eq!(world.system.texts().await, ["part 1", "part 2", "part 3"], "{system}");
        assert_eq!(names(&world.system.token_requests().await), renewed, "{system}");
    }
}

#[tokio::test]
async fn the_thirty_minutes_and_the_day_of_yeastar_are_kept() {
    if !python() {
        return;
    }
    let world = World::new(YEASTAR).await;
    let (mut expected, mut id) = (vec!["get_token"], 0);
    for (seconds, more) in [
        (0, None),
        (1700, None),
        (1000, Some("refresh_token")),
        (1900, Some("refresh_token")),
        (90_000, Some("get_token")),
    ] {
        world.advance(seconds).await;
        id += 1;
        send(&world, &format!("c{id}"), 1, 1).await;
        expected.extend(more);
        assert_eq!(names(&world.system.token_requests().await), expected, "after {seconds} s");
    }
    // No message met a token that had ended: it was known when it would.
    let requests = world.system.requests().await;
    assert_eq!(requests.len(), 5);
    assert_eq!(world.system.taken().await.len(), 5);
}

#[tokio::test]
async fn many_at_once_share_one_token() {
    if !python() {
        return;
    }
    for system in [SALESFORCE, YEASTAR] {
        let world = World::new(system).await;
        let objects: String = (0..30).map(|at| sms(&number(at), "hello")).collect();
        let answer = world.patiently(world.create("", &objects)).await;
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
        assert_eq!(world.system.token_requests().await.len(), 1, "{system}");
        world.system.order(json!({"expire": true})).await;
        world.patiently(world.create("", &objects)).await;
        assert_eq!(world.system.token_requests().await.len(), 2, "{system}: once more for all");
        assert_eq!(world.system.taken().await.len(), 60, "{system}");
    }
}

#[tokio::test]
async fn a_token_is_not_shown() {
    if !python() {
        return;
    }
    for system in [SALESFORCE, YEASTAR, CONNECTLY] {
        let world = World::new(system).await;
        send(&world, "c", 1, 1).await;
        let request = world.system.requests().await.remove(0);
        let secret = match system {
            YEASTAR => request["query"]["access_token"].as_str().unwrap().to_owned(),
            SALESFORCE => request["headers"]["authorization"].as_str().unwrap().replace("Bearer ", ""),
            _ => "api-key".to_owned(),
        };
        for delivery in world.deliveries().await {
            let shown = world.delivery(delivery["id"].as_str().unwrap()).await.to_string();
            assert!(!shown.contains(&secret), "{system}: {shown}");
        }
        for path in ["/targets", "/conversation?id=c", "/metrics"] {
            let shown = world.admin("GET", path).await.body;
            assert!(!shown.contains(&secret), "{system} {path}: {shown}");
        }
    }
}

#[tokio::test]
async fn a_log_in_that_fails_is_not_repeated_before_the_rest_is_over() {
    if !python() {
        return;
    }
    for system in [SALESFORCE, YEASTAR] {
        let world = World::with(system, |connector| {
            connector.breaker_rest = std::time::Duration::from_secs(300);
            connector.max_attempts = 100;
        })
        .await;
        let (wrong, right) = match system {
            SALESFORCE => (json!({"user": "another@example.com"}), json!({"user": "robot@example.com"})),
            _ => (json!({"client_secret": "another"}), json!({"client_secret": "client-secret"})),
        };
        world.system.set(wrong).await;
        for at in 0..6_u32 {
            world.create(&part(&format!("c{at}"), 1, 1), &sms(&number(at), "hello")).await;
            world.idle().await;
        }
        let asked = world.system.log(0).await;
        assert_eq!(asked.len(), 1, "{system}: {asked:#?}");
        world.advance(290).await;
        assert_eq!(world.system.log(0).await.len(), 1, "{system}: within the rest");
        world.system.set(right).await;
        for _ in 0..40 {
            world.advance(300).await;
        }
        // What waited leaves when it can, and once; what was given up meanwhile is told as an error.
        let taken = world.system.log(0).await.iter().filter(|entry| entry["accepted"] == true).count();
        let states = world.states().await;
        let delivered = states.iter().filter(|state| *state == "delivered").count();
        assert_eq!(taken, delivered, "{system}: {states:?}");
        assert!(states.iter().all(|state| state == "delivered" || state == "failed"), "{system}: {states:?}");
    }
}

#[tokio::test]
async fn a_token_is_given_back_at_the_end_so_that_any_number_of_starts_may_follow() {
    if !python() {
        return;
    }
    let system = System::start(YEASTAR);
    let connector = connector(YEASTAR, system.addr, "http");
    let mut world = World::of(system, connector.clone(), |_| {}).await;
    // Eight live at once are all that the PBX allows.
    for start in 0..12_u32 {
        let answer = world.create("", &sms(&number(start), "hello")).await;
        assert_eq!(row(&answer).status, "OK", "start {start}: {}", answer.body);
        let World { gateway, system } = world;
        gateway.stop().await;
        world = World::of(system, connector.clone(), |_| {}).await;
    }
    let expected: Vec<_> = std::iter::repeat_n(["get_token", "del_token"], 12).flatten().collect();
    assert_eq!(names(&world.system.token_requests().await), expected);
    assert_eq!(world.system.taken().await.len(), 12);
    // Who never logged in has nothing to give back, and a PBX that does not answer keeps nobody from ending.
    let answer = world.create("", &sms(&number(90), "hello")).await;
    assert_eq!(row(&answer).status, "OK");
    world.system.will(json!([{"kind": "code", "code": "-2", "path": "/openapi/v1.0/del_token"}])).await;
    world.gateway.stop().await;
}

#[tokio::test]
async fn connectors_with_one_log_in_share_one_token() {
    if !python() {
        return;
    }
    let system = System::start(YEASTAR);
    let first = connector(YEASTAR, system.addr, "http");
    let second = Connector { name: "second".to_owned(), ..first.clone() };
    let world = World::of(system, first.clone(), |parts| {
        let mut of_sends = route("second");
        of_sends.kinds = vec!["TriggeredSend".to_owned()];
        let connectors = [first, second].map(|connector| (connector.name.clone(), Arc::new(connector)));
        parts.connectors =
            Arc::new(Connectors { routes: vec![of_sends, route(YEASTAR)], connectors: connectors.into() });
    })
    .await;
    let objects = sms(&number(1), "hello") + &triggered("welcome", &[("ada", &number(2))]);
    let answer = world.patiently(world.create("", &objects)).await;
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
    assert_eq!(names(&world.system.token_requests().await), ["get_token"]);
    let World { gateway, system } = world;
    gateway.stop().await;
    assert_eq!(names(&system.token_requests().await), ["get_token", "del_token"], "one, given back once");
}
