//! A callback, a mail with results and the mail of a triggered send, with a SIGKILL at every single step from the call that
//! asks for it to the end that is written down, a refusal and a rest of the place included. Whatever the step: what was
//! acknowledged arrives, whatever may have gone twice has one id, and a send that may have gone is in doubt and goes out again
//! only when an operator says so.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{
    gateway::request,
    house::{Asynchronous, list},
    program::{Program, call},
    receiver::{Authority, Receiver, Reply, to},
    sink::{Act, Manners, Sink},
    steps::{Stage, Step, in_order},
};

/// Seconds after which a place that has refused once is tried again.
const RETRY: u64 = 61;
/// Seconds between the rounds: each program's clock begins at the present moment, and goes on beyond where the last one's stood.
const ROUND: u64 = 1000;

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// What an asynchronous Create does that asks to be told, with the clock moved on past the rest after a refusal. Gives
/// whether it was acknowledged.
fn ask(program: &Program, options: &Asynchronous, name: &str) -> bool {
    let answer = call(program.soap, "Create", &request("CreateRequest", &options.text(), &list(name)));
    go_on(program, answer.as_ref())
}

fn go_on(program: &Program, answer: Option<&crate::gateway::Answer>) -> bool {
    let Some(answer) = answer else { return false };
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
    for seconds in [0, RETRY] {
        if program.asked("POST", &format!("/time?by={}", seconds * 1000)).is_none() {
            break;
        }
    }
    true
}

/// A delivery, with its attempts.
pub(crate) fn whole(program: &Program, delivery: &Value) -> Value {
    program.told(&format!("/delivery?id={}", delivery["id"].as_str().unwrap()))
}

pub(crate) fn outcomes(delivery: &Value) -> Vec<String> {
    let attempts = delivery["attempts"].as_array().unwrap();
    attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap().to_owned()).collect()
}

