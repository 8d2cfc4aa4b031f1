//! Every SOAP type that a route may send to a connector (facts/backends section 7): what reaches the system, and what the row says.

use serde_json::{Value, json};

use crate::{
    gateway::Answer,
    house::{ALL, CONNECTLY, SALESFORCE, World, YEASTAR, extra, number, row, sms, subscriber, triggered},
    system::{OUR_NUMBER, part, python},
};

/// What was asked last, after every request was found to be as documented.
async fn last(world: &World) -> Value {
    world.system.taken().await;
    world.system.requests().await.pop().expect("something was asked")
}

fn body(entry: &Value) -> Value {
    match &entry["json"] {
        Value::Null => part(entry["body"].as_str().unwrap()),
        json => json.clone(),
    }
}

fn attributes(pairs: &[(&str, &str)]) -> String {
    pairs
        .iter()
        .map(|(name, value)| format!("<Attributes><Name>{name}</Name><Value>{value}</Value></Attributes>"))
        .collect()
}

fn ok(answer: &Answer) {
    let row = row(answer);
    assert_eq!(row.status, "OK", "{row:?}");
}

#[tokio::test]
async fn an_sms_triggered_send_is_one_text_to_one_number() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::new(system).await;
        // A number as people write it, and text that JSON, XML and MIME each could break.
        let text = "Grüße &amp; &lt;b&gt; \"--b\" 😀 \\ %%x";
        let answer = world.patiently(world.create("", &sms("0151 1200-0001", text))).await;
        ok(&answer);
        let entry = last(&world).await;
        let body = body(&entry);
        let plain = "Grüße & <b> \"--b\" 😀 \\ %%x";
        match system {
            SALESFORCE => {
                assert_eq!(entry["path"], "/api/v1/interactions");
                assert_eq!((&body["from"], &body["to"]), (&json!("+4915112000001"), &json!(OUR_NUMBER)));
            }
            YEASTAR => {
                assert_eq!(entry["path"], "/openapi/v1.0/message/send");
                assert_eq!((&body["to"], &body["did_number"]), (&json!("+4915112000001"), &json!(OUR_NUMBER)));
                assert_eq!(body["msg_kind"], 0);
            }
            _ => {
                assert_eq!(entry["path"], "/v1/businesses/business-1/send/messages");
                assert_eq!(body["recipient"], json!({"id": "+4915112000001", "channelType": "whatsapp"}));
                assert_eq!(body["sender"]["id"], OUR_NUMBER);
            }
        }
        assert_eq!(crate::system::text(&entry), plain, "{system}");
        let row = row(&answer);
        match system {
            YEASTAR => assert_eq!(row.new_id, entry["id"].as_str().map(str::to_owned)),
            CONNECTLY => assert_eq!(
                (row.new_id.as_deref(), row.new_object),
                (Some("0"), entry["id"].as_str().map(str::to_owned))
            ),
            _ => assert_eq!((row.new_id.as_deref(), row.new_object.map(|id| id.len())), (Some("0"), Some(36))),
        }
    }
}

#[tokio::test]
async fn a_number_that_is_none_is_an_error_of_its_object_alone() {
    if !python() {
        return;
    }
    for system in [YEASTAR, CONNECTLY] {
        let world = World::new(system).await;
        let objects = [sms("12", "bad"), sms(&number(1), "good"), sms("", "none")].concat();
        let answer = world.patiently(world.create("", &objects)).await;
        let statuses: Vec<_> = crate::house::rows(&answer).into_iter().map(|row| row.status).collect();
        assert_eq!(statuses, ["Error", "OK", "Error"], "{system}: {}", answer.body);
        assert_eq!(world.system.texts().await, ["good"], "{system}");
    }
}

