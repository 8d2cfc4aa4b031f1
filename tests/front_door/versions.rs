//! HTTP/1.0, 1.1 and 2, and what each owes its client about the connection.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::house::house;

/// Sends requests over HTTP/2 at once and gives the answers.
pub(crate) async fn over_http2<I>(io: I, requests: Vec<Request<Full<Bytes>>>) -> Vec<Response<Incoming>>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.unwrap();
    tokio::spawn(connection);
    let answers: Vec<_> =
        requests.into_iter().map(|request| tokio::spawn(sender.clone().send_request(request))).collect();
    let mut done = Vec::new();
    for answer in answers {
        done.push(answer.await.unwrap().unwrap());
    }
    done
}

#[tokio::test]
async fn http_1_0_is_answered_whole_and_closed() {
    let house = house().await;
    let mut wire = house.connect().await;
    wire.send("POST /Service.asmx HTTP/1.0\r\nContent-Length: 4\r\nX-Do: 30000\r\n\r\n<a/>").await;
    let answer = wire.answer().await;
    assert!(answer.head.starts_with("HTTP/1.0 200 "));
    assert_eq!((answer.field("transfer-encoding"), answer.body.len()), (None, 30_000));
    assert!(wire.closed().await);
    // Without a Host the WSDL tells the address that was connected to.
    let addr = house.addr;
    assert!(
        house
            .ask("GET /etframework.wsdl HTTP/1.0\r\n\r\n")
            .await
            .text()
            .contains(&format!("http://{addr}/Service.asmx"))
    );
}

#[tokio::test]
async fn http_1_0_is_kept_when_it_asks_for_that() {
    let house = house().await;
    let mut wire = house.connect().await;
    for _ in 0..2 {
        wire.send("POST /Service.asmx HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\n<a/>").await;
        let answer = wire.answer().await;
        assert_eq!((answer.text().as_str(), answer.field("connection")), ("<a/>", Some("keep-alive")));
    }
}

#[tokio::test]
async fn close_is_answered_with_close() {
    let house = house().await;
    for asked in ["close", "Close", "TE, close"] {
        let mut wire = house.connect().await;
        wire.send(format!(
            "POST /Service.asmx HTTP/1.1\r\nHost: h\r\nConnection: {asked}\r\nContent-Length: 4\r\n\r\n<a/>"
        ))
        .await;
        let answer = wire.answer().await;
        assert_eq!((answer.text().as_str(), answer.field("connection")), ("<a/>", Some("close")), "{asked}");
        assert!(wire.closed().await, "{asked}");
    }
    let mut kept = house.connect().await;
    for _ in 0..2 {
        kept.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
        assert_eq!(kept.answer().await.field("connection"), None);
    }
}

#[tokio::test]
async fn http_2_is_spoken_by_prior_knowledge() {
    let house = house().await;
    let url = format!("http://{}", house.addr);
    let post = |path: &str, body: &'static str| {
        let request = Request::post(format!("{url}{path}")).header("x-do", if body.is_empty() { "url" } else { "" });
        request.body(Full::new(Bytes::from(body))).unwrap()
    };
    let head = Request::head(format!("{url}/etframework.wsdl")).body(Full::default()).unwrap();
    let requests = vec![post("/Service.asmx", "<a/>"), post("/nothing", ""), post("/Service.asmx", ""), head];
    let mut texts = Vec::new();
    for answer in over_http2(house.connect().await.0, requests).await {
        let (status, length) = (answer.status(), answer.headers().get("content-length").cloned());
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        texts.push((status, String::from_utf8(body.to_vec()).unwrap(), length));
    }
    assert_eq!((texts[0].0, texts[0].1.as_str()), (StatusCode::OK, "<a/>"));
    assert_eq!(texts[1].0, StatusCode::NOT_FOUND);
    assert_eq!(texts[2].1, format!("{url} 127.0.0.1"));
    let whole = house.ask(&format!("GET /etframework.wsdl HTTP/1.1\r\nHost: {}\r\n\r\n", house.addr)).await.body.len();
    assert_eq!((texts[3].1.as_str(), texts[3].2.as_ref().unwrap().to_str().unwrap()), ("", whole.to_string().as_str()));
}

#[tokio::test]
async fn a_closing_field_in_http_2_is_no_reason_to_fail() {
    let house = house().await;
    let request =
        Request::post(format!("http://{}/Service.asmx", house.addr)).body(Full::new(Bytes::from("<a/>"))).unwrap();
    let answers = over_http2(house.connect().await.0, vec![request]).await;
    assert_eq!((answers[0].status(), answers[0].headers().get("connection")), (StatusCode::OK, None));
}
