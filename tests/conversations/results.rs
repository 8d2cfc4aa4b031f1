//! What can be retrieved, and what is owed.

use crate::house::{Asynchronous, House, equals, list};

fn named(correlation: &str, name: &str) -> String {
    format!(
        "<Objects xsi:type=\"List\"><CorrelationID>{correlation}</CorrelationID><ListName>{name}</ListName></Objects>"
    )
}

#[tokio::test]
async fn there_is_an_item_for_each_object_and_a_message_for_each_request() {
    let house = House::new().await;
    let options = Asynchronous::new().with("ConversationID", "c 1");
    let answer = house.create(&options, &(named("first", "a") + &named("second", "a"))).await;
    let request_id = answer.text("CreateResponse/RequestID").unwrap();
    house.idle().await;
    let other = house.create(&Asynchronous::new(), &list("b")).await.text("CreateResponse/RequestID").unwrap();
    house.idle().await;

    for filter in [equals("RequestID", &request_id), equals("ConversationID", "c 1")] {
        let found = house.retrieve("ResultItem", &["RequestID", "OrdinalID", "StatusCode", "ErrorCode"], &filter).await;
        let at = |row: usize, name: &str| found.text(&format!("RetrieveResponseMsg/Results#{row}/{name}"));
        assert_eq!(found.count("RetrieveResponseMsg/Results"), 2, "{}", found.body);
        assert_eq!((at(0, "OrdinalID").unwrap(), at(0, "StatusCode").unwrap()), ("0".into(), "OK".into()));
        assert_eq!((at(1, "OrdinalID").unwrap(), at(1, "ErrorCode").unwrap()), ("1".into(), "1".into()));
        assert_eq!(at(1, "RequestID").unwrap(), request_id);
    }
    let both = house.values("ResultItem", "OrdinalID", &equals("CorrelationID", "second")).await;
    assert_eq!(both, ["1"]);
    assert_eq!(house.values("ResultItem", "RequestObjectType", &equals("StatusCode", "Error")).await, ["List"]);
    // Without a filter the newest comes first.
    let all = house.values("ResultMessage", "RequestID", "").await;
    assert_eq!(all, [other.clone(), request_id.clone()]);
    assert_eq!(
        house.values("ResultMessage", "OverallStatusCode", &equals("RequestID", &request_id)).await,
        ["Has Errors"]
    );
    assert_eq!(house.values("ResultMessage", "CallsInConversation", &equals("RequestID", &request_id)).await, ["1"]);
    let job = equals("ObjectID", &other);
    assert_eq!(house.values("AsyncRequestResult", "Status", &job).await, ["Complete"]);
    assert_eq!(house.values("AsyncRequestResult", "CallStatus", &job).await, ["OK"]);
}

