//! Every setting, its default and its check; read whole before a port opens.
//!
//! One table (`table.rs`) names the settings of all rooms and drives reading, checking, `envoi config` and the README.
//! A value comes from the first of: flag, environment, file, default. Every mistake is told, each with its place.

mod accounts;
pub mod demo;
mod show;
mod source;
mod table;
mod value;

use std::{path::PathBuf, sync::Arc};

pub use show::{markdown, toml};
pub use source::{Layers, Problem};

use crate::{message::client::Accounts, server::access};

/// The settings of all rooms, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// How callers are checked.
    pub access: access::Settings,
    /// Who may call.
    pub accounts: Arc<Accounts>,
    /// A TOML file with more accounts, clients and users.
    pub accounts_file: Option<PathBuf>,
    /// Certificate chain and key of the SOAP listener.
    pub tls: Tls,
    /// How it logs.
    pub log: Log,
    /// What was set, and where; for `envoi config`.
    pub effective: Vec<Effective>,
    /// What is lawful but most likely not meant.
    pub warnings: Vec<Problem>,
}

/// The files of TLS; both or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM file with the certificate and those between it and its root.
    pub certificate: Option<PathBuf>,
    /// PEM file with its private key.
    pub key: Option<PathBuf>,
}

/// How it logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// JSON, one object a line; else for human eyes.
    pub json: bool,
    /// What is logged, as tracing's filter has it: `info,envoi::store=debug`.
    pub filter: String,
}

/// A setting as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Its key.
    pub key: &'static str,
    /// Its value, as the configuration file would have it.
    pub value: String,
    /// Where that came from: `default`, `FILE:LINE`, the environment variable or the flag.
    pub origin: String,
}

impl Config {
    /// Nothing set; [`Config::load`] fills every field from the table.
    fn empty() -> Self {
        Self {
            access: access::Settings::default(),
            accounts: Arc::new(Accounts::default()),
            accounts_file: None,
            tls: Tls::default(),
            log: Log::default(),
            effective: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What no setting can tell alone.
    fn cross_check(&mut self, problems: &mut Vec<Problem>) {
        let missing = match (&self.tls.certificate, &self.tls.key) {
            (Some(_), None) => Some(("tls.key", "tls.certificate")),
            (None, Some(_)) => Some(("tls.certificate", "tls.key")),
            _ => None,
        };
        if let Some((key, given)) = missing {
            let what = format!("is missing, while {given} is set: TLS needs both");
            problems.push(Problem { place: self.origin(given), key: key.into(), what });
        }
    }

    /// Where the value of a setting came from.
    pub fn origin(&self, key: &str) -> String {
        self.effective
            .iter()
            .find(|setting| setting.key == key)
            .map(|setting| setting.origin.clone())
            .unwrap_or_default()
    }
}
