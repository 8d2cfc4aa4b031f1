//! The bytes between us and a relay, with or without TLS, in the form in which lettre takes them.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// No reply is longer; lettre looks only at whole lines.
const LONGEST_REPLY: usize = 256 << 10;

/// A connection.
#[derive(Debug)]
pub(super) struct Wire {
    /// Read before anything else: the greeting, which came before TLS and which lettre waits for.
    replay: Vec<u8>,
    stream: Stream,
    peer: SocketAddr,
    /// Bytes read since something was last written.
    unasked: usize,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    pub(super) fn plain(stream: TcpStream, peer: SocketAddr) -> Self {
        Self { replay: Vec::new(), stream: Stream::Plain(stream), peer, unasked: 0 }
    }

    pub(super) fn tls(stream: TlsStream<TcpStream>, peer: SocketAddr, replay: Vec<u8>) -> Self {
        Self { replay, stream: Stream::Tls(Box::new(stream)), peer, unasked: 0 }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.replay.is_empty() {
            let size = this.replay.len().min(buf.remaining());
            let rest = this.replay.split_off(size);
            buf.put_slice(&std::mem::replace(&mut this.replay, rest));
            return Poll::Ready(Ok(()));
        }
        if this.unasked > LONGEST_REPLY {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "the reply does not end")));
        }
        let before = buf.filled().len();
        let polled = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        this.unasked += buf.filled().len() - before;
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.unasked = 0;
        match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
