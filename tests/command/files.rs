//! Files without an end and pipes, wherever a file is named; by real processes and a real shell.

use super::*;

/// Runs a script with the program as `$envoi`.
fn shell(script: &str, folder: &Path) -> (i32, String, String) {
    let mut command = Command::new("bash");
    command.args(["-c", script]).current_dir(folder).env("envoi", env!("CARGO_BIN_EXE_envoi")).stdin(Stdio::null());
    told(command.output().unwrap())
}

#[test]
fn nothing_is_read_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let good = accounts(folder.path(), "secret");
    let fifo = folder.path().join("fifo").display().to_string();
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let dir = folder.path().display().to_string();
    let nobody = "it is a FIFO, and nobody has written into it within 3s";
    let endless = |most: &str| format!("it is too long: expected at most {most}");
    let of = |key: &str, file: &str| format!("{key}={file}");
    let zero = "/dev/zero";
    let accounts = of("access.accounts", zero);
    let password = of("mail.password_file", zero);
    for (arguments, code, expected) in [
        (&["check-config", "--config", zero][..], USAGE, format!("envoi: /dev/zero: {}\n", endless("64 MiB"))),
        (&["check-config", "--config", &fifo], USAGE, format!("envoi: {fifo}: {nobody}\n")),
        (&["check-config", "--config", &dir], USAGE, format!("envoi: {dir}: Is a directory (os error 21)\n")),
        (
            &["check-config", "--set", &accounts],
            USAGE,
            format!("envoi: /dev/zero: access.accounts: {}\n", endless("64 MiB")),
        ),
        (
            &["check-config", "--set", &of("access.accounts", &fifo)],
            USAGE,
            format!("envoi: {fifo}: access.accounts: {nobody}\n"),
        ),
        (
            &["check-config", "--config", &good, "--set", &password],
            USAGE,
            format!("envoi: --set: mail.password_file: /dev/zero: {}\n", endless("64 KiB")),
        ),
        (
            &["check-config", "--config", &good, "--set", &of("mail.password_file", &fifo)],
            USAGE,
            format!("envoi: --set: mail.password_file: {fifo}: {nobody}\n"),
        ),
        (
            &["check-config", "--config", &good, "--set", &of("callback.ca", zero)],
            USAGE,
            format!("envoi: --set: callback.ca: /dev/zero: I/O error: {}\n", endless("4 MiB")),
        ),
        (&["send", zero], IO, format!("envoi: /dev/zero: {}\n", endless("256 MiB"))),
        (&["send", &dir], IO, format!("envoi: {dir}: Is a directory (os error 21)\n")),
        (&["send", "--token-file", zero, zero], IO, format!("envoi: --token-file /dev/zero: {}\n", endless("64 KiB"))),
        (&["send", "--ca", zero, zero], USAGE, format!("envoi: /dev/zero: I/O error: {}\n", endless("4 MiB"))),
        (&["route", zero], IO, format!("envoi: /dev/zero: {}\n", endless("256 MiB"))),
        (&["bounce", zero], DATA, String::new()),
        (&["import", zero, "--to", &of("to", "x")], IO, "envoi: /dev/zero line 1: it was cut off\n".to_owned()),
    ] {
        let (ended, _, error) = run(arguments);
        let told: String = error
            .lines()
            .filter(|line| !line.contains("warning: ") && !line.contains("no configuration was named"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(ended == code && (expected.is_empty() || told == expected), "{arguments:?}: {ended} {error}");
    }
    let (code, _, error) = shell("\"$envoi\" hash-secret </dev/zero", folder.path());
    assert_eq!((code, error), (IO, format!("envoi: no secret: {}\n", endless("4 KiB"))));
}

#[test]
fn pipes_of_the_shell_are_files() {
    let folder = tempfile::tempdir().unwrap();
    accounts(folder.path(), "secret");
    let good = "The configuration is good: accounts 1, API clients 0, users 1.\n";
    let ports = "--set server.listen=127.0.0.1:0 --set server.admin=127.0.0.1:0";
    for source in [
        "--config <(cat envoi.toml)",
        // Somebody who takes his time.
        "--config <(read -t 0.2 </dev/tcp/127.0.0.1/1 2>/dev/null; cat envoi.toml)",
        "--config - <envoi.toml",
        "--config /dev/stdin <envoi.toml",
        "--set access.accounts=<(cat envoi.toml)",
        "--config envoi.toml --set mail.password_file=<(echo secret) --set mail.user=u --set mail.relay=127.0.0.1 --set mail.from=us@example.com",
        // Named pipes, as shells without /dev/fd make them.
        "--config <(mkfifo named; cat envoi.toml >named & cat named)",
    ] {
        let script = format!("\"$envoi\" check-config {ports} {source}");
        let (code, out, error) = shell(&script, folder.path());
        assert_eq!((code, out.as_str()), (OK, good), "{source}: {error}");
    }
    let script = format!("mkfifo own; cat envoi.toml >own & \"$envoi\" check-config {ports} --config own; wait");
    let (code, out, error) = shell(&script, folder.path());
    assert_eq!((code, out.as_str()), (OK, good), "{error}");

    let demo = Running::start(&["demo"]);
    fs::write(folder.path().join("create.xml"), CREATE).unwrap();
    let send = |arguments: &str| {
        let url = demo.soap();
        shell(
            &format!("ENVOI_PASSWORD=demo-password \"$envoi\" send --url {url} --user demo {arguments}"),
            folder.path(),
        )
    };
    for file in [
        "<(sed s/ann/bob/g create.xml)",
        "- < <(sed s/ann/cyd/g create.xml)",
        "/dev/stdin < <(sed s/ann/dan/g create.xml)",
    ] {
        let (code, out, error) = send(file);
        assert!(code == OK && out.contains("<StatusCode>OK"), "{file}: {error}");
    }
    let (code, _, error) = shell("\"$envoi\" send --user demo - <create.xml", folder.path());
    let expected = "envoi: an envelope comes from stdin: expected the secret in ENVOI_PASSWORD\n";
    assert_eq!((code, error.as_str()), (USAGE, expected));
}

/// A pipe holds a configuration once.
#[test]
fn sighup_does_not_lock_everybody_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = accounts(folder.path(), "secret");
    let data = folder.path().join("data").display().to_string();
    let ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let mut command = envoi(&["serve", "--config", "-", "--data", &data]);
    command.args(ports).stdin(fs::File::open(&path).unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = Running::of(command.spawn().unwrap());
    server.signal("-HUP");
    server.until("the old accounts stay");
    fs::write(folder.path().join("create.xml"), CREATE).unwrap();
    let create = folder.path().join("create.xml").display().to_string();
    let mut send = envoi(&["send", "--url", &server.soap(), "--user", "ann", &create]);
    let (_, out, error) = told(send.env("ENVOI_PASSWORD", "secret").output().unwrap());
    assert!(!out.is_empty() && !error.contains("Login Failed"), "{error}");
    assert_eq!(server.stop().0, OK);
}
