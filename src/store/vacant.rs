//! Whether a directory without the file `db` may become a data directory. The engine would make an empty store of any; of one
//! that has lost its data, or that is something else, it must not.
//!
//! The engine writes `blobs` and `conf` before `db`, and `snap.*` after it; the room in `reserve` is taken when it is open. So
//! `conf` and an empty `blobs` alone are what a first start leaves that ended too early.

use std::{fs, path::Path};

use super::{StoreError, archive::is_backup, durable::failed, lock::Lock};

/// Room that is kept for the way out when the disk is full.
pub(super) const RESERVE: &str = "reserve";

/// Refuses a directory that holds no store and is not empty. Whoever has its lock may be making a store of it.
pub(super) fn refuse_occupied(path: &Path) -> Result<(), StoreError> {
    match look(path) {
        Err(error) if path.join("lock").exists() => {
            let _lock = Lock::take(path)?;
            // Its maker may have come to an end meanwhile.
            look(path).map_err(|_| error)
        }
        looked => looked,
    }
}

/// As [`refuse_occupied`], for who has the lock.
pub(super) fn look(path: &Path) -> Result<(), StoreError> {
    if path.join("db").exists() {
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| failed("reading", path, &error))? {
        let entry = entry.map_err(|error| failed("reading", path, &error))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    let has = |name: &str| names.iter().any(|found| found == name);
    let begins = |what: &str| names.iter().any(|found| found.starts_with(what));
    let blobs = fs::read_dir(path.join("blobs")).is_ok_and(|mut blobs| blobs.next().is_some());
    let was_store = blobs || begins("snap.") || begins("damaged-") || has("compacted") || has("conf") && has(RESERVE);
    let path = path.to_path_buf();
    if was_store {
        return Err(StoreError::Damaged { path, reason: "its file db is missing: restore a backup".to_owned() });
    }
    if is_backup(&path) {
        let why = "is a backup: make a data directory of it with `envoi restore`".to_owned();
        return Err(StoreError::NotThere { path, why });
    }
    // `unfinished`: whoever fills it has it, others are refused before.
    let ours = ["lock", RESERVE, "lost+found", "conf", "blobs", "unfinished"];
    match names.into_iter().find(|name| !ours.contains(&name.as_str())) {
        Some(name) => {
            let why = format!("is not empty and holds no data of envoi (there is {name:?}): name another directory");
            Err(StoreError::NotThere { path, why })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Settings, Store, compact::compact};

    fn open(path: &Path) -> Result<(), StoreError> {
        Store::open(&Settings { path: Some(path.to_path_buf()), ..Settings::default() }).map(drop)
    }

    #[test]
    fn a_store_without_its_data_is_not_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).unwrap();
        for gone in ["db", "lock"] {
            fs::remove_file(folder.path().join(gone)).unwrap();
            let refused = open(folder.path()).unwrap_err();
            assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
            assert!(refused.to_string().contains("its file db is missing"), "{refused}");
            assert!(!folder.path().join("db").exists());
        }
        assert!(compact(folder.path(), 1 << 20).is_err());
    }

    #[test]
    fn what_is_something_else_is_left_alone() {
        for (name, said) in [
            ("manifest.json", "envoi restore"),
            ("records", "envoi restore"),
            ("letters.txt", "is not empty and holds no data of envoi"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), b"x").unwrap();
            let refused = open(folder.path()).unwrap_err();
            assert!(refused.to_string().contains(said), "{refused}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was put into it");
        }
    }

    #[test]
    fn a_first_start_that_ended_anywhere_may_be_done_again() {
        for left in
            [&[][..], &["lock"], &["lock", "blobs/"], &["lock", "blobs/", "conf"], &["lock", RESERVE, "lost+found/"]]
        {
            let folder = tempfile::tempdir().unwrap();
            for name in left {
                match name.strip_suffix('/') {
                    Some(name) => fs::create_dir(folder.path().join(name)).unwrap(),
                    None => fs::write(folder.path().join(name), b"").unwrap(),
                }
            }
            open(folder.path()).unwrap_or_else(|error| panic!("{left:?}: {error}"));
            open(folder.path()).unwrap();
        }
    }
}
