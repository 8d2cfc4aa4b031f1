//! Faults of both versions, byte for byte where the service's were captured (facts/wire 1.5).

use crate::gateway::{ENVELOPE_11, ENVELOPE_12, Gateway, envelope, request, security, subscriber};

const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

fn create(header: &str) -> String {
    envelope(header, &request("CreateRequest", "", &subscriber("a@example.com", "a")))
}

#[tokio::test]
async fn a_wrong_password_is_a_security_fault() {
    let gateway = Gateway::start().await;
    let answer = gateway.envelope("Create", &create(&security("demo", "wrong"))).await;
    assert_eq!(answer.status, 500);
    let expected = format!(
        "<soap:Body><soap:Fault><faultcode xmlns:q0=\"{WSSE}\">q0:Security</faultcode><faultstring>Login Failed</faultstring>\
         <faultactor>http://{}/Service.asmx</faultactor></soap:Fault></soap:Body>",
        gateway.addr
    );
    assert!(answer.body.contains(&expected), "{}", answer.body);
    assert!(answer.body.contains("<wsa:Action>http://schemas.xmlsoap.org/ws/2004/08/addressing/fault</wsa:Action>"));
}

#[tokio::test]
async fn an_unknown_token_has_expired() {
    let gateway = Gateway::start().await;
    for token in [
        "<fueloauth xmlns=\"http://exacttarget.com\">nonsense</fueloauth>",
        "<fueloauth>nonsense</fueloauth>",
        "<oAuth xmlns=\"http://exacttarget.com\"><oAuthToken>nonsense</oAuthToken></oAuth>",
    ] {
        let answer = gateway.envelope("Create", &create(token)).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.text("Fault/faultstring").as_deref(), Some("Token Expired"), "{}", answer.body);
        assert_eq!(answer.text("Fault/faultcode").as_deref(), Some("q0:Security"));
    }
}

#[tokio::test]
async fn security_faults_of_soap_12_have_a_subcode() {
    let gateway = Gateway::start().await;
    let text = create(&security("demo", "wrong")).replace(ENVELOPE_11, ENVELOPE_12);
    let answer = gateway.post("application/soap+xml; action=\"Create\"", &[], text.as_bytes()).await;
    assert_eq!(answer.status, 500);
    let expected = format!(
        "<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode><soap:Value xmlns:q0=\"{WSSE}\">q0:Security\
         </soap:Value></soap:Subcode></soap:Code><soap:Reason><soap:Text xml:lang=\"en\">Login Failed</soap:Text></soap:Reason>\
         <soap:Node>http://{}/Service.asmx</soap:Node></soap:Fault>",
        gateway.addr
    );
    assert!(answer.body.contains(&expected), "{}", answer.body);
}

#[tokio::test]
async fn unknown_and_missing_actions_are_client_faults() {
    let gateway = Gateway::start().await;
    let text = create(&security("demo", "demo-password"));
    let answer = gateway.envelope("Test", &text).await;
    assert_eq!(answer.status, 500);
    assert!(
        answer.body.contains(
            "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>Server did not recognize the value of HTTP Header \
             SOAPAction: Test.</faultstring><detail /></soap:Fault>"
        ),
        "{}",
        answer.body
    );
    let answer = gateway.post("text/xml", &[], text.as_bytes()).await;
    assert_eq!(answer.text("Fault/faultcode").as_deref(), Some("soap:Client"), "{}", answer.body);
    assert!(answer.text("Fault/faultstring").is_some_and(|text| text.contains("WS-Addressing:Action")));
}

#[tokio::test]
async fn unreadable_xml_is_told_with_its_place() {
    let gateway = Gateway::start().await;
    for (body, place) in [
        ("<a>\n<b></a>", "line 2"),
        ("<!DOCTYPE a []><a/>", "document type declaration"),
        ("<a>&nbsp;</a>", "line 1, column 4"),
        ("", "line 1"),
        ("{\"json\": true}", "line 1"),
    ] {
        let answer = gateway.envelope("Create", body).await;
        assert_eq!(answer.status, 500, "{body}");
        assert_eq!(answer.text("Fault/faultcode").as_deref(), Some("soap:Client"), "{body}");
        let text = answer.text("Fault/faultstring").unwrap_or_default();
        assert!(text.starts_with("Server was unable to read request") && text.contains(place), "{body}: {text}");
    }
}

