//! Dates in rows: the forms in which clients write them, and the one in which the service shows them. Pure.
//!
//! A date without an offset is in server time, and our server time is UTC (the service's is UTC-6); so a date that is sent
//! without one is shown as it was sent.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::{clock::Time, object::value};

/// SQL Server's `datetime`, in which the service keeps dates, begins with this year.
const FIRST_YEAR: i16 = 1753;

/// Reads xsd:dateTime, `2014-03-26`, `2014-03-26 10:02[:01[.987]]`, `3/26/2014` and `3/26/2014 10:02[:01] [AM|PM]`.
pub(crate) fn parse(text: &str) -> Option<Time> {
    let time = value::date_time(text, 0).or_else(|| parse_local(text))?;
    (local(time)?.year() >= FIRST_YEAR).then_some(time)
}

/// `3/26/2014 10:02:01 AM`, as the service shows a date in a row. It shows no fraction of a second.
pub(crate) fn print(time: Time) -> String {
    let Some(at) = local(time) else {
        return time.to_string();
    };
    let (hour, half) = match at.hour() {
        0 => (12, "AM"),
        hour @ 1..12 => (hour, "AM"),
        12 => (12, "PM"),
        hour => (hour - 12, "PM"),
    };
    format!("{}/{}/{} {hour}:{:02}:{:02} {half}", at.month(), at.day(), at.year(), at.minute(), at.second())
}

fn local(time: Time) -> Option<DateTime> {
    let moment = Timestamp::from_millisecond(time.millis()).ok()?;
    Some(moment.to_zoned(TimeZone::UTC).datetime())
}

fn parse_local(text: &str) -> Option<Time> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let (year, month, day) = if date.contains('/') {
        let [month, day, year] = three(date, '/')?;
        (year, month, day)
    } else {
        let [year, month, day] = three(date, '-')?;
        (year, month, day)
    };
    // Two digits do not say which century.
    if year.len() != 4 {
        return None;
    }
    let (hour, minute, second, nanos) = clock(time.trim())?;
    let at = DateTime::new(number(year)?, number(month)?, number(day)?, hour, minute, second, nanos).ok()?;
    let moment = at.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(Time::from_millis(moment.as_millisecond()))
}

/// A time of day; midnight when there is none.
fn clock(text: &str) -> Option<(i8, i8, i8, i32)> {
    if text.is_empty() {
        return Some((0, 0, 0, 0));
    }
    let upper = text.to_ascii_uppercase();
    let (digits, half) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (upper.as_str(), None),
    };
    let (whole, fraction) = digits.trim().split_once('.').unwrap_or((digits.trim(), ""));
    let mut parts = whole.split(':');
    let (hour, minute): (i8, i8) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = parts.next().map_or(Some(0), number)?;
    if parts.next().is_some() || fraction.len() > 9 {
        return None;
    }
    let hour = match half {
        Some(later) if (1..=12).contains(&hour) => hour % 12 + later,
        Some(_) => return None,
        None => hour,
    };
    let nanos = if fraction.is_empty() { 0 } else { number::<i32>(&format!("{fraction:0<9}"))? };
    Some((hour, minute, second, nanos))
}

fn three(text: &str, by: char) -> Option<[&str; 3]> {
    let mut parts = text.split(by);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    // `parse` takes a sign; a date has none.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_read_in_the_forms_that_clients_send() {
        let table = [
            ("2014-03-26T10:02:01Z", "3/26/2014 10:02:01 AM"),
            ("2014-03-26T10:02:01.987-06:00", "3/26/2014 4:02:01 PM"),
            ("2014-03-26T10:02:01", "3/26/2014 10:02:01 AM"),
            ("2014-03-26T10:02", "3/26/2014 10:02:00 AM"),
            ("2014-03-26", "3/26/2014 12:00:00 AM"),
            ("2014-03-26 13:02", "3/26/2014 1:02:00 PM"),
            ("2014-03-26 13:02:01.5", "3/26/2014 1:02:01 PM"),
            ("3/26/2014", "3/26/2014 12:00:00 AM"),
            ("03/06/2014 12:00 am", "3/6/2014 12:00:00 AM"),
            ("3/26/2014 12:30:05 PM", "3/26/2014 12:30:05 PM"),
            ("3/26/2014 11:59:59PM", "3/26/2014 11:59:59 PM"),
            ("2/29/2024", "2/29/2024 12:00:00 AM"),
        ];
        for (text, shown) in table {
            assert_eq!(parse(text).map(print).as_deref(), Some(shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let table = [
            "",
            "yesterday",
            "13/1/2014",
            "2/29/2023",
            "3/26/14",
            "3/26",
            "2014-3",
            "3/26/2014 25:00",
            "3/26/2014 13:00 PM",
            "3/26/2014 0:10 AM",
            "3/26/2014 10",
            "3/26/2014 10:02:03:04",
            "1752-12-31",
            "+3/26/2014",
            "2014-03-26 10:-2",
            "2014-03-26 10:02:03.1234567890",
        ];
        for text in table {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(seconds in -6_000_000_000_i64..250_000_000_000) {
            let time = Time::from_millis(seconds * 1000);
            prop_assert_eq!(parse(&print(time)), Some(time));
        }
    }
}
