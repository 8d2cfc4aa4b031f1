//! An SMTP server in this process: real bytes on a real port, and manners as good or as bad as a test wants them.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use envoi::{
    clock::Time,
    mail::{AutoSubmitted, Mail, Mailbox, RelaySettings, Secure},
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

trait Both: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}
type Stream = BufReader<Box<dyn Both>>;

/// What is done in place of what is right.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// These lines.
    Say(&'static str),
    /// The connection is closed.
    Close,
    /// Nothing, until the other side goes.
    Silence,
    /// The other side may not send more, and is not told why.
    HalfClose,
}

/// How it behaves. For each of CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (the message has come whole), HALF (its
/// first bytes have come), RSET, QUIT: what is done at the first time, at the second, and so on; then what is right.
#[derive(Clone, Default)]
pub(crate) struct Manners {
    pub(crate) acts: HashMap<&'static str, VecDeque<Act>>,
    pub(crate) extensions: Vec<&'static str>,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) implicit: bool,
    /// Bytes in the clear right behind the reply to STARTTLS.
    pub(crate) injected: &'static str,
}

impl Manners {
    pub(crate) fn act(mut self, when: &'static str, act: Act) -> Self {
        self.acts.entry(when).or_default().push_back(act);
        self
    }

    pub(crate) fn with(mut self, extension: &'static str) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(crate) fn tls(mut self, written: &envoi::server::dev_certs::Written) -> Self {
        let chain: Vec<_> =
            CertificateDer::pem_file_iter(&written.certificate).unwrap().collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_file(&written.key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        self.tls = Some(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()));
        self
    }
}

/// What it has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) open: usize,
    pub(crate) most: usize,
    pub(crate) commands: Vec<String>,
    pub(crate) messages: Vec<Vec<u8>>,
}

pub(crate) struct Sink {
    pub(crate) addr: SocketAddr,
    seen: watch::Receiver<Seen>,
    house: Arc<House>,
}

struct House {
    manners: Mutex<Manners>,
    seen: watch::Sender<Seen>,
}

impl Sink {
    pub(crate) async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (sender, seen) = watch::channel(Seen::default());
        let house = Arc::new(House { manners: Mutex::new(manners), seen: sender });
        let all = Arc::clone(&house);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let house = Arc::clone(&all);
                tokio::spawn(async move {
                    house.seen.send_modify(|seen| {
                        seen.connections += 1;
                        seen.open += 1;
                        seen.most = seen.most.max(seen.open);
                    });
                    // A broken connection is what many tests are about.
                    let _ = house.serve(Box::new(stream)).await;
                    house.seen.send_modify(|seen| seen.open -= 1);
                });
            }
        });
        Self { addr, seen, house }
    }

    /// What it does from now on in place of what is right, and nothing that it was told before.
    pub(crate) fn will(&self, manners: Manners) {
        self.house.manners.lock().unwrap().acts = manners.acts;
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until it has seen that.
    pub(crate) async fn until(&self, wanted: impl FnMut(&Seen) -> bool) {
        let mut seen = self.seen.clone();
        let waited = tokio::time::timeout(Duration::from_secs(600), seen.wait_for(wanted)).await;
        assert!(waited.is_ok(), "{:?}", self.seen());
    }

    /// Settings that reach it, without TLS.
    pub(crate) fn settings(&self) -> RelaySettings {
        RelaySettings {
            host: self.addr.ip().to_string(),
            port: Some(self.addr.port()),
            secure: Secure::None,
            ..RelaySettings::default()
        }
    }

    pub(crate) fn said(&self, verb: &str) -> usize {
        self.seen().commands.iter().filter(|command| command.starts_with(verb)).count()
    }
}

impl House {
    fn act(&self, when: &str) -> Option<Act> {
        self.manners.lock().unwrap().acts.get_mut(when)?.pop_front()
    }

    /// Says what is right, or does something else; `None` when the connection is at its end.
    async fn answer(stream: &mut Stream, act: Option<Act>, right: &str) -> std::io::Result<Option<()>> {
        match act {
            None => say(stream, right).await.map(Some),
            Some(Act::Say(lines)) => say(stream, lines).await.map(Some),
            Some(Act::Close) => Ok(None),
            Some(Act::HalfClose) => {
                stream.get_mut().shutdown().await?;
                Self::silence(stream).await
            }
            Some(Act::Silence) => Self::silence(stream).await,
        }
    }

    async fn silence(stream: &mut Stream) -> std::io::Result<Option<()>> {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await?;
        Ok(None)
    }