#[tokio::test]
async fn documents_that_are_no_envelopes_are_client_faults() {
    let gateway = Gateway::start().await;
    for (body, expected) in [
        ("<a/>".to_owned(), "soap:Client"),
        ("<e:Envelope xmlns:e=\"http://example.com/soap\"><e:Body/></e:Envelope>".to_owned(), "soap:VersionMismatch"),
        (format!("<e:Envelope xmlns:e=\"{ENVELOPE_11}\"/>"), "soap:Client"),
        (format!("<e:Envelope xmlns:e=\"{ENVELOPE_11}\"><e:Body/></e:Envelope>"), "soap:Client"),
        (format!("<e:Envelope xmlns:e=\"{ENVELOPE_11}\"><e:Body><a/><b/></e:Body></e:Envelope>"), "soap:Client"),
        (
            format!("<e:Envelope xmlns:e=\"{ENVELOPE_11}\"><e:Body><a/></e:Body><e:Body><a/></e:Body></e:Envelope>"),
            "soap:Client",
        ),
    ] {
        let answer = gateway.envelope("Create", &body).await;
        assert_eq!(answer.status, 500, "{body}");
        assert_eq!(answer.text("Fault/faultcode").as_deref(), Some(expected), "{body}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_block_that_must_be_understood_and_is_not_is_a_fault() {
    let gateway = Gateway::start().await;
    let block = |attribute: &str| format!("<x:Transaction xmlns:x=\"urn:x\" {attribute}>5</x:Transaction>");
    let header = |attribute: &str| format!("{}{}", block(attribute), security("demo", "demo-password"));

    let answer = gateway.envelope("Create", &create(&header("soap:mustUnderstand=\"1\""))).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.text("Fault/faultcode").as_deref(), Some("soap:MustUnderstand"), "{}", answer.body);

    let text = create(&header("soap:mustUnderstand=\"true\"")).replace(ENVELOPE_11, ENVELOPE_12);
    let answer = gateway.post("text/xml", &[("SOAPAction", "Create")], text.as_bytes()).await;
    assert_eq!(answer.text("Fault/Code/Value").as_deref(), Some("soap:MustUnderstand"), "{}", answer.body);
    assert!(
        answer.body.contains("<soap:NotUnderstood qname=\"n:Transaction\" xmlns:n=\"urn:x\" />"),
        "{}",
        answer.body
    );

    for harmless in
        ["", "soap:mustUnderstand=\"0\"", "soap:mustUnderstand=\"1\" soap:actor=\"http://example.com/proxy\""]
    {
        let answer = gateway.envelope("Create", &create(&header(harmless))).await;
        assert_eq!(answer.status, 200, "{harmless}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_wrong_option_value_is_told_with_its_place() {
    let gateway = Gateway::start().await;
    for (option, path) in [
        ("<SequenceCode>one</SequenceCode>", "Options.SequenceCode"),
        ("<RequestType>Sometimes</RequestType>", "Options.RequestType"),
        ("<ScheduledTime>tomorrow</ScheduledTime>", "Options.ScheduledTime"),
        ("<Client><ID>me</ID></Client>", "Options.Client.ID"),
    ] {
        let message =
            request("CreateRequest", &format!("<Options>{option}</Options>"), &subscriber("a@example.com", "a"));
        let answer = gateway.call("Create", &message).await;
        assert_eq!(answer.status, 500, "{option}");
        let text = answer.text("Fault/faultstring").unwrap_or_default();
        assert!(text.contains(path) && text.contains("expected") && text.contains("line 1"), "{text}");
    }
}
