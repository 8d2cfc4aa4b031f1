//! When a delivery is tried again. Pure, and the same for the same delivery: nothing is drawn by lot.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Outcome, Place, pace::Pace};
use crate::{
    clock::Time,
    connector::{Ambiguous, Standing, Verdict},
    store::{Delivery, Next},
};

/// What comes after an attempt that ended at `now`.
pub(super) fn next(delivery: &Delivery, outcome: &Outcome, now: Time, pace: &Pace) -> Next {
    let (after, is_ambiguous) = match outcome {
        Outcome::Delivered { .. } => return Next::Delivered,
        Outcome::Refused { .. } | Outcome::Unsent { .. } | Outcome::Gone { .. } => return Next::Failed,
        Outcome::Uncertain { .. } => (None, true),
        Outcome::Retry { after, .. } => (*after, false),
        Outcome::Judged(judged) => {
            let verdict = &judged.verdict;
            let after = asked(verdict).max(judged.rest);
            match verdict.standing {
                Standing::Accepted | Standing::Processing => {
                    return pace.confirm.map_or(Next::Delivered, |within| Next::Accepted(now.plus(within)));
                }
                Standing::Partial => return Next::Delivered,
                Standing::Refused | Standing::Unauthorized => return Next::Failed,
                Standing::Again | Standing::Limited => (after, false),
                Standing::Ambiguous => (after, true),
            }
        }
    };
    match pace.on_ambiguous {
        Ambiguous::Stop if is_ambiguous => return Next::InDoubt,
        Ambiguous::Ask if is_ambiguous => return Next::Ask,
        _ => {}
    }
    let at = now.plus(delay(&delivery.id, delivery.series, after, pace));
    let is_over = !pace.retry || delivery.series >= pace.max_attempts || at.since(delivery.since) > pace.max_age;
    match is_over {
        false => Next::Again(at),
        // Nobody knows whether one of its attempts arrived.
        true if is_ambiguous && delivery.content.outgoing().is_some() => Next::InDoubt,
        true => Next::Failed,
    }
}

/// Until when a place rests that asks for a while without anything: until what it said so of is tried again.
pub(super) fn rest(delivery: &Delivery, outcome: &Outcome, next: Next, now: Time, pace: &Pace) -> Option<Time> {
    // A callback's host may be that of many: who is asked to wait there keeps the others no longer than a failure would.
    let (rest, asked, longest) = match outcome {
        Outcome::Judged(judged) => (judged.rest, asked(&judged.verdict), None),
        Outcome::Retry { after, .. } => (None, *after, Some(now.plus(pace.breaker_rest))),
        _ => return None,
    };
    if let Some(rest) = rest {
        return Some(now.plus(rest));
    }
    let until = match next {
        _ if outcome.place() != Place::Limited => return None,
        Next::Again(at) => at,
        _ => now.plus(delay(&delivery.id, delivery.series, asked, pace)),
    };
    Some(longest.map_or(until, |longest| until.min(longest)))
}

/// How long to wait after the attempt of this number (the first is 1): twice as long each time, from `first_delay` to
/// `longest_delay`, give or take a quarter. What the other side asks for counts when it is longer, up to a day; up to a tenth is added, so
/// that not everybody comes at once.
fn delay(id: &str, attempt: u32, asked: Option<Duration>, pace: &Pace) -> Duration {
    let doubled = 2_u32.checked_pow(attempt.saturating_sub(1)).and_then(|by| pace.first_delay.checked_mul(by));
    let own = doubled.map_or(pace.longest_delay, |delay| delay.min(pace.longest_delay));
    let spread = spread(id, attempt);
    // From three to five quarters.
    let own = own.saturating_mul(3) / 4 + part(own, spread) / 2;
    match asked.map(|asked| asked.min(LONGEST_ASKED)) {
        Some(asked) if asked > own => asked + part(asked, spread) / 10,
        _ => own,
    }
}

/// How long a connector's system asks to wait: it holds for all that goes there, so an absurd one is not believed.
fn asked(verdict: &Verdict) -> Option<Duration> {
    verdict.after_ms.map(|wait| Duration::from_millis(wait).min(LONGEST_REST))
}

/// The longest wait that a connector's system may ask for.
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// The longest wait that another side may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3600);

