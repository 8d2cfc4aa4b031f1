//! The configuration through its door: layers, every mistake with its place, what is shown.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

use std::{fs, path::Path, time::Duration};

use envoi::config::{Config, Layers, NO_MAIL, Problem, demo, toml};

const HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$iNXLK1wmJ1QsxHxcYxnCTB06DSfMJyJwGEVuIuxl/6w";

fn file(text: &str) -> Layers {
    Layers { file: Some(("envoi.toml".into(), text.into())), ..Layers::default() }
}

/// Loads a file and gives every complaint, a line each.
fn complaints(text: &str) -> String {
    let problems = Config::load(&file(text)).map(|config| config.effective).unwrap_err();
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// All warnings but that there is no way out for mail, which tests/mail/settings.rs is about.
fn warnings(config: &Config) -> Vec<String> {
    config.warnings.iter().filter(|warning| warning.what != NO_MAIL).map(ToString::to_string).collect()
}

#[test]
fn nothing_given_is_every_rooms_default() {
    let config = Config::load(&Layers::default()).unwrap();
    assert_eq!(config.access, envoi::server::access::Settings::default());
    assert_eq!(config.server, envoi::server::Settings::default());
    assert_eq!(format!("{:?}", config.limits), format!("{:?}", envoi::object::Limits::default()));
    assert_eq!(config.backend, envoi::backend::Settings::default());
    assert_eq!(config.store.cache_bytes, envoi::store::Settings::default().cache_bytes);
    // A server keeps what it is given; only the demonstration works in memory.
    assert_eq!(config.store.path.as_deref(), Some(Path::new("envoi-data")));
    assert!(config.effective.iter().all(|setting| setting.origin == "default"));
}

#[test]
fn a_flag_counts_before_the_environment_and_that_before_the_file() {
    let mut layers = file("[access]\ntoken_lifetime = \"10m\"\nclock_skew = \"60s\"\nnonces = 7\n");
    layers.environment = vec![
        ("ENVOI_ACCESS_TOKEN_LIFETIME".into(), "20m".into()),
        ("ENVOI_ACCESS_CLOCK_SKEW".into(), "2m".into()),
        ("HOME".into(), "/".into()),
    ];
    layers.flags = vec![("access.token_lifetime".into(), "30m".into(), "--set".into())];
    let config = Config::load(&layers).unwrap();
    assert_eq!(config.access.token_lifetime, Duration::from_secs(1800));
    assert_eq!(config.access.clock_skew, Duration::from_secs(120));
    assert_eq!(config.access.nonces, 7);
    assert_eq!(config.origin("access.token_lifetime"), "--set");
    assert_eq!(config.origin("access.clock_skew"), "ENVOI_ACCESS_CLOCK_SKEW");
    assert_eq!(config.origin("access.nonces"), "envoi.toml:4");
    assert_eq!(config.origin("access.login_window"), "default");
}

#[test]
fn every_mistake_is_told_with_file_and_line() {
    let text = r#"[access]
token_lifetime = "5m"
tokenlifetime = "10m"
clock_skew = "five"
nonces = 1.5

[log]
format = "xml"
filter = "envoi=loud"

[tls]
key = "no-such-file.pem"

[colour]
red = 1
"#;
    assert_eq!(
        complaints(text),
        "envoi.toml:2: access.token_lifetime: 5m is out of range: expected 301s to 1d\n\
         envoi.toml:3: access.tokenlifetime: there is no such setting; perhaps `access.token_lifetime` is meant\n\
         envoi.toml:4: access.clock_skew: expected a duration such as 250ms, 30s, 5m, 2h or 14d\n\
         envoi.toml:5: access.nonces: a float cannot stand here\n\
         envoi.toml:8: log.format: `xml` is not known: expected pretty or json\n\
         envoi.toml:9: log.filter: error parsing level filter: expected one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a number 0-5\n\
         envoi.toml:12: tls.key: no-such-file.pem: No such file or directory (os error 2)\n\
         envoi.toml:15: colour.red: there is no such setting\n"
    );
}

#[test]
fn what_is_not_toml_is_told_at_each_place() {
    let told = complaints("[access]\nnonces = \nclock_skew = \"1m\n");
    let places: Vec<_> = told.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["envoi.toml:2", "envoi.toml:3"], "{told}");
}

