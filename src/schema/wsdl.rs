//! The WSDL as it is written: the shapes of its elements, no meaning.
//!
//! yaserde reads these shapes, and only from the file that is compiled in: no byte of the network comes here.
//! What the file does not use (attributes, groups, imports of types) has no shape here; `tests/contract` reads the
//! same file in another way and would see what is lost.

use std::io::Read;

use xml::reader::XmlEvent;
use yaserde::YaDeserialize;
use yaserde::de::Deserializer;

/// The contract, `wsdl/partnerapi.wsdl`.
pub(super) const PARTNER_API_WSDL: &str = include_str!("../../wsdl/partnerapi.wsdl");

const XSD: &str = "http://www.w3.org/2001/XMLSchema";

#[derive(Debug, YaDeserialize)]
#[yaserde(rename = "definitions", prefix = "wsdl", namespaces = {"wsdl" = "http://schemas.xmlsoap.org/wsdl/"})]
pub(super) struct Definitions {
    #[yaserde(prefix = "wsdl")]
    pub(super) types: Types,
    #[yaserde(rename = "message", prefix = "wsdl")]
    pub(super) messages: Vec<Message>,
    #[yaserde(rename = "portType", prefix = "wsdl")]
    pub(super) port_type: PortType,
    #[yaserde(prefix = "wsdl")]
    pub(super) binding: Binding,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "xsd", namespaces = {"xsd" = "http://www.w3.org/2001/XMLSchema"})]
pub(super) struct Types {
    #[yaserde(prefix = "xsd")]
    pub(super) schema: Declarations,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "xsd", namespaces = {"xsd" = "http://www.w3.org/2001/XMLSchema"})]
pub(super) struct Declarations {
    #[yaserde(rename = "simpleType", prefix = "xsd")]
    pub(super) simple: Vec<SimpleType>,
    #[yaserde(rename = "complexType", prefix = "xsd")]
    pub(super) complex: Vec<ComplexType>,
    #[yaserde(rename = "element", prefix = "xsd")]
    pub(super) elements: Vec<Element>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "xsd", namespaces = {"xsd" = "http://www.w3.org/2001/XMLSchema"})]
pub(super) struct SimpleType {
    #[yaserde(attribute = true)]
    pub(super) name: String,
    #[yaserde(prefix = "xsd")]
    pub(super) restriction: Restriction,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "xsd", namespaces = {"xsd" = "http://www.w3.org/2001/XMLSchema"})]
pub(super) struct Restriction {
    #[yaserde(attribute = true)]
    pub(super) base: String,
    #[yaserde(prefix = "xsd")]
    pub(super) pattern: Option<Facet>,
    #[yaserde(rename = "enumeration", prefix = "xsd")]
    pub(super) values: Vec<Facet>,
}

#[derive(Debug, YaDeserialize)]
pub(super) struct Facet {
    #[yaserde(attribute = true)]
    pub(super) value: String,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "xsd", namespaces = {"xsd" = "http://www.w3.org/2001/XMLSchema"})]
pub(super) struct ComplexType {
    #[yaserde(attribute = true)]
    pub(super) name: Option<String>,
    #[yaserde(rename = "abstract", attribute = true)]
    pub(super) is_abstract: Option<bool>,
    #[yaserde(rename = "complexContent", prefix = "xsd")]
    pub(super) content: Option<ComplexContent>,
    #[yaserde(prefix = "xsd")]
    pub(super) sequence: Option<Group>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "xsd", namespaces = {"xsd" = "http://www.w3.org/2001/XMLSchema"})]
pub(super) struct ComplexContent {
    #[yaserde(prefix = "xsd")]
    pub(super) extension: Extension,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "xsd", namespaces = {"xsd" = "http://www.w3.org/2001/XMLSchema"})]
pub(super) struct Extension {
    #[yaserde(attribute = true)]
    pub(super) base: String,
    #[yaserde(prefix = "xsd")]
    pub(super) sequence: Option<Group>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "xsd", namespaces = {"xsd" = "http://www.w3.org/2001/XMLSchema"})]
