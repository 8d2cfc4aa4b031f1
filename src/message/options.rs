//! Options of a request, read once and checked as values.
//!
//! Whether a combination of conversation options is lawful is not decided here.

use crate::{
    clock::Time,
    object::{Node, value},
    soap::Fault,
};

mod response;

pub use response::{Priority, RespondWhen, ResponseType, SendResponseTo};

/// What the Options of one request say (WSDL type `Options` and what extends it). All members are optional on the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// `RequestType` is `Asynchronous`.
    pub asynchronous: bool,
    /// `ConversationID`; an empty one counts as given and empty.
    pub conversation_id: Option<String>,
    /// `SequenceCode`
    pub sequence_code: Option<i32>,
    /// `CallsInConversation`
    pub calls_in_conversation: Option<i32>,
    /// `ScheduledTime`
    pub scheduled_time: Option<Time>,
    /// `RequestExpirationTime`
    pub request_expiration_time: Option<Time>,
    /// `QueuePriority`, else what the deprecated `Priority` says.
    pub priority: Option<Priority>,
    /// `SendResponseTo`
    pub send_response_to: Vec<SendResponseTo>,
    /// `SaveOptions/SaveOption`, those that name both a property and an action.
    pub save_options: Vec<SaveOption>,
    /// The account to act for: `Client/ID`, or the deprecated `Client/ClientID`.
    pub client_id: Option<u64>,
    /// `UpdateOptions.Action`, as it was sent.
    pub action: Option<String>,
    /// `UpdateOptions.Container` or `CreateOptions.Container` names this type.
    pub container: Option<Container>,
}

/// `Container`: the object in which the objects of the call stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its type by xsi:type; empty when it has none.
    pub kind: String,
    /// `CustomerKey`
    pub customer_key: Option<String>,
    /// `ObjectID`
    pub object_id: Option<String>,
    /// `ID`
    pub id: Option<i64>,
}

/// One `SaveOption`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveOption {
    /// `*`, or the type that it is about.
    pub property_name: String,
    /// What to do.
    pub action: SaveAction,
}

/// `SaveAction` (WSDL)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveAction {
    /// Create it; an object that is there already is an error.
    AddOnly,
    /// Create it, or change it when it is there already.
    Default,
    /// Leave it alone.
    Nothing,
    /// Change it, or create it when it is not there.
    UpdateAdd,
    /// Change it; a missing object is an error.
    UpdateOnly,
    /// Delete it.
    Delete,
}

impl SaveAction {
    fn named(text: &str) -> Option<Self> {
        Some(match text {
            "AddOnly" => Self::AddOnly,
            "Default" => Self::Default,
            "Nothing" => Self::Nothing,
            "UpdateAdd" => Self::UpdateAdd,
            "UpdateOnly" => Self::UpdateOnly,
            "Delete" => Self::Delete,
            _ => return None,
        })
    }
}

