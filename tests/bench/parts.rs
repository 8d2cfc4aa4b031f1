//! Parts of asynchronous calls: how many a second are accepted durably, how many are worked off, and whether that becomes
//! dearer when many are stored. A part is a Create of one Subscriber in a conversation of ten.
//!
//! Acceptance stands beside two bare loops on the same disk, in turn within the same second, so that the ratio holds on a
//! busy machine: sled alone (the store's own segments, one committer thread, one flush and one fdatasync for what waits,
//! 1 KiB values under random keys), and an appended 1 KiB with its fdatasync.
//!
//! `cargo bench --bench parts [-- rates | work | stored N]`; `stored` goes to N parts, a million for the figure in README.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a bench that cannot run ends")]

use std::{
    env,
    fs::File,
    io::Write,
    path::Path,
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use envoi::{
    backend::{self, Backend, result},
    clock::{Clock, Stopwatch},
    config::demo,
    conversation::Arriving,
    message::{
        Operation,
        client::{Accounts, Client, Secret},
    },
    notify::{self, Carriers, Notifier},
    object::Limits,
    queue::{self, Arrival, Queue, accept},
    schema::Schema,
    store::{Settings, Store, Transaction},
};
use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot},
    task::JoinSet,
};

mod wire;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const IN_FLIGHT: [usize; 4] = [1, 16, 64, 256];
const ROUNDS: usize = 9;
const SLICE: Duration = Duration::from_millis(400);
const CALLS: u64 = 10;
const KIB: usize = 1024;

fn main() {
    let asked: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|argument| argument == name);
    let folder = wire::folder();
    println!("disk: append 4 KiB + fdatasync, median {:.0?}", wire::sync_median(folder.path()));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    if wanted("rates") {
        rates(&runtime, folder.path());
    }
    if wanted("work") {
        work(&runtime, folder.path());
    }
    if wanted("stored") {
        stored(&runtime, folder.path(), wire::argument("stored").unwrap_or(100_000) as u64);
    }
}