/// Each of the three kinds, by dates, status, ids and CorrelationID, alone and together.
#[tokio::test]
async fn results_are_found_by_what_they_say() {
    let house = House::new().await;
    // One a minute from 12:00 on; the second fails, the third is of a conversation.
    for (at, name) in ["a", "a", "b"].iter().enumerate() {
        let options = if at == 2 { Asynchronous::part("conv", 1, 1) } else { Asynchronous::new() };
        house.create(&options, &named(&format!("corr {at}"), name)).await;
        house.idle().await;
        house.advance(60).await;
    }
    let part = |property: &str, operator: &str, value: &str| {
        let value = match property.ends_with("Date") {
            true => value.split(' ').map(|date| format!("<DateValue>{date}</DateValue>")).collect::<String>(),
            false => format!("<Value>{value}</Value>"),
        };
        format!("<Property>{property}</Property><SimpleOperator>{operator}</SimpleOperator>{value}")
    };
    let simple = |property: &str, operator: &str, value: &str| {
        format!("<Filter xsi:type=\"SimpleFilterPart\">{}</Filter>", part(property, operator, value))
    };
    let both = |left: String, right: String| {
        format!(
            "<Filter xsi:type=\"ComplexFilterPart\"><LeftOperand xsi:type=\"SimpleFilterPart\">{left}</LeftOperand>\
             <LogicalOperator>AND</LogicalOperator><RightOperand xsi:type=\"SimpleFilterPart\">{right}</RightOperand>\
             </Filter>"
        )
    };
    let noon = "2026-03-01T12:00:00Z";
    let minute = "2026-03-01T14:01:00+02:00";
    let two = "2026-03-01T12:02:00Z";
    for (kind, filter, minutes) in [
        ("ResultItem", simple("CreatedDate", "greaterThan", noon), vec!["02", "01"]),
        ("ResultItem", simple("CreatedDate", "lessThan", minute), vec!["00"]),
        ("ResultItem", simple("CreatedDate", "equals", minute), vec!["01"]),
        ("ResultItem", simple("CreatedDate", "between", &format!("{minute} {two}")), vec!["02", "01"]),
        ("ResultItem", simple("StatusCode", "equals", "Error"), vec!["01"]),
        ("ResultItem", simple("StatusCode", "notEquals", "Error"), vec!["02", "00"]),
        ("ResultItem", simple("ErrorCode", "equals", "1"), vec!["01"]),
        ("ResultItem", simple("CorrelationID", "equals", "CORR 2"), vec!["02"]),
        ("ResultItem", simple("CorrelationID", "like", "corr%"), vec!["02", "01", "00"]),
        ("ResultItem", simple("ConversationID", "isNull", ""), vec!["01", "00"]),
        ("ResultItem", both(part("StatusCode", "equals", "OK"), part("CreatedDate", "greaterThan", noon)), vec!["02"]),
        ("ResultMessage", simple("OverallStatusCode", "equals", "Error"), vec!["01"]),
        ("ResultMessage", simple("StatusCode", "equals", "OK"), vec!["02", "00"]),
        ("ResultMessage", simple("CreatedDate", "lessThanOrEqual", minute), vec!["01", "00"]),
        (
            "ResultMessage",
            both(part("ConversationID", "equals", "conv"), part("CreatedDate", "greaterThan", minute)),
            vec!["02"],
        ),
        ("AsyncRequestResult", simple("Status", "equals", "Error"), vec!["01"]),
        ("AsyncRequestResult", simple("CallStatus", "equals", "OK"), vec!["00", "02"]),
        ("AsyncRequestResult", simple("CompleteDate", "greaterThan", minute), vec!["02"]),
        ("AsyncRequestResult", simple("CreatedDate", "between", &format!("{noon} {minute}")), vec!["00", "01"]),
    ] {
        let found = house.values(kind, "CreatedDate", &filter).await;
        let expected: Vec<_> = minutes.iter().map(|minute| format!("2026-03-01T12:{minute}:00Z")).collect();
        assert_eq!(found, expected, "{kind} {filter}");
    }
}

/// Its own fields of the schema, before, during and after.
#[tokio::test]
async fn a_job_tells_how_far_its_call_is() {
    let house = House::new().await;
    let options = |sequence| Asynchronous::part("c", sequence, 3).with("ScheduledTime", "2026-03-01T12:01:00Z");
    let mut jobs = Vec::new();
    for (sequence, name) in [(1, "a"), (2, "a"), (3, "b")] {
        let answer = house.create(&options(sequence), &list(name)).await;
        jobs.push(equals("ObjectID", &answer.text("CreateResponse/RequestID").unwrap()));
    }
    let told = async |job: &str| {
        let fields = ["Status", "CompleteDate", "CallStatus", "CallMessage", "CreatedDate"];
        let found = house.retrieve("AsyncRequestResult", &fields, job).await;
        assert_eq!(found.count("RetrieveResponseMsg/Results"), 1, "{}", found.body);
        fields.map(|field| found.text(&format!("RetrieveResponseMsg/Results/{field}")).unwrap_or_default())
    };
    let (noon, run) = ("2026-03-01T12:00:00Z", "2026-03-01T12:01:00Z");
    assert_eq!(told(&jobs[0]).await, ["Pending", "", "", "Queued", noon]);
    house.advance(60).await;
    assert_eq!(told(&jobs[0]).await, ["Complete", run, "OK", "OK", noon]);
    let [status, at, call, message, _] = told(&jobs[1]).await;
    assert_eq!([status.as_str(), &at, &call], ["Error", run, "Error"]);
    assert!(!message.is_empty() && message != "Queued");
    let in_error = "Conversation is in an error state and is no longer able to accept conversation parts";
    assert_eq!(told(&jobs[2]).await, ["Error", run, "Error", in_error, noon]);
}

