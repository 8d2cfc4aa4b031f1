//! How many commits a message takes, and what happens when one of them fails.

use envoi::{
    backend::connected,
    connector::{Ambiguous, Connector},
    conversation::State,
    message::{Call, Operation},
    object::Limits,
    store::{DeliveryState, StoreError, Transaction, image::Mishap},
};

use crate::{
    front::{Far, asked, create, gateway, told},
    house::{House, list, sms, yeastar},
};

const A: &str = "+4915112345601";
const B: &str = "+4915112345602";

#[tokio::test]
async fn a_message_of_a_queued_call_takes_four() {
    let house = House::new();
    house.run();
    house.advance(0).await;
    let before = house.image().batches();
    // The call is accepted; the message owed and begun; it has ended; the part is done.
    let call = house.create(&[sms(A), list("one")]).await;
    house.advance(0).await;
    assert_eq!(
        (house.state(&call), house.system.came(), house.lists()),
        (State::Complete, vec![A.into()], vec!["one".into()])
    );
    assert_eq!(house.image().batches() - before, 4);
}

#[tokio::test]
async fn a_message_of_a_synchronous_call_takes_two() {
    let far = Far::start().await;
    let gateway = gateway(&far, |_| {}).await;
    told(&gateway, "POST", "/time?by=0").await;
    let flushes = async || {
        let metrics = asked(&gateway, "GET", "/metrics").await;
        let line = metrics.lines().find_map(|line| line.strip_prefix("envoi_store_flushes_total "));
        line.unwrap().parse::<f64>().unwrap()
    };
    let before = flushes().await;
    // Owed and begun; ended, and the whole call with it.
    let answer = create(&gateway, "<Options/>", &[sms(A), list("one")].concat()).await;
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"));
    assert_eq!((flushes().await - before, far.came().len()), (2.0, 1));
    gateway.stop().await;
}

#[tokio::test]
async fn nothing_leaves_when_it_cannot_be_written_that_it_is_owed_and_begun() {
    for mishap in [Mishap::Unwritten, Mishap::Untold] {
        let connector = Connector { on_ambiguous: Ambiguous::Retry, ..yeastar() };
        let house = House::with(connector.clone());
        tokio::spawn(house.notifier.clone().run());
        house.notifier.idle().await;
        let call = house.create(&[sms(A)]).await;
        house.image().fail_next(mishap);
        tokio::spawn(house.queue.clone().run());
        house.queue.idle().await;
        assert!(!house.image().spare(), "it was met");
        assert_eq!(house.system.came(), Vec::<String>::new(), "{mishap:?}");
        let (image, now) = house.killed();
        let house = House::on(image, now, connector);
        house.run();
        house.advance(3600).await;
        assert_eq!((house.system.came(), house.state(&call)), (vec![A.to_owned()], State::Complete), "{mishap:?}");
    }
}

#[tokio::test]
async fn what_is_taken_back_gives_its_place_to_others() {
    let house = House::with(Connector { at_once: 1, ..yeastar() });
    house.run();
    house.advance(0).await;
    let (queue, notifier, ann, now) = (house.queue.clone(), house.notifier.clone(), house.ann(), house.clock.now());
    let work = move |txn: &mut Transaction<'_>| -> Result<(), StoreError> {
        let (backend, text) = (queue.backend(), crate::engine::envelope("CreateRequest", &[sms(A), sms(B)].concat()));
        let tree = envoi::object::read(text, &backend.schema, &Limits::default()).unwrap();
        let call = Call::new(Operation::Create, &envoi::soap::open(&tree).unwrap()).unwrap();
        let (batch, asker) = connected::batch(txn);
        connected::plan(backend, txn, &ann, &call, &asker, batch, "request", now)?;
        let begun = notifier.begin(txn, now)?;
        let states: Vec<_> =
            txn.owed().into_iter().map(|number| txn.deliveries().get(number).unwrap().unwrap().state).collect();
        assert_eq!(states, [DeliveryState::Sending, DeliveryState::Owed], "there is one place");
        drop(begun);
        Err(StoreError::Closed)
    };
    assert!(house.store.write(work).await.is_err());
    house.create(&[sms(B)]).await;
    house.advance(0).await;
    assert_eq!((house.system.came(), house.deliveries().len()), (vec![B.to_owned()], 1));
}
