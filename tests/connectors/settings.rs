//! The settings of a connector, with the patience of a test.
//!
//! Time-outs are in real time, so they are longer than any machine needs.

use std::time::Duration;

use envoi::connector::{Ambiguous, Api, CompleteOn, Connector, Defaults, ErrorNumbers, OPERATIONS};

pub(crate) fn connector(name: &str, api: Api, base: String) -> Connector {
    let operations = OPERATIONS.iter().map(|operation| operation.name.to_owned()).collect();
    Connector {
        name: name.to_owned(),
        api,
        base,
        ca: Vec::new(),
        connect_timeout: Duration::from_secs(600),
        timeout: Duration::from_secs(600),
        max_answer: 65536,
        at_once: 10,
        per_second: 200,
        max_attempts: 5,
        first_delay: Duration::from_secs(10),
        longest_delay: Duration::from_secs(600),
        max_age: Duration::from_secs(24 * 3600),
        breaker_failures: 1000,
        breaker_rest: Duration::from_secs(30),
        on_ambiguous: Ambiguous::Stop,
        complete_on: CompleteOn::Accepted,
        delivered_within: Duration::from_secs(3600),
        error_numbers: ErrorNumbers::Documented,
        record: false,
        remedies: false,
        operations,
        wait: Duration::from_secs(600),
        webhook_secret: None,
        defaults: Defaults::default(),
        allowed: Default::default(),
    }
}
