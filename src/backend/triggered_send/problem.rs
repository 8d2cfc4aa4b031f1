//! Why one subscriber of a triggered send gets no mail: the service's codes and words (SubscriberFailures).

use crate::object::{Member, Node, Object, Value};

/// A code with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// `ErrorCode`
    pub(crate) code: u16,
    /// The service's words.
    text: &'static str,
    /// What exactly; ours, behind a colon.
    detail: Option<String>,
    /// What was given, for who has given it; not for logs.
    value: Option<String>,
}

/// Characters of a value that are repeated.
const VALUE: usize = 100;

const fn problem(code: u16, text: &'static str) -> Problem {
    Problem { code, text, detail: None, value: None }
}

pub(crate) const UNSUBSCRIBED: Problem = problem(1, "The subscriber system status is unsubscribed");
pub(crate) const HELD: Problem = problem(2, "The subscriber system status is held");
pub(crate) const NO_ADDRESS: Problem = problem(4, "The subscriber has no email address");
pub(crate) const BAD_ADDRESS: Problem = problem(5, "The subscriber email address is invalid");
pub(crate) const DUPLICATE: Problem = problem(6, "The subscriber email is the same as that of another job subscriber");
pub(crate) const BAD_ID: Problem = problem(7, "The subscriber ID provided is invalid");
pub(crate) const UNNAMED: Problem = problem(8, "The subscriber key and subscriber ID are missing");
pub(crate) const MISSING_ATTRIBUTE: Problem =
    problem(10, "There are required attribute values missing for the subscriber");
pub(crate) const KEY_MISMATCH: Problem =
    problem(13, "The subscriber key in the system does not match the subscriber key provided");
pub(crate) const BUILD: Problem = problem(26, "An error occurred when attempting to build an email for the subscriber");
pub(crate) const SUPPRESSED: Problem = problem(27, "The subscriber was excluded by a suppression list");

/// All of them, in the order of the codes.
const ALL: &[Problem] = &[
    UNSUBSCRIBED,
    HELD,
    NO_ADDRESS,
    BAD_ADDRESS,
    DUPLICATE,
    BAD_ID,
    UNNAMED,
    MISSING_ATTRIBUTE,
    KEY_MISMATCH,
    BUILD,
    SUPPRESSED,
];

/// Every code of SubscriberFailures with its words, in order.
pub fn problems() -> impl Iterator<Item = (i64, &'static str)> {
    ALL.iter().map(|problem| (i64::from(problem.code), problem.text))
}

/// All that a mail may meet when it leaves.
const LATE: &[Problem] = &[UNSUBSCRIBED, HELD, SUPPRESSED];

/// Under which count of a TriggeredSendSummary it falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    OptOut,
    Undeliverable,
    Error,
}

impl Ground {
    /// The ground of a problem, by its words.
    pub(crate) fn of(description: &str) -> Self {
        let known = LATE.iter().find(|problem| problem.text == description);
        known.map_or(Self::Error, Problem::ground)
    }
}

impl Problem {
    /// The same with what exactly is wrong.
    pub(crate) fn about(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same with the value that is wrong: its beginning.
    pub(super) fn given(self, value: &str) -> Self {
        Self { value: Some(value.chars().take(VALUE).collect()), ..self }
    }

    /// `ErrorDescription`
    pub(crate) fn description(&self) -> String {
        match &self.value {
            // Quoted so, it is one line and shows what it holds.
            Some(value) => format!("{}: {value:?}", self.without_value()),
            None => self.without_value(),
        }
    }

    /// The same for logs too.
    pub(super) fn without_value(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{}: {detail}", self.text),
            None => self.text.to_owned(),
        }
    }

    pub(crate) fn ground(&self) -> Ground {
        match self.code {
            1 | 27 => Ground::OptOut,
            2 => Ground::Undeliverable,
            _ => Ground::Error,
        }
    }

    /// The member of a TriggeredSendCreateResult.
    pub(crate) fn failure(&self, ordinal: usize, subscriber: Node<'_>) -> Member {
        failure(&self.code.to_string(), &self.description(), ordinal, subscriber)
    }
}

/// The code and the words for who wants no more.
pub(crate) fn unsubscribed() -> (i64, String) {
    (i64::from(UNSUBSCRIBED.code), UNSUBSCRIBED.description())
}

/// The member of a TriggeredSendCreateResult that tells of one who gets nothing: of the subscriber only what names him.
pub(crate) fn failure(code: &str, description: &str, ordinal: usize, subscriber: Node<'_>) -> Member {
    let mut named = Object::default();
    named.push("PartnerKey", Value::Nil);
    if let Some(id) = subscriber.given("ID") {
        named.set_text("ID", id);
    }
    named.push("ObjectID", Value::Nil);
    for member in ["EmailAddress", "SubscriberKey"] {
        if let Some(text) = subscriber.given(member) {
            named.set_text(member, text);
        }
    }
    let mut failure = Object::default();
    failure.set("Subscriber", Value::Object(named));
    failure.set_text("ErrorCode", code);
    failure.set_text("ErrorDescription", description);
    failure.set_text("Ordinal", ordinal.to_string());
    Member { name: "SubscriberFailures".into(), value: Value::Object(failure) }
}
