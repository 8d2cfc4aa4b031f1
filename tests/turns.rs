//! Messages of connectors in the outbox: whatever begins, ends, is taken back, sent again, told by webhooks or cut off by a
//! crash, those to one recipient go one after the other in the order in which they were owed, and none is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

use std::collections::{BTreeMap, BTreeSet};

use envoi::{
    backend::CATALOGUE,
    clock::Time,
    connector::{Action, Ambiguous, Message, Receipt, Standing, System, Text, Verdict},
    store::{
        Attempt, Attempted, Content, Delivery, DeliveryState, Internal, Next, Settings, Stopped, Store, StoreError,
        Transaction, View, export, import,
        outgoing::{Asker, Outgoing},
    },
};
use proptest::prelude::*;

const OWNER: Internal = Internal(7);
const END: Time = Time::from_millis(1 << 50);

/// Connector, recipient, channel.
type Queue = (u8, u8, u8);

fn at(seconds: i64) -> Time {
    Time::from_millis(seconds * 1000)
}

fn message(queue: Queue, key: &str) -> Content {
    let (connector, recipient, channel) = queue;
    let message = Message {
        connector: format!("c{connector}"),
        system: System::Connectly,
        action: Action::Text(Text::default()),
        recipient: format!("+4930{recipient}"),
        channel: format!("ch{channel}"),
        sender: None,
        key: key.to_owned(),
        ordinal: 0,
        place: 0,
        kind: "SMSTriggeredSend".to_owned(),
        definition: None,
        subscriber: None,
    };
    Content::Message(Box::new(Outgoing::new(7, Asker::Call { batch: 1 }, message)))
}

fn verdict(id: &str) -> Verdict {
    Verdict {
        standing: Standing::Accepted,
        code: None,
        kind: None,
        http: 201,
        message: String::new(),
        trace: None,
        id: Some(id.to_owned()),
        after_ms: None,
        raw: String::new(),
    }
}

fn queue_of(delivery: &Delivery) -> Queue {
    let message = &delivery.content.outgoing().unwrap().message;
    let last = |text: &str| text.as_bytes().last().unwrap() - b'0';
    (last(&message.connector), last(&message.recipient), last(&message.channel))
}

struct House {
    store: Option<Store>,
    settings: Settings,
    owed: Vec<i64>,
    now: i64,
}

impl House {
    fn new(path: &std::path::Path) -> Self {
        let settings = Settings { path: Some(path.to_owned()), ..Settings::default() };
        Self { store: Some(Store::open(&settings).unwrap()), settings, owed: Vec::new(), now: 0 }
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.as_ref().unwrap().write_blocking(work).unwrap()
    }

