//! Each setting of the rule book has its effect, as it comes from the configuration; quotas refuse and later take the same call.

use crate::{
    gateway::{Answer, envelope, request, security},
    house::{Asynchronous, House, list},
};

async fn code(house: &House, options: &Asynchronous, objects: &str) -> Option<String> {
    house.create(options, objects).await.text("CreateResponse/Results/ErrorCode")
}

fn posting(address: &str) -> Asynchronous {
    let target = format!(
        "<ResponseType>HTTPPost</ResponseType><ResponseAddress>{address}</ResponseAddress>\
         <RespondWhen>OnCallComplete</RespondWhen>"
    );
    Asynchronous::new().with("SendResponseTo", &target)
}

#[tokio::test]
async fn plain_callbacks_are_allowed_by_name() {
    let here = "http://127.0.0.1:9/x";
    let inside = "http://Hooks.internal:8080/x";
    for (settings, allowed) in [
        (vec![], [false, false]),
        (vec![("queue.insecure_loopback", "true")], [true, false]),
        (vec![("queue.insecure_hosts", "a.example, hooks.internal")], [false, true]),
    ] {
        let house = House::configured(&settings).await;
        for (address, allowed) in [here, inside].into_iter().zip(allowed) {
            let expected = (!allowed).then_some("227");
            assert_eq!(
                code(&house, &posting(address), &list("x")).await.as_deref(),
                expected,
                "{settings:?} {address}"
            );
        }
        assert_eq!(code(&house, &posting("http://example.com/"), &list("x")).await.as_deref(), Some("227"));
    }
}

#[tokio::test]
async fn correlation_ids_may_be_allowed_to_repeat() {
    let twice = "<Objects xsi:type=\"List\"><CorrelationID>X</CorrelationID><ListName>a</ListName></Objects>\
                 <Objects xsi:type=\"List\"><CorrelationID>X</CorrelationID><ListName>b</ListName></Objects>";
    for (allowed, expected) in [("true", Some("204")), ("false", None)] {
        let house = House::configured(&[("queue.unique_correlation_ids", allowed)]).await;
        assert_eq!(code(&house, &Asynchronous::new(), twice).await.as_deref(), expected);
    }
}

#[tokio::test]
async fn far_requests_may_be_kept_from_deletion() {
    for (settings, expected) in [(vec![], None), (vec![("queue.delete_within", "60m")], Some("204"))] {
        let house = House::configured(&settings).await;
        let later = Asynchronous::new().with("ScheduledTime", "2026-03-01T13:00:00Z");
        let id = house.create(&later, &list("r")).await.text("CreateResponse/RequestID").unwrap();
        let object = format!("<Objects xsi:type=\"ScheduledRequest\"><RequestID>{id}</RequestID></Objects>");
        let answer = house.delete(&object).await;
        assert_eq!(answer.text("DeleteResponse/Results/ErrorCode").as_deref(), expected, "{}", answer.body);
        if expected.is_some() {
            // A minute later it is near enough.
            house.advance(60).await;
            assert_eq!(house.delete(&object).await.text("DeleteResponse/OverallStatus").as_deref(), Some("OK"));
        }
    }
}

#[tokio::test]
async fn gap_horizon_retention_and_wording_are_settings() {
    let house = House::configured(&[
        ("queue.gap", "10s"),
        ("queue.horizon", "1h"),
        ("queue.retention", "2m"),
        ("queue.message", "On its way"),
    ])
    .await;
    let far = Asynchronous::new().with("ScheduledTime", "2026-03-01T13:00:01Z");
    assert_eq!(code(&house, &far, &list("x")).await.as_deref(), Some("226"));
    let answer = house.create(&Asynchronous::part("c", 1, 2), &list("c1")).await;
    assert_eq!(answer.text("CreateResponse/Results/StatusMessage").as_deref(), Some("On its way"));
    house.advance(11).await;
    assert_eq!(house.part("c", 2, 2, "c2").await.as_deref(), Some("203"));
    // It timed out one millisecond after ten seconds; its results go two minutes after that.
    house.advance(119).await;
    assert_eq!(house.values("ResultMessage", "ErrorCode", "").await, ["203"]);
    house.advance(1).await;
    assert_eq!(house.values("ResultMessage", "ErrorCode", "").await, [""; 0]);
    assert_eq!(house.part("c", 2, 2, "c2").await.as_deref(), Some("211"), "the id stays used");
}

