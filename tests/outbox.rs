//! What is owed, as the store keeps it: states, lanes, recovery, counts; and the same on disk after another start.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

use std::{collections::BTreeMap, time::Duration};

use envoi::{
    backend::CATALOGUE,
    clock::Time,
    connector::Ambiguous,
    conversation::respond::Event,
    message::options::{Priority, RespondWhen, ResponseType, SendResponseTo},
    store::{
        Attempt, Attempted, Content, Delivery, DeliveryKind, DeliveryState, Health, Internal, Name, Next, Notice,
        Settings, Stopped, Store, StoreError, send::Send,
    },
};

const DOWN: &str = "https://down.example:443";
const OWNER: Internal = Internal(7);

fn at(seconds: i64) -> Time {
    Time::from_millis(seconds * 1000)
}

fn post(conversation: &str, address: &str) -> Content {
    let target = SendResponseTo {
        kind: ResponseType::HttpPost,
        address: address.to_owned(),
        when: RespondWhen::OnCallComplete,
        ..SendResponseTo::default()
    };
    let name = Name::conversation(&OWNER, conversation);
    Content::Results(Box::new(Notice { name, about: 1, event: Event::CallOk, target }))
}

fn mail(address: &str) -> Content {
    let (key, address) = (address.to_owned(), address.to_owned());
    Content::Send(Box::new(Send { definition: 1, subscriber: 2, key, address, ..Send::default() }))
}

fn ranked(priority: Priority) -> Content {
    let Content::Send(send) = mail("a@b.example") else { panic!("a send") };
    Content::Send(Box::new(Send { priority, ..*send }))
}

fn attempt(outcome: Attempted, status: &str) -> Attempt {
    Attempt { at: at(1), took_ms: 5, outcome, status: status.to_owned() }
}

struct House(Store);

impl House {
    fn new() -> Self {
        Self(Store::open(&Settings::default()).unwrap())
    }

    fn owe(&self, content: Content, due: i64) -> i64 {
        self.0.write_blocking(move |txn| txn.owe(&OWNER, content, at(0), at(due))).unwrap()
    }

    fn begin(&self, numbers: &[i64], now: i64) -> Vec<Delivery> {
        let numbers = numbers.to_vec();
        self.0.write_blocking(move |txn| txn.begin_deliveries(&numbers, at(now))).unwrap()
    }

    fn end(&self, number: i64, outcome: Attempted, next: Next) -> Option<Delivery> {
        let work = move |txn: &mut envoi::store::Transaction<'_>| -> Result<_, StoreError> {
            txn.end_attempt(number, attempt(outcome, "HTTP 503"), next, at(5), at(100))
        };
        self.0.write_blocking(work).unwrap()
    }

    /// Results go out again in any case.
    fn recover(&self, now: i64, others: Ambiguous) -> usize {
        let policy = move |delivery: &Delivery| match &delivery.content {
            Content::Results(_) => Ambiguous::Retry,
            _ => others,
        };
        self.0.write_blocking(move |txn| txn.recover_deliveries(at(now), at(100), &policy)).unwrap().len()
    }

    fn get(&self, number: i64) -> Option<Delivery> {
        self.0.read_blocking(|view| view.deliveries().get(number)).unwrap()
    }

    fn due(&self, now: i64, limit: usize, free: usize) -> (Vec<i64>, Option<Time>) {
        self.due_after(0, now, limit, free)
    }

    /// What is due when so many of triggered sends have begun.
    fn due_after(&self, begun: u64, now: i64, limit: usize, free: usize) -> (Vec<i64>, Option<Time>) {
        self.0.read_blocking(|view| view.deliveries().due(at(now), limit, &|_| free, &|_| begun)).unwrap()
    }

    fn counts(&self) -> BTreeMap<(DeliveryKind, DeliveryState), u64> {
        let mut counts = self.0.read_blocking(|view| view.deliveries().counts()).unwrap();
        counts.retain(|_, count| *count > 0);
        counts
    }
}

