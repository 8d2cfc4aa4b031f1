//! Messages of one fixed shape, written by yaserde: Describe, GetSystemStatus, VersionInfo.
//!
//! Structs in the WSDL's order; the default namespace and no prefix but `xsi`, which the envelope declares. Nothing of the
//! network is read here by yaserde: requests come through the one reader, as everywhere.

use yaserde::{YaSerialize, ser};

use crate::{
    object::{Node, value},
    soap::{Fault, fault},
};

use super::options::ClientRef;

/// A message that has not been written before is our mistake: the caller is told as of any other.
fn write<T: YaSerialize>(message: &T) -> Result<String, Fault> {
    let config = ser::Config { perform_indent: false, write_document_declaration: false, ..ser::Config::default() };
    let text = ser::to_string_with_config(message, &config);
    let text = text.map_err(|error| {
        Fault::server(fault::EXCEPTION, "Exception occurred during writing").logged(error.to_string())
    })?;
    Ok(lawful(text))
}

/// yaserde escapes markup alone. A carriage return would reach the reader as a line feed, and a character that XML 1.0 lacks
/// would make the whole answer unreadable.
fn lawful(text: String) -> String {
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..);
    if text.chars().all(is_char) {
        return text;
    }
    let mut lawful = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\r' => lawful.push_str("&#13;"),
            c if is_char(c) => lawful.push(c),
            _ => lawful.push('\u{FFFD}'),
        }
    }
    lawful
}

/// `<A xsi:nil="true" />`
#[derive(Clone, Debug, PartialEq, Eq, YaSerialize)]
struct Nil {
    #[yaserde(attribute = true, rename = "xsi:nil")]
    nil: bool,
}

impl Default for Nil {
    fn default() -> Self {
        Self { nil: true }
    }
}

/// `<Outages />`. (yaserde writes an empty text as `<A></A>`, which the service does not.)
#[derive(Clone, Debug, Default, PartialEq, Eq, YaSerialize)]
struct Empty {}

#[derive(Debug, YaSerialize)]
#[yaserde(
    rename = "DefinitionResponseMsg",
    default_namespace = "api",
    prefix = "api",
    namespaces = {"api" = "http://exacttarget.com/wsdl/partnerAPI"}
)]
struct DefinitionResponse {
    #[yaserde(rename = "ObjectDefinition")]
    definitions: Vec<Definition>,
    #[yaserde(rename = "RequestID")]
    request_id: String,
}

/// An ObjectDefinition.
#[derive(Clone, Debug, Default, PartialEq, Eq, YaSerialize)]
pub struct Definition {
    #[yaserde(rename = "ObjectType")]
    object_type: String,
    #[yaserde(rename = "Properties")]
    properties: Vec<Property>,
}

impl Definition {
    /// A type, with its properties.
    pub fn new(object_type: &str, properties: Vec<Property>) -> Self {
        Self { object_type: object_type.to_owned(), properties }
    }

    /// The properties.
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }
}

/// A PropertyDefinition, as far as Describe tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, YaSerialize)]
pub struct Property {
    #[yaserde(rename = "PartnerKey")]
    partner_key: Nil,
    #[yaserde(rename = "ObjectID")]
    object_id: Nil,
    #[yaserde(rename = "Name")]
    name: String,
    #[yaserde(rename = "DataType")]
    data_type: String,
    #[yaserde(rename = "IsUpdatable")]
    is_updatable: bool,
    #[yaserde(rename = "IsRetrievable")]
    is_retrievable: bool,
    #[yaserde(rename = "MaxLength")]
    max_length: Option<u32>,
    #[yaserde(rename = "IsRequired")]
    is_required: Option<bool>,
}

impl Property {
    /// A property that cannot be retrieved by its name; captures say nothing more of such.
    pub fn new(name: &str, data_type: &str, is_updatable: bool) -> Self {
        Self { name: name.to_owned(), data_type: data_type.to_owned(), is_updatable, ..Self::default() }
    }

    /// One that can be.
    #[must_use]
    pub fn retrievable(self, max_length: Option<u32>, is_required: bool) -> Self {
        Self { is_retrievable: true, max_length, is_required: Some(is_required), ..self }
    }

