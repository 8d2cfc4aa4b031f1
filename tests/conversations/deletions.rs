//! Taking back what waits: ScheduledRequest and ScheduledConversation, deleted at once, by a queued call, and beside other
//! objects.

use crate::{
    gateway::request,
    house::{Asynchronous, House, equals, list},
};

fn scheduled_conversation(id: &str) -> String {
    format!("<Objects xsi:type=\"ScheduledConversation\"><ConversationID>{id}</ConversationID></Objects>")
}

fn scheduled_request(id: &str) -> String {
    format!("<Objects xsi:type=\"ScheduledRequest\"><RequestID>{id}</RequestID></Objects>")
}

fn tomorrow() -> Asynchronous {
    Asynchronous::new().with("ScheduledTime", "2026-03-02T12:00:00Z")
}

#[tokio::test]
async fn scheduled_work_can_be_deleted_until_it_has_begun() {
    let house = House::new().await;
    let later = Asynchronous::new().with("ScheduledTime", "2026-03-02T12:00:00Z");
    let request_id = house.create(&later, &list("r")).await.text("CreateResponse/RequestID").unwrap();
    house.create(&later.clone().with("ConversationID", "conv 1"), &list("c")).await;
    house.create(&later.with("ConversationID", "kept"), &list("k")).await;
    let by_request = format!("<Objects xsi:type=\"ScheduledRequest\"><RequestID>{request_id}</RequestID></Objects>");
    let by_id = |id: &str| {
        format!("<Objects xsi:type=\"ScheduledConversation\"><ConversationID>{id}</ConversationID></Objects>")
    };
    let answer = house.delete(&(by_request.clone() + &by_id("conv 1") + &by_id("nobody"))).await;
    let at = |row: usize, name: &str| answer.text(&format!("DeleteResponse/Results#{row}/{name}"));
    assert_eq!((at(0, "StatusMessage").as_deref(), at(0, "ErrorCode")), (Some("Deleted"), None), "{}", answer.body);
    assert_eq!(at(1, "StatusMessage").as_deref(), Some("Deleted"));
    assert_eq!(at(2, "ErrorCode").as_deref(), Some("220"));
    assert_eq!(at(2, "StatusMessage").as_deref(), Some("AsyncAPI_Item_Not_Found"));
    house.advance(86_400).await;
    assert_eq!(house.lists().await, ["k"]);
    let again = house.delete(&(by_request + &by_id("conv 1") + &by_id("kept"))).await;
    for row in 0..3 {
        let code = again.text(&format!("DeleteResponse/Results#{row}/ErrorCode"));
        assert_eq!(code.as_deref(), Some("222"), "{}", again.body);
    }
    assert_eq!(house.part("conv 1", 1, 1, "x").await.as_deref(), Some("211"), "its id is used");
}

#[tokio::test]
async fn deleting_can_itself_be_queued() {
    let house = House::new().await;
    let later = Asynchronous::new().with("ScheduledTime", "2026-03-02T12:00:00Z").with("ConversationID", "c");
    house.create(&later, &list("c")).await;
    let object = "<Objects xsi:type=\"ScheduledConversation\"><ConversationID>c</ConversationID></Objects>";
    let message = request("DeleteRequest", &Asynchronous::new().text(), object);
    let answer = house.gateway.call("Delete", &message).await;
    assert_eq!(answer.text("DeleteResponse/Results/StatusMessage").as_deref(), Some("Queued"), "{}", answer.body);
    house.idle().await;
    assert_eq!(house.values("ResultItem", "StatusMessage", "").await, ["Deleted"]);
    house.advance(86_400).await;
    assert_eq!(house.lists().await, [""; 0]);
}

