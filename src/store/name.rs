//! By what a conversation is known.

use serde::{Deserialize, Serialize};

use super::Owner;

/// Which conversation: of an account, by its ConversationID, or by the RequestID of a call that has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name {
    pub(super) account: u64,
    pub(super) single: bool,
    pub(super) id: String,
}

impl Name {
    /// The conversation of a ConversationID.
    pub fn conversation(owner: &(impl Owner + ?Sized), id: &str) -> Self {
        Self { account: owner.account(), single: false, id: id.to_owned() }
    }

    /// The conversation that a call without a ConversationID is by itself.
    pub fn request(owner: &(impl Owner + ?Sized), request_id: &str) -> Self {
        Self { account: owner.account(), single: true, id: request_id.to_owned() }
    }

    /// Whether it is a call without a ConversationID.
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// The ConversationID, or the RequestID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The ConversationID.
    pub fn conversation_id(&self) -> Option<&str> {
        (!self.single).then_some(self.id.as_str())
    }
}

impl Owner for Name {
    fn account(&self) -> u64 {
        self.account
    }
}