    fn read<T: Send + 'static>(&self, look: impl FnOnce(&View<'_>) -> Result<T, StoreError> + Send + 'static) -> T {
        self.store.as_ref().unwrap().read_blocking(look).unwrap()
    }

    fn owe(&mut self, queue: Queue) -> i64 {
        let (now, key) = (self.now, format!("key {}", self.owed.len()));
        let number = self.write(move |txn| txn.owe(&OWNER, message(queue, &key), at(now), at(now)));
        self.owed.push(number);
        number
    }

    fn get(&self, number: i64) -> Delivery {
        self.read(move |view| view.deliveries().get(number)).unwrap()
    }

    fn due(&self, now: Time) -> Vec<i64> {
        self.read(move |view| Ok(view.deliveries().due(now, 1000, &|_| 1000, &|_| 0)?.0))
    }

    fn begin(&self, numbers: Vec<i64>) -> Vec<Delivery> {
        let now = self.now;
        self.write(move |txn| txn.begin_deliveries(&numbers, at(now)))
    }

    fn end(&self, number: i64, next: Next) -> Option<Delivery> {
        let now = self.now;
        self.write(move |txn| {
            txn.judged(number, verdict(&format!("id {number}")), None, at(now))?;
            let attempt = Attempt { at: at(now), took_ms: 1, outcome: Attempted::Retry, status: String::new() };
            txn.end_attempt(number, attempt, next, at(now), at(now + 1000))
        })
    }

    fn recover(&self, policy: Ambiguous) -> usize {
        let now = self.now;
        self.write(move |txn| txn.recover_deliveries(at(now), at(now + 1000), &|_| policy)).len()
    }

    fn step(&mut self, step: &Step) {
        self.now += 1;
        let now = self.now;
        let one = |pick: usize| self.owed.get(pick % self.owed.len().max(1)).copied();
        match *step {
            Step::Owe(queue) => {
                self.owe(queue);
            }
            Step::Begin => {
                let due = self.due(at(now));
                assert_eq!(self.begin(due.clone()).len(), due.len(), "what is due can be begun");
            }
            // Also what has no turn and what is not owed: nothing may come of it.
            Step::BeginAny(pick) => drop(one(pick).map(|number| self.begin(vec![number]))),
            Step::End(pick, next) => drop(one(pick).map(|number| self.end(number, next))),
            Step::Withdraw(pick) => {
                if let Some(number) = one(pick) {
                    self.write(move |txn| txn.withdraw(number, at(now), at(now + 1000)));
                }
            }
            Step::Redeliver(pick) => {
                if let Some(number) = one(pick) {
                    self.write(move |txn| txn.redeliver(number, at(now)));
                }
            }
            Step::Settle(pick, delivered) => {
                if let Some(number) = one(pick) {
                    self.write(move |txn| txn.settle(number, delivered, at(now), at(now + 1000)));
                }
            }
            Step::Receive(pick, ref receipt) => {
                if let Some(number) = one(pick) {
                    let message = self.get(number).content.outgoing().unwrap().message.clone();
                    let receipt = receipt.clone();
                    self.write(move |txn| txn.receive(&message.connector, &message.key, receipt, at(now)));
                }
            }
            Step::GiveUp(connector) => {
                let lane = format!("connector:c{connector}");
                self.write(move |txn| txn.give_up_waiting(&lane, at(now - 5), 2, "too long", at(now), at(now + 1000)));
            }
            Step::Unconfirmed => drop(self.write(move |txn| txn.give_up_unconfirmed(at(now), at(now + 1000)))),
            Step::Crash(policy) => {
                drop(self.store.take());
                self.store = Some(Store::open(&self.settings).unwrap());
                while self.recover(policy) > 0 {}
            }
        }
    }

    /// Whose turn it is, by the states alone.
    fn compare(&self) {
        let held: Vec<Delivery> = self.owed.iter().map(|number| self.get(*number)).collect();
        let mut queues: BTreeMap<Queue, Vec<&Delivery>> = BTreeMap::new();
        for delivery in &held {
            let waits = match delivery.state {
                DeliveryState::Owed | DeliveryState::Sending => true,
                DeliveryState::InDoubt => delivery.content.outgoing().unwrap().asks,
                _ => false,
            };
            if waits {
                queues.entry(queue_of(delivery)).or_default().push(delivery);
            }
            assert_eq!(
                delivery.due.is_some(),
                matches!(delivery.state, DeliveryState::Owed | DeliveryState::Accepted),
                "{delivery:?}"
            );
        }
        let due: BTreeSet<i64> = self.due(END).into_iter().collect();
        let mut expected = BTreeSet::new();
        for (queue, waiting) in queues {
            let sending = waiting.iter().filter(|delivery| delivery.state == DeliveryState::Sending).count();
            assert!(sending <= 1, "{queue:?}: one at a time");
            if sending == 0 && waiting[0].state == DeliveryState::Owed {
                expected.insert(waiting[0].number);
            }
        }
        assert_eq!(due, expected, "the first of each recipient is due, and nobody else");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Owe(Queue),
    Begin,
    BeginAny(usize),
    End(usize, Next),
    Withdraw(usize),
    Redeliver(usize),
    Settle(usize, bool),
    Receive(usize, Receipt),
    GiveUp(u8),
    Unconfirmed,
    Crash(Ambiguous),
}

