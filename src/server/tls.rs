//! TLS 1.2 and 1.3 by rustls, and certificates that are read again when their files change. It opens no socket.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    CertificateError, RootCertStore, ServerConfig,
    client::verify_server_cert_signed_by_trust_anchor,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem, pem::PemObject},
    server::{ClientHello, ParsedCertificate, ResolvesServerCert},
    sign::CertifiedKey,
};
use sha2::{Digest, Sha256};

use super::{Metrics, Outcome};
use crate::{clock::Time, file};

/// Where the certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The chain as PEM, our own certificate first.
    pub certificate: PathBuf,
    /// Its private key as PEM (PKCS#8, PKCS#1 or SEC1).
    pub key: PathBuf,
    /// How often the files are looked at. Default 10 s.
    pub check_every: Duration,
}

impl Tls {
    /// These two files, looked at every 10 s.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: certificate.into(), key: key.into(), check_every: Duration::from_secs(10) }
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A file has no such thing in it.
    #[error("{path} holds no usable {what}: {cause}")]
    NotPem {
        /// The file.
        path: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
        /// What the reader said.
        cause: pem::Error,
    },
    /// The two do not belong together, or are of a kind that is not spoken.
    #[error("{certificate} and {key} cannot be used together: {cause}")]
    Refused {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What rustls said.
        cause: rustls::Error,
    },
}

/// The certificate in use, and the files that it came from.
#[derive(Debug)]
pub(crate) struct Certificates {
    files: Tls,
    current: RwLock<Arc<CertifiedKey>>,
    /// The hash of what the files held when they were last tried, good or bad: a bad pair is complained of once.
    tried: Mutex<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl Certificates {
    /// Reads both files.
    pub(crate) fn read(files: Tls) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let pair = Pair::read(&files)?;
        let current = RwLock::new(Arc::new(pair.certified(&files, &provider)?));
        Ok(Arc::new(Self { tried: Mutex::new(pair.hash()), files, current, provider }))
    }