    /// The same, not to be retrieved.
    #[must_use]
    pub fn hidden(self) -> Self {
        Self { is_retrievable: false, max_length: None, is_required: None, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether Retrieve knows it by that name.
    pub fn is_retrievable(&self) -> bool {
        self.is_retrievable
    }
}

/// ObjectDefinitionRequests of one message at the most; the contract has some 150 types.
const MAX_DESCRIBED: usize = 500;

/// An ObjectDefinitionRequest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionRequest {
    /// `ObjectType`
    pub object_type: String,
    /// `Client`
    pub account: Option<ClientRef>,
}

/// Reads a DefinitionRequestMsg. One without an ObjectType asks for nothing.
///
/// # Errors
/// A Client fault when an account's number is none, or too much is asked for.
pub fn read_describe(message: Node<'_>) -> Result<Vec<DefinitionRequest>, Fault> {
    let lists = message.children_named("DescribeRequests");
    let mut asked = Vec::new();
    for request in lists.flat_map(|list| list.children_named("ObjectDefinitionRequest")) {
        let account = match request.child("Client").filter(|client| !client.is_nil()) {
            Some(client) => ClientRef::read(client)?,
            None => None,
        };
        if asked.len() == MAX_DESCRIBED {
            return Err(Fault::client(format!("At most {MAX_DESCRIBED} object types can be described in one call.")));
        }
        let object_type = request.child_text("ObjectType").unwrap_or_default().trim().to_owned();
        if !object_type.is_empty() {
            asked.push(DefinitionRequest { object_type, account });
        }
    }
    Ok(asked)
}

/// A DefinitionResponseMsg.
///
/// # Errors
/// A Server fault when it cannot be written.
pub fn definitions(definitions: Vec<Definition>, request_id: &str) -> Result<String, Fault> {
    write(&DefinitionResponse { definitions, request_id: request_id.to_owned() })
}

#[derive(Debug, YaSerialize)]
#[yaserde(
    rename = "SystemStatusResponseMsg",
    default_namespace = "api",
    prefix = "api",
    namespaces = {"api" = "http://exacttarget.com/wsdl/partnerAPI"}
)]
struct SystemStatusResponse {
    #[yaserde(rename = "Results")]
    results: SystemStatusResults,
    #[yaserde(rename = "OverallStatus")]
    overall_status: String,
    #[yaserde(rename = "OverallStatusMessage")]
    overall_status_message: Empty,
    #[yaserde(rename = "RequestID")]
    request_id: String,
}

#[derive(Debug, YaSerialize)]
struct SystemStatusResults {
    #[yaserde(rename = "Result")]
    result: SystemStatusResult,
}

#[derive(Debug, YaSerialize)]
struct SystemStatusResult {
    #[yaserde(rename = "StatusCode")]
    status_code: String,
    #[yaserde(rename = "StatusMessage")]
    status_message: String,
    #[yaserde(rename = "SystemStatus")]
    system_status: String,
    #[yaserde(rename = "Outages")]
    outages: Empty,
}

/// A SystemStatusResponseMsg that says that all is well. (The words are those of a captured dump, facts/wire 2.3.)
///
/// # Errors
/// A Server fault when it cannot be written.
pub fn system_status(request_id: &str) -> Result<String, Fault> {
    write(&SystemStatusResponse {
        results: SystemStatusResults {
            result: SystemStatusResult {
                status_code: "OK".to_owned(),
                status_message: "System Status Retrieved".to_owned(),
                system_status: "OK".to_owned(),
                outages: Empty {},
            },
        },
        overall_status: "OK".to_owned(),
        overall_status_message: Empty {},
        request_id: request_id.to_owned(),
    })
}

#[derive(Debug, YaSerialize)]
#[yaserde(
    rename = "VersionInfoResponseMsg",
    default_namespace = "api",
    prefix = "api",
    namespaces = {"api" = "http://exacttarget.com/wsdl/partnerAPI"}
)]
struct VersionResponse {
    #[yaserde(rename = "VersionInfo")]
    version_info: VersionInfo,
    #[yaserde(rename = "RequestID")]
    request_id: String,
}

/// A VersionInfoResponse.
#[derive(Clone, Debug, PartialEq, Eq, YaSerialize)]
pub struct VersionInfo {
    #[yaserde(rename = "Version")]
    version: String,
    #[yaserde(rename = "VersionDate")]
    version_date: String,
    #[yaserde(rename = "Notes")]
    notes: String,
    #[yaserde(rename = "VersionHistory")]
    history: Vec<VersionInfo>,
}

