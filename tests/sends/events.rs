//! What is kept of the end of a mail: events, counts, the status of the subscriber; and starting and pausing.

use envoi::{
    backend::{CATALOGUE, triggered_send::Ending},
    message::Operation::{Create, Perform, Update},
    store::Stopped,
};

use crate::house::{DAY, House, object, subscriber, to, triggered};

impl House {
    /// Sends one more mail to a subscriber and ends it so.
    fn ends(&self, key: &str, ending: &Ending) {
        self.create(&triggered(&to(key, &format!("{key}@example.com"))));
        let send = self.owed().pop().unwrap().0;
        self.end(&send, ending);
    }
}

fn refused(said: &str) -> Ending {
    Ending::refused(said)
}

#[test]
fn every_end_has_its_event_and_its_count() {
    let house = House::ready("");
    house.ends("ada", &Ending::Delivered);
    house.ends("bob", &refused("SMTP 550 5.1.1 no such user"));
    house.ends("eve", &refused("SMTP 552 5.2.2 mailbox full"));
    house.ends("mal", &refused("SMTP 550 5.7.1 we do not like you"));
    house.ends("ivy", &Ending::GivenUp("SMTP 451 4.3.0 later".to_owned()));
    house.create(&triggered(&to("una", "una@example.com")));
    let send = house.owed().pop().unwrap().0;
    assert!(house.one(Update, &subscriber("una", "<Status>Unsubscribed</Status>")).starts_with("OK "));
    let why = house.render(&send).unwrap_err();
    house.end(&send, &Ending::refused(&why.reason));

    let guid = house.kept("TriggeredSendDefinition", "hello").text("ObjectID").unwrap().to_owned();
    let [sent] = house.all("SentEvent").try_into().unwrap();
    for (member, expected) in [
        ("Client.ID", "100001"),
        ("SubscriberKey", "ada"),
        ("EventType", "Sent"),
        ("EventDate", &house.now.to_string()),
        ("TriggeredSendDefinitionObjectID", &guid),
        ("SendID", &send.definition.to_string()),
    ] {
        assert_eq!(sent.text(member), Some(expected), "{member}");
    }
    let shown = |kind: &str, members: &[&str]| -> Vec<String> {
        let one = |event: &envoi::object::Object| {
            members.iter().map(|member| event.text(member).unwrap_or("?").to_owned()).collect::<Vec<_>>().join(" ")
        };
        house.all(kind).iter().map(one).collect()
    };
    let bounces = ["SubscriberKey", "EventType", "SMTPCode", "BounceCategory", "SMTPReason", "BounceType"];
    let expected = [
        "bob HardBounce 550 Hard bounce 5.1.1 no such user immediate",
        "eve SoftBounce 552 Soft bounce 5.2.2 mailbox full immediate",
        "mal OtherBounce 550 Block bounce 5.7.1 we do not like you immediate",
    ];
    assert_eq!(shown("BounceEvent", &bounces), expected);
    let not_sent = ["SubscriberKey", "EventType", "PartnerProperties.Value"];
    let expected = ["ivy NotSent SMTP 451 4.3.0 later", "una NotSent The subscriber system status is unsubscribed"];
    assert_eq!(shown("NotSentEvent", &not_sent), expected);
    assert_eq!(house.summary(), "Sent 1, NotSentDueToOptOut 1, Bounces 3, NotSentDueToError 1");
    let statuses: Vec<_> = ["ada", "bob", "eve", "mal", "ivy"].iter().map(|key| house.status(key)).collect();
    assert_eq!(statuses, ["Active", "Bounced", "Active", "Active", "Active"]);
}

#[test]
fn three_hard_bounces_over_fifteen_days_hold_a_subscriber() {
    let mut house = House::ready("");
    let hard = refused("SMTP 550 5.1.1 no such user");
    let mut statuses = Vec::new();
    for wait in [0, 1, 1, 12, 1] {
        house.later(DAY * wait);
        house.ends("ada", &hard);
        statuses.push(house.status("ada"));
    }
    // The third within fifteen days holds nobody, the fifth on the fifteenth day does.
    assert_eq!(statuses, ["Bounced", "Bounced", "Bounced", "Bounced", "Held"]);
    let (said, failures) = house.trigger(&to("ada", "ada@example.com"));
    assert_eq!(said, "180008 Unable to queue Triggered Send request. There are no valid subscribers.");
    assert_eq!(failures, ["0 2 The subscriber system status is held"]);
    // Made Active again, he begins anew.
    assert!(house.one(Update, &subscriber("ada", "<Status>Active</Status>")).starts_with("OK "));
    house.ends("ada", &hard);
    assert_eq!(house.status("ada"), "Bounced");
}

#[test]
fn a_bounce_does_not_subscribe_again() {
    let house = House::ready("");
    house.create(&triggered(&to("ada", "ada@example.com")));
    assert!(house.one(Update, &subscriber("ada", "<Status>Unsubscribed</Status>")).starts_with("OK "));
    house.end(&house.only(), &refused("SMTP 550 5.1.1 no such user"));
    assert_eq!(house.status("ada"), "Unsubscribed");
}

#[test]
fn nobody_writes_what_happened() {
    let house = House::ready("");
    for kind in ["SentEvent", "NotSentEvent", "BounceEvent", "UnsubEvent", "TriggeredSendSummary"] {
        let cannot = format!("5 Cannot perform Create on objects of type {kind}");
        assert_eq!(house.one(Create, &object(kind, "<CustomerKey>x</CustomerKey>")), cannot);
    }
}

#[test]
fn a_definition_is_started_and_paused() {
    let house = House::ready("");
    let perform = |action: &str, kind: &str| {
        let definition = format!("<Definition xsi:type=\"{kind}\"><CustomerKey>hello</CustomerKey></Definition>");
        house.one(Perform, &format!("<Action>{action}</Action><Definitions>{definition}</Definitions>"))
    };
    let kind = "TriggeredSendDefinition";
    let status = || house.kept(kind, "hello").text("TriggeredSendStatus").unwrap().to_owned();
    for (action, expected) in [("pause", "Inactive"), ("start", "Active"), ("Stop", "Inactive"), ("START", "Active")] {
        assert_eq!(perform(action, kind), "OK TriggeredSendDefinition performed");
        assert_eq!(status(), expected, "{action}");
    }
    let wrong = "2 Exception occurred during [Perform]: Action is \"launch\", expected start, pause or stop";
    assert_eq!(perform("launch", kind), wrong);
    let email = "100 The Perform method is not supported for the EmailSendDefinition object";
    assert_eq!(perform("start", "EmailSendDefinition"), email);
}

#[test]
fn what_is_kept_of_mail_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let house = House::at(Some(data.clone()), |_| {}).furnished("<List><CustomerKey>readers</CustomerKey></List>");
    house.ends("ada", &Ending::Delivered);
    house.leave(&house.token(&house.only()));
    house.ends("bob", &refused("SMTP 550 5.1.1 no such user"));
    house.ends("bob", &refused("SMTP 550 5.1.1 no such user"));
    house.ends("ivy", &Ending::GivenUp("SMTP 451 4.3.0 later".to_owned()));
    assert_eq!(house.summary(), "Sent 1, Bounces 2, OptOuts 1, NotSentDueToError 1");
    drop(house);
    let report = Stopped::open(&data, 1 << 20).unwrap().check(&CATALOGUE, false).unwrap();
    assert_eq!(report.findings, [], "{report:?}");
}
