//! The program as an operator runs it, and data directories to run it on.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    gateway::START,
    house::{Asynchronous, House, list},
};

pub(crate) type Held = BTreeMap<Vec<u8>, Vec<u8>>;

/// Runs a subcommand; gives exit code, stdout and stderr.
pub(crate) fn envoi(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ENVOI_")) {
        command.env_remove(name);
    }
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The engine under a stopped data directory.
pub(crate) fn engine(data: &Path) -> sled::Db {
    let config = sled::Config::new().path(data).segment_size(16 << 20).flush_every_ms(None);
    // sled lets go of its file a moment after it was closed.
    for _ in 0..1_000_000 {
        match config.open() {
            Ok(db) => return db,
            Err(_) => std::thread::yield_now(),
        }
    }
    config.open().unwrap()
}

/// Every key with its value.
pub(crate) fn held(data: &Path) -> Held {
    let entries = engine(data);
    entries.iter().map(|entry| entry.unwrap()).map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

/// Fills a data directory with everything that there is: objects, a long value, conversations in every state, results,
/// deliveries, ids that were used, a continuation.
pub(crate) async fn fill(data: &Path) {
    let house = House::on_disk(data, START).await;
    let letters = "x".repeat(200_000);
    let long =
        format!("<Objects xsi:type=\"List\"><ListName>long</ListName><Description>{letters}</Description></Objects>");
    house.create(&Asynchronous::new(), &long).await;
    let subscriber = "<Objects xsi:type=\"Subscriber\"><EmailAddress>ann@example.com</EmailAddress>\
                      <SubscriberKey>ann</SubscriberKey></Objects>";
    house.create(&Asynchronous::default(), subscriber).await;
    house.part("gone", 1, 1, "gone").await;
    house.advance(60).await;
    // So long that what was there is forgotten and only its id is left.
    house.advance(31 * 24 * 3600).await;
    let told = Asynchronous::part("complete", 1, 2).with(
        "SendResponseTo",
        "<ResponseType>HTTPPost</ResponseType><ResponseAddress>https://callback.test/</ResponseAddress>\
         <RespondWhen>OnCallComplete</RespondWhen>",
    );
    house.create(&told, &list("one")).await;
    house.part("complete", 2, 2, "two").await;
    house.part("failed", 2, 2, "three").await;
    house.part("failed", 1, 2, "one").await;
    house.part("late", 2, 3, "four").await;
    house.advance(301).await;
    // So long that the envelope has a record of its own.
    let long = format!(
        "<Objects xsi:type=\"List\"><ListName>five</ListName><Description>{}</Description></Objects>",
        &letters[..20_000]
    );
    house.create(&Asynchronous::part("open", 2, 3), &long).await;
    house.part(&"o".repeat(300), 1, 2, "six").await;
    house.create(&Asynchronous::new().with("ScheduledTime", "2026-04-20T00:00:00Z"), &list("seven")).await;
    house.idle().await;
    for (id, state) in [("complete", "Complete"), ("failed", "Error"), ("late", "Timeout"), ("open", "Open")] {
        assert_eq!(house.state(id).await, state, "{id}");
    }
    stop(house, data).await;
}

/// Stops a house, and waits until its data directory is free: a task that ends with it may be the last to hold its store.
pub(crate) async fn stop(house: House, data: &Path) {
    house.gateway.stop().await;
    let lock = std::fs::File::open(data.join("lock")).unwrap();
    for _ in 0..10_000_000 {
        if lock.try_lock().is_ok() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the store is not closed");
}
