//! A column of a data extension: what it holds and how much of it, and how that is told to people. Pure.

use super::decimal::MAX_PRECISION;
use crate::object::Object;

/// What a column holds (WSDL `DataExtensionFieldType`, without the two that encrypt).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Any text.
    Text,
    /// A whole number of 32 bits.
    Number,
    /// A date with a time.
    Date,
    /// True or False.
    Boolean,
    /// An e-mail address.
    EmailAddress,
    /// A phone number.
    Phone,
    /// A number with a fixed count of digits after the point.
    Decimal,
    /// A language, or a language and a country.
    Locale,
}

impl FieldType {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Text,
        Self::Number,
        Self::Date,
        Self::Boolean,
        Self::EmailAddress,
        Self::Phone,
        Self::Decimal,
        Self::Locale,
    ];

    /// Its name in the WSDL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Number => "Number",
            Self::Date => "Date",
            Self::Boolean => "Boolean",
            Self::EmailAddress => "EmailAddress",
            Self::Phone => "Phone",
            Self::Decimal => "Decimal",
            Self::Locale => "Locale",
        }
    }

    /// The type of that name; case matters, as in any enumeration of the WSDL.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// MaxLength: the one that is taken when none is given, and the greatest. `None` where there is no length.
    pub const fn lengths(self) -> Option<(Option<u32>, u32)> {
        match self {
            Self::Text => Some((None, 4000)),
            Self::EmailAddress => Some((Some(254), 254)),
            Self::Phone => Some((Some(50), 50)),
            Self::Locale => Some((Some(5), 5)),
            Self::Decimal => Some((Some(18), MAX_PRECISION)),
            Self::Number | Self::Date | Self::Boolean => None,
        }
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Under this number rows hold their value: it stays when the column is renamed, and is never given again.
    pub id: i64,
    /// Its name; unique in any case.
    pub name: Box<str>,
    /// What it holds.
    pub kind: FieldType,
    /// Length of a text, or all digits of a Decimal.
    pub max_length: Option<u32>,
    /// Digits of a Decimal after the point.
    pub scale: u32,
    /// Never null and never empty.
    pub required: bool,
    /// Part of the primary key.
    pub primary: bool,
    /// What a new row has that says nothing about it.
    pub default: Option<Box<str>>,
}

impl Column {
    /// A Text column.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            id: 0,
            name: name.into(),
            kind: FieldType::Text,
            max_length: None,
            scale: 0,
            required: false,
            primary: false,
            default: None,
        }
    }

    /// The column that a stored DataExtensionField describes.
    pub(crate) fn of(field: &Object) -> Self {
        let number = |name| field.text(name).and_then(|text| text.parse().ok());
        let yes = |name| field.text(name) == Some("true");
        Self {
            id: field.text("ID").and_then(|id| id.parse().ok()).unwrap_or_default(),
            name: field.text("Name").unwrap_or_default().into(),
            kind: field.text("FieldType").and_then(FieldType::named).unwrap_or(FieldType::Text),
            max_length: number("MaxLength"),
            scale: number("Scale").unwrap_or_default(),
            required: yes("IsRequired"),
            primary: yes("IsPrimaryKey"),
            default: field.text("DefaultValue").filter(|text| !text.is_empty()).map(Into::into),
        }
    }

    /// All digits of a Decimal.
    pub fn precision(&self) -> u32 {
        self.max_length.unwrap_or(MAX_PRECISION)
    }

    /// What a value may be, for people.
    pub(crate) fn expected(&self) -> &'static str {
        match self.kind {
            FieldType::Text => "text",
            FieldType::Number => "a whole number from -2147483648 to 2147483647",
            FieldType::Date => "a date such as 2014-03-26T10:02:01Z or 3/26/2014 10:02:01 AM",
            FieldType::Boolean => "True or False",
            FieldType::EmailAddress => "an e-mail address",
            FieldType::Phone => "a phone number",
            FieldType::Decimal => "a decimal number",
            FieldType::Locale => "a locale such as en-US",
        }
    }

    /// Its size, for people: `50`, or `18,2`.
    pub(crate) fn size(&self) -> String {
        match self.kind {
            FieldType::Decimal => format!("{},{}", self.precision(), self.scale),
            _ => self.max_length.map_or_else(|| "no limit".to_owned(), |length| length.to_string()),
        }
    }
}

/// The moment of writing as a default of a Date column, in the two spellings of the service.
pub(crate) fn is_now(text: &str) -> bool {
    ["GETDATE()", "Current Date"].iter().any(|now| text.trim().eq_ignore_ascii_case(now))
}
