//! How long a connection may wait for its peer: for the first bytes, for a whole head, between requests, for an answer
//! to be taken. It decides only when to stop waiting; it reads nothing of what passes.
//!
//! Ours because hyper's `header_read_timeout` starts after its version detection (a silent connection would stay for
//! ever), counts idle time as reading time, and knows nothing of HTTP/2 or of a client that does not read.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a connection is doing. The number of requests begun makes two idle times differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No byte has come.
    Fresh,
    /// Bytes came and no request is in flight: a head is under way.
    Head(usize),
    /// Requests are in flight; the body has its own limits and the work has none.
    Busy,
    /// Between requests, or an answer is being taken.
    Idle(usize),
}

/// The marks from which the phase of one connection is told.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    begun: AtomicUsize,
    busy: AtomicUsize,
    reading: AtomicBool,
    wrote: AtomicBool,
}

impl Pulse {
    /// What the connection is doing now.
    pub(crate) fn phase(&self) -> Phase {
        let begun = self.begun.load(Relaxed);
        match (self.busy.load(Relaxed), self.reading.load(Relaxed), begun) {
            (0, true, _) => Phase::Head(begun),
            (0, false, 0) => Phase::Fresh,
            (0, false, _) => Phase::Idle(begun),
            _ => Phase::Busy,
        }
    }

    /// Whether bytes were written since the last time this was asked.
    pub(crate) fn wrote(&self) -> bool {
        self.wrote.swap(false, Relaxed)
    }

    /// A request is in flight until what this gives is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        self.begun.fetch_add(1, Relaxed);
        self.busy.fetch_add(1, Relaxed);
        Busy(Arc::clone(self))
    }
}

/// A request in flight.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Pulse>);

impl Drop for Busy {
    fn drop(&mut self) {
        // What was read meanwhile was this request's body.
        self.0.reading.store(false, Relaxed);
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

/// A stream that leaves its marks in a [`Pulse`].
#[derive(Debug)]
pub(crate) struct Watched<I> {
    inner: I,
    pulse: Arc<Pulse>,
}

impl<I> Watched<I> {
    /// Watches `inner`.
    pub(crate) fn new(inner: I, pulse: Arc<Pulse>) -> Self {
        Self { inner, pulse }
    }

    fn wrote(&self, done: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(done, Poll::Ready(Ok(1..))) {
            self.pulse.wrote.store(true, Relaxed);
        }
        done
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Watched<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let done = Pin::new(&mut self.inner).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pulse.reading.store(true, Relaxed);
        }
        done
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.wrote(done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.wrote(done)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn the_phase_follows_what_passes() {
        let pulse = Arc::new(Pulse::default());
        let (mut client, server) = tokio::io::duplex(100);
        let mut server = Watched::new(server, Arc::clone(&pulse));
        assert_eq!(pulse.phase(), Phase::Fresh);
        client.write_all(b"P").await.unwrap();
        server.read_u8().await.unwrap();
        assert_eq!(pulse.phase(), Phase::Head(0));
        let first = pulse.begin();
        let second = pulse.begin();
        assert_eq!(pulse.phase(), Phase::Busy);
        client.write_all(b"b").await.unwrap();
        server.read_u8().await.unwrap();
        drop(first);
        assert_eq!(pulse.phase(), Phase::Busy);
        drop(second);
        assert_eq!(pulse.phase(), Phase::Idle(2));
        assert!(!pulse.wrote());
        server.write_all(b"answer").await.unwrap();
        assert!(pulse.wrote() && !pulse.wrote());
        client.write_all(b"P").await.unwrap();
        server.read_u8().await.unwrap();
        assert_eq!(pulse.phase(), Phase::Head(2));
    }
}
