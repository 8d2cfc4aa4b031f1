//! `envoi fsck`: every index against its records and every record against its indexes, in one pass over all keys.
//!
//! Nothing is held but what is being looked at: a key is compared with the others that it speaks of by asking for these. Each
//! space of keys has its file here; what records of the rooms above say of each other is checked by those rooms
//! ([`Catalogue::checks`]). Repair rebuilds what follows from records: index entries, counts, totals. No record is ever
//! changed or removed by it.

mod conversations;
mod deliveries;
mod objects;
mod parts;
mod read;

use std::{cell::RefCell, collections::HashSet};

use serde::Serialize;

use super::{
    Shape, Stopped, StoreError, Transaction, View, chunk,
    committer::FIRST_ID,
    conversation_key as keys,
    engine::Engine,
    key, readable,
    totals::{self, MARKS},
    transaction::Overlay,
    versions::Source,
};

/// Findings that are told one by one; more are counted.
const TOLD: usize = 10_000;

/// Looks at what records say of each other, and tells what is wrong.
pub type Rule = fn(&Check<'_>) -> Result<(), StoreError>;

/// What the rooms above know of what they keep.
#[derive(Clone, Copy)]
pub struct Catalogue {
    /// What the records of a kind are.
    pub shape: fn(&str) -> Shape,
    /// Whether the ids of a kind come from the store's sequence.
    pub numbered: fn(&str) -> bool,
    /// What their records say of each other.
    pub checks: &'static [Rule],
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Catalogue")
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Finding {
    /// The key in words.
    pub place: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// Whether it was put right.
    pub repaired: bool,
}

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Keys looked at, the store's own marks not counted.
    pub keys: u64,
    /// Bytes of these keys and their values.
    pub bytes: u64,
    /// What is wrong, in the order of the keys.
    pub findings: Vec<Finding>,
    /// How many more there are than are told one by one.
    pub unlisted: u64,
    /// How many are left after repair; of a check without repair, all.
    pub left: u64,
}

impl Report {
    fn count(&self) -> u64 {
        self.findings.len() as u64 + self.unlisted
    }
}

/// A check at work; for [`Catalogue::checks`].
pub struct Check<'a> {
    view: &'a View<'a>,
    catalogue: &'a Catalogue,
    /// Where repairs go, when there are to be any.
    engine: Option<&'a dyn Engine>,
    out: RefCell<Out>,
}

#[derive(Default)]
struct Out {
    report: Report,
    highest_id: Option<(i64, String)>,
}

impl std::fmt::Debug for Check<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Check")
    }
}

impl Stopped {
    /// Checks everything; with `repair` it also puts right what follows from records.
    ///
    /// # Errors
    /// When it cannot be read, or is a backup and there is something to repair.
    pub fn check(&self, catalogue: &Catalogue, repair: bool) -> Result<Report, StoreError> {
        let run = |engine| {
            let view = self.view();
            Check { view: &view, catalogue, engine, out: RefCell::default() }.run()
        };
        let mut report = run(None)?;
        if !repair || report.left == 0 {
            return Ok(report);
        }
        // What is repaired on the way may be counted or not: the totals come out right the second time only.
        for _ in 0..2 {
            run(Some(self.engine()))?;
        }
        let after = run(None)?;
        // In the same order, so that what is left of those told before is told now.
        let left: HashSet<&Finding> = after.findings.iter().collect();
        for finding in &mut report.findings {
            finding.repaired = !left.contains(finding);
        }
        report.left = after.left;
        Ok(report)
    }
}

impl<'a> Check<'a> {
    fn run(self) -> Result<Report, StoreError> {
        let (mut objects, mut deliveries) = (objects::Counting::default(), deliveries::Counting::default());
        let (mut keys_held, mut bytes_held) = (0, 0);
        self.view.visit(&[], None, &mut |key, value| {
            if key.first() != Some(&key::MARK) {
                keys_held += 1;
                bytes_held += (key.len() + value.len()) as u64;
            }
            match self.engine {
                // What was repaired on the way is not in a page that was read before.
                Some(_) => {
                    if let Some(value) = self.view.get(key)? {
                        self.look_at(key, &value, &mut objects, &mut deliveries)?;
                    }
                }
                None => self.look_at(key, value, &mut objects, &mut deliveries)?,
            }
            Ok(true)
        })?;
        objects.end(&self)?;
        deliveries.end(&self)?;
        for check in self.catalogue.checks {
            check(&self)?;
        }
        self.check_marks([keys_held, bytes_held])?;
        let out = self.out.into_inner();
        let mut report = Report { keys: keys_held, bytes: bytes_held, ..out.report };
        report.left = report.count();
        Ok(report)
    }

    fn look_at(
        &self,
        key: &[u8],
        value: &[u8],
        objects: &mut objects::Counting,
        deliveries: &mut deliveries::Counting,
    ) -> Result<(), StoreError> {
        match *key.first().unwrap_or(&0) {
            key::SETTING => self.readable(key, value).map(|_| ()),
            key::MARK => self.known_mark(key),
            key::RECORD => objects.record(self, key, value),
            key::INDEX => objects::index(self, key, value),
            key::COUNT => objects.count(self, key, value),
            keys::CONVERSATION => conversations::conversation(self, key, value),
            keys::PART => parts::part(self, key, value),
            keys::ENVELOPE => parts::envelope(self, key, value),
            keys::REQUEST => parts::request(self, key, value),
            keys::DUE => conversations::due(self, key, value),
            deliveries::FIRST..=deliveries::LAST => deliveries.look_at(self, key, value),
            key::PIECE => self.piece(key, value),
            _ => self.wrong(key, "no such key", "a key of a space that this program does not have"),
        }
    }

