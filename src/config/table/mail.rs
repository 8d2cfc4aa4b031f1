//! Settings of e-mail.

use super::{DAY, Setting, place, row, seconds};
use crate::{
    config::{Config, value::Kind},
    mail::{Attach, Mailbox, ReturnPath, Secure, Way},
    message::{client::Secret, host},
};

pub(super) const ROWS: &[Setting] = &[
    row(
        "mail.relay",
        "",
        Kind::Text { check: relay, put: put_relay },
        "The relay that takes e-mail by SMTP, such as `smtp.example.com` or `smtp.example.com:587`. With neither relay nor folder, mail that is owed waits.",
    ),
    row(
        "mail.folder",
        "",
        Kind::Directory { put: |c, v| c.mail.way = Way::Folder(v) },
        "A folder that takes e-mail as .eml files in place of a relay; `envoi mail` shows the newest.",
    ),
    row(
        "mail.tls",
        "starttls",
        Kind::Choice {
            of: &["starttls", "implicit", "none"],
            put: |c, v| {
                c.mail.relay.secure = match v {
                    "implicit" => Secure::Implicit,
                    "none" => Secure::None,
                    _ => Secure::StartTls,
                }
            },
        },
        "TLS to the relay: by STARTTLS (port 587), from the first byte (465), or none (25). It is insisted on.",
    ),
    row(
        "mail.ca",
        "",
        Kind::File { put: |c, v| c.mail.relay.ca = Some(v) },
        "PEM file with authorities that are trusted beside the system's when the relay shows its certificate.",
    ),
    row(
        "mail.user",
        "",
        Kind::Text { check: |_| Ok(()), put: |c, v| c.mail.relay.user = Some(v) },
        "Who logs in at the relay (AUTH PLAIN or LOGIN).",
    ),
    row(
        "mail.password",
        "",
        Kind::Secret { put: |c, v| c.mail.relay.password = Some(Secret::new(v)) },
        "With this password; better in `mail.password_file` or the environment than in the configuration.",
    ),
    row(
        "mail.password_file",
        "",
        Kind::File { put: |c, v| c.mail_password_file = Some(v) },
        "A file with that password, such as a mounted secret; a line break at its end does not count.",
    ),
    row(
        "mail.from",
        "",
        Kind::Text { check: mailbox, put: put_from },
        "The sender of results by e-mail, such as `envoi <envoi@example.com>`. A relay needs it.",
    ),
    row(
        "mail.return_path",
        "",
        Kind::Text { check: return_path, put: put_return_path },
        "Where mail servers report what they could not deliver (MAIL FROM), such as `bounces+{id}@example.com`: `{id}` becomes the id of the delivery. Absent, it is the sender's address.",
    ),
    row(
        "mail.ehlo",
        "",
        Kind::Text {
            check: |text| host::greeting(text).map_err(|unfit| unfit.to_string()),
            put: |c, v| c.mail.relay.ehlo = Some(v),
        },
        "The name in EHLO; absent, it is the local address in brackets.",
    ),
    row(
        "mail.timeout",
        "1m",
        seconds(1, 3600, |c, v| c.mail.relay.timeout = v),
        "How long connecting to the relay, and each of its replies, may take.",
    ),
    row(
        "mail.data_timeout",
        "10m",
        seconds(1, DAY, |c, v| c.mail.relay.data_timeout = v),
        "How long a message and the reply to it may take. Without that reply it may have been taken.",
    ),
    row(
        "mail.connections",
        "4",
        Kind::Number { min: 1, max: 1000, put: |c, v| c.mail.relay.connections = place(v) },
        "Connections to the relay at once.",
    ),
    row(
        "mail.idle_timeout",
        "30s",
        seconds(1, 3600, |c, v| c.mail.relay.idle_timeout = v),
        "How long an unused connection to the relay is kept.",
    ),
    row(
        "mail.attachment",
        "xml",
        Kind::Choice {
            of: &["xml", "zip"],
            put: |c, v| c.mail.attachment = if v == "zip" { Attach::Zip } else { Attach::Xml },
        },
        "How results are attached: `results.xml`, or `results.zip` holding it, as the service has it.",
    ),
];

fn relay(text: &str) -> Result<(), String> {
    let read = host::with_port(text).map(|_| ());
    read.map_err(|unfit| format!("{unfit}; expected HOST or HOST:PORT such as smtp.example.com:587"))
}

fn put_relay(config: &mut Config, text: String) {
    if let Ok((host, port)) = host::with_port(&text) {
        (config.mail.relay.host, config.mail.relay.port) = (host.to_owned(), port);
    }
}

fn mailbox(text: &str) -> Result<(), String> {
    let expected = "expected ADDRESS or NAME <ADDRESS>";
    let mailbox = Mailbox::parse(text).map_err(|_| expected.to_owned())?;
    domain(mailbox.domain()).map_err(|why| format!("{why}; {expected}"))
}

/// What follows the @: a host in any script, or an address in brackets.
fn domain(text: &str) -> Result<(), String> {
    let ascii = idna::domain_to_ascii(text).unwrap_or_else(|_| text.to_owned());
    let read = if text.starts_with('[') { host::greeting(text) } else { host::host(&ascii).map(|_| ()) };
    read.map_err(|unfit| unfit.to_string())
}

fn put_from(config: &mut Config, text: String) {
    if let Ok(from) = Mailbox::parse(&text) {
        config.mail.from = from;
    }
}

fn return_path(text: &str) -> Result<(), String> {
    let expected = |why: String| format!("{why}; expected an ADDRESS such as bounces+{{id}}@example.com");
    let path = ReturnPath::parse(text).map_err(|error| expected(error.to_string()))?.of("0");
    domain(path.rsplit_once('@').map_or("", |(_, domain)| domain)).map_err(expected)
}

fn put_return_path(config: &mut Config, text: String) {
    config.mail.return_path = ReturnPath::parse(&text).ok();
}
