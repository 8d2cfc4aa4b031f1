//! The one thread that runs work: it takes what waits, runs it in order, has all of it made durable at once, and only then
//! answers everyone.
//!
//! When a batch fails its callers get the failure, and what comes later is refused without being run. At once the engine is
//! opened again, and what the batch may have left is taken back, durably: what its callers heard to have failed is not there
//! afterwards. (If the process ends before that, the disk decides whether it is.) Then, at growing intervals and whether anybody
//! calls or not, the committer sees whether there is room for more, and goes on when there is. Nothing here waits for the disk
//! without end: the `writer` does.
//!
//! A start reads what was logged since the engine was opened last, so a start after months of work would take as long as that
//! is. Therefore the engine is opened again after so much has been written, at a quiet moment when there is one; readers and
//! writers wait for it, a second or so.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    thread,
    time::Duration,
};

use tokio::{runtime::Runtime, sync::mpsc, time::timeout};

use super::{
    StoreError,
    engine::{Changes, Engine},
    error::panic_text,
    shared::Shared,
    slot::Slot,
    space::Space,
    totals::{self, Totals, marks},
    transaction::{Overlay, Pending, Transaction},
    versions::Undo,
    work::Work,
    writer::{Job, Writer},
};
use crate::clock::{Clock, Stopwatch};

/// A batch takes in no more work after so many pieces ...
const BATCH_WORK: usize = 1024;
/// ... or so many bytes of changes.
const BATCH_BYTES: usize = 8 << 20;

/// After so many batches, and after the first, it is seen how much of the disk is taken.
const BETWEEN_LOOKS: u64 = 256;

/// The first id given out. The service's ids are large; small ones tempt callers to count on them.
pub(super) const FIRST_ID: i64 = 1_000_001;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Before the first attempt to go on; it doubles with each that fails, and with each failure before anything could be
    /// committed ...
    pub(super) first_pause: Duration,
    /// ... up to this.
    pub(super) longest_pause: Duration,
    /// The engine is nudged when a batch takes so long to become durable.
    pub(super) nudge: Duration,
    /// After so long the batch has failed, however it may still end.
    pub(super) give_up: Duration,
    /// After so many bytes of changes the engine is opened again when nobody has come for so long ...
    pub(super) renew_at: u64,
    pub(super) quiet: Duration,
    /// ... and after so many whoever comes. On disk they are three times as many, read in a second or two.
    pub(super) renew_by: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(8),
            nudge: Duration::from_secs(2),
            give_up: Duration::from_secs(30),
            renew_at: 64 << 20,
            quiet: Duration::from_secs(1),
            renew_by: 256 << 20,
        }
    }
}

pub(super) struct Committer {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    writer: Writer,
    /// What the writer does while nobody waits for it.
    under_way: Option<UnderWay>,
    runtime: Runtime,
    clock: Clock,
    patience: Patience,
    /// Since a batch failed: when the next attempt is due.
    next_attempt: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// The batch that failed has been taken back.
    taken_back: bool,
    pause: Duration,
    sequence: Cell<i64>,
    stored_sequence: i64,
    /// As `stored_sequence`; zero as long as no mark was written.
    written_sequence: i64,
    totals: Totals,
    space: Space,
    until_look: u64,
    /// Bytes of changes since the engine was opened.
    unread: u64,
}

enum UnderWay {
    LateBatch,
    TakingBack,
    Resuming,
}

/// What happens to a store that refuses writes.
enum Event {
    Work(Box<dyn Work>),
    Done(Result<(), StoreError>),
    Attempt,
    Renew,
    End,
}

impl Committer {
    /// Reads where the sequence and the totals stand.
    pub(super) fn new(
        shared: Arc<Shared>,
        slot: Arc<Slot>,
        clock: Clock,
        patience: Patience,
    ) -> Result<Self, StoreError> {
        let written = totals::sequence(&*slot)?;
        let totals = Totals::read(&*slot)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let committer = Self {
            shared,
            writer: Writer::start(Arc::clone(&slot))?,
            slot,
            under_way: None,
            runtime: runtime.map_err(|error| StoreError::io("starting the committer", &error))?,
            clock,
            patience,
            next_attempt: None,
            taken_back: false,
            pause: patience.first_pause,
            sequence: Cell::new(written.unwrap_or(FIRST_ID)),
            stored_sequence: written.unwrap_or(FIRST_ID),
            written_sequence: written.unwrap_or(0),
            totals,
            space: Space::default(),
            until_look: 0,
            unread: 0,
        };
        committer.show_totals();
        Ok(committer)
    }

