//! Who waits for messages of connectors is told when the last of them is settled. Nothing is decided here: the store says so,
//! and whoever was not told looks there.

use std::{
    collections::BTreeMap,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::sync::oneshot;

use crate::store::{Asker, StoreError, Transaction};

type Hook = Box<dyn Fn() + Send + Sync>;

/// The end of a call, for the transaction that settles its last message. When that is not kept it is done again.
pub type Ending = Box<dyn Fn(&mut Transaction<'_>) -> Result<(), StoreError> + Send + Sync>;

/// Who waits.
#[derive(Default)]
pub(super) struct Waiting {
    /// Conversations wait in the store; who works them off is woken.
    hooks: Mutex<Vec<Hook>>,
    calls: Arc<Mutex<Calls>>,
}

/// Synchronous calls, by the number of their messages.
#[derive(Default)]
struct Calls {
    waiting: BTreeMap<i64, BTreeMap<u64, Waiter>>,
    next: u64,
}

struct Waiter {
    /// Told whether its ending was done.
    told: oneshot::Sender<bool>,
    ending: Option<Arc<Ending>>,
}

impl Waiting {
    pub(super) fn hook(&self, hook: Hook) {
        lock(&self.hooks).push(hook);
    }

    /// Ends the calls among these, in the transaction that has settled their last messages; gives those that it has ended. One that
    /// cannot be ended here keeps back nothing: its caller ends it alone, and has the error.
    pub(super) fn end(&self, txn: &mut Transaction<'_>, askers: &[Asker]) -> Vec<i64> {
        let mut ended = Vec::new();
        for asker in askers {
            let Asker::Call { batch } = asker else { continue };
            let ending = {
                let calls = lock(&self.calls);
                let waiters = calls.waiting.get(batch).into_iter().flat_map(BTreeMap::values);
                waiters.filter_map(|waiter| waiter.ending.clone()).next()
            };
            let Some(ending) = ending else { continue };
            let done = txn.attempt(|txn| match catch_unwind(AssertUnwindSafe(|| ending(txn))) {
                Ok(done) => done,
                Err(_) => Err(StoreError::Panicked { reason: "the end of a call".to_owned() }),
            });
            match done {
                Ok(()) => ended.push(*batch),
                Err(error) => tracing::error!("a call is ended by itself: {error}"),
            }
        }
        ended
    }

    /// All messages of these are settled, and that is on disk; with it the end of those calls.
    pub(super) fn tell(&self, askers: &[Asker], ended: &[i64]) {
        if askers.iter().any(|asker| matches!(asker, Asker::Part { .. })) {
            for hook in lock(&self.hooks).iter() {
                hook();
            }
        }
        for asker in askers {
            let Asker::Call { batch } = asker else { continue };
            for (_, waiter) in lock(&self.calls).waiting.remove(batch).into_iter().flatten() {
                // Who waits no longer need not know.
                let _told = waiter.told.send(ended.contains(batch));
            }
        }
    }

    pub(super) fn batch(&self, batch: i64, ending: Option<Ending>) -> Settled {
        let (told, ready) = oneshot::channel();
        let mut calls = lock(&self.calls);
        calls.next += 1;
        let place = calls.next;
        calls.waiting.entry(batch).or_default().insert(place, Waiter { told, ending: ending.map(Arc::new) });
        Settled { batch, place, ready, calls: Arc::clone(&self.calls) }
    }
}

/// Ready when all messages of a synchronous call are settled; gives whether its ending was done with the last of them.
pub struct Settled {
    batch: i64,
    place: u64,
    ready: oneshot::Receiver<bool>,
    calls: Arc<Mutex<Calls>>,
}

impl Future for Settled {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        Pin::new(&mut self.ready).poll(context).map(|told| told.unwrap_or(false))
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        let mut calls = lock(&self.calls);
        if let Some(waiting) = calls.waiting.get_mut(&self.batch) {
            waiting.remove(&self.place);
            if waiting.is_empty() {
                calls.waiting.remove(&self.batch);
            }
        }
    }
}

impl std::fmt::Debug for Settled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settled").field("batch", &self.batch).finish_non_exhaustive()
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_call_is_told_once_and_leaves_nothing_behind() {
        let waiting = Waiting::default();
        let (first, second, gone, other) =
            (waiting.batch(1, None), waiting.batch(1, None), waiting.batch(1, None), waiting.batch(2, None));
        drop(gone);
        waiting.tell(&[Asker::Call { batch: 1 }, Asker::Call { batch: 3 }], &[1]);
        assert!(first.await && second.await);
        assert_eq!(lock(&waiting.calls).waiting.len(), 1);
        drop(other);
        assert!(lock(&waiting.calls).waiting.is_empty());
    }

    #[tokio::test]
    async fn a_call_that_cannot_be_ended_with_its_last_message_keeps_back_nothing() {
        use crate::store::{Internal, Settings, Store, View};

        let (store, waiting, owner) =
            (Store::open(&Settings::default()).unwrap(), Arc::<Waiting>::default(), Internal(7));
        let ending = |how: u32| -> Ending {
            Box::new(move |txn| {
                txn.objects(&owner).put("call", i64::from(how), &how, &[])?;
                match how {
                    1 => Ok(()),
                    2 => Err(StoreError::Closed),
                    _ => panic!("a panic of a test"),
                }
            })
        };
        let calls = [1, 2, 3].map(|how| waiting.batch(i64::from(how), Some(ending(how))));
        let ends = Arc::clone(&waiting);
        let work = move |txn: &mut Transaction<'_>| -> Result<(Vec<Asker>, Vec<i64>), StoreError> {
            txn.objects(&owner).put("end of an attempt", 1, &1, &[])?;
            let askers: Vec<Asker> = [3, 2, 1].map(|batch| Asker::Call { batch }).into();
            let ended = ends.end(txn, &askers);
            Ok((askers, ended))
        };
        let (askers, ended) = store.write(work).await.unwrap();
        let kept = |kind: &'static str| move |view: &View<'_>| view.objects(&owner).count(kind);
        assert_eq!(store.read_blocking(kept("call")).unwrap(), 1, "what failed has left nothing");
        assert_eq!(store.read_blocking(kept("end of an attempt")).unwrap(), 1);
        waiting.tell(&askers, &ended);
        let mut told = Vec::new();
        for call in calls {
            told.push(call.await);
        }
        assert_eq!(told, [true, false, false]);
    }

    #[test]
    fn who_works_off_conversations_is_woken_for_parts_alone() {
        let (waiting, woken) = (Waiting::default(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&woken);
        waiting.hook(Box::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        }));
        waiting.tell(&[Asker::Call { batch: 1 }], &[]);
        assert_eq!(woken.load(Ordering::SeqCst), 0);
        let name = crate::store::Name::conversation(&crate::store::Internal(1), "c");
        let part = Asker::Part { name, sequence: 1 };
        waiting.tell(&[part.clone(), part], &[]);
        assert_eq!(woken.load(Ordering::SeqCst), 1, "once for all of a commit");
    }
}
