//! The Connectly API.

use super::*;

fn statuses(reply: &Reply) -> Vec<&str> {
    reply.webhooks.iter().map(|event| event["statusUpdate"]["status"].as_str().unwrap()).collect()
}

fn hello(name: &str, language: &str, parameters: &[(&str, &str)]) -> Action {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Action::Template(Template { name: name.into(), language: language.into(), parameters })
}

#[test]
fn a_free_text_goes_to_who_has_written_within_a_day() {
    let house = House::new(System::Connectly);
    let shut = "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW";
    let reply = house.act(BOB, text("Hi"));
    assert_eq!((code(&reply).as_str(), &reply.body["type"]), (shut, &json!("ERROR_TYPE_DEADLINE_EXCEEDED")));
    let event = match &mut *house.served.backend() {
        Backend::Connectly(backend) => backend.written(BOB, "Good day", house.clock.now()),
        _ => panic!(),
    };
    assert_eq!((&event["topic"], &event["message"]["text"]), (&json!("messages"), &json!("Good day")));
    house.later(Duration::from_secs(24 * 3600 - 1));
    let reply = house.act(BOB, text("Hi"));
    assert_eq!((reply.status, statuses(&reply)), (201, vec!["sent", "delivered"]));
    house.later(Duration::from_secs(1));
    assert_eq!(code(&house.act(BOB, text("Hi"))), shut);
    assert_eq!(code(&house.act(BOB, hello("hello", "en", &[]))), "OK");
}

#[test]
fn what_becomes_of_a_message_is_told_as_it_is_set() {
    let house = House::new(System::Connectly);
    for (outcome, expected) in [
        (Outcome::Silent, vec![]),
        (Outcome::Sent, vec!["sent"]),
        (Outcome::Delivered, vec!["sent", "delivered"]),
        (Outcome::Read, vec!["sent", "delivered", "read"]),
        (Outcome::Failed(Some("ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT".into())), vec!["sent", "delivery_failed"]),
    ] {
        house.told(outcome);
        let reply = house.act("+12025550199", text("Hi"));
        assert_eq!(statuses(&reply), expected);
        for event in &reply.webhooks {
            assert_eq!(event["statusUpdate"]["id"], reply.body["id"]);
        }
        let failed = reply.webhooks.iter().find(|event| event["statusUpdate"]["status"] == "delivery_failed");
        assert!(
            failed
                .is_none_or(|event| event["statusUpdate"]["error"]["code"] == "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT")
        );
    }
    assert_eq!(statuses(&house.act("+12025550199", text("Hi"))), ["sent", "delivery_failed"]);
}

#[test]
fn a_message_is_refused_with_the_code_of_what_is_wrong() {
    let house = House::new(System::Connectly);
    let end = |id: &str| json!({ "id": id, "channelType": "whatsapp" });
    let body = json!({ "recipient": end(ADA), "sender": end(settings::DID), "message": { "text": "Hi" } });
    let long = "x".repeat(4097);
    let file = |kind: &str, url: &str| json!({ "attachments": [{ "type": kind, "url": url }] });
    for (path, value, expected) in [
        ("/recipient", Value::Null, "ERROR_TYPE_INVALID_REQUEST"),
        ("/recipient/id", json!("12"), "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT"),
        ("/recipient/id", json!(settings::DID), "ERROR_CODE_MESSAGE_SELF_INVALID"),
        ("/recipient/channelType", json!("sms"), "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL"),
        ("/sender/id", json!("shop"), "ERROR_CODE_INVALID_SENDER_ID"),
        ("/sender/id", json!(ADA), "ERROR_CODE_MESSAGE_SELF_INVALID"),
        ("/callbackData", json!("x".repeat(1024)), "ERROR_TYPE_INVALID_REQUEST"),
        ("/message", json!({}), "ERROR_TYPE_INVALID_REQUEST"),
        ("/message", json!({ "text": "Hi", "location": {} }), "ERROR_TYPE_INVALID_REQUEST"),
        ("/message", json!({ "location": 1 }), "ERROR_TYPE_INVALID_REQUEST"),
        ("/message/text", json!(" "), "ERROR_CODE_MESSAGE_TEXT_EMPTY"),
        ("/message/text", json!(long), "ERROR_TYPE_INVALID_REQUEST"),
        ("/message", json!({ "attachments": [1, 2] }), "ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID"),
        ("/message", file("image", ""), "ERROR_CODE_MESSAGE_ATTACHMENT_EMPTY"),
        ("/message", file("image", "no address"), "ERROR_CODE_MESSAGE_ATTACHMENT_INVALID"),
        ("/message", file("poem", "https://example.com/a.png"), "ERROR_TYPE_INVALID_REQUEST"),
        ("/message", file("image", "https://example.com/a.png"), "OK"),
        ("/recipient/id", json!("bsuid:US.1"), "OK"),
    ] {
        let reply = house.instead(text("Hi"), &with(&body, path, value.clone()));
        assert_eq!(code(&reply), expected, "{path} {value}: {}", reply.body);
    }
    let made = house.made(ADA, text("Hi"));
    let stranger = Request { secret_headers: vec![("X-API-Key", Secret::new("x"))], ..made.clone() };
    assert_eq!(code(&house.post(&stranger)), "ERROR_TYPE_AUTHENTICATION");
    let other = Request { target: "/businesses/another/send/messages".to_owned(), ..made.clone() };
    let reply = house.post(&other);
    assert_eq!((reply.status, code(&reply).as_str()), (403, "ERROR_TYPE_AUTHORIZATION"));
    let nowhere = Request { target: "/businesses/demo-business/send/letters".to_owned(), ..made.clone() };
    assert_eq!(code(&house.post(&nowhere)), "ERROR_TYPE_NOT_FOUND");
    let plain = Request { content_type: Some("text/plain".to_owned()), ..made };
    assert_eq!(code(&house.post(&plain)), "ERROR_TYPE_INVALID_REQUEST");
}

