//! One mail of a triggered send, as it is owed to one subscriber.

use serde::{Deserialize, Serialize};

/// What is sent to whom. Numbers are ids of the account's own objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// The TriggeredSendDefinition.
    pub definition: i64,
    /// The Subscriber.
    pub subscriber: i64,
    /// Its SubscriberKey when the send was accepted.
    pub key: String,
    /// The address that it goes to.
    pub address: String,
    /// Attributes of the subscriber in this send, by name, as they were sent.
    pub attributes: Vec<(String, String)>,
}
