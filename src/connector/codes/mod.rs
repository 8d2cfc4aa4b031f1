//! The error codes of the systems: one table, how a code is found in it, what is made of one that is newer than it, and which
//! number stands for each in ErrorCode.
//!
//! Numbers: Salesforce 1,000,000 + n, Yeastar 2,000,000 + n (-1 is 2,999,999, -2 is 2,999,998), Connectly 3,000,001 and on for codes
//! and 3,000,101 and on for types. From 900,000 of each million stand failures without a code ([`Plain`]): 900,000 + HTTP status,
//! below 900,100 those without an answer; from 990,000 names in place of codes. No number stands for two things, and none is
//! one of `message/code` or `conversation/code`.

use super::System;

/// Rows of a table: system, code, number, class, whether to try again (`no`, `yes`, `doubt`), name, meaning, remedy.
macro_rules! codes {
    (@retry no) => { (false, false) };
    (@retry yes) => { (true, false) };
    (@retry doubt) => { (true, true) };
    ($($system:ident $code:literal $number:literal $class:ident $retry:ident $name:literal $meaning:literal $remedy:literal;)*) => {
        &[$(Code {
            system: System::$system,
            code: $code,
            number: $number,
            class: Class::$class,
            retryable: codes!(@retry $retry).0,
            ambiguous: codes!(@retry $retry).1,
            name: $name,
            meaning: $meaning,
            remedy: $remedy,
        }),*]
    };
}

mod table;

pub use table::{LATER, TABLE};

/// One code of a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The system.
    pub system: System,
    /// The code as it stands in the system's answers.
    pub code: &'static str,
    /// What stands for it in ErrorCode.
    pub number: i64,
    /// What kind of error it is.
    pub class: Class,
    /// Whether another try can help. With [`Class::Auth`]: once, with a new token.
    pub retryable: bool,
    /// Whether nobody knows if the request was carried out.
    pub ambiguous: bool,
    /// Its name; of Salesforce and of Connectly's types, ours.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What the caller, or the operator, can do.
    pub remedy: &'static str,
}

/// What kind of error a code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// No error.
    Ok,
    /// The request is wrong.
    Client,
    /// Whoever asks may not.
    Auth,
    /// Too many.
    RateLimit,
    /// The request is well formed and clashes with what is there: a state, a consent, a setting.
    Conflict,
    /// What it names does not exist.
    NotFound,
    /// It passes by itself.
    Transient,
    /// An error of the system.
    Server,
}

impl Class {
    /// Its name in texts, as facts/backend-error-codes.tsv has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Client => "client",
            Self::Auth => "auth",
            Self::RateLimit => "rate-limit",
            Self::Conflict => "conflict",
            Self::NotFound => "not-found",
            Self::Transient => "transient",
            Self::Server => "server",
        }
    }
}

/// What is made of a code that no table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// What kind of error it is.
    pub class: Class,
    /// Whether another try can help.
    pub retryable: bool,
    /// Whether nobody knows if the request was carried out.
    pub ambiguous: bool,
}

impl Family {
    const fn never(class: Class) -> Self {
        Self { class, retryable: false, ambiguous: false }
    }

    /// An error of the system: it may have been carried out all the same.
    const DOUBT: Self = Self { class: Class::Server, retryable: true, ambiguous: true };
}

/// A failure without a code of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// An HTTP status alone.
    Http(u16),
    /// A code that is no number, and in no table.
    Unknown,
    /// No answer, and nothing was sent.
    Unreached,
    /// No answer, or none that can be read: it may have arrived.
    InDoubt,
    /// It was accepted and did not arrive; why, the system does not say.
    Undelivered,
    /// It was accepted, and no confirmation came in time.
    Unconfirmed,
    /// It was taken back before it was sent.
    Withdrawn,
    /// The system says that it did not take it, and nothing else.
    Refused,
}

