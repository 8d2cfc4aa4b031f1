//! The anatomy of Options (seed 004), row by row, for each operation that can be queued; in the message and in the header.

use crate::{
    gateway::{Answer, PARTNER_API, envelope, request, security},
    house::{Asynchronous, House, equals, list, root, row},
};

const OPERATIONS: [&str; 4] = ["Create", "Update", "Delete", "Perform"];

/// A house with two objects for each operation to work on, and those objects.
async fn furnished(operation: &str) -> (House, [String; 2]) {
    let house = House::new().await;
    let query = "<Objects xsi:type=\"QueryDefinition\"><CustomerKey>q</CustomerKey><Name>Q</Name>\
                 <QueryText>select 1</QueryText><TargetType>DE</TargetType></Objects>";
    let message = request("CreateRequest", "", &(list("x1") + &list("x2") + query));
    let made = house.gateway.call("Create", &message).await;
    assert_eq!(made.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", made.body);
    let id = |at: usize| made.text(&format!("CreateResponse/Results#{at}/NewID")).unwrap();
    let objects = [1, 2].map(|at| {
        let correlation = format!("<CorrelationID>corr {at}</CorrelationID>");
        match operation {
            "Create" => format!("<Objects xsi:type=\"List\">{correlation}<ListName>new {at}</ListName></Objects>"),
            "Update" => format!(
                "<Objects xsi:type=\"List\"><ID>{}</ID>{correlation}<Description>d{at}</Description></Objects>",
                id(at - 1)
            ),
            "Delete" => format!("<Objects xsi:type=\"List\"><ID>{}</ID>{correlation}</Objects>", id(at - 1)),
            _ => format!(
                "<Action>start</Action><Definitions><Definition xsi:type=\"QueryDefinition\"><CustomerKey>q\
                 </CustomerKey>{correlation}</Definition></Definitions>"
            ),
        }
    });
    (house, objects)
}

/// Sends Options where they stand in the message, or in a header block.
async fn send(house: &House, operation: &str, options: &Asynchronous, object: &str, in_header: bool) -> Answer {
    if !in_header {
        return house.call(operation, options, object).await;
    }
    let block = format!("<Options xmlns=\"{PARTNER_API}\">{}</Options>", options.members());
    let header = block + &security("demo", "demo-password");
    house.gateway.envelope(operation, &envelope(&header, &request(root(operation), "", object))).await
}

fn target(when: &str) -> String {
    format!(
        "<ResponseType>HTTPPost</ResponseType><ResponseAddress>https://h.example/{when}</ResponseAddress>\
         <RespondWhen>{when}</RespondWhen><IncludeResults>true</IncludeResults><IncludeObjects>false</IncludeObjects>\
         <OnlyIncludeBase>false</OnlyIncludeBase>"
    )
}

/// RequestType, ConversationID, SequenceCode, CallsInConversation, CorrelationID, QueuePriority, Priority, SendResponseTo.
#[tokio::test]
async fn every_operation_is_queued_with_every_option() {
    for operation in OPERATIONS {
        for in_header in [false, true] {
            let (house, objects) = furnished(operation).await;
            let what = format!("{operation}, in the header: {in_header}");
            let options = |sequence| {
                Asynchronous::part("a b", sequence, 2)
                    .with("QueuePriority", "Low")
                    .with("Priority", "2")
                    .with("SendResponseTo", &target("OnCallComplete"))
                    .with("SendResponseTo", &target("OnConversationComplete"))
            };
            let mut requests = Vec::new();
            // The second part comes first.
            for at in [2, 1] {
                let answer = send(&house, operation, &options(at as u32), &objects[at - 1], in_header).await;
                let said = |name: &str| answer.text(&format!("{}/{name}", row(operation)));
                assert_eq!(said("StatusCode").as_deref(), Some("OK"), "{what}: {}", answer.body);
                assert_eq!(said("StatusMessage").as_deref(), Some("Queued"), "{what}");
                assert_eq!(said("ConversationID").as_deref(), Some("a b"), "{what}");
                assert_eq!(said("RequestType").as_deref(), Some("Asynchronous"), "{what}");
                assert_eq!(answer.count(row(operation)), 1, "{what}");
                requests.push(said("RequestID").unwrap());
                house.idle().await;
                let done = house.values("ResultItem", "StatusCode", "").await.len();
                assert_eq!(done, if at == 2 { 0 } else { 2 }, "{what}: nothing before all parts are in");
            }
            let by_id = equals("ConversationID", "a b");
            assert_eq!(house.values("ResultItem", "StatusCode", &by_id).await, ["OK", "OK"], "{what}");
            // The newest first: they ran in the order of their codes.
            assert_eq!(house.values("ResultItem", "CorrelationID", &by_id).await, ["corr 2", "corr 1"], "{what}");
            assert_eq!(house.values("ResultMessage", "SequenceCode", &by_id).await, ["2", "1"], "{what}");
            assert_eq!(house.values("ResultMessage", "CallsInConversation", &by_id).await, ["2", "2"], "{what}");
            assert_eq!(house.values("ResultMessage", "RequestID", &by_id).await, requests, "{what}");
            let detail = house.values("ResultMessage", "ResultDetailXML", &by_id).await;
            assert!(detail.iter().all(|xml| xml.contains("<StatusCode>OK</StatusCode>")), "{what}: {detail:?}");
            let owed = house.conversation("a%20b").await["owed"].as_array().unwrap().len();
            assert_eq!(owed, 3, "{what}: two calls and one conversation");
        }
    }
}

#[tokio::test]
async fn every_operation_waits_for_its_schedule_in_any_offset() {
    for operation in OPERATIONS {
        // All of them are 12:10 UTC.
        for time in ["2026-03-01T12:10:00Z", "2026-03-01T06:10:00-06:00", "2026-03-01T17:55:00.000+05:45"] {
            let (house, objects) = furnished(operation).await;
            let options = Asynchronous::new().with("ScheduledTime", time);
            let answer = send(&house, operation, &options, &objects[0], false).await;
            assert_eq!(answer.text(&format!("{}/StatusMessage", row(operation))).as_deref(), Some("Queued"));
            house.advance(599).await;
            assert_eq!(house.values("ResultItem", "StatusCode", "").await, [""; 0], "{operation} at {time}");
            house.advance(1).await;
            assert_eq!(house.values("ResultItem", "StatusCode", "").await, ["OK"], "{operation} at {time}");
        }
    }
}

/// One `Z` of the service is a server's own zone without it (facts/wire section 5); here it is UTC.
#[tokio::test]
async fn a_schedule_without_an_offset_is_utc_and_one_that_has_been_is_at_once() {
    let house = House::new().await;
    for (name, time) in [("later", "2026-03-01T12:01:00"), ("been", "2020-01-01T00:00:00Z")] {
        house.create(&Asynchronous::new().with("ScheduledTime", time), &list(name)).await;
    }
    house.idle().await;
    assert_eq!(house.lists().await, ["been"]);
    house.advance(60).await;
    assert_eq!(house.lists().await, ["been", "later"]);
}

#[tokio::test]
async fn thirty_days_ahead_is_the_end_in_any_offset() {
    let house = House::new().await;
    for (time, refused) in [
        ("2026-03-31T12:00:00Z", None),
        ("2026-03-31T14:00:00+02:00", None),
        ("2026-03-31T14:00:01+02:00", Some("226")),
        ("2026-03-31T06:00:00.001-06:00", Some("226")),
    ] {
        let answer = house.create(&Asynchronous::new().with("ScheduledTime", time), &list(time)).await;
        assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), refused, "{time}: {}", answer.body);
    }
    house.advance(30 * 86_400 - 1).await;
    assert_eq!(house.lists().await, [""; 0]);
    house.advance(1).await;
    assert_eq!(house.lists().await.len(), 2);
}

