//! A receiver of callbacks over HTTPS that behaves, or misbehaves, as it is told; and a gateway that reaches it.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use envoi::{message::network::Network, notify::Resolver, server::Parts};
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request, Response, Version, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
};

use crate::house::{Asynchronous, House};

/// An authority, and what it signs.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }
}

/// What a receiver answers to one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A status, with header fields.
    Status(u16, Vec<(&'static str, String)>),
    /// 200 with a body of so many bytes.
    Long(usize),
    /// Nothing, for ever.
    Silence,
    /// These bytes on the connection, in place of an answer, and its end.
    Raw(&'static [u8]),
    /// These bytes, and then nothing, on a connection that stays open.
    Held(&'static [u8]),
    /// The end of what it says, on a connection on which it goes on listening.
    HalfClosed,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The fields of the form, in their order.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let decoded = |text: &str| {
            let mut bytes = Vec::new();
            let mut rest = text.bytes();
            while let Some(byte) = rest.next() {
                bytes.push(match byte {
                    b'+' => b' ',
                    b'%' => {
                        let digits = [rest.next().unwrap(), rest.next().unwrap()];
                        u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                    }
                    byte => byte,
                });
            }
            String::from_utf8(bytes).unwrap()
        };
        self.body.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(n, v)| (decoded(n), decoded(v))).collect()
    }

    pub(crate) fn field(&self, name: &str) -> String {
        self.fields().into_iter().find(|(known, _)| known == name).unwrap().1
    }
}

/// A receiver. It stops when the runtime of the test ends.
pub(crate) struct Receiver {
    pub(crate) addr: SocketAddr,
    state: Arc<State>,
}

struct State {
    seen: watch::Sender<Vec<Seen>>,
    /// Answers to the next requests; then 200.
    script: Mutex<VecDeque<Reply>>,
    connections: AtomicUsize,
    open: watch::Sender<usize>,
}

impl Receiver {
    pub(crate) async fn start(authority: &Authority, names: &[&str]) -> Self {
        Self::speaking(&["h2", "http/1.1"], authority, names).await
    }

    /// One that speaks these versions of HTTP.
    pub(crate) async fn speaking(versions: &[&str], authority: &Authority, names: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        tls.alpn_protocols = versions.iter().map(|version| version.as_bytes().to_vec()).collect();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
        let state = Arc::new(State {
            seen: watch::Sender::new(Vec::new()),
            script: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: watch::Sender::new(0),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, state) = (acceptor.clone(), Arc::clone(&shared));
                state.connections.fetch_add(1, Ordering::SeqCst);
                state.open.send_modify(|open| *open += 1);
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let first = state.script.lock().unwrap().front().cloned();
                        match first {
                            Some(reply @ (Reply::Raw(_) | Reply::Held(_) | Reply::HalfClosed)) => {
                                misbehave(stream, reply, &state).await;
                            }
                            _ => serve(stream, Arc::clone(&state)).await,
                        }
                    }
                    state.open.send_modify(|open| *open -= 1);
                });
            }
        });
        Self { addr, state }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://hooks.example:{}{path}", self.addr.port())
    }

    pub(crate) fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.script.lock().unwrap().extend(replies);
    }

    /// Forgets what it was to answer.
    pub(crate) fn will_nothing_more(&self) {
        self.state.script.lock().unwrap().clear();
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.borrow().clone()
    }

    /// Waits until so many requests have come.
    pub(crate) async fn has_seen(&self, count: usize) -> Vec<Seen> {
        self.state.seen.subscribe().wait_for(|seen| seen.len() >= count).await.unwrap().clone()
    }

    /// Waits until all connections have ended: nothing more comes of who is gone.
    pub(crate) async fn left_alone(&self) {
        self.state.open.subscribe().wait_for(|open| *open == 0).await.unwrap();
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

async fn misbehave(mut stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>, reply: Reply, state: &State) {
    state.script.lock().unwrap().pop_front();
    let mut request = [0; 4096];
    let _read = stream.read(&mut request).await;
    if let Reply::Raw(bytes) | Reply::Held(bytes) = reply {
        let _written = stream.write_all(bytes).await;
    }
    if matches!(reply, Reply::Raw(_) | Reply::HalfClosed) {
        let _closed = stream.shutdown().await;
    }
    if !matches!(reply, Reply::Raw(_)) {
        // Until the other side goes.
        let _rest = stream.read_to_end(&mut Vec::new()).await;
    }
}

async fn serve(stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>, state: Arc<State>) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let state = Arc::clone(&state);
        async move {
            let (head, body) = request.into_parts();
            let body = String::from_utf8(body.collect().await?.to_bytes().to_vec()).unwrap();
            let seen = Seen { path: head.uri.path().to_owned(), version: head.version, headers: head.headers, body };
            let reply = state.script.lock().unwrap().pop_front();
            state.seen.send_modify(|all| all.push(seen));
            let mut response = Response::new(Full::new(Bytes::new()));
            match reply {
                None | Some(Reply::Raw(_) | Reply::Held(_) | Reply::HalfClosed) => {}
                Some(Reply::Status(status, headers)) => {
                    *response.status_mut() = status.try_into().unwrap();
                    for (name, value) in headers {
                        response.headers_mut().insert(name, value.parse().unwrap());
                    }
                }
                Some(Reply::Long(bytes)) => *response.body_mut() = Full::new(vec![b'x'; bytes].into()),
                Some(Reply::Silence) => std::future::pending().await,
            }
            Ok::<_, hyper::Error>(response)
        }
    });
    // A client that goes away ends it.
    let _ended = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer).await;
}

