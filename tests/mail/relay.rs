//! What becomes of a mail at a relay that behaves, and at relays that do not.

use std::time::Duration;

use envoi::mail::{Attachment, Composed, Mailbox, Relay, RelaySettings, Sent, Settings, Transport, Way, compose};

use crate::sink::{
    Act::{self, Close, HalfClose, Say, Silence},
    Manners, Sink, mail,
};

fn transport(relay: RelaySettings) -> Transport {
    Transport::new(&Settings { way: Way::Relay, relay, ..Settings::default() }).unwrap()
}

fn composed() -> Composed {
    compose(&mail()).unwrap()
}

/// One mail to a relay of these manners.
async fn one(manners: Manners) -> (Sent, Sink) {
    let sink = Sink::start(manners).await;
    let sent = transport(sink.settings()).send(&composed()).await;
    (sent, sink)
}

fn accepted(sent: &Sent) -> bool {
    *sent == Sent::Accepted { status: "SMTP 250 2.0.0 Ok: queued as 4711".into() }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_composed() {
    let (sent, sink) = one(Manners::default()).await;
    assert!(accepted(&sent), "{sent:?}");
    let seen = sink.seen();
    assert_eq!(seen.messages, [composed().bytes]);
    let expected = ["EHLO [127.0.0.1]", "MAIL FROM:<envoi@example.com>", "RCPT TO:<ada@example.com>", "DATA"];
    assert_eq!(seen.commands[..4], expected);
}

#[tokio::test]
async fn a_long_message_arrives_whole() {
    let sink = Sink::start(Manners::default()).await;
    let bytes: Vec<u8> =
        (0..1_000_000_u32).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    let mut long = mail();
    long.attachments =
        vec![Attachment { name: "a.bin".into(), content_type: "application/octet-stream".into(), bytes }];
    let long = compose(&long).unwrap();
    assert!(accepted(&transport(sink.settings()).send(&long).await));
    assert!(sink.seen().messages == [long.bytes], "another message came");
}

#[tokio::test]
async fn every_reply_has_its_verdict() {
    // When, what the relay does then, what it is called, and with which words.
    let cases: &[(&'static str, Act, &str, &str)] = &[
        ("CONNECT", Say("554 5.3.2 no service"), "retry", "SMTP 554 5.3.2 no service"),
        ("CONNECT", Say("421 4.3.2 busy"), "retry", "SMTP 421 4.3.2 busy"),
        ("CONNECT", Close, "retry", ""),
        ("EHLO", Say("502 5.5.1 no"), "retry", "SMTP 502"),
        ("EHLO", Close, "retry", ""),
        ("MAIL", Say("451 4.3.0 later"), "retry", "SMTP 451 4.3.0 later"),
        ("MAIL", Say("550 5.7.1 not you"), "refused", "SMTP 550 5.7.1 not you"),
        ("MAIL", Say("530 5.7.0 log in first"), "retry", "SMTP 530 5.7.0"),
        ("MAIL", Close, "retry", ""),
        ("RCPT", Say("450 4.2.1 mailbox busy"), "alone", "SMTP 450 4.2.1"),
        ("RCPT", Say("550 5.1.1 no such user"), "refused", "SMTP 550 5.1.1 no such user"),
        ("RCPT", Say("550-5.1.1 no\r\n550 5.1.1 such user"), "refused", "SMTP 550 5.1.1 no such user"),
        ("RCPT", Say("251 2.1.5 forwarded"), "accepted", "SMTP 250"),
        ("RCPT", Say("421 4.3.2 closing"), "retry", "SMTP 421 4.3.2"),
        ("RCPT", Say("530 5.7.0 log in first"), "retry", "SMTP 530 5.7.0"),
        ("RCPT", Close, "retry", ""),
        ("RCPT", HalfClose, "retry", ""),
        ("DATA", Say("452 4.3.1 no room"), "alone", "SMTP 452 4.3.1"),
        ("DATA", Say("554 5.5.1 no recipients"), "refused", "SMTP 554 5.5.1"),
        ("DATA", Close, "retry", ""),
        ("BODY", Say("451 4.7.1 greylisted"), "alone", "SMTP 451 4.7.1 greylisted"),
        ("BODY", Say("421 4.3.2 closing"), "retry", "SMTP 421 4.3.2"),
        ("BODY", Say("554 5.7.1 spam"), "refused", "SMTP 554 5.7.1 spam"),
        ("BODY", Say("552 5.3.4 too big"), "refused", "SMTP 552 5.3.4"),
        ("BODY", Close, "uncertain", "no answer to the message, which had been sent whole"),
        ("BODY", HalfClose, "uncertain", "no answer to the message"),
        ("BODY", Say("nonsense"), "uncertain", "no answer to the message"),
        ("BODY", Say("354 more please"), "uncertain", "SMTP 354"),
    ];
    for (when, act, verdict, words) in cases {
        let (sent, _sink) = one(Manners::default().act(when, act.clone())).await;
        let name = match &sent {
            Sent::Accepted { .. } => "accepted",
            Sent::Retry { alone: true, .. } => "alone",
            Sent::Retry { alone: false, .. } => "retry",
            Sent::Refused { .. } => "refused",
            Sent::Uncertain { .. } => "uncertain",
        };
        assert_eq!(name, *verdict, "{when} {act:?}: {sent:?}");
        assert!(sent.status().contains(words), "{when} {act:?}: {sent:?}");
        assert!(!sent.status().is_empty() && sent.status().chars().count() <= 400, "{when} {act:?}: {sent:?}");
    }
}

/// Longer than what the system takes on its own between two sockets.
fn endless() -> Composed {
    let mut long = mail();
    let bytes = vec![0; 24 << 20];
    long.attachments =
        vec![Attachment { name: "a.bin".into(), content_type: "application/octet-stream".into(), bytes }];
    compose(&long).unwrap()
}

#[tokio::test]
async fn a_message_that_was_cut_off_has_surely_not_been_taken() {
    let sink = Sink::start(Manners::default().act("HALF", Close)).await;
    let sent = transport(sink.settings()).send(&endless()).await;
    assert!(matches!(&sent, Sent::Retry { status, .. } if status.contains("cut off within the message")), "{sent:?}");
}

#[tokio::test]
async fn a_refusal_within_the_message_is_heard() {
    let sink = Sink::start(Manners::default().act("HALF", Say("552 5.3.4 too big"))).await;
    let sent = transport(sink.settings()).send(&endless()).await;
    assert_eq!(sent, Sent::Refused { status: "SMTP 552 5.3.4 too big, in answer to the message".into() });
}

#[tokio::test]
async fn a_relay_that_takes_the_message_for_commands_gets_none_of_it() {
    let manners = Manners::default().act("DATA", Say("250 2.0.0 ok"));
    let (sent, sink) = one(manners).await;
    assert!(matches!(&sent, Sent::Retry { status, .. } if status.contains("in answer to DATA")), "{sent:?}");
    sink.until(|seen| seen.open == 0).await;
    assert_eq!(sink.seen().commands.last().unwrap(), "DATA");
}

#[tokio::test]
async fn silence_ends_in_time() {
    let brief = |sink: &Sink| RelaySettings {
        timeout: Duration::from_secs(5),
        data_timeout: Duration::from_secs(5),
        ..sink.settings()
    };
    let cases =
        [("CONNECT", false), ("EHLO", false), ("MAIL", false), ("RCPT", false), ("DATA", false), ("BODY", true)];
    let all = cases.map(|(when, uncertain)| async move {
        let sink = Sink::start(Manners::default().act(when, Silence)).await;
        let sent = transport(brief(&sink)).send(&composed()).await;
        assert_eq!(matches!(sent, Sent::Uncertain { .. }), uncertain, "{when}: {sent:?}");
        assert!(uncertain || matches!(sent, Sent::Retry { .. }), "{when}: {sent:?}");
        assert!(sent.status().contains("within 5s"), "{when}: {sent:?}");
    });
    for silent in all.map(tokio::spawn) {
        silent.await.unwrap();
    }
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    // A port at which nobody listens, held so that no other test is given it.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let port = held.local_addr().unwrap().port();
    let settings = RelaySettings { host: "127.0.0.1".into(), port: Some(port), ..RelaySettings::default() };
    let sent = transport(settings).send(&composed()).await;
    assert!(matches!(&sent, Sent::Retry { status, .. } if status.contains("connecting at 127.0.0.1")), "{sent:?}");
}

#[tokio::test]
async fn a_reply_without_end_is_not_read_for_ever() {
    const LONG: &str = match std::str::from_utf8(&[b'x'; 300 << 10]) {
        Ok(text) => text,
        Err(_) => "",
    };
    let (sent, _sink) = one(Manners::default().act("MAIL", Say(LONG))).await;
    assert!(matches!(&sent, Sent::Retry { .. }), "{sent:?}");
    assert!(sent.status().len() < 400, "{sent:?}");
}

#[tokio::test]
async fn one_connection_carries_many_mails() {
    let sink = Sink::start(Manners::default().act("RCPT", Say("550 5.1.1 no such user"))).await;
    let transport = transport(sink.settings());
    assert!(matches!(transport.send(&composed()).await, Sent::Refused { .. }));
    for _ in 0..3 {
        assert!(accepted(&transport.send(&composed()).await));
    }
    assert_eq!((sink.seen().connections, sink.said("RSET"), sink.seen().messages.len()), (1, 1, 3));
    transport.close().await;
    sink.until(|seen| seen.open == 0).await;
    assert_eq!(sink.said("QUIT"), 1);
}

#[tokio::test]
async fn a_connection_that_the_relay_ended_meanwhile_costs_nothing() {
    for act in [Close, Say("421 4.4.2 idle too long")] {
        // The second MAIL comes over the kept connection.
        let manners = Manners::default().act("MAIL", Say("250 2.1.0 ok")).act("MAIL", act.clone());
        let sink = Sink::start(manners).await;
        let transport = transport(sink.settings());
        for _ in 0..2 {
            assert!(accepted(&transport.send(&composed()).await), "{act:?}");
        }
        assert_eq!((sink.seen().connections, sink.seen().messages.len()), (2, 2), "{act:?}");
    }
}

#[tokio::test]
async fn unused_connections_are_ended() {
    let sink = Sink::start(Manners::default()).await;
    let transport = transport(RelaySettings { idle_timeout: Duration::from_millis(50), ..sink.settings() });
    assert!(accepted(&transport.send(&composed()).await));
    sink.until(|seen| seen.open == 0).await;
    assert_eq!(sink.said("QUIT"), 1);
    assert!(accepted(&transport.send(&composed()).await), "and new ones are made");
}

#[tokio::test]
async fn connections_at_once_are_bounded() {
    let sink = Sink::start(Manners::default()).await;
    let transport = std::sync::Arc::new(transport(RelaySettings { connections: 3, ..sink.settings() }));
    let mails: Vec<_> = (0..40)
        .map(|_| {
            let transport = std::sync::Arc::clone(&transport);
            tokio::spawn(async move { transport.send(&composed()).await })
        })
        .collect();
    for mail in mails {
        assert!(accepted(&mail.await.unwrap()));
    }
    let seen = sink.seen();
    assert_eq!(seen.messages.len(), 40);
    assert!(seen.most <= 3, "{} at once", seen.most);
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_relay_that_takes_it() {
    let mut foreign = mail();
    foreign.to = Mailbox::new("müller@bücher.example");
    let foreign = compose(&foreign).unwrap();
    let sink = Sink::start(Manners::default().with("8BITMIME")).await;
    let sent = transport(sink.settings()).send(&foreign).await;
    assert!(matches!(&sent, Sent::Refused { status } if status.contains("SMTPUTF8")), "{sent:?}");
    assert_eq!(sink.said("MAIL"), 0);
    let sink = Sink::start(Manners::default().with("8BITMIME").with("SMTPUTF8")).await;
    assert!(accepted(&transport(sink.settings()).send(&foreign).await));
    let commands = sink.seen().commands;
    assert_eq!(commands[1], "MAIL FROM:<envoi@example.com> SMTPUTF8 BODY=8BITMIME");
    assert_eq!(commands[2], "RCPT TO:<müller@xn--bcher-kva.example>");
}

#[tokio::test]
async fn no_way_out_is_said() {
    let transport = Transport::new(&Settings::default()).unwrap();
    assert!(transport.is_none());
    let sent = transport.send(&composed()).await;
    assert!(matches!(&sent, Sent::Retry { status, .. } if status.contains("mail.relay")), "{sent:?}");
}

#[test]
fn a_relay_says_nothing_of_its_password() {
    let settings = RelaySettings {
        host: "127.0.0.1".into(),
        user: Some("ada".into()),
        password: Some(envoi::message::client::Secret::new("hunter2")),
        ..RelaySettings::default()
    };
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert!(!format!("{:?}", Relay::new(settings).unwrap()).contains("hunter2"));
}