#[test]
fn mistakes_in_the_lists_are_told_at_their_fields() {
    let text = format!(
        r#"[[account]]
mid = 1

[[account]]
mid = 0
colour = "red"

[[api_client]]
id = "app"
account = 1
secret_hashes = ["app-secret"]

[[user]]
account = "1"
password_hashes = ["{HASH}"]
operations = ["Create", "Destroy"]
act_for = "everybody"
"#
    );
    let told = complaints(&text);
    let expected = [
        "envoi.toml:5: account.mid: expected a whole number above 0",
        "envoi.toml:6: account.colour: there is no such setting: expected some of enterprise, mid, name",
        "envoi.toml:11: api_client.secret_hashes: not an argon2 hash: ",
        "envoi.toml:13: user.name: is missing",
        "envoi.toml:14: user.account: expected a whole number above 0",
        "envoi.toml:16: user.operations: `Destroy` is no operation: expected some of Create, ",
        "envoi.toml:17: user.act_for: expected a list of account numbers, or \"enterprise\"",
    ];
    assert_eq!(told.lines().count(), expected.len(), "{told}");
    for (line, expected) in told.lines().zip(expected) {
        assert!(line.starts_with(expected), "{line}");
    }
    assert!(!told.contains("app-secret"), "{told}");
}

#[test]
fn references_and_doubles_are_told_at_the_entry_that_makes_them() {
    let text = format!(
        "[[account]]\nmid = 1\n\n[[user]]\nname = \"a\"\naccount = 2\npassword_hashes = [\"{HASH}\"]\n\n\
         [[user]]\nname = \"a\"\naccount = 1\nact_for = [3]\npassword_hashes = [\"{HASH}\"]\n"
    );
    assert_eq!(
        complaints(&text),
        "envoi.toml:6: user.account: there is no account 2\n\
         envoi.toml:10: user.name: `a` stands twice\n\
         envoi.toml:12: user.act_for: there is no account 3\n"
    );
}

#[test]
fn object_types_are_those_of_the_contract() {
    let text = format!(
        "[[account]]\nmid = 1\n\n[[user]]\nname = \"a\"\naccount = 1\npassword_hashes = [\"{HASH}\"]\n\
         object_types = [\"Subscriber\", \"subscriber\", \"CreateOptions\"]\n"
    );
    assert_eq!(
        complaints(&text),
        "envoi.toml:8: user.object_types: `CreateOptions` is no object type of the contract (case matters)\n\
         envoi.toml:8: user.object_types: `subscriber` is no object type of the contract (case matters); perhaps `Subscriber` is meant\n"
    );
}

#[test]
fn tls_needs_both_files() {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key.pem");
    fs::write(&key, "x").unwrap();
    let path = directory.path().join("envoi.toml");
    // Relative to the file, wherever the program was started.
    let text = "[tls]\nkey = \"key.pem\"\n".to_owned();
    let problems = Config::load(&Layers { file: Some((path.clone(), text)), ..Layers::default() }).unwrap_err();
    let expected = format!("{}:2: tls.certificate: is missing, while tls.key is set: TLS needs both", path.display());
    assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
}

#[test]
fn addresses_and_urls_are_checked() {
    let text = "[server]\nlisten = \"localhost\"\npublic_url = \"soap.example\"\ntrusted_proxies = [\"10.0.0.1\", \"x\"]\nmax_body = \"2GiB\"\n";
    assert_eq!(
        complaints(text),
        "envoi.toml:2: server.listen: expected ADDRESS:PORT such as 127.0.0.1:8080 or [::1]:0\n\
         envoi.toml:3: server.public_url: expected http:// or https:// and a host; expected http:// or https:// with a host, without query\n\
         envoi.toml:4: server.trusted_proxies: expected an IP address or a block such as 10.0.0.0/8\n\
         envoi.toml:5: server.max_body: 2GiB is out of range: expected 1KiB to 1GiB\n"
    );
    let same = complaints("[server]\nlisten = \"127.0.0.1:9000\"\nadmin = \"127.0.0.1:9000\"\n");
    assert_eq!(same, "envoi.toml:3: server.admin: must not be the address of listen\n");
    let config =
        Config::load(&file("[server]\nadmin = \"0.0.0.0:9000\"\ntrusted_proxies = [\"10.0.0.1\", \"10.1.0.0/16\"]\n"))
            .unwrap();
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert!(config.warnings.iter().any(|warning| warning.key == "server.admin"));
}

