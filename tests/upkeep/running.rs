//! A backup of the program while it works.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use envoi::clock::Time;

use crate::{
    gateway::{Answer, addresses, request},
    house::{Asynchronous, House, equals, list},
    program::{envoi, stop, text},
};

/// After every moment at which the programs here ran.
const LATER: Time = Time::from_millis(4_102_444_800_000);

struct Program {
    child: Child,
    soap: SocketAddr,
    admin: String,
}

impl Program {
    fn start(data: Option<&Path>) -> Self {
        let ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-filter", "error"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
        command.args(["demo", "--virtual-clock"]).args(ports).stdout(Stdio::piped());
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        let mut child = command.spawn().unwrap();
        let (soap, admin) = addresses(&mut child).unwrap();
        Self { child, soap, admin: format!("http://{admin}") }
    }

    fn stop(mut self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success() && self.child.wait().unwrap().success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Accepts one part of a conversation of two.
async fn part(soap: SocketAddr, id: &str, sequence: u32) {
    let message =
        request("CreateRequest", &Asynchronous::part(id, sequence, 2).text(), &list(&format!("{id} {sequence}")));
    let answer = Answer::to_caller(soap, "Create", &message).await;
    assert_eq!(answer.text("CreateResponse/OverallStatus").unwrap(), "OK", "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_one_moment_with_everything_acknowledged_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy, again) = (folder.path().join("data"), folder.path().join("copy"), folder.path().join("again"));
    let program = Program::start(Some(&data));
    let (soap, admin) = (program.soap, program.admin.clone());
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let done = Arc::new(AtomicBool::new(false));
    let mut load = tokio::task::JoinSet::new();
    for worker in 0..4 {
        let (acknowledged, done) = (Arc::clone(&acknowledged), Arc::clone(&done));
        load.spawn(async move {
            // Bounded, should the backup never end.
            for turn in 0..20_000 {
                let id = format!("w{worker}t{turn}");
                for sequence in [2, 1] {
                    part(soap, &id, sequence).await;
                }
                acknowledged.lock().unwrap().push(id);
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
            panic!("the backup did not end");
        });
    }
    while acknowledged.lock().unwrap().len() < 40 {
        if let Some(ended) = load.try_join_next() {
            panic!("nobody is to end yet: {ended:?}");
        }
        tokio::task::yield_now().await;
    }
    let before: Vec<String> = acknowledged.lock().unwrap().clone();
    let (code, out, error) = tokio::task::spawn_blocking({
        let copy = copy.clone();
        move || envoi(&["backup", text(&copy), "--admin", &admin])
    })
    .await
    .unwrap();
    done.store(true, Ordering::Relaxed);
    while let Some(ended) = load.join_next().await {
        ended.unwrap();
    }
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    assert!(out.starts_with(&format!("backed up to {}: ", copy.display())) && out.contains(" keys, "), "{out}");
    program.stop();

    let (code, _, error) = envoi(&["fsck", text(&data)]);
    assert_eq!(code, 0, "{error}");
    let (code, out, _) = envoi(&["fsck", text(&copy)]);
    assert!(code == 0 && out.ends_with(": nothing is wrong\n"), "{out}");
    let (code, out, error) = envoi(&["restore", text(&copy), "--to", text(&again)]);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    let (code, out, error) = envoi(&["fsck", text(&again)]);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");

    // What was acknowledged before is there, and goes on where it was.
    let house = House::on_disk(&again, LATER).await;
    house.idle().await;
    for id in &before {
        for sequence in 1..=2 {
            let name = format!("{id} {sequence}");
            assert_eq!(house.values("List", "ListName", &equals("ListName", &name)).await, [name]);
        }
    }
    stop(house, &again).await;
    let (code, out, _) = envoi(&["fsck", text(&again)]);
    assert_eq!(code, 0, "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demonstration_in_memory_is_backed_up_and_served_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (copy, data) = (folder.path().join("copy"), folder.path().join("data"));
    let program = Program::start(None);
    part(program.soap, "kept", 2).await;
    part(program.soap, "kept", 1).await;
    let admin = program.admin.clone();
    let ask = |arguments: Vec<String>| {
        tokio::task::spawn_blocking(move || envoi(&arguments.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (code, out, error) = ask(words(&["backup", text(&copy), "--admin", &admin])).await.unwrap();
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    // A second one does not overwrite the first; a relative path is made absolute by the command alone.
    let (code, _, error) = ask(words(&["backup", text(&copy), "--admin", &admin])).await.unwrap();
    assert_eq!(code, 1);
    assert!(error.contains("is not empty"), "{error}");
    let refused = |path: &str, header: &str| {
        let host = admin.trim_start_matches("http://").to_owned();
        let request =
            format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n");
        async move { Answer::over(host.parse().unwrap(), request.as_bytes()).await.status }
    };
    assert_eq!(refused("/backup?dir=copy", "Envoi-Operator: test\r\n").await, 400);
    assert_eq!(refused("/backup?dir=/tmp/x", "").await, 403);
    program.stop();
    let (code, out, error) = envoi(&["restore", text(&copy), "--to", text(&data)]);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    let held = fs::read_to_string(copy.join("manifest.json")).unwrap();
    assert!(held.contains("\"sha256\""), "{held}");
    let house = House::on_disk(&data, LATER).await;
    house.idle().await;
    assert!(house.lists().await.contains(&"kept 1".to_owned()));
    stop(house, &data).await;
}
