//! The order in which messages leave: parts of a conversation, one recipient after another, across retries.

use serde_json::json;

use crate::{
    house::{
        ALL, CONNECTLY, SALESFORCE, World, YEASTAR, connector, extra, number, on_disk, part, row, rows, sms, subscriber,
    },
    system::{OUR_NUMBER, System, python, text},
};

/// A fault after which each system may be asked again.
fn transient(system: &str) -> &'static str {
    match system {
        SALESFORCE => "10019",
        YEASTAR => "70082",
        _ => "ERROR_TYPE_RATE_LIMIT",
    }
}

#[tokio::test]
async fn parts_leave_in_the_order_of_their_sequence_codes_across_retries() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::new(system).await;
        // The first part is refused twice, the second once.
        let code = transient(system);
        world.system.will(json!([{"kind": "code", "code": code, "times": 2}])).await;
        for sequence in [3, 1, 2] {
            let answer = world.create(&part("c", sequence, 3), &sms(&number(1), &format!("part {sequence}"))).await;
            assert_eq!(row(&answer).status, "OK", "{}", answer.body);
        }
        for _ in 0..200 {
            world.advance(30).await;
            if world.state("c").await == "Complete" {
                break;
            }
        }
        assert_eq!(world.state("c").await, "Complete", "{system}");
        assert_eq!(world.system.texts().await, ["part 1", "part 2", "part 3"], "{system}");
        let tries: Vec<String> = world.system.requests().await.iter().map(text).collect();
        assert_eq!(tries, ["part 1", "part 1", "part 1", "part 2", "part 3"], "{system}");
    }
}

#[tokio::test]
async fn a_refused_part_stops_its_conversation_and_what_follows_does_not_leave() {
    if !python() {
        return;
    }
    let world = World::new(CONNECTLY).await;
    world.system.will(json!([{"kind": "code", "code": "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT"}])).await;
    for sequence in 1..=3 {
        world.create(&part("c", sequence, 3), &sms(&number(1), &format!("part {sequence}"))).await;
    }
    world.idle().await;
    assert_eq!(world.state("c").await, "Error");
    let tries: Vec<String> = world.system.requests().await.iter().map(text).collect();
    assert_eq!(tries, ["part 1"]);
}

#[tokio::test]
async fn messages_to_one_recipient_never_overtake_and_never_travel_together() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::new(system).await;
        world.system.will(json!([{"kind": "code", "code": transient(system), "times": 3}])).await;
        // Three recipients, four messages each, in one call; some of the first are tried again.
        let objects: String = (0..12).map(|at| sms(&number(at % 3), &format!("{} of {}", at / 3, at % 3))).collect();
        let answer = world.patiently(world.create("", &objects)).await;
        assert_eq!(answer.count("CreateResponse/Results"), 12);
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{system}: {}", answer.body);
        let texts = world.system.texts().await;
        for recipient in 0..3 {
            let his: Vec<_> = texts.iter().filter(|text| text.ends_with(&format!(" of {recipient}"))).collect();
            let expected: Vec<_> = (0..4).map(|at| format!("{at} of {recipient}")).collect();
            assert_eq!(his, expected.iter().collect::<Vec<_>>(), "{system}: {texts:?}");
        }
        assert!(world.system.requests().await.iter().all(|entry| entry["together"] == 1), "{system}");
    }
}

#[tokio::test]
async fn a_retry_keeps_only_its_own_recipient_waiting() {
    if !python() {
        return;
    }
    for system in [SALESFORCE, YEASTAR] {
        let world = World::new(system).await;
        world.system.will(json!([{"kind": "code", "code": transient(system)}])).await;
        let first = world.create(&part("a", 1, 1), &sms(&number(1), "waits")).await;
        assert_eq!(row(&first).status, "OK");
        world.idle().await;
        world.create(&part("b", 1, 1), &sms(&number(1), "behind it")).await;
        world.create(&part("c", 1, 1), &sms(&number(2), "beside it")).await;
        world.idle().await;
        assert_eq!(world.system.texts().await, ["beside it"], "{system}");
        assert_eq!(world.state("c").await, "Complete");
        for _ in 0..20 {
            world.advance(10).await;
        }
        assert_eq!(world.system.texts().await, ["beside it", "waits", "behind it"], "{system}");
    }
}

