//! Every code of the table at its trigger, with what it does to the conversation.

use std::{borrow::Cow, collections::BTreeSet, time::Duration};

use envoi::{
    clock::Time,
    conversation::{
        Asked, Begun, Cause, Conversation, Fate, Place, Rejection, Settings, State, Unfit, accept, begin, code::TABLE,
        delete, finish, give_up, object_to, overdue, place,
    },
    message::{
        Options,
        options::{ResponseType, SendResponseTo},
    },
};

use super::{GAP, NOW, part, taken};

const LATE: Time = Time::from_millis(NOW.millis() + 1_000_000);

fn settings() -> Settings {
    Settings::default()
}

/// Codes 200 to 231 with their texts, written off seed 000 and facts/wire 3.4 a second time.
const DOCUMENTED: &[(i64, &str)] = &[
    (200, "CallsInConversation don't match previous value in the Conversation. Conversation has been invalidated"),
    (201, "Async API Collection Total Mismatch"),
    (
        202,
        "Missing Required Conversation Property SequenceCode. ConversationID, SequenceCode, and CallsInConversation are required for Conversations Requests",
    ),
    (203, "Async API Timeout"),
    (204, "Async API Error"),
    (205, "SequenceCode Out Of Bounds. Valid SequenceCode range is 1 to the value of CallsInConversation"),
    (206, "CallsInConversation Out Of Bounds. CallsInConversation is expected to be a positive number"),
    (
        207,
        "Missing Required Conversation Property ConversationID. ConversationID, SequenceCode, and CallsInConversation are required for Conversations Requests",
    ),
    (
        208,
        "Missing Required Conversation Property CallsInConversation. ConversationID, SequenceCode, and CallsInConversation are required for Conversations Requests",
    ),
    (209, "Options.RequestType is required to be set to RequestType.Asynchronous"),
    (211, "Invalid ConversationID. ConversationID has already been used"),
    (212, "Invalid Conversation"),
    (213, "Conversation is in an error state and is no longer able to accept conversation parts"),
    (214, "SequenceCode already used for Conversation. Conversation has been invalidated"),
    (215, "Conversation is closed and cannot accept more parts"),
    (218, "Too many objects"),
    (220, "AsyncAPI_Item_Not_Found"),
    (222, "AsyncAPI_Invalid_Status_To_Delete_Item"),
    (226, "A request may not have ScheduledTime greater than 30 days from now"),
    (227, "An unsecure response address specified in the 'SendResponseTo' parameter."),
];

#[test]
fn codes_and_texts_are_those_of_the_service() {
    for (code, text) in DOCUMENTED {
        assert!(TABLE.iter().any(|rule| rule.code == *code && rule.text == *text), "{code} {text}");
    }
    let ours: Vec<_> = TABLE.iter().filter(|rule| !DOCUMENTED.contains(&(rule.code, rule.text))).collect();
    assert_eq!(ours.iter().map(|rule| rule.code).collect::<Vec<_>>(), [204, 218, 227, 227, 228, 229, 231]);
    assert!(TABLE.is_sorted_by_key(|rule| rule.code));
    let texts: BTreeSet<_> = TABLE.iter().map(|rule| rule.text).collect();
    assert_eq!(texts.len(), TABLE.len());
    for rule in TABLE {
        assert_eq!((rule.rejection.code(), rule.rejection.text()), (rule.code, rule.text));
        assert_eq!(rule.rejection.rule(), Some(rule));
        assert!(!rule.when.is_empty() && !rule.effect.is_empty() && !rule.remedy.is_empty());
    }
}

fn call(id: Option<&str>, sequence: Option<i32>, calls: Option<i32>) -> Options {
    Options {
        asynchronous: true,
        conversation_id: id.map(str::to_owned),
        sequence_code: sequence,
        calls_in_conversation: calls,
        ..Options::default()
    }
}

fn placed(options: &Options) -> Result<Place, Rejection> {
    place(&Asked { options, objects: 1, correlation_ids: &[] }, NOW, &settings())
}

fn at(id: &str, sequence: u32, calls: u32) -> Result<Place, Rejection> {
    Ok(Place::Part { conversation_id: id.to_owned(), sequence, calls })
}

