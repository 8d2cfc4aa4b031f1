//! The PBX.

use super::*;

fn send() -> Value {
    json!({
        "sender_type": 9, "sender_no": "api", "channel": "whatsapp", "did_number": settings::DID, "to": ADA, "msg_kind": 0,
        "msg_type": 0, "msg_body": "Hi", "request_id": "r",
    })
}

/// What the events of a reply tell: type, delivery_status, send_error.
fn told(reply: &Reply) -> Vec<(i64, i64, String)> {
    let one = |event: &Value| {
        let msg: Value = serde_json::from_str(event["msg"].as_str().unwrap()).unwrap();
        let error = msg["send_error"].as_str().unwrap_or_default().to_owned();
        (event["type"].as_i64().unwrap(), msg["delivery_status"].as_i64().unwrap_or(-1), error)
    };
    reply.webhooks.iter().map(one).collect()
}

#[test]
fn a_message_belongs_to_a_session_and_is_read_back() {
    let house = House::new(System::Yeastar);
    let first = house.act(ADA, text("Hi"));
    let session = first.body["data"]["session_id"].clone();
    assert_eq!(house.act(ADA, text("there")).body["data"]["session_id"], session);
    assert_eq!(code(&house.act(ADA, said_in(&session, "again"))), "OK");
    let read = house.ask("message/get", &json!({ "id": session, "page_size": 2 })).body;
    let bodies: Vec<_> = read["data"]["records"].as_array().unwrap().iter().map(|record| &record["msg_body"]).collect();
    assert_eq!(bodies, ["there", "again"]);
    let last = read["data"]["records"][0]["msg_id"].clone();
    let before = house.ask("message/get", &json!({ "id": session, "page_size": 2, "last_msg_id": last })).body;
    assert_eq!(before["data"]["records"][0]["msg_id"], first.body["data"]["msg_id"]);
    let several = house.ask("message/query", &json!({ "ids": format!("{session},999"), "page_size": 5 })).body;
    assert_eq!(several["data"].as_array().unwrap().len(), 1);
    let shown = house.ask("message_session/get", &json!({ "id": session })).body;
    assert_eq!((&shown["list"]["to_number"], &shown["list"]["is_close"]), (&json!(ADA), &json!(0)));
    for (operation, arguments, expected) in [
        ("message/get", json!({ "id": 999, "page_size": 1 }), "80014"),
        ("message/get", json!({ "id": session }), "40002"),
        ("message/query", json!({ "ids": "x", "page_size": 1 }), "40002"),
        ("message_session/get", json!({ "id": 999 }), "80014"),
        ("message_session/get", json!({}), "40002"),
    ] {
        assert_eq!(code(&house.ask(operation, &arguments)), expected, "{operation} {arguments}");
    }
}

#[test]
fn a_session_is_closed_archived_and_handed_over() {
    let house = House::new(System::Yeastar);
    let session = house.act(ADA, text("Hi")).body["data"]["session_id"].clone();
    let ask = |operation: &str, more: Value| {
        let mut body = json!({ "session_id": session });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        code(&house.ask(&format!("message_session/{operation}"), &body))
    };
    let by_api = || json!({ "user_type": 9 });
    assert_eq!(ask("unarchive", by_api()), "70654");
    assert_eq!([ask("archive", by_api()), ask("archive", by_api())], ["OK", "70653"]);
    assert_eq!(code(&house.act(ADA, said_in(&session, "Hi"))), "70653");
    let listed =
        |arguments: Value| house.ask("message_session/list", &arguments).body["list"].as_array().unwrap().len();
    assert_eq!([listed(json!({ "is_archived": 1 })), listed(json!({ "is_archived": 0 }))], [1, 0]);
    assert_eq!(ask("unarchive", json!({ "user_type": 1 })), "40002");
    assert_eq!(ask("unarchive", json!({ "user_type": 1, "user_no": "1000" })), "OK");
    for (kind, id, expected) in [
        ("queue", json!("6402"), "80051"),
        ("queue", json!(6401), "80052"),
        ("extension", json!("2000"), "70537"),
        ("api", Value::Null, "80017"),
        ("person", json!(1), "40002"),
        ("extension", json!("1001"), "OK"),
        ("extension", json!("1001"), "80017"),
        ("queue", json!("6400"), "OK"),
    ] {
        assert_eq!(ask("transfer", json!({ "destination_type": kind, "destination_id": id })), expected, "{kind} {id}");
    }
    let end = || Action::End { session: session.to_string() };
    assert_eq!([code(&house.act(ADA, end())), code(&house.act(ADA, end()))], ["OK", "80016"]);
    assert_eq!(code(&house.act(ADA, said_in(&session, "Hi"))), "80016");
    assert_ne!(house.act(ADA, text("Hi")).body["data"]["session_id"], session);
    assert_eq!(code(&house.act(ADA, Action::End { session: "999".into() })), "80014");
}