    /// What is out of date in the chain. It is served all the same: clocks may be wrong, and the files may change.
    pub(crate) fn outdated(&self, now: Time) -> Vec<String> {
        let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let since_epoch = Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
        let told = (1..).zip(&current.cert).filter_map(|(number, certificate)| {
            // Its dates are looked at before its authority, of whom nobody here knows.
            let found = verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(certificate).ok()?,
                &RootCertStore::empty(),
                &[],
                UnixTime::since_unix_epoch(since_epoch),
                self.provider.signature_verification_algorithms.all,
            );
            let why = match found.err()? {
                rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
                    format!("was valid until {}", moment(not_after))
                }
                rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => {
                    format!("is valid from {} on", moment(not_before))
                }
                _ => return None,
            };
            Some(format!("certificate {number} of {} {why}: clients refuse it", self.files.certificate.display()))
        });
        told.collect()
    }

    /// What the listener needs: both versions, HTTP/2 and HTTP/1.1 by ALPN.
    pub(crate) fn config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider));
        let versions = builder.with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12]);
        let builder = versions.map_err(|cause| self.files.refused(cause))?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Reads the files again, whether they changed or not; on an error the old certificate stays.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        self.install(&Pair::read(&self.files)?)
    }

    fn install(&self, pair: &Pair) -> Result<(), TlsError> {
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = pair.hash();
        let fresh = Arc::new(pair.certified(&self.files, &self.provider)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Takes up what the files hold now if it is not what was tried last. Contents decide, not times: a file put in place
    /// by a rename or a link keeps the time of its making.
    fn refresh(&self) -> Option<Result<(), TlsError>> {
        let pair = match Pair::read(&self.files) {
            Ok(pair) => pair,
            Err(gone) => {
                let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
                let told = std::mem::take(&mut *tried) == [0; 32];
                return (!told).then_some(Err(gone));
            }
        };
        let known = *self.tried.lock().unwrap_or_else(PoisonError::into_inner) == pair.hash();
        (!known).then(|| self.install(&pair))
    }

    /// Looks at the files for ever.
    pub(crate) async fn watch(self: Arc<Self>, metrics: Arc<Metrics>) {
        let mut looks = tokio::time::interval(self.files.check_every);
        loop {
            looks.tick().await;
            let certificates = Arc::clone(&self);
            let look = tokio::task::spawn_blocking(move || certificates.refresh()).await;
            if let Ok(Some(done)) = look {
                told(&done, &metrics);
            }
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Reads the certificate again when asked; clones are the same handle.
#[derive(Clone, Debug)]
pub struct Reload {
    certificates: Option<Arc<Certificates>>,
    metrics: Arc<Metrics>,
}

impl Reload {
    pub(crate) fn new(certificates: Option<Arc<Certificates>>, metrics: Arc<Metrics>) -> Self {
        Self { certificates, metrics }
    }

    /// Reads both files again now (SIGHUP); a bad pair is logged and the old certificate stays. Without TLS it does nothing.
    pub fn reload(&self) -> Result<(), TlsError> {
        let Some(certificates) = &self.certificates else { return Ok(()) };
        let done = certificates.reload();
        told(&done, &self.metrics);
        done
    }
}

fn told(done: &Result<(), TlsError>, metrics: &Metrics) {
    match done {
        Ok(()) => {
            metrics.reload(Outcome::Ok);
            tracing::info!("the certificate was read again");
        }
        Err(cause) => {
            metrics.reload(Outcome::Error);
            tracing::error!(error = %cause, "the new certificate cannot be used; the old one stays");
        }
    }
}

/// What the two files hold.
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Pair {
    fn read(files: &Tls) -> Result<Self, TlsError> {
        let certificate = read(&files.certificate, file::LONGEST_CHAIN)?;
        Ok(Self { certificate, key: read(&files.key, file::LONGEST_SECRET)? })
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::new().chain_update(&self.certificate).chain_update([0]).chain_update(&self.key).finalize().into()
    }

    fn certified(&self, files: &Tls, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let not_pem = |path: &Path, what, cause| TlsError::NotPem { path: path.to_owned(), what, cause };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
        let chain = chain.map_err(|cause| not_pem(&files.certificate, "certificate", cause))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key);
        let key = key.map_err(|cause| not_pem(&files.key, "private key", cause))?;
        CertifiedKey::from_der(chain, key, provider).map_err(|cause| files.refused(cause))
    }
}

impl Tls {
    fn refused(&self, cause: rustls::Error) -> TlsError {
        TlsError::Refused { certificate: self.certificate.clone(), key: self.key.clone(), cause }
    }
}

fn moment(time: UnixTime) -> Time {
    Time::from_millis(i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(1000))
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, TlsError> {
    file::read_again(path, most).map_err(|cause| TlsError::Unreadable { path: path.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{clock::Clock, server::dev_certs};

    #[test]
    fn each_state_of_the_files_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let old = dev_certs::write(&dir.path().join("old"), Clock::system().now()).unwrap();
        let new = dev_certs::write(&dir.path().join("new"), Clock::system().now()).unwrap();
        let certificates = Certificates::read(Tls::new(&old.certificate, &old.key)).unwrap();
        let ours = || Arc::clone(&certificates.current.read().unwrap());
        let first = ours();
        assert!(certificates.refresh().is_none());
        fs::copy(&new.certificate, &old.certificate).unwrap();
        assert!(matches!(certificates.refresh(), Some(Err(TlsError::Refused { .. }))));
        assert!(certificates.refresh().is_none());
        fs::remove_file(&old.key).unwrap();
        assert!(matches!(certificates.refresh(), Some(Err(TlsError::Unreadable { .. }))));
        assert!(certificates.refresh().is_none());
        assert!(Arc::ptr_eq(&first, &ours()));
        fs::copy(&new.key, &old.key).unwrap();
        assert!(matches!(certificates.refresh(), Some(Ok(()))));
        assert!(!Arc::ptr_eq(&first, &ours()));
        assert!(certificates.refresh().is_none());
    }
}