#[test]
fn calls_have_their_place() {
    assert_eq!(placed(&Options::default()), Ok(Place::Synchronous));
    assert_eq!(placed(&call(None, None, None)), Ok(Place::Single));
    assert_eq!(placed(&call(Some("A b"), None, None)), at("A b", 1, 1));
    assert_eq!(placed(&call(Some(" "), Some(3), Some(3))), at(" ", 3, 3));
    assert_eq!(placed(&call(Some("x"), Some(1), Some(i32::MAX))), at("x", 1, 2_147_483_647));
}

#[test]
fn codes_202_and_205_to_209_are_about_the_options() {
    let x = Some("x");
    for (id, sequence, calls) in [(x, None, None), (None, Some(1), None), (None, None, Some(1)), (Some(""), None, None)]
    {
        let options = Options { asynchronous: false, ..call(id, sequence, calls) };
        assert_eq!(placed(&options), Err(Rejection::NotAsynchronous), "{options:?}");
    }
    for (id, sequence, calls) in
        [(None, Some(1), Some(1)), (None, None, Some(0)), (None, Some(1), None), (Some(""), None, None)]
    {
        assert_eq!(placed(&call(id, sequence, calls)), Err(Rejection::ConversationIdMissing));
    }
    assert_eq!(placed(&call(x, None, Some(2))), Err(Rejection::SequenceCodeMissing));
    assert_eq!(placed(&call(x, Some(2), None)), Err(Rejection::CallsMissing));
    for calls in [0, -1, i32::MIN] {
        assert_eq!(placed(&call(x, Some(0), Some(calls))), Err(Rejection::CallsOutOfBounds));
    }
    for sequence in [0, -1, i32::MIN, 4, i32::MAX] {
        assert_eq!(placed(&call(x, Some(sequence), Some(3))), Err(Rejection::SequenceOutOfBounds));
    }
}

#[test]
fn code_218_begins_at_32767_objects() {
    for options in [Options::default(), call(None, None, None), call(Some("x"), Some(1), Some(2))] {
        let asked = |objects| place(&Asked { options: &options, objects, correlation_ids: &[] }, NOW, &settings());
        assert!(asked(32_766).is_ok());
        assert_eq!(asked(32_767), Err(Rejection::TooManyObjects));
    }
}

#[test]
fn code_226_begins_after_30_days() {
    let days = NOW.plus(Duration::from_secs(30 * 86_400));
    let scheduled = |time| placed(&Options { scheduled_time: Some(time), ..call(None, None, None) });
    assert_eq!(scheduled(days), Ok(Place::Single));
    assert_eq!(scheduled(days.plus(Duration::from_millis(1))), Err(Rejection::TooFarAhead));
    assert_eq!(scheduled(Time::from_millis(i64::MIN)), Ok(Place::Single));
    let synchronous = Options { scheduled_time: Some(Time::from_millis(i64::MAX)), ..Options::default() };
    assert_eq!(placed(&synchronous), Ok(Place::Synchronous));
}

fn told(targets: Vec<SendResponseTo>, settings: &Settings) -> Result<Place, Rejection> {
    let options = Options { send_response_to: targets, ..call(None, None, None) };
    place(&Asked { options: &options, objects: 1, correlation_ids: &[] }, NOW, settings)
}

#[test]
fn code_218_also_counts_who_is_told() {
    let none = SendResponseTo::default();
    let settings = Settings { max_targets: 3, ..settings() };
    assert_eq!(told(vec![none.clone(); 3], &settings), Ok(Place::Single));
    assert_eq!(told(vec![none.clone(); 4], &settings), Err(Rejection::TooManyTargets));
    let four = [(); 4].map(|()| none.clone());
    let objection = object_to(&four, &settings).expect("one too many");
    assert!(objection.text().ends_with(": SendResponseTo is given 4 times, expected at most 3"), "{objection:?}");
    let usual = Settings::default();
    assert_eq!(told(vec![none.clone(); 20], &usual), Ok(Place::Single));
    assert_eq!(told(vec![none.clone(); 21], &usual), Err(Rejection::TooManyTargets));
    // A synchronous call tells nobody.
    let options = Options { send_response_to: vec![none; 1000], ..Options::default() };
    let asked = Asked { options: &options, objects: 1, correlation_ids: &[] };
    assert_eq!(place(&asked, NOW, &usual), Ok(Place::Synchronous));
}