pub(super) struct Element {
    #[yaserde(attribute = true)]
    pub(super) name: String,
    #[yaserde(rename = "type", attribute = true)]
    pub(super) type_name: Option<String>,
    #[yaserde(rename = "minOccurs", attribute = true)]
    pub(super) min: Option<u32>,
    #[yaserde(rename = "maxOccurs", attribute = true)]
    pub(super) max: Option<String>,
    #[yaserde(attribute = true)]
    pub(super) nillable: Option<bool>,
    #[yaserde(rename = "complexType", prefix = "xsd")]
    pub(super) anonymous: Option<ComplexType>,
}

/// A sequence or a choice. Its members keep their order, whatever they are; a derived struct would sort them by kind.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) required: bool,
    pub(super) particles: Vec<Particle>,
}

#[derive(Debug)]
pub(super) enum Particle {
    Element(Element),
    Choice(Group),
    Any,
}

impl YaDeserialize for Group {
    fn deserialize<R: Read>(reader: &mut Deserializer<R>) -> yaserde::Result<Self> {
        let mut particles = Vec::new();
        let required = match reader.next_event()? {
            XmlEvent::StartElement { attributes, .. } => {
                !attributes.iter().any(|attribute| attribute.name.local_name == "minOccurs" && attribute.value == "0")
            }
            event => return Err(yaserde::Error::custom(format!("a group begins with {event:?}"))),
        };
        loop {
            match reader.peek()? {
                XmlEvent::StartElement { name, .. } if name.namespace.as_deref() == Some(XSD) => {
                    match name.local_name.as_str() {
                        "element" => particles.push(Particle::Element(Element::deserialize(reader)?)),
                        "choice" => particles.push(Particle::Choice(Self::deserialize(reader)?)),
                        "any" => {
                            reader.next_event()?;
                            particles.push(Particle::Any);
                        }
                        other => return Err(yaserde::Error::custom(format!("a sequence holds xsd:{other}"))),
                    }
                    // Each particle leaves its own end tag, as the derived readers do.
                    reader.next_event()?;
                }
                XmlEvent::EndElement { .. } => return Ok(Self { required, particles }),
                XmlEvent::Characters(_) => {
                    reader.next_event()?;
                }
                event => return Err(yaserde::Error::custom(format!("a sequence holds {event:?}"))),
            }
        }
    }
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "wsdl", namespaces = {"wsdl" = "http://schemas.xmlsoap.org/wsdl/"})]
pub(super) struct Message {
    #[yaserde(attribute = true)]
    pub(super) name: String,
    #[yaserde(prefix = "wsdl")]
    pub(super) part: Part,
}

#[derive(Debug, YaDeserialize)]
pub(super) struct Part {
    #[yaserde(attribute = true)]
    pub(super) element: String,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "wsdl", namespaces = {"wsdl" = "http://schemas.xmlsoap.org/wsdl/"})]
pub(super) struct PortType {
    #[yaserde(rename = "operation", prefix = "wsdl")]
    pub(super) operations: Vec<Operation>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "wsdl", namespaces = {"wsdl" = "http://schemas.xmlsoap.org/wsdl/"})]
pub(super) struct Operation {
    #[yaserde(attribute = true)]
    pub(super) name: String,
    #[yaserde(prefix = "wsdl")]
    pub(super) input: MessageName,
    #[yaserde(prefix = "wsdl")]
    pub(super) output: MessageName,
}

#[derive(Debug, YaDeserialize)]
pub(super) struct MessageName {
    #[yaserde(attribute = true)]
    pub(super) message: String,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "wsdl", namespaces = {"wsdl" = "http://schemas.xmlsoap.org/wsdl/"})]
pub(super) struct Binding {
    #[yaserde(rename = "operation", prefix = "wsdl")]
    pub(super) operations: Vec<BoundOperation>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "soap", namespaces = {"soap" = "http://schemas.xmlsoap.org/wsdl/soap/"})]
pub(super) struct BoundOperation {
    #[yaserde(attribute = true)]
    pub(super) name: String,
    #[yaserde(rename = "operation", prefix = "soap")]
    pub(super) soap: SoapOperation,
}

#[derive(Debug, YaDeserialize)]
pub(super) struct SoapOperation {
    #[yaserde(rename = "soapAction", attribute = true)]
    pub(super) action: String,
}
