//! What is kept here, told to the store's fsck, export and import: the type of the records of each kind, and what results,
//! parts and accounts say of each other. A kind with a type of its own gets an arm in [`shape`]; a new rule a function in
//! [`CATALOGUE`].

use std::collections::{BTreeMap, HashSet};

use super::{
    account, connected, definition,
    ending::{self, Count},
    membership,
    result::{DETAIL, ITEM, JOB, MESSAGE},
    retrieve::{open, since},
    row, triggered_send,
};
use crate::{
    object::Object,
    store::{Catalogue, Check, Internal, Outcome, Owner, Part, Shape, StoreError},
};

/// What the store's tools know of what is kept here.
pub const CATALOGUE: Catalogue =
    Catalogue { shape, numbered, checks: &[results, results_of_parts, queued, connected::waiting] };

/// The type of the records of a kind.
fn shape(kind: &str) -> Shape {
    match kind {
        membership::KIND => Shape::of::<membership::Membership>(),
        open::KIND => Shape::of::<open::Open>(),
        since::KIND => Shape::of::<since::Stored>(),
        account::USER => Shape::of::<Vec<u64>>(),
        ending::COUNT => Shape::of::<Count>(),
        connected::ERRANDS => Shape::of::<connected::Errand>(),
        connected::OPEN => Shape::of::<i64>(),
        connected::CONTACTS | connected::PHONEBOOKS => Shape::of::<connected::Contact>(),
        connected::OPT_OUTS => Shape::of::<connected::OptOut>(),
        connected::REACHED => Shape::of::<connected::Reached>(),
        triggered_send::BOUNCES => Shape::of::<triggered_send::Bounces>(),
        DETAIL => Shape::of::<String>(),
        kind if kind.starts_with("row:") => Shape::of::<row::Stored>(),
        _ => Shape::of::<Object>(),
    }
}

/// Whether the ids of a kind come from the store's sequence.
fn numbered(kind: &str) -> bool {
    // Users have the number of their name.
    kind != account::USER
}

/// Every part's results are there.
fn results_of_parts(check: &Check<'_>) -> Result<(), StoreError> {
    check.conversations(&mut |kept| {
        let objects = check.view().objects(&kept.name);
        check.parts(&kept.name, &mut |part| {
            let there = |kind: &str, number: i64| -> Result<(), StoreError> {
                if !objects.has(kind, number)? {
                    let place = format!("record {kind:?} {number} of account {}", kept.name.account());
                    let of = format!("a record: it is of part {} of {:?}", part.sequence, kept.name.id());
                    check.tell(place, of, "none");
                }
                Ok(())
            };
            there(JOB, part.results.job)?;
            part.results.message.map_or(Ok(()), |number| there(MESSAGE, number))?;
            part.results.items.iter().try_for_each(|number| there(ITEM, *number))?;
            if matches!(part.outcome, Some(Outcome::Ok | Outcome::Error)) && part.results.message.is_none() {
                let place =
                    format!("part {} of {:?} of account {}", part.sequence, kept.name.id(), kept.name.account());
                check.tell(place, "the number of a ResultMessage: it was run", "none");
            }
            Ok(())
        })
    })
}

/// Every result is of a part that says so.
fn results(check: &Check<'_>) -> Result<(), StoreError> {
    for kind in [ITEM, MESSAGE] {
        let mut known = Known::default();
        check.records::<Object>(kind, &mut |owner, number, object| {
            let request = object.text("RequestID").unwrap_or_default();
            known.look_up(check, owner, request)?;
            let fits = if kind == ITEM { known.items.contains(&number) } else { known.message == Some(number) };
            if !fits {
                tell(check, kind, owner, number, request);
            }
            Ok(())
        })?;
    }
    check.records::<Object>(JOB, &mut |owner, number, object| {
        // What Perform records without running it is of no part.
        if object.text("Status") == Some(definition::RECORDED) {
            return Ok(());
        }
        let request = object.text("ObjectID").unwrap_or_default();
        let mut known = Known::default();
        known.look_up(check, owner, request)?;
        if known.job != Some(number) {
            tell(check, JOB, owner, number, request);
        }
        Ok(())
    })?;
    check.records::<String>(DETAIL, &mut |owner, number, _| {
        if !check.view().objects(&owner).has(MESSAGE, number)? {
            let place = format!("record {DETAIL:?} {number} of account {}", owner.0);
            check.tell(place, format!("a {MESSAGE} with the same number"), "none");
        }
        Ok(())
    })
}

fn tell(check: &Check<'_>, kind: &str, owner: Internal, number: i64, request: &str) {
    let place = format!("record {kind:?} {number} of account {}", owner.0);
    check.tell(place, format!("a part of request {request:?} that has it among its results"), "none");
}

/// The results of the request that was looked up last: those of one call lie side by side.
#[derive(Default)]
struct Known {
    of: Option<(Internal, String)>,
    job: Option<i64>,
    message: Option<i64>,
    items: HashSet<i64>,
}

impl Known {
    fn look_up(&mut self, check: &Check<'_>, owner: Internal, request: &str) -> Result<(), StoreError> {
        if self.of.as_ref().is_some_and(|(of, known)| *of == owner && known == request) {
            return Ok(());
        }
        *self = Self { of: Some((owner, request.to_owned())), ..Self::default() };
        if let Some(part) = part_of(check, owner, request)? {
            self.job = Some(part.results.job);
            self.message = part.results.message;
            self.items = part.results.items.into_iter().collect();
        }
        Ok(())
    }
}

/// The part of a request; none when it cannot be read, which the store's own check tells.
fn part_of(check: &Check<'_>, owner: Internal, request: &str) -> Result<Option<Part>, StoreError> {
    let conversations = check.view().conversations();
    let part = conversations.of_request(&owner, request).and_then(|found| match found {
        Some((name, sequence)) => conversations.part(&name, sequence),
        None => Ok(None),
    });
    match part {
        Err(StoreError::Corrupt { .. }) => Ok(None),
        part => part,
    }
}

/// What counts against each account's quotas is what waits there.
fn queued(check: &Check<'_>) -> Result<(), StoreError> {
    let mut accounts: BTreeMap<u64, (Count, Option<Count>)> = BTreeMap::new();
    check.conversations(&mut |kept| {
        let (count, _) = accounts.entry(kept.name.account()).or_default();
        if kept.ended.is_none() {
            count.open += 1;
            count.bytes = count.bytes.saturating_add_unsigned(kept.bytes);
        }
        Ok(())
    })?;
    check.records::<Count>(ending::COUNT, &mut |owner, _, count| {
        accounts.entry(owner.0).or_default().1 = Some(count);
        Ok(())
    })?;
    for (account, (expected, found)) in accounts {
        if found.unwrap_or_default() != expected {
            let words = |count: Count| format!("{} open, {} bytes", count.open, count.bytes);
            let found = found.map_or_else(|| "nothing".to_owned(), words);
            let place = format!("what account {account} has in the queue");
            check.tell_and_repair(place, words(expected), found, move |txn| {
                txn.objects(&Internal(account)).put(ending::COUNT, 0, &expected, &[]).map(|_| ())
            })?;
        }
    }
    Ok(())
}
