//! When a conversation may run: at once, in the windows of its priority, at its ScheduledTime, and not after it expires.

use std::time::Duration;

use envoi::{
    clock::Time,
    conversation::{Arriving, Asked, Begun, Cause, Conversation, Excess, Settings, State, accept, begin, due, place},
    message::{Options, options::Priority},
};
use proptest::prelude::*;

use super::{GAP, NOW, part, taken};

fn at(seconds: i64) -> Time {
    // NOW is a whole number of minutes and five minutes after the epoch.
    let start = NOW.millis() - NOW.millis().rem_euclid(300_000);
    Time::from_millis(start + seconds * 1000)
}

fn single(arriving: Arriving, now: Time) -> Conversation {
    accept(None, &arriving, now, &Settings::default()).0
}

fn due_of(priority: Option<Priority>, scheduled: Option<Time>, now: Time) -> Option<Time> {
    due(&single(Arriving { priority, scheduled, ..part(1, 1) }, now), &Settings::default())
}

#[test]
fn triggered_sends_are_taken_up_in_windows() {
    assert_eq!(due_of(None, None, at(7)), Some(at(7)));
    assert_eq!(due_of(Some(Priority::High), None, at(7)), Some(at(7)));
    assert_eq!(due_of(Some(Priority::Medium), None, at(7)), Some(at(60)));
    assert_eq!(due_of(Some(Priority::Medium), None, at(60)), Some(at(60)));
    assert_eq!(due_of(Some(Priority::Low), None, at(61)), Some(at(300)));
    let slow = Settings { high: Duration::from_secs(10), ..Settings::default() };
    let high = single(Arriving { priority: Some(Priority::High), ..part(1, 1) }, at(7));
    assert_eq!(due(&high, &slow), Some(at(10)));
}

#[test]
fn schedules_hold_single_requests_and_whole_conversations() {
    assert_eq!(due_of(None, Some(at(500)), at(0)), Some(at(500)));
    assert_eq!(due_of(None, Some(at(-500)), at(0)), Some(at(0)));
    assert_eq!(due_of(Some(Priority::Low), Some(at(301)), at(0)), Some(at(600)));
    let mut state = None;
    for (sequence, scheduled) in [(2, Some(at(900))), (1, None), (3, Some(at(800)))] {
        state = Some(accept(state, &Arriving { scheduled, ..part(sequence, 3) }, at(0), &Settings::default()).0);
    }
    let state = state.expect("three parts");
    assert_eq!((state.not_before(), due(&state, &Settings::default())), (Some(at(900)), Some(at(900))));
    let early = begin(state.clone(), 3, at(899), &Settings::default());
    assert_eq!(early, (state.clone(), Begun::Wait(at(900))));
    let (_, what) = begin(state, 3, at(900), &Settings::default());
    assert_eq!(what, Begun::Run { sequence: 1, again: false });
}

#[test]
fn the_most_urgent_part_gives_the_window() {
    let (low, high) = (Some(Priority::Low), Some(Priority::High));
    for order in [[low, None, high], [high, low, None], [None, high, low]] {
        let mut state = None;
        for (sequence, priority) in (1..).zip(order) {
            state = Some(accept(state, &Arriving { priority, ..part(sequence, 3) }, at(1), &Settings::default()).0);
        }
        assert_eq!(state.expect("three parts").priority(), high);
    }
}

#[test]
fn an_open_conversation_is_due_when_it_times_out() {
    let (open, _) = taken(&[(1, 2)]);
    let due = due(&open, &Settings::default()).expect("it waits");
    assert_eq!(due, NOW.plus(GAP).plus(Duration::from_millis(1)));
    assert_eq!(open.left(NOW, &Settings::default()), Some(GAP));
    assert_eq!(open.left(due, &Settings::default()), Some(Duration::ZERO));
    assert_eq!(taken(&[(1, 1)]).0.left(NOW, &Settings::default()), None);
}

#[test]
fn an_expired_request_is_not_run() {
    let waiting = single(Arriving { expires: Some(at(10)), ..part(1, 1) }, at(0));
    let (_, what) = begin(waiting.clone(), 1, at(10), &Settings::default());
    assert_eq!(what, Begun::Run { sequence: 1, again: false });
    let (after, what) = begin(waiting, 1, at(11), &Settings::default());
    assert_eq!((what, after.state()), (Begun::Ended(Cause::Expired), State::Error));
    assert_eq!(after.remainder().collect::<Vec<_>>(), [1]);
}

#[test]
fn what_arrives_is_what_the_options_say() {
    let options = Options {
        asynchronous: true,
        conversation_id: Some("c".to_owned()),
        sequence_code: Some(2),
        calls_in_conversation: Some(3),
        scheduled_time: Some(at(9)),
        ..Options::default()
    };
    let asked = Asked { options: &options, objects: 1, correlation_ids: &[] };
    let place = place(&asked, at(0), &Settings::default()).expect("a place");
    let expected = Arriving { scheduled: Some(at(9)), priority: Some(Priority::Medium), ..part(2, 3) };
    assert_eq!(Arriving::new(&place, &options, true), Some(expected));
    assert_eq!(Arriving::new(&place, &options, false), Some(Arriving { priority: None, ..expected }));
}