#[tokio::test]
async fn a_triggered_send_is_one_message_to_each_subscriber() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::new(system).await;
        let people = [("ann", number(1)), ("bob", number(2)), ("cy", "no number".to_owned())];
        let people: Vec<_> = people.iter().map(|(key, number)| (*key, number.as_str())).collect();
        let answer = world.patiently(world.create("", &triggered("welcome", &people[..2]))).await;
        ok(&answer);
        let entries = world.system.taken().await;
        assert_eq!(entries.len(), 2, "{system}");
        let mut reached: Vec<String> = entries
            .iter()
            .map(|entry| {
                let body = body(entry);
                let to = body.get("number").or(body.get("from")).unwrap_or(&body["to"]);
                to.as_str().unwrap().to_owned()
            })
            .collect();
        reached.sort();
        assert_eq!(reached, [number(1), number(2)], "{system}");
        let first = entries.iter().map(body).find(|body| body.to_string().contains(&number(1))).unwrap();
        match system {
            SALESFORCE => {
                assert_eq!(
                    first["interactions"][0]["payload"]["abstractMessage"]["staticContent"]["text"],
                    "Hello ann"
                );
                assert_eq!(first["routingAttributes"]["body_1"], "ann");
            }
            YEASTAR => {
                assert_eq!(first["msg_kind"], 1);
                let param: Value = serde_json::from_str(first["whatsapp_msg_param"].as_str().unwrap()).unwrap();
                assert!(param.to_string().contains("\"ann\"") && param.to_string().contains("\"welcome\""), "{param}");
            }
            _ => {
                assert_eq!((&first["templateName"], &first["language"]), (&json!("welcome"), &json!("en")));
                assert_eq!(first["parameters"], json!([{"name": "body_1", "value": "ann"}]));
            }
        }
    }
}

#[tokio::test]
async fn of_a_triggered_send_those_who_were_not_reached_are_named() {
    if !python() {
        return;
    }
    let world = World::new(CONNECTLY).await;
    world.system.set(json!({"opted_out": [number(2)]})).await;
    let people = [("ann", number(1)), ("bob", number(2)), ("cy", "12".to_owned())];
    let people: Vec<_> = people.iter().map(|(key, number)| (*key, number.as_str())).collect();
    let answer = world.patiently(world.create("", &triggered("welcome", &people))).await;
    let failures = answer.count("CreateResponse/Results/SubscriberFailures");
    assert_eq!(failures, 2, "{}", answer.body);
    let mut failed: Vec<_> = (0..failures)
        .map(|at| {
            let text =
                |name: &str| answer.text(&format!("CreateResponse/Results/SubscriberFailures#{at}/{name}")).unwrap();
            (text("Subscriber/SubscriberKey"), text("ErrorCode"), text("Ordinal"))
        })
        .collect();
    failed.sort();
    assert_eq!(failed[0].0, "bob");
    assert_eq!(failed[0].1, "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT");
    assert_eq!((failed[0].2.as_str(), failed[1].2.as_str()), ("1", "2"));
    assert_eq!(failed[1].0, "cy");
    assert_eq!(world.system.taken().await.len(), 1);
}

#[tokio::test]
async fn contacts_of_a_pbx_are_made_changed_and_removed_by_their_subscriber_key() {
    if !python() {
        return;
    }
    let world = World::new(YEASTAR).await;
    let key = "<SubscriberKey>ann</SubscriberKey>";
    let sms = format!(
        "<PrimarySMSAddress><AddressType>SMS</AddressType><Address>{}</Address></PrimarySMSAddress>",
        number(1)
    );
    let make = subscriber(&format!(
        "<EmailAddress>ann@example.com</EmailAddress>{}{key}{sms}",
        attributes(&[("FirstName", "Ann"), ("LastName", "Doe")])
    ));
    let made = world.patiently(world.create("", &make)).await;
    ok(&made);
    let entry = last(&world).await;
    assert_eq!(entry["path"], "/openapi/v1.0/company_contact/create");
    assert_eq!(entry["json"]["first_name"], "Ann");
    assert_eq!(entry["json"]["number_list"], json!([{"num_type": "mobile_number", "number": number(1)}]));
    let id: i64 = row(&made).new_id.unwrap().parse().unwrap();
    assert!(id > 0, "{}", made.body);

    let change = subscriber(&format!("{}{key}", attributes(&[("LastName", "Roe")])));
    ok(&world.patiently(world.update(&change)).await);
    let entry = last(&world).await;
    assert_eq!(entry["path"], "/openapi/v1.0/company_contact/update");
    assert_eq!((entry["json"]["id"].as_i64(), &entry["json"]["last_name"]), (Some(id), &json!("Roe")));

    ok(&world.patiently(world.delete(&subscriber(key))).await);
    let entry = last(&world).await;
    assert_eq!(
        (&entry["path"], &entry["query"]["id"]),
        (&json!("/openapi/v1.0/company_contact/delete"), &json!(id.to_string()))
    );
    // Its id is forgotten with it.
    let again = row(&world.patiently(world.delete(&subscriber(key))).await);
    assert_eq!(again.status, "Error", "{again:?}");
    assert_eq!(world.system.requests().await.len(), 3);
}

