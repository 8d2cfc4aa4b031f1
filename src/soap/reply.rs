//! The envelope of an answer, in the version of the request.
//!
//! The prefix `soap`, the six declarations and the default namespace of the body are fixed: SDKs look them up literally.

use crate::{clock::Time, object::Writer};

use super::{Code, Fault, Version, WSSE, WSU, addressing};

/// The action of every fault (WS-Addressing 2004/08).
const FAULT_ACTION: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault";
const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
/// How long an answer says that it is good for (captures: five minutes).
const GOOD_FOR: std::time::Duration = std::time::Duration::from_secs(300);

/// What the header of an answer says.
#[derive(Clone, Debug)]
pub struct Heading<'a> {
    /// The version of the request.
    pub version: Version,
    /// A fresh identifier, without `urn:uuid:`.
    pub message_id: &'a str,
    /// The MessageID of the request; when it had none, a fresh `urn:uuid:` (the service always sends one).
    pub relates_to: &'a str,
    /// A fresh identifier for the Timestamp.
    pub timestamp_id: &'a str,
    /// When the answer is written (UTC).
    pub created: Time,
}

impl Heading<'_> {
    /// Starts an answer; `action` is the bare name, `CreateResponse`. What the caller writes next is the body's child.
    pub fn start(&self, action: &str, capacity: usize) -> Writer {
        let mut writer = self.head(action, capacity);
        writer.raw("</soap:Header><soap:Body>");
        writer
    }

    fn head(&self, action: &str, capacity: usize) -> Writer {
        let mut writer = Writer::with_capacity(capacity.saturating_add(2048));
        let soap = self.version.namespace();
        let [wsa, _] = addressing::NAMESPACES;
        writer.raw(&format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"{soap}\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
             xmlns:wsa=\"{wsa}\" xmlns:wsse=\"{WSSE}\" xmlns:wsu=\"{WSU}\"><soap:Header>"
        ));
        writer.text("wsa:Action", action);
        writer.text("wsa:MessageID", &format!("urn:uuid:{}", self.message_id));
        writer.text("wsa:RelatesTo", self.relates_to);
        writer.text("wsa:To", ANONYMOUS);
        writer.raw(&format!("<wsse:Security><wsu:Timestamp wsu:Id=\"Timestamp-{}\">", self.timestamp_id));
        writer.text("wsu:Created", &self.created.seconds());
        writer.text("wsu:Expires", &self.created.plus(GOOD_FOR).seconds());
        writer.raw("</wsu:Timestamp></wsse:Security>");
        writer
    }

    /// Ends an answer.
    pub fn finish(mut writer: Writer) -> String {
        writer.raw("</soap:Body></soap:Envelope>");
        writer.into_string()
    }

    /// A whole answer that is a Fault. `actor` is the URL that was called.
    pub fn fault(&self, fault: &Fault, actor: &str) -> String {
        let mut writer = self.head(FAULT_ACTION, 1024);
        if let (Version::V12, Code::MustUnderstand(ns, name)) = (self.version, &fault.code) {
            // SOAP 1.2 part 1, section 5.4.8: the block is named in a header of its own.
            let qname = format!("n:{name}");
            writer.text_with("soap:NotUnderstood", &[("qname", &qname), ("xmlns:n", ns)], "");
        }
        writer.raw("</soap:Header><soap:Body>");
        fault.write(&mut writer, self.version, actor);
        Self::finish(writer)
    }
}
