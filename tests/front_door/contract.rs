//! The WSDL and the fault schema as clients and generators fetch them.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::house::{Answer, House, house};

async fn get(house: &House, method: &str, target: &str, fields: &str) -> Answer {
    let mut wire = house.connect().await;
    wire.send(format!("{method} {target} HTTP/1.1\r\nHost: mc.example:81\r\n{fields}\r\n")).await;
    let answer = wire.answer_to(method).await;
    // Whatever the answer was, the connection is in step for the next request.
    wire.send("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(wire.answer().await.status(), 404, "{method} {target}");
    answer
}

#[tokio::test]
async fn the_wsdl_is_at_each_of_its_places_with_the_clients_own_url() {
    let house = house().await;
    for (target, below) in [
        ("/etframework.wsdl", ""),
        ("/ETFramework.WSDL", ""),
        ("/Service.asmx?WSDL", ""),
        ("/service.asmx?wsdl", ""),
        ("/?wsdl", ""),
        // Whoever came through a path of a proxy's goes on through it.
        ("/x/y/Service.asmx?a=b&Wsdl", "/x/y"),
    ] {
        let answer = get(&house, "GET", target, "").await;
        assert_eq!((answer.status(), answer.field("content-type")), (200, Some("text/xml; charset=utf-8")), "{target}");
        assert!(answer.text().contains(&format!("\"http://mc.example:81{below}/Service.asmx\"")), "{target}");
    }
    let schema = get(&house, "GET", "/ETFrameworkFault.xsd", "").await;
    assert!(schema.text().contains("urn:fault.partner.exacttarget.com"));
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let house = house().await;
    for target in ["/etframework.wsdl", "/Service.asmx?wsdl", "/ETFrameworkFault.xsd", "/"] {
        let whole = get(&house, "GET", target, "").await;
        let head = get(&house, "HEAD", target, "").await;
        assert_eq!(head.status(), 200);
        assert_eq!(head.field("content-length"), Some(whole.body.len().to_string().as_str()), "{target}");
        for field in ["etag", "last-modified", "content-type"] {
            assert_eq!(head.field(field), whole.field(field), "{field}");
        }
    }
}

#[tokio::test]
async fn who_has_the_document_is_told_so() {
    let house = house().await;
    let first = get(&house, "GET", "/etframework.wsdl", "").await;
    let (tag, changed) = (first.field("etag").unwrap(), first.field("last-modified").unwrap());
    assert!(tag.starts_with('"') && tag.ends_with('"'), "strong: {tag}");
    for fields in [
        format!("If-None-Match: {tag}\r\n"),
        format!("If-None-Match: \"other\", W/{tag}\r\n"),
        "If-None-Match: *\r\n".to_owned(),
        format!("If-Modified-Since: {changed}\r\n"),
        "If-Modified-Since: Sat, 01 Jan 2050 00:00:00 GMT\r\n".to_owned(),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = get(&house, method, "/etframework.wsdl", &fields).await;
            assert_eq!((answer.status(), answer.body.len(), answer.field("etag")), (304, 0, Some(tag)), "{fields}");
        }
    }
    for fields in [
        "If-None-Match: \"other\"\r\n".to_owned(),
        format!("If-None-Match: \"other\"\r\nIf-Modified-Since: {changed}\r\n"),
        "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\n".to_owned(),
        "If-Modified-Since: yesterday\r\n".to_owned(),
    ] {
        assert_eq!(get(&house, "GET", "/etframework.wsdl", &fields).await.status(), 200, "{fields}");
    }
}

#[tokio::test]
async fn gzip_is_sent_only_when_asked_for_and_is_another_entity() {
    let house = house().await;
    let plain = get(&house, "GET", "/etframework.wsdl", "Accept-Encoding: none\r\n").await;
    assert_eq!(plain.field("content-encoding"), None);
    let packed = get(&house, "GET", "/etframework.wsdl", "Accept-Encoding: br, gzip;q=0.3\r\n").await;
    assert_eq!(packed.field("content-encoding"), Some("gzip"));
    assert_ne!(packed.field("etag"), plain.field("etag"));
    let mut text = String::new();
    GzDecoder::new(&packed.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text());
    let again = format!("Accept-Encoding: gzip\r\nIf-None-Match: {}\r\n", packed.field("etag").unwrap());
    assert_eq!(get(&house, "GET", "/etframework.wsdl", &again).await.status(), 304);
}

#[tokio::test]
async fn a_slim_wsdl_holds_what_was_named() {
    let house = house().await;
    let slim = get(&house, "GET", "/Service.asmx?wsdl&objects=TriggeredSend,Subscriber", "").await;
    assert!(slim.text().contains("only=\"Subscriber TriggeredSend\""));
    let wrong = get(&house, "GET", "/Service.asmx?wsdl&objects=Nonsense", "").await;
    assert_eq!((wrong.status(), wrong.text().as_str()), (400, "the WSDL has no type Nonsense\n"));
}

#[tokio::test]
async fn many_hosts_each_get_their_own() {
    let house = house().await;
    for round in 0..2 {
        for n in 0..50 {
            let text = house.ask(&format!("GET /etframework.wsdl HTTP/1.1\r\nHost: h{n}\r\n\r\n")).await.text();
            assert!(text.contains(&format!("\"http://h{n}/Service.asmx\"")), "{round}");
        }
    }
}
