//! A clock that is moved over many moments at once: each thing is done at its own, in the same order every time.

use crate::house::{Asynchronous, House, equals, list};

/// Time-outs, schedules and retention within one move of the clock; tells what came of it.
async fn a_day() -> Vec<String> {
    let house = House::configured(&[("queue.workers", "8"), ("queue.retention", "6h")]).await;
    for (id, at) in [("late", "18:00:00"), ("early", "12:10:00"), ("noon", "12:10:00"), ("mid", "15:30:00")] {
        let options = Asynchronous::part(id, 1, 1).with("ScheduledTime", &format!("2026-03-01T{at}Z"));
        assert_eq!(house.create(&options, &list(id)).await.text("CreateResponse/Results/ErrorCode"), None);
    }
    assert_eq!(house.part("never", 1, 2, "never").await, None);
    house.advance(11 * 3600).await;
    let mut told = Vec::new();
    for id in ["never", "early", "noon", "mid", "late"] {
        let whole = house.admin("GET", &format!("/conversation?id={id}")).await;
        let last = serde_json::from_str::<serde_json::Value>(&whole.body).ok();
        let last = last.and_then(|whole| Some(whole["timeline"].as_array()?.last()?.clone()));
        told.push(last.map_or("forgotten".to_owned(), |last| format!("{id} {} {}", last["what"], last["at"])));
    }
    told.extend(house.lists().await);
    told.extend(house.values("ResultMessage", "ModifiedDate", "").await);
    told
}

#[tokio::test]
async fn everything_has_its_own_moment_in_one_move_of_the_clock() {
    let day = a_day().await;
    assert_eq!(
        day,
        [
            // Six hours after its end each is forgotten: the first timed out at 12:05.
            "forgotten",
            "forgotten",
            "forgotten",
            "forgotten",
            "late \"complete\" \"2026-03-01T18:00:00Z\"",
            "early",
            "noon",
            "mid",
            "late",
            "2026-03-01T18:00:00Z",
        ]
    );
    for _ in 0..3 {
        assert_eq!(a_day().await, day, "it is the same each time");
    }
}

#[tokio::test]
async fn retention_ends_at_its_own_moment_whatever_the_clock_does() {
    let house = House::new().await;
    house.part("first", 1, 1, "one").await;
    house.advance(10 * 86_400).await;
    house.part("second", 1, 1, "two").await;
    house.idle().await;
    house.advance(25 * 86_400).await;
    assert_eq!(house.values("ResultMessage", "ConversationID", "").await, ["second"]);
    assert_eq!(house.values("ResultItem", "ConversationID", "").await, ["second"]);
    assert_eq!(house.values("AsyncRequestResult", "Status", "").await, ["Complete"]);
    house.advance(5 * 86_400 - 1).await;
    assert_eq!(house.values("ResultMessage", "ConversationID", "").await, ["second"]);
    house.advance(1).await;
    assert_eq!(house.values("ResultMessage", "ConversationID", "").await, [""; 0]);
    assert_eq!(house.lists().await, ["one", "two"], "what was done stays");
}

#[tokio::test]
async fn a_part_that_comes_after_a_time_out_on_the_way_is_too_late() {
    let house = House::new().await;
    house.part("slow", 1, 2, "one").await;
    house.advance(3600).await;
    let by_id = equals("ConversationID", "slow");
    assert_eq!(house.values("ResultMessage", "ErrorCode", &by_id).await, ["203"]);
    assert_eq!(house.values("ResultMessage", "ModifiedDate", &by_id).await, ["2026-03-01T12:05:00.001Z"]);
    assert_eq!(house.part("slow", 2, 2, "two").await.as_deref(), Some("203"));
}