/// A queued call deletes scheduled things and a list, one of them in vain: each has its own Result, and the call an Error.
#[tokio::test]
async fn a_queued_deletion_may_be_mixed() {
    let house = House::new().await;
    assert_eq!(house.part("made", 1, 1, "made").await, None);
    house.idle().await;
    let id = house.values("List", "ID", &equals("ListName", "made")).await.remove(0);
    let request_id = house.create(&tomorrow(), &list("r")).await.text("CreateResponse/RequestID").unwrap();
    house.create(&tomorrow().with("ConversationID", "c"), &list("c")).await;
    let objects = scheduled_request(&request_id)
        + &format!("<Objects xsi:type=\"List\"><ID>{id}</ID></Objects>")
        + &scheduled_conversation("nobody")
        + &scheduled_conversation("made")
        + &scheduled_conversation("c");
    let answer = house.call("Delete", &Asynchronous::new(), &objects).await;
    assert_eq!(answer.count("DeleteResponse/Results"), 5, "{}", answer.body);
    let mine = equals("RequestID", &answer.text("DeleteResponse/RequestID").unwrap());
    house.idle().await;
    assert_eq!(house.values("ResultItem", "ErrorCode", &mine).await, ["", "", "220", "222", ""]);
    let texts = house.values("ResultItem", "StatusMessage", &mine).await;
    assert_eq!(texts[2..4], ["AsyncAPI_Item_Not_Found", "AsyncAPI_Invalid_Status_To_Delete_Item"]);
    assert_eq!((texts[0].as_str(), texts[4].as_str()), ("Deleted", "Deleted"));
    assert_eq!(house.values("ResultMessage", "OverallStatusCode", &mine).await, ["Has Errors"]);
    house.advance(86_400).await;
    assert_eq!(house.lists().await, [""; 0], "the list is gone, and nothing scheduled was made");
}

#[tokio::test]
async fn a_deleted_call_leaves_no_result_and_its_job_says_why() {
    let house = House::new().await;
    let request_id = house.create(&tomorrow(), &list("r")).await.text("CreateResponse/RequestID").unwrap();
    let answer = house.delete(&scheduled_request(&request_id.to_uppercase())).await;
    assert_eq!(answer.text("DeleteResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
    let (mine, job) = (equals("RequestID", &request_id), equals("ObjectID", &request_id));
    assert_eq!(house.values("ResultMessage", "StatusCode", &mine).await, [""; 0]);
    assert_eq!(house.values("AsyncRequestResult", "CallMessage", &job).await, ["Deleted"]);
    assert_eq!(house.values("AsyncRequestResult", "Status", &job).await, ["Error"]);
}

#[tokio::test]
async fn an_open_conversation_can_be_deleted_and_a_part_of_one_cannot() {
    let house = House::new().await;
    let options = Asynchronous::part("open", 1, 2);
    let request_id = house.create(&options, &list("one")).await.text("CreateResponse/RequestID").unwrap();
    let answer = house.delete(&(scheduled_request(&request_id) + &scheduled_conversation("open"))).await;
    assert_eq!(answer.text("DeleteResponse/Results#0/ErrorCode").as_deref(), Some("220"), "no single request");
    assert_eq!(answer.text("DeleteResponse/Results#1/ErrorCode"), None, "{}", answer.body);
    assert_eq!(house.part("open", 2, 2, "two").await.as_deref(), Some("213"));
    let created = house.gateway.call("Create", &request("CreateRequest", "", &scheduled_conversation("x"))).await;
    assert_eq!(created.text("CreateResponse/Results/ErrorCode").as_deref(), Some("5"), "they are only deleted");
}

/// The first of two parts deletes the conversation that it is of: that one is being processed.
#[tokio::test]
async fn a_part_cannot_delete_its_own_conversation() {
    let house = House::new().await;
    let answer = house.call("Delete", &Asynchronous::part("self", 1, 2), &scheduled_conversation("self")).await;
    let mine = equals("RequestID", &answer.text("DeleteResponse/RequestID").unwrap());
    assert_eq!(house.part("self", 2, 2, "second").await, None);
    house.idle().await;
    assert_eq!(house.values("ResultItem", "ErrorCode", &mine).await, ["204"]);
    assert_eq!(house.values("ResultItem", "StatusMessage", &mine).await, ["Async API Error"]);
    assert_eq!(house.state("self").await, "Error");
    assert_eq!(house.lists().await, [""; 0], "a part that failed ends it");
}
