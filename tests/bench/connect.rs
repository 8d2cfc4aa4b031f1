//! What the gateway costs on the way to a messaging API: `cargo bench --bench connect`.
//!
//! A stand-in for Connectly in this process answers at once. It is called directly with the request that the gateway makes, and
//! through the gateway by a SOAP call of one SMSTriggeredSend, everything on disk before it leaves and after it was answered.
//! With one connection the difference is the added latency; with many, the ratio is what is left of the rate.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a bench ends where it is wrong")]

use std::{convert::Infallible, fmt::Write as _, net::SocketAddr, sync::Arc};

use envoi::{
    clock::{Clock, Stopwatch},
    connector::{Api, Connector, Connectors, Defaults, Route, To},
    message::client::Secret,
};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::watch};

#[path = "../wire/gateway.rs"]
#[allow(dead_code, reason = "shared with tests")]
mod gateway;
#[path = "../connectors/settings.rs"]
#[allow(dead_code, reason = "shared with tests")]
mod settings;
mod wire;

const CONNECTIONS: [usize; 3] = [1, 16, 64];
const REQUESTS: usize = 2_000;
const ROUNDS: usize = 3;
const ASYNCHRONOUS: usize = 2_000;
/// Short, and it ends as `wire` wants a good answer to.
const ANSWER: &str = "{\"id\":\"01FPW47QF69Y5JZH24605VAKQB\",\"note\":\"xxxxxxxxxxxxxxxx\"}";

/// A server that takes every message; gives its address, and how many have come.
async fn stand_in() -> (SocketAddr, watch::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("its address");
    let (come, seen) = watch::channel(0);
    let come = Arc::new(come);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let _ = stream.set_nodelay(true);
            let come = Arc::clone(&come);
            tokio::spawn(async move {
                let answer = |request: Request<Incoming>| {
                    let come = Arc::clone(&come);
                    async move {
                        let _ = request.into_body().collect().await;
                        come.send_modify(|count| *count += 1);
                        let body = Full::new(bytes::Bytes::from_static(ANSWER.as_bytes()));
                        Ok::<_, Infallible>(
                            Response::builder().header("content-type", "application/json").body(body).unwrap(),
                        )
                    }
                };
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .await;
            });
        }
    });
    (addr, seen)
}

fn connectors(base: SocketAddr) -> Connectors {
    let api = Api::Connectly { business: "business-1".to_owned(), api_key: Secret::new("api-key") };
    let connector = Connector {
        at_once: 64,
        per_second: 1_000_000,
        defaults: Defaults {
            channel: Some("whatsapp".to_owned()),
            sender: Some("+15550001111".to_owned()),
            ..Defaults::default()
        },
        ..settings::connector("connectly", api, format!("http://{base}/v1"))
    };
    let route = Route {
        name: "all".to_owned(),
        accounts: Vec::new(),
        kinds: vec!["SMSTriggeredSend".to_owned()],
        definition: None,
        properties: Default::default(),
        attributes: Default::default(),
        to: To::Connector("connectly".to_owned()),
        defaults: Defaults::default(),
        allowed: Default::default(),
    };
    Connectors { connectors: [("connectly".to_owned(), Arc::new(connector))].into(), routes: vec![route] }
}

/// A SOAP call with one text.
fn soap(text: &mut String, options: &str, at: usize) {
    let object = format!(
        "<Objects xsi:type=\"SMSTriggeredSend\"><Message>hello {at}</Message><Number>+49151{at:08}</Number></Objects>"
    );
    let message = gateway::request("CreateRequest", &format!("<Options>{options}</Options>"), &object);
    text.push_str(&gateway::envelope(&gateway::security("demo", "demo-password"), &message));
}

/// The request that the gateway makes of it.
fn json(text: &mut String, at: usize) {
    write!(
        text,
        "{{\"recipient\":{{\"id\":\"+49151{at:08}\",\"channelType\":\"whatsapp\"}},\"message\":{{\"id\":\"6f1ed002-ab5c-5b4b-8a54-000000000000\",\
         \"text\":\"hello {at}\"}},\"sender\":{{\"id\":\"+15550001111\",\"channelType\":\"whatsapp\"}},\
         \"callbackData\":{{\"key\":\"6f1ed002-ab5c-5b4b-8a54-000000000000\"}}}}"
    )
    .expect("into memory");
}

#[tokio::main]
async fn main() {
    let folder = wire::folder();
    println!("disk: append 4 KiB + fdatasync, median {:?}", wire::sync_median(folder.path()));
    let (addr, mut seen) = stand_in().await;
    let gateway = gateway::Gateway::start_with(|parts| {
        parts.connectors = Arc::new(connectors(addr));
        parts.clock = Clock::system();
        parts.store.path = Some(folder.path().join("data"));
        parts.server.max_in_flight = 1024;
    })
    .await;
    let mut number = 0;
    for connections in CONNECTIONS {
        let mut pairs = Vec::new();
        for _ in 0..ROUNDS {
            let from = number;
            number += REQUESTS;
            let ours = wire::load(gateway.addr, connections, REQUESTS, move |at, text| soap(text, "", from + at)).await;
            let direct = wire::load(addr, connections, REQUESTS, move |at, text| json(text, from + at)).await;
            pairs.push((ours, direct));
        }
        let (ours, direct) = wire::middle(pairs);
        let each = |rate: f64| 1e6 * connections as f64 / rate;
        println!(
            "{connections:3} callers: {ours:6.0} messages/s through the gateway, {direct:6.0}/s directly, ratio {:.3}; \
             a message takes {:.0} µs, {:.0} µs of them added",
            ours / direct,
            each(ours),
            each(ours) - each(direct),
        );
    }
    let before = *seen.borrow();
    let from = number;
    let options = "<RequestType>Asynchronous</RequestType>";
    let watch = Stopwatch::start();
    let accepted = wire::load(gateway.addr, 64, ASYNCHRONOUS, move |at, text| soap(text, options, from + at)).await;
    seen.wait_for(|count| *count >= before + ASYNCHRONOUS).await.expect("the stand-in lives");
    let sent = ASYNCHRONOUS as f64 / watch.elapsed().as_secs_f64();
    println!(
        "asynchronous: {accepted:.0} calls/s accepted, {sent:.0} messages/s from the first call to the last message"
    );
    gateway.stop().await;
}
