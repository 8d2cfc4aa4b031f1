//! Durable writes per second at 1, 16 and 64 writers, beside a bare loop of append and fdatasync on the same disk in the same run:
//! the disk's speed varies, the ratio says what the store costs. Then the memory of a store at rest.
//!
//! `cargo bench --bench store [-- SECONDS]`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

use std::{
    env,
    fs::{self, File},
    io::Write,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use envoi::{
    clock::Stopwatch,
    store::{Internal, Settings, Store, StoreError},
};

const RECORD: usize = 1024;
const OWNER: Internal = Internal(100_001);

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [at_rest, path] = arguments.as_slice()
        && at_rest == "--at-rest"
    {
        let _store = Store::open(&settings(Path::new(path))).unwrap();
        println!("resident at rest, opened again in a process of its own: {} MB", resident());
        return;
    }
    let seconds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(3.0);
    let span = Duration::from_secs_f64(seconds);
    // Beside the build: /tmp may be memory.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = directory.path().join("data");
    let store = Store::open(&settings(&path)).unwrap();
    println!("resident at rest, new store: {} MB", resident());
    println!("writers   raw/s  p50 sync   store/s  ratio  per flush  one by one");
    for writers in [1, 16, 64] {
        let (raw, median) = raw(&directory.path().join("raw"), span);
        let before = store.stats();
        let done = durable(&store, writers, span);
        let after = store.stats();
        let batch = (after.commits - before.commits) as f64 / (after.flushes - before.flushes).max(1) as f64;
        println!(
            "{writers:7} {raw:7.0} {:>9} {done:9.0} {:6.2} {batch:10.1} {:>11.2}",
            format!("{median:.0?}"),
            done / raw,
            done / raw / writers as f64
        );
    }
    let stats = store.stats();
    println!("resident after {} commits: {} MB", stats.commits, resident());
    println!("on disk {} MB, live {} MB, {} keys", stats.disk_bytes >> 20, stats.live_bytes >> 20, stats.live_keys);
    drop(store);
    Command::new(env::current_exe().unwrap()).arg("--at-rest").arg(&path).status().unwrap();
    let watch = Stopwatch::start();
    let store = Store::open(&settings(&path)).unwrap();
    println!("opened again in {:.0?}, resident {} MB", watch.elapsed(), resident());
    let watch = Stopwatch::start();
    let large = "x".repeat(5 << 20);
    for id in 0..8 {
        let large = large.clone();
        store.write_blocking(move |txn| txn.objects(&OWNER).put("Large", id, &large, &[])).unwrap();
    }
    let (grown, took) = (store.stats().disk_bytes.saturating_sub(stats.disk_bytes), watch.elapsed() / 8);
    println!("5 MiB record: {took:.1?} each, {:.2} bytes on disk per byte", grown as f64 / (40 << 20) as f64);
}

fn settings(path: &Path) -> Settings {
    Settings { path: Some(path.to_path_buf()), ..Settings::default() }
}

/// Appends and syncs one record at a time, as plainly as can be.
fn raw(path: &Path, span: Duration) -> (f64, Duration) {
    let mut file = File::create(path).unwrap();
    let (record, mut syncs, all) = (vec![b'x'; RECORD], Vec::new(), Stopwatch::start());
    while all.elapsed() < span {
        let one = Stopwatch::start();
        file.write_all(&record).unwrap();
        file.sync_data().unwrap();
        syncs.push(one.elapsed());
    }
    let rate = syncs.len() as f64 / all.elapsed().as_secs_f64();
    syncs.sort_unstable();
    fs::remove_file(path).unwrap();
    (rate, syncs[syncs.len() / 2])
}

/// As many tasks as `writers`, each waiting for its own acknowledgement before it writes again.
fn durable(store: &Store, writers: usize, span: Duration) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let done = std::sync::Arc::new(AtomicU64::new(0));
    let all = Stopwatch::start();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..writers {
            let (store, done) = (store.clone(), done.clone());
            tasks.spawn(async move {
                let text = "x".repeat(RECORD);
                while all.elapsed() < span {
                    let text = text.clone();
                    let put = store.write(move |txn| {
                        let objects = txn.objects(&OWNER);
                        let id = objects.next_id();
                        objects.put("Subscriber", id, &text, &[("key", &id.to_string())])?;
                        Ok::<_, StoreError>(())
                    });
                    put.await.unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        tasks.join_all().await;
    });
    done.load(Ordering::Relaxed) as f64 / all.elapsed().as_secs_f64()
}

/// Resident memory in MB; zero where /proc is missing.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).map_or(0, |kb| kb / 1024)
}