/// What holds of results that are told, by callback or by mail: `arrived` has the id of each that came, in order.
fn check_told(program: &Program, name: &str, died: &str, acknowledged: bool, arrived: &[String]) -> Vec<String> {
    let owed = program.told(&format!("/deliveries?conversation={name}"));
    let owed = owed.as_array().unwrap();
    assert!(owed.len() == 1 || (owed.is_empty() && !acknowledged), "{name}, killed at {died}: {owed:?}");
    let Some(delivery) = owed.first() else {
        assert!(arrived.is_empty(), "{name}, killed at {died}: nothing is owed, and {arrived:?} came");
        return Vec::new();
    };
    let delivery = whole(program, delivery);
    let said = format!("{name}, killed at {died}: {arrived:?} came of {delivery}");
    assert_eq!(delivery["state"], "delivered", "{said}");
    assert!(arrived.iter().all(|id| delivery["id"] == id.as_str()), "{said}");
    // Each that came was written down as begun before; the first was refused, the last was taken.
    let (outcomes, tries) = (outcomes(&delivery), delivery["tries"].as_u64().unwrap());
    assert!(!arrived.is_empty() && tries >= arrived.len() as u64 && tries == outcomes.len() as u64, "{said}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "delivered").count(), 1, "{said}");
    let interrupted = outcomes.iter().filter(|outcome| *outcome == "interrupted").count();
    assert!(interrupted <= 1 && outcomes.last().unwrap() == "delivered", "{said}");
    outcomes
}

/// The steps of the whole were gone through one by one, and the kills met every stretch of the way.
fn check_way(steps: &[Step], other: &str, met: &BTreeMap<String, usize>) {
    let (say, hear, connect) = (format!("say {other}"), format!("hear {other}"), format!("connect {other}"));
    let begin = ["disk", "sync", &connect, &say, &hear];
    let way = ["hear caller", "disk", "sync"].into_iter().chain(begin).chain(["disk", "sync"]);
    let again = ["hear operator", "disk", "sync", &say, &hear, "disk", "sync", "say operator"];
    let way: Vec<&str> = way.chain(again).collect();
    assert!(in_order(steps, &way), "{steps:?}");
    assert!(in_order(steps, &["hear caller", "sync", "say caller"]), "answered before it was durable: {steps:?}");
    // A kill at each step, and none in the last round.
    assert!(met.values().sum::<usize>() > steps.len(), "{met:?}");
    println!("{other}: killed at each of {} steps; attempts afterwards: {met:?}", steps.len());
}

#[test]
fn a_callback_killed_at_every_step_is_owed_or_taken() {
    let (runtime, authority) = (runtime(), Authority::new());
    let receiver = runtime.block_on(Receiver::start(&authority, &["localhost"]));
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let settings = vec![
        ("ENVOI_CALLBACK_CA", ca.display().to_string()),
        ("ENVOI_CALLBACK_ALLOW_NETWORKS", "127.0.0.0/8".to_owned()),
        ("ENVOI_CALLBACK_BREAKER_FAILURES", "1".to_owned()),
    ];
    let stage = Stage::new(settings, vec![("receiver", receiver.addr)]);
    let url = format!("https://localhost:{}/", receiver.addr.port());
    let name = |round: usize| format!("r{round}");
    let met = std::cell::RefCell::new(BTreeMap::new());
    let work = |program: &Program, round: usize| {
        receiver.will([Reply::Status(503, Vec::new())]);
        let options = to(Asynchronous::part(&name(round), 1, 1), &url, "OnCallComplete", "");
        ask(program, &options, &name(round))
    };
    let check = |program: &Program, round: usize, died: &str, acknowledged: bool| {
        receiver.will_nothing_more();
        program.advance(round as u64 * ROUND);
        let seen = receiver.seen();
        let came: Vec<_> = seen.iter().filter(|seen| seen.field("ConversationID") == name(round)).collect();
        let ids: Vec<String> = came.iter().map(|seen| seen.header("webhook-id").to_owned()).collect();
        let outcomes = check_told(program, &name(round), died, acknowledged, &ids);
        let attempts: BTreeSet<_> = came.iter().map(|seen| seen.header("envoi-attempt")).collect();
        assert_eq!(attempts.len(), came.len(), "no attempt came twice");
        *met.borrow_mut().entry(outcomes.join(" ")).or_default() += 1;
    };
    let steps = stage.at_every_step(work, check);
    let met = met.into_inner();
    check_way(&steps, "receiver", &met);
    // Before it is owed, before its first attempt, within it, between the two, within the second, after it.
    for expected in ["", "interrupted delivered", "retry interrupted delivered", "retry delivered"] {
        assert!(met.contains_key(expected), "no kill led to {expected:?}: {met:?}");
    }
}

/// The mails that came for an address, by their Message-IDs.
pub(crate) fn mails(sink: &Sink, address: &str) -> Vec<String> {
    let wanted = format!("To: {address}\r\n");
    let field = |text: &str| text.split("Message-ID: <").nth(1).unwrap().split('@').next().unwrap().to_owned();
    let messages = sink.seen().messages;
    let texts = messages.iter().map(|message| String::from_utf8_lossy(message).into_owned());
    texts.filter(|text| text.contains(&wanted)).map(|text| field(&text)).collect()
}

pub(crate) fn relay(sink: &Sink) -> Stage {
    let settings = vec![
        ("ENVOI_MAIL_RELAY", sink.addr.to_string()),
        ("ENVOI_MAIL_TLS", "none".to_owned()),
        ("ENVOI_MAIL_FROM", "envoi@example.com".to_owned()),
        ("ENVOI_CALLBACK_BREAKER_FAILURES", "1".to_owned()),
        ("ENVOI_SERVER_DRAIN_TIMEOUT", "0ms".to_owned()),
    ];
    Stage::new(settings, vec![("relay", sink.addr)])
}

fn later() -> Manners {
    Manners::default().act("RCPT", Act::Say("451 4.3.0 later"))
}

#[test]
fn a_mail_with_results_killed_at_every_step_is_owed_or_taken() {
    let runtime = runtime();
    let sink = runtime.block_on(Sink::start(Manners::default()));
    let stage = relay(&sink);
    let name = |round: usize| format!("r{round}");
    let met = std::cell::RefCell::new(BTreeMap::new());
    let work = |program: &Program, round: usize| {
        sink.will(later());
        let target = format!(
            "<ResponseType>email</ResponseType><ResponseAddress>{}@example.com</ResponseAddress>\
             <RespondWhen>OnCallComplete</RespondWhen><IncludeResults>true</IncludeResults>",
            name(round)
        );
        let options = Asynchronous::part(&name(round), 1, 1).with("SendResponseTo", &target);
        ask(program, &options, &name(round))
    };
    let check = |program: &Program, round: usize, died: &str, acknowledged: bool| {
        sink.will(Manners::default());
        program.advance(round as u64 * ROUND);
        let came = mails(&sink, &format!("{}@example.com", name(round)));
        let outcomes = check_told(program, &name(round), died, acknowledged, &came);
        *met.borrow_mut().entry(outcomes.join(" ")).or_default() += 1;
    };
    let steps = stage.at_every_step(work, check);
    let met = met.into_inner();
    check_way(&steps, "relay", &met);
    for expected in ["", "interrupted delivered", "retry interrupted delivered", "retry delivered"] {
        assert!(met.contains_key(expected), "no kill led to {expected:?}: {met:?}");
    }
}

/// The files in a folder that are not hidden, each of which must be whole.
fn files(folder: &std::path::Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    for name in &names {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.ends_with("</ResultMessage>"), "{name} is cut: {text}");
    }
    names
}

