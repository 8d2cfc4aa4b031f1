//! A world of a seed: clients who send, workers who work, a clock that jumps, a disk that fails, a process that is killed.
//! One thread, and nothing that is not drawn from the seed.

use std::sync::{Arc, LazyLock};

use envoi::{
    backend::{self, Backend},
    clock::Time,
    conversation,
    message::{
        Call, Operation,
        client::{Accounts, Client},
    },
    object::{self, Limits},
    queue::{self, Prepared},
    soap,
    store::{
        Name, Store, StoreError, Transaction,
        image::{Image, Mishap},
    },
};

use crate::{
    dice::Dice,
    engine::{self, ENTERPRISE, START, backend, client, directory, permissions},
    model::{GAP, Key, MAX_BYTES, MAX_OPEN, Model, RETENTION, Turn},
};

/// Accounts with clients.
pub(crate) const ACCOUNTS: u64 = 3;

static CALLERS: LazyLock<(Arc<Accounts>, Vec<Client>)> = LazyLock::new(|| {
    let accounts = directory(ACCOUNTS, &[("ann", permissions())]);
    let clients = (ENTERPRISE..ENTERPRISE + ACCOUNTS).map(|account| client(&accounts, "ann", account)).collect();
    (accounts, clients)
});

/// Work that a worker has read and not yet written.
struct AtWork {
    key: Key,
    prepared: Option<Prepared>,
    /// Its part panics.
    broken: bool,
}

pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) image: Image,
    store: Option<Store>,
    pub(crate) model: Model,
    pub(crate) now: i64,
    pub(crate) accounts: Arc<Accounts>,
    /// One for each account; to log in is slow by intent.
    clients: Vec<Client>,
    backend: Arc<Backend>,
    at_work: Vec<AtWork>,
    pub(crate) requests: u64,
    /// Which ids are in use; it grows.
    pub(crate) generation: u64,
    /// What happened, for who looks at one seed.
    pub(crate) diary: Vec<String>,
    pub(crate) tally: Tally,
}

/// What a world has seen: a simulation in which nothing happens proves nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) over_quota: u64,
    pub(crate) ran: u64,
    pub(crate) timed_out: u64,
    pub(crate) expired: u64,
    pub(crate) deleted: u64,
    pub(crate) forgotten: u64,
    pub(crate) renewed: u64,
    pub(crate) killed: u64,
    pub(crate) mishaps: u64,
    pub(crate) untold: u64,
}

impl Tally {
    fn numbers(&mut self) -> [&mut u64; 12] {
        [
            &mut self.accepted,
            &mut self.refused,
            &mut self.over_quota,
            &mut self.ran,
            &mut self.timed_out,
            &mut self.expired,
            &mut self.deleted,
            &mut self.forgotten,
            &mut self.renewed,
            &mut self.killed,
            &mut self.mishaps,
            &mut self.untold,
        ]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let mut other = *other;
        self.numbers().into_iter().zip(other.numbers()).for_each(|(sum, number)| *sum += *number);
    }

    /// Whether everything that can happen has happened, in about every tenth world at the least.
    pub(crate) fn is_eventful(mut self, worlds: u64) -> bool {
        self.numbers().into_iter().all(|number| *number >= worlds.div_ceil(10))
    }
}