#[test]
fn quotas_let_open_conversations_end() {
    let settings = Settings { max_open: 2, max_queued_bytes: 100, ..Settings::default() };
    assert_eq!(settings.admit(true, 1, 0, 100), Ok(()));
    assert_eq!(settings.admit(true, 2, 0, 1), Err(Excess::Open(2)));
    assert_eq!(settings.admit(false, 2, 0, 1), Ok(()));
    assert_eq!(settings.admit(false, 0, 50, 51), Err(Excess::Bytes(100)));
    assert_eq!(settings.admit(false, 0, u64::MAX, 1), Err(Excess::Bytes(100)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Parts in any order with schedules and priorities: the conversation is taken up at the first moment that all of them
    /// allow, and not a millisecond before.
    #[test]
    fn a_conversation_runs_at_the_first_moment_that_all_its_parts_allow(
        parts in prop::collection::vec((0..200_000i64, prop::option::of(-400_000..4_000_000i64), 0..4usize), 1..6),
        order in any::<prop::sample::Index>(),
    ) {
        let calls = u32::try_from(parts.len()).expect("few");
        let (mut state, mut now, mut earliest, mut window) = (None, at(0).millis(), i64::MIN, None);
        let mut sequences: Vec<u32> = (1..=calls).collect();
        sequences.rotate_left(order.index(parts.len()));
        for (sequence, (pause, ahead, priority)) in sequences.into_iter().zip(&parts) {
            now += pause;
            let scheduled = ahead.map(|ahead| now + ahead);
            // Windows in milliseconds, written off seed 004.
            let (priority, every) = [
                (None, None),
                (Some(Priority::Low), Some(300_000)),
                (Some(Priority::Medium), Some(60_000)),
                (Some(Priority::High), Some(1)),
            ][*priority];
            earliest = earliest.max(now).max(scheduled.unwrap_or(i64::MIN));
            window = [window, every].into_iter().flatten().min();
            let arriving = Arriving { scheduled: scheduled.map(Time::from_millis), priority, ..part(sequence, calls) };
            let (after, verdict) = accept(state, &arriving, Time::from_millis(now), &Settings::default());
            prop_assert_eq!(verdict, Ok(()));
            state = Some(after);
        }
        let (state, window) = (state.expect("a part"), window.unwrap_or(1));
        // The first multiple of the window that is not too early, found by counting up.
        let first = (earliest.div_euclid(window)..).map(|place| place * window).find(|moment| *moment >= earliest);
        let first = Time::from_millis(first.expect("there is one"));
        let stored = u64::from(calls);
        prop_assert_eq!(due(&state, &Settings::default()), Some(first));
        let before = first.minus(Duration::from_millis(1));
        prop_assert_eq!(begin(state.clone(), stored, before, &Settings::default()).1, Begun::Wait(first));
        prop_assert_eq!(begin(state, stored, first, &Settings::default()).1, Begun::Run { sequence: 1, again: false });
    }

    /// What has an expiry either begins in time, or ends without having run.
    #[test]
    fn a_request_begins_before_it_expires_or_never(
        scheduled in 0..1_000_000i64, expires in 0..2_000_000i64, taken_up in 0..3_000_000i64,
    ) {
        let after = |millis| Some(Time::from_millis(at(0).millis() + millis));
        let arriving = Arriving { scheduled: after(scheduled), expires: after(expires), ..part(1, 1) };
        let now = after(taken_up).expect("a moment");
        let (state, what) = begin(single(arriving, at(0)), 1, now, &Settings::default());
        let expected = match (taken_up < scheduled, taken_up > expires) {
            (true, _) => Begun::Wait(after(scheduled).expect("a moment")),
            (false, true) => Begun::Ended(Cause::Expired),
            (false, false) => Begun::Run { sequence: 1, again: false },
        };
        prop_assert_eq!(what, expected);
        prop_assert!(state.is_sound());
    }

    /// A window delays by less than itself, and nothing is overtaken by what came later with the same priority.
    #[test]
    fn windows_delay_and_keep_order(a in -10_000_000..10_000_000i64, b in -10_000_000..10_000_000i64, low in any::<bool>()) {
        let (priority, window) = if low { (Priority::Low, 300_000) } else { (Priority::Medium, 60_000) };
        let due = |millis| due_of(Some(priority), None, Time::from_millis(millis)).expect("it waits").millis();
        prop_assert!(due(a) >= a && due(a) - a < window && due(a) % window == 0);
        prop_assert!(a.cmp(&b) == due(a).cmp(&due(b)) || due(a) == due(b));
    }
}
