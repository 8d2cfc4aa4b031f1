//! What is tried again, when, and when it is given up.

use std::time::Duration;

use crate::{
    house::{Asynchronous, House, list},
    receiver::{Receiver, Reply, pair, pair_with, to},
};

async fn call(house: &House, receiver: &Receiver, name: &str) {
    house.create(&to(Asynchronous::new(), &receiver.url("/"), "Always", ""), &list(name)).await;
    house.idle().await;
}

fn status(code: u16) -> Reply {
    Reply::Status(code, Vec::new())
}

#[tokio::test]
async fn it_is_tried_again_under_the_same_id_until_it_is_taken() {
    let (house, receiver) = pair().await;
    receiver.will([status(503), status(429), status(408), status(200)]);
    call(&house, &receiver, "a").await;
    let delivery = house.deliveries().await.remove(0);
    assert_eq!((&delivery["state"], &delivery["status"]), (&"owed".into(), &"HTTP 503".into()));
    for seconds in [13, 25, 50] {
        house.advance(seconds).await;
    }
    let seen = receiver.seen();
    assert_eq!(seen.iter().map(|seen| seen.header("envoi-attempt")).collect::<Vec<_>>(), ["1", "2", "3", "4"]);
    assert!(
        seen.iter().all(|seen| seen.header("webhook-id") == delivery["id"] && seen.body == receiver.seen()[0].body)
    );
    let attempts = house.attempts(delivery["id"].as_str().unwrap()).await;
    let outcomes: Vec<_> = attempts.iter().map(|(outcome, status)| format!("{outcome} {status}")).collect();
    assert_eq!(outcomes, ["retry HTTP 503", "retry HTTP 429", "retry HTTP 408", "delivered HTTP 200"]);
    assert_eq!(house.deliveries().await[0]["state"], "delivered");
    // When each began, and how long it took.
    let whole = house.told("GET", &format!("/delivery?id={}", delivery["id"].as_str().unwrap())).await;
    let attempts = whole["attempts"].as_array().unwrap();
    let at: Vec<_> = attempts.iter().map(|attempt| attempt["at"].as_str().unwrap()).collect();
    assert_eq!((at[0], at.is_sorted()), ("2026-03-01T12:00:00Z", true));
    assert!(attempts.iter().all(|attempt| attempt["took_ms"].is_u64()), "{whole}");
}

#[tokio::test]
async fn the_receiver_may_ask_for_a_longer_wait_in_seconds_or_by_a_date() {
    for wait in ["600", "Sun, 01 Mar 2026 12:10:00 GMT"] {
        let (house, receiver) = pair().await;
        receiver.will([Reply::Status(503, vec![("retry-after", wait.to_owned())])]);
        call(&house, &receiver, "a").await;
        house.advance(599).await;
        assert_eq!(receiver.seen().len(), 1, "{wait}");
        house.advance(62).await;
        assert_eq!(receiver.seen().len(), 2, "{wait}");
    }
}

#[tokio::test]
async fn a_receiver_that_refuses_may_be_put_right_and_keeps_nobody_waiting() {
    let (house, receiver) = pair_with(|parts| parts.notify.breaker_failures = 2).await;
    let refusals = [400, 401, 403, 404, 405, 409, 413, 422];
    receiver.will(refusals.map(status));
    for code in refusals {
        call(&house, &receiver, &code.to_string()).await;
    }
    let owed = house.deliveries().await;
    for (delivery, code) in owed.iter().zip(refusals) {
        assert_eq!((&delivery["state"], &delivery["status"]), (&"owed".into(), &format!("HTTP {code}").into()));
    }
    // It answers, so all is well with it.
    assert_eq!(house.told("GET", "/targets").await, serde_json::json!([]));
    call(&house, &receiver, "another").await;
    assert_eq!(house.deliveries().await[refusals.len()]["state"], "delivered");
    house.advance(60).await;
    let deliveries = house.deliveries().await;
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:?}");
    let attempts = house.attempts(deliveries[3]["id"].as_str().unwrap()).await;
    let outcomes: Vec<_> = attempts.iter().map(|(outcome, status)| format!("{outcome} {status}")).collect();
    assert_eq!(outcomes, ["retry HTTP 404", "delivered HTTP 200"]);
}

#[tokio::test]
async fn a_receiver_that_goes_on_refusing_is_given_up_in_the_end() {
    let (house, receiver) = pair_with(|parts| parts.notify.max_attempts = 3).await;
    receiver.will((0..9).map(|_| status(401)));
    call(&house, &receiver, "a").await;
    house.advance(24 * 3600).await;
    assert_eq!(receiver.seen().len(), 3);
    let delivery = house.deliveries().await.remove(0);
    assert_eq!((&delivery["state"], &delivery["status"]), (&"failed".into(), &"HTTP 401".into()));
}

#[tokio::test]
async fn a_redirect_that_cannot_be_followed_is_final_and_410_too_and_an_operator_may_send_it_again() {
    let (house, receiver) = pair().await;
    receiver.will([status(303), status(410), status(302)]);
    for name in ["a", "b", "c"] {
        call(&house, &receiver, name).await;
    }
    house.advance(7 * 24 * 3600).await;
    assert_eq!(receiver.seen().len(), 3);
    let failed = house.deliveries().await;
    assert!(failed.iter().all(|delivery| delivery["state"] == "failed"), "{failed:?}");
    assert_eq!(house.attempts(failed[1]["id"].as_str().unwrap()).await[0].0, "gone");
    let id = failed[0]["id"].as_str().unwrap();
    assert_eq!(house.told("POST", &format!("/redeliver?id={id}")).await["owed"], 1);
    house.idle().await;
    assert_eq!(receiver.seen()[3].header("webhook-id"), id);
    assert_eq!(receiver.seen()[3].header("envoi-attempt"), "2");
    let target = format!("https://hooks.example:{}", receiver.addr.port());
    assert_eq!(house.told("POST", &format!("/redeliver?target={target}")).await["owed"], 2);
    house.idle().await;
    assert!(house.deliveries().await.iter().all(|delivery| delivery["state"] == "delivered"));
}