#[tokio::test]
async fn nothing_is_there_before_the_queue_has_picked_it_up() {
    let house = House::new().await;
    let options = Asynchronous::new().with("ScheduledTime", "2026-03-01T13:00:00Z");
    let id = house.create(&options, &list("a")).await.text("CreateResponse/RequestID").unwrap();
    house.idle().await;
    assert_eq!(house.values("ResultItem", "StatusCode", &equals("RequestID", &id)).await, [""; 0]);
    assert_eq!(house.values("ResultMessage", "StatusCode", &equals("RequestID", &id)).await, [""; 0]);
    assert_eq!(house.values("AsyncRequestResult", "Status", &equals("ObjectID", &id)).await, ["Pending"]);
}

#[tokio::test]
async fn the_detail_is_the_answer_of_a_synchronous_call_and_is_there_when_asked_for() {
    let house = House::new().await;
    let target = |include: &str| {
        format!(
            "<ResponseType>HTTPPost</ResponseType><ResponseAddress>https://h.example/x</ResponseAddress>\
             <RespondWhen>OnCallComplete</RespondWhen><IncludeResults>true</IncludeResults>{include}"
        )
    };
    for (include, objects, base) in [
        ("", false, false),
        ("<IncludeObjects>true</IncludeObjects>", true, false),
        ("<IncludeObjects>true</IncludeObjects><OnlyIncludeBase>true</OnlyIncludeBase>", true, true),
    ] {
        let name = format!("list {objects} {base}");
        let object = named("corr", &name);
        let options = Asynchronous::new().with("SendResponseTo", &target(include));
        let id = house.create(&options, &object).await.text("CreateResponse/RequestID").unwrap();
        house.idle().await;
        let filter = equals("RequestID", &id);
        let without = house.retrieve("ResultMessage", &["RequestID"], &filter).await;
        assert!(!without.body.contains("ResultDetailXML"));
        let detail = house.values("ResultMessage", "ResultDetailXML", &filter).await.remove(0);
        assert!(detail.starts_with("<CreateResponse xmlns=\"http://exacttarget.com/wsdl/partnerAPI\""), "{detail}");
        assert!(detail.contains(&format!("<RequestID>{id}</RequestID><OverallStatus>OK</OverallStatus>")), "{detail}");
        assert_eq!(detail.contains("<Object "), objects, "{detail}");
        assert_eq!(detail.contains(&name), objects && !base, "{detail}");
        assert_eq!(detail.contains("<CorrelationID>corr<"), objects, "{detail}");
        // It stands alone: every prefix in it is declared in it.
        let limits = envoi::object::Limits::default();
        envoi::object::read(detail.clone(), crate::gateway::schema(), &limits).expect("a document");
    }
}

#[tokio::test]
async fn what_is_owed_is_written_down_with_the_result() {
    let house = House::new().await;
    let target = |when: &str, address: &str| {
        format!(
            "<ResponseType>HTTPPost</ResponseType><ResponseAddress>https://h.example/{address}</ResponseAddress>\
             <RespondWhen>{when}</RespondWhen>"
        )
    };
    let everything = |options: Asynchronous| {
        ["OnCallComplete", "OnError", "OnConversationComplete", "OnConversationError", "Never", "Always"]
            .iter()
            .fold(options, |options, when| options.with("SendResponseTo", &target(when, when)))
    };
    house.create(&everything(Asynchronous::part("good", 1, 2)), &list("a")).await;
    house.create(&everything(Asynchronous::part("good", 2, 2)), &list("b")).await;
    house.idle().await;
    house.create(&everything(Asynchronous::part("bad", 1, 1)), &list("a")).await;
    house.idle().await;
    let owed = async |id: &str| {
        let whole = house.conversation(id).await;
        let owed = whole["owed"].as_array().unwrap().iter().map(|owed| owed.as_str().unwrap().to_owned());
        let short =
            |owed: String| owed.replace(" HttpPost https://h.example/", " ").split(": ").next().unwrap().to_owned();
        owed.map(short).collect::<Vec<_>>()
    };
    // The conversation's is told once, though both parts asked.
    assert_eq!(
        owed("good").await,
        [
            "OnCallComplete OnCallComplete for part 1",
            "Always Always for part 1",
            "OnCallComplete OnCallComplete for part 2",
            "Always Always for part 2",
            "OnConversationComplete OnConversationComplete for part 2",
        ]
    );
    assert_eq!(
        owed("bad").await,
        [
            "OnCallComplete OnCallComplete for part 1",
            "OnError OnError for part 1",
            "Always Always for part 1",
            "OnConversationComplete OnConversationComplete for part 1",
            "OnConversationError OnConversationError for part 1",
        ]
    );
}
