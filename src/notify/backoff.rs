//! When a delivery is tried again. Pure, and the same for the same delivery: nothing is drawn by lot.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Settings;
use crate::{
    clock::Time,
    store::{Content, Delivery, Next},
};

use super::Outcome;

/// What comes after an attempt that ended at `now`.
pub(super) fn next(delivery: &Delivery, outcome: &Outcome, now: Time, settings: &Settings) -> Next {
    let after = match outcome {
        Outcome::Delivered { .. } => return Next::Delivered,
        Outcome::Refused { .. } | Outcome::Gone { .. } => return Next::Failed,
        // A mail cannot be told from its twin, so it is not sent again unasked.
        Outcome::Uncertain { .. } if matches!(delivery.content, Content::Send(_)) => return Next::InDoubt,
        Outcome::Uncertain { .. } => None,
        Outcome::Retry { after, .. } => *after,
    };
    let at = now.plus(delay(&delivery.id, delivery.series, after, settings));
    let is_over =
        !settings.retry || delivery.series >= settings.max_attempts || at.since(delivery.since) > settings.max_age;
    if is_over { Next::Failed } else { Next::Again(at) }
}

/// How long to wait after the attempt of this number (the first is 1): twice as long each time, from `first_delay` to
/// `longest_delay`, give or take a quarter. What the other side asks for counts when it is longer, up to a day; up to a tenth is added, so
/// that not everybody comes at once.
fn delay(id: &str, attempt: u32, asked: Option<Duration>, settings: &Settings) -> Duration {
    let doubled = 2_u32.checked_pow(attempt.saturating_sub(1)).and_then(|by| settings.first_delay.checked_mul(by));
    let own = doubled.map_or(settings.longest_delay, |delay| delay.min(settings.longest_delay));
    let spread = spread(id, attempt);
    // From three to five quarters.
    let own = own.saturating_mul(3) / 4 + part(own, spread) / 2;
    match asked.map(|asked| asked.min(LONGEST_ASKED)) {
        Some(asked) if asked > own => asked + part(asked, spread) / 10,
        _ => own,
    }
}

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
    use crate::store::{DeliveryState, send::Send};

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

    #[test]
    fn waits_double_within_their_spread_and_end_at_the_longest() {
        let settings = Settings::default();
        for attempt in 1..200 {
            let exact = (0..attempt - 1).fold(settings.first_delay, |delay, _| (delay * 2).min(settings.longest_delay));
            let drawn = delay(ID, attempt, None, &settings);
            assert!(drawn >= exact * 3 / 4 && drawn <= exact * 5 / 4, "{attempt}: {drawn:?}");
            assert_eq!(drawn, delay(ID, attempt, None, &settings));
        }
        let others =
            (0..100).map(|n| delay(&n.to_string(), 1, None, &settings)).collect::<std::collections::BTreeSet<_>>();
        assert!(others.len() > 90, "deliveries do not come together");
    }

    #[test]
    fn what_the_other_side_asks_for_counts_when_it_is_longer() {
        let (settings, minute) = (Settings::default(), Duration::from_secs(60));
        let asked = delay(ID, 1, Some(minute), &settings);
        assert!(asked >= minute && asked <= minute * 11 / 10, "{asked:?}");
        assert_eq!(delay(ID, 1, Some(Duration::ZERO), &settings), delay(ID, 1, None, &settings));
        assert!(delay(ID, 1, Some(Duration::MAX), &settings) <= LONGEST_ASKED * 11 / 10);
    }

    #[test]
    fn it_ends_after_so_many_attempts_or_so_long() {
        let settings = Settings { max_attempts: 3, ..Settings::default() };
        let (start, retry) = (Time::from_millis(0), Outcome::Retry { status: String::new(), after: None });
        assert!(matches!(next(&delivery(2, start), &retry, start, &settings), Next::Again(_)));
        assert_eq!(next(&delivery(3, start), &retry, start, &settings), Next::Failed);
        let late = start.plus(settings.max_age);
        assert_eq!(next(&delivery(1, start), &retry, late, &settings), Next::Failed);
        let never = Settings { retry: false, ..Settings::default() };
        assert_eq!(next(&delivery(1, start), &retry, start, &never), Next::Failed);
        let uncertain = Outcome::Uncertain { status: String::new() };
        assert_eq!(next(&delivery(1, start), &uncertain, start, &settings), Next::InDoubt);
    }
}
