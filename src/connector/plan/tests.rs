//! What objects become, and what keeps them from it.

use super::super::{
    Action, ContactChange, Found, Message, Planned, System, Template, Text, Unsent,
    sample::{error, object, one, planned, properties},
};

const SMS: &str = "SMSTriggeredSend";

fn only(planned: Result<Planned, (i64, String)>) -> Message {
    let Planned { mut messages, failures } = planned.unwrap();
    assert_eq!((messages.len(), failures), (1, Vec::new()));
    messages.remove(0)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn attribute(name: &str, value: &str) -> String {
    format!("<Attributes><Name>{name}</Name><Value>{value}</Value></Attributes>")
}

#[test]
fn an_sms_is_one_message() {
    let tree = object(SMS, "<Message>Hi</Message><Number>0151 12345678</Number><FromAddress>0800 12345</FromAddress>");
    let message = only(planned(&one(System::Yeastar, |_, _| {}), "Create", &tree));
    let text = Text { text: "Hi".into(), ..Text::default() };
    let expected = Message {
        connector: "yeastar".into(),
        system: System::Yeastar,
        action: Action::Text(text),
        recipient: "+4915112345678".into(),
        channel: "whatsapp".into(),
        sender: Some("0800 12345".into()),
        key: message.key.clone(),
        ordinal: 2,
        place: 0,
        kind: SMS.into(),
        definition: None,
        subscriber: None,
    };
    assert_eq!(message, expected);
    // FromAddress is the channel address of Salesforce, and a number of Connectly.
    let message = only(planned(&one(System::Salesforce, |_, _| {}), "Create", &tree));
    assert_eq!((message.channel.as_str(), message.sender), ("0800 12345", None));
    let message = only(planned(&one(System::Connectly, |_, _| {}), "Create", &tree));
    assert_eq!((message.channel.as_str(), message.sender.as_deref()), ("whatsapp", Some("+4980012345")));
}

#[test]
fn keys_are_the_same_every_time_and_of_their_own() {
    let subscribers: String = (1..=3)
        .map(|n| format!("<Subscribers><SubscriberKey>+4915112345{n}00</SubscriberKey></Subscribers>"))
        .collect();
    let tree = object("TriggeredSend", &format!("{}{subscribers}", properties(&[("Body", "x")])));
    let connectors = one(System::Connectly, |_, _| {});
    let keys = || {
        planned(&connectors, "Create", &tree)
            .unwrap()
            .messages
            .into_iter()
            .map(|message| message.key)
            .collect::<Vec<_>>()
    };
    let first = keys();
    assert_eq!(first, keys());
    assert!(first[0] != first[1] && first[1] != first[2] && first[0] != first[2]);
    assert_eq!(first[0], super::key("R1", 2, 0));
    assert!(first.iter().all(|key| uuid::Uuid::parse_str(key).unwrap().get_version_num() == 5));
    assert_ne!(super::key("R1", 1, 12), super::key("R1", 11, 2));
}

#[test]
fn the_recipient_is_looked_for_in_order() {
    let ways = [
        ("", "<Number>+491511111111</Number>", "+491511111111"),
        ("<PrimarySMSAddress><Address>+491522222222</Address></PrimarySMSAddress>", "", "+491522222222"),
        (
            "<Addresses><Address><AddressType>Email</AddressType><Address>a@b.de</Address></Address><Address><AddressType>SMS</AddressType><Address>+491533333333</Address></Address></Addresses>",
            "",
            "+491533333333",
        ),
        (&attribute("Handy", "0154 4444444"), "", "+491544444444"),
        ("<SubscriberKey>+491555555555</SubscriberKey>", "", "+491555555555"),
    ];
    let connectors = one(System::Connectly, |_, route| route.defaults.phone_attribute = Some("handy".into()));
    for from in 0..ways.len() {
        let of = |part: fn(&(&str, &str, &str)) -> String| ways[from..].iter().map(part).collect::<String>();
        let (subscriber, own) = (of(|way| way.0.to_owned()), of(|way| way.1.to_owned()));
        let tree = object(SMS, &format!("<Subscriber>{subscriber}</Subscriber><Message>x</Message>{own}"));
        assert_eq!(only(planned(&connectors, "Create", &tree)).recipient, ways[from].2);
    }
    let nobody = object(SMS, "<Subscriber><SubscriberKey>ada</SubscriberKey></Subscriber><Message>x</Message>");
    error(planned(&connectors, "Create", &nobody), 4_000_001, "the attribute handy");
    let salesforce = one(System::Salesforce, |_, _| {});
    assert_eq!(only(planned(&salesforce, "Create", &nobody)).recipient, "ada");
    let named = object(SMS, &format!("{}<Message>x</Message>", properties(&[("Recipient", "bsuid:BR.1")])));
    assert_eq!(only(planned(&connectors, "Create", &named)).recipient, "bsuid:BR.1");
    error(
        planned(&one(System::Yeastar, |_, _| {}), "Create", &named),
        4_000_002,
        "`bsuid:BR.1` is no telephone number",
    );
    let livechat = one(System::Yeastar, |_, route| route.defaults.channel = Some("livechat".into()));
    assert_eq!(only(planned(&livechat, "Create", &named)).recipient, "bsuid:BR.1");
    let wrong = object(SMS, "<Message>x</Message><Number>12</Number>");
    error(planned(&connectors, "Create", &wrong), 4_000_002, "`12`");
}

#[test]
fn a_triggered_send_is_one_message_for_each_subscriber() {
    let subscriber =
        |key: &str, more: &str| format!("<Subscribers>{more}<SubscriberKey>{key}</SubscriberKey></Subscribers>");
    let body = [
        "<TriggeredSendDefinition><CustomerKey>order</CustomerKey></TriggeredSendDefinition>".to_owned(),
        subscriber("+491511111111", &attribute("Name", "Ada")),
        subscriber("+491522222222", ""),
        subscriber("nobody", &attribute("Name", "Bob")),
        subscriber("+49 1511 111111", &attribute("Name", "Eve")),
        subscriber("x", &format!("{}{}", attribute("Name", "Cid"), attribute("Phone", "+491533333333"))),
        attribute("Name", "you"),
        attribute("Shop", "Acme"),
    ];
    let tree = object("TriggeredSend", &body.concat());
    let connectors = one(System::Salesforce, |_, route| {
        route.defaults.body = Some("Hi %%name%% of %%SHOP%%, %%subscriberkey%%".into());
    });
    let Planned { messages, failures } = planned(&connectors, "Create", &tree).unwrap();
    let texts: Vec<_> = messages
        .iter()
        .map(|message| match &message.action {
            Action::Text(text) => (message.place, message.recipient.as_str(), text.text.as_str()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        texts,
        [
            (0, "+491511111111", "Hi Ada of Acme, +491511111111"),
            (1, "+491522222222", "Hi you of Acme, +491522222222"),
            (2, "nobody", "Hi Bob of Acme, nobody"),
            (3, "+49 1511 111111", "Hi Eve of Acme, +49 1511 111111"),
            (4, "+491533333333", "Hi Cid of Acme, x"),
        ]
    );
    assert_eq!(failures, []);
    assert_eq!(messages[0].definition.as_deref(), Some("order"));
    assert_eq!(messages[4].subscriber.as_deref(), Some("x"));
    let Action::Text(text) = &messages[0].action else { panic!() };
    assert_eq!(text.attributes, [pair("Name", "Ada"), pair("Shop", "Acme")]);

    let connectors = one(System::Connectly, |_, route| route.defaults.body = Some("Hi %%name%%, %%order%%".into()));
    let failures = planned(&connectors, "Create", &tree).unwrap().failures;
    let told: Vec<_> =
        failures.iter().map(|(place, key, code, _)| (*place, key.as_deref().unwrap_or_default(), *code)).collect();
    assert_eq!(
        told,
        [
            (0, "+491511111111", 4_000_007),
            (1, "+491522222222", 4_000_007),
            (2, "nobody", 4_000_001),
            (3, "+49 1511 111111", 4_000_008),
            (4, "x", 4_000_007),
        ]
    );
    error(planned(&connectors, "Create", &object("TriggeredSend", "")), 180_007, "subscribers");
}

#[test]
fn a_template_has_a_name_a_language_and_parameters() {
    let one_of = |extras: &[(&str, &str)], own: &str| {
        let definition = "<TriggeredSendDefinition><CustomerKey>by_key</CustomerKey></TriggeredSendDefinition>";
        let values = [("First", "Ada"), ("body_2", "7"), ("Header_Image", "https://a/b.png"), ("Other", "x")];
        let values: String = values.iter().map(|(name, value)| attribute(name, value)).collect();
        let subscriber = format!("<Subscribers>{own}<SubscriberKey>+491511111111</SubscriberKey></Subscribers>");
        object("TriggeredSend", &format!("{}{definition}{subscriber}{values}", properties(extras)))
    };
    let template = |connectors: &_, tree: &_| match only(planned(connectors, "Create", tree)).action {
        Action::Template(template) => template,
        other => panic!("{other:?}"),
    };
    let connectors = one(System::Connectly, |connector, route| {
        connector.defaults.language = Some("de".into());
        route.defaults.parameters = vec!["first".into()];
    });
    let parameters = vec![pair("body_1", "Ada"), pair("body_2", "7"), pair("header_image", "https://a/b.png")];
    let expected = Template { name: "by_key".into(), language: "de".into(), parameters };
    assert_eq!(template(&connectors, &one_of(&[], "")), expected);
    let locale = "<Locale><LocaleCode>en-US</LocaleCode></Locale>";
    let extras = [("Template", "other"), ("Language", "fr"), ("Campaign", "May")];
    let found = template(&connectors, &one_of(&extras, locale));
    assert_eq!((found.name.as_str(), found.language.as_str()), ("other", "en_US"));
    assert_eq!(found.parameters.last(), Some(&pair("campaignName", "May")));
    assert_eq!(template(&connectors, &one_of(&extras, "")).language, "fr");
    let yeastar = one(System::Yeastar, |_, route| {
        route.defaults.template = Some("routed".into());
        route.defaults.language = Some("en".into());
    });
    let found = template(&yeastar, &one_of(&[("TemplateID", "1617")], ""));
    assert_eq!((found.name.as_str(), found.parameters.last()), ("routed", Some(&pair("template_id", "1617"))));

    let told = |connectors: &_, tree: &_| planned(connectors, "Create", tree).unwrap().failures.remove(0).2;
    let mut lacking = one(System::Connectly, |_, _| {});
    assert_eq!(told(&lacking, &one_of(&[], "")), 4_000_005);
    lacking.routes[0].defaults.language = Some("de".into());
    lacking.routes[0].defaults.parameters = vec!["Last".into()];
    assert_eq!(told(&lacking, &one_of(&[], "")), 4_000_007);
    assert_eq!(told(&one(System::Salesforce, |_, _| {}), &one_of(&[("Template", "x")], "")), 4_000_004);
    assert_eq!(told(&one(System::Salesforce, |_, _| {}), &one_of(&[], "")), 4_000_003);
}

#[test]
fn extras_stand_in_partner_properties() {
    let sms = |extras: &[(&str, &str)]| {
        object(SMS, &format!("{}<Message>x</Message><Number>+491511111111</Number>", properties(extras)))
    };
    let text = |connectors: &_, extras: &[(&str, &str)]| {
        let message = only(planned(connectors, "Create", &sms(extras)));
        match message.action.clone() {
            Action::Text(text) => (message, text),
            other => panic!("{other:?}"),
        }
    };
    let yeastar = one(System::Yeastar, |_, route| {
        route.defaults.fallback_template = Some("reopen".into());
        route.defaults.language = Some("de".into());
    });
    let (message, found) =
        text(&yeastar, &[("channel", "facebook"), ("Sender", "99"), ("Session", "12"), ("Tag", "T")]);
    assert_eq!((message.channel.as_str(), message.sender.as_deref()), ("facebook", Some("99")));
    assert_eq!((found.session.as_deref(), message.session().as_deref()), (Some("12"), Some("12")));
    assert_eq!(found.attributes, [pair("tag", "T")]);
    // Templates are of WhatsApp alone.
    assert_eq!(found.fallback, None);
    let (_, found) = text(&yeastar, &[]);
    assert_eq!(found.fallback.map(|template| template.name).as_deref(), Some("reopen"));
    error(planned(&yeastar, "Create", &sms(&[("Session", "twelve")])), 4_000_005, "expected a number");
    let salesforce = one(System::Salesforce, |_, _| {});
    error(planned(&salesforce, "Create", &sms(&[("Session", "c1")])), 4_000_005, "who speaks");
    error(planned(&salesforce, "Create", &sms(&[("Attachment", "https://a/b")])), 4_000_005, "data:");
    let connectly = one(System::Connectly, |_, _| {});
    error(planned(&connectly, "Create", &sms(&[("Attachment", "data:a/b;base64,")])), 4_000_005, "https://");
    error(planned(&connectly, "Create", &sms(&[("Attachment", "https://a/b.png")])), 4_000_005, "not both");
    let file =
        object(SMS, &format!("{}<Number>+491511111111</Number>", properties(&[("Attachment", "https://a/b.png")])));
    assert!(matches!(only(planned(&connectly, "Create", &file)).action, Action::Text(text) if text.text.is_empty()));
    let empty = object(SMS, "<Number>+491511111111</Number><Message> </Message>");
    error(planned(&connectly, "Create", &empty), 4_000_003, "expected Message");
    let mut bare = one(System::Yeastar, |connector, _| connector.defaults.sender = None);
    error(planned(&bare, "Create", &sms(&[])), 4_000_005, "DID number");
    bare = one(System::Yeastar, |connector, _| connector.defaults.channel = None);
    error(planned(&bare, "Create", &sms(&[])), 4_000_005, "needs a channel");
}

#[test]
fn a_subscriber_is_a_contact_or_an_end_user() {
    let key = "<SubscriberKey>known</SubscriberKey>";
    let ada = object(
        "Subscriber",
        &format!(
            "<EmailAddress>ada@example.com</EmailAddress>{}{}{key}<PrimarySMSAddress><Address>0151 1111111</Address></PrimarySMSAddress>",
            attribute("First Name", "Ada"),
            attribute("Business Phone", "030 1234567"),
        ),
    );
    let yeastar = one(System::Yeastar, |_, _| {});
    // The contact of `known` has the id 31; nobody else is one.
    let change = |method: &str, tree: &_| {
        let mut message = only(planned(&yeastar, method, tree));
        assert_eq!((message.channel.as_str(), message.kind.as_str()), ("contact", "Subscriber"));
        let is_open = matches!(&message.action, Action::Contact(change) if change.settled().is_none());
        assert_eq!((message.find(|key| Found::of((key == "known").then(|| "31".into()))), is_open), (is_open, is_open));
        let unsent = message.unsent();
        match message.action {
            Action::Contact(change) => change.settled().ok_or_else(|| unsent.unwrap()),
            other => panic!("{other:?}"),
        }
    };
    let contact = |method: &str, tree: &_| change(method, tree).unwrap();
    let refused = |method: &str, tree: &_, code: i64, about: &str| match change(method, tree) {
        Err(Unsent::Refused(own, text) | Unsent::Here(own, text)) => {
            assert!(own == code && text.contains(about), "{own} {text}")
        }
        other => panic!("{other:?}"),
    };
    let fields = vec![
        pair("first_name", "Ada"),
        pair("business", "+49301234567"),
        pair("email", "ada@example.com"),
        pair("mobile", "+491511111111"),
    ];
    refused("Create", &ada, 12014, "already");
    assert_eq!(contact("Update", &ada), ContactChange::Update("31".into(), fields));
    assert_eq!(contact("Delete", &object("Subscriber", key)), ContactChange::Delete("31".into()));
    let stranger = object("Subscriber", "<SubscriberKey>stranger</SubscriberKey>");
    refused("Delete", &stranger, 4_000_006, "stranger");
    refused("Create", &stranger, 4_000_001, "");
    refused("Update", &object("Subscriber", key), 4_000_005, "nothing to change");
    // A Status says nothing to the PBX: it is for what is kept here, and else an error.
    for (whose, code) in [("known", 4_000_005), ("stranger", 4_000_006)] {
        let status = format!("<SubscriberKey>{whose}</SubscriberKey><Status>Unsubscribed</Status>");
        let unsent = change("Update", &object("Subscriber", &status)).unwrap_err();
        assert!(matches!(unsent, Unsent::Here(own, _) if own == code), "{unsent:?}");
    }
    let bob = object("Subscriber", "<SubscriberKey>+491511111111</SubscriberKey>");
    let made = vec![pair("first_name", "+491511111111"), pair("mobile", "+491511111111")];
    assert_eq!(contact("Create", &bob), ContactChange::Create(made));
    let shouted = object("Subscriber", "<SubscriberKey> KNOWN</SubscriberKey>");
    assert_eq!(only(planned(&yeastar, "Delete", &shouted)).recipient, "known", "keys do not differ by case");
    let named =
        object("Subscriber", &format!("{}<SubscriberKey>stranger</SubscriberKey>", properties(&[("ContactID", "5")])));
    assert_eq!(contact("Delete", &named), ContactChange::Delete("5".into()));
    error(planned(&yeastar, "Create", &named), 12014, "already");

    for (method, members) in [("Delete", ""), ("Update", "<EmailAddress>a@example.com</EmailAddress>")] {
        let wrong = format!("{}<SubscriberKey>known</SubscriberKey>{members}", properties(&[("ContactID", "x5")]));
        error(planned(&yeastar, method, &object("Subscriber", &wrong)), 4_000_005, "`x5` is no contact");
    }

    let salesforce = one(System::Salesforce, |_, route| route.defaults.opt_in = Some("DoublyOptedIn".into()));
    assert_eq!(
        only(planned(&salesforce, "Create", &object("Subscriber", key))).action,
        Action::Open { attributes: Vec::new() }
    );
    for (status, expected) in [("Active", "DoublyOptedIn"), ("Unsubscribed", "OptedOut")] {
        let tree = object("Subscriber", &format!("{key}<Status>{status}</Status>"));
        // Whoever is made with a Status has his consent behind his conversation, each with a key of its own.
        let made = planned(&salesforce, "Create", &tree).unwrap().messages;
        assert_eq!(made.len(), 2);
        assert!(matches!(made[0].action, Action::Open { .. }) && made[0].key != made[1].key);
        assert_eq!(made[1].action, Action::Consent { status: expected.into() });
        assert_eq!(only(planned(&salesforce, "Update", &tree)).action, Action::Consent { status: expected.into() });
    }
    let active = object("Subscriber", &format!("{key}<Status>Active</Status>"));
    error(planned(&one(System::Salesforce, |_, _| {}), "Update", &active), 4_000_005, "opt_in");
    only(planned(&one(System::Salesforce, |_, _| {}), "Create", &active));
    let held = object("Subscriber", &format!("{key}<Status>Held</Status>"));
    error(planned(&salesforce, "Update", &held), 4_000_004, "Held");
    let connectly = one(System::Connectly, |_, route| route.kinds = vec!["Subscriber".into()]);
    error(planned(&connectly, "Create", &active), 4_000_004, "Create of a Subscriber");
}

#[test]
fn other_operations_have_a_name_and_a_body() {
    let sms = |extras: &[(&str, &str)]| object(SMS, &format!("{}<Number>+491511111111</Number>", properties(extras)));
    let done = |system, method: &str, extras: &[(&str, &str)]| planned(&one(system, |_, _| {}), method, &sms(extras));
    let message = only(done(System::Salesforce, "Create", &[("Operation", "acknowledgement"), ("Body", "{\"a\": 1}")]));
    assert_eq!(message.action, Action::Other { operation: "acknowledgement".into(), body: "{\"a\": 1}".into() });
    assert_eq!(message.recipient, "+491511111111");
    for (system, name, session, expected) in [
        (System::Salesforce, "cancelRoute", "c1", r#"{"conversationIdentifier":"c1"}"#),
        (System::Salesforce, "route", "c1", r#"{"conversationIdentifier":"c1","routingType":"Initial"}"#),
        (
            System::Salesforce,
            "participant",
            "c1",
            r#"{"conversationIdentifier":"c1","operation":"Remove","participants":[{"appType":"custom","role":"EndUser","subject":"+491511111111"}]}"#,
        ),
        (
            System::Salesforce,
            "messagingSession",
            "c1",
            r#"{"channelAddressIdentifier":"chan","conversationIdentifier":"c1","endUserClientId":"+491511111111","operation":"End"}"#,
        ),
        (System::Yeastar, "message_session/close", "12", r#"{"session_id":12}"#),
        (System::Yeastar, "message_session/get", "12", r#"{"id":12}"#),
        (System::Yeastar, "message_session/unarchive", "12", r#"{"session_id":12,"user_no":"api","user_type":9}"#),
    ] {
        let message = only(done(system, "Create", &[("Operation", name), ("Session", session)]));
        assert_eq!(message.action, Action::Other { operation: name.into(), body: expected.into() });
        assert_eq!((message.recipient.as_str(), message.session().as_deref()), (session, Some(session)));
    }
    let body = [("Operation", "message_session/close"), ("Body", r#"{"session_id": 12}"#)];
    assert_eq!(only(done(System::Yeastar, "Create", &body)).session().as_deref(), Some("12"));
    error(done(System::Yeastar, "Create", &[("Operation", "message_session/transfer")]), 4_000_005, "Body");
    error(done(System::Yeastar, "Create", &[("Operation", "acknowledgement")]), 4_000_004, "message_session/close");
    error(
        done(System::Connectly, "Create", &[("Operation", "create/template"), ("Body", "[]")]),
        4_000_005,
        "JSON object",
    );
    error(
        done(System::Connectly, "Create", &[("Operation", "create/template"), ("Body", "{")]),
        4_000_005,
        "JSON object",
    );
    let message = only(done(System::Connectly, "Create", &[("Operation", "get/templates")]));
    assert_eq!(message.action, Action::Other { operation: "get/templates".into(), body: String::new() });
    for (system, session) in [(System::Salesforce, "c1"), (System::Yeastar, "12")] {
        let message = only(done(system, "Delete", &[("Session", session)]));
        assert_eq!(message.action, Action::End { session: session.into() });
    }
    error(done(System::Yeastar, "Delete", &[("Session", "x")]), 4_000_005, "expected a number");
}
