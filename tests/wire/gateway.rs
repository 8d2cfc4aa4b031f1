//! A whole gateway in this process, on ports of its own, and a client that sends it bytes.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::Child,
    sync::{Arc, OnceLock},
};

use envoi::{
    backend,
    clock::{Clock, Time},
    config::demo,
    notify,
    object::{Limits, Node, Tree, read},
    queue,
    schema::Schema,
    server::{Parts, Settings, access, start},
    store,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

pub(crate) const ENVELOPE_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub(crate) const ENVELOPE_12: &str = "http://www.w3.org/2003/05/soap-envelope";
pub(crate) const PARTNER_API: &str = "http://exacttarget.com/wsdl/partnerAPI";
pub(crate) const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

/// 2026-03-01T12:00:00Z, where the clock of every gateway here stands.
pub(crate) const START: Time = Time::from_millis(1_772_366_400_000);

/// No name has an address: nothing leaves this machine.
pub(crate) fn nowhere() -> notify::Resolver {
    notify::Resolver::new(|_| Box::pin(async { Err(std::io::Error::other("there are no names in tests")) }))
}

/// A running gateway. It stops when this is dropped.
pub(crate) struct Gateway {
    pub(crate) addr: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) clock: Clock,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Gateway {
    /// Starts one with the accounts of the demonstration and an empty store in memory.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Parts)) -> Self {
        let clock = Clock::stopped_at(START);
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut parts = Parts {
            server: Settings { listen: any, admin: any, ..Settings::default() },
            access: access::Settings::default(),
            accounts: Arc::new(demo::accounts().expect("the demonstration's accounts")),
            store: store::Settings::default(),
            limits: Limits::default(),
            backend: backend::Settings::default(),
            queue: queue::Settings::default(),
            notify: notify::Settings { resolver: nowhere(), ..notify::Settings::default() },
            mail: envoi::mail::Settings::default(),
            connectors: Arc::default(),
            clock: clock.clone(),
            seeded: None,
        };
        change(&mut parts);
        let clock = parts.clock.clone();
        let server = start(parts).await.expect("a gateway starts");
        let (addr, admin) = (server.addr(), server.admin_addr());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async {
            server
                .run(async {
                    // Dropping the sender is the signal.
                    let _ = stopped.await;
                })
                .await;
        });
        Self { addr, admin, clock, stop, running }
    }

    /// Stops it and waits until its store is closed.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        self.running.await.expect("a gateway stops");
    }

    /// Sends a request as it stands and reads until the other side closes or the answer is whole.
    pub(crate) async fn raw(&self, request: &[u8]) -> Answer {
        Answer::over(self.addr, request).await
    }

    /// POSTs a body to /Service.asmx.
    pub(crate) async fn post(&self, content_type: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!(
            "POST /Service.asmx HTTP/1.1\r\nHost: {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
             Connection: close\r\n",
            self.addr,
            body.len()
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    /// POSTs a SOAP 1.1 envelope with the demonstration's user around a message.
    pub(crate) async fn call(&self, action: &str, message: &str) -> Answer {
        self.envelope(action, &envelope(&security("demo", "demo-password"), message)).await
    }

    /// POSTs a SOAP 1.1 envelope.
    pub(crate) async fn envelope(&self, action: &str, envelope: &str) -> Answer {
        self.post("text/xml; charset=utf-8", &[("SOAPAction", action)], envelope.as_bytes()).await
    }
}

impl Answer {
    /// Sends a request as it stands to an address and reads until the other side closes.
    pub(crate) async fn over(addr: SocketAddr, request: &[u8]) -> Self {
        let mut stream = TcpStream::connect(addr).await.expect("the gateway listens");
        stream.write_all(request).await.expect("the gateway reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("the gateway answers");
        Self::parse(&bytes)
    }

    /// Asks as an operator does.
    pub(crate) async fn to_operator(admin: SocketAddr, method: &str, path: &str) -> Self {
        Self::over(admin, of_operator(admin, method, path).as_bytes()).await
    }

    /// Calls with the demonstration's user.
    pub(crate) async fn to_caller(soap: SocketAddr, action: &str, message: &str) -> Self {
        Self::over(soap, of_caller(soap, action, message).as_bytes()).await
    }

    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let split = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an HTTP head");
        let head = String::from_utf8(bytes[..split].to_vec()).expect("a head in ASCII");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = String::from_utf8(bytes[split + 4..].to_vec()).expect("a body in UTF-8");
        Self { status, head, body }
    }

    /// A header field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The answer's document.
    pub(crate) fn tree(&self) -> Tree {
        read(self.body.clone(), schema(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The text at a path of local names below the Body (`CreateResponse/Results/ErrorCode`); a number picks among equals.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let tree = self.tree();
        let body = tree.root().child("Body").expect("a Body");
        descend(body, path).map(|node| node.text().into_owned())
    }

    /// How many elements there are at a path.
    pub(crate) fn count(&self, path: &str) -> usize {
        let tree = self.tree();
        let body = tree.root().child("Body").expect("a Body");
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = if parent.is_empty() { Some(body) } else { descend(body, parent) };
        parent.map_or(0, |parent| parent.children().filter(|child| child.name() == name).count())
    }
}

fn descend<'a>(node: Node<'a>, path: &str) -> Option<Node<'a>> {
    path.split('/').try_fold(node, |node, step| {
        let (name, at) = match step.split_once('#') {
            Some((name, at)) => (name, at.parse().expect("a number")),
            None => (step, 0),
        };
        node.children().filter(|child| child.name() == name).nth(at)
    })
}

/// An operator's request.
pub(crate) fn of_operator(admin: SocketAddr, method: &str, path: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {admin}\r\nEnvoi-Operator: test\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    )
}

