//! Whom we believe to be who they say, where we are the client of TLS: the system's authorities and those of files.
//!
//! Callbacks, connectors, the relay and the commands set TLS up here and nowhere else. It opens no connection. The server's own
//! certificate is `server/tls`'s.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem, pem::PemObject},
};

use crate::file;

/// Certificates, as a PEM file holds them.
pub type Authorities = Vec<CertificateDer<'static>>;

/// Why a file gives no authorities.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthorities {
    /// It cannot be read.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        cause: pem::Error,
    },
    /// There is no certificate in it.
    #[error("{} has no certificate in it", .0.display())]
    Empty(PathBuf),
    /// What stands in it is no certificate, though it says so.
    #[error("{}: certificate {number} in it is none: {cause}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Which of its certificates, counted from 1.
        number: usize,
        /// What rustls said.
        cause: rustls::Error,
    },
}

/// The certificates of a PEM file, each fit for [`client`].
///
/// # Errors
/// When it cannot be read, or holds none, or something else.
pub fn authorities(path: &Path) -> Result<Authorities, NoAuthorities> {
    let bytes = file::read(path, file::LONGEST_CHAIN).map_err(pem::Error::Io);
    let found = bytes.and_then(|bytes| CertificateDer::pem_slice_iter(&bytes).collect::<Result<Authorities, _>>());
    let found = found.map_err(|cause| NoAuthorities::Unreadable { path: path.to_path_buf(), cause })?;
    for (number, certificate) in (1..).zip(&found) {
        let fits = RootCertStore::empty().add(certificate.clone());
        fits.map_err(|cause| NoAuthorities::Unfit { path: path.to_path_buf(), number, cause })?;
    }
    if found.is_empty() { Err(NoAuthorities::Empty(path.to_path_buf())) } else { Ok(found) }
}

/// What a library says of a connection, in plain words: rustls puts a link to its own documentation in one of its errors.
pub fn plain(text: &str) -> String {
    match text.split_once("peer closed connection without sending TLS close_notify") {
        Some((before, _)) => format!("{before}the other side closed the connection in the middle"),
        None => text.to_owned(),
    }
}

/// The system's authorities. A machine without any still reaches whom a file names.
pub fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// TLS 1.2 and 1.3 with these authorities and some more, and without a certificate of our own.
///
/// # Errors
/// When one of the others is no authority, or the versions cannot be had.
pub fn client(mut roots: RootCertStore, more: &[CertificateDer<'static>]) -> Result<ClientConfig, rustls::Error> {
    for certificate in more {
        roots.add(certificate.clone())?;
    }
    let provider = Arc::new(ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::*;

    #[test]
    fn a_connection_that_is_cut_is_told_without_a_librarys_link() {
        let config = Arc::new(client(RootCertStore::empty(), &[]).unwrap());
        let mut tls = rustls::ClientConnection::new(config, "h.example".try_into().unwrap()).unwrap();
        tls.read_tls(&mut io::empty()).unwrap();
        let error = tls.reader().read(&mut [0]).unwrap_err();
        let said = plain(&format!("connection error: {error}"));
        assert_eq!(said, "connection error: the other side closed the connection in the middle");
        assert_eq!(plain("connection reset"), "connection reset");
    }
}
