//! What the scopes of a token allow (`list_and_subscribers_read email_send`).
//!
//! The service publishes the names of its scopes but not which SOAP objects each opens; the table below is ours.
//! Scopes that it does not name belong to REST features and bind nothing here.

/// The scopes that bind SOAP objects. A token stores their places in this table: only ever append.
const BOUND: [&str; 18] = [
    "email_read",
    "email_write",
    "email_send",
    "list_and_subscribers_read",
    "list_and_subscribers_write",
    "data_extensions_read",
    "data_extensions_write",
    "saved_content_read",
    "saved_content_write",
    "automations_read",
    "automations_write",
    "automations_execute",
    "tracking_events_read",
    "tracking_events_write",
    "users_read",
    "users_write",
    "documents_and_images_read",
    "documents_and_images_write",
];

/// Object types by area; a trailing `*` stands for the rest of the name, a leading one for its beginning.
/// The first fitting row counts; a type in no row needs no scope.
const AREAS: [(&str, &[&str]); 7] = [
    ("data_extensions", &["DataExtension*"]),
    ("tracking_events", &["*Event"]),
    (
        "list_and_subscribers",
        &[
            "Subscriber*",
            "List",
            "ListSubscriber",
            "ListSend",
            "Group",
            "SuppressionList*",
            "Publication*",
            "UnsubscribeFromSMS*",
        ],
    ),
    (
        "email",
        &["Email*", "Send", "SendSummary", "TriggeredSend*", "SenderProfile", "DeliveryProfile", "SendClassification"],
    ),
    ("saved_content", &["ContentArea", "Template", "LayoutType"]),
    ("documents_and_images", &["Portfolio"]),
    (
        "automations",
        &["Automation*", "QueryDefinition", "ImportDefinition*", "FilterDefinition", "FileTrigger*", "Program*"],
    ),
];

/// A set of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u32);

impl Scopes {
    /// The set that a space-separated list names.
    pub fn named(list: &str) -> Self {
        let bit = |name: &str| BOUND.iter().position(|bound| *bound == name).map_or(0, |place| 1 << place);
        Self(list.split_whitespace().map(bit).fold(0, |bits, bit| bits | bit))
    }

    /// Every scope that binds something here, as a list.
    pub(super) fn all() -> String {
        BOUND.join(" ")
    }

    pub(super) fn bits(self) -> u32 {
        self.0
    }

    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether the set opens the operation on the type.
    pub(super) fn allow(self, operation: &str, object_type: &str) -> bool {
        let fits = |pattern: &&str| match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
            (Some(start), _) => object_type.starts_with(start),
            (_, Some(end)) => object_type.ends_with(end),
            (None, None) => *pattern == object_type,
        };
        let area = AREAS.iter().find(|(_, types)| types.iter().any(fits)).map(|(area, _)| *area);
        let area = area.or_else(|| matches!(object_type, "AccountUser" | "Role" | "Permission").then_some("users"));
        let Some(area) = area else {
            return true;
        };
        let sends =
            matches!(object_type, "Send" | "TriggeredSend") || matches!(operation, "Perform" | "Schedule" | "Execute");
        let level = match operation {
            "Retrieve" | "Describe" | "Query" => "read",
            _ if sends && area == "email" => "send",
            _ if sends && area == "automations" => "execute",
            _ => "write",
        };
        self.holds(&format!("{area}_{level}"))
    }

    fn holds(self, name: &str) -> bool {
        self.0 & Self::named(name).0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_bind_the_objects_of_their_area() {
        let scopes = Scopes::named("list_and_subscribers_read data_extensions_write email_send journeys_read");
        for (operation, object_type, allowed) in [
            ("Retrieve", "Subscriber", true),
            ("Create", "Subscriber", false),
            ("Create", "DataExtensionObject", true),
            ("Retrieve", "DataExtensionObject[key]", false),
            ("Create", "TriggeredSend", true),
            ("Create", "TriggeredSendDefinition", false),
            ("Perform", "EmailSendDefinition", true),
            ("Retrieve", "SentEvent", false),
            ("Retrieve", "AccountUser", false),
            ("Retrieve", "BusinessUnit", true),
            ("GetSystemStatus", "", true),
        ] {
            assert_eq!(scopes.allow(operation, object_type), allowed, "{operation} {object_type}");
        }
        assert_eq!(Scopes::from_bits(scopes.bits()), scopes);
    }

    #[test]
    fn every_area_has_its_scopes() {
        for (area, _) in AREAS {
            assert_ne!(Scopes::named(&format!("{area}_read")).bits(), 0, "{area}");
            assert_ne!(Scopes::named(&format!("{area}_write")).bits(), 0, "{area}");
        }
    }
}
