//! What is measured of the store, of what is owed and of what has been tried, for whoever asks for metrics.

use super::Gauge;
use crate::{
    clock::Time,
    notify::Notifier,
    store::{Store, StoreError},
};

/// Every gauge of a server, as it stands now.
pub(super) fn measured(store: &Store, notifier: &Notifier, now: Time) -> Vec<Gauge> {
    let stats = store.stats();
    let gauge = |name: &'static str, help, value: f64| Gauge { name: name.into(), help, value };
    // Counts beyond 2^53 would be needed for the conversion to lose anything.
    #[expect(clippy::cast_precision_loss, reason = "metrics are floating point")]
    let number = |value: u64| value as f64;
    let mut gauges = told(store, notifier, now);
    gauges.extend([
        gauge("envoi_store_commits", "Pieces of work committed since the start", number(stats.commits)),
        gauge("envoi_store_rollbacks", "Pieces of work rolled back since the start", number(stats.rollbacks)),
        gauge("envoi_store_flushes", "Batches made durable since the start", number(stats.flushes)),
        gauge("envoi_store_queued", "Work waiting for the committer", number(stats.queued)),
        gauge("envoi_store_last_sync_seconds", "Time to make the last batch durable", stats.last_sync.as_secs_f64()),
        gauge("envoi_store_live_keys", "Keys held", number(stats.live_keys)),
        gauge("envoi_store_live_bytes", "Bytes of all keys and values held", number(stats.live_bytes)),
        gauge("envoi_store_disk_bytes", "Bytes occupied on disk", number(stats.disk_bytes)),
        gauge(
            "envoi_store_disk_ratio",
            "How many times as much is occupied on disk as is held; `envoi compact` brings it down",
            stats.disk_ratio(),
        ),
        gauge("envoi_store_failed", "1 when writes are refused since one failed", f64::from(u8::from(stats.failed))),
        gauge("envoi_store_failures", "How often a failed write ended writing since the start", number(stats.failures)),
        gauge("envoi_store_recoveries", "How often the store took writes again after it", number(stats.recoveries)),
    ]);
    gauges
}

/// What is owed, and what has been tried.
#[expect(clippy::cast_precision_loss, reason = "metrics are floating point")]
fn told(store: &Store, notifier: &Notifier, now: Time) -> Vec<Gauge> {
    let figures = store.read_blocking(|view| {
        let deliveries = view.deliveries();
        Ok::<_, StoreError>((deliveries.counts()?, deliveries.oldest()?))
    });
    let mut gauges = Vec::new();
    if let Ok((counts, oldest)) = figures {
        let help = "Deliveries kept, by kind and state";
        gauges.extend(counts.into_iter().map(|((kind, state), count)| {
            let labels = format!("{{kind=\"{}\",state=\"{}\"}}", kind.name(), state.name().replace(' ', "_"));
            Gauge { name: format!("envoi_deliveries{labels}").into(), help, value: count as f64 }
        }));
        let age = oldest.map_or(0.0, |oldest| now.since(oldest.owed).as_secs_f64());
        let help = "How long the oldest delivery that is still to go out has been owed";
        gauges.push(Gauge { name: "envoi_deliveries_oldest_seconds".into(), help, value: age });
    }
    let help = "Attempts to deliver since the start, by kind and outcome";
    gauges.extend(notifier.tally().into_iter().map(|((kind, outcome), count)| {
        let labels = format!("{{kind=\"{}\",outcome=\"{}\"}}", kind.name(), outcome.name());
        Gauge { name: format!("envoi_delivery_attempts{labels}").into(), help, value: count as f64 }
    }));
    let help = "Attempts of messages since the start, by connector and outcome";
    gauges.extend(notifier.tally_of_connectors().into_iter().map(|((connector, outcome), count)| {
        let labels = format!("{{connector=\"{connector}\",outcome=\"{}\"}}", outcome.name());
        Gauge { name: format!("envoi_connector_attempts{labels}").into(), help, value: count as f64 }
    }));
    gauges
}
