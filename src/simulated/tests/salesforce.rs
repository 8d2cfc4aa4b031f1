//! The Interaction API.

use super::*;

const PAYLOAD_ID: &str = "f7904eb6-5352-4c5e-adf6-5f100572cf5d";

fn open(house: &House) -> Value {
    let reply = house.act(ADA, Action::Open { attributes: Vec::new() });
    assert_eq!(reply.status, 202, "{}", reply.body);
    reply.body
}

fn payload(id: &str) -> Value {
    json!({
        "id": id, "entryType": "Message",
        "abstractMessage": {
            "id": id, "messageType": "StaticContentMessage", "staticContent": { "formatType": "Text", "text": "Hi" },
        },
    })
}

fn user() -> Value {
    json!({ "subject": ADA, "role": "EndUser", "appType": "custom" })
}

#[test]
fn a_conversation_is_one_until_its_session_ends_and_then_another_session_of_the_same() {
    let house = House::new(System::Salesforce);
    let opened = open(&house);
    assert_eq!(open(&house), opened);
    let id = &opened["conversationIdentifier"];
    let said = house.act(ADA, text("Hi"));
    assert_eq!(
        (&said.body["conversationIdentifier"], &said.body["workItemIds"][0]),
        (id, &opened["messagingSessionId"])
    );
    assert_eq!(code(&house.act("+12025550124", said_in(id, "Hello"))), "OK");
    // What was said is read back.
    let query = json!({ "conversationIdentifier": id, "startTime": 0 });
    let entries = house.ask("conversationEntries", &query).body["conversationEntries"].clone();
    let senders: Vec<_> = entries.as_array().unwrap().iter().map(|entry| entry["sender"]["subject"].clone()).collect();
    assert_eq!(senders, [ADA, "demo-bot"]);
    assert_eq!(
        house.ask("conversationEntries", &with(&query, "/limit", json!(1))).body["conversationEntries"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // The bot takes part since it has spoken.
    let bot = json!([{ "subject": "demo-bot", "role": "Chatbot", "appType": "custom" }]);
    let remove = json!({ "conversationIdentifier": id, "operation": "Remove", "participants": bot });
    assert_eq!(code(&house.ask("participant", &remove)), "OK");
    let again = house.ask("participant", &remove);
    assert_eq!((again.status, code(&again).as_str(), &again.body["success"]), (200, "10036", &json!(false)));
    // It ends once.
    let end = || Action::End { session: id.as_str().unwrap().to_owned() };
    assert_eq!(code(&house.act("+12025550199", end())), "10105");
    assert_eq!(code(&house.act(ADA, end())), "OK");
    let again = house.act(ADA, end());
    assert_eq!((again.status, code(&again).as_str()), (200, "SESSION_NOT_FOUND"));
    assert_eq!(code(&house.act(ADA, said_in(id, "Hello"))), "10071");
    let reopened = open(&house);
    assert_eq!(&reopened["conversationIdentifier"], id);
    assert_ne!(reopened["messagingSessionId"], opened["messagingSessionId"]);
}

#[test]
fn who_has_opted_out_is_told_nothing() {
    let house = House::new(System::Salesforce);
    let id = open(&house)["conversationIdentifier"].clone();
    let consent = |status: &str| code(&house.act(ADA, Action::Consent { status: status.to_owned() }));
    assert_eq!([consent("OptedOut"), consent("Maybe")], ["OK", "10021"]);
    assert_eq!(code(&house.act(ADA, said_in(&id, "Hello"))), "15103");
    assert_eq!(consent("ExplicitlyOptedIn"), "OK");
    assert_eq!(code(&house.act(ADA, said_in(&id, "Hello"))), "OK");
}

#[test]
fn headers_are_checked_before_anything_else() {
    let house = House::new(System::Salesforce);
    let without = |name: &str| {
        let mut made = house.made(ADA, Action::Consent { status: "OptedOut".into() });
        made.headers.retain(|(own, _)| *own != name);
        made.secret_headers.retain(|(own, _)| *own != name);
        code(&house.post(&made))
    };
    for name in ["Authorization", "OrgId", "RequestId", "AuthorizationContext"] {
        assert_eq!(without(name), "10016", "{name}");
    }
    let mut typed = house.made(ADA, said_in(&json!("c"), "Hi"));
    typed.headers.retain(|(own, _)| *own != "AuthorizationContextType");
    assert_eq!(code(&house.post(&typed)), "10093");
    let stale =
        Request { secret_headers: vec![("Authorization", Secret::new("Bearer x"))], ..house.made(ADA, text("Hi")) };
    assert_eq!(code(&house.post(&stale)), "10004");
    let nowhere =
        Request { target: "/conversations".to_owned(), ..house.made(ADA, Action::Open { attributes: vec![] }) };
    assert_eq!(code(&house.post(&nowhere)), "10089");
    house.later(Duration::from_secs(1800));
    assert_eq!(code(&house.act(ADA, text("Hi"))), "10004");
}

/// An interaction with another JSON, or another file.
fn interaction(house: &House, change: impl Fn(&str) -> String, attachment: Option<&str>) -> String {
    let action = Text { text: "Hi".into(), attachment: attachment.map(str::to_owned), ..Text::default() };
    let mut made = house.made(ADA, Action::Text(action));
    made.body = change(std::str::from_utf8(&made.body).unwrap()).into_bytes();
    code(&house.post(&made))
}

#[test]
fn an_interaction_is_refused_with_the_code_of_what_is_wrong() {
    let house = House::new(System::Salesforce);
    let file = Some("data:image/png;name=a.png;base64,aGVsbG8=");
    for (from, to, attachment, expected) in [
        ("demo-channel-address", "nowhere", None, "10017"),
        ("\"to\":\"demo-channel-address\"", "\"to\":\"\"", None, "10027"),
        (ADA, "", None, "10028"),
        ("\"interactions\":[", "\"interactions\":[1,", None, "10029"),
        ("EntryInteraction", "Another", None, "10029"),
        ("\"timestamp\":17723664", "\"timestamp\":16723664", None, "10046"),
        ("\"entryType\":\"Message\"", "\"entryType\":\"Letter\"", None, "10045"),
        ("StaticContentMessage", "ChoicesMessage", None, "10062"),
        ("StaticContentMessage", "Letter", None, "10047"),
        ("\"formatType\":\"Text\"", "\"formatType\":\"Verse\"", None, "10048"),
        ("\"formatType\":\"Text\"", "\"formatType\":\"Selections\"", None, "10049"),
        ("\"text\":\"Hi\"", "\"text\":\"\"", None, "10045"),
        ("name=\"json\"", "name=\"other\"", None, "10089"),
        ("\"contentLength\":5", "\"contentLength\":4", file, "10051"),
        ("\"contentLength\":5,", "", file, "10010"),
        ("\"id\":", "\"other\":", file, "10007"),
        ("name=\"attachments\"", "name=\"other\"", file, "10011"),
        ("\r\n\r\nhello\r\n", "\r\n\r\n\r\n", file, "10009"),
        ("Content-Type: image/png\r\n", "X: y\r\n", file, "10095"),
        ("AttachmentInteraction", "EntryInteraction", file, "10011"),
        ("", "", file, "OK"),
        ("", "", None, "OK"),
    ] {
        let change = |body: &str| if from.is_empty() { body.to_owned() } else { body.replace(from, to) };
        assert_eq!(interaction(&house, change, attachment), expected, "{from} -> {to}");
    }
    // Of the two ids one is empty, or they differ.
    let second = |to: &'static str| {
        move |body: &str| {
            let at = body.find("\"entryType\"").unwrap();
            let (head, tail) = body.split_at(at);
            let end = tail.find("\"id\":\"").unwrap() + 6;
            let rest = &tail[end + 36..];
            format!("{head}{}{to}{rest}", &tail[..end])
        }
    };
    assert_eq!(interaction(&house, second(""), None), "10059");
    assert_eq!(interaction(&house, second(PAYLOAD_ID), None), "10060");
    let attributes = vec![("Tier".to_owned(), "x".repeat(256))];
    let long = Action::Text(Text { text: "Hi".into(), attributes, ..Text::default() });
    assert_eq!(code(&house.act(ADA, long)), "10096");
    let big = format!("data:text/plain;base64,{}", "QUFB".repeat((25 << 20) / 3 + 1));
    let big = Action::Text(Text { attachment: Some(big), ..Text::default() });
    assert_eq!(code(&house.act(ADA, big)), "10008");
}

#[test]
fn what_stands_in_a_body_is_checked() {
    let house = House::new(System::Salesforce);
    let id = open(&house)["conversationIdentifier"].clone();
    let channel = settings::CHANNEL;
    let open = json!({ "channelAddressIdentifier": channel, "participants": [user()] });
    let consent = json!({ "channelAddressIdentifier": channel, "endUserClientId": ADA, "consentStatus": "OptedOut" });
    let end = json!({ "channelAddressIdentifier": channel, "conversationIdentifier": id, "endUserClientId": ADA, "operation": "Inactivate" });
    let entry = json!({ "clientTimestamp": START.millis(), "entryPayload": payload(PAYLOAD_ID) });
    let say = json!({ "conversationIdentifier": id, "sender": user(), "conversationEntries": [entry] });
    let read = json!({ "conversationIdentifier": id, "startTime": 5 });
    let seen = json!({
        "acknowledgementType": "Read", "acknowledgedConversationEntryIdentifier": "a",
        "acknowledgmentCreatedConversationEntryIdentifier": "b", "acknowledgementTimestamp": "1",
    });
    let seen = json!({ "conversationIdentifier": id, "sender": user(), "acknowledgements": [seen] });
    let remove = json!({ "conversationIdentifier": id, "operation": "Remove", "participants": [user()] });
    let past = json!({ "clientTimestamp": START.millis(), "sender": user(), "entryPayload": payload(PAYLOAD_ID) });
    let there = json!({ "participant": user(), "joinedTime": 1 });
    let past = json!({ "channelAddressIdentifier": channel, "conversationParticipants": [there], "conversationEntries": [past] });
    let bot = json!({ "subject": "b", "role": "Chatbot", "appType": "custom" });
    let nul = || Value::Null;
    for (operation, body, path, value, expected) in [
        ("conversation", &open, "/channelAddressIdentifier", nul(), "10052"),
        ("conversation", &open, "/channelAddressIdentifier", json!("x"), "10017"),
        ("conversation", &open, "/participants", json!([]), "10039"),
        ("conversation", &open, "/participants", json!([user(), user()]), "10044"),
        ("conversation", &open, "/participants", json!([user(), bot]), "10053"),
        ("conversation", &open, "/participants/0/role", json!("Chatbot"), "10042"),
        ("conversation", &open, "/participants/0/role", json!("Agent"), "10043"),
        ("conversation", &open, "/participants/0/appType", json!("web"), "10037"),
        ("conversation", &open, "/participants/0/subject", json!(""), "10054"),
        ("consent", &consent, "/endUserClientId", json!("x".repeat(241)), "10020"),
        ("consent", &consent, "/channelAddressIdentifier", json!("x"), "10017"),
        ("messagingSession", &end, "/operation", json!("Pause"), "10102"),
        ("messagingSession", &end, "/operationBy", json!("Bot"), "10103"),
        ("messagingSession", &end, "/conversationIdentifier", nul(), "10018"),
        ("messagingSession", &end, "/conversationIdentifier", json!("x"), "SESSION_NOT_FOUND"),
        ("conversationEntry", &say, "/conversationIdentifier", json!("x"), "10025"),
        ("conversationEntry", &say, "/sender/subject", json!("+12025550124"), "10068"),
        ("conversationEntry", &say, "/conversationEntries", json!([]), "10045"),
        ("conversationEntry", &say, "/conversationEntries/0/clientTimestamp", json!(5), "10046"),
        ("conversationEntries", &read, "/startTime", json!("x"), "10090"),
        ("conversationEntries", &read, "/endTime", json!(5), "10091"),
        ("conversationEntries", &read, "/limit", json!(21), "10092"),
        ("acknowledgement", &seen, "/acknowledgements/0/acknowledgementType", json!("Seen"), "10089"),
        ("participant", &remove, "/operation", json!("Add"), "10097"),
        ("participant", &remove, "/participants", nul(), "10039"),
        ("conversationHistory", &past, "/channelAddressIdentifier", json!("x"), "10069"),
        ("conversationHistory", &past, "/messagingSession", json!({ "startTime": "x" }), "10061"),
        ("conversationHistory", &past, "/messagingSession", json!({ "startTime": 5, "endTime": 5 }), "10064"),
        ("conversationHistory", &past, "/conversationParticipants/0/leftTime", json!(9), "10065"),
        ("conversationHistory", &past, "/conversationParticipants/0/leftTime", json!(1), "10067"),
        ("conversationHistory", &past, "/conversationParticipants/0/participant", bot.clone(), "10042"),
        ("conversationHistory", &past, "/conversationParticipants", json!([]), "10078"),
        ("conversationHistory", &past, "/conversationEntries/0/sender", bot.clone(), "10068"),
        ("conversationHistory", &past, "/conversationEntries/0/clientTimestamp", json!(5), "10046"),
        ("conversationHistory", &past, "/conversationParticipants/0/joinedTime", json!(START.millis() + 1), "10074"),
        (
            "capabilities",
            &json!({ "capabilities": { "appType": "custom" } }),
            "/capabilities/appType",
            json!("x"),
            "10037",
        ),
    ] {
        let reply = house.ask(operation, &with(body, path, value.clone()));
        assert_eq!(code(&reply), expected, "{operation} {path} {value}: {}", reply.body);
        if path != "/capabilities/appType" {
            let whole = house.ask(operation, body);
            assert_eq!(code(&whole), "OK", "{operation}: {}", whole.body);
        }
    }
    let twice = past["conversationEntries"][0].clone();
    let twice = with(&past, "/conversationEntries", json!([twice, twice]));
    assert_eq!(code(&house.ask("conversationHistory", &twice)), "10073");
    let capability =
        json!({ "messageType": "StaticContentMessage", "formatTypeCapabilities": [{ "formatType": "Text" }] });
    let capable = json!({ "capabilities": { "appType": "custom", "channelCapabilities": [{ "messageTypeCapabilities": [capability] }] } });
    assert_eq!(code(&house.ask("capabilities", &capable)), "OK");
    for (name, value, expected) in [
        ("customIntegration", json!({ "customIntegrationType": "x" }), "10050"),
        ("progressIndicatorCapability", json!({}), "10098"),
        ("messageTypeCapabilities", json!([{}]), "10047"),
    ] {
        let changed = with(&capable, &format!("/capabilities/channelCapabilities/0/{name}"), value);
        assert_eq!(code(&house.ask("capabilities", &changed)), expected);
    }
    let empty = house.instead(Action::Open { attributes: vec![] }, &json!([]));
    assert_eq!(code(&empty), "10089");
}

#[test]
fn routes_and_agents_work() {
    let house = House::new(System::Salesforce);
    let opened = open(&house);
    let (id, item) = (opened["conversationIdentifier"].clone(), opened["messagingSessionId"].clone());
    let route = json!({ "conversationIdentifier": id, "routingType": "Initial" });
    let unroute = json!({ "conversationIdentifier": id });
    assert_eq!(house.ask("cancelRoute", &unroute).body["success"], false);
    let routed = house.ask("route", &with(&route, "/routingInfo", json!({ "queueId": "00G000000000001" })));
    assert_eq!(
        (&routed.body["workItemId"], &routed.body["contextParamMap"]["queueId"]),
        (&item, &json!("00G000000000001"))
    );
    assert_eq!(house.ask("cancelRoute", &unroute).body["success"], true);
    for (info, expected) in [
        (json!({}), "10030"),
        (json!({ "queueId": "00G000000000001", "flow": {} }), "10030"),
        (json!({ "flow": { "flowId": "x" } }), "10024"),
        (json!({ "queueId": "x" }), "10032"),
    ] {
        assert_eq!(code(&house.ask("route", &with(&route, "/routingInfo", info))), expected);
    }
    let work = json!({ "userId": "005000000000001", "workItemId": item, "capacityWeight": 1.5 });
    for (path, value, expected) in [
        ("/userId", Value::Null, "15106"),
        ("/workItemId", json!("x"), "15110"),
        ("/workItemId", json!("0Mw000000000000"), "15111"),
        ("/capacityWeight", json!(-1), "10014"),
        ("/capacityPercentage", json!(5), "10013"),
        ("/routingContext", json!({ "conversationIdentifier": "x" }), "15107"),
    ] {
        assert_eq!(code(&house.ask("agentWork", &with(&work, path, value))), expected, "{path}");
    }
    let percent = with(&with(&work, "/capacityWeight", Value::Null), "/capacityPercentage", json!(101));
    assert_eq!(code(&house.ask("agentWork", &percent)), "10015");
    let taken = house.ask("agentWork", &work);
    let change = json!({ "workId": taken.body["agentWorkId"], "status": "Opened" });
    assert_eq!(code(&house.ask("agentWork", &work)), "15109");
    assert_eq!(code(&house.ask("updateAgentWork", &change)), "OK");
    assert_eq!(code(&house.ask("updateAgentWork", &with(&change, "/workId", json!("x")))), "10082");
    assert_eq!(code(&house.ask("updateAgentWork", &with(&change, "/status", Value::Null))), "10085");
    let result =
        json!({ "conversationIdentifier": id, "workItemId": item, "success": true, "externallyRouted": false });
    assert_eq!(code(&house.ask("routingResult", &result)), "OK");
    assert_eq!(code(&house.ask("routingResult", &with(&result, "/errorMessage", json!("x")))), "10033");
    assert_eq!(code(&house.ask("routingResult", &with(&result, "/success", json!(false)))), "10034");
    assert_eq!(code(&house.ask("routingResult", &with(&result, "/workItemId", json!("x")))), "10012");
}

#[test]
fn conversations_are_forgotten_before_memory_ends() {
    let house = House::new(System::Salesforce);
    let open =
        |user: &str| house.act(user, Action::Open { attributes: Vec::new() }).body["conversationIdentifier"].clone();
    let first = open("first");
    for user in 1..super::super::MOST {
        if user % 1000 == 0 {
            house.later(Duration::from_secs(1));
        }
        open(&user.to_string());
    }
    assert_eq!(open("first"), first);
    open("last");
    assert_ne!(open("first"), first);
}
