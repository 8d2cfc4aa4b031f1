//! TLS and log-in at a relay: what an attacker between us and it cannot have, and what no log has.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use envoi::{
    clock::Clock,
    mail::{RelaySettings, Secure, Sent, Settings, Transport, Way, compose},
    message::client::Secret,
    server::dev_certs,
};

use crate::sink::{
    Act::{Close, Say},
    Manners, Sink, mail,
};

const PASSWORD: &str = "hunter2-hunter2";

struct Keys {
    _folder: tempfile::TempDir,
    written: dev_certs::Written,
}

fn keys() -> Keys {
    let folder = tempfile::tempdir().unwrap();
    let written = dev_certs::write(folder.path(), Clock::system().now()).unwrap();
    Keys { _folder: folder, written }
}

fn settings(sink: &Sink, keys: &Keys, secure: Secure) -> RelaySettings {
    RelaySettings { secure, ca: Some(keys.written.ca_certificate.clone()), ..sink.settings() }
}

fn with_user(settings: RelaySettings) -> RelaySettings {
    RelaySettings { user: Some("ada".into()), password: Some(Secret::new(PASSWORD)), ..settings }
}

async fn send(relay: RelaySettings) -> Sent {
    let transport = Transport::new(&Settings { way: Way::Relay, relay, ..Settings::default() }).unwrap();
    transport.send(&compose(&mail()).unwrap()).await
}

fn refused_before_anything(sent: &Sent, why: &str) {
    assert!(matches!(sent, Sent::Retry { status, .. } if status.contains(why)), "{why}: {sent:?}");
}

fn starttls(keys: &Keys) -> Manners {
    Manners::default().with("STARTTLS").with("AUTH PLAIN LOGIN").tls(&keys.written)
}