/// A number from 0 to 65,535 that follows from the delivery and the attempt.
fn spread(id: &str, attempt: u32) -> u16 {
    let digest = Sha256::new().chain_update(id.as_bytes()).chain_update(attempt.to_be_bytes()).finalize();
    digest.first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

fn part(of: Duration, spread: u16) -> Duration {
    of.saturating_mul(u32::from(spread)) / u32::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connector::Verdict,
        notify::{Judged, Settings},
        store::{Content, DeliveryState, send::Send},
    };

    const ID: &str = "00000000-000f-8424-8000-000000000000";

    fn delivery(series: u32, since: Time) -> Delivery {
        let send = Send { definition: 1, subscriber: 1, ..Send::default() };
        Delivery {
            id: ID.to_owned(),
            account: 1,
            number: 1,
            content: Content::Send(Box::new(send)),
            owed: since,
            state: DeliveryState::Sending,
            attempts: vec![],
            tries: series,
            series,
            since,
            due: None,
            changed: since,
        }
    }

    fn pace() -> Pace {
        Pace { on_ambiguous: Ambiguous::Stop, ..Pace::of_settings(&Settings::default()) }
    }

    #[test]
    fn waits_double_within_their_spread_and_end_at_the_longest() {
        let pace = pace();
        for attempt in 1..200 {
            let exact = (0..attempt - 1).fold(pace.first_delay, |delay, _| (delay * 2).min(pace.longest_delay));
            let drawn = delay(ID, attempt, None, &pace);
            assert!(drawn >= exact * 3 / 4 && drawn <= exact * 5 / 4, "{attempt}: {drawn:?}");
            assert_eq!(drawn, delay(ID, attempt, None, &pace));
        }
        let others = (0..100).map(|n| delay(&n.to_string(), 1, None, &pace)).collect::<std::collections::BTreeSet<_>>();
        assert!(others.len() > 90, "deliveries do not come together");
    }

    #[test]
    fn what_the_other_side_asks_for_counts_when_it_is_longer() {
        let (pace, minute) = (pace(), Duration::from_secs(60));
        let asked = delay(ID, 1, Some(minute), &pace);
        assert!(asked >= minute && asked <= minute * 11 / 10, "{asked:?}");
        assert_eq!(delay(ID, 1, Some(Duration::ZERO), &pace), delay(ID, 1, None, &pace));
        assert!(delay(ID, 1, Some(Duration::MAX), &pace) <= LONGEST_ASKED * 11 / 10);
    }

    #[test]
    fn it_ends_after_so_many_attempts_or_so_long() {
        let pace = Pace { max_attempts: 3, ..pace() };
        let (start, retry) =
            (Time::from_millis(0), Outcome::Retry { status: String::new(), after: None, place: Place::Down });
        assert!(matches!(next(&delivery(2, start), &retry, start, &pace), Next::Again(_)));
        assert_eq!(next(&delivery(3, start), &retry, start, &pace), Next::Failed);
        let late = start.plus(pace.max_age);
        assert_eq!(next(&delivery(1, start), &retry, late, &pace), Next::Failed);
        let never = Pace { retry: false, ..pace };
        assert_eq!(next(&delivery(1, start), &retry, start, &never), Next::Failed);
        let uncertain = Outcome::Uncertain { status: String::new() };
        assert_eq!(next(&delivery(1, start), &uncertain, start, &pace), Next::InDoubt);
    }

    fn judged(standing: Standing, after_ms: Option<u64>, rest: Option<Duration>) -> Outcome {
        let verdict = Verdict {
            standing,
            code: None,
            kind: None,
            http: 0,
            message: String::new(),
            trace: None,
            id: None,
            after_ms,
            raw: String::new(),
        };
        Outcome::Judged(Box::new(Judged { status: String::new(), verdict, shown: None, rest }))
    }

    #[test]
    fn a_verdict_says_what_comes_next() {
        let (start, plain) = (Time::from_millis(0), pace());
        let next = |standing, pace: &Pace| next(&delivery(1, start), &judged(standing, None, None), start, pace);
        let told = Pace { confirm: Some(Duration::from_secs(9)), ..plain };
        assert_eq!(next(Standing::Accepted, &plain), Next::Delivered);
        assert_eq!(next(Standing::Accepted, &told), Next::Accepted(Time::from_millis(9000)));
        assert_eq!(next(Standing::Processing, &told), Next::Accepted(Time::from_millis(9000)));
        assert_eq!(next(Standing::Partial, &told), Next::Delivered);
        assert_eq!(next(Standing::Refused, &plain), Next::Failed);
        assert!(matches!(next(Standing::Again, &plain), Next::Again(_)));
        for (policy, expected) in [(Ambiguous::Stop, Next::InDoubt), (Ambiguous::Ask, Next::Ask)] {
            assert_eq!(next(Standing::Ambiguous, &Pace { on_ambiguous: policy, ..plain }), expected);
            assert!(matches!(next(Standing::Limited, &Pace { on_ambiguous: policy, ..plain }), Next::Again(_)));
        }
        let again = Pace { on_ambiguous: Ambiguous::Retry, ..plain };
        assert!(matches!(next(Standing::Ambiguous, &again), Next::Again(_)));
    }

    #[test]
    fn a_limit_rests_the_place_until_the_message_is_tried_again() {
        let (start, pace) = (Time::from_millis(0), pace());
        let rested = |outcome: &Outcome| {
            let next = next(&delivery(1, start), outcome, start, &pace);
            (next, rest(&delivery(1, start), outcome, next, start, &pace))
        };
        let (next, rest) = rested(&judged(Standing::Limited, Some(120_000), None));
        let Next::Again(at) = next else { panic!("{next:?}") };
        assert!(rest == Some(at) && at >= Time::from_millis(120_000), "{at}");
        // An absurd one is not believed.
        let (_, rest) = rested(&judged(Standing::Limited, Some(u64::MAX), None));
        assert!(rest.is_some_and(|rest| rest.since(start) <= LONGEST_REST * 11 / 10), "{rest:?}");
        let (next, rest) = rested(&judged(Standing::Limited, None, None));
        assert!(matches!((next, rest), (Next::Again(at), Some(rest)) if at == rest && rest > start));
        assert_eq!(rested(&judged(Standing::Again, Some(120_000), None)).1, None, "it is one message's affair");
        // The host of a callback may be that of many.
        let many =
            Outcome::Retry { status: String::new(), after: Some(Duration::from_secs(600)), place: Place::Limited };
        let (next, rest) = rested(&many);
        assert!(matches!(next, Next::Again(at) if at >= Time::from_millis(600_000)), "{next:?}");
        assert_eq!(rest, Some(start.plus(pace.breaker_rest)));
        let log_in = judged(Standing::Refused, None, Some(Duration::from_secs(30)));
        assert_eq!(rested(&log_in), (Next::Failed, Some(Time::from_millis(30_000))));
    }
}