#[test]
fn a_delivery_goes_from_owed_to_delivered_over_a_retry() {
    let house = House::new();
    let number = house.owe(post("c", "https://h.example/x"), 0);
    let id = house.get(number).unwrap().id;
    assert_eq!(house.due(0, 10, 1), (vec![number], None));
    assert_eq!(house.begin(&[number, number, number + 1], 0).len(), 1, "begun once");
    assert_eq!(house.due(0, 10, 1), (vec![], None));
    assert_eq!(house.begin(&[number], 0), []);
    house.end(number, Attempted::Retry, Next::Again(at(30))).unwrap();
    assert_eq!(house.end(number, Attempted::Delivered, Next::Delivered), None, "it is not being sent");
    assert_eq!(house.due(29, 10, 1), (vec![], Some(at(30))));
    assert_eq!(house.begin(&[number], 29), [], "before its time");
    assert_eq!(house.begin(&[number], 30)[0].tries, 2);
    house.end(number, Attempted::Delivered, Next::Delivered).unwrap();
    let delivery = house.get(number).unwrap();
    assert_eq!((delivery.id, delivery.state, delivery.due), (id, DeliveryState::Delivered, None));
    assert_eq!(
        delivery.attempts.iter().map(|a| a.outcome).collect::<Vec<_>>(),
        [Attempted::Retry, Attempted::Delivered]
    );
    assert_eq!(house.counts(), [((DeliveryKind::Post, DeliveryState::Delivered), 1)].into());
    assert_eq!(house.due(i64::MAX / 2000, 10, 1), (vec![], None));
    assert!(house.0.read_blocking(|view| view.deliveries().oldest()).unwrap().is_none());
}

#[test]
fn a_place_that_is_down_keeps_nobody_else_waiting() {
    let house = House::new();
    let down: Vec<i64> = (0..600).map(|_| house.owe(post("c", "https://down.example/"), 0)).collect();
    let up = house.owe(post("c", "https://up.example/"), 1);
    // The lane whose first waits longest comes first, and no lane gives more than is free in it.
    assert_eq!(house.due(1, 5, 3).0, [down[0], down[1], down[2], up]);
    assert_eq!(house.due(1, 2, 3).0, [down[0], down[1]]);
    let health = Health { failures: 5, failing: Some(at(0)), rest: Some(at(60)) };
    let work = move |txn: &mut envoi::store::Transaction<'_>| txn.change_lane(DOWN, |_| health).map(drop);
    house.0.write_blocking(work).unwrap();
    assert_eq!(house.due(1, 100, 9), (vec![up], Some(at(60))));
    let late = house.owe(post("c", "https://down.example/other"), 2);
    assert_eq!(house.due(2, 100, 9), (vec![up], Some(at(60))), "what comes later rests too");
    let (due, _) = house.due(60, 1000, 1000);
    assert_eq!((due.len(), due[0], due[601]), (602, up, late), "the head of a lane that rested is its rest's end");
    let lanes = house.0.read_blocking(|view| view.deliveries().lanes(10, &|lane| lane.health.failures > 0)).unwrap();
    assert_eq!((lanes.len(), lanes[0].health), (1, health));
    assert_eq!(house.counts(), [((DeliveryKind::Post, DeliveryState::Owed), 602)].into());
    // What has waited too long is given up, a page at a time.
    let give_up =
        || house.0.write_blocking(|txn| txn.give_up_waiting(DOWN, at(1), 400, "down", at(61), at(99))).unwrap().len();
    assert_eq!([give_up(), give_up(), give_up()], [400, 200, 0]);
    assert_eq!(house.get(down[0]).unwrap().attempts[0].status, "down");
    assert_eq!(house.get(late).unwrap().state, DeliveryState::Owed);
}

#[test]
fn the_more_urgent_go_first_and_every_eighth_place_is_for_who_has_waited_longest() {
    let house = House::new();
    let low: Vec<i64> = (0..3).map(|due| house.owe(ranked(Priority::Low), due)).collect();
    let medium = house.owe(ranked(Priority::Medium), 4);
    let high: Vec<i64> = (5..12).map(|due| house.owe(ranked(Priority::High), due)).collect();
    assert_eq!(house.due(4, 9, 9), (vec![medium, low[0], low[1], low[2]], None), "what is not due keeps nobody");
    assert_eq!(house.due(11, 3, 3).0, high[..3]);
    let all = [&high[..], &[low[0], medium, low[1], low[2]]].concat();
    assert_eq!(house.due(11, 99, 99).0, all);
    assert_eq!(house.due_after(15, 11, 2, 2).0, [low[0], high[0]]);
    // They are of one lane, which is due with its first, and each leaves the rank that it waits in.
    let lanes = house.0.read_blocking(|view| view.deliveries().lanes(9, &|_| true)).unwrap();
    assert_eq!(lanes.iter().map(|lane| (lane.name.as_str(), lane.head)).collect::<Vec<_>>(), [("send", Some(at(0)))]);
    house.begin(&low, 11);
    house.end(low[0], Attempted::Retry, Next::Again(at(20))).unwrap();
    house.begin(&high, 11);
    assert_eq!(house.due(11, 9, 9), (vec![medium], None));
    let give_up = || house.0.write_blocking(|txn| txn.give_up_waiting("send", at(20), 9, "down", at(21), at(99)));
    assert_eq!(give_up().unwrap().iter().map(|gone| gone.number).collect::<Vec<_>>(), [medium, low[0]]);
    assert_eq!(house.due(99, 9, 9), (vec![], None));
}