pub(crate) fn name(key: &Key) -> Name {
    let owner = envoi::store::Internal(key.0);
    if key.1 { Name::request(&owner, &key.2) } else { Name::conversation(&owner, &key.2) }
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let settings = conversation::Settings {
            gap: std::time::Duration::from_millis(GAP.cast_unsigned()),
            retention: std::time::Duration::from_millis(RETENTION.cast_unsigned()),
            max_open: MAX_OPEN,
            max_queued_bytes: MAX_BYTES,
            ..conversation::Settings::default()
        };
        let image = Image::default();
        let (accounts, clients) = CALLERS.clone();
        let mut world = Self {
            dice: Dice::new(seed),
            store: Some(image.open().expect("an empty store")),
            image,
            model: Model::default(),
            now: START.millis(),
            accounts,
            clients,
            backend: backend(settings),
            at_work: Vec::new(),
            requests: 0,
            generation: 0,
            diary: Vec::new(),
            tally: Tally::default(),
        };
        for account in world.all_accounts() {
            world.send(account, "taken");
        }
        world
    }

    pub(crate) fn all_accounts(&self) -> std::ops::Range<u64> {
        ENTERPRISE..ENTERPRISE + ACCOUNTS
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().expect("it is open")
    }

    pub(crate) fn settings(&self) -> &conversation::Settings {
        &self.backend.settings.conversations
    }

    pub(crate) fn time(&self) -> Time {
        Time::from_millis(self.now)
    }

    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        let (now, what) = (self.now - START.millis(), what());
        self.diary.push(format!("{now:>9} ms  {what}"));
    }

    pub(crate) fn client(&self, account: u64) -> Client {
        self.clients[usize::try_from(account - ENTERPRISE).expect("little")].clone()
    }

    /// A synchronous Create of one list.
    fn send(&mut self, account: u64, list: &str) {
        let (text, client) = (engine::creating(&[list.to_owned()]), self.client(account));
        let rows = self.apply(Operation::Create, text, client).expect("no mishap was ordered");
        assert!(rows[0].is_ok(), "{:?}", rows[0]);
    }

    pub(crate) fn apply(
        &mut self,
        operation: Operation,
        text: String,
        client: Client,
    ) -> Result<Vec<envoi::message::Row>, StoreError> {
        let (backend, now) = (Arc::clone(&self.backend), self.time());
        self.store().write_blocking(move |txn: &mut Transaction<'_>| {
            let tree = object::read(text, &backend.schema, &Limits::default()).expect("a document");
            let call = Call::new(operation, &soap::open(&tree).expect("an envelope")).expect("a call");
            backend::apply(&backend, txn, &client, &call, now)
        })
    }

    /// One thing happens.
    pub(crate) fn step(&mut self) {
        match self.dice.below(100) {
            0..32 => self.arrive(),
            32..36 => self.delete(),
            36..38 => self.renew(),
            38..58 => self.take_up(),
            58..82 => self.work(),
            82..96 => self.move_clock(),
            96..98 => self.kill("killed"),
            _ => {
                let mishap = if self.dice.one_in(2) { Mishap::Untold } else { Mishap::Unwritten };
                self.image.fail_next(mishap);
                self.note(|| format!("the next batch will be {mishap:?}"));
            }
        }
    }

    /// Whether what was just tried has been done, when the store says that it was not; then the process is killed, as its
    /// operator would.
    pub(crate) fn after_mishap(&mut self, before: u64) -> bool {
        let done = self.image.batches() > before;
        self.tally.mishaps += 1;
        self.tally.untold += u64::from(done);
        self.kill("killed after a mishap");
        done
    }

    pub(crate) fn kill(&mut self, why: &str) {
        self.note(|| why.to_owned());
        self.at_work.clear();
        self.store = None;
        self.image.spare();
        self.store = Some(self.image.open().expect("what was written can be read"));
        self.tally.killed += 1;
    }

    /// A free worker takes something up that is due.
    fn take_up(&mut self) {
        let busy: Vec<Name> = self.at_work.iter().map(|at| name(&at.key)).collect();
        let now = self.time();
        let due = self.store().read_blocking(|view| view.conversations().due(now, 4, &|name| !busy.contains(name)));
        let due = due.expect("what is due").names;
        if due.is_empty() {
            return;
        }
        let place = usize::try_from(self.dice.below(due.len() as u64)).expect("little");
        let named = &due[place];
        let key = (envoi::store::Owner::account(named), named.is_single(), named.id().to_owned());
        assert!(self.model.stories.contains_key(&key), "{key:?} is due and nobody knows it");
        self.prepare(key);
    }

    fn prepare(&mut self, key: Key) {
        let (now, backend) = (self.time(), Arc::clone(&self.backend));
        let look = |view: &envoi::store::View<'_>| queue::prepare(view, &name(&key), &backend, &Limits::default(), now);
        let prepared = self.store().read_blocking(look).expect("it can be read");
        let broken = prepared.is_some() && self.dice.one_in(40);
        let prepared = prepared.map(|prepared| match broken {
            true => Prepared::broken(prepared.sequence(), "a panic".to_owned()),
            false => prepared,
        });
        self.at_work.push(AtWork { key, prepared, broken });
    }

    /// A worker who has something in hand takes its turn.
    fn work(&mut self) {
        if self.at_work.is_empty() {
            return self.take_up();
        }
        let place = usize::try_from(self.dice.below(self.at_work.len() as u64)).expect("little");
        let AtWork { key, prepared, broken } = self.at_work.swap_remove(place);
        let sequence = prepared.as_ref().map(Prepared::sequence);
        let looked_at = !broken;
        let mut after = self.model.clone();
        let story = after.stories.get_mut(&key).expect("it is known");
        let good = sequence.and_then(|sequence| story.parts.get(&sequence)).is_some_and(|part| part.good);
        let expected = story.turn(sequence, good && looked_at, looked_at, self.now);

        let (before, now) = (self.image.batches(), self.time());
        let (backend, accounts, name) = (Arc::clone(&self.backend), Arc::clone(&self.accounts), name(&key));
        let turned = self.store().write_blocking(move |txn: &mut Transaction<'_>| {
            queue::turn(txn, &name, prepared.as_ref(), &backend, &accounts, now)
        });
        self.note(|| format!("{key:?} turns: {expected:?}, {turned:?}"));
        match turned {
            Ok(more) => {
                self.model = after;
                match expected {
                    Turn::Run(_) => self.tally.ran += 1,
                    Turn::TimedOut => self.tally.timed_out += 1,
                    Turn::Expired => self.tally.expired += 1,
                    Turn::Forgotten => self.tally.forgotten += 1,
                    Turn::Nothing => {}
                }
                if more {
                    self.prepare(key.clone());
                }
            }
            // Forgotten by another turn of the same moment: nobody works twice on one, so it cannot be.
            Err(StoreError::Corrupt { reason, .. }) => panic!("{key:?}: {reason}"),
            Err(_) if self.after_mishap(before) => self.model = after,
            Err(_) => {}
        }
        self.check(&key);
    }

    fn move_clock(&mut self) {
        let by = match self.dice.below(20) {
            0..10 => self.dice.below_signed(3000),
            10..14 => self.dice.below_signed(7 * 60_000),
            14..18 => {
                let now = self.time();
                let next = self.store().read_blocking(|view| view.conversations().due(now, 0, &|_| false));
                next.expect("what is due").next.map_or(0, |next| next.millis() - self.now)
            }
            18 => self.dice.below_signed(2 * RETENTION),
            _ => -self.dice.below_signed(30_000),
        };
        self.now += by;
        self.note(|| format!("the clock moves by {by} ms"));
    }

    /// Everything ends, and then it is forgotten.
    pub(crate) fn settle(&mut self) {
        self.image.spare();
        for goal in ["ended", "forgotten"] {
            for round in 0.. {
                assert!(round < 20_000, "nothing is {goal}");
                let over = |story: &crate::model::Story| match goal {
                    "ended" => story.ended.is_some(),
                    _ => story.forgotten,
                };
                if self.model.stories.values().all(over) {
                    break;
                }
                let (now, before) = (self.time(), self.at_work.len());
                self.take_up();
                if self.at_work.len() > before {
                    continue;
                }
                if !self.at_work.is_empty() {
                    self.work();
                    continue;
                }
                let next = self.store().read_blocking(|view| view.conversations().due(now, 0, &|_| false));
                self.now = next.expect("what is due").next.expect("something is due").millis();
            }
            self.check_all();
        }
    }
}
