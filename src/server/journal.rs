//! The access log: one line for each request, and the same told to the metrics. Never a body, a header or a query string.

use std::sync::Arc;

use hyper::{Method, StatusCode, http::request::Parts};

use super::{Metrics, Outcome, Report, unsubscribe};
use crate::clock::Stopwatch;

/// Paths are the client's text; more of one than this is not worth a line.
const LONGEST_PATH: usize = 200;

/// A request under way. Dropped before [`Journal::close`], it tells that the client left.
#[derive(Debug)]
pub(crate) struct Journal {
    /// The request's name in the log.
    pub(crate) id: String,
    /// Bytes of the body that came over the wire.
    pub(crate) received: u64,
    /// The route, or the operation once it is known.
    pub(crate) operation: &'static str,
    /// Who sent it.
    pub(crate) peer: std::net::IpAddr,
    method: Method,
    path: String,
    since: Stopwatch,
    metrics: Arc<Metrics>,
    closed: bool,
}

/// What of a path is logged: of a link for unsubscribing not the token, with which anyone could follow it.
fn told(path: &str) -> &str {
    unsubscribe::token(path).and_then(|token| path.strip_suffix(token)).unwrap_or(path)
}

impl Journal {
    /// Begins at the head of a request.
    pub(crate) fn open(head: &Parts, peer: std::net::IpAddr, metrics: &Arc<Metrics>) -> Self {
        Self {
            id: id(head),
            received: 0,
            operation: "none",
            peer,
            method: head.method.clone(),
            path: discreet(told(head.uri.path())).chars().take(LONGEST_PATH).collect(),
            since: Stopwatch::start(),
            metrics: Arc::clone(metrics),
            closed: false,
        }
    }

    /// Ends with an answer.
    pub(crate) fn close(mut self, status: StatusCode, sent: u64, report: Option<Report>) {
        let outcome = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Denied,
            status if status.is_client_error() || status.is_server_error() => Outcome::Fault,
            _ => Outcome::Ok,
        };
        let report = report.unwrap_or(Report::new(self.operation, outcome));
        if let Some(limit) = report.limit {
            self.metrics.limit(limit);
        }
        self.operation = report.operation;
        self.write(status.as_u16(), sent, report.outcome);
    }

    fn write(&mut self, status: u16, sent: u64, outcome: Outcome) {
        self.closed = true;
        let took = self.since.elapsed();
        self.metrics.request(self.operation, outcome, took, self.received, sent);
        tracing::info!(
            request.id = %self.id,
            http.method = %self.method,
            http.path = %self.path,
            http.status = status,
            duration_ms = took.as_secs_f64() * 1000.0,
            bytes.received = self.received,
            bytes.sent = sent,
            peer.ip = %self.peer,
            operation = self.operation,
            outcome = outcome.name(),
            "request"
        );
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if !self.closed {
            self.write(0, 0, Outcome::Abandoned);
        }
    }
}

/// A text for the log, without what the client wrote into it: what it quotes, and words that look like e-mail addresses.
pub(crate) fn discreet(text: &str) -> String {
    let quotes = text.find('"').zip(text.rfind('"')).filter(|(first, last)| first < last);
    let text = match quotes.and_then(|(first, last)| text.get(..=first).zip(text.get(last..))) {
        Some((before, after)) => format!("{before}…{after}"),
        None => text.to_owned(),
    };
    let address = |word: &str| word.contains('@') || word.contains("%40");
    text.split(' ').map(|word| if address(word) { "…" } else { word }).collect::<Vec<_>>().join(" ")
}

/// The client's X-Request-Id when it is a plain short word, else a new one.
fn id(head: &Parts) -> String {
    let given = head.headers.get("x-request-id").and_then(|value| value.to_str().ok());
    let plain = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
    };
    given.filter(plain).map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_does_not_repeat_what_a_client_wrote() {
        for (text, logged) in [
            ("Options.Priority is \"a \\\"b\\\" c\", expected a byte", "Options.Priority is \"…\", expected a byte"),
            ("Member: ann@example.com does not", "Member: … does not"),
            ("/unsubscribe/ann%40example.com", "…"),
            ("Token Expired", "Token Expired"),
        ] {
            assert_eq!(discreet(text), logged);
        }
    }
}
