//! A whole gateway in this process, seeded as `envoi demo` is, and the bytes that go there and come back.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use envoi::{
    backend,
    clock::{Clock, Time},
    config::demo,
    notify,
    object::Limits,
    queue,
    schema::Schema,
    server::{Parts, Settings, access, start},
    store,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};

/// 2026-03-01T12:00:00Z, where the clock of every gateway here stands.
const START: Time = Time::from_millis(1_772_366_400_000);

/// What the requests call the gateway, whatever its port is: addresses in answers follow it.
pub(crate) const HOST: &str = "127.0.0.1:8080";

/// A running gateway. It stops when this is dropped.
pub(crate) struct House {
    addr: SocketAddr,
    admin: SocketAddr,
    _stop: oneshot::Sender<()>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl House {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Parts)) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut parts = Parts {
            server: Settings { listen: any, admin: any, ..Settings::default() },
            access: access::Settings::default(),
            accounts: Arc::new(demo::accounts().expect("the demonstration's accounts")),
            store: store::Settings::default(),
            limits: Limits::default(),
            backend: backend::Settings::default(),
            queue: queue::Settings::default(),
            // No name has an address: nothing leaves this machine, and nothing waits for its network.
            notify: notify::Settings {
                resolver: notify::Resolver::new(|_| {
                    Box::pin(async { Err(std::io::Error::other("no names in tests")) })
                }),
                ..notify::Settings::default()
            },
            mail: envoi::mail::Settings::default(),
            connectors: Arc::default(),
            clock: Clock::stopped_at(START),
            seeded: Some(demo::ACCOUNT),
        };
        change(&mut parts);
        let server = start(parts).await.expect("a gateway starts");
        let (addr, admin) = (server.addr(), server.admin_addr());
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(server.run(async {
            // Dropping the sender is the signal.
            let _ = stopped.await;
        }));
        Self { addr, admin, _stop: stop }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.exchange(self.addr, "GET", path, &[], b"").await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.exchange(self.addr, "POST", path, headers, body).await
    }

    /// Waits until what was queued and is due has been worked off.
    pub(crate) async fn idle(&self) {
        let answer = self.exchange(self.admin, "POST", "/time?by=0", &[("Envoi-Operator", "test")], b"").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    async fn exchange(
        &self,
        to: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let host = if to == self.addr { HOST.to_owned() } else { to.to_string() };
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        head += &format!("Content-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        let mut stream = TcpStream::connect(to).await.expect("the gateway listens");
        stream.write_all(&[head.as_bytes(), body].concat()).await.expect("the gateway reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("the gateway answers");
        Answer::parse(&bytes)
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let split = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an HTTP head");
        let head = String::from_utf8(bytes[..split].to_vec()).expect("a head in ASCII");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-type").then(|| value.trim().to_owned())
        };
        let content_type = head.lines().find_map(field).unwrap_or_default();
        let body = String::from_utf8(bytes[split + 4..].to_vec()).expect("a body in UTF-8");
        Self { status, content_type, body }
    }
}

/// The contract, read once.
pub(crate) fn schema() -> &'static Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Arc::new(Schema::embedded().expect("the embedded contract")))
}