#[tokio::test]
async fn no_more_leave_in_a_second_in_which_the_program_was_started_again() {
    if !python() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = System::start(CONNECTLY);
    let mut connector = connector(CONNECTLY, running.addr, "http");
    connector.per_second = 3;
    let mut world = World::of(running, connector.clone(), on_disk(folder.path())).await;
    let objects: String = (0..8).map(|at| sms(&number(at), &format!("to {at}"))).collect();
    world.create(&part("c", 1, 1), &objects).await;
    world.idle().await;
    assert_eq!(world.system.texts().await.len(), 3);
    // Each stands where the clock of the first one stood.
    for _ in 0..2 {
        let World { gateway, system } = world;
        gateway.stop().await;
        world = World::of(system, connector.clone(), on_disk(folder.path())).await;
        world.idle().await;
        assert_eq!(world.system.texts().await.len(), 3);
    }
    for sent in [6, 8, 8] {
        world.advance(1).await;
        assert_eq!(world.system.texts().await.len(), sent);
    }
    assert_eq!(world.state("c").await, "Complete");
}

/// A text in a session.
fn within(session: &str, number: &str, text: &str) -> String {
    let extras = extra("Session", session) + &extra("Sender", OUR_NUMBER);
    sms(number, text).replacen('>', &format!(">{extras}"), 1)
}

#[tokio::test]
async fn what_is_asked_of_one_session_goes_in_order_across_a_retry() {
    if !python() {
        return;
    }
    let world = World::new(YEASTAR).await;
    assert_eq!(row(&world.patiently(world.create("", &sms(&number(1), "hello"))).await).status, "OK");
    let ok = |answer: &crate::gateway::Answer| {
        assert!(rows(answer).iter().all(|row| row.status == "OK"), "{}", answer.body);
    };
    // Two numbers, one session.
    world.system.will(json!([{"kind": "code", "code": "70082"}])).await;
    let two = [within("100", &number(2), "one"), within("100", &number(3), "two")].concat();
    ok(&world.patiently(world.create("", &two)).await);
    // And its end behind what is said in it: by its property, and by the JSON of its body.
    for end in [extra("Session", "100"), extra("Body", r#"{"session_id": 100}"#)] {
        world.system.will(json!([{"kind": "code", "code": "70082"}])).await;
        let end = format!(
            "<Objects xsi:type=\"SMSTriggeredSend\">{}{end}</Objects>",
            extra("Operation", "message_session/close")
        );
        let both = [within("100", &number(1), "bye"), end].concat();
        ok(&world.patiently(world.create("", &both)).await);
        ok(&world.patiently(world.create("", &sms(&number(1), "again"))).await);
    }
    let came = |entry: &serde_json::Value| match entry["path"].as_str().unwrap().ends_with("/close") {
        true => "close".to_owned(),
        false => text(entry),
    };
    let tries: Vec<String> = world.system.requests().await.iter().map(came).collect();
    let ends = ["bye", "bye", "close", "again"];
    assert_eq!(tries, [&["hello", "one", "one", "two"][..], &ends, &ends].concat());
    world.system.taken().await;
}

#[tokio::test]
async fn a_conversation_of_salesforce_is_one_lane() {
    if !python() {
        return;
    }
    let world = World::new(SALESFORCE).await;
    let made = world.patiently(world.create("", &subscriber("<SubscriberKey>user-1</SubscriberKey>"))).await;
    let conversation = row(&made).new_object.unwrap();
    world.system.will(json!([{"kind": "code", "code": "10019"}])).await;
    let end = format!(
        "<Objects xsi:type=\"SMSTriggeredSend\">{}{}</Objects>",
        extra("Operation", "cancelRoute"),
        extra("Session", &conversation)
    );
    let all = [within(&conversation, &number(1), "one"), within(&conversation, &number(2), "two"), end].concat();
    let answer = world.patiently(world.create("", &all)).await;
    assert!(rows(&answer).iter().all(|row| row.status == "OK"), "{}", answer.body);
    let text = |entry: &serde_json::Value| {
        let text = entry["json"].pointer("/conversationEntries/0/entryPayload/abstractMessage/staticContent/text");
        text.and_then(serde_json::Value::as_str).unwrap_or(entry["path"].as_str().unwrap()).to_owned()
    };
    let tries: Vec<String> = world.system.requests().await.iter().map(text).collect();
    assert_eq!(tries, ["/api/v1/conversation", "one", "one", "two", "/api/v1/route"]);
}
