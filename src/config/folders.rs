//! Whether the folders that the server makes can be made and written: tried, and all that was made for it taken away again.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use super::{Config, Problem, table::settings, value::Kind};

impl Config {
    /// Tries every folder that is set; gives those that could not be used.
    pub(super) fn try_folders(&self) -> Vec<Problem> {
        let rows = settings().zip(&self.effective);
        let folders =
            rows.filter(|(setting, row)| matches!(setting.kind, Kind::Directory { .. }) && !row.value.is_empty());
        let tried = folders.filter_map(|(setting, row)| {
            let what = attempt(Path::new(&row.value)).err()?;
            Some(Problem { place: row.origin.clone(), key: setting.key.to_owned(), what })
        });
        tried.collect()
    }
}

/// Makes a folder, with those that it stands in, and a file in it.
fn attempt(folder: &Path) -> Result<(), String> {
    let mut made: Vec<PathBuf> = Vec::new();
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    let mut tried = missing.into_iter().rev().try_for_each(|path| {
        fs::create_dir(path).map_err(|error| format!("{} cannot be made: {error}", path.display()))?;
        made.push(path.to_path_buf());
        Ok(())
    });
    if tried.is_ok() {
        tried = write(folder).map_err(|error| format!("{} cannot be written: {error}", folder.display()));
    }
    for path in made.iter().rev() {
        // One that somebody else uses by now is not empty, and stays.
        let _gone = fs::remove_dir(path);
    }
    tried
}

fn write(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".envoi-check-{}", uuid::Uuid::new_v4()));
    OpenOptions::new().write(true).create_new(true).open(&path)?;
    fs::remove_file(path)
}
