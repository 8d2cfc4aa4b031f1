//! Each code at its trigger, with its effect.

use envoi::{
    conversation::Rejection,
    store::{self, Internal, Kept, Known, Name, Store, StoreError, Transaction},
};

use crate::{
    gateway::START,
    house::{Asynchronous, House, list},
};

fn text(rejection: Rejection) -> String {
    rejection.text().to_owned()
}

#[tokio::test]
async fn options_that_break_a_rule_are_refused_in_every_row() {
    let house = House::new().await;
    let asynchronous = Asynchronous::new;
    let target = |address: &str| {
        format!(
            "<ResponseType>HTTPPost</ResponseType><ResponseAddress>{address}</ResponseAddress>\
             <RespondWhen>OnCallComplete</RespondWhen>"
        )
    };
    let cases = [
        (Asynchronous::default().with("ConversationID", "a"), Rejection::NotAsynchronous),
        (asynchronous().with("SequenceCode", "1").with("CallsInConversation", "1"), Rejection::ConversationIdMissing),
        (asynchronous().with("ConversationID", ""), Rejection::ConversationIdMissing),
        (asynchronous().with("ConversationID", "a").with("CallsInConversation", "2"), Rejection::SequenceCodeMissing),
        (asynchronous().with("ConversationID", "a").with("SequenceCode", "1"), Rejection::CallsMissing),
        (Asynchronous::part("a", 1, 0), Rejection::CallsOutOfBounds),
        (Asynchronous::part("a", 3, 2), Rejection::SequenceOutOfBounds),
        (Asynchronous::part("a", 0, 2), Rejection::SequenceOutOfBounds),
        (asynchronous().with("ScheduledTime", "2026-03-31T12:00:01Z"), Rejection::TooFarAhead),
        (asynchronous().with("SendResponseTo", &target("http://example.com/x")), Rejection::Insecure),
        (asynchronous().with("RequestExpirationTime", "2026-03-01T11:59:59Z"), Rejection::Expired),
        (
            asynchronous()
                .with("ScheduledTime", "2026-03-02T12:00:00Z")
                .with("RequestExpirationTime", "2026-03-02T11:00:00Z"),
            Rejection::ExpiresBeforeScheduled,
        ),
        (
            Asynchronous::part("a", 1, 2).with("RequestExpirationTime", "2026-03-02T11:00:00Z"),
            Rejection::ExpirationOfConversation,
        ),
    ];
    for (options, expected) in cases {
        let answer = house.create(&options, &(list("x") + &list("y"))).await;
        for row in 0..2 {
            let at = |name: &str| answer.text(&format!("CreateResponse/Results#{row}/{name}"));
            assert_eq!(at("ErrorCode"), Some(expected.code().to_string()), "{expected:?}: {}", answer.body);
            assert_eq!(at("StatusMessage"), Some(text(expected)));
            assert_eq!(at("StatusCode").as_deref(), Some("Error"));
        }
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("Error"));
    }
    house.idle().await;
    assert_eq!(house.lists().await, [""; 0], "nothing was done");
    assert_eq!(house.admin("GET", "/conversations").await.body, "[]", "nothing was kept");
}

#[tokio::test]
async fn whoever_cannot_be_told_is_refused_at_once_with_place_value_and_reason() {
    let target = |kind: &str, address: &str| {
        format!(
            "<ResponseType>{kind}</ResponseType><ResponseAddress>{address}</ResponseAddress>\
             <RespondWhen>OnCallComplete</RespondWhen>"
        )
    };
    let house = House::configured(&[("queue.send_response_to", "2")]).await;
    let good = Asynchronous::new().with("SendResponseTo", &target("email", "ada@example.com"));
    let secret = "https://user:s3cret@hooks.example/";
    let unsecure = "An unsecure response address specified in the 'SendResponseTo' parameter.";
    let user = "ResponseAddress of SendResponseTo 2 has a user part, which is not allowed";
    let cases = [
        (
            good.clone().with("SendResponseTo", &target("email", "Ada &lt;a@x>")),
            "227",
            format!(
                "{unsecure} ResponseAddress is no e-mail address: ResponseAddress of SendResponseTo 2 is \"Ada &lt;a@x&gt;\", \
                 expected one address such as ada@example.com"
            ),
            None,
        ),
        (good.clone().with("SendResponseTo", &target("HTTPPost", secret)), "227", unsecure.to_owned(), Some(user)),
        (
            good.clone().with("SendResponseTo", "").with("SendResponseTo", ""),
            "218",
            "Too many objects. SendResponseTo is given too often: SendResponseTo is given 3 times, expected at most 2"
                .to_owned(),
            None,
        ),
    ];
    for (options, code, text, detail) in cases {
        for (operation, root) in [("Create", "CreateResponse"), ("Update", "UpdateResponse")] {
            let answer = house.call(operation, &options, &(list("x") + &list("y"))).await;
            for row in 0..2 {
                let at = |name: &str| answer.text(&format!("{root}/Results#{row}/{name}"));
                assert_eq!(at("ErrorCode").as_deref(), Some(code), "{}", answer.body);
                assert_eq!(at("ResultDetailXML").as_deref(), detail, "{}", answer.body);
            }
            assert!(answer.body.contains(&format!("<StatusMessage>{text}</StatusMessage>")), "{}", answer.body);
            assert!(!answer.body.contains("s3cret"), "{}", answer.body);
        }
    }
    house.idle().await;
    assert_eq!(house.admin("GET", "/conversations").await.body, "[]", "nothing was kept");
    let answer = house.create(&good.with("SendResponseTo", ""), &list("x")).await;
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
}

