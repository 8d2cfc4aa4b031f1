//! A conversation of many parts is a small record, whatever the order in which they come.

use envoi::{
    clock::Time,
    conversation::{Sequences, Settings, State, accept},
};
use proptest::prelude::*;

use super::{NOW, part};

const CALLS: u32 = 32_766;

#[test]
fn records_stay_small() {
    let mut shuffled: Vec<u32> = (1..=CALLS).collect();
    // 7919 is prime and does not divide CALLS, so this is a permutation.
    shuffled.sort_by_key(|code| u64::from(*code) * 7919 % u64::from(CALLS + 1));
    let odd_first: Vec<u32> = (1..=CALLS).step_by(2).chain((2..=CALLS).step_by(2)).collect();
    let orders =
        [((1..=CALLS).collect(), 40), ((1..=CALLS).rev().collect(), 8000), (odd_first, 8000), (shuffled, 8000)];
    for (order, bound) in orders {
        let (mut state, mut most) = (None, 0);
        for code in order {
            let (after, verdict) = accept(state, &part(code, CALLS), NOW, &Settings::default());
            assert_eq!(verdict, Ok(()));
            if code % 97 == 0 {
                most = most.max(postcard::to_stdvec(&after).expect("a record").len());
            }
            state = Some(after);
        }
        let state = state.expect("parts came");
        assert_eq!(state.state(), State::Closed);
        assert!(state.missing().is_empty());
        assert!(most < bound, "{most} bytes");
    }
}

#[test]
fn far_codes_cost_no_memory() {
    let calls = i32::MAX.unsigned_abs();
    let (state, _) = accept(None, &part(calls, calls), NOW, &Settings::default());
    assert_eq!(state.missing(), [1..=calls - 1]);
    let (state, _) = accept(Some(state), &part(5, calls), NOW, &Settings::default());
    assert_eq!(state.missing(), [1..=4, 6..=calls - 1]);
    assert!(postcard::to_stdvec(&state).expect("a record").len() < 80);
    assert_eq!(state.last_accepted(), Time::from_millis(NOW.millis()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_set_is_a_set(codes in prop::collection::vec(prop_oneof![0..200u32, Just(u32::MAX), Just(u32::MAX - 1), 1_000_000..1_000_100u32], 0..300)) {
        let mut ours = Sequences::default();
        let mut plain = std::collections::BTreeSet::new();
        for code in codes {
            prop_assert_eq!(ours.insert(code), code != 0 && plain.insert(code));
            prop_assert_eq!(ours.len() as usize, plain.len());
            prop_assert_eq!(ours.is_empty(), plain.is_empty());
            prop_assert_eq!(ours.last(), plain.last().copied().unwrap_or(0));
        }
        prop_assert_eq!(ours.iter().collect::<Vec<_>>(), plain.iter().copied().collect::<Vec<_>>());
        prop_assert!((0..300).all(|code| ours.contains(code) == plain.contains(&code)));
        for calls in [0, 1, 64, 150, 400] {
            let missing: Vec<u32> = ours.missing(calls).into_iter().flatten().collect();
            let expected: Vec<u32> = (1..=calls).filter(|code| !plain.contains(code)).collect();
            prop_assert_eq!(missing, expected);
        }
    }
}
