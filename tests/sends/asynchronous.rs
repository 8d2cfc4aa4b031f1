//! Triggered sends that are queued: what is checked before, and when they are taken up, through the front door.

use std::time::Duration;

use crate::{
    front::{advance, create, found, mails, ready},
    gateway::Gateway,
    house::{definition, object, to, triggered},
};

const OPTIONS: &str = "<RequestType>Asynchronous</RequestType>";

/// How many objects of a type there are.
async fn count(gateway: &Gateway, kind: &str) -> usize {
    found(gateway, kind, &["ID"], "").await.len()
}

#[tokio::test]
async fn a_call_waits_for_the_window_of_its_priority() {
    for (priority, seconds) in [("High", 0), ("Medium", 60), ("Low", 300)] {
        let gateway = ready("", |_| {}).await;
        // The gateway's clock stands on the boundary of every window.
        advance(&gateway, Duration::from_secs(1)).await;
        let options = format!("{OPTIONS}<QueuePriority>{priority}</QueuePriority>");
        let answer = create(&gateway, &options, &triggered(&to("ada", "ada@example.com"))).await;
        let text = |path: &str| answer.text(&format!("CreateResponse/{path}"));
        assert!(
            answer.body.contains("<Results xsi:type=\"TriggeredSendCreateResult\"><StatusCode>OK<"),
            "{}",
            answer.body
        );
        assert_eq!(text("Results/StatusMessage").as_deref(), Some("Queued"));
        assert_eq!(text("Results/RequestType").as_deref(), Some("Asynchronous"));
        if seconds > 0 {
            advance(&gateway, Duration::from_secs(seconds - 2)).await;
            assert_eq!(count(&gateway, "ResultItem").await, 0, "{priority}");
            assert_eq!(count(&gateway, "Subscriber").await, 0, "{priority}");
            advance(&gateway, Duration::from_secs(1)).await;
        } else {
            advance(&gateway, Duration::ZERO).await;
        }
        assert_eq!(count(&gateway, "ResultItem").await, 1, "{priority}");
        assert_eq!(count(&gateway, "Subscriber").await, 1, "{priority}");
        assert_eq!(mails(&gateway).await.len(), 1, "{priority}");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_before_it_is_queued() {
    let gateway = ready("", |_| {}).await;
    let unknown = "<TriggeredSendDefinition><CustomerKey>none</CustomerKey></TriggeredSendDefinition>";
    let unknown = object("TriggeredSend", &format!("{unknown}{}", to("ada", "ada@example.com")));
    for (objects, code) in [
        (triggered(""), "180007"),
        (triggered(&to("ada", "nowhere")), "180008"),
        (object("TriggeredSend", &to("ada", "ada@example.com")), "18002"),
        (unknown.clone(), "18002"),
    ] {
        let answer = create(&gateway, OPTIONS, &objects).await;
        assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), Some(code), "{}", answer.body);
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("Error"), "{}", answer.body);
        assert_eq!(answer.text("CreateResponse/Results/RequestID"), None);
    }
    // A conversation of one part stands alone too.
    let one = "<SequenceCode>1</SequenceCode><CallsInConversation>1</CallsInConversation>";
    for place in
        ["<ConversationID>one</ConversationID>".to_owned(), format!("<ConversationID>one</ConversationID>{one}")]
    {
        let answer = create(&gateway, &format!("{place}{OPTIONS}"), &unknown).await;
        assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), Some("18002"), "{}", answer.body);
    }
    // One bad send keeps the whole call out.
    let good = triggered(&to("ada", "ada@example.com"));
    let answer = create(&gateway, OPTIONS, &(good.clone() + &triggered(""))).await;
    assert_eq!(answer.text("CreateResponse/Results#0/ErrorCode").as_deref(), Some("204"), "{}", answer.body);
    assert_eq!(answer.text("CreateResponse/Results#1/ErrorCode").as_deref(), Some("180007"), "{}", answer.body);
    // Some bad subscribers do not.
    let some = triggered(&(to("ada", "ada@example.com") + &to("bad", "nowhere")));
    let answer = create(&gateway, OPTIONS, &some).await;
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
    let failure = "CreateResponse/Results/SubscriberFailures";
    assert_eq!(answer.count(failure), 1);
    assert_eq!(answer.text(&format!("{failure}/ErrorCode")).as_deref(), Some("5"));
    advance(&gateway, Duration::from_secs(60)).await;
    assert_eq!(count(&gateway, "ResultItem").await, 1);
    assert_eq!(count(&gateway, "Subscriber").await, 1);
    gateway.stop().await;
}

#[tokio::test]
async fn a_part_may_send_what_an_earlier_part_defines() {
    let gateway = ready("", |_| {}).await;
    let part = |sequence: u32| {
        format!(
            "<ConversationID>c</ConversationID><SequenceCode>{sequence}</SequenceCode>\
             <CallsInConversation>2</CallsInConversation>{OPTIONS}<QueuePriority>High</QueuePriority>"
        )
    };
    let named = "<TriggeredSendDefinition><CustomerKey>later</CustomerKey></TriggeredSendDefinition>";
    let send = object("TriggeredSend", &format!("{named}{}", to("ada", "ada@example.com")));
    let early = create(&gateway, &part(2), &send).await;
    assert_eq!(early.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", early.body);
    let nowhere = object("TriggeredSend", &format!("{named}{}", to("ada", "nowhere")));
    let options = part(1).replace(">c<", ">d<");
    let refused = create(&gateway, &options, &nowhere).await;
    assert_eq!(refused.text("CreateResponse/Results/ErrorCode").as_deref(), Some("180008"), "{}", refused.body);
    create(&gateway, &part(1), &definition("").replace(">hello<", ">later<")).await;
    advance(&gateway, Duration::ZERO).await;
    assert_eq!(count(&gateway, "ResultItem").await, 2);
    assert_eq!(mails(&gateway).await.len(), 1);
    gateway.stop().await;
}
