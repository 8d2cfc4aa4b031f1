//! Mail that goes nowhere and can be looked at: the newest in memory, and all of it in a folder of .eml files when there is
//! one, for their owner (`store/whole`).

use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Composed, MailError, Sent};
use crate::store::whole;

/// How many are kept in memory.
const KEPT: usize = 1000;
/// How many bytes of them.
const KEPT_BYTES: usize = 64 << 20;

/// Mail that was captured.
#[derive(Debug)]
pub struct Capture {
    folder: Option<PathBuf>,
    ring: Mutex<Ring>,
}

/// One captured mail.
#[derive(Clone, Debug)]
pub struct Captured {
    /// Its number, counted from 1 since the start.
    pub id: u64,
    /// What was sent.
    pub mail: Arc<Composed>,
}

#[derive(Debug, Default)]
struct Ring {
    last: u64,
    bytes: usize,
    kept: VecDeque<Captured>,
}

impl Capture {
    /// In memory alone.
    pub fn memory() -> Self {
        Self { folder: None, ring: Mutex::default() }
    }

    /// In memory, and each as a file in this folder, which is made when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn folder(folder: PathBuf) -> Result<Self, MailError> {
        let wrong = |error: io::Error| MailError::Setting {
            setting: "mail.folder",
            wrong: format!("{}: {error}", folder.display()),
        };
        whole::make_folder(&folder).map_err(wrong)?;
        Ok(Self { folder: Some(folder), ring: Mutex::default() })
    }

    /// All that is kept in memory, the newest first.
    pub fn list(&self) -> Vec<Captured> {
        self.ring().kept.iter().rev().cloned().collect()
    }

    /// One of them.
    pub fn one(&self, id: u64) -> Option<Captured> {
        self.ring().kept.iter().find(|captured| captured.id == id).cloned()
    }

    pub(super) async fn keep(&self, mail: &Composed) -> Sent {
        let mail = Arc::new(mail.clone());
        let mut status = "captured".to_owned();
        if let Some(folder) = &self.folder {
            let (folder, mail) = (folder.clone(), Arc::clone(&mail));
            let written = tokio::task::spawn_blocking(move || write(&folder, &mail)).await;
            match written.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
                Ok(name) => status = format!("captured as {name}"),
                Err(error) => {
                    let status = format!("mail.folder cannot be written: {error}");
                    return Sent::Retry { status, alone: false };
                }
            }
        }
        self.ring().push(mail);
        Sent::Accepted { status }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn push(&mut self, mail: Arc<Composed>) {
        self.last += 1;
        self.bytes += mail.bytes.len();
        self.kept.push_back(Captured { id: self.last, mail });
        // The newest is kept however long it is.
        while self.kept.len() > KEPT || (self.bytes > KEPT_BYTES && self.kept.len() > 1) {
            let Some(old) = self.kept.pop_front() else { break };
            self.bytes -= old.mail.bytes.len();
        }
    }
}

/// The same mail sent again replaces its file.
fn write(folder: &Path, mail: &Composed) -> io::Result<String> {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let id: String = mail.message_id.trim_matches(['<', '>']).chars().map(safe).take(120).collect();
    let date = mail.date.to_string().replace(':', "");
    let name = format!("{date}-{id}.eml");
    whole::put_file(folder, &name, &mail.bytes)?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;

    fn mail(bytes: usize) -> Composed {
        Composed {
            from: "a@example.com".into(),
            to: "b@example.com".into(),
            copies: Vec::new(),
            subject: "s".into(),
            message_id: "<1/../2@example.com>".into(),
            date: Time::from_millis(0),
            bytes: vec![b'x'; bytes],
        }
    }

    #[test]
    fn the_ring_is_bounded_in_number_and_bytes() {
        let capture = Capture::memory();
        for _ in 0..KEPT + 5 {
            capture.ring().push(Arc::new(mail(1)));
        }
        let list = capture.list();
        assert_eq!((list.len(), list[0].id, list[KEPT - 1].id), (KEPT, 1005, 6));
        assert!(capture.one(5).is_none() && capture.one(6).is_some());
        capture.ring().push(Arc::new(mail(KEPT_BYTES + 1)));
        assert_eq!(capture.list().len(), 1);
    }

    #[test]
    fn files_have_names_that_stay_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let name = write(folder.path(), &mail(3)).unwrap();
        assert_eq!(name, "1970-01-01T000000Z-1_.._2_example.com.eml");
        write(folder.path(), &mail(3)).unwrap();
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [std::ffi::OsString::from(name)]);
    }
}
