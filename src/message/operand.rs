//! Values that filters compare: what a property holds, read from text, in the order that the service has for it. Pure.

use std::{borrow::Cow, cmp::Ordering};

use crate::{
    clock::Time,
    object::value::{self, Decimal},
    schema::{Kind, Schema, Simple},
};

/// What a property holds, as far as a comparison needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Text, times of day and words of enumerations.
    Text,
    /// Numbers of any kind.
    Number,
    /// Dates.
    Date,
    /// True and false.
    Boolean,
}

/// One value. Values of different classes do not compare.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// Collated: what is equal to the service is equal here.
    Text(Box<str>),
    /// Exact.
    Number(Decimal),
    /// A moment.
    Date(Time),
    /// True or false.
    Boolean(bool),
}

impl Class {
    /// The class of what the schema declares; `None` for objects.
    pub fn of(kind: Kind, schema: &Schema) -> Option<Self> {
        let simple = match kind {
            Kind::Complex(_) => return None,
            Kind::Enum(id) => schema.enumeration(id).base,
            Kind::Simple(simple) => simple,
        };
        Some(match simple {
            Simple::String | Simple::Base64 | Simple::Time => Self::Text,
            Simple::Boolean => Self::Boolean,
            Simple::DateTime => Self::Date,
            Simple::Byte
            | Simple::Short
            | Simple::Int
            | Simple::Long
            | Simple::Integer
            | Simple::NonNegativeInteger
            | Simple::Decimal
            | Simple::Double => Self::Number,
        })
    }

    /// Reads a value; `None` when the text is none. Clients write booleans and dates in more ways than XML Schema knows.
    pub fn read(self, text: &str) -> Option<Operand> {
        let trimmed = text.trim();
        match self {
            Self::Text => Some(Operand::Text(collated(text).into())),
            Self::Boolean => value::boolean(&trimmed.to_ascii_lowercase()).map(Operand::Boolean),
            Self::Date => date(trimmed).map(Operand::Date),
            Self::Number => number(trimmed).map(Operand::Number),
        }
    }

    /// What a value may be, for people.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Date => "a date such as 2010-11-15T11:25:54Z",
            Self::Boolean => "true or false",
        }
    }
}

impl Operand {
    /// The order of two values of one class.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The text that a `like` looks at.
    pub(super) fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Date(time) => Cow::Owned(time.to_string().to_lowercase()),
            Self::Boolean(yes) => Cow::Owned(yes.to_string()),
        }
    }
}

/// What is left of a text when case and spaces at its end do not count (SQL Server's default collation).
pub(crate) fn collated(text: &str) -> String {
    text.trim_end_matches(' ').to_lowercase()
}

/// A date without an offset is in our own time, UTC; one without a time of day is midnight.
fn date(text: &str) -> Option<Time> {
    value::date_time(text, 0)
        .or_else(|| value::date_time(&text.replacen(' ', "T", 1), 0))
        .or_else(|| value::date_time(&format!("{text}T00:00:00"), 0))
}

/// A number with an exponent is written out: the standard library never prints one.
fn number(text: &str) -> Option<Decimal> {
    value::decimal(text).or_else(|| {
        let number = value::double(text).filter(|number| number.is_finite())?;
        value::decimal(&number.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_class() {
        let same = [
            (Class::Text, "Ann  ", "ANN"),
            (Class::Number, "1e3", "1000.0"),
            (Class::Number, " -7", "-07"),
            (Class::Boolean, "True", "1"),
            (Class::Boolean, "FALSE", "0"),
            (Class::Date, "2010-11-15", "2010-11-14T17:00:00-07:00"),
            (Class::Date, "2010-11-15 11:25:54", "2010-11-15T11:25:54Z"),
        ];
        for (class, a, b) in same {
            assert_eq!(class.read(a), class.read(b), "{a} {b}");
            assert!(class.read(a).is_some(), "{a}");
        }
        for (class, bad) in
            [(Class::Number, "ten"), (Class::Number, "INF"), (Class::Boolean, "yes"), (Class::Date, "now")]
        {
            assert_eq!(class.read(bad), None, "{bad}");
        }
        assert_ne!(Class::Text.read(" a"), Class::Text.read("a"), "spaces before a text count");
    }
}
