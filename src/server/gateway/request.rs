//! From bytes to a request whose caller can be checked: decoded, read, out of its envelope, its operation known.
//!
//! Nothing is decided before the envelope has ended: a Header may stand after the Body.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    message::{Call, Operation},
    object::{self, Limits, ReadErrorKind, Tree},
    schema::Schema,
    soap::{self, Addressing, Envelope, Fault, Version},
};

/// A request that names an operation. The tree is shared with the work that is done on it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) tree: Arc<Tree>,
    pub(super) version: Version,
    pub(super) operation: Operation,
    pub(super) message_id: Option<String>,
}

/// A request that got no further: the version to answer in, and what to say.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) version: Version,
    pub(super) message_id: Option<String>,
    pub(super) fault: Fault,
    /// The limit that was met, for metrics.
    pub(super) limit: Option<&'static str>,
}

impl Request {
    /// Reads a body. Costs time in proportion to its length, and never waits.
    pub(super) fn read(
        body: Bytes,
        content_type: Option<&str>,
        soap_action: Option<&str>,
        schema: &Arc<Schema>,
        limits: &Limits,
    ) -> Result<Self, Box<Refused>> {
        let early = |text: Option<&str>, fault: Fault, limit| Refused {
            version: Version::guess(text, content_type),
            message_id: None,
            fault,
            limit,
        };
        let text = object::decode(body, content_type).map_err(|error| {
            early(
                None,
                Fault::client(format!("Server was unable to read request. {error}"))
                    .logged("the text cannot be decoded"),
                None,
            )
        })?;
        // The reader consumes the text; what a fault needs of it is taken first.
        let version = Version::guess(Some(&text), content_type);
        let tree = object::read(text, schema, limits).map_err(|error| Refused {
            version,
            message_id: None,
            limit: matches!(error.kind, ReadErrorKind::Limit { .. }).then_some("xml"),
            fault: Fault::client(format!("Server was unable to read request. {error}"))
                .logged(format!("unreadable XML at line {}, column {}", error.line, error.column)),
        })?;
        let refused = |version, message_id, fault| Refused { version, message_id, fault, limit: None };
        let envelope =
            soap::open(&tree).map_err(|fault| refused(version, Addressing::of_refused(&tree).message_id, fault))?;
        let addressing = Addressing::read(&envelope);
        let version = envelope.version;
        let action = soap::addressing::action(soap_action, content_type, &addressing);
        let operation = match action.as_deref() {
            Some(action) => Operation::named(action).ok_or_else(|| unknown_action(action)),
            None => Err(missing_action()),
        };
        let operation = operation.map_err(|fault| refused(version, addressing.message_id.clone(), fault))?;
        let message_id = addressing.message_id;
        Ok(Self { tree: Arc::new(tree), version, operation, message_id })
    }

    /// The envelope again: it borrows from the tree, so it is taken where it is needed.
    pub(super) fn envelope(&self) -> Result<Envelope<'_>, Fault> {
        soap::open(&self.tree)
    }

    /// The call in it.
    pub(super) fn call(&self) -> Result<Call<'_>, Fault> {
        Call::new(self.operation, &self.envelope()?)
    }
}

/// Captured text (facts/wire 1.5).
fn unknown_action(action: &str) -> Fault {
    let shown: String = action.chars().take(100).collect();
    Fault::client(format!("Server did not recognize the value of HTTP Header SOAPAction: {shown}."))
        .logged("unknown SOAP action")
}

fn missing_action() -> Fault {
    Fault::client(
        "Server did not recognize the value of HTTP Header SOAPAction: . \
         The system expects the SOAP action as an HTTP header or WS-Addressing:Action.",
    )
    .logged("no SOAP action")
}