/// RequestExpirationTime: in time, too late on arrival, and over while the machine slept.
#[tokio::test]
async fn every_operation_expires() {
    for operation in OPERATIONS {
        let (house, objects) = furnished(operation).await;
        let until = |scheduled: &str, expires: &str| {
            Asynchronous::new().with("ScheduledTime", scheduled).with("RequestExpirationTime", expires)
        };
        let code = async |options: Asynchronous| {
            let answer = send(&house, operation, &options, &objects[0], false).await;
            answer.text(&format!("{}/ErrorCode", row(operation)))
        };
        let gone = Asynchronous::new().with("RequestExpirationTime", "2026-03-01T11:59:59.999Z");
        assert_eq!(code(gone).await.as_deref(), Some("228"), "{operation}");
        let before = until("2026-03-01T12:10:00Z", "2026-03-01T14:09:59+02:00");
        assert_eq!(code(before).await.as_deref(), Some("229"), "{operation}");
        let several = Asynchronous::part("c", 1, 2).with("RequestExpirationTime", "2026-03-01T13:00:00Z");
        assert_eq!(code(several).await.as_deref(), Some("231"), "{operation}");
        let in_time = until("2026-03-01T12:10:00Z", "2026-03-01T14:10:00+02:00").with("ConversationID", "one part");
        assert_eq!(code(in_time).await, None, "{operation}");
        assert_eq!(code(until("2026-03-01T13:00:00Z", "2026-03-01T13:30:00Z")).await, None, "{operation}");
        house.advance(600).await;
        assert_eq!(house.values("ResultMessage", "StatusCode", "").await, ["OK"], "{operation}");
        // Nobody looks on the way: as when the machine was asleep.
        house.gateway.clock.advance(std::time::Duration::from_secs(7200));
        house.idle().await;
        assert_eq!(house.values("ResultMessage", "ErrorCode", "").await, ["228", ""], "{operation}");
        assert_eq!(house.values("ResultMessage", "StatusMessage", "").await[0], "RequestExpirationTime has passed");
        assert_eq!(house.values("ResultItem", "StatusCode", "").await, ["OK"], "{operation}: it was never picked up");
        let mut jobs = house.values("AsyncRequestResult", "Status", "").await;
        // A performed query is written down as a job of its own.
        jobs.retain(|status| status != "Recorded");
        assert_eq!(jobs, ["Complete", "Error"], "{operation}");
    }
}

