//! What the store asks of an engine: read one key, read on from a key, put one batch on disk. Nothing of accounts or records.

use super::StoreError;

/// Keys and values in key order.
pub(super) type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// New values (or none) by key, in key order.
pub(super) type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Takes one entry; false ends the visit.
pub(super) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<bool, StoreError> + 'a;

/// Where bytes live. Readers may call at any time from any thread; only the committer calls [`Engine::apply`].
pub(super) trait Engine: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The entries from `from` (inclusive) to `to` (exclusive), at most `most` of them and a page, and whether there are more.
    fn page(&self, from: &[u8], to: Option<&[u8]>, most: usize) -> Result<(Entries, bool), StoreError>;

    /// Applies all changes or none and returns only when they would survive a loss of power.
    fn apply(&self, changes: &Changes) -> Result<(), StoreError>;

    /// Bytes that the engine occupies on disk; of an engine in memory zero.
    fn bytes_on_disk(&self) -> u64;

    /// Called once, from a thread that may hang, when [`Engine::apply`] takes suspiciously long.
    fn nudge(&self) {}
}

/// Where an engine is opened, and opened again after it has failed. It outlives its engines, and with them the claim on the
/// data: nobody else comes in between. What is not said otherwise holds of a place that is never full.
pub(super) trait Place: Send + Sync {
    /// Opens the engine.
    fn open(&self) -> Result<Box<dyn Engine>, StoreError>;

    /// Whether anything is taken at all, with the reserve given up; only then an engine that failed is closed, from which
    /// readers still read.
    fn test(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// As [`Place::open`], after the engine before it has failed and is gone.
    fn open_again(&self) -> Result<Box<dyn Engine>, StoreError> {
        self.open()
    }

    /// Makes the reserve again, out of which [`Place::open_again`] and the way back live; without it nothing new may come.
    fn restore_reserve(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A page has at most so many entries ...
pub(super) const PAGE_ENTRIES: usize = 256;
/// ... and ends after so many bytes of values.
pub(super) const PAGE_BYTES: usize = 1 << 20;
/// The first page of a visit has so many, each further one eight times as many.
const FIRST_ENTRIES: usize = 4;

/// Reads a page from any ordered iterator.
pub(super) fn page_of(
    entries: impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>>,
    most: usize,
) -> Result<(Entries, bool), StoreError> {
    let (mut page, mut bytes) = (Entries::new(), 0);
    for entry in entries {
        if page.len() >= most || bytes >= PAGE_BYTES {
            return Ok((page, true));
        }
        let (key, value) = entry?;
        bytes += value.len();
        page.push((key, value));
    }
    Ok((page, false))
}

/// Visits the entries of an engine from `from` to `to` as they are with `overrides` laid over them, in key order, until
/// `visit` says stop. `overrides` is asked once per page, after the page was read, for a range whose end may be inclusive.
pub(super) fn visit_over(
    engine: &dyn Engine,
    from: &[u8],
    to: Option<&[u8]>,
    overrides: &dyn Fn(&[u8], Until<'_>) -> Changes,
    visit: &mut Visit<'_>,
) -> Result<(), StoreError> {
    // Most look for the first alone: what they do not want is not read.
    let (mut from, mut most) = (from.to_vec(), FIRST_ENTRIES);
    loop {
        let (page, more) = engine.page(&from, to, most)?;
        most = (8 * most).min(PAGE_ENTRIES);
        let last = if more { page.last().map(|(key, _)| key.clone()) } else { None };
        let until = match (&last, to) {
            (Some(key), _) => Until::Through(key),
            (None, Some(to)) => Until::Before(to),
            (None, None) => Until::End,
        };
        let mut over = overrides(&from, until).into_iter().peekable();
        for (key, value) in page {
            while let Some((first, change)) = over.next_if(|(first, _)| *first < key) {
                if let Some(added) = change
                    && !visit(&first, &added)?
                {
                    return Ok(());
                }
            }
            let value = match over.next_if(|(first, _)| *first == key) {
                Some((_, change)) => change,
                None => Some(value),
            };
            if let Some(value) = value
                && !visit(&key, &value)?
            {
                return Ok(());
            }
        }
        for (key, change) in over {
            if let Some(added) = change
                && !visit(&key, &added)?
            {
                return Ok(());
            }
        }
        let Some(mut last) = last else { return Ok(()) };
        last.push(0);
        from = last;
    }
}

/// Where a range ends.
#[derive(Clone, Copy)]
pub(super) enum Until<'a> {
    Before(&'a [u8]),
    Through(&'a [u8]),
    End,
}

impl<'a> Until<'a> {
    pub(super) fn bound(self) -> std::ops::Bound<&'a [u8]> {
        match self {
            Self::Before(key) => std::ops::Bound::Excluded(key),
            Self::Through(key) => std::ops::Bound::Included(key),
            Self::End => std::ops::Bound::Unbounded,
        }
    }
}
