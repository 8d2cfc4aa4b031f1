//! Puts the house together: store, contract, access, backend, gateway, front door.
//!
//! It reads no configuration and parses no argument; whoever starts a server (a command, a test) brings the parts.

use std::sync::Arc;

use crate::{
    backend::{self, Backend, seed},
    clock::Clock,
    message::client::{Accounts, token::Key},
    object::Limits,
    queue::{self, Queue},
    schema::{Schema, SchemaError, contract},
    store::{self, Store, StoreError, Transaction},
};

use super::{
    Contract, Gauge, Probes, Server, ServerError, Settings, access, access::Access, budget::Budget, desk::Operators,
    gateway::Gateway, limits::Flight,
};

/// The setting under which the store keeps the key that signs tokens, so that they survive a restart.
pub const TOKEN_KEY: &str = "token_key";

/// Everything that a server is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The front door.
    pub server: Settings,
    /// How callers are checked.
    pub access: access::Settings,
    /// Who may call.
    pub accounts: Arc<Accounts>,
    /// Where objects are kept.
    pub store: store::Settings,
    /// Limits of reading.
    pub limits: Limits,
    /// Limits of the work.
    pub backend: backend::Settings,
    /// How what is not done at once is worked off.
    pub queue: queue::Settings,
    /// The time.
    pub clock: Clock,
    /// The account that gets the demonstration's list and data extension, if one does.
    pub seeded: Option<u64>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The embedded contract cannot be read: a mistake in the build.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The data directory cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A port cannot be bound, or a certificate cannot be read.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// Opens the store and binds both ports. Nothing is served until [`Server::run`].
///
/// # Errors
/// When the store, a port or the contract cannot be had.
pub async fn start(parts: Parts) -> Result<Server<Gateway>, StartError> {
    // The contract takes some 20 ms to read and the store as long to open: side by side.
    let opened = tokio::task::spawn_blocking({
        let settings = parts.store.clone();
        move || Store::open(&settings)
    });
    let schema = Arc::new(Schema::embedded()?);
    let store = match opened.await {
        Ok(store) => store?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    let key = token_key(&store).await?;
    let backend = Arc::new(Backend { schema: Arc::clone(&schema), settings: parts.backend });
    if let Some(account) = parts.seeded {
        let (backend, now) = (Arc::clone(&backend), parts.clock.now());
        let rows = store.write(move |txn: &mut Transaction<'_>| seed::demo(&backend, txn, account, now)).await?;
        for row in rows.iter().filter(|row| !row.is_ok()) {
            tracing::error!("object {} of the demonstration was not made: {}", row.ordinal, row.message);
        }
    }
    let access = Access::new(parts.accounts, parts.clock.clone(), key, parts.access).map_err(StartError::Random)?;
    let access = Arc::new(access);
    let queue = Queue::new(queue::Parts {
        store: store.clone(),
        backend: Arc::clone(&backend),
        directory: Box::new({
            let access = Arc::clone(&access);
            move || access.accounts()
        }),
        clock: parts.clock.clone(),
        limits: parts.limits.clone(),
        settings: parts.queue,
    });
    let desk = Operators::new(store.clone(), queue.clone(), Arc::clone(&backend), Arc::clone(&access), &parts.clock);
    let gateway = Gateway {
        schema: Arc::clone(&schema),
        access,
        backend,
        store: store.clone(),
        queue: queue.clone(),
        clock: parts.clock.clone(),
        limits: parts.limits,
        flight: Flight::new(parts.server.max_in_flight),
        unproven: Budget::new(parts.server.max_unproven),
    };
    let documents = Contract {
        wsdl: contract::wsdl,
        slim: Box::new(move |objects, base| contract::slim(&schema, objects, base).map_err(|error| error.to_string())),
        fault_xsd: contract::fault_xsd,
    };
    let probes = probes(store, desk);
    let server = Server::bind(parts.server, Arc::new(gateway), documents, &parts.clock, probes).await?;
    tokio::spawn(queue.run());
    Ok(server)
}

/// The key that signs tokens: kept, or made now.
async fn token_key(store: &Store) -> Result<Key, StartError> {
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh).map_err(StartError::Random)?;
    let bytes = store
        .write(move |txn: &mut Transaction<'_>| -> Result<[u8; 32], StoreError> {
            let kept = txn.setting(TOKEN_KEY)?.and_then(|kept| <[u8; 32]>::try_from(kept).ok());
            if let Some(kept) = kept {
                return Ok(kept);
            }
            txn.put_setting(TOKEN_KEY, &fresh)?;
            Ok(fresh)
        })
        .await?;
    Ok(Key::new(bytes))
}

/// What operators ask of the store.
fn probes(store: Store, desk: Operators) -> Probes {
    let ready = store.clone();
    Probes {
        desk: Some(Box::new(desk)),
        ready: Box::new(move || match ready.stats().failed {
            true => Err("the store refuses writes since one failed".to_owned()),
            false => Ok(()),
        }),
        gauges: Box::new(move || {
            let stats = store.stats();
            let gauge = |name, help, value: f64| Gauge { name, help, value };
            // Counts beyond 2^53 would be needed for the conversion to lose anything.
            #[expect(clippy::cast_precision_loss, reason = "metrics are floating point")]
            let number = |value: u64| value as f64;
            vec![
                gauge("envoi_store_commits", "Pieces of work committed since the start", number(stats.commits)),
                gauge("envoi_store_rollbacks", "Pieces of work rolled back since the start", number(stats.rollbacks)),
                gauge("envoi_store_flushes", "Batches made durable since the start", number(stats.flushes)),
                gauge("envoi_store_queued", "Work waiting for the committer", number(stats.queued)),
                gauge(
                    "envoi_store_last_sync_seconds",
                    "Time to make the last batch durable",
                    stats.last_sync.as_secs_f64(),
                ),
                gauge("envoi_store_live_keys", "Keys held", number(stats.live_keys)),
                gauge("envoi_store_live_bytes", "Bytes of all keys and values held", number(stats.live_bytes)),
                gauge("envoi_store_disk_bytes", "Bytes occupied on disk", number(stats.disk_bytes)),
                gauge(
                    "envoi_store_failed",
                    "1 when writes are refused since one failed",
                    f64::from(u8::from(stats.failed)),
                ),
            ]
        }),
    }
}
