//! Relays that others wrote: aiosmtpd (Python), and Postfix, which hands on to the sink in this process.
//!
//! One that is not to be had is skipped, and said so on the standard error stream; with `ENVOI_REQUIRE_ALL=1` it fails.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use envoi::{
    clock::Clock,
    mail::{
        Attachment, Composed, Mail, RelaySettings, Report, ReturnPath, Secure, Sent, Settings, Transport, Way, compose,
    },
    message::client::Secret,
    server::dev_certs,
};

use tokio::net::{TcpListener, UnixStream};

use crate::{
    messages::read,
    sink::{Act, Manners, Sink, mail},
};

/// The version that was tried.
const AIOSMTPD: &str = "aiosmtpd==1.4.6";
/// Starting takes a second or two; a machine under load gets this long.
const START: Duration = Duration::from_secs(60);

fn skipped(what: &str, why: &str) {
    let required = std::env::var_os("ENVOI_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!required, "{what}: {why}, and ENVOI_REQUIRE_ALL=1");
    eprintln!("SKIPPED: 1 test. No mail went through {what}: {why}");
}

fn mails() -> Vec<Mail> {
    let whole = |number: usize| {
        let mut whole = mail();
        whole.message_id = format!("<{number}@envoi.example.com>");
        whole.subject = format!("Größe {number}: {}", "lang ".repeat(40));
        whole.text = format!("From here\r\n.\r\nZeile ü {number} \r\n{}\r\n", "x".repeat(2000));
        whole.html = Some("<!DOCTYPE html><p>Grüße".to_owned());
        let bytes = (0..number * 300_000).map(|n| (n * 7 % 251) as u8).collect();
        whole.attachments =
            vec![Attachment { name: "results.xml".into(), content_type: "application/xml".into(), bytes }];
        whole
    };
    (0..4).map(whole).collect()
}

fn composed(mails: &[Mail]) -> Vec<Composed> {
    mails.iter().map(|mail| compose(mail).unwrap()).collect()
}

fn transport(relay: RelaySettings) -> Transport {
    Transport::new(&Settings { way: Way::Relay, relay, ..Settings::default() }).unwrap()
}

/// What came through is what was sent, whatever fields the relays put before it.
fn came_through(mails: &[Mail], folder: &Path) {
    let read = read(folder).expect("Python is there");
    assert_eq!(read.len(), mails.len());
    for (mail, read) in mails.iter().zip(&read) {
        assert_eq!(read["subject"], mail.subject.trim());
        assert_eq!(read["plain"]["Message-ID"], mail.message_id);
        assert_eq!(read["defects"], serde_json::json!([]));
        let bytes = |part: usize| {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.decode(read["parts"][part]["bytes"].as_str().unwrap()).unwrap()
        };
        assert_eq!(String::from_utf8(bytes(0)).unwrap(), mail.text);
        assert!(bytes(2) == mail.attachments[0].bytes, "the attachment is another");
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Python with aiosmtpd, installed once for all runs; or why there is none.
fn python() -> Result<PathBuf, String> {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let venv = scratch.parent().unwrap_or(scratch).join("interop/aiosmtpd/venv");
    let python = venv.join("bin/python");
    let run = |program: &Path, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().map_err(|error| error.to_string())?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
    };
    if run(&python, &["-c", "import aiosmtpd"]).is_err() {
        run(Path::new("python3"), &["-m", "venv", &venv.display().to_string()])?;
        run(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", AIOSMTPD])?;
    }
    Ok(python)
}

#[tokio::test]
async fn aiosmtpd() {
    let python = match python() {
        Ok(python) => python,
        Err(why) => return skipped("aiosmtpd", &why),
    };
    let (keys, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let written = dev_certs::write(keys.path(), Clock::system().now()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/aiosmtpd_relay.py");
    let mut relay = Command::new(python);
    relay.arg(script).arg(&written.certificate).arg(&written.key).arg(folder.path());
    let mut relay = Running(relay.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(relay.0.stdout.take().unwrap()).lines();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(tell.send(line))));
    let port = told.recv_timeout(START).expect("aiosmtpd starts").parse().unwrap();

    let settings = |password: &str| RelaySettings {
        host: "localhost".into(),
        port: Some(port),
        secure: Secure::StartTls,
        ca: Some(written.ca_certificate.clone()),
        user: Some("ada".into()),
        password: Some(Secret::new(password)),
        ..RelaySettings::default()
    };
    let relay = transport(settings("hunter2-hunter2"));
    let mails = mails();
    for (number, mail) in composed(&mails).iter().enumerate() {
        let status = format!("SMTP 250 2.0.0 taken as {}", number + 1);
        assert_eq!(relay.send(mail).await, Sent::Accepted { status });
    }
    let mut nobody = mail();
    nobody.to = envoi::mail::Mailbox::new("nobody@example.com");
    let refused = relay.send(&compose(&nobody).unwrap()).await;
    assert_eq!(refused, Sent::Refused { status: "SMTP 550 5.1.1 no such user".into() });
    relay.close().await;
    let wrong = transport(settings("wrong-wrong-wrong")).send(&compose(&mail()).unwrap()).await;
    assert!(matches!(&wrong, Sent::Retry { status, .. } if status.contains("SMTP 535 5.7.8")), "{wrong:?}");
    let unsafe_settings = RelaySettings { secure: Secure::None, ..settings("hunter2-hunter2") };
    let open = transport(RelaySettings { user: None, password: None, ..unsafe_settings });
    let sent = open.send(&compose(&mail()).unwrap()).await;
    assert!(matches!(&sent, Sent::Retry { status, .. } if status.contains("SMTP 530")), "{sent:?}");
    came_through(&mails, folder.path());
}

/// A Postfix of its own, in a folder of its own.
struct Postfix(PathBuf);

impl Postfix {
    fn command(&self, what: &str) -> std::io::Result<std::process::Output> {
        Command::new("postfix").arg("-c").arg(&self.0).arg(what).stdin(Stdio::null()).output()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // The test has its outcome by now.
        let _ = self.command("stop");
    }
}

/// Hands connections on to a socket in a folder; gives the port at which they are taken.
async fn handed_on(to: PathBuf) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let to = to.clone();
            tokio::spawn(async move {
                let mut to = UnixStream::connect(to).await.unwrap();
                // Either side may go without a word.
                let _ended = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn postfix() {
    let version = Command::new("postconf").args(["-h", "mail_version"]).output();
    let user = Command::new("id").arg("-u").output().map(|output| output.stdout);
    match (version, user.as_deref()) {
        (Err(error), _) => return skipped("Postfix", &error.to_string()),
        (_, Ok(b"0\n")) => {}
        _ => return skipped("Postfix", "it is started by root alone"),
    }
    let sink = Sink::start(Manners::default()).await;
    let folder = tempfile::tempdir().unwrap();
    // Its processes have users of their own.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let keys = folder.path().join("keys");
    let written = dev_certs::write(&keys, Clock::system().now()).unwrap();
    let home = folder.path().join("postfix");
    fs::create_dir_all(home.join("queue")).unwrap();
    fs::create_dir_all(home.join("data")).unwrap();
    let chown = Command::new("chown").arg("postfix").arg(home.join("data")).status().unwrap();
    assert!(chown.success());
    let main = format!(
        "compatibility_level = 3.6\nqueue_directory = {home}/queue\ndata_directory = {home}/data\n\
         maillog_file = {home}/log\nmaillog_file_prefixes = {home}\nmyhostname = relay.example.test\n\
         mydestination =\nmynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
         alias_maps =\nalias_database =\nrelayhost = [127.0.0.1]:{next}\ndisable_dns_lookups = yes\n\
         smtp_tls_security_level = none\nsmtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = {certificate}\n\
         smtpd_tls_key_file = {key}\nsmtpd_discard_ehlo_keywords = 8bitmime, smtputf8, chunking\n",
        home = home.display(),
        next = sink.addr.port(),
        certificate = written.certificate.display(),
        key = written.key.display(),
    );
    fs::write(home.join("main.cf"), main).unwrap();
    let master = fs::read_to_string("/usr/share/postfix/master.cf.dist").expect("Postfix comes with a master.cf");
    let lines = master.lines().filter(|line| !line.starts_with('#'));
    // smtpd on a socket in its folder, which nobody else can take, and nothing in a chroot: there are no copies of the system's
    // files.
    let master: String = lines
        .map(|line| {
            let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            if line.starts_with(char::is_whitespace) || words.len() < 8 {
                return format!("{line}\n");
            }
            if words[0] == "smtp" && words[1] == "inet" {
                [words[0], words[1]] = ["submitted".to_owned(), "unix".to_owned()];
            }
            words[4] = "n".to_owned();
            words.join(" ") + "\n"
        })
        .collect();
    fs::write(home.join("master.cf"), master).unwrap();
    let postfix = Postfix(home.clone());
    let started = postfix.command("start").unwrap();
    let log = || fs::read_to_string(home.join("log")).unwrap_or_default();
    assert!(started.status.success(), "{}{}", String::from_utf8_lossy(&started.stderr), log());
    let port = handed_on(home.join("queue/public/submitted")).await;

    let relay = transport(RelaySettings {
        host: "localhost".into(),
        port: Some(port),
        secure: Secure::StartTls,
        ca: Some(written.ca_certificate.clone()),
        ..RelaySettings::default()
    });
    let mails = mails();
    for mail in composed(&mails) {
        let sent = relay.send(&mail).await;
        assert!(matches!(&sent, Sent::Accepted { status } if status.contains("queued as")), "{sent:?}\n{}", log());
    }
    sink.until(|seen| seen.messages.len() == mails.len()).await;
    let arrived = folder.path().join("arrived");
    fs::create_dir(&arrived).unwrap();
    // Postfix hands on side by side, so in any order.
    for message in sink.seen().messages {
        let text = String::from_utf8_lossy(&message);
        let id = text.split("Message-ID: <").nth(1).unwrap().split('@').next().unwrap().to_owned();
        fs::write(arrived.join(format!("{id}.eml")), message).unwrap();
    }
    came_through(&mails, &arrived);
    reported(&relay, &sink).await;
}

/// What the next server does not take comes back to the return path: Postfix's own report, read.
async fn reported(relay: &Transport, sink: &Sink) {
    let before = sink.seen().messages.len();
    sink.will(Manners::default().act("RCPT", Act::Say("550 5.1.1 no such user")));
    let id = "00000000-0001-8000-8000-00000000beef";
    let mut gone = mail();
    gone.message_id = format!("<{id}@envoi.example.com>");
    let place = ReturnPath::parse("bounces+{id}@example.com").unwrap();
    let gone = compose(&gone).unwrap().reported_to(Some(&place), id);
    let sent = relay.send(&gone).await;
    assert!(matches!(&sent, Sent::Accepted { status } if status.contains("queued as")), "{sent:?}");
    sink.until(|seen| seen.messages.len() > before).await;
    let seen = sink.seen();
    assert!(seen.commands.iter().any(|command| command.starts_with(&format!("RCPT TO:<bounces+{id}@example.com>"))));
    let report = Report::read(&seen.messages[before]).unwrap();
    assert_eq!(report.ids, [id]);
    let [recipient] = report.recipients.try_into().unwrap();
    assert_eq!(
        (recipient.address.as_str(), recipient.action.as_str(), recipient.status.as_str()),
        (gone.to.as_str(), "failed", "5.1.1")
    );
    assert_eq!(recipient.original.as_deref(), Some(gone.to.as_str()));
    assert_eq!((recipient.diagnostic.as_deref(), recipient.at_recipient), (Some("smtp; 550 5.1.1 no such user"), true));
}
