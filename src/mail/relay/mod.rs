//! A relay: mail handed on by SMTP (RFC 5321, RFC 6409), over connections that are used again.
//!
//! Whatever goes wrong before MAIL FROM is the relay's or the configuration's matter, never the mail's: it is tried again.

mod connect;
mod dialogue;
mod wire;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::sync::Semaphore;

use self::connect::Door;
use super::{Composed, MailError, RelaySettings, Sent};
use crate::clock::Stopwatch;

/// Relays count messages too; after so many a connection is ended in peace.
const MESSAGES: u32 = 100;
/// QUIT is a courtesy and waits no longer.
const FAREWELL: Duration = Duration::from_secs(2);

/// A relay and the connections to it.
#[derive(Debug)]
pub struct Relay {
    door: Door,
    data_timeout: Duration,
    seats: Semaphore,
    pool: Arc<Pool>,
}

/// A connection that is logged in.
struct Line {
    smtp: AsyncSmtpConnection,
    /// How many messages it has carried.
    carried: u32,
}

#[derive(Default)]
struct Pool {
    idle: Mutex<Idle>,
    timeout: Duration,
}

#[derive(Default)]
struct Idle {
    lines: Vec<(Line, Stopwatch)>,
    /// Whether a task waits to end those that nobody takes.
    swept: bool,
    closed: bool,
}

/// One attempt over one connection.
struct Turn {
    sent: Sent,
    /// Whether the connection can carry another message.
    usable: bool,
    /// Whether the relay has answered to this message at all; a connection that it had closed has not.
    answered: bool,
    /// It broke off when it heard of a copy, and nothing of the message had left.
    at_copy: bool,
}

impl Turn {
    fn usable(sent: Sent) -> Self {
        Self { sent, usable: true, answered: true, at_copy: false }
    }

    fn broken(sent: Sent, answered: bool) -> Self {
        Self { sent, usable: false, answered, at_copy: false }
    }
}

impl Relay {
    /// Reads the certificates; connects to nothing yet.
    ///
    /// # Errors
    /// When settings contradict each other, or the file of `mail.ca` is none.
    pub fn new(settings: RelaySettings) -> Result<Self, MailError> {
        if let Some(wrong) = settings.check().into_iter().next() {
            return Err(wrong);
        }
        Ok(Self {
            data_timeout: settings.data_timeout,
            seats: Semaphore::new(settings.connections.max(1)),
            pool: Arc::new(Pool { idle: Mutex::default(), timeout: settings.idle_timeout }),
            door: Door::new(settings)?,
        })
    }

    pub(super) async fn send(&self, mail: &Composed) -> Sent {
        let Ok(_seat) = self.seats.acquire().await else {
            return Sent::Retry { status: "the server is stopping".to_owned(), alone: false };
        };
        let (sent, at_copy) = self.carry(mail, &mail.copies).await;
        if !at_copy {
            return sent;
        }
        // A relay that ends the connection over a copy would do so at every attempt.
        let why = sent.status().to_owned();
        match self.carry(mail, &[]).await.0 {
            Sent::Accepted { status } => {
                let count = mail.copies.len();
                Sent::Accepted { status: dialogue::line(&format!("{status}; not to {count} of {count} copies: {why}")) }
            }
            other => other,
        }
    }

    /// One attempt, on a kept connection if there is one that still stands; and whether it broke off at a copy.
    async fn carry(&self, mail: &Composed, copies: &[String]) -> (Sent, bool) {
        while let Some(mut line) = self.pool.take() {
            let turn = dialogue::carry(&mut line.smtp, mail, copies, self.door.timeout(), self.data_timeout).await;
            let (answered, at_copy) = (turn.answered, turn.at_copy);
            let sent = self.settle(line, turn);
            if answered {
                return (sent, at_copy);
            }
        }
        let mut line = match self.door.open().await {
            Ok(smtp) => Line { smtp, carried: 0 },
            Err(trouble) => return (Sent::Retry { status: trouble, alone: false }, false),
        };
        let turn = dialogue::carry(&mut line.smtp, mail, copies, self.door.timeout(), self.data_timeout).await;
        let at_copy = turn.at_copy;
        (self.settle(line, turn), at_copy)
    }

    /// Ends the connections that wait, and keeps no more.
    pub(super) async fn close(&self) {
        let lines = {
            let mut idle = self.pool.idle();
            idle.closed = true;
            std::mem::take(&mut idle.lines)
        };
        for (line, _) in lines {
            farewell(line).await;
        }
    }

    fn settle(&self, mut line: Line, turn: Turn) -> Sent {
        line.carried += 1;
        if turn.usable {
            self.pool.put(line);
        }
        turn.sent
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one used last: the others may come to their end.
    fn take(&self) -> Option<Line> {
        let mut idle = self.idle();
        let (line, since) = idle.lines.pop()?;
        if since.elapsed() < self.timeout {
            return Some(line);
        }
        // The rest has waited longer still.
        let stale: Vec<_> = idle.lines.drain(..).map(|(line, _)| line).chain([line]).collect();
        drop(idle);
        tokio::spawn(async move {
            for line in stale {
                farewell(line).await;
            }
        });
        None
    }

    fn put(self: &Arc<Self>, line: Line) {
        let mut idle = self.idle();
        if idle.closed || line.carried >= MESSAGES {
            drop(idle);
            tokio::spawn(farewell(line));
            return;
        }
        idle.lines.push((line, Stopwatch::start()));
        if !std::mem::replace(&mut idle.swept, true) {
            tokio::spawn(Self::sweep(Arc::downgrade(self), self.timeout));
        }
    }

    /// Ends connections that nobody took in time, until none is left.
    async fn sweep(pool: Weak<Self>, timeout: Duration) {
        loop {
            tokio::time::sleep(timeout).await;
            let Some(pool) = pool.upgrade() else { return };
            let (stale, left) = {
                let mut idle = pool.idle();
                // They stand in the order in which they were put.
                let fresh = idle.lines.iter().position(|(_, since)| since.elapsed() < timeout);
                let end = fresh.unwrap_or(idle.lines.len());
                let stale: Vec<_> = idle.lines.drain(..end).collect();
                idle.swept = !idle.lines.is_empty();
                (stale, idle.swept)
            };
            for (line, _) in stale {
                farewell(line).await;
            }
            if !left {
                return;
            }
        }
    }
}

async fn farewell(mut line: Line) {
    // The relay may have gone first.
    let _ = tokio::time::timeout(FAREWELL, line.smtp.quit()).await;
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} idle)", self.idle().lines.len())
    }
}
