//! How often, how long and how fast something is tried: of callbacks and mail by the settings, of messages by their connector. Pure.

use std::time::Duration;

use super::Settings;
use crate::{
    connector::{Action, Ambiguous, CompleteOn, Connector, Connectors},
    store::{Content, Lane},
};

/// What holds for one delivery, or one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Whether a delivery that failed is tried again.
    pub(super) retry: bool,
    pub(super) max_attempts: u32,
    pub(super) max_age: Duration,
    pub(super) first_delay: Duration,
    pub(super) longest_delay: Duration,
    pub(super) breaker_failures: u32,
    pub(super) breaker_rest: Duration,
    /// What becomes of a delivery that may have arrived.
    pub(super) on_ambiguous: Ambiguous,
    /// How long is waited for the webhook of what was accepted; none where that is enough.
    pub(super) confirm: Option<Duration>,
}

impl Pace {
    /// That of callbacks and mail. A mail cannot be told from its twin, so it is not sent again unasked.
    pub(super) fn of_settings(settings: &Settings) -> Self {
        Self {
            retry: settings.retry,
            max_attempts: settings.max_attempts,
            max_age: settings.max_age,
            first_delay: settings.first_delay,
            longest_delay: settings.longest_delay,
            breaker_failures: settings.breaker_failures,
            breaker_rest: settings.breaker_rest,
            on_ambiguous: Ambiguous::Retry,
            confirm: None,
        }
    }

    pub(super) fn of_connector(connector: &Connector) -> Self {
        Self {
            retry: true,
            max_attempts: connector.max_attempts,
            max_age: connector.max_age,
            first_delay: connector.first_delay,
            longest_delay: connector.longest_delay,
            breaker_failures: connector.breaker_failures,
            breaker_rest: connector.breaker_rest,
            on_ambiguous: connector.on_ambiguous,
            confirm: None,
        }
    }

    /// That of a lane. Nothing waits in the lane of a connector that is configured no longer, so nothing is asked of it.
    pub(super) fn of_lane(lane: &Lane, settings: &Settings, connectors: &Connectors) -> Self {
        let connector = lane.connector().and_then(|name| connectors.connectors.get(name));
        connector.map_or_else(|| Self::of_settings(settings), |connector| Self::of_connector(connector))
    }

    /// That of a delivery.
    pub(super) fn of(content: &Content, settings: &Settings, connectors: &Connectors) -> Self {
        let Content::Message(outgoing) = content else {
            let on_ambiguous = match content {
                Content::Send(_) => Ambiguous::Stop,
                _ => Ambiguous::Retry,
            };
            return Self { on_ambiguous, ..Self::of_settings(settings) };
        };
        let message = &outgoing.message;
        let Some(connector) = connectors.connectors.get(&message.connector) else {
            // Its end is written down all the same.
            return Self { on_ambiguous: Ambiguous::Stop, ..Self::of_settings(settings) };
        };
        // Of what is no message, and of what never left, no webhook tells.
        let is_told = matches!(message.action, Action::Text(_) | Action::Template(_)) && !connector.record;
        let confirm = connector.complete_on == CompleteOn::Delivered && is_told;
        // What does no harm twice, or has not left, is done again.
        let is_safe = message.action.is_repeatable() || connector.record;
        Self {
            on_ambiguous: if is_safe { Ambiguous::Retry } else { connector.on_ambiguous },
            confirm: confirm.then_some(connector.delivered_within),
            ..Self::of_connector(connector)
        }
    }
}
