//! What a connector is to do, as it waits: the message, whose work it is part of, and what has become of it.

use serde::{Deserialize, Serialize};

use super::{Name, Owner};
use crate::{
    connector::{Message, Receipt, Verdict},
    message::options::Priority,
};

/// Something that a connector is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The account (MID) that sends.
    pub account: u64,
    /// Who waits for it.
    pub asker: Asker,
    /// What is to be done.
    pub message: Message,
    /// What came of the last attempt that was answered.
    pub verdict: Option<Verdict>,
    /// What a webhook has told since.
    pub receipt: Option<Receipt>,
    /// The request of the last attempt as it may be shown, of a connector that only records.
    pub shown: Option<String>,
    /// In doubt, it waits until an operator says what is to become of it.
    pub asks: bool,
    /// Nobody waits for it any longer: an attempt that is under way is the last.
    pub is_last: bool,
    /// How urgent it is: what a synchronous call waits for is as urgent as can be. Kept beside it (`kept_content`).
    #[serde(skip)]
    pub priority: Priority,
}

impl Outgoing {
    /// A message that has not been tried.
    pub fn new(account: u64, asker: Asker, message: Message) -> Self {
        Self {
            account,
            asker,
            message,
            verdict: None,
            receipt: None,
            shown: None,
            asks: false,
            is_last: false,
            priority: Priority::default(),
        }
    }
}

/// Who waits for what becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asker {
    /// A part of a conversation, or a single request that was queued.
    Part {
        /// The conversation.
        name: Name,
        /// SequenceCode of the part.
        sequence: u32,
    },
    /// A synchronous call; its messages have one number.
    Call {
        /// That number.
        batch: i64,
    },
}

impl Owner for Outgoing {
    fn account(&self) -> u64 {
        self.account
    }
}