/// A call of the demonstration's user.
pub(crate) fn of_caller(soap: SocketAddr, action: &str, message: &str) -> String {
    let body = envelope(&security("demo", "demo-password"), message);
    format!(
        "POST /Service.asmx HTTP/1.1\r\nHost: {soap}\r\nContent-Type: text/xml\r\nSOAPAction: {action}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Where a program listens that has just been started, for callers and for operators; none when it ended before it was ready.
pub(crate) fn addresses(child: &mut Child) -> Option<(SocketAddr, SocketAddr)> {
    let mut admin = None;
    for line in BufReader::new(child.stdout.take()?).lines().map_while(Result::ok) {
        if let Some(url) = line.strip_prefix("admin http://") {
            admin = url.parse().ok();
        }
        if let Some(url) = line.strip_prefix("ready http://") {
            return Some((url.parse().ok()?, admin?));
        }
    }
    None
}

/// The contract, read once.
pub(crate) fn schema() -> &'static Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Arc::new(Schema::embedded().expect("the embedded contract")))
}

/// A UsernameToken.
pub(crate) fn security(user: &str, password: &str) -> String {
    format!(
        "<wsse:Security soap:mustUnderstand=\"1\" xmlns:wsse=\"{WSSE}\"><wsse:UsernameToken>\
         <wsse:Username>{user}</wsse:Username><wsse:Password>{password}</wsse:Password></wsse:UsernameToken></wsse:Security>"
    )
}

/// A SOAP 1.1 envelope.
pub(crate) fn envelope(header: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"{ENVELOPE_11}\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">\
         <soap:Header>{header}</soap:Header><soap:Body>{message}</soap:Body></soap:Envelope>"
    )
}

/// A CreateRequest (or Update, Delete) with these objects.
pub(crate) fn request(root: &str, options: &str, objects: &str) -> String {
    format!("<{root} xmlns=\"{PARTNER_API}\">{options}{objects}</{root}>")
}

/// A subscriber as an object of a request.
pub(crate) fn subscriber(email: &str, key: &str) -> String {
    format!(
        "<Objects xsi:type=\"Subscriber\"><EmailAddress>{email}</EmailAddress>\
         <SubscriberKey>{key}</SubscriberKey></Objects>"
    )
}
