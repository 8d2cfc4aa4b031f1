//! The lexical forms of the XML Schema types that the WSDL uses: parsed, printed, checked.
//!
//! Nothing here changes a value; what is checked is kept as it came.

mod dates;
mod decimal;
mod pattern;

use self::pattern::{is_base64, matches_pattern};
pub use self::{
    dates::{date_time, local_date_time},
    decimal::Decimal,
};
use super::{Node, chars::trim};
use crate::schema::{Kind, Schema, Simple};

/// A text that is not of its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {expected}")]
pub struct ValueError {
    /// The text, shortened when it is long.
    pub value: String,
    /// What it should be: `an integer from -128 to 127 (xsd:byte)`.
    pub expected: String,
}

/// A [`ValueError`] in a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}, {path}: {error}")]
pub struct Misfit {
    /// `CreateRequest.Objects[0].ID`
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong there.
    pub error: ValueError,
}

/// Checks a text against a declared kind. A complex kind has no text to check.
///
/// # Errors
/// When the text is not of that type.
pub fn check(text: &str, kind: Kind, schema: &Schema) -> Result<(), ValueError> {
    if fits(text, kind, schema) {
        return Ok(());
    }
    let expected = match kind {
        Kind::Complex(_) => String::new(),
        Kind::Simple(simple) => described(simple).to_owned(),
        Kind::Enum(id) => {
            let restricted = schema.enumeration(id);
            let name = schema.name(restricted.name);
            match restricted.pattern.as_deref() {
                Some(pattern) => format!("a {name}, which looks like {pattern}"),
                None => format!("a {name}: {}", listing(&restricted.values)),
            }
        }
    };
    Err(ValueError { value: shortened(text), expected })
}

/// Whether a text is of a declared kind. A complex kind has no text to judge.
pub fn fits(text: &str, kind: Kind, schema: &Schema) -> bool {
    match kind {
        Kind::Complex(_) => true,
        Kind::Simple(simple) => is_simple(text, simple),
        Kind::Enum(id) => {
            let restricted = schema.enumeration(id);
            let listed = restricted.values.is_empty() || restricted.values.iter().any(|value| **value == *trim(text));
            let matches = restricted.pattern.as_deref().is_none_or(|pattern| matches_pattern(trim(text), pattern));
            listed && matches && is_simple(text, restricted.base)
        }
    }
}

/// Checks an element and everything inside it against what the schema declares. What it does not declare, and what is
/// nil, is not checked; nor is an empty element, which clients send for "no value".
///
/// # Errors
/// The first text that does not fit, with its place.
pub fn check_node(node: Node<'_>) -> Result<(), Misfit> {
    if node.is_nil() {
        return Ok(());
    }
    match node.kind() {
        Some(kind @ (Kind::Simple(_) | Kind::Enum(_))) => {
            let text = node.text();
            if trim(&text).is_empty() {
                return Ok(());
            }
            check(&text, kind, node.schema()).map_err(|error| {
                let (line, column) = node.position();
                Misfit { path: node.path(), line, column, error }
            })
        }
        Some(Kind::Complex(_)) | None => node.children().try_for_each(check_node),
    }
}

fn listing(values: &[Box<str>]) -> String {
    const SHOWN: usize = 12;
    let mut text = values.iter().take(SHOWN).map(|value| &**value).collect::<Vec<_>>().join(", ");
    if values.len() > SHOWN {
        text.push_str(", \u{2026}");
    }
    text
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('\u{2026}');
    }
    short
}

fn is_simple(text: &str, simple: Simple) -> bool {
    match simple {
        Simple::String => true,
        Simple::Boolean => boolean(text).is_some(),
        Simple::Byte => number::<i8>(text).is_some(),
        Simple::Short => number::<i16>(text).is_some(),
        Simple::Int => int(text).is_some(),
        Simple::Long => long(text).is_some(),
        Simple::Integer => Decimal::parse(text).is_some_and(|number| number.is_integer()) && !text.contains('.'),
        Simple::NonNegativeInteger => {
            let number = Decimal::parse(text).filter(|_| !text.contains('.'));
            number.is_some_and(|number| number.is_integer() && !number.is_negative())
        }
        Simple::Decimal => Decimal::parse(text).is_some(),
        Simple::Double => double(text).is_some(),
        Simple::DateTime => date_time(text, 0).is_some(),
        // Any day will do: it is the time of day that is judged.
        Simple::Time => date_time(&format!("2000-01-01T{}", trim(text)), 0).is_some(),
        Simple::Base64 => is_base64(text),
    }
}

fn described(simple: Simple) -> &'static str {
    match simple {
        Simple::String => "a text (xsd:string)",
        Simple::Boolean => "true, false, 1 or 0 (xsd:boolean)",
        Simple::Byte => "an integer from -128 to 127 (xsd:byte)",
        Simple::Short => "an integer from -32768 to 32767 (xsd:short)",
        Simple::Int => "an integer from -2147483648 to 2147483647 (xsd:int)",
        Simple::Long => "an integer of 64 bits (xsd:long)",
        Simple::Integer => "an integer (xsd:integer)",
        Simple::NonNegativeInteger => "an integer that is not negative (xsd:nonNegativeInteger)",
        Simple::Decimal => "a decimal number (xsd:decimal)",
        Simple::Double => "a number (xsd:double)",
        Simple::DateTime => "a date and time, such as 2008-10-31T11:45:00Z (xsd:dateTime)",
        Simple::Time => "a time of day, such as 11:45:00Z (xsd:time)",
        Simple::Base64 => "base64 (xsd:base64Binary)",
    }
}

/// `xsd:boolean`
pub fn boolean(text: &str) -> Option<bool> {
    match trim(text) {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// `xsd:int`
pub fn int(text: &str) -> Option<i32> {
    number(text)
}

/// `xsd:long`
pub fn long(text: &str) -> Option<i64> {
    number(text)
}

/// `xsd:double`
pub fn double(text: &str) -> Option<f64> {
    match trim(text) {
        "INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        // Rust knows more words for these than XML Schema does.
        digits if digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E')) => {
            digits.parse().ok()
        }
        _ => None,
    }
}

/// `xsd:decimal`, exact.
pub fn decimal(text: &str) -> Option<Decimal> {
    Decimal::parse(text)
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    trim(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_xml_schema_writes_them() {
        assert_eq!(int(" +7\n"), Some(7));
        assert_eq!(int("2147483648"), None);
        assert_eq!(long("-9223372036854775808"), Some(i64::MIN));
        assert_eq!((int(""), int("1.0"), int("0x1")), (None, None, None));
        assert_eq!((boolean("1"), boolean(" false "), boolean("True")), (Some(true), Some(false), None));
        assert_eq!(double("-INF"), Some(f64::NEG_INFINITY));
        assert_eq!((double("1e3"), double("inf"), double("nan"), double("infinity")), (Some(1000.0), None, None, None));
    }
}
