//! Dates in rows: the forms in which clients write them, and the one in which the service shows them. Pure.
//!
//! A date without an offset is in server time, and our server time is UTC (the service's is UTC-6); so a date that is sent
//! without one is shown as it was sent.

use crate::{
    clock::Time,
    object::value::{date_time, local_date_time},
};

/// Minutes east of UTC of a date without an offset.
const SERVER_TIME: i16 = 0;

/// SQL Server's `datetime`, in which the service keeps dates, begins with this year.
const FIRST_YEAR: &str = "1753";

/// Reads xsd:dateTime, `2014-03-26`, `2014-03-26 10:02[:01[.987]]`, `3/26/2014` and `3/26/2014 10:02[:01] [AM|PM]`.
pub(crate) fn parse(text: &str) -> Option<Time> {
    let time = date_time(text, SERVER_TIME).or_else(|| date_time(&iso(text)?, SERVER_TIME))?;
    // A year before our era begins with its sign, which stands before the digits in ASCII.
    (local_date_time(time, SERVER_TIME).as_str() >= FIRST_YEAR).then_some(time)
}

/// `3/26/2014 10:02:01 AM`, as the service shows a date in a row. It shows no fraction of a second.
pub(crate) fn print(time: Time) -> String {
    let iso = local_date_time(time, SERVER_TIME);
    let parts: Vec<u32> = iso.split(['-', 'T', ':', '.']).filter_map(|part| part.parse().ok()).collect();
    let &[year, month, day, hour, minute, second, ..] = parts.as_slice() else {
        return iso;
    };
    let (hour, half) = match hour {
        0 => (12, "AM"),
        1..12 => (hour, "AM"),
        12 => (12, "PM"),
        _ => (hour - 12, "PM"),
    };
    format!("{month}/{day}/{year} {hour}:{minute:02}:{second:02} {half}")
}

/// What the text says, as an xsd:dateTime; whether there is such a day is not looked at.
fn iso(text: &str) -> Option<String> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let (year, month, day) = if date.contains('/') {
        let [month, day, year] = three(date, '/')?;
        (year, month, day)
    } else {
        let [year, month, day] = three(date, '-')?;
        (year, month, day)
    };
    // Two digits of a year do not say which century: date_time wants four.
    Some(format!("{year}-{month:0>2}-{day:0>2}T{}", clock(time.trim())?))
}

/// A time of day; midnight when there is none.
fn clock(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("00:00:00".to_owned());
    }
    let upper = text.to_ascii_uppercase();
    let (digits, half) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (upper.as_str(), None),
    };
    let mut parts = digits.trim().split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("00"));
    if parts.next().is_some() {
        return None;
    }
    let hour: u32 = hour.parse().ok()?;
    let hour = match half {
        Some(later) if (1..=12).contains(&hour) => hour % 12 + later,
        Some(_) => return None,
        None => hour,
    };
    Some(format!("{hour:02}:{minute}:{second}"))
}

fn three(text: &str, by: char) -> Option<[&str; 3]> {
    let mut parts = text.split(by);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
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
            "2014-03-26 24:00:01",
            "2014-03-26T10:02:03+99:00",
            "-2014-03-26T10:02:03Z",
            "/3/2014",
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
