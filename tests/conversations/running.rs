//! Order, stops, schedules, what survives a restart.

use crate::{
    gateway::START,
    house::{Asynchronous, House, equals, list},
};

#[tokio::test]
async fn a_call_is_answered_before_it_is_done() {
    let house = House::with(|parts| parts.queue.message = "Taken".to_owned()).await;
    let options = Asynchronous::part("first answer", 2, 2);
    let answer = house.create(&options, &(list("a") + &list("b"))).await;
    let head = |row: usize| format!("CreateResponse/Results#{row}");
    for row in 0..2 {
        let members: Vec<String> = {
            let tree = answer.tree();
            let body = tree.root().child("Body").unwrap();
            let results = body.child("CreateResponse").unwrap();
            let row = results.children_named("Results").nth(row).unwrap();
            row.children().map(|child| child.name().to_owned()).collect()
        };
        let expected =
            ["StatusCode", "StatusMessage", "OrdinalID", "RequestID", "ConversationID", "RequestType", "NewID"];
        assert_eq!(members, expected);
        assert_eq!(answer.text(&format!("{}/StatusMessage", head(row))).unwrap(), "Taken");
        assert_eq!(answer.text(&format!("{}/OrdinalID", head(row))).unwrap(), row.to_string());
        assert_eq!(answer.text(&format!("{}/ConversationID", head(row))).unwrap(), "first answer");
    }
    let id = answer.text("CreateResponse/RequestID").unwrap();
    assert_eq!(answer.text("CreateResponse/Results/RequestID").unwrap(), id);
    assert_eq!(answer.text("CreateResponse/OverallStatus").unwrap(), "OK");
    house.idle().await;
    assert_eq!(house.lists().await, [""; 0], "part 1 is missing");
    assert_eq!(house.values("ResultItem", "OrdinalID", "").await, [""; 0]);
}

#[tokio::test]
async fn parts_run_in_the_order_of_their_codes_whatever_the_order_they_come_in() {
    let house = House::new().await;
    let orders = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];
    let mut expected = Vec::new();
    for (at, order) in orders.iter().enumerate() {
        for sequence in order {
            let name = format!("{at}.{sequence}");
            assert_eq!(house.part(&format!("c{at}"), *sequence, 3, &name).await, None);
        }
        house.idle().await;
        expected.extend((1..=3).map(|sequence| format!("{at}.{sequence}")));
        assert_eq!(house.lists().await, expected);
        assert_eq!(house.state(&format!("c{at}")).await, "Complete");
    }
}

#[tokio::test]
async fn the_first_part_with_an_error_stops_and_the_rest_can_be_sent_again() {
    let house = House::new().await;
    assert_eq!(house.part("c", 1, 4, "one").await, None);
    // Its second object is an error: the first stays done.
    house.create(&Asynchronous::part("c", 2, 4), &(list("two") + &list("one"))).await;
    assert_eq!(house.part("c", 3, 4, "three").await, None);
    assert_eq!(house.part("c", 4, 4, "four").await, None);
    house.idle().await;
    assert_eq!(house.lists().await, ["one", "two"]);
    let whole = house.conversation("c").await;
    assert_eq!(whole["state"], "Error");
    assert_eq!(whole["remaining"], serde_json::json!([3, 4]));
    let fates: Vec<_> = whole["parts"].as_array().unwrap().iter().map(|part| part["fate"].as_str().unwrap()).collect();
    assert_eq!(fates, ["Completed", "Failed", "NotCompleted", "NotCompleted"]);
    let by_id = equals("ConversationID", "c");
    let mut codes = house.values("ResultMessage", "OverallStatusCode", &by_id).await;
    codes.sort();
    assert_eq!(codes, ["Error", "Error", "Has Errors", "OK"]);
    assert_eq!(house.values("ResultItem", "StatusCode", &by_id).await.len(), 3, "two parts were never picked up");

    let sent = house.admin("POST", "/replay?id=c&as=c%20again").await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    house.idle().await;
    assert_eq!(house.lists().await, ["one", "two", "three", "four"]);
    assert_eq!(house.conversation("c%20again").await["renews"], "c");
    assert_eq!(house.conversation("c").await["renewed_as"], "c again");
    assert_eq!(house.admin("POST", "/replay?id=c&as=x").await.status, 409, "it is sent once");
    assert_eq!(house.admin("POST", "/replay?id=nobody").await.status, 404);
}

