//! Connections for callbacks: a name is resolved, every address is looked at (`guard`), and the connection is made to one of
//! those that were looked at. Between the look and the connection nobody is asked again, so a name that changes its
//! address changes nothing. No proxy is used, whatever the environment says.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::guard;
use crate::message::network::Network;

/// What a look-up gives.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Who turns names into addresses: the system, or another (tests).
#[derive(Clone)]
pub struct Resolver(Arc<dyn Fn(String) -> Resolving + Send + Sync>);

impl Resolver {
    /// Asks `look_up` for the addresses of each name.
    pub fn new(look_up: impl Fn(String) -> Resolving + Send + Sync + 'static) -> Self {
        Self(Arc::new(look_up))
    }
}

impl Default for Resolver {
    /// The system's.
    fn default() -> Self {
        Self::new(|name| {
            Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect()) })
        })
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    #[error("the URL has no host")]
    NoHost,
    #[error("{0} has no address: {1}")]
    Unknown(String, io::Error),
    /// Never tried again: the next look-up may answer otherwise, and nothing may depend on that.
    #[error("{} not public; callback.allow_networks would allow it", named(host, address))]
    Forbidden { host: String, address: IpAddr },
    #[error("no connection to {0}: {1}")]
    Unreachable(SocketAddr, io::Error),
    #[error("no connection to {0} within {1:?}")]
    Late(SocketAddr, Duration),
}

/// A host and its address; once where it was an address itself.
fn named(host: &str, address: &IpAddr) -> String {
    if host.parse() == Ok(*address) { format!("{address} is") } else { format!("{host} is {address}, which is") }
}

/// Connects to looked-at addresses alone.
#[derive(Clone)]
pub(super) struct Dialer {
    pub(super) resolver: Resolver,
    pub(super) allowed: Arc<[Network]>,
    pub(super) timeout: Duration,
}

impl Dialer {
    async fn dial(self, uri: Uri) -> Result<TokioIo<TcpStream>, DialError> {
        let host = uri.host().ok_or(DialError::NoHost)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let secure = uri.scheme_str() != Some("http");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let found = match host.parse::<IpAddr>() {
            Ok(literal) => vec![literal],
            Err(_) => (self.resolver.0)(host.clone()).await.map_err(|error| DialError::Unknown(host.clone(), error))?,
        };
        let mut failed = None;
        let mut forbidden = None;
        for address in found {
            if !guard::is_allowed(address, &self.allowed) {
                forbidden = forbidden.or(Some(address));
                continue;
            }
            let target = SocketAddr::new(address, port);
            match tokio::time::timeout(self.timeout, TcpStream::connect(target)).await {
                Ok(Ok(stream)) => {
                    // Only latency is lost when the system refuses it.
                    let _set = stream.set_nodelay(true);
                    return Ok(TokioIo::new(stream));
                }
                Ok(Err(error)) => failed = Some(DialError::Unreachable(target, error)),
                Err(_) => failed = Some(DialError::Late(target, self.timeout)),
            }
        }
        let nothing = || io::Error::new(io::ErrorKind::NotFound, "the look-up gave none");
        Err(match (failed, forbidden) {
            (Some(failed), _) => failed,
            (None, Some(address)) => DialError::Forbidden { host, address },
            (None, None) => DialError::Unknown(host, nothing()),
        })
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<TcpStream>;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}
