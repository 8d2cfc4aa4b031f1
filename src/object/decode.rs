//! Bytes of a body to text: byte order mark, then the transport's charset, then the XML declaration, else UTF-8.
//!
//! It looks at no more of the XML than its declaration.

use bytes::{Buf, Bytes};
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

use super::{chars::trim, read::pseudo_attribute};

/// A body that is no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It names an encoding that is not read here.
    #[error("the encoding {0:?} is not supported")]
    Unknown(String),
    /// It declares an encoding that its bytes belie.
    #[error("the document declares the encoding {0:?} but is not written in it")]
    Contradiction(String),
    /// The bytes mean nothing in their encoding.
    #[error("the bytes at offset {offset} are not {encoding}")]
    Malformed {
        /// The first wrong byte, from 0.
        offset: usize,
        /// The encoding's name.
        encoding: &'static str,
    },
}

/// How bytes are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Charset {
    /// As the name says.
    Named(&'static Encoding),
    /// ISO-8859-1 itself: 0x80 to 0x9F are control characters, not Windows' letters.
    Latin1,
    Ascii,
}

/// The text of a body, without its byte order mark. UTF-8 in a buffer that nobody else holds is not copied.
///
/// Where the transport names a charset, the XML declaration's encoding is not looked at: programs that write into a
/// string declare UTF-16 and send UTF-8. Where it does not, a declaration that the bytes belie is an error.
///
/// # Errors
/// When the encoding is unknown, or the bytes are not of it.
pub fn decode(mut bytes: Bytes, content_type: Option<&str>) -> Result<String, DecodeError> {
    let told = content_type.and_then(charset_parameter);
    if bytes.starts_with(&[0xFF, 0xFE, 0, 0]) {
        return Err(DecodeError::Unknown("UTF-32".into()));
    }
    let (shown, mark) = match Encoding::for_bom(&bytes) {
        Some((encoding, mark)) => (Some(encoding), mark),
        None => (sniff(&bytes)?, 0),
    };
    bytes.advance(mark);
    let charset = match (told, shown) {
        (Some(label), shown) if mark == 0 => agree(&label, shown)?,
        (None, None) => match declared(bytes.get(..LONGEST_DECLARATION).unwrap_or(&bytes)) {
            Some(label) => agree(&label, None)?,
            None => Charset::Named(UTF_8),
        },
        (told, shown) => {
            let shown = shown.unwrap_or(UTF_8);
            let text = convert(bytes, Charset::Named(shown), mark)?;
            if told.is_none()
                && let Some(label) = declared(text.as_bytes())
            {
                believe(&label, shown)?;
            }
            return Ok(text);
        }
    };
    convert(bytes, charset, 0)
}

/// An XML declaration that is longer than this is not looked into.
const LONGEST_DECLARATION: usize = 1024;

/// Whether a document that was shown to be in one encoding may declare another.
fn believe(label: &str, shown: &'static Encoding) -> Result<(), DecodeError> {
    let fits = match named(label)? {
        Charset::Named(known) if known == UTF_8 => shown == UTF_8,
        Charset::Named(known) => is_wide(known) && is_wide(shown),
        Charset::Latin1 | Charset::Ascii => false,
    };
    if fits { Ok(()) } else { Err(DecodeError::Contradiction(label.into())) }
}

fn is_wide(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// UTF-16 without a mark, known by the zeros in its first characters.
fn sniff(bytes: &Bytes) -> Result<Option<&'static Encoding>, DecodeError> {
    match bytes.get(..4).unwrap_or_default() {
        [0, 0, 0, _] | [_, 0, 0, 0] => Err(DecodeError::Unknown("UTF-32".into())),
        [0x4C, 0x6F, 0xA7, 0x94] => Err(DecodeError::Unknown("EBCDIC".into())),
        [0, first, 0, _] if *first != 0 => Ok(Some(UTF_16BE)),
        [first, 0, _, 0] if *first != 0 => Ok(Some(UTF_16LE)),
        _ => Ok(None),
    }
}

/// The encoding of a label, which must be as wide as the bytes are.
fn agree(label: &str, shown: Option<&'static Encoding>) -> Result<Charset, DecodeError> {
    match (named(label)?, shown) {
        // "UTF-16" alone does not tell the order; the bytes do.
        (Charset::Named(encoding), Some(shown)) if is_wide(encoding) => Ok(Charset::Named(shown)),
        (Charset::Named(encoding), None) if is_wide(encoding) => Err(DecodeError::Contradiction(label.into())),
        (charset, _) => Ok(charset),
    }
}

