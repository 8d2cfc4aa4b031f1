//! Options of a request, read once and checked as values.
//!
//! Whether a combination of conversation options is lawful is not decided here.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    object::{Node, value},
    soap::Fault,
};

mod response;

pub use response::{Priority, RespondWhen, ResponseType, SendResponseTo};

/// Characters of a ConversationID: every Result repeats it.
const LONGEST_CONVERSATION_ID: usize = 1024;
/// Characters of a value that a fault repeats.
const LONGEST_REPEATED: usize = 200;

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
    /// `SaveOptions/SaveOption`, those with an action.
    pub save_options: Vec<SaveOption>,
    /// `Client`: the account to act for.
    pub client: Option<ClientRef>,
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
    const ALL: [(Self, &'static str); 6] = [
        (Self::AddOnly, "AddOnly"),
        (Self::Default, "Default"),
        (Self::Nothing, "Nothing"),
        (Self::UpdateAdd, "UpdateAdd"),
        (Self::UpdateOnly, "UpdateOnly"),
        (Self::Delete, "Delete"),
    ];

    /// In any case of letters.
    fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(action, _)| action)
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
                "ConversationID" => {
                    let id = member.text().into_owned();
                    if id.chars().nth(LONGEST_CONVERSATION_ID).is_some() {
                        return Err(bad(member, "at most 1,024 characters"));
                    }
                    options.conversation_id = Some(id);
                }
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
                "SaveOptions" => options.save_options = save_options(member)?,
                "Client" => options.client = ClientRef::read(member)?,
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
        let named =
            |name: &str| self.save_options.iter().find(|option| option.property_name.eq_ignore_ascii_case(name));
        named(kind).or_else(|| named("*")).map(|option| option.action)
    }
}

/// What a `ClientID` element says of the account that is meant. Who the caller is decides whether that is one.
///
/// CreatedBy, ModifiedBy and UserID tell of users and select no account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRef {
    /// `ID`, or the deprecated `ClientID`; 0 is how proxies write an unset one.
    pub id: Option<u64>,
    /// `CustomerKey`; that of a BusinessUnit is its number.
    pub key: Option<String>,
    /// Another key, which only the service itself knows: `PartnerClientKey`, `PartnerUserKey`, `CustomerID`.
    pub foreign: Option<String>,
    /// `EnterpriseID`
    pub enterprise: Option<u64>,
}

impl ClientRef {
    /// Reads a ClientID element; `None` when nothing in it selects an account.
    ///
    /// # Errors
    /// A Client fault when a number is none, or when `ID` and `ClientID` differ.
    pub fn read(node: Node<'_>) -> Result<Option<Self>, Fault> {
        if node.is_nil() {
            return Ok(None);
        }
        let (id, old) = (account(node, "ID")?, account(node, "ClientID")?);
        if let (Some(id), Some(old)) = (id, old)
            && id != old
        {
            return Err(bad(node, "the same account in ID and ClientID"));
        }
        let foreign = ["PartnerClientKey", "PartnerUserKey", "CustomerID"];
        let found = Self {
            id: id.or(old),
            key: node.given("CustomerKey"),
            foreign: foreign.into_iter().find_map(|name| node.given(name)),
            enterprise: account(node, "EnterpriseID")?,
        };
        Ok((found != Self::default()).then_some(found))
    }
}

fn account(node: Node<'_>, name: &str) -> Result<Option<u64>, Fault> {
    match (node.child(name), node.given(name)) {
        (Some(id), Some(text)) => {
            let number: u64 = text.parse().map_err(|_| bad(id, "an account number (MID)"))?;
            Ok(Some(number).filter(|number| *number != 0))
        }
        _ => Ok(None),
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
        // Proxies write an unset number as 0.
        let id = id.filter(|id| *id != 0);
        Ok(Self {
            kind: node.xsi_type().map(|(_, local)| local.to_owned()).unwrap_or_default(),
            customer_key: node.given("CustomerKey"),
            object_id: node.given("ObjectID"),
            id,
        })
    }
}

/// Clients are known to send malformed SaveOptions (an action directly in them, or a list of texts): those say nothing. One
/// that stands in its place must be a word of the WSDL, and without a PropertyName it is about everything.
fn save_options(node: Node<'_>) -> Result<Vec<SaveOption>, Fault> {
    let mut options = Vec::new();
    for option in node.children_named("SaveOption") {
        let (Some(action), Some(text)) = (option.child("SaveAction"), option.given("SaveAction")) else {
            continue;
        };
        let expected = "AddOnly, Default, Delete, Nothing, UpdateAdd or UpdateOnly";
        let action = SaveAction::named(&text).ok_or_else(|| bad(action, expected))?;
        let property_name = option.given("PropertyName").unwrap_or_else(|| "*".to_owned());
        options.push(SaveOption { property_name, action });
    }
    Ok(options)
}

fn int(node: Node<'_>, text: &str) -> Result<i32, Fault> {
    value::int(text).ok_or_else(|| bad(node, "an xsd:int"))
}

fn bad(node: Node<'_>, expected: &str) -> Fault {
    let (line, column) = node.position();
    let text = node.text();
    let value = match text.char_indices().nth(LONGEST_REPEATED) {
        Some((cut, _)) => format!("{:?}...", text.get(..cut).unwrap_or_default()),
        None => format!("{text:?}"),
    };
    Fault::client(format!(
        "Server was unable to read request. {} is {value}, expected {expected} (line {line}, column {column}).",
        node.path(),
    ))
    .logged(format!("an option at line {line}, column {column} is not {expected}"))
}
