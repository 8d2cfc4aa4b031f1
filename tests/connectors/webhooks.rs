//! What the systems tell later, and who else might: receipts, forgery, replay.

use std::time::Duration;

use envoi::connector::{Ambiguous, CompleteOn};
use serde_json::json;

use crate::{
    house::{CONNECTLY, World, YEASTAR, asynchronous, connector, number, on_disk, part, row, sms},
    system::{System, python},
};

const SYSTEMS: [&str; 2] = [YEASTAR, CONNECTLY];

/// A gateway in which a part is complete when its messages have arrived.
async fn patient(system: &'static str) -> World {
    World::with(system, |connector| connector.complete_on = CompleteOn::Delivered).await
}

/// The system's id of its latest message.
async fn id(world: &World) -> String {
    world.system.requests().await.last().unwrap()["id"].as_str().unwrap().to_owned()
}

fn delivered(id: &str) -> serde_json::Value {
    json!({"id": id, "status": "delivered", "delivery_status": 1})
}

fn failed(id: &str) -> serde_json::Value {
    json!({"id": id, "status": "delivery_failed", "code": "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT",
           "delivery_status": 2, "send_error": "invalid_phone_number"})
}

/// A webhook that tells of a message by the system's id alone.
fn keyless(mut wanted: serde_json::Value) -> serde_json::Value {
    wanted["keyless"] = true.into();
    wanted
}

/// A gateway with a message for which a conversation waits; the system has taken it, and answers when it is released.
async fn unanswered(system: &'static str) -> World {
    let world = patient(system).await;
    world.system.will(json!([{"kind": "hold"}])).await;
    world.create(&part("c", 1, 1), &sms(&number(1), "hello")).await;
    world.system.has_come(1).await;
    world
}

/// Has the answer come, and what follows from it.
async fn release(world: &World) {
    world.system.order(json!({"release": true})).await;
    world.idle().await;
}

/// The same, with a message on its way for which a conversation waits.
async fn waiting(system: &'static str) -> World {
    let world = patient(system).await;
    world.create(&part("c", 1, 1), &sms(&number(1), "hello")).await;
    world.idle().await;
    world
}

#[tokio::test]
async fn a_part_is_complete_when_its_message_has_arrived() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        let world = patient(system).await;
        for sequence in [1, 2] {
            world.create(&part("c", sequence, 2), &sms(&number(1), &format!("part {sequence}"))).await;
        }
        world.idle().await;
        assert_eq!(world.system.texts().await, ["part 1"], "{system}: the second waits for the first");
        assert_eq!(world.states().await.last().unwrap(), "accepted", "{system}");
        assert_eq!(world.webhook(delivered(&id(&world).await)).await / 100, 2, "{system}");
        world.idle().await;
        assert_eq!(world.system.texts().await, ["part 1", "part 2"], "{system}");
        assert_ne!(world.state("c").await, "Complete", "{system}");
        world.webhook(delivered(&id(&world).await)).await;
        world.idle().await;
        assert_eq!(world.state("c").await, "Complete", "{system}");
        assert_eq!(world.states().await, ["delivered", "delivered"], "{system}");
    }
}

#[tokio::test]
async fn what_is_told_before_the_answer_counts_when_the_answer_comes() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        for (told, state, conversation, bounces) in
            [(delivered as fn(&str) -> _, "delivered", "Complete", 0), (failed, "failed", "Error", 1)]
        {
            let world = unanswered(system).await;
            assert_eq!(world.webhook(keyless(told(&id(&world).await))).await, 200, "{system}");
            assert_eq!(world.states().await, ["sending"], "{system}: nobody knows the id");
            // An older word changes nothing of it.
            world.webhook(keyless(json!({"id": id(&world).await, "status": "sent", "delivery_status": 0}))).await;
            release(&world).await;
            assert_eq!(
                (world.states().await, world.state("c").await),
                (vec![state.to_owned()], conversation.to_owned())
            );
            assert_eq!(world.values("SentEvent", "EventType", "").await.len(), 1, "{system} {state}");
            assert_eq!(world.values("BounceEvent", "EventType", "").await.len(), bounces, "{system} {state}");
            assert_eq!(world.system.taken().await.len(), 1, "{system} {state}");
        }
    }
}

#[tokio::test]
async fn a_synchronous_call_is_answered_with_what_was_told_before() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        let world = patient(system).await;
        world.system.will(json!([{"kind": "hold"}])).await;
        let objects = sms(&number(1), "hello");
        let (answer, ()) = tokio::join!(world.create("", &objects), async {
            world.system.has_come(1).await;
            world.webhook(keyless(failed(&id(&world).await))).await;
            world.system.order(json!({"release": true})).await;
        });
        let row = row(&answer);
        assert!(row.status == "Error" && row.message.contains("not delivered"), "{system}: {row:?}");
    }
}

