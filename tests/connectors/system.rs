//! A simulated system: a Python program that was written from the system's documentation alone, and the orders given to it.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::gateway::{Answer, START};

/// Channel, sender and what else the simulators know.
pub(crate) const OUR_NUMBER: &str = "+15550001111";
pub(crate) const ORG: &str = "00D000000000001";
pub(crate) const WEBHOOK_SECRET: &str = "secret-of-webhooks-0123456789abc";

/// Salesforce, Yeastar or Connectly, as documented. It ends when this is dropped.
pub(crate) struct System {
    pub(crate) name: &'static str,
    pub(crate) addr: SocketAddr,
    control: SocketAddr,
    child: Child,
}

impl Drop for System {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl System {
    pub(crate) fn start(name: &'static str) -> Self {
        Self::with(name, None)
    }

    /// One that speaks TLS with this certificate and key (PEM files).
    pub(crate) fn over_tls(name: &'static str, certificate: &Path, key: &Path) -> Self {
        Self::with(name, Some((certificate, key)))
    }

    fn with(name: &'static str, tls: Option<(&Path, &Path)>) -> Self {
        let settings = match name {
            "salesforce" => json!({
                "consumer_key": "consumer", "user": "robot@example.com", "org": ORG, "context": "our_channel",
                "channels": [OUR_NUMBER, "web"], "public_key": std::fs::read_to_string(key_pair().join("public.pem")).unwrap(),
            }),
            "yeastar" => json!({
                "client_id": "client", "client_secret": "client-secret", "dids": [OUR_NUMBER],
                "webhook_secret": WEBHOOK_SECRET,
            }),
            _ => json!({
                "business": "business-1", "api_key": "api-key-1", "senders": [OUR_NUMBER], "webhook_secret": WEBHOOK_SECRET,
                "templates": {"welcome en": ["body_1"], "reminder en": []},
            }),
        };
        let mut given = json!({"now": START.millis() / 1000, "settings": settings});
        if let Some((certificate, key)) = tls {
            given["certificate"] = certificate.display().to_string().into();
            given["key"] = key.display().to_string().into();
        }
        let mut child = Command::new("python3")
            .arg(simulators().join(format!("{name}.py")))
            .arg(given.to_string())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Value = serde_json::from_str(&line).expect("a simulator says its ports");
        let at = |name: &str| SocketAddr::from(([127, 0, 0, 1], u16::try_from(ports[name].as_u64().unwrap()).unwrap()));
        Self { name, addr: at("port"), control: at("control"), child }
    }

    /// Gives an order; see simulators/serving.py.
    pub(crate) async fn order(&self, order: Value) -> Value {
        let body = order.to_string();
        let request = format!("POST /_control HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let done: Value = serde_json::from_str(&Answer::over(self.control, request.as_bytes()).await.body).unwrap();
        assert!(done.get("error").is_none(), "{done}");
        done
    }

    pub(crate) async fn set(&self, settings: Value) {
        self.order(json!({"set": settings})).await;
    }

    /// What becomes of the next request, and the next.
    pub(crate) async fn will(&self, faults: Value) {
        self.order(json!({"faults": faults})).await;
    }

    /// Waits until so many requests have come; gives all that came, tokens' too.
    pub(crate) async fn log(&self, count: usize) -> Vec<Value> {
        let request = format!("GET /_log?count={count} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        serde_json::from_str(&Answer::over(self.control, request.as_bytes()).await.body).unwrap()
    }

    /// Waits until so many messages, not log-ins, have come.
    pub(crate) async fn has_come(&self, count: usize) {
        let mut seen = 0;
        while self.requests().await.len() < count {
            seen = self.log(seen + 1).await.len();
        }
    }

    /// The requests that are no requests for tokens.
    pub(crate) async fn requests(&self) -> Vec<Value> {
        let mut all = self.log(0).await;
        all.retain(|entry| !is_token(entry));
        all
    }

    /// Requests for tokens.
    pub(crate) async fn token_requests(&self) -> Vec<Value> {
        let mut all = self.log(0).await;
        all.retain(is_token);
        all
    }

    /// Asserts that every request was as documented; gives those that were taken.
    pub(crate) async fn taken(&self) -> Vec<Value> {
        let all = self.log(0).await;
        for entry in &all {
            assert_eq!(entry["violations"], json!([]), "{entry:#}");
        }
        all.into_iter().filter(|entry| entry["accepted"] == true).collect()
    }

    /// The texts that were taken, in their order.
    pub(crate) async fn texts(&self) -> Vec<String> {
        self.taken().await.iter().map(text).collect()
    }
}

fn is_token(entry: &Value) -> bool {
    entry["path"].as_str().is_some_and(|path| path.ends_with("token"))
}

/// The text of a message that was sent, whatever the system.
pub(crate) fn text(entry: &Value) -> String {
    let json = match &entry["json"] {
        Value::Null => part(entry["body"].as_str().unwrap_or_default()),
        json => json.clone(),
    };
    let places = ["/msg_body", "/message/text", "/interactions/0/payload/abstractMessage/staticContent/text"];
    places.iter().find_map(|place| json.pointer(place)).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The part `json` of a multipart body: the only line that is an object.
pub(crate) fn part(body: &str) -> Value {
    body.split("\r\n").find_map(|line| serde_json::from_str(line).ok()).unwrap_or(Value::Null)
}

pub(crate) fn simulators() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connectors/simulators")
}

/// The folder of an RSA key pair, made once for all tests, beside the build.
pub(crate) fn key_pair() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("connector-keys");
    if !folder.exists() {
        let made = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let status = Command::new("python3")
            .arg(simulators().join("rsa.py"))
            .arg(made.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .status()
            .unwrap();
        assert!(status.success());
        // Where another test was faster, its pair is there, and this one goes.
        let _ = std::fs::rename(made.path(), &folder);
    }
    folder
}

/// Whether there is a Python; where it has to be and is not, the test ends.
pub(crate) fn python() -> bool {
    let required = std::env::var_os("ENVOI_REQUIRE_ALL").is_some_and(|value| value == "1");
    match Command::new("python3").arg("--version").output() {
        Ok(output) if output.status.success() => true,
        other => {
            assert!(!required, "python3: {other:?}, and ENVOI_REQUIRE_ALL=1");
            eprintln!("SKIPPED: 1 test. There is no simulated system: python3: {other:?}");
            false
        }
    }
}