impl Plain {
    /// Those that are one number, each with what it means and what can be done.
    pub const ALL: [(Self, &'static str, &'static str); 7] = [
        (
            Self::Unknown,
            "An error whose code this version does not know.",
            "Read what the system says; it stands in StatusMessage.",
        ),
        (
            Self::Unreached,
            "The system was not reached; nothing was sent.",
            "Check the connector's base and the network, then send it again.",
        ),
        (
            Self::InDoubt,
            "No answer, or none that can be read: the message may have arrived.",
            "Look in the system whether it arrived before sending it again under a new RequestID.",
        ),
        (
            Self::Undelivered,
            "The system accepted the message and could not deliver it.",
            "Check the recipient, then send it again.",
        ),
        (
            Self::Unconfirmed,
            "The system accepted the message and confirmed no delivery in time (delivered_within).",
            "Look in the system whether it arrived, and whether its webhooks reach this server.",
        ),
        (Self::Withdrawn, "The message was taken back before it was sent.", "Send it again when it is wanted."),
        (
            Self::Refused,
            "The system says that it refused the message, and not why; nothing was done.",
            "Read the whole answer; it stands in ResultDetailXML. The log of the system may say more.",
        ),
    ];

    /// What stands for it in ErrorCode.
    pub const fn number(self, system: System) -> i64 {
        base(system)
            + 900_000
            + match self {
                Self::Unknown => 0,
                Self::Unreached => 1,
                Self::InDoubt => 2,
                Self::Undelivered => 3,
                Self::Unconfirmed => 4,
                Self::Withdrawn => 5,
                Self::Refused => 6,
                Self::Http(status) => status as i64,
            }
    }
}

/// The row of a code.
pub fn find(system: System, code: &str) -> Option<&'static Code> {
    let code = code.trim();
    all().find(|row| row.system == system && row.code.eq_ignore_ascii_case(code))
}

/// Every code, those of the seeds first.
pub fn all() -> impl Iterator<Item = &'static Code> {
    TABLE.iter().chain(LATER)
}

/// Which of code and type decides: the code where it is known, else the type where that is (facts/backends section 3: types may
/// mislead), else what there is. Connectly's `ERROR_CODE_UNSPECIFIED` says nothing that a type does not say better.
pub fn decisive<'s>(system: System, code: Option<&'s str>, kind: Option<&'s str>) -> Option<&'s str> {
    let is_known = |code: &&str| find(system, code).is_some();
    let says = |code: &&str| is_known(code) && *code != "ERROR_CODE_UNSPECIFIED";
    code.filter(says).or(kind.filter(is_known)).or(code).or(kind)
}

/// What a code that no table has is taken for, by its family. Nothing unknown is tried without end: what is retryable here is
/// bounded as everything is.
pub fn class_of(system: System, code: &str) -> Family {
    if let Some(row) = find(system, code) {
        return Family { class: row.class, retryable: row.retryable, ambiguous: row.ambiguous };
    }
    let number = code.trim().parse::<i64>().ok();
    match (system, number) {
        (System::Salesforce, Some(20_000..30_000 | 500..600)) => Family::DOUBT,
        (System::Yeastar, Some(..=-2)) => Family::DOUBT,
        (_, Some(_)) => Family::never(Class::Client),
        (_, None) => by_words(code),
    }
}

/// A name says what it is: `…_NOT_FOUND`, `…RATE_LIMIT…`.
fn by_words(code: &str) -> Family {
    let code = code.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if has(&["RATE_LIMIT", "TOO_MANY"]) {
        Family { class: Class::RateLimit, retryable: true, ambiguous: false }
    } else if has(&["NOT_FOUND", "NOT_EXIST"]) {
        Family::never(Class::NotFound)
    } else if has(&["AUTH", "ACCESS", "PERMISSION", "SESSION_ID", "CREDENTIAL"]) {
        Family::never(Class::Auth)
    } else if has(&["TIMEOUT", "TIMED_OUT", "DEADLINE"]) {
        Family { class: Class::Transient, ..Family::DOUBT }
    } else if has(&["INTERNAL", "SERVER", "UNSPECIFIED", "UNKNOWN"]) {
        Family::DOUBT
    } else if has(&["CONFLICT", "EXIST", "DUPLICATE", "OPTED_OUT", "LIMIT"]) {
        Family::never(Class::Conflict)
    } else {
        Family::never(Class::Client)
    }
}

