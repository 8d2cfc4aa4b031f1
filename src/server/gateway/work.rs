//! How work on the store fails its call. The work itself is done by who asked for it.

use crate::{
    soap::{Fault, fault},
    store::StoreError,
};

/// Why work on the store did not give rows.
#[derive(Debug)]
pub(super) enum WorkError {
    Fault(Fault),
    Store(StoreError),
}

impl From<StoreError> for WorkError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl WorkError {
    /// The text is the service's (facts/wire 1.5 and section 4, code 13); what really happened is for the log.
    pub(super) fn fault(self) -> Fault {
        match self {
            Self::Fault(fault) => fault,
            Self::Store(error) => Fault::server(fault::STORE, fault::STORE.text).logged(error.to_string()),
        }
    }
}
