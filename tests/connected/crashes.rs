//! A crash between any two steps loses nothing, sends nothing twice that is known to have gone out, and applies once.

use envoi::{
    backend::connected,
    connector::{Ambiguous, Connector, Standing},
    conversation::State,
    message::{Call, Operation},
    object::Limits,
    store::{DeliveryState, StoreError, Transaction},
};

use crate::{
    engine::part,
    house::{House, list, sms, verdict, yeastar},
};

const A: &str = "+4915112345601";
const B: &str = "+4915112345602";

/// The parts of a conversation: each makes a list, and sends a message.
async fn told(house: &House) -> envoi::store::Name {
    house.call(Operation::Create, Some("c"), part(1, 2), &[list("one"), sms(A)]).await;
    house.call(Operation::Create, Some("c"), part(2, 2), &[sms(B), list("two")]).await
}

#[tokio::test]
async fn a_start_goes_on_where_the_last_end_was() {
    // Each prefix of what can be on disk: accepted; owed; tried once; settled, and the part not yet done.
    for steps in 0..4 {
        let house = House::new();
        house.system.answers(A, &[verdict(Standing::Again, "70547", "later")]);
        let c = told(&house).await;
        if steps >= 1 {
            tokio::spawn(house.queue.clone().run());
            house.queue.idle().await;
            assert_eq!((house.state(&c), house.deliveries().len()), (State::Processing, 1));
        }
        if steps >= 2 {
            tokio::spawn(house.notifier.clone().run());
            house.notifier.idle().await;
            assert_eq!(house.deliveries()[0].tries, 1);
        }
        if steps >= 3 {
            // The queue is gone, and the notifier settles the message.
            house.queue.close().await;
            house.clock.advance(crate::engine::seconds(60));
            house.notifier.idle().await;
            assert_eq!(house.deliveries()[0].state, DeliveryState::Delivered);
            assert_eq!((house.state(&c), house.lists().len()), (State::Processing, 0));
        }
        let (came, (image, now)) = (house.system.came().len(), house.killed());
        let house = House::on(image, now, yeastar());
        house.run();
        house.advance(120).await;
        assert_eq!((steps, house.state(&c)), (steps, State::Complete));
        assert_eq!(house.lists(), ["one", "two"]);
        let expected: &[&str] = if steps == 3 { &[B] } else { &[A, B] };
        assert_eq!(
            (house.system.came(), came),
            (expected.iter().map(|to| (*to).to_owned()).collect(), [0, 0, 1, 2][steps])
        );
        assert_eq!(house.items().len(), 4);
        assert_eq!(house.events("SentEvent"), [A, B]);
    }
}

#[tokio::test]
async fn what_was_under_way_is_sent_again_or_not_as_the_connector_says() {
    for (on_ambiguous, sent, state) in [
        (Ambiguous::Retry, vec![A.to_owned(), B.to_owned()], State::Complete),
        (Ambiguous::Stop, Vec::new(), State::Error),
        (Ambiguous::Ask, Vec::new(), State::Processing),
    ] {
        let connector = Connector { on_ambiguous, ..yeastar() };
        let house = House::with(connector.clone());
        house.system.silent(A);
        let c = told(&house).await;
        house.run();
        house.system.begun().await;
        let key = house.system.keys().remove(0);
        let (image, now) = house.killed();
        let house = House::on(image, now, connector);
        house.run();
        house.advance(3600).await;
        assert_eq!((house.system.came(), house.state(&c)), (sent, state), "{on_ambiguous:?}");
        if on_ambiguous == Ambiguous::Retry {
            assert_eq!(house.system.keys()[0], key, "under the same key");
        }
        let lists: &[&str] = match state {
            State::Complete => &["one", "two"],
            State::Error => &["one"],
            _ => &[],
        };
        assert_eq!(house.lists(), lists);
    }
}

/// Owes what a synchronous call owes, as the gateway does.
async fn called(house: &House, objects: String) {
    let (backend, ann, now) = (house.queue.clone(), house.ann(), house.clock.now());
    let work = move |txn: &mut Transaction<'_>| -> Result<usize, StoreError> {
        let (backend, text) = (backend.backend(), crate::engine::envelope("CreateRequest", &objects));
        let tree = envoi::object::read(text, &backend.schema, &Limits::default()).unwrap();
        let call = Call::new(Operation::Create, &envoi::soap::open(&tree).unwrap()).unwrap();
        let (batch, asker) = connected::batch(txn);
        Ok(connected::plan(backend, txn, &ann, &call, &asker, batch, "request", now)?.messages())
    };
    assert_eq!(house.store.write(work).await.unwrap(), 3);
    house.notifier.wake();
}

#[tokio::test]
async fn what_a_synchronous_call_owed_is_taken_back_when_the_program_ended_before_its_answer() {
    let house = House::new();
    house.system.silent(A);
    house.run();
    // The second waits for the first; the third has gone.
    called(&house, [sms(A), sms(A), sms(B)].concat()).await;
    house.system.begun().await;
    while house.deliveries()[2].state != DeliveryState::Delivered {
        tokio::task::yield_now().await;
    }
    let (image, now) = house.killed();
    let house = House::on(image, now, yeastar());
    assert!(house.store.read_blocking(connected::has_calls).unwrap());
    let work = move |txn: &mut Transaction<'_>| connected::abandon(txn, now, now);
    assert_eq!(house.store.write(work).await.unwrap(), 1);
    house.run();
    house.advance(3600).await;
    assert_eq!(house.system.came(), Vec::<String>::new());
    let states: Vec<_> = house.deliveries().iter().map(|delivery| delivery.state).collect();
    assert_eq!(states[0], DeliveryState::InDoubt);
    assert!(!house.store.read_blocking(connected::has_calls).unwrap());
}
