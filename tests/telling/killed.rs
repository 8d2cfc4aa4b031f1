//! The program itself, killed while it tells several callers: nothing that is owed is lost, and whatever comes twice has the same id.
//! Each single step is gone through in `crash/told.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::{
    gateway::{Answer, addresses, request},
    house::{Asynchronous, list},
    receiver::{Authority, Receiver, Reply, to},
};

struct Program {
    child: Child,
    soap: SocketAddr,
    admin: SocketAddr,
}

impl Program {
    fn start(folder: &Path, ca: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_envoi"))
            .args([
                "demo",
                "--virtual-clock",
                "--listen",
                "127.0.0.1:0",
                "--admin",
                "127.0.0.1:0",
                "--log-filter",
                "error",
            ])
            .args(["--set", "callback.allow_networks=127.0.0.0/8", "--set", "callback.breaker_failures=1000"])
            .arg("--set")
            .arg(format!("callback.ca={}", ca.display()))
            .arg("--data")
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (soap, admin) = addresses(&mut child).expect("it is ready");
        Self { child, soap, admin }
    }

    async fn call(&self, message: &str) -> Answer {
        Answer::to_caller(self.soap, "Create", message).await
    }

    async fn admin(&self, method: &str, path: &str) -> Answer {
        Answer::to_operator(self.admin, method, path).await
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // After a kill there is nothing left to do; where a test failed, it still runs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_several_calls_are_owed_survives_sigkill_under_its_id() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let data = folder.path().join("data");
    let receiver = Receiver::start(&authority, &["localhost"]).await;
    let url = format!("https://localhost:{}/", receiver.addr.port());
    let mut owed = BTreeSet::new();
    let mut came = 0;
    for round in 0..10_usize {
        let program = Program::start(&data, &ca);
        // Some are answered, the others never: the kill meets attempts before, within and after their answers.
        let answered = round % 3;
        receiver.will((0..answered).map(|_| Reply::Status(200, vec![])));
        receiver.will((0..40).map(|_| Reply::Silence));
        for call in 0..3 {
            let options = to(Asynchronous::new(), &url, "OnCallComplete", "");
            let answer =
                program.call(&request("CreateRequest", &options.text(), &list(&format!("{round}.{call}")))).await;
            owed.insert(answer.text("CreateResponse/RequestID").unwrap());
        }
        if round % 3 != 0 {
            // At least one attempt waits for its answer; in the other rounds the kill may come before any.
            receiver.has_seen(came + answered + 1).await;
        }
        program.kill();
        receiver.left_alone().await;
        came = receiver.seen().len();
        receiver.will_nothing_more();
    }
    let program = Program::start(&data, &ca);
    assert_eq!(program.admin("POST", "/time?by=600000").await.status, 200);
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for seen in receiver.seen() {
        ids.entry(seen.field("RequestID")).or_default().insert(seen.header("webhook-id").to_owned());
    }
    assert_eq!(ids.keys().cloned().collect::<BTreeSet<_>>(), owed, "everything came, and nothing else");
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
    let list: serde_json::Value =
        serde_json::from_str(&program.admin("GET", "/deliveries?limit=1000").await.body).unwrap();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), owed.len());
    assert!(list.iter().all(|delivery| delivery["state"] == "delivered"), "{list:?}");
    // Some were cut off, at least one in each of six rounds, and say so.
    let mut interrupted = 0;
    for delivery in list {
        let one = program.admin("GET", &format!("/delivery?id={}", delivery["id"].as_str().unwrap())).await;
        interrupted += one.body.matches("\"interrupted\"").count();
    }
    assert!(interrupted > 5, "{interrupted}");
    program.kill();
}
