//! How fast callers are told, and what it costs to owe much: `cargo bench --bench tell`.
//!
//! Callbacks a second to a receiver over HTTPS on this machine, each with its two commits on disk; and the memory that is
//! taken while 100,000 deliveries are owed to a target that is down.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a bench ends where it is wrong")]

#[path = "../wire/gateway.rs"]
#[allow(dead_code, reason = "shared with tests")]
mod gateway;
#[path = "../conversations/house.rs"]
#[allow(dead_code, reason = "shared with tests")]
mod house;
#[path = "../telling/receiver.rs"]
#[allow(dead_code, reason = "shared with tests")]
mod receiver;

use envoi::clock::Stopwatch;

use crate::{
    house::{Asynchronous, House, list},
    receiver::{Authority, Receiver, local, to},
};

/// Of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

async fn owe(house: &House, calls: usize, targets: usize, url: impl Fn(usize) -> String) {
    for call in 0..calls {
        let options = (0..targets).fold(Asynchronous::new(), |options, target| {
            to(options, &url(call * targets + target), "OnCallComplete", "<IncludeResults>true</IncludeResults>")
        });
        house.create(&options, &list(&format!("{call} {}", url(0)))).await;
    }
}

#[tokio::main]
async fn main() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let receiver = Receiver::start(&authority, &["hooks.example"]).await;
    let house = House::with(|parts| {
        local(parts, &authority);
        parts.store.path = Some(folder.path().join("data"));
        parts.notify.per_target = 64;
        parts.backend.conversations.max_targets = 1000;
    })
    .await;
    let (calls, targets) = (20, 100);
    let watch = Stopwatch::start();
    owe(&house, calls, targets, |number| receiver.url(&format!("/{number}"))).await;
    house.idle().await;
    let (took, told) = (watch.elapsed(), receiver.seen().len());
    assert_eq!(told, calls * targets);
    println!("{told} callbacks in {took:.2?}: {:.0} a second", told as f64 / took.as_secs_f64());

    let before = resident();
    for quarter in 1..=4 {
        owe(&house, 25, 1000, |number| format!("https://down.example:1/{quarter}/{number}")).await;
        house.idle().await;
        println!("{},000 owed: {} MiB resident", quarter * 25, resident() >> 10);
    }
    let owed = house.told("GET", "/deliveries?state=owed&limit=1").await;
    assert_eq!(owed.as_array().map(Vec::len), Some(1));
    println!("100,000 owed to a target that is down: {} MiB resident, {} MiB before", resident() >> 10, before >> 10);
    let watch = Stopwatch::start();
    house.advance(3600).await;
    println!("an hour of its rests and probes: {:.2?}, {} MiB resident", watch.elapsed(), resident() >> 10);
}
