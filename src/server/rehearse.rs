//! What a start would refuse, told without starting. Every step is the very one of the start (`start`, [`super::Server::bind`]); both
//! ports are let go again, nothing is written, nobody is called.
//!
//! It does not open the store: whoever has it may be serving. Of a data directory it tells what can be seen from outside.

use std::io;

use super::{Parts, ServerError, StartError, admin, encrypted, front};
use crate::{
    clock::Time,
    mail::{Transport, Way},
    notify::{Messenger, Post},
    store,
};

/// What was found.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// What keeps a server from starting.
    pub refused: Vec<StartError>,
    /// What keeps it from starting now, and may be otherwise then: a port that is in use.
    pub passing: Vec<StartError>,
    /// What is served all the same and most likely not meant: a certificate that has expired.
    pub outdated: Vec<String>,
}

/// Tries everything of a start that leaves no trace.
pub async fn rehearse(parts: &Parts, now: Time) -> Rehearsal {
    let mut found = Rehearsal::default();
    if let Some(error) = parts.store.path.as_deref().and_then(|path| store::refuses(path).err()) {
        found.refused.push(error.into());
    }
    match encrypted(&parts.server) {
        Ok(encrypted) => {
            found.outdated = encrypted.map(|encrypted| encrypted.certificates.outdated(now)).unwrap_or_default();
        }
        Err(error) => found.refused.push(ServerError::from(error).into()),
    }
    // Held until the other is tried too: they may be in each other's way.
    let front = front(&parts.server).await;
    let admin = admin(&parts.server).await;
    let same = parts.server.listen.port() == parts.server.admin.port();
    for (error, is_ours) in [(front.as_ref().err(), false), (admin.as_ref().err(), same && front.is_ok())] {
        let Some(ServerError::Bind { addr, cause }) = error else { continue };
        let is_in_use = cause.kind() == io::ErrorKind::AddrInUse && !is_ours;
        let list = if is_in_use { &mut found.passing } else { &mut found.refused };
        // An error of the system has no copy.
        let cause = cause.raw_os_error().map_or_else(|| io::Error::from(cause.kind()), io::Error::from_raw_os_error);
        list.push(ServerError::Bind { addr: *addr, cause }.into());
    }
    // The folder of the other way is made by its start.
    if parts.mail.way == Way::Relay {
        found.refused.extend(Transport::new(&parts.mail).err().map(StartError::from));
    }
    found.refused.extend(Post::tls(&parts.notify).err().map(StartError::Callbacks));
    let messenger = Messenger::new(&parts.connectors, &parts.notify.resolver, &parts.clock);
    found.refused.extend(messenger.err().map(|(connector, error)| StartError::Connector(connector, error)));
    found
}
