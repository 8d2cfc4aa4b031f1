//! `envoi export`: a stopped data directory, or a backup, as JSON lines.
//!
//! A running server is not asked: its listener for operators asks nobody who he is. `envoi backup` first, then export that.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Exit, complain, place};
use crate::{
    backend::CATALOGUE,
    server::TOKEN_KEY,
    store::{self, Stopped, StoreError, Written},
};

#[derive(Args)]
pub(super) struct Export {
    #[command(flatten)]
    place: place::Place,
    /// Write to this file, which only its owner can read, instead of stdout. It must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the key that signs tokens, too. Without it, tokens that were given out end with the import.
    #[arg(long)]
    with_secrets: bool,
}

pub(super) fn export(export: &Export) -> Exit {
    let (path, cache) = match export.place.find() {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let store = match Stopped::open(&path, cache) {
        Ok(store) => store,
        Err(error) => return place::failed(&error),
    };
    let secret = |name: &str| !export.with_secrets && name == TOKEN_KEY;
    let written = match &export.out {
        None => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            store::export(&store, &CATALOGUE, &secret, &mut out)
        }
        Some(out) => {
            let file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(out) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let why = "is there already, and nothing is overwritten: name another file";
                    return complain(Exit::Usage, &format!("{} {why}", out.display()));
                }
                Err(error) => return complain(Exit::Io, &format!("{}: {error}", out.display())),
            };
            to_file(&store, &secret, file, out).inspect_err(|_| {
                // Half an export is of no use, and says so itself where it cannot be removed.
                let _ = fs::remove_file(out);
            })
        }
    };
    match written {
        Ok(Written { lines, left_out }) => {
            let secrets = match left_out {
                0 => "",
                _ => "; the key that signs tokens was left out (--with-secrets)",
            };
            // Stdout may be what was exported to.
            complain(Exit::Ok, &format!("exported {lines} lines{secrets}"))
        }
        Err(error) => place::failed(&error),
    }
}

fn to_file(store: &Stopped, secret: &dyn Fn(&str) -> bool, file: File, path: &Path) -> Result<Written, StoreError> {
    let mut out = BufWriter::new(file);
    let written = store::export(store, &CATALOGUE, secret, &mut out)?;
    let synced = out.flush().and_then(|()| out.get_ref().sync_all());
    synced
        .map_err(|error| StoreError::Io { doing: format!("syncing {}", path.display()), reason: error.to_string() })?;
    Ok(written)
}