#[tokio::test]
async fn what_is_told_too_long_before_or_by_a_stranger_is_not_kept() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        let world = unanswered(system).await;
        let told = keyless(delivered(&id(&world).await));
        let mut forged = told.clone();
        forged["secret"] = "another secret".into();
        assert_eq!(world.webhook(forged).await, 401, "{system}");
        release(&world).await;
        assert_eq!(world.states().await, ["accepted"], "{system}");

        let world = unanswered(system).await;
        assert_eq!(world.webhook(keyless(delivered(&id(&world).await))).await, 200, "{system}");
        world.gateway.clock.advance(Duration::from_secs(600)).unwrap();
        release(&world).await;
        assert_eq!(world.states().await, ["accepted"], "{system}: it is another's by now");
    }
}

#[tokio::test]
async fn what_is_told_before_the_answer_survives_a_restart() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        let folder = tempfile::tempdir().unwrap();
        let running = System::start(system);
        let mut connector = connector(system, running.addr, "http");
        (connector.complete_on, connector.on_ambiguous) = (CompleteOn::Delivered, Ambiguous::Retry);
        running.set(json!({"repeats": true})).await;
        // It takes the message, and its answer is lost.
        running.will(json!([{"kind": "cut_after", "take": true}])).await;
        let world = World::of(running, connector.clone(), on_disk(folder.path())).await;
        world.create(&part("c", 1, 1), &sms(&number(1), "hello")).await;
        world.idle().await;
        assert_eq!(world.states().await, ["owed"], "{system}");
        world.webhook(keyless(delivered(&id(&world).await))).await;
        assert_eq!(world.states().await, ["owed"], "{system}");

        let World { gateway, system: running } = world;
        gateway.stop().await;
        let world = World::of(running, connector, on_disk(folder.path())).await;
        world.advance(60).await;
        assert_eq!((world.states().await, world.state("c").await), (vec!["delivered".into()], "Complete".into()));
        let requests = world.system.requests().await;
        assert_eq!((requests.len(), &requests[1]["duplicate"]), (2, &json!(true)), "{system}");
    }
}

#[tokio::test]
async fn a_message_that_did_not_arrive_ends_its_part_with_the_systems_reason() {
    if !python() {
        return;
    }
    for (system, reason) in [(YEASTAR, "invalid_phone_number"), (CONNECTLY, "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT")] {
        let world = patient(system).await;
        let answer = world.create(&part("c", 1, 1), &sms(&number(1), "hello")).await;
        let request = answer.text("CreateResponse/RequestID").unwrap();
        world.idle().await;
        world.webhook(failed(&id(&world).await)).await;
        world.idle().await;
        assert_eq!(world.state("c").await, "Error", "{system}");
        let filter = format!(
            "<Filter xsi:type=\"SimpleFilterPart\"><Property>RequestID</Property>\
             <SimpleOperator>equals</SimpleOperator><Value>{request}</Value></Filter>"
        );
        let messages = world.values("ResultItem", "StatusMessage", &filter).await;
        assert!(messages.len() == 1 && messages[0].contains(reason), "{system}: {messages:?}");
        let codes = world.values("ResultItem", "ErrorCode", &filter).await;
        assert!(codes[0].parse::<i64>().unwrap() > 2_000_000, "{system}: {codes:?}");
        assert_eq!(world.states().await, ["failed"], "{system}");
    }
}

#[tokio::test]
async fn without_a_word_in_time_the_part_ends_with_an_error() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        let world = waiting(system).await;
        world.advance(3500).await;
        assert_ne!(world.state("c").await, "Error", "{system}");
        world.advance(200).await;
        assert_eq!(world.state("c").await, "Error", "{system}");
        assert_eq!(world.system.taken().await.len(), 1, "{system}: and it is not sent again");
    }
}

#[tokio::test]
async fn a_synchronous_call_waits_for_the_receipt_too() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        let world = patient(system).await;
        let objects = sms(&number(1), "hello");
        let (answer, ()) = tokio::join!(world.create("", &objects), async {
            let tokens = usize::from(system == YEASTAR);
            world.system.log(tokens + 1).await;
            world.idle().await;
            world.webhook(delivered(&id(&world).await)).await;
        });
        assert_eq!(row(&answer).status, "OK", "{system}: {}", answer.body);
    }
}

