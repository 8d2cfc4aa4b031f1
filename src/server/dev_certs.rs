//! `envoi certs dev DIR`: a certificate authority and a server certificate for development. Nothing here is for production,
//! and nothing is ever overwritten.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::clock::Time;

/// Names and addresses of the server certificate.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Some TLS libraries refuse server certificates of more than 825 days.
const DAYS: u64 = 820;

/// The files written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The authority's certificate: what clients are told to trust.
    pub ca_certificate: PathBuf,
    /// The authority's key.
    pub ca_key: PathBuf,
    /// The server's certificate, followed by the authority's.
    pub certificate: PathBuf,
    /// The server's key.
    pub key: PathBuf,
}

/// Why no certificates were written.
#[derive(Debug, thiserror::Error)]
pub enum CertsError {
    /// One of the files is there already.
    #[error("{0} exists already and is not overwritten")]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {path}: {cause}")]
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Making them failed.
    #[error("cannot make the certificates: {0}")]
    Making(#[from] rcgen::Error),
}

/// Writes `ca.pem`, `ca-key.pem`, `server.pem` and `server-key.pem` into `dir`, valid from the day before `now`.
pub fn write(dir: &Path, now: Time) -> Result<Written, CertsError> {
    let written = Written {
        ca_certificate: dir.join("ca.pem"),
        ca_key: dir.join("ca-key.pem"),
        certificate: dir.join("server.pem"),
        key: dir.join("server-key.pem"),
    };
    let all = [&written.ca_certificate, &written.ca_key, &written.certificate, &written.key];
    if let Some(there) = all.into_iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(CertsError::Exists(there.clone()));
    }
    let ca = CertifiedIssuer::self_signed(authority(now)?, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = server(now)?.signed_by(&key, &ca)?;
    fs::create_dir_all(dir).map_err(|cause| CertsError::Unwritable { path: dir.to_owned(), cause })?;
    create(&written.ca_key, &ca.key().serialize_pem(), 0o600)?;
    create(&written.key, &key.serialize_pem(), 0o600)?;
    create(&written.ca_certificate, &ca.pem(), 0o644)?;
    create(&written.certificate, &(certificate.pem() + &ca.pem()), 0o644)?;
    Ok(written)
}

fn authority(now: Time) -> Result<CertificateParams, rcgen::Error> {
    let mut params = dated(CertificateParams::new(Vec::new())?, now);
    params.distinguished_name.push(DnType::CommonName, "envoi development CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn server(now: Time) -> Result<CertificateParams, rcgen::Error> {
    let mut params = dated(CertificateParams::new(NAMES.map(str::to_owned))?, now);
    // Old Java clients compare the common name and nothing else.
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn dated(mut params: CertificateParams, now: Time) -> CertificateParams {
    let day = |time: Time| {
        let date = jiff::Timestamp::from_millisecond(time.millis()).unwrap_or_default();
        let date = date.to_zoned(jiff::tz::TimeZone::UTC).date();
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    // A day of grace for clients whose clocks are behind.
    params.not_before = day(now.minus(days(1)));
    params.not_after = day(now.plus(days(DAYS)));
    params
}

/// Makes a file that was not there, with these permissions from its first moment on.
fn create(path: &Path, text: &str, mode: u32) -> Result<(), CertsError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let done = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    done.map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => CertsError::Exists(path.to_owned()),
        _ => CertsError::Unwritable { path: path.to_owned(), cause },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn keys_are_for_their_owner_alone_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("certs");
        let written = write(&dir, Clock::system().now()).unwrap();
        #[cfg(unix)]
        for key in [&written.key, &written.ca_key] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let before = fs::read(&written.key).unwrap();
        fs::remove_file(&written.ca_certificate).unwrap();
        assert!(matches!(write(&dir, Clock::system().now()), Err(CertsError::Exists(_))));
        assert_eq!(fs::read(&written.key).unwrap(), before);
        assert!(!written.ca_certificate.exists());
    }
}
