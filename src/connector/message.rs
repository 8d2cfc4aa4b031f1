//! One message to one recipient, or one change of what a system knows of somebody. It is stored as it is, so it names its
//! connector and holds no secret.

use serde::{Deserialize, Serialize};

use super::{ContactChange, Operation, System};

/// What is to be done by a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Name of the connector.
    pub connector: String,
    /// Its system.
    pub system: System,
    /// What is to be done.
    pub action: Action,
    /// The recipient as the system knows him: a number in E.164, an id. With [`Message::channel`] it is the lane in which one
    /// request is under way at a time, where there is no session ([`Message::session`]).
    pub recipient: String,
    /// The channel.
    pub channel: String,
    /// The sender, where the system needs one.
    pub sender: Option<String>,
    /// A UUID made of RequestID, OrdinalID and the recipient's place: the same at every attempt.
    pub key: String,
    /// Place of the object in its call, from 0.
    pub ordinal: u32,
    /// Place of the recipient in the object, from 0.
    pub place: u32,
    /// Type of the object.
    pub kind: String,
    /// CustomerKey of the definition, where the object names one.
    pub definition: Option<String>,
    /// SubscriberKey, where the object has one.
    pub subscriber: Option<String>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// A free text.
    Text(Text),
    /// A template of the channel.
    Template(Template),
    /// A conversation is opened (Salesforce `POST /conversation`).
    Open {
        /// routingAttributes
        attributes: Vec<(String, String)>,
    },
    /// A consent is set (Salesforce `PATCH /consent`).
    Consent {
        /// consentStatus
        status: String,
    },
    /// A contact is made, changed or removed (Yeastar company contacts).
    Contact(ContactChange),
    /// A session is ended (Salesforce `POST /messagingSession`, Yeastar `message_session/close`).
    End {
        /// The session, or the conversation.
        session: String,
    },
    /// Another documented operation, by its name in facts/backends.
    Other {
        /// Its name.
        operation: String,
        /// Its JSON body.
        body: String,
    },
    /// A phonebook is made, changed or removed (Yeastar); its name stands where a contact has its SubscriberKey.
    Phonebook(ContactChange),
}

/// The name under which a text's attributes, or a template's parameters, hold the extension of a PBX that sends it.
pub(super) const SENDER_NO: &str = "sender_no";

/// The name under which a template's parameters hold the session of a PBX that it is part of.
pub(super) const SESSION_ID: &str = "session_id";

impl Message {
    /// The session (Yeastar) or conversation (Salesforce) that it is part of, or is about; what is asked of one goes one after the
    /// other, whoever it is for (facts/backends section 5.4).
    pub fn session(&self) -> Option<String> {
        let session = match &self.action {
            Action::Text(text) => text.session.clone(),
            Action::Template(template) => template.session().map(str::to_owned),
            Action::End { session } => Some(session.clone()),
            Action::Other { operation, body } => {
                Operation::named(self.system, operation).and_then(|operation| operation.session(body))
            }
            Action::Open { .. } | Action::Consent { .. } | Action::Contact(_) | Action::Phonebook(_) => None,
        }?;
        // 12 and 012 are one number.
        let number = session.trim().parse::<i64>().ok().filter(|_| self.system == System::Yeastar);
        Some(number.map_or(session, |number| number.to_string()))
    }
}

impl Template {
    /// The session of a PBX that it is part of.
    pub fn session(&self) -> Option<&str> {
        self.parameters.iter().find(|(name, _)| name == SESSION_ID).map(|(_, session)| session.as_str())
    }
}

/// A free text, with at most one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The text.
    pub text: String,
    /// A file that goes with it: its address (Connectly), the file itself as `data:TYPE;base64,…` (Salesforce), its id on the
    /// PBX or what `message/batchupload` told of it (Yeastar).
    pub attachment: Option<String>,
    /// routingAttributes, callbackData and the like.
    pub attributes: Vec<(String, String)>,
    /// The session or conversation that it is part of, where the caller named one.
    pub session: Option<String>,
    /// What may be sent in its place when a free text may no longer be sent (remedies).
    pub fallback: Option<Template>,
}

/// A template with its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Its parameters by name.
    pub parameters: Vec<(String, String)>,
}

/// What a webhook has told of a message that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receipt {
    /// It is on its way.
    Sent,
    /// It arrived.
    Delivered,
    /// It was read.
    Read,
    /// It did not arrive: the system's code and what it says.
    Failed {
        /// The code, where there is one.
        code: Option<String>,
        /// What the system says.
        message: String,
    },
}
