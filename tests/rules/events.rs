//! All orders, repeats, gaps, wrong counts, clock moves, and interleavings of beginning and finishing: the rules agree with
//! the second reading at every step, and every accepted part ends in exactly one way.

use std::{collections::BTreeMap, time::Duration};

use envoi::{
    clock::Time,
    conversation::{Begun, Cause, Conversation, Fate, Settings, State, accept, begin, delete, due, finish, overdue},
};
use proptest::prelude::*;

use super::{
    NOW,
    history::{History, Phase},
    part,
};

#[derive(Clone, Copy, Debug)]
enum Event {
    Arrive(u32, u32),
    /// The clock moves, perhaps back.
    Move(i64),
    Sweep,
    /// Taken up, with so many parts fewer in the store.
    Begin(u32),
    /// Somebody says that a part has run.
    Finish(u32, bool),
    Delete,
}

/// The rules and the second reading, side by side, as an engine drives them.
#[derive(Clone)]
struct Pair {
    now: i64,
    state: Option<Conversation>,
    history: History,
    /// How often each part was committed as run.
    runs: BTreeMap<u32, u32>,
    order: Vec<u32>,
}

impl Pair {
    fn new() -> Self {
        Self { now: NOW.millis(), state: None, history: History::default(), runs: BTreeMap::new(), order: Vec::new() }
    }

    fn step(&mut self, event: Event) {
        let settings = Settings::default();
        let now = Time::from_millis(self.now);
        match event {
            Event::Move(by) => self.now += by,
            Event::Arrive(sequence, calls) => {
                let (after, verdict) = accept(self.state.take(), &part(sequence, calls), now, &settings);
                self.state = Some(after);
                let code = verdict.err().map_or(0, |refused| refused.code());
                assert_eq!(code, self.history.arrive(sequence, calls, self.now), "{event:?}");
            }
            Event::Sweep => {
                if let Some(after) = self.state.as_ref().and_then(|state| overdue(state, now, &settings)) {
                    self.state = Some(after);
                }
                self.history.look(self.now);
            }
            Event::Begin(fewer) => {
                let Some(before) = self.state.take() else { return };
                let stored = before.received().len().saturating_sub(fewer);
                let (after, what) = begin(before.clone(), u64::from(stored), now, &settings);
                let ours = match what {
                    Begun::Run { sequence, again } => Some((sequence, again)),
                    Begun::Wait(until) => {
                        assert_eq!(due(&before, &settings), Some(until));
                        assert!(until > now && after == before);
                        None
                    }
                    Begun::Nothing => {
                        assert_eq!(after, before);
                        None
                    }
                    Begun::Ended(cause) => {
                        assert_eq!((after.cause(), cause), (Some(cause), Cause::PartsLost));
                        None
                    }
                };
                self.state = Some(after);
                assert_eq!(ours, self.history.begin(stored as usize, self.now), "{event:?}");
            }
            Event::Finish(sequence, ok) => {
                let after = self.state.as_ref().and_then(|state| finish(state, sequence, ok));
                assert_eq!(after.is_some(), self.history.finish(sequence, ok), "{event:?}");
                if let Some(after) = after {
                    self.state = Some(after);
                    *self.runs.entry(sequence).or_default() += 1;
                    self.order.push(sequence);
                }
            }
            Event::Delete => {
                let (after, verdict) = delete(self.state.take(), false, now, &settings);
                self.state = after;
                let code = verdict.err().map_or(0, |refused| refused.code());
                assert_eq!(code, self.history.delete(self.now), "{event:?}");
            }
        }
        self.compare();
    }