#[test]
fn a_message_is_refused_with_the_code_of_what_is_wrong() {
    let house = House::new(System::Yeastar);
    for (path, value, expected) in [
        ("/sender_type", Value::Null, "40002"),
        ("/sender_type", json!(5), "40002"),
        ("/msg_kind", json!(2), "40002"),
        ("/request_id", json!("x".repeat(128)), "40002"),
        ("/channel", json!("telegram"), "80018"),
        ("/did_number", json!("+1"), "80013"),
        ("/to", Value::Null, "40002"),
        ("/to", json!(""), "70621"),
        ("/to", json!("5551234"), "40002"),
        ("/msg_body", json!(""), "40002"),
        ("/msg_body", Value::Null, "40002"),
        ("/files", json!([{ "id": "1" }]), "80015"),
        ("/msg_kind", json!(1), "80015"),
        ("/session_id", json!(999), "80014"),
        ("/to", json!(BOB), "70657"),
    ] {
        let reply = house.instead(text("Hi"), &with(&send(), path, value.clone()));
        assert_eq!((reply.status, code(&reply).as_str()), (200, expected), "{path} {value}: {}", reply.body);
        assert!(expected != "40002" || reply.body["invalid_param_list"][0]["field"] == path[1..]);
    }
    assert_eq!(code(&house.instead(text("Hi"), &send())), "OK");
    let mut named = house.made(ADA, text("Hi"));
    named.headers.clear();
    assert_eq!(code(&house.post(&named)), "40001");
    let plain = Request { content_type: Some("text/plain".to_owned()), ..house.made(ADA, text("Hi")) };
    assert_eq!(code(&house.post(&plain)), "40001");
    assert_eq!(code(&house.post(&Request { target: "/extension/list".to_owned(), ..plain })), "10001");
}

#[test]
fn who_writes_may_be_answered_for_a_day_and_templates_go_to_anybody() {
    let house = House::new(System::Yeastar);
    let hello =
        |name: &str| Action::Template(Template { name: name.into(), language: "en".into(), parameters: vec![] });
    assert_eq!(told(&house.act(BOB, hello("hello"))), [(30032, 1, String::new())]);
    assert_eq!(told(&house.act(BOB, hello("none"))), [(30032, 2, "template_not_exist".to_owned())]);
    assert_eq!(code(&house.act(BOB, text("Hi"))), "70657");
    let event = match &mut *house.served.backend() {
        Backend::Yeastar(backend) => backend.written(BOB, "Good day", house.clock.now()),
        _ => panic!(),
    };
    assert_eq!(event["type"], 30031);
    assert_eq!(code(&house.act(BOB, text("Hi"))), "OK");
    house.later(Duration::from_secs(1799));
    assert_eq!(code(&house.act(BOB, text("Hi"))), "OK");
    house.later(Duration::from_secs(1));
    assert_eq!(code(&house.act(BOB, text("Hi"))), "10004");
    let mut house = house;
    house.later(Duration::from_secs(24 * 3600 - 1800));
    house.log_in();
    assert_eq!(code(&house.act(BOB, text("Hi"))), "70657");
}

#[test]
fn what_becomes_of_a_message_is_told_as_it_is_set() {
    let house = House::new(System::Yeastar);
    let no = String::new;
    for (outcome, expected) in [
        (Outcome::Sent, vec![(30032, 0, no())]),
        (Outcome::Delivered, vec![(30032, 1, no())]),
        (Outcome::Read, vec![(30032, 1, no()), (30038, -1, no())]),
        (Outcome::Failed(None), vec![(30032, 2, "invalid_phone_number".to_owned())]),
        (Outcome::Failed(Some("too_many_request".into())), vec![(30032, 2, "too_many_request".to_owned())]),
        (Outcome::Silent, vec![]),
    ] {
        house.told(outcome.clone());
        // What is refused uses nothing up.
        assert_eq!(code(&house.act("+12025550199", said_in(&json!(999), "Hi"))), "80014");
        assert_eq!(told(&house.act("+12025550199", text("Hi"))), expected, "{outcome:?}");
    }
    assert_eq!(told(&house.act("+12025550199", text("Hi")))[0].1, 2);
    assert_eq!(told(&house.act(ADA, text(&"x".repeat(4097)))), [(30032, 2, "exceeds_size_limit".to_owned())]);
}

