//! One value of a row: read from text by its column, shown as the service shows it, compared, made part of a key. Pure.

use std::{cmp::Ordering, fmt::Write};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    message::{ErrorCode, code, collated},
};

use super::{
    column::{Column, FieldType, is_now},
    date,
    decimal::Decimal,
};

/// A value that is there; a value that is null is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    /// Text, EmailAddress, Phone, Locale.
    Text(Box<str>),
    /// 32 bits, as on the service.
    Number(i32),
    /// Decimal.
    Decimal(Decimal),
    /// A moment; a date without an offset is in UTC.
    Date(Time),
    /// Boolean.
    Boolean(bool),
}

/// Why a text is no value of its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) code: i64,
    pub(crate) text: String,
}

impl Mistake {
    pub(crate) fn of(code: ErrorCode, column: &str) -> Self {
        Self { code: code.code, text: code.about(column) }
    }

    fn general(text: String) -> Self {
        Self { code: code::ROW_ERROR.code, text }
    }
}

impl Cell {
    /// The value that a new row has in a column when none is given.
    pub(crate) fn default_of(column: &Column, now: Time) -> Option<Self> {
        let text = column.default.as_deref()?;
        if column.kind == FieldType::Date && is_now(text) {
            return Some(Self::Date(now));
        }
        // It was checked when the column was made.
        Self::read(column, text).ok().flatten()
    }

    /// Reads a value of a column. An empty text is null, save in a Text column, where it is an empty text.
    pub(crate) fn read(column: &Column, text: &str) -> Result<Option<Self>, Mistake> {
        let trimmed = text.trim();
        if trimmed.is_empty() && (column.required || column.kind != FieldType::Text) {
            return if column.required { Err(Mistake::of(code::ROW_EMPTY, &column.name)) } else { Ok(None) };
        }
        let wrong = || Mistake::general(format!("{} is {trimmed:.100?}, expected {}", column.name, column.expected()));
        let too_long = || {
            let text = format!("{} ({})", code::ROW_TOO_LONG.about(&column.name), column.size());
            Mistake { code: code::ROW_TOO_LONG.code, text }
        };
        let fits = |text: &str| column.max_length.is_none_or(|most| units(text) <= most as usize);
        let cell = match column.kind {
            FieldType::Text if fits(text) => Self::Text(text.into()),
            FieldType::EmailAddress if !is_email(trimmed) => return Err(wrong()),
            FieldType::Phone if !is_phone(trimmed) => return Err(wrong()),
            FieldType::Locale if !is_locale(trimmed) => return Err(wrong()),
            FieldType::EmailAddress | FieldType::Phone | FieldType::Locale if fits(trimmed) => {
                Self::Text(trimmed.into())
            }
            FieldType::Text | FieldType::EmailAddress | FieldType::Phone | FieldType::Locale => return Err(too_long()),
            FieldType::Number => Self::Number(trimmed.parse().map_err(|_| wrong())?),
            FieldType::Decimal => {
                let value = Decimal::parse(trimmed).ok_or_else(wrong)?;
                Self::Decimal(value.fitted(column.precision(), column.scale).ok_or_else(too_long)?)
            }
            FieldType::Date => Self::Date(date::parse(trimmed).ok_or_else(wrong)?),
            FieldType::Boolean => Self::Boolean(boolean(trimmed).ok_or_else(wrong)?),
        };
        Ok(Some(cell))
    }

    /// Reads what a filter compares a column with: of the column's type, of any length.
    pub fn operand(kind: FieldType, text: &str) -> Option<Self> {
        let trimmed = text.trim();
        Some(match kind {
            FieldType::Number | FieldType::Decimal => Self::Decimal(Decimal::parse(trimmed)?),
            FieldType::Date => Self::Date(date::parse(trimmed)?),
            FieldType::Boolean => Self::Boolean(boolean(trimmed)?),
            _ => Self::Text(text.into()),
        })
    }

