//! A file that is there whole or not at all, under a name that stays in its folder, for its owner (`store/whole`).

use std::{
    fs::{self, File},
    io::{self, BufWriter, ErrorKind},
    path::{Path, PathBuf},
};

use crate::{clock::Time, store::whole};

/// The longest name: file systems take 255 bytes, and the draft's name is longer than the file's.
const LONGEST: usize = 200;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// There is one of that name.
    #[error("there is a file of that name")]
    Exists,
    /// The disk's.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The name of a file from a pattern; `%%Year%%`, `%%Month%%` and `%%Day%%` stand for the present day (UTC), as in the file
/// naming patterns of the service's data extract activities.
///
/// # Errors
/// What was expected.
pub(super) fn name(pattern: &str, now: Time) -> Result<String, String> {
    let today = now.seconds();
    let mut date = today.split(['-', 'T']);
    let mut name = pattern.to_owned();
    for part in ["%%Year%%", "%%Month%%", "%%Day%%"] {
        name = name.replace(part, date.next().unwrap_or_default());
    }
    let lawful = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '(' | ')');
    if !name.chars().all(lawful) || name.starts_with('.') || name.ends_with(['.', ' ']) || name.is_empty() {
        return Err(
            "a name of letters, digits, spaces, - _ ( ) and dots, without a folder and with no dot first".to_owned()
        );
    }
    match name.len() <= LONGEST {
        true => Ok(name),
        false => Err(format!("a name of at most {LONGEST} bytes")),
    }
}

/// A file that has not got its name yet. It goes when it is dropped unfinished.
pub(super) struct Draft {
    folder: PathBuf,
    path: PathBuf,
    target: PathBuf,
    overwrite: bool,
    file: File,
}

impl Draft {
    pub(super) fn begin(folder: &Path, name: &str, overwrite: bool) -> Result<Self, FileError> {
        whole::make_folder(folder)?;
        let target = folder.join(name);
        // Told before the work; who else takes the name meanwhile is seen at the end.
        if !overwrite && target.symlink_metadata().is_ok() {
            return Err(FileError::Exists);
        }
        let path = folder.join(format!(".{name}.{}", uuid::Uuid::new_v4().simple()));
        let file = whole::create_file(folder, &path)?;
        Ok(Self { folder: folder.to_owned(), path, target, overwrite, file })
    }

    pub(super) fn writer(&mut self) -> BufWriter<&mut File> {
        BufWriter::with_capacity(64 << 10, &mut self.file)
    }

    /// Gives the file its name. Then it is on disk, name and all.
    pub(super) fn finish(self) -> Result<(), FileError> {
        self.file.sync_all()?;
        match self.overwrite {
            true => fs::rename(&self.path, &self.target)?,
            // Unlike a rename, a link never takes the place of what is there.
            false => fs::hard_link(&self.path, &self.target).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => FileError::Exists,
                _ => FileError::Io(error),
            })?,
        }
        // Its other name goes with the draft; either way the folder has changed.
        let folder = self.folder.clone();
        drop(self);
        File::open(&folder)?.sync_all()?;
        if let Some(above) = folder.parent() {
            File::open(above)?.sync_all()?;
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        match fs::remove_file(&self.path) {
            Ok(()) => {}
            // It was renamed.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => tracing::warn!("{} is left behind: {error}", self.path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const NOW: Time = Time::from_millis(1_772_366_400_000);

    #[test]
    fn names_stay_in_their_folder() {
        assert_eq!(name("results_%%Year%%%%Month%%%%Day%%.csv", NOW), Ok("results_20260301.csv".to_owned()));
        assert_eq!(name("Été (1).csv", NOW), Ok("Été (1).csv".to_owned()));
        for wrong in [
            "",
            ".",
            "..",
            "../x",
            "/etc/passwd",
            "a/b",
            "a\\b",
            ".hidden",
            "a\0b",
            "a\nb",
            "c:x",
            "a.",
            "a ",
            "%%Hour%%",
            "~/x",
        ] {
            assert!(name(wrong, NOW).is_err(), "{wrong:?}");
        }
        assert!(name(&"x".repeat(201), NOW).is_err());
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("1");
        let files = || {
            let names = fs::read_dir(&inner).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect::<Vec<_>>()
        };
        let write = |text: &str, overwrite| {
            let mut draft = Draft::begin(&inner, "a.csv", overwrite)?;
            draft.writer().write_all(text.as_bytes())?;
            assert!(!files().contains(&"a.csv".to_owned()) || overwrite, "not before it is finished");
            draft.finish()
        };
        write("one", false).unwrap();
        assert!(matches!(write("two", false), Err(FileError::Exists)));
        assert_eq!(fs::read_to_string(inner.join("a.csv")).unwrap(), "one");
        write("three", true).unwrap();
        assert_eq!(fs::read_to_string(inner.join("a.csv")).unwrap(), "three");
        // One that somebody else made in the meantime is not overwritten.
        let mut draft = Draft::begin(&inner, "b.csv", false).unwrap();
        draft.writer().write_all(b"late").unwrap();
        fs::write(inner.join("b.csv"), "first").unwrap();
        assert!(matches!(draft.finish(), Err(FileError::Exists)));
        assert_eq!(fs::read_to_string(inner.join("b.csv")).unwrap(), "first");
        drop(Draft::begin(&inner, "c.csv", false).unwrap());
        let mut left = files();
        left.sort();
        assert_eq!(left, ["a.csv", "b.csv"], "no drafts are left");
    }
}
