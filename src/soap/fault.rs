//! Faults: what they say and how both versions of SOAP write them.
//!
//! It never tells a caller what only the log may know: [`Fault::log`] stays here.

use crate::object::Writer;

use super::{Version, WSSE};

/// The namespace of the service's fault detail (ETFrameworkFault.xsd).
const API_FAULT: &str = "urn:fault.partner.exacttarget.com";

/// Whose fault it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// The request cannot be answered as it is (1.2: Sender).
    Client,
    /// The request may be right, the service is not able to answer (1.2: Receiver).
    Server,
    /// The caller is not who or what it must be: `q0:Security`, a prefix that clients look for literally.
    Security,
    /// A header block that must be understood is not: its namespace and local name.
    MustUnderstand(String, String),
    /// The envelope is of a version that does not exist.
    VersionMismatch,
}

impl Code {
    /// A word for the log; never a caller's text.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Client => "Client",
            Self::Server => "Server",
            Self::Security => "Security",
            Self::MustUnderstand(..) => "MustUnderstand",
            Self::VersionMismatch => "VersionMismatch",
        }
    }
}

/// What a Server fault tells in its detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiCode {
    /// `apifault/Code`
    pub code: i32,
    /// The service's words; a fault may add what exactly.
    pub text: &'static str,
    /// When it is raised.
    pub when: &'static str,
}

/// Something broke (facts/wire 1.5).
pub const EXCEPTION: ApiCode = ApiCode {
    code: 2,
    text: "Exception occurred",
    when: "Something broke that is not the caller's fault. The log has it, under the ErrorID where there is one.",
};
/// The store refuses, or cannot be read (facts/wire 1.5).
pub const STORE: ApiCode = ApiCode {
    code: 13,
    text: "Synchronous request cannot be completed at this time due to database problems. This request was not processed.",
    when: "The store cannot read or write, such as when its disk is full. Nothing of the call was done; it can be sent again.",
};
/// Not now (facts/wire 1.5).
pub const RATE_LIMITED: ApiCode = ApiCode {
    code: 17,
    text: "Rate Limited",
    when: "The caller has too many calls under way, or his account too much in the queue. Nothing of the call was done; send it \
           again later.",
};
/// Every code of a Server fault, in order.
pub const API_CODES: &[ApiCode] = &[EXCEPTION, STORE, RATE_LIMITED];

/// A Fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whose fault it is.
    pub code: Code,
    /// The text for the caller.
    pub text: String,
    /// The service's error code, told in the detail of Server faults alone.
    pub api_code: Option<i32>,
    /// What else the log should know. It never goes out.
    pub log: Option<String>,
}

impl Fault {
    /// A request that cannot be answered as it is.
    pub fn client(text: impl Into<String>) -> Self {
        Self { code: Code::Client, text: text.into(), api_code: None, log: None }
    }

    /// The service is not able to answer.
    pub fn server(api: ApiCode, text: impl Into<String>) -> Self {
        Self { code: Code::Server, text: text.into(), api_code: Some(api.code), log: None }
    }

    /// A caller who is not let in.
    pub fn security(text: impl Into<String>) -> Self {
        Self { code: Code::Security, text: text.into(), api_code: None, log: None }
    }

    pub(super) fn must_understand(ns: &str, name: &str) -> Self {
        Self {
            code: Code::MustUnderstand(ns.into(), name.into()),
            text: format!("SOAP Header {name} was not understood."),
            api_code: None,
            log: None,
        }
    }

    pub(super) fn version_mismatch(found: &str) -> Self {
        Self {
            code: Code::VersionMismatch,
            text: format!("The envelope's namespace {found:?} is neither that of SOAP 1.1 nor that of SOAP 1.2."),
            api_code: None,
            log: None,
        }
    }

    /// Whether it is about who is calling.
    pub fn is_security(&self) -> bool {
        self.code == Code::Security
    }

    /// Adds what only the log may know.
    #[must_use]
    pub fn logged(mut self, what: impl Into<String>) -> Self {
        self.log = Some(what.into());
        self
    }

    /// Writes the Fault element. `actor` is the URL that was called.
    pub fn write(&self, writer: &mut Writer, version: Version, actor: &str) {
        match version {
            Version::V11 => self.write_11(writer, actor),
            Version::V12 => self.write_12(writer, actor),
        }
    }

    /// As captured: Security faults have an actor and no detail, Client faults an empty detail and no actor.
    fn write_11(&self, writer: &mut Writer, actor: &str) {
        writer.open("soap:Fault");
        match &self.code {
            Code::Security => {
                writer.text_with("faultcode", &[("xmlns:q0", WSSE)], "q0:Security");
            }
            Code::Client => writer.text("faultcode", "soap:Client"),
            Code::Server => writer.text("faultcode", "soap:Server"),
            Code::MustUnderstand(..) => writer.text("faultcode", "soap:MustUnderstand"),
            Code::VersionMismatch => writer.text("faultcode", "soap:VersionMismatch"),
        }
        writer.text("faultstring", &self.text);
        match &self.code {
            Code::Security => writer.text("faultactor", actor),
            Code::Server => {
                writer.text("faultactor", actor);
                writer.open("detail");
                self.write_detail(writer);
                writer.close("detail");
            }
            Code::Client => writer.empty("detail"),
            // SOAP 1.1 section 4.4: no detail when the Body was not looked at.
            Code::MustUnderstand(..) | Code::VersionMismatch => {}
        }
        writer.close("soap:Fault");
    }

    fn write_12(&self, writer: &mut Writer, actor: &str) {
        writer.open("soap:Fault");
        writer.open("soap:Code");
        writer.text(
            "soap:Value",
            match &self.code {
                Code::Client | Code::Security => "soap:Sender",
                Code::Server => "soap:Receiver",
                Code::MustUnderstand(..) => "soap:MustUnderstand",
                Code::VersionMismatch => "soap:VersionMismatch",
            },
        );
        if self.code == Code::Security {
            writer.open("soap:Subcode");
            writer.text_with("soap:Value", &[("xmlns:q0", WSSE)], "q0:Security");
            writer.close("soap:Subcode");
        }
        writer.close("soap:Code");
        writer.open("soap:Reason");
        writer.text_with("soap:Text", &[("xml:lang", "en")], &self.text);
        writer.close("soap:Reason");
        writer.text("soap:Node", actor);
        if self.code == Code::Server {
            writer.open("soap:Detail");
            self.write_detail(writer);
            writer.close("soap:Detail");
        }
        writer.close("soap:Fault");
    }

    fn write_detail(&self, writer: &mut Writer) {
        let Some(code) = self.api_code else { return };
        writer.open_with("apifault", &[("xmlns", API_FAULT)]);
        writer.text("Code", &code.to_string());
        writer.text("Message", &self.text);
        writer.close("apifault");
    }
}
