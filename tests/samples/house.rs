//! A whole gateway in this process, seeded as `envoi demo` is, and the bytes that go there and come back.

use envoi::{config::demo, server::Parts};

use crate::gateway::{Answer, Gateway};

/// What the requests call the gateway, whatever its port is: addresses in answers follow it.
pub(crate) const HOST: &str = "127.0.0.1:8080";

/// A running gateway. It stops when this is dropped.
pub(crate) struct House(Gateway);

impl House {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Parts)) -> Self {
        let seeded = Gateway::start_with(|parts| {
            parts.seeded = Some(demo::ACCOUNT);
            change(parts);
        });
        Self(seeded.await)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.exchange("GET", path, &[], b"").await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.exchange("POST", path, headers, body).await
    }

    /// Waits until what was queued and is due has been worked off.
    pub(crate) async fn idle(&self) {
        let answer = Answer::to_operator(self.0.admin, "POST", "/time?by=0").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    async fn exchange(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n");
        head += &format!("Content-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        self.0.raw(&[head.as_bytes(), body].concat()).await
    }
}