#[tokio::test]
async fn a_subscriber_of_salesforce_is_a_conversation_and_its_status_a_consent() {
    if !python() {
        return;
    }
    let world = World::new(SALESFORCE).await;
    let key = "<SubscriberKey>user-1</SubscriberKey>";
    let made = world.patiently(world.create("", &subscriber(key))).await;
    ok(&made);
    let entry = last(&world).await;
    assert_eq!(entry["path"], "/api/v1/conversation");
    assert_eq!(
        entry["json"],
        json!({"channelAddressIdentifier": OUR_NUMBER,
               "participants": [{"subject": "user-1", "role": "EndUser", "appType": "custom"}]})
    );
    assert_eq!(row(&made).new_object.map(|id| id.len()), Some(36));
    for (status, consent) in [("Unsubscribed", "OptedOut"), ("Active", "ExplicitlyOptedIn")] {
        let changed = subscriber(&format!("{key}<Status>{status}</Status>"));
        ok(&world.patiently(world.update(&changed)).await);
        let entry = last(&world).await;
        assert_eq!((&entry["method"], &entry["path"]), (&json!("PATCH"), &json!("/api/v1/consent")));
        assert_eq!(
            entry["json"],
            json!({"endUserClientId": "user-1", "channelAddressIdentifier": OUR_NUMBER, "consentStatus": consent})
        );
    }
}

#[tokio::test]
async fn the_end_of_a_session_is_the_delete_of_a_send_in_it() {
    if !python() {
        return;
    }
    let world = World::new(SALESFORCE).await;
    let made = world.patiently(world.create("", &subscriber("<SubscriberKey>user-1</SubscriberKey>"))).await;
    let conversation = row(&made).new_object.unwrap();
    let end = |session: &str| {
        format!(
            "<Objects xsi:type=\"SMSTriggeredSend\">{}<Number>{}</Number></Objects>",
            extra("Session", session),
            number(1)
        )
    };
    ok(&world.patiently(world.delete(&end(&conversation))).await);
    let entry = last(&world).await;
    assert_eq!((&entry["path"], &entry["json"]["operation"]), (&json!("/api/v1/messagingSession"), &json!("End")));
    let unknown = row(&world.patiently(world.delete(&end("another"))).await);
    assert!(unknown.status == "Error" && unknown.message.contains("SESSION_NOT_FOUND"), "{unknown:?}");

    let world = World::new(YEASTAR).await;
    ok(&world.patiently(world.create("", &sms(&number(1), "hello"))).await);
    ok(&world.patiently(world.delete(&end("100"))).await);
    let entry = last(&world).await;
    assert_eq!(
        (&entry["path"], &entry["json"]),
        (&json!("/openapi/v1.0/message_session/close"), &json!({"session_id": 100}))
    );
}

#[tokio::test]
async fn a_message_in_a_session_names_it() {
    if !python() {
        return;
    }
    let in_session = |session: &str, more: &str| {
        sms(&number(1), "more").replacen('>', &format!(">{}{more}", extra("Session", session)), 1)
    };
    let world = World::new(YEASTAR).await;
    ok(&world.patiently(world.create("", &sms(&number(1), "hello"))).await);
    ok(&world.patiently(world.create("", &in_session("100", ""))).await);
    assert_eq!(last(&world).await["json"]["session_id"], 100);

    let world = World::new(SALESFORCE).await;
    let made = world.patiently(world.create("", &subscriber("<SubscriberKey>user-1</SubscriberKey>"))).await;
    let conversation = row(&made).new_object.unwrap();
    ok(&world.patiently(world.create("", &in_session(&conversation, &extra("Sender", "bot-1")))).await);
    let entry = last(&world).await;
    assert_eq!(entry["path"], "/api/v1/conversationEntry");
    assert_eq!(
        entry["headers"]["authorizationcontexttype"].as_str().map(str::to_lowercase).as_deref(),
        Some("conversationchanneldefinition")
    );
}

#[tokio::test]
async fn a_file_goes_along() {
    if !python() {
        return;
    }
    let with = |attachment: &str, text: &str| {
        sms(&number(1), text).replacen('>', &format!(">{}", extra("Attachment", attachment)), 1)
    };
    let world = World::new(SALESFORCE).await;
    ok(&world.patiently(world.create("", &with("data:text/plain;name=a.txt;base64,aGVsbG8=", "see"))).await);
    assert!(last(&world).await["body"].as_str().unwrap().contains("hello"));
    let world = World::new(CONNECTLY).await;
    ok(&world.patiently(world.create("", &with("https://example.com/a.png", ""))).await);
    assert_eq!(
        last(&world).await["json"]["message"]["attachments"],
        json!([{"type": "image", "url": "https://example.com/a.png"}])
    );
}

