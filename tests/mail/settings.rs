//! What can be set about mail, what cannot, and what is not shown.

use envoi::{
    config::{Config, Layers, NO_MAIL, NO_PUBLIC_URL, toml},
    mail::{Attach, Mailbox, ReturnPath, Secure, Way},
};

fn file(text: &str) -> Layers {
    Layers { file: Some(("envoi.toml".into(), text.into())), ..Layers::default() }
}

fn complaints(layers: &Layers) -> Vec<String> {
    Config::load(layers).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_set_is_no_way_out_and_is_warned_of() {
    let config = Config::load(&Layers::default()).unwrap();
    assert_eq!(config.mail.way, Way::None);
    assert!(config.warnings.iter().any(|warning| warning.what == NO_MAIL), "{:?}", config.warnings);
    let default = envoi::mail::Settings::default();
    assert_eq!(format!("{:?}", config.mail), format!("{default:?}"));
}

#[test]
fn a_relay_is_set() {
    let config = Config::load(&file(
        "[mail]\nrelay = \"smtp.example.com\"\ntls = \"implicit\"\nuser = \"ada\"\npassword = \"hunter2\"\n\
         from = \"envoi <envoi@example.com>\"\nattachment = \"zip\"\nreturn_path = \"bounces+{id}@example.com\"\n",
    ))
    .unwrap();
    assert_eq!(config.mail.return_path, ReturnPath::parse("bounces+{id}@example.com").ok());
    let relay = &config.mail.relay;
    assert_eq!((config.mail.way.clone(), relay.host.as_str(), relay.port()), (Way::Relay, "smtp.example.com", 465));
    assert_eq!((relay.secure, relay.user.as_deref()), (Secure::Implicit, Some("ada")));
    assert_eq!(relay.password.as_ref().unwrap().expose(), "hunter2");
    assert_eq!(config.mail.from, Mailbox::named("envoi", "envoi@example.com"));
    assert_eq!(config.mail.attachment, Attach::Zip);
    assert!(config.warnings.iter().all(|warning| warning.what != NO_MAIL));
}

#[test]
fn a_relay_without_a_public_url_is_warned_of() {
    let relay = "[mail]\nrelay = \"smtp.example.com\"\nfrom = \"envoi@example.com\"\n";
    let warned = |text: &str| -> Vec<String> {
        let warnings = Config::load(&file(text)).unwrap().warnings.into_iter();
        warnings.filter(|warning| warning.what == NO_PUBLIC_URL).map(|warning| warning.to_string()).collect()
    };
    assert_eq!(warned(relay), [format!("envoi.toml:2: server.public_url: {NO_PUBLIC_URL}")]);
    assert_eq!(warned(&format!("{relay}[server]\npublic_url = \"https://mc.example\"\n")), [""; 0]);
    assert_eq!(warned("[mail]\nfolder = \"mails\"\n"), [""; 0], "nobody outside gets that mail");
}

#[test]
fn a_password_comes_from_a_file_or_the_environment_and_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "hunter2\n").unwrap();
    let base = "[mail]\nrelay = \"smtp.example.com:2525\"\nuser = \"ada\"\nfrom = \"envoi@example.com\"\n";
    let by_file = file(&format!("{base}password_file = \"{}\"\n", path.display()));
    let by_environment = Layers { environment: vec![("ENVOI_MAIL_PASSWORD".into(), "hunter2".into())], ..file(base) };
    let by_text = file(&format!("{base}password = \"hunter2\"\n"));
    for layers in [by_file, by_environment, by_text] {
        let config = Config::load(&layers).unwrap();
        assert_eq!(config.mail.relay.password.as_ref().unwrap().expose(), "hunter2");
        let shown = toml(&config);
        assert!(shown.contains("user = \"ada\"") && !shown.contains("hunter2"), "{shown}");
        assert!(!format!("{config:?}").contains("hunter2"));
        // What is shown is a configuration again, without the secret.
        let again = Config::load(&file(&shown.replace("password_file", "# password_file")));
        let missing = again.unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(missing.contains("mail.password: is missing, while mail.user is set"), "{missing}");
    }
}

#[test]
fn a_password_is_not_taken_from_an_argument() {
    let layers =
        Layers { flags: vec![("mail.password".into(), "hunter2".into(), "--set".into())], ..Layers::default() };
    let said = complaints(&layers);
    assert_eq!(
        said,
        ["--set: mail.password: is a secret, and not taken from an argument: use a file or the environment"]
    );
}

#[test]
fn what_contradicts_is_told() {
    let cases = [
        (
            "relay = \"a b\"",
            "mail.relay: `a b` is no host: expected a name or an address alone, such as hooks.internal; expected HOST or HOST:PORT",
        ),
        ("relay = \"a.example\"", "mail.from: is missing, while mail.relay is set"),
        ("relay = \"a.example\"\nfrom = \"ada\"", "mail.from: expected ADDRESS or NAME <ADDRESS>"),
        ("relay = \"a.example\"\nfrom = \"a@b.c\"\nuser = \"x\"", "mail.password: is missing, while mail.user is set"),
        ("relay = \"a.example\"\nfrom = \"a@b.c\"\npassword = \"x\"", "mail.user: is missing, while a password is set"),
        (
            "relay = \"a.example\"\nfrom = \"a@b.c\"\nuser = \"x\"\npassword = \"y\"\ntls = \"none\"",
            "mail.tls: is none, so the password would travel in the clear: expected starttls or implicit",
        ),
        ("tls = \"maybe\"", "mail.tls: `maybe` is not known: expected starttls or implicit or none"),
        (
            "relay = \"a.example\"\nfrom = \"a@b.c\"\nfolder = \"mail\"",
            "mail.folder: is set, and mail.relay too: mail goes to one of them",
        ),
        ("password_file = \"/nowhere/at/all\"", "mail.password_file: /nowhere/at/all: No such file or directory"),
        (
            "return_path = \"bounces+{id}\"",
            "mail.return_path: MAIL FROM holds no address that mail can be sent to: there is no @ in it; expected an ADDRESS such \
             as bounces+{id}@example.com",
        ),
        ("ehlo = \"a\\r\\nb\"", "mail.ehlo: `a\r\nb` is no host"),
        ("ehlo = \"127.0.0.1\"", "mail.ehlo: `127.0.0.1` is no host: expected an address in brackets"),
        ("attachment = \"pdf\"", "mail.attachment: `pdf` is not known: expected xml or zip"),
    ];
    for (text, expected) in cases {
        let said = complaints(&file(&format!("[mail]\n{text}\n")));
        assert!(said.iter().any(|line| line.contains(expected)), "{text}: {said:?}");
    }
}
