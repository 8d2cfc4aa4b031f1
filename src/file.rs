//! Files that users name, read whole: with a bound, since some have no end (`/dev/zero`), and without waiting for ever, as the
//! opening of a FIFO would to which nobody writes.
//!
//! Whatever can be read is: a pipe of the shell's `<(…)`, `/dev/stdin`, a FIFO. It knows no setting and no format.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
    thread,
    time::Duration,
};

/// The most that a file of a secret or a key may hold, in bytes.
pub const LONGEST_SECRET: u64 = 64 << 10;
/// The most that a file of certificates may hold, in bytes: those of all authorities of a system are a quarter of a mebibyte.
pub const LONGEST_CHAIN: u64 = 4 << 20;
/// The most that a configuration or a file of accounts may hold, in bytes: some 200,000 users.
pub const LONGEST_SETTINGS: u64 = 64 << 20;
/// The most that a file with an envelope may hold, in bytes: many times what a server takes, unless it is told otherwise.
pub const LONGEST_ENVELOPE: u64 = 256 << 20;

/// How long is waited for somebody who writes into a FIFO, in steps of [`STEP`]. Whoever has opened it may take his time.
const STEPS: u32 = 150;
const STEP: Duration = Duration::from_millis(20);

/// A file, whole.
///
/// # Errors
/// The system's; that it is longer than `most` bytes; that it is a FIFO into which nobody writes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    whole(named(path)?, most)
}

/// A file that is read again and again, whole. What can be read once is none.
///
/// # Errors
/// As [`read`], and when it is no regular file.
pub fn read_again(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let found = fs::metadata(path)?.file_type();
    match found.is_file() || found.is_dir() {
        // Of a directory the system has its own words.
        true => read(path, most),
        false => Err(io::Error::other("it is no regular file, and it is read again while the server runs")),
    }
}

/// The text of a file.
///
/// # Errors
/// As [`read`], or that it is no UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    text(read(path, most)?)
}

/// A file that is read piece by piece and may be of any length; `-` is stdin.
///
/// # Errors
/// The system's.
pub fn source(path: &Path) -> io::Result<Box<dyn Read>> {
    if is_stdin(path) { Ok(Box::new(io::stdin().lock())) } else { named(path) }
}

fn named(path: &Path) -> io::Result<Box<dyn Read>> {
    let file = open(path)?;
    match file.metadata()?.file_type().is_fifo() {
        true => Ok(Box::new(Fifo { file, written: false })),
        false => Ok(Box::new(Patient(file))),
    }
}

/// The file of this name; `-` is stdin.
///
/// # Errors
/// As [`read`].
pub fn read_or_stdin(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if is_stdin(path) { whole(io::stdin().lock(), most) } else { read(path, most) }
}

/// Whether this name stands for stdin.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// These bytes as text.
///
/// # Errors
/// That they are no UTF-8.
pub fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is no text in UTF-8"))
}

/// All that a source has.
///
/// # Errors
/// The system's, or that it is longer than `most` bytes.
pub fn whole(source: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= most => Ok(bytes),
        _ if most >> 20 > 0 => Err(io::Error::other(format!("it is too long: expected at most {} MiB", most >> 20))),
        _ => Err(io::Error::other(format!("it is too long: expected at most {} KiB", most >> 10))),
    }
}

/// Whether it could be read, as far as can be told without reading: what is in a pipe is there once.
///
/// # Errors
/// The system's: it is not there, or not for us.
pub fn find(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.is_file() {
        open(path)?;
    }
    Ok(())
}

/// Opens a file, and a FIFO whether somebody writes into it or not.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

/// A file that was opened so as not to wait, and is waited for: a terminal.
struct Patient(File);

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(STEP),
                read => return read,
            }
        }
    }
}

/// A pipe with a name. Where it has not been written to, the system gives its end: nobody has come yet, or all are gone.
struct Fifo {
    file: File,
    written: bool,
}

impl Read for Fifo {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut steps = 0;
        loop {
            match self.file.read(buffer) {
                Ok(0) if self.written => return Ok(0),
                Ok(0) if steps >= STEPS => {
                    let waited = STEP * STEPS;
                    return Err(io::Error::other(format!(
                        "it is a FIFO, and nobody has written into it within {waited:?}"
                    )));
                }
                Ok(0) => steps += 1,
                // Somebody has it open and is thinking.
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.written = true,
                read => {
                    self.written = true;
                    return read;
                }
            }
            thread::sleep(STEP);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, process::Command};

    use super::*;

    fn fifo() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        (folder, path)
    }

    #[test]
    fn a_file_is_as_long_as_it_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [b'x'; 2048]).unwrap();
        assert_eq!(read(&path, 2048).unwrap().len(), 2048);
        assert_eq!(read(&path, 1024).unwrap_err().to_string(), "it is too long: expected at most 1 KiB");
        let endless = read(Path::new("/dev/zero"), 2 << 20).unwrap_err();
        assert_eq!(endless.to_string(), "it is too long: expected at most 2 MiB");
        assert_eq!(read(folder.path(), 1024).unwrap_err().kind(), ErrorKind::IsADirectory);
        assert_eq!(read_again(folder.path(), 1024).unwrap_err().kind(), ErrorKind::IsADirectory);
        assert!(read_again(Path::new("/dev/null"), 1024).unwrap_err().to_string().contains("no regular file"));
        fs::write(&path, [0xff]).unwrap();
        assert_eq!(read_text(&path, 1).unwrap_err().to_string(), "it is no text in UTF-8");
    }

    #[test]
    fn a_fifo_is_read_to_its_end_and_not_waited_for_when_nobody_comes() {
        let (_folder, path) = fifo();
        let writer = thread::spawn({
            let path = path.clone();
            move || {
                // This open waits for the reader.
                let mut pipe = OpenOptions::new().write(true).open(path).unwrap();
                pipe.write_all(&[b'x'; 200_000]).unwrap();
                pipe.write_all(b"end").unwrap();
            }
        });
        let bytes = read(&path, 1 << 20).unwrap();
        writer.join().unwrap();
        assert!(bytes.len() == 200_003 && bytes.ends_with(b"xend"));
        find(&path).unwrap();
        let nobody = read(&path, 1 << 20).unwrap_err();
        assert_eq!(nobody.to_string(), "it is a FIFO, and nobody has written into it within 3s");
    }
}