#[tokio::test]
async fn other_documented_operations_are_asked_for_by_name() {
    if !python() {
        return;
    }
    let operation = |name: &str, body: Option<Value>| {
        let body = body.map_or_else(String::new, |body| extra("Body", &body.to_string()));
        format!("<Objects xsi:type=\"SMSTriggeredSend\">{}{body}</Objects>", extra("Operation", name))
    };
    for (system, asked) in [
        (
            YEASTAR,
            vec![
                ("message_session/list", Some(json!({}))),
                ("company_contact/list", Some(json!({}))),
                ("phonebook/create", Some(json!({"name": "p", "member_select": "sel_all"}))),
                ("phonebook/delete", Some(json!({"id": 31}))),
            ],
        ),
        (
            CONNECTLY,
            vec![
                ("get/templates", None),
                (
                    "create/template",
                    Some(
                        json!({"name": "n", "language": {"code": "en"}, "category": "UTILITY", "template_components": []}),
                    ),
                ),
                ("create/webhooks", Some(json!({"topic": "delivery_status", "address": "https://example.com/hook"}))),
                (
                    "update/webhooks",
                    Some(json!({"id": "hook-1", "topic": "delivery_status", "address": "https://example.com/h2"})),
                ),
                ("send/campaigns", Some(json!({"entries": [{"client": "c", "campaignName": "n"}]}))),
            ],
        ),
        (
            SALESFORCE,
            vec![
                (
                    "consent",
                    Some(
                        json!({"endUserClientId": "u", "channelAddressIdentifier": OUR_NUMBER, "consentStatus": "OptedOut"}),
                    ),
                ),
                ("capabilities", Some(json!({"capabilities": {}}))),
                ("agentWork", Some(json!({"workItemId": "w"}))),
            ],
        ),
    ] {
        let world = World::new(system).await;
        for (name, body) in asked {
            let answer = world.patiently(world.create("", &operation(name, body))).await;
            let row = row(&answer);
            assert_eq!(row.status, "OK", "{system} {name}: {row:?}");
            world.system.taken().await;
        }
        let unknown = row(&world.patiently(world.create("", &operation("no/such", None))).await);
        assert_eq!(unknown.status, "Error", "{unknown:?}");
        if system == YEASTAR {
            let before = world.system.log(0).await.len();
            for name in ["message/get", "phonebook/create"] {
                let body = json!({"id": 1, "Access_Token": "of another"});
                let refused = row(&world.patiently(world.create("", &operation(name, Some(body)))).await);
                assert_eq!(refused.code, Some(4_000_005), "{refused:?}");
                assert!(refused.message.contains("expected no `access_token` in it"), "{refused:?}");
            }
            assert_eq!(world.system.log(0).await.len(), before, "nobody was asked");
        }
    }
}

#[tokio::test]
async fn what_a_caller_may_not_name_is_an_error_and_never_a_request() {
    if !python() {
        return;
    }
    let limited = |connector: &mut envoi::connector::Connector| {
        connector.allowed.senders = vec![OUR_NUMBER.to_owned(), "10*".to_owned()];
        connector.allowed.channels = vec!["whatsapp".to_owned()];
    };
    let world = World::with(YEASTAR, limited).await;
    let with = |name: &str, value: &str| sms(&number(1), "hello").replacen('>', &format!(">{}", extra(name, value)), 1);
    ok(&world.patiently(world.create("", &with("Extension", "1001"))).await);
    let sent = last(&world).await["json"].clone();
    assert_eq!((&sent["sender_type"], &sent["sender_no"]), (&json!(1), &json!("1001")));
    for (name, value, code) in
        [("Sender", "+15550009999", 4_000_010), ("Channel", "facebook", 4_000_011), ("Session", "100", 4_000_005)]
    {
        let row = row(&world.create("", &with(name, value)).await);
        assert_eq!((row.status.as_str(), row.code), ("Error", Some(code)), "{row:?}");
    }
    assert_eq!(world.system.requests().await.len(), 1);
    // What stands in the body of an operation is no way round.
    let campaign = json!({"name": "May", "sender": "+15550009999", "channel_type": "sms"});
    let bodies = [
        (YEASTAR, "message_campaign/create", campaign, 4_000_010, "Body: sender: "),
        (YEASTAR, "message_session/close", json!({"session_id": 100}), 4_000_005, "Body: session_id: "),
        (
            SALESFORCE,
            "conversation",
            json!({"channelAddressIdentifier": "another"}),
            4_000_011,
            "channelAddressIdentifier: ",
        ),
        (
            CONNECTLY,
            "send/campaigns",
            json!({"entries": [{"sender": "+15550009999"}]}),
            4_000_010,
            "Body: entries[0].sender: ",
        ),
    ];
    for (system, name, body, code, place) in bodies {
        let world = World::with(system, limited).await;
        let extras = extra("Operation", name) + &extra("Body", &body.to_string());
        let row = row(&world.create("", &format!("<Objects xsi:type=\"SMSTriggeredSend\">{extras}</Objects>")).await);
        assert!(row.status == "Error" && row.code == Some(code) && row.message.contains(place), "{row:?}");
        assert!(world.system.log(0).await.is_empty());
    }
}

