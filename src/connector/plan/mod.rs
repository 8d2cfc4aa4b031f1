//! What a routed object becomes: one message for each recipient, the change of a contact or a phonebook, a template.
//!
//! Stock types of the WSDL alone; what they have no member for stands in PartnerProperties ([`EXTRAS`]). Pure: the same object
//! gives the same messages with the same keys, however often it is asked.

mod allowed;
mod body;
mod list;
mod operation;
mod place;
mod recipient;
mod send;
mod settled;
mod subscriber;
mod template;
#[cfg(test)]
mod tests;

use sha1::{Digest, Sha1};

use self::settled::Settled;
pub use self::settled::is_extension;
use super::{
    Action, Connectors, Message, Wanted,
    problem::{Problem, problem},
    route::{self, Asked, Way},
};
use crate::{message::code, object::Node};

/// Names of PartnerProperties that are understood, each with what it says.
pub const EXTRAS: &[(&str, &str)] = &[
    ("Attachment", "a file: its address (Connectly), data:TYPE;base64,… (Salesforce), its id on the PBX (Yeastar)"),
    ("Body", "the JSON of an Operation; of a send, its text with %%name%% marks"),
    ("Campaign", "campaignName (Connectly)"),
    ("Category", "the category of a template that is made: MARKETING, UTILITY, AUTHENTICATION (Connectly)"),
    ("Channel", "the channel: whatsapp, facebook …; of Salesforce the channel address"),
    ("Components", "the components of a template that is made, as JSON (Connectly)"),
    ("ContactID", "the id of a company contact (Yeastar), where it was not made here"),
    ("Extension", "the extension of the PBX as which the message is sent (Yeastar)"),
    ("Language", "the language of a template"),
    ("Operation", "another documented operation, by its name"),
    ("Recipient", "the recipient, in place of Number and addresses"),
    ("Sender", "the sender, in place of FromAddress"),
    ("Session", "the session (Yeastar) or conversation (Salesforce) that the message is part of"),
    ("Tag", "the tag of a Facebook message (Yeastar)"),
    ("Template", "a template is sent, by this name"),
    ("TemplateID", "the template's id at WhatsApp (Yeastar)"),
];

/// What is planned for.
#[derive(Clone, Copy)]
pub struct Planning<'n> {
    /// RequestID of the call: keys are made of it.
    pub request_id: &'n str,
    /// Place of the object in its call, from 0.
    pub ordinal: u32,
    /// `Create`, `Update` or `Delete`.
    pub method: &'n str,
    /// The object.
    pub node: Node<'n>,
    /// What is asked for of a contact or a phonebook of the system.
    pub contact: Wanted,
    /// What the names and numbers in the object stand for.
    pub named: &'n Named,
}

/// What the names and numbers in an object stand for at the system, as far as it was made from here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The name by which the phonebook of a List is known whose ID is given.
    pub list: Option<String>,
    /// The system's ids: of a Subscriber those of the phonebooks that are its Lists, of a List those of the contacts that are its
    /// Subscribers.
    pub ids: Vec<String>,
}

/// What an object becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// In the order of the recipients.
    pub messages: Vec<Message>,
    /// Recipients who get none: place, SubscriberKey, ErrorCode, text.
    pub failures: Vec<(u32, Option<String>, i64, String)>,
}

/// The messages of an object that goes to a connector; none for every other way.
///
/// # Errors
/// Nothing of it can be sent: ErrorCode and StatusMessage of its row.
pub fn plan(connectors: &Connectors, way: &Way<'_>, planning: &Planning<'_>) -> Result<Planned, Problem> {
    let Way::Connector(connector, route) = *way else {
        return Ok(Planned::default());
    };
    debug_assert!(connectors.connectors.contains_key(&connector.name), "a way leads to a connector that is configured");
    let settled = Settled { connector, route, planning };
    let asked = Asked { account: 0, method: planning.method, node: planning.node };
    route::able(connector.system(), &asked).map_err(|why| problem(code::CONNECTOR_CANNOT, why))?;
    settled.allowed()?;
    if planning.method == "Create"
        && let Some(name) = settled.extra("Operation")
    {
        return Ok(Planned { messages: vec![operation::other(&settled, &name)?], failures: Vec::new() });
    }
    let one = |message: Message| Planned { messages: vec![message], failures: Vec::new() };
    match (route::kind_of(planning.node), planning.method) {
        ("Subscriber", _) => {
            let messages = subscriber::change(&settled)?;
            Ok(Planned { messages, failures: Vec::new() })
        }
        ("List", _) => list::change(&settled).map(one),
        ("Email" | "TriggeredSendDefinition", _) => template::create(&settled).map(one),
        (_, "Delete") => operation::end(&settled).map(one),
        ("SMSTriggeredSend", _) => send::single(&settled).map(one),
        _ => send::each(&settled),
    }
}

impl Settled<'_> {
    /// A message with all that is the same for every one of its object.
    fn message(&self, action: Action, recipient: String, channel: String, place: u32) -> Message {
        let Planning { request_id, ordinal, node, .. } = *self.planning;
        Message {
            connector: self.connector.name.clone(),
            system: self.connector.system(),
            action,
            recipient,
            channel,
            sender: self.sender(),
            key: key(request_id, ordinal, place),
            ordinal,
            place,
            kind: route::kind_of(node).to_owned(),
            definition: route::definition_of(node),
            subscriber: None,
        }
    }
}

/// The UUID (version 5) of a recipient's message. Made of what names it, so that every attempt has the same.
fn key(request_id: &str, ordinal: u32, place: u32) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("envoi message\n{request_id}\n{ordinal}\n{place}"));
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(hash.finalize()) {
        *byte = from;
    }
    uuid::Builder::from_sha1_bytes(bytes).into_uuid().to_string()
}