    /// Works until every `Store` is gone and the queue is empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Work>>) {
        loop {
            let event = match &mut self.next_attempt {
                None if self.unread >= self.patience.renew_by => Event::Renew,
                None if self.unread >= self.patience.renew_at => {
                    let next = self.runtime.block_on(async { timeout(self.patience.quiet, queue.recv()).await });
                    next.map_or(Event::Renew, |work| work.map_or(Event::End, Event::Work))
                }
                None => queue.blocking_recv().map_or(Event::End, Event::Work),
                Some(due) => {
                    let (busy, done) = (self.under_way.is_some(), &mut self.writer.done);
                    self.runtime.block_on(async {
                        tokio::select! {
                            biased;
                            work = queue.recv() => work.map_or(Event::End, Event::Work),
                            done = done.recv(), if busy => Event::Done(done.unwrap_or(Err(StoreError::Closed))),
                            () = due.as_mut(), if !busy => Event::Attempt,
                        }
                    })
                }
            };
            match event {
                Event::Work(work) => self.batch(work, &mut queue),
                Event::Attempt => self.attempt(),
                Event::Renew => self.renew(),
                Event::Done(done) => self.done(done),
                Event::End => break,
            }
        }
        self.end();
    }

    fn batch(&mut self, first: Box<dyn Work>, queue: &mut mpsc::Receiver<Box<dyn Work>>) {
        if let Some(refusal) = self.shared.refusal() {
            first.answer(Err(refusal));
            return;
        }
        let overlay = RefCell::new(Overlay::default());
        let (mut done, mut kept) = (Vec::new(), 0);
        let (mut next, first_id) = (Some(first), self.sequence.get());
        while let Some(mut work) = next {
            let mut transaction = Transaction::new(&*self.slot, &overlay, &self.sequence, first_id);
            let keep = work.run(&mut transaction);
            match keep {
                true => overlay.borrow_mut().keep(),
                false => overlay.borrow_mut().roll_back(0),
            }
            kept += u64::from(keep);
            done.push(work);
            let full = done.len() >= BATCH_WORK || overlay.borrow().bytes() >= BATCH_BYTES;
            next = if full { None } else { queue.try_recv().ok() };
        }
        let outcome = self.commit(overlay.into_inner(), done.len());
        match &outcome {
            Ok(()) => {
                let mut stats = self.shared.stats();
                stats.commits += kept;
                stats.rollbacks += done.len() as u64 - kept;
            }
            Err(error) => self.fail(error),
        }
        for work in done {
            work.answer(outcome.clone());
        }
    }

    fn renew(&mut self) {
        let watch = Stopwatch::start();
        self.unread = 0;
        match self.writer.begin(Job::Renew).and_then(|()| self.written()) {
            Ok(()) => tracing::debug!(duration_ms = watch.elapsed().as_millis(), "the engine was opened again"),
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &StoreError) {
        self.taken_back = false;
        self.next_attempt = Some(Box::pin(std::future::ready(())));
        self.shared.fail(error);
    }

    fn commit(&mut self, overlay: Overlay, size: usize) -> Result<(), StoreError> {
        let before = match catch_unwind(AssertUnwindSafe(|| self.before(overlay))) {
            Ok(before) => before?,
            Err(panic) => return Err(StoreError::io("reading", &panic_text(&*panic))),
        };
        let (mut changes, mut undo, totals) = before;
        let sequence = self.sequence.get();
        if changes.is_empty() && sequence == self.stored_sequence {
            return Ok(());
        }
        // A backup reads the marks as of its own moment.
        let written = self.written_sequence != 0;
        let before = marks(self.written_sequence, self.totals).into_iter();
        undo.extend(before.map(|(mark, value)| (mark, value.filter(|_| written))));
        changes.extend(marks(sequence, totals));
        self.unread +=
            changes.iter().map(|(key, value)| (key.len() + value.as_ref().map_or(0, Vec::len)) as u64).sum::<u64>();
        self.shared.versions.publish(undo);
        let watch = Stopwatch::start();
        self.writer.begin(Job::Apply(changes))?;
        self.written()?;
        self.shared.stats().batch(size, watch.elapsed());
        self.shared.versions.commit();
        (self.stored_sequence, self.written_sequence) = (sequence, sequence);
        self.totals = totals;
        self.pause = self.patience.first_pause;
        self.show_totals();
        self.look_at_space();
        Ok(())
    }

    fn look_at_space(&mut self) {
        if let Some(left) = self.until_look.checked_sub(1) {
            self.until_look = left;
            return;
        }
        self.until_look = BETWEEN_LOOKS;
        if let Some(said) = self.space.look(self.slot.bytes_on_disk(), self.totals.bytes) {
            tracing::warn!("{said}");
        }
    }

    /// What is to change, what those keys held before, and the totals after it.
    fn before(&self, mut overlay: Overlay) -> Result<(Changes, Undo, Totals), StoreError> {
        let pending = overlay.take();
        let (mut changes, mut undo) = (Changes::with_capacity(pending.len()), Vec::with_capacity(pending.len()));
        let mut totals = self.totals;
        for (key, Pending { value: change, new }) in pending {
            let before = match new {
                true => None,
                false => overlay.take_read(&key).map_or_else(|| self.slot.get(&key), Ok)?,
            };
            if before == change {
                continue;
            }
            totals.replace(key.len(), before.as_deref(), change.as_deref());
            undo.push((key.clone(), before));
            changes.push((key, change));
        }
        Ok((changes, undo.into_iter().collect(), totals))
    }

    /// Waits for the writer, but not for ever.
    fn written(&mut self) -> Result<(), StoreError> {
        let Patience { nudge, give_up, .. } = self.patience;
        let (done, slot) = (&mut self.writer.done, &self.slot);
        let outcome = self.runtime.block_on(async {
            if let Ok(done) = timeout(nudge, done.recv()).await {
                return Some(done);
            }
            let slot = Arc::clone(slot);
            if let Err(error) = thread::Builder::new().name("store-nudge".to_owned()).spawn(move || slot.nudge()) {
                tracing::error!("a thread could not be started: {error}");
            }
            timeout(give_up, done.recv()).await.ok()
        });
        match outcome {
            Some(done) => done.unwrap_or(Err(StoreError::Closed)),
            None => {
                self.under_way = Some(UnderWay::LateBatch);
                let waited = (nudge + give_up).as_secs();
                Err(StoreError::io("writing", &format!("the disk has not answered for {waited} s")))
            }
        }
    }

    fn attempt(&mut self) {
        let (job, what) = match self.taken_back {
            true => (Job::Resume, UnderWay::Resuming),
            false => {
                let undo = self.shared.versions.pending();
                let marks = marks(self.sequence.get(), self.totals);
                (Job::TakeBack { undo, marks, sequence: self.written_sequence }, UnderWay::TakingBack)
            }
        };
        match self.writer.begin(job) {
            Ok(()) => self.under_way = Some(what),
            Err(error) => self.not_yet(&error),
        }
    }

    fn done(&mut self, outcome: Result<(), StoreError>) {
        match (self.under_way.take(), outcome) {
            // Its callers were told that it failed: it is taken back, however it ended.
            (Some(UnderWay::LateBatch) | None, _) => {}
            (Some(_), Err(error)) => self.not_yet(&error),
            (Some(UnderWay::TakingBack), Ok(())) => {
                // The batch counts as one that changed nothing: a reader may have seen its changes in the engine.
                if self.shared.versions.pending().is_some() {
                    self.shared.versions.commit();
                }
                self.stored_sequence = self.sequence.get();
                self.written_sequence = self.stored_sequence;
                (self.taken_back, self.unread) = (true, 0);
                self.wait();
                self.shared.attempted(None);
            }
            (Some(UnderWay::Resuming), Ok(())) => {
                self.next_attempt = None;
                self.shared.recover();
            }
        }
    }

    fn not_yet(&mut self, error: &StoreError) {
        self.wait();
        self.shared.attempted(Some(error));
    }

    /// Whoever moves a virtual clock after he was told of the attempt ends this pause.
    fn wait(&mut self) {
        self.next_attempt = Some(Box::pin(self.clock.after(self.pause)));
        self.pause = self.patience.longest_pause.min(self.pause * 2);
    }

    /// What failed is taken back even now, if the disk lets us: the next start would show it.
    fn end(mut self) {
        for _ in 0..2 {
            if self.next_attempt.is_none() || self.taken_back {
                break;
            }
            if self.under_way.is_none() {
                self.attempt();
            }
            let done = &mut self.writer.done;
            match self.runtime.block_on(async { timeout(self.patience.give_up, done.recv()).await }) {
                Ok(outcome) => self.done(outcome.unwrap_or(Err(StoreError::Closed))),
                Err(_) => break,
            }
        }
        self.writer.end(self.under_way.is_some());
    }

    fn show_totals(&self) {
        let mut stats = self.shared.stats();
        stats.live_keys = self.totals.keys;
        stats.live_bytes = self.totals.bytes;
    }
}
