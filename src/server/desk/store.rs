//! The store of a running server.
//!
//! | method and path | query | answer |
//! |---|---|---|
//! | POST /backup | dir (absolute, on the server's machine) | the backup's manifest, when all of it is on disk |
//!
//! What is kept leaves through files that only the server's user can read, never through this listener: whoever reaches it
//! is not asked who he is. So there is no export here.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Asked, Operators, Wrong};
use crate::store::StoreError;

pub(super) const PATHS: &[(&str, &str)] = &[("/backup", "POST")];

/// Stops a backup when nobody waits for it any more.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Lets the next backup begin.
struct Seat(Arc<AtomicBool>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Operators {
    /// Answers a question about one of [`PATHS`].
    pub(super) async fn ask_store(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let directory = asked.get("dir").map(PathBuf::from).filter(|directory| directory.is_absolute());
        let directory = directory.ok_or_else(|| Wrong::asked("dir is missing or not an absolute path".to_owned()))?;
        if self.backing_up.swap(true, Ordering::Acquire) {
            return Err(Wrong(StatusCode::CONFLICT, "another backup is being made".to_owned()));
        }
        let seat = Seat(Arc::clone(&self.backing_up));
        let stop = Arc::new(AtomicBool::new(false));
        let waiting = Waiting(Arc::clone(&stop));
        let (store, now, place) = (self.store.clone(), self.clock.now(), directory.clone());
        let made = tokio::task::spawn_blocking(move || {
            let _seat = seat;
            store.backup(&place, now, &stop)
        })
        .await;
        drop(waiting);
        let made = made.unwrap_or_else(|panic| Err(StoreError::Panicked { reason: panic.to_string() }));
        let manifest = made.map_err(|error| match error {
            StoreError::NotThere { .. } => Wrong(StatusCode::CONFLICT, error.to_string()),
            error => Wrong::store(error),
        })?;
        tracing::info!(dir = %directory.display(), keys = manifest.keys, bytes = manifest.bytes, "backed up");
        Ok(json!(manifest))
    }
}
