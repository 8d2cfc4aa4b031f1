//! Every code of asynchronous processing: wire text, when it is raised, what it does, what the caller can do.
//!
//! Codes and texts are facts of the service (seed 000; facts/wire 3.4). Texts marked as ours stand where none is
//! documented. The engine, README, `envoi explain` and the tests read this table; there is no other.

use crate::message::code::{NOT_ASYNCHRONOUS, TOO_MANY_OBJECTS};

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// What the engine calls it.
    pub rejection: Rejection,
    /// `ErrorCode`
    pub code: i64,
    /// `StatusMessage`
    pub text: &'static str,
    /// When it is raised.
    pub when: &'static str,
    /// What it does to the call and its conversation.
    pub effect: &'static str,
    /// What the caller can do.
    pub remedy: &'static str,
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:expr, $text:expr, $when:literal, $effect:literal, $remedy:literal;)*) => {
        /// Why a call is refused, or an object of it fails, on its way through the queue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rejection {
            $($(#[doc = $doc])+ $name,)*
        }

        /// The table, in the order of the codes.
        pub const TABLE: &[Rule] = &[$(Rule {
            rejection: Rejection::$name,
            code: $code,
            text: $text,
            when: $when,
            effect: $effect,
            remedy: $remedy,
        }),*];

        impl Rejection {
            /// `ErrorCode`
            pub fn code(self) -> i64 {
                match self { $(Self::$name => $code),* }
            }

            /// `StatusMessage`
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

rules! {
    /// Another CallsInConversation.
    CallsChanged = 200,
        "CallsInConversation don't match previous value in the Conversation. Conversation has been invalidated",
        "A part has another CallsInConversation than the first part of its open conversation.",
        "The part is refused; the conversation is in error and none of its parts is run.",
        "Give all parts the same CallsInConversation, and send all of them again under a new ConversationID.";
    /// The store has lost parts.
    PartsLost = 201,
        "Async API Collection Total Mismatch",
        "When processing starts, the store has not as many parts as CallsInConversation says: it is damaged.",
        "The conversation is in error and none of its parts is run.",
        "Send all parts again under a new ConversationID. Tell the operator: the store is damaged.";
    /// No SequenceCode.
    SequenceCodeMissing = 202,
        "Missing Required Conversation Property SequenceCode. ConversationID, SequenceCode, and CallsInConversation are \
         required for Conversations Requests",
        "An asynchronous call has CallsInConversation and no SequenceCode.",
        "The call is refused; its conversation stays as it is.",
        "Give SequenceCode too, or neither: then the conversation has one part.";
    /// A part after the time-out.
    Timeout = 203,
        "Async API Timeout",
        "A further part of a conversation that has timed out: more than five minutes passed after the last accepted part.",
        "The part is refused; none of the conversation's parts is run.",
        "Send all parts again under a new ConversationID, with less than five minutes between two parts.";
    /// An object of a call with refused triggered sends, or a deletion that cannot be done now.
    Invalid = 204,
        "Async API Error",
        "An object is in a call with a triggered send that is refused before it is queued: the refused send has the code of a \
         synchronous call, every other object of the call this one. Also when a scheduled item is to be deleted that is just \
         being processed, or that may be deleted only nearer to its time (`queue.delete_within`).",
        "A Result with this code for the object. Nothing of the call is queued, or the item is not deleted; its conversation \
         stays as it is.",
        "Correct the sends that have other codes, and send the whole call again. Objects that fail in processing keep the codes \
         of a synchronous call.";
    /// One CorrelationID on two objects. The text is ours.
    CorrelationRepeated = 204,
        "Async API Error. Each object in a call must have a unique CorrelationID",
        "Two objects of one asynchronous call have the same CorrelationID.",
        "The call is refused; its conversation stays as it is.",
        "Give each object of a call its own CorrelationID; other calls may use the same ones.";
    /// SequenceCode below 1 or above CallsInConversation.
    SequenceOutOfBounds = 205,
        "SequenceCode Out Of Bounds. Valid SequenceCode range is 1 to the value of CallsInConversation",
        "SequenceCode is less than 1 or greater than CallsInConversation.",
        "The call is refused; its conversation stays as it is.",
        "Number the parts from 1 to CallsInConversation.";
    /// CallsInConversation below 1.
    CallsOutOfBounds = 206,
        "CallsInConversation Out Of Bounds. CallsInConversation is expected to be a positive number",
        "CallsInConversation is less than 1.",
        "The call is refused; its conversation stays as it is.",
        "Set CallsInConversation to the number of parts.";
    /// No ConversationID.
    ConversationIdMissing = 207,
        "Missing Required Conversation Property ConversationID. ConversationID, SequenceCode, and CallsInConversation are \
         required for Conversations Requests",
        "An asynchronous call has SequenceCode or CallsInConversation and no ConversationID, or an empty ConversationID.",
        "The call is refused.",
        "Give a ConversationID that was never used, or none of the three.";
    /// No CallsInConversation.
    CallsMissing = 208,
        "Missing Required Conversation Property CallsInConversation. ConversationID, SequenceCode, and \
         CallsInConversation are required for Conversations Requests",
        "An asynchronous call has SequenceCode and no CallsInConversation.",
        "The call is refused; its conversation stays as it is.",
        "Give CallsInConversation too, or neither: then the conversation has one part.";
    /// Conversation options on a synchronous call.
    NotAsynchronous = NOT_ASYNCHRONOUS.code, NOT_ASYNCHRONOUS.text,
        "A call has ConversationID, SequenceCode or CallsInConversation and is not of RequestType Asynchronous.",
        "The call is refused.",
        "Set RequestType to Asynchronous, or send none of the three.";
    /// A used ConversationID.
    Reused = 211,
        "Invalid ConversationID. ConversationID has already been used",
        "The conversation is complete; or it failed or timed out, and the part is no late part of it, since its SequenceCode \
         was taken or its CallsInConversation differs.",
        "The part is refused; the conversation stays as it is.",
        "Use a new ConversationID for every conversation. They are never given free.";
    /// A state that cannot be understood.
    Unreadable = 212,
        "Invalid Conversation",
        "What the store holds of the conversation is in none of its states: it is damaged.",
        "The part is refused; nothing is changed.",
        "Send all parts under a new ConversationID. Tell the operator: the store is damaged.";
    /// A part after an error.
    InError = 213,
        "Conversation is in an error state and is no longer able to accept conversation parts",
        "A further part of a conversation that is in error.",
        "The part is refused; the conversation stays as it is.",
        "Find the first error in the earlier answers and results, and resubmit what did not complete under a new \
         ConversationID.";
    /// A SequenceCode for the second time.
    SequenceRepeated = 214,
        "SequenceCode already used for Conversation. Conversation has been invalidated",
        "A part has the SequenceCode of an accepted part of its open conversation.",
        "The part is refused; the conversation is in error and none of its parts is run.",
        "Number the parts from 1 to CallsInConversation, and send all of them again under a new ConversationID.";
    /// A part after the last.
    Closed = 215,
        "Conversation is closed and cannot accept more parts",
        "All parts of the conversation are in and it is waiting or being processed.",
        "The part is refused; the conversation runs as it is.",
        "Nothing, when the part was sent twice; else send it under a new ConversationID.";
    /// More than 32,766 objects.
    TooManyObjects = TOO_MANY_OBJECTS.code, TOO_MANY_OBJECTS.text,
        "A call has more than 32,766 objects.",
        "The call is refused; its conversation stays as it is.",
        "Spread the objects over several calls.";
    /// Too many SendResponseTo. The text is ours.
    TooManyTargets = TOO_MANY_OBJECTS.code, "Too many objects. SendResponseTo is given too often",
        "An asynchronous call has more SendResponseTo entries than `queue.send_response_to` allows.",
        "The call is refused; its conversation stays as it is. The text goes on with their number and the limit.",
        "Name fewer addresses, and let one of them pass the results on.";
    /// Nothing to delete. Only a symbolic name is documented.
    NotFound = 220,
        "AsyncAPI_Item_Not_Found",
        "Delete of a ScheduledConversation or ScheduledRequest that the account never had.",
        "A Result with this code for the object.",
        "Check the ConversationID or RequestID, and the account.";
    /// Too late to delete. Only a symbolic name is documented.
    AlreadyProcessed = 222,
        "AsyncAPI_Invalid_Status_To_Delete_Item",
        "Delete of a ScheduledConversation or ScheduledRequest that has ended, or was deleted before.",
        "A Result with this code for the object.",
        "Nothing: its results can be retrieved.";
    /// ScheduledTime too far ahead.
    TooFarAhead = 226,
        "A request may not have ScheduledTime greater than 30 days from now",
        "ScheduledTime lies more than 30 days ahead.",
        "The call is refused; its conversation stays as it is.",
        "Schedule at most 30 days ahead.";
    /// A callback that is not HTTPS.
    Insecure = 227,
        "An unsecure response address specified in the 'SendResponseTo' parameter.",
        "A SendResponseTo of type HTTPPost names an address that is not an https: URL, and the operator has not allowed \
         its host.",
        "The call is refused; its conversation stays as it is. ResultDetailXML and the log say what is wrong with which.",
        "Use an HTTPS endpoint for callbacks.";
    /// A SendResponseTo by FTP. The text is ours.
    NoFtp = 227,
        "An unsecure response address specified in the 'SendResponseTo' parameter. ResponseType FTP is not offered here",
        "A SendResponseTo is of type FTP, which the service does not use, and the operator has set no folder for it.",
        "The call is refused; its conversation stays as it is.",
        "Use HTTPPost or email, or None and retrieve the results.";
    /// A SendResponseTo by e-mail to what is no address. The text is ours.
    NoMailbox = 227,
        "An unsecure response address specified in the 'SendResponseTo' parameter. ResponseAddress is no e-mail address",
        "A SendResponseTo of type email has a ResponseAddress that is not one e-mail address alone.",
        "The call is refused; its conversation stays as it is. The text goes on with the place and the value.",
        "Give one address such as ada@example.com, without a name; for several, several SendResponseTo.";
    /// Expired on arrival. The text is ours.
    Expired = 228,
        "RequestExpirationTime has passed",
        "RequestExpirationTime lies before the present.",
        "The call is refused.",
        "Set RequestExpirationTime to a moment in the future; check the offset from UTC.";
    /// Expires before it is to run. The text is ours.
    ExpiresBeforeScheduled = 229,
        "RequestExpirationTime may not be before ScheduledTime",
        "RequestExpirationTime lies before ScheduledTime.",
        "The call is refused.",
        "Set RequestExpirationTime after ScheduledTime, both in UTC or with the same offset.";
    /// An expiry on one of several parts. The text and the trigger are ours.
    ExpirationOfConversation = 231,
        "RequestExpirationTime is supported only in single-part conversations",
        "A call with RequestExpirationTime has a CallsInConversation greater than 1.",
        "The call is refused; its conversation stays as it is.",
        "Leave RequestExpirationTime out of conversations of several parts.";
}

impl Rejection {
    /// Its row of the table.
    pub fn rule(self) -> Option<&'static Rule> {
        TABLE.iter().find(|rule| rule.rejection == self)
    }
}