    /// The text that the service shows: `True`, `3/26/2014 10:02:01 AM`, a decimal with all places of its column.
    pub fn print(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Decimal(decimal) => decimal.print(),
            Self::Date(time) => date::print(*time),
            Self::Boolean(true) => "True".to_owned(),
            Self::Boolean(false) => "False".to_owned(),
        }
    }

    /// Numbers as numbers, dates as dates, text as the service's collation has it; `None` between different kinds.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(collated(a).cmp(&collated(b))),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (a, b) => Some(a.number()?.compare(b.number()?)),
        }
    }

    fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Decimal::parse(&number.to_string()),
            Self::Decimal(decimal) => Some(*decimal),
            _ => None,
        }
    }

    /// Adds this value to the text under which a row is found. Values that are equal to the service's collation give the
    /// same text, and no two lists of values give the same one.
    pub(crate) fn add_to_key(&self, key: &mut String) {
        let part = match self {
            Self::Text(text) => collated(text),
            Self::Decimal(decimal) => {
                let text = decimal.print();
                if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
            }
            // With the fraction of a second, which is not shown.
            Self::Date(time) => time.millis().to_string(),
            other => other.print(),
        };
        // Writing to a String cannot fail.
        let _ = write!(key, "{}:{part}", part.len());
    }
}

/// The length of a text as SQL Server counts it (nvarchar: units of UTF-16).
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "y" => Some(true),
        "false" | "0" | "no" | "n" => Some(false),
        _ => None,
    }
}

/// Good enough for a column; mail decides the rest.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |part: &str| !part.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;@".contains(c));
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    !local.is_empty() && plain(local) && plain(domain) && dotted
}

fn is_phone(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_digit() || " +-().,/*#".contains(c) || "extEXT".contains(c);
    text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(allowed)
}

