//! The exact bytes of requests, and how they are shown.

use serde_json::{Value, json};

use super::{
    super::{
        Action, Api, Connector, ContactChange, ContextType, Message, Operation, Request, System, Template, Text,
        operation::Arguments, sample::connector,
    },
    request,
};
use crate::{clock::Time, message::client::Secret};

const NOW: Time = Time::from_millis(1_688_190_840_000);
const KEY: &str = "57904eb6-5352-5c5e-adf6-5f100572cf54";

fn message(system: System, action: Action) -> Message {
    Message {
        connector: system.name().into(),
        system,
        action,
        recipient: "+4915112345678".into(),
        channel: "whatsapp".into(),
        sender: Some("+498001".into()),
        key: KEY.into(),
        ordinal: 0,
        place: 0,
        kind: "SMSTriggeredSend".into(),
        definition: None,
        subscriber: None,
    }
}

fn made(system: System, action: Action) -> Request {
    let token = Secret::new("hush-token");
    request(&connector(system), &message(system, action), Some(&token), NOW).unwrap()
}

fn body(request: &Request) -> Value {
    assert_eq!(request.content_type.as_deref(), Some("application/json"));
    serde_json::from_slice(&request.body).unwrap()
}

fn text(text: &str) -> Text {
    Text { text: text.into(), ..Text::default() }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_text_to_salesforce_is_a_form_of_one_part() {
    let attributes = pairs(&[("Tier", "gold")]);
    let request = made(System::Salesforce, Action::Text(Text { attributes, ..text("Grüße") }));
    let json = format!(
        r#"{{"from":"+4915112345678","interactions":[{{"interactionType":"EntryInteraction","payload":{{"abstractMessage":{{"id":"{KEY}","messageType":"StaticContentMessage","staticContent":{{"formatType":"Text","text":"Grüße"}}}},"entryType":"Message","id":"{KEY}"}},"timestamp":1688190840000}}],"routingAttributes":{{"Tier":"gold"}},"to":"whatsapp"}}"#
    );
    let expected = format!(
        "--envoi-{KEY}\r\nContent-Disposition: form-data; name=\"json\"\r\nContent-Type: application/json\r\n\r\n{json}\r\n--envoi-{KEY}--\r\n"
    );
    assert_eq!(String::from_utf8(request.body.clone()).unwrap(), expected);
    assert_eq!((request.method, request.target.as_str()), ("POST", "/interactions"));
    assert_eq!(request.content_type, Some(format!("multipart/form-data; boundary=envoi-{KEY}")));
    let headers = [("OrgId", "00D000000000001"), ("AuthorizationContext", "acme_channel"), ("RequestId", KEY)];
    assert_eq!(request.headers, headers.map(|(name, value)| (name, value.to_owned())));
    let [(name, secret)] = request.secret_headers.as_slice() else { panic!() };
    assert_eq!((*name, secret.expose()), ("Authorization", "Bearer hush-token"));
}

#[test]
fn a_file_to_salesforce_is_the_second_part() {
    let attachment = Some(format!("data:image/png;name=a.png;base64,{}", "iVBORw0KGgr/"));
    let request = made(System::Salesforce, Action::Text(Text { attachment, ..text("look") }));
    let (head, tail) =
        request.body.split_at(request.body.windows(9).position(|part| part == b"\x89PNG\r\n\x1a\n\xff").unwrap());
    assert_eq!(tail, [b"\x89PNG\r\n\x1a\n\xff\r\n--envoi-", KEY.as_bytes(), b"--\r\n"].concat());
    let head = std::str::from_utf8(head).unwrap();
    assert!(head.contains(&format!(
        r#""interactions":[{{"attachmentIndex":0,"contentLength":9,"id":"{KEY}","interactionType":"AttachmentInteraction","text":"look","timestamp":1688190840000}}]"#
    )));
    assert!(head.ends_with(&format!(
        "\r\n--envoi-{KEY}\r\nContent-Disposition: form-data; name=\"attachments\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"
    )));
    let shown = request.shown("https://acme.example/api/v1");
    assert!(shown.ends_with(" more bytes)\n") && shown.contains("a.png"), "{shown}");
    // A boundary that stands in the text would end the part.
    let request = made(System::Salesforce, Action::Text(text(&format!("--envoi-{KEY}"))));
    assert_eq!(request.content_type, Some(format!("multipart/form-data; boundary=envoi-{KEY}-")));
}

#[test]
fn a_bot_of_its_own_says_as_what_it_is_known() {
    for (kind, name) in [
        (ContextType::Channel, "ConversationChannelDefinition"),
        (ContextType::Embedded, "EmbeddedMessagingChannel"),
        (ContextType::Participant, "ExternalConversationParticipant"),
    ] {
        let mut connector = connector(System::Salesforce);
        if let Api::Salesforce { context_type, .. } = &mut connector.api {
            *context_type = kind;
        }
        let said = Action::Text(Text { text: "Hi".into(), session: Some("c1".into()), ..Text::default() });
        let request = request(&connector, &message(System::Salesforce, said), None, NOW).unwrap();
        assert!(request.headers.contains(&("AuthorizationContextType", name.to_owned())), "{:?}", request.headers);
    }
}

#[test]
fn the_other_requests_of_salesforce_are_json() {
    let of = |action| {
        let request = made(System::Salesforce, action);
        assert!(
            ["OrgId", "AuthorizationContext", "RequestId"]
                .iter()
                .all(|name| request.headers.iter().any(|(own, _)| own == name))
        );
        let typed = request
            .headers
            .iter()
            .any(|(name, value)| *name == "AuthorizationContextType" && value == "ConversationChannelDefinition");
        (request.method, request.target.clone(), typed, body(&request))
    };
    let participant = json!([{ "subject": "+4915112345678", "role": "EndUser", "appType": "custom" }]);
    let open = json!({ "channelAddressIdentifier": "whatsapp", "participants": participant });
    assert_eq!(of(Action::Open { attributes: Vec::new() }), ("POST", "/conversation".into(), false, open));
    let consent = json!({ "channelAddressIdentifier": "whatsapp", "endUserClientId": "+4915112345678", "consentStatus": "OptedOut" });
    assert_eq!(of(Action::Consent { status: "OptedOut".into() }), ("PATCH", "/consent".into(), false, consent));
    let end = json!({ "channelAddressIdentifier": "whatsapp", "conversationIdentifier": "c1", "endUserClientId": "+4915112345678", "operation": "End" });
    assert_eq!(of(Action::End { session: "c1".into() }), ("POST", "/messagingSession".into(), false, end));
    let payload = json!({ "id": KEY, "entryType": "Message", "abstractMessage": { "messageType": "StaticContentMessage", "id": KEY, "staticContent": { "formatType": "Text", "text": "Hi" } } });
    let entry = json!({
        "conversationIdentifier": "c1",
        "sender": { "subject": "+498001", "role": "Chatbot", "appType": "custom" },
        "conversationEntries": [{ "clientTimestamp": 1_688_190_840_000_i64, "entryPayload": payload }],
    });
    let session = Some("c1".to_owned());
    assert_eq!(of(Action::Text(Text { session, ..text("Hi") })), ("POST", "/conversationEntry".into(), true, entry));
}

#[test]
fn a_text_to_yeastar_names_channel_number_and_recipient_or_its_session() {
    let attachment = Some("f1".to_owned());
    let request =
        made(System::Yeastar, Action::Text(Text { attachment, attributes: pairs(&[("tag", "T")]), ..text("Hi") }));
    assert_eq!(
        body(&request),
        json!({
            "sender_type": 9, "sender_no": "api", "channel": "whatsapp", "did_number": "+498001", "to": "+4915112345678",
            "msg_kind": 0, "msg_type": 0, "msg_body": "Hi", "files": [{ "id": "f1" }], "tag": "T", "request_id": KEY,
        })
    );
    assert_eq!((request.method, request.target.as_str()), ("POST", "/message/send"));
    assert_eq!(request.headers, [("User-Agent", "OpenAPI".to_owned())]);
    let Some((name, secret)) = &request.query_secret else { panic!() };
    assert_eq!((*name, secret.expose()), ("access_token", "hush-token"));
    assert!(!format!("{request:?}").contains("hush"));
    let session = Some("12".to_owned());
    assert_eq!(
        body(&made(System::Yeastar, Action::Text(Text { session, ..text("Hi") }))),
        json!({
            "sender_type": 9, "sender_no": "api", "session_id": 12, "msg_kind": 0, "msg_type": 0, "msg_body": "Hi", "request_id": KEY,
        })
    );
}

#[test]
fn an_extension_of_yeastar_sends_in_its_own_name() {
    let attributes = pairs(&[("sender_no", "1001"), ("tag", "T")]);
    let parameters = pairs(&[("sender_no", "1001"), ("body_1", "a")]);
    for action in [
        Action::Text(Text { attributes, ..text("Hi") }),
        Action::Template(Template { name: "order".into(), language: "en".into(), parameters }),
    ] {
        let body = body(&made(System::Yeastar, action));
        assert_eq!((&body["sender_type"], &body["sender_no"]), (&json!(1), &json!("1001")));
        let param = body["whatsapp_msg_param"].as_str().unwrap_or_default();
        assert!(!param.contains("1001"), "it is no part of the template: {param}");
    }
}

#[test]
fn a_template_to_yeastar_is_json_in_a_string() {
    let parameters = pairs(&[
        ("body_10", "j"),
        ("body_2", "b"),
        ("header_image", "https://a/b.png"),
        ("template_id", "1617"),
        ("buttons", r#"[{"type":"QUICK_REPLY"}]"#),
        ("body_1", "a"),
    ]);
    let template = Template { name: "order".into(), language: "en_US".into(), parameters };
    let body = body(&made(System::Yeastar, Action::Template(template)));
    assert_eq!((&body["msg_kind"], body.get("msg_body")), (&json!(1), None));
    let inner: Value = serde_json::from_str(body["whatsapp_msg_param"].as_str().unwrap()).unwrap();
    let texts: Vec<_> = ["a", "b", "j"].iter().map(|text| json!({ "type": "text", "text": text })).collect();
    assert_eq!(
        inner,
        json!({
            "name": "order", "language": { "code": "en_US" }, "parameter_format": "POSITIONAL", "template_id": "1617",
            "components": [
                { "type": "HEADER", "parameters": [{ "type": "image", "image": { "link": "https://a/b.png" } }] },
                { "type": "BODY", "parameters": texts },
                { "type": "BUTTONS", "parameters": [{ "type": "QUICK_REPLY" }] },
            ],
        })
    );
    for wrong in [("body_x", "a"), ("buttons", "no")] {
        let template = Template { name: "o".into(), language: "en".into(), parameters: pairs(&[wrong]) };
        let message = message(System::Yeastar, Action::Template(template));
        assert!(request(&connector(System::Yeastar), &message, None, NOW).is_err());
    }
}

#[test]
fn contacts_and_sessions_of_yeastar() {
    let fields =
        pairs(&[("first_name", "Ada"), ("mobile", "+491"), ("business", "+492"), ("phonebook_id_list", "3, 4")]);
    let numbers =
        json!([{ "num_type": "mobile_number", "number": "+491" }, { "num_type": "business_number", "number": "+492" }]);
    let made = |action| made(System::Yeastar, action);
    let create = made(Action::Contact(ContactChange::Create(fields.clone())));
    assert_eq!(create.target, "/company_contact/create");
    assert_eq!(body(&create), json!({ "first_name": "Ada", "number_list": numbers, "phonebook_id_list": [3, 4] }));
    let update = made(Action::Contact(ContactChange::Update("31".into(), pairs(&[("company", "Acme")]))));
    assert_eq!(
        (update.target.as_str(), body(&update)),
        ("/company_contact/update", json!({ "id": 31, "company": "Acme" }))
    );
    let delete = made(Action::Contact(ContactChange::Delete("31".into())));
    assert_eq!((delete.method, delete.target.as_str(), delete.body.len()), ("GET", "/company_contact/delete?id=31", 0));
    let book = |change| made(Action::Phonebook(change));
    let named = pairs(&[("name", "Friends"), ("add_contacts_id_list", "3,4")]);
    let create = book(ContactChange::Create(named.clone()));
    let said = json!({ "name": "Friends", "member_select": "sel_specific", "add_contacts_id_list": [3, 4] });
    assert_eq!((create.target.as_str(), body(&create)), ("/phonebook/create", said));
    let update = book(ContactChange::Update("9".into(), named));
    let said = json!({ "id": 9, "name": "Friends", "add_contacts_id_list": [3, 4] });
    assert_eq!((update.target.as_str(), body(&update)), ("/phonebook/update", said));
    let delete = book(ContactChange::Delete("9".into()));
    assert_eq!((delete.method, delete.target.as_str(), delete.body.len()), ("GET", "/phonebook/delete?id=9", 0));
    let close = made(Action::End { session: "12".into() });
    assert_eq!((close.target.as_str(), body(&close)), ("/message_session/close", json!({ "session_id": 12 })));
    let query = made(Action::Other { operation: "message/query".into(), body: r#"{"ids":"1,2","page":1}"#.into() });
    assert_eq!(
        (query.method, query.target.as_str(), query.content_type),
        ("GET", "/message/query?ids=1%2C2&page=1", None)
    );
}

#[test]
fn requests_of_connectly() {
    let attributes = pairs(&[("campaignName", "May")]);
    let request = made(System::Connectly, Action::Text(Text { attributes, ..text("Hi") }));
    assert_eq!(request.target, "/businesses/b%201/send/messages");
    assert_eq!(
        body(&request),
        json!({
            "recipient": { "id": "+4915112345678", "channelType": "whatsapp" },
            "sender": { "id": "+498001", "channelType": "whatsapp" },
            "message": { "id": KEY, "text": "Hi" },
            "callbackData": { "key": KEY },
            "campaignName": "May",
        })
    );
    let [(name, secret)] = request.secret_headers.as_slice() else { panic!() };
    assert_eq!((*name, secret.expose()), ("X-API-Key", "hush-key"));
    for (url, kind) in [
        ("https://a/B.PNG?x", "image"),
        ("https://a/v.mp4", "video"),
        ("https://a/v.ogg#1", "audio"),
        ("https://a/b", "document"),
    ] {
        let file = Text { attachment: Some(url.into()), ..text("") };
        let message = json!({ "id": KEY, "attachments": [{ "type": kind, "url": url }] });
        assert_eq!(body(&made(System::Connectly, Action::Text(file)))["message"], message);
    }
    let parameters = pairs(&[("body_1", "Ada"), ("campaignName", "May")]);
    let template = Template { name: "order".into(), language: "de".into(), parameters };
    let request = made(System::Connectly, Action::Template(template));
    assert_eq!(request.target, "/businesses/b%201/send/whatsapp_templated_messages");
    assert_eq!(
        body(&request),
        json!({
            "number": "+4915112345678", "templateName": "order", "language": "de", "sender": "+498001",
            "parameters": [{ "name": "body_1", "value": "Ada" }], "callbackData": { "key": KEY }, "campaignName": "May",
        })
    );
}

#[test]
fn every_operation_has_a_request() {
    for operation in super::super::OPERATIONS {
        let has_id = operation.path.contains("{id}");
        let body = match operation.arguments {
            Arguments::None => "",
            _ if has_id => r#"{"a":"ü","id":"x y"}"#,
            _ => r#"{"a":"ü"}"#,
        };
        let request = made(operation.system, Action::Other { operation: operation.name.into(), body: body.into() });
        let query = if operation.arguments == Arguments::Query { "?a=%C3%BC" } else { "" };
        let path = operation.path.replace("{id}", "x%20y");
        assert!(request.target.ends_with(&format!("{path}{query}")), "{operation:?} {}", request.target);
        assert!(!has_id || self::body(&request) == json!({ "a": "ü" }), "what stands in the path leaves the body");
        assert_eq!(request.body.is_empty(), operation.arguments != Arguments::Body, "{operation:?}");
        assert_eq!(request.method, operation.method);
    }
    assert!(Operation::named(System::Connectly, "x").is_none());
}

#[test]
fn what_a_system_has_no_request_for_is_an_error() {
    let other = |operation: &str| Action::Other { operation: operation.into(), body: "{}".into() };
    for (system, action) in [
        (System::Salesforce, Action::Template(Template::default())),
        (System::Salesforce, Action::Contact(ContactChange::Delete("1".into()))),
        (System::Yeastar, Action::Open { attributes: Vec::new() }),
        (System::Yeastar, Action::Consent { status: "x".into() }),
        (System::Yeastar, Action::End { session: "x".into() }),
        (System::Connectly, Action::End { session: "1".into() }),
        (System::Connectly, other("message/get")),
        (System::Yeastar, other("route")),
        (System::Salesforce, other("send/campaigns")),
    ] {
        let message = message(system, action);
        assert!(request(&connector(system), &message, None, NOW).is_err(), "{message:?}");
    }
}

#[test]
fn secrets_are_shown_nowhere() {
    let shown = |connector: &Connector, action| {
        let message = message(connector.system(), action);
        let token = Secret::new("hush-token");
        request(connector, &message, Some(&token), NOW).unwrap().shown(&connector.base)
    };
    let yeastar = shown(&connector(System::Yeastar), Action::Contact(ContactChange::Delete("31".into())));
    let expected =
        "GET https://pbx.example:8088/openapi/v1.0/company_contact/delete?id=31&access_token=…\nUser-Agent: OpenAPI\n";
    assert_eq!(yeastar, expected);
    let salesforce = shown(&connector(System::Salesforce), Action::Consent { status: "OptedOut".into() });
    assert!(salesforce.starts_with("PATCH https://acme.example/api/v1/consent\nOrgId: 00D000000000001\n"));
    assert!(salesforce.contains("\nAuthorization: Bearer …\nContent-Type: application/json\n\n{\""));
    let connectly = shown(&connector(System::Connectly), Action::Text(text("Hi")));
    assert!(connectly.contains("\nX-API-Key: …\n"));
    for text in [yeastar, salesforce, connectly] {
        assert!(!text.contains("hush"), "{text}");
    }
}