    /// Both say the same, and what the rules say does not depend on being kept in memory.
    fn compare(&self) {
        let phase = self.history.phase();
        let Some(state) = &self.state else {
            assert_eq!(phase, Phase::New);
            return;
        };
        let named = match state.state() {
            State::Open => Phase::Open,
            State::Closed => Phase::Closed,
            State::Processing => Phase::Processing,
            State::Complete => Phase::Complete,
            State::Error => Phase::Error,
            State::Timeout => Phase::Timeout,
            State::Unreadable => panic!("made by no rule"),
        };
        assert_eq!(named, phase);
        assert_eq!(state.running(), self.history.running());
        assert!(state.is_sound(), "{state:?}");
        assert_eq!(due(state, &Settings::default()).is_none(), state.state().is_ended());
        let [accepted, good, bad, rest] = self.history.sorted();
        let with = |fates: &[Fate]| -> Vec<u32> {
            state.received().iter().filter(|code| fates.contains(&state.fate(*code).expect("accepted"))).collect()
        };
        assert_eq!(state.received().iter().collect::<Vec<_>>(), accepted);
        assert_eq!((with(&[Fate::Completed]), with(&[Fate::Failed])), (good, bad));
        let never = match phase {
            Phase::Error => with(&[Fate::NotCompleted]),
            Phase::Timeout => with(&[Fate::TimedOut]),
            _ => with(&[Fate::Waiting, Fate::Running]),
        };
        assert_eq!(never, rest);
        let left = if state.state().is_ended() { rest } else { Vec::new() };
        assert_eq!(state.remainder().collect::<Vec<_>>(), left);
        let stored = postcard::to_stdvec(state).expect("a record");
        assert_eq!(postcard::from_bytes::<Conversation>(&stored).as_ref(), Ok(state));
    }

    /// Works it off as the queue does: whatever is due is done, then time passes to the next thing due.
    fn work_off(&mut self, failing: Option<u32>) {
        for _ in 0..1000 {
            let Some(at) = self.state.as_ref().and_then(|state| due(state, &Settings::default())) else { return };
            self.now = self.now.max(at.millis());
            self.step(Event::Sweep);
            self.step(Event::Begin(0));
            if let Some(sequence) = self.state.as_ref().and_then(Conversation::running) {
                self.step(Event::Finish(sequence, failing != Some(sequence)));
            }
        }
        panic!("it never ends: {:?}", self.state);
    }

    /// Every accepted part ended in exactly one way, and those that ran did so once and in order.
    fn check_end(&self) {
        let Some(state) = &self.state else { return };
        assert!(state.state().is_ended());
        assert!(self.order.iter().zip(1..).all(|(sequence, place)| *sequence == place), "{:?}", self.order);
        for sequence in state.received().iter() {
            let runs = self.runs.get(&sequence).copied().unwrap_or(0);
            match state.fate(sequence).expect("it was accepted") {
                Fate::Completed | Fate::Failed => assert_eq!(runs, 1, "part {sequence}"),
                Fate::NotCompleted | Fate::TimedOut => assert_eq!(runs, 0, "part {sequence}"),
                Fate::Waiting | Fate::Running => panic!("part {sequence} has no end"),
            }
        }
        assert!(self.runs.keys().all(|sequence| state.received().contains(*sequence)));
    }
}

const MINUTES: i64 = 60_000;

fn event(calls: u32) -> impl Strategy<Value = Event> {
    let calls_sent = prop_oneof![30 => Just(calls), 1 => 1..=7u32];
    let arrive = calls_sent.prop_flat_map(|calls| (1..=calls, Just(calls)));
    let forward = prop_oneof![
        0..2 * MINUTES,
        Just(5 * MINUTES),
        Just(5 * MINUTES + 1),
        Just(5 * MINUTES - 1),
        -10 * MINUTES..0i64,
    ];
    prop_oneof![
        12 => arrive.prop_map(|(sequence, calls)| Event::Arrive(sequence, calls)),
        3 => (0..MINUTES).prop_map(Event::Move),
        1 => forward.prop_map(Event::Move),
        1 => Just(Event::Sweep),
        6 => prop_oneof![30 => Just(0u32), 1 => 1..3u32].prop_map(Event::Begin),
        6 => (1..=calls, prop::bool::weighted(0.9)).prop_map(|(sequence, ok)| Event::Finish(sequence, ok)),
        1 => prop::bool::weighted(0.2).prop_map(|delete| if delete { Event::Delete } else { Event::Sweep }),
    ]
}

fn story() -> impl Strategy<Value = (Vec<Event>, Option<u32>)> {
    (1..=6u32).prop_flat_map(|calls| {
        let events = prop::collection::vec(event(calls), 0..40);
        (events, prop::option::of(1..=calls))
    })
}

