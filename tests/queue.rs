//! The queue at work, without its front door: how many at once, in which windows, what a panic or a lost caller costs, and
//! what becomes of damaged records.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "queue/damage.rs"]
mod damage;
#[allow(dead_code, reason = "the simulation uses the rest")]
#[path = "simulation/engine.rs"]
mod engine;
#[path = "queue/workers.rs"]
mod workers;
#[path = "queue/windows.rs"]
mod windows;

use std::sync::{Arc, Mutex};

use engine::{ENTERPRISE, START, arrival, backend, client, directory, kept, permissions, take};
use envoi::{
    clock::Clock,
    conversation::{self, Arriving, State},
    message::client::{Accounts, Client},
    notify::{self, Carriers, Notifier},
    object::Limits,
    queue::{self, Queue},
    store::{Name, Store, image::Image},
};

/// What the queue asks for the accounts: a test answers as it likes.
type Answer = Box<dyn Fn() -> Arc<Accounts> + Send + Sync>;

/// A queue over a store, with a clock that is moved by hand.
struct Bench {
    image: Image,
    store: Store,
    queue: Queue,
    clock: Clock,
    accounts: Arc<Accounts>,
    settings: conversation::Settings,
    /// How the directory is answered, in place of `accounts`.
    answer: Arc<Mutex<Option<Answer>>>,
    requests: Mutex<u64>,
}

impl Bench {
    fn new() -> Self {
        Self::with(Image::default(), |_| {}, 2)
    }

    fn with(image: Image, change: impl FnOnce(&mut conversation::Settings), workers: usize) -> Self {
        let mut settings = conversation::Settings::default();
        change(&mut settings);
        let accounts = directory(3, &[("ann", permissions()), ("bob", permissions())]);
        let store = image.open().unwrap();
        let clock = Clock::stopped_at(START);
        let answer: Arc<Mutex<Option<Answer>>> = Arc::default();
        // Nobody carries anything: what is owed stays owed.
        let notifier = Notifier::new(notify::Parts {
            store: store.clone(),
            clock: clock.clone(),
            settings: notify::Settings::default(),
            carriers: Carriers::new(),
            connectors: Arc::default(),
        });
        let queue = Queue::new(queue::Parts {
            notifier,
            store: store.clone(),
            backend: backend(settings.clone()),
            directory: Box::new({
                let (accounts, answer) = (Arc::clone(&accounts), Arc::clone(&answer));
                move || {
                    answer
                        .lock()
                        .unwrap_or_else(|held| held.into_inner())
                        .as_ref()
                        .map_or_else(|| Arc::clone(&accounts), |answer| answer())
                }
            }),
            clock: clock.clone(),
            limits: Limits::default(),
            settings: queue::Settings { workers, ..queue::Settings::default() },
        });
        Self { image, store, queue, clock, accounts, settings, answer, requests: Mutex::new(0) }
    }

    fn answer(&self, answer: impl Fn() -> Arc<Accounts> + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Some(Box::new(answer));
    }

    fn run(&self) {
        tokio::spawn(self.queue.clone().run());
    }

    fn ann(&self) -> Client {
        client(&self.accounts, "ann", ENTERPRISE)
    }

    /// Takes a call of ann's in, that creates these lists. Gives its name.
    async fn call(&self, id: Option<&str>, part: Arriving, lists: &[&str]) -> Name {
        self.call_of(self.ann(), id, part, lists).await
    }

    async fn call_of(&self, client: Client, id: Option<&str>, part: Arriving, lists: &[&str]) -> Name {
        let request_id = {
            let mut requests = self.requests.lock().unwrap();
            *requests += 1;
            format!("00000000-0000-4000-8000-{requests:012}")
        };
        let name = match id {
            Some(id) => Name::conversation(&client, id),
            None => Name::request(&client, &request_id),
        };
        let lists: Vec<String> = lists.iter().map(|name| (*name).to_owned()).collect();
        let arrival = arrival(client, id, part, request_id, &lists);
        let (store, now, settings) = (self.store.clone(), self.clock.now(), self.settings.clone());
        let taken = tokio::task::spawn_blocking(move || take(&store, arrival, now, &settings)).await.unwrap();
        taken.expect("a verdict").expect("it is taken");
        name
    }

    /// Moves the clock as operators do: from one due moment to the next.
    async fn advance(&self, seconds: u64) {
        let until = self.clock.now().plus(engine::seconds(seconds));
        loop {
            self.queue.idle().await;
            if self.clock.now() >= until {
                return;
            }
            let next = self.queue.next_due().await.unwrap().map_or(until, |next| next.min(until));
            self.clock.advance(next.since(self.clock.now()));
        }
    }

    fn state(&self, name: &Name) -> State {
        kept(&self.store, name).expect("it is kept").rules.state()
    }

    fn lists(&self) -> Vec<String> {
        let mut lists = engine::lists(&self.store, ENTERPRISE);
        lists.retain(|name| name != "All Subscribers");
        lists
    }

    /// Ends the process, so to say; what is on the disk stays.
    async fn stop(self) -> Image {
        self.queue.close().await;
        self.image
    }
}