fn step() -> impl Strategy<Value = Step> {
    let pick = || 0..64usize;
    let next = prop_oneof![
        3 => Just(Next::Delivered),
        3 => (0..40i64).prop_map(|seconds| Next::Again(at(seconds))),
        1 => Just(Next::Failed),
        1 => Just(Next::InDoubt),
        1 => Just(Next::Ask),
        2 => (0..40i64).prop_map(|seconds| Next::Accepted(at(seconds))),
    ];
    let receipt = prop_oneof![
        Just(Receipt::Sent),
        Just(Receipt::Delivered),
        Just(Receipt::Read),
        Just(Receipt::Failed { code: None, message: String::new() }),
    ];
    let policy = prop_oneof![Just(Ambiguous::Retry), Just(Ambiguous::Stop), Just(Ambiguous::Ask)];
    prop_oneof![
        6 => (0..2u8, 0..2u8, 0..2u8).prop_map(Step::Owe),
        6 => Just(Step::Begin),
        1 => pick().prop_map(Step::BeginAny),
        8 => (pick(), next).prop_map(|(pick, next)| Step::End(pick, next)),
        1 => pick().prop_map(Step::Withdraw),
        1 => pick().prop_map(Step::Redeliver),
        1 => (pick(), any::<bool>()).prop_map(|(pick, delivered)| Step::Settle(pick, delivered)),
        2 => (pick(), receipt).prop_map(|(pick, receipt)| Step::Receive(pick, receipt)),
        1 => (0..2u8).prop_map(Step::GiveUp),
        1 => Just(Step::Unconfirmed),
        1 => policy.prop_map(Step::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_a_recipient_is_never_broken_and_nothing_is_lost(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut house = House::new(folder.path());
        for step in &steps {
            house.step(step);
            house.compare();
        }
        // Everything comes to its end: what waits for an operator gets its word, what is due is delivered in order.
        house.now = 1000;
        while house.recover(Ambiguous::Retry) > 0 {}
        for number in house.owed.clone() {
            if house.get(number).content.outgoing().unwrap().asks {
                house.write(move |txn| txn.settle(number, true, at(1000), at(2000)));
            }
        }
        let mut delivered: BTreeMap<Queue, i64> = BTreeMap::new();
        for _ in 0..house.owed.len() + 1 {
            for delivery in house.begin(house.due(at(1000))) {
                let before = delivered.insert(queue_of(&delivery), delivery.number);
                prop_assert!(before.is_none_or(|before| before < delivery.number), "in the order in which they were owed");
                house.end(delivery.number, Next::Delivered);
            }
        }
        house.write(|txn| txn.give_up_unconfirmed(at(1 << 40), at(1 << 40)));
        for number in &house.owed {
            let settled = house.get(*number);
            prop_assert!(settled.is_settled(), "{:?}", settled);
        }
        drop(house);
        let report = Stopped::open(folder.path(), 1 << 20).unwrap().check(&CATALOGUE, false).unwrap();
        prop_assert_eq!(report.findings, []);
    }
}

/// Messages in each state that waits for something.
fn waiting(path: &std::path::Path) -> House {
    let mut house = House::new(path);
    let [sending, _, accepted, _, asks, _, again, _] =
        [(0, 0, 0), (0, 0, 0), (0, 1, 0), (0, 1, 0), (1, 0, 0), (1, 0, 0), (1, 1, 1), (1, 1, 1)]
            .map(|queue| house.owe(queue));
    house.begin(vec![sending, accepted, asks, again]);
    house.end(accepted, Next::Accepted(at(60)));
    house.end(asks, Next::Ask);
    house.end(again, Next::Again(at(9)));
    // Before the answer to the first.
    house.write(move |txn| txn.receive_early("c0", &format!("id {sending}"), Receipt::Delivered, at(0)));
    house
}

fn engine(data: &std::path::Path) -> sled::Db {
    let config = sled::Config::new().path(data).segment_size(16 << 20).flush_every_ms(None);
    // sled lets go of its file a moment after it was closed.
    (0..1_000_000).find_map(|_| config.open().map_err(|_| std::thread::yield_now()).ok()).unwrap()
}

#[test]
fn what_follows_from_messages_is_put_right_by_fsck() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = waiting(folder.path());
    let (due, numbers) = (house.due(END), house.owed.clone());
    drop(house.store.take());
    let spaces = [0x25_u8, 0x27, 0x28, 0x29, 0x2F, 0x30, 0x31, 0x33];
    for space in spaces {
        {
            let db = engine(folder.path());
            let keys: Vec<_> = db.scan_prefix([space]).keys().map(Result::unwrap).collect();
            assert!(!keys.is_empty(), "{space:x}");
            for key in keys {
                db.remove(key).unwrap();
            }
            db.flush().unwrap();
        }
        let stopped = Stopped::open(folder.path(), 1 << 20).unwrap();
        let findings = stopped.check(&CATALOGUE, false).unwrap().findings;
        // The totals are wrong too, since they were not told.
        assert!(findings.iter().any(|finding| !finding.place.starts_with("mark")), "{space:x} is missed");
        assert_eq!(stopped.check(&CATALOGUE, true).unwrap().left, 0, "{space:x} is put right");
        drop(stopped);
    }
    house.store = Some(Store::open(&house.settings).unwrap());
    assert_eq!(house.due(END), due);
    house.now = 100;
    house.compare();
    let told = house.write(|txn| txn.receive("c0", "key 2", Receipt::Read, at(1))).unwrap();
    assert_eq!(told.number, numbers[2]);
    assert_eq!(house.end(numbers[0], Next::Accepted(at(200))).unwrap().state, DeliveryState::Delivered);
}

#[test]
fn an_export_holds_whose_turn_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (data, again) = (folder.path().join("data"), folder.path().join("again"));
    let mut house = waiting(&data);
    let due = house.due(END);
    drop(house.store.take());
    let mut lines = Vec::new();
    export(&Stopped::open(&data, 1 << 20).unwrap(), &CATALOGUE, &|_| false, &mut lines).unwrap();
    import(std::path::Path::new("lines"), &mut lines.as_slice(), &again, 1 << 20, &CATALOGUE).unwrap();
    assert_eq!(Stopped::open(&again, 1 << 20).unwrap().check(&CATALOGUE, false).unwrap().findings, []);
    house.settings.path = Some(again);
    house.store = Some(Store::open(&house.settings).unwrap());
    assert_eq!(house.due(END), due);
    house.compare();
    let first = house.owed[0];
    assert_eq!(house.end(first, Next::Accepted(at(60))).unwrap().state, DeliveryState::Delivered, "told before");
}

