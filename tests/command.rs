//! The program itself: every subcommand as a user runs it, its output and its exit code.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "command/addresses.rs"]
mod addresses;
#[path = "command/files.rs"]
mod files;
#[path = "command/starting.rs"]
mod starting;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use envoi::message::client::{Secret, SecretHash};

const OK: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 64;
const DATA: i32 = 65;
const IO: i32 = 74;
const IN_USE: i32 = 75;

/// The program, with nothing of our own environment that it would read.
fn envoi(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
    command.args(arguments);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ENVOI_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    told(envoi(arguments).output().unwrap())
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A server that ends with the test.
struct Running {
    child: Child,
    lines: Vec<String>,
    url: String,
    admin: String,
}

impl Running {
    /// Starts it on free ports and waits for `ready`.
    fn start(arguments: &[&str]) -> Self {
        Self::logging(arguments, Stdio::piped())
    }

    /// The same with another place for its log: a pipe that nobody reads holds it up when it says much.
    fn logging(arguments: &[&str], log: Stdio) -> Self {
        let ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        let arguments: Vec<_> = arguments.iter().copied().chain(ports).collect();
        Self::of(envoi(&arguments).stdout(Stdio::piped()).stderr(log).spawn().unwrap())
    }

    /// One that was started otherwise.
    fn of(mut child: Child) -> Self {
        let mut lines = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            lines.push(line.unwrap());
            if lines.last().is_some_and(|line| line.starts_with("ready ")) {
                break;
            }
        }
        let find = |word: &str| lines.iter().find_map(|line| line.strip_prefix(word)).map(str::to_owned);
        let (url, admin) = (find("ready "), find("admin "));
        let (Some(url), Some(admin)) = (url, admin) else {
            let mut log = String::new();
            child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut log).unwrap());
            panic!("it did not start: {lines:?}\n{log}");
        };
        Self { child, lines, url, admin }
    }

    /// Reads the log to a line with this in it.
    fn until(&mut self, what: &str) {
        let mut log = BufReader::new(self.child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(what) {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the log ended");
        }
        self.child.stderr = Some(log.into_inner());
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Asks it to stop; gives its exit code and its log.
    fn stop(mut self) -> (i32, String) {
        self.signal("-TERM");
        let mut log = String::new();
        self.child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut log).unwrap());
        (self.child.wait().unwrap().code().unwrap(), log)
    }

    fn soap(&self) -> String {
        format!("{}/Service.asmx", self.url)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const CREATE: &str = r#"<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>
<CreateRequest xmlns="http://exacttarget.com/wsdl/partnerAPI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Options/>
<Objects xsi:type="Subscriber"><EmailAddress>ann@example.com</EmailAddress><SubscriberKey>ann</SubscriberKey></Objects>
</CreateRequest></s:Body></s:Envelope>"#;

/// An accounts file with one user and one client, hashed by the program itself.
fn accounts(directory: &Path, password: &str) -> String {
    let hash = |secret: &str| {
        let mut child = envoi(&["hash-secret"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(secret.as_bytes()).unwrap();
        let (code, out, _) = told(child.wait_with_output().unwrap());
        assert_eq!(code, OK);
        out.trim().to_owned()
    };
    let text = format!(
        "[[account]]\nmid = 7\n\n[[user]]\nname = \"ann\"\naccount = 7\npassword_hashes = [\"{}\"]\n",
        hash(password)
    );
    let path = directory.join("envoi.toml");
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn version_and_help_are_answers_and_nonsense_is_a_mistake() {
    let (code, out, _) = run(&["--version"]);
    assert_eq!((code, out.as_str()), (OK, concat!("envoi ", env!("CARGO_PKG_VERSION"), "\n")));
    let (code, out, _) = run(&["--help"]);
    assert_eq!(code, OK);
    for command in ["demo", "serve", "check-config", "config", "hash-secret", "certs", "send", "doctor", "completions"]
    {
        assert!(out.contains(&format!("\n  {command}")), "{out}");
    }
    for wrong in [&["nonsense"][..], &[], &["demo", "--listen", "x"], &["send"], &["hash-secret", "from-argv"]] {
        let (code, out, error) = run(wrong);
        assert_eq!((code, out.as_str()), (USAGE, ""), "{wrong:?} {error}");
    }
}

#[test]
fn a_hashed_secret_fits_and_never_comes_from_arguments() {
    let mut child = envoi(&["hash-secret"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"pass word\r\n").unwrap();
    let (code, out, _) = told(child.wait_with_output().unwrap());
    assert_eq!(code, OK);
    assert!(SecretHash::parse(out.trim()).unwrap().verify(&Secret::new("pass word")).is_some());
    let (code, out, error) = run(&["hash-secret"]);
    assert_eq!((code, out.as_str(), error.as_str()), (USAGE, "", "envoi: the secret is empty\n"));
}

#[test]
fn check_config_tells_every_mistake() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("envoi.toml");
    fs::write(&path, "[server]\nlisten = \"x\"\n\n[log]\nformat = \"xml\"\n").unwrap();
    let path = path.display().to_string();
    let (code, out, error) = run(&["check-config", "--config", &path, "--set", "colour"]);
    assert_eq!((code, out.as_str()), (USAGE, ""));
    assert_eq!(
        error,
        format!(
            "envoi: --set: colour: expected KEY=VALUE\n\
             envoi: {path}:2: server.listen: expected ADDRESS:PORT such as 127.0.0.1:8080 or [::1]:0\n\
             envoi: {path}:5: log.format: `xml` is not known: expected pretty or json\n"
        )
    );
    let (code, _, error) = run(&["check-config", "--config", "/no/such/envoi.toml"]);
    assert_eq!((code, error.as_str()), (USAGE, "envoi: /no/such/envoi.toml: No such file or directory (os error 2)\n"));
    let (code, out, error) = run(&["check-config"]);
    assert_eq!((code, out.as_str()), (USAGE, ""));
    assert_eq!(
        error,
        format!(
            "envoi: warning: mail.relay: {}\n\
             envoi: there is no [[api_client]] and no [[user]], so nobody could log in: `envoi serve` would not start; \
             no file was named (--config FILE)\n",
            envoi::config::NO_MAIL
        )
    );
    let good = accounts(directory.path(), "secret");
    let (code, out, _) = run(&["check-config", "--config", &good]);
    assert_eq!((code, out.as_str()), (OK, "The configuration is good: accounts 1, API clients 0, users 1.\n"));
    let sets =
        ["server.listen=127.0.0.1:0", "server.admin=127.0.0.1:0", "mail.relay=mx.example", "mail.from=us@example.com"];
    let relay = ["check-config", "--config", &good].into_iter().chain(sets.iter().flat_map(|set| ["--set", set]));
    let (code, _, error) = run(&relay.collect::<Vec<_>>());
    let expected = format!("envoi: warning: --set: server.public_url: {}\n", envoi::config::NO_PUBLIC_URL);
    assert_eq!((code, error), (OK, expected));
}

#[test]
fn check_config_tries_the_folders_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let good = accounts(directory.path(), "secret");
    let listed = || {
        let mut names: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    fs::create_dir(directory.path().join("mail")).unwrap();
    let before = listed();
    let check = |folders: &[(&str, &str)]| {
        let sets = folders.iter().map(|(key, folder)| format!("{key}={}", directory.path().join(folder).display()));
        let sets: Vec<String> = sets.flat_map(|set| ["--set".to_owned(), set]).collect();
        let arguments: Vec<&str> =
            ["check-config", "--config", &good].into_iter().chain(sets.iter().map(String::as_str)).collect();
        let ended = run(&arguments);
        assert_eq!(listed(), before);
        assert!(fs::read_dir(directory.path().join("mail")).unwrap().next().is_none());
        ended
    };
    let (code, _, error) = check(&[
        ("store.path", "a/b/data"),
        ("mail.folder", "mail"),
        ("callback.drop_folder", "a/drop"),
        ("extract.folder", "x"),
    ]);
    assert_eq!(code, OK, "{error}");
    // Whoever runs this may write everywhere else.
    let (code, out, error) =
        check(&[("store.path", "/proc/envoi/data"), ("mail.folder", "/proc"), ("extract.folder", "x")]);
    assert_eq!((code, out.as_str()), (USAGE, ""));
    let told: Vec<_> = error.lines().filter(|line| !line.contains("warning")).collect();
    assert!(told[0].starts_with("envoi: --set: store.path: /proc/envoi cannot be made: "), "{error}");
    assert!(told[1].starts_with("envoi: --set: mail.folder: /proc cannot be written: "), "{error}");
    assert_eq!(told.len(), 2, "{error}");
    // What the configuration itself is in is no folder.
    let file = format!("{good}/data");
    let (code, _, error) = check(&[("store.path", &file)]);
    assert!(code == USAGE && error.contains("store.path: ") && error.contains("cannot be made: "), "{error}");
}

#[test]
fn config_shows_where_values_came_from() {
    let directory = tempfile::tempdir().unwrap();
    let path = accounts(directory.path(), "secret");
    let mut command = envoi(&["config", "--config", &path, "--set", "log.filter=debug"]);
    let (code, out, _) = told(command.env("ENVOI_SERVER_MAX_BODY", "1MiB").output().unwrap());
    assert_eq!(code, OK);
    for line in [
        "max_body = \"1MiB\" # ENVOI_SERVER_MAX_BODY",
        "filter = \"debug\" # --set",
        "max_streams = 64 # default",
        "name = \"ann\"",
    ] {
        assert!(out.lines().any(|shown| shown == line), "{line}\n{out}");
    }
    assert!(!out.contains("argon2"), "{out}");
    let (code, out, _) = run(&["config", "--markdown"]);
    assert_eq!((code, out), (OK, envoi::config::markdown()));
}

#[test]
fn the_demonstration_starts_answers_and_stops() {
    let demo = Running::start(&["demo", "--log-format", "json"]);
    assert!(demo.url.starts_with("http://127.0.0.1:") && demo.admin.starts_with("http://127.0.0.1:"));
    let banner = demo.lines.join("\n");
    for part in ["100001", "demo / demo-secret", "demo / demo-password", "curl -s http://"] {
        assert!(banner.contains(part), "{banner}");
    }
    let directory = tempfile::tempdir().unwrap();
    let create = directory.path().join("create.xml");
    fs::write(&create, CREATE).unwrap();
    let (soap, create) = (demo.soap(), create.display().to_string());
    let send = |user: &str, password: &str| {
        let mut command = envoi(&["send", "--url", &soap, "--user", user, &create]);
        told(command.env("ENVOI_PASSWORD", password).output().unwrap())
    };
    let (code, out, error) = send("demo", "demo-password");
    assert_eq!((code, error.as_str()), (OK, ""), "{out}");
    assert!(out.contains("      <OverallStatus>OK</OverallStatus>\n"), "{out}");
    // The same again is an Error, told by the exit code.
    let (code, out, error) = send("demo", "demo-password");
    assert_eq!((code, error), (FAILED, format!("envoi: {create}: OverallStatus Error\n")), "{out}");
    let (code, out, error) = send("demo", "wrong-password");
    assert_eq!((code, error), (FAILED, format!("envoi: {create}: fault: Login Failed\n")), "{out}");
    let mut command = envoi(&["send", "--url", &soap, "--client", "demo", "--raw", &create]);
    let (code, out, _) = told(command.env("ENVOI_CLIENT_SECRET", "demo-secret").output().unwrap());
    assert_eq!(code, FAILED);
    assert!(out.starts_with("<?xml"), "{out}");
    let (code, log) = demo.stop();
    assert_eq!(code, OK, "{log}");
    for secret in ["demo-password", "wrong-password", "demo-secret", "ann@example.com"] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(log.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{log}");
}

#[test]
fn a_log_whose_reader_is_gone_ends_nothing() {
    let mut demo = Running::start(&["demo", "--log-filter", "debug"]);
    drop(demo.child.stderr.take());
    let directory = tempfile::tempdir().unwrap();
    let create = directory.path().join("create.xml");
    fs::write(&create, CREATE).unwrap();
    let (soap, create) = (demo.soap(), create.display().to_string());
    for expected in [OK, FAILED] {
        let mut command = envoi(&["send", "--url", &soap, "--user", "demo", &create]);
        let (code, out, _) = told(command.env("ENVOI_PASSWORD", "demo-password").output().unwrap());
        assert_eq!(code, expected, "{out}");
    }
    assert_eq!(demo.stop().0, OK);
}

#[test]
fn the_log_keeps_secrets_bodies_and_addresses_to_itself_even_at_trace() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data").display().to_string();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let create = file("create.xml", CREATE);
    // A fault's text quotes what stood in the option.
    let option = "<Options><SaveOptions><SaveOption><PropertyName>*</PropertyName></SaveOption></SaveOptions>\
                  <CallsInConversation>bob@example.com and more</CallsInConversation></Options>";
    let fault = file("fault.xml", &CREATE.replace("<Options/>", option));
    let dependencies = "hyper=trace,h2=trace,hyper_util=trace,rustls=trace,sled=trace,yaserde=trace,xml=trace";
    for (filter, foreign) in [("trace", false), (&*format!("trace,{dependencies}"), true)] {
        let path = directory.path().join("log");
        let log = fs::File::create(&path).unwrap();
        let server = Running::logging(&["demo", "--data", &data, "--log-filter", filter], log.into());
        let soap = server.soap();
        for (arguments, name, secret) in [
            (["--user", "demo", &create], "ENVOI_PASSWORD", "demo-password"),
            (["--user", "eve@example.com", &create], "ENVOI_PASSWORD", "wrong-password"),
            (["--client", "demo", &create], "ENVOI_CLIENT_SECRET", "demo-secret"),
            (["--user", "demo", &fault], "ENVOI_PASSWORD", "demo-password"),
        ] {
            let arguments: Vec<_> = ["send", "--url", &soap].into_iter().chain(arguments).collect();
            let (code, ..) = told(envoi(&arguments).env(name, secret).output().unwrap());
            assert!([OK, FAILED].contains(&code), "{arguments:?}");
        }
        assert_eq!(server.stop().0, OK);
        let log = fs::read_to_string(&path).unwrap();
        for secret in ["demo-password", "wrong-password", "demo-secret", "example.com", "and more", "CreateRequest>"] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret}");
        }
        assert!(log.contains("login_failed") && log.contains("an option at line"), "{log}");
        let others = log.lines().filter(|line| line.contains("TRACE") || line.contains("DEBUG"));
        let others = others.filter(|line| !line.contains(" envoi"));
        assert_eq!(others.count() > 0, foreign, "{log}");
    }
}

#[test]
fn the_log_says_why_a_caller_may_not() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data").display().to_string();
    let path = accounts(directory.path(), "password");
    let text = fs::read_to_string(&path).unwrap();
    let hash = text.split("password_hashes = ").nth(1).unwrap().trim();
    let client = format!(
        "object_types = [\"List\"]\n\n[[api_client]]\nid = \"app\"\naccount = 7\nsecret_hashes = {hash}\n\
         scopes = [\"email_read\", \"email_send\"]\n"
    );
    fs::write(&path, text + &client).unwrap();
    let server = Running::start(&["serve", "--config", &path, "--data", &data]);
    let create = directory.path().join("create.xml");
    fs::write(&create, CREATE).unwrap();
    let (soap, create) = (server.soap(), create.display().to_string());
    for (how, name, variable) in [("--user", "ann", "ENVOI_PASSWORD"), ("--client", "app", "ENVOI_CLIENT_SECRET")] {
        let mut command = envoi(&["send", "--url", &soap, how, name, &create]);
        let (code, out, _) = told(command.env(variable, "password").output().unwrap());
        assert_eq!(code, FAILED);
        assert!(out.contains("<ErrorCode>5</ErrorCode>"), "{out}");
    }
    let (_, log) = server.stop();
    for why in [
        "refused: its `object_types` in the configuration do not have Subscriber caller=\"user:ann\"",
        "refused: Create of Subscriber needs the scope list_and_subscribers_write, which its token does not have",
    ] {
        assert!(log.contains(why), "{log}");
    }
}

#[test]
fn what_cannot_be_reached_or_read_has_its_own_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let create = directory.path().join("create.xml");
    fs::write(&create, CREATE).unwrap();
    let create = create.display().to_string();
    // A port at which nobody listens, held so that no other test is given it.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}/Service.asmx", held.local_addr().unwrap());
    assert_eq!(run(&["send", "--url", &url, &create]).0, IO);
    assert_eq!(run(&["send", "--url", &url, "/no/such/file"]).0, IO);
    fs::write(directory.path().join("broken.xml"), "<a>").unwrap();
    let broken = directory.path().join("broken.xml").display().to_string();
    assert_eq!(run(&["send", "--url", &url, &broken]).0, USAGE);
    assert_eq!(run(&["doctor", "--client", "zeep", "--url", &url]).0, FAILED);
}

