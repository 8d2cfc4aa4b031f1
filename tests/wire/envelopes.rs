//! Every variety of envelope that real clients send (facts/wire 1.2, facts/clients 2), each doing the same Create.

use std::io::Write;

use crate::gateway::{Answer, ENVELOPE_11, ENVELOPE_12, Gateway, PARTNER_API, envelope, request, security, subscriber};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

fn assert_created(answer: &Answer, who: &str) {
    assert_eq!(answer.status, 200, "{who}: {}", answer.body);
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{who}: {}", answer.body);
    assert_eq!(
        answer.text("CreateResponse/Results/Object/EmailAddress").as_deref(),
        Some("a@example.com"),
        "{who}: {}",
        answer.body
    );
}

/// Envelopes that all say: create a@example.com, as demo.
fn varieties() -> Vec<(&'static str, String)> {
    let user = format!(
        "<w:Security xmlns:w=\"{WSSE}\"><w:UsernameToken><w:Username>demo</w:Username>\
         <w:Password>demo-password</w:Password></w:UsernameToken></w:Security>"
    );
    let object = "<EmailAddress>a@example.com</EmailAddress><SubscriberKey>a</SubscriberKey>";
    vec![
        (
            "no prefix, Body before Header, no declaration (fuel-soap, sfmc-sdk)",
            format!(
                "<Envelope xmlns=\"{ENVELOPE_11}\" xmlns:xsi=\"{XSI}\"><Body><CreateRequest xmlns=\"{PARTNER_API}\">\
                 <Objects xsi:type=\"Subscriber\">{object}</Objects></CreateRequest></Body><Header>{user}</Header></Envelope>"
            ),
        ),
        (
            "payload prefixed, type prefixed on the element itself (Axis)",
            format!(
                "<?xml version='1.0'?><SOAP-ENV:Envelope xmlns:SOAP-ENV=\"{ENVELOPE_11}\"><SOAP-ENV:Header>{user}\
                 </SOAP-ENV:Header><SOAP-ENV:Body><p:CreateRequest xmlns:p=\"{PARTNER_API}\"><p:Options/>\
                 <p:Objects xmlns:q=\"{PARTNER_API}\" xmlns:i=\"{XSI}\" i:type=\"q:Subscriber\">\
                 <p:EmailAddress>a@example.com</p:EmailAddress><p:SubscriberKey>a</p:SubscriberKey></p:Objects>\
                 </p:CreateRequest></SOAP-ENV:Body></SOAP-ENV:Envelope>"
            ),
        ),
        (
            "xsi:type on every leaf and on Options (SOAP::Lite, soap4r)",
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<s:Envelope xmlns:s=\"{ENVELOPE_11}\" xmlns:xsi=\"{XSI}\" \
                 xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:t=\"{PARTNER_API}\" \
                 s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Header>{user}</s:Header><s:Body>\
                 <t:CreateRequest><t:Options xsi:type=\"t:CreateOptions\"/><t:Objects xsi:type=\"t:Subscriber\">\
                 <t:EmailAddress xsi:type=\"xsd:string\">a@example.com</t:EmailAddress>\
                 <t:SubscriberKey xsi:type=\"xsd:string\">a</t:SubscriberKey></t:Objects></t:CreateRequest></s:Body></s:Envelope>"
            ),
        ),
        (
            "one namespace under two prefixes (suds)",
            format!(
                "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"{ENVELOPE_11}\" xmlns:ns1=\"{ENVELOPE_11}\" xmlns:ns0=\"{PARTNER_API}\" \
                 xmlns:xsi=\"{XSI}\"><SOAP-ENV:Header>{}</SOAP-ENV:Header><ns1:Body><ns0:CreateRequest>\
                 <ns0:Objects xsi:type=\"ns0:Subscriber\"><ns0:EmailAddress>a@example.com</ns0:EmailAddress>\
                 <ns0:SubscriberKey>a</ns0:SubscriberKey></ns0:Objects></ns0:CreateRequest></ns1:Body></SOAP-ENV:Envelope>",
                user.replace("<w:Security ", "<w:Security mustUnderstand=\"true\" ")
            ),
        ),
        (
            "nil junk, unknown members, CDATA, white space, comments",
            format!(
                "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<!-- hello -->\n\
                 <soap:Envelope xmlns:soap=\"{ENVELOPE_11}\"\n  xmlns:xsi=\"{XSI}\">\n <soap:Header>\n  {user}\n\
                 <ActivityId xmlns=\"http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics\">7</ActivityId>\
                 </soap:Header>\n <soap:Body>\n  <CreateRequest xmlns=\"{PARTNER_API}\">\n   <Options></Options>\n\
                 <Objects xsi:type=\"Subscriber\">\n    <PartnerKey xsi:nil=\"true\" /><ModifiedDate xsi:nil=\"true\"/>\n\
                 <ObjectID xsi:nil=\"true\"/><EmailAddress><![CDATA[a@example.com]]></EmailAddress><Surprise>1 > 0</Surprise>\n\
                 <SubscriberKey>&#97;</SubscriberKey></Objects>\n  </CreateRequest>\n </soap:Body>\n</soap:Envelope>\n"
            ),
        ),
        (
            "members and options out of order, RequestType before the rest",
            format!(
                "<soap:Envelope xmlns:soap=\"{ENVELOPE_11}\" xmlns:xsi=\"{XSI}\"><soap:Header>{user}</soap:Header><soap:Body>\
                 <CreateRequest xmlns=\"{PARTNER_API}\"><Objects xsi:type=\"Subscriber\"><SubscriberKey>a</SubscriberKey>\
                 <EmailAddress>a@example.com</EmailAddress></Objects><Options><RequestType>Synchronous</RequestType>\
                 <SaveOptions><SaveAction>UpdateAdd</SaveAction></SaveOptions></Options></CreateRequest></soap:Body></soap:Envelope>"
            ),
        ),
    ]
}

