//! Messages as Python's e-mail package reads them: any text in any field comes back, and adds no field.

use std::{fs, path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use envoi::{
    clock::Time,
    mail::{Attachment, AutoSubmitted, Mail, Mailbox, compose, one_line},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::Value;

use crate::sink::mail;

const CASES: usize = 400;

/// What Python reads; `None`, loudly, when there is no Python.
pub(crate) fn read(folder: &Path) -> Option<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/read.py");
    let output = match Command::new("python3").args(["-I".as_ref(), script.as_os_str(), folder.as_os_str()]).output() {
        Ok(output) => output,
        Err(error) => {
            let required = std::env::var_os("ENVOI_REQUIRE_ALL").is_some_and(|value| value == "1");
            assert!(!required, "python3: {error}, and ENVOI_REQUIRE_ALL=1");
            eprintln!("SKIPPED: 1 test. No message was read back: python3: {error}");
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Anything, and more of what could break something than chance would bring.
fn anything(longest: usize) -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "\r\n",
        "\n",
        "\r",
        "\0",
        "\t",
        " ",
        "  ",
        "\"",
        "\\",
        "<",
        ">",
        ",",
        ";",
        ":",
        "@",
        "(",
        ")",
        "=?utf-8?B?QQ==?=",
        "=?",
        "?=",
        "=_",
        "=",
        "\r\nBcc: eve@example.com\r\n",
        "\r\n\r\n",
        "\r\n.\r\n",
        "From ",
        "--=_a",
        "\u{0b}",
        "\u{0c}",
        "\u{1c}",
        "\u{85}",
        "\u{2028}",
        "é",
        "中文",
        "👩‍👩‍👧",
        "\u{202e}",
        "\u{7f}",
        "'",
        "%",
        "*",
        "&amp;",
        "averyveryveryveryveryveryverylongwordwithoutanyspacesinitthatcannotbefoldedanywhereatall",
    ]);
    let piece = prop_oneof![
        4 => any::<char>().prop_map(String::from),
        4 => "[ -~]{0,12}",
        3 => nasty.prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..longest).prop_map(|pieces| pieces.concat())
}

fn mails() -> impl Strategy<Value = Mail> {
    let mailbox = |address: &'static str| {
        prop::option::of(anything(12)).prop_map(move |name| Mailbox { name, address: address.to_owned() })
    };
    let attachment = (anything(10), prop::collection::vec(any::<u8>(), 0..300)).prop_map(|(name, bytes)| Attachment {
        name,
        content_type: "application/xml".into(),
        bytes,
    });
    let bits = (any::<bool>(), any::<bool>(), any::<bool>(), 0_i64..4_102_444_800_000);
    let copies = (
        prop::collection::vec(mailbox("carol@example.com"), 0..3),
        prop::collection::vec(mailbox("audit@example.com"), 0..2),
    );
    (
        (
            mailbox("envoi@example.com"),
            prop::option::of(mailbox("answers@example.com")),
            mailbox("ada@example.com"),
            copies,
        ),
        (anything(20), anything(60), prop::option::of(anything(60))),
        prop::collection::vec(attachment, 0..3),
        bits,
    )
        .prop_map(
            |((from, reply_to, to, (cc, bcc)), (subject, text, html), attachments, (thread, list, auto, millis))| {
                Mail {
                    from,
                    reply_to,
                    to,
                    cc,
                    bcc,
                    subject,
                    text,
                    html,
                    attachments,
                    in_reply_to: thread.then(|| "<root@envoi.example.com>".to_owned()),
                    references: thread.then(|| "<root@envoi.example.com>".to_owned()),
                    date: Time::from_millis(millis),
                    list_id: list.then(|| "sends.envoi.example.com".to_owned()),
                    list_unsubscribe: list.then(|| "https://example.com/u?t=abc%2C".to_owned()),
                    auto_submitted: if auto { AutoSubmitted::Generated } else { AutoSubmitted::No },
                    ..mail()
                }
            },
        )
}

/// The fields that a mail has, in order.
fn fields(mail: &Mail) -> Vec<&'static str> {
    let single = mail.html.is_none() && mail.attachments.is_empty();
    [
        ("Date", true),
        ("From", true),
        ("Reply-To", mail.reply_to.is_some()),
        ("To", true),
        ("Cc", !mail.cc.is_empty()),
        ("Subject", true),
        ("Message-ID", true),
        ("In-Reply-To", mail.in_reply_to.is_some()),
        ("References", mail.references.is_some()),
        ("List-Id", mail.list_id.is_some()),
        ("List-Unsubscribe", mail.list_unsubscribe.is_some()),
        ("List-Unsubscribe-Post", mail.list_unsubscribe.is_some()),
        ("Auto-Submitted", mail.auto_submitted == AutoSubmitted::Generated),
        ("X-Auto-Response-Suppress", mail.auto_submitted == AutoSubmitted::Generated),
        ("MIME-Version", true),
        ("Content-Type", true),
        ("Content-Transfer-Encoding", single),
    ]
    .into_iter()
    .filter_map(|(name, there)| there.then_some(name))
    .collect()
}

fn bytes(part: &Value) -> Vec<u8> {
    STANDARD.decode(part["bytes"].as_str().unwrap()).unwrap()
}

/// Line ends are the one thing that a text may change on its way.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn is_lawful(bytes: &[u8]) {
    assert!(bytes.is_ascii(), "not 7-bit");
    assert!(!bytes.contains(&0), "NUL");
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "a bare line end");
    assert!(text.split("\r\n").all(|line| line.len() <= 998), "a line is too long");
    assert!(text.ends_with("\r\n"));
}

