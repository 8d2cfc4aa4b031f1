//! The thread that writes to the engine, apart from the committer: whatever the disk does to it, callers are answered.

use std::{
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{
    StoreError,
    engine::{Changes, Engine},
    key, readable,
    slot::Slot,
    totals,
    versions::Undo,
};

/// What it is to do.
pub(super) enum Job {
    /// To make a batch durable.
    Apply(Changes),
    /// To open the engine again and to take back, durably, what the batch that failed may have left.
    TakeBack {
        /// What the keys of that batch held before.
        undo: Option<Arc<Undo>>,
        /// The store's own marks as they must stand.
        marks: Changes,
        /// What the mark of the sequence must not be below: it was durable once.
        sequence: i64,
    },
    /// To see that there is room for more.
    Resume,
    /// To open the engine again, so that the next start has little to read.
    Renew,
}

/// A handle to the thread. It has one job at a time.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    /// How each job went.
    pub(super) done: UnboundedReceiver<Result<(), StoreError>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(slot: Arc<Slot>) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel();
        let (tell, done) = unbounded_channel();
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || run(&slot, &waiting, &tell));
        let thread = thread.map_err(|error| StoreError::io("starting the writer", &error))?;
        Ok(Self { jobs: Some(jobs), done, thread: Some(thread) })
    }

    /// Begins a job; its outcome comes in `done`.
    pub(super) fn begin(&self, job: Job) -> Result<(), StoreError> {
        let begun = self.jobs.as_ref().map(|jobs| jobs.send(job));
        match begun {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(StoreError::io("writing", &"the writer has ended")),
        }
    }

    /// Lets the thread end, and waits for it unless it is `busy`: then the disk has it.
    pub(super) fn end(mut self, busy: bool) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take().filter(|_| !busy)
            && thread.join().is_err()
        {
            tracing::error!("the store's writer panicked");
        }
    }
}

fn run(slot: &Slot, jobs: &mpsc::Receiver<Job>, tell: &UnboundedSender<Result<(), StoreError>>) {
    while let Ok(job) = jobs.recv() {
        let done = match job {
            Job::Apply(changes) => slot.apply(&changes),
            Job::Renew => slot.renew(),
            Job::Resume => slot.restore_reserve(),
            Job::TakeBack { undo, marks, sequence } => take_back(slot, undo.as_deref(), marks, sequence),
        };
        // The committer has gone: so go we.
        if tell.send(done).is_err() {
            return;
        }
    }
}

fn take_back(slot: &Slot, undo: Option<&Undo>, marks: Changes, sequence: i64) -> Result<(), StoreError> {
    slot.reopen()?;
    let found = totals::sequence(slot)?.unwrap_or(0);
    if found < sequence {
        let reason =
            format!("it is {found}; {sequence} was written: what is on disk is older than what was acknowledged");
        return Err(StoreError::Corrupt { key: readable::key(&key::mark("sequence")), reason });
    }
    let mut changes = marks;
    // The marks stand as they must, not as they were: no id is given twice.
    let is_mark = |key: &[u8]| key.first() == Some(&key::MARK);
    for (key, before) in undo.into_iter().flatten().filter(|(key, _)| !is_mark(key)) {
        if slot.get(key)? != *before {
            changes.push((key.clone(), before.clone()));
        }
    }
    slot.apply(&changes)
}
