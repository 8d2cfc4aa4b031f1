//! What is measured of the store, of what is owed and of what has been tried, for whoever asks for metrics.

use super::Figure;
use crate::{
    clock::Time,
    notify::Notifier,
    store::{Store, StoreError},
};

/// Every figure of a server, as it stands now.
pub(super) fn measured(store: &Store, notifier: &Notifier, now: Time) -> Vec<Figure> {
    let stats = store.stats();
    let figure = |name: &'static str, help, value: f64| Figure { name: name.into(), help, value };
    // Counts beyond 2^53 would be needed for the conversion to lose anything.
    #[expect(clippy::cast_precision_loss, reason = "metrics are floating point")]
    let number = |value: u64| value as f64;
    let mut figures = told(store, notifier, now);
    figures.extend([
        figure("envoi_store_commits_total", "Pieces of work committed since the start", number(stats.commits)),
        figure("envoi_store_rollbacks_total", "Pieces of work rolled back since the start", number(stats.rollbacks)),
        figure("envoi_store_flushes_total", "Batches made durable since the start", number(stats.flushes)),
        figure("envoi_store_queued", "Work waiting for the committer", number(stats.queued)),
        figure("envoi_store_last_sync_seconds", "Time to make the last batch durable", stats.last_sync.as_secs_f64()),
        figure("envoi_store_live_keys", "Keys held", number(stats.live_keys)),
        figure("envoi_store_live_bytes", "Bytes of all keys and values held", number(stats.live_bytes)),
        figure("envoi_store_disk_bytes", "Bytes occupied on disk", number(stats.disk_bytes)),
        figure(
            "envoi_store_disk_ratio",
            "How many times as much is occupied on disk as is held; `envoi compact` brings it down",
            stats.disk_ratio(),
        ),
        figure("envoi_store_failed", "1 when writes are refused since one failed", f64::from(u8::from(stats.failed))),
        figure(
            "envoi_store_failures_total",
            "How often a failed write ended writing since the start",
            number(stats.failures),
        ),
        figure(
            "envoi_store_recoveries_total",
            "How often the store took writes again after it",
            number(stats.recoveries),
        ),
    ]);
    figures
}

/// What is owed, and what has been tried.
#[expect(clippy::cast_precision_loss, reason = "metrics are floating point")]
fn told(store: &Store, notifier: &Notifier, now: Time) -> Vec<Figure> {
    let owed = store.read_blocking(|view| {
        let deliveries = view.deliveries();
        Ok::<_, StoreError>((deliveries.counts()?, deliveries.oldest()?))
    });
    let mut figures = Vec::new();
    if let Ok((counts, oldest)) = owed {
        let help = "Deliveries kept, by kind and state";
        figures.extend(counts.into_iter().map(|((kind, state), count)| {
            let labels = format!("{{kind=\"{}\",state=\"{}\"}}", kind.name(), state.name().replace(' ', "_"));
            Figure { name: format!("envoi_deliveries{labels}").into(), help, value: count as f64 }
        }));
        let age = oldest.map_or(0.0, |oldest| now.since(oldest.owed).as_secs_f64());
        let help = "How long the oldest delivery that is still to go out has been owed";
        figures.push(Figure { name: "envoi_deliveries_oldest_seconds".into(), help, value: age });
    }
    let help = "Attempts to deliver since the start, by kind and outcome";
    figures.extend(notifier.tally().into_iter().map(|((kind, outcome), count)| {
        let labels = format!("{{kind=\"{}\",outcome=\"{}\"}}", kind.name(), outcome.name());
        Figure { name: format!("envoi_delivery_attempts_total{labels}").into(), help, value: count as f64 }
    }));
    let help = "Attempts of messages since the start, by connector and outcome";
    figures.extend(notifier.tally_of_connectors().into_iter().map(|((connector, outcome), count)| {
        let labels = format!("{{connector=\"{connector}\",outcome=\"{}\"}}", outcome.name());
        Figure { name: format!("envoi_connector_attempts_total{labels}").into(), help, value: count as f64 }
    }));
    figures
}
