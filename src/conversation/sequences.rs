//! A set of SequenceCodes, small however it is filled.
//!
//! Parts that came in order cost nothing; the others cost one word for 64 codes.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

const BITS: u32 = u64::BITS;

/// A set of SequenceCodes (1 and above).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequences {
    /// All codes from 1 to this one are in.
    through: u32,
    /// Codes beyond: a block of 64 by its number, ascending, none empty. The bit of a code that `through` covers has no
    /// meaning and is cleared.
    beyond: Vec<(u32, u64)>,
}

fn split(code: u32) -> (u32, u64) {
    (code / BITS, 1 << (code % BITS))
}

impl Sequences {
    /// Whether a code is in.
    pub fn contains(&self, code: u32) -> bool {
        let (block, bit) = split(code);
        let found = |at: usize| self.beyond.get(at).is_some_and(|(_, bits)| bits & bit != 0);
        code != 0 && (code <= self.through || self.find(block).is_ok_and(found))
    }

    /// Puts a code in; false when it is in already, or is none (0).
    pub fn insert(&mut self, code: u32) -> bool {
        if code == 0 || self.contains(code) {
            return false;
        }
        if code != self.through.saturating_add(1) {
            let (block, bit) = split(code);
            match self.find(block) {
                Ok(at) => self.beyond.iter_mut().skip(at).take(1).for_each(|(_, bits)| *bits |= bit),
                Err(at) => self.beyond.insert(at, (block, bit)),
            }
            return true;
        }
        self.through = code;
        self.absorb();
        true
    }

    /// How many codes are in.
    pub fn len(&self) -> u32 {
        self.beyond.iter().fold(self.through, |sum, (_, bits)| sum.saturating_add(bits.count_ones()))
    }

    /// Whether none is in.
    pub fn is_empty(&self) -> bool {
        self.through == 0 && self.beyond.is_empty()
    }

    /// The greatest code, 0 when there is none.
    pub fn last(&self) -> u32 {
        let last = self.beyond.last().map(|(block, bits)| block.saturating_mul(BITS) + bits.ilog2());
        last.unwrap_or(self.through)
    }

    /// The codes in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let beyond = self.beyond.iter().flat_map(|(block, bits)| {
            let (first, bits) = (block.saturating_mul(BITS), *bits);
            (0..BITS).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| first.saturating_add(bit))
        });
        (1..=self.through).chain(beyond)
    }

    /// The codes from 1 to `calls` that are not in, as ranges: there may be very many.
    pub fn missing(&self, calls: u32) -> Vec<RangeInclusive<u32>> {
        let mut found = Vec::new();
        let mut next = self.through.checked_add(1);
        for code in self.iter().skip_while(|code| *code <= self.through).take_while(|code| *code <= calls) {
            found.extend(next.filter(|next| *next < code).map(|next| next..=code - 1));
            next = code.checked_add(1);
        }
        found.extend(next.filter(|next| *next <= calls).map(|next| next..=calls));
        found
    }

    /// Whether a stored set is one that [`Self::insert`] makes.
    pub(super) fn is_sound(&self) -> bool {
        let (block, bit) = split(self.through.saturating_add(1));
        // Bits of codes up to the one after `through`, which would have been taken up.
        let covered = bit | (bit - 1);
        self.beyond.is_sorted_by(|(a, _), (b, _)| a < b)
            && self.beyond.iter().all(|(of, bits)| {
                *bits != 0 && *of <= u32::MAX / BITS && *of >= block && (*of != block || bits & covered == 0)
            })
    }

    fn find(&self, block: u32) -> Result<usize, usize> {
        self.beyond.binary_search_by_key(&block, |(block, _)| *block)
    }

    /// Moves codes that follow `through` from `beyond` into it.
    fn absorb(&mut self) {
        let mut done = 0;
        for (block, bits) in &mut self.beyond {
            while let Some(next) = self.through.checked_add(1) {
                let (of, bit) = split(next);
                if of != *block || *bits & bit == 0 {
                    break;
                }
                *bits &= !bit;
                self.through = next;
            }
            if *bits != 0 {
                break;
            }
            done += 1;
        }
        self.beyond.drain(..done);
    }
}