#[tokio::test]
async fn every_variety_is_understood() {
    for (who, envelope) in varieties() {
        let gateway = Gateway::start().await;
        let answer = gateway.envelope("\"Create\"", &envelope).await;
        assert_created(&answer, who);
    }
}

#[tokio::test]
async fn every_encoding_is_understood() {
    let text = varieties().swap_remove(0).1.replace("<SubscriberKey>a<", "<SubscriberKey>Zoë<");
    let utf16 = |big: bool, bom: bool| {
        let text = format!("{}{text}", if bom { "\u{FEFF}" } else { "" });
        let units = text.encode_utf16();
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect::<Vec<u8>>()
    };
    let latin = |declaration: &str| -> Vec<u8> {
        format!("{declaration}{text}").chars().map(|c| u8::try_from(u32::from(c)).expect("a Latin character")).collect()
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("text/xml; charset=utf-8", text.clone().into_bytes()),
        ("text/xml", format!("\u{FEFF}{text}").into_bytes()),
        ("text/xml; charset=utf-16", utf16(false, true)),
        ("text/xml", utf16(true, true)),
        ("text/xml; charset=utf-16le", utf16(false, false)),
        ("text/xml; charset=\"ISO-8859-1\"", latin("")),
        ("text/xml", latin("<?xml version='1.0' encoding='iso-8859-1'?>")),
        ("text/xml", latin("<?xml version=\"1.0\" encoding=\"Windows-1252\"?>")),
    ];
    for (content_type, body) in cases {
        let gateway = Gateway::start().await;
        let answer = gateway.post(content_type, &[("SOAPAction", "Create")], &body).await;
        assert_created(&answer, content_type);
        let key = answer.text("CreateResponse/Results/Object/SubscriberKey");
        assert_eq!(key.as_deref(), Some("Zoë"), "{content_type}");
    }
}

#[tokio::test]
async fn the_action_is_taken_from_where_it_stands() {
    let object = request("CreateRequest", "", &subscriber("a@example.com", "a"));
    let wsa = |ns: &str| format!("<a:Action xmlns:a=\"{ns}\">Create</a:Action>");
    let secured = |header: &str| envelope(&format!("{header}{}", security("demo", "demo-password")), &object);
    let cases = [
        ("text/xml", Some("Create"), secured("")),
        ("text/xml", Some("\"Create\""), secured("")),
        ("application/soap+xml; charset=utf-8; action=\"Create\"", None, secured("")),
        ("text/xml", None, secured(&wsa("http://schemas.xmlsoap.org/ws/2004/08/addressing"))),
        ("text/xml", Some("\"\""), secured(&wsa("http://www.w3.org/2005/08/addressing"))),
    ];
    for (content_type, action, envelope) in cases {
        let gateway = Gateway::start().await;
        let headers: Vec<_> = action.iter().map(|action| ("sOaPaCtIoN", *action)).collect();
        assert_created(&gateway.post(content_type, &headers, envelope.as_bytes()).await, content_type);
    }
}