#[test]
fn a_file_killed_at_every_step_is_whole_or_not_there() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let place = folder.path().join("drop");
    let stage = Stage::new(vec![("ENVOI_CALLBACK_DROP_FOLDER", place.display().to_string())], Vec::new());
    let name = |round: usize| format!("r{round}");
    let met = std::cell::RefCell::new(BTreeMap::new());
    let work = |program: &Program, round: usize| {
        let target = "<ResponseType>FTP</ResponseType><ResponseAddress>x</ResponseAddress>\
                      <RespondWhen>OnCallComplete</RespondWhen><IncludeResults>true</IncludeResults>";
        let options = Asynchronous::part(&name(round), 1, 1).with("SendResponseTo", target);
        let acknowledged = ask(program, &options, &name(round));
        // As it was left.
        files(&place);
        acknowledged
    };
    let check = |program: &Program, round: usize, died: &str, acknowledged: bool| {
        program.advance(round as u64 * ROUND);
        let owed = program.told(&format!("/deliveries?conversation={}", name(round)));
        let id = |delivery: &Value| delivery["id"].as_str().unwrap().to_owned();
        let ids: Vec<String> = owed.as_array().unwrap().iter().map(id).collect();
        let all = files(&place);
        let there: Vec<String> = ids.iter().filter(|id| all.contains(&format!("{id}.xml"))).cloned().collect();
        let outcomes = check_told(program, &name(round), died, acknowledged, &there);
        *met.borrow_mut().entry(outcomes.join(" ")).or_default() += 1;
    };
    let steps = stage.at_every_step(work, check);
    let met: BTreeMap<String, usize> = met.into_inner();
    assert!(
        in_order(&steps, &["hear caller", "disk", "sync", "say caller", "disk", "sync", "rename", "disk", "sync"]),
        "{steps:?}"
    );
    assert!(met.values().sum::<usize>() > steps.len(), "{met:?}");
    for expected in ["", "interrupted delivered", "delivered"] {
        assert!(met.contains_key(expected), "no kill led to {expected:?}: {met:?}");
    }
}

fn object(kind: &str, members: &str) -> String {
    format!("<Objects xsi:type=\"{kind}\">{members}</Objects>")
}