impl VersionInfo {
    /// A version without the ones before it.
    pub fn new(version: &str, date: &str, notes: &str) -> Self {
        let [version, version_date, notes] = [version, date, notes].map(str::to_owned);
        Self { version, version_date, notes, history: Vec::new() }
    }

    /// With the ones before it.
    #[must_use]
    pub fn after(self, history: Vec<Self>) -> Self {
        Self { history, ..self }
    }
}

/// Whether a VersionInfoRequestMsg asks for the history.
///
/// # Errors
/// A Client fault when the value is no boolean.
pub fn includes_history(message: Node<'_>) -> Result<bool, Fault> {
    let Some(flag) = message.child("IncludeVersionHistory").filter(|flag| !flag.is_nil()) else {
        return Ok(false);
    };
    let text = flag.text();
    if text.trim().is_empty() {
        return Ok(false);
    }
    value::boolean(&text).ok_or_else(|| {
        let (line, column) = flag.position();
        Fault::client(format!(
            "Server was unable to read request. IncludeVersionHistory is {text:.100?}, expected true or false \
             (line {line}, column {column})."
        ))
    })
}

/// A VersionInfoResponseMsg.
///
/// # Errors
/// A Server fault when it cannot be written.
pub fn version_info(version_info: VersionInfo, request_id: &str) -> Result<String, Fault> {
    write(&VersionResponse { version_info, request_id: request_id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describe_looks_as_captured() {
        let properties = vec![
            Property::new("PartnerKey", "String", true).retrievable(Some(64), false),
            Property::new("Attributes", "Attribute[]", true),
        ];
        assert_eq!(
            definitions(vec![Definition::new("Subscriber", properties)], "R").unwrap(),
            "<DefinitionResponseMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><ObjectDefinition>\
             <ObjectType>Subscriber</ObjectType><Properties><PartnerKey xsi:nil=\"true\" /><ObjectID xsi:nil=\"true\" />\
             <Name>PartnerKey</Name><DataType>String</DataType><IsUpdatable>true</IsUpdatable>\
             <IsRetrievable>true</IsRetrievable><MaxLength>64</MaxLength><IsRequired>false</IsRequired></Properties>\
             <Properties><PartnerKey xsi:nil=\"true\" /><ObjectID xsi:nil=\"true\" /><Name>Attributes</Name>\
             <DataType>Attribute[]</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>false</IsRetrievable>\
             </Properties></ObjectDefinition><RequestID>R</RequestID></DefinitionResponseMsg>"
        );
    }

    #[test]
    fn nothing_can_make_a_message_ill_formed() {
        let name = "a&b<c>]]>\"\r\n\u{0}\u{1}\u{8}\u{FFFE}\u{FFFF}\u{1F600}";
        let written = definitions(vec![Definition::new(name, vec![Property::new(name, name, true)])], name).unwrap();
        let shown = "a&amp;b&lt;c&gt;]]&gt;\"&#13;\n\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{1F600}";
        assert_eq!(written.matches(shown).count(), 4, "{written}");
        let text = format!("<r xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>{written}</r>");
        let schema = std::sync::Arc::new(crate::schema::Schema::embedded().unwrap());
        let tree = crate::object::read(text, &schema, &crate::object::Limits::default()).unwrap();
        let message = tree.root().children().next().unwrap();
        assert_eq!(message.child_text("RequestID").unwrap().matches('\r').count(), 1);
    }

    #[test]
    fn status_and_version_have_their_shape() {
        assert_eq!(
            system_status("R").unwrap(),
            "<SystemStatusResponseMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><Results><Result>\
             <StatusCode>OK</StatusCode><StatusMessage>System Status Retrieved</StatusMessage>\
             <SystemStatus>OK</SystemStatus><Outages /></Result></Results><OverallStatus>OK</OverallStatus>\
             <OverallStatusMessage /><RequestID>R</RequestID></SystemStatusResponseMsg>"
        );
        let info = VersionInfo::new("2", "2024-11-01T00:00:00Z", "n").after(vec![VersionInfo::new("1", "d", "o")]);
        assert_eq!(
            version_info(info, "R").unwrap(),
            "<VersionInfoResponseMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><VersionInfo><Version>2</Version>\
             <VersionDate>2024-11-01T00:00:00Z</VersionDate><Notes>n</Notes><VersionHistory><Version>1</Version>\
             <VersionDate>d</VersionDate><Notes>o</Notes></VersionHistory></VersionInfo><RequestID>R</RequestID>\
             </VersionInfoResponseMsg>"
        );
    }
}
