//! Files and directories, made so that they and their names are there after a loss of power.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use super::{StoreError, whole};

/// Creates the directory with its parents, and makes each new entry durable in the directory that holds it.
pub(super) fn create_directory(path: &Path) -> Result<(), StoreError> {
    let missing: Vec<&Path> = path.ancestors().take_while(|at| !at.as_os_str().is_empty() && !at.exists()).collect();
    if path.exists() && !path.is_dir() {
        return Err(StoreError::NotThere { path: path.to_path_buf(), why: "is no directory".to_owned() });
    }
    whole::make_folder(path).map_err(|error| failed("creating", path, &error))?;
    for created in missing {
        match created.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync(parent)?,
            Some(_) => sync(Path::new("."))?,
            None => {}
        }
    }
    Ok(())
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("removing", path, &error)),
        _ => Ok(()),
    }
}

/// A directory that only its owner may enter.
pub(super) fn create_private(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new().mode(0o700).create(path).map_err(|error| failed("creating", path, &error))?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync(parent),
        _ => sync(Path::new(".")),
    }
}

/// A file that only its owner may read, written and synced. It must not be there yet.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = create_file(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| failed("writing", path, &error))
}

/// An empty file that only its owner may read.
pub(super) fn create_file(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path).map_err(|error| failed("creating", path, &error))
}

/// Makes what a file holds durable, or the names in a directory.
pub(super) fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| failed("syncing", path, &error))
}

/// What was being done to a path, and why it could not be.
pub(super) fn failed(doing: &str, path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::io(format!("{doing} {}", path.display()), error)
}
