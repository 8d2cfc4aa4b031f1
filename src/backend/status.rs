//! GetSystemStatus and VersionInfo: what this server says of itself.
//!
//! No capture of VersionInfo exists and the operation is deprecated; the constants are ours.

use crate::{
    message::fixed::{self, VersionInfo},
    object::Node,
    soap::Fault,
};

/// `Version` and `VersionDate`: the revision of the contract that is served.
pub const VERSION: (&str, &str) = ("1.5", "2024-11-01T00:00:00Z");
/// `Notes`
const NOTES: &str = "PartnerAPI, served by envoi";
/// The versions before it that this server ever served, for `IncludeVersionHistory`.
const HISTORY: &[(&str, &str, &str)] = &[(VERSION.0, VERSION.1, NOTES)];

/// A SystemStatusResponseMsg. Whoever gets an answer is served: a server that cannot serve does not answer this either.
///
/// # Errors
/// A Server fault when it cannot be written.
pub fn system_status(request_id: &str) -> Result<String, Fault> {
    fixed::system_status(request_id)
}

/// A VersionInfoResponseMsg.
///
/// # Errors
/// A Client fault when the request cannot be understood, a Server fault when the answer cannot be written.
pub fn version_info(message: Node<'_>, request_id: &str) -> Result<String, Fault> {
    let mut info = VersionInfo::new(VERSION.0, VERSION.1, NOTES);
    if fixed::includes_history(message)? {
        info =
            info.after(HISTORY.iter().map(|(version, date, notes)| VersionInfo::new(version, date, notes)).collect());
    }
    fixed::version_info(info, request_id)
}