#[tokio::test]
async fn without_retries_it_is_tried_once_and_with_them_so_often() {
    for (retry, expected) in [(false, 1), (true, 3)] {
        let (house, receiver) = pair_with(|parts| {
            (parts.notify.retry, parts.notify.max_attempts) = (retry, 3);
            parts.notify.breaker_failures = 100;
        })
        .await;
        receiver.will((0..9).map(|_| status(500)));
        call(&house, &receiver, "a").await;
        house.advance(24 * 3600).await;
        assert_eq!(receiver.seen().len(), expected);
        assert_eq!(house.deliveries().await[0]["state"], "failed");
    }
}

#[tokio::test]
async fn an_answer_of_one_request_keeps_no_other_waiting() {
    let (house, receiver) = pair_with(|parts| parts.notify.breaker_failures = 1).await;
    receiver.will([status(408), status(425), status(200)]);
    for name in ["a", "b", "c"] {
        call(&house, &receiver, name).await;
    }
    assert_eq!(receiver.seen().len(), 3);
    let states: Vec<_> = house.deliveries().await.iter().map(|delivery| delivery["state"].clone()).collect();
    assert_eq!(states, ["owed", "owed", "delivered"]);
    assert_eq!(house.told("GET", "/targets").await, serde_json::json!([]));
}

#[tokio::test]
async fn too_many_requests_gives_the_target_a_rest_and_the_delivery_the_wait_it_asks_for() {
    let (house, receiver) = pair_with(|parts| parts.notify.breaker_failures = 1).await;
    receiver.will([Reply::Status(429, vec![("retry-after", "600".to_owned())])]);
    call(&house, &receiver, "a").await;
    call(&house, &receiver, "b").await;
    assert_eq!(house.told("GET", "/targets").await[0]["breaker"], "limited");
    house.advance(29).await;
    assert_eq!(receiver.seen().len(), 1, "it rests");
    house.advance(1).await;
    assert_eq!(receiver.seen().len(), 2, "others wait no longer than after a failure");
    house.advance(569).await;
    assert_eq!(receiver.seen().len(), 2);
    house.advance(62).await;
    assert_eq!(receiver.seen().len(), 3);
}

#[tokio::test]
async fn a_target_that_is_down_is_left_alone_and_keeps_nobody_waiting() {
    let (house, receiver) = pair_with(|parts| {
        (parts.notify.breaker_failures, parts.notify.per_target) = (3, 2);
        parts.notify.max_attempts = 1000;
    })
    .await;
    // A port at which nobody listens, held so that no other test is given it.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let down = held.local_addr().unwrap().port();
    for name in 0..30 {
        let options = to(Asynchronous::new(), &format!("https://down.example:{down}/"), "Always", "");
        house.create(&options, &list(&name.to_string())).await;
    }
    call(&house, &receiver, "up").await;
    assert_eq!(receiver.seen().len(), 1);
    let tries = async || -> u64 { house.deliveries().await.iter().map(|d| d["tries"].as_u64().unwrap()).sum() };
    let at_first = tries().await - 1;
    assert!((3..=4).contains(&at_first), "{at_first}");
    let targets = house.told("GET", "/targets").await;
    assert_eq!((&targets[0]["breaker"], &targets[0]["failures"]), (&"open".into(), &3.into()));
    // Rests of 30, 60, 120 seconds: three probes within 211 seconds, one at a time.
    house.advance(211).await;
    assert_eq!(tries().await - 1 - at_first, 3);
    let oldest = &house.deliveries().await[0];
    assert!(oldest["status"].as_str().unwrap().contains("no connection to 127.0.0.1"), "{oldest}");
}

#[tokio::test]
async fn when_a_target_comes_back_everything_goes_out() {
    let (house, receiver) = pair_with(|parts| {
        (parts.notify.breaker_failures, parts.notify.per_target) = (2, 1);
        parts.notify.breaker_rest = Duration::from_secs(30);
    })
    .await;
    receiver.will((0..3).map(|_| status(500)));
    for name in 0..10 {
        let options = to(Asynchronous::new(), &receiver.url("/"), "Always", "");
        house.create(&options, &list(&name.to_string())).await;
    }
    house.idle().await;
    house.advance(31).await;
    let owed = house.deliveries().await.iter().filter(|delivery| delivery["state"] == "owed").count();
    assert_eq!(owed, 10, "the probe failed too");
    house.advance(3600).await;
    assert!(house.deliveries().await.iter().all(|delivery| delivery["state"] == "delivered"));
    assert_eq!(house.told("GET", "/targets").await, serde_json::json!([]));
}

#[tokio::test]
async fn what_waits_for_a_target_that_stays_down_is_given_up_in_the_end() {
    let (house, receiver) = pair_with(|parts| {
        (parts.notify.breaker_failures, parts.notify.per_target) = (1, 1);
        parts.notify.max_age = Duration::from_secs(3600);
    })
    .await;
    receiver.will((0..1000).map(|_| status(500)));
    for name in 0..5 {
        let options = to(Asynchronous::new(), &receiver.url("/"), "Always", "");
        house.create(&options, &list(&name.to_string())).await;
    }
    house.idle().await;
    house.advance(4 * 3600).await;
    let deliveries = house.deliveries().await;
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "failed"), "{deliveries:?}");
    let last = deliveries[4]["status"].as_str().unwrap();
    assert!(last.contains("has been down since") || last == "HTTP 500", "{last}");
}
