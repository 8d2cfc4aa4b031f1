//! Heads of requests: routes, limits, slow senders, the public address.

use std::time::Duration;

use crate::house::{Wire, house, house_with};

const SHORT: Duration = Duration::from_millis(250);

#[tokio::test]
async fn every_door_is_found_by_its_end_in_any_case() {
    let house = house().await;
    for path in ["/Service.asmx", "/service.asmx", "/some/where/SERVICE.asmx?x=1"] {
        let answer = house.ask(&format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n<a/>")).await;
        assert_eq!((answer.status(), answer.text().as_str()), (200, "<a/>"), "{path}");
    }
    let token = house.ask("POST /x/V2/token HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}").await;
    assert_eq!((token.status(), token.text().as_str()), (401, "v2 2"));
    let token = house.ask("POST /v1/requestToken?legacy=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(token.text(), "v1 legacy=1");
    let page = house.ask("GET / HTTP/1.1\r\nHost: mc.example\r\n\r\n").await;
    assert!(page.text().contains("http://mc.example/etframework.wsdl"));
    assert!(house.ask("GET /Service.asmx HTTP/1.1\r\nHost: h\r\n\r\n").await.text().contains("/etframework.wsdl"));
    let nothing = house.ask("GET /favicon.ico HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!((nothing.status(), nothing.field("content-type")), (404, Some("text/plain; charset=utf-8")));
    let wrong = house.ask("PUT /Service.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!((wrong.status(), wrong.field("allow")), (405, Some("GET, HEAD, POST")));
}

#[tokio::test]
async fn too_many_or_too_long_header_fields_are_431() {
    let house = house().await;
    let many = |count: usize| (0..count).map(|n| format!("X-{n}: 1\r\n")).collect::<String>();
    assert_eq!(house.post(&many(98), "<a/>").await.status(), 200);
    assert_eq!(house.post(&many(99), "<a/>").await.status(), 431);
    let mut wire = house.connect().await;
    let long = "y".repeat(70_000);
    // The answer may come, and the close with it, before all is written.
    let _ = tokio::io::AsyncWriteExt::write_all(&mut wire.0, format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n").as_bytes())
        .await;
    assert_eq!(wire.answer().await.status(), 431);
}

#[tokio::test]
async fn a_slow_head_is_dropped_whatever_part_of_it_came() {
    let house = house_with(|settings| settings.head_timeout = SHORT).await;
    for begun in ["", "P", "PRI * HT", "POST /Service.asmx HTTP/1.1\r\nHost: h\r\nX-"] {
        let mut wire = house.connect().await;
        wire.send(begun).await;
        assert!(wire.closed().await, "{begun}");
    }
    // The next head on a kept connection is measured too, from its first byte.
    let mut wire = house.connect().await;
    wire.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(wire.answer().await.status(), 200);
    wire.send("GET / HT").await;
    assert!(wire.closed().await);
    assert_eq!(house.metric("envoi_limits_met_total{limit=\"head_time\"}").await, 5.0);
}

#[tokio::test]
async fn a_kept_connection_may_stand_idle_longer_than_a_head_may_take() {
    let house = house_with(|settings| {
        settings.head_timeout = SHORT;
        settings.idle_timeout = SHORT * 5;
    })
    .await;
    let mut wire = house.connect().await;
    wire.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(wire.answer().await.status(), 200);
    assert!(wire.closed().await);
    // It was idleness that ended it.
    assert_eq!(house.metric("envoi_limits_met_total{limit=\"head_time\"}").await, 0.0);
}

#[tokio::test]
async fn the_request_has_a_name_that_comes_back() {
    let house = house().await;
    assert_eq!(house.post("X-Request-Id: mine-1.a\r\n", "<a/>").await.field("x-request-id"), Some("mine-1.a"));
    for other in ["", "X-Request-Id: two words\r\n", "X-Request-Id: \"<x>\r\n"] {
        let answer = house.post(other, "<a/>").await;
        assert_eq!(answer.field("x-request-id").unwrap().len(), 36, "{other}");
    }
}

#[tokio::test]
async fn the_public_url_is_the_clients_or_a_trusted_proxys_or_the_configured() {
    let forwarded =
        "X-Do: url\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: out.example\r\nX-Forwarded-For: 192.0.2.7\r\n";
    let house = house().await;
    assert_eq!(house.post(forwarded, "").await.text(), "http://h 127.0.0.1");
    let bad = house.ask("GET / HTTP/1.1\r\nHost: a\"b\r\n\r\n").await;
    assert_eq!(bad.status(), 400);
    let proxied = house_with(|settings| settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]).await;
    assert_eq!(proxied.post(forwarded, "").await.text(), "https://out.example 192.0.2.7");
    let configured = house_with(|settings| settings.public_url = Some("https://soap.example/".to_owned())).await;
    assert_eq!(configured.post(forwarded, "").await.text(), "https://soap.example 127.0.0.1");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let house = house().await;
    let mut wire: Wire<_> = house.connect().await;
    let one = |body: &str| format!("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n{body}");
    wire.send([one("<a/>"), one("<b/>"), one("<c/>")].concat()).await;
    for body in ["<a/>", "<b/>", "<c/>"] {
        assert_eq!(wire.answer().await.text(), body);
    }
}
