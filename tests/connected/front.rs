//! A gateway whose connector leads to a system on this machine, which answers as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use envoi::connector::Connector;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
};

use crate::{
    gateway::{Answer, Gateway, request},
    house::{connectly, connectors},
};

/// A system that speaks HTTP.
pub(crate) struct Far {
    pub(crate) addr: SocketAddr,
    state: Arc<State>,
}

struct State {
    /// Bodies that came.
    came: Mutex<Vec<String>>,
    /// Answers to the next requests: status, and body; then it accepts.
    answers: Mutex<VecDeque<(u16, String)>>,
    /// While it is closed, requests are read and not answered.
    gate: Semaphore,
    arrived: Notify,
}

/// More than there are requests.
const OPEN: usize = 1000;

/// What a connector waits for an answer, in real time: longer than any machine takes for a whole test.
const PATIENCE: Duration = Duration::from_secs(600);

impl Far {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let state = State {
            came: Mutex::default(),
            answers: Mutex::default(),
            gate: Semaphore::new(OPEN),
            arrived: Notify::new(),
        };
        let state = Arc::new(state);
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&serving).serve(stream));
            }
        });
        Self { addr, state }
    }

    pub(crate) fn answers(&self, status: u16, body: &str) {
        self.state.answers.lock().unwrap().push_back((status, body.to_owned()));
    }

    /// From now on nobody is answered.
    pub(crate) async fn hold(&self) {
        self.state.gate.acquire_many(u32::try_from(OPEN).unwrap()).await.unwrap().forget();
    }

    /// All are answered again.
    pub(crate) fn release(&self) {
        self.state.gate.add_permits(OPEN);
    }

    /// Ready when so many requests have come.
    pub(crate) async fn arrived(&self, count: usize) {
        while self.came().len() < count {
            self.state.arrived.notified().await;
        }
    }

    pub(crate) fn came(&self) -> Vec<String> {
        self.state.came.lock().unwrap().clone()
    }
}

impl State {
    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let body = loop {
            let mut more = [0; 4096];
            let count = stream.read(&mut more).await.unwrap_or(0);
            if count == 0 {
                return;
            }
            bytes.extend_from_slice(&more[..count]);
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head
                .to_lowercase()
                .split_once("content-length: ")
                .map_or(0, |(_, rest)| rest.lines().next().unwrap().trim().parse::<usize>().unwrap());
            if body.len() >= length {
                break body.to_owned();
            }
        };
        self.came.lock().unwrap().push(body);
        self.arrived.notify_one();
        let _open = self.gate.acquire().await.unwrap();
        let told = self.answers.lock().unwrap().pop_front();
        let (status, body) = told.unwrap_or_else(|| (201, "{\"id\":\"01FPW47QF69Y5JZH24605VAKQB\"}".to_owned()));
        let answer = format!(
            "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let _written = stream.write_all(answer.as_bytes()).await;
    }
}

/// A gateway with a connector to this system.
pub(crate) async fn gateway(far: &Far, change: impl FnOnce(&mut Connector)) -> Gateway {
    gateway_at(far, None, change).await
}

/// The same with a data directory.
pub(crate) async fn gateway_at(far: &Far, data: Option<&Path>, change: impl FnOnce(&mut Connector)) -> Gateway {
    // Nothing here ends by real time: whoever is held is let go.
    let (connect_timeout, timeout) = (PATIENCE, PATIENCE);
    let base = format!("http://{}/v1", far.addr);
    let mut connector = Connector { base, connect_timeout, timeout, ..connectly() };
    change(&mut connector);
    Gateway::start_with(|parts| {
        parts.connectors = connectors(connector);
        parts.store.path = data.map(Path::to_owned);
    })
    .await
}

pub(crate) async fn create(gateway: &Gateway, options: &str, objects: &str) -> Answer {
    gateway.call("Create", &request("CreateRequest", options, objects)).await
}

/// `StatusCode ErrorCode StatusMessage` of each row.
pub(crate) fn rows(answer: &Answer) -> Vec<String> {
    let count = answer.count("CreateResponse/Results");
    let row = |at: usize| {
        let text = |member: &str| answer.text(&format!("CreateResponse/Results#{at}/{member}"));
        format!(
            "{} {} {}",
            text("StatusCode").unwrap_or_default(),
            text("ErrorCode").unwrap_or_else(|| "-".to_owned()),
            text("StatusMessage").unwrap_or_default()
        )
    };
    (0..count).map(row).collect()
}

/// What operators are told at a path.
pub(crate) async fn told(gateway: &Gateway, method: &str, path: &str) -> serde_json::Value {
    let body = asked(gateway, method, path).await;
    serde_json::from_str(&body).expect("JSON")
}

/// What operators are told, as it is.
pub(crate) async fn asked(gateway: &Gateway, method: &str, path: &str) -> String {
    let answer = Answer::to_operator(gateway.admin, method, path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// The states of all deliveries, the oldest first.
pub(crate) async fn states(gateway: &Gateway) -> Vec<String> {
    let list = told(gateway, "GET", "/deliveries").await;
    list.as_array().unwrap().iter().rev().map(|line| line["state"].as_str().unwrap().to_owned()).collect()
}

/// The names of the lists that were made.
pub(crate) async fn lists(gateway: &Gateway) -> Vec<String> {
    let message = format!(
        "<RetrieveRequestMsg xmlns=\"{}\"><RetrieveRequest><ObjectType>List</ObjectType><Properties>ListName</Properties>\
         </RetrieveRequest></RetrieveRequestMsg>",
        crate::gateway::PARTNER_API
    );
    let answer = gateway.call("Retrieve", &message).await;
    let count = answer.count("RetrieveResponseMsg/Results");
    let name = |at: usize| answer.text(&format!("RetrieveResponseMsg/Results#{at}/ListName")).unwrap_or_default();
    (0..count).map(name).filter(|name| name != "All Subscribers").collect()
}
