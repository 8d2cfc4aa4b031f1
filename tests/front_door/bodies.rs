//! Bodies: framing, size, speed, compression of requests and answers.

use std::{io::Write, time::Duration};

use flate2::{
    Compression,
    read::GzDecoder,
    write::{GzEncoder, ZlibEncoder},
};

use crate::house::{house, house_with};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

async fn post_coded(house: &crate::house::House, coding: &str, body: &[u8]) -> crate::house::Answer {
    let mut wire = house.connect().await;
    let length = body.len();
    wire.send(format!(
        "POST /Service.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\nContent-Encoding: {coding}\r\n\r\n"
    ))
    .await;
    wire.send(body).await;
    wire.answer().await
}

#[tokio::test]
async fn chunked_bodies_are_joined() {
    let house = house().await;
    let head = "POST /Service.asmx HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer =
        house.ask(&format!("{head}5\r\n<Enve\r\n1;ext=1\r\nl\r\n6\r\nope />\r\n0\r\nTrailer: 1\r\n\r\n")).await;
    assert_eq!(answer.text(), "<Envelope />");
    let mut wire = house.connect().await;
    wire.send(head).await;
    let many: String = (0..3000).map(|_| "1\r\na\r\n").collect();
    wire.send(many + "0\r\n\r\n").await;
    assert_eq!(wire.answer().await.text(), "a".repeat(3000));
}

#[tokio::test]
async fn continue_is_said_before_the_body_is_sent() {
    let house = house().await;
    let mut wire = house.connect().await;
    wire.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n").await;
    assert!(wire.head().await.starts_with("HTTP/1.1 100 "));
    wire.send("<a/>").await;
    assert_eq!(wire.answer().await.text(), "<a/>");
}

#[tokio::test]
async fn a_body_announced_too_large_is_refused_before_it_is_sent() {
    let house = house().await;
    let mut wire = house.connect().await;
    wire.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
        .await;
    let answer = wire.answer().await;
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.text(), "<Fault>the request body is longer than 10485760 bytes</Fault>");
    assert!(wire.closed().await);
}

#[tokio::test]
async fn a_body_sent_too_large_is_taken_and_answered() {
    // More than the buffers of both ends hold: the client cannot end its sending unless it is read.
    let large = house_with(|settings| settings.max_body = 10 << 20).await;
    assert_eq!(large.post("", &"x".repeat(30 << 20)).await.status(), 413);
    let house = house_with(|settings| settings.max_body = 100_000).await;
    let fault = "<Fault>the request body is longer than 100000 bytes</Fault>";
    let answer = house.post("", &"x".repeat(300_000)).await;
    assert_eq!((answer.status(), answer.text().as_str()), (413, fault));
    assert_eq!(house.post("", &"x".repeat(100_000)).await.status(), 200);
    assert_eq!(house.post("", &"x".repeat(100_001)).await.status(), 413);
    let chunk = format!("{:x}\r\n{}\r\n", 50_000, "x".repeat(50_000));
    let head = "POST /Service.asmx HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = house.ask(&format!("{head}{chunk}{chunk}{chunk}0\r\n\r\n")).await;
    assert_eq!((answer.status(), answer.text().as_str()), (413, fault));
    assert_eq!(house.metric("envoi_limits_met_total{limit=\"body_size\"}").await, 3.0);
}

#[tokio::test]
async fn a_body_that_stops_coming_is_given_up() {
    let house = house_with(|settings| settings.body_timeout = Duration::from_millis(100)).await;
    let mut wire = house.connect().await;
    wire.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n<a").await;
    assert_eq!(wire.answer().await.status(), 408);
    assert!(wire.closed().await);
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up() {
    // Every piece comes in time; only the rate is too low.
    let house = house_with(|settings| {
        settings.body_timeout = Duration::from_millis(300);
        settings.body_min_rate = 1 << 20;
    })
    .await;
    let wire = house.connect().await;
    let (mut read, mut write) = tokio::io::split(wire.0);
    let sender = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let head = b"POST /Service.asmx HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n";
        let mut sent = write.write_all(head).await;
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        while sent.is_ok() {
            pace.tick().await;
            sent = write.write_all(b"x").await;
        }
    });
    let mut answer = [0; 12];
    tokio::time::timeout(crate::house::PATIENCE, tokio::io::AsyncReadExt::read_exact(&mut read, &mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    sender.abort();
    assert_eq!(house.metric("envoi_limits_met_total{limit=\"body_time\"}").await, 1.0);
}

#[tokio::test]
async fn a_client_may_close_its_sending_side_and_still_be_answered() {
    let house = house().await;
    let mut wire = house.connect().await;
    wire.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nX-Do: wait\r\nContent-Length: 4\r\n\r\n<a/>").await;
    house.arrived(1).await;
    tokio::io::AsyncWriteExt::shutdown(&mut wire.0).await.unwrap();
    // The server has seen the end of what we send by the time it has served these.
    for _ in 0..3 {
        assert_eq!(house.post("", "<b/>").await.text(), "<b/>");
    }
    house.works.gate.add_permits(1);
    assert_eq!(wire.answer().await.text(), "<a/>");
    assert!(wire.closed().await);
}

#[tokio::test]
async fn compressed_requests_are_read() {
    let house = house().await;
    let long = "<Envelope/>".repeat(5000);
    assert_eq!(post_coded(&house, "gzip", &gzip(long.as_bytes())).await.text(), long);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(b"<a/>").unwrap();
    assert_eq!(post_coded(&house, "deflate", &zlib.finish().unwrap()).await.text(), "<a/>");
    assert_eq!(post_coded(&house, "identity", b"<a/>").await.text(), "<a/>");
    let noise: String =
        (0..200_000u32).map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26)).collect();
    assert_eq!(post_coded(&house, "x-gzip", &gzip(noise.as_bytes())).await.text(), noise);
    assert_eq!(post_coded(&house, "gzip", b"<a/>").await.status(), 400);
    assert_eq!(post_coded(&house, "br", b"<a/>").await.status(), 415);
}

#[tokio::test]
async fn a_gzip_bomb_stays_small() {
    let house = house().await;
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let answer = post_coded(&house, "gzip", &bomb).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(house.metric("envoi_limits_met_total{limit=\"body_size\"}").await, 1.0);
    let answer = post_coded(&house, "gzip", &gzip(&vec![b' '; 8 << 20])).await;
    assert_eq!(answer.text(), "<Fault>the compressed request body grows more than 200 times</Fault>");
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_asks() {
    let house = house().await;
    for unasked in [
        "",
        "Accept-Encoding: none\r\n",
        "Accept-Encoding: identity\r\n",
        "Accept-Encoding: compress, *\r\n",
        "Accept-Encoding: gzip;q=0\r\n",
    ] {
        let answer = house.post(&format!("X-Do: 20000\r\n{unasked}"), "").await;
        assert_eq!((answer.field("content-encoding"), answer.body.len()), (None, 20_000), "{unasked}");
    }
    let short = house.post("X-Do: 2000\r\nAccept-Encoding: gzip\r\n", "").await;
    assert_eq!(short.field("content-encoding"), None);
    let long = house.post("X-Do: 20000\r\nAccept-Encoding: gzip,deflate\r\n", "").await;
    assert_eq!((long.field("content-encoding"), long.field("vary")), (Some("gzip"), Some("accept-encoding")));
    let mut plain = String::new();
    std::io::Read::read_to_string(&mut GzDecoder::new(&long.body[..]), &mut plain).unwrap();
    assert_eq!(plain, "x".repeat(20_000));
}
