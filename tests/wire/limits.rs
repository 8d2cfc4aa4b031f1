//! Limits of the whole gateway: what a client that goes beyond them is told.

use crate::gateway::{Gateway, envelope, request, security, subscriber};

#[tokio::test]
async fn too_many_objects_are_one_row_with_the_code() {
    let gateway = Gateway::start().await;
    let objects = "<Objects xsi:type=\"List\"/>".repeat(32_767);
    let answer = gateway.call("Create", &request("CreateRequest", "<Options/>", &objects)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), Some("218"), "{}", answer.body);
    assert_eq!(answer.text("CreateResponse/Results/StatusMessage").as_deref(), Some("Too many objects"));
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("Error"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_a_fault_under_413() {
    let gateway = Gateway::start_with(|parts| parts.server.max_body = 2_000).await;
    let answer =
        gateway.call("Create", &request("CreateRequest", "", &subscriber("a@example.com", &"a".repeat(2_000)))).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.text("Fault/faultcode").as_deref(), Some("soap:Client"), "{}", answer.body);
    assert!(answer.text("Fault/faultstring").is_some_and(|text| text.contains("2000")), "{}", answer.body);
}

#[tokio::test]
async fn what_is_nested_too_deep_is_told_with_its_place() {
    let gateway = Gateway::start_with(|parts| parts.limits.depth = 16).await;
    let deep = format!("<Objects xsi:type=\"Subscriber\">{}{}</Objects>", "<Owner>".repeat(20), "</Owner>".repeat(20));
    let answer = gateway.call("Create", &request("CreateRequest", "", &deep)).await;
    assert_eq!(answer.status, 500);
    let text = answer.text("Fault/faultstring").unwrap_or_default();
    assert!(text.contains("16") && text.contains("line 1, column"), "{text}");
}

#[tokio::test]
async fn no_entity_is_expanded() {
    let gateway = Gateway::start().await;
    let text = envelope(&security("demo", "demo-password"), &request("CreateRequest", "", &subscriber("&a;", "a")));
    let laughs = text.replacen("<soap:Envelope", "<!DOCTYPE a [<!ENTITY a \"aaaa\">]><soap:Envelope", 1);
    for body in [text, laughs] {
        let answer = gateway.envelope("Create", &body).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.text("Fault/faultcode").as_deref(), Some("soap:Client"), "{}", answer.body);
    }
}

#[tokio::test]
async fn http_10_gets_a_whole_answer_and_a_close() {
    let gateway = Gateway::start().await;
    let body =
        envelope(&security("demo", "demo-password"), &request("CreateRequest", "", &subscriber("a@example.com", "a")));
    let head = format!(
        "POST /Service.asmx HTTP/1.0\r\nSOAPAction: \"Create\"\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = gateway.raw(format!("{head}{body}").as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("Transfer-Encoding"), None);
    assert_eq!(answer.header("Content-Length"), Some(answer.body.len().to_string().as_str()));
}
