//! Error codes of the service that envoi raises, each with the text that goes out.
//!
//! Codes and texts are facts of the service (facts: error-code pages, captures). Texts marked as ours stand where only a
//! symbolic name is documented.

/// A Result's ErrorCode with its StatusMessage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// `ErrorCode`
    pub code: i64,
    /// `StatusMessage`; `{}` stands for what the call was about.
    pub text: &'static str,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $text:literal;)*) => {
        $($(#[doc = $doc])* pub const $name: ErrorCode = ErrorCode { code: $code, text: $text };)*
        /// Every code, in order.
        pub const ALL: &[(&str, ErrorCode)] = &[$((stringify!($name), $name)),*];
        /// Every code with what it says of the object or call, in order.
        pub const MEANINGS: &[(ErrorCode, &str)] = &[$(($name, concat!($($doc),*).trim_ascii())),*];
    };
}

impl ErrorCode {
    /// The text with `what` in place of `{}`.
    pub fn about(&self, what: &str) -> String {
        self.text.replacen("{}", what, 1)
    }
}

codes! {
    /// A name that is taken.
    NAME_EXISTS = 1, "{} already exists";
    /// Something went wrong that is not the caller's fault, or a value that cannot be understood.
    EXCEPTION = 2, "Exception occurred during {}";
    /// UpdateOptions.Action is none of the three words.
    UPDATE_ACTION = 3, "UpdateOptions.Action must be Create, Update or Delete, not {}";
    /// The caller may not act for this account.
    NO_ACCESS = 4, "The user does not have access to account {}";
    /// The type cannot be created, updated, deleted.
    CANNOT_PERFORM = 5, "Cannot perform {}";
    /// An object that is missing or nil.
    NO_OBJECT = 6, "No object specified at 0-based index {}";
    /// A type that nobody knows.
    UNSUPPORTED_TYPE = 8, "This operation does not support the APIObject of type [{}]";
    /// A type that cannot be performed.
    PERFORM_UNSUPPORTED = 100, "The Perform method is not supported for the {} object";
    /// A conversation option without RequestType Asynchronous (seed 000).
    NOT_ASYNCHRONOUS = 209, "Options.RequestType is required to be set to RequestType.Asynchronous";
    /// More than 32,766 objects in one call.
    TOO_MANY_OBJECTS = 218, "Too many objects";
    /// LogUnsubEvent: nobody of this key or address.
    UNSUB_NOT_FOUND = 400, "Subscriber not found: {}";
    /// LogUnsubEvent: neither key nor address nor ID.
    UNSUB_KEY_REQUIRED = 404, "SubscriberKey is required";
    /// An address that is none.
    INVALID_EMAIL = 12000, "InvalidEmailAddress";
    /// Nobody of this key, address or ID.
    SUBSCRIBER_NOT_FOUND = 12001, "SubscriberNotFound";
    /// MasterUnsub of somebody who is unsubscribed. Our text.
    MASTER_UNSUBSCRIBED = 12012, "The subscriber is already master unsubscribed";
    /// Create of a subscriber who exists. The text is captured.
    SUBSCRIBER_EXISTS = 12014, "The subscriber is already on the list";
    /// A key that belongs to nobody.
    SUBSCRIBER_KEY_NOT_FOUND = 12015, "Subscriber Key Not Found";
    /// A status that nobody starts with. Our text.
    STATUS_ON_CREATE = 12016, "A subscriber cannot be created with the status {}";
    /// A list that does not exist.
    LIST_NOT_FOUND = 13000, "List not found: {}";
    /// `create` of a place on a list that is taken.
    ON_LIST_ALREADY = 13006, "On List Already";
    /// `update` or `delete` of a place on a list that is not there.
    NOT_ON_LIST = 13007, "Not On List";
    /// A list name over 50 characters.
    LIST_NAME_TOO_LONG = 13010, "The list name is longer than 50 characters";
    /// A definition that does not exist.
    DEFINITION_NOT_FOUND = 17010, "Customer Key not found: {}";
    /// A triggered send whose definition is not started, or lacks something; what, is ours.
    DEFINITION_NOT_READY = 18001, "The Triggered Send Definition is not completely configured or in a new status: {}";
    /// A triggered send whose definition does not exist. The text is captured.
    INVALID_CUSTOMER_KEY = 18002, "Invalid Customer Key";
    /// A send where no way for mail to leave is configured, or of a type that is not sent here. Our texts.
    SEND_IMPOSSIBLE = 18006, "Unable to send: no mail backend is configured on this server";
    /// Create with SaveAction UpdateOnly, and there is no such object.
    UPDATE_ONLY = 68000, "CreateSingle: SaveAction: UpdateOnly violation";
    /// Update with SaveAction AddOnly, and there is such an object.
    ADD_ONLY = 68001, "UpdateSingle: SaveAction: AddOnly violation";
    /// A row with something wrong in it; the details stand in KeyErrors and ValueErrors.
    ROW_ERROR = 70000, "{}";
    /// A value that must not be null.
    ROW_NULL = 70001, "{} must have a value";
    /// A value that is too long.
    ROW_TOO_LONG = 70002, "{} is longer than its maximum length";
    /// No data extension of this key.
    ROW_NO_EXTENSION = 70003, "Invalid data extension key: {}";
    /// A value that is empty.
    ROW_EMPTY = 70004, "{} is empty";
    /// A triggered send without subscribers (six digits, as documented).
    SEND_NO_SUBSCRIBERS = 180007, "The Triggered Send Object must have subscribers associated with it";
    /// A triggered send of whose subscribers none may get it; SubscriberFailures says why.
    SEND_NOBODY = 180008, "Unable to queue Triggered Send request. There are no valid subscribers.";
    /// A data extension without a key.
    EXTENSION_NO_KEY = 310001, "The data extension has no CustomerKey, ObjectID or Name";
    /// A data extension that is not there to be deleted.
    EXTENSION_NOT_FOUND = 310002, "The data extension does not exist: {}";
    /// Add only, and it is there.
    EXTENSION_EXISTS = 310003, "A data extension with this name or key exists: {}";
    /// Update only, and it is not there.
    EXTENSION_MISSING = 310004, "The data extension to update does not exist: {}";
    /// ObjectIDs are given by the service.
    EXTENSION_OBJECT_ID = 310005, "A new data extension cannot be given an ObjectID: {}";
    /// The data extension cannot be changed so: its rows, or what it is used for, forbid it.
    EXTENSION_CONFLICT = 310006, "{}";
    /// What was sent does not make a data extension.
    EXTENSION_INVALID = 310007, "{}";
    /// A folder that is not there.
    FOLDER_NOT_FOUND = 396001, "The folder does not exist: {}";
    /// A connector: nobody to send to. Our codes and texts, up to 4000013.
    NO_RECIPIENT = 4000001, "There is no recipient: {}";
    /// A connector: the recipient's number is none.
    BAD_NUMBER = 4000002, "The recipient's number cannot be used: {}";
    /// A connector: neither a text nor a template.
    NO_TEXT = 4000003, "There is nothing to send: {}";
    /// A connector: its system has no such thing.
    CONNECTOR_CANNOT = 4000004, "The connector cannot do this: {}";
    /// A connector: a PartnerProperty, or a value that its system needs, is missing or wrong.
    CONNECTOR_VALUE = 4000005, "{}";
    /// A connector: no contact of this SubscriberKey was made there.
    NO_CONTACT = 4000006, "The connector knows no contact of {}";
    /// A connector: an attribute that the text or the template needs is missing.
    NO_ATTRIBUTE = 4000007, "The attribute {} is missing";
    /// A connector: the same recipient twice in one object.
    RECIPIENT_TWICE = 4000008, "The recipient {} is named twice";
    /// A connector: its configuration does not let callers ask for this operation.
    OPERATION_NOT_ALLOWED = 4000009, "The connector does not allow the operation {}";
    /// A connector: its configuration does not let callers name this sender.
    SENDER_NOT_ALLOWED = 4000010, "The connector does not allow the sender {}";
    /// A connector: its configuration does not let callers name this channel.
    CHANNEL_NOT_ALLOWED = 4000011, "The connector does not allow the channel {}";
    /// A connector: no phonebook of this List was made there.
    NO_PHONEBOOK = 4000012, "The connector knows no phonebook of {}";
    /// A connector: a phonebook of this List was made there already.
    PHONEBOOK_EXISTS = 4000013, "The connector has a phonebook already of {}";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_unique() {
        assert!(ALL.is_sorted_by(|(_, a), (_, b)| a.code < b.code));
    }
}
