//! Whether a server would start with a configuration here and now: everything is tried that a start does and that leaves no trace,
//! by the start's own code ([`crate::server::rehearse`]).

use super::{Config, Problem};
use crate::{
    clock::Clock,
    mail::MailError,
    server::{Parts, ServerError, StartError, TlsError, rehearse},
};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// What keeps a server from starting.
    pub problems: Vec<Problem>,
    /// What may be otherwise when one is started, or is most likely not meant.
    pub warnings: Vec<Problem>,
}

impl Config {
    /// What a server is made of.
    pub fn parts(&self, clock: Clock, seeded: Option<u64>) -> Parts {
        Parts {
            server: self.server.clone(),
            access: self.access.clone(),
            accounts: self.accounts.clone(),
            store: self.store.clone(),
            limits: self.limits.clone(),
            backend: self.backend.clone(),
            queue: self.queue.clone(),
            notify: self.notify.clone(),
            mail: self.mail.clone(),
            connectors: self.connectors.clone(),
            clock,
            seeded,
        }
    }

    /// Tries to start with it. Ports are let go again, folders that were made are taken away.
    pub async fn try_start(&self, clock: &Clock) -> Trial {
        let found = rehearse(&self.parts(clock.clone(), None), clock.now()).await;
        let mut trial = Trial { problems: self.try_folders(), ..Trial::default() };
        let refused: Vec<_> = found.refused.iter().map(|error| self.problem(error)).collect();
        // Of a folder that cannot be written nothing more is told.
        let is_told = |key: &str, told: &[Problem]| told.iter().any(|problem| problem.key == key);
        let fresh: Vec<_> = refused.into_iter().filter(|fresh| !is_told(&fresh.key, &trial.problems)).collect();
        trial.problems.extend(fresh);
        for error in &found.passing {
            let problem = self.problem(error);
            let what = format!("{}: good where that is the server which is to be started again", problem.what);
            trial.warnings.push(Problem { what, ..problem });
        }
        let outdated = found.outdated.into_iter();
        trial.warnings.extend(outdated.map(|what| self.at("tls.certificate", what)));
        trial
    }

    /// At the setting that is to be changed.
    fn problem(&self, error: &StartError) -> Problem {
        let what = error.to_string();
        match error {
            StartError::Schema(_) | StartError::Random(_) | StartError::Connector(..) => self.at("", what),
            StartError::Store(_) => self.at("store.path", what),
            StartError::Server(ServerError::Bind { addr, .. }) if *addr == self.server.admin => {
                self.at("server.admin", what)
            }
            StartError::Server(ServerError::Bind { .. }) => self.at("server.listen", what),
            StartError::Server(ServerError::Tls(error)) => self.at(self.file_of(error), what),
            StartError::Callbacks(_) => self.at("callback.ca", what),
            StartError::Mail(MailError::Setting { setting, wrong }) => self.at(setting, wrong.clone()),
            StartError::Mail(_) => self.at("mail.relay", what),
        }
    }

    fn file_of(&self, error: &TlsError) -> &'static str {
        let is_certificate = match error {
            TlsError::Unreadable { path, .. } => self.certificate.as_ref() == Some(path),
            TlsError::NotPem { what, .. } => *what == "certificate",
            TlsError::Refused { .. } => false,
        };
        if is_certificate { "tls.certificate" } else { "tls.key" }
    }

    fn at(&self, key: &str, what: String) -> Problem {
        Problem { place: self.origin(key), key: key.to_owned(), what }
    }
}