#[tokio::test]
async fn an_account_of_the_enterprise_is_named_by_client() {
    use envoi::message::client::Account;
    let house = House::with(|parts| {
        let demo = envoi::config::demo::accounts().unwrap();
        let user = envoi::message::client::User {
            name: "demo".into(),
            account: 100_001,
            passwords: demo.hashes_of_user("demo"),
            digest_secret: None,
            permissions: envoi::message::client::Permissions {
                reach: envoi::message::client::Reach::Enterprise,
                ..Default::default()
            },
        };
        let account = |mid| Account { mid, name: mid.to_string(), enterprise: 100_001 };
        let all = vec![account(100_001), account(100_002)];
        parts.accounts = std::sync::Arc::new(envoi::message::client::Accounts::new(all, vec![], vec![user]).unwrap());
    })
    .await;
    // One id in two accounts: two conversations.
    for (client, name) in [("", "mine"), ("<Client><ID>100002</ID></Client>", "theirs")] {
        let options = format!("<Options>{}{client}</Options>", Asynchronous::part("id", 1, 1).members());
        let answer = house.gateway.call("Create", &request("CreateRequest", &options, &list(name))).await;
        assert_eq!(answer.text("CreateResponse/Results/ErrorCode"), None, "{}", answer.body);
    }
    let elsewhere = format!("<Options>{}<Client><ID>7</ID></Client></Options>", Asynchronous::new().members());
    let answer = house.gateway.call("Create", &request("CreateRequest", &elsewhere, &list("x"))).await;
    assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), Some("4"), "{}", answer.body);
    house.idle().await;
    assert_eq!(house.lists().await, ["mine"]);
    let whole = house.admin("GET", "/conversation?id=id&account=100002").await;
    assert!(whole.body.contains("\"state\":\"Complete\""), "{}", whole.body);
}

/// Every Result repeats the id, so a long one in a call of many objects would be much to answer.
#[tokio::test]
async fn a_conversation_id_has_a_longest_length() {
    let house = House::new().await;
    assert_eq!(house.part(&"\u{e9}".repeat(1024), 1, 1, "longest").await, None);
    let long = "\u{e9}".repeat(1025);
    for in_header in [false, true] {
        let answer = send(&house, "Create", &Asynchronous::part(&long, 1, 1), &list("longer"), in_header).await;
        assert_eq!(answer.status, 500, "{}", answer.body);
        assert!(answer.body.contains("soap:Client") && answer.body.contains("at most 1,024 characters"));
        assert!(!answer.body.contains(&long), "nor does the fault repeat it");
    }
    house.idle().await;
    assert_eq!(house.lists().await, ["longest"]);
}
