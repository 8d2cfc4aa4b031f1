//! What the store counts, as a plain struct; the server turns it into metrics.

use std::time::Duration;

/// How many buckets [`Stats::batch_sizes`] has.
pub const BATCH_BUCKETS: usize = 12;

/// The store's figures at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Pieces of work acknowledged as committed since the start.
    pub commits: u64,
    /// Pieces of work rolled back since the start: they gave an error or panicked.
    pub rollbacks: u64,
    /// Batches made durable since the start; each is one flush and one sync.
    pub flushes: u64,
    /// How many batches had up to 1, 2, 4, 8 ... pieces of work; the last bucket has no bound.
    pub batch_sizes: [u64; BATCH_BUCKETS],
    /// How long it took to make the last batch durable.
    pub last_sync: Duration,
    /// How long all batches together took.
    pub total_sync: Duration,
    /// Work waiting for the committer.
    pub queued: u64,
    /// Keys held, those of indexes, counts and pieces included.
    pub live_keys: u64,
    /// Bytes of all keys and values held.
    pub live_bytes: u64,
    /// Bytes occupied on disk; they do not fall when objects are deleted.
    pub disk_bytes: u64,
    /// Writes are refused since one failed.
    pub failed: bool,
    /// How often a failed write ended writing since the start.
    pub failures: u64,
    /// How often the store took writes again after it.
    pub recoveries: u64,
    /// How often it tried to.
    pub recovery_attempts: u64,
}

impl Stats {
    /// How many times as much is occupied on disk as is live; of an empty store, or one in memory, zero.
    pub fn disk_ratio(&self) -> f64 {
        match self.live_bytes {
            0 => 0.0,
            live => self.disk_bytes as f64 / live as f64,
        }
    }

    pub(super) fn batch(&mut self, size: usize, took: Duration) {
        let bucket = size.max(1).next_power_of_two().trailing_zeros() as usize;
        if let Some(count) = self.batch_sizes.get_mut(bucket.min(BATCH_BUCKETS - 1)) {
            *count += 1;
        }
        self.flushes += 1;
        self.last_sync = took;
        self.total_sync += took;
    }
}
