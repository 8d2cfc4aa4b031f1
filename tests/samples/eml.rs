//! Mail as it is compared: what differs from run to run has names, and lines that were folded are whole again.

use base64::{Engine, engine::general_purpose::STANDARD};

/// The parts of a mail, however deep: head and body of each.
fn parts(mail: &str) -> Vec<(&str, &str)> {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap_or((mail, ""));
    let Some(boundary) = boundary(head) else {
        return vec![(head, body)];
    };
    let mark = format!("--{boundary}");
    body.split(&mark).skip(1).filter(|part| !part.starts_with("--")).flat_map(|part| parts(part.trim_start())).collect()
}

/// What parts the parts, where there are several.
fn boundary(head: &str) -> Option<&str> {
    let (_, rest) = head.split_once("boundary=\"")?;
    rest.split_once('"').map(|(boundary, _)| boundary)
}

/// Every boundary of a mail.
pub(crate) fn boundaries(mail: &str) -> Vec<&str> {
    mail.split("boundary=\"").skip(1).filter_map(|rest| rest.split_once('"').map(|(boundary, _)| boundary)).collect()
}

/// What stands in base64, as it stands there.
pub(crate) fn encoded(mail: &str) -> Vec<&str> {
    let all = parts(mail).into_iter().filter(|(head, _)| head.contains("Content-Transfer-Encoding: base64"));
    all.map(|(_, body)| body.trim_end()).collect()
}

/// The file of this name that is attached to a mail.
pub(crate) fn attached(mail: &str, name: &str) -> String {
    let all = parts(mail);
    let (head, body) =
        all.iter().find(|(head, _)| head.contains(&format!("filename=\"{name}\""))).expect("it is attached");
    let body = body.trim_end();
    if head.contains("quoted-printable") {
        return decoded(body);
    }
    if head.contains("base64") {
        let joined: String = body.split_whitespace().collect();
        return String::from_utf8(STANDARD.decode(joined).expect("base64")).expect("UTF-8");
    }
    body.to_owned()
}

/// Quoted-printable, read (RFC 2045 section 6.7).
fn decoded(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut pieces = joined.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(hex, 16).expect("two hexadecimal digits"));
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// A mail with whole lines: soft breaks of quoted-printable are taken back, line ends are one character.
pub(crate) fn unfolded(mail: &str) -> String {
    let (mut out, mut is_quoted) = (String::new(), false);
    for line in mail.split("\r\n") {
        // A `=` ends base64 too, and encoded words.
        is_quoted = (is_quoted && !line.starts_with("--")) || line == "Content-Transfer-Encoding: quoted-printable";
        match line.strip_suffix('=').filter(|_| is_quoted) {
            Some(line) => out += line,
            None => out = out + line + "\n",
        }
    }
    out.trim_end().to_owned() + "\n"
}

#[test]
fn parts_are_found_and_read() {
    let mail = "Content-Type: multipart/mixed;\r\n boundary=\"a\"\r\n\r\n--a\r\nContent-Type: multipart/alternative;\r\n \
                boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHi\r\n--b--\r\n--a\r\n\
                Content-Disposition: attachment; filename=\"x.xml\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
                <a b=3D=\r\n\"=C3=A4\"/>\r\n--a--\r\n";
    assert_eq!(boundaries(mail), ["a", "b"]);
    assert_eq!(attached(mail, "x.xml"), "<a b=\"ä\"/>");
    assert!(unfolded(mail).ends_with("<a b=3D\"=C3=A4\"/>\n--a--\n"));
    let word = "Subject: =?utf-8?B?YQ==?=\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--a--\r\n";
    assert_eq!(unfolded(word), word.replace('\r', ""));
    assert_eq!(encoded(word), ["YQ==\r\n--a--"]);
}
