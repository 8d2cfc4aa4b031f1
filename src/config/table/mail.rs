//! Settings of e-mail.

use super::{DAY, Setting, place, row, seconds};
use crate::{
    config::{Config, value::Kind},
    mail::{Attach, Mailbox, ReturnPath, Secure, Way},
    message::client::Secret,
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
        Kind::Text { check: host, put: |c, v| c.mail.relay.ehlo = Some(v) },
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
    split(text).map(|_| ()).ok_or_else(|| "expected HOST or HOST:PORT such as smtp.example.com:587".to_owned())
}

/// The name and the port. An address of IPv6 stands in brackets when a port follows.
fn split(text: &str) -> Option<(String, Option<u16>)> {
    let bare = |host: &str| {
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let lawful = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c));
        lawful.then(|| host.to_owned())
    };
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some((text.to_owned(), None));
    }
    match text.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
        Some((host, port)) => Some((bare(host)?, Some(port.parse().ok().filter(|port| *port != 0)?))),
        None => Some((bare(text)?, None)),
    }
}

fn put_relay(config: &mut Config, text: String) {
    if let Some((host, port)) = split(&text) {
        (config.mail.relay.host, config.mail.relay.port) = (host, port);
    }
}

fn mailbox(text: &str) -> Result<(), String> {
    Mailbox::parse(text).map(|_| ()).map_err(|_| "expected ADDRESS or NAME <ADDRESS>".to_owned())
}

fn put_from(config: &mut Config, text: String) {
    if let Ok(from) = Mailbox::parse(&text) {
        config.mail.from = from;
    }
}

fn return_path(text: &str) -> Result<(), String> {
    ReturnPath::parse(text)
        .map(|_| ())
        .map_err(|error| format!("{error}; expected an ADDRESS such as bounces+{{id}}@example.com"))
}

fn put_return_path(config: &mut Config, text: String) {
    config.mail.return_path = ReturnPath::parse(&text).ok();
}

fn host(text: &str) -> Result<(), String> {
    let lawful = text.chars().all(|c| c.is_ascii_alphanumeric() || "-.[]:".contains(c));
    if lawful { Ok(()) } else { Err("expected a host name".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_relay_has_a_name_and_perhaps_a_port() {
        let good = [
            ("smtp.example.com", "smtp.example.com", None),
            ("smtp.example.com:2525", "smtp.example.com", Some(2525)),
            ("127.0.0.1:25", "127.0.0.1", Some(25)),
            ("::1", "::1", None),
            ("[::1]", "::1", None),
            ("[::1]:25", "::1", Some(25)),
        ];
        for (text, host, port) in good {
            assert_eq!(split(text), Some((host.to_owned(), port)), "{text}");
        }
        for wrong in ["", ":25", "a:0", "a:x", "a:70000", "a b", "a\r\nb", "smtp://a"] {
            assert_eq!(split(wrong), None, "{wrong:?}");
        }
    }
}