fn named(label: &str) -> Result<Charset, DecodeError> {
    let label = trim(label);
    let known = Encoding::for_label(label.as_bytes());
    match known {
        None => Err(DecodeError::Unknown(label.chars().take(64).collect())),
        Some(known) if known == REPLACEMENT || known == X_USER_DEFINED => {
            Err(DecodeError::Unknown(label.chars().take(64).collect()))
        }
        // For browsers these are Windows-1252; for XML they are what they say.
        Some(known) if known == WINDOWS_1252 => Ok(match label.to_ascii_lowercase().as_str() {
            "ascii" | "us-ascii" | "ansi_x3.4-1968" | "iso-ir-6" => Charset::Ascii,
            "windows-1252" | "cp1252" | "x-cp1252" => Charset::Named(known),
            _ => Charset::Latin1,
        }),
        Some(known) => Ok(Charset::Named(known)),
    }
}

/// The `charset` of a content type.
fn charset_parameter(content_type: &str) -> Option<String> {
    let mut rest = content_type.split_once(';')?.1;
    loop {
        let (name, value) = rest.split_once('=')?;
        // A parameter without a value is passed over.
        let name = name.rsplit(';').next().unwrap_or(name).trim();
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (value, after) = value.split_once(';').unwrap_or((value, ""));
                (value.trim().to_owned(), after)
            }
        };
        if name.eq_ignore_ascii_case("charset") {
            let value = value.trim_matches('\'').to_owned();
            return (!value.is_empty()).then_some(value);
        }
        rest = after;
    }
}

fn unquoted(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => value.extend(chars.next()),
            c => value.push(c),
        }
    }
    (value, chars.as_str())
}

/// The encoding that an XML declaration in single bytes names.
fn declared(bytes: &[u8]) -> Option<String> {
    let inside = bytes.get(..LONGEST_DECLARATION).unwrap_or(bytes).strip_prefix(b"<?xml")?;
    let end = inside.windows(2).position(|two| two == b"?>")?;
    let mut rest = std::str::from_utf8(inside.get(..end)?).ok()?;
    while let Some((name, value, after)) = pseudo_attribute(rest) {
        if trim(name) == "encoding" {
            return Some(value.to_owned());
        }
        rest = after;
    }
    None
}

fn convert(bytes: Bytes, charset: Charset, skipped: usize) -> Result<String, DecodeError> {
    match charset {
        Charset::Named(encoding) if encoding == UTF_8 => utf8(bytes, skipped),
        Charset::Named(encoding) => foreign(&bytes, encoding, skipped),
        Charset::Latin1 => Ok(encoding_rs::mem::decode_latin1(&bytes).into_owned()),
        Charset::Ascii => match bytes.iter().position(|byte| !byte.is_ascii()) {
            Some(offset) => Err(DecodeError::Malformed { offset, encoding: "US-ASCII" }),
            None => utf8(bytes, skipped),
        },
    }
}

fn utf8(bytes: Bytes, skipped: usize) -> Result<String, DecodeError> {
    String::from_utf8(Vec::from(bytes)).map_err(|error| DecodeError::Malformed {
        offset: skipped + error.utf8_error().valid_up_to(),
        encoding: "UTF-8",
    })
}

