//! `envoi fsck`: what is wrong in a data directory or a backup, in words, and the repair of what can be made again.

use clap::Args;

use super::{Exit, complain, place, say};
use crate::{
    backend::CATALOGUE,
    store::{Report, Stopped},
};

#[derive(Args)]
#[command(after_long_help = HELP)]
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

const HELP: &str = "A line for each finding: PLACE: expected WHAT; found WHAT, and (repaired) where it was. The last line counts keys and \
bytes.\n\nWhat is wrong with a record itself is not repaired: restore a backup (`envoi restore`), or go on without what is \
damaged. A server that runs holds its directory (exit code 75): `envoi backup DIR`, then `envoi fsck DIR`.";

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
        (Exit::Ok, 1..) if fsck.json => Exit::Failed,
        (Exit::Ok, 1..) if fsck.repair => complain(
            Exit::Failed,
            "what is left cannot be made again: keep a copy (`envoi export`), or restore a backup (`envoi restore`)",
        ),
        (Exit::Ok, 1..) => complain(
            Exit::Failed,
            "`envoi fsck --repair` makes again what follows from records: indexes, counts, totals",
        ),
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
