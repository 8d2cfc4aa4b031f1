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
    /// It declares UTF-16 (or something as wide) and is written in single bytes.
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
/// # Errors
/// When the encoding is unknown, or the bytes are not of it.
pub fn decode(mut bytes: Bytes, content_type: Option<&str>) -> Result<String, DecodeError> {
    if let Some((encoding, length)) = Encoding::for_bom(&bytes) {
        if bytes.starts_with(&[0xFF, 0xFE, 0, 0]) {
            return Err(DecodeError::Unknown("UTF-32".into()));
        }
        bytes.advance(length);
        return convert(bytes, Charset::Named(encoding), length);
    }
    let wide = sniff(&bytes)?;
    let charset = match content_type.and_then(charset_parameter) {
        Some(label) => agree(&label, wide)?,
        None => match (wide, declared(&bytes)) {
            (Some(wide), _) => Charset::Named(wide),
            (None, Some(label)) => agree(&label, wide)?,
            (None, None) => Charset::Named(UTF_8),
        },
    };
    convert(bytes, charset, 0)
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
fn agree(label: &str, wide: Option<&'static Encoding>) -> Result<Charset, DecodeError> {
    let charset = named(label)?;
    match (charset, wide) {
        (Charset::Named(encoding), None) if encoding == UTF_16LE || encoding == UTF_16BE => {
            Err(DecodeError::Contradiction(label.into()))
        }
        // "UTF-16" alone does not tell the order; the bytes do.
        (Charset::Named(encoding), Some(wide)) if encoding == UTF_16LE || encoding == UTF_16BE => {
            Ok(Charset::Named(wide))
        }
        _ => Ok(charset),
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
fn declared(bytes: &Bytes) -> Option<String> {
    let start = bytes.get(..bytes.len().min(1024))?;
    let inside = start.strip_prefix(b"<?xml")?;
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