/// Parts of one conversation in some order, each perhaps twice or missing.
fn orderly() -> impl Strategy<Value = (Vec<Event>, Option<u32>)> {
    (1..=40u32).prop_flat_map(|calls| {
        let order = Just((1..=calls).collect::<Vec<_>>()).prop_shuffle();
        let between = prop::collection::vec(0..6 * MINUTES / 5, calls as usize);
        let spoilt = prop_oneof![6 => Just(None), 1 => (0..calls, 0..3u32).prop_map(Some)];
        (order, between, spoilt, prop::option::of(1..=calls)).prop_map(move |(order, between, spoilt, failing)| {
            let mut events = Vec::new();
            for (place, (sequence, pause)) in order.iter().zip(between).enumerate() {
                match spoilt {
                    Some((at, 0)) if at as usize == place => {}
                    Some((at, 1)) if at as usize == place => events.push(Event::Arrive(order[0], calls)),
                    Some((at, _)) if at as usize == place => events.push(Event::Arrive(*sequence, calls + 1)),
                    _ => events.push(Event::Arrive(*sequence, calls)),
                }
                events.extend([Event::Move(pause), Event::Begin(0), Event::Finish(1, true)]);
            }
            (events, failing)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_story_is_read_the_same_twice((events, failing) in story()) {
        let mut pair = Pair::new();
        events.into_iter().for_each(|event| pair.step(event));
        pair.work_off(failing);
        pair.check_end();
    }

}

proptest! {
    // Long stories: fewer of them.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_parts_is_run_in_order((events, failing) in orderly()) {
        let mut pair = Pair::new();
        events.into_iter().for_each(|event| pair.step(event));
        pair.work_off(failing);
        pair.check_end();
    }
}

/// Every story of up to five events over a small alphabet that begins with a part, each worked off to its end.
#[test]
fn all_short_stories_are_read_the_same_twice() {
    const ALPHABET: &[Event] = &[
        Event::Arrive(1, 2),
        Event::Arrive(2, 2),
        Event::Arrive(1, 1),
        Event::Move(5 * MINUTES),
        Event::Move(1),
        Event::Begin(0),
        Event::Begin(1),
        Event::Finish(1, true),
        Event::Finish(1, false),
        Event::Finish(2, true),
        Event::Delete,
    ];
    fn from(pair: &Pair, depth: u32, ends: &mut [u32; 3]) {
        let mut end = pair.clone();
        end.work_off(None);
        end.check_end();
        match end.state.as_ref().map(Conversation::state) {
            Some(State::Complete) => ends[0] += 1,
            Some(State::Error) => ends[1] += 1,
            Some(State::Timeout) => ends[2] += 1,
            _ => {}
        }
        for event in ALPHABET.iter().filter(|_| depth > 0) {
            let mut next = pair.clone();
            next.step(*event);
            from(&next, depth - 1, ends);
        }
    }
    let mut ends = [0; 3];
    for first in &ALPHABET[..3] {
        let mut pair = Pair::new();
        pair.step(*first);
        from(&pair, 4, &mut ends);
    }
    assert!(ends.iter().all(|count| *count > 1000), "{ends:?}");
}

#[test]
fn two_conversations_have_nothing_in_common() {
    // Two clients may use one id: the rules see one state each, and nothing else.
    let (mut one, mut two) = (Pair::new(), Pair::new());
    one.step(Event::Arrive(1, 1));
    two.step(Event::Arrive(1, 1));
    one.step(Event::Arrive(1, 1));
    one.work_off(Some(1));
    two.work_off(None);
    assert_eq!(one.state.map(|it| it.state()), Some(State::Error));
    assert_eq!(two.state.map(|it| it.state()), Some(State::Complete));
}

#[test]
fn a_clock_that_goes_back_times_nothing_out() {
    let mut pair = Pair::new();
    pair.step(Event::Arrive(1, 2));
    pair.step(Event::Move(-60 * MINUTES));
    pair.step(Event::Sweep);
    pair.step(Event::Arrive(2, 2));
    let state = pair.state.clone().expect("two parts");
    assert_eq!(state.last_accepted(), NOW.minus(Duration::from_secs(3600)));
    pair.work_off(None);
    assert_eq!(pair.state.map(|it| it.state()), Some(State::Complete));
}
