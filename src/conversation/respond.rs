//! Who is told what: the one table from an event and the SendResponseTo entries to what is owed.
//!
//! Nothing is rendered or sent here.
//!
//! | RespondWhen | the call was done | the call had an error | complete | error | timed out | expired | deleted |
//! |---|---|---|---|---|---|---|---|
//! | Never | | | | | | | |
//! | OnCallComplete, Always | owed | owed | | | | | |
//! | OnError | | owed | | | | | |
//! | OnConversationComplete | | | owed | owed | owed | owed | |
//! | OnConversationError | | | | owed | owed | owed | |
//! | OnExpired | | | | | | owed | |
//!
//! The first two events are those of one call and ask the entries of that call; the others are those of a conversation and
//! ask the entries of all its parts (facts/wire 3.5 and section 8 #18, #23). A single request is a conversation of one part,
//! so both happen to it. Whoever takes a conversation back knows of it and is not told.

use serde::{Deserialize, Serialize};

use crate::message::options::{RespondWhen, ResponseType, SendResponseTo};

/// Something that somebody may have asked to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event {
    /// A call was run, and every object was done.
    CallOk,
    /// A call was run, and at least one object was not done.
    CallError,
    /// All parts of a conversation have run, none with an error.
    Complete,
    /// A conversation ended before its end.
    Error,
    /// A part was too late.
    Timeout,
    /// RequestExpirationTime had passed before it was taken up.
    Expired,
    /// Its sender took it back.
    Deleted,
}

/// How much of a call's answer a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cut {
    /// No XML.
    Bare,
    /// The results without their objects.
    Results,
    /// The results, of each object the members of `APIObject` alone.
    Base,
    /// The results with each object as it was received.
    Whole,
}

impl Cut {
    /// What an entry asks for: IncludeObjects counts only with IncludeResults, OnlyIncludeBase only with IncludeObjects.
    pub fn of(target: &SendResponseTo) -> Self {
        match (target.include_results, target.include_objects, target.only_include_base) {
            (false, _, _) => Self::Bare,
            (true, false, _) => Self::Results,
            (true, true, true) => Self::Base,
            (true, true, false) => Self::Whole,
        }
    }

    /// The most that any of these entries asks for, those too that are never told: their results are retrieved.
    pub fn fullest<'a>(targets: impl IntoIterator<Item = &'a SendResponseTo>) -> Self {
        targets.into_iter().map(Self::of).max().unwrap_or(Self::Bare)
    }

    /// As much as must be kept of the part by which its conversation ends: what its own entries ask for, and what those of all
    /// parts do that are told of that end, for they are told with the results of this part.
    pub fn of_the_end<'a>(own: &[SendResponseTo], all: impl IntoIterator<Item = &'a SendResponseTo>) -> Self {
        let told = |target: &&SendResponseTo| {
            is_told(target) && [Event::Complete, Event::Error].iter().any(|event| applies(target.when, *event))
        };
        Self::fullest(own).max(Self::fullest(all.into_iter().filter(told)))
    }
}

fn is_told(target: &SendResponseTo) -> bool {
    target.kind != ResponseType::None && target.when != RespondWhen::Never
}

/// Whether an entry of this RespondWhen is owed a message of this event.
fn applies(when: RespondWhen, event: Event) -> bool {
    use Event::{CallError, CallOk, Complete, Error, Expired, Timeout};
    match when {
        RespondWhen::Never => false,
        RespondWhen::OnCallComplete | RespondWhen::Always => matches!(event, CallOk | CallError),
        RespondWhen::OnError => event == CallError,
        RespondWhen::OnConversationComplete => matches!(event, Complete | Error | Timeout | Expired),
        RespondWhen::OnConversationError => matches!(event, Error | Timeout | Expired),
        RespondWhen::OnExpired => event == Expired,
    }
}

/// What is owed of an event: the entries that are told, in their order, each once. The same address that is named again
/// with the same RespondWhen (Always is OnCallComplete) is told once, with the fullest message that was asked for.
pub fn owed<'a>(event: Event, targets: impl IntoIterator<Item = &'a SendResponseTo>) -> Vec<SendResponseTo> {
    let mut owed: Vec<SendResponseTo> = Vec::new();
    for target in targets.into_iter().filter(|target| is_told(target) && applies(target.when, event)) {
        let same = |other: &&mut SendResponseTo| {
            (other.kind, meant(other.when), other.address.as_str())
                == (target.kind, meant(target.when), target.address.as_str())
        };
        match owed.iter_mut().find(same) {
            Some(told) if Cut::of(told) < Cut::of(target) => {
                (told.include_results, told.include_objects) = (target.include_results, target.include_objects);
                told.only_include_base = target.only_include_base;
            }
            Some(_) => {}
            None => owed.push(target.clone()),
        }
    }
    owed
}

