//! How many bytes of request bodies are held at once, over all connections. It counts; it never reads.
//!
//! Without it the memory of a server is its connections times its largest body, which anybody can ask for.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes are counted in pieces of this many, rounded up.
const PIECE: usize = 1 << 10;

/// The bytes that may be held. Clones share the count.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    pieces: Arc<Semaphore>,
    all: u32,
}

impl Budget {
    /// A budget of so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        // A semaphore holds 2^61 permits, but takes 2^32 at once: 4 TiB of bodies are enough.
        let all = u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX).max(1);
        Self { pieces: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// A share of nothing.
    pub(crate) fn share(&self) -> Share {
        Share { budget: self.clone(), permit: None, held: 0 }
    }
}

/// Part of a budget. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Budget,
    permit: Option<OwnedSemaphorePermit>,
    held: u32,
}

impl Share {
    /// Makes this share hold so many bytes, or waits until it can. One that asks for more than there is gets all there is.
    pub(crate) async fn hold(&mut self, bytes: usize) {
        let wanted = u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX).min(self.budget.all);
        if wanted < self.held {
            let surplus = self.permit.as_mut().and_then(|permit| permit.split((self.held - wanted) as usize));
            drop(surplus);
        } else if wanted > self.held {
            let pieces = Arc::clone(&self.budget.pieces);
            // The semaphore is never closed.
            let Ok(more) = pieces.acquire_many_owned(wanted - self.held).await else { return };
            match &mut self.permit {
                Some(permit) => permit.merge(more),
                None => self.permit = Some(more),
            }
        }
        self.held = wanted;
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn ready(future: impl Future<Output = ()>) -> bool {
        let mut future = std::pin::pin!(future);
        matches!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()))
    }

    #[test]
    fn what_is_held_is_missing_until_it_is_given_back() {
        let budget = Budget::new(10 * PIECE);
        let (mut one, mut other) = (budget.share(), budget.share());
        assert!(ready(one.hold(7 * PIECE - 1)));
        assert!(!ready(other.hold(4 * PIECE)));
        assert!(ready(one.hold(6 * PIECE)));
        assert!(ready(other.hold(4 * PIECE)));
        drop(one);
        assert!(ready(other.hold(1000 * PIECE)), "all there is");
    }
}
