//! Every setting, its default and its check; read whole before a port opens.
//!
//! One table (`table.rs`) names the settings of all rooms and drives reading, checking, `envoi config` and the README.
//! A value comes from the first of: flag, environment, file, default. Every mistake is told, each with its place.

mod accounts;
mod connectors;
mod contract;
pub mod demo;
mod document;
mod folders;
pub(crate) mod near;
mod show;
mod source;
mod table;
mod trial;
mod value;

use std::{path::PathBuf, sync::Arc, time::Duration};

pub use connectors::{connector_markdown, route_markdown};
pub use document::Problem;
pub use show::{markdown, toml};
pub use source::Layers;
pub use trial::Trial;

use crate::{
    backend,
    connector::Connectors,
    file, mail,
    message::client::{Accounts, Secret},
    notify, object, queue,
    server::{self, Tls, access},
    store,
};

/// Where a setting comes from that nobody has given.
const DEFAULT: &str = "default";

/// Lawful for who only looks (`envoi config`), and a mistake for who checks or serves.
pub const NOBODY: &str = "there is no [[api_client]] and no [[user]], so nobody could log in";

/// Lawful, but whoever asks for results by e-mail waits.
pub const NO_MAIL: &str = "neither mail.relay nor mail.folder is set: results by e-mail are owed and wait until one is";

/// Lawful, but links in mails lead nowhere from outside.
pub const NO_PUBLIC_URL: &str = "is not set, while mail.relay is: the links for unsubscribing in triggered sends name the \
     address that is listened on, and offer no one-click";

/// The settings of all rooms, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The front door: addresses, limits, TLS.
    pub server: server::Settings,
    /// Where objects are kept.
    pub store: store::Settings,
    /// Limits while XML is read.
    pub limits: object::Limits,
    /// Limits of the work.
    pub backend: backend::Settings,
    /// How what is not done at once is worked off.
    pub queue: queue::Settings,
    /// How callers are told.
    pub notify: notify::Settings,
    /// How mail leaves.
    pub mail: mail::Settings,
    /// Messaging APIs, and which objects go there.
    pub connectors: Arc<Connectors>,
    /// How callers are checked.
    pub access: access::Settings,
    /// Who may call.
    pub accounts: Arc<Accounts>,
    /// A TOML file with more accounts, clients and users.
    pub accounts_file: Option<PathBuf>,
    /// How it logs.
    pub log: Log,
    /// The files of TLS, both or none; `server.tls` is made of them.
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    check_certificate_every: Duration,
    mail_password_file: Option<PathBuf>,
    /// Trusted for callbacks; `notify.ca` is made of it.
    callback_ca: Option<PathBuf>,
    /// As given; `notify.secrets` is made of it.
    callback_secrets: Option<String>,
    /// What was set, and where; for `envoi config`.
    pub effective: Vec<Effective>,
    /// What is lawful but most likely not meant.
    pub warnings: Vec<Problem>,
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
            server: server::Settings::default(),
            store: store::Settings::default(),
            limits: object::Limits::default(),
            backend: backend::Settings::default(),
            queue: queue::Settings::default(),
            notify: notify::Settings::default(),
            mail: mail::Settings::default(),
            connectors: Arc::default(),
            access: access::Settings::default(),
            accounts: Arc::new(Accounts::default()),
            accounts_file: None,
            log: Log::default(),
            certificate: None,
            key: None,
            check_certificate_every: Duration::ZERO,
            mail_password_file: None,
            callback_ca: None,
            callback_secrets: None,
            effective: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What no setting can tell alone.
    fn cross_check(&mut self, problems: &mut Vec<Problem>) {
        for (key, what) in self.read_callbacks() {
            problems.push(Problem { place: self.origin(key), key: key.into(), what });
        }
        let mut wrong = |given: &str, key: &str, what: String| {
            // What was given and cannot be read is not missing.
            if !problems.iter().any(|problem| problem.key == key) {
                problems.push(Problem { place: self.origin(given), key: key.into(), what });
            }
        };
        let missing = |given| format!("is missing, while {given} is set: TLS needs both");
        match (&self.certificate, &self.key) {
            (Some(_), None) => wrong("tls.certificate", "tls.key", missing("tls.certificate")),
            (None, Some(_)) => wrong("tls.key", "tls.certificate", missing("tls.key")),
            _ => {}
        }
        let files = self.certificate.clone().zip(self.key.clone());
        self.server.tls =
            files.map(|(certificate, key)| Tls { certificate, key, check_every: self.check_certificate_every });
        for error in self.server.check() {
            let key = match error.setting {
                setting if setting.starts_with("tls.") => setting.to_owned(),
                setting => format!("server.{setting}"),
            };
            // What nobody wrote is too small for what somebody did.
            let place = match self.origin(&key) {
                default if default == DEFAULT && matches!(error.setting, "max_buffered" | "max_unproven") => {
                    self.origin("server.max_body")
                }
                place => place,
            };
            problems.push(Problem { place, key, what: error.wrong.into_owned() });
        }
        self.check_mail(problems);
        if self.accounts.callers() == (0, 0) {
            let what = NOBODY.to_owned();
            self.warnings.push(Problem { place: String::new(), key: String::new(), what });
        }
        let admin = self.server.admin;
        if !admin.ip().is_loopback() {
            let what = format!("{admin} is not a loopback address; whoever reaches it reads the metrics");
            self.warnings.push(Problem { place: self.origin("server.admin"), key: "server.admin".into(), what });
        }
    }

    fn check_mail(&mut self, problems: &mut Vec<Problem>) {
        let given = |config: &Self, key: &str| config.origin(key) != DEFAULT;
        let mut wrong = |config: &Self, place: &str, key: &str, what: String| {
            problems.push(Problem { place: config.origin(place), key: key.into(), what });
        };
        if let Some(path) = self.mail_password_file.clone() {
            if self.mail.relay.password.is_some() {
                let what = "is set, and mail.password too: expected one of them".to_owned();
                wrong(self, "mail.password_file", "mail.password_file", what);
            }
            match file::read_text(&path, file::LONGEST_SECRET) {
                Ok(text) => self.mail.relay.password = Some(Secret::new(text.trim_end_matches(['\r', '\n']))),
                Err(error) => {
                    let what = format!("{}: {error}", path.display());
                    wrong(self, "mail.password_file", "mail.password_file", what);
                }
            }
        }
        if !self.mail.relay.host.is_empty() {
            if self.mail.way != mail::Way::None {
                let what = "is set, and mail.relay too: mail goes to one of them".to_owned();
                wrong(self, "mail.folder", "mail.folder", what);
            }
            if !given(self, "mail.from") {
                wrong(self, "mail.relay", "mail.from", "is missing, while mail.relay is set".to_owned());
            }
            self.mail.way = mail::Way::Relay;
            for error in self.mail.relay.check() {
                match error {
                    mail::MailError::Setting { setting, wrong: what } => wrong(self, setting, setting, what),
                    other => wrong(self, "mail.relay", "mail.relay", other.to_string()),
                }
            }
        }
        if self.mail.way == mail::Way::Relay && self.server.public_url.is_none() {
            let (place, key) = (self.origin("mail.relay"), "server.public_url".to_owned());
            self.warnings.push(Problem { place, key, what: NO_PUBLIC_URL.to_owned() });
        }
        if self.mail.way == mail::Way::None {
            self.warnings.push(Problem { place: String::new(), key: "mail.relay".into(), what: NO_MAIL.to_owned() });
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
