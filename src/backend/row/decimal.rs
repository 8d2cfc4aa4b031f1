//! Decimal numbers as SQL has them: digits and a scale. Pure.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// The most digits that a number has, before and after the point together.
pub(crate) const MAX_PRECISION: u32 = 38;

/// `unscaled / 10^scale`. Of at most 38 digits, so nothing here overflows that is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decimal {
    unscaled: i128,
    scale: u8,
}

impl Decimal {
    /// Reads `-12.50`, with as many places as it needs. No exponent and no grouping.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !only_digits(whole) || !only_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        if whole.len() + fraction.len() > MAX_PRECISION as usize {
            return None;
        }
        let unscaled: i128 = format!("0{whole}{fraction}").parse().ok()?;
        Some(Self { unscaled: if negative { -unscaled } else { unscaled }, scale: u8::try_from(fraction.len()).ok()? })
    }

    /// This number in a column of `precision` digits, `scale` of them after the point. Further digits are rounded away as
    /// SQL Server does (half away from zero). `None` when it does not fit.
    pub fn fitted(self, precision: u32, scale: u32) -> Option<Self> {
        let from = u32::from(self.scale);
        let unscaled = if scale >= from {
            self.unscaled.checked_mul(power(scale - from)?)?
        } else {
            let unit = power(from - scale)?;
            let (quotient, rest) = (self.unscaled / unit, self.unscaled % unit);
            quotient + if rest.abs() >= unit - rest.abs() { rest.signum() } else { 0 }
        };
        let fits = power(precision).is_none_or(|limit| unscaled.abs() < limit);
        fits.then_some(Self { unscaled, scale: u8::try_from(scale).ok()? })
    }

    /// The digits with as many after the point as the scale says.
    pub fn print(self) -> String {
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let digits = self.unscaled.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        if scale == 0 {
            return format!("{sign}{digits}");
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        format!("{sign}{whole}.{fraction}")
    }

    /// By value: 1.50 and 1.5 are equal.
    pub fn compare(self, other: Self) -> Ordering {
        let (mine, others) = (self.parts(), other.parts());
        mine.cmp(&others)
    }

    /// The whole part, and what stands after the point in units of 10^-38.
    fn parts(self) -> (i128, i128) {
        let scale = u32::from(self.scale);
        let unit = power(scale).unwrap_or(1);
        let rest = power(MAX_PRECISION.saturating_sub(scale)).unwrap_or(1);
        (self.unscaled / unit, (self.unscaled % unit).saturating_mul(rest))
    }
}

fn power(of: u32) -> Option<i128> {
    10_i128.checked_pow(of)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fitted(text: &str, precision: u32, scale: u32) -> Option<String> {
        Decimal::parse(text)?.fitted(precision, scale).map(Decimal::print)
    }

    #[test]
    fn decimals_take_their_columns_shape() {
        let table = [
            ("12.5", 5, 2, Some("12.50")),
            ("-12.505", 5, 2, Some("-12.51")),
            ("12.504", 5, 2, Some("12.50")),
            (".5", 3, 1, Some("0.5")),
            ("5.", 3, 1, Some("5.0")),
            ("+007", 3, 0, Some("7")),
            ("-0.4", 3, 0, Some("0")),
            ("999.99", 5, 2, Some("999.99")),
            ("999.995", 5, 2, None),
            ("1000", 5, 2, None),
            ("99999999999999999999999999999999999999", 38, 0, Some("99999999999999999999999999999999999999")),
            ("999999999999999999999999999999999999999", 38, 0, None),
            ("", 5, 2, None),
            (".", 5, 2, None),
            ("-", 5, 2, None),
            ("1e3", 5, 2, None),
            ("1,000", 5, 2, None),
            ("--1", 5, 2, None),
        ];
        for (text, precision, scale, shown) in table {
            assert_eq!(fitted(text, precision, scale).as_deref(), shown, "{text} in ({precision},{scale})");
        }
    }

    #[test]
    fn decimals_compare_by_value() {
        let decimal = |text| Decimal::parse(text).expect("a decimal");
        assert_eq!(decimal("1.50").fitted(9, 5).expect("fits").compare(decimal("1.5")), Ordering::Equal);
        assert_eq!(decimal("-1.5").compare(decimal("-1.25")), Ordering::Less);
        assert_eq!(decimal("-0.5").compare(decimal("0.25")), Ordering::Less);
        let long = "99999999999999999999999999999999999999";
        assert_eq!(decimal(long).compare(decimal("0.00000000000000000000000000000000000001")), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(whole in 0_u64.., fraction in "[0-9]{0,9}", negative: bool) {
            let text = format!("{}{whole}.{fraction}", if negative { "-" } else { "" });
            let value = Decimal::parse(&text).and_then(|value| value.fitted(38, 9)).expect("a decimal");
            let again = Decimal::parse(&value.print()).and_then(|value| value.fitted(38, 9)).expect("a decimal");
            prop_assert_eq!(value, again);
        }

        #[test]
        fn the_order_is_that_of_the_numbers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000, x in 0_u32..4, y in 0_u32..4) {
            let decimal = |value: i64, scale: u32| Decimal { unscaled: i128::from(value), scale: scale as u8 };
            let expected = (i128::from(a) * 10_i128.pow(y)).cmp(&(i128::from(b) * 10_i128.pow(x)));
            prop_assert_eq!(decimal(a, x).compare(decimal(b, y)), expected);
        }
    }
}
