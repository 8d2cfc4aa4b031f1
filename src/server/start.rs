//! Puts the house together: store, contract, access, backend, gateway, front door.
//!
//! It reads no configuration and parses no argument; whoever starts a server (a command, a test) brings the parts.

use std::sync::Arc;

use crate::{
    backend::{self, Backend, connected, seed, triggered_send},
    clock::Clock,
    connector::Connectors,
    mail::{self, MailError, Transport, Way},
    message::client::{Accounts, token::Key},
    notify::{self, Carriers, Email, Folder, Mailer, Messenger, Notifier, Post},
    object::Limits,
    queue::{self, Queue},
    schema::{Schema, SchemaError, contract},
    simulated::Controls,
    store::{self, DeliveryKind, Store, StoreError, Transaction, View},
};

use super::{
    Contract, Probes, Server, ServerError, Settings, access, access::Access, budget::Budget, desk::Operators,
    figures::measured, gateway::Gateway, limits::Flight,
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
    /// How callers are told.
    pub notify: notify::Settings,
    /// How mail leaves.
    pub mail: mail::Settings,
    /// Messaging APIs, and which objects go there.
    pub connectors: Arc<Connectors>,
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
    /// TLS for callbacks cannot be set up: a certificate of `callback.ca`.
    #[error("callbacks cannot be posted: {0}")]
    Callbacks(rustls::Error),
    /// TLS for a connector cannot be set up: a certificate of its `ca`.
    #[error("connector {0:?} cannot be reached: {1}")]
    Connector(String, rustls::Error),
    /// The way out for mail cannot be opened.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// Opens the store and binds both ports. Nothing is served until [`Server::run`].
///
/// # Errors
/// When the store, a port or the contract cannot be had.
pub async fn start(parts: Parts) -> Result<Server<Gateway>, StartError> {
    start_with(parts, None).await
}

/// [`start`], with simulated backends, which operators then make fail.
///
/// # Errors
/// As [`start`].
pub async fn start_with(parts: Parts, controls: Option<Arc<Controls>>) -> Result<Server<Gateway>, StartError> {
    // The contract takes some 20 ms to read and the store as long to open: side by side.
    let opened = tokio::task::spawn_blocking({
        let (settings, clock) = (parts.store.clone(), parts.clock.clone());
        move || Store::open_with(&settings, &clock)
    });
    let schema = Arc::new(Schema::embedded()?);
    let store = match opened.await {
        Ok(store) => store?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    let key = Key::new(random_key(&store, TOKEN_KEY).await?);
    random_key(&store, triggered_send::link::KEY).await?;
    let mut settings = parts.backend;
    let public_url = Arc::default();
    settings.sends.public_url = Arc::clone(&public_url);
    settings.sends.possible = parts.mail.way != Way::None;
    settings.sends.from = Some(parts.mail.from.clone());
    let backend = Arc::new(Backend { schema: Arc::clone(&schema), settings, connectors: parts.connectors });
    if let Some(account) = parts.seeded {
        let (backend, now) = (Arc::clone(&backend), parts.clock.now());
        let rows = store.write(move |txn: &mut Transaction<'_>| seed::demo(&backend, txn, account, now)).await?;
        for row in rows.iter().filter(|row| !row.is_ok()) {
            tracing::error!("object {} of the demonstration was not made: {}", row.ordinal, row.message);
        }
    }
    abandon(&store, &parts.clock, &backend).await?;
    let mail = Arc::new(Transport::new(&parts.mail)?);
    let access = Access::new(parts.accounts, parts.clock.clone(), key, parts.access).map_err(StartError::Random)?;
    let access = Arc::new(access);
    let carriers = carriers(&parts.notify, &store, &schema, &parts.clock, &backend, &access, (&mail, &parts.mail))?;
    let notifier = Notifier::new(notify::Parts {
        store: store.clone(),
        clock: parts.clock.clone(),
        carriers,
        connectors: Arc::clone(&backend.connectors),
        settings: notify::Settings { mails_at_once: parts.mail.relay.connections, ..parts.notify },
    });
    warn_of_unknown(&store, &notifier).await?;
    let queue = Queue::new(queue::Parts {
        notifier: notifier.clone(),
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
    let desk = Operators {
        store: store.clone(),
        controls,
        queue: queue.clone(),
        notifier: notifier.clone(),
        backend: Arc::clone(&backend),
        access: Arc::clone(&access),
        mail: Arc::clone(&mail),
        clock: parts.clock.clone(),
        backing_up: Arc::default(),
    };
    let gateway = Gateway {
        schema: Arc::clone(&schema),
        access,
        backend,
        store: store.clone(),
        queue: queue.clone(),
        notifier: notifier.clone(),
        mail,
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
    let probes = probes(store, notifier.clone(), parts.clock.clone(), desk);
    let server = Server::bind(parts.server, Arc::new(gateway), documents, &parts.clock, probes).await?;
    // Nobody has set it before: the settings are this server's own.
    let _ = public_url.set(server.url());
    tokio::spawn(queue.run());
    tokio::spawn(notifier.run());
    Ok(server)
}

/// Ends synchronous calls that the program's last end has left without an answer.
async fn abandon(store: &Store, clock: &Clock, backend: &Backend) -> Result<(), StoreError> {
    if !store.read(|view: &View<'_>| connected::has_calls(view)).await? {
        return Ok(());
    }
    let now = clock.now();
    let keep = now.plus(backend.settings.conversations.retention);
    let calls = store.write(move |txn: &mut Transaction<'_>| connected::abandon(txn, now, keep)).await?;
    tracing::warn!("{calls} calls were not answered when the program ended: what was not sent for them is taken back");
    Ok(())
}

/// Warns of connectors for which something waits and that are configured no more.
async fn warn_of_unknown(store: &Store, notifier: &Notifier) -> Result<(), StoreError> {
    let knows = notifier.clone();
    let look = move |view: &View<'_>| view.deliveries().lanes_of_connectors(UNKNOWN, &|lane| !knows.knows(lane));
    for lane in store.read::<_, StoreError, _>(look).await? {
        tracing::warn!(
            "messages wait for {}, which is not configured: they stay owed until it is, or `envoi settle` ends them",
            lane.name
        );
    }
    Ok(())
}

/// Of so many unknown connectors is warned at most.
const UNKNOWN: usize = 20;

/// Who carries what is owed. A kind that is not set up is not among them: what is owed of it stays owed.
fn carriers(
    settings: &notify::Settings,
    store: &Store,
    schema: &Arc<Schema>,
    clock: &Clock,
    backend: &Arc<Backend>,
    access: &Arc<Access>,
    (mail, settings_of_mail): (&Arc<Transport>, &mail::Settings),
) -> Result<Carriers, StartError> {
    let rules = backend.settings.conversations.clone();
    let post = Post::new(store.clone(), Arc::clone(schema), clock.clone(), settings.clone(), rules);
    let mut carriers = Carriers::new();
    carriers.insert(DeliveryKind::Post, Arc::new(post.map_err(StartError::Callbacks)?));
    let messenger = Messenger::new(&backend.connectors, &settings.resolver, clock);
    let messenger = messenger.map_err(|(connector, error)| StartError::Connector(connector, error))?;
    carriers.insert(DeliveryKind::Message, Arc::new(messenger));
    if let Some(path) = &settings.drop_folder {
        let folder = Folder::new(path.clone(), store.clone(), Arc::clone(schema));
        carriers.insert(DeliveryKind::Drop, Arc::new(folder));
    }
    if !mail.is_none() {
        let email = Email::new(Arc::clone(mail), settings_of_mail, store.clone(), Arc::clone(schema));
        carriers.insert(DeliveryKind::Email, Arc::new(email));
        let access = Arc::clone(access);
        let mailer = Mailer {
            store: store.clone(),
            backend: Arc::clone(backend),
            directory: Box::new(move || access.accounts()),
            return_path: settings_of_mail.return_path.clone(),
            transport: Arc::clone(mail),
            clock: clock.clone(),
        };
        carriers.insert(DeliveryKind::Send, Arc::new(mailer));
    }
    Ok(carriers)
}

/// A key that the store keeps under this name: kept, or made now.
async fn random_key(store: &Store, name: &'static str) -> Result<[u8; 32], StartError> {
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh).map_err(StartError::Random)?;
    let bytes = store
        .write(move |txn: &mut Transaction<'_>| -> Result<[u8; 32], StoreError> {
            let kept = txn.setting(name)?.and_then(|kept| <[u8; 32]>::try_from(kept).ok());
            if let Some(kept) = kept {
                return Ok(kept);
            }
            txn.put_setting(name, &fresh)?;
            Ok(fresh)
        })
        .await?;
    Ok(bytes)
}

/// What operators ask of the store.
fn probes(store: Store, notifier: Notifier, clock: Clock, desk: Operators) -> Probes {
    let ready = store.clone();
    Probes {
        desk: Some(Box::new(desk)),
        ready: Box::new(move || match ready.failure() {
            Some(reason) => Err(format!("the store refuses writes since one failed: {reason}")),
            None => Ok(()),
        }),
        figures: Box::new(move || measured(&store, &notifier, clock.now())),
    }
}
