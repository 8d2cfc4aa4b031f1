//! Encrypted: both versions of TLS, both of HTTP, silent and foolish peers, certificates that change. Keys are made on the fly.

use std::{fs, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use envoi::{
    clock::Clock,
    server::{Tls, dev_certs},
};
use http_body_util::Full;
use hyper::{Request, StatusCode, Version};
use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    house::{House, PATIENCE, Wire, house_with},
    versions::over_http2,
};

fn certificates(dir: &Path) -> dev_certs::Written {
    dev_certs::write(dir, Clock::system().now()).unwrap()
}

async fn encrypted(written: &dev_certs::Written, check_every: Duration) -> House {
    encrypted_with(written, check_every, PATIENCE).await
}

async fn encrypted_with(written: &dev_certs::Written, check_every: Duration, handshake_timeout: Duration) -> House {
    let tls = Tls { check_every, ..Tls::new(&written.certificate, &written.key) };
    house_with(|settings| {
        settings.tls = Some(tls);
        settings.handshake_timeout = handshake_timeout;
    })
    .await
}

async fn connect(
    house: &House,
    ca: &Path,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&[u8]],
    name: &'static str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(house.addr).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), stream).await
}

#[tokio::test]
async fn both_versions_of_tls_and_of_http_are_spoken() {
    let dir = tempfile::tempdir().unwrap();
    let written = certificates(dir.path());
    let house = encrypted(&written, Duration::from_secs(10)).await;
    for (version, protocol) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        for name in ["localhost", "127.0.0.1", "::1"] {
            let stream = connect(&house, &written.ca_certificate, &[version], &[], name).await.unwrap();
            assert_eq!(stream.get_ref().1.protocol_version(), Some(protocol));
            let mut wire = Wire(stream);
            wire.send("POST /Service.asmx HTTP/1.1\r\nHost: mc.example\r\nX-Do: url\r\nContent-Length: 0\r\n\r\n")
                .await;
            assert_eq!(wire.answer().await.text(), "https://mc.example 127.0.0.1");
        }
    }
    let stream = connect(&house, &written.ca_certificate, &[&TLS13], &[b"h2", b"http/1.1"], "localhost").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let request = Request::post("https://localhost/Service.asmx").body(Full::new(Bytes::from("<a/>"))).unwrap();
    let answers = over_http2(stream, vec![request]).await;
    assert_eq!((answers[0].status(), answers[0].version()), (StatusCode::OK, Version::HTTP_2));
}

#[tokio::test]
async fn peers_that_cannot_shake_hands_hold_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let written = certificates(dir.path());
    // Real time, in which a machine under load still shakes hands with who can.
    let house = encrypted_with(&written, Duration::from_secs(10), Duration::from_secs(3)).await;
    let mut silent = house.connect().await;
    let mut plain = house.connect().await;
    plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let mut wire = Wire(connect(&house, &written.ca_certificate, &[&TLS13], &[], "localhost").await.unwrap());
    wire.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(wire.answer().await.status(), 200);
    assert!(silent.closed().await);
    assert_eq!(house.metric("envoi_limits_met_total{limit=\"handshake_time\"}").await, 1.0);
    assert_eq!(house.metric("envoi_tls_handshakes_failed_total").await, 1.0);
}

#[tokio::test]
async fn a_changed_certificate_is_taken_up_and_a_bad_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let old = certificates(&dir.path().join("old"));
    let new = certificates(&dir.path().join("new"));
    let house = encrypted(&old, Duration::from_millis(10)).await;
    let trusts = async |ca: &Path| connect(&house, ca, &[&TLS13], &[], "localhost").await.is_ok();
    assert!(trusts(&old.ca_certificate).await && !trusts(&new.ca_certificate).await);
    let mut kept = Wire(connect(&house, &old.ca_certificate, &[&TLS13], &[], "localhost").await.unwrap());

    // A certificate without its key: refused, and the old one stays.
    fs::copy(&new.certificate, &old.certificate).unwrap();
    let failed = "envoi_certificate_reloads_total{outcome=\"error\"}";
    let noticed = async { while house.metric(failed).await < 1.0 {} };
    tokio::time::timeout(PATIENCE, noticed).await.unwrap();
    assert!(trusts(&old.ca_certificate).await && !trusts(&new.ca_certificate).await);

    // Its key follows, and both are taken up; who is connected stays so.
    fs::copy(&new.key, &old.key).unwrap();
    let taken = async { while !trusts(&new.ca_certificate).await {} };
    tokio::time::timeout(PATIENCE, taken).await.unwrap();
    assert!(!trusts(&old.ca_certificate).await);
    kept.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(kept.answer().await.status(), 200);
}

#[tokio::test]
async fn a_certificate_is_taken_up_at_once_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let old = certificates(&dir.path().join("old"));
    let new = certificates(&dir.path().join("new"));
    let house = encrypted(&old, Duration::from_secs(1_000_000)).await;
    let trusts = async |ca: &Path| connect(&house, ca, &[&TLS13], &[], "localhost").await.is_ok();
    // The first look is at the start; it must be over before the files change.
    assert!(trusts(&old.ca_certificate).await);
    fs::write(&old.certificate, "no certificate").unwrap();
    assert!(house.reload.reload().unwrap_err().to_string().contains("holds no usable certificate"));
    assert!(trusts(&old.ca_certificate).await);
    fs::copy(&new.certificate, &old.certificate).unwrap();
    fs::copy(&new.key, &old.key).unwrap();
    house.reload.reload().unwrap();
    assert!(trusts(&new.ca_certificate).await);
}