#[test]
fn a_lane_is_forgotten_when_nothing_waits_in_it_and_nothing_failed() {
    let house = House::new();
    let number = house.owe(post("c", "https://h.example/"), 0);
    let lanes = || house.0.read_blocking(|view| view.deliveries().lanes(10, &|_| true)).unwrap().len();
    assert_eq!(lanes(), 1);
    house.begin(&[number], 0);
    assert_eq!(lanes(), 0);
}

#[test]
fn results_are_sent_again_after_a_crash_and_mails_of_sends_are_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { path: Some(folder.path().to_owned()), ..Settings::default() };
    let house = House(Store::open(&settings).unwrap());
    let (results, send, other) = (
        house.owe(post("c", "https://h.example/"), 0),
        house.owe(mail("a@b.example"), 0),
        house.owe(mail("c@d.example"), 9),
    );
    house.begin(&[results, send], 1);
    let id = house.get(results).unwrap().id;
    drop(house);
    let house = House(Store::open(&settings).unwrap());
    assert_eq!(house.recover(3, Ambiguous::Stop), 2);
    assert_eq!(house.recover(3, Ambiguous::Stop), 0);
    let after = house.get(results).unwrap();
    assert_eq!((after.id, after.state, after.due), (id, DeliveryState::Owed, Some(at(3))));
    assert_eq!((after.attempts[0].outcome, after.attempts[0].took_ms), (Attempted::Interrupted, 2000));
    assert_eq!(house.get(send).unwrap().state, DeliveryState::InDoubt);
    assert_eq!(house.get(other).unwrap().state, DeliveryState::Owed);
    assert_eq!(house.due(3, 10, 10), (vec![results], Some(at(9))));
    // A setting, or an operator, sends it again.
    assert!(house.0.write_blocking(move |txn| txn.redeliver(send, at(4))).unwrap());
    let begun = house.begin(&[send], 4).remove(0);
    assert_eq!((begun.tries, begun.series, begun.since), (2, 1, at(4)));
    assert!(!house.0.write_blocking(move |txn| txn.redeliver(send, at(4))).unwrap(), "it is under way");
    assert_eq!(house.recover(5, Ambiguous::Retry), 1);
    assert_eq!(house.get(send).unwrap().state, DeliveryState::Owed);
}

#[test]
fn a_withdrawn_delivery_does_not_go_out() {
    let house = House::new();
    let number = house.owe(mail("a@b.example"), 0);
    assert!(house.0.write_blocking(move |txn| txn.withdraw(number, at(1), at(100))).unwrap());
    assert!(!house.0.write_blocking(move |txn| txn.withdraw(number, at(1), at(100))).unwrap());
    assert_eq!((house.due(10, 10, 10), house.begin(&[number], 10)), ((vec![], None), vec![]));
}

#[test]
fn mails_of_sends_are_forgotten_when_they_have_been_kept_long_enough() {
    let house = House::new();
    let (gone, again) = (house.owe(mail("a@b.example"), 0), house.owe(mail("c@d.example"), 0));
    house.begin(&[gone, again], 0);
    house.end(gone, Attempted::Refused, Next::Failed).unwrap();
    house.end(again, Attempted::Refused, Next::Failed).unwrap();
    house.0.write_blocking(move |txn| txn.redeliver(again, at(50))).unwrap();
    assert_eq!(house.0.write_blocking(|txn| txn.forget_sends(at(99))).unwrap(), 0);
    assert_eq!(house.0.write_blocking(|txn| txn.forget_sends(at(100))).unwrap(), 2);
    assert!(house.get(gone).is_none() && house.get(again).is_some());
    assert_eq!(house.counts(), [((DeliveryKind::Send, DeliveryState::Owed), 1)].into());
}

