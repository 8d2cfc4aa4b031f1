//! An object of a call that goes to a connector, and what it asks of it.

use crate::{
    connector::{
        Connector, System,
        route::{self, Way},
    },
    message::{Call, client::Client},
    object::Node,
    store::{Internal, Owner},
};

use super::super::{
    Backend, Failure,
    apply::{Admitted, admit},
    plan::Method,
};

/// An object that goes to a connector.
pub(super) struct Asked<'b, 'n> {
    pub(super) ordinal: u32,
    pub(super) node: Node<'n>,
    pub(super) kind: &'b str,
    pub(super) method: Method,
    /// For whom it is done.
    pub(super) account: Internal,
    pub(super) connector: &'b Connector,
    pub(super) way: Way<'b>,
}

/// What an object asks of a connector; none when it does not go to one.
pub(super) fn asked<'b, 'n>(
    backend: &'b Backend,
    client: &Client,
    call: &Call<'_>,
    ordinal: usize,
    node: Node<'n>,
) -> Result<Option<Asked<'b, 'n>>, Failure> {
    let method = Method::of(call.operation);
    let Admitted { kind, acting } = admit(backend, client, call, method, ordinal, node)?;
    let account = Internal(Owner::account(acting.as_ref().unwrap_or(client)));
    let question = route::Asked { account: account.0, method: method.name(), node };
    let way = route::decide(&backend.connectors, &question);
    let Way::Connector(connector, _) = way else { return Ok(None) };
    let ordinal = u32::try_from(ordinal).unwrap_or(u32::MAX);
    Ok(Some(Asked { ordinal, node, kind, method, account, connector, way }))
}

impl Asked<'_, '_> {
    /// The name of the connector.
    pub(super) fn connector_name(&self) -> &str {
        &self.connector.name
    }

    /// Its system.
    pub(super) fn system(&self) -> System {
        self.connector.system()
    }
}