#[tokio::test]
async fn forged_webhooks_are_refused_and_move_nothing() {
    if !python() {
        return;
    }
    for (system, header) in [(YEASTAR, "X-Signature"), (CONNECTLY, "x-connectly-hmac-sha256")] {
        let world = waiting(system).await;
        let good = delivered(&id(&world).await);
        for (name, value) in [
            ("a signature of another body", json!("MzM2ZTU1YzM0MDU2ZDA0ZTU1YzM0MDU2ZDA0ZTU1YzM=")),
            ("none", json!(null)),
            ("an empty one", json!("")),
            ("no Base64", json!("***")),
        ] {
            let mut forged = good.clone();
            forged["headers"] = json!({header: value});
            assert_eq!(world.webhook(forged).await, 401, "{system}: {name}");
        }
        let mut forged = good.clone();
        forged["secret"] = "another secret".into();
        assert_eq!(world.webhook(forged).await, 401, "{system}: another secret");
        world.idle().await;
        assert_eq!(world.states().await, ["accepted"], "{system}");
        assert_eq!(world.webhook(good).await / 100, 2, "{system}: and the right one is taken");
    }
}

#[tokio::test]
async fn without_a_secret_no_webhook_is_taken() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        let world = World::with(system, |connector| connector.webhook_secret = None).await;
        world.create(&part("c", 1, 1), &sms(&number(1), "hello")).await;
        world.idle().await;
        let mut wanted = failed(&id(&world).await);
        wanted["secret"] = "".into();
        assert_eq!(world.webhook(wanted).await, 401, "{system}");
        assert_eq!(world.states().await, ["delivered"], "{system}");
    }
}

#[tokio::test]
async fn a_replay_changes_nothing_and_states_only_move_forward() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        let world = waiting(system).await;
        let id = id(&world).await;
        for _ in 0..3 {
            assert_eq!(world.webhook(delivered(&id)).await / 100, 2, "{system}");
            world.idle().await;
            assert_eq!(world.state("c").await, "Complete", "{system}");
        }
        let before = world.deliveries().await;
        // An older word that comes late.
        world.webhook(json!({"id": id, "status": "sent", "delivery_status": 0})).await;
        world.idle().await;
        assert_eq!(world.states().await, ["delivered"], "{system}");
        assert_eq!(world.deliveries().await.len(), before.len(), "{system}");
        assert_eq!(world.system.taken().await.len(), 1, "{system}");
    }
}

#[tokio::test]
async fn a_webhook_of_a_message_that_is_not_ours_is_taken_and_forgotten() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        let world = waiting(system).await;
        // Anything but a success would have the system send it again and again.
        assert_eq!(world.webhook(delivered("424242")).await / 100, 2, "{system}");
        assert_eq!(world.states().await, ["accepted"], "{system}");
    }
}

#[tokio::test]
async fn a_frame_whose_message_is_an_object_is_read_as_one_whose_message_is_text() {
    if !python() {
        return;
    }
    let world = patient(YEASTAR).await;
    world.create(&part("c", 1, 1), &sms(&number(1), "hello")).await;
    world.idle().await;
    let mut wanted = delivered(&id(&world).await);
    wanted["shape"] = "object".into();
    world.webhook(wanted).await;
    world.idle().await;
    assert_eq!(world.state("c").await, "Complete");
}

#[tokio::test]
async fn what_is_told_after_acceptance_is_seen_in_the_tracking_events() {
    if !python() {
        return;
    }
    for system in SYSTEMS {
        let world = World::new(system).await;
        world.create("", &sms(&number(1), "hello")).await;
        world.idle().await;
        let sent = world.values("SentEvent", "EventType", "").await;
        assert_eq!(sent, ["Sent"], "{system}");
        world.webhook(failed(&id(&world).await)).await;
        world.idle().await;
        assert_eq!(world.values("BounceEvent", "EventType", "").await.len(), 1, "{system}");
    }
}

#[tokio::test]
async fn a_failure_that_is_told_later_has_its_error_code_in_the_result_item() {
    if !python() {
        return;
    }
    for (system, code) in [(YEASTAR, "2990013"), (CONNECTLY, "3000014")] {
        let world = World::new(system).await;
        world.create(&asynchronous(""), &sms(&number(1), "hello")).await;
        world.idle().await;
        assert_eq!(world.values("ResultItem", "ErrorCode", "").await, [""], "{system}");
        world.webhook(failed(&id(&world).await)).await;
        world.idle().await;
        assert_eq!(world.values("ResultItem", "ErrorCode", "").await, [code], "{system}");
        assert_eq!(world.values("ResultItem", "StatusCode", "").await, ["Error"], "{system}");
    }
}