    async fn serve(&self, stream: Box<dyn Both>) -> std::io::Result<()> {
        let (extensions, tls, implicit, injected) = {
            let manners = self.manners.lock().unwrap();
            (manners.extensions.clone(), manners.tls.clone(), manners.implicit, manners.injected)
        };
        let mut stream = match (&tls, implicit) {
            (Some(config), true) => {
                let accepted = TlsAcceptor::from(Arc::clone(config)).accept(stream).await?;
                BufReader::new(Box::new(accepted) as Box<dyn Both>)
            }
            _ => BufReader::new(stream),
        };
        if Self::answer(&mut stream, self.act("CONNECT"), "220 sink ESMTP").await?.is_none() {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            let verb = line.split(' ').next().unwrap().to_uppercase();
            // Who has seen it may tell us to behave otherwise from now on: what is done about it is decided before.
            let act = self.act(&verb);
            let obeyed = act.is_none();
            self.seen.send_modify(|seen| seen.commands.push(line.clone()));
            let right = match verb.as_str() {
                "EHLO" => {
                    let mut lines = vec!["sink at your service"];
                    lines.extend(&extensions);
                    let last = lines.len() - 1;
                    let text = |(at, line)| format!("250{}{line}\r\n", if at == last { ' ' } else { '-' });
                    let lines: String = lines.into_iter().enumerate().map(text).collect();
                    lines.trim_end().to_owned()
                }
                "STARTTLS" => "220 go ahead".to_owned(),
                "AUTH" if line == "AUTH LOGIN" => {
                    let mut words = Vec::new();
                    for question in ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"] {
                        say(&mut stream, question).await?;
                        let mut word = String::new();
                        stream.read_line(&mut word).await?;
                        words.push(word.trim_end().to_owned());
                    }
                    self.seen.send_modify(|seen| seen.commands.push(format!("LOGIN {}", words.join(" "))));
                    "235 2.7.0 welcome".to_owned()
                }
                "AUTH" => "235 2.7.0 welcome".to_owned(),
                "MAIL" | "RCPT" | "RSET" | "NOOP" => "250 2.0.0 ok".to_owned(),
                "DATA" => "354 go ahead".to_owned(),
                "QUIT" => "221 2.0.0 bye".to_owned(),
                _ => "500 5.5.1 what".to_owned(),
            };
            let Some(()) = Self::answer(&mut stream, act, &right).await? else { return Ok(()) };
            match verb.as_str() {
                "QUIT" => return Ok(()),
                "STARTTLS" if obeyed => {
                    if !injected.is_empty() {
                        stream.write_all(injected.as_bytes()).await?;
                    }
                    let config = tls.clone().unwrap();
                    let plain = stream.into_inner();
                    let accepted = TlsAcceptor::from(config).accept(plain).await?;
                    stream = BufReader::new(Box::new(accepted) as Box<dyn Both>);
                }
                "DATA" if obeyed => {
                    let Some(message) = self.message(&mut stream).await? else { return Ok(()) };
                    let act = self.act("BODY");
                    self.seen.send_modify(|seen| seen.messages.push(message));
                    let Some(()) = Self::answer(&mut stream, act, "250 2.0.0 Ok: queued as 4711").await? else {
                        return Ok(());
                    };
                }
                _ => {}
            }
        }
    }

    /// Reads to the final dot and takes the doubled ones away.
    async fn message(&self, stream: &mut Stream) -> std::io::Result<Option<Vec<u8>>> {
        let mut message = Vec::new();
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await? == 0 {
                return Ok(None);
            }
            if message.is_empty() {
                match self.act("HALF") {
                    None => {}
                    Some(Act::Say(lines)) => {
                        // The rest is read and thrown away, or the system would take the words back.
                        say(stream, lines).await?;
                        stream.get_mut().shutdown().await?;
                        return Self::silence(stream).await.map(|_| None);
                    }
                    Some(_) => return Ok(None),
                }
            }
            if line == b".\r\n" {
                return Ok(Some(message));
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

async fn say(stream: &mut Stream, lines: &str) -> std::io::Result<()> {
    stream.write_all(format!("{lines}\r\n").as_bytes()).await?;
    stream.flush().await
}

pub(crate) fn mail() -> Mail {
    Mail {
        from: Mailbox::named("envoi", "envoi@example.com"),
        reply_to: None,
        to: Mailbox::new("ada@example.com"),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: "Results".into(),
        text: "One line.\r\n.\r\n..two dots\r\n".into(),
        html: None,
        attachments: Vec::new(),
        message_id: "<1@envoi.example.com>".into(),
        in_reply_to: None,
        references: None,
        date: Time::from_millis(1_772_366_400_000),
        list_id: None,
        list_unsubscribe: None,
        auto_submitted: AutoSubmitted::Generated,
    }
}
