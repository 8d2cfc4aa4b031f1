//! What the scopes of a token allow (`list_and_subscribers_read email_send`).
//!
//! The service publishes the names of its scopes but not which SOAP objects each opens; the table below is ours.
//! The service's other scopes belong to REST features: they are known by name and bind nothing here.

/// The scopes that bind SOAP objects. A token stores their places in this table: only ever append.
const BOUND: [&str; 21] = [
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
    "sms_read",
    "sms_write",
    "sms_send",
];

/// The service's scopes that bind nothing here, as its SDK for Node lists them.
const OTHERS: [&str; 64] = [
    "accounts_read",
    "accounts_write",
    "approvals_read",
    "approvals_write",
    "audiences_read",
    "audiences_write",
    "calendar_read",
    "calendar_write",
    "campaign_read",
    "campaign_write",
    "contact_bu_mapping_create",
    "contact_bu_mapping_delete",
    "contact_bu_mapping_update",
    "contact_bu_mapping_view",
    "deep_linking_asset_delete",
    "deep_linking_asset_read",
    "deep_linking_asset_write",
    "deep_linking_settings_read",
    "deep_linking_settings_write",
    "dfu_configure",
    "event_notification_callback_create",
    "event_notification_callback_delete",
    "event_notification_callback_read",
    "event_notification_callback_update",
    "event_notification_subscription_create",
    "event_notification_subscription_delete",
    "event_notification_subscription_read",
    "event_notification_subscription_update",
    "file_locations_read",
    "file_locations_write",
    "journeys_aspr",
    "journeys_delete",
    "journeys_execute",
    "journeys_read",
    "journeys_write",
    "key_manage_revoke",
    "key_manage_rotate",
    "key_manage_view",
    "marketing_cloud_connect_read",
    "marketing_cloud_connect_send",
    "marketing_cloud_connect_write",
    "offline",
    "ott_channels_read",
    "ott_channels_write",
    "ott_chat_messaging_read",
    "ott_chat_messaging_send",
    "package_manager_deploy",
    "package_manager_package",
    "push_read",
    "push_send",
    "push_write",
    "social_post",
    "social_publish",
    "social_read",
    "social_write",
    "tags_read",
    "tags_write",
    "web_publish",
    "web_read",
    "web_write",
    "webhooks_read",
    "webhooks_write",
    "workflows_read",
    "workflows_write",
];

/// Object types by area; a trailing `*` stands for the rest of the name, a leading one for its beginning.
/// The first fitting row counts; a type in no row needs no scope.
const AREAS: [(&str, &[&str]); 9] = [
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
    ("sms", &["SMSTriggeredSend*"]),
    ("saved_content", &["ContentArea", "Template", "LayoutType"]),
    ("documents_and_images", &["Portfolio"]),
    (
        "automations",
        &["Automation*", "QueryDefinition", "ImportDefinition*", "FilterDefinition", "FileTrigger*", "Program*"],
    ),
    ("users", &["AccountUser", "Role", "Permission"]),
];

/// The operations that only read.
const READS: [&str; 3] = ["Retrieve", "Describe", "Query"];
/// Operations that send (or run) what has been defined.
const SENDS: [&str; 3] = ["Perform", "Schedule", "Execute"];
/// Object types with which every change sends.
const SENT: [&str; 3] = ["SMSTriggeredSend", "Send", "TriggeredSend"];

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

    /// Every name of a scope, first those that bind something here.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BOUND.into_iter().chain(OTHERS)
    }

    /// The scopes as a table in Markdown: what each opens.
    pub fn markdown() -> String {
        let mut out = "| Object types | Retrieve, Query, Describe | other operations |\n|---|---|---|\n".to_owned();
        for (area, types) in AREAS {
            let types: Vec<_> = types.iter().map(|name| format!("`{name}`")).collect();
            let sent = SENT.iter().filter(|name| Self::area(name) == Some(area));
            let sent: Vec<_> = sent.map(|name| format!("`{name}`")).collect();
            let by = SENDS.join(", ");
            let sends = match area {
                "email" | "sms" => format!("; `{area}_send` for {by} and for {}", sent.join(", ")),
                "automations" => format!("; `automations_execute` for {by}"),
                _ => String::new(),
            };
            out += &format!("| {} | `{area}_read` | `{area}_write`{sends} |\n", types.join(", "));
        }
        out
    }

    /// The area of a type; `None` where it is in none.
    fn area(object_type: &str) -> Option<&'static str> {
        let fits = |pattern: &&str| match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
            (Some(start), _) => object_type.starts_with(start),
            (_, Some(end)) => object_type.ends_with(end),
            (None, None) => *pattern == object_type,
        };
        AREAS.iter().find(|(_, types)| types.iter().any(fits)).map(|(area, _)| *area)
    }

    /// The scope that the operation needs on the type; `None` where it needs none.
    pub fn needed(operation: &str, object_type: &str) -> Option<String> {
        let area = Self::area(object_type)?;
        let sends = SENT.contains(&object_type) || SENDS.contains(&operation);
        let level = match area {
            _ if READS.contains(&operation) => "read",
            "email" | "sms" if sends => "send",
            "automations" if sends => "execute",
            _ => "write",
        };
        Some(format!("{area}_{level}"))
    }

    /// Whether the set opens the operation on the type.
    pub fn allow(self, operation: &str, object_type: &str) -> bool {
        Self::needed(operation, object_type).is_none_or(|scope| self.holds(&scope))
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
        assert_eq!(Scopes::needed("Perform", "Automation").as_deref(), Some("automations_execute"));
        for (operation, scope) in [("Create", "sms_send"), ("Delete", "sms_send"), ("Retrieve", "sms_read")] {
            assert_eq!(Scopes::needed(operation, "SMSTriggeredSend").as_deref(), Some(scope), "{operation}");
        }
        assert_eq!(Scopes::needed("Create", "SMSTriggeredSendDefinition").as_deref(), Some("sms_write"));
        assert!(!Scopes::named("saved_content_read email_send").allow("Create", "SMSTriggeredSend"));
        assert_eq!(Scopes::needed("Perform", "List").as_deref(), Some("list_and_subscribers_write"));
        let names: std::collections::BTreeSet<_> = Scopes::names().collect();
        assert_eq!(names.len(), BOUND.len() + OTHERS.len(), "each stands once");
    }
}