/// A definition that can send.
pub(crate) fn furnish(stage: &Stage) {
    let furniture = [
        object("Email", "<CustomerKey>welcome</CustomerKey><Name>W</Name><HTMLBody>Hi</HTMLBody><Subject>Hi</Subject>"),
        object(
            "TriggeredSendDefinition",
            "<CustomerKey>hello</CustomerKey><Name>H</Name><TriggeredSendStatus>Active</TriggeredSendStatus>\
             <Email><CustomerKey>welcome</CustomerKey></Email>",
        ),
    ];
    let program = stage.start(0);
    let made = call(program.soap, "Create", &request("CreateRequest", "", &furniture.concat())).unwrap();
    assert_eq!(made.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", made.body);
    program.kill();
}

/// A synchronous call whose mail is due at once.
pub(crate) fn send(program: &Program, address: &str) -> Option<crate::gateway::Answer> {
    let named = "<TriggeredSendDefinition><CustomerKey>hello</CustomerKey></TriggeredSendDefinition>";
    let to = format!("<Subscribers><EmailAddress>{address}</EmailAddress></Subscribers>");
    let send = object("TriggeredSend", &format!("{named}{to}"));
    let high = "<Options><QueuePriority>High</QueuePriority></Options>";
    call(program.soap, "Create", &request("CreateRequest", high, &send))
}

#[test]
fn a_triggered_send_killed_at_every_step_goes_once_or_is_in_doubt() {
    let runtime = runtime();
    let sink = runtime.block_on(Sink::start(Manners::default()));
    let stage = relay(&sink);
    let address = |round: usize| format!("r{round}@example.com");
    let met = std::cell::RefCell::new(BTreeMap::new());
    let sent = std::cell::Cell::new(0);
    furnish(&stage);
    let work = |program: &Program, round: usize| {
        sink.will(later());
        go_on(program, send(program, &address(round)).as_ref())
    };
    let check = |program: &Program, round: usize, died: &str, acknowledged: bool| {
        sink.will(Manners::default());
        program.advance(round as u64 * ROUND);
        let all = program.told("/deliveries?limit=100000");
        let owed: Vec<&Value> =
            all.as_array().unwrap().iter().filter(|delivery| delivery["address"] == address(round).as_str()).collect();
        let came = mails(&sink, &address(round));
        assert!(owed.len() == 1 || (owed.is_empty() && !acknowledged), "killed at {died}: {owed:?}");
        let Some(delivery) = owed.first() else {
            assert!(came.is_empty(), "killed at {died}: {came:?}");
            *met.borrow_mut().entry(String::new()).or_default() += 1;
            return;
        };
        let mut delivery = whole(program, delivery);
        let said = format!("killed at {died}: {came:?} came of {delivery}");
        let before = outcomes(&delivery).join(" ");
        match delivery["state"].as_str().unwrap() {
            "delivered" => assert_eq!(came.len(), 1, "{said}"),
            "in doubt" => {
                assert!(came.len() <= 1 && before.ends_with("interrupted"), "{said}");
                let path = format!("/redeliver?id={}", delivery["id"].as_str().unwrap());
                assert_eq!(program.admin("POST", &path).status, 200);
                program.advance(0);
                delivery = whole(program, &delivery);
                assert_eq!(delivery["state"], "delivered", "{delivery}");
            }
            _ => panic!("{said}"),
        }
        assert_eq!(before.matches("interrupted").count(), usize::from(before.ends_with("interrupted")), "{said}");
        let came = mails(&sink, &address(round));
        assert!(came.iter().all(|id| delivery["id"] == id.as_str()), "{came:?} came of {delivery}");
        assert!(came.len() as u64 <= delivery["tries"].as_u64().unwrap(), "{came:?} came of {delivery}");
        sent.set(sent.get() + 1);
        let doubtful =
            if before.ends_with("interrupted") { format!(", {} had come", came.len() - 1) } else { String::new() };
        *met.borrow_mut().entry(before + &doubtful).or_default() += 1;
        let counts = program.rows("TriggeredSendSummary", &["Sent", "Queued", "NotSentDueToError"], "");
        assert_eq!(counts, [vec![sent.get().to_string(), "0".to_owned(), "0".to_owned()]], "{said}");
    };
    let steps = stage.at_every_step(work, check);
    let met = met.into_inner();
    check_way(&steps, "relay", &met);
    let doubt = ["interrupted, 0 had come", "retry interrupted, 0 had come", "retry interrupted, 1 had come"];
    for expected in doubt.into_iter().chain(["", "retry delivered"]) {
        assert!(met.contains_key(expected), "no kill led to {expected:?}: {met:?}");
    }
}

/// The mail with the results of a call, and one of a triggered send, both with the relay, which never answers.
pub(crate) fn unanswered(runtime: &Runtime, sink: &Sink, program: &Program, results: &str, sent: &str) {
    let before = sink.seen().messages.len();
    sink.will(Manners::default().act("BODY", Act::Silence).act("BODY", Act::Silence));
    let target = format!(
        "<ResponseType>email</ResponseType><ResponseAddress>{results}@example.com</ResponseAddress>\
         <RespondWhen>OnCallComplete</RespondWhen>"
    );
    let options = Asynchronous::part(results, 1, 1).with("SendResponseTo", &target);
    let asked = request("CreateRequest", &options.text(), &list(results));
    assert!(call(program.soap, "Create", &asked).is_some() && send(program, sent).is_some());
    runtime.block_on(sink.until(|seen| seen.messages.len() == before + 2));
    sink.will(Manners::default());
}

#[test]
fn a_start_after_a_kill_is_killed_at_every_step_too() {
    let runtime = runtime();
    let sink = runtime.block_on(Sink::start(Manners::default()));
    let stage = relay(&sink);
    furnish(&stage);
    let (results, sent) = (|round: usize| format!("r{round}"), |round: usize| format!("s{round}@example.com"));
    let of_results = |round: usize| format!("{}@example.com", results(round));
    let settled = std::cell::Cell::new(0);
    let prepare = |program: &Program, round: usize| {
        // The clock stands beyond where the last one's stood.
        program.advance(round as u64 * ROUND);
        unanswered(&runtime, &sink, program, &results(round), &sent(round));
    };
    let met = std::cell::RefCell::new(BTreeMap::new());
    let check = |program: &Program, round: usize, died: &str, (): ()| {
        program.advance((round + 1) as u64 * ROUND);
        let came = mails(&sink, &of_results(round));
        let owed = program.told(&format!("/deliveries?conversation={}", results(round)));
        let delivery = whole(program, &owed[0]);
        let said = format!("killed at {died}: {came:?} came of {delivery}");
        assert!(delivery["state"] == "delivered" && came.len() >= 2, "{said}");
        assert!(came.iter().all(|id| delivery["id"] == id.as_str()), "{said}");
        assert!(delivery["tries"].as_u64().unwrap() >= came.len() as u64, "{said}");
        *met.borrow_mut().entry(outcomes(&delivery).join(" ")).or_default() += 1;
        let all = program.told("/deliveries?state=in_doubt&limit=100000");
        let doubtful = all.as_array().unwrap().iter().find(|delivery| delivery["address"] == sent(round).as_str());
        let doubtful =
            whole(program, doubtful.unwrap_or_else(|| panic!("killed at {died}: it is not in doubt: {all}")));
        assert_eq!((mails(&sink, &sent(round)).len(), outcomes(&doubtful)), (1, vec!["interrupted".to_owned()]));
        // An operator has looked, and says that it came.
        let settle = format!("/settle?id={}&as=delivered", doubtful["id"].as_str().unwrap());
        assert_eq!(program.admin("POST", &settle).status, 200);
        program.advance(0);
        assert_eq!((mails(&sink, &sent(round)).len(), &whole(program, &doubtful)["state"]), (1, &"delivered".into()));
        settled.set(settled.get() + 1);
        let counts = program.rows("TriggeredSendSummary", &["Sent", "Queued"], "");
        assert_eq!(counts, [vec![settled.get().to_string(), "0".to_owned()]], "killed at {died}");
        assert_eq!(program.rows("SentEvent", &["EventType"], "").len(), settled.get());
    };
    let steps = stage.at_every_step_of_the_next_start(prepare, check);
    let met: BTreeMap<String, usize> = met.into_inner();
    assert!(in_order(&steps, &["disk", "sync", "say relay", "hear relay", "disk", "sync"]), "{steps:?}");
    assert!(met.values().sum::<usize>() > steps.len(), "{met:?}");
    for expected in ["interrupted delivered", "interrupted interrupted delivered"] {
        assert!(met.contains_key(expected), "no kill led to {expected:?}: {met:?}");
    }
}
