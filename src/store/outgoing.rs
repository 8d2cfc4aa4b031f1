//! What a connector is to do, as it waits: the message, whose work it is part of, and what has become of it.

use serde::{Deserialize, Serialize};

use super::{Name, Owner};
use crate::connector::{Message, Receipt, Verdict};

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