#[tokio::test]
async fn the_latest_schedule_of_its_parts_holds_a_conversation() {
    let house = House::new().await;
    let part = |sequence, time: &str| Asynchronous::part("c", sequence, 2).with("ScheduledTime", time);
    house.create(&part(1, "2026-03-01T16:00:00+03:00"), &list("one")).await;
    house.create(&part(2, "2026-03-01T12:30:00Z"), &list("two")).await;
    house.advance(3599).await;
    assert_eq!(house.lists().await, [""; 0]);
    assert_eq!(house.state("c").await, "Closed");
    house.advance(1).await;
    assert_eq!(house.lists().await, ["one", "two"]);
}

#[tokio::test]
async fn what_has_expired_when_its_time_comes_is_not_run() {
    // Operators move the clock from moment to moment. A machine that slept jumps over both.
    let house = House::new().await;
    let options = Asynchronous::new()
        .with("ScheduledTime", "2026-03-01T13:00:00Z")
        .with("RequestExpirationTime", "2026-03-01T14:00:00Z");
    house.create(&options, &list("late")).await;
    house.gateway.clock.advance(std::time::Duration::from_secs(7201));
    house.idle().await;
    assert_eq!(house.lists().await, [""; 0]);
    assert_eq!(house.values("ResultMessage", "ErrorCode", "").await, ["228"]);
}

#[tokio::test]
async fn calls_of_every_operation_are_queued() {
    let house = House::new().await;
    house.part("a", 1, 1, "one").await;
    house.idle().await;
    let id = house.values("List", "ID", &equals("ListName", "one")).await.remove(0);
    let object = format!("<Objects xsi:type=\"List\"><ID>{id}</ID><Description>new</Description></Objects>");
    let call = |root: &str, object: &str| crate::gateway::request(root, &Asynchronous::new().text(), object);
    let updated = house.gateway.call("Update", &call("UpdateRequest", &object)).await;
    assert_eq!(updated.text("UpdateResponse/OverallStatus").as_deref(), Some("OK"), "{}", updated.body);
    house.idle().await;
    assert_eq!(house.values("List", "Description", &equals("ListName", "one")).await, ["new"]);
    let perform = "<Action>start</Action><Definitions><Definition xsi:type=\"QueryDefinition\">\
                   <CustomerKey>nobody</CustomerKey></Definition></Definitions>";
    let performed = house.gateway.call("Perform", &call("PerformRequestMsg", perform)).await;
    assert_eq!(performed.text("PerformResponseMsg/Results/Result/StatusMessage").as_deref(), Some("Queued"));
    house.idle().await;
    let id = performed.text("PerformResponseMsg/RequestID").unwrap();
    assert_eq!(house.values("ResultMessage", "ErrorCode", &equals("RequestID", &id)).await, ["2"]);
    let deleted = house.gateway.call("Delete", &call("DeleteRequest", &object)).await;
    assert_eq!(deleted.text("DeleteResponse/OverallStatus").as_deref(), Some("OK"));
    house.idle().await;
    assert_eq!(house.lists().await, [""; 0]);
    let configured = house.gateway.call("Configure", &call("ConfigureRequestMsg", "<Action>create</Action>")).await;
    assert_eq!(configured.text("ConfigureResponseMsg/OverallStatus").as_deref(), Some("Error"));
}

