//! Parts run in their order, however often a message of one of them is tried; nothing overtakes.

use envoi::{
    connector::{Ambiguous, Connector, Standing},
    conversation::State,
    message::Operation,
    queue::report,
    store::{Asker, DeliveryState, Name, StoreError, Transaction, View},
};

use crate::{
    engine::part,
    house::{House, accepted, list, sms, verdict, yeastar},
};

const A: &str = "+4915112345601";
const B: &str = "+4915112345602";
const C: &str = "+4915112345603";

fn whole(house: &House, id: &str) -> report::Whole {
    let look = |view: &View<'_>| {
        let (ann, now) = (house.ann(), house.clock.now());
        report::whole(&view.conversations(), &view.deliveries(), &ann, id, now, &house.queue)
    };
    house.store.read_blocking(look).unwrap().expect("it is kept")
}

#[tokio::test]
async fn a_part_waits_for_its_messages_and_the_parts_behind_it_wait_for_the_part() {
    let house = House::new();
    house.system.answers(A, &[verdict(Standing::Again, "70547", "later"), verdict(Standing::Again, "70547", "later")]);
    house.run();
    let create = Operation::Create;
    let c = house.call(create, Some("c"), part(2, 3), &[sms(B), list("two")]).await;
    house.call(create, Some("c"), part(3, 3), &[list("three")]).await;
    house.call(create, Some("c"), part(1, 3), &[list("one"), sms(A)]).await;
    let other = house.create(&[list("other")]).await;
    house.advance(0).await;
    assert_eq!(house.state(&c), State::Processing);
    assert_eq!((house.system.came(), house.lists()), (vec![A.to_owned()], vec!["other".to_owned()]));
    assert_eq!(house.state(&other), State::Complete, "it holds up nobody else, not even with one worker");
    assert_eq!(house.queue.working(), 0);
    assert_eq!(
        house.queue.next_due().await.unwrap().map(|due| due.since(house.clock.now()) > crate::engine::seconds(3600)),
        Some(true)
    );
    let waiting = whole(&house, "c");
    assert_eq!((waiting.line.due, waiting.waits_for.len()), (None, 1), "nothing is due but the message");
    assert!(waiting.waits_for[0].starts_with(&format!("a message to {A} by pbx: owed, tried once, next ")));
    house.advance(15).await;
    assert_eq!((house.state(&c), house.system.came()), (State::Processing, vec![A.to_owned(); 2]));
    house.advance(60).await;
    assert_eq!(house.state(&c), State::Complete);
    assert_eq!(house.system.came(), [A, A, A, B]);
    assert_eq!(house.lists(), ["other", "one", "two", "three"]);
    let keys = house.system.keys();
    assert!(keys[0] == keys[1] && keys[1] == keys[2] && keys[2] != keys[3], "{keys:?}");
    assert_eq!(
        house.items(),
        [
            "OK - [yeastar] accepted",
            "OK - Created List.",
            "OK - Created List.",
            "OK - Created List.",
            "OK - [yeastar] accepted",
            "OK - Created List.",
        ]
        .map(str::to_owned),
        "in the order of the requests: parts 2, 3, 1, and the other"
    );
    assert_eq!(whole(&house, "c").waits_for, Vec::<String>::new());
}

#[tokio::test]
async fn a_message_that_fails_for_good_ends_the_conversation_and_the_rest_can_be_sent_again() {
    let house = House::new();
    house.system.answers(A, &[verdict(Standing::Refused, "70621", "no number")]);
    house.run();
    let create = Operation::Create;
    let c = house.call(create, Some("c"), part(1, 2), &[sms(A), list("one")]).await;
    house.call(create, Some("c"), part(2, 2), &[sms(B)]).await;
    house.advance(0).await;
    assert_eq!((house.state(&c), house.system.came()), (State::Error, vec![A.to_owned()]));
    assert_eq!(house.lists(), ["one"], "the other objects of the part are done");
    assert_eq!(house.items(), ["Error 2070621 [yeastar 70621] no number", "OK - Created List."]);
    let accounts = crate::engine::directory(3, &[("ann", crate::engine::permissions())]);
    let (name, now, settings) = (c.clone(), house.clock.now(), envoi::conversation::Settings::default());
    let again = move |txn: &mut Transaction<'_>| {
        envoi::queue::remainder(txn, &accounts, &name, "c2", now, &settings).map_err(|why| why.to_string())
    };
    let work = move |txn: &mut Transaction<'_>| Ok::<_, StoreError>(again(txn));
    assert_eq!(house.store.write(work).await.unwrap(), Ok(1));
    house.queue.wake();
    house.advance(0).await;
    assert_eq!(house.state(&Name::conversation(&house.ann(), "c2")), State::Complete);
    assert_eq!(house.system.came(), [A, B], "what was sent is not sent again");
}

