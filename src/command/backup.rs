//! `envoi backup`: asks a running server to write what it holds into a directory.

use std::path::PathBuf;

use clap::Args;
use hyper::Method;

use super::{
    Exit,
    call::WHOLE_WORK,
    complain,
    conversations::{Admin, text},
};
use crate::clock::Stopwatch;

#[derive(Args)]
pub(super) struct Backup {
    /// The directory to make, on the machine of the server. It must not exist or be empty.
    dir: PathBuf,
    #[command(flatten)]
    admin: Admin,
}

pub(super) async fn backup(backup: &Backup) -> Exit {
    let dir = match std::path::absolute(&backup.dir) {
        Ok(dir) => dir,
        Err(error) => return complain(Exit::Usage, &format!("{}: {error}", backup.dir.display())),
    };
    let Some(path) = dir.to_str() else {
        return complain(Exit::Usage, &format!("{} is no text: name another directory", dir.display()));
    };
    let query = [("dir", path.to_owned())];
    let watch = Stopwatch::start();
    let told = |manifest: &serde_json::Value| {
        let [keys, bytes, at] = ["keys", "bytes", "made_at"].map(|name| text(manifest, name));
        let seconds = watch.elapsed().as_secs_f64();
        format!("backed up to {path}: {keys} keys, {bytes} bytes, as of {at}, in {seconds:.1} s\n")
    };
    backup.admin.ask_within(WHOLE_WORK, Method::POST, "/backup", &query, told).await
}
