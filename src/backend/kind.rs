//! What each type of object is to the service: how it is identified, and the words of its answers.
//!
//! A table and its look-up; who keeps it stands in `keeper`.

/// Which identifiers the service gives to a new object (facts/wire 2.2: NewID is 0 for types with a GUID).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// `NewID`
    Number,
    /// `NewObjectID`
    Guid,
    /// Both
    Both,
}

/// The definitions of triggered sends.
pub(crate) const DEFINITION: &str = "TriggeredSendDefinition";

/// A type that is kept as it comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) ids: Ids,
    /// Members without which it cannot be created.
    pub(crate) required: &'static [&'static str],
    /// StatusMessage of Create, Update and Delete. Captured where facts/wire 2.4 has them.
    pub(crate) messages: [&'static str; 3],
    /// Whether Create and Update answers carry the object (captures: folders and triggered sends do not).
    pub(crate) echo: bool,
}

const fn kind(
    name: &'static str,
    ids: Ids,
    required: &'static [&'static str],
    messages: [&'static str; 3],
    echo: bool,
) -> Kind {
    Kind { name, ids, required, messages, echo }
}

/// Types whose answers are known. Every other type is kept in the manner of [`super::generic`].
const KINDS: &[Kind] = &[
    kind(
        "DataFolder",
        Ids::Both,
        &["Name", "ContentType"],
        ["Folder created successfully.", "Folder updated successfully.", "Folder deleted successfully."],
        false,
    ),
    kind("Email", Ids::Number, &["Name"], ["Created Email", "Updated Email", "Deleted Email"], true),
    kind(
        DEFINITION,
        Ids::Guid,
        &["Name"],
        ["TriggeredSendDefinition created", "TriggeredSendDefinition updated", "TriggeredSendDefinition deleted"],
        true,
    ),
    kind(
        "EmailSendDefinition",
        Ids::Guid,
        &["Name"],
        ["EmailSendDefinition created", "EmailSendDefinition updated", "EmailSendDefinition deleted"],
        true,
    ),
    kind(
        "SenderProfile",
        Ids::Guid,
        &["Name"],
        ["SenderProfile created", "SenderProfile updated", "SenderProfile deleted"],
        true,
    ),
    kind(
        "DeliveryProfile",
        Ids::Guid,
        &["Name"],
        ["DeliveryProfile created", "DeliveryProfile updated", "DeliveryProfile deleted"],
        true,
    ),
    kind(
        "SendClassification",
        Ids::Guid,
        &["Name"],
        ["SendClassification created", "SendClassification updated", "SendClassification deleted"],
        true,
    ),
    kind(
        "ImportDefinition",
        Ids::Guid,
        &["Name"],
        ["ImportDefinition created.", "ImportDefinition updated.", "ImportDefinition deleted."],
        true,
    ),
    kind(
        "FilterActivity",
        Ids::Guid,
        &["Name"],
        ["FilterActivity Created", "FilterActivity Updated", "FilterActivity Deleted"],
        true,
    ),
    kind("Program", Ids::Guid, &["Name"], ["Program created", "Program updated", "Program deleted"], true),
    kind("Automation", Ids::Guid, &["Name"], ["Automation created", "Automation updated", "Automation deleted"], true),
    kind(
        "QueryDefinition",
        Ids::Guid,
        &["Name"],
        ["QueryDefinition created", "QueryDefinition updated", "QueryDefinition deleted"],
        true,
    ),
];

/// Types that show the configuration or what happened. Nobody writes them through the wire.
const READ_ONLY: &[&str] = &[
    "Account",
    "AccountUser",
    "AsyncRequestResult",
    "BounceEvent",
    "BusinessUnit",
    "ClickEvent",
    "ExtractDescription",
    "ForwardedEmailEvent",
    "ForwardedEmailOptInEvent",
    "ListSubscriber",
    "NotSentEvent",
    "OpenEvent",
    "ResultItem",
    "ResultMessage",
    "SentEvent",
    "SurveyEvent",
    "TrackingEvent",
    "TriggeredSendSummary",
    "UnsubEvent",
];

/// Types whose Create means to send now, beside TriggeredSend. A ContactEvent fires the messages of a journey.
const SENDS: &[&str] = &["ContactEvent", "SMSTriggeredSend", "Send", "VoiceTriggeredSend"];

/// Whether objects of a type are shown and never written.
pub(crate) fn is_read_only(name: &str) -> bool {
    READ_ONLY.contains(&name)
}

/// Whether a type is a send that this server does not do by itself: only a connector could.
pub(crate) fn is_not_sent(name: &str) -> bool {
    SENDS.contains(&name)
}

/// The row of a type in the table.
pub(crate) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