#[tokio::test]
async fn two_conversations_to_one_recipient_keep_their_order_across_a_retry() {
    let house = House::new();
    house.system.answers(A, &[verdict(Standing::Again, "70547", "later"), accepted("1"), accepted("2")]);
    house.run();
    let first = house.create(&[sms(A)]).await;
    house.advance(0).await;
    let second = house.create(&[sms(A)]).await;
    let third = house.create(&[sms(B)]).await;
    house.advance(0).await;
    assert_eq!(house.system.came(), [A, B], "another recipient is not held up");
    assert_eq!(house.state(&third), State::Complete);
    assert_eq!((house.state(&first), house.state(&second)), (State::Processing, State::Processing));
    house.advance(60).await;
    assert_eq!((house.state(&first), house.state(&second)), (State::Complete, State::Complete));
    let keys = house.system.keys();
    assert!(house.system.came() == [A, B, A, A] && keys[0] == keys[2] && keys[3] != keys[0], "{keys:?}");
}

/// What an operator says of a message.
async fn settle(house: &House, number: i64, delivered: bool) {
    let now = house.clock.now();
    let work = move |txn: &mut Transaction<'_>| -> Result<Option<Asker>, StoreError> {
        let delivery = txn.settle(number, delivered, now, now)?.expect("it can be said");
        envoi::backend::connected::settled(txn, &delivery, now)
    };
    let settled = house.store.write(work).await.unwrap();
    house.notifier.tell_settled(settled.as_slice());
}

#[tokio::test]
async fn what_is_in_doubt_stops_or_asks_as_the_connector_says() {
    let doubt = verdict(Standing::Ambiguous, "", "the connection was cut");
    let house = House::new();
    house.system.answers(A, std::slice::from_ref(&doubt));
    house.run();
    let c = house.create(&[sms(A)]).await;
    house.advance(0).await;
    assert_eq!(house.state(&c), State::Error);
    assert_eq!(house.items(), ["Error 2900002 [yeastar] in doubt, it may have arrived: the connection was cut"]);
    assert_eq!((house.events("SentEvent").len(), house.events("NotSentEvent").len()), (0, 0), "nobody knows");

    for (delivered, state, item) in [
        (true, State::Complete, "OK - [yeastar] delivered"),
        (false, State::Error, "Error 2900002 [yeastar] the connection was cut"),
    ] {
        let house = House::with(Connector { on_ambiguous: Ambiguous::Ask, ..yeastar() });
        house.system.answers(A, std::slice::from_ref(&doubt));
        house.run();
        let c = house.create(&[sms(A), list("one")]).await;
        house.advance(86_400).await;
        assert_eq!((house.state(&c), house.lists().len()), (State::Processing, 0), "it waits for an operator");
        let delivery = house.deliveries().remove(0);
        assert_eq!(delivery.state, DeliveryState::InDoubt);
        assert!(whole(&house, c.id()).waits_for[0].ends_with(&format!("waits for envoi settle {}", delivery.id)));
        settle(&house, delivery.number, delivered).await;
        house.advance(0).await;
        assert_eq!((house.state(&c), house.lists()), (state, vec!["one".to_owned()]));
        assert_eq!(house.items()[0], item);
        assert_eq!(house.system.came(), [A], "it is sent once");
    }
}