#[test]
fn contacts_and_phonebooks_have_ids_and_nothing_is_there_twice() {
    let house = House::new(System::Yeastar);
    let fields = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let create = |pairs: &[(&str, &str)]| house.act(ADA, Action::Contact(ContactChange::Create(fields(pairs))));
    let ada = create(&[("first_name", "Ada"), ("mobile", ADA)]);
    let id = ada.body["id"].clone();
    let twice = create(&[("first_name", "Eve"), ("business", ADA)]);
    let list = &twice.body["duplicate_field_list"][0];
    assert_eq!((code(&twice).as_str(), &list["field"], &list["value"]), ("40003", &json!("number"), &json!(ADA)));
    assert_eq!(code(&create(&[("mobile", BOB)])), "40002");
    assert_eq!(code(&create(&[("first_name", "Eve")])), "40002");
    assert_eq!(code(&create(&[("first_name", "Eve"), ("mobile", BOB), ("phonebook_id_list", "77")])), "70093");
    let update = |id: &Value, pairs: &[(&str, &str)]| {
        code(&house.act(ADA, Action::Contact(ContactChange::Update(id.to_string(), fields(pairs)))))
    };
    assert_eq!(update(&id, &[("company", "Acme"), ("mobile", ADA)]), "OK");
    assert_eq!(update(&json!(999), &[("company", "Acme")]), "70128");
    let shown = house.ask("company_contact/get", &json!({ "id": id })).body["data"].clone();
    assert_eq!(shown, json!({ "id": id, "first_name": "Ada", "company": "Acme", "mobile": ADA }));
    assert_eq!(code(&create(&[("first_name", "Bob"), ("mobile", BOB)])), "OK");
    assert_eq!(
        house.ask("company_contact/list", &json!({ "page_size": 1, "page": 2 })).body["data"][0]["first_name"],
        "Bob"
    );
    assert_eq!(house.ask("company_contact/search", &json!({ "search_value": "Acm" })).body["total_number"], 1);
    let book = json!({ "name": "Friends", "member_select": "sel_specific", "add_contacts_id_list": [id] });
    let made = house.ask("phonebook/create", &book);
    assert_eq!((code(&made).as_str(), made.body["id"].is_i64()), ("OK", true));
    assert_eq!(code(&house.ask("phonebook/create", &book)), "40003");
    let stranger = with(&with(&book, "/name", json!("Others")), "/add_contacts_id_list", json!([999]));
    assert_eq!(code(&house.ask("phonebook/create", &stranger)), "70128");
    let delete = || code(&house.act(ADA, Action::Contact(ContactChange::Delete(id.to_string()))));
    assert_eq!(delete(), "70091");
    let alter = |change: Value| code(&house.ask("phonebook/update", &with(&change, "/id", made.body["id"].clone())));
    let listed = || house.ask("company_contact/get", &json!({ "id": id })).body["data"]["phonebook_id_list"].clone();
    assert_eq!(alter(json!({ "id": 0, "name": "Best", "del_contacts_id_list": [id] })), "OK");
    assert_eq!(listed(), json!([]));
    assert_eq!(alter(json!({ "id": 0, "add_contacts_id_list": [id] })), "OK");
    assert_eq!(alter(json!({ "id": 0, "add_contacts_id_list": [id] })), "OK");
    assert_eq!(listed(), json!([made.body["id"]]));
    assert_eq!(alter(json!({ "id": 0, "member_select": "some" })), "40002");
    let named = house.act(ADA, Action::Phonebook(ContactChange::Create(fields(&[("name", "Best")]))));
    assert_eq!(code(&named), "40003", "that is its name now");
    assert_eq!(code(&house.ask("phonebook/update", &json!({ "id": 999, "name": "x" }))), "70093");
    let drop_book = || code(&house.act(ADA, Action::Phonebook(ContactChange::Delete(made.body["id"].to_string()))));
    assert_eq!([drop_book(), drop_book()], ["OK", "70093"]);
    assert_eq!([delete(), delete()], ["OK", "70128"]);
}

#[test]
fn campaigns_and_mail_are_checked() {
    let house = House::new(System::Yeastar);
    let campaign = json!({
        "name": "May", "channel_type": "sms", "omnichannel_id": 1, "sender": 2, "recipient_type": "input",
        "number_list": [ADA], "send_time": START.millis() / 1000,
    });
    assert!(house.ask("message_campaign/create", &campaign).body["id"].is_i64());
    for (path, value, expected) in [
        ("/channel_type", json!("fax"), "40002"),
        ("/number_list", json!([]), "70621"),
        ("/number_list", json!(["1"]), "40002"),
        ("/send_time", json!(START.millis() / 1000 - 1), "70623"),
    ] {
        assert_eq!(code(&house.ask("message_campaign/create", &with(&campaign, path, value))), expected, "{path}");
    }
    let mut of_book = with(&campaign, "/recipient_type", json!("phonebook"));
    of_book = with(&of_book, "/recipient_id", json!(77));
    assert_eq!(code(&house.ask("message_campaign/create", &of_book)), "70093");
    let mail = json!({ "email_server": "ys", "recipient": ["ada@example.com"], "subject": "Hi" });
    assert_eq!(code(&house.ask("system/sendemail", &mail)), "OK");
    assert_eq!(code(&house.ask("system/sendemail", &with(&mail, "/recipient", json!(["ada"])))), "40002");
    assert_eq!(code(&house.ask("system/sendemail", &with(&mail, "/email_server", Value::Null))), "40002");
}

#[test]
fn eight_tokens_live_at_once() {
    let mut house = House::new(System::Yeastar);
    (1..8).for_each(|_| house.log_in());
    let request = token_request(&house.connector, None, house.clock.now()).unwrap();
    assert_eq!(code(&house.post(&request)), "60002");
    house.later(Duration::from_secs(1800));
    house.log_in();
    let wrong = Request { body: br#"{"username":"x","password":"y"}"#.to_vec(), ..request };
    let codes: Vec<_> = (0..6).map(|_| code(&house.post(&wrong))).collect();
    assert_eq!(codes, ["-1", "-1", "-1", "-1", "-1", "70004"]);
}
