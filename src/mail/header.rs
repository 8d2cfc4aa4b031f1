//! Texts in header fields: RFC 2047, folding, and what may stand in a field at all. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::MailError;

/// A line with an encoded word is at most this long (RFC 2047, section 2).
pub(super) const LINE: usize = 76;
/// RFC 5322 allows 998; other programs count differently.
const LONGEST_ID: usize = 900;

/// A text as one line: control characters and line separators become spaces, and none stand at its ends. Every text in a
/// header field is shown so, whatever was in it.
pub fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let line: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// What a stranger said, as one line that shows as it reads: [`one_line`], and what [`is_unseen`] becomes spaces too.
pub fn harmless(text: &str) -> String {
    one_line(&text.replace(is_unseen, " "))
}

/// Characters that show nothing, or turn the direction of those that follow: what stands behind one reads otherwise than it is.
/// Unicode's category Cf without the signs of scripts, and its tags.
pub fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Unstructured text, such as a subject; `start` is the column at which it begins. The text is one line.
pub(super) fn unstructured(text: &str, start: usize) -> String {
    if is_plain(text) { folded(text, start) } else { words(text, start) }
}

/// A display name: in quotation marks, or as encoded words.
pub(super) fn phrase(text: &str, start: usize) -> String {
    if is_plain(text) && text.len() <= LINE - start - 2 {
        return format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    }
    words(text, start)
}

/// Whether a text comes through as it is: no reader takes it for encoded, unfolding gives it back, every word fits a line.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !text.contains("=?")
        && !text.contains("  ")
        && text.split(' ').all(|word| word.len() < LINE - 20)
}

fn folded(text: &str, start: usize) -> String {
    let (mut out, mut column) = (String::with_capacity(text.len() + 8), start);
    for (number, word) in text.split(' ').enumerate() {
        if number > 0 {
            if column + 1 + word.len() > LINE {
                out.push_str("\r\n");
                column = 0;
            }
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word.len();
    }
    out
}

/// Encoded words in base64, cut between characters; readers drop the folds between them.
fn words(text: &str, start: usize) -> String {
    const WRAP: usize = "=?utf-8?B??=".len();
    let (mut out, mut rest, mut column) = (String::new(), text, start);
    while !rest.is_empty() {
        let room = LINE.saturating_sub(column + WRAP) / 4 * 3;
        let end = rest.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room).last();
        let (word, after) = rest.split_at_checked(end.unwrap_or(0)).unwrap_or((rest, ""));
        if !word.is_empty() {
            out += &format!("=?utf-8?B?{}?=", STANDARD.encode(word));
        }
        rest = after;
        if !rest.is_empty() {
            out.push_str("\r\n ");
            column = 1;
        }
    }
    out
}

/// A Message-ID: `<left@right>`, both sides without spaces and brackets.
pub(super) fn message_id(field: &'static str, id: &str) -> Result<(), MailError> {
    let inner = id.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let sides = inner.and_then(|inner| inner.split_once('@'));
    let lawful = |side: &str| {
        !side.is_empty() && side.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>@\"\\(),;:".contains(&byte))
    };
    match sides {
        Some((left, right)) if id.len() <= LONGEST_ID && lawful(left) && lawful(right) => Ok(()),
        _ => Err(form(field, id, "<left@right> in ASCII without spaces")),
    }
}

/// A list's id (RFC 2919) without its brackets: labels with dots between.
pub(super) fn list_id(id: &str) -> Result<(), MailError> {
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if id.len() <= 255 && id.contains('.') && id.split('.').all(label) {
        return Ok(());
    }
    Err(form("List-Id", id, "letters, digits, - and _ in labels with dots between"))
}

/// A URL that can stand between angle brackets.
pub(super) fn url(field: &'static str, url: &str) -> Result<(), MailError> {
    let known = ["https://", "http://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    let lawful = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,\"\\".contains(&byte));
    if known && lawful && url.len() <= LONGEST_ID {
        return Ok(());
    }
    Err(form(field, url, "an http or https URL of ASCII without spaces, commas and brackets"))
}

fn form(field: &'static str, value: &str, expected: &'static str) -> MailError {
    MailError::Form { field, value: value.chars().take(100).collect(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_texts_stay_and_others_become_words() {
        assert_eq!(unstructured("Results of a call", 9), "Results of a call");
        assert_eq!(unstructured("Grüße", 9), "=?utf-8?B?R3LDvMOfZQ==?=");
        assert!(
            unstructured("a =?utf-8?B?QQ==?= b", 9).starts_with("=?utf-8?B?YSA9"),
            "looks encoded, so it is encoded"
        );
        assert_eq!(phrase("Lovelace, \"Ada\"", 6), r#""Lovelace, \"Ada\"""#);
        let long = unstructured(&"é".repeat(200), 9);
        assert!(long.split("\r\n").all(|line| line.len() <= LINE), "{long}");
        let long = unstructured(&"word ".repeat(60), 9);
        assert!(long.split("\r\n").all(|line| line.len() <= LINE), "{long}");
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(one_line("a\r\nBcc: b\u{2028}c\0 "), "a  Bcc: b c");
        assert_eq!(harmless("\u{feff}a\u{1b}[31m\u{202e}b\u{2066}c\u{e0041}é"), "a [31m b c é");
    }

    #[test]
    fn ids_and_urls_keep_to_their_form() {
        assert!(message_id("Message-ID", "<1.a@envoi.example>").is_ok());
        for wrong in ["", "a@b", "<a>", "<@b>", "<a@>", "<a b@c>", "<a@b>\r\nBcc: c", "<a@b@c>", "<ä@b>"] {
            assert!(message_id("Message-ID", wrong).is_err(), "{wrong:?}");
        }
        assert!(list_id("results.100001.envoi.example").is_ok());
        for wrong in ["", "results", "a..b", "a.b>", "a.b\r\nX: y", "a b.c"] {
            assert!(list_id(wrong).is_err(), "{wrong:?}");
        }
        assert!(url("List-Unsubscribe", "https://example.com/u?t=a%2Cb").is_ok());
        for wrong in ["", "https://", "ftp://a", "https://a b", "https://a>,<mailto:b>", "https://a\r\nX: y"] {
            assert!(url("List-Unsubscribe", wrong).is_err(), "{wrong:?}");
        }
    }
}
