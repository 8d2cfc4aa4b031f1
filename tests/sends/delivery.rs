//! Triggered sends from the call to the mail and to what can be retrieved of it, through the front door and an SMTP server.

use std::time::Duration;

use envoi::{mail::Way, server::Parts};

use crate::{
    front::{URL, admin, advance, create, field, filter, found, mails, page, ready},
    gateway::{Gateway, START, request},
    house::{object, to, triggered},
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
    assert_eq!(counts, ["1 1 1"]);
    gateway.stop().await;
}