/// One reader for hosts and ports: whatever names one refuses the same, at its place.
#[test]
fn a_host_is_one_wherever_it_is_named() {
    let long = "a".repeat(64);
    let hosts = [
        ("x..y", "there is nothing between two of its dots, or before the first"),
        (long.as_str(), "what stands between two dots has at most 63 letters"),
        ("mx-.example", "what stands between two dots neither begins nor ends with a hyphen"),
        ("127.1", "expected a name, or an address of four numbers such as 192.0.2.7"),
    ];
    // The key, what stands before the host and after it, and whether a port may follow.
    let connector = "[[connector]]\nname = \"a\"\nsystem = \"yeastar\"\nclient_id = \"c\"\nclient_secret_env = \"X\"\n";
    let places = [
        ("server.public_url", "[server]\npublic_url = \"https://", "/soap\"\n", true),
        ("queue.insecure_hosts", "[queue]\ninsecure_hosts = [\"good.example\", \"", "\"]\n", false),
        ("mail.relay", "[mail]\nfrom = \"a@b.example\"\nrelay = \"", "\"\n", true),
        ("mail.ehlo", "[mail]\nehlo = \"", "\"\n", false),
        ("mail.from", "[mail]\nfrom = \"Ada <ada@", ">\"\n", false),
        ("mail.return_path", "[mail]\nreturn_path = \"b+{id}@", "\"\n", false),
        ("connector.base_url", &format!("{connector}base_url = \"https://"), "/api\"\n", true),
    ];
    for (key, before, after, has_port) in places {
        for (host, why) in hosts {
            let told = complaints(&format!("{before}{host}{after}"));
            let of_key: Vec<_> = told.lines().filter(|line| line.contains(&format!(": {key}: "))).collect();
            let by_lettre = key.starts_with("mail.") && (key.ends_with("from") || key.ends_with("path"));
            assert_eq!(of_key.len(), 1, "{key} {host}: {told}");
            let whole = of_key[0].contains(&format!("`{host}` is no host: {why}"));
            assert!(whole || by_lettre && of_key[0].contains("expected "), "{key} {host}: {told}");
        }
        for port in ["99999", "0", "", "-1"].into_iter().filter(|_| has_port) {
            let told = complaints(&format!("{before}h.example:{port}{after}"));
            assert!(
                told.contains(&format!(": {key}: `{port}` is no port: expected 1 to 65535")),
                "{key} {port}: {told}"
            );
        }
    }
}

#[test]
fn accounts_may_stand_in_a_file_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let list = |text: &str| fs::write(directory.path().join("accounts.toml"), text).unwrap();
    let load = || {
        let text = "[access]\naccounts = \"accounts.toml\"\n\n[[account]]\nmid = 1\n".to_owned();
        Config::load(&Layers { file: Some((directory.path().join("envoi.toml"), text)), ..Layers::default() })
    };
    list(&format!("[[user]]\nname = \"a\"\naccount = 1\npassword_hashes = [\"{HASH}\", \"{HASH}\"]\n"));
    assert_eq!(load().unwrap().accounts.callers(), (0, 1));
    list("[[user]]\nname = \"a\"\naccount = 1\n");
    let told = load().unwrap_err().first().unwrap().to_string();
    let expected = "accounts.toml:1: user.password_hashes: 0 hashes: expected one, or two while the secret is changed";
    assert!(told.ends_with(expected), "{told}");
}

#[test]
fn a_misspelt_variable_is_a_warning() {
    let environment = [("ENVOI_ACCESS_NONCE", "1"), ("ENVOI_TOKEN", "x"), ("ENVOI_PORT", "tcp://10.0.0.1:80")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let config = Config::load(&Layers { environment, ..Layers::default() }).unwrap();
    let warnings = warnings(&config);
    let nobody = "there is no [[api_client]] and no [[user]], so nobody could log in";
    let near = "no setting has this name; perhaps `ENVOI_ACCESS_NONCES` is meant; it is ignored";
    assert_eq!(warnings, [format!("ENVOI_ACCESS_NONCE: {near}"), nobody.to_owned()]);
}

#[test]
fn what_is_shown_loads_again_and_holds_no_secret() {
    let mut config = Config::load(&file("[access]\nlogin_failures = 5\n")).unwrap();
    config.accounts = std::sync::Arc::new(demo::accounts().unwrap());
    let shown = toml(&config);
    assert!(shown.contains("login_failures = 5 # envoi.toml:2\n"), "{shown}");
    assert!(shown.contains("token_lifetime = \"1079s\" # default\n"), "{shown}");
    for secret in ["argon2", "demo-secret", "demo-password"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let settings = shown.split("\n[[account]]").next().unwrap();
    let again = Config::load(&file(settings)).unwrap();
    assert_eq!(again.access, config.access);
    assert!(::toml::from_str::<::toml::Table>(&shown).is_ok());
}

#[test]
fn the_readmes_examples_are_good_configurations() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut with_callers = 0;
    for example in readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
        let there = root.join("Cargo.toml").display().to_string();
        let example = example.replace("$argon2id$...", HASH).replace("/run/secrets/smtp", &there);
        let config = match Config::load(&file(&example)) {
            Ok(config) => config,
            Err(problems) => {
                // Keys of connectors are nowhere here, and that is all that is wrong.
                let is_file = |problem: &Problem| {
                    problem.key.ends_with("_file") || problem.key == "connector.ca" && problem.what.contains("pbx.pem")
                };
                let wrong: Vec<_> = problems.iter().filter(|problem| !is_file(problem)).collect();
                assert!(example.contains("[[connector]]") && wrong.is_empty(), "{wrong:?}");
                continue;
            }
        };
        if example.contains("[[account]]") {
            with_callers += 1;
            assert_eq!(config.accounts.callers(), (1, 1));
            // Neither is its client one that could do nothing.
            assert_eq!(warnings(&config), [""; 0]);
        }
    }
    assert_eq!(with_callers, 1);
}