#[test]
fn code_227_is_for_mail_to_what_is_no_address() {
    let mail = |address: &str| SendResponseTo {
        kind: ResponseType::Email,
        address: address.to_owned(),
        ..SendResponseTo::default()
    };
    let good = [
        "ada@example.com",
        " ada@example.com ",
        "first.last+tag@sub.example.co.uk",
        "ops@mailhost",
        "ops@[192.0.2.7]",
        "ops@[IPv6:2001:db8::1]",
        "ä@exämple.com",
    ];
    for address in good {
        assert_eq!(told(vec![mail(address)], &settings()), Ok(Place::Single), "{address}");
    }
    let bad = [
        "",
        "bogus address",
        "bogus",
        "@",
        "a@",
        "@x.example",
        "a@x, b@x",
        "a@example.com;b@example.com",
        "Ada <a@x>",
        "<a@x>",
        "a b@x",
        "a@x\r\nBcc: b@x",
        "a@[x]",
        "a@-x",
        "a@x..y",
        "mailto:a@x",
        "\"a b\"@x",
        "https://hooks.example/",
    ];
    for address in bad {
        let targets = vec![mail("ada@example.com"), mail(address)];
        assert_eq!(told(targets.clone(), &settings()), Err(Rejection::NoMailbox), "{address}");
        let objection = object_to(&targets, &settings()).expect("an objection");
        let said =
            format!("ResponseAddress of SendResponseTo 2 is {address:?}, expected one address such as ada@example.com");
        assert!(objection.text().ends_with(&said), "{}", objection.text());
        assert!(address.is_empty() || !objection.to_string().contains(address), "the log repeats no address");
        assert_eq!(objection.detail(), None);
    }
    let long = mail(&"ü".repeat(1000));
    assert!(object_to(&[long], &settings()).expect("an objection").text().len() < 700);
}

#[test]
fn why_nothing_is_posted_to_an_address_is_told_beside_the_text() {
    let reasons = [
        ("", "is empty, expected an https: URL"),
        ("https://u:p@h/", "has a user part, which is not allowed"),
        ("https://h:99999/", "has a port that is none of 1 to 65535"),
        (
            "https://127.1/",
            "names its host by a number that is no address: expected a name, or four numbers such as 192.0.2.7",
        ),
        ("h.example", "is no URL"),
        ("http://h.example/", "is not https, nor allowed without it"),
    ];
    let post = |address: &str| SendResponseTo {
        kind: ResponseType::HttpPost,
        address: address.to_owned(),
        ..SendResponseTo::default()
    };
    for (address, why) in reasons {
        let objection = object_to(&[post("https://a.example/"), post(address)], &settings()).expect("an objection");
        assert_eq!(objection.text(), Rejection::Insecure.text());
        assert_eq!(objection.detail(), Some(format!("ResponseAddress of SendResponseTo 2 {why}")));
    }
    let all: BTreeSet<_> = Unfit::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(all, reasons.iter().map(|(_, why)| (*why).to_owned()).collect());
}

#[test]
fn code_227_is_for_what_is_not_https() {
    let judge = |kind, address: &str, settings: &Settings| {
        let good = SendResponseTo { kind, address: "https://a.example/".to_owned(), ..SendResponseTo::default() };
        let to = SendResponseTo { address: address.to_owned(), ..good.clone() };
        let options = Options { send_response_to: vec![good, to], ..call(None, None, None) };
        place(&Asked { options: &options, objects: 1, correlation_ids: &[] }, NOW, settings)
    };
    let strict = settings();
    let loopback = Settings { insecure_loopback: true, ..settings() };
    let named = Settings { insecure_hosts: vec!["hooks.internal".to_owned()], ..settings() };
    for https in ["https://a.example", "HTTPS://A.example:8443/x?y=1", " https://[::1]/ "] {
        assert_eq!(judge(ResponseType::HttpPost, https, &strict), Ok(Place::Single), "{https}");
    }
    let refused = Err(Rejection::Insecure);
    let never = [
        "",
        "a.example",
        "ftp://a.example/",
        "https://",
        "https:///x",
        "javascript:alert(1)",
        "http://a.example/",
        "http://127.0.0.1@a.example/",
        "http://a.example\\@127.0.0.1/",
        "http://127.0.0.1.a.example/",
        "http://localhost.a.example/",
        "http://a.example/#localhost",
        "http://[::1",
        "http://a.example/@localhost/",
        "http://a.example?hooks.internal",
        "https://a.example/ x",
        "http://hooks.internal.a.example/",
        "https://user:secret@a.example/",
    ];
    for address in never {
        for settings in [&strict, &loopback, &named] {
            assert_eq!(judge(ResponseType::HttpPost, address, settings), refused, "{address}");
        }
    }
    for address in ["http://127.0.0.1:8080/", "http://LocalHost/x", "http://[::1]:80/", "http://127.9.9.9?x"] {
        assert_eq!(judge(ResponseType::HttpPost, address, &strict), refused, "{address}");
        assert_eq!(judge(ResponseType::HttpPost, address, &named), refused, "{address}");
        assert_eq!(judge(ResponseType::HttpPost, address, &loopback), Ok(Place::Single), "{address}");
    }
    assert_eq!(judge(ResponseType::HttpPost, "http://Hooks.internal:99/x", &named), Ok(Place::Single));
    assert_eq!(judge(ResponseType::HttpPost, "http://hooks.internal/x", &loopback), refused);
    assert_eq!(judge(ResponseType::None, "http://a.example/", &strict), Ok(Place::Single));
    let folder = Settings { drop_folder: true, ..settings() };
    assert_eq!(judge(ResponseType::Ftp, "", &strict), Err(Rejection::NoFtp));
    assert_eq!(judge(ResponseType::Ftp, "", &folder), Ok(Place::Single));
}

