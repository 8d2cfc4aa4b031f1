//! From the first connection to the last: limits on connections, panics, draining.

use std::time::Duration;

use bytes::Bytes;
use envoi::server::Drained;
use http_body_util::Full;
use hyper::Request;
use tokio::net::TcpStream;

use crate::{
    house::{Wire, house, house_with},
    versions::over_http2,
};

const WAIT: &str = "POST /Service.asmx HTTP/1.1\r\nHost: h\r\nX-Do: wait\r\nContent-Length: 4\r\n\r\n<a/>";

#[tokio::test]
async fn a_panic_ends_its_request_alone() {
    let house = house().await;
    let mut wire = house.connect().await;
    let mut other = house.connect().await;
    other.send(WAIT).await;
    house.arrived(1).await;
    wire.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nX-Do: panic\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>").await;
    let answer = wire.answer().await;
    assert_eq!((answer.status(), answer.text().as_str()), (500, "<Fault>Server error. text/xml</Fault>"));
    // The same connection goes on, and so do the others.
    wire.send("GET /platform/v1/endpoints/soap HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(wire.answer().await.status(), 500);
    wire.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n<b/>").await;
    assert_eq!(wire.answer().await.text(), "<b/>");
    house.works.gate.add_permits(1);
    assert_eq!(other.answer().await.text(), "<a/>");
    assert_eq!(house.metric("envoi_requests_total{operation=\"soap\",outcome=\"panicked\"}").await, 1.0);
}

#[tokio::test]
async fn connections_above_the_limit_wait_and_are_not_reset() {
    let house = house_with(|settings| settings.max_connections = 2).await;
    let mut first = house.connect().await;
    let mut second = house.connect().await;
    first.send(WAIT).await;
    second.send(WAIT).await;
    house.arrived(2).await;
    let mut third = house.connect().await;
    third.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n<c/>").await;
    // The operators' listener has its own seats.
    assert_eq!(house.metric("envoi_limits_met_total{limit=\"connections\"}").await, 1.0);
    house.works.gate.add_permits(1);
    let answer = first.answer().await;
    assert_eq!(answer.text(), "<a/>");
    drop(first);
    assert_eq!(third.answer().await.text(), "<c/>");
    house.works.gate.add_permits(1);
    assert_eq!(second.answer().await.text(), "<a/>");
}

#[tokio::test]
async fn a_drain_finishes_what_is_in_flight_and_closes_the_rest() {
    let mut house = house().await;
    let mut idle = house.connect().await;
    idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(idle.answer().await.status(), 200);
    let mut fresh = house.connect().await;
    let mut busy = house.connect().await;
    busy.send(WAIT).await;
    house.arrived(1).await;
    house.stop();
    assert!(idle.closed().await);
    assert!(fresh.closed().await);
    // No new connection is taken while the old request goes on.
    let refused = async { while TcpStream::connect(house.addr).await.is_ok() {} };
    tokio::time::timeout(crate::house::PATIENCE, refused).await.unwrap();
    house.works.gate.add_permits(1);
    let answer = busy.answer().await;
    assert_eq!((answer.text().as_str(), answer.field("connection")), ("<a/>", Some("close")));
    assert!(busy.closed().await);
    assert_eq!(house.ended().await, Drained { cut: 0 });
}

#[tokio::test]
async fn a_drain_finishes_http_2_as_well() {
    let mut house = house().await;
    let url = format!("http://{}/Service.asmx", house.addr);
    let wait = || Request::post(&url).header("x-do", "wait").body(Full::new(Bytes::from("<a/>"))).unwrap();
    let answers = tokio::spawn(over_http2(house.connect().await.0, vec![wait(), wait()]));
    house.arrived(2).await;
    house.stop();
    house.works.gate.add_permits(2);
    assert!(answers.await.unwrap().iter().all(|answer| answer.status() == 200));
    assert_eq!(house.ended().await, Drained { cut: 0 });
}

#[tokio::test]
async fn a_drain_has_an_end() {
    let mut house = house_with(|settings| settings.drain_timeout = Duration::from_millis(100)).await;
    let mut busy = house.connect().await;
    busy.send(WAIT).await;
    house.arrived(1).await;
    house.stop();
    assert_eq!(house.ended().await, Drained { cut: 1 });
    assert!(busy.closed().await);
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_and_frees_its_seat() {
    let house = house_with(|settings| settings.max_connections = 1).await;
    let mut wire = house.connect().await;
    wire.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: 40\r\n\r\n<a/>").await;
    drop(wire);
    let mut next = Wire(TcpStream::connect(house.addr).await.unwrap());
    next.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n<b/>").await;
    assert_eq!(next.answer().await.text(), "<b/>");
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_given_up() {
    let house = house_with(|settings| settings.idle_timeout = Duration::from_millis(100)).await;
    let mut wire = house.connect().await;
    wire.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nX-Do: 50000000\r\nContent-Length: 0\r\n\r\n").await;
    house.arrived(1).await;
    let given_up = async { while house.metric("envoi_connections_open{listener=\"soap\"}").await > 0.0 {} };
    tokio::time::timeout(crate::house::PATIENCE, given_up).await.unwrap();
    let mut taken = 0;
    let mut buffer = vec![0; 1 << 16];
    while let Ok(1..) = tokio::io::AsyncReadExt::read(&mut wire.0, &mut buffer).await.inspect(|read| taken += read) {}
    assert!(taken < 50_000_000);
}
