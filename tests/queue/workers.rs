//! How many work at once, what one of them cannot do to the others.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use envoi::{conversation::State, message::client::Permissions, store::Name};

use crate::{
    Bench,
    engine::{ENTERPRISE, client, directory, kept, lists, objects, part, permissions, single},
};

/// Waits without moving the clock and without asking the queue to be idle, for that lets one work after the other.
async fn ended(bench: &Bench, names: &[Name]) {
    for _ in 0..10_000_000 {
        if names.iter().all(|name| bench.state(name).is_ended()) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("not all of {names:?} have ended");
}

#[tokio::test]
async fn as_many_conversations_are_worked_on_at_once_as_there_are_workers_and_no_more() {
    for workers in [1, 3] {
        let bench = Bench::with(envoi::store::image::Image::default(), |_| {}, workers);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (queue, accounts, at_work) = (bench.queue.clone(), Arc::clone(&bench.accounts), Arc::clone(&seen));
        // Asked in each turn.
        bench.answer(move || {
            at_work.lock().unwrap().push(queue.working());
            Arc::clone(&accounts)
        });
        let mut names = Vec::new();
        for id in ["a", "b", "c", "d", "e", "f"] {
            for sequence in 1..=3 {
                names.push(bench.call(Some(id), part(sequence, 3), &[&format!("{id}{sequence}")]).await);
            }
        }
        bench.run();
        ended(&bench, &names).await;
        let seen = seen.lock().unwrap();
        assert_eq!((seen.len(), seen.iter().max()), (18, Some(&workers)), "{seen:?}");
        // None overtook itself.
        for id in ["a", "b", "c", "d", "e", "f"] {
            let mut of = bench.lists();
            of.retain(|list| list.starts_with(id));
            assert_eq!(of, [1, 2, 3].map(|sequence| format!("{id}{sequence}")));
        }
    }
}

#[tokio::test]
async fn many_accounts_use_one_id_at_once() {
    let bench = Bench::new();
    let mut names = Vec::new();
    // Parts of the three conversations come in turns.
    for sequence in [2, 1, 3] {
        for account in ENTERPRISE..ENTERPRISE + 3 {
            let caller = client(&bench.accounts, "ann", account);
            let list = format!("{account}.{sequence}");
            names.push(bench.call_of(caller, Some("same"), part(sequence, 3), &[&list]).await);
        }
    }
    bench.run();
    ended(&bench, &names).await;
    for account in ENTERPRISE..ENTERPRISE + 3 {
        let mut made = lists(&bench.store, account);
        made.retain(|name| name != "All Subscribers");
        assert_eq!(made, [1, 2, 3].map(|sequence| format!("{account}.{sequence}")), "each in its own account");
        assert_eq!(objects(&bench.store, account, "ResultMessage").len(), 3);
    }
}

#[tokio::test]
async fn a_panic_in_a_part_fails_that_part_alone() {
    let bench = Bench::new();
    let turns = Arc::new(AtomicUsize::new(0));
    let accounts = Arc::clone(&bench.accounts);
    // The second turn is part 2 of `a`: one is done after the other while somebody waits.
    bench.answer(move || {
        assert_ne!(turns.fetch_add(1, Ordering::SeqCst), 1, "the second turn panics");
        Arc::clone(&accounts)
    });
    for sequence in 1..=3 {
        bench.call(Some("a"), part(sequence, 3), &[&format!("a{sequence}")]).await;
    }
    let b = bench.call(Some("b"), part(1, 1), &["b1"]).await;
    bench.run();
    bench.advance(0).await;
    let a = kept(&bench.store, &Name::conversation(&bench.ann(), "a")).unwrap();
    assert_eq!((a.rules.state(), bench.state(&b)), (State::Error, State::Complete));
    assert_eq!(a.rules.remainder().collect::<Vec<_>>(), [3], "part 2 has failed, part 3 is left");
    assert_eq!(bench.lists(), ["a1", "b1"]);
    let messages = objects(&bench.store, ENTERPRISE, "ResultMessage");
    let codes: Vec<_> = messages.iter().rev().map(|message| message.text("ErrorCode").unwrap_or("-")).collect();
    assert_eq!(codes, ["-", "2", "213", "-"], "an exception for part 2, an error state for part 3");
}

#[tokio::test]
async fn a_caller_who_is_gone_or_stripped_of_rights_does_nothing_more() {
    let little = Permissions { operations: Some(["Retrieve".to_owned()].into()), ..permissions() };
    for (users, code) in [(vec![("bob", permissions())], "4"), (vec![("ann", little), ("bob", permissions())], "5")] {
        let bench = Bench::new();
        let later = |scheduled| envoi::conversation::Arriving { scheduled, ..single() };
        let at = bench.clock.now().plus(crate::engine::seconds(60));
        bench.call(None, single(), &["now"]).await;
        bench.call(None, later(Some(at)), &["later"]).await;
        bench.call_of(client(&bench.accounts, "bob", ENTERPRISE), None, later(Some(at)), &["of bob"]).await;
        bench.run();
        bench.advance(0).await;
        let after = directory(3, &users);
        bench.answer(move || Arc::clone(&after));
        bench.advance(60).await;
        assert_eq!(bench.lists(), ["now", "of bob"]);
        let items = objects(&bench.store, ENTERPRISE, "ResultItem");
        let codes: Vec<_> = items.iter().rev().map(|item| item.text("ErrorCode").unwrap_or("-")).collect();
        assert_eq!(codes, ["-", code, "-"]);
    }
}