/// `en`, `en-US`, `en_US`
fn is_locale(text: &str) -> bool {
    let (language, country) = text.split_once(['-', '_']).unwrap_or((text, "US"));
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    matches!(language.len(), 2 | 3) && country.len() == 2 && letters(language) && letters(country)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column(kind: FieldType, max_length: Option<u32>, scale: u32) -> Column {
        Column { kind, max_length, scale, ..Column::named("C") }
    }

    #[test]
    fn values_are_read_by_their_column() {
        use FieldType::{Boolean, Date, Decimal, EmailAddress, Locale, Number, Phone, Text};
        let (wrong, long) = (Err(70000), Err(70002));
        let table = [
            (Text, Some(5), 0, " abc ", Ok(" abc ")),
            (Text, Some(5), 0, "abcdef", long),
            (Text, Some(2), 0, "\u{1F600}", Ok("\u{1F600}")),
            (Text, Some(1), 0, "\u{1F600}", long),
            (Text, None, 0, "", Ok("")),
            (Number, None, 0, " 2147483647 ", Ok("2147483647")),
            (Number, None, 0, "-2147483648", Ok("-2147483648")),
            (Number, None, 0, "+7", Ok("7")),
            (Number, None, 0, "2147483648", wrong),
            (Number, None, 0, "1.5", wrong),
            (Number, None, 0, "12a", wrong),
            (Decimal, Some(5), 2, "12.345", Ok("12.35")),
            (Decimal, Some(5), 2, "1234", long),
            (Decimal, Some(5), 2, "twelve", wrong),
            (Date, None, 0, "2014-03-26", Ok("3/26/2014 12:00:00 AM")),
            (Date, None, 0, "26.3.2014", wrong),
            (Boolean, None, 0, "TRUE", Ok("True")),
            (Boolean, None, 0, "1", Ok("True")),
            (Boolean, None, 0, "yes", Ok("True")),
            (Boolean, None, 0, "n", Ok("False")),
            (Boolean, None, 0, "0", Ok("False")),
            (Boolean, None, 0, "maybe", wrong),
            (EmailAddress, Some(254), 0, " a.b@example.com ", Ok("a.b@example.com")),
            (EmailAddress, Some(254), 0, "a.b@example", wrong),
            (EmailAddress, Some(254), 0, "a b@example.com", wrong),
            (EmailAddress, Some(254), 0, "@example.com", wrong),
            (EmailAddress, Some(254), 0, "a@b@example.com", wrong),
            (EmailAddress, Some(5), 0, "a@example.com", long),
            (Phone, Some(50), 0, "+1 (317) 555-0100 ext. 3", Ok("+1 (317) 555-0100 ext. 3")),
            (Phone, Some(50), 0, "call me", wrong),
            (Locale, Some(5), 0, "en-US", Ok("en-US")),
            (Locale, Some(5), 0, "de", Ok("de")),
            (Locale, Some(5), 0, "english", wrong),
        ];
        for (kind, length, scale, text, expected) in table {
            let read = Cell::read(&column(kind, length, scale), text);
            let read = read.map(|cell| cell.map_or(String::new(), |cell| cell.print())).map_err(|mistake| mistake.code);
            assert_eq!(read, expected.map(str::to_owned), "{kind:?} {text:?}");
        }
    }

    #[test]
    fn an_empty_value_is_null_unless_something_must_be_there() {
        for kind in FieldType::ALL.iter().copied().filter(|kind| *kind != FieldType::Text) {
            assert_eq!(Cell::read(&column(kind, None, 0), " "), Ok(None), "{kind:?}");
        }
        for &kind in FieldType::ALL {
            let required = Column { required: true, ..column(kind, None, 0) };
            assert_eq!(Cell::read(&required, " ").map_err(|mistake| mistake.code), Err(70004), "{kind:?}");
        }
    }

    #[test]
    fn filters_compare_numbers_as_numbers_and_dates_as_dates() {
        use Ordering::{Equal, Greater, Less};
        let number = Cell::Number(9);
        let table = [
            (number.clone(), FieldType::Number, "10", Some(Less)),
            (number.clone(), FieldType::Number, "8.5", Some(Greater)),
            (number, FieldType::Number, "9.0", Some(Equal)),
            (Cell::Text("Ann ".into()), FieldType::Text, "ANN", Some(Equal)),
            (Cell::Boolean(true), FieldType::Boolean, "1", Some(Equal)),
            (Cell::Text("9".into()), FieldType::Number, "9", None),
        ];
        for (cell, kind, text, expected) in table {
            let operand = Cell::operand(kind, text).expect("an operand");
            assert_eq!(cell.compare(&operand), expected, "{cell:?} {text}");
        }
        let date = Cell::read(&column(FieldType::Date, None, 0), "9/1/2014").expect("a date").expect("a date");
        let operand = Cell::operand(FieldType::Date, "2014-10-01T00:00:00Z").expect("a date");
        assert_eq!(date.compare(&operand), Some(Less));
        assert_eq!(Cell::operand(FieldType::Number, "ten"), None);
    }

    fn key(cells: &[Cell]) -> String {
        let mut key = String::new();
        cells.iter().for_each(|cell| cell.add_to_key(&mut key));
        key
    }

    #[test]
    fn equal_values_have_one_key() {
        let decimal = |text, scale| Cell::read(&column(FieldType::Decimal, Some(9), scale), text).unwrap().unwrap();
        assert_eq!(key(&[Cell::Text("Ann".into())]), key(&[Cell::Text("ANN  ".into())]));
        assert_eq!(key(&[decimal("1.5", 2)]), key(&[decimal("1.50", 4)]));
        assert_eq!(key(&[decimal("10", 0)]), key(&[decimal("10.00", 2)]));
        assert_ne!(key(&[decimal("10", 0)]), key(&[decimal("1", 0)]));
    }

    proptest! {
        #[test]
        fn no_two_lists_of_texts_have_one_key(a in prop::collection::vec("[a-c0-9: ]{0,4}", 0..4), b in prop::collection::vec("[a-c0-9: ]{0,4}", 0..4)) {
            let cells = |texts: &[String]| texts.iter().map(|text| Cell::Text(text.as_str().into())).collect::<Vec<_>>();
            let trimmed = |texts: &[String]| texts.iter().map(|text| text.trim_end_matches(' ').to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(key(&cells(&a)) == key(&cells(&b)), trimmed(&a) == trimmed(&b));
        }

        #[test]
        fn what_is_shown_is_read_back(text in ".{0,40}", kind in 0_usize..8) {
            let column = column(FieldType::ALL[kind], Some(30), 4);
            if let Ok(Some(cell)) = Cell::read(&column, &text) {
                let shown = cell.print();
                let again = Cell::read(&column, &shown).expect("what is shown is a value").expect("a value");
                prop_assert_eq!(again.print(), shown);
            }
        }

        #[test]
        fn numbers_are_all_of_32_bits(number: i64) {
            let read = Cell::read(&column(FieldType::Number, None, 0), &number.to_string());
            prop_assert_eq!(read.is_ok(), i32::try_from(number).is_ok());
        }
    }
}