#[tokio::test]
async fn who_still_waits_for_others_waits_for_what_is_sent_again_too() {
    let house = House::new();
    house
        .system
        .answers(A, &[verdict(Standing::Refused, "70547", "not licensed"), verdict(Standing::Again, "", "later")]);
    house.system.answers(B, &[verdict(Standing::Again, "", "later")]);
    house.run();
    let c = house.create(&[sms(A), sms(B), list("one")]).await;
    house.advance(0).await;
    let failed = house.deliveries().remove(0);
    assert_eq!((failed.state, house.state(&c)), (DeliveryState::Failed, State::Processing));
    let (number, now) = (failed.number, house.clock.now());
    let work = move |txn: &mut Transaction<'_>| -> Result<bool, StoreError> {
        envoi::backend::connected::reopened(txn, number, now)?;
        txn.redeliver(number, now)
    };
    assert!(house.store.write(work).await.unwrap());
    house.notifier.wake();
    house.advance(120).await;
    assert_eq!((house.state(&c), house.system.came().len()), (State::Complete, 5));
    assert_eq!(house.items(), ["OK - [yeastar] accepted", "OK - [yeastar] accepted", "OK - Created List."]);
}

#[tokio::test]
async fn what_has_not_gone_out_when_the_request_expires_is_taken_back() {
    let house = House::new();
    house.system.answers(A, &[verdict(Standing::Again, "70547", "later")]);
    house.run();
    let expires = Some(house.clock.now().plus(crate::engine::seconds(5)));
    let (c, until) = (Some("c"), envoi::conversation::Arriving { expires, ..part(2, 2) });
    let name = house.call(Operation::Create, c, part(1, 2), &[sms(A), sms(A), sms(B), list("one")]).await;
    house.call(Operation::Create, c, until, &[list("two")]).await;
    house.advance(5).await;
    assert_eq!(house.state(&name), State::Processing, "the moment itself is in time");
    house.advance(1).await;
    assert_eq!((house.state(&name), house.lists()), (State::Error, vec!["one".to_owned()]));
    assert_eq!(
        house.items()[..3],
        [
            "Error 2070547 [yeastar 70547] later",
            "Error 2900005 [yeastar] taken back before it was sent: its turn at connector:pbx had not come (at_once 4, per_second 1000, wait 30s)",
            "OK - [yeastar] accepted"
        ]
    );
    house.advance(3600).await;
    // The two recipients are sent to side by side.
    let mut came = house.system.came();
    came.sort();
    assert_eq!(came, [A, B]);
}

/// An SMS in a session of the PBX.
fn in_session(number: &str, session: &str) -> String {
    sms(number).replacen(
        '>',
        &format!("><PartnerProperties><Name>Session</Name><Value>{session}</Value></PartnerProperties>"),
        1,
    )
}

#[tokio::test]
async fn a_session_is_one_lane_across_retries_whoever_it_is_for() {
    let house = House::new();
    house.system.answers(A, &[verdict(Standing::Again, "70082", "later"), verdict(Standing::Again, "70082", "later")]);
    house.run();
    let objects = [in_session(A, "13"), in_session(B, "013"), in_session(B, "14")];
    let first = house.create(&objects).await;
    house.advance(0).await;
    let second = house.create(&[in_session(B, "13"), sms(C)]).await;
    house.advance(0).await;
    let came = house.system.came();
    assert_eq!(came.len(), 3, "session 14 and a message without a session do not wait");
    assert!([A, B, C].iter().all(|number| came.iter().any(|one| one == number)), "{came:?}");
    house.advance(100).await;
    assert_eq!((house.state(&first), house.state(&second)), (State::Complete, State::Complete));
    assert_eq!(house.system.came()[3..], [A, A, B, B]);
    let keys = house.system.keys();
    let of = |ordinal: u32| {
        let deliveries = house.deliveries();
        let messages = deliveries.iter().map(|delivery| &delivery.content.outgoing().unwrap().message);
        let found = messages.into_iter().filter(|message| message.ordinal == ordinal && message.recipient == B);
        found.map(|message| message.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!(keys[5..], [of(1)[0].clone(), of(0)[0].clone()], "in the order in which they were owed");
}
