//! When triggered sends are taken up. QueuePriority is theirs alone; what they do is of no matter here.

use std::sync::Arc;

use envoi::{conversation::Arriving, message::options::Priority, store::image::Image};

use crate::{
    Bench,
    engine::{ENTERPRISE, START, objects, seconds, single},
};

fn urgent(priority: Priority) -> Arriving {
    Arriving { priority: Some(priority), ..single() }
}

/// When each result came, in seconds from the start, the first first.
fn moments(bench: &Bench) -> Vec<u64> {
    let messages = objects(&bench.store, ENTERPRISE, "ResultMessage");
    let moment = |message: &envoi::object::Object| {
        let text = message.text("ModifiedDate").unwrap();
        let at = envoi::object::value::date_time(text, 0).unwrap();
        at.since(START).as_secs()
    };
    messages.iter().rev().map(moment).collect()
}

#[tokio::test]
async fn high_goes_at_once_medium_each_minute_low_each_five() {
    let bench = Bench::new();
    bench.run();
    bench.clock.advance(seconds(1));
    bench.call(None, urgent(Priority::Low), &["low"]).await;
    bench.call(None, urgent(Priority::Medium), &["medium"]).await;
    bench.call(None, urgent(Priority::High), &["high"]).await;
    bench.call(None, single(), &["no send"]).await;
    bench.advance(0).await;
    assert_eq!(bench.lists(), ["high", "no send"]);
    bench.advance(58).await;
    assert_eq!(bench.lists(), ["high", "no send"]);
    bench.advance(1).await;
    assert_eq!(bench.lists(), ["high", "no send", "medium"]);
    bench.advance(239).await;
    assert_eq!(bench.lists().len(), 3);
    bench.advance(1).await;
    assert_eq!(bench.lists().last().unwrap(), "low");
    assert_eq!(moments(&bench), [1, 1, 60, 300]);
}

#[tokio::test]
async fn windows_are_settings() {
    let windows = |settings: &mut envoi::conversation::Settings| {
        (settings.high, settings.medium, settings.low) = (seconds(10), seconds(20), seconds(30));
    };
    let bench = Bench::with(Image::default(), windows, 2);
    bench.run();
    bench.clock.advance(seconds(1));
    for (priority, name) in [(Priority::Low, "low"), (Priority::Medium, "medium"), (Priority::High, "high")] {
        bench.call(None, urgent(priority), &[name]).await;
    }
    bench.advance(60).await;
    assert_eq!(bench.lists(), ["high", "medium", "low"]);
    assert_eq!(moments(&bench), [10, 20, 30], "each at its own moment, however far the clock is moved");
}

#[tokio::test]
async fn low_is_served_under_a_constant_stream_of_high() {
    let bench = Bench::with(Image::default(), |_| {}, 1);
    bench.run();
    bench.clock.advance(seconds(290));
    bench.call(None, urgent(Priority::Low), &["low"]).await;
    // Every second brings more of High than is done in it: what is left waits for the next one.
    let (queue, store) = (bench.queue.clone(), bench.store.clone());
    let accounts = Arc::clone(&bench.accounts);
    let done = std::sync::Mutex::new(0);
    bench.answer(move || {
        *done.lock().unwrap() += 1;
        assert!(queue.working() <= 1 && !store.stats().failed);
        Arc::clone(&accounts)
    });
    for second in 0..20 {
        for place in 0..5 {
            bench.call(None, urgent(Priority::High), &[&format!("high {second} {place}")]).await;
        }
        bench.clock.advance(seconds(1));
    }
    bench.advance(0).await;
    let lists = bench.lists();
    assert_eq!(lists.len(), 101);
    let place = lists.iter().position(|name| name == "low").unwrap();
    let later = lists.iter().position(|name| name == "high 11 0").unwrap();
    assert!(place < later, "it is due at 300 s, and what came after that waits for it: {lists:?}");
}