#[test]
fn a_port_or_a_directory_in_use_is_told_apart() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("data").display().to_string();
    let first = Running::start(&["demo", "--data", &data]);
    let (code, out, error) = run(&["demo", "--data", &data, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    assert_eq!((code, out.as_str()), (IN_USE, ""), "{error}");
    assert!(error.contains(&format!("the data directory {data} is in use by another envoi")), "{error}");
    let taken = first.url.trim_start_matches("http://").to_owned();
    let (code, _, error) = run(&["demo", "--listen", &taken, "--admin", "127.0.0.1:0"]);
    assert_eq!(code, IO);
    assert!(error.contains(&format!("cannot listen on {taken}")), "{error}");
    assert_eq!(first.stop().0, OK);
    assert_eq!(Running::start(&["demo", "--data", &data]).stop().0, OK, "the directory is free again");
}

#[test]
fn serve_wants_callers_and_reads_them_again_on_sighup() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data").display().to_string();
    let (code, _, error) = run(&["serve", "--data", &data]);
    assert_eq!(
        (code, error.as_str()),
        (USAGE, "envoi: there is no [[api_client]] and no [[user]], so nobody could log in\n")
    );
    let path = accounts(directory.path(), "old-password");
    let mut server = Running::start(&["serve", "--config", &path, "--data", &data]);
    let create = directory.path().join("create.xml");
    fs::write(&create, CREATE).unwrap();
    let (soap, create) = (server.soap(), create.display().to_string());
    let fault = |password: &str| {
        let mut command = envoi(&["send", "--url", &soap, "--user", "ann", &create]);
        told(command.env("ENVOI_PASSWORD", password).output().unwrap()).2.contains("Login Failed")
    };
    assert!(!fault("old-password") && fault("new-password"));
    accounts(directory.path(), "new-password");
    server.signal("-HUP");
    server.until("read the accounts again");
    assert!(fault("old-password") && !fault("new-password"));
    assert_eq!(server.stop().0, OK);
}

