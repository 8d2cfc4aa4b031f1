//! Records that cannot be read: what is damaged ends or is set aside, and holds up nothing else.

use envoi::{
    conversation::{Cause, State},
    queue::report,
    store::Name,
};

use crate::{
    Bench,
    engine::{ENTERPRISE, kept, objects, part},
};

/// Two parts of each of these, closed and not yet begun; then the disk is damaged where `meant` says.
async fn damaged(ids: &[&str], meant: impl Fn(&str) -> bool) -> Bench {
    damaged_with(ids, "", meant).await
}

/// The same with names that end in `tail`.
async fn damaged_with(ids: &[&str], tail: &str, meant: impl Fn(&str) -> bool) -> Bench {
    let bench = Bench::new();
    for id in ids {
        for sequence in [1, 2] {
            bench.call(Some(id), part(sequence, 2), &[&format!("{id}{sequence}{tail}")]).await;
        }
    }
    let image = bench.image.clone();
    // Nothing runs yet: dropping the bench closes its store.
    drop(bench);
    assert!(image.damage(meant).unwrap() > 0);
    Bench::with(image, |_| {}, 2)
}

#[tokio::test]
async fn a_conversation_that_cannot_be_read_is_set_aside_after_three_tries() {
    let bench = damaged(&["bad", "good"], |key| key.starts_with("conversation \"") && key.contains("bad")).await;
    let (bad, good) = (Name::conversation(&bench.ann(), "bad"), Name::conversation(&bench.ann(), "good"));
    bench.run();
    bench.advance(0).await;
    assert_eq!(bench.state(&good), State::Complete, "the other is not held up");
    assert_eq!(bench.queue.set_aside(&bad), None);
    bench.advance(10).await;
    assert_eq!(bench.queue.set_aside(&bad), None, "two tries");
    bench.advance(10).await;
    let why = bench.queue.set_aside(&bad).expect("three tries");
    assert!(why.contains("cannot be read"), "{why}");
    // It is tried no more: nothing else is written.
    let batches = bench.image.batches();
    bench.advance(3600).await;
    assert_eq!(bench.image.batches(), batches);
    let lines = bench.store.read_blocking(|view| view.conversations().list(9, &|_| true)).unwrap();
    let lines: Vec<_> = lines.iter().map(|kept| report::line(kept, &bench.queue)).collect();
    assert_eq!(lines.iter().map(|line| line.state).collect::<Vec<_>>(), ["Unreadable", "Complete"]);
    assert_eq!((lines[0].conversation.as_deref(), lines[0].set_aside.as_deref()), (Some("bad"), Some(why.as_str())));
    let whole = bench.store.read_blocking(|view| {
        report::whole(&view.conversations(), &view.deliveries(), &bench.ann(), "bad", bench.clock.now(), &bench.queue)
    });
    let whole = whole.unwrap().expect("it is shown");
    assert_eq!((whole.line.state, whole.parts.len()), ("Unreadable", 2), "its parts can be read");
    // A start looks again.
    let bench = Bench::with(bench.stop().await, |_| {}, 2);
    assert_eq!(bench.queue.set_aside(&bad), None);
}

#[tokio::test]
async fn a_part_that_cannot_be_read_ends_its_conversation_with_201() {
    let bench = damaged(&["bad", "good"], |key| key.starts_with("part ") && key.contains("bad")).await;
    let bad = Name::conversation(&bench.ann(), "bad");
    bench.run();
    for _ in 0..3 {
        bench.advance(10).await;
    }
    let left = kept(&bench.store, &bad).unwrap();
    assert_eq!((left.rules.state(), left.rules.cause()), (State::Error, Some(Cause::PartsLost)));
    assert_eq!(bench.lists(), ["good1", "good2"]);
    // What could not be read is forgotten with the rest.
    bench.advance(30 * 86_400).await;
    assert_eq!(kept(&bench.store, &bad), None);
    assert_eq!(objects(&bench.store, ENTERPRISE, "ResultMessage").len(), 0);
}

#[tokio::test]
async fn an_envelope_that_cannot_be_read_is_an_exception_of_its_part() {
    // A short envelope stands in the record of its part.
    let long = "x".repeat(5000);
    let bench =
        damaged_with(&["bad"], &long, |key| key.starts_with("the envelope of part ") && key.contains("bad")).await;
    bench.run();
    bench.advance(0).await;
    let codes = objects(&bench.store, ENTERPRISE, "ResultMessage");
    let codes: Vec<_> = codes.iter().rev().map(|message| message.text("ErrorCode").unwrap_or("-")).collect();
    assert_eq!(codes, ["2", "213"]);
}

#[tokio::test]
async fn a_damaged_entry_of_what_is_due_holds_up_nothing() {
    let bench = damaged(&["bad", "good"], |key| key.starts_with("the due time ") && key.contains("bad")).await;
    bench.run();
    bench.advance(0).await;
    assert_eq!(bench.lists(), ["good1", "good2"]);
}
