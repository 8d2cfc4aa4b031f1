//! Coming in at a relay: TCP, TLS, EHLO, AUTH. What goes wrong is one line for operators, without the password.
//!
//! STARTTLS is done here and not by lettre: bytes that came before TLS must not be read as if they had come after it, and
//! lettre keeps what it has read ahead.

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::AsyncSmtpConnection,
    extension::ClientId,
};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{dialogue, wire::Wire};
use crate::{
    mail::{MailError, RelaySettings, Secure},
    trust,
};

/// A greeting or an EHLO reply is not longer.
const LONGEST_REPLY: usize = 16 << 10;
/// PLAIN first: LOGIN is the same with more words.
const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];

/// How one comes in.
pub(super) struct Door {
    settings: RelaySettings,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Door({}:{})", self.settings.host, self.settings.port())
    }
}

impl Door {
    pub(super) fn new(settings: RelaySettings) -> Result<Self, MailError> {
        let tls = match settings.secure {
            Secure::None => None,
            Secure::StartTls | Secure::Implicit => Some(believed(&settings)?),
        };
        Ok(Self { settings, tls })
    }

    pub(super) fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// A connection that is ready for MAIL FROM.
    pub(super) async fn open(&self) -> Result<AsyncSmtpConnection, String> {
        let settings = &self.settings;
        let tcp = self.within("connecting", TcpStream::connect((settings.host.as_str(), settings.port()))).await?;
        // Commands are short and wait for their answers.
        let told = tcp.set_nodelay(true).and_then(|()| Ok((tcp.local_addr()?, tcp.peer_addr()?)));
        let (local, peer) = told.map_err(|error| self.trouble("connecting", &error))?;
        let hello = self.hello(local);
        let wire = match (&self.tls, settings.secure) {
            (None, _) | (_, Secure::None) => Wire::plain(tcp, peer),
            (Some((connector, name)), Secure::Implicit) => {
                let tls = self.within("TLS", connector.connect(name.clone(), tcp)).await?;
                Wire::tls(tls, peer, Vec::new())
            }
            (Some((connector, name)), Secure::StartTls) => {
                let mut tcp = tcp;
                let greeting = self.within("STARTTLS", ask_for_tls(&mut tcp, &hello)).await?;
                let tls = self.within("TLS", connector.connect(name.clone(), tcp)).await?;
                Wire::tls(tls, peer, greeting)
            }
        };
        let greeted = timeout(settings.timeout, AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello));
        let mut smtp = match greeted.await {
            Ok(Ok(smtp)) => smtp,
            Ok(Err(error)) => return Err(format!("the relay's greeting: {}", dialogue::said(&error))),
            Err(_) => return Err(self.late("the relay's greeting")),
        };
        if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            if smtp.server_info().get_auth_mechanism(MECHANISMS).is_none() {
                return Err("the relay offers neither AUTH PLAIN nor AUTH LOGIN, and mail.user is set".to_owned());
            }
            match timeout(settings.timeout, smtp.auth(MECHANISMS, &credentials)).await {
                Ok(Ok(_)) => {}
                // A relay may repeat what it was told, so its words are left out.
                Ok(Err(error)) => return Err(format!("the relay refuses the log-in: {}", dialogue::code(&error))),
                Err(_) => return Err(self.late("the log-in")),
            }
        }
        Ok(smtp)
    }

    fn hello(&self, local: SocketAddr) -> ClientId {
        match (&self.settings.ehlo, local) {
            (Some(name), _) => ClientId::Domain(name.clone()),
            (None, SocketAddr::V4(local)) => ClientId::Ipv4(*local.ip()),
            (None, SocketAddr::V6(local)) => ClientId::Ipv6(*local.ip()),
        }
    }

    async fn within<T>(&self, what: &str, step: impl Future<Output = io::Result<T>>) -> Result<T, String> {
        match timeout(self.settings.timeout, step).await {
            Ok(done) => done.map_err(|error| self.trouble(what, &error)),
            Err(_) => Err(self.late(what)),
        }
    }

    fn trouble(&self, what: &str, error: &io::Error) -> String {
        let (host, port) = (&self.settings.host, self.settings.port());
        dialogue::line(&format!("{what} at {host}:{port}: {error}"))
    }

    fn late(&self, what: &str) -> String {
        let (host, port) = (&self.settings.host, self.settings.port());
        format!("{what} at {host}:{port}: not done within {:?}", self.settings.timeout)
    }
}

/// Whom we believe to be the relay: the system's authorities, and those of `mail.ca`.
fn believed(settings: &RelaySettings) -> Result<(TlsConnector, ServerName<'static>), MailError> {
    let wrong = |setting, wrong: String| MailError::Setting { setting, wrong };
    let own = settings.ca.as_deref().map(trust::authorities).transpose();
    let own = own.map_err(|error| wrong("mail.ca", error.to_string()))?.unwrap_or_default();
    let config = trust::client(trust::system(), &own).map_err(|error| wrong("mail.ca", error.to_string()))?;
    let name = ServerName::try_from(settings.host.clone())
        .map_err(|_| wrong("mail.relay", format!("{:?} is no name that a certificate can have", settings.host)))?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

/// Greeting, EHLO, STARTTLS; gives the greeting. Whoever takes STARTTLS out of the reply to EHLO gets nothing from us, nor who
/// sends more than was asked for.
async fn ask_for_tls(tcp: &mut TcpStream, hello: &ClientId) -> io::Result<Vec<u8>> {
    let refused = |what: String| io::Error::other(what);
    let greeting = reply(tcp, "the greeting").await?;
    if !greeting.starts_with(b"2") {
        return Err(refused(dialogue::line(&String::from_utf8_lossy(&greeting))));
    }
    tcp.write_all(format!("EHLO {hello}\r\n").as_bytes()).await?;
    let offer = reply(tcp, "the reply to EHLO").await?;
    let offer = String::from_utf8_lossy(&offer);
    let offered =
        offer.lines().any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS")));
    if !offered {
        return Err(refused("the relay does not offer STARTTLS, and mail.tls insists on it".to_owned()));
    }
    tcp.write_all(b"STARTTLS\r\n").await?;
    let answer = reply(tcp, "the reply to STARTTLS").await?;
    if !answer.starts_with(b"220") {
        return Err(refused(dialogue::line(&String::from_utf8_lossy(&answer))));
    }
    Ok(greeting)
}

/// One whole reply, and nothing after it.
async fn reply(tcp: &mut TcpStream, what: &str) -> io::Result<Vec<u8>> {
    let wrong = |how: &str| io::Error::new(io::ErrorKind::InvalidData, format!("{what} {how}"));
    let mut read = Vec::new();
    loop {
        let mut chunk = [0; 1024];
        let size = tcp.read(&mut chunk).await?;
        if size == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{what} was cut off")));
        }
        read.extend(chunk.iter().take(size));
        if read.len() > LONGEST_REPLY {
            return Err(wrong("does not end"));
        }
        // A line whose fourth byte is a hyphen is not the last one.
        let mut rest = read.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            if line.get(3) != Some(&b'-') {
                return if after.is_empty() { Ok(read) } else { Err(wrong("has more behind it")) };
            }
            rest = after;
        }
    }
}