#[test]
fn development_certificates_serve_https() {
    let directory = tempfile::tempdir().unwrap();
    let dir = directory.path().join("certs").display().to_string();
    let (code, out, _) = run(&["certs", "dev", &dir]);
    assert_eq!(code, OK);
    assert!(out.contains("ca.pem") && out.contains("server-key.pem"), "{out}");
    assert_eq!(run(&["certs", "dev", &dir]).0, USAGE, "nothing is overwritten");
    let certificate = format!("tls.certificate={dir}/server.pem");
    let key = format!("tls.key={dir}/server-key.pem");
    let demo = Running::start(&["demo", "--set", &certificate, "--set", &key]);
    assert!(demo.url.starts_with("https://"), "{}", demo.url);
    let (soap, ca) = (demo.soap(), format!("{dir}/ca.pem"));
    let create = directory.path().join("create.xml");
    fs::write(&create, CREATE).unwrap();
    let create = create.display().to_string();
    let send = |arguments: &[&str]| {
        let arguments: Vec<_> =
            ["send", "--url", &soap, "--user", "demo", &create].iter().chain(arguments).copied().collect();
        told(envoi(&arguments).env("ENVOI_PASSWORD", "demo-password").output().unwrap())
    };
    let (code, _, error) = send(&[]);
    assert_eq!(code, IO, "{error}");
    let (code, _, error) = send(&["--ca", &ca]);
    assert_eq!(code, OK, "{error}");
}

