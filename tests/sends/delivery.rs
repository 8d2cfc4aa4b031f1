//! Triggered sends from the call to the mail and to what can be retrieved of it, through the front door and an SMTP server.

use std::time::Duration;

use envoi::{mail::Way, server::Parts};

use crate::{
    front::{URL, admin, advance, create, field, filter, found, mails, page, ready},
    gateway::{Gateway, START, request},
    house::{attributes, object, subscriber, to, to_with, triggered},
    sink::{Act, Manners, Sink},
};

const HIGH: &str = "<QueuePriority>High</QueuePriority>";

/// As [`ready`], with this sink as its relay.
async fn relayed(sink: &Sink, change: impl FnOnce(&mut Parts)) -> Gateway {
    let relay = sink.settings();
    ready("", |parts| {
        parts.mail.way = Way::Relay;
        parts.mail.relay = relay;
        change(parts);
    })
    .await
}

#[tokio::test]
async fn a_synchronous_send_leaves_by_its_priority() {
    let gateway = ready("", |_| {}).await;
    advance(&gateway, Duration::from_secs(1)).await;
    for (options, wait) in [(HIGH, 0), ("", 59), ("<QueuePriority>Low</QueuePriority>", 240)] {
        let before = mails(&gateway).await.len();
        let made = create(&gateway, options, &triggered(&to("ada", "ada@example.com"))).await;
        assert_eq!(made.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", made.body);
        if wait > 0 {
            advance(&gateway, Duration::from_secs(wait - 1)).await;
            assert_eq!(mails(&gateway).await.len(), before, "{options}");
            advance(&gateway, Duration::from_secs(1)).await;
        } else {
            advance(&gateway, Duration::ZERO).await;
        }
        assert_eq!(mails(&gateway).await.len(), before + 1, "{options}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn an_operator_sees_whose_mail_a_delivery_is() {
    let gateway = ready("", |_| {}).await;
    create(&gateway, HIGH, &triggered(&to("ada", "ada@example.com"))).await;
    advance(&gateway, Duration::ZERO).await;
    let events = found(&gateway, "SentEvent", &["SendID", "BatchID", "SubscriberKey"], "").await;
    let list: serde_json::Value = serde_json::from_str(&admin(&gateway, "GET", "/deliveries").await.body).unwrap();
    let id = list[0]["id"].as_str().unwrap();
    let one = admin(&gateway, "GET", &format!("/delivery?id={id}")).await.body;
    let one: serde_json::Value = serde_json::from_str(&one).unwrap();
    let text = |name: &str| one[name].as_str().map_or_else(|| one[name].to_string(), str::to_owned);
    assert_eq!([text("send"), text("batch"), text("subscriber")].join(" "), events[0], "{one}");
    assert_eq!((text("subscriber"), text("definition")), ("ada".to_owned(), "hello".to_owned()), "{one}");
    for name in ["send", "batch", "subscriber"] {
        assert_eq!(list[0][name], one[name]);
    }
    let address = format!("http://{}", gateway.admin);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_envoi"));
    command.args(["delivery", id, "--admin", &address]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let line = |title: &str, value: String| format!("{title:13} {value}\n");
    for expected in [
        line("definition", text("definition")),
        line("SendID", text("send")),
        line("subscriber", text("subscriber")),
        line("BatchID", text("batch")),
    ] {
        assert!(said.contains(&expected), "{expected}{said}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_mail_says_who_what_and_how_to_leave() {
    let gateway = ready("<List><CustomerKey>readers</CustomerKey></List>", |_| {}).await;
    create(&gateway, HIGH, &triggered(&to("ada", "ada@example.com"))).await;
    advance(&gateway, Duration::ZERO).await;
    let [mail] = mails(&gateway).await.try_into().unwrap();
    for (name, expected) in [
        ("From", "s@example.com"),
        ("To", "ada@example.com"),
        ("Subject", "Hello ada@example.com"),
        ("Auto-Submitted", "auto-generated"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ] {
        assert_eq!(field(&mail, name).as_deref(), Some(expected), "{mail}");
    }
    assert!(mail.contains("<p>Hi ada@example.com</p>") && mail.contains("\r\n\r\nHi ada@example.com\r\n"), "{mail}");
    let link = field(&mail, "List-Unsubscribe").unwrap();
    let link = link.strip_prefix('<').unwrap().strip_suffix('>').unwrap();
    let path = link.strip_prefix(URL).unwrap().to_owned();

    // A GET asks and changes nothing, however often.
    for _ in 0..2 {
        let asked = page(&gateway, "GET", &path, "").await;
        assert_eq!(asked.status, 200);
        assert!(
            asked.body.contains("<strong>Readers &amp; Co</strong>") && asked.body.contains("<button"),
            "{}",
            asked.body
        );
        assert!(!asked.body.contains("ada"), "{}", asked.body);
    }
    assert_eq!(page(&gateway, "HEAD", &path, "").await.body, "");
    assert_eq!(page(&gateway, "POST", &path, "").await.status, 400);
    assert!(found(&gateway, "UnsubEvent", &["ID"], "").await.is_empty());
    // The one-click form of a mailbox, with a proxy's path before it; twice is once.
    for path in [format!("/proxied{path}"), path.clone()] {
        let done = page(&gateway, "POST", &path, "List-Unsubscribe=One-Click").await;
        assert_eq!(done.status, 200);
        assert!(done.body.contains("You have been unsubscribed"), "{}", done.body);
    }
    let properties = ["SubscriberKey", "EventType", "IsMasterUnsubscribed"];
    assert_eq!(found(&gateway, "UnsubEvent", &properties, "").await, ["ada Unsubscribe false"]);
    assert!(page(&gateway, "GET", &path, "").await.body.contains("You do not get this mail any more"));
    let again = create(&gateway, HIGH, &triggered(&to("ada", "ada@example.com"))).await;
    assert_eq!(again.text("CreateResponse/Results/ErrorCode").as_deref(), Some("180008"), "{}", again.body);
    // After its time a link does nothing.
    advance(&gateway, Duration::from_secs(366 * 24 * 3600)).await;
    assert_eq!(page(&gateway, "POST", &path, "List-Unsubscribe=One-Click").await.status, 410);
    gateway.stop().await;
}

#[tokio::test]
async fn what_became_of_mail_can_be_retrieved() {
    let gateway = ready("", |_| {}).await;
    create(&gateway, HIGH, &triggered(&(to("ada", "ada@example.com") + &to("bob", "bob@example.com")))).await;
    advance(&gateway, Duration::from_secs(3600)).await;
    create(&gateway, HIGH, &triggered(&to("ada", "ada@example.com"))).await;
    advance(&gateway, Duration::ZERO).await;
    // The first two are of the first call.
    let all = found(&gateway, "SentEvent", &["SendID", "BatchID", "TriggeredSendDefinitionObjectID"], "").await;
    let [send, batch, definition] = all[0].split(' ').collect::<Vec<_>>().try_into().unwrap();
    let later = START.plus(Duration::from_secs(60)).to_string();
    for (wanted, expected) in [
        (String::new(), vec!["ada", "ada", "bob"]),
        (filter("SubscriberKey", "equals", "ADA"), vec!["ada", "ada"]),
        (filter("SubscriberKey", "equals", "eve"), vec![]),
        (filter("SendID", "equals", send), vec!["ada", "ada", "bob"]),
        (filter("SendID", "equals", &format!("0{send}")), vec!["ada", "ada", "bob"]),
        (filter("BatchID", "equals", batch), vec!["ada", "bob"]),
        (filter("BatchID", "equals", "7"), vec![]),
        (filter("TriggeredSendDefinitionObjectID", "equals", definition), vec!["ada", "ada", "bob"]),
        (filter("EventDate", "greaterThan", &later), vec!["ada"]),
        (filter("EventDate", "lessThan", &later), vec!["ada", "bob"]),
    ] {
        // Mails of one moment leave side by side.
        let mut keys = found(&gateway, "SentEvent", &["SubscriberKey"], &wanted).await;
        keys.sort();
        assert_eq!(keys, expected, "{wanted}");
    }
    let counts = ["CustomerKey", "Sent", "Queued", "Bounces"];
    let summary = found(&gateway, "TriggeredSendSummary", &counts, &filter("CustomerKey", "equals", "hello")).await;
    assert_eq!(summary, ["hello 3 0 0"]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_refusal_is_a_bounce_and_a_delay_is_not() {
    let manners = Manners::default()
        .act("RCPT", Act::Say("550 5.1.1 no such user"))
        .act("RCPT", Act::Say("451 4.7.1 greylisted"));
    let sink = Sink::start(manners).await;
    let gateway = relayed(&sink, |parts| parts.mail.from = envoi::mail::Mailbox::new("us@example.com")).await;
    create(&gateway, HIGH, &triggered(&to("ada", "ada@example.com"))).await;
    advance(&gateway, Duration::ZERO).await;
    let members = ["SubscriberKey", "EventType", "SMTPCode", "BounceCategory", "SMTPReason"];
    let bounces = found(&gateway, "BounceEvent", &members, "").await;
    assert_eq!(bounces, ["ada HardBounce 550 Hard bounce 5.1.1 no such user"]);
    let status = filter("SubscriberKey", "equals", "ada");
    assert_eq!(found(&gateway, "Subscriber", &["Status"], &status).await, ["Bounced"]);
    // Bounced is no reason to write no more; the second is put off, and goes with the next attempt.
    create(&gateway, HIGH, &triggered(&to("ada", "ada@example.com"))).await;
    advance(&gateway, Duration::ZERO).await;
    assert!(found(&gateway, "SentEvent", &["ID"], "").await.is_empty());
    assert!(found(&gateway, "NotSentEvent", &["ID"], "").await.is_empty());
    advance(&gateway, Duration::from_secs(3600)).await;
    assert_eq!(found(&gateway, "SentEvent", &["SubscriberKey"], "").await, ["ada"]);
    assert_eq!(sink.seen().messages.len(), 1);
    let counts = found(&gateway, "TriggeredSendSummary", &["Sent", "Bounces", "NotSentDueToError", "Queued"], "").await;
    assert_eq!(counts, ["1 1 0 0"]);
    gateway.stop().await;
}

#[tokio::test]
async fn each_subscriber_has_his_own_end_and_a_refused_sender_is_nobodys_bounce() {
    // In the order of the call: one connection.
    let manners = Manners::default()
        .act("RCPT", Act::Say("550 5.1.1 no such user"))
        .act("RCPT", Act::Say("250 2.1.5 ok"))
        .act("RCPT", Act::Say("552 5.2.2 full"));
    let sink = Sink::start(manners).await;
    let gateway = relayed(&sink, |parts| parts.mail.relay.connections = 1).await;
    let all: String = ["ada", "bob", "eve"].map(|key| to(key, &format!("{key}@example.com"))).concat();
    create(&gateway, HIGH, &triggered(&all)).await;
    advance(&gateway, Duration::ZERO).await;
    let recipients: Vec<_> = sink.seen().commands.into_iter().filter(|command| command.starts_with("RCPT")).collect();
    let key = |at: usize| recipients[at].trim_start_matches("RCPT TO:<").split('@').next().unwrap().to_owned();
    let bounces = found(&gateway, "BounceEvent", &["SubscriberKey", "EventType", "SMTPCode"], "").await;
    assert_eq!(bounces, [format!("{} HardBounce 550", key(0)), format!("{} SoftBounce 552", key(2))]);
    assert_eq!(found(&gateway, "SentEvent", &["SubscriberKey"], "").await, [key(1)]);
    let status = async |key: &str| {
        found(&gateway, "Subscriber", &["Status"], &filter("SubscriberKey", "equals", key)).await.remove(0)
    };
    assert_eq!([status(&key(0)).await, status(&key(1)).await, status(&key(2)).await], ["Bounced", "Active", "Active"]);
    // The relay does not know us: that says nothing of him.
    sink.will(Manners::default().act("MAIL", Act::Say("550 who are you")));
    create(&gateway, HIGH, &triggered(&to("una", "una@example.com"))).await;
    advance(&gateway, Duration::ZERO).await;
    let members = ["SubscriberKey", "PartnerProperties.Value"];
    let expected = ["una the sender is refused: SMTP 550 who are you"];
    assert_eq!(found(&gateway, "NotSentEvent", &members, "").await, expected);
    assert_eq!(status("una").await, "Active");
    // Nor does what it says of the message.
    sink.will(Manners::default().act("BODY", Act::Say("550 we do not like it")));
    create(&gateway, HIGH, &triggered(&to("ivy", "ivy@example.com"))).await;
    advance(&gateway, Duration::ZERO).await;
    let members = ["EventType", "SMTPCode", "SMTPReason"];
    let bounces = found(&gateway, "BounceEvent", &members, &filter("SubscriberKey", "equals", "ivy")).await;
    assert_eq!(
        (bounces, status("ivy").await.as_str()),
        (vec!["OtherBounce 550 we do not like it".to_owned()], "Active")
    );
    let counts = found(&gateway, "TriggeredSendSummary", &["Sent", "Bounces", "NotSentDueToError", "Queued"], "").await;
    assert_eq!(counts, ["1 3 1 0"]);
    gateway.stop().await;
}

#[tokio::test]
async fn copies_go_with_the_mail_and_the_hidden_ones_are_not_seen() {
    let sink = Sink::start(Manners::default()).await;
    let gateway = relayed(&sink, |_| {}).await;
    let copies = "<CCEmail>Boss &lt;%%Boss%%@example.com&gt;; ada@example.com</CCEmail>\
         <BccEmail>archive@example.com,audit@example.com</BccEmail>";
    copy_to(&gateway, copies).await;
    let send = triggered(&to_with("ada", &[("Boss", "carol")]));
    create(&gateway, HIGH, &send).await;
    advance(&gateway, Duration::ZERO).await;
    let recipients = || -> Vec<String> {
        let commands = sink.seen().commands.into_iter();
        commands.filter_map(|command| Some(command.strip_prefix("RCPT TO:")?.to_owned())).collect()
    };
    let expected = ["<ada@example.com>", "<carol@example.com>", "<archive@example.com>", "<audit@example.com>"];
    assert_eq!(recipients(), expected);
    let [mail] = sink.seen().messages.try_into().unwrap();
    let mail = String::from_utf8(mail).unwrap();
    assert_eq!(field(&mail, "To").as_deref(), Some("ada@example.com"));
    assert_eq!(field(&mail, "Cc").as_deref(), Some("\"Boss\" <carol@example.com>, ada@example.com"));
    assert!(!mail.to_lowercase().contains("bcc") && !mail.contains("archive") && !mail.contains("audit"), "{mail}");
    // A copy that is refused keeps the mail from nobody else, and is no bounce of the subscriber.
    let ok = || Act::Say("250 2.1.5 ok");
    let refused =
        Manners::default().act("RCPT", ok()).act("RCPT", Act::Say("550 5.1.1 no such user")).act("RCPT", ok());
    sink.will(refused.act("RCPT", Act::Say("451 4.7.1 greylisted")));
    create(&gateway, HIGH, &send).await;
    advance(&gateway, Duration::ZERO).await;
    assert_eq!((recipients().len(), sink.seen().messages.len()), (8, 2));
    assert!(found(&gateway, "BounceEvent", &["ID"], "").await.is_empty());
    let all: serde_json::Value = serde_json::from_str(&admin(&gateway, "GET", "/deliveries").await.body).unwrap();
    let status = "SMTP 250 2.0.0 Ok: queued as 4711; not to 2 of 3 copies: SMTP 550 5.1.1 no such user";
    assert_eq!((&all[0]["state"], &all[0]["status"]), (&"delivered".into(), &status.into()));
    // A relay that hangs up over a copy would do so each time: the mail goes without.
    sink.will(Manners::default().act("RCPT", ok()).act("RCPT", Act::Say("421 4.7.0 too many recipients")));
    create(&gateway, HIGH, &send).await;
    advance(&gateway, Duration::ZERO).await;
    assert_eq!((recipients().len(), sink.seen().messages.len()), (11, 3));
    let all: serde_json::Value = serde_json::from_str(&admin(&gateway, "GET", "/deliveries").await.body).unwrap();
    let status = "SMTP 250 2.0.0 Ok: queued as 4711; not to 3 of 3 copies: SMTP 421 4.7.0 too many recipients";
    assert_eq!((&all[0]["state"], &all[0]["status"]), (&"delivered".into(), &status.into()));
    // What is said of the message may be about a copy.
    sink.will(Manners::default().act("DATA", Act::Say("550 5.1.1 no such user")));
    create(&gateway, HIGH, &send).await;
    advance(&gateway, Duration::ZERO).await;
    assert_eq!((recipients().len(), sink.seen().messages.len()), (15, 3));
    assert_eq!(found(&gateway, "BounceEvent", &["SubscriberKey", "EventType"], "").await, ["ada OtherBounce"]);
    // Many servers say what they have against the sender when they hear the recipient.
    sink.will(Manners::default().act("RCPT", Act::Say("550 5.1.8 domain of sender not found")));
    create(&gateway, HIGH, &send).await;
    advance(&gateway, Duration::ZERO).await;
    assert_eq!(found(&gateway, "BounceEvent", &["ID"], "").await.len(), 1);
    let reason = "the sender is refused: SMTP 550 5.1.8 domain of sender not found";
    assert_eq!(found(&gateway, "NotSentEvent", &["PartnerProperties.Value"], "").await, [reason]);
    // He himself is asked first: nobody gets a copy of what he does not get.
    sink.will(Manners::default().act("RCPT", Act::Say("550 5.1.1 no such user")));
    create(&gateway, HIGH, &send).await;
    advance(&gateway, Duration::ZERO).await;
    assert_eq!((recipients().len(), sink.seen().messages.len()), (17, 3));
    assert_eq!(found(&gateway, "BounceEvent", &["SubscriberKey"], "").await, ["ada", "ada"]);
    gateway.stop().await;
}

/// Makes the definition `hello` send copies to these.
async fn copy_to(gateway: &Gateway, members: &str) {
    let members = format!("<CustomerKey>hello</CustomerKey>{members}");
    let changed = request("UpdateRequest", "<Options/>", &object("TriggeredSendDefinition", &members));
    let changed = gateway.call("Update", &changed).await;
    assert_eq!(changed.text("UpdateResponse/OverallStatus").as_deref(), Some("OK"), "{}", changed.body);
}

#[tokio::test]
async fn who_would_have_a_copy_without_an_address_hears_so_at_once() {
    let gateway = ready("", |_| {}).await;
    copy_to(
        &gateway,
        "<CCEmail>Boss &lt;%%Boss%%@example.com&gt;</CCEmail><BccEmail>a%%subscriberid%%@example.com</BccEmail>",
    )
    .await;
    let boss = |key: &str, boss: &str| to_with(key, &[("Boss", boss)]);
    let owner = "<Subscribers><Owner><FromName>S</FromName><FromAddress>%%Boss%%@example.com</FromAddress></Owner>\
        <EmailAddress>una@example.com</EmailAddress><Attributes><Name>Boss</Name><Value>c d</Value></Attributes></Subscribers>";
    let all = [boss("ada", "carol"), boss("bob", "no body"), boss("eve", "a@example.com, b"), boss("ivy", "")].concat();
    let synchronous = create(&gateway, HIGH, &triggered(&(all.clone() + owner))).await;
    let asynchronous = "<RequestType>Asynchronous</RequestType><QueuePriority>High</QueuePriority>";
    let asynchronous = create(&gateway, asynchronous, &triggered(&(all + owner))).await;
    let why = "An error occurred when attempting to build an email for the subscriber";
    for answer in [synchronous, asynchronous] {
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
        let failures = (0..answer.count("CreateResponse/Results/SubscriberFailures")).map(|at| {
            let text =
                |name: &str| answer.text(&format!("CreateResponse/Results/SubscriberFailures#{at}/{name}")).unwrap();
            [text("Ordinal"), text("ErrorCode"), text("ErrorDescription")].join(" ")
        });
        let expected = [
            format!("1 26 {why}: the CCEmail is no address: \"Boss <no body@example.com>\""),
            format!("2 26 {why}: the CCEmail is no address: \"Boss <a@example.com, b@example.com>\""),
            format!("3 26 {why}: the CCEmail is no address: \"Boss <@example.com>\""),
            format!("4 26 {why}: the FromAddress is no address: \"c d@example.com\""),
        ];
        assert_eq!(failures.collect::<Vec<_>>(), expected, "{}", answer.body);
    }
    let none = create(&gateway, HIGH, &triggered(&boss("bob", "no body"))).await;
    assert_eq!(none.text("CreateResponse/Results/ErrorCode").as_deref(), Some("180008"), "{}", none.body);
    advance(&gateway, Duration::ZERO).await;
    let mails = mails(&gateway).await;
    assert_eq!(mails.len(), 2, "ada alone, twice");
    assert!(mails.iter().all(|mail| field(mail, "Cc").as_deref() == Some("\"Boss\" <carol@example.com>")), "{mails:?}");
    let counts = found(&gateway, "TriggeredSendSummary", &["Sent", "NotSentDueToError", "Queued"], "").await;
    // Four for each of two calls, and bob alone.
    assert_eq!(counts, ["2 9 0"]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_copy_that_loses_its_address_while_it_waits_is_met_when_the_mail_is_built() {
    let gateway = ready("", |_| {}).await;
    copy_to(&gateway, "<CCEmail>%%Boss%%@example.com</CCEmail>").await;
    let ada = |boss: &str| subscriber("ada", &attributes(&[("Boss", boss)]));
    create(&gateway, "", &ada("carol")).await;
    advance(&gateway, Duration::from_secs(1)).await;
    let made = create(&gateway, "", &triggered(&to("ada", "ada@example.com"))).await;
    assert_eq!(made.count("CreateResponse/Results/SubscriberFailures"), 0, "{}", made.body);
    let save = "<SaveOptions><SaveOption><PropertyName>*</PropertyName><SaveAction>UpdateAdd</SaveAction></SaveOption></SaveOptions>";
    create(&gateway, save, &ada("no body")).await;
    advance(&gateway, Duration::from_secs(60)).await;
    assert!(mails(&gateway).await.is_empty());
    let reason = "An error occurred when attempting to build an email for the subscriber: the CCEmail is no address";
    let told = found(&gateway, "NotSentEvent", &["SubscriberKey", "PartnerProperties.Value"], "").await;
    assert_eq!(told, [format!("ada {reason}")]);
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_given_up_was_not_sent() {
    let sink = Sink::start(Manners::default().act("RCPT", Act::Say("451 4.3.0 later"))).await;
    let gateway = relayed(&sink, |parts| parts.notify.max_attempts = 1).await;
    create(&gateway, HIGH, &triggered(&to("ada", "ada@example.com"))).await;
    advance(&gateway, Duration::ZERO).await;
    let members = ["SubscriberKey", "EventType", "PartnerProperties.Value"];
    let expected = ["ada NotSent SMTP 451 4.3.0 later"];
    assert_eq!(found(&gateway, "NotSentEvent", &members, "").await, expected);
    gateway.stop().await;
}

#[tokio::test]
async fn who_leaves_before_a_mail_does_gets_none() {
    let gateway = ready("", |_| {}).await;
    advance(&gateway, Duration::from_secs(1)).await;
    create(&gateway, "", &triggered(&to("ada", "ada@example.com"))).await;
    let save = "<SaveOptions><SaveOption><PropertyName>*</PropertyName><SaveAction>UpdateAdd</SaveAction></SaveOption></SaveOptions>";
    let ada =
        "<SubscriberKey>ada</SubscriberKey><EmailAddress>ada@example.com</EmailAddress><Status>Unsubscribed</Status>";
    create(&gateway, save, &object("Subscriber", ada)).await;
    advance(&gateway, Duration::from_secs(60)).await;
    assert!(mails(&gateway).await.is_empty());
    let members = ["SubscriberKey", "PartnerProperties.Value"];
    let expected = ["ada The subscriber system status is unsubscribed"];
    assert_eq!(found(&gateway, "NotSentEvent", &members, "").await, expected);
    let counts = found(&gateway, "TriggeredSendSummary", &["NotSentDueToOptOut", "Queued"], "").await;
    assert_eq!(counts, ["1 0"]);
    gateway.stop().await;
}

#[tokio::test]
async fn only_what_a_connection_can_carry_is_begun() {
    let sink = Sink::start(Manners::default().act("DATA", Act::Silence)).await;
    let gateway = relayed(&sink, |parts| parts.mail.relay.connections = 1).await;
    let both = to("ada", "ada@example.com") + &to("bob", "bob@example.com");
    create(&gateway, HIGH, &triggered(&both)).await;
    sink.until(|seen| seen.commands.iter().any(|command| command.starts_with("DATA"))).await;
    for (state, expected) in [("sending", 1), ("owed", 1), ("in_doubt", 0)] {
        let found = admin(&gateway, "GET", &format!("/deliveries?state={state}")).await.body;
        let found: serde_json::Value = serde_json::from_str(&found).unwrap();
        let list = found.as_array().or_else(|| found["deliveries"].as_array()).unwrap();
        assert_eq!(list.len(), expected, "{state}: {found}");
    }
    // The relay never answers: the gateway goes with the test.
}

#[tokio::test]
async fn what_waits_for_a_deleted_definition_waits_no_longer() {
    let gateway = ready("", |_| {}).await;
    advance(&gateway, Duration::from_secs(1)).await;
    create(&gateway, "", &triggered(&to("ada", "ada@example.com"))).await;
    let hello = object("TriggeredSendDefinition", "<CustomerKey>hello</CustomerKey>");
    let deleted = gateway.call("Delete", &request("DeleteRequest", "<Options/>", &hello)).await;
    assert_eq!(deleted.text("DeleteResponse/OverallStatus").as_deref(), Some("OK"), "{}", deleted.body);
    advance(&gateway, Duration::from_secs(60)).await;
    assert!(mails(&gateway).await.is_empty());
    let members = ["SubscriberKey", "PartnerProperties.Value"];
    let expected = ["ada The TriggeredSendDefinition is no longer there"];
    assert_eq!(found(&gateway, "NotSentEvent", &members, "").await, expected);
    let counts = found(&gateway, "TriggeredSendSummary", &["NotSentDueToError", "Queued"], "").await;
    assert_eq!(counts, ["1 0"]);
    gateway.stop().await;
}

#[tokio::test]
async fn what_was_given_up_and_is_sent_again_counts_as_queued_once() {
    let sink = Sink::start(Manners::default().act("RCPT", Act::Say("451 4.3.0 later"))).await;
    let gateway = relayed(&sink, |parts| parts.notify.max_attempts = 1).await;
    create(&gateway, HIGH, &triggered(&to("ada", "ada@example.com"))).await;
    advance(&gateway, Duration::from_secs(1)).await;
    // One that still waits is not taken off by the first.
    create(&gateway, "<QueuePriority>Low</QueuePriority>", &triggered(&to("bob", "bob@example.com"))).await;
    let failed = admin(&gateway, "GET", "/deliveries?state=failed").await.body;
    let failed: serde_json::Value = serde_json::from_str(&failed).unwrap();
    let id = failed[0]["id"].as_str().unwrap();
    admin(&gateway, "POST", &format!("/redeliver?id={id}")).await;
    sink.until(|seen| seen.messages.len() == 1).await;
    advance(&gateway, Duration::ZERO).await;
    let counts = found(&gateway, "TriggeredSendSummary", &["Sent", "NotSentDueToError", "Queued"], "").await;
    // He counts once, where he stands.
    assert_eq!(counts, ["1 0 1"]);
    gateway.stop().await;
}

#[tokio::test]
async fn what_waits_and_is_sent_again_counts_as_queued_as_often_as_it_waits() {
    let later = || Manners::default().act("RCPT", Act::Say("451 4.3.0 later"));
    let sink = Sink::start(later()).await;
    let gateway = relayed(&sink, |_| {}).await;
    create(&gateway, HIGH, &triggered(&to("ada", "ada@example.com"))).await;
    advance(&gateway, Duration::ZERO).await;
    let all: serde_json::Value = serde_json::from_str(&admin(&gateway, "GET", "/deliveries").await.body).unwrap();
    let again = format!("/redeliver?id={}", all[0]["id"].as_str().unwrap());
    let counts = async |expected: &str| {
        advance(&gateway, Duration::ZERO).await;
        let counts = found(&gateway, "TriggeredSendSummary", &["Sent", "Queued", "NotSentDueToError"], "").await;
        assert_eq!(counts, [expected]);
    };
    counts("0 1 0").await;
    admin(&gateway, "POST", &again).await;
    counts("1 0 0").await;
    // It had arrived, and is to go out once more: one send counts once, however often an operator sends it.
    sink.will(later());
    admin(&gateway, "POST", &again).await;
    counts("0 1 0").await;
    admin(&gateway, "POST", &again).await;
    counts("1 0 0").await;
    assert_eq!(found(&gateway, "SentEvent", &["SubscriberKey"], "").await, ["ada", "ada"], "two mails have left");
    gateway.stop().await;
}

/// The answers to RCPT of mailboxes that are full.
fn full(mailboxes: usize) -> Manners {
    (0..mailboxes).fold(Manners::default(), |manners, _| manners.act("RCPT", Act::Say("452 4.2.2 mailbox full")))
}

async fn targets(gateway: &Gateway) -> serde_json::Value {
    serde_json::from_str(&admin(gateway, "GET", "/targets").await.body).unwrap()
}

#[tokio::test]
async fn full_mailboxes_keep_nobody_elses_mail_waiting() {
    let sink = Sink::start(full(12)).await;
    let gateway = relayed(&sink, |_| {}).await;
    let many: String = (0..12).map(|n| to(&format!("full{n}"), &format!("full{n}@example.com"))).collect();
    create(&gateway, HIGH, &triggered(&many)).await;
    advance(&gateway, Duration::ZERO).await;
    assert_eq!((sink.said("RCPT"), sink.seen().messages.len()), (12, 0));
    assert_eq!(targets(&gateway).await, serde_json::json!([]), "they wait, and the relay does its work");
    create(&gateway, HIGH, &triggered(&to("good", "good@example.com"))).await;
    advance(&gateway, Duration::ZERO).await;
    assert_eq!(sink.seen().messages.len(), 1);
    // Each waits for its own next attempt.
    advance(&gateway, Duration::from_secs(13)).await;
    assert_eq!(sink.seen().messages.len(), 13);
    gateway.stop().await;
}

#[tokio::test]
async fn a_relay_that_takes_nothing_rests_until_it_answers_of_a_mail() {
    let sink = Sink::start(Manners::default().act("MAIL", Act::Say("451 4.3.0 later"))).await;
    let gateway = relayed(&sink, |parts| parts.notify.breaker_failures = 1).await;
    for name in ["ada", "bob"] {
        create(&gateway, HIGH, &triggered(&to(name, &format!("{name}@example.com")))).await;
        advance(&gateway, Duration::ZERO).await;
    }
    assert_eq!(targets(&gateway).await[0]["breaker"], "open");
    assert_eq!((sink.said("MAIL"), sink.said("RCPT")), (1, 0));
    // The probe is bob, who has been due longer: his mailbox is full, and that is an answer.
    sink.will(full(1));
    advance(&gateway, Duration::from_secs(30)).await;
    assert_eq!((sink.said("RCPT"), sink.seen().messages.len()), (2, 1));
    assert_eq!(targets(&gateway).await, serde_json::json!([]));
    gateway.stop().await;
}

#[tokio::test]
async fn of_those_that_are_due_the_more_urgent_goes_first() {
    let sink = Sink::start(Manners::default().act("MAIL", Act::Say("451 4.3.0 later"))).await;
    let gateway = relayed(&sink, |parts| {
        parts.notify.breaker_failures = 1;
        parts.mail.relay.connections = 1;
    })
    .await;
    advance(&gateway, Duration::from_secs(1)).await;
    let many: String = (0..9).map(|n| to(&format!("low{n}"), &format!("low{n}@example.com"))).collect();
    create(&gateway, "<QueuePriority>Low</QueuePriority>", &triggered(&many)).await;
    advance(&gateway, Duration::from_secs(240)).await;
    create(&gateway, "", &triggered(&to("medium", "medium@example.com"))).await;
    // Both are due, and the first has met a relay that takes nothing, when the urgent one comes.
    advance(&gateway, Duration::from_secs(59)).await;
    create(&gateway, HIGH, &triggered(&to("high", "high@example.com"))).await;
    advance(&gateway, Duration::from_secs(60)).await;
    let seen = sink.seen();
    let of =
        |name: &str| seen.messages.iter().position(|m| String::from_utf8_lossy(m).contains(&format!("To: {name}")));
    assert_eq!((seen.messages.len(), of("high"), of("medium")), (11, Some(0), Some(1)), "{:?}", seen.commands);
    gateway.stop().await;
}
