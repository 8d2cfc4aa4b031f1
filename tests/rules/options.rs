//! Options of asynchronous calls as they are read, and the order of the checks that need no state.

use std::{borrow::Cow, sync::Arc};

use envoi::{
    clock::Time,
    conversation::{Asked, Settings, place},
    message::{
        Options,
        options::{Priority, RespondWhen, ResponseType, SendResponseTo},
    },
    object::{Limits, read},
    schema::Schema,
};
use proptest::prelude::*;

use super::NOW;

/// The Options that these members make; or the text of the fault.
fn options(members: &str) -> Result<Options, String> {
    let schema = Arc::new(Schema::embedded().expect("the schema"));
    let text = format!(
        "<CreateRequest xmlns=\"http://exacttarget.com/wsdl/partnerAPI\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><Options>{members}</Options></CreateRequest>"
    );
    let tree = read(text, &schema, &Limits::default()).expect("an envelope");
    let node = tree.root().child("Options").expect("options");
    Options::read(node).map_err(|fault| fault.text)
}

#[test]
fn members_are_read() {
    let given = options(
        "<QueuePriority>High</QueuePriority><Priority>0</Priority><RequestType>Asynchronous</RequestType>\
         <RequestExpirationTime>2024-09-20T11:00:00.000-08:00</RequestExpirationTime>\
         <SendResponseTo><ResponseType>HTTPPost</ResponseType><ResponseAddress> https://a.example/x </ResponseAddress>\
         <RespondWhen>OnCallComplete</RespondWhen><IncludeResults>true</IncludeResults><IncludeObjects>1</IncludeObjects>\
         <OnlyIncludeBase>false</OnlyIncludeBase></SendResponseTo>\
         <SendResponseTo><ResponseType>Email</ResponseType><ResponseAddress>a@b.example</ResponseAddress></SendResponseTo>\
         <SendResponseTo/>",
    )
    .expect("options");
    assert_eq!(given.priority(), Priority::High);
    assert_eq!(given.request_expiration_time.map(|time| time.to_string()).as_deref(), Some("2024-09-20T19:00:00Z"));
    let post = SendResponseTo {
        kind: ResponseType::HttpPost,
        address: "https://a.example/x".to_owned(),
        when: RespondWhen::OnCallComplete,
        include_results: true,
        include_objects: true,
        only_include_base: false,
    };
    let email = SendResponseTo {
        kind: ResponseType::Email,
        address: "a@b.example".to_owned(),
        when: RespondWhen::Never,
        ..SendResponseTo::default()
    };
    assert_eq!(given.send_response_to, [post, email, SendResponseTo::default()]);
}

#[test]
fn the_deprecated_priority_counts_when_it_stands_alone() {
    let priority = |members: &str| options(members).map(|options| options.priority());
    assert_eq!(priority(""), Ok(Priority::Medium));
    for (byte, expected) in
        [("2", Priority::High), ("1", Priority::Medium), ("0", Priority::Low), ("+2", Priority::High)]
    {
        assert_eq!(priority(&format!("<Priority>{byte}</Priority>")), Ok(expected), "{byte}");
    }
    assert_eq!(priority("<Priority>2</Priority><QueuePriority>Low</QueuePriority>"), Ok(Priority::Low));
    assert_eq!(priority("<QueuePriority xsi:nil=\"true\"/><Priority>2</Priority>"), Ok(Priority::High));
}

#[test]
fn every_word_of_the_enumerations_is_known() {
    for when in
        ["Never", "OnError", "Always", "OnConversationError", "OnConversationComplete", "OnCallComplete", "OnExpired"]
    {
        let read = options(&format!("<SendResponseTo><RespondWhen>{when}</RespondWhen></SendResponseTo>"));
        assert_eq!(format!("{:?}", read.expect(when).send_response_to[0].when), when);
    }
    let kinds = [
        ("None", ResponseType::None),
        ("email", ResponseType::Email),
        ("EMAIL", ResponseType::Email),
        ("FTP", ResponseType::Ftp),
    ];
    for (word, kind) in kinds {
        let read = options(&format!("<SendResponseTo><ResponseType>{word}</ResponseType></SendResponseTo>"));
        assert_eq!(read.expect(word).send_response_to[0].kind, kind);
    }
}

#[test]
fn wrong_values_are_faults_with_their_place() {
    let wrong = [
        "<QueuePriority>Urgent</QueuePriority>",
        "<Priority>128</Priority>",
        "<Priority>high</Priority>",
        "<RequestExpirationTime>tomorrow</RequestExpirationTime>",
        "<ScheduledTime>2024-13-01T00:00:00Z</ScheduledTime>",
        "<SendResponseTo><ResponseType>Fax</ResponseType></SendResponseTo>",
        "<SendResponseTo><RespondWhen>Sometimes</RespondWhen></SendResponseTo>",
        "<SendResponseTo><IncludeResults>yes</IncludeResults></SendResponseTo>",
    ];
    for members in wrong {
        let fault = options(members).expect_err(members);
        assert!(fault.contains("expected") && fault.contains("line 1"), "{fault}");
    }
}

