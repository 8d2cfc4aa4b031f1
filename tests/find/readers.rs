//! Our answers, read by a second XML reader and by other code: yaserde over the `xml` crate.

use envoi::message::Operation::{Create, Retrieve};
use yaserde::YaDeserialize;

use super::house::{House, subscriber};

#[derive(Debug, PartialEq, YaDeserialize)]
#[yaserde(rename = "CreateResponse", prefix = "a", default_namespace = "a", namespaces = {"a" = "http://exacttarget.com/wsdl/partnerAPI"})]
struct CreateResponse {
    #[yaserde(rename = "Results", prefix = "a")]
    results: Vec<CreateResult>,
    #[yaserde(rename = "RequestID", prefix = "a")]
    request_id: String,
    #[yaserde(rename = "OverallStatus", prefix = "a")]
    overall_status: String,
}

#[derive(Debug, PartialEq, YaDeserialize)]
#[yaserde(prefix = "a", default_namespace = "a", namespaces = {"a" = "http://exacttarget.com/wsdl/partnerAPI"})]
struct CreateResult {
    #[yaserde(rename = "StatusCode", prefix = "a")]
    status_code: String,
    #[yaserde(rename = "StatusMessage", prefix = "a")]
    status_message: String,
    #[yaserde(rename = "OrdinalID", prefix = "a")]
    ordinal_id: u32,
    #[yaserde(rename = "ErrorCode", prefix = "a")]
    error_code: Option<i32>,
    #[yaserde(rename = "NewID", prefix = "a")]
    new_id: i32,
    #[yaserde(rename = "Object", prefix = "a")]
    object: Option<Subscriber>,
}

#[derive(Debug, PartialEq, YaDeserialize)]
#[yaserde(prefix = "a", default_namespace = "a", namespaces = {"a" = "http://exacttarget.com/wsdl/partnerAPI", "xsi" = "http://www.w3.org/2001/XMLSchema-instance"})]
struct Subscriber {
    #[yaserde(attribute = true, rename = "type", prefix = "xsi")]
    xsi_type: String,
    #[yaserde(rename = "ID", prefix = "a")]
    id: Option<i32>,
    #[yaserde(rename = "EmailAddress", prefix = "a")]
    email_address: Option<String>,
    #[yaserde(rename = "SubscriberKey", prefix = "a")]
    subscriber_key: Option<String>,
}

#[derive(Debug, PartialEq, YaDeserialize)]
#[yaserde(rename = "RetrieveResponseMsg", prefix = "a", default_namespace = "a", namespaces = {"a" = "http://exacttarget.com/wsdl/partnerAPI"})]
struct RetrieveResponse {
    #[yaserde(rename = "OverallStatus", prefix = "a")]
    overall_status: String,
    #[yaserde(rename = "RequestID", prefix = "a")]
    request_id: String,
    #[yaserde(rename = "Results", prefix = "a")]
    results: Vec<Subscriber>,
}

/// As it stands in an envelope, which declares `xsi`.
fn alone(answer: &str) -> String {
    answer.replacen(" xmlns=", " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns=", 1)
}

#[test]
fn a_create_answer_says_the_same_to_another_reader() {
    let mut house = House::new();
    let request =
        "<Options/>".to_owned() + &subscriber("a&amp;b", "") + &subscriber("ada", "") + &subscriber("ada", "");
    let answer = house.send(Create, &request);
    let read: CreateResponse =
        yaserde::de::from_str(&alone(&answer)).unwrap_or_else(|error| panic!("{error}: {answer}"));
    let shown: Vec<_> = read
        .results
        .iter()
        .map(|row| {
            (
                row.ordinal_id,
                row.status_code.as_str(),
                row.error_code,
                row.new_id > 0,
                row.object.as_ref().and_then(|object| object.subscriber_key.as_deref()),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (0, "OK", None, true, Some("a&b")),
            (1, "OK", None, true, Some("ada")),
            (2, "Error", Some(12014), false, Some("ada")),
        ]
    );
    assert_eq!((read.overall_status.as_str(), read.request_id.as_str()), ("Has Errors", "R1"));
    assert_eq!(read.results[2].status_message, "The subscriber is already on the list");
    let object = read.results[1].object.as_ref().unwrap();
    assert_eq!((object.xsi_type.as_str(), object.id), ("Subscriber", Some(read.results[1].new_id)));
}

#[test]
fn a_retrieve_answer_says_the_same_to_another_reader() {
    let mut house = House::new();
    house.create(&(subscriber("a&amp;b", "") + &subscriber("grace", "")));
    let answer = house.send(
        Retrieve,
        "<RetrieveRequest><ObjectType>Subscriber</ObjectType><Properties>ID</Properties><Properties>SubscriberKey</Properties></RetrieveRequest>",
    );
    let read: RetrieveResponse =
        yaserde::de::from_str(&alone(&answer)).unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert_eq!((read.overall_status.as_str(), read.request_id.as_str()), ("OK", "R2"));
    let keys: Vec<_> = read
        .results
        .iter()
        .map(|one| {
            (one.xsi_type.as_str(), one.subscriber_key.as_deref(), one.id.is_some(), one.email_address.as_deref())
        })
        .collect();
    assert_eq!(keys, [("Subscriber", Some("a&b"), true, None), ("Subscriber", Some("grace"), true, None)]);
}
