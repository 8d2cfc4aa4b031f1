//! The program itself, killed again and again while it works: what was acknowledged is there, and done once.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::gateway::{Answer, PARTNER_API, envelope, request, security};
use crate::house::{Asynchronous, list};

/// Kills in one run.
const KILLS: u64 = 20;

struct Program {
    child: Child,
    soap: SocketAddr,
    admin: SocketAddr,
}

impl Program {
    fn start(folder: &Path) -> Self {
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
                "--data",
            ])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (mut soap, mut admin) = (None, None);
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(url) = line.strip_prefix("admin http://") {
                admin = url.parse().ok();
            }
            if let Some(url) = line.strip_prefix("ready http://") {
                soap = url.parse().ok();
                break;
            }
        }
        Self { child, soap: soap.expect("it is ready"), admin: admin.expect("it has a listener for operators") }
    }

    /// None when it was killed before it answered.
    async fn call(soap: SocketAddr, action: &str, message: &str) -> Option<Answer> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let body = envelope(&security("demo", "demo-password"), message);
        let head = format!(
            "POST /Service.asmx HTTP/1.1\r\nHost: {soap}\r\nContent-Type: text/xml\r\nSOAPAction: {action}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let mut stream = tokio::net::TcpStream::connect(soap).await.ok()?;
        stream.write_all((head + &body).as_bytes()).await.ok()?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.ok()?;
        bytes
            .windows(4)
            .any(|end| end == b"\r\n\r\n")
            .then(|| Answer::parse(&bytes))
            .filter(|answer| answer.status == 200)
    }

    fn kill(mut self) {
        self.child.kill().expect("SIGKILL is sent");
        self.child.wait().expect("it is gone");
    }
}

async fn all(soap: SocketAddr, kind: &str, properties: &[&str]) -> Vec<Vec<String>> {
    let wanted: String = properties.iter().map(|name| format!("<Properties>{name}</Properties>")).collect();
    let message = format!(
        "<RetrieveRequestMsg xmlns=\"{PARTNER_API}\"><RetrieveRequest><ObjectType>{kind}</ObjectType>{wanted}\
         </RetrieveRequest></RetrieveRequestMsg>"
    );
    let answer = Program::call(soap, "Retrieve", &message).await.expect("an answer");
    assert_eq!(answer.text("RetrieveResponseMsg/OverallStatus").unwrap(), "OK", "{}", answer.body);
    let count = answer.count("RetrieveResponseMsg/Results");
    let tree = answer.tree();
    let response = tree.root().child("Body").unwrap().child("RetrieveResponseMsg").unwrap();
    let rows: Vec<Vec<String>> = response
        .children_named("Results")
        .map(|row| properties.iter().map(|name| row.child_text(name).unwrap_or_default().into_owned()).collect())
        .collect();
    assert_eq!(rows.len(), count);
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_part_is_run_once_and_in_order_across_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<(u64, u32, String)> = Vec::new();
    let mut complete: Vec<u64> = Vec::new();
    let (mut next, mut calls) = (0_u64, 0_u64);
    for round in 0..KILLS {
        let program = Program::start(folder.path());
        let soap = program.soap;
        // A different number of calls each time, so that the kill comes at different places.
        let burst = 3 + (round * 7) % 11;
        let mut sent = tokio::task::JoinSet::new();
        for _ in 0..burst {
            let conversation = next;
            next += 1;
            sent.spawn(async move {
                let mut answered = Vec::new();
                for sequence in [2, 3, 1] {
                    let name = format!("{conversation}.{sequence}");
                    let options = Asynchronous::part(&format!("conversation {conversation}"), sequence, 3);
                    let message = request("CreateRequest", &options.text(), &list(&name));
                    let Some(answer) = Program::call(soap, "Create", &message).await else { break };
                    assert_eq!(answer.text("CreateResponse/OverallStatus").unwrap(), "OK", "{}", answer.body);
                    answered.push((conversation, sequence, answer.text("CreateResponse/RequestID").unwrap()));
                }
                answered
            });
        }
        // The kill comes when so many conversations of the burst have been answered, while others are under way.
        let survivors = (round * 5) % burst;
        for _ in 0..survivors {
            acknowledged.extend(sent.join_next().await.unwrap().unwrap());
        }
        program.kill();
        while let Some(answered) = sent.join_next().await {
            acknowledged.extend(answered.unwrap());
        }
        calls += burst;
    }
    for conversation in 0..next {
        if acknowledged.iter().filter(|(of, ..)| *of == conversation).count() == 3 {
            complete.push(conversation);
        }
    }
    assert!(complete.len() > 20 && complete.len() < usize::try_from(calls).unwrap(), "{} of {calls}", complete.len());

    let program = Program::start(folder.path());
    // The answer comes when everything that is due has been worked off.
    let moved = format!(
        "POST /time?by=0 HTTP/1.1\r\nHost: {}\r\nEnvoi-Operator: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        program.admin
    );
    assert_eq!(Answer::over(program.admin, moved.as_bytes()).await.status, 200);
    let names: Vec<String> = all(program.soap, "List", &["ListName"]).await.into_iter().flatten().collect();
    let items = all(program.soap, "ResultItem", &["RequestID", "StatusCode"]).await;
    for (conversation, sequence, id) in acknowledged.iter().filter(|(of, ..)| complete.contains(of)) {
        let name = format!("{conversation}.{sequence}");
        assert_eq!(names.iter().filter(|other| **other == name).count(), 1, "{name}");
        let results: Vec<_> = items.iter().filter(|item| item[0] == *id).collect();
        assert_eq!(results.len(), 1, "{name} has one result");
        assert_eq!(results[0][1], "OK", "{name} was applied once: a second time would be an error");
    }
    for conversation in &complete {
        let prefix = format!("{conversation}.");
        let order: Vec<_> = names.iter().filter(|name| name.starts_with(&prefix)).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
    // No result is of a part that was run in vain or twice: as many OK items as lists of ours.
    let done = items.iter().filter(|item| item[1] == "OK").count();
    let own = names.iter().filter(|name| name.contains('.')).count();
    assert_eq!(done, own);
    assert!(items.iter().all(|item| item[1] == "OK"), "{items:?}");
    program.kill();
}
