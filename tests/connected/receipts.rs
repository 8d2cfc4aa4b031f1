//! What webhooks tell: with `complete_on = delivered` a part waits for it, else it shows in events and ResultItems.

use envoi::{
    connector::{CompleteOn, Connector, Receipt},
    conversation::State,
};

use crate::house::{House, send, sms, yeastar};

const A: &str = "+4915112345601";
const B: &str = "+4915112345602";

fn failed() -> Receipt {
    Receipt::Failed { code: Some("invalid_phone_number".to_owned()), message: "no such number".to_owned() }
}

#[tokio::test]
async fn a_part_waits_for_the_webhook_where_that_is_asked_for() {
    for (receipt, state, item) in [
        (Receipt::Delivered, State::Complete, "OK - [yeastar] delivered"),
        (failed(), State::Error, "accepted, and not delivered: no such number"),
    ] {
        let house = House::with(Connector { complete_on: CompleteOn::Delivered, ..yeastar() });
        house.run();
        let c = house.create(&[sms(A)]).await;
        house.advance(60).await;
        assert_eq!((house.state(&c), house.events("SentEvent").len()), (State::Processing, 1));
        house.receive(A, receipt.clone()).await;
        house.receive(A, receipt).await;
        house.advance(0).await;
        assert_eq!(house.state(&c), state);
        assert!(house.items()[0].ends_with(item), "{:?}", house.items());
        let bounces = usize::from(state == State::Error);
        assert_eq!((house.events("SentEvent").len(), house.events("BounceEvent").len()), (1, bounces));
    }
}

#[tokio::test]
async fn a_webhook_that_does_not_come_in_time_is_an_error() {
    let house = House::with(Connector { complete_on: CompleteOn::Delivered, ..yeastar() });
    house.run();
    let c = house.create(&[sms(A)]).await;
    house.advance(599).await;
    assert_eq!(house.state(&c), State::Processing);
    house.advance(2).await;
    assert_eq!(house.state(&c), State::Error);
    assert!(house.items()[0].ends_with("no delivery was confirmed in time"), "{:?}", house.items());
    assert_eq!(house.events("NotSentEvent").len(), 0, "it was sent");
}

#[tokio::test]
async fn a_later_receipt_shows_in_the_result_item() {
    let house = House::new();
    house.run();
    let c = house.create(&[sms(A)]).await;
    house.advance(0).await;
    for (receipt, item) in [
        (Receipt::Sent, "OK - [yeastar] accepted; since then: sent"),
        (Receipt::Delivered, "OK - [yeastar] accepted; since then: delivered"),
        (Receipt::Read, "OK - [yeastar] accepted; since then: read"),
        (failed(), "OK - [yeastar] accepted; since then: read"),
    ] {
        house.receive(A, receipt).await;
        assert_eq!(house.items(), [item]);
    }
    house.receive(A, Receipt::Delivered).await;
    assert_eq!(house.items(), ["OK - [yeastar] accepted; since then: read"], "it goes forward only");
    assert_eq!(house.state(&c), State::Complete);

    let c = house.create(&[sms(B), send(&[A, B])]).await;
    house.advance(0).await;
    house.receive(B, failed()).await;
    let items = house.items();
    assert_eq!(items[1], "OK - [yeastar] accepted");
    assert!(items[2].ends_with(&format!("; since then: {B} failed, invalid_phone_number no such number")), "{items:?}");
    assert_eq!((house.state(&c), house.events("BounceEvent")), (State::Complete, vec![B.to_owned()]));
}

#[tokio::test]
async fn a_later_failure_has_its_error_code_in_the_result_item() {
    for (code, number) in [(Some("invalid_did_number"), 2_990_004), (None, 2_900_003)] {
        let house = House::new();
        house.run();
        house.create(&[sms(A)]).await;
        house.advance(0).await;
        let failed = Receipt::Failed { code: code.map(str::to_owned), message: "no".to_owned() };
        house.receive(A, failed).await;
        let items = house.items();
        assert!(items[0].starts_with(&format!("Error {number} [yeastar] accepted; since then: failed, ")), "{items:?}");
    }
}
