//! A million stored parts: how long the program takes to be ready after it was killed over them, and what they leave on the disk
//! when they have come and gone.
//!
//! `cargo bench --bench million [-- PARTS]`. It takes some minutes and some GB beside the build. The parts are those of
//! conversations of ten, one of which is missing; they are taken in as the gateway does, many in one transaction.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use envoi::{
    backend::{self, Backend},
    clock::{Clock, Stopwatch, Time},
    config::demo,
    conversation::{self, Arriving},
    message::{
        Operation,
        client::{Account, Accounts, Client, Permissions, Reach, Secret, SecretHash, User},
    },
    notify::{self, Carriers, Notifier},
    object::Limits,
    queue::{self, Arrival, Queue, Refusal},
    schema::Schema,
    store::{Settings, Store},
};

/// Parts of one transaction while they are loaded.
const TOGETHER: u64 = 200;
const CALLS: u32 = 10;
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=256,t=1,p=1$c2FsdDpkZW1vLXBhc3N3b3JkLi4uLg$EzRQY+NTlbUItTeBCEHUWzD7yMfsqf5k7ly8sWs+HyI";

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--bench")).collect();
    let number = |at: usize| arguments.get(at).and_then(|argument| argument.parse::<u64>().ok());
    match arguments.first().map(String::as_str) {
        Some("--load") => return load(Path::new(&arguments[1]), number(2).unwrap(), number(3).unwrap()),
        Some("--forget") => return forget(Path::new(&arguments[1]), number(2).unwrap(), number(3).unwrap()),
        _ => {}
    }
    let parts = number(0).unwrap_or(1_000_000);
    // Beside the build: /tmp may be memory.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = directory.path().join("data");
    // They time out in two days, so that nothing of it happens while starts are measured.
    let loaded_at = Clock::system().now().plus(Duration::from_secs(2 * 86_400)).millis().cast_unsigned();

    let watch = Stopwatch::start();
    let mut loading = own("--load", &path, &[parts, loaded_at]);
    let said = until(&mut loading, "loaded");
    println!("{parts} parts taken in: {:.0} s, {said}", watch.elapsed().as_secs_f64());
    loading.kill().unwrap();
    loading.wait().unwrap();
    println!("on disk {} MB", size(&path) >> 20);
    for turn in ["after the kill", "again, killed after its start", "again"] {
        let dropped = fs::write("/proc/sys/vm/drop_caches", "3").is_ok();
        let pages = if dropped { "nothing of it in the page cache" } else { "in the page cache" };
        let watch = Stopwatch::start();
        let mut program = Command::new(env!("CARGO_BIN_EXE_envoi"))
            .args(["demo", "--virtual-clock", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .args(["--log-filter", "error", "--data"])
            .arg(&path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        until(&mut program, "ready ");
        println!(
            "start {turn}, {pages}: ready after {:.2} s, {} read, resident {}",
            watch.elapsed().as_secs_f64(),
            of_process(&program, "io", "rchar:"),
            of_process(&program, "status", "VmRSS:"),
        );
        program.kill().unwrap();
        program.wait().unwrap();
    }
    let watch = Stopwatch::start();
    let mut forgetting = own("--forget", &path, &[parts / 10, loaded_at]);
    for line in BufReader::new(forgetting.stdout.take().unwrap()).lines() {
        println!("{} ({:.0} s)", line.unwrap(), watch.elapsed().as_secs_f64());
    }
    assert!(forgetting.wait().unwrap().success());
    println!("closed: on disk {} MB", size(&path) >> 20);
    println!("compacted: on disk {} MB", copied(&path, &directory.path().join("compact")) >> 20);
}

fn own(role: &str, path: &Path, numbers: &[u64]) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg(role).arg(path).args(numbers.iter().map(u64::to_string));
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Reads on to a line that begins so.
fn until(child: &mut Child, word: &str) -> String {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map(Result::unwrap).find(|line| line.starts_with(word)).expect("it went on")
}

fn load(path: &Path, parts: u64, at: u64) {
    let house = House::open(path, at);
    house.take_in("c", parts);
    let stats = house.store.stats();
    println!("loaded: {} keys, {} MB live, resident {} MB", stats.live_keys, stats.live_bytes >> 20, resident());
    // What the kill meets.
    house.take_in("more", u64::MAX);
}

fn forget(path: &Path, more: u64, at: u64) {
    let house = House::open(path, at);
    house.say("opened");
    house.pass(Duration::from_secs(600), "timed out");
    house.pass(Duration::from_secs(31 * 86_400), "forgotten");
    house.take_in("then", more);
    house.say(&format!("{more} more parts"));
    house.pass(Duration::from_secs(600), "timed out");
    house.pass(Duration::from_secs(31 * 86_400), "forgotten");
}

struct House {
    store: Store,
    queue: Queue,
    client: Client,
    clock: Clock,
    rules: conversation::Settings,
    runtime: tokio::runtime::Runtime,
}

impl House {
    fn open(path: &Path, at: u64) -> Self {
        let clock = Clock::stopped_at(Time::from_millis(at.cast_signed()));
        let store = Store::open(&Settings { path: Some(path.to_path_buf()), ..Settings::default() }).unwrap();
        let (client, accounts) = caller();
        let rules =
            conversation::Settings { max_open: u64::MAX >> 1, max_queued_bytes: u64::MAX >> 1, ..Default::default() };
        let backend = backend::Settings { conversations: rules.clone(), ..Default::default() };
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
            backend: Arc::new(Backend {
                schema: Arc::new(Schema::embedded().unwrap()),
                settings: backend,
                connectors: Arc::default(),
            }),
            directory: Box::new(move || Arc::clone(&accounts)),
            clock: clock.clone(),
            limits: Limits::default(),
            settings: queue::Settings { workers: 64, ..Default::default() },
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.spawn(queue.clone().run());
        Self { store, queue, client, clock, rules, runtime }
    }

    fn take_in(&self, prefix: &str, parts: u64) {
        for first in (0..parts).step_by(usize::try_from(TOGETHER).unwrap()) {
            let (client, rules, now) = (self.client.clone(), self.rules.clone(), self.clock.now());
            let numbers = first..parts.min(first + TOGETHER);
            let prefix = prefix.to_owned();
            let taken = self.store.write_blocking(move |txn| {
                for number in numbers {
                    let arrival = arrival(&client, &prefix, number);
                    queue::accept(txn, &arrival, now, &rules)?.expect("lawful");
                }
                Ok::<_, Refusal>(())
            });
            if let Err(refusal) = taken {
                panic!("{refusal:?}");
            }
        }
    }

    fn pass(&self, by: Duration, what: &str) {
        self.clock.advance(by).unwrap();
        self.runtime.block_on(self.queue.idle());
        self.say(what);
    }

    fn say(&self, what: &str) {
        let stats = self.store.stats();
        println!(
            "{what}: {} keys, {} MB live, {} MB on disk ({:.1} times), resident {} MB",
            stats.live_keys,
            stats.live_bytes >> 20,
            stats.disk_bytes >> 20,
            stats.disk_ratio(),
            resident(),
        );
    }
}

fn caller() -> (Client, Arc<Accounts>) {
    let hash = SecretHash::parse(PASSWORD_HASH).unwrap();
    let account = Account { mid: demo::ACCOUNT, name: "Demo".into(), enterprise: demo::ACCOUNT };
    let user = User {
        name: demo::USER.into(),
        account: demo::ACCOUNT,
        passwords: vec![hash.clone()],
        digest_secret: None,
        permissions: Permissions { reach: Reach::Enterprise, ..Permissions::default() },
    };
    let accounts = Arc::new(Accounts::new(vec![account], vec![], vec![user]).unwrap());
    let proof = hash.verify(&Secret::new(demo::PASSWORD)).unwrap();
    (accounts.user(demo::USER, &proof).unwrap(), accounts)
}

fn arrival(client: &Client, prefix: &str, number: u64) -> Arrival {
    let sequence = u32::try_from(number % u64::from(CALLS - 1)).unwrap() + 1;
    let envelope = format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><CreateRequest \
         xmlns=\"http://exacttarget.com/wsdl/partnerAPI\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <Options/><Objects xsi:type=\"Subscriber\"><EmailAddress>s{number}@example.com</EmailAddress>\
         <SubscriberKey>s{number}</SubscriberKey><Attributes><Name>Note</Name><Value>{}</Value></Attributes></Objects>\
         </CreateRequest></soap:Body></soap:Envelope>",
        "text ".repeat(20 + usize::try_from(number % 100).unwrap())
    );
    Arrival {
        client: client.clone(),
        conversation_id: Some(format!("{prefix} {}", number / u64::from(CALLS - 1))),
        part: Arriving { sequence, calls: CALLS, scheduled: None, expires: None, priority: None },
        operation: Operation::Create,
        objects: 1,
        targets: Vec::new(),
        request_id: uuid::Uuid::new_v4().to_string(),
        envelope,
        renews: None,
    }
}

/// What a copy of all that is held takes, in a directory of its own.
fn copied(from: &Path, to: &Path) -> u64 {
    let open = |path: &Path| sled::Config::new().path(path).segment_size(16 << 20).open().unwrap();
    let (old, new) = (open(from), open(to));
    for entry in old.iter() {
        let (key, value) = entry.unwrap();
        new.insert(key, value).unwrap();
    }
    new.flush().unwrap();
    drop(new);
    size(to)
}

/// Bytes of the engine's files; the reserve, which is 32 MiB at any time, is not counted.
fn size(path: &Path) -> u64 {
    let files = fs::read_dir(path).unwrap().map(Result::unwrap);
    files.filter(|file| file.file_name() != "reserve").map(|file| file.metadata().unwrap().len()).sum()
}

fn of_process(child: &Child, file: &str, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or("unknown").trim();
    match line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()) {
        Some(kib) if line.ends_with("kB") => format!("{} MB", kib >> 10),
        Some(bytes) => format!("{} MB", bytes >> 20),
        None => line.to_owned(),
    }
}

/// Resident memory in MB; zero where /proc is missing.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).map_or(0, |kb| kb / 1024)
}
