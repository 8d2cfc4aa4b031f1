//! Contacts of a PBX whose calls are under way at once: each finds what those before it in its contact's turn have left.

use envoi::connector::Connector;
use serde_json::json;

use crate::{
    gateway::Answer,
    house::{SALESFORCE, World, YEASTAR, asynchronous, connector, number, row, save, sms, subscriber, triggered},
    system::{System, part, python},
};

/// A contact that has a number, and an address where it is to be kept here too.
fn contact(key: &str, email: &str) -> String {
    let email = match email {
        "" => String::new(),
        email => format!("<EmailAddress>{email}</EmailAddress>"),
    };
    subscriber(&format!(
        "{email}<Attributes><Name>Phone</Name><Value>{}</Value></Attributes><SubscriberKey>{key}</SubscriberKey>",
        number(1)
    ))
}

/// What the PBX was asked for and has done, in order: the operation, and the id that it names.
async fn done(world: &World) -> Vec<String> {
    let name = |entry: &serde_json::Value| {
        let path = entry["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let id = entry["json"]["id"].as_i64().map(|id| id.to_string());
        let id = id.or(entry["query"]["id"].as_str().map(str::to_owned));
        [path, id.unwrap_or_default()].join(" ").trim().to_owned()
    };
    world.system.taken().await.iter().map(name).collect()
}

/// `ErrorCode` of the object of a request; empty where there is none.
async fn code_of(world: &World, answer: &Answer) -> String {
    let request = answer.text("CreateResponse/RequestID").or(answer.text("UpdateResponse/RequestID"));
    let request = request.or(answer.text("DeleteResponse/RequestID")).unwrap();
    let filter = format!(
        "<Filter xsi:type=\"SimpleFilterPart\"><Property>RequestID</Property><SimpleOperator>equals</SimpleOperator>\
         <Value>{request}</Value></Filter>"
    );
    let codes = world.values("ResultItem", "ErrorCode", &filter).await;
    assert_eq!(codes.len(), 1, "{request}");
    codes.into_iter().next().unwrap()
}

#[tokio::test]
async fn what_comes_behind_a_create_that_is_under_way_finds_its_contact() {
    if !python() {
        return;
    }
    for email in ["", "ann@example.com"] {
        let world = World::new(YEASTAR).await;
        // The first waits for its next attempt; the others come meanwhile, one of them in other letters.
        world.system.will(json!([{"kind": "code", "code": "70082"}])).await;
        let later = &asynchronous("");
        let made = world.create(later, &contact("ann", email)).await;
        world.idle().await;
        // Calls that are independent of each other are taken up in any order: each is, before the next comes.
        let again = world.create(later, &contact("Ann", email)).await;
        world.idle().await;
        let upserted = world.create(&(later.clone() + &save("UpdateAdd")), &contact("ann", email)).await;
        world.idle().await;
        let left = world.create(&(later.clone() + &save("Nothing")), &contact("ann", email)).await;
        world.idle().await;
        let changed = world.change("Update", later, &contact("ann", "")).await;
        world.idle().await;
        let removed = world.change("Delete", later, &contact("ann", "")).await;
        world.idle().await;
        let gone = world.change("Update", later, &contact("ann", "")).await;
        world.idle().await;
        let another = world.create(later, &contact("bob", "")).await;
        world.idle().await;
        assert_eq!(done(&world).await, ["create"], "another contact does not wait");
        world.advance(60).await;
        assert_eq!(done(&world).await[1..], ["create", "update 32", "update 32", "delete 32"]);
        for (answer, code) in
            [(made, ""), (again, "12014"), (upserted, ""), (left, ""), (changed, ""), (removed, ""), (another, "")]
        {
            assert_eq!(code_of(&world, &answer).await, code, "{}", answer.body);
        }
        assert_eq!(code_of(&world, &gone).await, "4000006");
        let kept = world.values("Subscriber", "SubscriberKey", "").await;
        assert_eq!(kept, Vec::<String>::new(), "kept here for as long as there");
    }
}

#[tokio::test]
async fn of_two_synchronous_creates_at_once_the_second_is_told_that_there_is_one() {
    if !python() {
        return;
    }
    let world = World::new(YEASTAR).await;
    world.system.will(json!([{"kind": "hold"}])).await;
    let contact = contact("ann", "ann@example.com");
    let both = async { tokio::join!(world.create("", &contact), world.create("", &contact)) };
    let release = async {
        // Both are owed before the first is answered.
        for _ in 0..10_000 {
            if world.states().await.len() == 2 {
                break;
            }
        }
        world.system.log(2).await;
        world.system.order(json!({"release": true})).await;
    };
    let ((one, other), ()) = tokio::join!(both, release);
    let mut codes = [row(&one).code, row(&other).code];
    codes.sort_unstable();
    assert_eq!(codes, [None, Some(12014)], "{} {}", one.body, other.body);
    assert_eq!(done(&world).await, ["create"]);
}

#[tokio::test]
async fn what_one_call_makes_and_changes_is_one_contact() {
    if !python() {
        return;
    }
    let world = World::new(YEASTAR).await;
    let objects = [contact("ann", ""), contact("ann", "")].concat();
    let answer = world.patiently(world.create(&save("UpdateAdd"), &objects)).await;
    let statuses: Vec<_> = crate::house::rows(&answer).into_iter().map(|row| row.status).collect();
    assert_eq!(statuses, ["OK", "OK"], "{}", answer.body);
    assert_eq!(done(&world).await, ["create", "update 31"]);
    // What a SaveAction asks to be left, or finds gone, is asked of nobody.
    for action in ["Nothing", "Delete"] {
        let answer = world.patiently(world.create(&save(action), &contact("new", ""))).await;
        assert_eq!(row(&answer).status, "OK", "{action}: {}", answer.body);
    }
    assert_eq!(done(&world).await.len(), 2);
}

#[tokio::test]
async fn a_create_that_may_have_been_done_leaves_nothing_to_change() {
    if !python() {
        return;
    }
    let world = World::new(YEASTAR).await;
    world.system.will(json!([{"kind": "cut_answer"}])).await;
    let later = &asynchronous("");
    let made = world.create(later, &contact("ann", "")).await;
    let changed = world.change("Update", later, &contact("ann", "")).await;
    world.advance(60).await;
    assert_eq!(
        (code_of(&world, &made).await.as_str(), code_of(&world, &changed).await.as_str()),
        ("2900002", "4000006")
    );
    assert_eq!(done(&world).await, ["create"], "nobody knows its id");
}

#[tokio::test]
async fn a_contact_that_the_pbx_no_longer_has_is_forgotten() {
    if !python() {
        return;
    }
    let gone = json!([{"kind": "code", "code": "70128"}]);
    for email in ["", "zoe@example.com"] {
        let world = World::new(YEASTAR).await;
        let zoe = &contact("zoe", email);
        assert_eq!(row(&world.patiently(world.create("", zoe)).await).status, "OK");
        // Whatever misses it, the next call makes it anew.
        for (at, operation, options) in
            [(0, "Update", String::new()), (1, "Create", save("UpdateAdd")), (2, "Delete", String::new())]
        {
            world.system.will(gone.clone()).await;
            let missed = match operation {
                "Create" => world.patiently(world.create(&options, zoe)).await,
                _ => world.patiently(world.change(operation, &options, zoe)).await,
            };
            assert_eq!(row(&missed).code, Some(2_070_128), "{operation} {}", missed.body);
            let before = done(&world).await;
            let upsert = if email.is_empty() && at != 1 { String::new() } else { save("UpdateAdd") };
            let again = world.patiently(world.create(&upsert, zoe)).await;
            assert_eq!(row(&again).status, "OK", "{operation} {}", again.body);
            let after = done(&world).await;
            assert_eq!(after[before.len()..], ["create"], "{operation}");
        }
        // A contact that the caller named says nothing of the one that is known.
        world.system.will(gone.clone()).await;
        let other = subscriber(
            "<Attributes><Name>Phone</Name><Value>+4915112345678</Value></Attributes><PartnerProperties><Name>ContactID</Name>\
             <Value>31</Value></PartnerProperties><SubscriberKey>zoe</SubscriberKey>",
        );
        let missed = world.patiently(world.change("Update", "", &other)).await;
        assert_eq!(row(&missed).code, Some(2_070_128), "{}", missed.body);
        let changed = world.patiently(world.change("Update", "", zoe)).await;
        assert_eq!(row(&changed).status, "OK", "{}", changed.body);
        assert_eq!(done(&world).await.last().unwrap(), "update 34");
    }
}

#[tokio::test]
async fn a_dry_run_goes_on_as_if_all_had_been_done_and_nothing_of_it_is_believed_later() {
    if !python() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let on_disk = |parts: &mut envoi::server::Parts| parts.store.path = Some(dir.path().join("data"));
    let system = System::start(YEASTAR);
    let real = connector(YEASTAR, system.addr, "http");
    let dry = Connector { record: true, ..real.clone() };
    let world = World::of(system, dry, on_disk).await;
    let text = |answer: &Answer| row(answer).message;
    assert_eq!(text(&world.update(&contact("ann", "")).await), "The connector knows no contact of SubscriberKey ann");
    for answer in [
        world.create("", &contact("ann", "")).await,
        world.update(&contact("Ann", "")).await,
        world.create("", &contact("bob", "")).await,
        world.delete(&contact("ann", "")).await,
    ] {
        assert_eq!((row(&answer).status.as_str(), row(&answer).code), ("OK", None), "{}", answer.body);
    }
    assert_eq!(row(&world.create("", &contact("bob", "")).await).code, Some(12014), "he was made");
    assert_eq!(row(&world.update(&contact("ann", "")).await).code, Some(4_000_006), "she is gone");
    world.create("", &sms(&number(7), "hello")).await;
    assert_eq!(world.values("SentEvent", "EventType", "").await, Vec::<String>::new());
    assert_eq!(world.values("NotSentEvent", "EventType", "").await, ["NotSent"]);
    let World { gateway, system } = world;
    gateway.stop().await;
    let world = World::of(system, real, on_disk).await;
    assert_eq!(world.system.log(0).await.len(), 0, "nothing has left");
    assert_eq!(row(&world.update(&contact("bob", "")).await).code, Some(4_000_006), "he was never made");
    let made = row(&world.create("", &contact("bob", "")).await);
    assert_eq!((made.status.as_str(), made.new_id.as_deref()), ("OK", Some("31")), "{made:?}");
    world.gateway.stop().await;
}

/// A text that is refused since its recipient wants nothing more.
async fn is_out(world: &World, object: &str) {
    let before = world.system.requests().await.len();
    let row = row(&world.patiently(world.create("", object)).await);
    assert!(row.status == "Error" && row.message.contains("nsubscribed"), "{row:?}");
    assert_eq!(world.system.requests().await.len(), before);
}

fn status(key: &str, status: &str) -> String {
    subscriber(&format!("<SubscriberKey>{key}</SubscriberKey><Status>{status}</Status>"))
}

#[tokio::test]
async fn an_opt_out_of_who_is_kept_here_is_asked_of_nobody_and_holds() {
    if !python() {
        return;
    }
    for options in ["", &save("UpdateAdd")] {
        let world = World::new(YEASTAR).await;
        assert_eq!(row(&world.patiently(world.create("", &contact("bob", "bob@example.com"))).await).status, "OK");
        let out = row(&world.patiently(world.change("Update", options, &status("bob", "Unsubscribed"))).await);
        assert_eq!((out.status.as_str(), out.message.as_str()), ("OK", "Updated Subscriber."));
        assert_eq!(world.values("Subscriber", "Status", "").await, ["Unsubscribed"]);
        assert_eq!(done(&world).await, ["create"]);
        is_out(&world, &sms(&number(1), "promotion")).await;
        let back = row(&world.patiently(world.create(&save("UpdateAdd"), &status("bob", "Active"))).await);
        assert_eq!(back.status, "OK", "{back:?}");
        assert_eq!(row(&world.patiently(world.create("", &sms(&number(1), "news"))).await).status, "OK");
        assert_eq!(done(&world).await, ["create", "send"]);
    }
}

#[tokio::test]
async fn an_opt_out_of_who_is_no_subscriber_here_is_kept_by_key_and_number() {
    if !python() {
        return;
    }
    let phone = format!("<PrimarySMSAddress><Address>{}</Address></PrimarySMSAddress>", number(1));
    let out = "<SubscriberKey>cy</SubscriberKey><Status>Unsubscribed</Status>";
    for named in [&phone, ""] {
        let world = World::new(YEASTAR).await;
        let nobody = row(&world.patiently(world.update(&subscriber(out))).await);
        assert_eq!(nobody.code, Some(4_000_006), "{nobody:?}");
        assert_eq!(row(&world.patiently(world.create("", &contact("cy", ""))).await).status, "OK");
        let told = row(&world.patiently(world.update(&subscriber(&format!("{out}{named}")))).await);
        assert_eq!(told.status, "OK", "{told:?}");
        is_out(&world, &sms(&number(1), "by number")).await;
        is_out(&world, &triggered("welcome", &[("CY", &number(2))])).await;
        // It outlives the contact, and another word of him that is no Status.
        assert_eq!(
            row(&world.patiently(world.delete(&subscriber("<SubscriberKey>cy</SubscriberKey>"))).await).status,
            "OK"
        );
        is_out(&world, &sms(&number(1), "gone")).await;
        assert_eq!(row(&world.patiently(world.create("", &contact("cy", ""))).await).status, "OK");
        is_out(&world, &sms(&number(1), "made again")).await;
        let back = row(&world.patiently(world.update(&status("cy", "Active"))).await);
        assert_eq!((back.status.as_str(), back.message.as_str()), ("OK", "Updated Subscriber."));
        assert_eq!(row(&world.patiently(world.create("", &sms(&number(1), "news"))).await).status, "OK");
        let held = row(&world.patiently(world.update(&status("cy", "Held"))).await);
        assert!(held.code == Some(4_000_005) && held.message.contains("the Status Held"), "{held:?}");
    }
    // Whoever is made with it has it too.
    let world = World::new(YEASTAR).await;
    assert_eq!(row(&world.patiently(world.create("", &subscriber(&format!("{out}{phone}")))).await).status, "OK");
    is_out(&world, &sms(&number(1), "never")).await;
}

#[tokio::test]
async fn a_consent_is_of_the_end_user_as_whom_the_subscriber_was_made() {
    if !python() {
        return;
    }
    let world = World::new(SALESFORCE).await;
    let key = "<SubscriberKey>u8</SubscriberKey>";
    let made = format!("{key}<PrimarySMSAddress><Address>{}</Address></PrimarySMSAddress>", number(1));
    assert_eq!(row(&world.patiently(world.create("", &subscriber(&made))).await).status, "OK");
    assert_eq!(row(&world.patiently(world.update(&status("U8", "Unsubscribed"))).await).status, "OK");
    assert_eq!(row(&world.patiently(world.create("", &triggered("welcome", &[("u8", "")]))).await).status, "OK");
    // Whoever is made unsubscribed is opted out at once; his conversation is what the row names.
    let both = row(&world.patiently(world.create("", &status("u9", "Unsubscribed"))).await);
    assert_eq!((both.status.as_str(), both.new_object.map(|id| id.len())), ("OK", Some(36)));
    let asked = world.system.taken().await;
    let of = |entry: &serde_json::Value| {
        let json = match &entry["json"] {
            serde_json::Value::Null => part(entry["body"].as_str().unwrap()),
            json => json.clone(),
        };
        let who = ["/participants/0/subject", "/endUserClientId", "/from"].iter().find_map(|place| json.pointer(place));
        let path = entry["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let consent = json["consentStatus"].as_str().unwrap_or_default().to_owned();
        [path, who.unwrap().as_str().unwrap().to_owned(), consent].join(" ").trim().to_owned()
    };
    let one = number(1);
    assert_eq!(
        asked.iter().filter(|entry| !entry["path"].as_str().unwrap().ends_with("token")).map(of).collect::<Vec<_>>(),
        [
            format!("conversation {one}"),
            format!("consent {one} OptedOut"),
            format!("interactions {one}"),
            "conversation u9".to_owned(),
            "consent u9 OptedOut".to_owned(),
        ]
    );
    // A refused consent is an error of the row.
    world.system.will(json!([{"kind": "code", "code": "10022", "path": "/api/v1/consent"}])).await;
    let refused = row(&world.patiently(world.create("", &status("u10", "Unsubscribed"))).await);
    assert_eq!(refused.code, Some(1_010_022), "{refused:?}");
}
