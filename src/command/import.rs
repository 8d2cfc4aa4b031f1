//! `envoi import`: a data directory from exported lines, checked when it is made.

use std::{io::BufReader, path::PathBuf};

use clap::Args;

use super::{Exit, complain, place, say};
use crate::{backend::CATALOGUE, clock::Stopwatch, file, store};

#[derive(Args)]
pub(super) struct Import {
    /// The exported lines; `-` reads stdin.
    file: PathBuf,
    #[command(flatten)]
    target: place::Target,
}

pub(super) fn import(import: &Import) -> Exit {
    let (to, cache) = match import.target.find() {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let mut input = match file::source(&import.file) {
        Ok(source) => BufReader::with_capacity(1 << 20, source),
        Err(error) => return complain(Exit::Usage, &format!("{}: {error}", import.file.display())),
    };
    let watch = Stopwatch::start();
    let written = match store::import(&import.file, &mut input, &to, cache, &CATALOGUE) {
        Ok(written) => written,
        Err(error) => return place::failed(&error),
    };
    let (lines, seconds) = (written.lines, watch.elapsed().as_secs_f64());
    let said = say(&format!("imported {lines} lines to {}, in {seconds:.1} s\n", to.display()));
    match place::check_made(&to, cache) {
        Exit::Ok => said,
        exit => exit,
    }
}
