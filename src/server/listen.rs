//! Accepting connections and holding each until it ends, is late, or the server drains. It knows no route.

use std::{
    convert::Infallible,
    error::Error,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Metrics, ServerError, Settings,
    idle::{Phase, Pulse, Watched},
};

/// How long a connection that was told to close may take over it.
const CLOSING: Duration = Duration::from_secs(1);
/// How long to wait when the system gives no connection (out of descriptors).
const EXHAUSTED: Duration = Duration::from_millis(100);

/// How many header fields hyper takes untold; told, it moves them from the stack to the heap.
const HYPERS_HEADERS: usize = 100;

/// What answers the requests of a listener.
pub(crate) trait Respond: Send + Sync + 'static {
    /// Answers one request.
    fn respond(&self, request: Request<Incoming>, wire: Wire) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

/// The connection that a request came over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire {
    /// The other end.
    pub(crate) peer: SocketAddr,
    /// This end.
    pub(crate) local: SocketAddr,
    /// Whether it is encrypted.
    pub(crate) tls: bool,
}

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

    /// The same port, encrypted.
    pub(crate) fn with_tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.tls = Some(config);
        self
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
        let (http, tls) = (builder(&settings), self.tls.clone().map(TlsAcceptor::from));
        let line = Arc::new(Line { responder, http, tls, settings, metrics, stop: stop.clone() });
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = self.accept(&line.metrics) => accepted,
            };
            match accepted {
                Ok((stream, peer, seat)) => {
                    let wire = Wire { peer, local: stream.local_addr().unwrap_or(self.addr), tls: false };
                    let (line, name) = (Arc::clone(&line), self.name);
                    connections.spawn(async move {
                        let _open = line.metrics.connection(name);
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
        if timeout(line.settings.drain_timeout, finished).await.is_ok() {
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

fn builder(settings: &Settings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // Behind our own (idle.rs), which ends sooner; inert without the timer above.
        .header_read_timeout(settings.idle_timeout.saturating_add(settings.head_timeout))
        .max_buf_size(settings.max_head.max(8192))
        // Clients may close their sending side after the request and still want the answer.
        .half_close(true);
    if settings.max_headers != HYPERS_HEADERS {
        builder.http1().max_headers(settings.max_headers);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(settings.max_head).unwrap_or(u32::MAX))
        .max_concurrent_streams(settings.max_streams);
    builder
}

/// What all connections of a listener share.
struct Line<R> {
    responder: Arc<R>,
    http: Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    settings: Arc<Settings>,
    metrics: Arc<Metrics>,
    stop: watch::Receiver<bool>,
}

impl<R: Respond> Line<R> {
    async fn open(self: &Arc<Self>, stream: TcpStream, wire: Wire) {
        if let Err(cause) = stream.set_nodelay(true) {
            tracing::debug!(error = %cause, "cannot set TCP_NODELAY");
        }
        let Some(tls) = &self.tls else {
            return self.hold(stream, wire).await;
        };
        match timeout(self.settings.handshake_timeout, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.hold(stream, Wire { tls: true, ..wire }).await,
            Ok(Err(cause)) => {
                self.metrics.handshake_failed();
                tracing::debug!(peer.addr = %wire.peer, error = %cause, "TLS handshake failed");
            }
            Err(_elapsed) => self.metrics.limit("handshake_time"),
        }
    }

    async fn hold<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self: &Arc<Self>, io: I, wire: Wire) {
        let pulse = Arc::new(Pulse::default());
        let service = service_fn(|request| {
            let busy = pulse.begin();
            let responder = Arc::clone(&self.responder);
            async move {
                let answer = responder.respond(request, wire).await;
                drop(busy);
                Ok::<_, Infallible>(answer)
            }
        });
        let mut connection =
            pin!(self.http.serve_connection(TokioIo::new(Watched::new(io, Arc::clone(&pulse))), service));
        let mut stop = self.stop.clone();
        let (mut stopping, mut closing) = (false, false);
        let mut phase = pulse.phase();
        let mut patience = pin!(sleep(self.settings.head_timeout));
        loop {
            let turn = poll_fn(|cx| {
                if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                    return Poll::Ready(Turn::Ended(ended));
                }
                match pulse.phase() {
                    now if now != phase => Poll::Ready(Turn::Phase(now)),
                    Phase::Busy => Poll::Pending,
                    _ => patience.as_mut().poll(cx).map(|()| Turn::Late),
                }
            });
            let turn = tokio::select! {
                turn = turn => turn,
                _ = stop.wait_for(|stop| *stop), if !stopping => Turn::Stop,
            };
            match turn {
                Turn::Ended(ended) => {
                    if let Err(cause) = ended {
                        tracing::debug!(peer.addr = %wire.peer, error = %cause, "connection ended");
                    }
                    return;
                }
                Turn::Phase(now) => {
                    phase = now;
                    let grant = if closing { CLOSING } else { self.patience(phase) };
                    patience.set(sleep(grant));
                }
                Turn::Late if closing => return,
                Turn::Late if matches!(phase, Phase::Idle(_)) && pulse.wrote() => {
                    patience.set(sleep(self.patience(phase)))
                }
                Turn::Late => {
                    if let Phase::Fresh | Phase::Head(_) = phase {
                        self.metrics.limit("head_time");
                    }
                    if let Phase::Fresh | Phase::Head(0) = phase {
                        return;
                    }
                    connection.as_mut().graceful_shutdown();
                    closing = true;
                    patience.set(sleep(CLOSING));
                }
                Turn::Stop => {
                    connection.as_mut().graceful_shutdown();
                    stopping = true;
                }
            }
        }
    }

    fn patience(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Fresh | Phase::Head(_) => self.settings.head_timeout,
            Phase::Busy | Phase::Idle(_) => self.settings.idle_timeout,
        }
    }
}

/// What a connection's task was woken for.
enum Turn {
    Ended(Result<(), Box<dyn Error + Send + Sync>>),
    Phase(Phase),
    Late,
    Stop,
}
