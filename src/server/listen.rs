//! Accepting connections, no more at once than there are seats, and draining them. It reads nothing.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Metrics, ServerError, Settings,
    connection::{Line, Respond, Wire},
};

/// How long to wait when the system gives no connection (out of descriptors).
const EXHAUSTED: Duration = Duration::from_millis(100);

/// A bound port.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    addr: SocketAddr,
    seats: Arc<Semaphore>,
    tls: Option<Arc<ServerConfig>>,
    name: &'static str,
}

impl Listener {
    /// Binds a port, known to the metrics by `name`, that may have so many connections at once.
    pub(crate) async fn bind(
        name: &'static str,
        addr: SocketAddr,
        max_connections: usize,
    ) -> Result<Self, ServerError> {
        let bound = async {
            let socket = TcpListener::bind(addr).await?;
            let addr = socket.local_addr()?;
            Ok(Self { socket, addr, seats: Arc::new(Semaphore::new(max_connections)), tls: None, name })
        };
        bound.await.map_err(|cause| ServerError::Bind { addr, cause })
    }

    /// From now on with TLS.
    pub(crate) fn encrypt(&mut self, config: Arc<ServerConfig>) {
        self.tls = Some(config);
    }

    /// The true address.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `stop` says so, then waits for what is in flight; gives the number of connections cut at the end.
    pub(crate) async fn run<R: Respond>(
        self,
        responder: Arc<R>,
        settings: Arc<Settings>,
        metrics: Arc<Metrics>,
        mut stop: watch::Receiver<bool>,
    ) -> usize {
        let tls = self.tls.clone().map(TlsAcceptor::from);
        let line = Arc::new(Line::new(responder, tls, Arc::clone(&settings), Arc::clone(&metrics), stop.clone()));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = self.accept(&metrics) => accepted,
            };
            match accepted {
                Ok((stream, peer, seat)) => {
                    let wire = Wire { peer, local: stream.local_addr().unwrap_or(self.addr), tls: false };
                    let (line, metrics, name) = (Arc::clone(&line), Arc::clone(&metrics), self.name);
                    connections.spawn(async move {
                        let _open = metrics.connection(name);
                        line.open(stream, wire).await;
                        drop(seat);
                    });
                }
                Err(cause) => {
                    tracing::warn!(error = %cause, "cannot accept a connection");
                    sleep(EXHAUSTED).await;
                }
            }
        }
        drop(self.socket);
        let finished = async { while connections.join_next().await.is_some() {} };
        if timeout(settings.drain_timeout, finished).await.is_ok() {
            return 0;
        }
        let cut = connections.len();
        tracing::warn!(connections = cut, "cutting connections that did not end within the drain time");
        connections.shutdown().await;
        cut
    }

    /// Takes a seat first: with none free, connections wait in the system's queue and are not reset.
    async fn accept(&self, metrics: &Metrics) -> io::Result<(TcpStream, SocketAddr, Option<OwnedSemaphorePermit>)> {
        if self.seats.available_permits() == 0 {
            metrics.limit("connections");
        }
        // The semaphore is never closed, so the permit is always there.
        let seat = Arc::clone(&self.seats).acquire_owned().await.ok();
        let (stream, peer) = self.socket.accept().await?;
        Ok((stream, peer, seat))
    }
}
