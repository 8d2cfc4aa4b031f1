//! Mails per second to a relay in this process, over as many connections as a server keeps, with attachments of 1 kB and of
//! 1 MB. The relay reads to the final dot and answers; it looks at nothing.
//!
//! `cargo bench --bench mail`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench ends where it is wrong")]

use std::{net::SocketAddr, sync::Arc};

use envoi::{
    clock::{Stopwatch, Time},
    mail::{Attachment, AutoSubmitted, Mail, Mailbox, RelaySettings, Secure, Sent, Settings, Transport, Way, compose},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const CONNECTIONS: usize = 4;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (name, size, mails) in [("1 kB", 1 << 10, 20_000_usize), ("1 MB", 1 << 20, 400)] {
        let began = Stopwatch::start();
        for number in 0..mails {
            std::hint::black_box(compose(&mail(number, size)).unwrap());
        }
        let composing = began.elapsed();
        let sending = runtime.block_on(send(mails, size));
        #[expect(clippy::cast_precision_loss, reason = "figures to look at")]
        let rate = |taken: std::time::Duration| mails as f64 / taken.as_secs_f64();
        let (composed, sent) = (rate(composing), rate(sending));
        println!(
            "attachment {name}: {composed:.0} composed/s on one thread, {sent:.0} composed and sent/s over {CONNECTIONS} connections"
        );
    }
}

async fn send(mails: usize, size: usize) -> std::time::Duration {
    let addr = sink().await;
    let relay = RelaySettings {
        host: addr.ip().to_string(),
        port: Some(addr.port()),
        secure: Secure::None,
        connections: CONNECTIONS,
        ..RelaySettings::default()
    };
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

async fn sink() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A connection that ends is no mistake here.
            tokio::spawn(async move { drop(serve(stream).await) });
        }
    });
    addr
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
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