#[test]
fn codes_228_229_and_231_are_about_expiry() {
    let millis = |by: i64| Some(Time::from_millis(NOW.millis() + by));
    let expires = |expires, scheduled, options: Options| {
        placed(&Options { request_expiration_time: expires, scheduled_time: scheduled, ..options })
    };
    let single = || call(None, None, None);
    assert_eq!(expires(millis(0), None, single()), Ok(Place::Single));
    assert_eq!(expires(millis(-1), None, single()), Err(Rejection::Expired));
    assert_eq!(expires(millis(10), millis(10), single()), Ok(Place::Single));
    assert_eq!(expires(millis(10), millis(11), single()), Err(Rejection::ExpiresBeforeScheduled));
    assert_eq!(expires(millis(10), None, call(Some("x"), Some(1), Some(1))), at("x", 1, 1));
    assert_eq!(expires(millis(10), None, call(Some("x"), Some(1), Some(2))), Err(Rejection::ExpirationOfConversation));
}

#[test]
fn correlation_ids_are_unique_in_a_call() {
    let options = call(None, None, None);
    let ids = |ids: &[&'static str], unique| {
        let ids: Vec<_> = ids.iter().map(|id| Cow::Borrowed(*id)).collect();
        let settings = Settings { unique_correlation_ids: unique, ..settings() };
        place(&Asked { options: &options, objects: ids.len(), correlation_ids: &ids }, NOW, &settings)
    };
    assert_eq!(ids(&["a", "b", "A", "", ""], true), Ok(Place::Single));
    assert_eq!(ids(&["a", "b", "a"], true), Err(Rejection::CorrelationRepeated));
    assert_eq!(ids(&["a", "b", "a"], false), Ok(Place::Single));
}

#[test]
fn code_200_invalidates() {
    for second in [(2, 4), (1, 2), (1, 1)] {
        let (state, verdict) = taken(&[(1, 3), second]);
        assert_eq!(verdict, Err(Rejection::CallsChanged), "{second:?}");
        assert_eq!((state.state(), state.cause()), (State::Error, Some(Cause::CallsChanged)));
        assert_eq!(state.received().iter().collect::<Vec<_>>(), [1]);
        assert_eq!(state.fate(1), Some(Fate::NotCompleted));
    }
    assert_eq!(taken(&[(1, 3), (2, 4), (2, 3)]).1, Err(Rejection::InError));
    assert_eq!(taken(&[(1, 3), (2, 4), (2, 4)]).1, Err(Rejection::Reused));
}

#[test]
fn code_214_invalidates() {
    let (state, verdict) = taken(&[(3, 3), (1, 3), (3, 3)]);
    assert_eq!(verdict, Err(Rejection::SequenceRepeated));
    assert_eq!((state.state(), state.cause()), (State::Error, Some(Cause::SequenceRepeated)));
    assert_eq!(state.remainder().collect::<Vec<_>>(), [1, 3]);
    assert_eq!(taken(&[(3, 3), (3, 3), (2, 3)]).1, Err(Rejection::InError));
    assert_eq!(taken(&[(3, 3), (3, 3), (3, 3)]).1, Err(Rejection::Reused));
}

