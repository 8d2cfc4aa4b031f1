//! The program is killed again and again while several writers send conversations. After each kill it is started on what is
//! left, and asked from outside: every acknowledged part is there, each object has one result, order within each conversation
//! held, and nothing was done twice.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::SocketAddr,
    sync::{Condvar, Mutex},
    thread,
};

use crate::{
    chance::Chance,
    gateway::request,
    program::{Program, call, equals, lists},
};

const KILLS: u64 = 50;
const WRITERS: u64 = 6;
/// A kill comes after fewer answers than this.
const ANSWERS: u64 = 40;

/// What a writer sent, and what it was answered.
#[derive(Clone)]
struct Conversation {
    name: String,
    parts: BTreeMap<u32, Part>,
}

#[derive(Clone)]
struct Part {
    lists: Vec<String>,
    /// RequestID of the answer; until then nobody promised anything.
    acknowledged: Option<String>,
}

/// One of a synchronous call.
struct Alone {
    list: String,
    acknowledged: bool,
}

#[derive(Default)]
struct Ledger {
    conversations: Vec<Conversation>,
    alone: Vec<Alone>,
}

#[derive(Default)]
struct Round {
    ledger: Mutex<Ledger>,
    answers: Mutex<u64>,
    answered: Condvar,
}

#[test]
fn every_acknowledged_part_is_run_once_and_in_order_across_sigkill() {
    let kills = match std::env::var("ENVOI_KILLS") {
        Ok(kills) => kills.parse().unwrap_or_else(|_| panic!("ENVOI_KILLS is {kills:?}, expected a number")),
        Err(_) => KILLS,
    };
    let seed = Chance::seed();
    let folder = tempfile::tempdir().unwrap();
    let mut chance = Chance::new(seed);
    let (mut ledger, mut last) = (Ledger::default(), 0);
    for round in 0..kills {
        let program = Program::start(folder.path());
        program.advance(0);
        // What the last kill met, and a few of before it.
        for conversation in &ledger.conversations[last..] {
            check(&program, conversation);
        }
        for _ in 0..3.min(last) {
            check(&program, &ledger.conversations[usize::try_from(chance.below(last as u64)).unwrap()]);
        }
        last = ledger.conversations.len();
        let done = run(program, seed, round, chance.below(ANSWERS), chance.below(20_000));
        ledger.conversations.extend(done.conversations);
        ledger.alone.extend(done.alone);
    }
    let program = Program::start(folder.path());
    program.advance(0);
    for conversation in &ledger.conversations[last..] {
        check(&program, conversation);
    }
    check_all(&program, &ledger, kills);
    program.kill();
}

/// Writers work until the program is killed, which is after so many answers and a little while.
fn run(program: Program, seed: u64, round: u64, answers: u64, while_: u64) -> Ledger {
    let shared = Round::default();
    let soap = program.soap;
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let shared = &shared;
            scope.spawn(move || {
                let mut chance = Chance::new(seed ^ (round * WRITERS + writer + 1).wrapping_mul(0x5851_F42D));
                for number in 0.. {
                    let name = format!("r{round}.w{writer}.n{number}");
                    let goes_on = match chance.below(5) {
                        0 => send_alone(soap, &name, shared),
                        _ => send_conversation(soap, &name, &mut chance, shared),
                    };
                    if !goes_on {
                        // Killed, or ended by itself: there is nothing more to wait for.
                        shared.count(u64::MAX);
                        return;
                    }
                }
            });
        }
        let counted = shared.answers.lock().unwrap();
        drop(shared.answered.wait_while(counted, |counted| *counted < answers).unwrap());
        for _ in 0..while_ {
            thread::yield_now();
        }
        program.kill();
    });
    shared.ledger.into_inner().unwrap()
}

impl Round {
    fn count(&self, more: u64) {
        let mut answers = self.answers.lock().unwrap();
        *answers = answers.saturating_add(more);
        drop(answers);
        self.answered.notify_all();
    }
}

fn send_alone(soap: SocketAddr, name: &str, shared: &Round) -> bool {
    let list = format!("{name}.alone");
    let answer = call(soap, "Create", &request("CreateRequest", "", &lists(std::slice::from_ref(&list))));
    if let Some(answer) = &answer {
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
    }
    let acknowledged = answer.is_some();
    shared.ledger.lock().unwrap().alone.push(Alone { list, acknowledged });
    shared.count(1);
    acknowledged
}

fn send_conversation(soap: SocketAddr, name: &str, chance: &mut Chance, shared: &Round) -> bool {
    let calls = u32::try_from(1 + chance.below(4)).unwrap();
    let mut order: Vec<u32> = (1..=calls).collect();
    chance.shuffle(&mut order);
    let part = |sequence: u32, chance: &mut Chance| {
        let lists = (0..=chance.below(2)).map(|object| format!("{name}.{sequence}.{object}")).collect();
        (sequence, Part { lists, acknowledged: None })
    };
    let parts = (1..=calls).map(|sequence| part(sequence, chance)).collect();
    let mut conversation = Conversation { name: name.to_owned(), parts };
    let mut goes_on = true;
    for sequence in order {
        let part = conversation.parts.get_mut(&sequence).unwrap();
        let options = format!(
            "<Options><RequestType>Asynchronous</RequestType><ConversationID>{name}</ConversationID>\
             <SequenceCode>{sequence}</SequenceCode><CallsInConversation>{calls}</CallsInConversation></Options>"
        );
        let Some(answer) = call(soap, "Create", &request("CreateRequest", &options, &lists(&part.lists))) else {
            goes_on = false;
            break;
        };
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
        part.acknowledged = Some(answer.text("CreateResponse/RequestID").unwrap());
        shared.count(1);
    }
    shared.ledger.lock().unwrap().conversations.push(conversation);
    goes_on
}

