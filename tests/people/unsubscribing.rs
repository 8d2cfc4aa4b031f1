//! Execute: LogUnsubEvent, MasterUnsub, and requests that there are not.

use envoi::message::Operation::{Create, Execute};

use super::house::{ACCOUNT, House, OTHER, list, subscriber};

type Parameters<'a> = &'a [(&'a str, &'a str)];

fn request(name: &str, parameters: Parameters<'_>) -> String {
    let pair =
        |(name, value): &(&str, &str)| format!("<Parameters><Name>{name}</Name><Value>{value}</Value></Parameters>");
    format!("<Requests><Name>{name}</Name>{}</Requests>", parameters.iter().map(pair).collect::<String>())
}

fn house() -> (House, i64, i64) {
    let house = House::new();
    let news = house.create(&list("<ListName>News</ListName>"));
    let ada = house.create(&subscriber(&format!(
        "<EmailAddress>ada@example.com</EmailAddress><SubscriberKey>ada</SubscriberKey><Lists><ID>{news}</ID></Lists>"
    )));
    (house, news, ada)
}

fn status(house: &House, id: i64) -> String {
    house.kept(ACCOUNT, "Subscriber", id).unwrap().text("Status").unwrap().to_owned()
}

#[test]
fn the_answer_is_the_captured_one() {
    let (house, _, id) = house();
    let (_, answer) = house.send(Execute, &request("LogUnsubEvent", &[("SubscriberKey", "Ada"), ("Reason", "enough")]));
    assert_eq!(
        answer,
        "<ExecuteResponseMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><OverallStatus>OK</OverallStatus>\
         <RequestID>REQUEST</RequestID><Results><StatusCode>OK</StatusCode><StatusMessage>Event posted</StatusMessage>\
         </Results></ExecuteResponseMsg>"
    );
    assert_eq!(status(&house, id), "Unsubscribed");
    assert!(house.kept(ACCOUNT, "Subscriber", id).unwrap().text("UnsubscribedDate").is_some());
    let events = house.all(ACCOUNT, "UnsubEvent");
    assert_eq!(events.len(), 1);
    let event = &events[0].1;
    assert_eq!(event.text("SubscriberKey"), Some("ada"));
    assert_eq!(event.text("IsMasterUnsubscribed"), Some("true"));
    assert_eq!(event.text("EventDate"), Some("2021-12-30T12:00:06Z"));
    assert_eq!(event.text("EventType"), Some("Unsubscribe"));
    assert_eq!(event.text("PartnerProperties.Value"), Some("enough"));
}

#[test]
fn from_one_list_only() {
    let (house, news, id) = house();
    let all = house.all_subscribers();
    let (list, id_text) = (news.to_string(), id.to_string());
    let asked =
        request("LogUnsubEvent", &[("SubscriberID", &id_text), ("ListID", &list), ("JobID", "17"), ("BatchID", "3")]);
    assert_eq!(house.one(Execute, &asked), "OK Event posted");
    assert_eq!(house.lists_of(id), [format!("{all} Active"), format!("{news} Unsubscribed")]);
    let event = house.all(ACCOUNT, "UnsubEvent").remove(0).1;
    assert_eq!(event.text("List.ID"), Some(&*list));
    assert_eq!((event.text("SendID"), event.text("BatchID")), (Some("17"), Some("3")));
    assert_eq!(event.text("IsMasterUnsubscribed"), Some("false"));
    // Asked again it is an event again.
    assert_eq!(house.one(Execute, &asked), "OK Event posted");
    assert_eq!(house.all(ACCOUNT, "UnsubEvent").len(), 2);
    // All Subscribers is everything.
    let everything = request("LogUnsubEvent", &[("EmailAddress", "ADA@example.com"), ("ListID", &all.to_string())]);
    assert_eq!(house.one(Execute, &everything), "OK Event posted");
    assert_eq!(status(&house, id), "Unsubscribed");
}

