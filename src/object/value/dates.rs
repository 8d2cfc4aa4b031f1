//! `xsd:dateTime`, with an offset, `Z`, or neither.
//!
//! It never asks the time; a date without an offset is read by the offset it is given.

use jiff::{civil, tz::Offset};

use crate::{clock::Time, object::chars::trim};

/// `xsd:dateTime`. One without an offset is read with `default_offset`, in minutes east of UTC. Fractions of a second
/// are cut to milliseconds; `24:00:00` is the next day's midnight.
pub fn date_time(text: &str, default_offset: i16) -> Option<Time> {
    let text = trim(text);
    let (date, time) = text.split_once('T')?;
    let (time, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => (time.get(..at)?, offset(time.get(at..)?)?),
        None => (time, i32::from(default_offset)),
    };
    let (year, rest) = date.strip_prefix('-').unwrap_or(date).split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    // Years of more than four digits are lawful in XML Schema and unknown to the calendar.
    let year = digits::<i16>(year, 4)? * if date.starts_with('-') { -1 } else { 1 };
    let date = civil::Date::new(year, digits(month, 2)?, digits(day, 2)?).ok().filter(|_| year != 0)?;
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = whole.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let (hour, minute, second) = (digits::<i64>(hour, 2)?, digits::<i64>(minute, 2)?, digits::<i64>(second, 2)?);
    let millis = millis(fraction)?;
    let midnight = hour == 24 && minute == 0 && second == 0 && fraction.bytes().all(|byte| byte == b'0');
    if parts.next().is_some() || !(hour < 24 || midnight) || minute > 59 || second > 59 {
        return None;
    }
    let day = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_millisecond();
    let moment = day + ((hour * 60 + minute - i64::from(offset)) * 60 + second) * 1000 + millis;
    Some(Time::from_millis(moment))
}

/// `2008-10-31T11:45:00`, with a fraction only when there is one: a moment at `offset` minutes east of UTC, written
/// without the offset, as the service writes its own time.
pub fn local_date_time(time: Time, offset: i16) -> String {
    let shown = Time::from_millis(time.millis().saturating_add(i64::from(offset) * 60_000)).to_string();
    shown.strip_suffix('Z').map(Into::into).unwrap_or(shown)
}

/// `Z`, `+hh:mm`, `-hh:mm` in minutes.
fn offset(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits::<i32>(hours, 2)?, digits::<i32>(minutes, 2)?);
    (minutes < 60 && hours * 60 + minutes <= 14 * 60).then_some(sign * (hours * 60 + minutes))
}

fn digits<T: std::str::FromStr>(text: &str, len: usize) -> Option<T> {
    let lawful = text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| lawful)
}

fn millis(fraction: &str) -> Option<i64> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let first: String = fraction.chars().chain("00".chars()).take(3).collect();
    first.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_their_offset_or_the_given_one() {
        let at = |text: &str| date_time(text, -360).map(|time| time.to_string());
        for (text, shown) in [
            ("2008-10-31T11:45:00Z", "2008-10-31T11:45:00Z"),
            ("2008-10-31T11:45:00", "2008-10-31T17:45:00Z"),
            ("2008-10-31T11:45:00+02:00", "2008-10-31T09:45:00Z"),
            ("2008-10-31T11:45:00.1234567-06:00", "2008-10-31T17:45:00.123Z"),
            ("2008-12-31T24:00:00Z", "2009-01-01T00:00:00Z"),
            (" 2008-02-29T00:00:00.5Z ", "2008-02-29T00:00:00.5Z"),
        ] {
            assert_eq!(at(text).as_deref(), Some(shown), "{text}");
        }
        for bad in [
            "2008-10-31",
            "2008-10-31 11:45:00",
            "2008-02-30T00:00:00Z",
            "2008-10-31T24:00:01Z",
            "2008-10-31T11:60:00Z",
            "2008-10-31T11:45Z",
            "2008-10-31T11:45:00.Z",
            "2008-10-31T11:45:00+2:00",
            "2008-10-31T11:45:00+15:00",
            "08-10-31T11:45:00Z",
            "2008-10-31T11:45:00z",
            "0000-01-01T00:00:00Z",
            "",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
        let time = date_time("2008-10-31T17:45:00.25Z", 0).expect("a date");
        assert_eq!(local_date_time(time, -360), "2008-10-31T11:45:00.25");
    }
}
