//! The programs of `samples/callbacks` on real callbacks: those whose language is on this machine are run.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use envoi::notify::SigningSecret;

use crate::{
    house::{Asynchronous, list},
    receiver::{Reply, Seen, pair_with, to},
};

const SECRET: &str = "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldw==";

fn write(folder: &Path, name: &str, seen: &Seen, body: &str) -> PathBuf {
    let fields = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let head: Vec<String> = fields.iter().map(|field| format!("{field}: {}", seen.header(field))).collect();
    let path = folder.join(name);
    std::fs::write(&path, format!("{}\n\n{body}", head.join("\n"))).unwrap();
    path
}

/// Whether a program of this name can be run.
fn is_there(program: &str, asked: &str) -> bool {
    Command::new(program).arg(asked).output().is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn the_snippets_verify_and_count_each_once() {
    let secrets = ["the secret of the month to come", SECRET];
    let (house, receiver) =
        pair_with(|parts| parts.notify.secrets = secrets.map(|s| SigningSecret::parse(s).unwrap()).into()).await;
    receiver.will([Reply::Status(503, vec![])]);
    for name in ["a", "b"] {
        house
            .create(
                &to(Asynchronous::new(), &receiver.url("/"), "Always", "<IncludeResults>true</IncludeResults>"),
                &list(name),
            )
            .await;
        house.idle().await;
    }
    house.advance(15).await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 3);
    let folder = tempfile::tempdir().unwrap();
    let files = [
        write(folder.path(), "first", &seen[0], &seen[0].body),
        write(folder.path(), "other", &seen[1], &seen[1].body),
        write(folder.path(), "repeated", &seen[2], &seen[2].body),
        write(folder.path(), "tampered", &seen[1], &seen[1].body.replace("OK", "KO")),
        write(folder.path(), "swapped", &seen[1], &seen[0].body),
    ];
    let expected = "new\nnew\nagain\nrefused\nrefused\n";
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/callbacks");
    let compiled = folder.path().join("Verify.exe");
    let sharp = is_there("mono", "--version")
        && Command::new("mcs")
            .arg(format!("-out:{}", compiled.display()))
            .arg(samples.join("Verify.cs"))
            .output()
            .is_ok_and(|o| o.status.success());
    let mut run = Vec::new();
    for (program, asked, first, file) in [
        ("python3", "--version", None, samples.join("verify.py")),
        ("node", "--version", None, samples.join("verify.mjs")),
        ("php", "--version", None, samples.join("verify.php")),
        ("java", "--version", None, samples.join("Verify.java")),
        ("go", "version", Some("run"), samples.join("verify.go")),
        ("mono", "--version", None, compiled.clone()),
    ] {
        if !is_there(program, asked) || program == "mono" && !sharp {
            continue;
        }
        let start = |now: &str| {
            let mut command = Command::new(program);
            command.args(first).arg(&file).args(["--now", now]).args(&files).env("CALLBACK_SECRET", SECRET);
            // Its build cache stays between runs: Go's own library takes a minute to compile.
            command.env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go")).env("GOFLAGS", "-mod=mod");
            let output = command.output().unwrap();
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n")
        };
        assert_eq!(start("1772366430"), expected, "{program}");
        if program == "python3" {
            assert_eq!(start("1772369999"), "refused\n".repeat(5), "an old message is refused");
        }
        run.push(program);
    }
    if std::env::var_os("ENVOI_REQUIRE_ALL").is_some_and(|value| value == "1") {
        assert_eq!(run.len(), 6, "of the snippets' languages there are only {run:?} on this machine");
    } else if run.is_empty() {
        eprintln!("SKIPPED: 1 test. None of the snippets' languages is on this machine");
    }
}
