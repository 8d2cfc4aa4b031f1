//! A server with a simple handler, and clients that send exactly the bytes they are told to.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use envoi::{
    clock::Clock,
    server::{
        Contract, Drained, Figure, Handler, Inbound, Lost, Outbound, Outcome, Probes, Reload, Report, Server, Settings,
        tokens::Endpoint,
    },
};
use hyper::StatusCode;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::{Semaphore, oneshot},
    task::JoinHandle,
};

/// No answer may keep a test waiting longer; it is never the thing measured.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);
pub(crate) const XML: &str = "text/xml; charset=utf-8";

/// Answers each SOAP request with what it got, or does what `X-Do` says.
pub(crate) struct Works {
    /// Requests that `X-Do: wait` holds go on when a permit is added.
    pub(crate) gate: Semaphore,
    /// Requests that have reached the work.
    pub(crate) arrived: AtomicUsize,
    pub(crate) ready: Arc<AtomicBool>,
}

impl Handler for Works {
    async fn soap(&self, request: Inbound) -> Outbound {
        self.arrived.fetch_add(1, SeqCst);
        let body = match request.body {
            Ok(body) => body,
            Err(error) => return Outbound::new(error.status(), XML, format!("<Fault>{error}</Fault>")),
        };
        let report = Report::new("Create", Outcome::Ok);
        match request.headers.get("x-do").and_then(|value| value.to_str().ok()) {
            Some("panic") => panic!("as asked"),
            Some("wait") => self.gate.acquire().await.unwrap().forget(),
            Some("url") => {
                return Outbound::new(StatusCode::OK, XML, request.public_url + " " + &request.peer.ip().to_string());
            }
            Some(size) if size.parse::<usize>().is_ok() => {
                return Outbound::new(StatusCode::OK, XML, "x".repeat(size.parse().unwrap())).reporting(report);
            }
            _ => {}
        }
        Outbound::new(StatusCode::OK, XML, body).reporting(report)
    }

    async fn token(&self, endpoint: Endpoint, request: Inbound) -> Outbound {
        let (status, text) = match endpoint {
            Endpoint::Token => (StatusCode::UNAUTHORIZED, format!("v2 {}", request.body.unwrap().len())),
            Endpoint::RequestToken => (StatusCode::OK, format!("v1 {}", request.query.unwrap_or_default())),
            Endpoint::Endpoints => panic!("not only SOAP may fail"),
        };
        Outbound::new(status, "application/json", text)
    }

    fn panicked(&self, lost: Lost) -> Outbound {
        let kind = lost.content_type.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        Outbound::new(StatusCode::INTERNAL_SERVER_ERROR, XML, format!("<Fault>Server error. {kind}</Fault>"))
    }
}

fn contract() -> Contract {
    Contract {
        wsdl: |base| format!("<definitions location=\"{base}/Service.asmx\">{}</definitions>", " ".repeat(1000)),
        slim: Box::new(|objects, base| match objects.contains(&"Nonsense") {
            true => Err("the WSDL has no type Nonsense".to_owned()),
            false => Ok(format!("<definitions only=\"{}\" location=\"{base}/Service.asmx\"/>", objects.join(" "))),
        }),
        fault_xsd: || "<schema targetNamespace=\"urn:fault.partner.exacttarget.com\"/>",
    }
}

/// A running server; dropped, it is stopped.
pub(crate) struct House {
    pub(crate) addr: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) works: Arc<Works>,
    pub(crate) reload: Reload,
    stop: Option<oneshot::Sender<()>>,
    run: Option<JoinHandle<Drained>>,
}

pub(crate) async fn house() -> House {
    house_with(|_| {}).await
}

pub(crate) async fn house_with(change: impl FnOnce(&mut Settings)) -> House {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut settings = Settings { listen: any, admin: any, ..Settings::default() };
    change(&mut settings);
    let ready = Arc::new(AtomicBool::new(true));
    let works = Arc::new(Works { gate: Semaphore::new(0), arrived: AtomicUsize::new(0), ready: Arc::clone(&ready) });
    let probes = Probes {
        desk: None,
        ready: Box::new(move || if ready.load(SeqCst) { Ok(()) } else { Err("the disk is full".to_owned()) }),
        figures: Box::new(|| vec![Figure { name: "envoi_store_bytes".into(), help: "Bytes on disk", value: 4096.0 }]),
    };
    let server = Server::bind(settings, Arc::clone(&works), contract(), &Clock::system(), probes).await.unwrap();
    let (addr, admin, reload) = (server.addr(), server.admin_addr(), server.reload());
    let (stop, stopped) = oneshot::channel();
    let run = tokio::spawn(server.run(async { drop(stopped.await) }));
    House { addr, admin, works, reload, stop: Some(stop), run: Some(run) }
}

impl House {
    pub(crate) async fn connect(&self) -> Wire<TcpStream> {
        Wire(TcpStream::connect(self.addr).await.unwrap())
    }

    /// Sends one request on a connection of its own and reads to the end of it.
    pub(crate) async fn ask(&self, request: &str) -> Answer {
        ask(self.addr, request).await
    }

    /// POST to the endpoint.
    pub(crate) async fn post(&self, fields: &str, body: &str) -> Answer {
        let length = body.len();
        self.ask(&format!("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n{fields}\r\n{body}"))
            .await
    }

    /// Waits until the work has been asked so many times.
    pub(crate) async fn arrived(&self, times: usize) {
        eventually(|| self.works.arrived.load(SeqCst) >= times).await;
    }

    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) async fn ended(&mut self) -> Drained {
        tokio::time::timeout(PATIENCE, self.run.take().unwrap()).await.expect("the server ends").unwrap()
    }

    /// The value of a line of /metrics; 0 when there is no such line.
    pub(crate) async fn metric(&self, line: &str) -> f64 {
        let page =
            ask(self.admin, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.text();
        let value = page.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }
}

pub(crate) async fn ask(addr: SocketAddr, request: &str) -> Answer {
    let mut wire = Wire(TcpStream::connect(addr).await.unwrap());
    wire.send(request).await;
    wire.answer().await
}

/// Lets other tasks run until it is so.
pub(crate) async fn eventually(so: impl Fn() -> bool) {
    let waiting = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it comes to pass");
}

/// One end of a connection.
pub(crate) struct Wire<I>(pub(crate) I);

impl<I: AsyncRead + AsyncWrite + Unpin> Wire<I> {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    async fn byte(&mut self) -> Option<u8> {
        tokio::time::timeout(PATIENCE, self.0.read_u8()).await.expect("something comes").ok()
    }

    /// Reads one head, an interim one as well.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte().await.expect("a whole head"));
        }
        String::from_utf8(head).unwrap()
    }

    /// Reads one answer by its Content-Length.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.answer_to("GET").await
    }

    pub(crate) async fn answer_to(&mut self, method: &str) -> Answer {
        let head = self.head().await;
        let mut answer = Answer { head, body: Bytes::new() };
        let length = answer.field("content-length").map_or(0, |length| length.parse().unwrap());
        if method != "HEAD" {
            let mut body = vec![0; length];
            tokio::time::timeout(PATIENCE, self.0.read_exact(&mut body)).await.expect("a body").unwrap();
            answer.body = body.into();
        }
        answer
    }

    /// Whether the other end closes without sending anything more (a reset counts).
    pub(crate) async fn closed(&mut self) -> bool {
        self.byte().await.is_none()
    }
}

pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }
}
