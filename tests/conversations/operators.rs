//! What operators see and do: lists, one conversation, the clock.

use crate::{
    gateway::Answer,
    house::{Asynchronous, House, list},
};

#[tokio::test]
async fn a_conversation_is_shown_with_what_is_missing_and_what_happened() {
    let house = House::new().await;
    assert_eq!(house.part("c", 2, 4, "two").await, None);
    house.advance(60).await;
    let whole = house.conversation("c").await;
    assert_eq!(whole["state"], "Open");
    assert_eq!((&whole["calls"], &whole["received"]), (&4.into(), &1.into()));
    assert_eq!(whole["missing"], serde_json::json!(["1", "3-4"]));
    assert_eq!(whole["seconds_left"], 240);
    assert_eq!(whole["due"], "2026-03-01T12:05:00.001Z");
    for sequence in [1, 3, 4] {
        assert_eq!(house.part("c", sequence, 4, &sequence.to_string()).await, None);
    }
    house.idle().await;
    let whole = house.conversation("c").await;
    let timeline: Vec<_> = whole["timeline"].as_array().unwrap().iter().map(|e| e["what"].as_str().unwrap()).collect();
    assert_eq!(timeline.first(), Some(&"part 2 accepted"));
    assert_eq!(timeline.last(), Some(&"complete"));
    assert!(timeline.contains(&"closed") && timeline.contains(&"part 3 finished"), "{timeline:?}");
    let place = |what: &str| timeline.iter().position(|event| *event == what).unwrap();
    assert!(place("part 1 finished") < place("part 2 started"));
}

#[tokio::test]
async fn conversations_are_listed_by_state() {
    let house = House::new().await;
    house.part("open", 1, 2, "a").await;
    house.part("done", 1, 1, "b").await;
    house.create(&Asynchronous::new(), &list("c")).await;
    house.idle().await;
    let listed = async |query: &str| {
        let answer = house.admin("GET", &format!("/conversations{query}")).await;
        let list: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let ids = list.as_array().unwrap().iter().map(|line| line["conversation"].as_str().unwrap_or("-").to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(listed("").await, ["done", "open", "-"]);
    assert_eq!(listed("?state=open").await, ["open"]);
    assert_eq!(listed("?limit=1").await, ["done"]);
    let wrong = house.admin("GET", "/conversations?state=opne").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("expected one of open, closed, processing, complete, error"), "{}", wrong.body);
    assert_eq!(house.admin("GET", "/conversation?id=nobody").await.status, 404);
    assert_eq!(house.admin("GET", "/conversation").await.status, 400);
    assert_eq!(house.admin("POST", "/conversations").await.status, 405);
    assert_eq!(house.admin("GET", "/time").await.status, 405);
}

#[tokio::test]
async fn a_page_in_a_browser_cannot_move_the_clock() {
    let house = House::new().await;
    let admin = house.gateway.admin;
    let request =
        format!("POST /time?by=1000 HTTP/1.1\r\nHost: {admin}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_eq!(Answer::over(admin, request.as_bytes()).await.status, 403);
    assert_eq!(house.gateway.clock.now(), crate::gateway::START);
}

#[tokio::test]
async fn the_systems_clock_is_not_moved() {
    let house = House::with(|parts| parts.clock = envoi::clock::Clock::system()).await;
    let answer = house.admin("POST", "/time?by=1000").await;
    assert_eq!(answer.status, 409, "{}", answer.body);
}
