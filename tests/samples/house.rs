//! A whole gateway in this process, seeded as `envoi demo` is, and the bytes that go there and come back. Its clock stands.

use std::{path::Path, sync::Arc};

use envoi::{clock::Clock, config::demo, server::Parts, simulated::Simulated};

use crate::{
    eml,
    exchange::Exchange,
    gateway::{Answer, Gateway, START},
};

/// What the requests call the gateway, whatever its port is: addresses in answers follow it.
pub(crate) const HOST: &str = "127.0.0.1:8080";

/// A running gateway. It stops when this is dropped.
pub(crate) struct House(Gateway);

impl House {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The one that a story is told to: as `envoi demo --virtual-clock --connectors` is where an operator does something in it or
    /// a connector does.
    pub(crate) async fn of(story: &Path) -> Self {
        let is_operated = Exchange::all(story).iter().any(Exchange::is_operators);
        let is_whole = is_operated || story.to_string_lossy().ends_with("-connector");
        if is_whole { Self::demonstration().await } else { Self::start().await }
    }

    async fn demonstration() -> Self {
        let clock = Clock::stopped_at(START);
        // Nothing is told by webhook, since it is not said where to: how soon an answer comes before it decides nothing here.
        let simulated = Simulated::start(&clock).await.expect("simulated backends start");
        Self::start_with(|parts| {
            parts.clock = clock;
            parts.connectors = Arc::new(simulated.connectors().clone());
            parts.mail.way = envoi::mail::Way::Memory;
            // What the demonstration listens on, so that links in mail are those of everybody.
            parts.server.public_url = Some(format!("http://{HOST}").parse().expect("a URL"));
        })
        .await
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
        let answer = self.ask("POST", "/time?by=0").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    async fn ask(&self, method: &str, path: &str) -> Answer {
        Answer::to_operator(self.0.admin, method, path).await
    }

    /// An operator's deed: `time` with minutes as `+1m`, `mail` or `results` with an address.
    pub(crate) async fn operate(&self, deed: &str, with: &str) -> Answer {
        if deed == "time" {
            let minutes = with
                .strip_prefix('+')
                .and_then(|with| with.strip_suffix('m'))
                .and_then(|with| with.parse::<u64>().ok());
            let millis = minutes.expect("a time such as +1m") * 60_000;
            return self.ask("POST", &format!("/time?by={millis}")).await;
        }
        let list: serde_json::Value = serde_json::from_str(&self.ask("GET", "/mail").await.body).expect("JSON");
        let is_theirs = |mail: &&serde_json::Value| mail["to"].as_str().is_some_and(|to| to.contains(with));
        let newest = list
            .as_array()
            .expect("a list")
            .iter()
            .find(is_theirs)
            .unwrap_or_else(|| panic!("no mail to {with}: {list}"));
        let mail = self.ask("GET", &format!("/mail/one?id={}", newest["id"])).await;
        let body = if deed == "mail" { mail.body } else { eml::attached(&mail.body, "results.xml") };
        Answer { body, ..mail }
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
