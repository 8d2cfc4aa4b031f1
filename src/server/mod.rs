//! The front door: hyper, rustls, limits, WSDL, tokens, health; and the gateway, which is the work behind it.
//!
//! What the door does: takes connections, holds every limit of the wire, finds the route, reads and decodes the body,
//! and hands an [`Inbound`] to a [`Handler`]; it serves the contract and the operators' listener itself. It parses no XML
//! and knows no operation: that is [`gateway`]'s, which is a [`Handler`] over the rooms above.
//! What neither does: log a body, a token or a query string.
//!
//! Invariants: a panic in one request ends that request alone; every wait for a peer has an end (handshake, head, body,
//! idle, drain); both ports are bound before the first connection is taken, so that `ready` can tell the true ones.

pub mod access;
mod address;
mod admin;
mod body;
pub(crate) mod budget;
mod coding;
mod connection;
mod contract;
mod desk;
pub mod dev_certs;
mod figures;
pub mod gateway;
mod http;
mod idle;
mod inbound;
mod journal;
pub mod limits;
mod listen;
mod metrics;
mod rehearse;
mod route;
mod settings;
mod start;
mod tls;
pub mod tokens;
mod unsubscribe;
mod webhook;

use std::{convert::Infallible, future::Future, io, net::SocketAddr, sync::Arc};

use rustls::ServerConfig;
use tokio::{sync::watch, time::sleep};

use self::{admin::Admin, http::Front, listen::Listener, tls::Certificates};
pub use self::{
    admin::{Desk, Figure, OPERATOR, Probes, Told},
    contract::{Contract, Slim},
    inbound::{BodyError, Handler, Inbound, Lost, Outbound, Outcome, Report},
    metrics::Metrics,
    rehearse::{Rehearsal, rehearse},
    settings::{SettingError, Settings, public_url},
    start::{Parts, StartError, TOKEN_KEY, start, start_with},
    tls::{Reload, Tls, TlsError},
};
use crate::clock::Clock;
pub use crate::message::network::{Network, NotANetwork};

/// Why the front door cannot open.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The port is taken, forbidden or not of this machine.
    #[error("cannot listen on {addr}: {cause}")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Both listeners, bound and not yet serving.
#[derive(Debug)]
pub struct Server<H> {
    front: Listener,
    certificates: Option<Arc<Certificates>>,
    admin: Listener,
    handler: Arc<H>,
    contract: Contract,
    probes: Probes,
    settings: Arc<Settings>,
    metrics: Arc<Metrics>,
}

/// A certificate with its key, and what a listener needs to serve with it.
struct Encrypted {
    certificates: Arc<Certificates>,
    config: Arc<ServerConfig>,
}

/// Reads the certificate that is set.
fn encrypted(settings: &Settings) -> Result<Option<Encrypted>, TlsError> {
    let Some(tls) = settings.tls.clone() else { return Ok(None) };
    let certificates = Certificates::read(tls)?;
    let config = Arc::new(certificates.config()?);
    Ok(Some(Encrypted { certificates, config }))
}

async fn front(settings: &Settings) -> Result<Listener, ServerError> {
    Listener::bind("soap", settings.listen, settings.max_connections).await
}

async fn admin(settings: &Settings) -> Result<Listener, ServerError> {
    Listener::bind("admin", settings.admin, settings.max_admin_connections).await
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut because the drain time was over.
    pub cut: usize,
}

impl<H: Handler> Server<H> {
    /// Binds both ports; connections wait in the system's queue until [`Server::run`].
    pub async fn bind(
        settings: Settings,
        handler: Arc<H>,
        contract: Contract,
        clock: &Clock,
        probes: Probes,
    ) -> Result<Self, ServerError> {
        let settings = Arc::new(settings);
        let metrics = Arc::new(Metrics::new(clock.now()));
        let encrypted = encrypted(&settings)?;
        let mut front = front(&settings).await?;
        let admin = admin(&settings).await?;
        let certificates = encrypted.map(|Encrypted { certificates, config }| {
            for warning in certificates.outdated(clock.now()) {
                tracing::warn!("{warning}");
            }
            front.encrypt(config);
            certificates
        });
        Ok(Self { front, certificates, admin, handler, contract, probes, settings, metrics })
    }

    /// The address at which SOAP is served.
    pub fn addr(&self) -> SocketAddr {
        self.front.addr()
    }

    /// The address of the operators' listener.
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin.addr()
    }

    /// Reads the certificate again when asked, while the server runs.
    pub fn reload(&self) -> Reload {
        Reload::new(self.certificates.clone(), Arc::clone(&self.metrics))
    }

    /// The URL at which clients reach this server: as configured, or the true address.
    pub fn url(&self) -> String {
        let scheme = if self.certificates.is_some() { "https" } else { "http" };
        let own = || format!("{scheme}://{}", self.addr());
        self.settings.public_url.as_ref().map_or_else(own, |url| url.trim_end_matches('/').to_owned())
    }

    /// The work behind this server.
    pub fn handler(&self) -> Arc<H> {
        Arc::clone(&self.handler)
    }

    /// What this server counts.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Serves until `shutdown` is ready, then finishes what is in flight, requests and deliveries, for at most the drain time.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Drained {
        let (draining, drained) = watch::channel(false);
        let (closing, closed) = watch::channel(false);
        let (handler, drain_timeout) = (Arc::clone(&self.handler), self.settings.drain_timeout);
        let front = Front::new(self.handler, self.contract, Arc::clone(&self.settings), Arc::clone(&self.metrics));
        let admin = Admin::new(self.probes, Arc::clone(&self.metrics), drained.clone(), self.admin.addr());
        let front = self.front.run(Arc::new(front), Arc::clone(&self.settings), Arc::clone(&self.metrics), drained);
        // The operators' listener outlives the front door, so that /readyz can tell of the drain.
        let admin = self.admin.run(Arc::new(admin), Arc::clone(&self.settings), Arc::clone(&self.metrics), closed);
        let front = async {
            let cut = front.await;
            handler.close().await;
            closing.send_replace(true);
            cut
        };
        let stop = async {
            shutdown.await;
            draining.send_replace(true);
            sleep(drain_timeout).await;
            handler.cut();
            std::future::pending::<Infallible>().await
        };
        let front = async {
            tokio::select! {
                cut = front => cut,
                never = stop => match never {},
            }
        };
        let watching = self.certificates.map(|certificates| tokio::spawn(certificates.watch(self.metrics)));
        let (cut, _) = tokio::join!(front, admin);
        if let Some(watching) = watching {
            watching.abort();
        }
        Drained { cut }
    }
}