#[test]
fn code_215_is_for_what_is_closed_or_processed() {
    let (closed, verdict) = taken(&[(2, 2), (1, 2)]);
    assert_eq!((closed.state(), verdict), (State::Closed, Ok(())));
    let (processed, _) = begin(closed.clone(), 2, NOW.plus(GAP), &settings());
    for before in [closed, processed] {
        for (sequence, calls) in [(1, 2), (2, 2), (3, 3)] {
            let (after, verdict) = accept(Some(before.clone()), &part(sequence, calls), LATE, &settings());
            assert_eq!((&after, verdict), (&before, Err(Rejection::Closed)));
        }
    }
}

/// Runs a conversation to its end; the part `failing` has an Error.
fn run(mut state: Conversation, failing: Option<u32>) -> Conversation {
    loop {
        let stored = u64::from(state.calls());
        let (begun, what) = begin(state, stored, LATE, &settings());
        let Begun::Run { sequence, .. } = what else { return begun };
        state = finish(&begun, sequence, Some(sequence) != failing).expect("it runs");
    }
}

#[test]
fn code_211_is_for_what_is_complete() {
    let done = run(taken(&[(1, 2), (2, 2)]).0, None);
    assert_eq!(done.state(), State::Complete);
    assert_eq!(done.remainder().count(), 0);
    for (sequence, calls) in [(1, 2), (2, 2), (3, 3), (1, 1)] {
        let (after, verdict) = accept(Some(done.clone()), &part(sequence, calls), LATE, &settings());
        assert_eq!((&after, verdict), (&done, Err(Rejection::Reused)));
    }
}

#[test]
fn an_error_stops_what_follows_it() {
    let failed = run(taken(&[(3, 3), (1, 3), (2, 3)]).0, Some(2));
    assert_eq!((failed.state(), failed.cause()), (State::Error, Some(Cause::Part(2))));
    let fates: Vec<_> = (0..=4).map(|sequence| failed.fate(sequence)).collect();
    let (ok, bad, not) = (Some(Fate::Completed), Some(Fate::Failed), Some(Fate::NotCompleted));
    assert_eq!(fates, [None, ok, bad, not, None]);
    assert_eq!(failed.remainder().collect::<Vec<_>>(), [3]);
    // All its codes are taken: whoever uses the id again begins anew.
    for sequence in 1..=3 {
        assert_eq!(accept(Some(failed.clone()), &part(sequence, 3), LATE, &settings()).1, Err(Rejection::Reused));
    }
}

