//! The names that every e-mail may use: about the send, its subscriber, its date, and the pages behind it. Pure.
//!
//! Names are the service's. Dates are in its American form, in UTC. A page that this server does not have is an empty
//! text: profile and subscription center are the page for unsubscribing.

use std::borrow::Cow;

use jiff::{Timestamp, civil::Weekday, tz::TimeZone};

use crate::clock::Time;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What the names stand for in one mail.
#[derive(Clone, Debug)]
pub(crate) struct System<'a> {
    pub(crate) address: &'a str,
    pub(crate) key: &'a str,
    pub(crate) subscriber: i64,
    pub(crate) full_name: &'a str,
    /// ID and Name of the Email.
    pub(crate) email: (&'a str, &'a str),
    pub(crate) job: i64,
    pub(crate) batch: i64,
    /// ID and ListName.
    pub(crate) list: (i64, &'a str),
    pub(crate) account: u64,
    /// The name of the account.
    pub(crate) business: &'a str,
    /// The postal address that mail has to show.
    pub(crate) postal: &'a str,
    /// Name and address of the sender.
    pub(crate) from: (&'a str, &'a str),
    /// The page for unsubscribing.
    pub(crate) unsubscribe: &'a str,
    pub(crate) now: Time,
}

/// Every name with what it stands for.
type Row = (&'static str, for<'s> fn(&System<'s>) -> Cow<'s, str>);

const NAMES: &[Row] = &[
    ("emailaddr", |s| s.address.into()),
    ("email address", |s| s.address.into()),
    ("subscriberkey", |s| s.key.into()),
    ("_subscriberkey", |s| s.key.into()),
    ("subscriberid", |s| s.subscriber.to_string().into()),
    ("fullname", |s| s.full_name.into()),
    ("fullname_", |s| s.full_name.into()),
    ("emailname_", |s| s.email.1.into()),
    ("_emailid", |s| s.email.0.into()),
    ("jobid", |s| s.job.to_string().into()),
    ("_jobsubscriberbatchid", |s| s.batch.to_string().into()),
    ("listid", |s| s.list.0.to_string().into()),
    ("_listname", |s| s.list.1.into()),
    ("memberid", |s| s.account.to_string().into()),
    ("member_busname", |s| s.business.into()),
    ("member_addr", |s| s.postal.into()),
    ("member_city", |_| "".into()),
    ("member_state", |_| "".into()),
    ("member_postalcode", |_| "".into()),
    ("member_country", |_| "".into()),
    ("replyname", |s| s.from.0.into()),
    ("replyemailaddress", |s| s.from.1.into()),
    ("unsub_center_url", |s| s.unsubscribe.into()),
    ("subscription_center_url", |s| s.unsubscribe.into()),
    ("profile_center_url", |s| s.unsubscribe.into()),
    ("view_email_url", |_| "".into()),
    ("ftaf_url", |_| "".into()),
    ("_messagecontext", |_| "SEND".into()),
    ("_istestsend", |_| "false".into()),
    ("xtday", |s| date(s.now, |date| date.day().to_string())),
    ("xtdayofweek", |s| date(s.now, |date| weekday(date.weekday()).to_owned())),
    ("xtmonth", |s| date(s.now, |date| month(date.month()).to_owned())),
    ("xtmonthnumeric", |s| date(s.now, |date| date.month().to_string())),
    ("xtyear", |s| date(s.now, |date| date.year().to_string())),
    ("xtshortdate", |s| date(s.now, |date| format!("{:02}/{:02}/{:04}", date.month(), date.day(), date.year()))),
    ("xtlongdate", |s| {
        date(s.now, |date| {
            format!("{}, {} {}, {}", weekday(date.weekday()), month(date.month()), date.day(), date.year())
        })
    }),
];

/// Whether it is one of these names, in any case of letters.
pub(crate) fn is_name(name: &str) -> bool {
    NAMES.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
}

impl<'a> System<'a> {
    /// What a name stands for.
    pub(crate) fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        NAMES.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value(self))
    }
}

fn date<'a>(now: Time, shown: impl Fn(jiff::civil::Date) -> String) -> Cow<'a, str> {
    // Moments that no calendar knows cannot come from a clock.
    let moment = Timestamp::from_millisecond(now.millis()).unwrap_or_default();
    shown(moment.to_zoned(TimeZone::UTC).date()).into()
}

fn month(number: i8) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default()
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> System<'static> {
        System {
            address: "ada@example.com",
            key: "ada",
            subscriber: 7,
            full_name: "Ada L",
            email: ("33345", "Spring Newsletter"),
            job: 8,
            batch: 9,
            list: (10, "Readers"),
            account: 100_001,
            business: "Example",
            postal: "1 Main Street",
            from: ("Shop", "shop@example.com"),
            unsubscribe: "https://mc.example/unsubscribe/t",
            // 2018-01-15T23:59:59Z, a Monday.
            now: Time::from_millis(1_516_060_799_000),
        }
    }

    #[test]
    fn dates_are_written_as_documented() {
        for (name, expected) in [
            ("xtmonth", "January"),
            ("XTMonthNumeric", "1"),
            ("xtday", "15"),
            ("xtdayofweek", "Monday"),
            ("xtyear", "2018"),
            ("xtshortdate", "01/15/2018"),
            ("xtlongdate", "Monday, January 15, 2018"),
        ] {
            assert_eq!(system().value(name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn names_are_unique_lower_case_and_known_in_any_case() {
        for (at, (name, _)) in NAMES.iter().enumerate() {
            assert_eq!(*name, name.to_lowercase());
            assert!(!NAMES[..at].iter().any(|(other, _)| other == name), "{name}");
            assert!(is_name(&name.to_uppercase()) && system().value(name).is_some());
        }
        assert!(!is_name("first name") && system().value("first name").is_none());
        assert_eq!(system().value("EmailAddr").as_deref(), Some("ada@example.com"));
        assert_eq!(system().value("MemberID").as_deref(), Some("100001"));
    }
}
