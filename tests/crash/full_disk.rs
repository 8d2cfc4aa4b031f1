//! A disk that is full: calls are refused with a Server fault and operators are told why; what was acknowledged can be read all
//! the time; and when there is room again the program goes on by itself.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    gateway::{Answer, request},
    program::{Program, call, equals},
};

/// Segments of the store: 16 MiB.
const SEGMENT: u64 = 16 << 20;
/// Calls after which the disk must have been full.
const CALLS: usize = 400;
/// Characters of each text.
const TEXT: usize = 300_000;

fn send(program: &Program, number: usize) -> Answer {
    let text: String = (0..TEXT).map(|at| char::from(b'a' + ((at * 7 + at / 1000 + number) % 26) as u8)).collect();
    let object = format!(
        "<Objects xsi:type=\"Email\"><CustomerKey>{}</CustomerKey><Name>email {number}</Name><Subject>s</Subject>\
         <HTMLBody>{text}</HTMLBody></Objects>",
        key(number)
    );
    call(program.soap, "Create", &request("CreateRequest", "", &object)).expect("an answer")
}

fn key(number: usize) -> String {
    format!("email-{number:04}")
}

/// Sends until a call is refused; gives the keys of those that were acknowledged.
fn fill(program: &Program) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0..CALLS {
        let answer = send(program, number);
        if answer.status != 200 {
            assert_refused(&answer);
            return acknowledged;
        }
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
        acknowledged.push(key(number));
    }
    panic!("{CALLS} calls were taken, and the disk was to be full");
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 500, "{}", answer.body);
    let fault = answer.text("Fault/faultcode").unwrap_or_default();
    assert!(fault.ends_with(":Server"), "{}", answer.body);
}

fn metric(program: &Program, name: &str) -> u64 {
    let page = program.admin("GET", "/metrics").body;
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not in {page}")).parse().unwrap()
}

fn stored(program: &Program) -> Vec<String> {
    let mut keys: Vec<String> = program.rows("Email", &["CustomerKey"], "").into_iter().flatten().collect();
    keys.sort();
    keys
}

/// Every text, one by one: what a long answer leaves over would have to be kept, and nothing can be.
fn assert_whole(program: &Program, keys: &[String]) {
    for key in keys {
        let texts = program.rows("Email", &["HTMLBody"], &equals("CustomerKey", key));
        assert!(matches!(texts.as_slice(), [text] if text[0].len() == TEXT), "{key}: {} texts", texts.len());
    }
}

/// Everything up to the point where the disk is full; gives what is there.
fn refused(program: &Program) -> Vec<String> {
    let acknowledged = fill(program);
    assert!(acknowledged.len() > 10, "only {} were taken", acknowledged.len());
    program.logged("the store refuses writes until it has recovered");
    program.logged("what failed was taken back");
    let ready = program.admin("GET", "/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("refuses writes"), "{}", ready.body);
    assert_eq!(program.admin("GET", "/livez").status, 200);
    assert_eq!((metric(program, "envoi_store_failed"), metric(program, "envoi_store_failures_total")), (1, 1));
    assert_eq!(stored(program), acknowledged, "what was refused is there, or what was acknowledged is not");
    assert_whole(program, &acknowledged);
    assert_refused(&send(program, acknowledged.len()));
    acknowledged
}

/// There is room again: nobody calls, and the store recovers when its time has come.
fn recovered(program: Program, folder: &Path, mut acknowledged: Vec<String>) {
    program.advance(60);
    program.logged("the store has recovered");
    assert_eq!(program.admin("GET", "/readyz").status, 200);
    assert_eq!((metric(&program, "envoi_store_failed"), metric(&program, "envoi_store_recoveries_total")), (0, 1));
    assert_eq!(stored(&program), acknowledged);
    // The call that was refused is not there: it is taken as a new one.
    for _ in 0..3 {
        let answer = send(&program, acknowledged.len());
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
        acknowledged.push(key(acknowledged.len()));
    }
    assert_eq!(stored(&program), acknowledged);
    let failures = program.log.try_iter().filter(|line| line.contains("ERROR")).count();
    assert_eq!(failures, 0, "the failure was to be logged once");
    program.kill();
    let program = Program::start(folder);
    assert_eq!(stored(&program), acknowledged);
    assert_whole(&program, &acknowledged);
    program.stop();
}

/// The data file may not grow beyond a limit that the system keeps: it needs no rights and no file system of its own.
#[test]
fn a_data_file_that_may_not_grow_ends_nothing() {
    if !cfg!(target_os = "linux") {
        println!("NOT RUN: it changes the limits of a running process, which only Linux does (prlimit)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("prlimit");
    command
        .arg(format!("--fsize={}:", 3 * SEGMENT))
        .args(["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_envoi"));
    let program = Program::start_in(command, folder.path());
    let acknowledged = refused(&program);
    let raised = Command::new("prlimit").args(["--fsize=unlimited:", "--pid", &program.id().to_string()]).status();
    assert!(raised.expect("prlimit runs").success());
    recovered(program, folder.path(), acknowledged);
}

/// A file system of 128 MiB, mounted for the test.
struct Small(PathBuf);

impl Small {
    /// Why not, when this system does not let us.
    fn mount(at: &Path) -> Result<Self, String> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=128m", "envoi-test"]).arg(at).output();
        match mounted {
            Ok(output) if output.status.success() => Ok(Self(at.to_owned())),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: the program may be on its way out.
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_ends_nothing() {
    let at = tempfile::tempdir().unwrap();
    let small = match Small::mount(at.path()) {
        Ok(small) => small,
        Err(why) => {
            println!("NOT RUN: no file system can be mounted here ({why}); the test with a limited data file was run");
            return;
        }
    };
    // Somebody else's file: what is freed later.
    let other = small.0.join("other");
    fs::write(&other, vec![1; 50 << 20]).unwrap();
    let folder = small.0.join("data");
    let program = Program::start(&folder);
    let acknowledged = refused(&program);
    // As long as the disk is full, every attempt leaves things as they are.
    for attempt in 0..3 {
        program.advance(60);
        program.logged("the store has not recovered");
        assert_eq!(stored(&program), acknowledged, "after attempt {attempt}");
        assert_eq!(program.admin("GET", "/readyz").status, 503);
        assert_refused(&send(&program, acknowledged.len()));
    }
    assert!(!folder.join("test").exists() && !folder.join("reserve").exists());
    fs::remove_file(other).unwrap();
    recovered(program, &folder, acknowledged);
}