fn foreign(bytes: &Bytes, encoding: &'static Encoding, skipped: usize) -> Result<String, DecodeError> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let most = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    let mut out = String::with_capacity(most.unwrap_or(bytes.len()));
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut out, true);
    match result {
        encoding_rs::DecoderResult::InputEmpty => {
            out.shrink_to_fit();
            Ok(out)
        }
        encoding_rs::DecoderResult::OutputFull => {
            Err(DecodeError::Malformed { offset: skipped + read, encoding: encoding.name() })
        }
        encoding_rs::DecoderResult::Malformed(wrong, after) => {
            let offset = skipped + read.saturating_sub(usize::from(wrong) + usize::from(after));
            Err(DecodeError::Malformed { offset, encoding: encoding.name() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        let order = if little { u16::to_le_bytes } else { u16::to_be_bytes };
        text.encode_utf16().flat_map(order).collect()
    }

    fn text(bytes: impl Into<Vec<u8>>, content_type: Option<&str>) -> Result<String, DecodeError> {
        decode(Bytes::from(bytes.into()), content_type)
    }

    #[test]
    fn the_order_is_mark_then_transport_then_declaration() {
        let xml = "<a>\u{e9}\u{20ac}</a>";
        let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
        for (bytes, content_type) in [
            (xml.as_bytes().to_vec(), None),
            (xml.as_bytes().to_vec(), Some("text/xml")),
            (xml.as_bytes().to_vec(), Some("text/xml;charset=\"UTF-8\"")),
            (marked(b"\xEF\xBB\xBF", xml.as_bytes().to_vec()), Some("text/xml; charset=iso-8859-1")),
            (marked(b"\xFF\xFE", utf16(xml, true)), None),
            (marked(b"\xFE\xFF", utf16(xml, false)), Some("text/xml; charset=utf-8")),
            (utf16(xml, true), None),
            (utf16(xml, false), Some("application/soap+xml; action=\"a;charset=x\"; Charset=utf-16")),
            (utf16(xml, true), Some("text/xml; CHARSET='UTF-16LE'")),
            (b"<a>\xE9\x80</a>".to_vec(), Some("text/xml; charset=windows-1252")),
        ] {
            assert_eq!(text(bytes.clone(), content_type).as_deref(), Ok(xml), "{content_type:?} {bytes:?}");
        }
    }

    #[test]
    fn a_declaration_is_followed_where_nothing_else_tells() {
        let declared = "<?xml version='1.0' encoding = 'ISO-8859-1' ?><a>";
        let bytes = [declared.as_bytes(), b"\xE9\x80</a>"].concat();
        assert_eq!(text(bytes, None), Ok(format!("{declared}\u{e9}\u{80}</a>")));
        let wide = "<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>";
        assert_eq!(text(wide, Some("text/xml; charset=utf-8")).as_deref(), Ok(wide));
        assert_eq!(text(utf16(wide, false), None).as_deref(), Ok(wide));
        assert_eq!(text(wide, None), Err(DecodeError::Contradiction("utf-16".into())));
        let marked = ["\u{feff}", declared, "</a>"].concat();
        assert_eq!(text(marked.clone(), None), Err(DecodeError::Contradiction("ISO-8859-1".into())));
        assert!(text(marked, Some("text/xml; charset=utf-8")).is_ok());
    }

    #[test]
    fn what_is_no_text_is_told_with_its_place() {
        let utf8 = |offset| Err(DecodeError::Malformed { offset, encoding: "UTF-8" });
        assert_eq!(text(b"<a>\xE9</a>".to_vec(), None), utf8(3));
        assert_eq!(text(b"\xEF\xBB\xBF<a>\xE9</a>".to_vec(), None), utf8(6));
        let lone = [b"\xFF\xFE".to_vec(), utf16("<a>", true), b"\x00\xD8".to_vec(), utf16("</a>", true)].concat();
        assert_eq!(text(lone, None), Err(DecodeError::Malformed { offset: 8, encoding: "UTF-16LE" }));
        let odd = [b"\xFE\xFF".to_vec(), utf16("<a/>", false), b"\x00".to_vec()].concat();
        assert_eq!(text(odd, None), Err(DecodeError::Malformed { offset: 10, encoding: "UTF-16BE" }));
        let ascii = Err(DecodeError::Malformed { offset: 3, encoding: "US-ASCII" });
        assert_eq!(text("<a>\u{e9}</a>", Some("text/xml; charset=us-ascii")), ascii);
    }

    #[test]
    fn encodings_that_hide_markup_are_not_read() {
        for label in ["utf-7", "iso-2022-kr", "hz-gb-2312", "x-user-defined", "utf-32", "cp037", "nonsense"] {
            let expected = Err(DecodeError::Unknown(label.into()));
            assert_eq!(text("<a/>", Some(&format!("text/xml; charset={label}"))), expected, "{label}");
            assert_eq!(text(format!("<?xml version=\"1.0\" encoding=\"{label}\"?><a/>"), None), expected, "{label}");
        }
        assert!(matches!(text(b"\xFF\xFE\0\0<\0\0\0".to_vec(), None), Err(DecodeError::Unknown(_))));
        assert!(matches!(text(b"\x4C\x6F\xA7\x94".to_vec(), None), Err(DecodeError::Unknown(_))));
        assert_eq!(text("", None).as_deref(), Ok(""));
        assert_eq!(text("<a/>", Some("text/xml; charset=")).as_deref(), Ok("<a/>"));
    }

    #[test]
    fn a_body_is_not_copied() {
        let body = b"<a/>".repeat(1000);
        let place = body.as_ptr();
        assert_eq!(text(body, None).map(|text| text.as_ptr()), Ok(place));
    }
}