/// Parts accepted a second, beside the bare loops.
fn rates(runtime: &Runtime, folder: &Path) {
    let house = House::open(&folder.join("rates"));
    let bare = Arc::new(Bare::open(&folder.join("bare")));
    let (server, _, addr) = wire::envoi(Some(&folder.join("served")));
    println!(
        "in flight   fdatasync/s   sled/s    accepted/s  of sled  of fdatasync    over HTTP/s  of sled  of fdatasync"
    );
    let mut number = 0;
    for in_flight in IN_FLIGHT {
        let mut turns = Vec::new();
        for _ in 0..ROUNDS {
            let raw = raw(&folder.join("raw"));
            let sled = runtime.block_on(bare.run(in_flight));
            let ours = runtime.block_on(house.accept(in_flight, Until::Time(SLICE)));
            number += 1;
            // They are not due before tomorrow: what is measured is acceptance alone.
            let body = move |at: usize, text: &mut String| part(text, number, at as u64, true);
            let served = runtime.block_on(wire::load(addr, in_flight, (in_flight * 40).clamp(300, 3_000), body));
            turns.push([raw, sled, ours, served]);
        }
        let middle = |of: &dyn Fn(&[f64; 4]) -> f64| {
            let mut all: Vec<f64> = turns.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        println!(
            "{in_flight:9} {:13.0} {:8.0} {:13.0} {:8.2} {:13.2} {:14.0} {:8.2} {:13.2}",
            middle(&|turn| turn[0]),
            middle(&|turn| turn[1]),
            middle(&|turn| turn[2]),
            middle(&|turn| turn[2] / turn[1]),
            middle(&|turn| turn[2] / turn[0]),
            middle(&|turn| turn[3]),
            middle(&|turn| turn[3] / turn[1]),
            middle(&|turn| turn[3] / turn[0]),
        );
    }
    drop(server);
}

/// Parts worked off a second, for some numbers of workers: their results, the new Subscriber and the conversation's state are
/// one transaction for each part.
fn work(runtime: &Runtime, folder: &Path) {
    println!("workers   worked off/s   CPU us for a part");
    for workers in [1, 2, 16, 64] {
        let house = House::open(&folder.join(format!("work-{workers}")));
        let parts = 4_000;
        runtime.block_on(house.accept(64, Until::Parts(parts)));
        let queue = house.queue(workers);
        let (begin, before) = (Stopwatch::start(), wire::cpu(process::id()));
        runtime.block_on(async {
            let running = tokio::spawn(queue.clone().run());
            queue.idle().await;
            queue.close().await;
            running.await.expect("it ends");
        });
        let (took, cpu) = (begin.elapsed().as_secs_f64(), wire::cpu(process::id()) - before);
        println!("{workers:7} {:14.0} {:19.0}", parts as f64 / took, cpu * 1e6 / parts as f64);
    }
}

/// What a part costs when so many are stored, against one in a store of ten thousand, in turn.
fn stored(runtime: &Runtime, folder: &Path, most: u64) {
    const FEW: u64 = 10_000;
    const SAMPLE: u64 = 2_000;
    let (small, house) = (House::open(&folder.join("few")), House::open(&folder.join("stored")));
    let cost = |house: &House| {
        let before = wire::cpu(process::id());
        runtime.block_on(house.accept(64, Until::Parts(SAMPLE)));
        (wire::cpu(process::id()) - before) * 1e6 / SAMPLE as f64
    };
    runtime.block_on(small.accept(256, Until::Parts(FEW)));
    println!("stored      CPU us for a part   with {FEW} stored   ratio");
    let mut there = 0;
    for step in [10 * FEW, 100 * FEW].into_iter().filter(|step| *step <= most) {
        runtime.block_on(house.accept(256, Until::Parts(step - there)));
        let (large, few) = wire::middle((0..ROUNDS).map(|_| (cost(&house), cost(&small))).collect());
        there = step + ROUNDS as u64 * SAMPLE;
        println!("{step:9} {large:19.0} {few:18.0} {:10.2}", large / few);
    }
    let stats = house.store.stats();
    println!("on disk {} MB, live {} MB, {} keys", stats.disk_bytes >> 20, stats.live_bytes >> 20, stats.live_keys);
}

enum Until {
    Time(Duration),
    Parts(u64),
}

/// A store with what takes calls in and works them off.
#[derive(Clone)]
struct House {
    store: Store,
    client: Client,
    accounts: Arc<Accounts>,
    clock: Clock,
    next: Arc<AtomicU64>,
}

impl House {
    fn open(path: &Path) -> Self {
        let store = Store::open(&Settings { path: Some(path.to_path_buf()), ..Settings::default() }).expect("a store");
        let accounts = Arc::new(demo::accounts().expect("a directory"));
        let password = Secret::new(demo::PASSWORD);
        let proof = accounts.hashes_of_user(demo::USER).iter().find_map(|hash| hash.verify(&password));
        let client = accounts.user(demo::USER, &proof.expect("the password")).expect("a user");
        Self { store, client, accounts, clock: Clock::system(), next: Arc::default() }
    }

    fn queue(&self, workers: usize) -> Queue {
        let accounts = Arc::clone(&self.accounts);
        // Nobody carries anything: what is owed stays owed.
        let notifier = Notifier::new(notify::Parts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            settings: notify::Settings::default(),
            carriers: Carriers::new(),
            connectors: Arc::default(),
        });
        Queue::new(queue::Parts {
            notifier,
            store: self.store.clone(),
            backend: Arc::new(Backend {
                schema: Arc::new(Schema::embedded().expect("the WSDL")),
                settings: backend::Settings::default(),
                connectors: Arc::default(),
            }),
            directory: Box::new(move || Arc::clone(&accounts)),
            clock: self.clock.clone(),
            limits: Limits::default(),
            settings: queue::Settings { workers, ..queue::Settings::default() },
        })
    }

    /// Accepts parts, so many in flight at once; gives how many a second.
    async fn accept(&self, in_flight: usize, until: Until) -> f64 {
        let begin = Stopwatch::start();
        let (first, span) = (
            self.next.load(Ordering::Relaxed),
            match until {
                Until::Time(span) => Some(span),
                Until::Parts(_) => None,
            },
        );
        let last = match until {
            Until::Time(_) => u64::MAX,
            Until::Parts(parts) => first + parts,
        };
        let mut tasks = JoinSet::new();
        for _ in 0..in_flight {
            let house = self.clone();
            tasks.spawn(async move {
                let mut done = 0_u64;
                while span.is_none_or(|span| begin.elapsed() < span) {
                    let at = house.next.fetch_add(1, Ordering::Relaxed);
                    if at >= last {
                        break;
                    }
                    let (arrival, now) = (house.arrival(at), house.clock.now());
                    let settings = envoi::conversation::Settings { max_open: u64::MAX, ..Default::default() };
                    let taken =
                        house.store.write(move |txn: &mut Transaction<'_>| accept(txn, &arrival, now, &settings)).await;
                    taken.expect("a verdict").expect("it is taken");
                    done += 1;
                }
                done
            });
        }
        let done: u64 = tasks.join_all().await.into_iter().sum();
        self.next.fetch_min(last, Ordering::Relaxed);
        done as f64 / begin.elapsed().as_secs_f64()
    }

    fn arrival(&self, at: u64) -> Arrival {
        let (conversation, sequence) = place(at);
        let mut envelope = String::with_capacity(2 * KIB);
        wire::create(&mut envelope, "", &format!("{at}"), 1);
        Arrival {
            client: self.client.clone(),
            conversation_id: Some(scattered(conversation)),
            part: Arriving { sequence, calls: CALLS as u32, scheduled: None, expires: None, priority: None },
            operation: Operation::Create,
            objects: 1,
            targets: Vec::new(),
            request_id: result::request_id(self.clock.now()),
            envelope,
            renews: None,
        }
    }
}

/// The conversation of a part, and its SequenceCode.
fn place(at: u64) -> (u64, u32) {
    (at / CALLS, (at % CALLS) as u32 + 1)
}

/// An id as clients choose them: it tells nothing about the order.
fn scattered(number: u64) -> String {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{:08x}-{:04x}-4000-8000-{number:012x}", mixed >> 32, mixed & 0xFFFF)
}

/// A part over HTTP.
fn part(text: &mut String, run: usize, at: u64, later: bool) {
    let (conversation, sequence) = place(at);
    let id = scattered((run as u64) << 32 | conversation);
    let scheduled = match later {
        true => format!("<ScheduledTime>{}</ScheduledTime>", Clock::system().now().plus(Duration::from_secs(86_400))),
        false => String::new(),
    };
    let options = format!(
        "<RequestType>Asynchronous</RequestType>{scheduled}<ConversationID>{id}</ConversationID>\
         <SequenceCode>{sequence}</SequenceCode><CallsInConversation>{CALLS}</CallsInConversation>"
    );
    wire::create(text, &options, &format!("{run}-{at}"), 1);
}

/// Appends a record and syncs it, again and again.
fn raw(path: &Path) -> f64 {
    let mut file = File::options().append(true).create(true).open(path).expect("a file");
    let (record, begin, mut done) = ([b'x'; KIB], Stopwatch::start(), 0_u64);
    while begin.elapsed() < SLICE {
        file.write_all(&record).expect("written");
        file.sync_data().expect("synced");
        done += 1;
    }
    done as f64 / begin.elapsed().as_secs_f64()
}

/// sled alone, with one committer.
struct Bare {
    queue: mpsc::Sender<(u64, oneshot::Sender<()>)>,
    next: AtomicU64,
}

impl Bare {
    fn open(path: &Path) -> Self {
        let config =
            sled::Config::new().path(path).segment_size(16 << 20).cache_capacity(16 << 20).flush_every_ms(None);
        let db = config.open().expect("sled");
        let data = File::options().read(true).write(true).open(path.join("db")).expect("its file");
        let (queue, mut waiting) = mpsc::channel::<(u64, oneshot::Sender<()>)>(1024);
        thread::spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                let (mut batch, mut done) = (sled::Batch::default(), Vec::new());
                let mut next = Some(first);
                while let Some((number, reply)) = next {
                    let key = (u128::from(number) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
                    batch.insert(&key.to_be_bytes(), vec![b'x'; KIB]);
                    done.push(reply);
                    next = waiting.try_recv().ok();
                }
                db.apply_batch(batch).expect("applied");
                db.flush().expect("flushed");
                data.sync_data().expect("synced");
                for reply in done {
                    let _ = reply.send(());
                }
            }
        });
        Self { queue, next: AtomicU64::new(0) }
    }

    async fn run(self: &Arc<Self>, in_flight: usize) -> f64 {
        let begin = Stopwatch::start();
        let mut tasks = JoinSet::new();
        for _ in 0..in_flight {
            let bare = Arc::clone(self);
            tasks.spawn(async move {
                let mut done = 0_u64;
                while begin.elapsed() < SLICE {
                    let (reply, answer) = oneshot::channel();
                    let number = bare.next.fetch_add(1, Ordering::Relaxed);
                    bare.queue.send((number, reply)).await.expect("its committer");
                    answer.await.expect("its answer");
                    done += 1;
                }
                done
            });
        }
        let done: u64 = tasks.join_all().await.into_iter().sum();
        done as f64 / begin.elapsed().as_secs_f64()
    }
}