/// What stands for a code in ErrorCode. A newer code that is a number has its place already.
pub fn number(system: System, code: &str) -> i64 {
    if let Some(row) = find(system, code) {
        return row.number;
    }
    match (system, code.trim().parse::<i64>()) {
        (System::Salesforce | System::Yeastar, Ok(n @ 0..900_000)) => base(system) + n,
        (System::Yeastar, Ok(n @ -9_000..0)) => base(system) + 1_000_000 + n,
        _ => Plain::Unknown.number(system),
    }
}

/// What stands for the code with which a webhook tells that a message did not arrive, or for none.
pub fn undelivered(system: System, code: Option<&str>) -> i64 {
    code.map_or(Plain::Undelivered.number(system), |code| number(system, code))
}

/// The system's own number that a number of ErrorCode stands for.
pub fn native(system: System, number: i64) -> Option<String> {
    let code = match (system, number - base(system)) {
        (System::Salesforce | System::Yeastar, n @ 0..900_000) => n,
        (System::Yeastar, n @ 991_000..1_000_000) => n - 1_000_000,
        _ => return None,
    };
    Some(code.to_string())
}

const fn base(system: System) -> i64 {
    match system {
        System::Salesforce => 1_000_000,
        System::Yeastar => 2_000_000,
        System::Connectly => 3_000_000,
    }
}

/// The spaces of numbers, for README.
pub fn markdown() -> String {
    let mut out = String::from("| ErrorCode | What it stands for |\n|---|---|\n");
    for row in [
        "| 1,000,000 + n | Salesforce code n, such as 1010025 for 10025 |",
        "| 2,000,000 + n | Yeastar errcode n, such as 2070657 for 70657 |",
        "| 2999999, 2999998 | Yeastar errcode -1, -2 |",
        "| 3000001 and on | Connectly `ERROR_CODE_…`, in the order of Connectly's page |",
        "| 3000101 and on | Connectly `ERROR_TYPE_…`, where no code says more |",
        "| 1,990,001 and on | Salesforce `errorReason` |",
        "| 2,990,001 and on | Yeastar `send_error` of event 30032 |",
    ] {
        out += row;
        out.push('\n');
    }
    for (plain, meaning, _) in Plain::ALL {
        let [salesforce, yeastar, connectly] = System::ALL.map(|system| plain.number(system));
        out += &format!("| {salesforce}, {yeastar}, {connectly} | {meaning} |\n");
    }
    out + "| 1900100 to 1900599, 2900100 … 3900599 | 900,000 + HTTP status: an error of that status without a code |\n"
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod sources {
    //! The table and the copy of the facts against what they were made from, where that is at hand.

    use super::*;

    #[test]
    fn the_copy_of_the_facts_is_the_facts() {
        let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/facts/backend-error-codes.tsv");
        if let Ok(shared) = std::fs::read_to_string(shared) {
            assert_eq!(shared, include_str!("../../../tests/facts/backend-error-codes.tsv"));
        }
    }

    #[test]
    fn every_code_of_the_seeds_is_there() {
        let Ok(seeds) = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/seeds")) else { return };
        let mut found = [0; 3];
        for path in seeds.map(|seed| seed.unwrap().path()) {
            let text = std::fs::read_to_string(&path).unwrap();
            let place = match path.file_name().unwrap().to_str().unwrap().get(..4) {
                Some("001_") => 0,
                Some("002_") => 1,
                Some("003_") => 2,
                _ => continue,
            };
            let word = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
            let codes: Vec<String> = match place {
                2 => text.lines().filter(|line| line.starts_with("ERROR_")).map(word).collect(),
                _ => text.lines().filter_map(|line| line.strip_prefix("| ")).map(word).collect(),
            };
            for code in codes.iter().filter(|code| *code != "Error") {
                assert!(TABLE.iter().any(|row| row.system == System::ALL[place] && row.code == code), "{code}");
                found[place] += 1;
            }
        }
        assert_eq!(found, [111, 61, 29]);
    }
}
