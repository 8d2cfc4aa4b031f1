//! The protocol: envelopes of SOAP 1.1 and 1.2, header blocks, faults, and which action a request names.
//!
//! This room is pure. It knows no operation of the PartnerAPI by name and decides nothing about who is calling. Only
//! [`fault`] writes a Fault.

pub mod addressing;
pub mod fault;
mod reply;

use crate::{
    object::{Node, Tree},
    schema::PARTNER_API,
};

pub use addressing::Addressing;
pub use fault::{Code, Fault};
pub use reply::Heading;

/// SOAP 1.1, section 4
pub const ENVELOPE_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// SOAP 1.2 part 1, section 5
pub const ENVELOPE_12: &str = "http://www.w3.org/2003/05/soap-envelope";
/// WS-Security 1.0
pub const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// WS-Security 1.0, utility
pub const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

/// The version of SOAP that an envelope is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// SOAP 1.1
    #[default]
    V11,
    /// SOAP 1.2
    V12,
}

impl Version {
    /// The namespace of the envelope.
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::V11 => ENVELOPE_11,
            Self::V12 => ENVELOPE_12,
        }
    }

    /// The content type of an answer (WS-I for 1.1, RFC 3902 for 1.2).
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::V11 => "text/xml; charset=utf-8",
            Self::V12 => "application/soap+xml; charset=utf-8",
        }
    }

    /// The version to answer in when the envelope could not be read: by the namespace if it stands in the text, else by
    /// the content type. Clients send 1.2 envelopes as `text/xml` (facts: documentation samples).
    pub fn guess(text: Option<&str>, content_type: Option<&str>) -> Self {
        let by_text = text.and_then(|text| {
            // Only the head of the document: a namespace in some value far below says nothing.
            let head = text.get(..text.floor_char_boundary(2048)).unwrap_or(text);
            if head.contains(ENVELOPE_12) {
                Some(Self::V12)
            } else if head.contains(ENVELOPE_11) {
                Some(Self::V11)
            } else {
                None
            }
        });
        by_text.unwrap_or_else(|| {
            let soap_12 = content_type.is_some_and(|kind| {
                kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/soap+xml"))
            });
            if soap_12 { Self::V12 } else { Self::V11 }
        })
    }
}

/// A request that has been taken out of its envelope.
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    /// The version it is written in.
    pub version: Version,
    /// The header blocks that are meant for us, in order. The Header may stand after the Body.
    pub header: Vec<Node<'a>>,
    /// The one child of the Body.
    pub body: Node<'a>,
}

/// Takes a document apart as a SOAP envelope.
///
/// # Errors
/// A Fault when it is no envelope, has not exactly one Body with one child, or holds a block that must be understood and
/// is not (SOAP 1.1 section 4.2.3, 1.2 section 5.2.3).
pub fn open(tree: &Tree) -> Result<Envelope<'_>, Fault> {
    let root = tree.root();
    let version = match (root.ns(), root.name()) {
        (ENVELOPE_11, "Envelope") => Version::V11,
        (ENVELOPE_12, "Envelope") => Version::V12,
        (other, "Envelope") => return Err(Fault::version_mismatch(other)),
        (_, other) => {
            return Err(Fault::client(format!(
                "Server was unable to read request. The document is no SOAP envelope: its root element is {other}."
            )));
        }
    };
    let mut header = Vec::new();
    let mut bodies = Vec::new();
    for part in root.children().filter(|part| part.ns() == version.namespace()) {
        match part.name() {
            "Header" => header.extend(part.children().filter(|block| is_for_us(block, version))),
            "Body" => bodies.push(part),
            _ => {}
        }
    }
    let &[body] = bodies.as_slice() else {
        return Err(unreadable(&format!("The envelope has {} Body elements, expected one.", bodies.len()), root));
    };
    let not_understood: Vec<_> =
        header.iter().filter(|block| must_be_understood(block, version) && !is_known(block)).collect();
    if let Some(first) = not_understood.first() {
        return Err(Fault::must_understand(first.ns(), first.name()));
    }
    let messages: Vec<_> = body.children().collect();
    let &[message] = messages.as_slice() else {
        return Err(unreadable(&format!("The Body has {} child elements, expected one.", messages.len()), body));
    };
    Ok(Envelope { version, header, body: message })
}

fn unreadable(why: &str, at: Node<'_>) -> Fault {
    let (line, column) = at.position();
    Fault::client(format!("Server was unable to read request. {why} (line {line}, column {column})"))
}

/// A block for another node of the path is none of our business.
fn is_for_us(block: &Node<'_>, version: Version) -> bool {
    let to = match version {
        Version::V11 => block.attribute(ENVELOPE_11, "actor"),
        Version::V12 => block.attribute(ENVELOPE_12, "role"),
    };
    to.is_none_or(|to| {
        matches!(
            to.as_ref(),
            "" | "http://schemas.xmlsoap.org/soap/actor/next"
                | "http://www.w3.org/2003/05/soap-envelope/role/next"
                | "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"
        )
    })
}

/// suds and the Python SDK write `mustUnderstand` without the namespace; that binds nobody.
fn must_be_understood(block: &Node<'_>, version: Version) -> bool {
    block.attribute(version.namespace(), "mustUnderstand").is_some_and(|value| matches!(value.trim(), "1" | "true"))
}

fn is_known(block: &Node<'_>) -> bool {
    match block.name() {
        "Security" => block.ns() == WSSE,
        "fueloauth" | "oAuth" => true,
        "Options" => block.ns() == PARTNER_API,
        _ => addressing::NAMESPACES.contains(&block.ns()),
    }
}
