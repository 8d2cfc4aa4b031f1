//! Files that hold what people wrote or were sent, beside the store: they appear whole, and for their owner alone.
//!
//! A folder is made for its owner. One that is there stays as it is; where its owner has closed it to others and opened it to its
//! group (0750, 2750), the group may read the files too: so an operator hands them to another program.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

const OWNER: u32 = 0o600;
const GROUP: u32 = 0o640;

/// Makes a folder when it is missing, with those that it lies in.
///
/// # Errors
/// The system's.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Puts a file into a folder: it is written beside its place and moved there when it is on disk, over one of the same name.
///
/// # Errors
/// The system's.
pub fn put_file(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = folder.join(format!(".{name}.part"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER).open(&beside)?;
    // One that an earlier attempt left may have another.
    narrow(&file, folder)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, folder.join(name))?;
    // The new name too is to survive a loss of power.
    File::open(folder)?.sync_all()
}

/// An empty file that was not there, in this folder.
///
/// # Errors
/// The system's.
pub fn create_file(folder: &Path, path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(OWNER).open(path)?;
    narrow(&file, folder)?;
    Ok(file)
}

/// Gives a file the mode of those in this folder, whatever the umask.
fn narrow(file: &File, folder: &Path) -> io::Result<()> {
    let of_folder = fs::metadata(folder)?.permissions().mode();
    file.set_permissions(Permissions::from_mode(mode_in(of_folder)))
}

/// The mode of files in a folder of this mode.
fn mode_in(folder: u32) -> u32 {
    if folder & 0o057 == 0o050 { GROUP } else { OWNER }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_owners_and_its_groups_where_the_folder_says_so() {
        let parent = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let made = parent.path().join("a/b");
        make_folder(&made).unwrap();
        assert_eq!((mode(&made), mode(&parent.path().join("a"))), (0o700, 0o700));
        for (of_folder, of_file) in [(0o700, 0o600), (0o755, 0o600), (0o750, 0o640), (0o770, 0o640), (0o777, 0o600)] {
            fs::set_permissions(&made, Permissions::from_mode(of_folder)).unwrap();
            make_folder(&made).unwrap();
            assert_eq!(mode(&made), of_folder, "it stays as it is");
            // One that is there, with a wider mode, is replaced, and so is what was left beside it.
            for name in ["x", ".x.part"] {
                fs::write(made.join(name), "old and longer").unwrap();
                fs::set_permissions(made.join(name), Permissions::from_mode(0o666)).unwrap();
            }
            put_file(&made, "x", b"new").unwrap();
            assert_eq!((mode(&made.join("x")), fs::read(made.join("x")).unwrap()), (of_file, b"new".to_vec()));
            assert_eq!(fs::read_dir(&made).unwrap().count(), 1);
        }
    }
}