impl Conversation {
    fn acknowledged(&self) -> impl Iterator<Item = (u32, &Part, &str)> {
        self.parts.iter().filter_map(|(sequence, part)| Some((*sequence, part, part.acknowledged.as_deref()?)))
    }

    fn is_acknowledged(&self) -> bool {
        self.acknowledged().count() == self.parts.len()
    }
}

/// What operators and the caller are told of one conversation.
fn check(program: &Program, conversation: &Conversation) {
    let name = &conversation.name;
    let answer = program.admin("GET", &format!("/conversation?id={name}"));
    if conversation.acknowledged().next().is_none() {
        assert!(matches!(answer.status, 200 | 404), "{name}: {}", answer.body);
        return;
    }
    assert_eq!(answer.status, 200, "{name} was acknowledged: {}", answer.body);
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let kept: HashMap<u64, &serde_json::Value> =
        told["parts"].as_array().unwrap().iter().map(|part| (part["sequence"].as_u64().unwrap(), part)).collect();
    for (sequence, part, request) in conversation.acknowledged() {
        let kept = kept.get(&u64::from(sequence)).unwrap_or_else(|| panic!("{name}: part {sequence} is lost: {told}"));
        assert_eq!(kept["request"], request, "{told}");
        assert_eq!(kept["objects"], part.lists.len(), "{told}");
    }
    let complete = told["state"] == "Complete";
    assert!(complete || !conversation.is_acknowledged(), "{name} was acknowledged whole: {told}");
    assert!(complete || told["state"] == "Open", "{told}");
    let ran: Vec<&str> = told["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["what"].as_str().unwrap())
        .filter(|what| what.ends_with("started") || what.ends_with("finished"))
        .collect();
    let expected: Vec<String> = match complete {
        true => conversation
            .parts
            .keys()
            .flat_map(|n| [format!("part {n} started"), format!("part {n} finished")])
            .collect(),
        false => Vec::new(),
    };
    assert_eq!(ran, expected, "{told}");
    let items = program.rows("ResultItem", &["RequestID", "OrdinalID", "StatusCode"], &equals("ConversationID", name));
    let objects: usize = conversation.parts.values().map(|part| part.lists.len()).sum();
    assert_eq!(items.len(), if complete { objects } else { 0 }, "{name}: {items:?}");
}

/// Everything that was ever acknowledged, and nothing twice.
fn check_all(program: &Program, ledger: &Ledger, kills: u64) {
    let mut created: HashMap<String, Vec<i64>> = HashMap::new();
    for row in program.rows("List", &["ListName", "ID"], "") {
        created.entry(row[0].clone()).or_default().push(row[1].parse().unwrap());
    }
    assert!(created.values().all(|ids| ids.len() == 1), "a list was created twice");
    let mut results: HashMap<String, Vec<(usize, String)>> = HashMap::new();
    for row in program.rows("ResultItem", &["RequestID", "OrdinalID", "StatusCode"], "") {
        results.entry(row[0].clone()).or_default().push((row[1].parse().unwrap(), row[2].clone()));
    }
    let (mut acknowledged, mut whole, mut wanted) = (0, 0, BTreeSet::new());
    for conversation in &ledger.conversations {
        acknowledged += conversation.acknowledged().count();
        whole += u64::from(conversation.is_acknowledged());
        let lists: Vec<&String> = conversation.parts.values().flat_map(|part| &part.lists).collect();
        wanted.extend(lists.iter().map(|list| (*list).clone()));
        let ids: Vec<i64> = lists.iter().filter_map(|list| created.get(*list)).map(|ids| ids[0]).collect();
        assert!(ids.len() == lists.len() || ids.is_empty(), "{}: {} of its lists", conversation.name, ids.len());
        assert!(ids.is_sorted(), "{} was not run in order: {ids:?}", conversation.name);
        assert!(!ids.is_empty() || !conversation.is_acknowledged(), "{} was not run", conversation.name);
        for (sequence, part, request) in conversation.acknowledged() {
            let mut items = results.remove(request).unwrap_or_default();
            items.sort();
            let expected: Vec<(usize, String)> = match ids.is_empty() {
                true => Vec::new(),
                false => (0..part.lists.len()).map(|ordinal| (ordinal, "OK".to_owned())).collect(),
            };
            assert_eq!(items, expected, "results of part {sequence} of {}", conversation.name);
        }
    }
    for alone in &ledger.alone {
        wanted.insert(alone.list.clone());
        acknowledged += usize::from(alone.acknowledged);
        assert!(created.contains_key(&alone.list) || !alone.acknowledged, "{} is lost", alone.list);
    }
    // What is left are results of parts that were taken in by calls that nobody could answer any more.
    for (request, items) in results {
        let ordinals: BTreeSet<usize> = items.iter().map(|(ordinal, _)| *ordinal).collect();
        assert_eq!(ordinals.len(), items.len(), "{request} has two results for one object");
        assert!(items.iter().all(|(_, status)| status == "OK"), "{request}: {items:?}");
    }
    let own = created.keys().filter(|name| name.starts_with('r') && name.contains(".w"));
    assert!(own.into_iter().all(|name| wanted.contains(name)), "a list comes from nowhere");
    println!("{kills} kills: {acknowledged} calls acknowledged, {whole} conversations whole, 0 lost, 0 twice");
    assert!(whole > kills && acknowledged as u64 > kills * 3, "too little was sent to say anything");
    let cut = ledger.conversations.iter().filter(|conversation| !conversation.is_acknowledged()).count();
    assert!(cut > 0, "no kill met a conversation under way");
}
