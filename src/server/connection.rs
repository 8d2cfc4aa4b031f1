//! Holding one connection until it ends, is late, or the server drains: the handshake, the version of HTTP, the waiting.
//! It knows no route.

use std::{
    convert::Infallible,
    error::Error,
    future::{Future, poll_fn},
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
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Metrics, Settings,
    idle::{Phase, Pulse, Watched},
};

/// How long a connection that was told to close may take over it.
const CLOSING: Duration = Duration::from_secs(1);
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

/// What all connections of a listener share.
pub(crate) struct Line<R> {
    responder: Arc<R>,
    http: Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    settings: Arc<Settings>,
    metrics: Arc<Metrics>,
    stop: watch::Receiver<bool>,
}

impl<R: Respond> Line<R> {
    /// What a listener's connections share.
    pub(crate) fn new(
        responder: Arc<R>,
        tls: Option<TlsAcceptor>,
        settings: Arc<Settings>,
        metrics: Arc<Metrics>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { responder, http: builder(&settings), tls, settings, metrics, stop }
    }

    /// Serves a connection to its end.
    pub(crate) async fn open(self: &Arc<Self>, stream: TcpStream, wire: Wire) {
        if let Err(cause) = stream.set_nodelay(true) {
            tracing::debug!(error = %cause, "cannot set TCP_NODELAY");
        }
        let Some(tls) = &self.tls else {
            return self.hold(stream, wire).await;
        };
        let mut stop = self.stop.clone();
        let handshake = tokio::select! {
            handshake = timeout(self.settings.handshake_timeout, tls.accept(stream)) => handshake,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match handshake {
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
