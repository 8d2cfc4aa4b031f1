//! `envoi restore`: a data directory from a backup, checked before and after.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, place, say};
use crate::{clock::Stopwatch, store};

#[derive(Args)]
pub(super) struct Restore {
    /// The backup.
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    #[command(flatten)]
    target: place::Target,
}

pub(super) fn restore(restore: &Restore) -> Exit {
    let (to, cache) = match restore.target.find() {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let watch = Stopwatch::start();
    let manifest = match store::restore(&restore.backup, &to, cache) {
        Ok(manifest) => manifest,
        Err(error) => return place::failed(&error),
    };
    let said = say(&format!(
        "restored to {}: {} keys, {} bytes, as of {}, in {:.1} s\n",
        to.display(),
        manifest.keys,
        manifest.bytes,
        manifest.made_at,
        watch.elapsed().as_secs_f64()
    ));
    match place::check_made(&to, cache) {
        Exit::Ok => said,
        exit => exit,
    }
}