#[tokio::test]
async fn two_objects_with_one_correlation_id_are_204() {
    let house = House::new().await;
    let object = |name: &str| {
        format!("<Objects xsi:type=\"List\"><CorrelationID>X</CorrelationID><ListName>{name}</ListName></Objects>")
    };
    let answer = house.create(&Asynchronous::new(), &(object("a") + &object("b"))).await;
    assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), Some("204"));
    // Another call may use it again.
    assert_eq!(
        house.create(&Asynchronous::new(), &object("a")).await.text("CreateResponse/OverallStatus").unwrap(),
        "OK"
    );
    assert_eq!(
        house.create(&Asynchronous::new(), &object("b")).await.text("CreateResponse/OverallStatus").unwrap(),
        "OK"
    );
}

#[tokio::test]
async fn too_many_objects_are_218() {
    let house = House::new().await;
    let objects = "<Objects xsi:type=\"List\"/>".repeat(32_767);
    let answer = house.create(&Asynchronous::new(), &objects).await;
    assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), Some("218"));
    assert_eq!(answer.count("CreateResponse/Results"), 1);
}

#[tokio::test]
async fn another_total_invalidates_with_200_and_a_repeated_code_with_214() {
    let house = House::new().await;
    for (id, wrong, code) in [("t", (2, 3), "200"), ("s", (1, 2), "214")] {
        assert_eq!(house.part(id, 1, 2, &format!("{id}1")).await, None);
        assert_eq!(house.part(id, wrong.0, wrong.1, "wrong").await.as_deref(), Some(code));
        assert_eq!(house.state(id).await, "Error");
        // The late part of it is 213, a new start with its id 211.
        assert_eq!(house.part(id, 2, 2, "late").await.as_deref(), Some("213"));
        assert_eq!(house.part(id, 1, 2, "new").await.as_deref(), Some("211"));
        assert_eq!(house.part(id, 1, 1, "new").await.as_deref(), Some("211"));
        house.idle().await;
        let codes = house.values("ResultMessage", "ErrorCode", &crate::house::equals("ConversationID", id)).await;
        assert_eq!(codes, [code], "the accepted part has a result");
    }
    assert_eq!(house.lists().await, [""; 0]);
}

#[tokio::test]
async fn a_closed_conversation_is_215_and_a_complete_one_211() {
    let house = House::new().await;
    let scheduled = Asynchronous::part("c", 1, 1).with("ScheduledTime", "2026-03-01T13:00:00Z");
    assert_eq!(house.create(&scheduled, &list("one")).await.text("CreateResponse/OverallStatus").unwrap(), "OK");
    assert_eq!(house.part("c", 1, 1, "two").await.as_deref(), Some("215"));
    house.advance(3600).await;
    assert_eq!(house.lists().await, ["one"]);
    assert_eq!(house.part("c", 1, 1, "two").await.as_deref(), Some("211"));
}

#[tokio::test]
async fn a_gap_of_more_than_five_minutes_is_203_and_restarts_with_each_part() {
    let house = House::new().await;
    for sequence in 1..=3 {
        assert_eq!(house.part("slow", sequence, 4, &format!("s{sequence}")).await, None);
        house.advance(300).await;
        assert_eq!(house.state("slow").await, "Open", "five minutes are in time");
    }
    house.advance(1).await;
    assert_eq!(house.state("slow").await, "Timeout");
    assert_eq!(house.part("slow", 4, 4, "s4").await.as_deref(), Some("203"));
    assert_eq!(house.part("slow", 1, 4, "s1").await.as_deref(), Some("211"));
    assert_eq!(house.lists().await, [""; 0]);
    let codes = house.values("ResultMessage", "ErrorCode", &crate::house::equals("ConversationID", "slow")).await;
    assert_eq!(codes, ["203", "203", "203"]);
}

