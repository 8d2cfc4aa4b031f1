//! `envoi check-config`, `envoi config`, and the arguments from which every command reads its configuration.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, complain, say};
use crate::{
    clock::Clock,
    config::{self, Config, Layers, NOBODY, Problem, Trial},
    file,
};

/// For `envoi check-config --help`.
#[derive(Args)]
#[command(after_long_help = CHECKED)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) sources: Sources,
}

const CHECKED: &str = "A line on stderr for each mistake: PLACE: SETTING: what is wrong and what was expected. PLACE is FILE:LINE, an \
environment variable or a flag. Exit code 64 when there is one; warnings alone are 0.\n\nEverything is tried that `envoi serve` does \
at its start and that leaves no trace: the certificate with its key, authorities, the relay's trust, both ports, every folder. A port \
that is in use is a warning: it may be the server that runs. The data directory is not opened (`envoi fsck` does that), and no network \
is asked.";

/// Where a configuration comes from.
#[derive(Args, Default)]
pub(super) struct Sources {
    /// The configuration file; `-` is stdin.
    #[arg(long, env = "ENVOI_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Set one key, such as `access.clock_skew=1m`; counts before the environment and the file.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
}

#[derive(Args)]
pub(super) struct Show {
    #[command(flatten)]
    sources: Sources,
    /// Print the table of all settings for a README instead.
    #[arg(long)]
    markdown: bool,
}

impl Sources {
    /// Reads and checks it all; complaints go to stderr.
    pub(super) fn load(&self, flags: Vec<(String, String, String)>) -> Result<Config, Exit> {
        let mut layers = Layers { flags, ..Layers::default() };
        let mut problems = Vec::new();
        for set in &self.set {
            let flag = "--set".to_owned();
            match set.split_once('=') {
                Some((key, value)) => layers.flags.push((key.trim().to_owned(), value.trim().to_owned(), flag)),
                None => problems.push(Problem { place: flag, key: set.clone(), what: "expected KEY=VALUE".into() }),
            }
        }
        // Variables that are not text cannot be ours.
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        layers.environment = std::env::vars_os().filter_map(text).collect();
        if let Some(path) = &self.config {
            match file::read_or_stdin(path, file::LONGEST_SETTINGS).and_then(file::text) {
                Ok(text) => layers.file = Some((path.clone(), text)),
                Err(error) => {
                    let (place, key) = (path.display().to_string(), String::new());
                    problems.push(Problem { place, key, what: error.to_string() });
                }
            }
        }
        let loaded = match Config::load(&layers) {
            Ok(config) if problems.is_empty() => Ok(config),
            Ok(_) => Err(problems),
            Err(more) => Err(problems.into_iter().chain(more).collect()),
        };
        loaded.map_err(|problems| {
            for problem in &problems {
                complain(Exit::Usage, &problem.to_string());
            }
            Exit::Usage
        })
    }
}

pub(super) async fn check(sources: &Sources) -> Exit {
    match sources.load(Vec::new()) {
        Ok(config) => {
            for warning in config.warnings.iter().filter(|warning| warning.what != NOBODY) {
                complain(Exit::Ok, &format!("warning: {warning}"));
            }
            if config.accounts.callers() == (0, 0) {
                let file = sources.config.as_ref().map_or("; no file was named (--config FILE)", |_| "");
                return complain(Exit::Usage, &format!("{NOBODY}: `envoi serve` would not start{file}"));
            }
            let Trial { problems, warnings } = config.try_start(&Clock::system()).await;
            for warning in &warnings {
                complain(Exit::Ok, &format!("warning: {warning}"));
            }
            if !problems.is_empty() {
                for problem in &problems {
                    complain(Exit::Usage, &problem.to_string());
                }
                return Exit::Usage;
            }
            let accounts = config.accounts.accounts().count();
            let (clients, users) = config.accounts.callers();
            say(&format!("The configuration is good: accounts {accounts}, API clients {clients}, users {users}.\n"))
        }
        Err(exit) => exit,
    }
}

pub(super) fn show(show: &Show) -> Exit {
    if show.markdown {
        return say(&config::markdown());
    }
    match show.sources.load(Vec::new()) {
        Ok(config) => say(&config::toml(&config)),
        Err(exit) => exit,
    }
}
