//! `envoi certs dev DIR`: a development authority and a server certificate.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Exit, complain, say};
use crate::{
    clock::Clock,
    server::dev_certs::{self, CertsError},
};

#[derive(Args)]
pub(super) struct Certs {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
enum Kind {
    /// A development authority and a server certificate for this machine; never for production.
    Dev {
        /// Where ca.pem, ca-key.pem, server.pem and server-key.pem are written.
        dir: PathBuf,
    },
}

pub(super) fn write(certs: &Certs) -> Exit {
    let Kind::Dev { dir } = &certs.kind;
    match dev_certs::write(dir, Clock::system().now()) {
        Ok(written) => say(&format!(
            "Clients trust       {}\ntls.certificate     {}\ntls.key             {}\nauthority's key     {}\n",
            written.ca_certificate.display(),
            written.certificate.display(),
            written.key.display(),
            written.ca_key.display(),
        )),
        Err(error @ CertsError::Exists(_)) => complain(Exit::Usage, &error.to_string()),
        Err(error) => complain(Exit::Io, &error.to_string()),
    }
}