#[test]
fn refusals() {
    let (house, news, id) = house();
    house.create(&subscriber("<EmailAddress>grace@example.com</EmailAddress>"));
    let news = news.to_string();
    let table: [(&str, Parameters<'_>, &str); 11] = [
        ("LogUnsubEvent", &[], "404 SubscriberKey is required"),
        ("LogUnsubEvent", &[("SubscriberKey", "")], "404 SubscriberKey is required"),
        ("LogUnsubEvent", &[("SubscriberKey", "bob")], "400 Subscriber not found: bob"),
        ("LogUnsubEvent", &[("EmailAddress", "bob@example.com")], "400 Subscriber not found: bob@example.com"),
        ("LogUnsubEvent", &[("SubscriberID", "9")], "400 Subscriber not found: 9"),
        (
            "LogUnsubEvent",
            &[("SubscriberID", "nine")],
            "2 Exception occurred during [Execute]: parameter SubscriberID is \"nine\", expected an xsd:int",
        ),
        ("LogUnsubEvent", &[("SubscriberKey", "ada"), ("ListID", "9")], "13000 List not found: 9"),
        ("LogUnsubEvent", &[("SubscriberKey", "grace@example.com"), ("ListID", &news)], "13007 Not On List"),
        (
            "LogUnsubEvent",
            &[("SubscriberKey", "ada"), ("JobID", "x")],
            "2 Exception occurred during [Execute]: parameter JobID is \"x\", expected an xsd:int",
        ),
        ("GetFolderHierarchy", &[], "5 Cannot perform Execute of GetFolderHierarchy: this server has no such request"),
        ("", &[], "5 Cannot perform Execute of a request without a Name"),
    ];
    for (name, parameters, expected) in table {
        assert_eq!(house.one(Execute, &request(name, parameters)), expected, "{name} {parameters:?}");
    }
    assert_eq!(status(&house, id), "Active");
    assert_eq!(house.all(ACCOUNT, "UnsubEvent"), []);
    assert_eq!(house.one(Execute, ""), "6 No object specified at 0-based index 0");
}

#[test]
fn master_unsub() {
    let (house, news, id) = house();
    let all = house.all_subscribers();
    let ada = request("MasterUnsub", &[("subscriberkey", "ada")]);
    assert_eq!(house.one(Execute, &ada), "OK Subscriber unsubscribed");
    assert_eq!(house.lists_of(id), [format!("{all} Unsubscribed"), format!("{news} Active")]);
    assert_eq!(house.one(Execute, &ada), "12012 The subscriber is already master unsubscribed");
}

#[test]
fn requests_are_done_one_by_one_for_the_account_that_they_name() {
    let (house, _, id) = house();
    let there = format!("<Client><ID>{OTHER}</ID></Client><EmailAddress>ada@example.com</EmailAddress>");
    let other = house.create(&subscriber(&there));
    let for_account = |account: u64, body: &str| {
        body.replace("<Requests>", &format!("<Requests><Client><ID>{account}</ID></Client>"))
    };
    let ada = request("LogUnsubEvent", &[("EmailAddress", "ada@example.com")]);
    let bob = request("LogUnsubEvent", &[("EmailAddress", "bob@example.com")]);
    let (rows, answer) = house.send(Execute, &(for_account(OTHER, &ada) + &bob + &for_account(5, &ada)));
    let codes: Vec<_> = rows.iter().map(|row| (row.ordinal, row.code)).collect();
    assert_eq!(codes, [(0, None), (1, Some(400)), (2, Some(4))]);
    assert!(answer.contains("<OverallStatus>Has Errors</OverallStatus>"), "{answer}");
    assert!(
        answer.contains(
            "<StatusMessage>Subscriber not found: bob@example.com</StatusMessage><ErrorCode>400</ErrorCode></Results>"
        ),
        "{answer}"
    );
    assert_eq!(status(&house, id), "Active");
    assert_eq!(house.kept(OTHER, "Subscriber", other).unwrap().text("Status"), Some("Unsubscribed"));
    assert_eq!(house.one(Create, &subscriber(&there)), "12014 The subscriber is already on the list");
}
