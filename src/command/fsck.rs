//! `envoi fsck`: what is wrong in a data directory or a backup, in words, and the repair of what can be made again.

use clap::Args;

use super::{Exit, complain, place, say};
use crate::{
    backend::CATALOGUE,
    store::{Report, Stopped},
};

#[derive(Args)]
pub(super) struct Fsck {
    #[command(flatten)]
    place: place::Place,
    /// Make again what follows from records: index entries, counts, totals. No record is changed or removed.
    #[arg(long)]
    repair: bool,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

/// 0: nothing is wrong, or nothing any more; 1: something is; anything else: it could not be checked.
pub(super) fn fsck(fsck: &Fsck) -> Exit {
    let (path, cache) = match fsck.place.find() {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let checked = Stopped::open(&path, cache).and_then(|store| store.check(&CATALOGUE, fsck.repair));
    let report = match checked {
        Ok(report) => report,
        Err(error) => return place::failed(&error),
    };
    let said = match fsck.json {
        true => match serde_json::to_string_pretty(&report) {
            Ok(json) => say(&(json + "\n")),
            Err(error) => complain(Exit::Internal, &error.to_string()),
        },
        false => say(&words(&report)),
    };
    match (said, report.left) {
        (Exit::Ok, 1..) => Exit::Failed,
        (said, _) => said,
    }
}

fn words(report: &Report) -> String {
    let lines: String = place::lines(report).map(|line| line + "\n").collect();
    let found = report.findings.len() as u64 + report.unlisted;
    let end = match (found, report.left) {
        (0, _) => "nothing is wrong".to_owned(),
        (found, 0) => format!("{found} found wrong, all repaired"),
        (found, left) => format!("{found} found wrong, {left} left"),
    };
    format!("{lines}{} keys, {} bytes: {end}\n", report.keys, report.bytes)
}
