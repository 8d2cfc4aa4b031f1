//! What is captured: in a folder, in memory, and as operators see it.

use std::fs;

use envoi::mail::{Sent, Settings, Transport, Way, compose};

use crate::{
    gateway::{Answer, Gateway},
    sink::mail,
};

#[tokio::test]
async fn a_folder_gets_whole_files_one_for_each_mail() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { way: Way::Folder(folder.path().join("new/mail")), ..Settings::default() };
    let transport = Transport::new(&settings).unwrap();
    let composed = compose(&mail()).unwrap();
    for _ in 0..2 {
        let name = "captured as 2026-03-01T120000Z-1_envoi.example.com.eml";
        assert_eq!(transport.send(&composed).await, Sent::Accepted { status: name.to_owned() });
    }
    let mut other = mail();
    other.message_id = "<2@envoi.example.com>".into();
    transport.send(&compose(&other).unwrap()).await;
    let mut names: Vec<_> =
        fs::read_dir(folder.path().join("new/mail")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(fs::read(&names[0]).unwrap(), composed.bytes);
    let captured = transport.captured().unwrap();
    assert_eq!(captured.list().iter().map(|captured| captured.id).collect::<Vec<_>>(), [3, 2, 1]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail");
    let transport = Transport::new(&Settings { way: Way::Folder(path.clone()), ..Settings::default() }).unwrap();
    fs::remove_dir(&path).unwrap();
    let sent = transport.send(&compose(&mail()).unwrap()).await;
    assert!(
        matches!(&sent, Sent::Retry { status, .. } if status.starts_with("mail.folder cannot be written")),
        "{sent:?}"
    );
    assert!(transport.captured().unwrap().list().is_empty());
}

async fn ask(gateway: &Gateway, method: &str, path: &str) -> Answer {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nenvoi-operator: t\r\n\r\n",
        gateway.admin
    );
    Answer::over(gateway.admin, request.as_bytes()).await
}

#[tokio::test]
async fn operators_are_told_what_is_wrong() {
    let gateway = Gateway::start_with(|parts| parts.mail.way = Way::Memory).await;
    let empty = ask(&gateway, "GET", "/mail").await;
    assert_eq!((empty.status, empty.body.as_str()), (200, "[]"));
    for (method, path, status) in [
        ("POST", "/mail", 405),
        ("GET", "/mail?limit=x", 400),
        ("GET", "/mail/one", 400),
        ("GET", "/mail/one?id=x", 400),
        ("GET", "/mail/one?id=7", 404),
    ] {
        assert_eq!(ask(&gateway, method, path).await.status, status, "{method} {path}");
    }
    let elsewhere = Gateway::start().await;
    let answer = ask(&elsewhere, "GET", "/mail").await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("mail.folder"), "{}", answer.body);
}