#[test]
fn templates_are_made_wait_for_approval_and_are_sent() {
    let house = House::new(System::Connectly);
    let body = json!({
        "name": "spring", "language": { "code": "de" }, "category": "MARKETING", "template_components": [{ "type": "BODY" }],
    });
    let (none, param) = ("ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND", "ERROR_CODE_MESSAGE_TEMPLATE_INVALID_PARAM");
    let status = || {
        let all = house.ask("get/templates", &json!({})).body["entity"]["templateGroups"].clone();
        let ours = all.as_array().unwrap().iter().find(|group| group["name"] == "spring");
        ours.map(|group| group["templates"][0]["status"].as_str().unwrap().replace("MESSAGE_TEMPLATE_STATUS_", ""))
    };
    assert_eq!(status(), None);
    assert_eq!(house.ask("create/template", &body).status, 201);
    assert_eq!(status().as_deref(), Some("PENDING"));
    assert_eq!(code(&house.act(ADA, hello("spring", "de", &[]))), none);
    let again = house.ask("create/template", &body);
    assert_eq!((again.status, code(&again).as_str()), (409, "ERROR_TYPE_CONFLICT"));
    house.later(Duration::from_secs(60));
    assert_eq!(status().as_deref(), Some("APPROVED"));
    for (name, language, parameters, expected) in [
        ("spring", "de", vec![("body_1", "Ada")], "OK"),
        ("spring", "en", vec![], none),
        ("winter", "de", vec![], none),
        ("hello", "en", vec![("body_16", "x")], param),
        ("hello", "en", vec![("footer", "x")], param),
        ("hello", "en", vec![("body_1", "")], param),
        ("hello", "en", vec![("body_1", "x"), ("body_1", "y")], param),
        ("hello", "", vec![], "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID"),
    ] {
        assert_eq!(code(&house.act(ADA, hello(name, language, &parameters))), expected, "{name} {language}");
    }
    for path in ["/name", "/language", "/category", "/template_components"] {
        assert_eq!(code(&house.ask("create/template", &with(&body, path, Value::Null))), "ERROR_TYPE_INVALID_REQUEST");
    }
    let last = (1..=250).map(|number| {
        house.later(Duration::from_secs(1));
        house.ask("create/template", &with(&body, "/name", json!(format!("t{number}"))))
    });
    assert_eq!(code(&last.last().unwrap()), "ERROR_TYPE_BUSINESS_LIMIT");
}

#[test]
fn campaigns_count_and_a_topic_is_registered_once() {
    let house = House::new(System::Connectly);
    let entry = |client: &str| json!({ "client": client, "campaignName": "May" });
    let data = house.ask("send/campaigns", &json!({ "entries": [entry(ADA), entry("x")] })).body["data"][0].clone();
    assert_eq!((&data["acceptedCount"], &data["rejectedCount"]), (&json!(1), &json!(1)));
    assert_eq!(data["error"]["code"], "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT");
    let invalid = "ERROR_TYPE_INVALID_REQUEST";
    assert_eq!(code(&house.ask("send/campaigns", &json!({ "entries": [] }))), invalid);
    assert_eq!(code(&house.ask("send/campaigns", &json!({ "entries": [{ "client": ADA }] }))), invalid);
    let hook = json!({ "topic": "messages", "address": "https://example.com/hook" });
    let made = house.ask("create/webhooks", &hook);
    assert_eq!(made.status, 201);
    let changed = |id: &Value, topic: &str| {
        house.ask("update/webhooks", &json!({ "id": id, "topic": topic, "address": "https://example.com/other" }))
    };
    assert_eq!(changed(&made.body["id"], "delivery_status").body["id"], made.body["id"]);
    assert_eq!(changed(&made.body["id"], "messages").status, 200);
    assert_eq!(code(&changed(&json!("another"), "messages")), "ERROR_TYPE_NOT_FOUND");
    let again = house.ask("create/webhooks", &hook);
    assert_eq!((again.status, code(&again).as_str()), (409, "ERROR_TYPE_CONFLICT"));
    assert_eq!(house.ask("create/webhooks", &with(&hook, "/topic", json!("delivery_status"))).status, 201);
    for (path, value) in [("/topic", json!("news")), ("/address", json!("http://example.com/hook"))] {
        assert_eq!(code(&house.ask("create/webhooks", &with(&hook, path, value))), invalid);
    }
}