/// Always is deprecated and means OnCallComplete.
fn meant(when: RespondWhen) -> RespondWhen {
    if when == RespondWhen::Always { RespondWhen::OnCallComplete } else { when }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [ResponseType; 4] =
        [ResponseType::None, ResponseType::Email, ResponseType::HttpPost, ResponseType::Ftp];

    const EVENTS: [Event; 7] = [
        Event::CallOk,
        Event::CallError,
        Event::Complete,
        Event::Error,
        Event::Timeout,
        Event::Expired,
        Event::Deleted,
    ];

    /// The documentation's sentences, a letter for each event in the order of [`EVENTS`].
    const TABLE: [(RespondWhen, &str); 7] = [
        (RespondWhen::Never, "......."),
        (RespondWhen::OnError, ".x....."),
        (RespondWhen::Always, "xx....."),
        (RespondWhen::OnConversationError, "...xxx."),
        (RespondWhen::OnConversationComplete, "..xxxx."),
        (RespondWhen::OnCallComplete, "xx....."),
        (RespondWhen::OnExpired, ".....x."),
    ];

    /// IncludeResults, IncludeObjects, OnlyIncludeBase, and what the message then holds.
    const CUTS: [(u8, Cut); 8] = [
        (0b000, Cut::Bare),
        (0b001, Cut::Bare),
        (0b010, Cut::Bare),
        (0b011, Cut::Bare),
        (0b100, Cut::Results),
        (0b101, Cut::Results),
        (0b110, Cut::Whole),
        (0b111, Cut::Base),
    ];

    fn entry(kind: ResponseType, when: RespondWhen, bits: u8, address: &str) -> SendResponseTo {
        let [include_results, include_objects, only_include_base] = [4, 2, 1].map(|bit| bits & bit != 0);
        SendResponseTo { kind, address: address.to_owned(), when, include_results, include_objects, only_include_base }
    }

    fn all() -> Vec<(SendResponseTo, &'static str, Cut)> {
        let mut all = Vec::new();
        for kind in KINDS {
            for (when, row) in TABLE {
                for (bits, cut) in CUTS {
                    all.push((entry(kind, when, bits, "a"), row, cut));
                }
            }
        }
        all
    }

    fn expected(entry: &SendResponseTo, row: &str, event: usize) -> bool {
        entry.kind != ResponseType::None && row.as_bytes()[event] == b'x'
    }

    #[test]
    fn every_entry_alone_is_told_what_the_table_says() {
        let all = all();
        assert_eq!(all.len(), 4 * 7 * 8);
        for (at, event) in EVENTS.into_iter().enumerate() {
            for (entry, row, cut) in &all {
                let told = owed(event, [entry]);
                let due: Vec<_> = expected(entry, row, at).then_some((entry.clone(), *cut)).into_iter().collect();
                let told: Vec<_> = told.into_iter().map(|told| (told.clone(), Cut::of(&told))).collect();
                assert_eq!(told, due, "{event:?}");
            }
        }
    }

    #[test]
    fn every_two_entries_are_told_as_the_table_says_and_the_same_one_once() {
        let all = all();
        for (at, event) in EVENTS.into_iter().enumerate() {
            for (first, row, cut) in &all {
                for (second, other, wish) in &all {
                    // The same address, and another one.
                    let elsewhere = SendResponseTo { address: "b".to_owned(), ..second.clone() };
                    let told = owed(event, [first, &elsewhere]);
                    let count = usize::from(expected(first, row, at)) + usize::from(expected(second, other, at));
                    assert_eq!(told.len(), count, "{event:?} {first:?} {elsewhere:?}");

                    let told = owed(event, [first, second]);
                    let call = |when| matches!(when, RespondWhen::Always | RespondWhen::OnCallComplete);
                    let alike = first.kind == second.kind
                        && (first.when == second.when || call(first.when) && call(second.when));
                    let once = alike && count == 2;
                    assert_eq!(told.len(), if once { 1 } else { count }, "{event:?} {first:?} {second:?}");
                    if once {
                        assert_eq!(Cut::of(&told[0]), *cut.max(wish), "{first:?} {second:?}");
                        assert_eq!(told[0].when, first.when);
                    }
                }
            }
        }
    }

    #[test]
    fn order_is_that_of_the_entries_and_many_parts_are_told_once() {
        let part = |address| entry(ResponseType::HttpPost, RespondWhen::OnConversationComplete, 0, address);
        let parts = [part("b"), part("a"), part("b"), part("c"), part("a")];
        let told: Vec<_> = owed(Event::Timeout, &parts).into_iter().map(|told| told.address).collect();
        assert_eq!(told, ["b", "a", "c"]);
    }

    #[test]
    fn the_fullest_is_what_any_entry_asks_for() {
        let asks = |bits| entry(ResponseType::None, RespondWhen::Never, bits, "a");
        assert_eq!(Cut::fullest(&[]), Cut::Bare);
        assert_eq!(Cut::fullest(&[asks(0b100), asks(0b011)]), Cut::Results);
        assert_eq!(Cut::fullest(&[asks(0b100), asks(0b111)]), Cut::Base);
        assert_eq!(Cut::fullest(&[asks(0b111), asks(0b110), asks(0b100)]), Cut::Whole);
    }

    #[test]
    fn of_the_last_part_is_kept_what_anybody_may_be_told_of_it() {
        for (own, _, asked) in all() {
            for (other, _, wish) in all() {
                let kept = Cut::of_the_end(std::slice::from_ref(&own), [&own, &other]);
                let is_told = [Event::Complete, Event::Error].map(|event| owed(event, [&other]).len());
                assert_eq!(kept, if is_told == [0, 0] { asked } else { asked.max(wish) }, "{own:?} {other:?}");
                // Whoever is told of an event with the results of this part gets no less than he asks for.
                for event in [Event::CallOk, Event::CallError, Event::Complete, Event::Error] {
                    let of_call = matches!(event, Event::CallOk | Event::CallError);
                    let asked = if of_call { vec![&own] } else { vec![&own, &other] };
                    assert!(owed(event, asked).iter().all(|told| Cut::of(told) <= kept), "{event:?} {own:?} {other:?}");
                }
            }
        }
    }
}