    /// Tells of something that is wrong under a key.
    fn wrong(&self, key: &[u8], expected: impl Into<String>, found: impl Into<String>) -> Result<(), StoreError> {
        self.tell(readable::key(key), expected, found);
        Ok(())
    }

    /// Tells of something that is wrong.
    pub fn tell(&self, place: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) {
        self.put(Finding { place: place.into(), expected: expected.into(), found: found.into(), repaired: false });
    }

    /// Tells of something that is wrong and follows from records, and puts it right when that is asked for.
    ///
    /// # Errors
    /// When the repair cannot be written.
    pub fn tell_and_repair(
        &self,
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        repair: impl FnOnce(&mut Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if let Some(engine) = self.engine {
            let (overlay, sequence) = (RefCell::new(Overlay::default()), std::cell::Cell::new(0));
            // No id is known to be new here: whatever a repair touches is read first.
            repair(&mut Transaction::new(engine, &overlay, &sequence, i64::MAX))?;
            let changes = overlay.into_inner().take().into_iter().map(|(key, change)| (key, change.value));
            engine.apply(&changes.collect())?;
        }
        self.tell(place, expected, found);
        Ok(())
    }

    /// An index entry or another key that follows from records: it is to hold `value`, or not to be there.
    fn derived(
        &self,
        key: &[u8],
        expected: &str,
        found: impl Into<String>,
        value: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        self.tell_and_repair(readable::key(key), expected, found, |txn| {
            txn.set(key.to_vec(), value);
            Ok(())
        })
    }

    fn put(&self, finding: Finding) {
        let report = &mut self.out.borrow_mut().report;
        match report.findings.len() < TOLD {
            true => report.findings.push(finding),
            false => report.unlisted += 1,
        }
    }

    /// The whole value whose head this is; `None` when it cannot be read, which has been told then.
    fn readable(&self, key: &[u8], head: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let joined = chunk::join(self.view, key, head.to_vec());
        self.sound(joined)
    }

    /// A record that was read; `None` when it could not be, which has been told then.
    fn sound<T>(&self, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(StoreError::Corrupt { key, reason }) => {
                self.tell(key, "a whole value that can be read", reason);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn piece(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let Some((of, number)) = key::of_piece(key) else {
            return self.wrong(key, "a key and the number of a piece", "neither");
        };
        let head = self.view.get(of)?;
        let Some(head) = head else {
            return self.wrong(key, "no piece: there is no such value", format!("{} bytes", value.len()));
        };
        match chunk::pieces_of(of, &head) {
            Ok(pieces) if number < pieces => Ok(()),
            Ok(pieces) => {
                let expected = format!("no piece: the value has {pieces} beside its head");
                self.wrong(key, expected, format!("{} bytes", value.len()))
            }
            // Told where the value itself was looked at.
            Err(_) => Ok(()),
        }
    }

    fn known_mark(&self, key: &[u8]) -> Result<(), StoreError> {
        match key::name(key) {
            Some(name) if name == "format" || MARKS.contains(&name.as_str()) => Ok(()),
            _ => self.wrong(key, "format, sequence, keys or bytes", "another mark"),
        }
    }

    /// Takes down an id that came from the sequence.
    fn numbered(&self, key: &[u8], id: i64) {
        let highest = &mut self.out.borrow_mut().highest_id;
        // Numbers of what is found newest first are turned negative.
        let id = id.checked_abs().unwrap_or(i64::MAX);
        if highest.as_ref().is_none_or(|(highest, _)| *highest < id) {
            *highest = Some((id, readable::key(key)));
        }
    }

    fn check_marks(&self, [keys, bytes]: [u64; 2]) -> Result<(), StoreError> {
        let highest = self.out.borrow().highest_id.clone();
        let next = highest.as_ref().map_or(0, |(id, _)| id.saturating_add(1)).max(FIRST_ID).cast_unsigned();
        for (mark, held) in MARKS.into_iter().zip([next, keys, bytes]) {
            let key = key::mark(mark);
            let value = self.view.get(&key)?;
            let stored = match totals::stored_number(value.as_deref(), mark) {
                Ok(stored) => stored.unwrap_or(if mark == "sequence" { FIRST_ID.cast_unsigned() } else { 0 }),
                Err(error) => {
                    self.derived(&key, &held.to_string(), error.to_string(), Some(held.to_le_bytes().to_vec()))?;
                    continue;
                }
            };
            // Ids that were given out and taken back leave gaps: the sequence may be higher, never lower.
            let good = if mark == "sequence" { stored >= held } else { stored == held };
            if !good {
                let expected = match (mark, &highest) {
                    ("sequence", Some((_, place))) => format!("at least {held}: there is {place}"),
                    _ => format!("{held}, as counted"),
                };
                self.derived(&key, &expected, stored.to_string(), Some(held.to_le_bytes().to_vec()))?;
            }
        }
        Ok(())
    }
}
