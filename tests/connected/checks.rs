//! Sends that go to a connector are checked before their call is queued, as those that are mailed are.

use crate::{
    front::{Far, create, gateway, rows, states},
    house::{list, send, sms},
};

const A: &str = "+4915112345601";
const QUEUED: &str = "<Options><RequestType>Asynchronous</RequestType></Options>";

#[tokio::test]
async fn what_cannot_be_sent_is_told_at_once_and_nothing_is_queued() {
    let far = Far::start().await;
    let gateway = gateway(&far, |_| {}).await;
    let answer = create(&gateway, QUEUED, &[send(&["nobody"]), list("one"), sms("12"), send(&[A])].concat()).await;
    let told = rows(&answer);
    assert!(told[0].starts_with("Error 4000001 There is no recipient"), "{told:?}");
    assert!(told[1].starts_with("Error 204 "), "{told:?}");
    assert!(told[2].starts_with("Error 4000002 "), "{told:?}");
    assert!(told[3].starts_with("Error 204 "), "{told:?}");
    let failures = "CreateResponse/Results#0/SubscriberFailures";
    assert_eq!(answer.text(&format!("{failures}/ErrorCode")).as_deref(), Some("4000001"));
    assert_eq!(states(&gateway).await, Vec::<String>::new());
    // One of several may get nothing; that is told, and the others get theirs.
    let answer = create(&gateway, QUEUED, &send(&["nobody", A])).await;
    assert_eq!(rows(&answer), ["OK - Queued"]);
    assert_eq!(answer.text(&format!("{failures}/Subscriber/SubscriberKey")).as_deref(), Some("nobody"));
    // A text by itself likewise.
    let answer = create(&gateway, QUEUED, &sms("12")).await;
    assert!(rows(&answer)[0].starts_with("Error 4000002 "), "{}", answer.body);
    let answer = create(&gateway, QUEUED, &sms(A)).await;
    assert_eq!(rows(&answer), ["OK - Queued"]);
    gateway.stop().await;
}