#[test]
fn the_doctor_shows_lines_for_every_client_and_checks_the_address() {
    let (code, list, _) = run(&["doctor"]);
    assert_eq!(code, OK);
    let names: Vec<_> = list.lines().filter_map(|line| line.split([',', ' ']).next()).collect();
    assert!(names.len() >= 14, "{list}");
    for name in names {
        let url = "https://soap.example/x/Service.asmx";
        let (code, out, error) = run(&["doctor", "--offline", "--client", name, "--url", url]);
        assert_eq!((code, error.as_str()), (OK, ""), "{name}");
        assert!(out.contains("https://soap.example/x"), "{out}");
        for place in ["{soap}", "{wsdl}", "{base}", "{root}", "{id}", "{user}"] {
            assert!(!out.contains(place), "{out}");
        }
    }
    let (code, out, error) = run(&["doctor", "--client", "Postmann"]);
    assert_eq!((code, out.as_str()), (USAGE, ""));
    assert!(
        error.contains("no client `Postmann` is known; perhaps `postman` is meant: expected zeep, suds, "),
        "{error}"
    );
    assert_eq!(run(&["doctor", "--offline", "--client", "FUELSDK-C#"]).0, OK);
    let demo = Running::start(&["demo"]);
    let (_, out, _) = run(&["doctor", "--client", "zeep", "--url", &demo.soap()]);
    assert!(out.contains(&format!("good  WSDL: its endpoint is {}\ngood  token: given\n", demo.soap())), "{out}");
}

