//! Mails per second to a relay in this process, over as many connections as a server keeps, with attachments of about 1 kB and
//! 1 MB: handed over directly, with nothing kept; and through a whole server, from the call that owes results by e-mail to the
//! last one's end on disk, each mail with its two commits. The relay reads to the final dot and answers; it looks at nothing.
//!
//! `cargo bench --bench mail`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a bench ends where it is wrong")]

#[path = "../wire/gateway.rs"]
#[allow(dead_code, reason = "shared with tests")]
mod gateway;
#[path = "../conversations/house.rs"]
#[allow(dead_code, reason = "shared with tests")]
mod house;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use envoi::{
    clock::{Stopwatch, Time},
    mail::{Attachment, AutoSubmitted, Mail, Mailbox, RelaySettings, Secure, Sent, Settings, Transport, Way, compose},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::house::{Asynchronous, House};

const CONNECTIONS: usize = 4;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // How many mails go directly; how many calls owe how many each.
    for (name, size, mails, calls, targets) in
        [("1 kB", 1 << 10, 20_000_usize, 20_usize, 100_usize), ("1 MB", 1 << 20, 400, 4, 50)]
    {
        let began = Stopwatch::start();
        for number in 0..mails {
            std::hint::black_box(compose(&mail(number, size)).unwrap());
        }
        let composing = began.elapsed();
        let sending = runtime.block_on(send(mails, size));
        let (telling, bytes) = runtime.block_on(tell(calls, targets, size));
        let told = calls * targets;
        #[expect(clippy::cast_precision_loss, reason = "figures to look at")]
        let rate = |mails: usize, taken: Duration| mails as f64 / taken.as_secs_f64();
        let (composed, sent, told) = (rate(mails, composing), rate(mails, sending), rate(told, telling));
        println!(
            "attachment {name}: {composed:.0} composed/s on one thread, {sent:.0} composed and sent/s over {CONNECTIONS} connections; \
             owed, sent and settled {told:.0}/s ({:.3} of that), {} kB each",
            told / sent,
            bytes / 1000 / u64::try_from(calls * targets).unwrap()
        );
    }
}

/// The settings that reach it.
fn relay(addr: SocketAddr) -> RelaySettings {
    RelaySettings {
        host: addr.ip().to_string(),
        port: Some(addr.port()),
        secure: Secure::None,
        connections: CONNECTIONS,
        ..RelaySettings::default()
    }
}

/// Results by e-mail through a server whose store is on disk; how long it took, and how many bytes of messages came.
async fn tell(calls: usize, targets: usize, size: usize) -> (Duration, u64) {
    let (folder, (addr, taken)) = (tempfile::tempdir().unwrap(), sink().await);
    let house = House::with(|parts| {
        parts.store.path = Some(folder.path().join("data"));
        (parts.mail.way, parts.mail.relay) = (Way::Relay, relay(addr));
        parts.backend.conversations.max_targets = targets;
    })
    .await;
    // Who is named twice is told once.
    let target = |number: usize| {
        format!(
            "<ResponseType>email</ResponseType><ResponseAddress>ada{number}@example.com</ResponseAddress>\
             <RespondWhen>OnCallComplete</RespondWhen><IncludeResults>true</IncludeResults>\
             <IncludeObjects>true</IncludeObjects>"
        )
    };
    let options =
        (0..targets).fold(Asynchronous::new(), |options, number| options.with("SendResponseTo", &target(number)));
    let description = "x".repeat(size);
    let began = Stopwatch::start();
    for call in 0..calls {
        let list = format!(
            "<Objects xsi:type=\"List\"><Description>{description}</Description><ListName>{call}</ListName></Objects>"
        );
        let answer = house.create(&options, &list).await;
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.head);
    }
    house.idle().await;
    let took = began.elapsed();
    let owed = house.admin("GET", "/deliveries?state=delivered&limit=10000").await;
    let delivered = serde_json::from_str::<Vec<serde_json::Value>>(&owed.body).unwrap().len();
    assert_eq!(delivered, calls * targets);
    (took, taken.load(Ordering::SeqCst))
}

async fn send(mails: usize, size: usize) -> Duration {
    let relay = relay(sink().await.0);
    let transport = Arc::new(Transport::new(&Settings { way: Way::Relay, relay, ..Settings::default() }).unwrap());
    let began = Stopwatch::start();
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|sender| {
            let transport = Arc::clone(&transport);
            tokio::spawn(async move {
                for number in (sender..mails).step_by(CONNECTIONS) {
                    let sent = transport.send(&compose(&mail(number, size)).unwrap()).await;
                    assert!(matches!(sent, Sent::Accepted { .. }), "{sent:?}");
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    began.elapsed()
}

fn mail(number: usize, size: usize) -> Mail {
    Mail {
        from: Mailbox::named("envoi", "envoi@example.com"),
        reply_to: None,
        to: Mailbox::new("ada@example.com"),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: format!("Complete: conversation {number}"),
        text: "Conversation complete.\n".repeat(10),
        html: Some("<!DOCTYPE html>\n<p>Conversation complete.</p>\n".repeat(10)),
        attachments: vec![Attachment {
            name: "results.xml".into(),
            content_type: "application/xml".into(),
            bytes: b"<Results>".iter().copied().cycle().take(size).collect(),
        }],
        message_id: format!("<{number}@envoi.example.com>"),
        in_reply_to: None,
        references: None,
        date: Time::from_millis(1_772_366_400_000),
        list_id: None,
        list_unsubscribe: None,
        auto_submitted: AutoSubmitted::Generated,
    }
}

/// A relay, and how many bytes of messages it has taken.
async fn sink() -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (addr, taken) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
    let all = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let taken = Arc::clone(&all);
            // A connection that ends is no mistake here.
            tokio::spawn(async move { drop(serve(stream, &taken).await) });
        }
    });
    (addr, taken)
}

async fn serve(mut stream: TcpStream, taken: &AtomicU64) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink\r\n").await?;
    let (mut kept, mut chunk, mut data) = (Vec::new(), vec![0; 256 << 10], false);
    loop {
        let size = stream.read(&mut chunk).await?;
        if size == 0 {
            return Ok(());
        }
        kept.extend_from_slice(chunk.get(..size).unwrap_or_default());
        if data {
            taken.fetch_add(u64::try_from(size).unwrap_or(u64::MAX), Ordering::SeqCst);
            if kept.ends_with(b"\r\n.\r\n") {
                (data, kept) = (false, Vec::new());
                stream.write_all(b"250 2.0.0 taken\r\n").await?;
            } else {
                // The end may be cut in two.
                kept.drain(..kept.len().saturating_sub(5));
            }
        } else if kept.ends_with(b"\r\n") {
            data = kept.starts_with(b"DATA");
            kept.clear();
            stream.write_all(if data { b"354 go\r\n" } else { b"250 ok\r\n" }).await?;
        }
    }
}