#[tokio::test]
async fn what_a_system_cannot_do_is_an_error_and_never_a_request() {
    if !python() {
        return;
    }
    let person = subscriber("<EmailAddress>ann@example.com</EmailAddress><SubscriberKey>ann</SubscriberKey>");
    let world = World::new(CONNECTLY).await;
    for answer in [
        world.create("", &person).await,
        world.update(&person).await,
        world.update(&sms(&number(1), "another text")).await,
        world.delete(&sms(&number(1), "taken back")).await,
    ] {
        let row = row(&answer);
        assert_eq!(row.status, "Error", "{row:?}");
        assert!(row.code.is_some(), "{row:?}");
    }
    let world_of_salesforce = World::new(SALESFORCE).await;
    assert_eq!(row(&world_of_salesforce.delete(&person).await).status, "Error");
    assert!(world.system.log(0).await.is_empty() && world_of_salesforce.system.log(0).await.is_empty());
}

#[tokio::test]
async fn what_no_route_takes_is_kept_here_beside_what_one_takes() {
    if !python() {
        return;
    }
    let world = World::new(CONNECTLY).await;
    let list = "<Objects xsi:type=\"List\"><ListName>readers</ListName></Objects>";
    let objects = [list, &sms(&number(1), "hello"), list].concat();
    let answer = world.patiently(world.create("", &objects)).await;
    let statuses: Vec<_> = crate::house::rows(&answer).into_iter().map(|row| row.status).collect();
    // The second list of that name is one too many.
    assert_eq!(statuses, ["OK", "OK", "Error"], "{}", answer.body);
    assert_eq!(world.system.texts().await, ["hello"]);
    assert!(world.values("List", "ListName", "").await.contains(&"readers".to_owned()));
}

#[tokio::test]
async fn what_has_no_place_in_a_message_is_an_error_and_what_has_one_is_sent() {
    if !python() {
        return;
    }
    let with = |text: &str, extras: &[(&str, &str)]| {
        let extras: String = extras.iter().map(|(name, value)| extra(name, value)).collect();
        sms(&number(1), text).replacen('>', &format!(">{extras}"), 1)
    };
    let file = "data:text/plain;base64,aGVsbG8=";
    let template = ("Template", "welcome");
    type Case<'a> = (&'static str, &'a str, Vec<Vec<(&'a str, &'a str)>>);
    let cases: [Case<'_>; 3] = [
        (
            SALESFORCE,
            "hello",
            vec![vec![("Session", "c"), ("Sender", "bot"), ("Attachment", file)], vec![("Campaign", "May")]],
        ),
        (
            YEASTAR,
            "",
            vec![
                vec![template, ("Attachment", "5")],
                vec![template, ("Tag", "T")],
                vec![template, ("Campaign", "May")],
            ],
        ),
        (
            CONNECTLY,
            "",
            vec![vec![template, ("Attachment", "https://example.com/a.pdf")], vec![template, ("Session", "12")]],
        ),
    ];
    for (system, text, cases) in cases {
        let world = World::new(system).await;
        for extras in cases {
            let name = extras.last().unwrap().0;
            let refused = row(&world.patiently(world.create("", &with(text, &extras))).await);
            assert!(refused.code == Some(4_000_005) && refused.message.contains(name), "{system} {refused:?}");
        }
        if system != SALESFORCE {
            let refused = row(&world.patiently(world.create("", &with("lost?", &[template]))).await);
            assert!(refused.code == Some(4_000_005) && refused.message.contains("Message"), "{system} {refused:?}");
        }
        assert!(world.system.log(0).await.is_empty(), "{system}");
    }
    // A template goes into the session that it names.
    let world = World::new(YEASTAR).await;
    ok(&world.patiently(world.create("", &sms(&number(1), "hello"))).await);
    ok(&world.patiently(world.create("", &with("", &[template, ("Session", "100")]))).await);
    let sent = last(&world).await["json"].clone();
    assert_eq!((&sent["session_id"], &sent["msg_kind"], sent.get("to")), (&json!(100), &json!(1), None));
}