#[test]
fn completions_know_the_subcommands() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = run(&["completions", shell]);
        assert_eq!(code, OK);
        assert!(out.contains("check-config"), "{shell}");
    }
}

#[test]
fn explain_knows_the_codes_of_systems_behind_connectors() {
    let told = |arguments: &[&str]| {
        let (exit, out, err) = run(&[&["explain"], arguments].concat());
        (exit, out + &err)
    };
    for (arguments, words) in [
        (["salesforce", "10025"].as_slice(), ["salesforce 10025", "1010025 in ErrorCode"]),
        (&["yeastar", "-1"], ["invalid_param_list", "2999999"]),
        (&["connectly", "ERROR_CODE_MESSAGE_TEXT_EMPTY"], ["3000004", "Give a text."]),
        (&["ERROR_TYPE_RATE_LIMIT"], ["connectly ERROR_TYPE_RATE_LIMIT", "3000104"]),
        (&["1010025"], ["salesforce 10025", "CONVERSATION_NOT_FOUND"]),
        (&["2900002"], ["yeastar, without a code", "may have arrived"]),
        (&["yeastar"], ["70657", "80053"]),
        (&[], ["envoi explain salesforce | yeastar | connectly", "209"]),
    ] {
        let (exit, text) = told(arguments);
        assert_eq!(exit, OK, "{arguments:?}: {text}");
        for word in words {
            assert!(text.contains(word), "{arguments:?}: {text}");
        }
    }
    for (arguments, exit, word) in [
        (["connectly", "ERROR_CODE_MESSAGE_TEXT_EMTPY"].as_slice(), FAILED, "perhaps `ERROR_CODE_MESSAGE_TEXT_EMPTY`"),
        (&["salesforce", "10200"], FAILED, "ErrorCode is 1010200"),
        (&["999"], FAILED, "no code 999"),
        (&["sap", "1"], USAGE, "sap is no system"),
        (&["nonsense"], USAGE, "nonsense is no code"),
    ] {
        let (found, text) = told(arguments);
        assert_eq!(found, exit, "{arguments:?}: {text}");
        assert!(text.contains(word), "{arguments:?}: {text}");
    }
}