#[test]
fn the_example_of_seed_004_leaves_the_last_two_of_three_calls() {
    let failed = run(taken(&[(1, 3), (2, 3), (3, 3)]).0, Some(1));
    assert_eq!(failed.remainder().collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn code_203_is_for_parts_after_five_minutes() {
    let (open, _) = taken(&[(1, 3)]);
    let last = NOW.plus(GAP);
    assert_eq!(accept(Some(open.clone()), &part(2, 3), last, &settings()).1, Ok(()));
    let late = last.plus(Duration::from_millis(1));
    let (after, verdict) = accept(Some(open.clone()), &part(2, 3), late, &settings());
    assert_eq!((after.state(), verdict), (State::Timeout, Err(Rejection::Timeout)));
    assert_eq!(overdue(&open, last, &settings()), None);
    assert_eq!(overdue(&open, late, &settings()), Some(after.clone()));
    assert_eq!(after.remainder().collect::<Vec<_>>(), [1]);
    for (sequence, calls) in [(1, 3), (2, 4)] {
        let (again, verdict) = accept(Some(after.clone()), &part(sequence, calls), LATE, &settings());
        assert_eq!((&again, verdict), (&after, Err(Rejection::Reused)));
    }
    // The clock starts again at each part.
    let (two, _) = accept(Some(open), &part(3, 3), last, &settings());
    assert_eq!(accept(Some(two), &part(2, 3), last.plus(GAP), &settings()).1, Ok(()));
}

#[test]
fn code_201_is_for_lost_parts() {
    for stored in [0, 1, 3] {
        let (closed, _) = taken(&[(2, 2), (1, 2)]);
        let (after, what) = begin(closed, stored, LATE, &settings());
        assert_eq!(what, Begun::Ended(Cause::PartsLost));
        assert_eq!(after.cause().and_then(Cause::rejection), Some(Rejection::PartsLost));
        assert_eq!(after.remainder().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(begin(after.clone(), 2, LATE, &settings()), (after, Begun::Nothing));
    }
}

#[test]
fn what_is_given_up_ends_with_201_where_it_stands() {
    let three = taken(&[(1, 3), (2, 3), (3, 3)]).0;
    let (first, _) = begin(three.clone(), 3, LATE, &settings());
    let (second, _) = begin(finish(&first, 1, true).expect("it runs"), 3, LATE, &settings());
    for (before, left) in [(taken(&[(2, 3)]).0, vec![2]), (three, vec![1, 2, 3]), (second, vec![2, 3])] {
        let after = give_up(&before).expect("it goes on");
        assert_eq!((after.state(), after.cause()), (State::Error, Some(Cause::PartsLost)));
        assert!(after.is_sound() && after.running().is_none());
        assert_eq!(after.remainder().collect::<Vec<_>>(), left, "what has run has run");
        assert_eq!(give_up(&after), None);
    }
    assert_eq!(give_up(&run(taken(&[(1, 1)]).0, None)), None);
    assert_eq!(give_up(&Conversation::unreadable()), None);
}

#[test]
fn code_212_is_for_damage() {
    let lost = Conversation::unreadable();
    assert_eq!(accept(Some(lost.clone()), &part(1, 1), NOW, &settings()), (lost.clone(), Err(Rejection::Unreadable)));
    assert_eq!(begin(lost.clone(), 1, NOW, &settings()), (lost.clone(), Begun::Nothing));
    assert_eq!(delete(Some(lost.clone()), true, NOW, &settings()), (Some(lost), Err(Rejection::Unreadable)));
    // A closed state whose record says that there is one more call.
    let (closed, _) = taken(&[(1, 2), (2, 2)]);
    let mut bytes = postcard::to_stdvec(&closed).expect("a record");
    assert_eq!(bytes[2], 2, "CallsInConversation stands third");
    bytes[2] = 3;
    let damaged: Conversation = postcard::from_bytes(&bytes).expect("a record");
    assert!(!damaged.is_sound());
    let (after, verdict) = accept(Some(damaged.clone()), &part(3, 3), NOW, &settings());
    assert_eq!((after, verdict), (damaged, Err(Rejection::Unreadable)));
}

#[test]
fn codes_220_222_and_204_are_for_deletions() {
    assert_eq!(delete(None, false, NOW, &settings()), (None, Err(Rejection::NotFound)));
    let (open, _) = taken(&[(1, 2)]);
    let (closed, _) = taken(&[(1, 2), (2, 2)]);
    for before in [open.clone(), closed.clone()] {
        let (after, verdict) = delete(Some(before.clone()), false, NOW, &settings());
        let after = after.expect("a state");
        assert_eq!((verdict, after.cause()), (Ok(()), Some(Cause::Deleted)));
        assert_eq!(delete(Some(after.clone()), false, NOW, &settings()).1, Err(Rejection::AlreadyProcessed));
        assert_eq!(begin(after, 2, LATE, &settings()).1, Begun::Nothing);
    }
    let (processed, _) = begin(closed.clone(), 2, LATE, &settings());
    assert_eq!(delete(Some(processed.clone()), false, LATE, &settings()), (Some(processed), Err(Rejection::Invalid)));
    let (timed_out, verdict) = delete(Some(open), false, LATE, &settings());
    assert_eq!((timed_out.map(|it| it.state()), verdict), (Some(State::Timeout), Err(Rejection::AlreadyProcessed)));
    assert_eq!(delete(Some(run(closed, None)), false, LATE, &settings()).1, Err(Rejection::AlreadyProcessed));
}

#[test]
fn deletion_of_far_requests_can_be_forbidden() {
    let minutes = |minutes: u64| NOW.plus(Duration::from_secs(60 * minutes));
    let strict = Settings { delete_within: Some(Duration::from_secs(3600)), ..settings() };
    let judge = |ahead: u64, request, settings: &Settings| {
        let arriving = envoi::conversation::Arriving { scheduled: Some(minutes(ahead)), ..part(1, 1) };
        delete(Some(accept(None, &arriving, NOW, settings).0), request, NOW, settings).1
    };
    assert_eq!(judge(59, true, &strict), Ok(()));
    assert_eq!(judge(60, true, &strict), Err(Rejection::Invalid));
    assert_eq!(judge(60, false, &strict), Ok(()));
    assert_eq!(judge(60, true, &settings()), Ok(()));
}
