//! `xsd:decimal`, of any length and exact.

use std::{cmp::Ordering, fmt};

use crate::object::chars::trim;

/// A decimal number of any length, in its shortest form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Decimal {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = trim(text);
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: negative && !zero, whole: whole.into(), fraction: fraction.into() })
    }

    /// Whether nothing stands behind the point.
    pub(super) fn is_integer(&self) -> bool {
        self.fraction.is_empty()
    }

    /// Whether it is less than zero.
    pub(super) fn is_negative(&self) -> bool {
        self.negative
    }

    /// Digits before the point (none for 0.5) and behind it: what a column's precision and scale limit.
    pub fn digits(&self) -> (usize, usize) {
        (self.whole.len(), self.fraction.len())
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = |number: &Self, than: &Self| {
            let whole = number.whole.len().cmp(&than.whole.len()).then_with(|| number.whole.cmp(&than.whole));
            // Without trailing zeros, the order of fractions is that of their texts.
            whole.then_with(|| number.fraction.cmp(&than.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let whole = if self.whole.is_empty() { "0" } else { &self.whole };
        let point = if self.fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{}", self.fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let of = |text: &str| Decimal::parse(text).unwrap_or_else(|| panic!("{text}"));
        for (text, shown) in [("+01.50", "1.5"), ("-0.0", "0"), (".5", "0.5"), ("5.", "5"), ("-12", "-12")] {
            assert_eq!(of(text).to_string(), shown);
        }
        let ordered = ["-10", "-9.5", "-9.49", "0", "0.01", "0.1", "1", "1.05", "9", "10"];
        assert!(ordered.windows(2).all(|two| of(two[0]) < of(two[1])));
        assert_eq!(of("1.0"), of("1"));
        for bad in ["", ".", "+", "1e3", "1,5", "1.2.3", "--1"] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
        assert_eq!(of("0123.4500").digits(), (3, 2));
    }
}
