//! The operators' listener.

use std::sync::atomic::Ordering::SeqCst;

use crate::house::{Answer, House, ask, house};

async fn get(house: &House, path: &str, host: &str) -> Answer {
    ask(house.admin, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await
}

#[tokio::test]
async fn it_lives_and_is_ready_until_it_is_not() {
    let mut house = house().await;
    assert_eq!(get(&house, "/livez", "localhost").await.status(), 200);
    assert_eq!(get(&house, "/readyz", "127.0.0.1:8081").await.status(), 200);
    house.works.ready.store(false, SeqCst);
    let unready = get(&house, "/readyz", "[::1]:8081").await;
    assert_eq!((unready.status(), unready.text().as_str()), (503, "the disk is full\n"));
    assert_eq!(get(&house, "/livez", "localhost").await.status(), 200);
    house.works.ready.store(true, SeqCst);
    // A request in flight holds the drain open.
    let mut busy = house.connect().await;
    busy.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nX-Do: wait\r\nContent-Length: 4\r\n\r\n<a/>").await;
    house.arrived(1).await;
    house.stop();
    let refused = async { while get(&house, "/readyz", "localhost").await.status() == 200 {} };
    tokio::time::timeout(crate::house::PATIENCE, refused).await.unwrap();
    assert_eq!(get(&house, "/readyz", "localhost").await.text(), "draining\n");
    assert_eq!(get(&house, "/livez", "localhost").await.status(), 200);
    house.works.gate.add_permits(1);
    assert_eq!(busy.answer().await.text(), "<a/>");
}

#[tokio::test]
async fn the_figures_are_told() {
    let house = house().await;
    assert_eq!(house.post("", "<a/>").await.status(), 200);
    assert_eq!(house.ask("GET /etframework.wsdl HTTP/1.1\r\nHost: h\r\n\r\n").await.status(), 200);
    assert_eq!(house.ask("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n").await.status(), 404);
    assert_eq!(house.metric("envoi_requests_total{operation=\"Create\",outcome=\"ok\"}").await, 1.0);
    assert_eq!(house.metric("envoi_requests_total{operation=\"wsdl\",outcome=\"ok\"}").await, 1.0);
    assert_eq!(house.metric("envoi_requests_total{operation=\"none\",outcome=\"fault\"}").await, 1.0);
    assert_eq!(house.metric("envoi_request_duration_seconds_count{operation=\"Create\"}").await, 1.0);
    assert_eq!(house.metric("envoi_received_bytes_total").await, 4.0);
    assert!(house.metric("envoi_sent_bytes_total").await > 1000.0);
    assert_eq!(house.metric("envoi_store_bytes").await, 4096.0);
    assert_eq!(house.metric("envoi_connections_total{listener=\"soap\"}").await, 3.0);
    let page = get(&house, "/metrics", "localhost").await;
    assert!(page.text().contains(&format!("envoi_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))));
    assert!(page.text().ends_with("# EOF\n"));
    assert_eq!(page.text().matches("# EOF").count(), 1);
}

#[tokio::test]
async fn a_foreign_name_for_a_loopback_address_is_refused() {
    let house = house().await;
    for host in ["evil.example", "evil.example:8081", "localhost.evil.example", "192.0.2.1", ""] {
        let expected = if host.is_empty() { 200 } else { 403 };
        assert_eq!(get(&house, "/metrics", host).await.status(), expected, "{host}");
    }
    assert_eq!(get(&house, "/nothing", "localhost").await.status(), 404);
    let answer = ask(house.admin, "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!((answer.status(), answer.field("allow")), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn soap_is_not_spoken_here_nor_operators_there() {
    let house = house().await;
    assert_eq!(get(&house, "/etframework.wsdl", "localhost").await.status(), 404);
    assert_eq!(house.ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").await.status(), 404);
}
