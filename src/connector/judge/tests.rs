//! Answers of every form, judged.

use proptest::prelude::*;

use super::*;
use crate::connector::{
    codes::{LATER, TABLE},
    specimen::{SECRET, connector, message},
};

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() }
}

fn verdict(system: System, status: u16, body: &str) -> Verdict {
    judge(&connector(system), &message(system), &answer(status, body), None)
}

fn check(system: System, status: u16, body: &str, standing: Standing, code: Option<&str>) {
    let verdict = verdict(system, status, body);
    assert_eq!((verdict.standing, verdict.code.as_deref()), (standing, code), "{status} {body}");
}

/// Each envelope in which a system writes a code, and the HTTP statuses that it may come with.
fn envelopes(system: System, code: &str) -> Vec<String> {
    match system {
        System::Salesforce if code.parse::<u32>().is_err() => {
            vec![format!(r#"{{"success":false,"errorReason":"{code}"}}"#)]
        }
        System::Salesforce => vec![
            format!(r#"{{"code":{code},"message":"m"}}"#),
            format!(r#"{{"code":"{code}","message":"m"}}"#),
            format!(r#"{{"success":false,"errorDetail":{{"code":{code},"message":"m"}}}}"#),
            format!(r#"{{"success":false,"code":{code},"message":"m"}}"#),
            format!(r#"{{"success":false,"errors":[{{"errorMessage":"m","apiErrorCode":{code}}}]}}"#),
        ],
        System::Yeastar => vec![
            format!(r#"{{"errcode":{code},"errmsg":"m"}}"#),
            format!(r#"{{"errcode":"{code}","errmsg":"m"}}"#),
            format!("{{\"errcode\":{code},\n\"errmsg\":\"m\",\n}}"),
        ],
        System::Connectly if code.starts_with("ERROR_TYPE") => {
            vec![format!(r#"{{"message":"m","type":"{code}"}}"#), format!(r#"{{"type":"{code}","code":""}}"#)]
        }
        System::Connectly => vec![
            format!(r#"{{"message":"m","type":"ERROR_TYPE_DEADLINE_EXCEEDED","code":"{code}","cntTraceId":"1"}}"#),
            format!(r#"{{"code":"{code}"}}"#),
        ],
    }
}

#[test]
fn a_known_code_decides_over_http_in_every_envelope() {
    for row in TABLE {
        let expected = match (row.class, row.retryable, row.ambiguous) {
            (Class::Ok, ..) => match row.code {
                "0" => Standing::Accepted,
                "1" => Standing::Partial,
                _ => Standing::Processing,
            },
            (_, false, _) => Standing::Refused,
            (_, true, true) => Standing::Ambiguous,
            (Class::RateLimit, ..) => Standing::Limited,
            (Class::Auth, ..) => Standing::Unauthorized,
            _ => Standing::Again,
        };
        for body in envelopes(row.system, row.code) {
            for status in [200, 202, 400, 401, 404, 429, 500, 503] {
                let verdict = verdict(row.system, status, &body);
                assert_eq!(verdict.standing, expected, "{status} {body}");
                assert_eq!(verdict.code.as_deref().or(verdict.kind.as_deref()), Some(row.code), "{status} {body}");
                assert_eq!(verdict.http, status);
            }
        }
    }
    for row in LATER.iter().filter(|row| row.code != "ERROR_CODE_UNSPECIFIED") {
        for body in envelopes(row.system, row.code).iter().filter(|_| row.system != System::Yeastar) {
            let expected = of_family(class_of(row.system, row.code));
            assert_eq!(verdict(row.system, 200, body).standing, expected, "{body}");
        }
    }
}

#[test]
fn salesforce() {
    use Standing::{Accepted, Again, Ambiguous, Limited, Refused, Unauthorized};
    let ok = r#"{"conversationIdentifier":"c-1","id":"i-1","workItemIds":[],"success":true}"#;
    let taken = verdict(System::Salesforce, 202, ok);
    assert_eq!((taken.standing, taken.id.as_deref(), taken.code), (Accepted, Some("c-1"), None));
    let check = |status, body, standing, code| check(System::Salesforce, status, body, standing, code);
    check(202, r#"{"success":false}"#, Refused, None);
    check(202, r#"{"success":"false","errorDetail":{"code":10055}}"#, Again, Some("10055"));
    check(202, r#"{"conversationIdentifier":"c-1"}"#, Ambiguous, None);
    check(500, ok, Ambiguous, None);
    check(400, r#"{"code":0,"message":"Interaction request rate limit exceeded"}"#, Limited, None);
    check(200, r#"{"success":false,"message":"Interaction request rate limit exceeded"}"#, Limited, None);
    check(400, r#"{"code":10200,"message":"new"}"#, Refused, Some("10200"));
    check(400, r#"{"code":20200,"message":"new"}"#, Ambiguous, Some("20200"));
    check(401, r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#, Unauthorized, None);
    check(200, r#"{"success":true,"code":200}"#, Accepted, None);
    let reason = verdict(System::Salesforce, 200, r#"{"success":false,"errorReason":"NO_ACCESS"}"#);
    assert_eq!((reason.standing, reason.kind.as_deref()), (Refused, Some("NO_ACCESS")));
}

#[test]
fn yeastar() {
    use Standing::{Accepted, Ambiguous, Refused, Unauthorized};
    let check = |status, body, standing, code| check(System::Yeastar, status, body, standing, code);
    check(200, "{\"errcode\": 0,\n\"errmsg\": \"SUCCESS\",\n}", Accepted, Some("0"));
    check(200, r#"{"errcode":0.0,"errmsg":"SUCCESS"}"#, Accepted, Some("0"));
    check(200, r#"{"errmsg":"SUCCESS"}"#, Ambiguous, None);
    check(200, r#"{"errcode":70999,"errmsg":"NEW"}"#, Refused, Some("70999"));
    check(200, r#"{"errcode":10006,"errmsg":"TOKEN"}"#, Unauthorized, Some("10006"));
    check(401, "", Unauthorized, None);
    let id = |body| verdict(System::Yeastar, 200, body).id;
    assert_eq!(id(r#"{"errcode":0,"data":{"msg_id":17}}"#).as_deref(), Some("17"));
    assert_eq!(id(r#"{"errcode":0,"id":"31"}"#).as_deref(), Some("31"));
    assert_eq!(id(r#"{"errcode":0}"#), None);
    let login =
        r#"{"errcode":-1,"errmsg":"FAILURE","invalid_param_list":[{"field":"username or password","value":"error"}]}"#;
    assert_eq!(verdict(System::Yeastar, 200, login).message, "FAILURE (username or password error)");
    let twice = r#"{"errcode":40003,"errmsg":"DUPLICATE KEY VALUE","submsg":"taken","duplicate_field_list":[{"field":"email","value":"a@b"}]}"#;
    assert_eq!(verdict(System::Yeastar, 200, twice).message, "DUPLICATE KEY VALUE: taken (email a@b)");
}

#[test]
fn connectly_by_code_before_type() {
    use Standing::{Accepted, Ambiguous, Limited, Refused};
    let sample = r#"{"message":"m","type":"ERROR_TYPE_DEADLINE_EXCEEDED","code":"ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW","userTitle":"t","userMessage":"u","cntTraceId":"11824978358485860716","details":{}}"#;
    let window = verdict(System::Connectly, 504, sample);
    assert_eq!((window.standing, window.message.as_str()), (Refused, "m: u"));
    assert_eq!(window.trace.as_deref(), Some("11824978358485860716"));
    assert_eq!(window.kind.as_deref(), Some("ERROR_TYPE_DEADLINE_EXCEEDED"));
    let check = |status, body, standing, code| check(System::Connectly, status, body, standing, code);
    check(201, r#"{"id":"01FPW47QF69Y5JZH24605VAKQB"}"#, Accepted, None);
    check(201, "{}", Ambiguous, None);
    check(
        500,
        r#"{"type":"ERROR_TYPE_RATE_LIMIT","code":"ERROR_CODE_OF_TOMORROW"}"#,
        Limited,
        Some("ERROR_CODE_OF_TOMORROW"),
    );
    check(
        500,
        r#"{"type":"ERROR_TYPE_RATE_LIMIT","code":"ERROR_CODE_UNSPECIFIED"}"#,
        Limited,
        Some("ERROR_CODE_UNSPECIFIED"),
    );
    check(500, r#"{"code":"ERROR_CODE_UNSPECIFIED"}"#, Ambiguous, Some("ERROR_CODE_UNSPECIFIED"));
    check(200, r#"{"error":{"code":"ERROR_CODE_MESSAGE_TEXT_EMPTY"}}"#, Refused, Some("ERROR_CODE_MESSAGE_TEXT_EMPTY"));
    check(429, "slow down", Limited, None);
}

#[test]
fn without_a_code_http_decides() {
    use Standing::{Again, Ambiguous, Limited, Refused, Unauthorized};
    let page = "<html>not JSON</html>";
    for system in System::ALL {
        for (status, standing) in [
            (200, Ambiguous),
            (202, Ambiguous),
            (204, Ambiguous),
            (302, Refused),
            (400, Refused),
            (401, Unauthorized),
            (403, Refused),
            (404, Refused),
            (408, Again),
            (413, Refused),
            (425, Again),
            (429, Limited),
            (500, Ambiguous),
            (501, Refused),
            (502, Ambiguous),
            (503, Ambiguous),
            (504, Ambiguous),
            (0, Ambiguous),
            (999, Ambiguous),
        ] {
            assert_eq!(verdict(system, status, page).standing, standing, "{system:?} {status}");
        }
        let wait = Some(std::time::Duration::from_millis(1500));
        let busy = Answer { retry_after: wait, content_type: Some("text/html".to_owned()), ..answer(503, page) };
        let busy = judge(&connector(system), &message(system), &busy, None);
        assert_eq!((busy.standing, busy.after_ms), (Again, Some(1500)));
    }
}

#[test]
fn what_broke_off_is_in_doubt_unless_it_names_its_error() {
    let cut = |system, status, body| {
        judge(&connector(system), &message(system), &Answer { is_cut: true, ..answer(status, body) }, None).standing
    };
    for (system, whole) in [
        (System::Salesforce, r#"{"conversationIdentifier":"c","success":true}"#),
        (System::Yeastar, r#"{"errcode":0,"errmsg":"SUCCESS"}"#),
        (System::Connectly, r#"{"id":"01FPW47QF69Y5JZH24605VAKQB"}"#),
    ] {
        for end in 0..=whole.len() {
            assert_eq!(cut(system, 202, &whole[..end]), Standing::Ambiguous, "{whole} {end}");
        }
    }
    assert_eq!(cut(System::Yeastar, 200, r#"{"errcode":40002,"errmsg":"x"}  "#), Standing::Refused);
    assert_eq!(cut(System::Salesforce, 404, "<html"), Standing::Refused);
}

#[test]
fn what_does_no_harm_twice_is_tried_again() {
    let contact = |change| Action::Contact(change);
    let stand = |action| {
        let message = Message { action, ..message(System::Salesforce) };
        judge(&connector(System::Salesforce), &message, &answer(500, r#"{"code":500,"message":"m"}"#), None).standing
    };
    assert_eq!(stand(Action::Consent { status: "OptedOut".to_owned() }), Standing::Again);
    assert_eq!(stand(Action::Open { attributes: Vec::new() }), Standing::Again);
    assert_eq!(stand(contact(ContactChange::Update("1".to_owned(), Vec::new()))), Standing::Again);
    assert_eq!(stand(contact(ContactChange::Create(Vec::new()))), Standing::Ambiguous);
}

#[test]
fn no_answer_is_safe_only_when_nothing_was_sent() {
    let connector = connector(System::Yeastar);
    assert_eq!(unanswered(&connector, "connection refused", false).standing, Standing::Again);
    let late = unanswered(&connector, &format!("no answer to ?access_token=abc in time ({SECRET})"), true);
    assert_eq!((late.standing, late.http), (Standing::Ambiguous, 0));
    assert_eq!(late.message, "no answer to ?access_token=… in time (…)");
}

#[test]
fn no_secret_is_kept() {
    let body = format!(
        r#"{{"errcode":0,"errmsg":"for {SECRET}","access_token":"tok-1","refresh_token" : "tok-2","Password":"tok-3",
        "url":"https://x/?access_token=tok-4&to=1","header":"Authorization: Bearer tok-5","nested":"{{\"api_key\":\"tok-6\"}}",
        "webhook":"secret-of-webhooks","told":"the password is wrong"}} Bearer tok-7"#
    );
    for system in System::ALL {
        let verdict = verdict(system, 200, &body);
        for secret in [SECRET, "tok-", "secret-of-webhooks"] {
            assert!(!verdict.raw.contains(secret) && !verdict.message.contains(secret), "{secret}: {verdict:?}");
        }
        assert!(verdict.raw.contains("&to=1") && verdict.raw.contains("the password is wrong"), "{}", verdict.raw);
    }
    let long = format!("{}{SECRET}", "x".repeat(Verdict::RAW - 3));
    assert!(verdict(System::Yeastar, 200, &long).raw.ends_with("x…"));
}

#[test]
fn a_secret_is_not_kept_in_any_form_in_which_it_is_repeated() {
    let token = Secret::new("Ab3/Zk9+key\"base64==");
    for form in [
        token.expose().to_owned(),
        "Ab3/Zk9+key\\\"base64==".to_owned(),
        "Ab3\\/Zk9+key\\\"base64==".to_owned(),
        "Ab3%2FZk9%2Bkey%22base64%3D%3D".to_owned(),
    ] {
        let answer = Answer { status: 200, body: format!("not for <{form}>").into_bytes(), ..Answer::default() };
        let kept = judge(&connector(System::Yeastar), &message(System::Yeastar), &answer, Some(&token)).raw;
        assert_eq!(kept, "not for <…>", "{form}");
    }
}

fn systems() -> impl Strategy<Value = System> {
    prop::sample::select(System::ALL.to_vec())
}

proptest! {
    #[test]
    fn anything_gives_a_verdict(
        system in systems(),
        status in any::<u16>(),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..600),
            r#"[\[{",:}\]\\ a-z0-9é…]{0,300}"#.prop_map(String::into_bytes),
            r#"\{"(errcode|code|type|success|errorDetail|id)": ?("?[-0-9a-zA-Z_]{0,30}"?|true|false|null|\[\]|\{\}),?\}"#
                .prop_map(String::into_bytes),
        ],
        is_cut in any::<bool>(),
    ) {
        let answer = Answer { status, is_cut, body, ..Answer::default() };
        let verdict = judge(&connector(system), &message(system), &answer, None);
        prop_assert!(verdict.raw.len() <= Verdict::RAW);
        prop_assert!(verdict.message.chars().count() <= 500 && !verdict.message.chars().any(char::is_control));
        // Taken is only what says so in a whole answer.
        if verdict.standing == Standing::Accepted {
            prop_assert!(!is_cut && (200..300).contains(&status) || system == System::Yeastar);
        }
    }

    #[test]
    fn bytes_are_kept_bounded_and_masked(head in "[ -~é€\u{10FFFF}]{0,5000}", token in "[a-zA-Z0-9.!]{8,40}") {
        let body = format!(r#"{head}"access_token":"{token}~""#);
        let kept = verdict(System::Yeastar, 200, &body).raw;
        prop_assert!(kept.len() <= Verdict::RAW);
        let secret = format!("{token}~");
        prop_assert!(!kept.contains(&secret));
    }

    #[test]
    fn commas_at_the_end_change_nothing_else(text in "[\\[\\]{},\"\\\\ a-z]{0,40}", number in any::<i64>()) {
        let value = serde_json::json!({"errcode": number, "list": [text.clone()], "text": text.clone()});
        let text = serde_json::Value::String(text).to_string();
        let loose = format!("{{\"errcode\":{number},\"list\":[{text} ,\n],\"text\":{text},}}");
        prop_assert_eq!(json::read(loose.as_bytes()), Some(value));
    }
}

#[test]
fn deep_nesting_is_no_json() {
    let deep = "[".repeat(100_000);
    check(System::Connectly, 200, &deep, Standing::Ambiguous, None);
}

#[test]
fn a_template_that_was_handed_in_has_its_status() {
    let made = Message {
        action: Action::Other { operation: "create/template".to_owned(), body: "{}".to_owned() },
        ..message(System::Connectly)
    };
    let judged = |status: &str, reason: &str| {
        let body = format!(
            r#"{{"entity":{{"id":"n","name":"n","category":"UTILITY","templates":[{{"id":"1385","status":"{status}","rejectionReason":{reason}}}]}}}}"#
        );
        let answer = Answer { status: 201, body: body.into_bytes(), ..Answer::default() };
        judge(&connector(System::Connectly), &made, &answer, None)
    };
    for (status, said) in [("MESSAGE_TEMPLATE_STATUS_PENDING", "PENDING"), ("APPROVED", "APPROVED")] {
        let verdict = judged(status, "null");
        assert_eq!((verdict.standing, verdict.id.as_deref()), (Standing::Accepted, Some("1385")));
        assert_eq!(verdict.message, format!("accepted; the template is {said}"));
    }
    let verdict = judged("MESSAGE_TEMPLATE_STATUS_REJECTED", r#""INVALID_FORMAT""#);
    assert_eq!((verdict.standing, verdict.code), (Standing::Refused, None));
    assert_eq!(verdict.kind.as_deref(), Some("MESSAGE_TEMPLATE_STATUS_REJECTED"));
    assert_eq!(verdict.message, "the template is REJECTED: INVALID_FORMAT");
    // All templates of a business are none that was made.
    let all = r#"{"entity":{"templateGroups":[{"id":"n","name":"n","templates":[{"id":"1","status":"PENDING"}]}]}}"#;
    let answer = Answer { status: 200, body: all.as_bytes().to_vec(), ..Answer::default() };
    let verdict = judge(&connector(System::Connectly), &made, &answer, None);
    assert_eq!((verdict.standing, verdict.id, verdict.message.as_str()), (Standing::Accepted, None, "accepted"));
}

/// The verdict on an answer to an operation of Yeastar.
fn operation(name: &str, answer: &Answer) -> Verdict {
    let action = Action::Other { operation: name.to_owned(), body: "{}".to_owned() };
    judge(&connector(System::Yeastar), &Message { action, ..message(System::Yeastar) }, answer, None)
}

#[test]
fn what_a_reading_operation_was_answered_is_kept_whole() {
    let most = connector(System::Yeastar).max_answer;
    let body = |length: usize| format!(r#"{{"errcode":0,"data":"{}"}}"#, "x".repeat(length));
    let whole = answer(200, &body(20_000));
    assert_eq!(operation("message/query", &whole).raw, body(20_000));
    // All else is cut, and says so.
    let sent = operation("message_session/close", &whole).raw;
    assert!(sent.len() <= Verdict::RAW && sent.ends_with(&format!("x … (cut: 4016 of {} bytes)", body(20_000).len())));
    let mut long = answer(200, &body(most)[..most]);
    long.is_cut = true;
    let verdict = operation("message/query", &long);
    assert_eq!(verdict.standing, Standing::Refused, "it would be as long again");
    assert_eq!(verdict.message, format!("the answer is longer than `max_answer` of the connector ({most} bytes)"));
    assert!(verdict.raw.ends_with(&format!("(cut: {} of more than {most} bytes)", most - 80)), "{}", verdict.raw.len());
    assert_eq!(operation("message_session/close", &long).standing, Standing::Ambiguous);
}

#[test]
fn what_only_reads_is_done_again_without_a_question() {
    let repeatable = |name: &str| Action::Other { operation: name.to_owned(), body: "{}".to_owned() }.is_repeatable();
    for reads in ["message/get", "message/query", "company_contact/list", "conversationEntries", "get/templates"] {
        assert!(repeatable(reads), "{reads}");
    }
    // GET removes too, in one of the systems.
    for changes in ["phonebook/delete", "message_session/close", "cancelRoute", "send/campaigns", "conversationEntry"] {
        assert!(!repeatable(changes), "{changes}");
    }
    let broken = Answer { is_cut: true, ..answer(200, r#"{"errcode":0,"da"#) };
    assert_eq!(operation("message/get", &broken).standing, Standing::Again);
    assert_eq!(operation("phonebook/delete", &broken).standing, Standing::Ambiguous);
}
