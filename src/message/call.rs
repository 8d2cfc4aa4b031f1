//! A call: one operation with its options and what it is about, taken from an envelope.
//!
//! It decides nothing about the objects: a call with an unknown type in it is still a call.

use crate::{
    object::Node,
    schema::PARTNER_API,
    soap::{Envelope, Fault},
};

use super::{Operation, Options};

/// Objects that the service takes in one call (seed 000: "fewer than 32,767"); the setting is never above it.
pub const MAX_OBJECTS: usize = 32_766;

/// One operation with its options and objects. It borrows the request.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// What is to be done.
    pub operation: Operation,
    /// How.
    pub options: Options,
    /// What it is done to: `Objects` (Create, Update, Delete), `Definition`, `Configuration`, `Interaction`, `Requests`.
    pub objects: Vec<Node<'a>>,
    /// The request message itself: `CreateRequest`, `RetrieveRequestMsg`, …
    pub message: Node<'a>,
}

impl<'a> Call<'a> {
    /// Takes a call from an envelope. The body's root is not used for dispatch (facts: a real client sends a wrong one).
    ///
    /// # Errors
    /// A Client fault when an option is not of its type, or when Options stand both in the message and in the header.
    pub fn new(operation: Operation, envelope: &Envelope<'a>) -> Result<Self, Fault> {
        let message = envelope.body;
        let in_body = message.child("Options");
        let in_header = envelope.header.iter().find(|block| block.name() == "Options" && block.ns() == PARTNER_API);
        let options = match (in_body, in_header) {
            (Some(body), Some(header)) => {
                let ((body_line, _), (header_line, _)) = (body.position(), header.position());
                return Err(Fault::client(format!(
                    "Options stand both in the request message (line {body_line}) and in the SOAP header \
                     (line {header_line}). Send them in one place."
                )));
            }
            (Some(options), None) | (None, Some(&options)) => Options::read(options)?,
            (None, None) => Options::default(),
        };
        let objects = match operation {
            Operation::Create | Operation::Update | Operation::Delete => message.children_named("Objects").collect(),
            Operation::Execute | Operation::Extract => message.children_named("Requests").collect(),
            Operation::Perform => within(message, "Definitions", "Definition"),
            Operation::Configure => within(message, "Configurations", "Configuration"),
            Operation::Schedule => within(message, "Interactions", "Interaction"),
            _ => Vec::new(),
        };
        Ok(Self { operation, options, objects, message })
    }
}

fn within<'a>(message: Node<'a>, array: &'a str, item: &'a str) -> Vec<Node<'a>> {
    message.children_named(array).flat_map(|array| array.children_named(item)).collect()
}