/// The store under a house that stands still.
pub(crate) async fn damage(
    folder: &std::path::Path,
    id: &str,
    change: impl Fn(&mut serde_json::Value) + Send + 'static,
) {
    let settings = store::Settings { path: Some(folder.to_owned()), ..store::Settings::default() };
    let store = Store::open(&settings).unwrap();
    let name = Name::conversation(&Internal(envoi::config::demo::ACCOUNT), id);
    let work = move |txn: &mut Transaction<'_>| -> Result<(), StoreError> {
        let Some(Known::Kept(kept)) = txn.conversations().get(&name)? else { panic!("{name:?} is kept") };
        let mut record = serde_json::to_value(&kept).unwrap();
        change(&mut record["rules"]);
        let mut kept: Kept = serde_json::from_value(record).unwrap();
        txn.put_conversation(&mut kept, Some(START))
    };
    store.write(work).await.unwrap();
}

#[tokio::test]
async fn lost_parts_are_201_and_a_state_that_cannot_be_is_212() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::on_disk(folder.path(), START).await;
    for id in ["lost", "odd"] {
        for sequence in [1, 2] {
            assert_eq!(house.part(id, sequence, 3, &format!("{id}{sequence}")).await, None);
        }
    }
    house.gateway.stop().await;
    // As if a third part had been taken in and lost.
    damage(folder.path(), "lost", |rules| {
        rules["received"]["through"] = 3.into();
        rules["state"] = "Closed".into();
    })
    .await;
    damage(folder.path(), "odd", |rules| rules["next"] = 99.into()).await;

    let house = House::on_disk(folder.path(), START).await;
    house.idle().await;
    assert_eq!(house.state("lost").await, "Error");
    let by_id = crate::house::equals("ConversationID", "lost");
    assert_eq!(house.values("ResultMessage", "ErrorCode", &by_id).await, ["201", "201"]);
    assert_eq!(house.values("ResultMessage", "StatusMessage", &by_id).await[0], "Async API Collection Total Mismatch");
    assert_eq!(house.part("odd", 3, 3, "x").await.as_deref(), Some("212"));
    assert_eq!(house.lists().await, [""; 0]);
}

/// Flips the record of a conversation into something that is none.
fn spoil(folder: &std::path::Path, id: &str) {
    let db = sled::Config::new().path(folder).segment_size(16 << 20).open().unwrap();
    let is_it = |key: &[u8]| key.first() == Some(&0x20) && key.windows(id.len()).any(|part| part == id.as_bytes());
    let keys: Vec<_> = db.iter().keys().map(Result::unwrap).filter(|key| is_it(key)).collect();
    assert_eq!(keys.len(), 1);
    db.insert(&keys[0], &[0, 0xFF, 7]).unwrap();
    db.flush().unwrap();
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_212_and_shown_and_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::on_disk(folder.path(), START).await;
    assert_eq!(house.part("spoilt", 1, 2, "never").await, None);
    house.gateway.stop().await;
    spoil(folder.path(), "spoilt");
    let house = House::on_disk(folder.path(), START).await;
    for sequence in [1, 2] {
        assert_eq!(house.part("spoilt", sequence, 2, "x").await.as_deref(), Some("212"));
    }
    let id = "<Objects xsi:type=\"ScheduledConversation\"><ConversationID>spoilt</ConversationID></Objects>";
    let answer = house.delete(&(id.to_owned() + &id.replace("spoilt", "nobody"))).await;
    let code = |row: usize| answer.text(&format!("DeleteResponse/Results#{row}/ErrorCode"));
    assert_eq!((code(0).as_deref(), code(1).as_deref()), (Some("212"), Some("220")), "{}", answer.body);
    assert_eq!(house.part("well", 1, 1, "well").await, None);
    // It is tried when its time-out comes, and twice more.
    for _ in 0..3 {
        house.advance(310).await;
    }
    assert_eq!(house.lists().await, ["well"]);
    let listed = house.admin("GET", "/conversations?state=unreadable").await.body;
    assert!(listed.contains("\"conversation\":\"spoilt\"") && listed.contains("\"set_aside\":\"stored"), "{listed}");
    assert_eq!(house.state("spoilt").await, "Unreadable");
    assert_eq!(house.admin("POST", "/replay?id=spoilt&as=new").await.status, 409);
}