fn comes_back(mail: &Mail, read: &Value) {
    let name = |mailbox: &Mailbox| one_line(mailbox.name.as_deref().unwrap_or_default());
    assert_eq!(read["defects"], Value::Array(Vec::new()));
    assert_eq!(
        read["headers"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>(),
        fields(mail)
    );
    let subject = one_line(&mail.subject);
    assert_eq!(read["subject"], subject);
    assert_eq!(read["modern_subject"], subject);
    assert_eq!(read["from"], serde_json::json!([name(&mail.from), mail.from.address]));
    assert_eq!(read["to"], serde_json::json!([name(&mail.to), mail.to.address]));
    let copies: Vec<_> = mail.cc.iter().map(|copy| serde_json::json!([name(copy), copy.address])).collect();
    assert_eq!(read["cc"], Value::Array(copies));
    if let Some(reply_to) = &mail.reply_to {
        assert_eq!(read["reply_to"], serde_json::json!([name(reply_to), reply_to.address]));
    }
    assert_eq!(read["plain"]["Message-ID"], mail.message_id);
    assert_eq!(read["date"], mail.date.millis() / 1000);
    if let Some(url) = &mail.list_unsubscribe {
        assert_eq!(read["plain"]["List-Unsubscribe"], format!("<{url}>"));
        assert_eq!(read["plain"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    }
    let parts = read["parts"].as_array().unwrap();
    let mut rest = parts.iter();
    let plain = rest.next().unwrap();
    assert_eq!((plain["type"].as_str(), plain["charset"].as_str()), (Some("text/plain"), Some("utf-8")));
    let text = |part| lines(&String::from_utf8(bytes(part)).unwrap());
    // Python counts the line end before a boundary to the boundary, and that at the end of a lone part to the part.
    let single = mail.html.is_none() && mail.attachments.is_empty();
    let end = if single && !text(plain).is_empty() { "\n" } else { "" };
    let found = text(plain);
    let expected = lines(&mail.text);
    assert!(found == expected || found == format!("{expected}{end}"), "{found:?} is not {expected:?}");
    if let Some(html) = &mail.html {
        let part = rest.next().unwrap();
        assert_eq!((part["type"].as_str(), text(part)), (Some("text/html"), lines(html)));
    }
    for attachment in &mail.attachments {
        let part = rest.next().unwrap();
        assert_eq!(part["disposition"], "attachment");
        assert_eq!(part["type"], attachment.content_type);
        let (name, found) = (one_line(&attachment.name), part["name"].as_str().unwrap_or_default());
        // Python takes marks around a whole file name for quoting, also where they are part of it.
        let marked = [('"', '"'), ('<', '>')].iter().any(|marks| name.starts_with(marks.0) && name.ends_with(marks.1));
        // And a backslash at the end of a piece for one that takes the mark behind it away.
        let cut = name.contains('\\') && name.contains('"');
        assert!(found == name || marked || cut, "{found:?} is not {name:?}");
        assert!(bytes(part) == attachment.bytes, "the attachment is another");
    }
    assert!(rest.next().is_none());
}

#[test]
fn any_text_in_any_field_comes_back_and_adds_no_field() {
    let folder = tempfile::tempdir().unwrap();
    let (mut runner, strategy) = (TestRunner::default(), mails());
    let mails: Vec<Mail> = (0..CASES).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    for (number, mail) in mails.iter().enumerate() {
        let composed = compose(mail).unwrap();
        is_lawful(&composed.bytes);
        fs::write(folder.path().join(format!("{number:05}.eml")), composed.bytes).unwrap();
    }
    let Some(read) = read(folder.path()) else { return };
    assert_eq!(read.len(), CASES);
    for (mail, read) in mails.iter().zip(&read) {
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| comes_back(mail, read)));
        assert!(told.is_ok(), "{mail:#?}\n{read:#}\n{}", String::from_utf8_lossy(&compose(mail).unwrap().bytes));
    }
}

#[test]
fn text_and_html_are_alternatives_and_attachments_stand_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = mail();
    whole.html = Some("<!DOCTYPE html><p>Grüße".into());
    whole.attachments = vec![Attachment {
        name: "Ergebnisse für Ada.xml".into(),
        content_type: "application/xml".into(),
        bytes: b"<a/>".to_vec(),
    }];
    fs::write(folder.path().join("a.eml"), compose(&whole).unwrap().bytes).unwrap();
    let Some(read) = read(folder.path()) else { return };
    let shape = serde_json::json!([
        "multipart/mixed",
        [["multipart/alternative", ["text/plain", "text/html"]], "application/xml"]
    ]);
    assert_eq!(read[0]["shape"], shape);
    assert_eq!(read[0]["parts"][2]["name"], "Ergebnisse für Ada.xml");
}

#[test]
fn a_list_that_cannot_be_left_over_https_is_not_called_one_click() {
    let mut insecure = mail();
    insecure.list_unsubscribe = Some("http://127.0.0.1/u?t=1".into());
    let text = String::from_utf8(compose(&insecure).unwrap().bytes).unwrap();
    assert!(text.contains("List-Unsubscribe: <http://127.0.0.1/u?t=1>\r\n"), "{text}");
    assert!(!text.contains("List-Unsubscribe-Post"), "{text}");
}