#[test]
fn a_word_that_is_none_is_told_all_that_are() {
    let words = [
        ("<RequestType>Later</RequestType>", "Synchronous or Asynchronous"),
        ("<QueuePriority>Urgent</QueuePriority>", "High, Medium or Low"),
        (
            "<SaveOptions><SaveOption><SaveAction>Keep</SaveAction></SaveOption></SaveOptions>",
            "AddOnly, Default, Delete, Nothing, UpdateAdd or UpdateOnly",
        ),
        ("<SendResponseTo><ResponseType>Fax</ResponseType></SendResponseTo>", "None, email, HTTPPost or FTP"),
        (
            "<SendResponseTo><RespondWhen>Sometimes</RespondWhen></SendResponseTo>",
            "Never, OnError, Always, OnConversationError, OnConversationComplete, OnCallComplete or OnExpired",
        ),
    ];
    for (members, expected) in words {
        let fault = options(members).expect_err(members);
        assert!(fault.contains(&format!(", expected {expected} (line 1")), "{fault}");
    }
}

/// The code of a call, from a list of all rules that it breaks.
fn codes(options: &Options, objects: usize, ids: &[Cow<'_, str>]) -> Vec<i64> {
    let (id, sequence, calls) = (&options.conversation_id, options.sequence_code, options.calls_in_conversation);
    let queued = options.asynchronous;
    let any = id.is_some() || sequence.is_some() || calls.is_some();
    let late = |time: Option<Time>, than: i64| time.is_some_and(|time| time.millis() > than);
    let told_badly = options
        .send_response_to
        .iter()
        .any(|to| to.kind != ResponseType::None && !to.address.starts_with("https://") && to.address != "a@b.example");
    let expires = options.request_expiration_time;
    let repeated = (1..ids.len()).any(|at| !ids[at].is_empty() && ids[..at].contains(&ids[at]));
    let broken = [
        (209, any && !queued),
        (207, queued && any && id.as_deref().unwrap_or_default().is_empty()),
        (202, queued && calls.is_some() && sequence.is_none()),
        (208, queued && sequence.is_some() && calls.is_none()),
        (206, queued && calls.is_some_and(|calls| calls < 1)),
        (205, queued && sequence.is_some_and(|code| code < 1 || Some(code) > calls)),
        (218, objects >= 32_767),
        (226, queued && late(options.scheduled_time, NOW.millis() + 30 * 24 * 3600 * 1000)),
        (227, queued && told_badly),
        (228, queued && expires.is_some() && !late(expires, NOW.millis() - 1)),
        (229, queued && expires.is_some_and(|expires| late(options.scheduled_time, expires.millis()))),
        (231, queued && expires.is_some() && calls > Some(1)),
        (204, queued && repeated),
    ];
    broken.into_iter().filter(|(_, broken)| *broken).map(|(code, _)| code).collect()
}

fn any_options() -> impl Strategy<Value = Options> {
    let id = prop_oneof![2 => Just(None), 1 => Just(Some(String::new())), 5 => Just(Some("c".to_owned()))];
    let number = || prop_oneof![1 => Just(None), 4 => (-1..4i32).prop_map(Some)];
    let days = |from: i64, to: i64| {
        let time = (from..to, -1..2i64)
            .prop_map(|(days, millis)| Time::from_millis(NOW.millis() + days * 86_400_000 + millis));
        prop_oneof![3 => Just(None), 2 => time.prop_map(Some)]
    };
    let kind = prop_oneof![Just(ResponseType::HttpPost), Just(ResponseType::Email)];
    let to = (kind, any::<bool>()).prop_map(|(kind, safe)| {
        let address = match (safe, kind) {
            (true, ResponseType::Email) => "a@b.example",
            (true, _) => "https://a.example/",
            (false, _) => "http://a.example/",
        };
        let address = address.to_owned();
        SendResponseTo { kind, address, ..SendResponseTo::default() }
    });
    let to = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(to, 0..3)];
    (prop::bool::weighted(0.9), id, number(), number(), days(-1, 33), days(-1, 3), to).prop_map(
        |(
            asynchronous,
            conversation_id,
            sequence_code,
            calls_in_conversation,
            scheduled_time,
            expires,
            send_response_to,
        )| Options {
            asynchronous,
            conversation_id,
            sequence_code,
            calls_in_conversation,
            scheduled_time,
            request_expiration_time: expires,
            send_response_to,
            ..Options::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn the_first_broken_rule_is_told(
        options in any_options(),
        many in prop::bool::weighted(0.1),
        ids in prop::collection::vec(prop_oneof![Just(""), Just("a"), Just("b"), Just("c")], 0..3),
    ) {
        let objects = if many { 32_767 } else { 3 };
        let ids: Vec<_> = ids.into_iter().map(Cow::Borrowed).collect();
        let asked = Asked { options: &options, objects, correlation_ids: &ids };
        let told = place(&asked, NOW, &Settings::default()).err().map(|refused| refused.code());
        prop_assert_eq!(told, codes(&options, objects, &ids).first().copied());
    }
}