#[test]
fn a_report_is_heard_once_as_long_as_its_mail_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { path: Some(folder.path().to_owned()), ..Settings::default() };
    let mut house = House(Store::open(&settings).unwrap());
    let (number, other) = (house.owe(mail("a@b.example"), 0), house.owe(mail("c@d.example"), 0));
    let heard = |house: &House, number: i64, report: &str| {
        let report = report.to_owned();
        let work = move |txn: &mut envoi::store::Transaction<'_>| {
            txn.bounced(number, "SMTP 550 no".to_owned(), Some(&report), at(5), at(100))
        };
        house.0.write_blocking(work).unwrap().is_some()
    };
    let again = |house: &House, number: i64, status: &str| {
        house.0.write_blocking(move |txn| txn.redeliver(number, at(0))).unwrap();
        house.begin(&[number], 0);
        let (outcome, status) = match status {
            "" => (Attempted::Delivered, String::new()),
            status => (Attempted::Bounced, status.to_owned()),
        };
        let work = move |txn: &mut envoi::store::Transaction<'_>| {
            txn.end_attempt(number, attempt(outcome, &status), Next::Delivered, at(5), at(100))
        };
        house.0.write_blocking(work).unwrap().unwrap();
    };
    let (first, second) = ("0123456789abcdef", "fedcba9876543210");
    again(&house, number, "");
    assert_eq!((heard(&house, number, first), heard(&house, number, second)), (true, false), "it has come back");
    for _ in 0..30 {
        again(&house, number, "");
        assert!(!heard(&house, number, first));
    }
    assert_eq!(house.get(number).unwrap().attempts.len(), 20);
    drop(house);
    house = House(Store::open(&settings).unwrap());
    assert_eq!((heard(&house, number, first), heard(&house, number, second)), (false, true));
    // As it was kept before it had a key of its own.
    again(&house, other, &format!("SMTP 550 no (report {first})"));
    assert_eq!((heard(&house, other, first), heard(&house, other, second)), (false, true));
    let check = || Stopped::open(folder.path(), 1 << 20).unwrap().check(&CATALOGUE, false).unwrap();
    drop(house);
    let before = check();
    assert_eq!(before.findings, []);
    house = House(Store::open(&settings).unwrap());
    while house.0.write_blocking(|txn| txn.forget_sends(at(100))).unwrap() > 0 {}
    assert!(house.get(number).is_none() && house.get(other).is_none());
    drop(house);
    let after = check();
    assert_eq!(after.findings, [], "no report is left");
    assert!(after.keys < before.keys);
}

#[test]
fn the_newest_is_listed_first_and_a_list_goes_on() {
    let house = House::new();
    let numbers: Vec<i64> = (0..5).map(|n| house.owe(post(&format!("c{}", n % 2), "https://h.example/"), 0)).collect();
    house.begin(&numbers[..2], 0);
    house.end(numbers[0], Attempted::Gone, Next::Failed).unwrap();
    let list = |state, after, limit| -> Vec<i64> {
        let look = |view: &envoi::store::View<'_>| view.deliveries().list(state, after, limit, &|_| true);
        house.0.read_blocking(look).unwrap().iter().map(|delivery| delivery.number).collect()
    };
    assert_eq!(list(None, None, 2), [numbers[4], numbers[3]]);
    assert_eq!(list(None, Some(numbers[3]), 9), [numbers[2], numbers[1], numbers[0]]);
    assert_eq!(list(Some(DeliveryState::Owed), None, 9), [numbers[4], numbers[3], numbers[2]]);
    assert_eq!(list(Some(DeliveryState::Owed), Some(numbers[4]), 1), [numbers[3]]);
    assert_eq!(list(Some(DeliveryState::Failed), None, 9), [numbers[0]]);
    let of = |name: &str| -> Vec<i64> {
        let name = Name::conversation(&OWNER, name);
        let found = house.0.read_blocking(|view| view.deliveries().of_conversation(&name)).unwrap();
        found.iter().map(|delivery| delivery.number).collect()
    };
    assert_eq!(of("c0"), [numbers[0], numbers[2], numbers[4]]);
    let id = house.get(numbers[3]).unwrap().id;
    let found = |id: String| house.0.read_blocking(|view| view.deliveries().with_id(&id)).unwrap();
    assert_eq!(found(id.to_uppercase()).unwrap().number, numbers[3]);
    assert!(found(uuid::Uuid::nil().to_string()).is_none());
}

#[test]
fn attempts_and_their_texts_are_bounded() {
    let house = House::new();
    let number = house.owe(post("c", "https://h.example/"), 0);
    for _ in 0..30 {
        house.begin(&[number], 10);
        let work = move |txn: &mut envoi::store::Transaction<'_>| {
            txn.end_attempt(number, attempt(Attempted::Retry, &"ä".repeat(999)), Next::Again(at(1)), at(1), at(1))
        };
        house.0.write_blocking(work).unwrap().unwrap();
    }
    let delivery = house.get(number).unwrap();
    assert_eq!((delivery.attempts.len(), delivery.tries), (20, 30));
    assert!(delivery.attempts.iter().all(|attempt| attempt.status.len() == 300));
    assert!(Duration::from_millis(delivery.attempts[0].took_ms) < Duration::from_secs(1));
}
