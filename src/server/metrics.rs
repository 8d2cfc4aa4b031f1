//! What is counted, in the words of Prometheus. Labels come from fixed sets, never from a client's text.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use super::Outcome;
use crate::clock::Time;

/// Counters, gauges and the latency histogram of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    open: Family<ListenerLabel, Gauge>,
    accepted: Family<ListenerLabel, Counter>,
    requests: Family<RequestLabels, Counter>,
    latency: Family<OperationLabel, Histogram, fn() -> Histogram>,
    received: Counter<u64, AtomicU64>,
    sent: Counter<u64, AtomicU64>,
    limits: Family<LimitLabel, Counter>,
    handshakes_failed: Counter<u64, AtomicU64>,
    reloads: Family<OutcomeLabel, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabel {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabel {
    limit: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

/// From a cached answer to a slow disk under a burst.
fn histogram() -> Histogram {
    Histogram::new([0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0])
}

impl Metrics {
    /// All at zero; `started` is told as the start of the process.
    pub fn new(started: Time) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            open: Family::default(),
            accepted: Family::default(),
            requests: Family::default(),
            latency: Family::new_with_constructor(histogram),
            received: Counter::default(),
            sent: Counter::default(),
            limits: Family::default(),
            handshakes_failed: Counter::default(),
            reloads: Family::default(),
        };
        let start = Gauge::<f64, AtomicU64>::default();
        start.set(started.millis() as f64 / 1000.0);
        let registry = &mut metrics.registry;
        registry.register("envoi_build", "The program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("process_start_time_seconds", "When this process started", start);
        registry.register("envoi_connections_open", "Connections now open", metrics.open.clone());
        registry.register("envoi_connections", "Connections accepted", metrics.accepted.clone());
        registry.register("envoi_requests", "Requests by operation and outcome", metrics.requests.clone());
        registry.register_with_unit(
            "envoi_request_duration",
            "From the head of the request to its answer",
            Unit::Seconds,
            metrics.latency.clone(),
        );
        registry.register("envoi_received_bytes", "Bytes of request bodies as sent", metrics.received.clone());
        registry.register("envoi_sent_bytes", "Bytes of answer bodies", metrics.sent.clone());
        registry.register("envoi_limits_met", "How often a limit was met", metrics.limits.clone());
        registry.register("envoi_tls_handshakes_failed", "TLS handshakes failed", metrics.handshakes_failed.clone());
        registry.register("envoi_certificate_reloads", "Certificates read again", metrics.reloads.clone());
        metrics
    }

    /// Counts a limit that was met.
    pub fn limit(&self, limit: &'static str) {
        self.limits.get_or_create(&LimitLabel { limit }).inc();
    }

    /// Counts a connection as open until what this gives is dropped.
    pub(crate) fn connection(&self, listener: &'static str) -> Open<'_> {
        self.accepted.get_or_create(&ListenerLabel { listener }).inc();
        self.open.get_or_create(&ListenerLabel { listener }).inc();
        Open(self, listener)
    }

    /// Counts one request.
    pub(crate) fn request(&self, operation: &'static str, outcome: Outcome, took: Duration, received: u64, sent: u64) {
        self.requests.get_or_create(&RequestLabels { operation, outcome: outcome.name() }).inc();
        self.latency.get_or_create(&OperationLabel { operation }).observe(took.as_secs_f64());
        self.received.inc_by(received);
        self.sent.inc_by(sent);
    }

    /// Counts a TLS handshake that failed.
    pub(crate) fn handshake_failed(&self) {
        self.handshakes_failed.inc();
    }

    /// Counts a change of the certificate.
    pub(crate) fn reload(&self, outcome: Outcome) {
        self.reloads.get_or_create(&OutcomeLabel { outcome: outcome.name() }).inc();
    }

    /// The text that Prometheus reads, without the end mark: the caller may add to it.
    pub(crate) fn text(&self) -> String {
        let mut page = String::new();
        // Writing to a String does not fail.
        let _written = text::encode_registry(&mut page, &self.registry);
        page
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Open<'a>(&'a Metrics, &'static str);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.get_or_create(&ListenerLabel { listener: self.1 }).dec();
    }
}
