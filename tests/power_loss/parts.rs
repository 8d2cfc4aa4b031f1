//! The program itself loses its power while it takes in parts of conversations and works them off: what was acknowledged is
//! there, byte for byte, and is done once and in order when the rest of its conversation has come.

use std::{
    collections::BTreeMap,
    env,
    net::SocketAddr,
    process::Command,
    sync::{Condvar, Mutex},
    thread,
};

use crate::{
    chance::Chance,
    gateway::request,
    program::{Program, call, equals},
    trial::{Disk, trials},
    writer,
};

/// Bytes of a part, and after how many answers the power goes.
const SIZES: [(usize, u64); 3] = [(1_000, 30), (100_000, 12), (5_000_000, 4)];
/// With ENVOI_LONG these, too.
const MORE_SIZES: [(usize, u64); 4] = [(8_000, 40), (60_000, 25), (300_000, 12), (1_000_000, 8)];
const WRITERS: u64 = 3;
const CALLS: u32 = 3;

/// RequestIDs by conversation and SequenceCode, of what was acknowledged.
type Ledger = BTreeMap<(String, u32), String>;

pub(crate) fn accepted_parts_survive() {
    let seed = Chance::seed();
    let more = if env::var_os("ENVOI_LONG").is_some() { MORE_SIZES.as_slice() } else { &[] };
    for &(size, answers) in SIZES.iter().chain(more) {
        let mut chance = Chance::new(seed ^ size as u64);
        let mut acknowledged = 0;
        for trial in 0..trials(1) {
            let (mut disk, mut ledger) = (Disk::new(), Ledger::new());
            for loss in 0..2 {
                let early = [0, 3][usize::try_from(chance.below(2)).unwrap()];
                let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
                disk.lossy(&mut command, early, i64::try_from(chance.below(1 << 40)).unwrap());
                let program = Program::start_in(command, &disk.live());
                let name = format!("t{trial}.l{loss}");
                let told = lose(program, &name, size, answers + chance.below(answers), &mut chance);
                ledger.extend(told);
                disk = disk.after_power_loss();
                check(&disk, &ledger, size);
                disk = disk.after_shutdown();
            }
            acknowledged += ledger.len();
        }
        println!("    parts of {size} bytes: {acknowledged} acknowledged, 0 lost, 0 done twice");
    }
}

/// Writers send until so many answers have come; then the power goes.
fn lose(program: Program, name: &str, size: usize, answers: u64, chance: &mut Chance) -> Ledger {
    let (ledger, more) = (Mutex::new((Ledger::new(), 0)), Condvar::new());
    let soap = program.soap;
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (ledger, more) = (&ledger, &more);
            let mut chance = Chance::new(chance.below(u64::MAX));
            scope.spawn(move || {
                for number in 0.. {
                    let conversation = format!("{name}.w{writer}.n{number}");
                    let mut order: Vec<u32> = (1..=CALLS).collect();
                    chance.shuffle(&mut order);
                    for sequence in order {
                        let Some(id) = send(soap, &conversation, sequence, size) else {
                            ledger.lock().unwrap().1 = u64::MAX;
                            return more.notify_all();
                        };
                        let mut held = ledger.lock().unwrap();
                        held.0.insert((conversation.clone(), sequence), id);
                        held.1 = held.1.saturating_add(1);
                        drop(held);
                        more.notify_all();
                    }
                }
            });
        }
        drop(more.wait_while(ledger.lock().unwrap(), |(_, count)| *count < answers).unwrap());
        program.kill();
    });
    ledger.into_inner().unwrap().0
}

fn key(conversation: &str, sequence: u32) -> String {
    format!("{conversation}.{sequence}")
}

/// Letters that say where they belong.
fn text(key: &str, size: usize) -> String {
    let number = key.bytes().fold(7i64, |number, byte| number.wrapping_mul(31).wrapping_add(i64::from(byte)));
    writer::value(number, size).into_iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

/// Sends a part; its RequestID, or none when there was no answer.
fn send(soap: SocketAddr, conversation: &str, sequence: u32, size: usize) -> Option<String> {
    let options = format!(
        "<Options><RequestType>Asynchronous</RequestType><ConversationID>{conversation}</ConversationID>\
         <SequenceCode>{sequence}</SequenceCode><CallsInConversation>{CALLS}</CallsInConversation></Options>"
    );
    let key = key(conversation, sequence);
    let object = format!(
        "<Objects xsi:type=\"Email\"><CustomerKey>{key}</CustomerKey><Name>{key}</Name><Subject>s</Subject>\
         <HTMLBody>{}</HTMLBody></Objects>",
        text(&key, size)
    );
    let answer = call(soap, "Create", &request("CreateRequest", &options, &object))?;
    assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
    answer.text("CreateResponse/RequestID")
}

/// Starts on what is left, sends what is missing, and looks at everything.
fn check(disk: &Disk, ledger: &Ledger, size: usize) {
    let program = Program::start(&disk.live());
    program.advance(0);
    let mut conversations: Vec<&String> = ledger.keys().map(|(conversation, _)| conversation).collect();
    conversations.dedup();
    for conversation in conversations {
        let answer = program.admin("GET", &format!("/conversation?id={conversation}"));
        assert_eq!(answer.status, 200, "{conversation} is lost: {}", answer.body);
        let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let there: BTreeMap<u64, &str> = told["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| (part["sequence"].as_u64().unwrap(), part["request"].as_str().unwrap()))
            .collect();
        for sequence in 1..=CALLS {
            let found = there.get(&u64::from(sequence));
            match ledger.get(&(conversation.clone(), sequence)) {
                Some(id) => assert_eq!(found, Some(&id.as_str()), "part {sequence}: {told}"),
                None if found.is_none() => drop(send(program.soap, conversation, sequence, size).expect("an answer")),
                None => {}
            }
        }
        program.advance(0);
        let mut ids = Vec::new();
        for sequence in 1..=CALLS {
            let key = key(conversation, sequence);
            let found = program.rows("Email", &["ID", "HTMLBody"], &equals("CustomerKey", &key));
            let [email] = found.as_slice() else { panic!("{key}: {} of it", found.len()) };
            assert!(email[1] == text(&key, size), "the text of {key} is not what was sent");
            ids.push(email[0].parse::<i64>().unwrap());
        }
        assert!(ids.is_sorted(), "{conversation} was not run in order: {ids:?}");
        let items = program.rows("ResultItem", &["RequestID", "StatusCode"], &equals("ConversationID", conversation));
        assert_eq!(items.len(), CALLS as usize, "{conversation}: {items:?}");
        assert!(items.iter().all(|item| item[1] == "OK"), "{conversation}: {items:?}");
    }
    program.stop();
}
