//! What becomes of a contact of a system, or of a phonebook. Whether there is one of a SubscriberKey is known only when the
//! message's turn has come: messages about one contact go one after the other, and the one before may have made it, or removed
//! it. A phonebook is known by its List's CustomerKey in the same way.

use serde::{Deserialize, Serialize};

use super::{Action, Message, System, Verdict};
use crate::message::ErrorCode;

/// A change of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContactChange {
    /// It is made, with these fields.
    Create(Vec<(String, String)>),
    /// The contact with this id gets these fields.
    Update(String, Vec<(String, String)>),
    /// The contact with this id is removed.
    Delete(String),
    /// What its turn shows.
    InTurn(Box<InTurn>),
}

/// A change that depends on whether there is a contact of the SubscriberKey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InTurn {
    /// What is done where there is none.
    pub absent: Step,
    /// What is done where there is one.
    pub present: Step,
    /// What was found when its last attempt began.
    pub found: Found,
}

/// What is done to a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// It is made, with these fields.
    Create(Vec<(String, String)>),
    /// It gets these fields.
    Update(Vec<(String, String)>),
    /// It is removed.
    Delete,
    /// Nothing, and that is what was asked for.
    Nothing,
    /// Nothing, and that is an error: ErrorCode and StatusMessage.
    Refuse(i64, String),
    /// Nothing is asked of the system: it is about what is kept here. Where nothing is, this error: ErrorCode and StatusMessage.
    Here(i64, String),
}

/// Whether there is a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// Nobody has looked yet.
    Unknown,
    /// There is none.
    Absent,
    /// There is one, with this id.
    Present(String),
}

/// What a method asks for, by whether there is a contact; before its fields are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where there is none.
    pub absent: Wish,
    /// Where there is one.
    pub present: Wish,
}

/// What a method asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is made.
    Create,
    /// It is made where enough is known of it, for it was there once; else it is an error that there is none.
    Remake,
    /// It is changed.
    Update,
    /// It is removed.
    Delete,
    /// Nothing is done.
    Nothing,
    /// It is an error that there is none.
    Missing,
    /// It is an error that there is one.
    Exists,
    /// It is an error of its own.
    Refuse(ErrorCode),
}

/// Why nothing is sent for a message whose turn has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// Nothing was asked for.
    Nothing,
    /// It is an error: ErrorCode and StatusMessage.
    Refused(i64, String),
    /// It is about what is kept here alone. Where nothing is, this error: ErrorCode and StatusMessage.
    Here(i64, String),
}

impl Found {
    /// What an id says that is known, or not.
    pub fn of(id: Option<String>) -> Self {
        id.map_or(Self::Absent, Self::Present)
    }
}

impl ContactChange {
    /// The change with the id in its place; none where nothing is sent, or nobody has looked yet.
    pub fn settled(&self) -> Option<Self> {
        let Self::InTurn(turn) = self else { return Some(self.clone()) };
        match (turn.step()?, turn.found.clone()) {
            (Step::Create(fields), _) => Some(Self::Create(fields.clone())),
            (Step::Update(fields), Found::Present(id)) => Some(Self::Update(id, fields.clone())),
            (Step::Delete, Found::Present(id)) => Some(Self::Delete(id)),
            _ => None,
        }
    }
}

impl InTurn {
    fn step(&self) -> Option<&Step> {
        match self.found {
            Found::Unknown => None,
            Found::Absent => Some(&self.absent),
            Found::Present(_) => Some(&self.present),
        }
    }
}

/// What Yeastar answers where there is no contact of the id (any more).
const NO_SUCH_CONTACT: &str = "70128";
/// The same of phonebooks.
const NO_SUCH_PHONEBOOK: &str = "70093";

impl Action {
    /// What is done to a contact or a phonebook.
    pub fn change(&self) -> Option<&ContactChange> {
        match self {
            Self::Contact(change) | Self::Phonebook(change) => Some(change),
            _ => None,
        }
    }

    fn in_turn(&self) -> Option<&InTurn> {
        match self.change()? {
            ContactChange::InTurn(turn) => Some(turn),
            _ => None,
        }
    }
}

impl ContactChange {
    /// The number that the contact has from now on, where the change says one.
    pub fn number(&self) -> Option<&str> {
        let fields = match self {
            Self::Create(fields) | Self::Update(_, fields) => fields,
            Self::InTurn(turn) => match (&turn.present, &turn.absent) {
                (Step::Create(fields) | Step::Update(fields), _) | (_, Step::Create(fields)) => fields,
                _ => return None,
            },
            Self::Delete(_) => return None,
        };
        fields.iter().find(|(name, _)| name == NUMBER).map(|(_, number)| number.as_str())
    }
}

/// The field of a contact that holds the number by which it is reached.
pub(super) const NUMBER: &str = "mobile";

impl Message {
    /// The id of the contact or phonebook that its last attempt was about, where the system says that there is none of it.
    pub fn missed(&self, verdict: &Verdict) -> Option<String> {
        let (change, none) = match &self.action {
            Action::Contact(change) => (change, NO_SUCH_CONTACT),
            Action::Phonebook(change) => (change, NO_SUCH_PHONEBOOK),
            _ => return None,
        };
        let says = self.system == System::Yeastar && verdict.code.as_deref() == Some(none);
        match change.settled().filter(|_| says)? {
            ContactChange::Update(id, _) | ContactChange::Delete(id) => Some(id),
            ContactChange::Create(_) | ContactChange::InTurn(_) => None,
        }
    }

    /// Writes down whether there is a contact, where that decides what is done; whether it does.
    pub fn find(&mut self, found: impl FnOnce(&str) -> Found) -> bool {
        let (
            Action::Contact(ContactChange::InTurn(turn)) | Action::Phonebook(ContactChange::InTurn(turn)),
            Some(subscriber),
        ) = (&mut self.action, &self.subscriber)
        else {
            return false;
        };
        turn.found = found(subscriber);
        true
    }

    /// Why nothing is sent for it, as far as that has been found.
    pub fn unsent(&self) -> Option<Unsent> {
        match self.action.in_turn()?.step()? {
            Step::Nothing => Some(Unsent::Nothing),
            Step::Refuse(code, text) => Some(Unsent::Refused(*code, text.clone())),
            Step::Here(code, text) => Some(Unsent::Here(*code, text.clone())),
            Step::Create(_) | Step::Update(_) | Step::Delete => None,
        }
    }
}