#[test]
fn one_mistake_does_not_hide_another() {
    let text = format!(
        r#"[log]
format = "json"
format = "pretty"
filter = 

[access]
clock_skew = "5"
nonce_window = 5

[[account]]
mid = 1
mid = 1

[[api_client]]
id = "app"
account = 9
secret_hashes = ["app-secret"]
scopes = ["email_reed", "journeys_read", "everything"]
object_types = ["Subscribr"]

[[api_client]]
account = 1
secret_hashes = ["{HASH}"]

[[api_client]]
id = "app"
account = 1
secret_hashs = ["{HASH}"]
"#
    );
    let mut layers = file(&text);
    layers.environment = vec![("ENVOI_SERVER_LISTEN".into(), "here".into())];
    let problems = Config::load(&layers).map(|config| config.effective).unwrap_err();
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let expected = [
        "ENVOI_SERVER_LISTEN: server.listen: expected ADDRESS:PORT",
        "envoi.toml:3: duplicate key",
        "envoi.toml:4: ",
        "envoi.toml:7: access.clock_skew: expected a duration such as 5s: a number alone has no unit",
        "envoi.toml:8: access.nonce_window: expected a duration such as 5s: a number alone has no unit",
        "envoi.toml:12: duplicate key",
        "envoi.toml:16: api_client.account: there is no account 9",
        "envoi.toml:17: api_client.secret_hashes: not an argon2 hash",
        "envoi.toml:18: api_client.scopes: `email_reed` is no scope; perhaps `email_read` is meant",
        "envoi.toml:18: api_client.scopes: `everything` is no scope",
        "envoi.toml:19: api_client.object_types: `Subscribr` is no object type of the contract (case matters); perhaps `Subscriber` is meant",
        "envoi.toml:21: api_client.id: is missing",
        "envoi.toml:25: api_client.secret_hashes: 0 hashes",
        "envoi.toml:26: api_client.id: `app` stands twice",
        "envoi.toml:28: api_client.secret_hashs: there is no such setting; perhaps `secret_hashes` is meant",
    ];
    assert_eq!(told.len(), expected.len(), "{}", told.join("\n"));
    for (line, expected) in told.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\nis not\n{expected}");
    }
}

#[test]
fn a_client_whose_scopes_open_none_of_its_types_is_a_warning() {
    let text = format!(
        "[[account]]\nmid = 1\n\n[[api_client]]\nid = \"a\"\naccount = 1\nsecret_hashes = [\"{HASH}\"]\n\
         scopes = [\"email_read\"]\nobject_types = [\"Subscriber\", \"Email\", \"BusinessUnit\"]\n"
    );
    let config = Config::load(&file(&text)).unwrap();
    let warnings = warnings(&config);
    let what =
        "nothing can be done with Subscriber: that needs list_and_subscribers_read or list_and_subscribers_write";
    assert_eq!(warnings, [format!("envoi.toml:8: api_client.scopes: {what}")]);
}

#[test]
fn values_are_shown_as_they_are_in_force() {
    let shown = |text: &str| toml(&Config::load(&file(text)).unwrap());
    let shown =
        shown("[server]\nmax_body = 2097152\nbody_min_rate = 0\nidle_timeout = \"120s\"\nmax_streams = 1_000\n");
    for line in ["max_body = \"2MiB\"", "body_min_rate = \"0B\"", "idle_timeout = \"2m\"", "max_streams = 1000"] {
        assert!(shown.lines().any(|found| found.starts_with(&format!("{line} # envoi.toml:"))), "{line}\n{shown}");
    }
}