/// Every name is this address.
pub(crate) fn all_at(ip: IpAddr) -> Resolver {
    Resolver::new(move |_| Box::pin(async move { Ok(vec![ip]) }))
}

pub(crate) fn local(parts: &mut Parts, authority: &Authority) {
    let notify = &mut parts.notify;
    notify.ca = vec![authority.certificate()];
    notify.allow_networks = vec!["127.0.0.1".parse::<Network>().unwrap()];
    notify.resolver = all_at(IpAddr::from([127, 0, 0, 1]));
    // Real time: longer than any machine needs.
    notify.timeout = Duration::from_secs(600);
}

/// A gateway and a receiver that it reaches as hooks.example.
pub(crate) async fn pair() -> (House, Receiver) {
    pair_with(|_| {}).await
}

pub(crate) async fn pair_with(change: impl FnOnce(&mut Parts)) -> (House, Receiver) {
    let authority = Authority::new();
    let receiver = Receiver::start(&authority, &["hooks.example"]).await;
    let house = House::with(|parts| {
        local(parts, &authority);
        change(parts);
    })
    .await;
    (house, receiver)
}

/// A SendResponseTo.
pub(crate) fn to(options: Asynchronous, url: &str, when: &str, include: &str) -> Asynchronous {
    let target = format!(
        "<ResponseType>HTTPPost</ResponseType><ResponseAddress>{}</ResponseAddress><RespondWhen>{when}</RespondWhen>{include}",
        url.replace('&', "&amp;")
    );
    options.with("SendResponseTo", &target)
}

impl House {
    /// What the operators' listener says, as JSON.
    pub(crate) async fn told(&self, method: &str, path: &str) -> serde_json::Value {
        let answer = self.admin(method, path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// All deliveries, the oldest first.
    pub(crate) async fn deliveries(&self) -> Vec<serde_json::Value> {
        let mut all = self.told("GET", "/deliveries?limit=10000").await.as_array().unwrap().clone();
        all.reverse();
        all
    }

    pub(crate) async fn attempts(&self, id: &str) -> Vec<(String, String)> {
        let one = self.told("GET", &format!("/delivery?id={id}")).await;
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let attempts = one["attempts"].as_array().unwrap();
        attempts.iter().map(|attempt| (text(&attempt["outcome"]), text(&attempt["status"]))).collect()
    }
}