#[tokio::test]
async fn soap_12_is_answered_in_kind() {
    let gateway = Gateway::start().await;
    let wsa = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
    let header = format!(
        "<a:Action soap:mustUnderstand=\"1\" xmlns:a=\"{wsa}\">Create</a:Action><a:MessageID xmlns:a=\"{wsa}\">urn:uuid:7</a:MessageID>\
         <a:ReplyTo xmlns:a=\"{wsa}\"><a:Address>{wsa}/role/anonymous</a:Address></a:ReplyTo>\
         <a:To soap:mustUnderstand=\"1\" xmlns:a=\"{wsa}\">https://example.com/Service.asmx</a:To>{}",
        security("demo", "demo-password")
    );
    let text = envelope(&header, &request("CreateRequest", "", &subscriber("a@example.com", "a")))
        .replace(ENVELOPE_11, ENVELOPE_12);
    for content_type in ["application/soap+xml; charset=utf-8", "text/xml"] {
        let answer = gateway.post(content_type, &[], text.as_bytes()).await;
        assert_eq!(answer.header("Content-Type"), Some("application/soap+xml; charset=utf-8"));
        assert!(answer.body.contains(&format!("<soap:Envelope xmlns:soap=\"{ENVELOPE_12}\"")), "{}", answer.body);
        assert!(answer.body.contains("<wsa:RelatesTo>urn:uuid:7</wsa:RelatesTo>"), "{}", answer.body);
        assert_eq!(answer.count("CreateResponse/Results"), 1, "{}", answer.body);
    }
}

#[tokio::test]
async fn the_heading_is_the_services() {
    let gateway = Gateway::start().await;
    let answer = gateway.call("Create", &request("CreateRequest", "", &subscriber("a@example.com", "a"))).await;
    assert!(answer.body.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap="));
    for part in [
        "<wsa:Action>CreateResponse</wsa:Action><wsa:MessageID>urn:uuid:",
        "</wsa:MessageID><wsa:RelatesTo>urn:uuid:",
        "<wsa:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To>",
        "<wsse:Security><wsu:Timestamp wsu:Id=\"Timestamp-",
        "<wsu:Created>2026-03-01T12:00:00Z</wsu:Created><wsu:Expires>2026-03-01T12:05:00Z</wsu:Expires>",
    ] {
        assert!(answer.body.contains(part), "{part} is not in {}", answer.body);
    }
    assert_eq!(answer.header("Content-Encoding"), None);
}

#[tokio::test]
async fn gzip_requests_are_read() {
    let text = varieties().swap_remove(0).1;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).expect("memory");
    let body = gzip.finish().expect("memory");
    let gateway = Gateway::start().await;
    let answer = gateway.post("text/xml", &[("SOAPAction", "Create"), ("Content-Encoding", "gzip")], &body).await;
    assert_created(&answer, "gzip");
}

#[tokio::test]
async fn options_may_stand_in_the_header_but_not_in_both() {
    let gateway = Gateway::start().await;
    let options = format!(
        "<Options xmlns=\"{PARTNER_API}\"><SaveOptions><SaveOption><PropertyName>*</PropertyName>\
         <SaveAction>UpdateAdd</SaveAction></SaveOption></SaveOptions></Options>"
    );
    let header = format!("{options}{}", security("demo", "demo-password"));
    for _ in 0..2 {
        let message = request("CreateRequest", "", &subscriber("a@example.com", "a"));
        assert_created(&gateway.envelope("Create", &envelope(&header, &message)).await, "Options in the header");
    }
    let message = request("CreateRequest", "<Options/>", &subscriber("a@example.com", "a"));
    let answer = gateway.envelope("Create", &envelope(&header, &message)).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.text("Fault/faultcode").as_deref(), Some("soap:Client"), "{}", answer.body);
    assert!(answer.text("Fault/faultstring").is_some_and(|text| text.contains("both")), "{}", answer.body);
}
