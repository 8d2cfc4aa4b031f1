//! What Results say of objects that connectors have done, or have not.

use envoi::{connector::Standing, conversation::State, message::Operation};

use crate::{
    engine::single,
    house::{House, accepted, connectly, list, send, sms, verdict},
};

const A: &str = "+4915112345601";
const B: &str = "+4915112345602";
const C: &str = "+4915112345603";

/// What stands between two marks, for each time that they come.
fn all<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&open).skip(1).filter_map(|rest| rest.split(&close).next()).collect()
}

#[tokio::test]
async fn rows_stand_in_the_order_of_the_objects_whoever_does_them() {
    let house = House::new();
    house.system.answers(B, &[verdict(Standing::Refused, "80013", "no such channel")]);
    house.run();
    let bad = "<Objects xsi:type=\"List\"><ListName/></Objects>".to_owned();
    let c = house.create(&[list("one"), sms(A), bad, sms(B), sms("no number"), list("two")]).await;
    house.advance(0).await;
    assert_eq!((house.state(&c), house.lists()), (State::Error, vec!["one".to_owned(), "two".to_owned()]));
    let items = house.items();
    assert_eq!(items[0], "OK - Created List.");
    assert_eq!(items[1], "OK - [yeastar] accepted");
    assert!(items[2].starts_with("Error "), "{items:?}");
    assert_eq!(items[3], "Error 2080013 [yeastar 80013] no such channel");
    assert!(items[4].starts_with("Error 4000002 The recipient's number cannot be used"), "{items:?}");
    assert_eq!(items[5], "OK - Created List.");
    let answer = &house.answers()[0];
    assert_eq!(all(answer, "OverallStatus"), ["Has Errors"]);
    // ResultDetailXML stands where the WSDL has it: behind ErrorCode, before NewID.
    let row = answer.split("<Results>").nth(4).unwrap();
    let places = ["ErrorCode", "ResultDetailXML", "NewID"].map(|name| row.find(&format!("<{name}>")).unwrap());
    assert!(places.is_sorted(), "{row}");
    let detail = all(row, "ResultDetailXML")[0];
    assert!(
        detail.contains("system=\"yeastar\"")
            && detail.contains("code=\"80013\"")
            && detail.contains("raw no such channel"),
        "{detail}"
    );
    assert_eq!(house.system.came().len(), 2, "what cannot be sent never leaves");
}

#[tokio::test]
async fn a_send_tells_of_each_subscriber_who_gets_nothing() {
    let house = House::with(connectly());
    let code = "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT";
    house.system.answers(B, &[verdict(Standing::Refused, code, "opted out")]);
    house.system.answers(A, &[accepted("01HXYZ")]);
    house.run();
    let c = house.create(&[send(&[A, "nobody", B, C])]).await;
    house.advance(0).await;
    assert_eq!(house.state(&c), State::Complete, "some got it");
    assert_eq!(house.items(), ["OK - Created TriggeredSend"]);
    let answer = &house.answers()[0];
    assert!(answer.contains("xsi:type=\"TriggeredSendCreateResult\""), "{answer}");
    assert_eq!((all(answer, "OverallStatus"), all(answer, "NewObjectID")), (vec!["OK"], vec!["01HXYZ"]));
    let failures = all(answer, "SubscriberFailures");
    let codes: Vec<_> = failures.iter().map(|failure| all(failure, "ErrorCode")[0]).collect();
    let ordinals: Vec<_> = failures.iter().map(|failure| all(failure, "Ordinal")[0]).collect();
    let keys: Vec<_> = failures.iter().map(|failure| all(failure, "SubscriberKey")[0]).collect();
    assert_eq!((codes, ordinals, keys), (vec!["4000001", code], vec!["1", "2"], vec!["nobody", B]));
    assert!(all(failures[1], "ErrorDescription")[0].ends_with("opted out"), "{failures:?}");
    // Each of them has an event too. Messages to several end in any order.
    let mut sent = house.events("SentEvent");
    sent.sort();
    assert_eq!(sent, [A, C]);
    assert_eq!(house.events("NotSentEvent"), ["nobody", B]);
}

#[tokio::test]
async fn a_send_that_reaches_nobody_is_an_error_with_its_reason() {
    let house = House::with(connectly());
    let code = "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW";
    for number in [A, A, B, C] {
        house.system.answers(number, &[verdict(Standing::Refused, code, "closed")]);
    }
    house.run();
    let mixed = send(&[B, "nobody"]);
    let c = house.create(&[send(&[A]), send(&[A, C]), mixed]).await;
    house.advance(0).await;
    assert_eq!(house.state(&c), State::Error);
    let items = house.items();
    let number = items[0].split(' ').nth(1).unwrap().to_owned();
    assert_eq!(items[0], format!("Error {number} [connectly {code}] closed"));
    assert!(number.starts_with("30000"), "{number}");
    assert_eq!(items[1], items[0], "one reason for all");
    assert!(items[2].starts_with("Error 180008 "), "several reasons: {items:?}");
}

#[tokio::test]
async fn a_partial_success_makes_the_call_have_errors() {
    let house = House::new();
    house.system.answers(A, &[verdict(Standing::Partial, "1", "PARTIAL SUCCESS")]);
    house.run();
    house.create(&[sms(A)]).await;
    house.advance(0).await;
    assert_eq!(all(&house.answers()[0], "OverallStatus"), ["Has Errors"]);
    let message = house.objects("ResultMessage").remove(0);
    assert_eq!(message.text("OverallStatusCode"), Some("Has Errors"));
}

