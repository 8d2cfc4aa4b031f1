//! `envoi compact`: a stopped data directory without the space of what was deleted.

use clap::Args;

use super::{Exit, complain, place, say};
use crate::{clock::Stopwatch, store};

#[derive(Args)]
pub(super) struct Compact {
    #[command(flatten)]
    place: place::Place,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn compact(compact: &Compact) -> Exit {
    let (path, cache) = match compact.place.find() {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let watch = Stopwatch::start();
    let done = match store::compact(&path, cache) {
        Ok(done) => done,
        Err(error) => return place::failed(&error),
    };
    if compact.json {
        return match serde_json::to_string(&done) {
            Ok(json) => say(&(json + "\n")),
            Err(error) => complain(Exit::Internal, &error.to_string()),
        };
    }
    say(&format!(
        "compacted {}: {} keys, {} bytes; on disk {} bytes before, {} now, in {:.1} s\n",
        path.display(),
        done.keys,
        done.bytes,
        done.disk_before,
        done.disk_after,
        watch.elapsed().as_secs_f64()
    ))
}