#[test]
fn a_retry_keeps_back_its_recipient_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::new(folder.path());
    let [first, second, other] = [(0, 0, 0), (0, 0, 0), (0, 1, 0)].map(|queue| house.owe(queue));
    assert_eq!(house.due(at(0)), [first, other]);
    assert_eq!(house.begin(vec![first, second, other]).len(), 2);
    assert!(house.due(END).is_empty(), "the second waits for its turn");
    house.end(first, Next::Again(at(9)));
    house.end(other, Next::Delivered);
    assert_eq!((house.due(at(8)), house.due(at(9))), (vec![], vec![first]));
    house.write(move |txn| txn.withdraw(first, at(8), at(99)));
    assert_eq!(house.due(at(8)), [second], "the next follows in the same transaction");
}

#[test]
fn what_was_accepted_lets_the_next_go_and_waits_for_its_webhook() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::new(folder.path());
    let [first, second, third] = [(0, 0, 0); 3].map(|queue| house.owe(queue));
    house.begin(vec![first]);
    house.end(first, Next::Accepted(at(60)));
    assert!(!house.get(first).is_settled());
    assert_eq!(house.begin(house.due(at(0)))[0].number, second);
    let told = |house: &House, id: &str, receipt: Receipt| {
        let id = id.to_owned();
        house.write(move |txn| txn.receive("c0", &id, receipt, at(5)))
    };
    let by_id = format!("id {first}");
    assert_eq!(told(&house, &by_id, Receipt::Sent).unwrap().state, DeliveryState::Accepted);
    assert_eq!(told(&house, &by_id, Receipt::Delivered).unwrap().state, DeliveryState::Delivered);
    assert_eq!(told(&house, &by_id, Receipt::Delivered), None, "told twice");
    let failed = Receipt::Failed { code: Some("X".to_owned()), message: String::new() };
    assert_eq!(told(&house, &by_id, failed.clone()), None, "it has arrived");
    assert_eq!(told(&house, &by_id, Receipt::Read).unwrap().state, DeliveryState::Delivered);
    assert_eq!(told(&house, "nobody", Receipt::Read), None);
    // Faster than the answer, which never came: it is known by its own key.
    assert_eq!(told(&house, "key 1", Receipt::Sent).unwrap().state, DeliveryState::Sending);
    assert_eq!(house.end(second, Next::Ask).unwrap().state, DeliveryState::Delivered);
    assert_eq!(told(&house, "key 2", Receipt::Sent), None, "it was never tried");
    house.begin(vec![third]);
    house.end(third, Next::Accepted(at(60)));
    assert_eq!(house.read(|view| view.deliveries().next_unconfirmed()), Some(at(60)));
    assert_eq!(house.write(|txn| txn.give_up_unconfirmed(at(59), at(99))), []);
    let given_up = house.write(|txn| txn.give_up_unconfirmed(at(60), at(99))).remove(0);
    assert_eq!((given_up.number, given_up.state), (third, DeliveryState::Failed));
    assert_eq!(given_up.attempts.last().unwrap().status, "no confirmation within 60s");
    assert_eq!(told(&house, "key 2", failed).unwrap().state, DeliveryState::Failed);
    // Messages of a call are forgotten by themselves.
    assert_eq!(house.write(|txn| txn.forget_sends(at(98))), 0);
}

#[test]
fn one_that_asks_holds_its_recipient_until_an_operator_has_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::new(folder.path());
    let [first, second] = [(0, 0, 0); 2].map(|queue| house.owe(queue));
    house.begin(vec![first]);
    house.end(first, Next::Ask);
    assert_eq!((house.due(END), house.get(first).is_settled()), (vec![], false));
    let settled = house.write(move |txn| txn.settle(first, false, at(3), at(9))).unwrap();
    assert_eq!((settled.state, settled.is_settled()), (DeliveryState::Failed, true));
    assert_eq!(settled.attempts.last().unwrap().status, "an operator says that it failed");
    assert_eq!(house.write(move |txn| txn.settle(first, true, at(3), at(9))), None, "it has an end");
    assert_eq!(house.due(END), [second]);
    // Taken back while it is under way: no attempt follows, and nobody is asked.
    house.begin(vec![second]);
    assert!(!house.write(move |txn| txn.withdraw(second, at(3), at(9))));
    let ended = house.end(second, Next::Again(at(9))).unwrap();
    assert_eq!((ended.state, ended.due), (DeliveryState::Withdrawn, None));
}