#[tokio::test]
async fn who_is_unsubscribed_here_gets_nothing_there() {
    let house = House::with(connectly());
    house.run();
    // Connectly knows no contacts: this one is kept here alone.
    let gone = format!(
        "<Objects xsi:type=\"Subscriber\"><EmailAddress>a@example.com</EmailAddress><SubscriberKey>{A}</SubscriberKey>\
         <Status>Unsubscribed</Status></Objects>"
    );
    house.create(&[gone]).await;
    house.advance(0).await;
    house.create(&[send(&[A, B])]).await;
    house.create(&[send(&[A])]).await;
    house.advance(0).await;
    assert_eq!(house.system.came(), [B]);
    let answers = house.answers();
    assert_eq!(all(all(&answers[1], "SubscriberFailures")[0], "ErrorCode"), ["1"]);
    assert!(house.items()[2].starts_with("Error 180008 "), "{:?}", house.items());
    assert_eq!(house.events("NotSentEvent"), [A, A]);
}

#[tokio::test]
async fn who_is_unsubscribed_by_number_or_address_gets_nothing_either() {
    let house = House::with(connectly());
    house.run();
    let gone =
        |members: &str| format!("<Objects xsi:type=\"Subscriber\">{members}<Status>Unsubscribed</Status></Objects>");
    let number = |address: &str| format!("<PrimarySMSAddress><Address>{address}</Address></PrimarySMSAddress>");
    house
        .create(&[
            gone(&format!("<EmailAddress>a@example.com</EmailAddress><SubscriberKey>{A}</SubscriberKey>")),
            gone("<EmailAddress>bob@example.com</EmailAddress><SubscriberKey>bob</SubscriberKey>"),
            gone(&format!(
                "<EmailAddress>c@example.com</EmailAddress>{}<SubscriberKey>cleo</SubscriberKey>",
                number("+49 151 12345603")
            )),
        ])
        .await;
    house.advance(0).await;
    let to = |named: &str, address: &str| {
        format!(
            "<Objects xsi:type=\"TriggeredSend\"><TriggeredSendDefinition><CustomerKey>welcome</CustomerKey>\
             </TriggeredSendDefinition><Subscribers>{}{named}</Subscribers><Attributes><Name>first</Name>\
             <Value>x</Value></Attributes></Objects>",
            number(address)
        )
    };
    let refused = [
        sms("+49 151 1234 5601"),
        sms(C),
        to("<SubscriberKey>other</SubscriberKey>", A),
        to("<SubscriberKey>other</SubscriberKey>", C),
        to("<EmailAddress>Bob@example.com</EmailAddress>", B),
    ];
    house.create(&refused).await;
    house.create(&[to("<EmailAddress>other@example.com</EmailAddress>", B)]).await;
    house.advance(0).await;
    assert_eq!(house.system.came(), [B], "{:?}", house.items());
    let items = house.items();
    assert!(items[3..8].iter().all(|item| item.starts_with("Error ")), "{items:?}");
    assert_eq!(house.events("NotSentEvent"), [A, "cleo", "other", "other", "Bob@example.com"]);
    // A number that he has no more may be somebody else's.
    let back = "<Objects xsi:type=\"Subscriber\"><SubscriberKey>cleo</SubscriberKey><PrimarySMSAddress>\
                <Address>+4915112345609</Address></PrimarySMSAddress></Objects>";
    house.call(Operation::Update, None, single(), &[back.to_owned()]).await;
    house.advance(0).await;
    house.create(&[sms(C), sms("+4915112345609")]).await;
    house.advance(0).await;
    assert_eq!(house.system.came(), [B, C]);
}

#[tokio::test]
async fn counts_of_a_definition_that_is_kept_here_tell_of_its_messages() {
    let house = House::with(connectly());
    house.system.answers(B, &[verdict(Standing::Refused, "ERROR_CODE_MESSAGE_TEXT_EMPTY", "empty")]);
    house.system.answers(C, &[verdict(Standing::Again, "", "later")]);
    house.run();
    let definition = "<Objects xsi:type=\"TriggeredSendDefinition\"><CustomerKey>welcome</CustomerKey><Name>Welcome</Name>\
                      </Objects>";
    house.create(&[definition.to_owned()]).await;
    house.advance(0).await;
    house.call(Operation::Create, None, single(), &[send(&[A, B, C, "nobody"])]).await;
    let counts = || {
        let summary = house.objects("TriggeredSendSummary").remove(0);
        ["Sent", "NotSentDueToError", "Queued"].map(|member| summary.text(member).unwrap().to_owned())
    };
    house.advance(0).await;
    assert_eq!(counts(), ["1", "2", "1"], "one is tried again");
    house.advance(60).await;
    assert_eq!(counts(), ["2", "2", "0"]);
    let events = house.objects("SentEvent");
    let definition = house.objects("TriggeredSendDefinition").remove(0);
    for event in events {
        assert_eq!(event.text("TriggeredSendDefinitionObjectID"), definition.text("ObjectID"));
        assert_eq!(event.text("SendID"), definition.text("ID").or(event.text("SendID")));
    }
}
