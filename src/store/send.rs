//! One mail of a triggered send to one subscriber, as it waits to be sent.
//!
//! It holds what the call said and who is meant; subject, bodies and sender are looked up when it leaves, so that a
//! corrected e-mail corrects what still waits.

use serde::{Deserialize, Serialize};

use super::Owner;
use crate::message::options::Priority;

/// One mail that is owed to one subscriber.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// The account (MID) that sends.
    pub account: u64,
    /// The number of the TriggeredSendDefinition; SendID of its events.
    pub definition: i64,
    /// The number of the call's TriggeredSend; BatchID of its events.
    pub batch: i64,
    /// The number of the subscriber.
    pub subscriber: i64,
    /// `SubscriberKey`
    pub key: String,
    /// Where the mail goes.
    pub address: String,
    /// The list that an unsubscribing leaves; All Subscribers where the definition names none.
    pub list: i64,
    /// `Attributes` of the TriggeredSend and of its subscriber, by name; of two with one name the last holds.
    pub attributes: Vec<(String, String)>,
    /// `Subscriber.Owner`: FromName and FromAddress in the place of the sender profile's, where they are given.
    pub from: (Option<String>, Option<String>),
    /// `QueuePriority`: how urgent it is. Kept beside it (`kept_content`).
    #[serde(skip)]
    pub priority: Priority,
}

impl Owner for Send {
    fn account(&self) -> u64 {
        self.account
    }
}
