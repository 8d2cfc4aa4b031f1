//! Messages of which nobody knows whether they arrived, an operator's word on them, time that runs out, and dry runs.

use std::time::Duration;

use envoi::connector::Ambiguous;
use serde_json::json;

use crate::{
    house::{ALL, CONNECTLY, SALESFORCE, World, YEASTAR, number, part, row, sms},
    system::python,
};

/// A conversation whose first part is in doubt and waits for an operator; gives the id of its message.
async fn in_doubt(system: &'static str, take: bool) -> (World, String) {
    let world = World::with(system, |connector| connector.on_ambiguous = Ambiguous::Ask).await;
    world.system.will(json!([{"kind": "cut_after", "take": take}])).await;
    for sequence in [1, 2] {
        world.create(&part("c", sequence, 2), &sms(&number(1), &format!("part {sequence}"))).await;
    }
    world.idle().await;
    world.advance(48 * 3600).await;
    assert_eq!(world.states().await, ["in doubt"], "{system}");
    assert_eq!(world.state("c").await, "Processing", "{system}: it waits");
    assert_eq!(world.system.requests().await.len(), 1, "{system}");
    let id = world.deliveries().await[0]["id"].as_str().unwrap().to_owned();
    (world, id)
}

#[tokio::test]
async fn an_operator_may_say_that_it_arrived() {
    if !python() {
        return;
    }
    for system in ALL {
        let (world, id) = in_doubt(system, true).await;
        world.told("POST", &format!("/settle?id={id}&as=delivered")).await;
        world.idle().await;
        assert_eq!(world.state("c").await, "Complete", "{system}");
        assert_eq!(world.system.texts().await, ["part 1", "part 2"], "{system}: each once");
    }
}

#[tokio::test]
async fn an_operator_may_say_that_it_did_not() {
    if !python() {
        return;
    }
    for system in ALL {
        let (world, id) = in_doubt(system, false).await;
        world.told("POST", &format!("/settle?id={id}&as=failed")).await;
        world.idle().await;
        assert_eq!(world.state("c").await, "Error", "{system}");
        assert!(world.system.texts().await.is_empty(), "{system}");
    }
}

#[tokio::test]
async fn an_operator_may_have_it_sent_again() {
    if !python() {
        return;
    }
    for system in ALL {
        let (world, id) = in_doubt(system, false).await;
        world.told("POST", &format!("/redeliver?id={id}")).await;
        world.idle().await;
        assert_eq!(world.state("c").await, "Complete", "{system}");
        assert_eq!(world.system.texts().await, ["part 1", "part 2"], "{system}");
    }
}

#[tokio::test]
async fn a_synchronous_call_takes_back_what_did_not_leave_in_time() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::with(system, |connector| connector.wait = Duration::from_secs(60)).await;
        // The connector rests for an hour: the first was refused for now, the second never left.
        world.system.will(json!([{"kind": "status", "status": 429, "headers": {"Retry-After": "3600"}}])).await;
        let objects = [sms(&number(1), "tried"), sms(&number(1), "waited")].concat();
        let answer = world.patiently(world.create("", &objects)).await;
        let rows = crate::house::rows(&answer);
        assert_eq!(
            rows.iter().map(|row| row.status.as_str()).collect::<Vec<_>>(),
            ["Error", "Error"],
            "{system}: {rows:?}"
        );
        assert!(rows.iter().all(|row| row.code.is_some()), "{system}: {rows:?}");
        for _ in 0..20 {
            world.advance(3600).await;
        }
        assert!(world.system.texts().await.is_empty(), "{system}: an error was told, so nothing leaves any more");
        assert_eq!(world.system.requests().await.len(), 1, "{system}");
    }
}