impl Options {
    /// Reads an Options element. Members in any order, unknown ones passed over; a nil member counts as absent.
    ///
    /// # Errors
    /// A Client fault when a value is not of its type, with the place.
    pub fn read(node: Node<'_>) -> Result<Self, Fault> {
        let mut options = Self::default();
        let mut deprecated = None;
        for member in node.children().filter(|member| !member.is_nil()) {
            let text = member.text();
            let text = text.trim();
            match member.name() {
                "RequestType" if !text.is_empty() => {
                    options.asynchronous = match text {
                        "Asynchronous" => true,
                        "Synchronous" => false,
                        _ => return Err(bad(member, "Synchronous or Asynchronous")),
                    }
                }
                // Free text: spaces inside are the caller's, and so are those around.
                "ConversationID" => options.conversation_id = Some(member.text().into_owned()),
                "SequenceCode" if !text.is_empty() => options.sequence_code = Some(int(member, text)?),
                "CallsInConversation" if !text.is_empty() => options.calls_in_conversation = Some(int(member, text)?),
                "ScheduledTime" if !text.is_empty() => {
                    let time = value::date_time(text, 0).ok_or_else(|| bad(member, "an xsd:dateTime"))?;
                    options.scheduled_time = Some(time);
                }
                "RequestExpirationTime" if !text.is_empty() => {
                    let time = value::date_time(text, 0).ok_or_else(|| bad(member, "an xsd:dateTime"))?;
                    options.request_expiration_time = Some(time);
                }
                "QueuePriority" if !text.is_empty() => {
                    let priority = Priority::named(text).ok_or_else(|| bad(member, "High, Medium or Low"))?;
                    options.priority = Some(priority);
                }
                "Priority" if !text.is_empty() => {
                    let byte = text.parse().ok().or_else(|| text.strip_prefix('+')?.parse().ok());
                    deprecated = Some(Priority::numbered(byte.ok_or_else(|| bad(member, "an xsd:byte"))?));
                }
                "SendResponseTo" => options.send_response_to.push(SendResponseTo::read(member)?),
                "SaveOptions" => options.save_options = member.children().filter_map(save_option).collect(),
                "Client" => options.client_id = client_id(member)?,
                "Action" if !text.is_empty() => options.action = Some(text.to_owned()),
                "Container" => options.container = Some(Container::read(member)?),
                _ => {}
            }
        }
        options.priority = options.priority.or(deprecated);
        Ok(options)
    }

    /// How urgent its triggered sends are; Medium when nothing is said.
    pub fn priority(&self) -> Priority {
        self.priority.unwrap_or_default()
    }

    /// Whether any option says that the call belongs to a conversation (seed 000: codes 202, 207, 208, 209).
    pub fn in_conversation(&self) -> bool {
        self.conversation_id.is_some() || self.sequence_code.is_some() || self.calls_in_conversation.is_some()
    }

    /// What to do with objects of a type: the SaveOption that names it, else that of `*`.
    pub fn save_action(&self, kind: &str) -> Option<SaveAction> {
        let named = |name: &str| self.save_options.iter().find(|option| option.property_name == name);
        named(kind).or_else(|| named("*")).map(|option| option.action)
    }
}

/// The account that a `ClientID` element names, if it names one.
///
/// # Errors
/// A Client fault when the number is none.
pub fn client_id(node: Node<'_>) -> Result<Option<u64>, Fault> {
    let Some(id) = node.child("ID").or_else(|| node.child("ClientID")).filter(|id| !id.is_nil()) else {
        return Ok(None);
    };
    let text = id.text();
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| bad(id, "an account number (MID)")),
    }
}

impl Container {
    /// The WSDL's `ContainerID` holds an `APIObject`; clients also put the members into Container itself.
    fn read(node: Node<'_>) -> Result<Self, Fault> {
        let node = node.child("APIObject").unwrap_or(node);
        let id = match (node.child("ID"), node.given("ID")) {
            (Some(id), Some(text)) => Some(text.parse().map_err(|_| bad(id, "an xsd:int"))?),
            _ => None,
        };
        Ok(Self {
            kind: node.xsi_type().map(|(_, local)| local.to_owned()).unwrap_or_default(),
            customer_key: node.given("CustomerKey"),
            object_id: node.given("ObjectID"),
            id,
        })
    }
}

/// Clients are known to send malformed SaveOptions (a list of them, or an action without a property): those say nothing.
fn save_option(node: Node<'_>) -> Option<SaveOption> {
    let property_name = node.child("PropertyName")?.text().trim().to_owned();
    let action = SaveAction::named(node.child("SaveAction")?.text().trim())?;
    Some(SaveOption { property_name, action })
}

fn int(node: Node<'_>, text: &str) -> Result<i32, Fault> {
    value::int(text).ok_or_else(|| bad(node, "an xsd:int"))
}

fn bad(node: Node<'_>, expected: &str) -> Fault {
    let (line, column) = node.position();
    Fault::client(format!(
        "Server was unable to read request. {} is {:?}, expected {expected} (line {line}, column {column}).",
        node.path(),
        node.text(),
    ))
    .logged(format!("an option at line {line}, column {column} is not {expected}"))
}