#[tokio::test]
async fn too_many_open_conversations_are_refused_and_later_taken() {
    let house = House::configured(&[("queue.open", "2")]).await;
    let later = Asynchronous::new().with("ScheduledTime", "2026-03-01T12:01:00Z");
    assert_eq!(house.part("a", 1, 2, "a1").await, None);
    assert_eq!(code(&house, &later, &list("later")).await, None, "a single call counts too");
    let refused = house.create(&Asynchronous::part("c", 1, 1), &list("c1")).await;
    limited(&refused, "2 conversations and requests that are not done");
    // The very same call works when there is room, and nothing of the refused one was kept.
    house.advance(60).await;
    assert_eq!(house.part("c", 1, 1, "c1").await, None);
    house.idle().await;
    assert_eq!(house.lists().await, ["later", "c1"]);
}

#[tokio::test]
async fn too_many_queued_bytes_are_refused_and_later_taken() {
    let house = House::configured(&[("queue.bytes", "1MiB")]).await;
    let long = |name: &str| {
        format!(
            "<Objects xsi:type=\"List\"><ListName>{name}</ListName><Description>{}</Description></Objects>",
            "x".repeat(400 << 10)
        )
    };
    let part = |sequence| Asynchronous::part("a", sequence, 3);
    assert_eq!(code(&house, &part(3), &long("three")).await, None);
    assert_eq!(code(&house, &part(2), &long("two")).await, None);
    limited(&house.create(&part(1), &long("one")).await, "1048576 bytes");
    let other = Asynchronous::new();
    limited(&house.create(&other, &long("alone")).await, "1048576 bytes");
    assert_eq!(code(&house, &part(1), &list("one")).await, None, "a short one still fits, and its place is free");
    house.idle().await;
    assert_eq!(code(&house, &other, &long("alone")).await, None, "what has run takes no room");
    house.idle().await;
    assert_eq!(house.lists().await.len(), 4);
}

/// A Server fault with the service's own code for "not now", and with the quota.
fn limited(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 500);
    assert_eq!(answer.text("Fault/faultcode").as_deref(), Some("soap:Server"), "{}", answer.body);
    let text = answer.text("Fault/faultstring").unwrap();
    assert!(text.starts_with("Rate Limited") && text.contains(why), "{text}");
    assert_eq!(answer.text("Fault/detail/apifault/Code").as_deref(), Some("17"));
}

#[tokio::test]
async fn who_is_no_longer_configured_does_nothing_more() {
    use envoi::message::client::{Accounts, User};
    let folder = tempfile::tempdir().unwrap();
    let start = async |names: &[&str]| {
        House::with(|parts| {
            let user = |name: &&str| User {
                name: (*name).to_owned(),
                account: envoi::config::demo::ACCOUNT,
                passwords: parts.accounts.hashes_of_user("demo"),
                digest_secret: None,
                permissions: Default::default(),
            };
            let users = names.iter().map(user).collect();
            let accounts = parts.accounts.accounts().cloned().collect();
            parts.accounts = std::sync::Arc::new(Accounts::new(accounts, vec![], users).unwrap());
            parts.store.path = Some(folder.path().to_owned());
        })
        .await
    };
    let house = start(&["demo", "gone"]).await;
    let options = Asynchronous::new().with("ScheduledTime", "2026-03-01T12:01:00Z");
    for user in ["gone", "demo"] {
        let message = request("CreateRequest", &options.text(), &list(user));
        let answer = house.gateway.envelope("Create", &envelope(&security(user, "demo-password"), &message)).await;
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
    }
    house.gateway.stop().await;
    let house = start(&["demo"]).await;
    house.advance(60).await;
    assert_eq!(house.lists().await, ["demo"]);
    let mut codes = house.values("ResultItem", "ErrorCode", "").await;
    codes.sort();
    assert_eq!(codes, ["", "4"]);
}
