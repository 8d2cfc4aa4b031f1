//! The thirteen operations of the port type.
//!
//! It never reads an envelope; which action a request names is the SOAP room's business.

/// An operation of the PartnerAPI (WSDL, portType `Soap`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Create
    Create,
    /// Retrieve
    Retrieve,
    /// Update
    Update,
    /// Delete
    Delete,
    /// Query
    Query,
    /// Describe
    Describe,
    /// Execute
    Execute,
    /// Perform
    Perform,
    /// Configure
    Configure,
    /// Schedule
    Schedule,
    /// VersionInfo
    VersionInfo,
    /// Extract
    Extract,
    /// GetSystemStatus
    GetSystemStatus,
}

impl Operation {
    /// Every operation, in the WSDL's order.
    pub const ALL: [Self; 13] = [
        Self::Create,
        Self::Retrieve,
        Self::Update,
        Self::Delete,
        Self::Query,
        Self::Describe,
        Self::Execute,
        Self::Perform,
        Self::Configure,
        Self::Schedule,
        Self::VersionInfo,
        Self::Extract,
        Self::GetSystemStatus,
    ];

    /// The operation's name, which is its soapAction too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Retrieve => "Retrieve",
            Self::Update => "Update",
            Self::Delete => "Delete",
            Self::Query => "Query",
            Self::Describe => "Describe",
            Self::Execute => "Execute",
            Self::Perform => "Perform",
            Self::Configure => "Configure",
            Self::Schedule => "Schedule",
            Self::VersionInfo => "VersionInfo",
            Self::Extract => "Extract",
            Self::GetSystemStatus => "GetSystemStatus",
        }
    }

    /// The wsa:Action of the answer.
    pub const fn reply_action(self) -> &'static str {
        match self {
            Self::Create => "CreateResponse",
            Self::Retrieve => "RetrieveResponse",
            Self::Update => "UpdateResponse",
            Self::Delete => "DeleteResponse",
            Self::Query => "QueryResponse",
            Self::Describe => "DescribeResponse",
            Self::Execute => "ExecuteResponse",
            Self::Perform => "PerformResponse",
            Self::Configure => "ConfigureResponse",
            Self::Schedule => "ScheduleResponse",
            Self::VersionInfo => "VersionInfoResponse",
            Self::Extract => "ExtractResponse",
            Self::GetSystemStatus => "GetSystemStatusResponse",
        }
    }

    /// The operation of an action. Case matters, as on the service.
    pub fn named(action: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == action)
    }

    /// The global elements of its request and its answer (WSDL messages).
    pub const fn elements(self) -> (&'static str, &'static str) {
        match self {
            Self::Create => ("CreateRequest", "CreateResponse"),
            Self::Retrieve => ("RetrieveRequestMsg", "RetrieveResponseMsg"),
            Self::Update => ("UpdateRequest", "UpdateResponse"),
            Self::Delete => ("DeleteRequest", "DeleteResponse"),
            Self::Query => ("QueryRequestMsg", "QueryResponseMsg"),
            Self::Describe => ("DefinitionRequestMsg", "DefinitionResponseMsg"),
            Self::Execute => ("ExecuteRequestMsg", "ExecuteResponseMsg"),
            Self::Perform => ("PerformRequestMsg", "PerformResponseMsg"),
            Self::Configure => ("ConfigureRequestMsg", "ConfigureResponseMsg"),
            Self::Schedule => ("ScheduleRequestMsg", "ScheduleResponseMsg"),
            Self::VersionInfo => ("VersionInfoRequestMsg", "VersionInfoResponseMsg"),
            Self::Extract => ("ExtractRequestMsg", "ExtractResponseMsg"),
            Self::GetSystemStatus => ("SystemStatusRequestMsg", "SystemStatusResponseMsg"),
        }
    }
}
