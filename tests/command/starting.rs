//! `envoi check-config` tells what `envoi serve` would refuse, in the same words: both are run.

use envoi::{
    clock::{Clock, Time},
    server::dev_certs,
};
use std::net::TcpListener;

use super::*;

/// Both commands with a good file of accounts and these settings; free ports unless they are set.
struct Pair {
    folder: tempfile::TempDir,
    accounts: String,
}

impl Pair {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(folder.path(), "secret");
        Self { folder, accounts }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn command(&self, command: &str, sets: &[(&str, &str)]) -> (i32, String) {
        let data = self.path("data");
        let first = [("server.listen", "127.0.0.1:0"), ("server.admin", "127.0.0.1:0"), ("store.path", data.as_str())];
        let sets = first.iter().chain(sets).map(|(key, value)| format!("{key}={value}"));
        let sets: Vec<String> = sets.flat_map(|set| ["--set".to_owned(), set]).collect();
        let mut arguments = vec![command, "--config", &self.accounts];
        arguments.extend(sets.iter().map(String::as_str));
        let (code, _, error) = run(&arguments);
        (code, error)
    }

    /// Refused by both, for the same reason.
    fn refused(&self, sets: &[(&str, &str)], place: &str, why: &str) {
        let (code, told) = self.command("check-config", sets);
        let told: Vec<_> = told.lines().filter(|line| !line.contains("warning: ")).collect();
        assert_eq!((code, told.len()), (USAGE, 1), "{sets:?}: {told:?}");
        let what = told[0].strip_prefix(&format!("envoi: {place}: ")).unwrap_or_else(|| panic!("{}", told[0]));
        assert!(what.contains(why), "{what}");
        let (code, told) = self.command("serve", sets);
        assert!([USAGE, IO].contains(&code), "{sets:?}: {code}");
        assert!(told.contains(what), "{sets:?}: {told} has no {what}");
    }

    /// Good for `check-config`; what it warns of.
    fn warned(&self, sets: &[(&str, &str)]) -> String {
        let (code, told) = self.command("check-config", sets);
        assert_eq!(code, OK, "{sets:?}: {told}");
        told.lines().filter(|line| !line.contains(envoi::config::NO_MAIL)).map(|line| format!("{line}\n")).collect()
    }
}

#[test]
fn a_certificate_is_read_with_its_key() {
    let pair = Pair::new();
    let made = |name: &str, at: Time| {
        let written = dev_certs::write(&pair.folder.path().join(name), at).unwrap();
        (written.certificate.display().to_string(), written.key.display().to_string())
    };
    let now = Clock::system().now();
    let ((certificate, key), (other, _)) = (made("good", now), made("other", now));
    assert_eq!(pair.warned(&[("tls.certificate", &certificate), ("tls.key", &key)]), "");
    let set = |certificate: &str, key: &str, place: &str, why: &str| {
        pair.refused(&[("tls.certificate", certificate), ("tls.key", key)], place, why);
    };
    set(&other, &key, "--set: tls.key", "cannot be used together");
    set(&certificate, &certificate, "--set: tls.key", "holds no usable private key");
    set(&key, &key, "--set: tls.certificate", "holds no usable certificate");
    set(&certificate, &pair.write("empty", ""), "--set: tls.key", "holds no usable private key");
    set(&pair.path("good"), &key, "--set: tls.certificate", "Is a directory");
    set("/dev/zero", &key, "--set: tls.certificate", "it is no regular file");
    set(&pair.path("none"), &key, "--set: tls.certificate", "No such file");
    // A date is no reason not to start: the files may be replaced while it runs.
    let years = |years: i64| Time::from_millis(now.millis() + years * 365 * 86_400_000);
    for (name, at, why) in [("old", years(-5), " was valid until "), ("early", years(5), " is valid from ")] {
        let (certificate, key) = made(name, at);
        let told = pair.warned(&[("tls.certificate", &certificate), ("tls.key", &key)]);
        let start = format!("envoi: warning: --set: tls.certificate: certificate 1 of {certificate}{why}");
        assert!(told.starts_with(&start) && told.contains("clients refuse it"), "{told}");
    }
}

#[test]
fn ports_are_tried_and_let_go() {
    let pair = Pair::new();
    // An address of documentation (RFC 5737) is nobody's.
    pair.refused(&[("server.listen", "192.0.2.1:0")], "--set: server.listen", "cannot listen on 192.0.2.1:0");
    pair.refused(&[("server.admin", "192.0.2.1:0")], "--set: server.admin", "cannot listen on 192.0.2.1:0");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = pair.warned(&[("server.listen", &address)]);
    let start = format!("envoi: warning: --set: server.listen: cannot listen on {address}: Address already in use");
    assert!(told.starts_with(&start) && told.contains("is to be started again"), "{told}");
}

#[test]
fn authorities_are_certificates() {
    let pair = Pair::new();
    let broken = pair.write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let why = "ca.pem: certificate 1 in it is none: ";
    pair.refused(&[("callback.ca", &broken)], "--set: callback.ca", why);
    let relay = [("mail.relay", "mx.example"), ("mail.from", "us@mx.example")];
    pair.refused(&[relay[0], relay[1], ("mail.ca", &broken)], "--set: mail.ca", why);
    let empty = pair.write("empty.pem", "");
    pair.refused(&[relay[0], relay[1], ("mail.ca", &empty)], "--set: mail.ca", "has no certificate in it");
}

#[test]
fn a_directory_that_is_no_store_is_told() {
    let pair = Pair::new();
    let folder = pair.path("else");
    fs::create_dir(&folder).unwrap();
    for (name, why) in [("manifest.json", "is a backup"), ("unfinished", "is not finished")] {
        let file = Path::new(&folder).join(name);
        fs::write(&file, "a restore did not come to its end\n").unwrap();
        pair.refused(&[("store.path", &folder)], "--set: store.path", why);
        fs::remove_file(file).unwrap();
    }
}