#[tokio::test]
async fn both_kinds_of_tls_carry_mail() {
    let keys = keys();
    let sink = Sink::start(starttls(&keys)).await;
    let sent = send(settings(&sink, &keys, Secure::StartTls)).await;
    assert!(matches!(sent, Sent::Accepted { .. }), "{sent:?}");
    let verbs: Vec<_> = sink.seen().commands.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(verbs[..6], ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA"]);
    let sink = Sink::start(Manners { implicit: true, ..Manners::default().tls(&keys.written) }).await;
    let sent = send(settings(&sink, &keys, Secure::Implicit)).await;
    assert!(matches!(sent, Sent::Accepted { .. }), "{sent:?}");
}

#[tokio::test]
async fn starttls_that_was_taken_away_ends_it() {
    let keys = keys();
    // Somebody in between has blanked the word, or answers to STARTTLS as if it were unknown.
    let stripped = [
        Manners::default().with("XXXXXXXA").with("AUTH PLAIN"),
        starttls(&keys).act("STARTTLS", Say("500 5.5.1 unknown command")),
        starttls(&keys).act("STARTTLS", Close),
        starttls(&keys).act("EHLO", Say("250 sink")),
    ];
    for (number, manners) in stripped.into_iter().enumerate() {
        let sink = Sink::start(manners).await;
        let sent = send(with_user(settings(&sink, &keys, Secure::StartTls))).await;
        assert!(matches!(sent, Sent::Retry { .. }), "{number}: {sent:?}");
        assert_eq!((sink.said("AUTH"), sink.said("MAIL")), (0, 0), "{number}: {sent:?}");
    }
}

#[tokio::test]
async fn bytes_from_before_tls_are_not_taken_for_bytes_from_after_it() {
    let keys = keys();
    let manners = Manners { injected: "250-sink\r\n250 AUTH PLAIN\r\n", ..starttls(&keys) };
    // In one piece with the reply, as whoever stands in between would send it.
    let manners = manners.act("STARTTLS", Say("220 go ahead\r\n250-evil\r\n250 AUTH PLAIN"));
    let sink = Sink::start(manners).await;
    let sent = send(with_user(settings(&sink, &keys, Secure::StartTls))).await;
    assert!(matches!(sent, Sent::Retry { .. }), "{sent:?}");
    assert_eq!((sink.said("AUTH"), sink.said("MAIL")), (0, 0));
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let (ours, theirs) = (keys(), keys());
    let sink = Sink::start(starttls(&theirs)).await;
    let sent = send(with_user(settings(&sink, &ours, Secure::StartTls))).await;
    refused_before_anything(&sent, "invalid peer certificate");
    let sink = Sink::start(Manners { implicit: true, ..starttls(&theirs) }).await;
    let sent = send(with_user(settings(&sink, &ours, Secure::Implicit))).await;
    refused_before_anything(&sent, "invalid peer certificate");
    assert_eq!(sink.seen().commands.len(), 0);
}

#[tokio::test]
async fn a_certificate_of_another_name_is_refused() {
    let keys = keys();
    let sink = Sink::start(starttls(&keys)).await;
    // The certificate is for localhost and 127.0.0.1; 127.0.0.2 is this machine too.
    let settings = RelaySettings { host: "127.0.0.2".into(), ..settings(&sink, &keys, Secure::StartTls) };
    match send(settings).await {
        Sent::Retry { status, .. } => {
            assert!(status.contains("certificate") || status.contains("onnection refused"), "{status}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(sink.said("MAIL"), 0);
}

#[tokio::test]
async fn tls_on_a_relay_without_it_ends() {
    let keys = keys();
    let sink = Sink::start(Manners::default()).await;
    let sent = send(settings(&sink, &keys, Secure::Implicit)).await;
    assert!(matches!(sent, Sent::Retry { .. }), "{sent:?}");
}

#[tokio::test]
async fn log_in_is_by_plain_or_by_login() {
    let keys = keys();
    for (offer, told) in [
        ("AUTH LOGIN PLAIN", format!("AUTH PLAIN {}", STANDARD.encode(format!("\0ada\0{PASSWORD}")))),
        ("AUTH LOGIN", format!("LOGIN {} {}", STANDARD.encode("ada"), STANDARD.encode(PASSWORD))),
    ] {
        let sink = Sink::start(Manners::default().with("STARTTLS").with(offer).tls(&keys.written)).await;
        let sent = send(with_user(settings(&sink, &keys, Secure::StartTls))).await;
        assert!(matches!(sent, Sent::Accepted { .. }), "{offer}: {sent:?}");
        assert!(sink.seen().commands.contains(&told), "{offer}: {:?}", sink.seen().commands);
    }
    let sink = Sink::start(Manners::default().with("STARTTLS").with("AUTH CRAM-MD5").tls(&keys.written)).await;
    let sent = send(with_user(settings(&sink, &keys, Secure::StartTls))).await;
    refused_before_anything(&sent, "offers neither AUTH PLAIN nor AUTH LOGIN");
}

#[tokio::test]
async fn no_password_goes_over_an_open_line() {
    let relay = RelaySettings { host: "smtp.example.com".into(), secure: Secure::None, ..RelaySettings::default() };
    let settings = Settings { way: Way::Relay, relay: with_user(relay), ..Settings::default() };
    let error = Transport::new(&settings).unwrap_err().to_string();
    assert!(error.starts_with("mail.tls: is none, so the password would travel in the clear"), "{error}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_and_no_status_has_the_password() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    // With a second subscriber, a place in the code that another test reaches first is offered to both, and not to that
    // test's own, which is none.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    // The runtime of a test has one thread, this one.
    let _guard = tracing::subscriber::set_default(subscriber);
    let keys = keys();
    let echo = Box::leak(
        format!("535 5.7.8 I do not know {PASSWORD} {}", STANDARD.encode(format!("\0ada\0{PASSWORD}")))
            .into_boxed_str(),
    );
    let mut said = String::new();
    for manners in [
        starttls(&keys),
        starttls(&keys).act("AUTH", Say(echo)),
        Manners::default().with("STARTTLS").with("AUTH LOGIN").tls(&keys.written).act("AUTH", Say(echo)),
        starttls(&keys).act("AUTH", Say("454 4.7.0 later")),
    ] {
        let sink = Sink::start(manners).await;
        let sent = send(with_user(settings(&sink, &keys, Secure::StartTls))).await;
        said += &format!("{sent:?}\n");
    }
    assert!(said.contains("SMTP 535 5.7.8") && said.contains("SMTP 454 4.7.0"), "{said}");
    tracing::trace!("the log is taken");
    said += &String::from_utf8_lossy(&log.0.lock().unwrap());
    assert!(said.contains("the log is taken"));
    let secrets = [PASSWORD.to_owned(), STANDARD.encode(PASSWORD), STANDARD.encode(format!("\0ada\0{PASSWORD}"))];
    for secret in secrets {
        assert!(!said.contains(&secret), "{secret}: {said}");
    }
}