#[tokio::test]
async fn a_synchronous_call_whose_message_is_under_way_at_the_end_tells_that_it_is_in_doubt() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::with(system, |connector| connector.wait = Duration::from_secs(60)).await;
        world.system.will(json!([{"kind": "hold"}])).await;
        let objects = sms(&number(1), "slow");
        let tokens = usize::from(system != CONNECTLY);
        let (answer, ()) = tokio::join!(world.create("", &objects), async {
            world.system.log(tokens + 1).await;
            world.gateway.clock.advance(Duration::from_secs(61)).unwrap();
        });
        let row = row(&answer);
        assert!(row.status == "Error" && row.message.contains("in doubt"), "{system}: {row:?}");
        world.system.order(json!({"release": true})).await;
        world.idle().await;
        world.advance(24 * 3600).await;
        assert_eq!(world.system.texts().await, ["slow"], "{system}: and it is not sent again");
    }
}

#[tokio::test]
async fn in_record_mode_nothing_leaves_and_what_would_is_shown() {
    if !python() {
        return;
    }
    for (system, shown, secret) in [
        (SALESFORCE, "/interactions", "Bearer 00D"),
        (YEASTAR, "/message/send", "client-secret"),
        (CONNECTLY, "/send/messages", "api-key"),
    ] {
        let world = World::with(system, |connector| connector.record = true).await;
        let answer = world.create(&part("c", 1, 1), &sms(&number(1), "hello there")).await;
        assert_eq!(row(&answer).status, "OK");
        world.idle().await;
        assert_eq!(world.state("c").await, "Complete", "{system}");
        assert!(world.system.log(0).await.is_empty(), "{system}: not even a log-in");
        let id = world.deliveries().await[0]["id"].as_str().unwrap().to_owned();
        let one = world.delivery(&id).await.to_string();
        assert!(one.contains(shown) && one.contains("hello there") && one.contains(&number(1)), "{system}: {one}");
        assert!(!one.contains(secret), "{system}: {one}");
        let answer = world.patiently(world.create("", &sms(&number(2), "at once"))).await;
        let row = row(&answer);
        assert!(row.status == "OK" && row.message.contains("recorded"), "{system}: {row:?}");
    }
}

#[tokio::test]
async fn a_remedy_sends_what_may_be_sent_in_place_of_what_may_not() {
    if !python() {
        return;
    }
    for on in [true, false] {
        let world = World::with(CONNECTLY, |connector| {
            connector.remedies = on;
            connector.defaults.fallback_template = Some("reminder".to_owned());
        })
        .await;
        world.system.set(json!({"closed": [number(1)]})).await;
        let answer = world.patiently(world.create("", &sms(&number(1), "hello"))).await;
        let row = row(&answer);
        assert_eq!(row.status, if on { "OK" } else { "Error" }, "{row:?}");
        let paths: Vec<String> = world.system.requests().await.iter().map(|entry| entry["path"].to_string()).collect();
        assert_eq!(paths.len(), if on { 2 } else { 1 }, "{paths:?}");
        assert!(!on || paths[1].contains("whatsapp_templated_messages"), "{paths:?}");
    }
    // A session that is over: the same without it.
    let world = World::with(YEASTAR, |connector| connector.remedies = true).await;
    let gone = "<PartnerProperties><Name>Session</Name><Value>77</Value></PartnerProperties>";
    world.system.will(json!([{"kind": "code", "code": "80016"}])).await;
    let first = world.patiently(world.create("", &sms(&number(1), "hello"))).await;
    assert_eq!(row(&first).status, "Error", "no session was named, so there is no remedy");
    ok_without_session(&world, gone).await;
}

async fn ok_without_session(world: &World, gone: &str) {
    let objects = sms(&number(1), "hello").replacen('>', &format!(">{gone}"), 1);
    let answer = world.patiently(world.create("", &objects)).await;
    let row = row(&answer);
    assert_eq!(row.status, "OK", "{row:?}");
    let last = world.system.requests().await.pop().unwrap();
    assert!(last["accepted"] == true && last["json"].get("session_id").is_none(), "{last:#}");
}