#[tokio::test]
async fn a_triggered_send_is_refused_at_once() {
    let house = House::new().await;
    let send = "<Objects xsi:type=\"TriggeredSend\"><TriggeredSendDefinition><CustomerKey>k</CustomerKey>\
                </TriggeredSendDefinition></Objects>";
    let options = Asynchronous::new().with("QueuePriority", "High");
    let answer = house.create(&options, &(send.to_owned() + &list("beside"))).await;
    assert_eq!(answer.text("CreateResponse/Results#0/ErrorCode").as_deref(), Some("18002"), "{}", answer.body);
    assert_eq!(answer.text("CreateResponse/Results#1/ErrorCode").as_deref(), Some("204"));
    house.idle().await;
    assert_eq!(house.lists().await, [""; 0]);
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::on_disk(folder.path(), START).await;
    assert_eq!(house.part("half", 2, 2, "two").await, None);
    let later = Asynchronous::new().with("ScheduledTime", "2026-03-01T12:04:00Z");
    house.create(&later, &list("scheduled")).await;
    assert_eq!(house.part("slow", 1, 2, "never").await, None);
    house.gateway.stop().await;

    let at = START.plus(std::time::Duration::from_secs(290));
    let house = House::on_disk(folder.path(), at).await;
    house.idle().await;
    assert_eq!(house.lists().await, ["scheduled"], "it became due while nobody was there");
    assert_eq!(house.part("half", 1, 2, "one").await, None);
    house.idle().await;
    assert_eq!(house.lists().await, ["scheduled", "one", "two"]);
    house.advance(11).await;
    assert_eq!(house.state("slow").await, "Timeout");
    house.gateway.stop().await;

    let house = House::on_disk(folder.path(), at).await;
    assert_eq!(house.part("half", 1, 2, "one").await.as_deref(), Some("211"));
    assert_eq!(house.values("ResultMessage", "StatusCode", "").await, ["Error", "OK", "OK", "OK"]);
}

#[tokio::test]
async fn credentials_do_not_go_to_disk() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::on_disk(folder.path(), START).await;
    assert_eq!(house.part("open", 1, 2, "kept-on-disk").await, None);
    house.gateway.stop().await;
    let mut found = false;
    let mut open = vec![folder.path().to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let bytes = std::fs::read(path).unwrap();
            let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            found |= holds("kept-on-disk");
            assert!(!holds("demo-password"));
        }
    }
    assert!(found, "the envelope itself is there");
}

#[tokio::test]
async fn quotas_refuse_what_is_new() {
    let house = House::with(|parts| parts.backend.conversations.max_open = 2).await;
    assert_eq!(house.part("a", 1, 2, "a1").await, None);
    assert_eq!(house.part("b", 1, 2, "b1").await, None);
    let refused = house.create(&Asynchronous::part("c", 1, 2), &list("c1")).await;
    assert!(refused.text("Fault/faultstring").unwrap().starts_with("Rate Limited"), "{}", refused.body);
    // One that is open can end, and gives its place free.
    assert_eq!(house.part("a", 2, 2, "a2").await, None);
    house.idle().await;
    assert_eq!(house.part("c", 1, 1, "c1").await, None);
    house.idle().await;
    assert_eq!(house.lists().await, ["a1", "a2", "c1"]);
}

#[tokio::test]
async fn results_are_forgotten_after_thirty_days_and_the_id_is_not() {
    let house = House::new().await;
    house.part("old", 1, 1, "one").await;
    house.create(&Asynchronous::new(), &list("two")).await;
    house.idle().await;
    house.advance(30 * 86_400 - 1).await;
    assert_eq!(house.values("ResultMessage", "StatusCode", "").await.len(), 2);
    house.advance(1).await;
    for kind in ["ResultMessage", "ResultItem"] {
        assert_eq!(house.values(kind, "StatusCode", "").await, [""; 0], "{kind}");
    }
    assert_eq!(house.values("AsyncRequestResult", "Status", "").await, [""; 0]);
    assert_eq!(house.part("old", 1, 1, "again").await.as_deref(), Some("211"));
    assert_eq!(house.admin("GET", "/conversations").await.body, "[]");
}
