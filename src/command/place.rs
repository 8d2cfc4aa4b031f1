//! Which data directory is meant, and how what goes wrong with it ends a command.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, complain, settings::Sources};
use crate::{
    backend::CATALOGUE,
    store::{Finding, Report, Stopped, StoreError},
};

/// Memory for reading, where no configuration says how much.
const CACHE: u64 = 64 << 20;

/// A data directory: named, or the one of a configuration.
#[derive(Args)]
pub(super) struct Place {
    /// The directory; absent, `store.path` of the configuration.
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
}

/// Where something new is made.
#[derive(Args)]
pub(super) struct Target {
    /// The data directory to make; absent, `store.path` of the configuration.
    #[arg(long, value_name = "DATA_DIR")]
    to: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
}

impl Place {
    /// The directory, and the memory for reading it.
    pub(super) fn find(&self) -> Result<(PathBuf, u64), Exit> {
        find(self.dir.as_ref(), &self.sources)
    }
}

impl Target {
    /// The directory, and the memory for reading it.
    pub(super) fn find(&self) -> Result<(PathBuf, u64), Exit> {
        find(self.to.as_ref(), &self.sources)
    }
}

fn find(named: Option<&PathBuf>, sources: &Sources) -> Result<(PathBuf, u64), Exit> {
    if let Some(dir) = named {
        return Ok((dir.clone(), CACHE));
    }
    let store = sources.load(Vec::new())?.store;
    let none = || complain(Exit::Usage, "no data directory is configured: name one");
    Ok((store.path.ok_or_else(none)?, store.cache_bytes.max(CACHE)))
}

/// Complains, and tells how the command ends. 1 is left to what was looked at and found wrong.
pub(super) fn failed(error: &StoreError) -> Exit {
    let exit = match error {
        StoreError::InUse { .. } => Exit::Later,
        StoreError::NotThere { .. } | StoreError::Unfinished { .. } => Exit::Usage,
        StoreError::Panicked { .. } => Exit::Internal,
        _ => Exit::Io,
    };
    complain(exit, &error.to_string())
}

/// Checks what was just made. Complains of what is wrong.
pub(super) fn check_made(path: &std::path::Path, cache: u64) -> Exit {
    match Stopped::open(path, cache).and_then(|made| made.check(&CATALOGUE, false)) {
        Ok(report) if report.left == 0 => Exit::Ok,
        Ok(report) => {
            for line in lines(&report) {
                complain(Exit::Failed, &line);
            }
            complain(Exit::Failed, "it is complete as it was, and it was damaged before: see `envoi fsck --repair`")
        }
        Err(error) => failed(&error),
    }
}

/// What a check found, a line each.
pub(super) fn lines(report: &Report) -> impl Iterator<Item = String> + '_ {
    let line = |Finding { place, expected, found, repaired }: &Finding| {
        let repaired = if *repaired { " (repaired)" } else { "" };
        format!("{place}: expected {expected}; found {found}{repaired}")
    };
    let more = (report.unlisted > 0).then(|| format!("and {} more", report.unlisted));
    report.findings.iter().map(line).chain(more)
}
